"""The state of a conflict: a pure function of two single-writer registers.

Each side publishes only its own acknowledgement and its own proposed outcome. Equal outcomes mean resolved, unequal
ones disputed; nothing depends on the order in which the two sides' events meet.
"""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from enum import StrEnum

from casebus.events.enumerations import ConflictOutcome, Severity
from casebus.events.types import DeconflictionAcknowledged, DeconflictionResolved


class SideState(StrEnum):
    """How far one side is."""

    new = "new"
    acknowledged = "acknowledged"
    resolved = "resolved"


class ConflictState(StrEnum):
    """Where the conflict stands."""

    open = "open"
    resolved = "resolved"
    disputed = "disputed"
    retracted = "retracted"


@dataclass(frozen=True, slots=True)
class Side:
    """Where one side stands on what is asked of it now."""

    state: SideState = SideState.new
    outcome: ConflictOutcome | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What one side has said, each with what its alert showed then (`Alert.shown`). Only that side writes it.

    The last outcome counts, and an acknowledgement beside it where more was shown with that. Which of them answers what
    is asked now is a function of sets: it does not depend on how the two sides' events meet.
    """

    acknowledged_on: tuple[str, ...] | None = None
    outcome: ConflictOutcome | None = None
    resolved_on: tuple[str, ...] = ()

    def acknowledged(self, shown: Iterable[str]) -> "Said":
        """Return what is said after an acknowledgement; a proposed outcome stands, and says it all where it saw as much."""
        seen = tuple(sorted(shown))
        return self if self._resolves(seen) else replace(self, acknowledged_on=seen)

    def resolved(self, outcome: ConflictOutcome, shown: Iterable[str]) -> "Said":
        """Return what is said after an outcome was proposed; the last one counts."""
        after = replace(self, outcome=outcome, resolved_on=tuple(sorted(shown)))
        return replace(after, acknowledged_on=None) if after._resolves(self.acknowledged_on or ()) else after

    def side(self, asked: Set[str]) -> Side:
        """Return where the side stands: what it said without having seen all that is asked now does not count."""
        if self._resolves(asked):
            return Side(SideState.resolved, self.outcome)
        if self.acknowledged_on is not None and asked <= set(self.acknowledged_on):
            return Side(SideState.acknowledged)
        return Side()

    def _resolves(self, asked: Iterable[str]) -> bool:
        return self.outcome is not None and set(asked) <= set(self.resolved_on)

    def taken_back(self, shown: Iterable[str]) -> "Said":
        """Return what is said after this side reopened: no outcome, and somebody has what is shown in hand again."""
        return Said(acknowledged_on=tuple(sorted(shown)))


Answer = DeconflictionAcknowledged | DeconflictionResolved
"""What a side publishes about a conflict."""


def answered(said: Said, answer: Answer) -> Said:
    """Return what a side has said after its answer."""
    if isinstance(answer, DeconflictionResolved):
        return said.resolved(answer.outcome, answer.on_evidence)
    return said.taken_back(answer.on_evidence) if answer.reopened else said.acknowledged(answer.on_evidence)


def answers_of(
    before: Said, after: Said, *, conflict_id: str, revision: int, agency: str | None, actor: str | None
) -> Iterator[Answer]:
    """Yield what a side publishes, or its partner's copy tells, after what it has said changed."""
    reopened = before.outcome is not None and after.outcome is None
    if after.acknowledged_on is not None and (reopened or after.acknowledged_on != before.acknowledged_on):
        yield DeconflictionAcknowledged(
            conflict_id=conflict_id,
            agency=agency,
            revision=revision,
            on_evidence=after.acknowledged_on,
            actor=actor,
            reopened=reopened,
        )
    if after.outcome is not None and (after.outcome, after.resolved_on) != (before.outcome, before.resolved_on):
        yield DeconflictionResolved(
            conflict_id=conflict_id,
            agency=agency,
            revision=revision,
            outcome=after.outcome,
            on_evidence=after.resolved_on,
            actor=actor,
        )


def judged_apart(sides: Iterable[Said]) -> frozenset[str] | None:
    """Return the evidence on which a side says "different person", of all that say so now; None where none does."""
    apart = [said.resolved_on for said in sides if said.outcome is ConflictOutcome.FALSE_MATCH]
    return frozenset().union(*apart) if apart else None


def not_judged(evidence: Iterable[str], sides: Iterable[Said]) -> frozenset[str]:
    """Return the new evidence: what nobody judged who says "different person". Nothing is new where nobody says so."""
    judged = judged_apart(sides)
    return frozenset() if judged is None else frozenset(evidence) - judged


def conflict_state(ours: Side, theirs: Side, *, retracted: bool) -> ConflictState:
    """Return where the conflict stands. Symmetric in its two sides."""
    if retracted:
        return ConflictState.retracted
    if ours.outcome is None or theirs.outcome is None:
        return ConflictState.open
    return ConflictState.resolved if ours.outcome is theirs.outcome else ConflictState.disputed


URGENCY = {Severity.routine: 0, Severity.high: 1, Severity.immediate: 2}
"""The order of severities: the greater the sooner."""

RESPOND_WITHIN_S: dict[Severity, int] = {
    Severity.immediate: 3600,
    Severity.high: 8 * 3600,
    Severity.routine: 7 * 24 * 3600,
}
"""How soon each side is to answer, from the moment the alert was raised (domain.md §2.5: 8 h and 7 d are the EU's)."""
