"""A witness's memory: lost, rolled back, damaged, killed at each step, on a full disk. It never forgets and signs on."""

import multiprocessing
import os
import resource
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from witness_log import ORIGIN, OTHER_KEY, Tree, opened

from casebus.errors import CasebusError, Conflict, UsageError, VerificationFailed
from casebus.ledger.files import Files

HONEST = Tree()
FORKED = Tree(forked_at=5)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A witness's directory, at rest: it has cosigned 5 leaves, then 20."""
    with closing(opened(tmp_path / "w")) as witness:
        for old, size in ((0, 5), (5, 20)):
            assert witness.add_checkpoint(HONEST.ask(old, size)).status == 200
    return tmp_path / "w"


def refuses(directory: Path, error: type[CasebusError] = VerificationFailed, **options: object) -> str:
    with pytest.raises(error) as caught:
        opened(directory, **options)
    return caught.value.what


def test_a_restart_goes_on_where_it_stood(directory):
    with closing(opened(directory)) as witness:
        assert witness.add_checkpoint(HONEST.ask(5, 21)).body == b"20\n"
        assert witness.add_checkpoint(HONEST.ask(20, 21)).status == 200


def test_a_state_that_is_gone_is_not_begun_again(directory):
    (directory / "witness.sqlite").unlink()
    assert "lost its state" in refuses(directory)
    assert not (directory / "witness.sqlite").exists()
    assert "lost its state" in refuses(directory)


def test_a_state_that_is_gone_with_the_vkey_shows_by_the_marks(directory):
    (directory / "witness.sqlite").unlink()
    (directory / "witness.vkey").unlink()
    assert "lost its state" in refuses(directory)


def test_a_directory_that_is_gone_is_a_lost_state_where_the_caller_knows(directory):
    shutil.rmtree(directory)
    assert "lost its state" in refuses(directory, may_be_new=False)
    opened(directory).close()


def test_an_emptied_file_is_a_lost_state(directory):
    (directory / "witness.sqlite").write_bytes(b"")
    assert "emptied" in refuses(directory)


def test_an_emptied_table_is_behind_its_mark(directory):
    with closing(sqlite3.connect(directory / "witness.sqlite")) as driver:
        driver.execute("DELETE FROM logs")
        driver.commit()
    assert "holds nothing, its mark says size 20" in refuses(directory)


def test_an_older_copy_of_the_state_is_behind_its_mark(directory):
    copy = directory.parent / "older.sqlite"
    shutil.copy(directory / "witness.sqlite", copy)
    with closing(opened(directory)) as witness:
        assert witness.add_checkpoint(HONEST.ask(20, 30)).status == 200
    shutil.copy(copy, directory / "witness.sqlite")
    assert "holds size 20, its mark says size 30" in refuses(directory)


def test_an_older_copy_put_back_under_a_running_witness_is_noticed_after_its_next_error(directory):
    copy = directory.parent / "older.sqlite"
    shutil.copy(directory / "witness.sqlite", copy)
    with closing(opened(directory)) as witness:
        assert witness.add_checkpoint(HONEST.ask(20, 30)).status == 200
        witness._forget_memory()
        shutil.copy(copy, directory / "witness.sqlite")
        assert witness.add_checkpoint(HONEST.ask(20, 40)).status == 503
        assert witness.add_checkpoint(HONEST.ask(20, 40)).status == 503


def test_another_root_under_the_same_size_is_not_its_state(directory):
    with closing(sqlite3.connect(directory / "witness.sqlite")) as driver:
        driver.execute("UPDATE logs SET root = ?", [FORKED.root(20)])
        driver.commit()
    refuses(directory)


@pytest.mark.parametrize("at", [0, 20, 100, 4096, 5000, 8200])
def test_a_damaged_file_is_refused_or_harmless(directory, at):
    path = directory / "witness.sqlite"
    data = bytearray(path.read_bytes())
    data[at : at + 16] = b"\xff" * 16
    path.write_bytes(data)
    try:
        witness = opened(directory)
    except CasebusError:
        return
    with closing(witness):
        assert witness.add_checkpoint(FORKED.ask(5, 30)).body in (b"20\n", b"")
        assert witness.latest(ORIGIN).text == HONEST.note(20).text


