"""An agency's own part of the ledger: whether the leaves of its topics are what stands on the bus.

A hub that rewrites or invents a record before it is logged, or claims one to be lost that is there, shows here and
nowhere else: every other check is about the log's own consistency.
"""

from collections.abc import Sequence

import structlog

from casebus.bus.log import Log, Recorded
from casebus.clock import Clock
from casebus.errors import BusError, RecordsGone
from casebus.ledger.leaf import Leaf, LeafKind
from casebus.ledger.record import record_hash

READ_AT_ONCE = 256
MISSING_PATIENCE_S = 30.0
"""For so long a record that is logged and not on the bus may be a broker that is just catching up."""


class OwnRecords:
    """Compares leaves with the records of some topics. One owner thread."""

    def __init__(self, topics: Sequence[str], log: Log, clock: Clock) -> None:
        self._topics = tuple(topics)
        self._log = log
        self._clock = clock
        self._log_lines = structlog.get_logger()
        self._names: dict[bytes, str] = {}
        self._read: dict[str, dict[int, Recorded]] = {}
        self._missing: dict[tuple[str, int], float] = {}
        self._gone: dict[str, int] = {}

    def names(self) -> dict[bytes, str]:
        """Return the topics by id. Raises `BusError`."""
        if not self._names:
            self._names = {self._log.topic_id(topic): topic for topic in self._topics}
        return self._names

    def fault_of(self, leaf: Leaf) -> str:
        """Return what is wrong with a leaf, empty for none, and for one of another's topic.

        Raises:
            BusError: the bus does not say, or does not have the record yet: to be asked again.
        """
        topic = self.names().get(leaf.topic_id)
        if topic is None:
            return ""
        if leaf.kind is LeafKind.RECORD:
            return self._fault_of_record(topic, leaf)
        return self._fault_of_loss(topic, leaf) if leaf.kind is LeafKind.LOSS else ""

    def _fault_of_record(self, topic: str, leaf: Leaf) -> str:
        recorded = self._record(topic, leaf.position)
        if recorded is None:
            return "" if leaf.position < self._gone.get(topic, 0) else self._fault_of_missing(topic, leaf.position)
        self._missing.pop((topic, leaf.position), None)
        if record_hash(recorded) != leaf.content_hash:
            return f"the ledger holds another record than {topic} has at position {leaf.position}"
        return ""

    def _fault_of_missing(self, topic: str, position: int) -> str:
        since = self._missing.setdefault((topic, position), self._clock.monotonic())
        if self._clock.monotonic() - since >= MISSING_PATIENCE_S:
            # Another leaf may name the position later: it is given its own time.
            del self._missing[topic, position]
            return f"the ledger holds a record at position {position} of {topic}, which has none"
        raise BusError(f"{topic} does not have position {position} yet, which the ledger holds")

    def _fault_of_loss(self, topic: str, leaf: Leaf) -> str:
        first = 0 if leaf.previous is None else leaf.previous + 1
        self._log_lines.error("ledger_loss", topic=topic, position=first, reason="the ledger calls it lost")
        try:
            found = self._log.read(topic, first, limit=1)
            there = found[0].position if found else self._log.end(topic)
        except RecordsGone as gone:
            there = gone.first
        if first <= there <= leaf.position and there < self._log.end(topic):
            return f"the ledger calls position {there} of {topic} lost, which is there"
        return ""

    def _record(self, topic: str, position: int) -> Recorded | None:
        """Return a record, None for one that is not there. Leaves come in the topic's order: what follows is read with it.

        What the bus has dropped cannot be compared, and says nothing against the ledger.
        """
        read = self._read.get(topic, {})
        if position not in read:
            try:
                batch = self._log.read(topic, position, limit=READ_AT_ONCE)
            except RecordsGone as gone:
                self._note_gone(topic, gone.first)
                return None
            read = self._read[topic] = {recorded.position: recorded for recorded in batch}
        return read.get(position)

    def _note_gone(self, topic: str, first: int) -> None:
        if first > self._gone.get(topic, 0):
            self._gone[topic] = first
            reason = (
                "the bus does not have the records before this one any more: what is logged of them is not compared"
            )
            self._log_lines.error("own_records_gone", topic=topic, position=first, reason=reason)
