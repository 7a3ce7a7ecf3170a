"""What one desk does about an alert: who has it in hand, until when it may rest. The agency's own business.

Nothing of this is ever in an event: assignee, snooze, the desk's own severity and its notes stay in the agency's Store.
What the partner needs (acknowledged, outcome, reopened) is the register in `casebus.cases.alert`, changed here along with it.

    new ──acknowledge──▶ acknowledged(until) ──assign──▶ in_hand(assignee) ──resolve──▶ resolved(outcome)
     ▲                        │    ▲                            │                            │
     └────────lapses──────────┘    └─────────hand over──────────┘                            │
     └───────────────────────────────────reopen (with a reason)─────────────────────────────┘

Every function is pure: an alert as its desk has it, the command's arguments and `now` go in; the same after the command
comes out, or `Conflict` says why not. A child at immediate risk is never held: no snooze is granted, and none counts.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from casebus.cases import alert as alerts
from casebus.cases.alert import Alert
from casebus.cases.conflict import RESPOND_WITHIN_S, URGENCY, SideState
from casebus.errors import Conflict, UsageError
from casebus.events.enumerations import ConflictOutcome, Severity
from casebus.state import Concept

ACKNOWLEDGED_FOR_S: dict[Severity, int] = {
    Severity.immediate: 30 * 60,
    Severity.high: 4 * 3600,
    Severity.routine: 24 * 3600,
}
"""How long an acknowledgement holds while nobody has the alert in hand; then it is new again at this desk."""

SNOOZE_AT_MOST_S = 7 * 24 * 3600
LEEWAY_S = 5 * 60
"""By how much a clock may be set right without anything that was done before counting as done while it was ahead."""


class Stage(StrEnum):
    """How far this desk is with an alert."""

    new = "new"
    acknowledged = "acknowledged"
    in_hand = "in_hand"
    resolved = "resolved"


class Escalation(StrEnum):
    """Who should hear that nobody takes the alert up, or that who has it in hand proposes no outcome. It only ever rises
    until somebody takes it up, anew.
    """

    none = "none"
    desk_lead = "desk_lead"
    coordination_desk = "coordination_desk"


@dataclass(frozen=True, slots=True)
class DeskWork:
    """What this desk keeps about one alert. `changes` counts what changed nothing on the bus, for stale writes.

    `acknowledged_until` is until when taking it up holds: then it lapses, or who has it in hand is asked about it.
    `waits_since` is since when nobody has it again (an acknowledgement lapsed, or it was reopened). `severity` is the
    desk's own judgement, made at revision `severity_at`.
    """

    conflict_id: str
    changes: int = 0
    assignee: str | None = None
    acknowledged_until: datetime | None = None
    waits_since: datetime | None = None
    snoozed_until: datetime | None = None
    severity: Severity | None = None
    severity_at: int = 0
    escalated: Escalation = Escalation.none

    def stage(self, ours: SideState, severity: Severity, now: datetime) -> Stage:
        """Return how far this desk is with an alert that it holds to be so severe, and that this side has answered so."""
        match ours:
            case SideState.resolved:
                return Stage.resolved
            case SideState.acknowledged if self.waits_since is None and not self.has_lapsed(severity, now):
                return Stage.in_hand if self.assignee else Stage.acknowledged
            case _:
                return Stage.new

    def has_lapsed(self, severity: Severity, now: datetime) -> bool:
        """Tell whether an acknowledgement that nobody followed up has run out. It does not while the alert rests."""
        until = self.acknowledged_until
        if until is None or self.assignee is not None or self.rests(severity, now):
            return False
        return not _holds(until, now, ACKNOWLEDGED_FOR_S[severity])

    def rests(self, severity: Severity, now: datetime) -> bool:
        """Tell whether an alert that the desk holds to be so severe may rest. What concerns a child at immediate risk never
        does, whoever said so before.
        """
        until = self.snoozed_until
        return until is not None and _holds(until, now, SNOOZE_AT_MOST_S) and severity is not Severity.immediate


def _holds(until: datetime, now: datetime, at_most_s: int) -> bool:
    """Tell whether a time that is given for so long at most still runs. One that ends later than it can was given by a clock
    that was ahead: it is over.
    """
    return now < until <= now + timedelta(seconds=at_most_s + LEEWAY_S)


DESK_WORK: Concept[DeskWork] = Concept("desk_work", DeskWork, lambda work: work.conflict_id)


@dataclass(frozen=True, slots=True)
class DeskAlert:
    """An alert as its desk works on it: what is on the bus, and the agency's own business about it."""

    alert: Alert
    work: DeskWork

    @staticmethod
    def of(alert: Alert, work: DeskWork | None) -> "DeskAlert":
        """Put the two together; an alert that nobody touched has no work yet."""
        return DeskAlert(alert, work or DeskWork(alert.conflict_id))

    @property
    def version(self) -> int:
        """Counts every change, on the bus or only here: what a command says that it saw."""
        return self.alert.version + self.work.changes

    @property
    def severity(self) -> Severity:
        """How soon it wants an officer: as told, or as this desk judged it. A judgement that raised it stands; one that
        lowered it stands until the hub tells more.
        """
        told, judged = self.alert.severity, self.work.severity
        if judged is None:
            return told
        if URGENCY[judged] < URGENCY[told] and self.work.severity_at != self.alert.revision:
            return told
        return judged

    @property
    def due_by(self) -> datetime | None:
        """When an answer is due by the severity that this desk goes by; None for a weak match, which asks for none."""
        if self.alert.respond_by is None:
            return None
        return self.alert.raised_at + timedelta(seconds=RESPOND_WITHIN_S[self.severity])

    def stage(self, now: datetime) -> Stage:
        """Return how far this desk is."""
        return self.work.stage(self.alert.ours.state, self.severity, now)

    def has_lapsed(self, now: datetime) -> bool:
        """Tell whether an acknowledgement that nobody followed up has run out."""
        return self.work.has_lapsed(self.severity, now)

    def is_snoozed(self, now: datetime) -> bool:
        """Tell whether it may rest."""
        return self.work.rests(self.severity, now)


