"""The one consumer loop, and the invariant that joins the Log and a role's state.

    with unit.transaction() as tx:
        tx.advance(consumer, position)          # compare-and-set: 0 rows = a second instance, stop
        for effect in handle(event, tx):        # reads through the view; writes nothing, tells no time
            tx.apply(effect)
        tx.outbox.add(new_events)               # relayed afterwards, at least once, idempotent by event id

`unit` is anything with such a transaction: the Store, or for `audit_log` the ledger, whose journal frame holds leaves
and positions together. A crash at any line leaves either the old position and no effect, or the new one and all of
them. A handler's own bug stops the process and advances nothing; a record's fault parks the record.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, Protocol, TypeVar

from casebus.bus.each_in_turn import try_each
from casebus.bus.log import Log, Recorded, events_topic
from casebus.bus.outbox import Outgoing, Publisher
from casebus.bus.parking import (
    DONE,
    PARKED_RECORDS,
    RELEASED,
    ParkedRecord,
    hold_of,
    of_same_key,
    parked_of,
)
from casebus.cases.overtaking import passes_hold
from casebus.errors import BusError, ParkReason, RecordsGone, WireError
from casebus.events.catalogue import writer_of
from casebus.events.envelope import Event, Received
from casebus.events.types import RecordParked
from casebus.store.store import Effect, Save, Store, Transaction, View
from casebus.wire.ids import content_id
from casebus.wire.seal import Opener

BATCH = 256


class Advances(Protocol):
    """The part of a transaction that the loop itself needs."""

    def advance(self, consumer: str, topic: str, *, expected: int, to: int) -> None:
        """Move a position by compare-and-set."""
        ...


class Positions(Protocol):
    """The part of a view that the loop itself needs."""

    def position(self, consumer: str, topic: str) -> int:
        """Return the position that is read next."""
        ...


TX = TypeVar("TX", bound=Advances)
TX_co = TypeVar("TX_co", bound=Advances, covariant=True)
TX_in = TypeVar("TX_in", bound=Advances, contravariant=True)


class Unit(Protocol[TX_co]):
    """Where positions and effects commit together."""

    def transaction(self) -> AbstractContextManager[TX_co]:
        """Begin."""
        ...

    def view(self) -> AbstractContextManager[Positions]:
        """Read."""
        ...


class Identity(Protocol[TX_in]):
    """What sees to it that a topic is the one that was read before (`casebus.bus.topic_identity`)."""

    def check(self, topic: str) -> None:
        """Raise `BusError` when it is another."""
        ...

    def remember(self, topic: str, tx: TX_in) -> None:
        """Save which one is read."""
        ...


class Loop(Generic[TX]):
    """Reads topics in turn and hands each record to `take`, one transaction per batch of one topic.

    `identity` is None for the ledger, whose leaves bind the topic's id. `gone` takes note that a topic has nothing before
    a position any more; without it such a loss stops the loop.
    """

    def __init__(
        self,
        name: str,
        topics: Sequence[str],
        log: Log,
        unit: Unit[TX],
        take: Callable[[Recorded, TX], None],
        identity: Identity[TX] | None = None,
        gone: Callable[[str, int, TX], None] | None = None,
    ) -> None:
        self.name = name
        self._topics = tuple(topics)
        self._log = log
        self._unit = unit
        self._take = take
        self._identity = identity
        self._gone = gone
        self._whole: set[str] = set()

    def step(self) -> int:
        """Take one batch of each topic; return how many records.

        Raises `StalePosition` when fenced, and the first `BusError` after every topic was tried.
        """
        return try_each([partial(self._batch, topic) for topic in self._topics], of=BusError)

    def _batch(self, topic: str) -> int:
        with self._unit.view() as view:
            position = view.position(self.name, topic)
        if topic not in self._whole:
            self._refuse_another(topic, position)
        try:
            batch = self._log.read(topic, position, limit=BATCH)
        except RecordsGone as error:
            if self._gone is None:
                raise
            with self._unit.transaction() as tx:
                tx.advance(self.name, topic, expected=position, to=error.first)
                self._gone(topic, error.first, tx)
            return error.first - position
        if not batch:
            return 0
        with self._unit.transaction() as tx:
            tx.advance(self.name, topic, expected=position, to=batch[-1].position + 1)
            if self._identity is not None:
                self._identity.remember(topic, tx)
            for recorded in batch:
                self._take(recorded, tx)
        return len(batch)

    def _refuse_another(self, topic: str, position: int) -> None:
        """Raise `BusError` for a topic that was made again, or ends before what was read of it: records would be lost
        in silence. Asked once per process: a topic is not made again under a running client in any ordinary way.
        """
        if self._identity is not None:
            self._identity.check(topic)
        end = self._log.end(topic)
        if end < position:
            raise BusError(
                f"{topic} ends at {end}, but {self.name} has read up to {position}: it was cut short or made again",
                next_step="restore the topic; the ledger's archive has its records.",
            )
        self._whole.add(topic)

    def lag(self) -> int:
        """Return how many records wait."""
        with self._unit.view() as view:
            return sum(max(0, self._log.end(t) - view.position(self.name, t)) for t in self._topics)

    def idle(self) -> bool:
        """Tell whether every topic was read to its end."""
        return self.lag() == 0


@dataclass(frozen=True, slots=True)
class Handled:
    """What a handler wants done: effects on the role's state, and events for its outbox."""

    effects: tuple[Effect, ...] = ()
    events: tuple[Outgoing, ...] = ()


