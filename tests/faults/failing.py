"""Faults at durable writes: the real Store, Log and spool, one write of which goes wrong.

Every write is counted. The one at `at` either never happens (lost), or happens and is reported as failed (done).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casebus.bus.log import Log, Record, Recorded
from casebus.errors import BusError, StoreError
from casebus.store.store import Store, Transaction, View


@dataclass
class Fault:
    """Which write goes wrong, and how. `at` counts from 1; 0 disturbs nothing."""

    at: int = 0
    done: bool = False
    count: int = 0

    def happens(self) -> bool:
        self.count += 1
        return self.count == self.at


class FailingStore:
    """A Store of which each transaction's commit is a write."""

    def __init__(self, store: Store, fault: Fault) -> None:
        self._store = store
        self._fault = fault

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self._store.transaction() as tx:
            yield tx
            fails = self._fault.happens()
            if fails and not self._fault.done:
                raise StoreError("the commit was lost")
        if fails:
            raise StoreError("the commit was done, and its answer lost")

    def view(self) -> Any:
        return self._store.view()

    def close(self) -> None:
        self._store.close()


class FailingLog:
    """A Log of which each append is a write."""

    def __init__(self, log: Log, fault: Fault) -> None:
        self._log = log
        self._fault = fault

    def append(self, topic: str, records: Sequence[Record]) -> list[int]:
        fails = self._fault.happens()
        if fails and not self._fault.done:
            raise BusError("the append was lost")
        positions = self._log.append(topic, records)
        if fails:
            raise BusError("the append was done, and its answer lost")
        return positions

    def read(self, topic: str, position: int, *, limit: int, wait_ms: int = 0) -> list[Recorded]:
        return self._log.read(topic, position, limit=limit, wait_ms=wait_ms)

    def create(self, topics: Sequence[str]) -> None:
        self._log.create(topics)

    def end(self, topic: str) -> int:
        return self._log.end(topic)

    def topic_id(self, topic: str) -> bytes:
        return self._log.topic_id(topic)

    def close(self) -> None:
        self._log.close()


def failing_write(write: Callable[[Path, bytes], None], fault: Fault) -> Callable[[Path, bytes], None]:
    """Return `write_durably` with the fault in it."""

    def write_or_fail(path: Path, body: bytes) -> None:
        fails = fault.happens()
        if fails and not fault.done:
            raise StoreError("the file was lost")
        write(path, body)
        if fails:
            raise StoreError("the file was written, and then the process died")

    return write_or_fail


__all__ = ["FailingLog", "FailingStore", "Fault", "Transaction", "View", "failing_write"]
