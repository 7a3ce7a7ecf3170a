"""The journal's frames as bytes. Pure: the files are in `casebus.ledger.journal`.

    "CBJ1" | u32 length | u32 crc32(payload) | u32 crc32(the 12 bytes before) | payload

    payload of a snapshot (the first frame of every segment): 'S' | 32 previous frame's hash | u64 size | positions |
        u32 n, (16 topic id | u64 position) x n of the topics' heads | u32 n, 16 topic id x n of the sealed ones |
        u8 closed | u32 n, (u16 length || leaf) x n of the open bundle | u8 levels, (u8 n, 32 x n) of the open tiles
    payload of a commit: 'C' | 32 previous frame's hash | u64 size before | positions that moved | u32 n, leaves

    positions: u16 n, (u8 length || consumer, u8 length || topic, u64 position) x n, sorted

A frame's hash is SHA-256 of its payload. A snapshot is all that is needed to go on, so older segments may go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from struct import Struct
from zlib import crc32

from casebus.errors import VerificationFailed
from casebus.ledger.leaf import TOPIC_ID_BYTES, Chains
from casebus.ledger.tiles import encode_bundle
from casebus.ledger.tree import HASH_BYTES, RightEdge

MAGIC = b"CBJ1"
FIRST_PREVIOUS = bytes(32)
"""What stands for the previous frame's hash in the first frame of all."""

Positions = Mapping[tuple[str, str], int]
"""What each consumer reads next, by (consumer, topic)."""

_HEADER = Struct(">4sIII")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The sequencer's whole state at a size: it opens a segment."""

    previous: bytes
    positions: Positions
    chains: Chains
    entries: tuple[bytes, ...]
    edge: RightEdge


@dataclass(frozen=True, slots=True)
class Commit:
    """What one transaction changed: leaves from index `start` on, and the positions that moved with them."""

    previous: bytes
    start: int
    positions: Positions
    leaves: tuple[bytes, ...]


Frame = Snapshot | Commit


class Tail(Enum):
    """How a segment ends."""

    CLEAN = "clean"
    TORN = "torn"
    """A frame's beginning, or zeros: an append that a crash cut short."""
    SPOILED = "spoiled"
    """A last frame of full length with the wrong checksum: a power cut can leave that, so can a flipped bit."""
    DAMAGED = "damaged"
    """Anything else: frames follow, or lengths make no sense."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """A segment's sound frames, where they end, and how the segment ends."""

    payloads: tuple[bytes, ...]
    sound_bytes: int
    tail: Tail


def frame_hash(payload: bytes) -> bytes:
    """Return the hash by which the next frame names this one."""
    return sha256(payload).digest()


def wrap(payload: bytes) -> bytes:
    """Return a frame around a payload."""
    head = _HEADER.pack(MAGIC, len(payload), crc32(payload), 0)[:12]
    return head + crc32(head).to_bytes(4, "big") + payload


def scan(data: bytes) -> Scanned:
    """Read frames until one is not sound. Never raises: what the tail means is the caller's decision."""
    payloads: list[bytes] = []
    at = 0
    while at < len(data):
        payload, tail = _frame_at(data, at)
        if payload is None:
            return Scanned(tuple(payloads), at, tail)
        payloads.append(payload)
        at += _HEADER.size + len(payload)
    return Scanned(tuple(payloads), at, Tail.CLEAN)


def _frame_at(data: bytes, at: int) -> tuple[bytes | None, Tail]:
    rest = len(data) - at
    if data[at] == 0 and data.count(0, at) == rest:
        return None, Tail.TORN
    if rest < _HEADER.size:
        return None, Tail.TORN if MAGIC.startswith(data[at : at + 4]) else Tail.DAMAGED
    magic, length, checksum, header_checksum = _HEADER.unpack_from(data, at)
    if magic != MAGIC or crc32(data[at : at + 12]) != header_checksum:
        return None, Tail.DAMAGED
    start, end = at + _HEADER.size, at + _HEADER.size + length
    if end > len(data):
        return None, Tail.TORN
    payload = data[start:end]
    if crc32(payload) == checksum:
        return payload, Tail.CLEAN
    return None, Tail.SPOILED if end == len(data) else Tail.DAMAGED


