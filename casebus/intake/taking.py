"""The adapter component of an agency's node: takes documents from the spool and turns each into events, once."""

import hashlib
import os
from dataclasses import dataclass, replace
from itertools import islice

import structlog

from casebus.bus.log import events_topic
from casebus.bus.outbox import Outgoing, Publisher
from casebus.errors import DocumentRefused, RefusalCode, StoreError
from casebus.events.envelope import Event
from casebus.intake.adapter import Adapter, Document, Draft
from casebus.intake.drafting import Drafting
from casebus.intake.own_outcomes import remember_outcomes
from casebus.intake.records import OWN_RECORDS, TAKEN, OwnRecord, Taken
from casebus.intake.reporting import words_of
from casebus.intake.revisions import Drafted
from casebus.intake.spool import Found, Spool
from casebus.store.store import Save, Store, Transaction, View

STEP_DOCUMENTS = 32
"""After so many the other components of the node get their turn."""

ACCEPTED, DUPLICATE, REFUSED = "accepted", "duplicate", "refused"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one document: its report, the events, the own records as they will stand.

    `drawn_from` is what stood of these records when it was decided.
    """

    outcome: str
    code: str | None
    message: str
    events: tuple[Event, ...] = ()
    event_ids: tuple[str, ...] = ()
    records: tuple[OwnRecord, ...] = ()
    drawn_from: tuple[tuple[str, OwnRecord | None], ...] = ()


class Taking:
    """Takes documents one by one. One instance per agency at a time: the node's lock sees to it."""

    name = "adapter"

    def __init__(self, adapter: Adapter, drafting: Drafting, spool: Spool, store: Store, publisher: Publisher) -> None:
        self._adapter = adapter
        self._drafting = drafting
        self._spool = spool
        self._store = store
        self._publisher = publisher
        self._log = structlog.get_logger()
        self._unfiled = True

    def step(self) -> int:
        """Take some documents; return how many. It begins with what a crash or a full disk left unfiled."""
        if self._unfiled:
            self._file_unfiled()
        untaken = (found for found in self._spool.waiting() if not self._is_taken(found))
        taken = 0
        unreadable: StoreError | None = None
        for found in islice(untaken, STEP_DOCUMENTS):
            try:
                read = self._read(found)
            except StoreError as error:  # this one is tried again, and is not in the way of the others
                unreadable = unreadable or error
                continue
            taken += self._take(found, read)
        if unreadable is not None and not taken:
            raise unreadable
        return taken

    def idle(self) -> bool:
        """Tell whether every document in `in/` was taken (what is not a regular file stays there, refused)."""
        return all(self._is_taken(found) for found in self._spool.waiting())

    def _is_taken(self, found: Found) -> bool:
        with self._store.view() as view:
            return view.get(TAKEN, found.identity) is not None

    def _take(self, found: Found, read: tuple[str, Decision | list[Draft]] | None) -> bool:
        """Decide upon a document, commit, file it. False if it is gone: then there is nothing to report."""
        if read is None:
            return False
        digest, said = read
        # Before the commit: one that is reported as failed may have happened all the same.
        self._unfiled = True
        taken: Taken | None = None
        while taken is None:
            # Drafted before the write transaction, because many tokens take a while and the whole node waits for it. An
            # officer may decide about the same record meanwhile (a welfare check, an outcome): then it is drafted anew.
            decision = said if isinstance(said, Decision) else self._decide(said)
            with self._store.transaction() as tx:
                if all(tx.get(OWN_RECORDS, record_id) == stood for record_id, stood in decision.drawn_from):
                    taken = self._taken(found, digest, decision, tx)
                    self._commit(decision, taken, tx)
        self._file(taken)
        self._unfiled = False
        self._log.info("document_taken", outcome=taken.outcome, code=taken.code, events=len(taken.event_ids))
        return True

    def _read(self, found: Found) -> tuple[str, Decision | list[Draft]] | None:
        """Return a document's digest and what it says, None if it is gone; outside any transaction."""
        digest = ""
        try:
            content = self._spool.read(found)
            if content is None:
                return None
            digest = hashlib.sha256(content).hexdigest()
            return digest, self._adapter.translate(Document(found.name, content))
        except DocumentRefused as refused:
            return digest, _refusal(refused)

    def _decide(self, drafts: list[Draft]) -> Decision:
        """Draft what a document says against the agency's own records; nothing is written yet."""
        standing: dict[str, OwnRecord] = {}
        made: list[Drafted] = []
        with self._store.view() as view:

            def known(record_id: str) -> OwnRecord | None:
                return standing.get(record_id) or view.get(OWN_RECORDS, record_id)

            for draft in drafts:
                drafted = self._drafting.draft(draft, known)
                made.append(drafted)
                if drafted.record is not None:
                    standing[drafted.record.record_id] = drafted.record
            drawn_from = tuple((record_id, view.get(OWN_RECORDS, record_id)) for record_id in standing)
        return _decision(made, tuple(standing.values()), drawn_from)

    def _taken(self, found: Found, digest: str, decision: Decision, view: View) -> Taken:
        folder = "refused" if decision.outcome == REFUSED else "done"
        reserved = {n for t in view.by(TAKEN, "unfiled", "yes") for n in (t.stored_as, t.report_as) if n is not None}
        stored_as, report_as = self._spool.free_names(folder, found.name, {os.fsdecode(n) for n in reserved})
        moved = decision.code != RefusalCode.NOT_A_REGULAR_FILE
        return Taken(
            identity=found.identity,
            document=os.fsencode(found.name),
            digest=digest,
            folder=folder,
            stored_as=os.fsencode(stored_as) if moved else None,
            report_as=os.fsencode(report_as),
            outcome=decision.outcome,
            code=decision.code,
            message=decision.message,
            event_ids=decision.event_ids,
            filed=False,
        )

    def _commit(self, decision: Decision, taken: Taken, tx: Transaction) -> None:
        for record in decision.records:
            tx.apply(Save(OWN_RECORDS, record))
        topic = events_topic(self._adapter.agency)
        self._publisher.publish(tx, (Outgoing(topic, event) for event in decision.events))
        remember_outcomes(tx, decision.events)
        tx.apply(Save(TAKEN, taken))

    def _file(self, taken: Taken) -> None:
        self._spool.file(taken)
        with self._store.transaction() as tx:
            tx.apply(Save(TAKEN, replace(taken, filed=True)))

    def _file_unfiled(self) -> None:
        with self._store.view() as view:
            unfiled = view.by(TAKEN, "unfiled", "yes")
        for taken in unfiled:
            self._file(taken)
        self._unfiled = False


def _refusal(refused: DocumentRefused) -> Decision:
    return Decision(REFUSED, refused.refusal.value, refused.what)


def _decision(
    made: list[Drafted], records: tuple[OwnRecord, ...], drawn_from: tuple[tuple[str, OwnRecord | None], ...]
) -> Decision:
    events = tuple(event for drafted in made for event in drafted.events)
    event_ids = tuple(dict.fromkeys(event_id for drafted in made for event_id in drafted.event_ids))
    outcome = ACCEPTED if events or not made else DUPLICATE  # a table without a row says nothing, and nothing twice
    return Decision(outcome, None, words_of(made), events, event_ids, records, drawn_from)
