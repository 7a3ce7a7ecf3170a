"""The ledger's leaf: where a record stood on the bus, and which record it was; nothing that could be searched.

    offset  bytes
    0       1      kind: 0x01, a record (marker kinds will follow)
    1       16     topic id
    17      8      position on the topic, u64 big-endian
    25      1      0x01 when the ledger holds an earlier record of this topic, else 0x00
    26      8      that record's position, u64 big-endian; zero when there is none
    34      32     record hash (`casebus.ledger.record`)

With the previous position in every leaf, one topic's completeness is checkable from the leaves alone.
"""

from dataclasses import dataclass
from struct import Struct

from casebus.errors import VerificationFailed

KIND_RECORD = 0x01
TOPIC_ID_BYTES = 16
MAX_POSITION = 2**63 - 1
"""Positions are what Kafka and SQLite count with: signed 64-bit numbers."""

_LAYOUT = Struct(">B16sQBQ32s")
LEAF_BYTES = _LAYOUT.size


@dataclass(frozen=True, slots=True)
class RecordLeaf:
    """A leaf of kind record. `previous` is the position of the topic's record before it, None when it is the first."""

    topic_id: bytes
    position: int
    previous: int | None
    record_hash: bytes

    def encode(self) -> bytes:
        """Return the leaf's canonical bytes."""
        return _LAYOUT.pack(
            KIND_RECORD,
            self.topic_id,
            self.position,
            self.previous is not None,
            self.previous or 0,
            self.record_hash,
        )


def decode_leaf(data: bytes) -> RecordLeaf:
    """Read a leaf. Raises `VerificationFailed` for anything that `RecordLeaf.encode` does not write."""
    if len(data) != LEAF_BYTES:
        raise VerificationFailed(f"a leaf should be {LEAF_BYTES} bytes; it is {len(data)}.")
    kind, topic_id, position, present, previous, record_hash = _LAYOUT.unpack(data)
    if kind != KIND_RECORD:
        raise VerificationFailed(f"a leaf of unknown kind {kind}.")
    if present > 1 or (not present and previous) or position > MAX_POSITION:
        raise VerificationFailed("a leaf that is not written canonically.")
    if present and previous >= position:
        raise VerificationFailed("a leaf whose previous position is not below its own.")
    return RecordLeaf(topic_id, position, previous if present else None, record_hash)


def follows(leaf: RecordLeaf, head: int | None) -> bool:
    """Tell whether the leaf is the next one of its topic: no position missing, doubled or out of order.

    `head` is the position of the topic's last record in the ledger, None when it has none. Bus positions count from 0
    without a gap, so a first record stands at 0; a topic made again has another id.
    """
    expected = 0 if head is None else head + 1
    return leaf.previous == head and leaf.position == expected
