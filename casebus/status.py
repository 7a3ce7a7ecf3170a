"""What `casebus status` shows, and how a supervisor knows that nothing is left to do.

Reads the stores of the roles that are under this data directory, and the Log. It opens no key.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from casebus.bus.consumer import Consumer, EventConsumer, Role
from casebus.bus.log import Log
from casebus.bus.parking import RELEASED, waiting
from casebus.cases.alert import ALERTS, Alert
from casebus.cases.outgoing import OUTGOING
from casebus.cases.pair import PAIRS, Pair
from casebus.cases.standing import StandingRecord, state_hash
from casebus.discovery import consumers_of
from casebus.errors import NotFound
from casebus.installing import topics_of
from casebus.intake.records import OWN_RECORDS, TAKEN
from casebus.intake.spool import Spool
from casebus.intake.taking import REFUSED
from casebus.layout import HUB
from casebus.ledger.positions import committed_positions
from casebus.roles import Installation
from casebus.store.store import Store, View


@dataclass(frozen=True, slots=True)
class ConsumerStatus:
    """How far one consumer has read one topic."""

    role: str
    consumer: str
    topic: str
    position: int
    end: int


class Overview:
    """Keeps the Log and the stores of some roles open, to look again and again.

    `roles` are those that lie under this data directory where none is named.
    """

    def __init__(self, installation: Installation, roles: Sequence[str] = ()) -> None:
        self._in = installation
        self._stack = ExitStack()
        self._log: Log = installation.open_log("status")
        self._stack.callback(self._log.close)
        codes = roles or installation.present
        self._agencies = [code for code in codes if code != HUB]
        try:
            self._stores: dict[str, Store] = {code: self._open(code) for code in codes}
        except BaseException:
            self._stack.close()
            raise

    def _open(self, code: str) -> Store:
        store = self._in.open_store(code)
        self._stack.callback(store.close)
        return store

    def close(self) -> None:
        """Release everything."""
        self._stack.close()

    def consumers(self) -> list[ConsumerStatus]:
        """Return how far every consumer is."""
        # Positions first: they are in the topics, so what is appended meanwhile shows as waiting, never as negative.
        logged = committed_positions(self._in.role(HUB).ledger) if HUB in self._stores else {}
        ends = self._ends()
        return [status for code in self._stores for status in self._consumers_of(code, ends, logged)]

    def _ends(self) -> dict[str, int]:
        """Return the end of every topic that one of the roles writes or reads."""
        topics = {topic: None for code in self._stores for topic in topics_of(code, self._in.agencies)}
        return {topic: end_of(self._log, topic) for topic in topics}

    def _consumers_of(
        self, code: str, ends: Mapping[str, int], logged: Mapping[tuple[str, str], int]
    ) -> list[ConsumerStatus]:
        role = Role.hub if code == HUB else Role.agency
        with self._stores[code].view() as view:
            return [
                ConsumerStatus(code, consumer.name, topic, _position(view, consumer, topic, logged), ends[topic])
                for consumer in consumers_of(role)
                for topic in consumer.topics(self._in.agencies, code)
            ]

    def is_idle(self) -> bool:
        """Tell whether no document is left to take or file to hand out, no released record is left to try again, every
        outbox is empty and every consumer is at its end.
        """
        if any(self._untaken(code) or self._not_handed_out(code) for code in self._agencies):
            return False
        if any(self._released(code) or self._depth(code) for code in self._stores):
            return False
        return all(status.position >= status.end for status in self.consumers())

    def _untaken(self, code: str) -> int:
        spool = Spool(self._in.role(code).spool)
        with self._stores[code].view() as view:
            unfiled = view.count(TAKEN, "unfiled", "yes")
            return unfiled + sum(1 for found in spool.waiting() if view.get(TAKEN, found.identity) is None)

    def _not_handed_out(self, code: str) -> int:
        with self._stores[code].view() as view:
            return view.count(OUTGOING, "unwritten", "yes")

    def _released(self, code: str) -> int:
        with self._stores[code].view() as view:
            return sum(1 for parked in waiting(view) if parked.status == RELEASED)

    def _depth(self, code: str) -> int:
        with self._stores[code].view() as view:
            return view.outbox_depth()

    def faults(self) -> frozenset[tuple[str, str]]:
        """Return, by role and id, the documents ever refused and the records that wait parked: a run that adds to
        them says so, whatever else was released meanwhile.
        """
        found: set[tuple[str, str]] = set()
        for code, store in self._stores.items():
            with store.view() as view:
                found |= {(code, parked.id) for parked in waiting(view)}
                if code != HUB:
                    found |= {(code, TAKEN.key(taken)) for taken in view.by(TAKEN, "outcome", REFUSED)}
        return frozenset(found)

    def report(self) -> dict[str, object]:
        """Return the whole, as `casebus status --json` prints it."""
        consumers = self.consumers()
        return {
            "topics": self._ends(),
            "consumers": [
                {
                    "role": each.role,
                    "consumer": each.consumer,
                    "topic": each.topic,
                    "position": each.position,
                    "end": each.end,
                    "lag": max(0, each.end - each.position),
                }
                for each in consumers
            ],
            "outbox": {code: self._depth(code) for code in self._stores},
            "parked": {code: self._parked(code) for code in self._stores},
            "spool": {code: Spool(self._in.role(code).spool).counts() for code in self._agencies},
            "state_hash": self.state_hash(),
        }

    def _parked(self, code: str) -> int:
        with self._stores[code].view() as view:
            return len(waiting(view))

    def state_hash(self) -> str:
        """Return where everything stands, as one hash."""
        records: list[StandingRecord] = []
        alerts: list[Alert] = []
        for code in self._agencies:
            with self._stores[code].view() as view:
                records += [
                    StandingRecord(code, r.kind.value, r.record_id, r.revision, r.digest, r.open)
                    for r in view.all(OWN_RECORDS)
                ]
                alerts += list(view.all(ALERTS))
        pairs: list[Pair] = []
        if HUB in self._stores:
            with self._stores[HUB].view() as view:
                pairs = list(view.all(PAIRS))
        return state_hash(records, pairs, alerts)


def end_of(log: Log, topic: str) -> int:
    """Return the end of a topic, 0 for one that its role has not made yet."""
    try:
        return log.end(topic)
    except NotFound:
        return 0


def _position(view: View, consumer: Consumer, topic: str, logged: Mapping[tuple[str, str], int]) -> int:
    """Return a position from the Store, or for what the ledger takes from the ledger's journal."""
    if isinstance(consumer, EventConsumer):
        return view.position(consumer.name, topic)
    return logged.get((consumer.name, topic), 0)
