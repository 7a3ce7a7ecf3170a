"""What `casebus status` shows, and how a supervisor knows that nothing is left to do.

Reads the stores of the roles that are under this data directory, and the Log. It opens no key.
"""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from contextlib import ExitStack
from dataclasses import asdict, dataclass

from casebus.bus.consumer import Consumer, EventConsumer, Role
from casebus.bus.log import Log
from casebus.bus.parking import RELEASED, waiting
from casebus.cases.alert import ALERTS, Alert
from casebus.cases.conversation import LEADS, SEALED
from casebus.cases.grouping import GROUPED
from casebus.cases.outgoing import OUTGOING
from casebus.cases.pair import PAIRS, Pair
from casebus.cases.referral import REFERRALS
from casebus.cases.standing import StandingRecord
from casebus.cases.standing_talk import StandingLead, StandingReferral
from casebus.cases.standing_views import Standing
from casebus.discovery import consumers_of
from casebus.errors import NotFound, StoreError
from casebus.installing import topics_of
from casebus.intake.behind import left_in
from casebus.intake.records import OWN_RECORDS, TAKEN
from casebus.intake.spool import Spool
from casebus.intake.taking import REFUSED
from casebus.layout import HUB
from casebus.ledger.positions import committed_positions
from casebus.ledger.read import LedgerReader
from casebus.roles import Installation
from casebus.stops import AUDIT_LOG, component_of, stops_in, witnessing_of
from casebus.store.store import Store, View
from casebus.token_keys import token_epochs
from casebus.witnessing.answering import WITNESS
from casebus.witnessing.asking import STANDINGS
from casebus.witnessing.topics import witness_topic, witnessing_topics


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
        """Return how far every consumer is, witnesses and who asks them included."""
        # Positions first: they are in the topics, so what is appended meanwhile shows as waiting, never as negative.
        logged = self._logged() if HUB in self._stores else {}
        ends = self._ends()
        found = [status for code in self._stores for status in self._consumers_of(code, ends, logged)]
        return found + [status for code in self._stores for status in self._witnessing_of(code, ends)]

    def _logged(self) -> Mapping[tuple[str, str], int]:
        """Return what the ledger has read; nothing of a journal that cannot be read: `stopped` and `doctor` say why."""
        try:
            return committed_positions(self._in.role(HUB).ledger)
        except StoreError:
            return {}

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

    def _witnessing_of(self, code: str, ends: Mapping[str, int]) -> list[ConsumerStatus]:
        name, topics = witnessing_of(self._in, code)
        with self._stores[code].view() as view:
            return [ConsumerStatus(code, name, topic, view.position(name, topic), ends[topic]) for topic in topics]

    def is_idle(self) -> bool:
        """Tell whether no document is left to take, record to state anew or file to hand out, no released record is left to try again, every
        outbox is empty, every consumer is at its end, and the newest checkpoint was answered by the witnesses that are
        present. What has stopped for good is not waited for: `stops` tells.
        """
        if any(self._untaken(c) or self._not_handed_out(c) or self._not_stated_anew(c) for c in self._agencies):
            return False
        if any(self._released(code) or self._depth(code) for code in self._stores):
            return False
        stopped = {(stop.role, stop.component) for stop in stops_in(self._in, list(self._stores))}
        if HUB in self._stores and (HUB, AUDIT_LOG) not in stopped and self._unanswered(stopped):
            return False
        return all(
            status.position >= status.end
            for status in self.consumers()
            if (status.role, component_of(status.consumer)) not in stopped
        )

    def _unanswered(self, stopped: Set[tuple[str, str]]) -> bool:
        """Tell whether a witness that is present has not answered the newest checkpoint, cosigning it or not."""
        _, topics = witnessing_of(self._in, HUB)
        awaited = [a for a in self._agencies if witness_topic(a) in topics and (a, WITNESS) not in stopped]
        newest = LedgerReader(self._in.role(HUB).ledger).checkpoint.format()
        with self._stores[HUB].view() as view:
            answered = {standing.name for standing in view.all(STANDINGS) if standing.answered == newest}
        return not answered.issuperset(awaited)

    def _untaken(self, code: str) -> int:
        spool = Spool(self._in.role(code).spool)
        with self._stores[code].view() as view:
            unfiled = view.count(TAKEN, "unfiled", "yes")
            return unfiled + sum(1 for found in spool.waiting() if view.get(TAKEN, found.identity) is None)

    def _not_handed_out(self, code: str) -> int:
        with self._stores[code].view() as view:
            return view.count(OUTGOING, "unwritten", "yes") + view.count(SEALED, "refused", "no")

    def _not_stated_anew(self, code: str) -> int:
        epochs = token_epochs(self._in.role(code).keys)
        with self._stores[code].view() as view:
            return left_in(view, epochs) if epochs else 0

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
        consumers, ends = self.consumers(), self._ends()
        witnessing = witnessing_topics(self._in.agencies)
        return {
            "topics": {topic: end for topic, end in ends.items() if topic not in witnessing},
            "witnessing": {topic: end for topic, end in ends.items() if topic in witnessing},
            "stopped": [asdict(stop) for stop in stops_in(self._in, list(self._stores))],
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
            "groups": self._groups(),
            "state_hash": self.state_hash(),
        }

    def _parked(self, code: str) -> int:
        with self._stores[code].view() as view:
            return len(waiting(view))

    def _groups(self) -> dict[str, int] | None:
        """Return how many groups of records the hub keeps, and how many records the biggest has; None without a hub."""
        if HUB not in self._stores:
            return None
        with self._stores[HUB].view() as view:
            sizes = Counter(grouped.group for grouped in view.all(GROUPED))
        return {"count": len(sizes), "biggest": max(sizes.values(), default=0)}

    def state_hash(self) -> str:
        """Return where everything stands, as one hash."""
        return self.standing().hash()

    def standing(self) -> Standing:
        """Return everything that stands in the stores of the roles."""
        records: list[StandingRecord] = []
        alerts: list[Alert] = []
        referrals: list[StandingReferral] = []
        leads: list[StandingLead] = []
        for code in self._agencies:
            with self._stores[code].view() as view:
                records += [record.standing(code) for record in view.all(OWN_RECORDS)]
                alerts += list(view.all(ALERTS))
                referrals += [StandingReferral.held(code, referral) for referral in view.all(REFERRALS)]
                leads += [StandingLead(code, lead) for lead in view.all(LEADS)]
        pairs: list[Pair] = []
        if HUB in self._stores:
            with self._stores[HUB].view() as view:
                pairs = list(view.all(PAIRS))
        return Standing.of(records, pairs, alerts, referrals, leads)

    def waiting(self) -> int:
        """Return how many events wait to be relayed, or on the bus to be read."""
        return sum(self._depth(code) for code in self._stores) + sum(
            max(0, status.end - status.position) for status in self.consumers()
        )


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
