"""The outbox: events leave a role only through its own state.

An event is signed and put into the outbox in the transaction that has its cause; the relay appends it to the Log
afterwards, at least once. Readers deduplicate by (source, id), so a crash between append and mark is harmless.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from casebus.bus.each_in_turn import try_each
from casebus.bus.log import Log
from casebus.errors import BusError
from casebus.events.envelope import Event
from casebus.store.store import OutboxRow, Store, Transaction
from casebus.wire.seal import Sealer

RELAY_BATCH = 500


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event and the topic that it goes to."""

    topic: str
    event: Event


class Publisher:
    """Signs events into the outbox. The first row with an event's id wins; later ones are the same event again."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def publish(self, tx: Transaction, outgoing: Iterable[Outgoing]) -> list[str]:
        """Add events in order; return the ids of those that are new."""
        return [out.event.id for out in outgoing if self._add(tx, out)]

    def attest(self, statement: bytes) -> tuple[str, str]:
        """Sign a statement inside an event with the key that signs events; return its id, and the signature in base64."""
        return self._sealer.attest(statement)

    def _add(self, tx: Transaction, out: Outgoing) -> bool:
        if tx.published(out.topic, out.event.id):
            return False
        sequence = tx.next_sequence(out.topic)
        record = self._sealer.seal(out.event, out.topic, sequence)
        tx.outbox_add(OutboxRow(out.topic, sequence, out.event.id, record))
        return True


class Relay:
    """Moves the outbox to the Log, in order per topic. One relay per role: the role's lock sees to it."""

    name = "relay"

    def __init__(self, store: Store, log: Log) -> None:
        self._store = store
        self._log = log

    def step(self) -> int:
        """Relay one batch of each topic, what the desks wait for first; return how many rows.

        Raises the first `BusError` after every topic was tried.
        """
        with self._store.view() as view:
            rows = view.outbox(limit=RELAY_BATCH)
        batches = [(topic, list(group)) for topic, group in groupby(rows, key=lambda row: row.topic)]
        batches.sort(key=lambda batch: not is_inbox(batch[0]))
        return try_each([partial(self._relay, topic, batch) for topic, batch in batches], of=BusError)

    def _relay(self, topic: str, batch: list[OutboxRow]) -> int:
        self._log.append(topic, [row.record for row in batch])
        # A crash here sends the batch again; readers know the events by their ids.
        with self._store.transaction() as tx:
            tx.outbox_relayed(topic, [row.sequence for row in batch])
        return len(batch)

    def idle(self) -> bool:
        """Tell whether nothing waits."""
        with self._store.view() as view:
            return view.outbox_depth() == 0


def is_inbox(topic: str) -> bool:
    """Tell whether a topic is an agency's inbox, of which a desk's alerts come."""
    return topic.endswith(".inbox")
