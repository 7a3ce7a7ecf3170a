"""The spool: how an agency's own system hands documents over, and how it sees what became of each.

A document in `in/` is complete (writers use `.part` or a leading dot, then rename). What is decided about a document is
committed together with its events; filing it afterwards repeats safely:

    1. decide and commit   events, own records and a `Taken` row, in one transaction
    2. write the report    folder/report_as, by a temporary name and a rename
    3. move the document   in/X -> folder/stored_as
    4. mark it filed

A crash after 1 leaves the document in `in/` with an unfiled row: the next start does 2 to 4 and translates nothing.
"""

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from casebus import durable
from casebus.errors import DocumentRefused, DocumentUnreadable, RefusalCode, StoreError
from casebus.intake.documents import MAX_BYTES
from casebus.intake.records import Taken

NAME_LIMIT_BYTES = 255
REPORT_SUFFIX = ".report.json"
_NOT_REGULAR = (errno.ELOOP, errno.ENXIO, errno.EISDIR)
"""What opening says of a link, of a socket or a pipe that nobody serves, of a directory."""


@dataclass(frozen=True, slots=True)
class Found:
    """A name in `in/` that is there to be taken. `identity` changes when another file takes the name."""

    name: str
    identity: str
    modified_ns: int
    regular: bool


class Spool:
    """One agency's spool directory. Owns every file operation on it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        for folder in ("in", "done", "refused", "out"):
            (directory / folder).mkdir(mode=0o700, parents=True, exist_ok=True)

    def waiting(self) -> list[Found]:
        """Return what is in `in/`, in order of arrival: modification time, then name. Raises `StoreError`."""
        try:
            with os.scandir(self._directory / "in") as entries:
                found = [self._found(entry) for entry in entries if _is_offered(entry.name)]
        except OSError as error:
            raise StoreError(f"in/ cannot be read: {error.strerror}") from error
        return sorted((f for f in found if f is not None), key=lambda f: (f.modified_ns, f.name))

    def _found(self, entry: os.DirEntry[str]) -> Found | None:
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return None
        return Found(entry.name, identity_of(entry.name, status), status.st_mtime_ns, stat.S_ISREG(status.st_mode))

    def read(self, found: Found) -> bytes | None:
        """Return a document's bytes, None if it is gone: whoever put it there took it back.

        Raises `DocumentRefused` for what is not a regular file, or is too large; `StoreError` for what says nothing
        about the document (no descriptor left, a failing disk, no permission): it is tried again.
        """
        try:
            return _content(self._directory / "in" / found.name)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"a document in in/ cannot be read: {error.strerror}") from error

    def kept(self, taken: Taken) -> bytes | None:
        """Return a document as it was taken, None if it is gone or something else has its place: the folder is the agency's.

        Raises `DocumentUnreadable`.
        """
        if taken.stored_as is None:
            return None
        try:
            content = _content(self._directory / taken.folder / os.fsdecode(taken.stored_as))
        except (FileNotFoundError, DocumentRefused):
            return None
        except OSError as error:
            raise DocumentUnreadable(f"a kept document cannot be read: {error.strerror}") from error
        return content if hashlib.sha256(content).hexdigest() == taken.digest else None

    def free_names(self, folder: str, name: str, reserved: set[str]) -> tuple[str, str]:
        """Return the first pair of names for a document and its report of which neither is taken nor reserved."""
        for stored_as in _candidates(name):
            report_as = report_name(stored_as)
            if not any(n in reserved or self._exists(folder, n) for n in (stored_as, report_as)):
                return stored_as, report_as
        raise AssertionError("bug: names ran out")

    def _exists(self, folder: str, name: str) -> bool:
        return os.path.lexists(self._directory / folder / name)

    def file(self, taken: Taken) -> None:
        """Write the report, then move the document beside it, durably. Repeating it is harmless."""
        folder = self._directory / taken.folder
        report = {
            "document": os.fsdecode(taken.document),
            "outcome": taken.outcome,
            "code": taken.code,
            "message": taken.message,
            "event_ids": list(taken.event_ids),
        }
        write_durably(folder / os.fsdecode(taken.report_as), json.dumps(report, indent=2).encode())
        if taken.stored_as is not None:
            self._move(taken, folder / os.fsdecode(taken.stored_as))

    def _move(self, taken: Taken, target: Path) -> None:
        document = os.fsdecode(taken.document)
        source = self._directory / "in" / document
        try:
            if identity_of(document, source.lstat()) != taken.identity:
                return  # another file has taken the name since: that one is still to be translated
            source.rename(target)
        except FileNotFoundError:
            return  # moved before a crash, and not marked
        except OSError as error:
            raise StoreError(f"a document cannot be moved to {target.parent.name}/: {error.strerror}") from error
        sync_directory(target.parent)
        sync_directory(self._directory / "in")

    def hand_out(self, name: str, body: bytes) -> None:
        """Put an inbox event into `out/` for the agency's own system. Repeating it is harmless."""
        write_durably(self._directory / "out" / name, body)

    def counts(self) -> dict[str, int]:
        """Return how many names each folder holds, reports not counted."""
        return {folder: self._count(folder) for folder in ("in", "done", "refused", "out")}

    def _count(self, folder: str) -> int:
        names = [path.name for path in (self._directory / folder).iterdir() if _is_offered(path.name)]
        return sum(1 for name in names if folder in ("in", "out") or not name.endswith(REPORT_SUFFIX))


