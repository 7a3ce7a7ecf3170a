"""What decides where an alert stands on its desk's board: little of it, and nothing that time alone changes. Pure.

A console keeps one of each alert between two looks; the few alerts that are shown are read anew.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from casebus.cases.asked_of_us import NOTHING, AskedOfUs
from casebus.cases.conflict import ConflictState, SideState
from casebus.cases.desk_work import DeskAlert, DeskWork, Stage
from casebus.events.enumerations import Band, IdentifierType, Severity


@dataclass(frozen=True, slots=True)
class Place:
    """An alert as a board looks through it. `due_by`, in UTC, is None where no answer is due; `partner` where it is not told.

    Moments of one zone are compared ten times as fast as those of any two.
    """

    conflict_id: str
    ref: str
    partner: str | None
    kinds: tuple[IdentifierType, ...]
    is_notice: bool
    is_apart: bool
    state: ConflictState
    ours: SideState
    severity: Severity
    band: Band
    due_by: datetime | None
    work: DeskWork
    asked: AskedOfUs = NOTHING

    @staticmethod
    def of(seen: DeskAlert, asked: AskedOfUs = NOTHING) -> "Place":
        """Return what a board goes by."""
        alert = seen.alert
        return Place(
            conflict_id=alert.conflict_id,
            ref=alert.ref,
            partner=alert.partner,
            kinds=tuple(matched.kind for matched in alert.matched),
            is_notice=alert.is_notice,
            is_apart=alert.is_apart,
            state=alert.state,
            ours=alert.ours.state,
            severity=seen.severity,
            band=alert.band,
            due_by=seen.due_by and seen.due_by.astimezone(UTC),
            work=seen.work,
            asked=asked,
        )

    def stage(self, now: datetime) -> Stage:
        """Return how far this desk is."""
        return self.work.stage(self.ours, self.severity, now)

    def rests(self, now: datetime) -> bool:
        """Tell whether it was put aside until later."""
        return self.work.rests(self.severity, now)
