"""The index goes on where it was, whatever stopped it, and is then the one that building it at once makes."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from audited import index_all, log, log_at_once, many, reader_of

from casebus.auditing import indexing
from casebus.auditing.index_file import default_path
from casebus.auditing.indexing import BATCH, open_index, update
from casebus.auditing.query import Query
from casebus.auditing.search import search

TABLES = ("state", "leaves", "named", "vocabulary")
LARGE = 3 * BATCH + 100


def contents(path: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(path)) as driver:
        found = {table: sorted(driver.execute(f"SELECT * FROM {table}").fetchall()) for table in TABLES}
        found["terms"] = sorted(driver.execute("SELECT rowid FROM terms WHERE terms MATCH 'tip'").fetchall())
    return found


def test_an_index_in_steps_is_the_index_at_once(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    for step in (1, 2, 0, 5):
        log(ledger, many(step, start=step * 10))
        assert index_all(ledger) == step
    assert index_all(ledger, tmp_path / "at-once.index.sqlite") == 8
    assert contents(default_path(ledger)) == contents(tmp_path / "at-once.index.sqlite")


def test_an_empty_ledger_has_an_empty_index(tmp_path: Path) -> None:
    log(tmp_path / "ledger", [])
    assert index_all(tmp_path / "ledger") == 0
    reader = reader_of(tmp_path / "ledger")
    with open_index(reader) as index:
        assert list(search(index, reader, Query())) == []


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    ledger = tmp_path_factory.mktemp("large") / "ledger"
    log_at_once(ledger, many(LARGE))
    return ledger


def start(ledger: Path) -> subprocess.Popen[str]:
    here = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{here.parent}"}
    program = [sys.executable, str(here / "audited.py"), str(ledger)]
    return subprocess.Popen(program, stdout=subprocess.PIPE, text=True, env=environment)


def test_a_kill_anywhere_leaves_an_index_that_is_whole_and_goes_on(large: Path, tmp_path: Path) -> None:
    path = default_path(large)
    sizes: set[int] = set()
    for turn in range(40):
        if turn >= 8 and len(sizes) > 1:
            break
        child = start(large)
        assert child.stdout is not None
        assert child.stdout.readline() == "going\n"
        time.sleep(0.03 + 0.12 * turn)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        reader = reader_of(large)
        with open_index(reader) as index:
            size = index.state().size
            sizes.add(size)
            assert size % BATCH == 0 or size == LARGE
            assert index.rows("SELECT count(*), coalesce(max(leaf), -1) FROM leaves") == [(size, size - 1)]
    assert len(sizes) > 1, "no kill came while it was at work"
    index_all(large)
    index_all(large, tmp_path / "at-once.index.sqlite")
    assert contents(path) == contents(tmp_path / "at-once.index.sqlite")
    path.unlink()


def test_two_processes_on_one_index_make_one_index(large: Path, tmp_path: Path) -> None:
    log_at_once(tmp_path / "ledger", many(BATCH + 10))
    both = [start(tmp_path / "ledger") for _ in range(2)]
    for child in both:
        child.communicate(timeout=60)
    assert [child.returncode for child in both] == [0, 0]
    index_all(tmp_path / "ledger", tmp_path / "at-once.index.sqlite")
    assert contents(default_path(tmp_path / "ledger")) == contents(tmp_path / "at-once.index.sqlite")


def test_a_failure_within_a_batch_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = tmp_path / "ledger"
    log(ledger, many(3))
    index_all(ledger)
    before = contents(default_path(ledger))
    log(ledger, many(3, start=3))

    def full_disk(*_: object) -> None:
        raise OSError(28, "no space")

    reader = reader_of(ledger)
    with open_index(reader) as index, monkeypatch.context() as broken:
        broken.setattr(indexing, "words_of", full_disk)
        with pytest.raises(OSError, match="no space"):
            update(index, reader)
    assert contents(default_path(ledger)) == before
    assert index_all(ledger) == 3


def test_rebuilding_empties_an_index_that_another_process_has_open(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    log(ledger, many(3))
    index_all(ledger)
    before = contents(default_path(ledger))
    reader = reader_of(ledger)
    with open_index(reader) as theirs:
        with open_index(reader, rebuild=True) as ours:
            assert ours.state().size == theirs.state().size == 0
        assert update(theirs, reader) == 3
    assert contents(default_path(ledger)) == before
