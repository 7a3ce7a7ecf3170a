"""The state of a conflict: a pure function of two single-writer registers.

Each side publishes only its own acknowledgement and its own proposed outcome. Equal outcomes mean resolved, unequal
ones disputed; nothing depends on the order in which the two sides' events meet.
"""

from dataclasses import dataclass
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
    """One side's register. Only that side writes it."""

    state: SideState = SideState.new
    outcome: ConflictOutcome | None = None

    def acknowledged(self) -> "Side":
        """Return the register after an acknowledgement; a proposed outcome stands."""
        return self if self.state is SideState.resolved else Side(SideState.acknowledged)

    def resolved(self, outcome: ConflictOutcome) -> "Side":
        """Return the register after an outcome was proposed; the last one counts."""
        return Side(SideState.resolved, outcome)


Answer = DeconflictionAcknowledged | DeconflictionResolved
"""What a side publishes about a conflict."""


def answered(side: Side, answer: Answer) -> Side:
    """Return a side's register after its answer."""
    return side.resolved(answer.outcome) if isinstance(answer, DeconflictionResolved) else side.acknowledged()


def conflict_state(ours: Side, theirs: Side, *, retracted: bool) -> ConflictState:
    """Return where the conflict stands. Symmetric in its two sides."""
    if retracted:
        return ConflictState.retracted
    if ours.outcome is None or theirs.outcome is None:
        return ConflictState.open
    return ConflictState.resolved if ours.outcome is theirs.outcome else ConflictState.disputed


RESPOND_WITHIN_S: dict[Severity, int] = {
    Severity.immediate: 3600,
    Severity.high: 8 * 3600,
    Severity.routine: 7 * 24 * 3600,
}
"""How soon each side is to answer, from the moment the alert was raised (domain.md §2.5: 8 h and 7 d are the EU's)."""
