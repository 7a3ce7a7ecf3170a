"""The loop of an event consumer with its gate: released records first, then new ones."""

from collections.abc import Sequence

from casebus.bus.consume import EventGate, Loop
from casebus.bus.log import Log
from casebus.bus.parking import PARKED_RECORDS, RELEASED
from casebus.bus.topic_identity import TopicIdentity
from casebus.store.store import Store, Transaction


class GatedLoop:
    """The loop of an event consumer: released records first, then new ones."""

    def __init__(self, name: str, topics: Sequence[str], log: Log, store: Store, gate: EventGate) -> None:
        self._name = name
        self._store = store
        self._gate = gate
        self._loop: Loop[Transaction] = Loop(name, topics, log, store, gate.take, TopicIdentity(name, log, store))

    def step(self) -> int:
        """Handle what was released, then one batch of each topic."""
        return self._gate.retry_released(self._store) + self._loop.step()

    def idle(self) -> bool:
        """Tell whether nothing waits, released records included."""
        with self._store.view() as view:
            released = view.count(PARKED_RECORDS, "status", f"{self._name}|{RELEASED}")
        return released == 0 and self._loop.idle()
