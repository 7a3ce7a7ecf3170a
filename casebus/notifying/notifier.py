"""The notifier of an agency's node: follows its alerts, and sees to it that each that waits is told outside, or says why not.

What is to be sent is committed before it is sent, with the place in the feed up to which alerts were looked at. A crash
after sending and before the mark sends again, under the same id. Sending happens in a thread of its own, one at a time:
a mail server that hangs holds up no tip.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog

from casebus.cases.alert import ALERTS
from casebus.cases.alert_feed import FeedEnd, changed_since, end_of_feed
from casebus.cases.conflict import URGENCY
from casebus.cases.desk_work import DESK_WORK, DeskAlert
from casebus.cases.notification import (
    FOLLOWED_TO,
    NOTIFICATIONS,
    Delivery,
    Notification,
    Way,
    attempted,
    ended,
    still_wanted,
    wanted,
    wanted_of_escalation,
    wanted_of_referral,
)
from casebus.cases.referral import REFERRALS
from casebus.clock import Clock
from casebus.events.enumerations import Severity
from casebus.notifying.told import Messenger
from casebus.store.store import Save, Store, View

LOOK_AGAIN = timedelta(minutes=1)
"""The longest rest: what waits is not read at every step."""
LOOK_AT_REFERRALS_S = 1.0
MOST_URGENT_FIRST = sorted(Severity, key=URGENCY.__getitem__, reverse=True)


class Notifier:
    """One agency's. Begins with what is raised after it first ran: nobody is told of a year of old alerts."""

    def __init__(self, store: Store, clock: Clock, messengers: Mapping[Way, Messenger], least: Severity) -> None:
        self._store = store
        self._clock = clock
        self._messengers = dict(messengers)
        self._least = least
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="notifier")
        self._sending: tuple[Notification, Future[str | None]] | None = None
        self._rests_until: datetime | None = None
        self._looked = float("-inf")
        self._log = structlog.get_logger()

    def step(self) -> int:
        """Note what alerts ask for, take in what the last sending came to, and begin the next; return how much was done."""
        return self._follow() + self._look_at_referrals() + self._collect() + self._begin()

    def idle(self) -> bool:
        """Tell whether every alert was looked at and each notification tried at least once; what failed is tried later."""
        if self._sending is not None:
            return False
        with self._store.view() as view:
            at = view.get(FOLLOWED_TO, "")
            if self._new_of_referrals(view):
                return False
            waiting = (each for severity in MOST_URGENT_FIRST for each in _waiting(view, severity))
            return at == end_of_feed(view) and not any(each.attempts == 0 for each in waiting)

    def close(self) -> None:
        """Let go of the thread. What is under way is finished, and sent again after the next start."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _follow(self) -> int:
        with self._store.view() as view:
            end, at = end_of_feed(view), view.get(FOLLOWED_TO, "")
            if at == end:
                return 0
            wants = [] if at is None else self._wanted(view, at)
            new = [each for each in wants if view.get(NOTIFICATIONS, each.notification_id) is None]
        with self._store.transaction() as tx:
            for each in new:
                tx.apply(Save(NOTIFICATIONS, each))
            tx.apply(Save(FOLLOWED_TO, end))
        self._rests_until = None
        return max(1, len(new))

    def _wanted(self, view: View, place: FeedEnd) -> Iterator[Notification]:
        """Yield what is to be told of the alerts that were saved after a place, and of those on which their desk's work
        changed where they escalated.
        """
        now = self._clock.now()
        for seen in _alerts(view, changed_since(view, place, told_only=True)):
            yield from wanted(seen.alert, self._messengers, self._least, now)
        for seen in _alerts(view, changed_since(view, place)):
            yield from wanted_of_escalation(seen, self._messengers, self._least, now)

    def _look_at_referrals(self) -> int:
        """Note what referrals ask for. They are in no feed; what waits of them is little, and read once a second."""
        steady = self._clock.monotonic()
        if steady - self._looked < LOOK_AT_REFERRALS_S:
            return 0
        self._looked = steady
        with self._store.view() as view:
            new = self._new_of_referrals(view)
        if not new:
            return 0
        with self._store.transaction() as tx:
            for each in new:
                tx.apply(Save(NOTIFICATIONS, each))
        self._rests_until = None
        return len(new)

    def _new_of_referrals(self, view: View) -> list[Notification]:
        now = self._clock.now()
        waiting = view.by(REFERRALS, "waits", "yes")
        wants = (each for found in waiting for each in wanted_of_referral(found, self._messengers, self._least, now))
        return [each for each in wants if view.get(NOTIFICATIONS, each.notification_id) is None]

    def _begin(self) -> int:
        now = self._clock.now()
        # A clock that was put back makes nobody rest longer.
        rests = self._rests_until is not None and now < self._rests_until <= now + LOOK_AGAIN
        if self._sending is not None or rests:
            return 0
        first = self._first(now)
        if first is None:
            return 0
        if not self._is_wanted(first, now):
            with self._store.transaction() as tx:
                tx.apply(Save(NOTIFICATIONS, ended(first)))
            return 1
        self._sending = first, self._thread.submit(self._messengers[first.way].send, first)
        return 1

    def _first(self, now: datetime) -> Notification | None:
        """Return what is sent next, the most severe that is due; where nothing is, rest until something will be.

        A way that is no longer in the settings waits until it is again.
        """
        later = now + LOOK_AGAIN
        with self._store.view() as view:
            for severity in MOST_URGENT_FIRST:
                waiting = [(each.next_at, each) for each in _waiting(view, severity) if each.way in self._messengers]
                due = [(at, each) for at, each in waiting if at is not None and each.is_due(now)]
                if due:
                    return min(due, key=lambda pair: (pair[0], pair[1].notification_id))[1]
                later = min([later, *(at for at, _ in waiting if at is not None)])
        self._rests_until = later
        return None

    def _is_wanted(self, notification: Notification, now: datetime) -> bool:
        with self._store.view() as view:
            if notification.referral_id is not None:
                referral = view.get(REFERRALS, notification.referral_id)
                return referral is not None and still_wanted(notification, referral, now)
            found = _alerts(view, [notification.conflict_id])
        return any(still_wanted(notification, seen, now) for seen in found)

    def _collect(self) -> int:
        if self._sending is None or not self._sending[1].done():
            return 0
        notification, future = self._sending
        self._sending = None
        after = attempted(notification, _failure(notification.way, future), self._clock.now())
        self._rests_until = None
        with self._store.transaction() as tx:
            tx.apply(Save(NOTIFICATIONS, after))
        if after.delivery is not Delivery.delivered:
            self._log.warning("notification_failed", ref=after.ref, way=after.way.value, attempts=after.attempts)
        return 1


def _waiting(view: View, severity: Severity) -> list[Notification]:
    return view.by(NOTIFICATIONS, "waiting", severity.value)


def _alerts(view: View, conflict_ids: list[str] | None) -> list[DeskAlert]:
    """Return some alerts as their desk has them; every one for None, where the feed no longer reaches back far enough."""
    if conflict_ids is None:
        conflict_ids = [alert.conflict_id for alert in view.all(ALERTS)]
    found = (view.get(ALERTS, each) for each in conflict_ids)
    return [DeskAlert.of(alert, view.get(DESK_WORK, alert.conflict_id)) for alert in found if alert]


def _failure(way: Way, sending: Future[str | None]) -> str | None:
    """Return why a sending failed, in words, None where it did not. A messenger that raises ends no node: it has failed."""
    error = sending.exception()
    return f"the {way.value} could not be used ({type(error).__name__})" if error else sending.result()
