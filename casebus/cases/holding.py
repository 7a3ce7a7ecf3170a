"""What the hub holds of one tip, case or check, and how each event changes it. Pure."""

from dataclasses import dataclass, replace

from casebus.cases.renaming import Renamed, held_token, remembered, renamed
from casebus.events.enumerations import (
    PointerMode,
    Priority,
    RecordKind,
    ReferralClass,
    SubjectCategory,
    TriState,
)
from casebus.events.types import (
    CaseClosed,
    CaseOpened,
    DeconflictionRequested,
    IdentifierCorrected,
    Payload,
    Sighting,
    TipAmended,
    TipContent,
    TipReceived,
    TipWithdrawn,
)
from casebus.matching.held import HeldRecord, HeldSighting
from casebus.state import Concept

_URGENT = (Priority.IMMEDIATE, Priority.VERY_HIGH, Priority.HIGH)


@dataclass(frozen=True, slots=True)
class Holding:
    """A record as held, with the ids of its sightings in the same order, so that one can be corrected.

    `ended_at` is the position on its agency's topic of what ended it: what was published before that is past.
    `stated_at` is the position of the content that stands: a correction published before that is contained in it.
    `risk_since` is the revision at which it last came to say that a child is at immediate risk, None while it does not.
    `renamed` says what its values were called under an older token key.
    """

    record: HeldRecord
    sighting_ids: tuple[str, ...]
    ended_at: int | None = None
    stated_at: int | None = None
    risk_since: int | None = None
    renamed: tuple[Renamed, ...] = ()


HELD: Concept[Holding] = Concept("held_records", Holding, lambda holding: holding.record.record_id)


def changed(before: Holding | None, agency: str, payload: Payload, position: int) -> Holding | None:
    """Return the record after an event, the same when it changes nothing, None for an event about no held record.

    Events may meet out of order, because retractions and immediate risk overtake a parked record: an older revision
    than the known one changes nothing, and neither does what stands on the topic before the record's end.
    """
    if before is not None and before.ended_at is not None and position < before.ended_at:
        return before
    match payload:
        case TipReceived():
            return _tip(before, agency, payload.tip_id, 1, payload.content, position)
        case TipAmended():
            return _tip(before, agency, payload.tip_id, payload.revision, payload.content, position)
        case CaseOpened():
            return _case(before, agency, payload, position)
        case DeconflictionRequested():
            return _check(before, agency, payload, position)
        case TipWithdrawn():
            return _ended(before, agency, payload.tip_id, RecordKind.tip, position)
        case CaseClosed():
            return _ended(before, agency, payload.case_id, RecordKind.case, position)
        case IdentifierCorrected():
            return _corrected(before, payload, position)
        case _:
            return None


def _tip(
    before: Holding | None, agency: str, tip_id: str, revision: int, content: TipContent, position: int
) -> Holding:
    if before is not None and before.record.revision >= revision:
        return before
    record = HeldRecord(
        record_id=tip_id,
        agency=agency,
        kind=RecordKind.tip,
        revision=revision,
        open=True,
        matchable=content.referral_class is not ReferralClass.BATCHED_VIRAL,
        backlog=False,
        immediate_risk=content.priority is Priority.IMMEDIATE,
        possible_child=content.possible_child.answer is TriState.YES or _compromised(content.sightings),
        high_priority=content.priority in _URGENT,
        pointer=content.handling.pointer,
        source_report=tuple(held_token(token).value for token in content.source_report),
        sightings=_held(content.sightings),
    )
    return _stated(before, record, content.sightings, position)


def _case(before: Holding | None, agency: str, payload: CaseOpened, position: int) -> Holding:
    if before is not None and before.record.revision >= payload.revision:
        return before
    record = HeldRecord(
        record_id=payload.case_id,
        agency=agency,
        kind=RecordKind.case,
        revision=payload.revision,
        open=True,
        matchable=True,
        backlog=payload.backlog,
        immediate_risk=payload.priority is Priority.IMMEDIATE,
        possible_child=payload.possible_child.answer is TriState.YES,
        high_priority=payload.priority in _URGENT,
        pointer=payload.handling.pointer,
        source_report=(),
        sightings=_held(payload.sightings),
    )
    return _stated(before, record, payload.sightings, position)


