"""A running role: its components, stepped in turn by one thread until told to stop."""

import fcntl
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import structlog

from casebus.bus.each_in_turn import try_each
from casebus.clock import Clock
from casebus.errors import CasebusError, Conflict, LedgerClosed, Stalled, StoreError, Unavailable, VerificationFailed

IDLE_SLEEP_S = 0.01
QUIET_AFTER_S = 1.0
QUIET_SLEEP_S = 0.04
"""How long a node sleeps between two looks while it has had nothing to do for `QUIET_AFTER_S`: looking costs a processor."""
BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
STALL_AFTER_S = 60.0
LOCK_WAIT_S = 5.0
ROUNDING_S = 0.001


class Part(Protocol):
    """A piece of work that can be stepped: a consumer, the relay, the adapter."""

    def step(self) -> int:
        """Do some of what waits; return how much was done."""
        ...

    def idle(self) -> bool:
        """Tell whether nothing waits."""
        ...


class Late:
    """Parts that are put together only when their component is opened: what is wrong with them then is theirs alone."""

    def __init__(self, build: Callable[[], Sequence[Part]]) -> None:
        self._build = build
        self._parts: tuple[Part, ...] | None = None

    def open(self) -> None:
        """Put the parts together, unless they are. Raises any `CasebusError`; it may be tried again."""
        if self._parts is None:
            self._parts = tuple(self._build())

    def step(self) -> int:
        """Step every part once. Raises the first `Unavailable` after all were tried."""
        return try_each([part.step for part in self._parts or ()], of=Unavailable)

    def idle(self) -> bool:
        """Tell whether the parts are there, and nothing waits for any."""
        return self._parts is not None and all(part.idle() for part in self._parts)


@dataclass(frozen=True, slots=True)
class Component:
    """A named part of a role, that `--only` can run alone. Its lock sees to it that there is one of it."""

    name: str
    lock: Path
    parts: tuple[Part, ...]

    @property
    def stop(self) -> Path:
        """What it leaves when it has stopped for good, beside its lock, until it is started again: why, in words."""
        return self.lock.with_suffix(".stopped")

    def open(self) -> None:
        """Put together what is put together late. Raises any `CasebusError`."""
        for part in self.parts:
            if isinstance(part, Late):
                part.open()

    def step(self) -> int:
        """Step every part once. Raises the first `Unavailable` after all were tried."""
        return try_each([part.step for part in self.parts], of=Unavailable)

    def idle(self) -> bool:
        """Tell whether nothing waits for any part."""
        return all(part.idle() for part in self.parts)


@dataclass
class Pause:
    """How often a component failed in a row, and when it is tried again."""

    failures: int
    seconds: float
    until: float


