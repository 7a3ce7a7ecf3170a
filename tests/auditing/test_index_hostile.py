"""An index may come from anybody: what is not exactly one of ours, of this ledger, is refused, and built again."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from audited import index_all, log, many, reader_of, withdrawn
from ledger.ledgering import NAME
from wire.network import DIRECTORY

from casebus.auditing.index_file import APPLICATION_ID, default_path
from casebus.auditing.indexing import open_index, update
from casebus.auditing.query import Query
from casebus.auditing.search import search
from casebus.cases.event_filter import EventFilter, Facts
from casebus.errors import StoreError, UsageError, VerificationFailed

COUNT = 5


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    log(tmp_path / "ledger", many(COUNT))
    index_all(tmp_path / "ledger")
    return tmp_path / "ledger"


def test_the_index_lies_beside_the_ledger_and_only_its_owner_may_read_it(ledger: Path) -> None:
    path = default_path(ledger)
    assert path == ledger.parent / "ledger.index.sqlite"
    assert path.stat().st_mode & 0o777 == 0o600
    assert NAME.encode() not in path.read_bytes()


@pytest.mark.parametrize("inside", ["x.sqlite", "tile/x.sqlite", "../ledger/records/x"])
def test_an_index_inside_the_ledger_is_refused(ledger: Path, inside: str) -> None:
    with pytest.raises(UsageError, match="inside"), open_index(reader_of(ledger), ledger / inside):
        pass
    assert not (ledger / inside).exists()


def sql(*statements: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with closing(sqlite3.connect(path)) as driver:
            for statement in statements:
                driver.execute(statement)
            driver.commit()

    return change


def foreign(path: Path) -> None:
    path.unlink()
    sql("CREATE TABLE theirs (x)")(path)


def foreign_under_our_number(path: Path) -> None:
    foreign(path)
    sql(f"PRAGMA application_id = {APPLICATION_ID}")(path)


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_link(path: Path) -> None:
    path.rename(path.with_name("moved"))
    path.symlink_to("moved")


def huge(path: Path) -> None:
    os.truncate(path, 10**12)


HOSTILE: dict[str, Callable[[Path], None]] = {
    "text": lambda path: path.write_text("not SQLite\n" * 100) and None,
    "empty": lambda path: path.write_bytes(b"") and None,
    "cut short": lambda path: os.truncate(path, 5000),
    "another program's": foreign,
    "another program's with our number": foreign_under_our_number,
    "a trigger": sql("CREATE TRIGGER t AFTER UPDATE ON state BEGIN DELETE FROM leaves; END"),
    "a view for a table": sql("DROP TABLE named", "CREATE VIEW named AS SELECT 1 AS id, 2 AS kind, 3 AS leaf"),
    "a table more": sql("CREATE TABLE more (x)"),
    "a table less": sql("DROP TABLE vocabulary"),
    "no state": sql("DELETE FROM state"),
    "a state of words": sql("UPDATE state SET size = 'much'"),
    "a negative size": sql("UPDATE state SET size = -1"),
    "another format": sql("UPDATE state SET format = 2"),
    "other keys": sql("UPDATE state SET basis = ''"),
    "a pipe": a_pipe,
    "a link": a_link,
    "huge": huge,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.timeout(20)
def test_a_file_that_is_no_index_of_ours_is_refused_with_its_reason_and_how_to_go_on(ledger: Path, name: str) -> None:
    HOSTILE[name](default_path(ledger))
    with pytest.raises(UsageError, match="cannot be used as this ledger's index") as refused:
        index_all(ledger)
    assert "--rebuild" in refused.value.next_step


@pytest.mark.parametrize("name", sorted(set(HOSTILE) - {"a pipe", "a link"}))
def test_rebuilding_makes_a_sound_index_of_any_file_in_its_place(ledger: Path, name: str) -> None:
    path = default_path(ledger)
    HOSTILE[name](path)
    path.with_name(path.name + "-journal").write_bytes(b"an old journal")
    reader = reader_of(ledger)
    with open_index(reader, rebuild=True) as index:
        assert update(index, reader) == COUNT
        assert len(list(search(index, reader, Query()))) == COUNT


def test_rebuilding_never_removes_a_file_that_may_be_something_else(ledger: Path) -> None:
    theirs = ledger.parent / "case-notes.sqlite"
    foreign_path = theirs
    theirs.touch()
    sql("CREATE TABLE theirs (x)")(foreign_path)
    with pytest.raises(UsageError, match="not replaced"), open_index(reader_of(ledger), theirs, rebuild=True):
        pass
    assert theirs.exists()


def test_an_index_of_another_ledger_is_refused(ledger: Path, tmp_path: Path) -> None:
    log(tmp_path / "other", [withdrawn(f"other {n}") for n in range(COUNT)])
    default_path(ledger).rename(default_path(tmp_path / "other"))
    with pytest.raises(VerificationFailed, match="not those that were indexed") as refused:
        index_all(tmp_path / "other")
    assert "--rebuild" in refused.value.next_step


def test_a_ledger_that_went_back_behind_its_index_is_noticed(ledger: Path, tmp_path: Path) -> None:
    log(tmp_path / "younger", many(COUNT - 1))
    default_path(ledger).rename(default_path(tmp_path / "younger"))
    with pytest.raises(VerificationFailed, match="rolled back"):
        index_all(tmp_path / "younger")


def test_an_index_made_without_keys_does_not_serve_a_search_with_them(ledger: Path) -> None:
    with pytest.raises(UsageError, match="other keys"), open_index(reader_of(ledger, keys=False)):
        pass
    assert DIRECTORY.keys


def test_a_place_that_cannot_be_written_is_a_reason_not_a_traceback(ledger: Path) -> None:
    for place in (ledger.parent / "nowhere" / "x.sqlite", Path("/dev/full")):
        with pytest.raises((StoreError, UsageError)), open_index(reader_of(ledger), place):
            pass


def test_whatever_bytes_are_flipped_nothing_false_is_shown(ledger: Path) -> None:
    """Refused, a fault, or the truth: a row that the archive does not bear out never comes through."""
    path, draw = default_path(ledger), Random(4)
    sound = path.read_bytes()
    reader = reader_of(ledger)
    truth = set(reader.facts())
    refused = 0
    for _ in range(400):
        damaged = bytearray(sound)
        for _ in range(draw.choice([1, 1, 8, 200])):
            damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        try:
            with open_index(reader) as index:
                update(index, reader)
                for query in (Query(), Query(words=("tip",)), Query(EventFilter(types=("tipwithdrawn",)))):
                    shown = [each for each in search(index, reader, query) if isinstance(each, Facts)]
                    assert set(shown) <= truth
        except (UsageError, StoreError, VerificationFailed):
            refused += 1
    assert 50 < refused < 400