def encode_frame(frame: Frame) -> bytes:
    """Return a frame's payload."""
    if isinstance(frame, Commit):
        head = b"C" + frame.previous + frame.start.to_bytes(8, "big") + _encode_positions(frame.positions)
        return head + _encode_leaves(frame.leaves)
    parts = [b"S", frame.previous, frame.edge.size.to_bytes(8, "big"), _encode_positions(frame.positions)]
    parts.append(_encode_chains(frame.chains))
    parts += (_encode_leaves(frame.entries), bytes([len(frame.edge.levels)]))
    parts += (bytes([len(level)]) + b"".join(level) for level in frame.edge.levels)
    return b"".join(parts)


def decode_frame(payload: bytes) -> Frame:
    """Read a payload. Raises `VerificationFailed` for anything that `encode_frame` does not write."""
    reader = _Reader(payload)
    kind, previous, size = reader.take(1), reader.take(HASH_BYTES), reader.number(8)
    positions = _decode_positions(reader)
    frame: Frame
    if kind == b"C":
        frame = Commit(previous, size, positions, _decode_leaves(reader))
    elif kind == b"S":
        chains = _decode_chains(reader)
        entries = _decode_leaves(reader)
        levels = [[reader.take(HASH_BYTES) for _ in range(reader.number(1))] for _ in range(reader.number(1))]
        frame = Snapshot(previous, positions, chains, entries, RightEdge.restored(size, levels))
    else:
        raise VerificationFailed("a journal frame of unknown kind.")
    if encode_frame(frame) != payload:
        raise VerificationFailed("a journal frame is not written canonically.")
    return frame


def _encode_positions(positions: Positions) -> bytes:
    parts = [len(positions).to_bytes(2, "big")]
    for (consumer, topic), position in sorted(positions.items()):
        for name in (consumer.encode(), topic.encode()):
            assert len(name) <= 255, "bug: a consumer's or topic's name is too long"
            parts += (bytes([len(name)]), name)
        parts.append(position.to_bytes(8, "big"))
    return b"".join(parts)


def _decode_positions(reader: "_Reader") -> dict[tuple[str, str], int]:
    positions: dict[tuple[str, str], int] = {}
    for _ in range(reader.count(2, 10)):
        consumer, topic = reader.text(), reader.text()
        positions[consumer, topic] = reader.number(8)
    return positions


def _encode_chains(chains: Chains) -> bytes:
    assert not chains.trusting, "bug: the sequencer knows the heads that its ledger goes on from"
    parts = [len(chains.heads).to_bytes(4, "big")]
    parts += (topic_id + position.to_bytes(8, "big") for topic_id, position in sorted(chains.heads.items()))
    parts += (len(chains.sealed).to_bytes(4, "big"), *sorted(chains.sealed), bytes([chains.closed]))
    return b"".join(parts)


def _decode_chains(reader: "_Reader") -> Chains:
    heads = {reader.take(TOPIC_ID_BYTES): reader.number(8) for _ in range(reader.count(4, TOPIC_ID_BYTES + 8))}
    sealed = {reader.take(TOPIC_ID_BYTES) for _ in range(reader.count(4, TOPIC_ID_BYTES))}
    return Chains(heads, sealed, closed=bool(reader.number(1)))


def _encode_leaves(leaves: Sequence[bytes]) -> bytes:
    return len(leaves).to_bytes(4, "big") + encode_bundle(leaves)


def _decode_leaves(reader: "_Reader") -> tuple[bytes, ...]:
    count = reader.count(4, 2)
    return tuple(reader.take(reader.number(2)) for _ in range(count))


class _Reader:
    """Takes fields off a payload; too short is `VerificationFailed`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, length: int) -> bytes:
        end = self._at + length
        if end > len(self._data):
            raise VerificationFailed("a journal frame is too short.")
        field = self._data[self._at : end]
        self._at = end
        return field

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "big")

    def count(self, length: int, least: int) -> int:
        count = self.number(length)
        if count * least > len(self._data) - self._at:
            raise VerificationFailed("a journal frame is too short.")
        return count

    def text(self) -> str:
        try:
            return self.take(self.number(1)).decode()
        except UnicodeDecodeError as error:
            raise VerificationFailed("a journal frame holds a name that is not UTF-8.") from error
