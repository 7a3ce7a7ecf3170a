"""Stating an agency's open records anew under a newer token key: what the adapter component does once a key was added.

The plain values are where they were: a tip's and a case's in the document that said it, kept in the spool; a check's in the
node's own state. A record says the same as before, as a new revision; its row tells under which keys it was stated last, and
is written together with the event. So a crash at any line leaves each record stated anew or not, and the next start goes on.

What cannot be stated anew keeps the reason in its row (`Behind`), and is tried again at each start.
"""

import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from casebus.bus.log import events_topic
from casebus.bus.outbox import Outgoing, Publisher
from casebus.errors import DocumentRefused
from casebus.events.envelope import Event
from casebus.intake.adapter import Adapter, CaseDraft, Document, TipDraft
from casebus.intake.behind import behind_in, left_in
from casebus.intake.checks import OWN_CHECKS, OwnCheck, check_event, own_record
from casebus.intake.drafting import Drafting
from casebus.intake.records import OWN_RECORDS, TAKEN, Behind, OwnKind, OwnRecord, Taken, is_behind
from casebus.intake.revisions import Drafted
from casebus.intake.spool import Spool
from casebus.state import Save
from casebus.store.store import Store, Transaction, View
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
        self._newest = drafting.sightings.epochs[-1]
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
            return left_in(view, self._newest) == 0

    def _commit(self, batch: Sequence[Anew]) -> None:
        topic = events_topic(self._adapter.agency)
        with self._store.transaction() as tx:
            for anew in batch:
                if tx.get(OWN_RECORDS, anew.before.record_id) == anew.before:
                    self._save(anew, tx)
                    self._publisher.publish(tx, (Outgoing(topic, event) for event in anew.events))
        self._gone_through.update(anew.after.behind.value if anew.after.behind else "stated" for anew in batch)

    def _save(self, anew: Anew, tx: Transaction) -> None:
        tx.apply(Save(OWN_RECORDS, anew.after))
        if anew.check is not None:
            tx.apply(Save(OWN_CHECKS, anew.check))

    def _batches(self) -> Iterator[Sequence[Anew]]:
        """Yield what is to be written, made from what stands at that moment."""
        with self._store.view() as view:
            behind = behind_in(view, self._newest)
        checks = [record.record_id for record in behind if record.kind is OwnKind.check]
        for some in _slices(checks):
            yield self._checks(some)
        left = {record.record_id: Behind.document_gone for record in behind if record.kind is not OwnKind.check}
        for taken, record_ids in self._documents(behind):
            drafts = self._drafts(taken)
            if drafts is None:
                continue
            left |= dict.fromkeys(left.keys() & record_ids - drafts.keys(), Behind.not_made)
            made = sorted(left.keys() & record_ids & drafts.keys())
            for some in _slices(made):
                yield self._drafted({record_id: drafts[record_id] for record_id in some})
            for record_id in made:
                del left[record_id]
        for some in _slices(sorted(left)):
            yield self._impossible({record_id: left[record_id] for record_id in some})

    def _documents(self, behind: Collection[OwnRecord]) -> list[tuple[Taken, set[str]]]:
        """Return the documents that said what the records say now, each with the ids of those records."""
        said = {event_id: record.record_id for record in behind for event_id in record.content_event_ids}
        with self._store.view() as view:
            each = ((taken, {said[e] for e in taken.event_ids if e in said}) for taken in view.all(TAKEN))
            return [(taken, record_ids) for taken, record_ids in each if record_ids]

    def _drafts(self, taken: Taken) -> Drafts | None:
        """Return what a document says, None if it is gone; nothing of one that the adapter refuses by now."""
        content = self._spool.kept(taken)
        if content is None:
            return None
        try:
            drafts = self._adapter.translate(Document(os.fsdecode(taken.document), content))
        except DocumentRefused:
            return {}
        return {self._record_id(draft): draft for draft in drafts if isinstance(draft, TipDraft | CaseDraft)}

    def _record_id(self, draft: TipDraft | CaseDraft) -> str:
        return self._drafting.record_id(OwnKind.tip if isinstance(draft, TipDraft) else OwnKind.case, draft.key)

    def _drafted(self, drafts: Drafts) -> list[Anew]:
        with self._store.view() as view:
            standing = {record.record_id: record for record in self._standing(view, drafts)}
            made = {
                record_id: self._drafting.draft(drafts[record_id], lambda each: view.get(OWN_RECORDS, each))
                for record_id in standing
            }
        return [_anew(standing[record_id], drafted) for record_id, drafted in made.items()]

    def _checks(self, check_ids: Sequence[str]) -> list[Anew]:
        with self._store.view() as view:
            checks = view.several(OWN_CHECKS, check_ids)
            return [self._check(record, checks[record.record_id]) for record in self._standing(view, check_ids)]

    def _check(self, before: OwnRecord, asked: OwnCheck) -> Anew:
        seen = self._drafting.sightings.seen(before.key, asked.question.identifiers)
        if self._newest not in seen.epochs:
            return Anew(before, replace(before, behind=Behind.too_large))
        check = replace(asked, revision=asked.revision + 1)
        event_id = content_id("check", check.check_id, str(check.revision))
        event = check_event(self._adapter.agency, event_id, check, seen.carried)
        return Anew(before, own_record(before, check, event, seen), (event,), check)

    def _impossible(self, reasons: Mapping[str, Behind]) -> list[Anew]:
        with self._store.view() as view:
            standing = self._standing(view, reasons)
        return [Anew(before, replace(before, behind=reasons[before.record_id])) for before in standing]

    def _standing(self, view: View, record_ids: Collection[str]) -> list[OwnRecord]:
        """Return those of the records that are behind still: what was said of them meanwhile may have stated them anew."""
        records = view.several(OWN_RECORDS, record_ids).values()
        return [record for record in records if is_behind(record, self._newest)]


def _anew(before: OwnRecord, drafted: Drafted) -> Anew:
    """Return what a draft made of a record. The document that says its content is still the one that said it first."""
    if drafted.record is None or not drafted.events:
        return Anew(before, replace(before, behind=Behind.too_large))
    after = replace(drafted.record, content_event_ids=before.content_event_ids)
    return Anew(before, after, drafted.events)


def _slices(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + STEP_RECORDS] for start in range(0, len(ids), STEP_RECORDS))