def test_a_cut_file_is_refused(directory):
    path = directory / "witness.sqlite"
    os.truncate(path, path.stat().st_size - 4096)
    refuses(directory, CasebusError)


@pytest.mark.parametrize("spoil", [b"", b"no note\n", b"\xff" * 40])
def test_a_damaged_mark_is_refused(directory, spoil):
    (mark,) = (directory / "marks").iterdir()
    mark.write_bytes(spoil)
    refuses(directory)


def test_a_mark_of_another_log_is_refused(directory):
    (mark,) = (directory / "marks").iterdir()
    mark.rename(mark.with_name("0" * 64))
    refuses(directory)


def test_a_missing_mark_is_written_with_the_next_cosignature(directory):
    (mark,) = (directory / "marks").iterdir()
    mark.unlink()
    with closing(opened(directory)) as witness:
        assert witness.add_checkpoint(HONEST.ask(20, 21)).status == 200
        assert mark.read_bytes() == witness.latest(ORIGIN).format()


def test_a_stop_outlives_an_older_copy_of_the_state(directory):
    copy = directory.parent / "older.sqlite"
    shutil.copy(directory / "witness.sqlite", copy)
    with closing(opened(directory)) as witness:
        assert witness.add_checkpoint(FORKED.ask(20, 20)).status == 422
    shutil.copy(copy, directory / "witness.sqlite")
    with closing(opened(directory)) as witness:
        assert "two roots" in witness.stopped(ORIGIN)
        assert witness.add_checkpoint(HONEST.ask(20, 21)).status == 422


def test_another_key_or_another_name_is_another_witness(directory):
    assert "another key" in refuses(directory, UsageError, key=OTHER_KEY)
    assert "another name" in refuses(directory, UsageError, name="renamed.example/w")
    (directory / "witness.vkey").unlink()
    refuses(directory, key=OTHER_KEY)


def test_a_second_process_is_refused(directory):
    with closing(opened(directory)):
        assert "another process" in refuses(directory, Conflict)
    opened(directory).close()


class DiesAt(Files):
    """Ends the process, as SIGKILL does, at a rename to a path that ends so; before it, or straight after."""

    def __init__(self, parent: str, *, after: bool) -> None:
        self.parent = parent
        self.after = after

    def rename(self, source: Path, target: Path) -> None:
        dies = self.parent in str(target)
        if self.after or not dies:
            super().rename(source, target)
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)


def killed(directory: Path, at: str, after: bool, body: bytes | None) -> None:
    """Open a witness in a child, and let it die at the given file."""

    def child() -> None:
        witness = opened(directory, files=DiesAt(at, after=after))
        if body is not None:
            witness.add_checkpoint(body)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("after", [False, True])
def test_killed_between_commit_and_answer_it_keeps_the_state(directory, after):
    killed(directory, "/marks/", after, HONEST.ask(20, 30))
    with closing(opened(directory)) as witness:
        assert witness.add_checkpoint(FORKED.ask(20, 31)).body == b"30\n"
        assert witness.latest(ORIGIN).text == HONEST.note(30).text
        assert witness.add_checkpoint(HONEST.ask(30, 31)).status == 200


@pytest.mark.parametrize("after", [False, True])
def test_killed_while_it_begins_it_begins_again(tmp_path, after):
    killed(tmp_path / "w", "witness.vkey", after, None)
    with closing(opened(tmp_path / "w")) as witness:
        assert witness.add_checkpoint(HONEST.ask(0, 5)).status == 200


