"""How common an agency's values are among its own records: counted from its own topic, as the hub counts those of all."""

from collections import Counter

from casebus.bus.log import Log
from casebus.cases.holding import Holding, changed
from casebus.errors import WireError
from casebus.matching.candidates import postings
from casebus.matching.held import HeldRecord
from casebus.wire.seal import Opener

BATCH = 500


def held_records(log: Log, opener: Opener, topic: str) -> list[HeldRecord]:
    """Return the records of a topic as they stand now; what cannot be accepted is left out. Raises `BusError`."""
    held: dict[str, Holding] = {}
    position, end = 0, log.end(topic)
    while position < end and (batch := log.read(topic, position, limit=BATCH)):
        for recorded in batch:
            try:
                received = opener.open(recorded)
            except WireError:
                continue
            key = received.event.partition_key
            after = changed(held.get(key), received.event.source, received.event.payload, recorded.position)
            if after is not None:
                held[key] = after
        position = batch[-1].position + 1
    return [holding.record for holding in held.values()]


class OwnFrequencies:
    """Counts, for each value, the own records that hold it; the two that are compared count whether published or not."""

    def __init__(self, records: list[HeldRecord], *compared: HeldRecord) -> None:
        by_id = {record.record_id: record for record in (*records, *compared)}
        self.records = len(by_id)
        self._counts = Counter((token.family, token.value) for record in by_id.values() for token in postings(record))

    def __call__(self, family: str, value: str) -> int:
        """Return how many own records hold a value."""
        return self._counts[family, value]
