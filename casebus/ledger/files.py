"""Every change that the ledger makes to its directory, one system call each: the seam where tests inject faults.

A whole file appears under its name only after its bytes are durable (`write_whole`); journal and archive files are
appended to and synced. Errors are plain `OSError`: the sequencer maps them to `StoreError` and never retries a sync,
because after a failed one the page cache may show what the disk lacks.
"""

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from casebus.durable import sync_directory
from casebus.errors import StoreError, VerificationFailed

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""Neither a link that leads elsewhere nor a named pipe that never answers may stand in for a file of the ledger."""


AT_ONCE = 16
"""How many whole files are prepared side by side."""


class Files:
    """The real operations. A test's subclass fails at one of them."""

    def open_append(self, path: Path) -> int:
        """Return a descriptor that appends; make the file if it is not there."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)

    def open_empty(self, path: Path) -> int:
        """Return a descriptor on an emptied or new file."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all of the data."""
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    def sync(self, descriptor: int) -> None:
        """Return after the file's bytes are on the disk."""
        os.fdatasync(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        """Put a file in place of any other, in one step."""
        source.rename(target)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        path.unlink()

    def make_directory(self, path: Path) -> None:
        """Make a directory and its parents; harmless when repeated."""
        path.mkdir(parents=True, exist_ok=True)

    def remove_directory(self, path: Path) -> None:
        """Remove an empty directory."""
        path.rmdir()

    def sync_directory(self, path: Path) -> None:
        """Return after the names in a directory are on the disk."""
        sync_directory(path)


def write_whole(files: Files, scratch: Path, target: Path, data: bytes) -> None:
    """Put a file under its name, whole and durable. The name itself is durable after `sync_directory`.

    A crash before the rename leaves only the scratch file, which the next call overwrites.
    """
    descriptor = files.open_empty(scratch)
    try:
        files.write(descriptor, data)
        files.sync(descriptor)
    finally:
        os.close(descriptor)
    _place(files, scratch, target)


def write_each(files: Files, scratch: Path, contents: Sequence[tuple[Path, bytes]]) -> None:
    """Do what `write_whole` does for many files, some at a time: all written, all synced, all named.

    So the disk carries them out together: one by one, each new file costs a commit of the file system's own journal.
    A crash in here leaves scratch files `<scratch>.<number>`, which the next call overwrites.
    """
    for at in range(0, len(contents), AT_ONCE):
        some = [
            (scratch.with_name(f"{scratch.name}.{number}"), target, data)
            for number, (target, data) in enumerate(contents[at : at + AT_ONCE])
        ]
        descriptors: list[int] = []
        try:
            for name, _, data in some:
                descriptors.append(files.open_empty(name))
                files.write(descriptors[-1], data)
            for descriptor in descriptors:
                files.sync(descriptor)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        for name, target, _ in some:
            _place(files, name, target)


def _place(files: Files, scratch: Path, target: Path) -> None:
    try:
        files.rename(scratch, target)
    except FileNotFoundError:
        # Only a file in a directory that is not there yet gets here: the common path costs no look.
        files.make_directory(target.parent)
        files.rename(scratch, target)


def open_regular(path: Path) -> BinaryIO | None:
    """Return a regular file, open for reading; None when there is no such file.

    Raises:
        VerificationFailed: it is not a regular file.
        StoreError: it cannot be opened.
    """
    try:
        descriptor = os.open(path, _READ)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):  # what O_NOFOLLOW says of a link
            raise VerificationFailed(f"{path.name} in the ledger is not a regular file.") from error
        raise StoreError(f"{path.name} in the ledger cannot be read: {error.strerror}.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise VerificationFailed(f"{path.name} in the ledger is not a regular file.")
    return os.fdopen(descriptor, "rb")


def read_file(path: Path, limit: int) -> bytes | None:
    """Return a regular file's bytes, None when there is no such file.

    Raises:
        VerificationFailed: it is not a regular file, or longer than `limit` bytes.
        StoreError: it cannot be read.
    """
    file = open_regular(path)
    if file is None:
        return None
    with file:
        try:
            data = file.read(limit + 1)
        except OSError as error:
            raise StoreError(f"{path.name} in the ledger cannot be read: {error.strerror}.") from error
    if len(data) > limit:
        raise VerificationFailed(f"{path.name} in the ledger is longer than {limit} bytes.")
    return data
