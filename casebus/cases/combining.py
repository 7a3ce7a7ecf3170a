"""What the hub publishes of a pair: found, revised or retracted. Pure."""

from collections.abc import Iterable
from functools import cache

from casebus.cases.pair import Pair
from casebus.events.enumerations import Agreement, IdentifierType, MatchStatus, Rarity, RetractReason, Strength
from casebus.events.types import DataCombined, Evidence, MatchedKind, MatchParty
from casebus.matching.held import HeldRecord, Match
from casebus.matching.model import DETECTOR


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
    first, second = _matched(match)
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
        matched=first,
        matched_second=second,
        suppressed=match.suppressed,
        evidence=pair.finding.evidence,
        evidence_second=pair.finding.evidence_second,
        new_evidence=_kinds(pair.finding.evidence, new),
        new_evidence_second=_kinds(pair.finding.evidence_second, new),
        strength=match.strength,
        score=match.score,
        detector=match.detector,
    )


def _matched(match: Match) -> tuple[tuple[MatchedKind, ...], tuple[MatchedKind, ...]]:
    """Return what agrees, as each side is told: under its own kinds."""
    first = tuple([_matched_kind(m.kind, m.agreement, m.rarity) for m in match.matched])
    if all(m.kind is m.other_kind for m in match.matched):
        return first, first
    return first, tuple([_matched_kind(m.other_kind, m.agreement, m.rarity) for m in match.matched])


@cache
def _matched_kind(kind: IdentifierType, agreement: Agreement, rarity: Rarity) -> MatchedKind:
    """Return one line of a match. There are only so many, and each is checked once."""
    return MatchedKind(kind=kind, agreement=agreement, rarity=rarity)


def _kinds(evidence: Iterable[Evidence], ids: frozenset[str]) -> tuple[IdentifierType, ...]:
    return tuple(sorted({each.kind for each in evidence if each.evidence_id in ids})) if ids else ()


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
        matched_second=(),
        suppressed=before.finding.suppressed,
        strength=Strength.weak,
        score=0.0,
        detector=DETECTOR,
    )
