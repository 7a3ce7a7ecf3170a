"""Records on their way to and from Kafka batches; knows no client."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from casebus.bus.kafka_settings import BATCH_BYTES
from casebus.bus.log import MAX_VALUE_BYTES, Record, Recorded
from casebus.errors import BusError

_LOG_APPEND_TIME = 1
_RECORD_OVERHEAD, _HEADER_OVERHEAD = 80, 10  # more than the record format's own lengths and deltas take
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Tail:
    """What was fetched of a topic and not yet read; `after` is the position that comes after it."""

    after: int
    records: deque[Recorded] = field(default_factory=deque)

    def holds(self, position: int) -> bool:
        """Drop what lies before a position, and tell whether the rest begins there."""
        while self.records and self.records[0].position < position:
            self.records.popleft()
        return (self.records[0].position if self.records else self.after) == position

    def take(self, limit: int) -> list[Recorded]:
        """Take out the first records."""
        return [self.records.popleft() for _ in range(min(limit, len(self.records)))]

    def add(self, topic: str, found: list[Any]) -> None:
        """Add a client's records."""
        self.records.extend(_recorded(topic, one) for one in found)
        self.after = found[-1].offset + 1


class LenientBytes(bytearray):
    """Bytes whose text is never refused: what is not UTF-8 reads as U+FFFD, as it does for Java's clients."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return LenientBytes(found) if isinstance(found, bytearray) else found

    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        """Return the text."""
        return super().decode(encoding, errors)


def refuse_large(topic: str, records: Sequence[Record]) -> None:
    """Raise `BusError` for a value over the limit, before anything is sent."""
    for record in records:
        if len(record.value) > MAX_VALUE_BYTES:
            raise BusError(
                f"a value of {len(record.value)} bytes is over the limit of {MAX_VALUE_BYTES} ({topic})",
                unchanged="nothing was appended.",
                next_step="publish less in one event.",
            )


def batches(records: Sequence[Record]) -> Iterator[list[Record]]:
    """Cut records into pieces that fit into one Kafka batch each; a large record is alone."""
    batch: list[Record] = []
    room = BATCH_BYTES
    for record in records:
        size = _size(record)
        if batch and size > room:
            yield batch
            batch, room = [], BATCH_BYTES
        batch.append(record)
        room -= size
    if batch:
        yield batch


def unfit(topic: str, why: str) -> BusError:
    """Return the error of a topic whose settings do not keep the Log's promises."""
    return BusError(f"{topic} cannot be used: {why}", next_step="have the operator correct the topic's settings.")


def _size(record: Record) -> int:
    headers = sum(len(name.encode()) + len(value) + _HEADER_OVERHEAD for name, value in record.headers)
    return _RECORD_OVERHEAD + len(record.key) + len(record.value) + headers


def _recorded(topic: str, found: Any) -> Recorded:
    if found.timestamp_type != _LOG_APPEND_TIME:
        raise unfit(topic, "its records bear times that their writers chose (message.timestamp.type)")
    headers = tuple((str(name), value or b"") for name, value in found.headers)
    record = Record(found.key or b"", found.value or b"", headers)
    return Recorded(topic, found.offset, record, _EPOCH + timedelta(milliseconds=found.timestamp))
