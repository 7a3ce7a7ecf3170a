"""The embedded Log passes the contract; and what only a file can do wrong."""

import multiprocessing
import sqlite3
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebus.bus.log import Log, Record
from casebus.bus.sqlite_log import SqliteLog, _pack, _unpack
from casebus.clock import FixedClock, SystemClock
from casebus.errors import BusError, NotFound
from casebus.testing.log_contract import LogContract, numbered

TOPIC = "casebus.nz-police.events"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class TestSqliteLog(LogContract):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Callable[[], Log]:
        return partial(SqliteLog, tmp_path / "bus", SystemClock())


@pytest.fixture
def log(tmp_path: Path) -> SqliteLog:
    log = SqliteLog(tmp_path / "bus", SystemClock())
    log.create([TOPIC])
    return log


def test_a_topic_is_one_file_that_only_its_owner_reads(log: SqliteLog, tmp_path: Path) -> None:
    log.append(TOPIC, numbered(0, 1))
    files = sorted((tmp_path / "bus").iterdir())
    assert [f.name for f in files] == [f"{TOPIC}.sqlite", f"{TOPIC}.sqlite-shm", f"{TOPIC}.sqlite-wal"]
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}


def test_closing_leaves_one_file_and_nothing_beside_it(log: SqliteLog, tmp_path: Path) -> None:
    log.append(TOPIC, numbered(0, 1))
    log.read(TOPIC, 0, limit=1)
    log.close()
    assert [f.name for f in (tmp_path / "bus").iterdir()] == [f"{TOPIC}.sqlite"]


def test_many_processes_that_create_a_topic_agree_on_its_id(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        ids = pool.map(_create_and_tell_id, [tmp_path / "bus"] * 9, chunksize=1)
    assert len(set(ids)) == 1
    assert [f.name for f in (tmp_path / "bus").iterdir()] == [f"{TOPIC}.sqlite"]


def _create_and_tell_id(directory: Path) -> bytes:
    log = SqliteLog(directory, SystemClock())
    log.create([TOPIC])
    found = log.topic_id(TOPIC)
    log.close()
    return found


def test_append_times_stand_still_when_the_clock_goes_back(tmp_path: Path) -> None:
    clock = FixedClock(START)
    log = SqliteLog(tmp_path, clock)
    log.create([TOPIC])
    log.append(TOPIC, numbered(0, 1))
    clock.at = START - timedelta(hours=1)
    log.append(TOPIC, numbered(1, 1))
    clock.at = START + timedelta(milliseconds=7)
    log.append(TOPIC, numbered(2, 1))
    times = [r.appended_at for r in log.read(TOPIC, 0, limit=9)]
    assert times == [START, START, START + timedelta(milliseconds=7)]


def test_a_read_waits_by_the_clock_and_no_longer(tmp_path: Path) -> None:
    clock = FixedClock(START)
    log = SqliteLog(tmp_path, clock)
    log.create([TOPIC])
    assert log.read(TOPIC, 0, limit=1, wait_ms=250) == []
    assert timedelta(milliseconds=250) <= clock.at - START < timedelta(milliseconds=251)


def test_a_waiting_read_returns_what_is_appended_meanwhile(tmp_path: Path) -> None:
    class AppendingClock(FixedClock):
        def sleep(self, seconds: float) -> None:
            writer.append(TOPIC, numbered(0, 1))
            super().sleep(seconds)

    writer = SqliteLog(tmp_path, FixedClock(START))
    writer.create([TOPIC])
    clock = AppendingClock(START)
    assert len(SqliteLog(tmp_path, clock).read(TOPIC, 0, limit=1, wait_ms=60_000)) == 1
    assert clock.at - START < timedelta(seconds=1)


@pytest.mark.parametrize("content", [b"", b"this is no database\n" * 50, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / f"{TOPIC}.sqlite"
    file.write_bytes(content)
    log = SqliteLog(tmp_path, SystemClock())
    for use in (
        lambda: log.read(TOPIC, 0, limit=1),
        lambda: log.end(TOPIC),
        lambda: log.topic_id(TOPIC),
        lambda: log.append(TOPIC, numbered(0, 1)),
    ):
        with pytest.raises(BusError, match="cannot be used"):
            use()
    assert file.read_bytes() == content


def test_a_missing_record_is_damage_and_not_a_jump(log: SqliteLog, tmp_path: Path) -> None:
    log.append(TOPIC, numbered(0, 5))
    _alter(tmp_path, "DELETE FROM records WHERE position = 2")
    assert len(log.read(TOPIC, 0, limit=2)) == 2
    with pytest.raises(BusError, match="missing"):
        log.read(TOPIC, 2, limit=1)
    with pytest.raises(BusError, match="missing"):
        log.read(TOPIC, 1, limit=9)


@pytest.mark.parametrize("headers", ["x'000000'", "x'00000009aa'", "x'0000000161'", "x'00000001ff00000000'", "'text'"])
def test_headers_that_cannot_be_read_are_damage(log: SqliteLog, tmp_path: Path, headers: str) -> None:
    log.append(TOPIC, numbered(0, 1))
    _alter(tmp_path, f"UPDATE records SET headers = {headers}")
    with pytest.raises(BusError, match="cannot be read"):
        log.read(TOPIC, 0, limit=1)


def _alter(tmp_path: Path, statement: str) -> None:
    with sqlite3.connect(tmp_path / "bus" / f"{TOPIC}.sqlite") as connection:
        connection.execute(statement)
    connection.close()


def test_a_reader_cannot_write(log: SqliteLog) -> None:
    connection = log._connect(TOPIC, writing=False)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM records")


def test_acknowledged_means_synced(log: SqliteLog) -> None:
    connection = log._connect(TOPIC, writing=True)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_batch_that_fails_leaves_nothing_of_it(log: SqliteLog) -> None:
    broken = Record(7j, b"a key that SQLite cannot hold")  # type: ignore[arg-type]
    with pytest.raises(BusError):
        log.append(TOPIC, [*numbered(0, 3), broken])
    assert log.end(TOPIC) == 0
    assert log.append(TOPIC, numbered(0, 1)) == [0]


def test_a_file_that_was_removed_is_not_found_and_made_again_is_another_topic(log: SqliteLog, tmp_path: Path) -> None:
    log.append(TOPIC, numbered(0, 3))
    before = log.topic_id(TOPIC)
    for file in (tmp_path / "bus").iterdir():
        file.unlink()
    with pytest.raises(NotFound):
        log.read(TOPIC, 0, limit=1)
    log.create([TOPIC])
    assert log.topic_id(TOPIC) != before
    assert log.append(TOPIC, numbered(0, 1)) == [0]


@given(st.lists(st.tuples(st.text(), st.binary())).map(tuple))
def test_headers_survive_their_packing(headers: tuple[tuple[str, bytes], ...]) -> None:
    assert _unpack(_pack(headers)) == headers


@given(st.binary(max_size=40))
def test_any_bytes_are_headers_or_damage(packed: bytes) -> None:
    try:
        headers = _unpack(packed)
    except ValueError:
        return
    assert _pack(headers) == packed
