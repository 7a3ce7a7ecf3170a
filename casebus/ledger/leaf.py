"""The ledger's leaf: where something stood on the bus, and what it was; nothing that could be searched.

    offset  bytes
    0       1      kind: 1 record, 2 opening, 3 sealing, 4 loss, 5 closing
    1       16     topic id; zeros for opening and closing
    17      8      position on the topic, u64 big-endian; zero for opening and closing
    25      1      0x01 when the topic has an earlier position in the ledger (or in the one it goes on from), else 0x00
    26      8      that position, u64 big-endian; zero when there is none
    34      32     content hash: of a record (`casebus.ledger.record`) or of a marker (`casebus.ledger.marker`)

With the previous position in every leaf, one topic's completeness is checkable from the leaves alone (`Chains`). Pure.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from struct import Struct

from casebus.errors import VerificationFailed

TOPIC_ID_BYTES = 16
NO_TOPIC = bytes(TOPIC_ID_BYTES)
"""What stands for the topic id in a leaf that is about the whole ledger."""

MAX_POSITION = 2**63 - 1
"""Positions are what Kafka and SQLite count with: signed 64-bit numbers."""

_LAYOUT = Struct(">B16sQBQ32s")
LEAF_BYTES = _LAYOUT.size


class LeafKind(IntEnum):
    """What a leaf says. All but RECORD are markers; in ordinary operation none is written."""

    RECORD = 1
    OPENING = 2
    """First leaf of a ledger that goes on from a closed one."""
    SEALING = 3
    """Nothing of this topic follows."""
    LOSS = 4
    """Positions that vanished from the bus before they were read: from after `previous` to `position`."""
    CLOSING = 5
    """Nothing at all follows."""


_KINDS = {int(kind): kind for kind in LeafKind}
_WHOLE_LEDGER = (LeafKind.OPENING, LeafKind.CLOSING)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf. `previous` is the topic's head before it, None when it has none."""

    kind: LeafKind
    topic_id: bytes
    position: int
    previous: int | None
    content_hash: bytes

    def encode(self) -> bytes:
        """Return the leaf's canonical bytes."""
        present, previous = self.previous is not None, self.previous or 0
        return _LAYOUT.pack(self.kind, self.topic_id, self.position, present, previous, self.content_hash)


def record_leaf(topic_id: bytes, position: int, previous: int | None, record_hash: bytes) -> Leaf:
    """Return the leaf of a record."""
    return Leaf(LeafKind.RECORD, topic_id, position, previous, record_hash)


def whole_leaf(kind: LeafKind, content_hash: bytes) -> Leaf:
    """Return a leaf that is about the whole ledger: an opening or a closing."""
    assert kind in _WHOLE_LEDGER, "bug: this kind of leaf belongs to a topic"
    return Leaf(kind, NO_TOPIC, 0, None, content_hash)


def decode_leaf(data: bytes) -> Leaf:
    """Read a leaf. Raises `VerificationFailed` for anything that `Leaf.encode` does not write, or of unknown kind."""
    if len(data) != LEAF_BYTES:
        raise VerificationFailed(f"a leaf should be {LEAF_BYTES} bytes; it is {len(data)}.")
    number, topic_id, position, present, previous, content_hash = _LAYOUT.unpack(data)
    kind = _KINDS.get(number)
    if kind is None:
        raise VerificationFailed(f"a leaf of unknown kind {number}.")
    if present > 1 or (not present and previous) or position > MAX_POSITION:
        raise VerificationFailed("a leaf that is not written canonically.")
    if present and previous >= position:
        raise VerificationFailed("a leaf whose previous position is not below its own.")
    if kind in _WHOLE_LEDGER and (topic_id != NO_TOPIC or position):
        raise VerificationFailed("an opening or a closing that names a topic or a position.")
    return Leaf(kind, topic_id, position, previous if present else None, content_hash)


@dataclass(slots=True)
class Chains:
    """Each topic's chain of positions, walked leaf by leaf from index 0, or from a snapshot that holds the fields.

    `heads` are the last positions that are accounted for, by topic id: recorded, or known to be lost. `sealed` are the
    topics of which nothing may follow. `closed` tells that no leaf at all may. `trusting` tells that the ledger goes on
    from another one whose heads are not known here: each topic's first leaf is then taken at its word.
    """

    heads: dict[bytes, int] = field(default_factory=dict)
    sealed: set[bytes] = field(default_factory=set)
    closed: bool = False
    trusting: bool = False

    def copy(self) -> "Chains":
        """Return an independent one at the same place."""
        return Chains(dict(self.heads), set(self.sealed), self.closed, self.trusting)

    def follow(self, index: int, leaf: Leaf) -> None:
        """Take the leaf at `index`. For an opening call `seed` afterwards, with the heads that its content names.

        Raises:
            VerificationFailed: it may not stand here; nothing was changed.
        """
        if self.closed:
            raise VerificationFailed("a leaf after the ledger's closing.")
        if leaf.kind is LeafKind.OPENING:
            if index:
                raise VerificationFailed("an opening that is not the ledger's first leaf.")
            self.trusting = True
        elif leaf.kind is LeafKind.CLOSING:
            self.closed = True
        else:
            self._follow_topic(leaf)

    def seed(self, heads: dict[bytes, int]) -> None:
        """Set the heads at which the predecessor was closed: from here on no topic's first leaf is taken at its word.

        To be called right after an opening was followed, by whoever has its content.
        """
        assert self.trusting, "bug: only an opening makes chains that are to be seeded"
        assert not self.heads, "bug: chains are seeded before anything else is followed"
        self.heads = dict(heads)
        self.trusting = False

    def _follow_topic(self, leaf: Leaf) -> None:
        topic_id, position, previous = leaf.topic_id, leaf.position, leaf.previous
        if topic_id in self.sealed:
            raise VerificationFailed(f"a leaf of topic {topic_id.hex()} after it was sealed.")
        head = self.heads.get(topic_id)
        if self.trusting and head is None:
            head = previous
        least = 0 if head is None else head + 1
        is_next = position >= least if leaf.kind is LeafKind.LOSS else position == least
        if previous != head or not is_next:
            raise VerificationFailed(
                f"position {position} after {_word(previous)} of topic {topic_id.hex()},"
                f" where {least} after {_word(head)} is next."
            )
        if leaf.kind is LeafKind.SEALING:
            # No record stands at its position: the head stays, so that a successor goes on from the last record.
            self.sealed.add(topic_id)
        else:
            self.heads[topic_id] = position


def _word(position: int | None) -> str:
    return "none" if position is None else str(position)