def _check(before: Holding | None, agency: str, payload: DeconflictionRequested, position: int) -> Holding:
    if before is not None and before.record.revision >= payload.revision:
        return before
    record = HeldRecord(
        record_id=payload.check_id,
        agency=agency,
        kind=RecordKind.check,
        revision=payload.revision,
        open=payload.watch,
        matchable=True,
        backlog=False,
        immediate_risk=payload.urgency is Priority.IMMEDIATE,
        possible_child=False,
        high_priority=payload.urgency in _URGENT,
        pointer=payload.handling.pointer,
        source_report=(),
        sightings=_held(payload.sightings),
    )
    return _stated(before, record, payload.sightings, position)


def _stated(before: Holding | None, record: HeldRecord, sightings: tuple[Sighting, ...], position: int) -> Holding:
    since = before.risk_since if before is not None and before.risk_since is not None else record.revision
    ids = tuple(sighting.sighting_id for sighting in sightings)
    names = _names(before.renamed if before is not None else (), sightings, record)
    return Holding(record, ids, stated_at=position, risk_since=since if record.immediate_risk else None, renamed=names)


def _ended(before: Holding | None, agency: str, record_id: str, kind: RecordKind, position: int) -> Holding:
    """Return the record closed; one that ends before it was seen (it is parked) is remembered as closed."""
    if before is not None:
        ended = replace(before.record, open=False, revision=before.record.revision + 1)
        return replace(before, record=ended, ended_at=position)
    record = HeldRecord(
        record_id=record_id,
        agency=agency,
        kind=kind,
        revision=2,
        open=False,
        matchable=False,
        backlog=False,
        immediate_risk=False,
        possible_child=False,
        high_priority=False,
        pointer=PointerMode.SILENT,
        source_report=(),
        sightings=(),
    )
    return Holding(record, (), ended_at=position)


def _corrected(before: Holding | None, payload: IdentifierCorrected, position: int) -> Holding | None:
    """Return the record with one sighting taken out and its replacement, if any, put in."""
    if before is None:
        return None
    if before.stated_at is not None and position < before.stated_at:
        return before
    kept = [
        (sighting_id, sighting)
        for sighting_id, sighting in zip(before.sighting_ids, before.record.sightings, strict=True)
        if sighting_id != payload.sighting_id
    ]
    if payload.replacement is not None:
        kept.append((payload.replacement.sighting_id, _held((payload.replacement,))[0]))
    came = (payload.replacement,) if payload.replacement is not None else ()
    possible_child = before.record.possible_child or _compromised(came)
    sightings = tuple(sighting for _, sighting in kept)
    record = replace(before.record, sightings=sightings, possible_child=possible_child)
    ids = tuple(sighting_id for sighting_id, _ in kept)
    return replace(before, record=record, sighting_ids=ids, renamed=_names(before.renamed, came, record))


def _names(known: tuple[Renamed, ...], came: tuple[Sighting, ...], record: HeldRecord) -> tuple[Renamed, ...]:
    held = {token for sighting in record.sightings for token in sighting.tokens}
    return remembered(renamed(known, came), held)


def _held(sightings: tuple[Sighting, ...]) -> tuple[HeldSighting, ...]:
    return tuple(
        HeldSighting(
            kind=sighting.kind,
            subject_no=sighting.subject_no,
            subject=sighting.subject,
            tokens=tuple(map(held_token, sighting.tokens)),
        )
        for sighting in sightings
    )


def _compromised(sightings: tuple[Sighting, ...]) -> bool:
    return any(s.subject is SubjectCategory.POSSIBLE_VICTIM_ACCOUNT_COMPROMISED for s in sightings)
