"""Time, as an argument. Nothing else in casebus asks the machine what time it is."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What loops and edges use to tell time and to wait."""

    def now(self) -> datetime:
        """Return the time in UTC, in whole milliseconds."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back, for deadlines."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time in UTC, in whole milliseconds."""
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def monotonic(self) -> float:
        """Return seconds that never go back, for deadlines."""
        return time.monotonic()


@dataclass
class FixedClock:
    """A clock for tests: it moves only when it is told to sleep."""

    at: datetime

    def now(self) -> datetime:
        """Return the time that was set."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Move on by so many seconds, at once."""
        self.at += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        """Return the set time as seconds."""
        return self.at.timestamp()
