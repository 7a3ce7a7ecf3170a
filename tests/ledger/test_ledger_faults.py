"""What was feared: a kill at any moment, and every write, sync and rename failing, lost or done all the same.

Afterwards, always: one leaf per record, in order, positions that fit them, and a ledger that verifies.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import ledgering
import pytest
from ledgering import TOPICS, append, checked, grown, opened, recorded

import casebus
from casebus.errors import StoreError
from casebus.ledger import journal
from casebus.ledger.files import Files
from casebus.ledger.read import LedgerReader
from casebus.ledger.report import Outcome

POLICE, NCA = TOPICS


def check_everything(directory: Path) -> int:
    """Open, close, verify, and compare every record and position with what was meant; return the size."""
    ledger = opened(directory)
    with ledger.view() as view:
        positions = {topic: view.position("audit_log", topic) for topic in TOPICS}
        assert view.size == sum(positions.values())
    ledger.close()
    report = checked(directory)
    assert report.outcome is Outcome.UNWITNESSED, report.checks
    reader = LedgerReader(directory)
    following = dict.fromkeys(TOPICS, 0)
    for _, found in reader.records():
        assert found == recorded(found.topic, following[found.topic])
        following[found.topic] += 1
    assert following == positions
    return reader.size


def test_a_sequencer_killed_at_random_logs_each_record_once_and_in_order(tmp_path):
    environment = os.environ | {"PYTHONPATH": str(Path(casebus.__file__).parents[1])}
    draw = random.Random(7)
    sizes = [0]
    for _ in range(15):
        command = [sys.executable, ledgering.__file__, tmp_path]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        assert child.stdout.readline() == b"open\n"
        time.sleep(draw.uniform(0, 0.08))
        child.kill()
        child.wait()
        child.stdout.close()
        assert checked(tmp_path).outcome in (Outcome.UNWITNESSED, Outcome.PENDING)
        sizes.append(check_everything(tmp_path))
    assert sizes == sorted(sizes)
    assert sizes[-1] > 1000


class FaultyFiles(Files):
    """Fails at one operation, and at every later one, as a disk that is gone: `at` counts from 0 once armed.

    lost: nothing was done; of a write, half. done: it was, but an error was reported.
    """

    def __init__(self, at: int, mode: str) -> None:
        self.at = at
        self.mode = mode
        self.armed = False
        self.done: list[str] = []

    def _fails(self, operation: str) -> bool:
        if not self.armed:
            return False
        self.done.append(operation)
        if len(self.done) - 1 > self.at:
            raise OSError(5, "the disk is gone")
        return len(self.done) - 1 == self.at

    def _run(self, operation, *arguments):
        real = getattr(super(), operation)
        if not self._fails(operation):
            return real(*arguments)
        if self.mode == "done":
            real(*arguments)
        elif operation == "write":
            real(arguments[0], arguments[1][: len(arguments[1]) // 2])
        raise OSError(5, "input/output error")

    def open_append(self, path):
        return self._run("open_append", path)

    def open_empty(self, path):
        return self._run("open_empty", path)

    def write(self, descriptor, data):
        self._run("write", descriptor, data)

    def sync(self, descriptor):
        self._run("sync", descriptor)

    def rename(self, source, target):
        self._run("rename", source, target)

    def remove(self, path):
        self._run("remove", path)

    def make_directory(self, path):
        self._run("make_directory", path)

    def remove_directory(self, path):
        self._run("remove_directory", path)

    def sync_directory(self, path):
        self._run("sync_directory", path)


MODES = ("lost", "done")
NEVER = 10**9


@pytest.fixture
def base(tmp_path, monkeypatch):
    """A ledger whose next commit does everything: fills a tile, begins an archive file, rolls, drops a segment."""
    monkeypatch.setattr(journal, "SEGMENT_BYTES", 9_000)
    grown(tmp_path / "base", [120, 10, 110, 4])
    return tmp_path / "base"


def commit_over_the_tiles_edge(ledger):
    append(ledger, POLICE, 40)


def test_the_commit_under_test_does_everything_that_a_commit_can_do(base):
    files = FaultyFiles(NEVER, "lost")
    ledger = opened(base, files)
    files.armed = True
    commit_over_the_tiles_edge(ledger)
    ledger.close()
    operations = {name for name in vars(FaultyFiles) if not name.startswith("_")}
    assert set(files.done) == operations


@pytest.mark.parametrize("mode", MODES)
def test_a_fault_at_any_operation_of_a_commit_loses_nothing_and_doubles_nothing(base, tmp_path, mode):
    outcomes = set()
    at = 0
    while True:
        directory = tmp_path / f"{mode}-{at}"
        shutil.copytree(base, directory)
        files = FaultyFiles(at, mode)
        ledger = opened(directory, files)
        files.armed = True
        try:
            commit_over_the_tiles_edge(ledger)
        except StoreError:
            pass
        else:
            break
        with pytest.raises(StoreError), ledger.transaction():
            raise AssertionError("a poisoned ledger must not begin a transaction")
        ledger.close()
        before = checked(directory)
        assert before.outcome in (Outcome.UNWITNESSED, Outcome.PENDING), (at, files.done[at], before.checks)
        ledger = opened(directory)
        append(ledger, NCA, 5)
        ledger.close()
        size = check_everything(directory)
        outcomes.add(size)
        assert size in (249, 289), (at, files.done[at])
        shutil.rmtree(directory)
        at += 1
    assert at > 40
    assert outcomes == {249, 289}


@pytest.mark.parametrize("mode", MODES)
def test_a_fault_at_any_operation_of_a_recovery_leaves_it_to_the_next(base, tmp_path, mode):
    ledger = opened(base)
    with pytest.MonkeyPatch.context() as patch:
        # The crash: committed, and nothing published.
        patch.setattr(ledger._publication, "write", lambda tiles: (_ for _ in ()).throw(OSError(5, "gone")))
        with pytest.raises(StoreError):
            commit_over_the_tiles_edge(ledger)
    ledger.close()
    assert checked(base).outcome is Outcome.PENDING
    at = 0
    while True:
        directory = tmp_path / f"{mode}-{at}"
        shutil.copytree(base, directory)
        files = FaultyFiles(at, mode)
        files.armed = True
        try:
            opened(directory, files).close()
        except StoreError:
            assert checked(directory).outcome in (Outcome.UNWITNESSED, Outcome.PENDING), (at, files.done[at])
            assert check_everything(directory) == 284
            shutil.rmtree(directory)
            at += 1
        else:
            break
    assert at > 25


@pytest.mark.parametrize("mode", MODES)
def test_a_fault_at_any_operation_of_the_very_first_opening_leaves_a_directory_that_opens(tmp_path, mode):
    at = 0
    while True:
        files = FaultyFiles(at, mode)
        files.armed = True
        directory = tmp_path / str(at)
        try:
            opened(directory, files).close()
        except StoreError:
            assert check_everything(directory) == 0
            at += 1
        else:
            break
    assert at > 8


def test_a_full_disk_stops_the_ledger_with_a_reason(tmp_path):
    class Full(Files):
        full = False

        def write(self, descriptor, data):
            if self.full:
                raise OSError(28, "No space left on device")
            super().write(descriptor, data)

    files = Full()
    ledger = opened(tmp_path, files)
    files.full = True
    with pytest.raises(StoreError, match="No space left"):
        append(ledger, POLICE, 1)
    ledger.close()
    assert check_everything(tmp_path) == 0
