"""A ledger beside something else: another copy of it, or the bus that it was made from. What differs, by class.

Leaves are compared by what they stand for (kind, topic id, position), so that one record too many does not make every
later one look different. Equal beginnings are passed over a bundle at a time; memory holds what comes after them.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from casebus.bus.log import Log, Recorded
from casebus.errors import NotFound, RecordsGone, VerificationFailed
from casebus.ledger.leaf import Leaf, LeafKind, decode_leaf
from casebus.ledger.marker import marker_hash
from casebus.ledger.read import LedgerReader, read_bundle
from casebus.ledger.record import hash_record, record_hash
from casebus.ledger.tree import TILE_WIDTH
from casebus.ledger.vkey import encode_base64

Progress = Callable[[int, int], None]
_BUS_BATCH = 500


@dataclass(frozen=True, slots=True)
class Copy:
    """One of two copies: what its checkpoint says, and how many contents its archive lacks or has otherwise."""

    size: int
    root: str
    damaged: int


@dataclass(frozen=True, slots=True)
class CopiesCompared:
    """`first` is the first index at which the leaves differ, None where one is the other's beginning.

    `missing` leaves are in the first copy only, `extra` in the second only; `altered` ones say another content in each,
    `reordered` ones stand at another index.
    """

    one: Copy
    other: Copy
    first: int | None
    missing: int
    extra: int
    altered: int
    reordered: int

    @property
    def equal(self) -> bool:
        """Tell whether the two are the same ledger at the same size, and whole."""
        differs = self.missing + self.extra + self.altered + self.reordered + self.one.damaged + self.other.damaged
        return not differs and (self.one.size, self.one.root) == (self.other.size, self.other.root)

    @property
    def continues(self) -> bool:
        """Tell whether one copy is the other's beginning, as far as leaves go: an older copy, not another one."""
        return self.first is None and self.one.size != self.other.size


Stands = tuple[int, bytes, int]
"""What a leaf stands for: kind, topic id, position."""


def compare_copies(one: Path, other: Path, progress: Progress) -> CopiesCompared:
    """Compare two copies of a ledger. Raises `VerificationFailed` where a copy's leaves cannot be read."""
    readers = LedgerReader(one), LedgerReader(other)
    sizes = readers[0].size, readers[1].size
    equal = _equal_beginning((one, other), sizes)
    left, right = (_from(path, equal, size) for path, size in zip((one, other), sizes, strict=True))
    both = left.keys() & right.keys()
    same = {key for key in both if left[key][1] == right[key][1]}
    first = equal if equal < min(sizes) else None
    damaged = [_damaged(reader, progress) for reader in readers]
    return CopiesCompared(
        one=Copy(sizes[0], encode_base64(readers[0].checkpoint.root), damaged[0]),
        other=Copy(sizes[1], encode_base64(readers[1].checkpoint.root), damaged[1]),
        first=first,
        missing=len(left.keys() - both),
        extra=len(right.keys() - both),
        altered=len(both - same),
        reordered=_reordered([(left[key][0], right[key][0]) for key in same]),
    )


def _equal_beginning(paths: tuple[Path, Path], sizes: tuple[int, int]) -> int:
    """Return how many leaves the two have in common from the start."""
    shorter = min(sizes)
    for start in range(0, shorter, TILE_WIDTH):
        width = min(TILE_WIDTH, shorter - start)
        left, right = (_bundle(path, start, size)[:width] for path, size in zip(paths, sizes, strict=True))
        for within, (a, b) in enumerate(zip(left, right, strict=True)):
            if a != b:
                return start + within
    return shorter