NOTHING = Handled()


class Handler(Protocol):
    """A consumer's own part: pure, but for reading through the view.

    Raises `WireError(NOT_ACCEPTABLE, authentic=True)` for an authentic event that it cannot accept.
    """

    def handle(self, received: Received, view: View) -> Handled:
        """Return what the event changes."""
        ...


class EventGate:
    """Stands between the Log and a handler: verify, deduplicate, hold, handle; park what fails.

    `tells` is the topic on which a producing agency is told of its parked records, None where nobody is to be told.
    """

    def __init__(
        self, consumer: str, handler: Handler, opener: Opener, publisher: Publisher, *, tells: str | None
    ) -> None:
        self._consumer = consumer
        self._handler = handler
        self._opener = opener
        self._publisher = publisher
        self._tells = tells

    def take(self, recorded: Recorded, tx: Transaction) -> None:
        """Handle a record, or park it in the same transaction."""
        self._take(recorded, tx, heeds_hold=True)

    def _take(self, recorded: Recorded, tx: Transaction, *, heeds_hold: bool) -> WireError | None:
        """Handle a record, or park it and return why. Only judging can park: what fails after it is our own bug."""
        try:
            received = self._opener.open(recorded)
            if self._is_duplicate(received, tx):
                return None
            handled = self._judge(received, heeds_hold and self._is_held(recorded, tx), tx)
        except WireError as error:
            self._park(recorded, error, tx)
            return error
        tx.mark_seen(self._consumer, received.event.source, received.event.id, received.digest)
        for effect in handled.effects:
            tx.apply(effect)
        self._publisher.publish(tx, handled.events)
        return None

    def _judge(self, received: Received, held: bool, tx: Transaction) -> Handled:
        """Return what is to be done. One that may pass a hold still waits where it needs what is parked before it."""
        waits = WireError(ParkReason.KEY_HELD, "an earlier record of this key is parked", authentic=True)
        if held and not passes_hold(received.event):
            raise waits
        try:
            return self._handler.handle(received, tx)
        except WireError as error:
            raise waits if held else error from None

    def _is_duplicate(self, received: Received, tx: Transaction) -> bool:
        seen = tx.seen(self._consumer, received.event.source, received.event.id)
        if seen is not None and seen != received.digest:
            raise WireError(ParkReason.EQUIVOCATION, "this event id was used before with other content", authentic=True)
        return seen is not None

    def _is_held(self, recorded: Recorded, tx: Transaction) -> bool:
        return tx.count(PARKED_RECORDS, "hold", hold_of(self._consumer, recorded.topic, recorded.record.key)) > 0

    def _park(self, recorded: Recorded, error: WireError, tx: Transaction) -> None:
        tx.apply(Save(PARKED_RECORDS, parked_of(self._consumer, recorded, error)))
        if self._tells and error.reason is not ParkReason.KEY_HELD:
            self._publisher.publish(tx, _notice(recorded, error, self._tells))

    def retry_released(self, store: Store) -> int:
        """Try released records again, each key in order; return how many were tried."""
        with store.view() as view:
            released = view.by(PARKED_RECORDS, "status", f"{self._consumer}|{RELEASED}")
        for parked in sorted(released, key=lambda parked: parked.order):
            with store.transaction() as tx:
                head = tx.get(PARKED_RECORDS, parked.id)
                # Asked again, because a second instance may have tried it since.
                if head is not None and head.status == RELEASED:
                    self._retry(head, tx)
        return len(released)

    def _retry(self, head: ParkedRecord, tx: Transaction) -> None:
        """Handle one released record, or park it again; unless it holds its key now, release the next of that key."""
        ahead, behind = of_same_key(tx, head)
        error = self._take(head.recorded, tx, heeds_hold=bool(ahead))
        if error is None:
            tx.apply(Save(PARKED_RECORDS, replace(head, status=DONE)))
        # Nobody asks for what was only held; one behind that failed by itself waits for its own release.
        is_free = error is None or not error.authentic
        if is_free and not ahead and behind and behind[0].reason is ParkReason.KEY_HELD:
            tx.apply(Save(PARKED_RECORDS, replace(behind[0], status=RELEASED)))


def _notice(recorded: Recorded, error: WireError, topic: str) -> tuple[Outgoing, ...]:
    """Return the event that tells the producing agency; none for the hub's own records."""
    _, owner = writer_of(recorded.topic)
    if owner == "hub":
        return ()
    payload = RecordParked(
        agency=owner,
        topic=recorded.topic,
        position=recorded.position,
        reason=error.reason.value,
        authentic=error.authentic,
    )
    event_id = content_id("RecordParked", recorded.topic, str(recorded.position), error.reason.value)
    return (Outgoing(topic, Event(id=event_id, source="hub", partition_key=owner, payload=payload)),)


HUB_EVENTS = events_topic("hub")
