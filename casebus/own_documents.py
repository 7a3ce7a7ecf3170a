"""An agency's own records in the clear, read again from the documents that made them. Everything here stays at the node.

What is matched is made anew from the kept document by the same steps as when it was taken: the adapter translates, the
node drafts, the hub's own function holds the event. So an explanation explains what the hub sees, with the values beside it.
"""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from casebus.cases.holding import Holding, changed
from casebus.errors import Conflict, DocumentRefused, NotFound, UsageError
from casebus.events.types import CaseOpened, DeconflictionRequested, Payload, Sighting, TipAmended, TipReceived
from casebus.intake.adapter import Adapter, CaseDraft, Document, Identifier, RecordKey, TipDraft
from casebus.intake.checks import OWN_CHECKS, SYSTEM, OwnCheck, request_of
from casebus.intake.documents import MAX_BYTES
from casebus.intake.drafting import Drafting
from casebus.intake.records import MATCHED, OWN_RECORDS, TAKEN, OwnKind, OwnRecord, Taken
from casebus.intake.spool import Spool
from casebus.matching.held import HeldRecord
from casebus.matching.tokens import Tokenised
from casebus.store.store import Store, View


@dataclass(frozen=True, slots=True)
class InClear:
    """One identifier as the document has it, and the tokens that are published of it, or why there are none."""

    identifier: Identifier
    tokenised: Tokenised


@dataclass(frozen=True, slots=True)
class OwnSide:
    """One record of the agency: as the hub holds it, and in the clear. `name` is what the agency's own system calls it."""

    name: str
    holding: Holding
    identifiers: tuple[InClear, ...]

    @property
    def record(self) -> HeldRecord:
        """What is compared of it."""
        return self.holding.record


class OwnDocuments:
    """Finds an agency's own records, by what an officer calls them."""

    def __init__(self, adapter: Adapter, drafting: Drafting, spool: Spool, store: Store) -> None:
        self._adapter = adapter
        self._drafting = drafting
        self._spool = spool
        self._store = store

    def side(self, named: str, argument: str) -> OwnSide:
        """Return a record by its number, its opaque id, or the path of a document that makes exactly one. `argument` is what
        the command calls the place where it was named: errors say that, not what stood there.

        Raises `NotFound`, `Conflict` for a number that several records have, `UsageError` for a document that does not
        say which record is meant, `StoreError` where it cannot be read.
        """
        with self._store.view() as view:
            records = _named(view, named)
            if len(records) > 1:
                raise Conflict(
                    f"{argument}: several own records have that number", next_step="name the one you mean by its id."
                )
            if records:
                return self._held(records[0], view, argument)
        path = Path(named)
        if path.is_file():
            return self._given(path, argument)
        raise _not_found(named, argument)

    def _held(self, record: OwnRecord, view: View, argument: str) -> OwnSide:
        if record.kind is OwnKind.check:
            check = view.get(OWN_CHECKS, record.record_id)
            assert check is not None, "bug: a check is kept with its own record"
            return self._check(check)
        taken = _document_of(record, view.by(TAKEN, "outcome", "accepted"))
        content = self._spool.kept(taken) if taken else None
        if taken is None or content is None:
            raise NotFound(
                f"{argument}: the document that this record was made of is not kept here any more",
                next_step="name the path of a copy of it.",
            )
        drafts = self._translated(Document(os.fsdecode(taken.document), content), argument)
        draft = next((d for d in drafts if self._record_id(d) == record.record_id), None)
        if draft is None:
            raise NotFound(f"{argument}: the kept document does not make this record any more: its adapter has changed")
        side = self._drafted(draft)
        stands = replace(side.record, open=record.open, revision=record.revision)
        return replace(side, holding=replace(side.holding, record=stands))

    def _given(self, path: Path, argument: str) -> OwnSide:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        drafts = self._translated(Document(path.name, content), argument)
        if len(drafts) != 1:
            raise UsageError(
                f"{argument}: the document makes {len(drafts)} tips and cases, not one",
                next_step="name the one you mean by its number.",
            )
        return self._drafted(drafts[0])

    def _translated(self, document: Document, argument: str) -> list[TipDraft | CaseDraft]:
        try:
            drafts = self._adapter.translate(document)
        except DocumentRefused as refused:
            raise UsageError(
                f"{argument}: the document is refused: {refused.refusal.value} ({refused.what})"
            ) from refused
        return [draft for draft in drafts if isinstance(draft, TipDraft | CaseDraft)]

    def _record_id(self, draft: TipDraft | CaseDraft) -> str:
        return self._drafting.record_id(OwnKind.tip if isinstance(draft, TipDraft) else OwnKind.case, draft.key)

    def _drafted(self, draft: TipDraft | CaseDraft) -> OwnSide:
        """Return what a draft makes for somebody who never saw the record before."""
        (event,) = self._drafting.draft(draft, lambda _: None).events
        return self._side(draft.key, event.payload, draft.identifiers)

    def _check(self, check: OwnCheck) -> OwnSide:
        key = RecordKey(SYSTEM, check.ref)
        seen = self._drafting.sightings.seen(key, check.question.identifiers)
        return self._side(key, request_of(check, seen.carried), check.question.identifiers)

    def _side(self, key: RecordKey, payload: Payload, identifiers: Iterable[Identifier]) -> OwnSide:
        held = changed(None, self._adapter.agency, payload, 0)
        assert held is not None, "bug: an event of an own record is held"
        carried = {sighting.sighting_id for sighting in _sightings(payload)}
        clear = [
            InClear(one, self._drafting.sightings.tokens(one))
            for one in dict.fromkeys(identifiers)
            if self._drafting.sightings.sighting_id(key, one) in carried
        ]
        return OwnSide(key.number, held, tuple(clear))


_ALERT_REF = re.compile(r"[A-Z]{1,10}-[A-Z2-7]{7}", re.IGNORECASE)
"""The form of `casebus.cases.alert.ref_of`. A check's is the same, but that of a check is found."""


def _not_found(named: str, argument: str) -> NotFound:
    if _ALERT_REF.fullmatch(named):
        return NotFound(
            f"{argument} looks like an alert's reference, and is no report, case or check of this agency",
            next_step="name an alert alone, without B; beside another record, name a record by its number or id.",
        )
    return NotFound(
        f"{argument} is not found: no own record has that number or id, and no document is there",
        next_step="name a report or case by its number, or the path of a document.",
    )


def _named(view: View, named: str) -> list[OwnRecord]:
    """Return the own tips, cases and checks of that number or id."""
    by_id = view.get(OWN_RECORDS, named.lower())
    found = [by_id] if by_id else view.by(OWN_RECORDS, "number", named)
    return [record for record in found if record.kind in MATCHED]


def _document_of(record: OwnRecord, taken: Sequence[Taken]) -> Taken | None:
    """Return the document that said what the record says now."""
    said = set(record.content_event_ids or record.event_ids)
    return next((each for each in taken if not said.isdisjoint(each.event_ids)), None)


def _sightings(payload: Payload) -> tuple[Sighting, ...]:
    match payload:
        case TipReceived() | TipAmended():
            return payload.content.sightings
        case CaseOpened() | DeconflictionRequested():
            return payload.sightings
        case _:
            return ()
