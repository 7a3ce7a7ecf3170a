"""What changed among the identifiers of an open case, as corrections of its sightings. Pure."""

from collections.abc import Sequence

from casebus.events.enumerations import CorrectionReason, RecordKind
from casebus.events.types import IdentifierCorrected, Sighting
from casebus.intake.records import OwnRecord


def corrections(before: OwnRecord, now: Sequence[Sighting], reason: CorrectionReason) -> list[IdentifierCorrected]:
    """Return one correction for each sighting that went, and one for each that came with nothing to replace.

    `now` is what an event would carry of the case. A replacement is of the same person and kind.
    """
    kept = {sighting.sighting_id for sighting in now}
    had = {old.sighting_id for old in before.sightings}
    came = [sighting for sighting in now if sighting.sighting_id not in had]
    found: list[IdentifierCorrected] = []
    for old in before.sightings:
        if old.sighting_id in kept:
            continue
        same = [new for new in came if (new.subject_no, new.kind) == (old.subject_no, old.kind)]
        replacement = same[0] if same else None
        if replacement:
            came.remove(replacement)
        found.append(_correction(before, old.sighting_id, replacement, reason))
    return found + [_correction(before, new.sighting_id, new, reason) for new in came]


def _correction(record: OwnRecord, wrong: str, right: Sighting | None, reason: CorrectionReason) -> IdentifierCorrected:
    return IdentifierCorrected(
        record_kind=RecordKind.case,
        record_id=record.record_id,
        sighting_id=wrong,
        reason=reason,
        replacement=right,
    )
