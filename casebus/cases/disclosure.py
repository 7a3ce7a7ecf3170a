"""Who may have what of a match. Pure: a match, the directory's agreements and each holder's pointer mode decide.

Nobody is published to by default. A side is told of a match when the two agencies agreed to tell each other of that
kind, and the *other* holder's pointer allows it: OPEN names the agency and its desk, DESK_ONLY only the coordination desk,
SILENT nothing. A match inside one agency is told to that agency only. No copy carries the partner's record, event or
correlation id.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from casebus.cases.conflict import Said, answers_of
from casebus.cases.pair import Register, Told
from casebus.directory import Directory
from casebus.events.enumerations import Overlap, PointerMode, RetractReason
from casebus.events.types import (
    Contact,
    DataCombined,
    DeconflictionHit,
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


_HIT_FIELDS = (
    "overlap",
    "severity",
    "band",
    "partner",
    "contact",
    "matched",
    "suppressed",
    "evidence",
    "new_evidence",
    "strength",
    "score",
)


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


def both_may_be_told(parties: tuple[MatchParty, MatchParty], overlap: Overlap, directory: Directory) -> bool:
    """Tell whether each side may learn of a match with the other."""
    first, second = parties
    told = ((first, second), (second, first))
    return all(may_be_told(own.agency, other, overlap, directory) for own, other in told)


def covered_by(agency: str, directory: Directory) -> tuple[str, ...]:
    """Return the agencies of whose matches this agency may be told: what a "nothing found" speaks for."""
    others = [other.code for other in directory.agencies if other.code != agency]
    return tuple(code for code in others if directory.may_tell_anything(agency, code))


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
    is_first = own == combined.parties[0]
    payload = DeconflictionHit(
        conflict_id=combined.conflict_id,
        revision=combined.revision,
        overlap=combined.overlap,
        severity=combined.severity,
        risk_id=combined.risk_id,
        band=combined.band,
        own_kind=own.kind,
        own_id=own.record_id,
        also_own_id=also,
        partner=partner,
        contact=contact,
        matched=combined.matched if is_first else combined.matched_second,
        suppressed=combined.suppressed,
        evidence=combined.evidence if is_first else combined.evidence_second,
        new_evidence=combined.new_evidence if is_first else combined.new_evidence_second,
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


def register_copies(before: Register | None, register: Register, told: Told, directory: Directory) -> list[Copy]:
    """Return the partner's copies of what a side has said since `before`; none where the partner was not told, or the
    side is no party.
    """
    agencies = [party.agency for party in told.parties]
    if register.agency not in agencies or agencies[0] == agencies[1]:
        return []
    mine = agencies.index(register.agency)
    partner = agencies[1 - mine]
    if partner not in told.agencies:
        return []
    named = register.agency if told.parties[mine].pointer is PointerMode.OPEN else None
    agreement = directory.agreement(register.agency, partner)
    basis = agreement.basis if agreement else ""
    return [
        Copy(partner, payload, str(register.revision), ("state", "outcome"), basis)
        for payload in answers_of(
            before.said if before else Said(),
            register.said,
            conflict_id=register.conflict_id,
            revision=register.answers,
            agency=named,
            actor=None,
        )
    ]