class Node:
    """Runs components until stopped, idle or stalled.

    A handler's own bug ends the process with nothing advanced; a component whose bus or database does not answer is
    tried again with growing pauses while the others go on. One that cannot be opened, or finds the ledger not whole, or
    closed, stops for good while the others go on, because a child's safety may hang on them; the run then ends with its
    error. The process ends when
    nothing has moved for `STALL_AFTER_S` while something waits.
    """

    def __init__(self, role: str, components: Sequence[Component], clock: Clock) -> None:
        self._role = role
        self._components = tuple(components)
        self._clock = clock
        self._log = structlog.get_logger()
        self._pauses: dict[str, Pause] = {}
        self._stops: dict[str, CasebusError] = {}

    def run(self, *, stopped: Callable[[], bool], until_idle: bool, timeout_s: float | None) -> None:
        """Run.

        Raises `Stalled` on a stall or timeout, `Conflict` when another process runs one of the components, and at the
        end the error of one that has stopped for good: at once when none is left.
        """
        with ExitStack() as locks:
            for component in self._components:
                locks.enter_context(hold(component.lock, component.name, self._clock))
                component.stop.unlink(missing_ok=True)
            self._log.info("node_started", pid=os.getpid())
            try:
                self._loop(stopped, until_idle, timeout_s)
            finally:
                self._log.info("node_stopped", pid=os.getpid())
        for error in self._stops.values():
            raise error

    def _loop(self, stopped: Callable[[], bool], until_idle: bool, timeout_s: float | None) -> None:
        started = moved = worked = self._clock.monotonic()
        idle_rounds = 0
        while not stopped() and len(self._stops) < max(len(self._components), 1):
            done = self._step()
            idle = done == 0 and not self._pauses and self._idle_or_unwatched(until_idle, moved)
            now = self._clock.monotonic()
            moved = now if done or idle else moved
            worked = now if done else worked
            idle_rounds = idle_rounds + 1 if idle else 0
            if until_idle and idle_rounds >= 2:
                return
            self._refuse_to_hang(now, started, moved, timeout_s)
            if not done:
                self._clock.sleep(self._rest(now - worked))

    def _step(self) -> int:
        return sum(self._step_one(component) for component in self._components)

    def _step_one(self, component: Component) -> int:
        if component.name in self._stops:
            return 0
        pause = self._pauses.get(component.name)
        if pause is not None and self._clock.monotonic() < pause.until - ROUNDING_S:
            return 0
        if not self._is_open(component):
            return 0
        try:
            done = component.step()
        except Unavailable as error:
            self._put_off(component, error)
            return 0
        except (VerificationFailed, LedgerClosed) as error:
            self._stop(component, error)
            return 0
        self._pauses.pop(component.name, None)
        return done

    def _is_open(self, component: Component) -> bool:
        """Open a component that is not; one that cannot be opened is tried again, or stops, and nothing else does."""
        try:
            component.open()
        except Unavailable as error:
            self._put_off(component, error)
            return False
        except CasebusError as error:
            self._stop(component, error)
            return False
        return True

    def _stop(self, component: Component, error: CasebusError) -> None:
        self._log.error("component_stopped", component=component.name, code=error.code, reason=error.what)
        with suppress(OSError):  # a full disk must not end what still works
            component.stop.write_text(f"{error.diagnostics()}\n", encoding="utf-8")
        self._stops[component.name] = error
        self._pauses.pop(component.name, None)

    def _rest(self, quiet_s: float) -> float:
        """Return for how long there is nothing to do: not at all long while any component is well."""
        if len(self._pauses) < len(self._components):
            return IDLE_SLEEP_S if quiet_s < QUIET_AFTER_S else QUIET_SLEEP_S
        return min(pause.seconds for pause in self._pauses.values())

    def _idle_or_unwatched(self, until_idle: bool, moved: float) -> bool:
        """Ask whether anything waits only when the answer matters: it costs a look at every topic's end."""
        overdue = self._clock.monotonic() - moved > STALL_AFTER_S / 2
        return all(self._is_idle(c) for c in self._components) if until_idle or overdue else False

    def _is_idle(self, component: Component) -> bool:
        if component.name in self._stops:
            return True
        try:
            return component.idle()
        except Unavailable as error:
            self._put_off(component, error)
            return False

    def _put_off(self, component: Component, error: CasebusError) -> None:
        before = self._pauses.get(component.name)
        failures = before.failures + 1 if before else 1
        seconds = BACKOFF_S[min(failures, len(BACKOFF_S)) - 1]
        self._log.warning(
            "unavailable", part=component.name, code=error.code, reason=error.what, attempt=failures, seconds=seconds
        )
        self._pauses[component.name] = Pause(failures, seconds, self._clock.monotonic() + seconds)

    def _refuse_to_hang(self, now: float, started: float, moved: float, timeout_s: float | None) -> None:
        if timeout_s is not None and now - started > timeout_s:
            raise Stalled(
                f"{self._role} was not idle after {timeout_s:g} s", next_step="`casebus status` shows what waits."
            )
        if now - moved > STALL_AFTER_S:
            raise Stalled(
                f"{self._role}: something waits, and nothing has moved for {STALL_AFTER_S:g} s",
                next_step="`casebus status` shows what waits, log.jsonl why; a supervisor starts the role again.",
            )


class hold:  # noqa: N801  reads as a verb in a with statement
    """Holds a lock file for as long as the block runs. The kernel lets go when the process dies.

    Raises `Conflict` when another process has held it for `wait_s`, `StoreError` when there can be no such file.
    """

    def __init__(self, path: Path, name: str, clock: Clock, *, wait_s: float | None = None) -> None:
        self._path = path
        self._name = name
        self._clock = clock
        self._wait_s = wait_s
        self._file: IO[str] | None = None

    def __enter__(self) -> "hold":
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = self._path.open("a")
        except OSError as error:
            raise StoreError(f"{self._path} cannot be locked: {error.strerror}") from error
        wait_s = LOCK_WAIT_S if self._wait_s is None else self._wait_s
        deadline = self._clock.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._give_up_after(deadline)
                self._clock.sleep(0.05)
            else:
                return self

    def _give_up_after(self, deadline: float) -> None:
        if self._clock.monotonic() > deadline:
            assert self._file is not None, "bug: no lock file"
            self._file.close()
            raise Conflict(
                f"{self._name} runs already in another process", next_step="stop that one, or let it do the work."
            )

    def __exit__(self, *_: object) -> None:
        assert self._file is not None, "bug: no lock file"
        self._file.close()
