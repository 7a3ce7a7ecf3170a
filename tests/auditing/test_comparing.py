"""Two copies of a ledger, and a ledger beside its bus: each kind of difference is named, counted and placed."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from ledger.ledgering import NAME, NOW, PRIVATE

from casebus.auditing.comparing import CopiesCompared, compare_copies, compare_with_bus
from casebus.bus.log import Record, Recorded
from casebus.bus.sqlite_log import SqliteLog
from casebus.clock import FixedClock
from casebus.ledger.sequencer import AppendLeaf, AppendLoss, Ledger

TOPICS = {"a": b"\x0a" * 16, "b": b"\x0b" * 16}
Place = tuple[str, int, bytes]


def made(directory: Path, places: Sequence[Place]) -> Path:
    """Return a ledger that has logged these records, in this order."""
    with closing(Ledger.open(directory, NAME, PRIVATE, FixedClock(NOW))) as ledger, ledger.transaction() as tx:
        for topic, position, value in places:
            tx.apply(AppendLeaf(Recorded(topic, position, Record(b"k", value), NOW), TOPICS[topic]))
    return directory


def compared(root: Path, one: Sequence[Place], other: Sequence[Place]) -> CopiesCompared:
    return compare_copies(made(root / "one", one), made(root / "other", other), lambda _done, _of: None)


def many(count: int, topic: str = "a") -> list[Place]:
    return [(topic, position, b"%d" % position) for position in range(count)]


def counts(found: CopiesCompared) -> tuple[int | None, int, int, int, int]:
    return found.first, found.missing, found.extra, found.altered, found.reordered


@pytest.mark.parametrize("count", [0, 1, 256, 300])
def test_equal_ledgers_are_equal(tmp_path: Path, count: int) -> None:
    found = compared(tmp_path, many(count), many(count))
    assert found.equal
    assert counts(found) == (None, 0, 0, 0, 0)


def test_a_longer_one_continues_a_shorter_one(tmp_path: Path) -> None:
    found = compared(tmp_path, many(257), many(300))
    assert (found.equal, found.continues) == (False, True)
    assert counts(found) == (None, 0, 43, 0, 0)


def test_one_altered_record_is_one_and_not_all_that_follow(tmp_path: Path) -> None:
    other = many(600)
    other[300] = ("a", 300, b"altered")
    assert counts(compared(tmp_path, many(600), other)) == (300, 0, 0, 1, 0)


def test_another_interleaving_is_reordering_and_nothing_else(tmp_path: Path) -> None:
    one = [*many(4), *many(3, "b")]
    moved = [*many(2), *many(3, "b"), *many(4)[2:]]
    found = compared(tmp_path, one, moved)
    assert counts(found) == (2, 0, 0, 0, 2)
    assert not found.continues


def test_a_record_that_only_one_of_them_has_moves_nothing(tmp_path: Path) -> None:
    with_b, without = [*many(3), ("b", 0, b"x"), *many(9)[3:]], many(9)
    assert counts(compared(tmp_path / "1", with_b, without)) == (3, 1, 0, 0, 0)
    assert counts(compared(tmp_path / "2", without, with_b)) == (3, 0, 1, 0, 0)


def test_damage_in_an_archive_is_counted_for_the_copy_that_has_it(tmp_path: Path) -> None:
    one, other = made(tmp_path / "one", many(300)), made(tmp_path / "other", many(300))
    (last,) = sorted((other / "records").rglob("001"))
    last.write_bytes(last.read_bytes()[:-1])
    found = compare_copies(one, other, lambda _done, _of: None)
    assert (found.equal, found.one.damaged, found.other.damaged) == (False, 0, 1)


# --- beside the bus ---


@contextmanager
def bus(root: Path, values: dict[str, Sequence[bytes]]) -> Iterator[SqliteLog]:
    with closing(SqliteLog(root / "bus", FixedClock(NOW))) as log:
        log.create(sorted(values))
        for topic, each in values.items():
            log.append(topic, [Record(b"k", value) for value in each])
        yield log


def logged(directory: Path, log: SqliteLog, positions: dict[str, int], *, lost: tuple[str, int] | None = None) -> Path:
    """Return a ledger of the first so many records of each topic, after a loss."""
    with closing(Ledger.open(directory, NAME, PRIVATE, FixedClock(NOW))) as ledger, ledger.transaction() as tx:
        if lost:
            tx.apply(AppendLoss(log.topic_id(lost[0]), lost[1], "gone"))
        for topic, count in positions.items():
            for recorded in log.read(topic, lost[1] + 1 if lost and lost[0] == topic else 0, limit=count):
                tx.apply(AppendLeaf(recorded, log.topic_id(topic)))
    return directory


TWO = {"casebus.a.events": [b"0", b"1", b"2"], "casebus.b.events": [b"0", b"1"]}
A, B = TWO


def test_what_is_logged_equals_the_bus_and_what_waits_is_no_difference(tmp_path: Path) -> None:
    with bus(tmp_path, TWO) as log:
        found = compare_with_bus(logged(tmp_path / "l", log, {A: 3, B: 1}), log, [A, B, "casebus.c.events"], progress)
        assert found.equal
        assert [(t.topic, t.not_logged, t.first) for t in found.topics] == [(A, 0, None), (B, 1, None)]


def test_a_loss_that_the_ledger_admits_is_counted_apart(tmp_path: Path) -> None:
    with bus(tmp_path, TWO) as log:
        found = compare_with_bus(logged(tmp_path / "l", log, {A: 3}, lost=(A, 0)), log, [A], progress)
        (topic,) = found.topics
        assert (topic.lost, topic.skipped, topic.vanished, topic.altered) == (1, 1, 0, 0)
        assert topic.first == 0
        assert not found.equal, "the bus has what the ledger says was lost"


def test_a_record_that_is_another_or_gone_on_the_bus_shows(tmp_path: Path) -> None:
    with bus(tmp_path / "1", TWO) as log:
        ledger = logged(tmp_path / "l", log, {A: 3, B: 2})
        ids = {topic: log.topic_id(topic) for topic in TWO}
    changed = {A: [b"0", b"other", b"2"], B: [b"0"]}
    with bus(tmp_path / "2", changed) as log:
        found = compare_with_bus(ledger, SameIds(log, ids), [A, B], progress)
        assert [(t.altered, t.vanished, t.first) for t in found.topics] == [(1, 0, 1), (0, 1, 1)]
        again = compare_with_bus(ledger, log, [A, B], progress)
        assert (again.equal, again.foreign) == (False, tuple(sorted(topic_id.hex() for topic_id in ids.values())))


class SameIds:
    """A bus that was made again under the old ids, as a forger would."""

    def __init__(self, log: SqliteLog, ids: dict[str, bytes]) -> None:
        self._log = log
        self._ids = ids

    def topic_id(self, topic: str) -> bytes:
        return self._ids[topic]

    def __getattr__(self, name: str) -> object:
        return getattr(self._log, name)


def progress(_done: int, _of: int) -> None:
    """Show nothing."""
