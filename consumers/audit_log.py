"""The audit log: one ledger leaf per record of every audited topic, in the order read.

Nothing is decoded, so nothing can be kept out of the ledger by being malformed. The ledger is the unit of the loop: one
journal frame holds the leaves and the positions together, so a record is in the ledger exactly once.
"""

from collections.abc import Callable, Sequence

from casebus.bus.consumer import RecordConsumer, Role
from casebus.bus.log import Log, Recorded, events_topic, inbox_topic
from casebus.ledger.sequencer import AppendLeaf, LedgerTransaction


def audited_topics(agencies: Sequence[str], owner: str) -> list[str]:
    """Return every `events` and `inbox` topic; the hub's own events too."""
    return [events_topic(owner), *map(events_topic, agencies), *map(inbox_topic, agencies)]


def build(log: Log) -> Callable[[Recorded, LedgerTransaction], None]:
    """Return what puts a record into the ledger, bound to its topic's id for ever."""
    ids: dict[str, bytes] = {}

    def take(recorded: Recorded, tx: LedgerTransaction) -> None:
        if recorded.topic not in ids:
            ids[recorded.topic] = log.topic_id(recorded.topic)
        tx.apply(AppendLeaf(recorded, ids[recorded.topic]))

    return take


CONSUMER = RecordConsumer("audit_log", Role.hub, audited_topics, build)