def after_rise(work: DeskWork, before: Alert, after: Alert) -> DeskWork:
    """Return the work after the alert was told anew: one that asks for an answer anew rests no more, its clocks start
    anew. What somebody acknowledged before and has not in hand waits again. The desk's own judgement stays: whether it
    still counts is `DeskAlert.severity`'s.
    """
    if before.raised_at == after.raised_at:
        return work
    waits = work.assignee is None and after.ours.state is SideState.acknowledged
    return DeskWork(
        work.conflict_id,
        changes=work.changes,
        assignee=work.assignee,
        waits_since=after.raised_at if waits else None,
        severity=work.severity,
        severity_at=work.severity_at,
    )


# --- commands ---


def acknowledge(seen: DeskAlert, now: datetime) -> DeskAlert:
    """Return it taken up. Again: the acknowledgement holds anew. Raises `Conflict`."""
    after = alerts.acknowledge(seen.alert)
    if seen.stage(now) in (Stage.resolved, Stage.in_hand):
        return seen
    return _worked(seen, after, _taken_up(seen, now), counts=seen.stage(now) is not Stage.acknowledged)


def assign(seen: DeskAlert, assignee: str, now: datetime) -> DeskAlert:
    """Return it in an officer's hand; one that was new is taken up by that. Raises `Conflict`."""
    _refuse_resolved(seen)
    after = alerts.acknowledge(seen.alert)
    return _worked(seen, after, replace(_taken_up(seen, now), assignee=assignee))


def hand_over(seen: DeskAlert, to: str | None, now: datetime) -> DeskAlert:
    """Return it in another officer's hand, or in nobody's: acknowledged, and waiting to be assigned. Raises `Conflict`."""
    _refuse_resolved(seen)
    if seen.work.assignee is None:
        raise Conflict(
            f"nobody has alert {seen.alert.ref} in hand: there is nothing to hand over",
            next_step=f"`casebus alerts assign {seen.alert.ref}` gives it to somebody.",
        )
    after = alerts.acknowledge(seen.alert)
    return _worked(seen, after, replace(_taken_up(seen, now), assignee=to))


