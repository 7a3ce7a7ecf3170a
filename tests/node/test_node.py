"""The node: steps its parts until idle, stopped or stalled; one process per component."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hub_harness import NOW

from casebus.clock import FixedClock
from casebus.errors import BusError, Conflict, StalePosition, Stalled, VerificationFailed
from casebus.node import (
    BACKOFF_S,
    IDLE_SLEEP_S,
    LOCK_WAIT_S,
    QUIET_AFTER_S,
    QUIET_SLEEP_S,
    STALL_AFTER_S,
    Component,
    Node,
)


class Work:
    """A part with so many pieces of work, one a step."""

    def __init__(self, pieces: int) -> None:
        self.left = pieces
        self.steps = 0

    def step(self) -> int:
        self.steps += 1
        if self.left == 0:
            return 0
        self.left -= 1
        return 1

    def idle(self) -> bool:
        return self.left == 0


class Stuck(Work):
    """Something waits, and never moves."""

    def step(self) -> int:
        self.steps += 1
        return 0


class Away(Work):
    """Does not answer so many times."""

    def __init__(self, pieces: int, times: int) -> None:
        super().__init__(pieces)
        self.times = times

    def step(self) -> int:
        if self.times > 0:
            self.times -= 1
            raise BusError("the broker does not answer")
        return super().step()


class Fenced(Work):
    """A second instance has moved on."""

    def step(self) -> int:
        raise StalePosition("a second instance")


class Naps(FixedClock):
    """A clock that remembers how long it was told to sleep."""

    def __init__(self) -> None:
        super().__init__(NOW)
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        super().sleep(seconds)


def node_of(tmp_path: Path, *parts: Work, clock: FixedClock | None = None) -> Node:
    components = [Component(f"c{n}", tmp_path / "locks" / f"c{n}.lock", (part,)) for n, part in enumerate(parts)]
    return Node("test", components, clock or FixedClock(NOW))


def never() -> bool:
    return False


def stops_after(rounds: int) -> Callable[[], bool]:
    asked = []

    def stopped() -> bool:
        asked.append(1)
        return len(asked) > rounds

    return stopped


def test_it_runs_until_nothing_waits_for_any_part(tmp_path: Path) -> None:
    """And looks twice: a part's last step may have made work for another."""
    parts = [Work(3), Work(7)]
    node_of(tmp_path, *parts).run(stopped=never, until_idle=True, timeout_s=None)
    assert [part.left for part in parts] == [0, 0]
    assert parts[0].steps == parts[1].steps == 9


def test_without_until_idle_it_runs_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """However long nothing waits: an idle node has not stalled."""
    part = Work(1)
    clock = FixedClock(NOW)
    rounds = int(3 * STALL_AFTER_S / IDLE_SLEEP_S)
    node_of(tmp_path, part, clock=clock).run(stopped=stops_after(rounds), until_idle=False, timeout_s=None)
    assert part.steps == rounds
    assert (clock.now() - NOW).total_seconds() > 2 * STALL_AFTER_S


def test_it_looks_less_often_once_nothing_has_come_for_a_while_and_often_again_when_something_does(
    tmp_path: Path,
) -> None:
    clock, part = Naps(), Work(1)
    arriving = iter([1])

    def stopped() -> bool:
        if len(clock.naps) == 200:
            part.left = next(arriving, 0)
        return len(clock.naps) > 210

    node_of(tmp_path, part, clock=clock).run(stopped=stopped, until_idle=False, timeout_s=None)
    often = round(QUIET_AFTER_S / IDLE_SLEEP_S)
    assert clock.naps[: often - 2] == [IDLE_SLEEP_S] * (often - 2)
    assert clock.naps[often + 2 : 200] == [QUIET_SLEEP_S] * (198 - often)
    assert clock.naps[201:] == [IDLE_SLEEP_S] * (len(clock.naps) - 201)


def test_the_stop_flag_ends_it_between_two_rounds(tmp_path: Path) -> None:
    part = Work(10)
    node_of(tmp_path, part).run(stopped=stops_after(4), until_idle=True, timeout_s=None)
    assert part.left == 6


@pytest.mark.parametrize("until_idle", [True, False])
def test_what_waits_and_does_not_move_is_a_stall(tmp_path: Path, until_idle: bool) -> None:
    """Not a silent one: the process ends with the code of `Stalled`."""
    with pytest.raises(Stalled) as stalled:
        node_of(tmp_path, Stuck(1), Work(3)).run(stopped=never, until_idle=until_idle, timeout_s=None)
    assert stalled.value.exit_code == 7


def test_a_timeout_ends_it_while_it_still_moves(tmp_path: Path) -> None:
    clock = Naps()

    class Slow(Work):
        def step(self) -> int:
            clock.sleep(1)
            return super().step()

    part = Slow(1000)
    with pytest.raises(Stalled, match="not idle after 5 s"):
        node_of(tmp_path, part, clock=clock).run(stopped=never, until_idle=True, timeout_s=5)
    assert part.steps == 6


