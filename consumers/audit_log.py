"""The audit log: one ledger leaf per record of every audited topic, in the order read.

Nothing is decoded, so nothing can be kept out of the ledger by being malformed. The ledger is the unit of the loop: one
journal frame holds the leaves and the positions together, so a record is in the ledger exactly once.

Positions that the bus no longer has become a loss in the ledger, after the bus was asked for them again: what is lost is
lost, and what comes after it must still be audited. A position that comes a second time stops the consumer.
"""

from collections.abc import Sequence

import structlog

from casebus.bus.consumer import RecordConsumer, Role
from casebus.bus.log import Log, Recorded, events_topic, inbox_topic
from casebus.errors import BusError, RecordsGone
from casebus.ledger.sequencer import AppendLeaf, AppendLoss, LedgerTransaction


def audited_topics(agencies: Sequence[str], owner: str) -> list[str]:
    """Return every `events` and `inbox` topic; the hub's own events too."""
    return [events_topic(owner), *map(events_topic, agencies), *map(inbox_topic, agencies)]


class AuditLog:
    """Puts records into the ledger, each bound to its topic's id for ever."""

    def __init__(self, log: Log) -> None:
        self._bus = log
        self._log = structlog.get_logger()
        self._ids: dict[str, bytes] = {}

    def take(self, recorded: Recorded, tx: LedgerTransaction) -> None:
        """Log a record, and before it the loss of those that should have come first.

        Raises:
            VerificationFailed: its position is in the ledger already.
            BusError: the bus contradicts itself; read again later.
        """
        topic_id = self._id(recorded.topic)
        if recorded.position > tx.next_position(topic_id):
            self.gone(recorded.topic, recorded.position, tx)
        tx.apply(AppendLeaf(recorded, topic_id))

    def gone(self, topic: str, first: int, tx: LedgerTransaction) -> None:
        """Log that what lies before `first` and is not in the ledger is lost, after asking for it again.

        Raises:
            BusError: the bus has some of it after all, or cannot be asked; read again later.
        """
        topic_id = self._id(topic)
        wanted = tx.next_position(topic_id)
        if self._first_from(topic, wanted) < first:
            raise BusError(
                f"{topic} has records that were missing a moment ago", next_step="nothing: they are read again."
            )
        if wanted == first:
            return
        tx.apply(AppendLoss(topic_id, first - 1, "the bus no longer has these positions"))
        self._log.error("records_lost", topic=topic, first=wanted, last=first - 1)

    def _first_from(self, topic: str, position: int) -> int:
        """Return the position of the first record from `position` on that the bus has, or its end."""
        try:
            found = self._bus.read(topic, position, limit=1)
        except RecordsGone as error:
            return error.first
        return found[0].position if found else self._bus.end(topic)

    def _id(self, topic: str) -> bytes:
        if topic not in self._ids:
            self._ids[topic] = self._bus.topic_id(topic)
        return self._ids[topic]


CONSUMER = RecordConsumer("audit_log", Role.hub, audited_topics, AuditLog)
