"""Processes side by side that sweep a large ledger: this one, and a helper for every other processor.

A helper is this module run as a program. It reads `<first bundle> <how many>` lines from its stdin, writes one line of
JSON for each to its stdout, in order, and ends when its stdin closes: with this process, however that ends. It ignores
the interrupt key, which reaches the whole group; whoever started it ends it. A helper that dies or talks nonsense costs
its time only: what it had is swept here.
"""

import json
import os
import select
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from casebus.ledger.sweep import Chain, Swept, sweep
from casebus.ledger.tree import HASH_BYTES

MAX_HELPERS = 7
_AHEAD = 2
"""Ranges that a helper has at a time: one that it works on, and one more so that it never waits."""
_WINDOW = 256
"""Ranges that may be swept before the first of them has been taken: memory stays flat when a helper is slow."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Full bundles in a row. `closely` tells that there is no point in sweeping them."""

    start: int
    count: int
    closely: bool = False


@dataclass(slots=True)
class _Helper:
    process: subprocess.Popen[bytes]
    given: deque[tuple[int, Stretch]] = field(default_factory=deque)
    heard: bytearray = field(default_factory=bytearray)

    @property
    def output(self) -> int:
        """Return the descriptor of what it says."""
        assert self.process.stdout is not None, "bug: helpers are started with pipes"
        return self.process.stdout.fileno()

    def ask(self, numbered: tuple[int, Stretch]) -> None:
        """Give it a stretch. Raises `OSError` when it has died."""
        assert self.process.stdin is not None, "bug: helpers are started with pipes"
        self.given.append(numbered)
        self.process.stdin.write(f"{numbered[1].start} {numbered[1].count}\n".encode())

    def end(self) -> None:
        """End it, and wait until it has."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait()


class Crew:
    """A with-block within which stretches are swept. `helpers` is how many other processes may be started."""

    def __init__(self, directory: Path, *, contents: bool, helpers: int) -> None:
        self._directory = str(directory.absolute())
        self._contents = contents
        self._wanted = min(helpers, MAX_HELPERS)
        self._helpers: list[_Helper] = []
        self._done: dict[int, tuple[Stretch, Swept | None]] = {}

    def __enter__(self) -> "Crew":
        # -P: a file in the auditor's working directory must not be imported for one of ours.
        command = [sys.executable, "-P", "-m", "casebus.ledger.crew", self._directory, str(int(self._contents))]
        for _ in range(self._wanted):
            try:
                process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
                )
            except OSError:
                # No room for another process: fewer helpers do the same.
                break
            self._helpers.append(_Helper(process))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for helper in self._helpers:
            helper.end()
        self._helpers.clear()

    def sweep(self, stretches: Iterable[Stretch]) -> Iterator[tuple[Stretch, Swept | None]]:
        """Return each stretch with what sweeping it said, in order."""
        ahead = enumerate(stretches)
        taken = 0
        exhausted = False
        while True:
            while not exhausted and (room := self._with_room()) is not None:
                exhausted = not self._give(room, next(ahead, None))
            if not exhausted and len(self._done) < _WINDOW:
                exhausted = not self._do(next(ahead, None))
            elif taken not in self._done:
                if not any(helper.given for helper in self._helpers):
                    return
                self._listen(wait=True)
            self._listen(wait=False)
            while (ready := self._done.pop(taken, None)) is not None:
                yield ready
                taken += 1

    def _with_room(self) -> _Helper | None:
        fitting = [helper for helper in self._helpers if len(helper.given) < _AHEAD]
        return fitting[0] if fitting and len(self._done) < _WINDOW else None

    def _give(self, helper: _Helper, numbered: tuple[int, Stretch] | None) -> bool:
        """Hand a stretch to a helper; False when there was none."""
        if numbered is None:
            return False
        number, stretch = numbered
        if stretch.closely:
            self._done[number] = (stretch, None)
            return True
        try:
            helper.ask(numbered)
        except OSError:
            self._lose(helper)
        return True

    def _do(self, numbered: tuple[int, Stretch] | None) -> bool:
        """Sweep a stretch here; False when there was none."""
        if numbered is None:
            return False
        number, stretch = numbered
        swept = (
            None if stretch.closely else sweep(self._directory, stretch.start, stretch.count, contents=self._contents)
        )
        self._done[number] = (stretch, swept)
        return True

    def _listen(self, *, wait: bool) -> None:
        """Take what helpers have said; with `wait`, not before one has said something."""
        outputs = {helper.output: helper for helper in self._helpers if helper.given}
        if not outputs:
            return
        readable, _, _ = select.select(list(outputs), [], [], None if wait else 0)
        for output in readable:
            helper = outputs[output]
            data = os.read(output, 1 << 20)
            helper.heard += data
            try:
                self._take_lines(helper)
            except (ValueError, LookupError, TypeError, AttributeError):
                data = b""
            if not data:
                self._lose(helper)

    def _take_lines(self, helper: _Helper) -> None:
        while (end := helper.heard.find(b"\n")) >= 0:
            line = bytes(helper.heard[:end])
            swept = decode_swept(line, helper.given[0][1].count)
            del helper.heard[: end + 1]
            number, stretch = helper.given.popleft()
            self._done[number] = (stretch, swept)

    def _lose(self, helper: _Helper) -> None:
        """Go on without a helper, and do its work here."""
        self._helpers.remove(helper)
        helper.end()
        for numbered in helper.given:
            self._do(numbered)


def encode_swept(swept: Swept | None) -> bytes:
    """Return a helper's answer as one line."""
    if swept is None:
        return b"null\n"
    chains = {
        topic_id.hex(): [chain.previous, chain.last, chain.prefix.hex()] for topic_id, chain in swept.chains.items()
    }
    return json.dumps({"roots": b"".join(swept.roots).hex(), "chains": chains}).encode() + b"\n"


def decode_swept(line: bytes, count: int) -> Swept | None:
    """Read a helper's answer for so many bundles. Raises `ValueError`, or what else nonsense leads to."""
    found = json.loads(line)
    if found is None:
        return None
    joined = bytes.fromhex(found["roots"])
    if len(joined) != count * HASH_BYTES:
        raise ValueError("a helper answered for another range")
    roots = [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]
    chains = {
        bytes.fromhex(topic_id): Chain(previous, last, bytes.fromhex(prefix))
        for topic_id, (previous, last, prefix) in found["chains"].items()
    }
    return Swept(roots, chains)


def help_out(directory: str, contents: bool) -> None:
    """Sweep what stdin asks for until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin.buffer:
        start, count = map(int, line.split())
        sys.stdout.buffer.write(encode_swept(sweep(directory, start, count, contents=contents)))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    help_out(sys.argv[1], sys.argv[2] == "1")
