"""A new directory, whole or not at all: what fails, or dies, on the way leaves nothing that the next attempt trips over.

    1. make the directory where it is not there yet, and lock it: two attempts never mix
    2. see that it is empty; what an attempt that died left is taken away first
    3. make everything inside `.casebus-init`
    4. move each piece out of there, the one that says that all is there last
    5. remove `.casebus-init`

An error in 3 or 4 takes away what was made, and nothing else. A death leaves `.casebus-init`, and with it some pieces:
what bears their names was made by that attempt, because the directory was empty before it began.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from casebus.errors import Conflict, StoreError, UsageError

WORKSHOP = ".casebus-init"


@contextmanager
def new_directory(root: Path, pieces: Sequence[str]) -> Iterator[Path]:
    """Yield a workshop for the `pieces`, the top-level names to be made; on leaving they are in `root`.

    The last piece is the one that says that all is there. Raises `Conflict` for a directory that holds anything, or in
    which another attempt is at work; `UsageError` for what cannot be one; `StoreError` when the disk refuses.
    """
    made = _make(root)
    try:
        with _locked(root):
            _clear_or_refuse(root, pieces)
            moved: list[str] = []
            try:
                yield _workshop(root)
                for name in pieces:
                    (root / WORKSHOP / name).rename(root / name)
                    moved.append(name)
            except BaseException:
                _take_away(root, moved)
                raise
            with suppress(OSError):  # all is there; what was put into the workshop by somebody else is not ours
                (root / WORKSHOP).rmdir()
    except BaseException as error:
        for directory in reversed(made):
            with suppress(OSError):  # somebody put something there meanwhile: it is theirs now
                directory.rmdir()
        if isinstance(error, OSError):
            raise StoreError(
                f"{root} cannot be written: {error.strerror}",
                unchanged="what was begun was taken away again.",
                next_step="make room, or name another directory, and give the command again.",
            ) from error
        raise


def _make(root: Path) -> list[Path]:
    """Make the directory and those above it; return what was not there, outermost first."""
    try:
        missing = [each for each in (root, *root.parents) if not each.exists()]
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{_short(root)} cannot be made a directory: {error.strerror}", next_step="name another directory."
        ) from error
    return list(reversed(missing))


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Conflict(f"another `init` is at work in {root}", next_step="wait for it, or name another one.") from error
    finally:
        os.close(descriptor)


def _clear_or_refuse(root: Path, pieces: Sequence[str]) -> None:
    complete = (root / pieces[-1]).exists()
    if (root / WORKSHOP).is_dir() and not complete:
        _take_away(root, pieces)
    left = sorted(each.name for each in root.iterdir())
    if left:
        use = (
            "or use what is there with `casebus run`." if complete else f"or empty it: it holds {', '.join(left[:5])}."
        )
        raise Conflict(f"{root} is not empty", next_step=f"name a new directory, {use}")


def _workshop(root: Path) -> Path:
    workshop = root / WORKSHOP
    workshop.mkdir(mode=0o700)
    return workshop


def _take_away(root: Path, pieces: Sequence[str]) -> None:
    for name in (*pieces, WORKSHOP):  # the workshop last: as long as it is there, the pieces are known to be ours
        path = root / name
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _short(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 100 else f"{text[:97]}..."
