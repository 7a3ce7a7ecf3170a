"""The Log: ordered, durable, append-only records, per topic.

Two siblings implement it and share no code: `sqlite_log.SqliteLog` (embedded) and `kafka_log.KafkaLog`. They share
`casebus.testing.log_contract.LogContract`, which any further one must pass.

One partition per topic: an agency's events are totally ordered. Code relies on order within one topic only; nothing may
depend on how topics interleave.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

MAX_VALUE_BYTES = 262_144
"""The largest value that a record may have, on every Log; the broker enforces it for Kafka."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a writer hands over: a key, a value and headers in the order given. Names may repeat (Kafka allows it)."""

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record at its place. `position` counts from 0; `appended_at` is the Log's time, UTC, whole milliseconds."""

    topic: str
    position: int
    record: Record
    appended_at: datetime


class Log(Protocol):
    """The seam. Every method raises `BusError` and no foreign exception.

    Not thread-safe: one owner thread per instance.
    """

    def create(self, topics: Sequence[str]) -> None:
        """Make topics that do not exist yet. Harmless when repeated."""
        ...

    def append(self, topic: str, records: Sequence[Record]) -> list[int]:
        """Append in order and return the positions, only after every record is durable.

        After an error any prefix of the records may have been appended, also twice: the caller resends, and readers
        deduplicate by event id.
        """
        ...

    def read(self, topic: str, position: int, *, limit: int, wait_ms: int = 0) -> list[Recorded]:
        """Return up to `limit` records from `position` on; empty at the end, after waiting up to `wait_ms`.

        A record read at a position is that record for ever. Raises `RecordsGone` where a Log can lose its beginning and
        has.
        """
        ...

    def end(self, topic: str) -> int:
        """Return the position that the next record will get. Raises `NotFound` for a topic that does not exist."""
        ...

    def topic_id(self, topic: str) -> bytes:
        """Return 16 bytes that name this topic for ever: a topic deleted and made again gets another id."""
        ...

    def close(self) -> None:
        """Release what is held. Further calls fail."""
        ...


def events_topic(writer: str) -> str:
    """Return the topic that an agency, or the hub, alone writes."""
    return f"casebus.{writer}.events"


def inbox_topic(agency: str) -> str:
    """Return the topic that delivery alone writes and one agency alone reads."""
    return f"casebus.{agency}.inbox"
