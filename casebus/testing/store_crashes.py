"""The part of the Store's contract that needs other processes: kills, races, first opens at the same time.

Children are started afresh (spawn), so they open the state as another program of the role would.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from casebus.errors import StalePosition
from casebus.store.store import Post, Save, Transaction, Unpost, View
from casebus.testing.specimens import MARKS, SPECIMENS, Specimen, mark, outbox_row
from casebus.testing.store_instances import Opener, StoreInstances

Child = Callable[[Opener, Connection], None]

_SPAWN = multiprocessing.get_context("spawn")


class StoreCrashes(StoreInstances):
    """Inherited by `StoreContract`."""

    def test_a_process_killed_between_its_lines_leaves_all_or_nothing(self, opener: Opener) -> None:
        """SIGKILL at some moment, three times over the same state; every transaction that returned is there."""
        for rounds in (1, 4, 9):
            with _Children(opener, commit_for_ever) as (child,):
                said = [child.recv() for _ in range(rounds)]
                child.kill()
            said += child.drained()
            store = opener()
            with store.view() as view:
                assert whole(view) >= said[-1]
            store.close()

    def test_a_process_killed_inside_a_transaction_leaves_nothing(self, opener: Opener) -> None:
        """Everything was written and nothing committed; the next writer is not locked out."""
        with _Children(opener, stop_before_the_end) as (child,):
            assert child.recv() == 1
            child.kill()
        store = opener()
        with store.transaction() as tx:
            assert whole(tx) == 0
            take_one(tx)
        with store.view() as view:
            assert whole(view) == 1
        store.close()

    def test_a_new_state_opened_by_several_processes_at_once_serves_them_all(self, opener: Opener) -> None:
        """The first opens race for migrations and tables; none fails, none undoes another's."""
        with _Children(opener, *[open_and_count] * 4) as children:
            for child in children:
                child.send("go")
            assert sorted(child.recv() for child in children) == [1, 2, 3, 4]

    def test_exactly_one_of_two_racing_instances_wins_each_position(self, opener: Opener) -> None:
        """Two processes consume the same topic; every position is taken once and nothing is applied twice."""
        store = opener()
        with _Children(opener, race, race) as children:
            for child in children:
                child.send("go")
            wins = [child.recv() for child in children]
        with store.view() as view:
            assert whole(view) == sum(wins) == 25
        store.close()

    def test_rows_of_two_processes_are_numbered_in_turn(self, opener: Opener) -> None:
        """A node and an officer's command publish to the same topic: neither fails, and no number is left out."""
        store = opener()
        with _Children(opener, publish, publish) as children:
            for child in children:
                child.send("go")
            assert [child.recv() for child in children] == [15, 15]
        with store.view() as view:
            assert [row.sequence for row in view.outbox(limit=99)] == list(range(1, 31))
        store.close()


class _Children:
    """Child processes and pipes to them; they are gone at the end of the block."""

    def __init__(self, opener: Opener, *targets: Child) -> None:
        self._handles = [_Child(opener, target) for target in targets]

    def __enter__(self) -> list["_Child"]:
        for handle in self._handles:
            # Ready: interpreters start at their own pace, and races shall begin together.
            handle.recv()
        return self._handles

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.kill()


class _Child:
    def __init__(self, opener: Opener, target: Child) -> None:
        self._ours, theirs = _SPAWN.Pipe()
        self._process: BaseProcess = _SPAWN.Process(target=_begin, args=(target, opener, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def send(self, word: str) -> None:
        self._ours.send(word)

    def recv(self) -> int:
        return int(self._ours.recv())

    def kill(self) -> None:
        if self._process.is_alive():
            os.kill(self._process.pid or 0, signal.SIGKILL)
        self._process.join()

    def drained(self) -> list[int]:
        """Return what a killed child had still said. A message cut short was not said."""
        said: list[int] = []
        try:
            while True:
                said.append(self.recv())
        except (EOFError, OSError):
            return said


def take_one(tx: Transaction) -> int:
    """Do in one transaction what a consumer does with one record; return how many were taken."""
    position = tx.position("audit", "t")
    tx.advance("audit", "t", expected=position, to=position + 1)
    tx.mark_seen("audit", "s", str(position), b"d")
    tx.apply(Save(SPECIMENS, Specimen(f"{position:05d}", group="taken")))
    tx.apply(Post(MARKS, f"{position:05d}", (mark("taken"), mark("last"), position)))
    if position:
        tx.apply(Unpost(MARKS, f"{position - 1:05d}", (mark("last"),)))
    tx.outbox_add(outbox_row("t", tx.next_sequence("t")))
    return position + 1


def whole(view: View) -> int:
    """Return how many records were taken, having seen that all parts of the state agree on it."""
    taken = view.position("audit", "t")
    keys = [f"{position:05d}" for position in range(taken)]
    assert [specimen.key for specimen in view.all(SPECIMENS)] == keys
    assert view.count(SPECIMENS, "group", "taken") == taken
    held = view.holders(MARKS, {mark("taken"): taken + 9, mark("last"): 9, **dict.fromkeys(range(taken), 9)})
    assert sorted(held.pop(mark("taken"))) == keys
    assert held.pop(mark("last")) == keys[-1:]
    assert held == {position: [key] for position, key in enumerate(keys)}
    assert view.outbox(limit=taken + 9) == [outbox_row("t", sequence) for sequence in range(1, taken + 1)]
    assert [view.seen("audit", "s", str(p)) for p in range(taken + 1)] == [b"d"] * taken + [None]
    return taken


def _begin(target: Child, opener: Opener, parent: Connection) -> None:
    parent.send(0)
    target(opener, parent)


def commit_for_ever(opener: Opener, parent: Connection) -> None:
    """Take records until killed, and say each that is durable."""
    store = opener()
    while True:
        with store.transaction() as tx:
            taken = take_one(tx)
        parent.send(taken)


def stop_before_the_end(opener: Opener, parent: Connection) -> None:
    """Write everything, and wait for the kill before the commit."""
    with opener().transaction() as tx:
        parent.send(take_one(tx))
        parent.recv()


def open_and_count(opener: Opener, parent: Connection) -> None:
    """Open when told, take one record, say which."""
    parent.recv()
    with opener().transaction() as tx:
        taken = take_one(tx)
    parent.send(taken)


def race(opener: Opener, parent: Connection) -> None:
    """Read the position first and take it afterwards, as the consumer loop does; say how often it was first."""
    store, wins = opener(), 0
    parent.recv()
    while True:
        with store.view() as view:
            position = view.position("audit", "t")
        if position >= 25:
            parent.send(wins)
            return
        try:
            with store.transaction() as tx:
                tx.advance("audit", "t", expected=position, to=position)
                take_one(tx)
            wins += 1
        except StalePosition:
            continue


def publish(opener: Opener, parent: Connection) -> None:
    """Add rows to the outbox when told, one at a time, each with the number that was asked for first."""
    store = opener()
    parent.recv()
    for _ in range(15):
        with store.transaction() as tx:
            tx.outbox_add(outbox_row("t", tx.next_sequence("t")))
    parent.send(15)
