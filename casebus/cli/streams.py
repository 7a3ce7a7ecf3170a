"""The program's stdout, as `main` needs it: whoever reads it may go, the disk behind it may be full, it may be closed.

A reader that has gone is normal (`| head -1`): the rest is written nowhere, and the command ends as it would have; a
verification that failed does not become a success because nobody read its report to the end. A disk that is full is not
normal: what was asked for is not there, and that is an error with words.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from casebus.errors import Unavailable


class Stdout:
    """Stands before a stream. `written` tells whether anything went there, `reader_gone` that nobody reads on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.written = False
        self.reader_gone = False
        self._failed: Unavailable | None = None

    def write(self, text: str) -> int:
        """Write, or drop what nobody reads. Raises `Unavailable` when the stream refuses."""
        self.written = self.written or bool(text)
        self._do(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Flush. Raises `Unavailable` when the stream refuses."""
        self._do(self._stream.flush)

    def _do(self, act: Callable[[], object]) -> None:
        if self.reader_gone:
            return
        if self._failed is not None:  # a library that swallowed it once is told again
            raise self._failed
        try:
            act()
        except BrokenPipeError:
            self.reader_gone = True
            _discard(self._stream)
        except OSError as error:
            _discard(self._stream)
            self._failed = _cannot_be_written(error)
            raise self._failed from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _cannot_be_written(error: OSError) -> Unavailable:
    return Unavailable(
        f"stdout cannot be written: {error.strerror}",
        unchanged="what the command did stands; what it printed is not whole.",
        next_step="make room, or send the output somewhere else, and give the command again.",
    )


def _discard(stream: TextIO) -> None:
    """Send what the stream still holds nowhere: else the interpreter fails once more over it as it ends."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def reader_gone() -> bool:
    """Tell whether nobody reads stdout any more: a long list need not be told to its end."""
    return bool(getattr(sys.stdout, "reader_gone", False))


def fill_closed() -> None:
    """Give the program the streams that its parent closed.

    Before anything opens a file: a database that got descriptor 1 or 2 would receive what is printed.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free descriptor, which is this one
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  for as long as the program runs


@contextmanager
def guarded() -> Iterator[Stdout]:
    """Put a `Stdout` before sys.stdout for the time of a command."""
    fill_closed()
    before = sys.stdout
    guard = Stdout(before)
    sys.stdout = guard
    try:
        yield guard
    finally:
        sys.stdout = before
