"""What an agency is owed and does not get: its records in the ledger, and the leaves of a size that was signed.

A hub that leaves records out, or shows one agency less than another, contradicts nothing that it signed. It only shows
as time that passes; hence a warning and not evidence.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from casebus.bus.log import Log
from casebus.clock import Clock
from casebus.store.store import View
from casebus.witnessing.followed import WAITING, Followed

LAGS_AFTER_S = 60.0
LOOK_EVERY_S = 1.0


@dataclass(slots=True)
class _Owed:
    """What was there when somebody last looked anew, and since when it has been owed."""

    mark: int
    since: float


class Lagging:
    """Looks now and then, and warns once in `LAGS_AFTER_S` for each thing that is owed for so long. One owner thread."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._bus = log
        self._clock = clock
        self._log = structlog.get_logger()
        self._owed: dict[str, _Owed] = {}
        self._looked: float | None = None

    def is_due(self) -> bool:
        """Tell whether it is time to look again: a look asks the bus for the ends of topics."""
        now = self._clock.monotonic()
        if self._looked is not None and now - self._looked < LOOK_EVERY_S:
            return False
        self._looked = now
        return True

    def look(self, followed: Followed, topics: Mapping[bytes, str], view: View) -> None:
        """Compare what is on the topics (names by id) with the ledger, and what was signed with what was published."""
        for topic_id, topic in topics.items():
            head = followed.head(topic_id)
            if self._is_late(topic, 0 if head is None else head + 1, self._bus.end(topic)):
                self._log.warning("ledger_lags", topic=topic, position=self._owed[topic].mark - 1, seconds=LAGS_AFTER_S)
        signed = max((waiting.size for waiting in view.all(WAITING)), default=0)
        if self._is_late("", followed.size, signed):
            reason = "the log has signed more leaves than it has published here"
            self._log.warning("ledger_withheld", index=followed.size, reason=reason, seconds=LAGS_AFTER_S)

    def _is_late(self, name: str, has: int, due: int) -> bool:
        now = self._clock.monotonic()
        owed = self._owed.get(name)
        if owed is None or has >= owed.mark:
            self._owed[name] = _Owed(due, now)
            return False
        if now - owed.since < LAGS_AFTER_S:
            return False
        owed.since = now
        return True
