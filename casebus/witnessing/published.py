"""What the hub's bus remembers of the ledger: how far leaves were published, and checkpoints that others hold.

Read back from the topics' ends, because a hub whose directory was put back from an older copy has an older memory of
everything else too.
"""

from collections.abc import Callable, Iterator, Sequence

import structlog

from casebus.bus.log import Log, Recorded
from casebus.errors import BusError, RecordsGone, VerificationFailed
from casebus.ledger.checkpoint import Checkpoint, open_checkpoint
from casebus.ledger.submission import parse_submission
from casebus.ledger.vkey import VerifierKey
from casebus.witnessing.topics import (
    LEDGER_TOPIC,
    Asked,
    Entries,
    parse_answer_record,
    parse_ledger_record,
    witness_topic,
)

READ_AT_ONCE = 64
"""A record of leaves is up to 68 kB."""


def published_leaves(log: Log, origin: str, is_own: Callable[[Entries], bool]) -> int:
    """Return the index after the last leaf of a log that was published; 0 where none was. Raises `BusError`.

    `is_own` compares with the ledger's own leaves: what somebody else put there says nothing.
    """
    for batch in _backwards(log, LEDGER_TOPIC):
        for recorded in reversed(batch):
            entries = parse_ledger_record(origin, recorded.record)
            if isinstance(entries, Entries) and is_own(entries):
                return entries.end
    return 0


def seen_checkpoints(log: Log, agencies: Sequence[str], key: VerifierKey) -> list[Checkpoint]:
    """Return checkpoints under a log's key that others hold: what was asked of witnesses last, and what they cosigned.

    Of each topic the newest ones, which are the largest; rubbish on it is passed over. One agency's topic that cannot be
    read holds nobody up: it is said, and the others are asked. Raises `BusError` for the ledger's own topic.
    """
    seen = _newest(log, LEDGER_TOPIC, key)
    for topic in map(witness_topic, agencies):
        try:
            seen += _newest(log, topic, key)
        except BusError as error:
            structlog.get_logger().error("witness_unreadable", topic=topic, reason=error.what)
    return seen


def _newest(log: Log, topic: str, key: VerifierKey) -> list[Checkpoint]:
    try:
        for batch in _backwards(log, topic):
            found = [each for recorded in batch if (each := _checkpoint_of(recorded, key)) is not None]
            if found:
                return found
    except RecordsGone:
        return []  # the bus has dropped what came before: nothing more is known from there
    return []


def note_of(origin: str, recorded: Recorded) -> bytes | None:
    """Return the note of a log that a record of these topics carries, unverified; None for one that carries none."""
    if recorded.topic != LEDGER_TOPIC:
        answered = parse_answer_record(origin, recorded.record)
        return answered.value if answered is not None and answered.status == 200 else None
    asked = parse_ledger_record(origin, recorded.record)
    if not isinstance(asked, Asked):
        return None
    try:
        return parse_submission(asked.body).note_bytes
    except VerificationFailed:
        return None


def _checkpoint_of(recorded: Recorded, key: VerifierKey) -> Checkpoint | None:
    note = note_of(key.name, recorded)
    try:
        return None if note is None else open_checkpoint(note, key)
    except VerificationFailed:
        return None


def _backwards(log: Log, topic: str) -> Iterator[list[Recorded]]:
    """Return a topic's records in batches, the newest batch first, each in the topic's order."""
    end = log.end(topic)
    while end > 0:
        start = max(0, end - READ_AT_ONCE)
        batch: list[Recorded] = []
        while start + len(batch) < end:
            more = log.read(topic, start + len(batch), limit=end - start - len(batch))
            if not more:
                break
            batch += more
        yield batch
        end = start
