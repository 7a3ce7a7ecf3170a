"""What the hub publishes of a pair: found, revised or retracted. Pure."""

from casebus.cases.pair import Pair
from casebus.events.enumerations import IdentifierType, MatchStatus, RetractReason, Strength
from casebus.events.types import DataCombined, MatchedKind, MatchParty
from casebus.matching.families import DETECTOR
from casebus.matching.held import HeldRecord, Match


def party_of(record: HeldRecord) -> MatchParty:
    """Return a side of a match."""
    return MatchParty(
        agency=record.agency,
        kind=record.kind,
        record_id=record.record_id,
        pointer=record.pointer,
        backlog=record.backlog,
        immediate_risk=record.immediate_risk,
    )


def found(pair: Pair, match: Match, status: MatchStatus, new: frozenset[str]) -> DataCombined:
    """Return what was found. `new` are the ids of evidence that a standing "different person" did not judge."""
    assert pair.finding is not None, "bug: a pair that was found has its finding"
    return DataCombined(
        conflict_id=pair.conflict_id,
        revision=pair.revision,
        status=status,
        retract_reason=None,
        parties=pair.parties,
        overlap=match.overlap,
        severity=match.severity,
        risk_id=pair.finding.risk_id,
        band=match.band,
        matched=tuple(MatchedKind(kind=m.kind, agreement=m.agreement, rarity=m.rarity) for m in match.matched),
        suppressed=match.suppressed,
        evidence=pair.finding.evidence,
        new_evidence=_kinds(pair, new),
        strength=match.strength,
        score=match.score,
        detector=match.detector,
    )


def _kinds(pair: Pair, ids: frozenset[str]) -> tuple[IdentifierType, ...]:
    evidence = pair.finding.evidence if pair.finding else ()
    return tuple(sorted({each.kind for each in evidence if each.evidence_id in ids}))


def retracted(pair: Pair, before: Pair, reason: RetractReason) -> DataCombined:
    """Return the retraction; it repeats what was found only as far as the pair remembers it."""
    assert before.finding is not None, "bug: a retracted pair is not retracted again"
    return DataCombined(
        conflict_id=pair.conflict_id,
        revision=pair.revision,
        status=MatchStatus.retracted,
        retract_reason=reason,
        parties=pair.parties,
        overlap=before.finding.overlap,
        severity=before.finding.severity,
        band=before.finding.band,
        matched=(),
        suppressed=before.finding.suppressed,
        strength=Strength.weak,
        score=0.0,
        detector=DETECTOR,
    )
