"""The loop of a time-driven consumer: what is due is done once, in one transaction, and `now` comes from here.

It reads no topic. It looks when something changed or something falls due, at most once a second of the machine's steady
clock: a wall clock that jumps changes what is due, never how often it is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from casebus.bus.outbox import Outgoing, Publisher
from casebus.clock import Clock
from casebus.state import Effect
from casebus.store.store import Store, View

LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Due:
    """What is due at a moment, and when to look again if nothing changes before; None: not by itself."""

    effects: tuple[Effect, ...] = ()
    events: tuple[Outgoing, ...] = ()
    next_at: datetime | None = None


class TimedHandler(Protocol):
    """A consumer's own part: pure, but for reading through the view. Done twice at one moment, it does nothing more."""

    def due(self, view: View, now: datetime) -> Due:
        """Return what is due. Deterministic in the state and `now`."""
        ...

    def marker(self, view: View) -> Sequence[int]:
        """Return numbers that differ when anything may have changed that decides what is due; cheap to ask."""
        ...


class TimedLoop:
    """Asks a handler what is due, and does it."""

    def __init__(self, handler: TimedHandler, store: Store, publisher: Publisher, clock: Clock) -> None:
        self._handler = handler
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._looked = float("-inf")
        self._marker: Sequence[int] | None = None
        self._next_at: datetime | None = None
        self._looked_at: datetime | None = None

    def step(self) -> int:
        """Do what is due; return how much."""
        steady = self._clock.monotonic()
        if steady - self._looked < LOOK_EVERY_S:
            return 0
        self._looked = steady
        if not self._worth_a_look():
            return 0
        with self._store.transaction() as tx:
            marker = tuple(self._handler.marker(tx))
            now = self._clock.now()
            due = self._handler.due(tx, now)
            for effect in due.effects:
                tx.apply(effect)
            self._publisher.publish(tx, due.events)
        self._marker, self._next_at, self._looked_at = marker, due.next_at, now
        return len(due.effects)

    def _worth_a_look(self) -> bool:
        with self._store.view() as view:
            if tuple(self._handler.marker(view)) != self._marker:
                return True
        now = self._clock.now()
        # A clock that was put back: what was said to fall due next was reckoned from a moment that is yet to come.
        was_put_back = self._looked_at is not None and now < self._looked_at
        return was_put_back or (self._next_at is not None and self._next_at <= now)

    def idle(self) -> bool:
        """Tell whether nothing is due now."""
        with self._store.view() as view:
            return not self._handler.due(view, self._clock.now()).effects
