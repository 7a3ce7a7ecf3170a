"""The Merkle tree of RFC 6962 §2.1 (same tree in RFC 9162 §2.1): hashes, roots, the right edge, proofs.

    leaf_hash(d) = SHA-256(0x00 || d)        node_hash(l, r) = SHA-256(0x01 || l || r)
    MTH({}) = SHA-256("")                    MTH({d0}) = leaf_hash(d0)
    MTH(D[0:n]) = node_hash(MTH(D[0:k]), MTH(D[k:n])), k the largest power of two below n

Pure: no I/O. Whatever comes from outside and is wrong raises `VerificationFailed`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from casebus.errors import VerificationFailed

HASH_BYTES = 32
TILE_WIDTH = 256
"""How many hashes a full tile holds (c2sp.org/tlog-tiles): eight levels of the tree."""

EMPTY_ROOT = sha256(b"").digest()

Subtree = Callable[[int, int], bytes]
"""MTH(D[start:end]): from a list of leaf hashes (`subtrees_of`), later from tiles."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf's bytes."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def split_point(count: int) -> int:
    """Return the largest power of two below `count`, which is at least 2."""
    return 1 << (count - 1).bit_length() - 1


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return MTH over leaf hashes (or, for a tile's hashes, over subtrees of equal size).

    Pairs neighbours level by level and carries an odd last one up unchanged: the same tree as the recursion.
    """
    if not hashes:
        return EMPTY_ROOT
    row = list(hashes)
    while len(row) > 1:
        above = [sha256(b"\x01" + row[at] + row[at + 1]).digest() for at in range(0, len(row) - 1, 2)]
        if len(row) & 1:
            above.append(row[-1])
        row = above
    return row[0]


@dataclass(frozen=True, slots=True)
class FullTile:
    """A tile that has just become full: it will never change again."""

    level: int
    index: int
    hashes: tuple[bytes, ...]


class RightEdge:
    """The growing side of a tree, kept as each level's open tile: enough to append, to publish and to know the root.

    `levels[0]` are the leaf hashes of the open tile; `levels[l + 1]` the roots of full tiles of level l. Each holds
    fewer than 256 hashes. One owner; not thread-safe.
    """

    def __init__(self, size: int = 0, levels: Sequence[Sequence[bytes]] = ()) -> None:
        self.size = size
        self.levels: list[list[bytes]] = [list(level) for level in levels]

    @classmethod
    def restored(cls, size: int, levels: Sequence[Sequence[bytes]]) -> "RightEdge":
        """Return an edge from stored levels. Raises `VerificationFailed` when their widths do not fit the size."""
        if [len(level) for level in levels] != edge_widths(size) or any(
            len(value) != HASH_BYTES for level in levels for value in level
        ):
            raise VerificationFailed(f"the stored right edge does not fit a tree of {size} leaves.")
        return cls(size, levels)

    def copy(self) -> "RightEdge":
        """Return an independent edge at the same size."""
        return RightEdge(self.size, self.levels)

    def extend(self, hashes: Sequence[bytes]) -> list[FullTile]:
        """Append leaf hashes; return the tiles that became full, each after the tiles below it."""
        full: list[FullTile] = []
        at = 0
        while at < len(hashes):
            room = TILE_WIDTH - (self.size % TILE_WIDTH)
            taken = hashes[at : at + room]
            self._add(0, taken, full)
            self.size += len(taken)
            at += len(taken)
        return full

    def extend_by_tiles(self, roots: Sequence[bytes]) -> list[FullTile]:
        """Append full tiles of level 0 by their roots; return the tiles of the levels above that became full."""
        assert self.size % TILE_WIDTH == 0, "bug: whole tiles follow whole tiles"
        if roots and not self.levels:
            self.levels.append([])
        full: list[FullTile] = []
        at = 0
        while at < len(roots):
            taken = roots[at : at + TILE_WIDTH - (self.size // TILE_WIDTH) % TILE_WIDTH]
            self._add(1, taken, full)
            self.size += len(taken) * TILE_WIDTH
            at += len(taken)
        return full

    def _add(self, level: int, hashes: Sequence[bytes], full: list[FullTile]) -> None:
        if level == len(self.levels):
            self.levels.append([])
        row = self.levels[level]
        row.extend(hashes)
        if len(row) < TILE_WIDTH:
            return
        # `size` still counts the leaves before this call; the tile's number follows from its first leaf alone.
        full.append(FullTile(level, self.size // TILE_WIDTH ** (level + 1), tuple(row)))
        self.levels[level] = []
        self._add(level + 1, [root_of(row)], full)

    def root(self) -> bytes:
        """Return the root at this size."""
        root: bytes | None = None
        for row in self.levels:
            end = len(row)
            while end:
                # The lowest set bit is the rightmost perfect subtree of this level.
                start = end - (end & -end)
                part = root_of(row[start:end])
                root = part if root is None else node_hash(part, root)
                end = start
        return EMPTY_ROOT if root is None else root


def edge_widths(size: int) -> list[int]:
    """Return how many hashes each level's open tile holds at this size, from level 0 to the highest that exists."""
    widths: list[int] = []
    while size:
        widths.append(size % TILE_WIDTH)
        size //= TILE_WIDTH
    return widths


def subtrees_of(leaf_hashes: Sequence[bytes]) -> Subtree:
    """Return MTH over ranges of a list."""
    return lambda start, end: root_of(leaf_hashes[start:end])


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return PATH(index, D[size]) of RFC 6962 §2.1.1, from the leaf's level up."""
    assert 0 <= index < size, "bug: no such leaf in a tree of this size"
    start, end = 0, size
    proof: list[bytes] = []
    while end - start > 1:
        middle = start + split_point(end - start)
        if index < middle:
            proof.append(subtree(middle, end))
            end = middle
        else:
            proof.append(subtree(start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """Return PROOF(old, D[new]) of RFC 6962 §2.1.2; empty when nothing needs to be shown."""
    assert 0 <= old <= new, "bug: a consistency proof goes from a smaller tree to a larger one"
    if old in (0, new):
        return []
    start, end, whole = 0, new, True
    proof: list[bytes] = []
    while old != end:
        middle = start + split_point(end - start)
        if old <= middle:
            proof.append(subtree(middle, end))
            end = middle
        else:
            proof.append(subtree(start, middle))
            start, whole = middle, False
    if not whole:
        proof.append(subtree(start, end))
    return proof[::-1]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf with hash `leaf` is at `index` of the tree (RFC 9162 §2.1.3.2).

    Raises:
        VerificationFailed: it is not, or the proof is malformed.
    """
    if not 0 <= index < size:
        raise VerificationFailed(f"inclusion: index {index} is not below the tree size {size}.")
    position, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0 or len(sibling) != HASH_BYTES:
            raise VerificationFailed("inclusion: the proof has the wrong length.")
        if position & 1 or position == last:
            found = node_hash(sibling, found)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        position, last = position >> 1, last >> 1
    if last != 0 or found != root:
        raise VerificationFailed(f"inclusion: the proof for index {index} does not lead to the root.")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `new` leaves extends the tree of `old` leaves (RFC 9162 §2.1.4.2).

    Raises:
        VerificationFailed: it does not, or the proof is malformed.
    """
    if not 0 <= old <= new:
        raise VerificationFailed(f"consistency: a tree of {new} leaves cannot extend one of {old}.")
    if old in (0, new):
        expected = new_root if old else EMPTY_ROOT
        if proof or old_root != expected:
            raise VerificationFailed("consistency: the roots differ, or a proof was given where none is needed.")
        return
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not proof or any(len(value) != HASH_BYTES for value in path):
        raise VerificationFailed("consistency: the proof has the wrong length.")
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise VerificationFailed("consistency: the proof has the wrong length.")
        if position & 1 or position == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        position, last = position >> 1, last >> 1
    if last != 0 or before != old_root or after != new_root:
        raise VerificationFailed(f"consistency: the tree of {new} leaves does not extend the tree of {old}.")