def _bundle(path: Path, start: int, size: int) -> list[bytes]:
    entries = read_bundle(path, start // TILE_WIDTH, min(TILE_WIDTH, size - start))
    if entries is None:
        raise VerificationFailed(f"the entry bundle of index {start} is missing.")
    return entries


def _from(path: Path, start: int, size: int) -> dict[Stands, tuple[int, bytes]]:
    """Return index and content hash of each leaf from an index on, by what it stands for."""
    found: dict[Stands, tuple[int, bytes]] = {}
    for index, leaf in _leaves(path, start, size):
        found.setdefault((int(leaf.kind), leaf.topic_id, leaf.position), (index, leaf.content_hash))
    return found


def _leaves(path: Path, start: int, size: int) -> Iterator[tuple[int, Leaf]]:
    for first in range(start - start % TILE_WIDTH, size, TILE_WIDTH):
        for index, entry in enumerate(_bundle(path, first, size), start=first):
            if index >= start:
                yield index, decode_leaf(entry)


def _reordered(places: Sequence[tuple[int, int]]) -> int:
    """Return how many of the common leaves would have to be moved; one missing or added before them is no reordering."""
    ends: list[int] = []  # of the longest rising runs found so far, by length: what is in the longest one need not move
    for _, there in sorted(places):
        at = bisect_left(ends, there)
        ends[at : at + 1] = [there]
    return len(places) - len(ends)


def _damaged(reader: LedgerReader, progress: Progress) -> int:
    """Return how many contents the archive lacks, or has otherwise than the leaf says."""
    damaged = index = 0
    while index < reader.size:
        try:
            for at, leaf, content in reader.entries(index):
                hashed = hash_record(content) if leaf.kind is LeafKind.RECORD else marker_hash(content)
                damaged += hashed != leaf.content_hash
                index = at + 1
                if index % TILE_WIDTH == 0:
                    progress(index, reader.size)
        except VerificationFailed:
            damaged += not _is_whole(reader, index)
            index += 1
    return damaged


def _is_whole(reader: LedgerReader, index: int) -> bool:
    """Tell whether one content can be read though the pass over its file failed. Raises where its leaf cannot."""
    leaf = reader.leaf(index)
    try:
        content = reader.content(index)
    except VerificationFailed:
        return False
    return (hash_record(content) if leaf.kind is LeafKind.RECORD else marker_hash(content)) == leaf.content_hash


@dataclass(slots=True)
class TopicCompared:
    """One topic. `vanished` is what the ledger has and the bus does not, `not_logged` what waits to be logged, `lost` what
    the ledger says was lost; `skipped` stands on the bus before the last logged one, and is not in the ledger.
    """

    topic: str
    vanished: int = 0
    altered: int = 0
    skipped: int = 0
    lost: int = 0
    not_logged: int = 0
    first: int | None = None
    """The first position that differs."""

    @property
    def differs(self) -> int:
        """How many records differ; what waits to be logged does not."""
        return self.vanished + self.altered + self.skipped

    def differ(self, position: int) -> None:
        """Remember where the first difference is."""
        self.first = position if self.first is None else min(self.first, position)


@dataclass(frozen=True, slots=True)
class BusCompared:
    """The ledger beside the bus. `foreign` are topic ids of the ledger that this bus does not have."""

    topics: tuple[TopicCompared, ...]
    foreign: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Tell whether everything logged is on the bus as it was logged, and nothing was passed over."""
        return not self.foreign and not any(topic.differs for topic in self.topics)


def compare_with_bus(ledger: Path, log: Log, topics: Sequence[str], progress: Progress) -> BusCompared:
    """Compare a ledger with the topics that it was made from."""
    reader = LedgerReader(ledger)
    logged: dict[bytes, dict[int, bytes]] = {}
    lost: dict[bytes, int] = {}
    for index, leaf in _leaves(ledger, 0, reader.size):
        if leaf.kind is LeafKind.RECORD:
            logged.setdefault(leaf.topic_id, {})[leaf.position] = leaf.content_hash
        elif leaf.kind is LeafKind.LOSS:
            first = 0 if leaf.previous is None else leaf.previous + 1
            lost[leaf.topic_id] = lost.get(leaf.topic_id, 0) + leaf.position - first + 1
        if index % TILE_WIDTH == 0:
            progress(index, reader.size)
    compared: list[TopicCompared] = []
    for topic in topics:
        try:
            topic_id = log.topic_id(topic)
        except NotFound:  # its role has not made it yet: nothing of it can be in the ledger either
            continue
        found = _compare_topic(topic, log, logged.pop(topic_id, {}))
        found.lost = lost.get(topic_id, 0)
        compared.append(found)
    return BusCompared(tuple(compared), tuple(sorted(topic_id.hex() for topic_id in logged)))


def _compare_topic(topic: str, log: Log, logged: dict[int, bytes]) -> TopicCompared:
    """Compare one topic; what stays in `logged` afterwards was not on the bus."""
    found = TopicCompared(topic)
    head = max(logged, default=-1)
    at, end = 0, log.end(topic)
    while at < end:
        try:
            batch = log.read(topic, at, limit=_BUS_BATCH)
        except RecordsGone as gone:
            if gone.first <= at:
                raise
            at = gone.first  # what was before it is counted as vanished
            continue
        if not batch:
            break
        for recorded in batch:
            _compare_record(found, recorded, logged.pop(recorded.position, None), head)
        at = batch[-1].position + 1
    found.vanished = len(logged)
    if logged:
        found.differ(min(logged))
    return found


def _compare_record(found: TopicCompared, recorded: Recorded, hashed: bytes | None, head: int) -> None:
    if hashed is None and recorded.position > head:
        found.not_logged += 1
    elif hashed is None:
        found.skipped += 1
        found.differ(recorded.position)
    elif hashed != record_hash(recorded):
        found.altered += 1
        found.differ(recorded.position)
