"""From tip to safeguarded child: how many, and how long each step took. A fold of one agency's own events. Pure.

Three different counts are called "safeguarded"; they are kept apart. A restated number replaces the one that it names,
a retracted one counts no more. Times are those at which the records were appended: when this agency said so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from casebus.events import types as t
from casebus.events.enumerations import OutcomeStatus, SafeguardOutcome, TriState
from casebus.events.types import Payload


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way: how often it was taken, in the middle, and by the slowest tenth at least. None where never."""

    name: str
    times: int
    middle: timedelta | None
    slowest: timedelta | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers of one agency."""

    tips: int
    tips_of_possible_children: int
    open_cases: int
    closed_cases: int
    checks_open: int
    checks_completed: int
    children: Mapping[SafeguardOutcome, int]
    provisional: int
    steps: tuple[Step, ...]

    @property
    def removed_from_harm(self) -> int:
        """Children who were removed from current abuse."""
        return self.children.get(SafeguardOutcome.RESCUED_FROM_CURRENT_ABUSE, 0)


@dataclass
class Counting:
    """What was counted so far. `take` is given an agency's own events in their order."""

    tips: dict[str, datetime] = field(default_factory=dict)
    possible_children: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)
    opened: dict[str, datetime] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    requested: dict[str, tuple[datetime, tuple[str, ...]]] = field(default_factory=dict)
    completed: dict[str, datetime] = field(default_factory=dict)
    outcomes: dict[str, tuple[datetime, t.ChildSafeguarded]] = field(default_factory=dict)

    def take(self, payload: Payload, at: datetime) -> None:
        """Count one event. The first time of a thing is its time: a revision is no second one."""
        match payload:
            case t.TipReceived() | t.TipAmended():
                self.tips.setdefault(payload.tip_id, at)
                if payload.content.possible_child.answer is TriState.YES:
                    self.possible_children.add(payload.tip_id)
            case t.TipWithdrawn():
                self.withdrawn.add(payload.tip_id)
            case t.CaseOpened():
                self.opened.setdefault(payload.case_id, at)
            case t.CaseClosed():
                self.closed.add(payload.case_id)
            case t.WelfareCheckRequested():
                first, _ = self.requested.get(payload.check_id, (at, ()))
                self.requested[payload.check_id] = (first, payload.record_ids)
            case t.WelfareCheckCompleted():
                self.completed.setdefault(payload.check_id, at)
            case t.ChildSafeguarded():
                self.outcomes[payload.outcome_id] = (at, payload)

    def figures(self) -> Figures:
        """Return the numbers as they stand."""
        standing = self._standing()
        children: dict[SafeguardOutcome, int] = {}
        for _, outcome in standing:
            children[outcome.outcome_type] = children.get(outcome.outcome_type, 0) + outcome.count
        return Figures(
            tips=len(self.tips.keys() - self.withdrawn),
            tips_of_possible_children=len(self.possible_children - self.withdrawn),
            open_cases=len(self.opened.keys() - self.closed),
            closed_cases=len(self.closed),
            checks_open=len(self.requested.keys() - self.completed.keys()),
            checks_completed=len(self.completed),
            children=children,
            provisional=sum(o.count for _, o in standing if o.status is OutcomeStatus.PROVISIONAL),
            steps=self._steps(standing),
        )

    def _standing(self) -> list[tuple[datetime, t.ChildSafeguarded]]:
        replaced = {outcome.supersedes for _, outcome in self.outcomes.values()}
        return [
            (at, outcome)
            for at, outcome in self.outcomes.values()
            if outcome.outcome_id not in replaced and outcome.status is not OutcomeStatus.RETRACTED
        ]

    def _steps(self, standing: Iterable[tuple[datetime, t.ChildSafeguarded]]) -> tuple[Step, ...]:
        begun = self.opened | self.tips
        to_check = [at - begun[r] for at, records in self.requested.values() for r in records if r in begun]
        to_result = [self.completed[c] - at for c, (at, _) in self.requested.items() if c in self.completed]
        to_child = [at - begun[r] for at, outcome in standing for r in outcome.record_ids if r in begun]
        return (
            _step("From the tip or case to the request for a welfare check", to_check),
            _step("From that request to its result", to_result),
            _step("From the tip or case to a safeguarded child", to_child),
        )


def _step(name: str, lengths: list[timedelta]) -> Step:
    if not lengths:
        return Step(name, 0, None, None)
    ordered = sorted(lengths)
    middle = timedelta(seconds=median(each.total_seconds() for each in ordered))
    return Step(name, len(ordered), middle, ordered[(len(ordered) * 9) // 10])
