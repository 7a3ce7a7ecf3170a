"""Stating an agency's open records anew under a newer token key: what the adapter component does once a key was added.

The plain values are where they were: a tip's and a case's in the document that said it, kept in the spool; a check's in the
node's own state. A record says the same as before, as a new revision; its row tells under which keys it was stated last, and
is written together with the event. So a crash at any line leaves each record stated anew or not, and the next start goes on.

What cannot be stated anew keeps the reason in its row (`Behind`), and is tried again at each start.
"""

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import structlog

from casebus.bus.log import events_topic
from casebus.bus.outbox import Outgoing, Publisher
from casebus.errors import DocumentRefused, DocumentUnreadable
from casebus.events.envelope import Event
from casebus.intake.adapter import Adapter, CaseDraft, Document, TipDraft
from casebus.intake.behind import behind_in, left_in
from casebus.intake.checks import OWN_CHECKS, OwnCheck, check_event, own_record
from casebus.intake.content import content_digest
from casebus.intake.drafting import Drafting
from casebus.intake.records import OWN_RECORDS, TAKEN, Behind, OwnKind, OwnRecord, Taken
from casebus.intake.revisions import Drafted
from casebus.intake.spool import Spool
from casebus.state import Save
from casebus.store.store import Store, Transaction
from casebus.wire.ids import content_id

STEP_RECORDS = 100
"""After so many the other components of the node get their turn."""

Drafts = dict[str, TipDraft | CaseDraft]
"""What a document says of each record at its end, by the record's id."""


@dataclass(frozen=True, slots=True)
class Anew:
    """A record's row as it was and as it will be, and the events that state it anew: none where it cannot be."""

    before: OwnRecord
    after: OwnRecord
    events: tuple[Event, ...] = ()
    check: OwnCheck | None = None


