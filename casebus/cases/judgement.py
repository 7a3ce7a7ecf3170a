"""What officers said of whether two records concern one person: who, on what, when. Kept in the hub's store only.

It is read from each side's DeconflictionResolved; the last answer of a side counts. "Different person" keeps a pair
apart until something agrees that nobody who says so has seen: a function of sets, whichever topic was read first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from casebus.cases.conflict import Answer, Said, judged_apart
from casebus.cases.pair import Finding, Verdict
from casebus.events.enumerations import ConflictOutcome
from casebus.events.types import DeconflictionResolved, MatchParty
from casebus.state import Concept

_SAME = frozenset(
    {ConflictOutcome.JOINT_INVESTIGATION, ConflictOutcome.PARALLEL_COORDINATED, ConflictOutcome.TRANSFERRED}
)
"""Outcomes that take both records to concern one person. The others say nothing of it, but for FALSE_MATCH."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One side's last outcome, and what its officer (`actor`, a pseudonym) was shown when proposing it; None since that
    side took it back.
    """

    conflict_id: str
    agency: str
    actor: str | None
    outcome: ConflictOutcome | None
    on_evidence: tuple[str, ...]
    judged_at: datetime

    @property
    def said(self) -> Said:
        """The judgement as that side's register has it."""
        return Said(outcome=self.outcome, resolved_on=self.on_evidence)


JUDGEMENTS: Concept[Judgement] = Concept(
    "judgements",
    Judgement,
    lambda judgement: f"{judgement.conflict_id}|{judgement.agency}",
    {"conflict": lambda judgement: judgement.conflict_id},
)


def judgement_of(agency: str, answer: Answer, at: datetime) -> Judgement | None:
    """Return what an answer says of a pair; None for an acknowledgement, which says nothing of it."""
    if isinstance(answer, DeconflictionResolved):
        shown = tuple(sorted(set(answer.on_evidence)))
        return Judgement(answer.conflict_id, agency, answer.actor, answer.outcome, shown, at)
    return Judgement(answer.conflict_id, agency, answer.actor, None, (), at) if answer.reopened else None


def of_parties(judgements: Iterable[Judgement], parties: Iterable[MatchParty]) -> list[Said]:
    """Return what the sides of a pair said; nobody else has a say in it."""
    agencies = {party.agency for party in parties}
    return [judgement.said for judgement in judgements if judgement.agency in agencies]


def verdict_of(finding: Finding | None, sides: Iterable[Said]) -> Verdict:
    """Return what is judged of a pair as it is found now. A "no" beats a "yes"; a "yes" counts while anything that its
    officer was shown still agrees.
    """
    said = list(sides)
    if finding is None or not said:
        return Verdict.undecided
    ids = finding.evidence_ids
    judged = judged_apart(said)
    if judged is not None and ids <= judged:
        return Verdict.different
    agreed = any(each.outcome in _SAME and not ids.isdisjoint(each.resolved_on) for each in said)
    return Verdict.same if agreed else Verdict.undecided
