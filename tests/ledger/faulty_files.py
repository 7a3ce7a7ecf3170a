"""The Files seam with a fault in it, and a sweep that puts the fault at every operation in turn."""

import errno
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from casebus.errors import StoreError
from casebus.ledger.files import Files

MODES = ("lost", "done", "full")
NEVER = 10**9


class FaultyFiles(Files):
    """Fails at one operation, and at every later one, as a disk that is gone: `at` counts from 0 once armed.

    lost: nothing was done; of a write, half. done: it was, but an error was reported. full: of a write a part was done,
    and from then on no file grows; what needs no room still works.
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
            if self.mode == "full":
                return operation in ("write", "make_directory")
            raise OSError(errno.EIO, "the disk is gone")
        return len(self.done) - 1 == self.at

    def _run(self, operation, *arguments):
        real = getattr(super(), operation)
        if not self._fails(operation) or (self.mode == "full" and operation not in ("write", "make_directory")):
            return real(*arguments)
        if self.mode == "done":
            real(*arguments)
        elif operation == "write":
            real(arguments[0], arguments[1][: len(arguments[1]) // 2])
        if self.mode == "full":
            raise OSError(errno.ENOSPC, "No space left on device")
        raise OSError(errno.EIO, "input/output error")

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


def faults(
    base: Path, scratch: Path, mode: str, act: Callable[[Path, FaultyFiles], None], *, least: int
) -> Iterator[Path]:
    """Carry out `act` on a fresh copy of `base` with the fault at every operation; yield each directory it failed in.

    `act` arms the files. The sweep ends with the first run that gets through; `least` faults must have come before.
    """
    failed, at = 0, 0
    while True:
        directory = scratch / f"fault-{at}"
        shutil.copytree(base, directory)
        files = FaultyFiles(at, mode)
        try:
            act(directory, files)
        except StoreError:
            failed += 1
            yield directory
        shutil.rmtree(directory)
        if len(files.done) <= at:
            assert failed >= least, (failed, files.done)
            return
        at += 1