def test_what_does_not_answer_is_tried_again_with_growing_pauses_and_recovers(tmp_path: Path) -> None:
    clock = Naps()
    part = Away(2, times=7)
    node_of(tmp_path, part, clock=clock).run(stopped=never, until_idle=True, timeout_s=None)
    assert part.left == 0
    pauses = [nap for nap in clock.naps if nap not in (IDLE_SLEEP_S, QUIET_SLEEP_S)]
    assert pauses == [*BACKOFF_S, BACKOFF_S[-1], BACKOFF_S[-1]]


def test_the_pauses_begin_anew_after_it_has_answered(tmp_path: Path) -> None:
    """Two short absences are not one long one."""
    clock = Naps()

    class TwiceAway(Away):
        def step(self) -> int:
            done = super().step()
            if self.left == 1:
                self.left, self.times = 0, 2
            return done

    node_of(tmp_path, TwiceAway(2, times=3), clock=clock).run(stopped=never, until_idle=True, timeout_s=None)
    pauses = [nap for nap in clock.naps if nap not in (IDLE_SLEEP_S, QUIET_SLEEP_S)]
    assert pauses == [*BACKOFF_S[:3], *BACKOFF_S[:2]]


def test_what_never_answers_ends_as_a_stall(tmp_path: Path) -> None:
    """A supervisor starts the role again; it does not hang for ever."""
    with pytest.raises(Stalled):
        node_of(tmp_path, Away(1, times=10**9)).run(stopped=never, until_idle=True, timeout_s=None)


def test_a_second_instance_is_not_tried_again(tmp_path: Path) -> None:
    with pytest.raises(StalePosition):
        node_of(tmp_path, Fenced(1)).run(stopped=never, until_idle=True, timeout_s=None)


HOLDER = """
import fcntl, sys
file = open(sys.argv[1], "a")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_component_that_runs_in_another_process_is_a_conflict_and_none_is_run(tmp_path: Path) -> None:
    """After a short wait for one that is just ending; the locks that were taken are let go."""
    (tmp_path / "locks").mkdir()
    held = tmp_path / "locks" / "c1.lock"
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(held)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        parts = [Work(1), Work(1)]
        clock = FixedClock(NOW)
        with pytest.raises(Conflict, match="c1 runs already"):
            node_of(tmp_path, *parts, clock=clock).run(stopped=never, until_idle=True, timeout_s=None)
        assert [part.steps for part in parts] == [0, 0]
        assert (clock.now() - NOW).total_seconds() >= LOCK_WAIT_S
        node_of(tmp_path, parts[0]).run(stopped=never, until_idle=True, timeout_s=None)
    finally:
        process.kill()
        process.communicate()
    node_of(tmp_path, *parts).run(stopped=never, until_idle=True, timeout_s=None)
    assert [part.left for part in parts] == [0, 0]


def test_locks_are_let_go_when_it_ends_in_an_error(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(StalePosition):
            node_of(tmp_path, Fenced(1)).run(stopped=never, until_idle=True, timeout_s=None)


def test_a_component_that_does_not_answer_keeps_no_other_waiting(tmp_path: Path) -> None:
    """Not even for its pauses; an error of its own part is raised after the component's other parts."""
    away, well = Away(1, times=10**9), Work(500)
    started = FixedClock(NOW)
    with pytest.raises(Stalled):
        node_of(tmp_path, away, well, clock=started).run(stopped=never, until_idle=True, timeout_s=2)
    assert well.left == 0
    part, other = Away(1, times=1), Work(1)
    with pytest.raises(BusError):
        Component("c", tmp_path / "c.lock", (part, other)).step()
    assert other.left == 0


class NotWhole(Work):
    """Finds that the ledger is not whole."""

    def step(self) -> int:
        raise VerificationFailed("the ledger has stopped")


def test_a_component_that_finds_the_ledger_not_whole_stops_alone_and_the_run_ends_with_its_error(
    tmp_path: Path,
) -> None:
    well = Work(300)
    with pytest.raises(VerificationFailed, match="has stopped"):
        node_of(tmp_path, NotWhole(1), well).run(stopped=never, until_idle=True, timeout_s=None)
    assert well.left == 0
    assert "has stopped" in (tmp_path / "locks" / "c0.stopped").read_text()
    node_of(tmp_path, Work(1), well).run(stopped=never, until_idle=True, timeout_s=None)
    assert not (tmp_path / "locks" / "c0.stopped").exists()


def test_when_every_component_has_stopped_the_process_ends_at_once(tmp_path: Path) -> None:
    with pytest.raises(VerificationFailed):
        node_of(tmp_path, NotWhole(1)).run(stopped=never, until_idle=False, timeout_s=None)