class Restating:
    """Goes once through all that is not stated under the newest token key, a batch a step."""

    def __init__(self, adapter: Adapter, drafting: Drafting, spool: Spool, store: Store, publisher: Publisher) -> None:
        self._adapter = adapter
        self._drafting = drafting
        self._spool = spool
        self._store = store
        self._publisher = publisher
        self._epochs = drafting.sightings.epochs
        self._newest = self._epochs[-1]
        self._work: Iterator[Sequence[Anew]] | None = None
        self._is_done = False
        self._gone_through: Counter[str] = Counter()
        self._log = structlog.get_logger()

    def step(self) -> int:
        """State some records anew; return how many were gone through. Raises `StoreError`: then all is looked at again."""
        if self._is_done:
            return 0
        work, self._work = self._work or self._batches(), None
        batch = next(filter(None, work), None)
        if batch is None:
            self._is_done = self.idle()  # what an officer changed meanwhile is gone through again
            for outcome, records in self._gone_through.items():
                self._log.info("records_stated_anew", outcome=outcome, records=records)
            self._gone_through.clear()
            return 0
        self._commit(batch)
        self._work = work
        return len(batch)

    def idle(self) -> bool:
        """Tell whether nothing is left that can be stated anew."""
        with self._store.view() as view:
            return left_in(view, self._epochs) == 0

    def _commit(self, batch: Sequence[Anew]) -> None:
        """Write what still stands as it did when all was looked at. What was said of a record meanwhile has stated it anew, or
        found it too large for that: what an older document said must not come after it.
        """
        topic = events_topic(self._adapter.agency)
        with self._store.transaction() as tx:
            standing = [anew for anew in batch if tx.get(OWN_RECORDS, anew.before.record_id) == anew.before]
            for anew in standing:
                self._save(anew, tx)
                self._publisher.publish(tx, (Outgoing(topic, event) for event in anew.events))
        self._gone_through.update(anew.after.behind.value if anew.after.behind else "stated" for anew in standing)

    def _save(self, anew: Anew, tx: Transaction) -> None:
        tx.apply(Save(OWN_RECORDS, anew.after))
        if anew.check is not None:
            tx.apply(Save(OWN_CHECKS, anew.check))

    def _batches(self) -> Iterator[Sequence[Anew]]:
        """Yield what is to be written of all that is behind now."""
        with self._store.view() as view:
            behind = behind_in(view, self._newest)
        for some in _slices([record for record in behind if record.kind is OwnKind.check]):
            yield self._checks(some)
        yield from self._documented({r.record_id: r for r in behind if r.kind is not OwnKind.check})

    def _documented(self, left: dict[str, OwnRecord]) -> Iterator[Sequence[Anew]]:
        """Go through the documents that said what the records say now; what none of them says any more keeps the reason."""
        why = dict.fromkeys(left, Behind.document_gone)
        for taken, record_ids in self._documents(left.values()):
            drafts, otherwise = self._drafts(taken)
            says = {each for each in left.keys() & record_ids & drafts.keys() if _says(drafts[each], left[each])}
            why |= dict.fromkeys(left.keys() & record_ids - says, otherwise)
            for some in _slices([left.pop(record_id) for record_id in sorted(says)]):
                yield self._drafted(some, drafts)
        for some in _slices([left[record_id] for record_id in sorted(left)]):
            yield [Anew(each, replace(each, behind=why[each.record_id])) for each in some]

    def _documents(self, behind: Collection[OwnRecord]) -> list[tuple[Taken, set[str]]]:
        """Return the documents that said what the records say now, each with the ids of those records."""
        said = {event_id: record.record_id for record in behind for event_id in record.content_event_ids}
        with self._store.view() as view:
            each = ((taken, {said[e] for e in taken.event_ids if e in said}) for taken in view.all(TAKEN))
            return [(taken, record_ids) for taken, record_ids in each if record_ids]

    def _drafts(self, taken: Taken) -> tuple[Drafts, Behind]:
        """Return what a document says, and why it does not say the rest. One document never holds up another."""
        try:
            content = self._spool.kept(taken)
            if content is None:
                return {}, Behind.document_gone
            drafts = self._adapter.translate(Document(os.fsdecode(taken.document), content))
        except DocumentUnreadable:
            return {}, Behind.document_unreadable
        except DocumentRefused:
            return {}, Behind.not_made
        made = {self._record_id(draft): draft for draft in drafts if isinstance(draft, TipDraft | CaseDraft)}
        return made, Behind.not_made

    def _record_id(self, draft: TipDraft | CaseDraft) -> str:
        return self._drafting.record_id(OwnKind.tip if isinstance(draft, TipDraft) else OwnKind.case, draft.key)

    def _drafted(self, records: Collection[OwnRecord], drafts: Drafts) -> list[Anew]:
        known = {record.record_id: record for record in records}.get
        return [_anew(each, self._drafting.draft(drafts[each.record_id], known)) for each in records]

    def _checks(self, records: Collection[OwnRecord]) -> list[Anew]:
        with self._store.view() as view:
            checks = view.several(OWN_CHECKS, [record.record_id for record in records])
        return [self._check(each, checks[each.record_id]) for each in records]

    def _check(self, before: OwnRecord, asked: OwnCheck) -> Anew:
        seen = self._drafting.sightings.seen(before.key, asked.question.identifiers)
        if set(seen.epochs).issubset(before.epochs):
            return Anew(before, replace(before, behind=Behind.too_large))
        check = replace(asked, revision=asked.revision + 1)
        event_id = content_id("check", check.check_id, str(check.revision))
        event = check_event(self._adapter.agency, event_id, check, seen.carried)
        return Anew(before, own_record(before, check, event, seen), (event,), check)


def _says(draft: TipDraft | CaseDraft, record: OwnRecord) -> bool:
    return content_digest(draft) == record.digest


def _anew(before: OwnRecord, drafted: Drafted) -> Anew:
    """Return what a draft made of a record. The document that says its content is still the one that said it first."""
    if drafted.record is None or not drafted.events:
        return Anew(before, replace(before, behind=Behind.too_large))
    after = replace(drafted.record, content_event_ids=before.content_event_ids)
    return Anew(before, after, drafted.events)


def _slices(records: Sequence[OwnRecord]) -> Iterator[Sequence[OwnRecord]]:
    return (records[start : start + STEP_RECORDS] for start in range(0, len(records), STEP_RECORDS))
