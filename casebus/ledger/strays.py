"""Step 12: nothing lies in a ledger's directory but what the procedure has read.

A file that no step reads could mislead a reader that does. Beyond the checkpoint, tiles are normal as far as the
journal goes, and archive files as far as they follow on: a crash leaves them.
"""

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from casebus.errors import CasebusError, VerificationFailed
from casebus.ledger.journal import is_scratch, is_segment
from casebus.ledger.publication import CHECKPOINT, WITNESSED
from casebus.ledger.replica import read_journal
from casebus.ledger.tiles import index_path, parse_index_path, parse_tile_path
from casebus.ledger.tree import TILE_WIDTH

MAX_DEPTH = 12
"""A tile index has at most six groups; nothing of ours lies deeper."""


def find_stray(directory: Path, committed: int, *, hidden: bool = False) -> str | None:
    """Return the path, below the directory, of something that should not be there. `committed` leaves exist.

    A name that no terminal should be shown comes escaped. With `hidden` what begins with a dot is passed over at the top: another writer's private state.
    """
    for path, regular in _entries(directory, "", 0):
        if hidden and path.startswith("."):
            continue
        try:
            committed = _check(directory, path, committed) if regular else -1
        except (VerificationFailed, OSError):
            committed = -1
        if committed < 0:
            return path if path.isprintable() else ascii(path)
    return None


def _entries(directory: Path, prefix: str, depth: int) -> Iterator[tuple[str, bool]]:
    """Return every path that is no directory, and whether it is a regular file."""
    try:
        with os.scandir(directory / prefix) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except FileNotFoundError:
        # A writer at work has just collected it.
        return
    except OSError:
        yield prefix, False
        return
    for entry in entries:
        path = f"{prefix}{entry.name}"
        if not entry.is_dir(follow_symlinks=False):
            yield path, entry.is_file(follow_symlinks=False)
        elif depth < MAX_DEPTH:
            yield from _entries(directory, f"{path}/", depth + 1)
        else:
            yield path, False


def _check(directory: Path, path: str, committed: int) -> int:
    """Return how many leaves are known to be committed; raises `VerificationFailed` for a stray."""
    if _is_full_and_needed(path, committed):
        return committed
    top, _, rest = path.partition("/")
    if path in (CHECKPOINT, WITNESSED) or (top == "journal" and (is_scratch(rest) or is_segment(rest))):
        return committed
    if top == "records":
        number = parse_index_path(rest)
        if number <= -(-committed // TILE_WIDTH) or (directory / "records" / index_path(number - 1)).is_file():
            return committed
    if top == "tile":
        needed = parse_tile_path(path).leaves_needed
        if needed > committed:
            committed = _committed_by_now(directory, committed)
        if needed <= committed:
            return committed
    raise VerificationFailed("a stray file.")


def _is_full_and_needed(path: str, committed: int) -> bool:
    """Tell whether a path is plainly that of a full tile, or of an archive file, under the checkpoint: most are."""
    digits = path[-3:]
    group = _group(path[:-3])
    if group is None or not (digits.isascii() and digits.isdigit() and len(digits) == 3):
        return False
    first, leaves_each = group
    return (first + int(digits) + 1) * leaves_each <= committed


@lru_cache(maxsize=1024)
def _group(prefix: str) -> tuple[int, int] | None:
    """Return the number of a directory's first tile or archive file, and how many leaves each stands for."""
    path = f"{prefix}000"
    try:
        if path.startswith("records/"):
            return parse_index_path(path.removeprefix("records/")), TILE_WIDTH
        name = parse_tile_path(path)
    except VerificationFailed:
        return None
    return name.index, TILE_WIDTH ** (max(name.level, 0) + 1)


def _committed_by_now(directory: Path, committed: int) -> int:
    """Return the journal's end, read again: a writer at work may have gone on since."""
    try:
        return max(committed, read_journal(directory / "journal").end)
    except CasebusError:
        return committed
