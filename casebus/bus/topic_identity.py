"""Which topic a consumer has read: by its id, for one that was deleted and made again has another under the same name.

Without it a new topic that has grown past the old position would be read on from there, and what is before it lost in
silence. The ledger needs none of this: its leaves hold the topic's id.
"""

from dataclasses import dataclass

from casebus.bus.log import Log
from casebus.errors import BusError
from casebus.state import Concept
from casebus.store.store import Save, Store, Transaction


@dataclass(frozen=True, slots=True)
class TopicRead:
    """The topic that a consumer's position is a position in. `topic_id` is the Log's, in hex."""

    consumer: str
    topic: str
    topic_id: str


def _key(consumer: str, topic: str) -> str:
    return f"{consumer}|{topic}"


TOPICS_READ: Concept[TopicRead] = Concept("topics_read", TopicRead, lambda read: _key(read.consumer, read.topic))


class TopicIdentity:
    """Compares topics with those that one consumer has read before."""

    def __init__(self, consumer: str, log: Log, store: Store) -> None:
        self._consumer = consumer
        self._log = log
        self._store = store
        self._ids: dict[str, str] = {}

    def check(self, topic: str) -> None:
        """Raise `BusError` when the topic is not the one that was read before. The first one read is the one."""
        found = self._log.topic_id(topic).hex()
        with self._store.view() as view:
            known = view.get(TOPICS_READ, _key(self._consumer, topic))
        if known is not None and known.topic_id != found:
            raise BusError(
                f"{topic} has the id {found}, but {self._consumer} has read one with the id {known.topic_id}: "
                "it was deleted and made again",
                unchanged="nothing was read from it.",
                next_step="restore the topic; the ledger's archive has its records.",
            )
        self._ids[topic] = found

    def remember(self, topic: str, tx: Transaction) -> None:
        """Save a topic's id in the transaction of its first batch. The caller has asked `check` first."""
        if tx.get(TOPICS_READ, _key(self._consumer, topic)) is None:
            tx.apply(Save(TOPICS_READ, TopicRead(self._consumer, topic, self._ids[topic])))
