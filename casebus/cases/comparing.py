"""What a comparison of two held records makes of their pair. Pure.

What stands of a pair at the end is a function of the two records, of how common their values are, of what officers
judged, and of what else the two were found to match (`setting_aside`): whether it is told again depends on nothing but a
change of that (`Pair.stands`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from casebus.cases.combining import found, party_of, retracted
from casebus.cases.conflict import not_judged
from casebus.cases.disclosure import both_may_be_told
from casebus.cases.holding import Holding
from casebus.cases.judgement import Judgement, of_parties, verdict_of
from casebus.cases.pair import Finding, Pair, risk_id_of
from casebus.cases.renaming import counted_once, first_names
from casebus.directory import Directory
from casebus.events.enumerations import MatchStatus, RetractReason
from casebus.events.types import DataCombined
from casebus.matching.candidates import Frequency
from casebus.matching.elsewhere import may_explain
from casebus.matching.held import HeldRecord, Match
from casebus.matching.persons import in_common

Why = Callable[[HeldRecord, HeldRecord], RetractReason]
"""Says why a match of two records is no longer one."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two records that matched before, or do now (`match`), with what officers judged of them. `pair` is what they are found
    to be, were nothing set aside.
    """

    before: Pair | None
    match: Match | None
    judgements: Sequence[Judgement]
    left: Holding
    right: Holding
    pair: Pair

    @property
    def is_judged(self) -> bool:
        """Tell whether an officer of one of the sides has proposed an outcome, whichever it is, and not taken it back."""
        return any(said.outcome is not None for said in of_parties(self.judgements, self.pair.parties))


@dataclass(frozen=True, slots=True)
class Compared:
    """A pair as it was and as it now stands, and what is published of it, if anything is."""

    before: Pair | None
    pair: Pair
    told: DataCombined | None


def frequency_for(left: Holding, right: Holding, frequency: Frequency) -> Frequency:
    """Return how common what two records share is, a value under two token keys counted once (`renaming.counted_once`)."""
    if not (left.renamed or right.renamed):
        return frequency
    names = first_names(left.renamed, right.renamed)
    return counted_once(frequency, names, in_common(left.record, right.record))


def comparison(
    conflict_id: str,
    before: Pair | None,
    match: Match | None,
    judgements: Sequence[Judgement],
    left: Holding,
    right: Holding,
    directory: Directory,
) -> Comparison:
    """Return what two records come to."""
    parties = (party_of(left.record), party_of(right.record))
    finding = None
    if match is not None:
        names = first_names(left.renamed, right.renamed)
        finding = Finding.of(match, conflict_id, risk_id_of(conflict_id, match.severity, (left, right)), names)
    pair = Pair(
        conflict_id,
        (left.record.record_id, right.record.record_id),
        before.revision + 1 if before else 1,
        parties,
        finding,
        verdict_of(finding, of_parties(judgements, parties)),
        explains=match is not None
        and may_explain(left.record, right.record, match)
        and both_may_be_told(parties, match.overlap, directory),
    )
    return Comparison(before, match, judgements, left, right, pair)


def compared(made: Comparison, why: Why, *, is_explained: bool) -> Compared | None:
    """Return the pair as it now stands, and what is to be told of it; None when nothing changed.

    `is_explained`: it is to be set aside, as explained elsewhere.
    """
    before, now = made.before, made.pair.set_aside() if is_explained else made.pair
    said = of_parties(made.judgements, now.parties)
    if before is None and now.finding is None:
        return Compared(None, replace(now, revision=0), None)
    if before is not None:
        judged = replace(before, verdict=verdict_of(before.finding, said))
        if judged.stands == now.stands:  # whatever else changed of a pair that is apart, nobody is told
            parties = before.parties if before.finding else now.parties
            kept = replace(judged, parties=parties, aside=now.aside, explains=now.explains)
            return Compared(before, kept, None) if kept != before else None
    if made.match is None or now.finding is None:
        assert before is not None, "bug: a pair that never was cannot be retracted"
        reason = RetractReason.EXPLAINED_ELSEWHERE if is_explained else why(made.left.record, made.right.record)
        return Compared(before, now, retracted(now, before, reason))
    status = MatchStatus.revised if before is not None and before.finding else MatchStatus.found
    return Compared(before, now, found(now, made.match, status, not_judged(now.finding.evidence_ids, said)))
