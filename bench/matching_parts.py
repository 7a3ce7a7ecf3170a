"""What the benchmark of matching runs in processes of their own: one backend each, at growing sizes.

python bench/matching_parts.py memory|sqlite|postgres SIZES DIRECTORY    prints one JSON object a size
"""

import gc
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from hub_harness import directory_of
from matching_records import holdings
from memory_hub import MemoryHub
from postgres_server import Missing, PostgresServer

from casebus.bus.consume import BATCH
from casebus.cases.holding import HELD, Holding
from casebus.cases.matchmaking import POSTINGS, Changes, Known, Matchmaking
from casebus.matching.candidates import indexed
from casebus.matching.explain import fact, left_out
from casebus.store.postgres import PostgresStore
from casebus.store.sqlite import SqliteStore
from casebus.store.store import Effect, Post, Save, Store
from consumers.duplicate_suspects import CONSUMER as SUSPECTS
from consumers.duplicate_suspects import HubState

DIRECTORY = directory_of()
TAKEN, ASKED, WARM = 20 * BATCH, 1_000, 200
LOADED = 8_192


@dataclass(frozen=True, slots=True)
class Measured:
    """One backend at one size. Times in seconds, sizes in bytes."""

    records: int
    tokens: int
    taken: int
    taking: float
    taking_cpu: float
    asked: list[float]
    asked_cpu: list[float]
    found: int
    resident: int
    index: int
    whole: int


class Backend(Protocol):
    """Where records are kept."""

    def load(self, records: Iterable[Holding]) -> None:
        """Keep records without matching them."""
        ...

    def take(self, records: Sequence[Holding]) -> None:
        """Match records and keep them: one transaction."""
        ...

    def ask(self, records: Iterable[Holding]) -> Iterator[tuple[float, float, int]]:
        """Match records one by one without keeping them; return for each wall and processor time, and what was found."""
        ...

    def sizes(self) -> tuple[int, int]:
        """Return how large the index is, and everything."""
        ...


def work_out(known: Known, record: Holding) -> Changes:
    """Return what a new record changes."""
    return Matchmaking(known, None, record, DIRECTORY).changes()


def timed(known: Known, record: Holding) -> tuple[float, float, int]:
    """Match a record and put into words why, and return how long that took and how much was found."""
    began, cpu = time.perf_counter(), time.process_time()
    changes = work_out(known, record)
    for combined in changes.combined:
        [fact(m.kind, m.agreement, m.rarity) for m in combined.matched] + [*left_out(combined.suppressed)]
    return time.perf_counter() - began, time.process_time() - cpu, len(changes.combined)


def kept(record: Holding) -> list[Effect]:
    """Return the effects of keeping a new record."""
    return [Save(HELD, record), Post(POSTINGS, record.record.record_id, tuple(indexed(record.record).values()))]


class InMemory:
    """Python's dictionaries."""

    def __init__(self) -> None:
        self._hub = MemoryHub()

    def load(self, records: Iterable[Holding]) -> None:
        for record in records:
            self._hub.apply(kept(record))

    def take(self, records: Sequence[Holding]) -> None:
        for record in records:
            self._hub.apply(work_out(self._hub, record).effects)

    def ask(self, records: Iterable[Holding]) -> Iterator[tuple[float, float, int]]:
        for record in records:
            yield timed(self._hub, record)

    def sizes(self) -> tuple[int, int]:
        return self._hub.index_bytes(), 0


class InStore:
    """A real Store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._position = 0

    def load(self, records: Iterable[Holding]) -> None:
        waiting = iter(records)
        while batch := list(islice(waiting, LOADED)):
            with self._store.transaction() as tx:
                for record in batch:
                    for effect in kept(record):
                        tx.apply(effect)

    def take(self, records: Sequence[Holding]) -> None:
        with self._store.transaction() as tx:
            end = self._position + len(records)
            tx.advance("duplicate_suspects", "t", expected=self._position, to=end)
            self._position = end
            for record in records:
                assert tx.get(HELD, record.record.record_id) is None
                for effect in work_out(HubState(tx), record).effects:
                    tx.apply(effect)

    def ask(self, records: Iterable[Holding]) -> Iterator[tuple[float, float, int]]:
        with self._store.view() as view:
            for record in records:
                yield timed(HubState(view), record)

    def sizes(self) -> tuple[int, int]:
        if isinstance(self._store, PostgresStore):
            connection, size = self._store._connection, "SELECT pg_total_relation_size(%s::regclass)"
            parts = [int(connection.rows(size, (name,))[0][0]) for name in ("postings", "owners", "held_records")]
            return parts[0] + parts[1], sum(parts)
        assert isinstance(self._store, SqliteStore), "bug: a store of another kind"
        rows = self._store._connection.rows("SELECT name, sum(pgsize) FROM dbstat GROUP BY name")
        sizes = {str(name): int(size) for name, size in rows}
        index = sum(size for name, size in sizes.items() if name.startswith("postings") or "owners" in name)
        return index, sum(sizes.values())


def measure(backend: Backend, sizes: Sequence[int], resident_before: int) -> Iterator[Measured]:
    """Grow a backend, and measure at each size: taking records in, and asking about records that it does not have."""
    held = tokens = 0
    gc.disable()
    for size in sizes:
        few = min(TAKEN, size // 2)
        backend.load(counted := Counted(holdings(held, size - few - held)))
        batch = list(holdings(size - few, few))
        tokens += counted.tokens + sum(len(indexed(each.record)) for each in batch)
        gc.collect()
        gc.freeze()
        gc.enable()
        began, cpu = time.perf_counter(), time.process_time()
        for start in range(0, few, BATCH):
            backend.take(batch[start : start + BATCH])
        spent, spent_cpu = time.perf_counter() - began, time.process_time() - cpu
        asked = list(backend.ask(holdings(size, WARM + ASKED)))[WARM:]
        gc.disable()
        held = size
        index, whole = backend.sizes()
        yield Measured(
            records=size,
            tokens=tokens,
            taken=few,
            taking=spent,
            taking_cpu=spent_cpu,
            asked=[wall for wall, _, _ in asked],
            asked_cpu=[cpu for _, cpu, _ in asked],
            found=sum(found for _, _, found in asked),
            resident=resident() - resident_before,
            index=index,
            whole=whole,
        )


class Counted:
    """Records on their way, with their tokens counted."""

    def __init__(self, records: Iterable[Holding]) -> None:
        self._records = records
        self.tokens = 0

    def __iter__(self) -> Iterator[Holding]:
        for record in self._records:
            self.tokens += sum(len(sighting.tokens) for sighting in record.record.sightings) + 1
            yield record


def resident() -> int:
    """Return this process's resident memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main(backend: str, sizes: Sequence[int], directory: Path) -> None:
    """Measure one backend."""
    before = resident()
    kept_in = SUSPECTS.concepts
    if backend == "memory":
        say(measure(InMemory(), sizes, before))
    elif backend == "sqlite":
        store = SqliteStore(directory / "state.sqlite", kept_in)
        say(measure(InStore(store), sizes, before))
    else:
        server = PostgresServer()
        try:
            say(measure(InStore(PostgresStore(server.url, "bench", kept_in)), sizes, before))
        finally:
            server.stop()


def say(found: Iterable[Measured]) -> None:
    """Print each as it comes."""
    for each in found:
        print(json.dumps(asdict(each)), flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1], [int(size) for size in sys.argv[2].split(",")], Path(sys.argv[3]))
    except Missing as missing:
        sys.exit(f"no PostgreSQL: {missing}")
