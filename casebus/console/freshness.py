"""How fresh what a desk sees is: what was last heard of the hub and of each partner, and how much is not read yet.

Every page says it, so it is looked up beside the pages and kept for some seconds: no page waits for a bus that does not
answer. It names no alert and no case; that partners were heard is on record where `/feeds` shows it.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime

import structlog

from casebus.bus.log import inbox_topic
from casebus.cases.alert import ALERTS
from casebus.cases.alert_feed import FeedEnd, changed_since, end_of_feed
from casebus.cases.desk_history import DEEDS
from casebus.clock import Clock
from casebus.console.door import Door
from casebus.console.own_log import OwnLog
from casebus.errors import BusError, CasebusError
from casebus.store.store import View

DESK = "desk"
"""The consumer by which an agency's inbox becomes its alerts."""
KEPT_S = 3.0
WAIT_S = 0.25
"""How long a page waits for the first look, or one that it began."""


@dataclass(frozen=True, slots=True)
class Hub:
    """When the hub was last heard, at the bus's own time (None: never), and how many of its records are not read yet."""

    told: datetime | None
    alive: datetime | None
    behind: int


@dataclass(frozen=True, slots=True)
class Fresh:
    """How it stood at a moment. `hub` is None where the bus did not answer; `heard` has each partner, None for never."""

    at: datetime
    hub: Hub | None
    heard: Mapping[str, datetime | None]


def hub_of(agency: str, door: Door, own_log: OwnLog) -> Hub | None:
    """Return how this node stands to the hub, None where the bus does not answer. Raises `StoreError`."""
    try:
        last = own_log.freshness()
    except BusError:
        return None
    with door.store() as store, store.view() as view:
        read = view.position(DESK, inbox_topic(agency))
    return Hub(last.hub_told, last.hub_alive, max(0, last.inbox_end - read))


class Heard:
    """When each partner was last heard, by an alert or by what it did about one. After the first look only what changed
    is read.
    """

    def __init__(self, partners: Iterable[str]) -> None:
        self._last: dict[str, datetime | None] = dict.fromkeys(partners)
        self._read_to: FeedEnd | None = None

    def catch_up(self, view: View) -> Mapping[str, datetime | None]:
        """Return it as of this view."""
        changed = None if self._read_to is None else changed_since(view, self._read_to)
        self._read_to = end_of_feed(view)
        if changed is None:
            self._take((alert.partner, alert.raised_at) for alert in view.all(ALERTS))
            self._take((deed.who, deed.at) for deed in view.all(DEEDS))
        for conflict_id in changed or ():
            alert = view.get(ALERTS, conflict_id)
            self._take([(alert.partner, alert.raised_at)] if alert else [])
            self._take((deed.who, deed.at) for deed in view.by(DEEDS, "conflict", conflict_id))
        return dict(self._last)

    def _take(self, times: Iterable[tuple[str | None, datetime]]) -> None:
        for who, at in times:
            if who in self._last:
                self._last[who] = max(at, self._last[who] or at)


class Freshness:
    """Looks every few seconds, as long as pages are asked for."""

    def __init__(self, agency: str, partners: Iterable[str], door: Door, own_log: OwnLog, clock: Clock) -> None:
        self._agency = agency
        self._door = door
        self._own_log = own_log
        self._clock = clock
        self._heard = Heard(partners)
        self._looker = ThreadPoolExecutor(1, thread_name_prefix="freshness")
        self._looking: Future[None] | None = None
        self._latest: Fresh | None = None

    def latest(self) -> Fresh | None:
        """Return how it stood a moment ago; an older state where the next look takes its time, None before the first."""
        latest = self._latest
        if latest is not None and 0 <= (self._clock.now() - latest.at).total_seconds() < KEPT_S:
            return latest
        if self._looking is None or self._looking.done():
            self._looking = self._looker.submit(self._look)
            self._looking.add_done_callback(_say_what_went_wrong)
            wait([self._looking], WAIT_S)
        return self._latest

    def close(self) -> None:
        """Look no more."""
        self._looker.shutdown(wait=False, cancel_futures=True)

    def _look(self) -> None:
        try:
            with self._door.store() as store, store.view() as view:
                heard = self._heard.catch_up(view)
            hub = hub_of(self._agency, self._door, self._own_log)
        except (CasebusError, OSError) as error:  # the pages say of when is what they know
            structlog.get_logger().warning("console_cannot_look", error_type=type(error).__name__)
            return
        self._latest = Fresh(self._clock.now(), hub, heard)


def _say_what_went_wrong(look: Future[None]) -> None:
    """Log what nobody expected: of a thread that looks beside the pages nobody else would hear."""
    error = None if look.cancelled() else look.exception()
    if error is not None:
        structlog.get_logger().error("console_cannot_look", error_type=type(error).__name__)
