"""Telling an officer who does not look at the board that an alert waits: what is told, how often it is tried. Pure.

A notification has a reference, a severity, a time and a link. Nothing of why two records matched, of whom, or with
whom: it leaves the agency's own systems, and whoever reads it logs in to see more (`reference/console.md` §6).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from casebus.cases.alert import Alert
from casebus.cases.alert_feed import FeedEnd
from casebus.cases.asked_of_us import is_asked_of_us
from casebus.cases.conflict import URGENCY, SideState
from casebus.cases.desk_work import DeskAlert, Escalation, Stage
from casebus.cases.referral import Referral
from casebus.events.enumerations import Severity
from casebus.state import Concept
from casebus.wire.ids import content_id

RETRY_AFTER_S = (10, 60, 300, 900, 3600, 3600, 3600)
"""How long after each failed attempt the next one is made. After the last it is given up: four hours have gone by."""

_WORDS = 200


class Way(StrEnum):
    """How somebody is told."""

    webhook = "webhook"
    email = "e-mail"


class Delivery(StrEnum):
    """Where a notification stands."""

    waiting = "waiting"
    delivered = "delivered"
    given_up = "given up"
    ended = "ended"


@dataclass(frozen=True, slots=True)
class Notification:
    """One alert or referral, raised once or escalated once, told one way. Its id is the same however often it is sent, so a receiver
    knows a repeat.

    `next_at` is when it is tried next, None once it was delivered, given up, or `ended` because nobody needs to hear it any
    more; `why` is what went wrong last, in words. `escalated` says for whom it is since it was not answered in time,
    `in_hand` whether somebody has it in hand all the same. Of a referral `ref` is its id, and there is no `conflict_id`.
    """

    notification_id: str
    conflict_id: str
    ref: str
    severity: Severity
    way: Way
    raised_at: datetime
    respond_by: datetime | None
    attempts: int
    next_at: datetime | None
    delivered_at: datetime | None
    why: str
    escalated: Escalation = Escalation.none
    ended: bool = False
    referral_id: str | None = None
    in_hand: bool = False

    @property
    def type(self) -> str:
        """What it says, as a receiver's program reads it."""
        about = "referral" if self.referral_id else "alert"
        return f"{about}_waits" if self.escalated is Escalation.none else f"{about}_escalated"

    @property
    def delivery(self) -> Delivery:
        """Where it stands."""
        if self.delivered_at is not None:
            return Delivery.delivered
        if self.ended:
            return Delivery.ended
        return Delivery.given_up if self.next_at is None else Delivery.waiting

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is to be sent now. A moment farther away than any pause was noted by a clock that was ahead."""
        return self.next_at is not None and not now < self.next_at <= now + timedelta(seconds=max(RETRY_AFTER_S))


NOTIFICATIONS: Concept[Notification] = Concept(
    "notifications",
    Notification,
    lambda notification: notification.notification_id,
    {
        "conflict": lambda notification: notification.conflict_id or None,
        "waiting": lambda notification: notification.severity.value if notification.next_at is not None else None,
    },
)


FOLLOWED_TO: Concept[FeedEnd] = Concept("notified_to", FeedEnd, lambda _: "")
"""The last change of an alert that the notifier has looked at."""


def wanted(alert: Alert, ways: Iterable[Way], least: Severity, now: datetime) -> Iterator[Notification]:
    """Yield what is to be told of an alert: once for each time that it was raised, and each way.

    Nothing of a weak match, of one that is retracted, that this side has taken up, or that is less severe than `least`.
    """
    untouched = alert.waits and alert.ours.state is SideState.new
    if not untouched or URGENCY[alert.severity] < URGENCY[least]:
        return
    raised = f"{alert.raised_at.isoformat()} {alert.severity.value}"
    for way in ways:
        yield _of(DeskAlert.of(alert, None), way, raised, now)


def wanted_of_escalation(
    seen: DeskAlert, ways: Iterable[Way], least: Severity, now: datetime
) -> Iterator[Notification]:
    """Yield what is to be told of an alert that nobody answered in time: once for each level, and each time that it was
    taken up in between.
    """
    work = seen.work
    if work.escalated is Escalation.none or not seen.alert.waits or URGENCY[seen.severity] < URGENCY[least]:
        return
    waited = f"{seen.alert.raised_at} {work.waits_since} {work.acknowledged_until} {work.assignee}"
    for way in ways:
        yield _of(seen, way, f"{work.escalated.value} {waited}", now, work.escalated)


def _of(
    seen: DeskAlert, way: Way, occasion: str, now: datetime, escalated: Escalation = Escalation.none
) -> Notification:
    return Notification(
        notification_id=content_id("notification", seen.alert.conflict_id, occasion, way.value),
        conflict_id=seen.alert.conflict_id,
        ref=seen.alert.ref,
        severity=seen.severity,
        way=way,
        raised_at=seen.alert.raised_at,
        respond_by=seen.due_by,
        attempts=0,
        next_at=now,
        delivered_at=None,
        why="",
        escalated=escalated,
        in_hand=seen.stage(now) is Stage.in_hand,
    )


def wanted_of_referral(
    referral: Referral, ways: Iterable[Way], least: Severity, now: datetime
) -> Iterator[Notification]:
    """Yield what is to be told of a referral that this desk was asked to take: once, and once for each level that it escalated
    to, until somebody answers.
    """
    if not is_asked_of_us(referral) or URGENCY[referral.presumed_urgency] < URGENCY[least]:
        return
    for way in ways:
        yield Notification(
            notification_id=content_id("referral waits", referral.referral_id, referral.escalated.value, way.value),
            conflict_id="",
            ref=referral.referral_id,
            severity=referral.presumed_urgency,
            way=way,
            raised_at=referral.sent_at,
            respond_by=referral.respond_by,
            attempts=0,
            next_at=now,
            delivered_at=None,
            why="",
            escalated=referral.escalated,
            referral_id=referral.referral_id,
        )


def still_wanted(notification: Notification, about: DeskAlert | Referral, now: datetime) -> bool:
    """Tell whether it would be noted now as it was: nobody has taken it up or answered it since, nor was it retracted or raised
    anew.
    """
    ways = [notification.way]
    if isinstance(about, Referral):
        now_wanted = list(wanted_of_referral(about, ways, Severity.routine, now))
    else:
        now_wanted = [
            *wanted(about.alert, ways, Severity.routine, now),
            *wanted_of_escalation(about, ways, Severity.routine, now),
        ]
    return any(each.notification_id == notification.notification_id for each in now_wanted)


def ended(notification: Notification) -> Notification:
    """Return a notification that nobody needs to hear any more."""
    return replace(notification, next_at=None, ended=True)


def attempted(notification: Notification, failure: str | None, now: datetime) -> Notification:
    """Return a notification after an attempt to send it: delivered, to be tried again later, or given up."""
    attempts = notification.attempts + 1
    if failure is None:
        return replace(notification, attempts=attempts, next_at=None, delivered_at=now, why="")
    pauses = RETRY_AFTER_S[notification.attempts : attempts]
    next_at = now + timedelta(seconds=pauses[0]) if pauses else None
    return replace(notification, attempts=attempts, next_at=next_at, why=failure[:_WORDS])
