"""What the console reads of the bus: how fresh the agency's own inbox is, and the agency's own events for its figures."""

import threading
from dataclasses import dataclass
from datetime import datetime

import structlog

from casebus.bus.log import Log, Recorded, events_topic, inbox_topic
from casebus.cases.figures import Counting, Figures
from casebus.errors import NotFound, WireError
from casebus.roles import Installation
from casebus.wire.seal import Opener
from casebus.witnessing.topics import LEDGER_TOPIC

BATCH = 500


@dataclass(frozen=True, slots=True)
class Freshness:
    """When something was last heard, at the bus's own time (None: never), and the position after the inbox's last record."""

    hub_told: datetime | None
    hub_alive: datetime | None
    inbox_end: int


class OwnLog:
    """One reader for the whole console, opened when it is first needed. Raises `BusError`."""

    def __init__(self, installation: Installation, agency: str) -> None:
        self._in = installation
        self._agency = agency
        self._lock = threading.Lock()
        self._log: Log | None = None
        self._counting = Counting()
        self._next = 0

    def freshness(self) -> Freshness:
        """Return when the hub last told this agency something, and when it last showed any sign of life."""
        with self._lock:
            told, alive = self._last(inbox_topic(self._agency)), self._last(LEDGER_TOPIC)
        times = [each.appended_at for each in (told, alive) if each is not None]
        if told is None:
            return Freshness(None, max(times, default=None), 0)
        return Freshness(told.appended_at, max(times, default=None), told.position + 1)

    def figures(self) -> Figures:
        """Return the agency's figures, up to the last event of its own that is on the bus."""
        with self._lock:
            self._catch_up()
            return self._counting.figures()

    def outcome_times(self) -> dict[str, datetime]:
        """Return when each outcome of the agency's own was last stated on the bus, by its id."""
        with self._lock:
            self._catch_up()
            return dict(self._counting.stated_at)

    def _catch_up(self) -> None:
        topic = events_topic(self._agency)
        opener = Opener(self._in.schemas, self._in.directory)
        while batch := self._opened().read(topic, self._next, limit=BATCH):
            for recorded in batch:
                self._count(opener, recorded)
                self._next = recorded.position + 1

    def _count(self, opener: Opener, recorded: Recorded) -> None:
        try:
            received = opener.open(recorded)
        except WireError as error:  # a forged record on our topic counts for nothing; the hub has parked it
            structlog.get_logger().info("console_skipped", position=recorded.position, reason=error.reason.value)
            return
        self._counting.take(received.event.payload, recorded.appended_at)

    def _last(self, topic: str) -> Recorded | None:
        try:
            end = self._opened().end(topic)
        except NotFound:  # nobody has written to it yet
            return None
        last = self._opened().read(topic, end - 1, limit=1) if end else []
        return last[0] if last else None

    def _opened(self) -> Log:
        self._log = self._log or self._in.open_log(f"{self._agency}.console")
        return self._log

    def close(self) -> None:
        """Release the reader."""
        with self._lock:
            if self._log is not None:
                self._log.close()
                self._log = None
