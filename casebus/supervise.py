"""`casebus run all`: the four roles as child processes of one supervisor.

A role that dies is started again, after growing pauses of its own while the others go on. All end when the supervisor ends, even by SIGKILL: each child reads a pipe whose
other end only the supervisor holds, and the kernel closes that end whatever way the supervisor died. Locks are the kernel's
too, so nothing stale is left.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

import structlog

from casebus.clock import Clock
from casebus.errors import CasebusError, Stalled, Unavailable
from casebus.layout import HUB
from casebus.node import hold
from casebus.roles import Installation
from casebus.status import Overview
from casebus.stops import forget_stops

LIFELINE = "CASEBUS_LIFELINE"
LOOK_EVERY_S = 0.1
STOP_WITHIN_S = 15.0
BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
LIVED_S = 30.0
LOCK_WAIT_S = 1.0
KILLS_FORGIVEN = 3
GIVE_UP_AFTER = 8
INTERRUPTED = 130


@dataclass
class Deaths:
    """How often in a row one role's process ended without living for `LIVED_S`, by itself and from outside."""

    failures: int = 0
    kills: int = 0

    def pause_after(self, return_code: int, lived_s: float) -> float:
        """Count a death; return the seconds until the next start. One killed from outside did not fail by itself."""
        if lived_s >= LIVED_S:
            self.failures = self.kills = 0
        if return_code <= 0 or return_code == INTERRUPTED:
            self.kills += 1
            number = self.kills - KILLS_FORGIVEN
        else:
            self.failures += 1
            number = self.failures
        return BACKOFF_S[min(number, len(BACKOFF_S)) - 1] if number > 0 else 0.0


@dataclass
class Child:
    """One role's process, when it was started, and when it is started again, None while it runs."""

    code: str
    process: subprocess.Popen[bytes]
    started: float
    deaths: Deaths
    again_at: float | None = None


def say_on_stderr(words: str) -> None:
    """Tell an operator who watches. A stderr that cannot be written stops no role: the log has it too."""
    with suppress(OSError):
        sys.stderr.write(words + "\n")


class Supervisor:
    """Starts, watches, restarts and stops the roles."""

    def __init__(self, installation: Installation, clock: Clock, say: Callable[[str], None] = say_on_stderr) -> None:
        self._in = installation
        self._say = say
        self._clock = clock
        self._log = structlog.get_logger()
        self._read_end, self._write_end = os.pipe()
        os.set_inheritable(self._read_end, True)
        self._children: list[Child] = []

    def run(self, *, stopped: Callable[[], bool], until_idle: bool, timeout_s: float | None) -> None:
        """Run until stopped, or idle twice in a row.

        Raises `Stalled` on timeout, and with `until_idle` when a role cannot be started; else it is tried for ever.
        Raises `Conflict` at once when another supervisor runs these roles: its children would keep ours from starting.
        """
        with hold(self._in.layout.root / "supervisor.lock", "`casebus run all`", self._clock, wait_s=LOCK_WAIT_S):
            forget_stops(self._in, self._in.present)
            try:
                for code in (HUB, *self._in.agencies):
                    self._children.append(Child(code, self._start(code), self._clock.monotonic(), Deaths()))
                self._watch(stopped, until_idle, timeout_s)
            finally:
                self._stop()

    def _start(self, code: str) -> subprocess.Popen[bytes]:
        arguments = [sys.executable, "-m", "casebus", "run", code, "--data", str(self._in.layout.root)]
        process = subprocess.Popen(  # the child must not get the write end: it would keep itself alive
            arguments,
            stdin=subprocess.DEVNULL,
            pass_fds=(self._read_end,),
            env=lifeline(self._read_end),
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops the roles in order
        )
        self._log.info("role_started", component=code, pid=process.pid)
        return process

    def _watch(self, stopped: Callable[[], bool], until_idle: bool, timeout_s: float | None) -> None:
        began = self._clock.monotonic()
        overview: Overview | None = None  # ends with this process
        idle_looks = 0
        while not stopped():
            for child in self._children:
                self._look_after(child, gives_up=until_idle)
            if until_idle:
                overview = overview or self._overview()
                failing = any(child.again_at is not None and child.deaths.failures for child in self._children)
                idle = overview is not None and not failing and _is_idle(overview)
                idle_looks = idle_looks + 1 if idle else 0
                if idle_looks >= 2:
                    return
            if timeout_s is not None and self._clock.monotonic() - began > timeout_s:
                raise Stalled(f"not idle after {timeout_s:g} s", next_step="`casebus status` shows what waits.")
            self._clock.sleep(LOOK_EVERY_S)

    def _overview(self) -> Overview | None:
        try:
            return Overview(self._in)
        except Unavailable:
            return None

    def _look_after(self, child: Child, *, gives_up: bool) -> None:
        now = self._clock.monotonic()
        if child.again_at is None:
            if child.process.poll() is not None:
                self._count(child, now, gives_up)
        elif now >= child.again_at:
            child.process, child.started, child.again_at = self._start(child.code), now, None

    def _count(self, child: Child, now: float, gives_up: bool) -> None:
        code = child.process.returncode
        pause = child.deaths.pause_after(code, now - child.started)
        self._log.warning("role_died", component=child.code, exit_code=code, seconds=pause)
        if pause and child.deaths.failures + child.deaths.kills > 1:
            self._say(
                f"{child.code} ended again soon after its start, with exit code {code}; the next start is in {pause:g} s. "
                f"To see why: casebus run {child.code}, or its log.jsonl."
            )
        if gives_up and child.deaths.failures >= GIVE_UP_AFTER:
            raise Stalled(
                f"{child.code} ended {GIVE_UP_AFTER} times in a row soon after its start, last with exit code {code}",
                next_step=f"run it alone to see why: casebus run {child.code}",
            )
        child.again_at = now + pause

    def _stop(self) -> None:
        for child in self._children:
            if child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
        for child in self._children:
            try:
                child.process.wait(timeout=STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        os.close(self._write_end)
        os.close(self._read_end)


def _is_idle(overview: Overview) -> bool:
    try:
        return overview.is_idle()
    except CasebusError:
        return False


def lifeline(read_end: int) -> dict[str, str]:
    """Return the environment of a child that is to end when nobody holds the pipe's other end any more."""
    return {**os.environ, LIFELINE: str(read_end)}


def die_with_supervisor() -> None:
    """In a child: end this process at once when the supervisor's end of the lifeline closes.

    Ending without clean-up is what every part of casebus is made for: it is a crash like any other.
    """
    descriptor = os.environ.pop(LIFELINE, None)
    if descriptor is None:
        return
    pipe: IO[bytes] = os.fdopen(int(descriptor), "rb", buffering=0)

    def watch() -> None:
        pipe.read(1)
        os._exit(137)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
