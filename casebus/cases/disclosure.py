"""Who may have what of a match. Pure: a match, the directory's agreements and each holder's pointer mode decide.

Nobody is published to by default. A side is told of a match when the two agencies agreed to tell each other of that
kind, and the *other* holder's pointer allows it: OPEN names the agency and its desk, DESK_ONLY only the coordination desk,
SILENT nothing. A match inside one agency is told to that agency only. No copy carries the partner's record, event or
correlation id.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from casebus.cases.conflict import SideState
from casebus.cases.pair import Register, Told
from casebus.directory import Directory
from casebus.events.enumerations import Overlap, PointerMode, RetractReason
from casebus.events.types import (
    Contact,
    DataCombined,
    DeconflictionAcknowledged,
    DeconflictionHit,
    DeconflictionResolved,
    DeconflictionRetracted,
    MatchParty,
    Payload,
)


@dataclass(frozen=True, slots=True)
class Copy:
    """One recipient's own copy. `version` tells it from other copies of its type about the same conflict; `fields` and
    `basis` go into DataDisclosed.
    """

    recipient: str
    payload: Payload
    version: str
    fields: tuple[str, ...]
    basis: str


_HIT_FIELDS = ("overlap", "severity", "partner", "contact", "matched", "suppressed", "strength", "score")


def copies(combined: DataCombined, directory: Directory) -> list[Copy]:
    """Return the copies of a match, found or revised."""
    first, second = combined.parties
    if first.agency == second.agency:
        return [_hit(combined, first, first.agency, directory.contact(first.agency), second.record_id, "own records")]
    sides = [_told(combined, own, other, directory) for own, other in ((first, second), (second, first))]
    return [copy for copy in sides if copy is not None]


def may_be_told(agency: str, other: MatchParty, overlap: Overlap, directory: Directory) -> bool:
    """Tell whether an agency may learn of a match with this other side at all."""
    return directory.may_tell(agency, other.agency, overlap) and other.pointer is not PointerMode.SILENT


def covered_by(agency: str, directory: Directory) -> tuple[str, ...]:
    """Return the agencies of whose matches this agency may be told: what a "nothing found" speaks for."""
    others = [other.code for other in directory.agencies if other.code != agency]
    return tuple(code for code in others if any(directory.may_tell(agency, code, overlap) for overlap in Overlap))


def _told(combined: DataCombined, own: MatchParty, other: MatchParty, directory: Directory) -> Copy | None:
    if not may_be_told(own.agency, other, combined.overlap, directory):
        return None
    agreement = directory.agreement(own.agency, other.agency)
    basis = agreement.basis if agreement else ""
    match other.pointer:
        case PointerMode.OPEN:
            return _hit(combined, own, other.agency, directory.contact(other.agency), None, basis)
        case PointerMode.DESK_ONLY:
            return _hit(combined, own, None, directory.coordination_desk, None, basis)
        case PointerMode.SILENT:
            return None


def _hit(
    combined: DataCombined, own: MatchParty, partner: str | None, contact: Contact, also: str | None, basis: str
) -> Copy:
    payload = DeconflictionHit(
        conflict_id=combined.conflict_id,
        revision=combined.revision,
        overlap=combined.overlap,
        severity=combined.severity,
        own_kind=own.kind,
        own_id=own.record_id,
        also_own_id=also,
        partner=partner,
        contact=contact,
        matched=combined.matched,
        suppressed=combined.suppressed,
        strength=combined.strength,
        score=combined.score,
        detector=combined.detector,
    )
    return Copy(own.agency, payload, str(combined.revision), _HIT_FIELDS, basis)


def retraction_copies(combined: DataCombined, told: Sequence[str]) -> list[Copy]:
    """Return the copies of a retraction: to everyone who was told, whatever the agreement says by now."""
    payload = DeconflictionRetracted(
        conflict_id=combined.conflict_id,
        revision=combined.revision,
        reason=combined.retract_reason or RetractReason.UNKNOWN,
    )
    return [Copy(agency, payload, str(combined.revision), ("reason",), "told before") for agency in told]


def register_copy(register: Register, told: Told, directory: Directory) -> Copy | None:
    """Return the partner's copy of a side's register; None where the partner was not told, or the side is no party."""
    agencies = [party.agency for party in told.parties]
    if register.agency not in agencies or agencies[0] == agencies[1]:
        return None
    mine = agencies.index(register.agency)
    partner = agencies[1 - mine]
    if partner not in told.agencies or register.side.state is SideState.new:
        return None
    named = register.agency if told.parties[mine].pointer is PointerMode.OPEN else None
    agreement = directory.agreement(register.agency, partner)
    return Copy(
        recipient=partner,
        payload=_register_payload(register, named),
        version=str(register.revision),
        fields=("state", "outcome"),
        basis=agreement.basis if agreement else "",
    )


def _register_payload(register: Register, named: str | None) -> Payload:
    if register.side.outcome is not None:
        return DeconflictionResolved(
            conflict_id=register.conflict_id,
            agency=named,
            revision=register.answers,
            outcome=register.side.outcome,
            actor=None,
        )
    return DeconflictionAcknowledged(
        conflict_id=register.conflict_id, agency=named, revision=register.answers, actor=None
    )
