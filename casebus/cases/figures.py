"""From tip to safeguarded child: how many, and how long each step took. A fold of one agency's own events. Pure.

Different counts are called "safeguarded"; what counts, and what is never added up, is `casebus.cases.outcomes`' to say.
Times are those at which the records were appended: when this agency said so.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from casebus.cases.outcomes import Figure, Outcome, figures, standing
from casebus.events import types as t
from casebus.events.enumerations import SafeguardOutcome, TriState
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
    """The numbers of one agency. `children` has a number for each kind of outcome, counting rule and status."""

    tips: int
    tips_of_possible_children: int
    open_cases: int
    closed_cases: int
    checks_open: int
    checks_completed: int
    children: tuple[Figure, ...]
    steps: tuple[Step, ...]

    @property
    def removed_from_harm(self) -> tuple[Figure, ...]:
        """Children who were removed from current abuse, by each rule and status: they are never added up."""
        kind = SafeguardOutcome.RESCUED_FROM_CURRENT_ABUSE.value
        return tuple(each for each in self.children if each.outcome_type == kind)


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
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    stated_at: dict[str, datetime] = field(default_factory=dict)

    def take(self, payload: Payload, at: datetime) -> None:
        """Count one event. The first time of a thing is its time: a revision is no second one. What an event says stands
        until a later one says otherwise.
        """
        match payload:
            case t.TipReceived() | t.TipAmended():
                self.tips.setdefault(payload.tip_id, at)
                self.withdrawn.discard(payload.tip_id)
                self.possible_children.discard(payload.tip_id)
                if payload.content.possible_child.answer is TriState.YES:
                    self.possible_children.add(payload.tip_id)
            case t.TipWithdrawn():
                self.withdrawn.add(payload.tip_id)
            case t.CaseOpened():
                self.opened.setdefault(payload.case_id, at)
                self.closed.discard(payload.case_id)
            case t.CaseClosed():
                self.closed.add(payload.case_id)
            case t.WelfareCheckRequested():
                first, _ = self.requested.get(payload.check_id, (at, ()))
                self.requested[payload.check_id] = (first, payload.record_ids)
            case t.WelfareCheckCompleted():
                self.completed.setdefault(payload.check_id, at)
            case t.ChildSafeguarded():
                self.outcomes[payload.outcome_id] = Outcome(payload.outcome_id, payload.outcome_id, payload)
                self.stated_at[payload.outcome_id] = at

    def figures(self) -> Figures:
        """Return the numbers as they stand."""
        return Figures(
            tips=len(self.tips.keys() - self.withdrawn),
            tips_of_possible_children=len(self.possible_children - self.withdrawn),
            open_cases=len(self.opened.keys() - self.closed),
            closed_cases=len(self.closed),
            checks_open=len(self.requested.keys() - self.completed.keys()),
            checks_completed=len(self.completed),
            children=tuple(figures(self.outcomes.values())),
            steps=self._steps(standing(self.outcomes.values())),
        )

    def _steps(self, counted: Iterable[Outcome]) -> tuple[Step, ...]:
        begun = self.opened | self.tips
        to_check = [at - begun[r] for at, records in self.requested.values() for r in records if r in begun]
        to_result = [self.completed[c] - at for c, (at, _) in self.requested.items() if c in self.completed]
        said = [(self.stated_at[each.outcome_id], each.stated.record_ids) for each in counted]
        to_child = [at - begun[r] for at, records in said for r in records if r in begun]
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