def _content(path: Path) -> bytes:
    """Open without following a link or waiting for a pipe's writer, and judge the open descriptor: what is read is what
    was judged.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno not in _NOT_REGULAR:
            raise
        raise DocumentRefused(RefusalCode.NOT_A_REGULAR_FILE, "it is not a regular file") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)  # before a file object is made of it: of a directory none can be
        raise DocumentRefused(RefusalCode.NOT_A_REGULAR_FILE, "it is not a regular file")
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise DocumentRefused(RefusalCode.TOO_LARGE, f"it is larger than {MAX_BYTES} bytes")
    return content


def identity_of(name: str, status: os.stat_result) -> str:
    """Return what tells a file from any other that has or had its name."""
    changed = status.st_ctime_ns if stat.S_ISREG(status.st_mode) else 0  # a directory's changes are not a new one
    return hashlib.sha256(os.fsencode(f"{status.st_ino}:{changed}:{name}")).hexdigest()


def _is_offered(name: str) -> bool:
    return not name.startswith(".") and not name.endswith(".part")


def _candidates(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield shortened(name, f".{number}")
        number += 1


def report_name(stored_as: str) -> str:
    """Return the name of the report that goes with a document's name."""
    return shortened(stored_as, REPORT_SUFFIX)


def shortened(name: str, suffix: str) -> str:
    """Return name + suffix; past 255 bytes the name is cut and ends in a digest of the whole."""
    raw = os.fsencode(name)
    if len(raw) + len(suffix) <= NAME_LIMIT_BYTES:
        return name + suffix
    digest = hashlib.sha256(raw).hexdigest()[:16]
    kept = raw[: NAME_LIMIT_BYTES - len(suffix) - len(digest) - 1]
    return f"{kept.decode('utf-8', 'ignore')}-{digest}{suffix}"


def write_durably(path: Path, body: bytes) -> None:
    """Write a whole file or none of it: a temporary name, fsync, rename, fsync of the directory.

    Raises `StoreError` when the disk refuses. A crash before the rename leaves a dot file that nobody takes.
    """
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    temporary = path.parent / f".{digest}.part"
    try:
        with temporary.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except OSError as error:
        raise StoreError(f"{path.parent.name}/ cannot be written: {error.strerror}") from error
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make renames in a directory durable. Raises `StoreError`."""
    try:
        durable.sync_directory(directory)
    except OSError as error:
        raise StoreError(f"{directory.name}/ cannot be made durable: {error.strerror}") from error