def snooze(seen: DeskAlert, until: datetime, now: datetime) -> DeskAlert:
    """Return it resting until a moment. Raises `Conflict` for one at immediate risk or not taken up, `UsageError` for a
    moment that has passed or is more than a week away.
    """
    _refuse_resolved(seen)
    if seen.severity is Severity.immediate:
        raise Conflict(
            f"alert {seen.alert.ref} concerns a child at immediate risk: it never rests",
            next_step="assign it, or hand it over with a note.",
        )
    if seen.stage(now) is Stage.new:
        raise Conflict(
            f"alert {seen.alert.ref} was not taken up yet: the partner waits for that",
            next_step=f"`casebus alerts ack {seen.alert.ref}` first.",
        )
    if not now < until <= now + timedelta(seconds=SNOOZE_AT_MOST_S):
        raise UsageError("a snooze ends after now, and within seven days", next_step="name another moment.")
    return _worked(seen, seen.alert, replace(seen.work, snoozed_until=until))


def lowers(seen: DeskAlert, severity: Severity) -> bool:
    """Tell whether that severity is lower than the one that the desk goes by now."""
    return URGENCY[severity] < URGENCY[seen.severity]


def judge(seen: DeskAlert, severity: Severity, reason: str | None, now: datetime) -> DeskAlert:
    """Return it with the desk's own severity; an acknowledgement holds from now on no longer than by that.

    Raises `Conflict`, `UsageError` for a lower one without a reason.
    """
    _refuse_resolved(seen)
    if lowers(seen, severity) and not (reason and reason.strip()):
        raise UsageError("a severity is lowered only with a reason", next_step="say why.")
    if severity is seen.severity:
        return seen
    longest = now + timedelta(seconds=ACKNOWLEDGED_FOR_S[severity])
    until = seen.work.acknowledged_until and min(seen.work.acknowledged_until, longest)
    work = replace(seen.work, severity=severity, severity_at=seen.alert.revision, acknowledged_until=until)
    return _worked(seen, seen.alert, replace(work, snoozed_until=None) if severity is Severity.immediate else work)


def resolve(seen: DeskAlert, outcome: ConflictOutcome) -> DeskAlert:
    """Return it with an outcome proposed: nothing waits any more here. Raises `Conflict`."""
    work = replace(seen.work, acknowledged_until=None, waits_since=None, snoozed_until=None, escalated=Escalation.none)
    return _worked(seen, alerts.resolve(seen.alert, outcome), work, counts=False)


def reopen(seen: DeskAlert, reason: str, now: datetime) -> DeskAlert:
    """Return it reopened, waiting for somebody. Raises `Conflict` where this desk has proposed no outcome, `UsageError`
    without a reason.
    """
    if not reason.strip():
        raise UsageError("an alert is reopened only with a reason", next_step="say why.")
    work = replace(seen.work, assignee=None, acknowledged_until=None, waits_since=now, snoozed_until=None)
    return _worked(seen, alerts.reopen(seen.alert), work)


def _taken_up(seen: DeskAlert, now: datetime) -> DeskWork:
    until = now + timedelta(seconds=ACKNOWLEDGED_FOR_S[seen.severity])
    return replace(seen.work, acknowledged_until=until, waits_since=None, escalated=Escalation.none)


def _worked(seen: DeskAlert, alert: Alert, work: DeskWork, *, counts: bool = True) -> DeskAlert:
    """Return both as they now stand. One command is one step of the version: the alert's own, or one of the work's."""
    if alert == seen.alert and work != seen.work and counts:
        work = replace(work, changes=work.changes + 1)
    return DeskAlert(alert, work)


def _refuse_resolved(seen: DeskAlert) -> None:
    alerts.refuse_undecidable(seen.alert)
    if seen.alert.ours.outcome is not None:
        raise Conflict(
            f"this desk has resolved alert {seen.alert.ref} ({seen.alert.ours.outcome.value})",
            next_step=f"`casebus alerts reopen {seen.alert.ref}` with a reason takes it back.",
        )