@pytest.mark.parametrize("at", ["/evidence/", ".stopped"])
@pytest.mark.parametrize("after", [False, True])
def test_killed_while_it_stops_it_stops_when_it_is_shown_again(directory, at, after):
    killed(directory, at, after, FORKED.ask(20, 20))
    with closing(opened(directory)) as witness:
        assert witness.add_checkpoint(FORKED.ask(20, 20)).status == 422
        assert witness.stopped(ORIGIN)
        assert len(list((directory / "evidence").glob("*.json"))) == 1


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow: what a full disk does to a process, without one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_on_a_full_disk_nothing_is_signed_and_room_heals_it(directory):
    with closing(opened(directory)) as witness:
        with capture_logs(), full_disk():
            answers = [witness.add_checkpoint(HONEST.ask(20, 30)), witness.add_checkpoint(HONEST.ask(20, 20))]
        assert [answer.status for answer in answers] == [503, 503]
        assert not any("—".encode() in answer.body for answer in answers)
        assert witness.latest(ORIGIN).text == HONEST.note(20).text
        assert witness.add_checkpoint(HONEST.ask(20, 30)).status == 200


def test_a_stop_that_cannot_be_kept_is_no_cosignature_either(directory):
    with closing(opened(directory)) as witness:
        with capture_logs(), full_disk():
            assert witness.add_checkpoint(FORKED.ask(20, 20)).status == 503
        assert witness.add_checkpoint(FORKED.ask(20, 20)).status == 422
        assert witness.stopped(ORIGIN)


class FailsAt(Files):
    """Reports a failure of one operation, once; `done` tells whether it happened all the same."""

    def __init__(self, operation: str, *, done: bool) -> None:
        self.operation = operation
        self.done = done
        self.armed = False

    def _fail(self, operation: str) -> bool:
        if self.armed and operation == self.operation:
            self.armed = False
            return True
        return False

    def write(self, descriptor: int, data: bytes) -> None:
        if not self._fail("write"):
            super().write(descriptor, data)
            return
        if self.done:
            super().write(descriptor, data)
        raise OSError(5, "Input/output error")

    def sync(self, descriptor: int) -> None:
        if self._fail("sync"):
            raise OSError(5, "Input/output error")
        super().sync(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        if not self._fail("rename"):
            super().rename(source, target)
            return
        if self.done:
            super().rename(source, target)
        raise OSError(5, "Input/output error")

    def sync_directory(self, path: Path) -> None:
        if self._fail("sync_directory"):
            raise OSError(5, "Input/output error")
        super().sync_directory(path)


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("operation", ["write", "sync", "rename", "sync_directory"])
def test_a_mark_that_fails_gives_no_answer_and_the_log_resynchronises(directory, operation, done):
    files = FailsAt(operation, done=done)
    with closing(opened(directory, files=files)) as witness:
        files.armed = True
        assert witness.add_checkpoint(HONEST.ask(20, 30)).status == 503
        assert not files.armed
        assert witness.add_checkpoint(HONEST.ask(20, 30)).body == b"30\n"
        assert witness.add_checkpoint(HONEST.ask(30, 30)).status == 200
    opened(directory).close()


def test_a_failing_commit_gives_no_answer(directory):
    with closing(opened(directory)) as witness:
        witness._memory[0]._driver.execute("PRAGMA query_only = ON")
        assert witness.add_checkpoint(HONEST.ask(20, 30)).status == 503
        assert witness.latest(ORIGIN).text == HONEST.note(20).text
        assert witness.add_checkpoint(HONEST.ask(20, 30)).status == 200


def test_the_compare_and_set_holds_where_two_hold_the_file(directory):
    """The lock keeps a second process out; where it does not reach, the row decides."""
    with closing(opened(directory)) as witness:
        state, _ = witness._opened()
        read, stale = state.held, [state.held(ORIGIN)]
        assert witness.add_checkpoint(HONEST.ask(20, 30)).status == 200
        state.held = lambda origin: stale.pop() if stale else read(origin)
        assert witness.add_checkpoint(HONEST.ask(20, 40)).body == b"30\n"
        assert not stale
        assert witness.latest(ORIGIN).text == HONEST.note(30).text


def test_the_row_does_not_move_after_a_stop_whoever_asks(directory):
    with closing(opened(directory)) as witness:
        state, _ = witness._opened()
        held = state.held(ORIGIN)
        state.stop(ORIGIN, "caught")
        assert not state.advance(ORIGIN, held, held)


def test_every_commit_is_synced(directory):
    with closing(opened(directory)) as witness:
        driver = witness._opened()[0]._driver
        assert driver.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert driver.execute("PRAGMA synchronous").fetchone() == (2,)
