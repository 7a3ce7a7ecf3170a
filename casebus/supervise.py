"""`casebus run all`: the four roles as child processes of one supervisor.

A role that dies is started again. All end when the supervisor ends, even by SIGKILL: each child reads a pipe whose
other end only the supervisor holds, and the kernel closes that end whatever way the supervisor died. Locks are the kernel's
too, so nothing stale is left.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

import structlog

from casebus.clock import Clock
from casebus.errors import CasebusError, Stalled, Unavailable
from casebus.layout import HUB
from casebus.roles import Installation
from casebus.status import Overview

LIFELINE = "CASEBUS_LIFELINE"
LOOK_EVERY_S = 0.1
STOP_WITHIN_S = 15.0
RESTART_PAUSE_S = 0.5
GIVE_UP_AFTER = 8


@dataclass
class Child:
    """One role's process, and how often it was started in a row without living for long."""

    code: str
    process: subprocess.Popen[bytes]
    started: float
    quick_deaths: int = 0


class Supervisor:
    """Starts, watches, restarts and stops the roles."""

    def __init__(self, installation: Installation, clock: Clock) -> None:
        self._in = installation
        self._clock = clock
        self._log = structlog.get_logger()
        self._read_end, self._write_end = os.pipe()
        os.set_inheritable(self._read_end, True)
        self._children: list[Child] = []

    def run(self, *, stopped: Callable[[], bool], until_idle: bool, timeout_s: float | None) -> None:
        """Run until stopped, or idle twice in a row. Raises `Stalled` on timeout or when a role keeps dying."""
        self._children = [self._start(code) for code in (HUB, *self._in.agencies)]
        try:
            self._watch(stopped, until_idle, timeout_s)
        finally:
            self._stop()

    def _start(self, code: str) -> Child:
        arguments = [sys.executable, "-m", "casebus", "run", code, "--data", str(self._in.layout.root)]
        process = subprocess.Popen(  # the child must not get the write end: it would keep itself alive
            arguments, stdin=subprocess.DEVNULL, pass_fds=(self._read_end,), env=lifeline(self._read_end)
        )
        self._log.info("role_started", component=code, pid=process.pid)
        return Child(code, process, self._clock.monotonic())

    def _watch(self, stopped: Callable[[], bool], until_idle: bool, timeout_s: float | None) -> None:
        began = self._clock.monotonic()
        overview: Overview | None = None
        idle_looks = 0
        while not stopped():
            self._restart_dead()
            if until_idle:
                overview = overview or self._overview()
                idle_looks = idle_looks + 1 if overview is not None and _is_idle(overview) else 0
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

    def _restart_dead(self) -> None:
        for index, child in enumerate(self._children):
            if child.process.poll() is None:
                continue
            self._log.warning("role_died", component=child.code, exit_code=child.process.returncode)
            lived = self._clock.monotonic() - child.started
            unavailable = child.process.returncode == Unavailable.exit_code
            ended_from_outside = child.process.returncode <= 0  # killed, or asked to stop: it did not fail by itself
            failed = not unavailable and not ended_from_outside
            deaths = child.quick_deaths + 1 if lived < 5 and failed else 0
            if deaths >= GIVE_UP_AFTER:
                raise Stalled(
                    f"{child.code} ended {deaths} times in a row within seconds of its start, "
                    f"last with exit code {child.process.returncode}",
                    next_step=f"run it alone to see why: casebus run {child.code}",
                )
            self._clock.sleep(RESTART_PAUSE_S if deaths > 1 or unavailable else 0)
            again = self._start(child.code)
            again.quick_deaths = deaths
            self._children[index] = again

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
