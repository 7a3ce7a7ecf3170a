"""What a comparison of two held records makes of their pair. Pure.

What stands of a pair at the end is a function of the two records, of how common their values are, and of what officers
judged: whether it is told again depends on nothing but a change of that (`Pair.stands`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from casebus.cases.combining import found, party_of, retracted
from casebus.cases.conflict import not_judged
from casebus.cases.holding import Holding
from casebus.cases.judgement import Judgement, of_parties, verdict_of
from casebus.cases.pair import Finding, Pair, risk_id_of
from casebus.events.enumerations import MatchStatus, RetractReason
from casebus.events.types import DataCombined
from casebus.matching.held import HeldRecord, Match

Why = Callable[[HeldRecord, HeldRecord], RetractReason]
"""Says why a match of two records is no longer one."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A pair as it was and as it now stands, and what is published of it, if anything is."""

    before: Pair | None
    pair: Pair
    told: DataCombined | None


def compared(
    conflict_id: str,
    before: Pair | None,
    match: Match | None,
    judgements: Sequence[Judgement],
    left: Holding,
    right: Holding,
    why: Why,
) -> Compared | None:
    """Return the pair as it now stands, and what is to be told of it; None when nothing changed.

    `match` is what two records come to that matched before, or do now.
    """
    now = _pair(conflict_id, before, match, judgements, left, right)
    said = of_parties(judgements, now.parties)
    if before is not None:
        judged = replace(before, verdict=verdict_of(before.finding, said))
        if judged.stands == now.stands:  # whatever else changed of a pair that is apart, nobody is told
            return Compared(before, judged, None) if judged != before else None
    if match is None or now.finding is None:
        assert before is not None, "bug: a pair that never was cannot be retracted"
        return Compared(before, now, retracted(now, before, why(left.record, right.record)))
    status = MatchStatus.revised if before is not None and before.finding else MatchStatus.found
    return Compared(before, now, found(now, match, status, not_judged(now.finding.evidence_ids, said)))


def _pair(
    conflict_id: str,
    before: Pair | None,
    match: Match | None,
    judgements: Sequence[Judgement],
    left: Holding,
    right: Holding,
) -> Pair:
    ids = (left.record.record_id, right.record.record_id)
    parties = (party_of(left.record), party_of(right.record))
    finding = None
    if match is not None:
        finding = Finding.of(match, conflict_id, risk_id_of(conflict_id, match.severity, (left, right)))
    verdict = verdict_of(finding, of_parties(judgements, parties))
    return Pair(conflict_id, ids, before.revision + 1 if before else 1, parties, finding, verdict)
