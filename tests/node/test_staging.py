"""A new directory is there whole or not at all, whatever failed on the way, and nothing of anybody else's is touched."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from casebus.clock import SystemClock
from casebus.errors import Conflict, StoreError, UsageError
from casebus.installing import initialise
from casebus.staging import WORKSHOP, new_directory

PIECES = ("first", "second", "last.toml")


def make(root: Path, *, fails_at: str = "", error: BaseException | None = None) -> None:
    with new_directory(root, PIECES) as workshop:
        for name in PIECES:
            if name == fails_at:
                raise error or OSError(28, "No space left on device")
            (workshop / name).mkdir() if "." not in name else (workshop / name).write_text("done")


def names(root: Path) -> list[str]:
    return sorted(each.name for each in root.iterdir())


def test_all_is_there_and_nothing_of_the_making(tmp_path: Path) -> None:
    make(tmp_path / "new")
    assert names(tmp_path / "new") == sorted(PIECES)


@pytest.mark.parametrize("fails_at", PIECES)
def test_what_failed_leaves_nothing_and_may_be_tried_again(tmp_path: Path, fails_at: str) -> None:
    root = tmp_path / "above" / "new"
    with pytest.raises(StoreError, match="No space left"):
        make(root, fails_at=fails_at)
    assert names(tmp_path) == [], "also what was made above it"
    make(root)


def test_a_directory_that_was_there_stays_there_empty(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, fails_at="last.toml", error=KeyboardInterrupt())
    assert names(tmp_path) == []


def test_what_others_put_there_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "theirs").touch()
    with pytest.raises(Conflict, match="not empty") as refused:
        make(tmp_path)
    assert "first" in refused.value.next_step
    assert (tmp_path / "first" / "theirs").exists()


def test_what_others_put_there_meanwhile_is_not_taken_away(tmp_path: Path) -> None:
    def disturbed() -> None:
        with new_directory(tmp_path, PIECES) as workshop:
            for name in PIECES:
                (workshop / name).mkdir()
            (tmp_path / "second").mkdir()
            (tmp_path / "second" / "theirs").touch()

    with pytest.raises(StoreError):
        disturbed()
    assert names(tmp_path) == ["second"]


@pytest.mark.parametrize("moved", range(len(PIECES)))
def test_what_an_attempt_left_that_died_is_taken_away_by_the_next(tmp_path: Path, moved: int) -> None:
    (tmp_path / WORKSHOP).mkdir()
    for number, name in enumerate(PIECES):
        place = tmp_path if number < moved else tmp_path / WORKSHOP
        (place / name).mkdir() if "." not in name else (place / name).touch()
    make(tmp_path)
    assert names(tmp_path) == sorted(PIECES)
    assert (tmp_path / "last.toml").read_text() == "done"


def test_one_that_is_whole_is_never_taken_away(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / WORKSHOP).mkdir()
    with pytest.raises(Conflict):
        make(tmp_path)
    assert set(PIECES) < set(names(tmp_path))


def test_two_attempts_never_mix(tmp_path: Path) -> None:
    with new_directory(tmp_path, PIECES) as workshop:
        with pytest.raises(Conflict, match="at work"):
            make(tmp_path)
        for name in PIECES:
            (workshop / name).mkdir()
    assert names(tmp_path) == sorted(PIECES)


@pytest.mark.parametrize("place", ["/proc/no-such-thing", "/tmp/" + "n" * 300, "/dev/null", "/dev/null/x"])
def test_what_cannot_be_a_directory_is_told_in_words(place: str) -> None:
    with pytest.raises(UsageError, match="cannot be made a directory"):
        make(Path(place))


KILLED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from casebus import installing
begin = installing.SqliteLog
def die(*_): os._exit(137)
installing.SqliteLog = die
installing.initialise(Path(sys.argv[1]), training=True, now=datetime.now(UTC))
"""


def test_an_init_that_was_killed_may_be_given_again(tmp_path: Path) -> None:
    root = tmp_path / "bus"
    assert subprocess.run([sys.executable, "-c", KILLED, str(root)]).returncode == 137
    assert names(root) == [WORKSHOP]
    initialise(root, training=True, now=SystemClock().now())
    assert names(root) == ["agencies", "bus", "casebus.toml", "directory.toml", "hub"]
    assert os.stat(root / "agencies" / "uk-nca").st_mode & 0o777 == 0o700
