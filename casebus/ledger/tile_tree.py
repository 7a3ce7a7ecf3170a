"""The tree as its hash tiles hold it: roots and proofs at any size up to the directory's, without the leaves.

A tile is read when a hash in it is first asked for, and kept with its inner hashes in a small cache: a proof in a tree
of a million leaves touches six tiles. A tile that is full at `size` must hash to its entry in the tile above it, so
whatever these functions answer hangs under `root()`; comparing that with a checkpoint is the caller's.
"""

from collections import OrderedDict
from pathlib import Path

from casebus.errors import VerificationFailed
from casebus.ledger.files import read_file
from casebus.ledger.tiles import TileName, decode_tile
from casebus.ledger.tree import (
    EMPTY_ROOT,
    HASH_BYTES,
    TILE_WIDTH,
    consistency_proof,
    inclusion_proof,
    node_hash,
    root_of,
)

ROWS = 8
"""How many levels of the tree a tile covers: 256 hashes, 128 pairs, … two halves."""

CACHED_TILES = 128
"""About 4 MiB: a proof needs two tiles a level, and neighbouring proofs share nearly all of them."""

_Rows = tuple[list[bytes], ...]
"""A tile's hashes, then the hashes of their pairs, and so on: `rows[r][i]` covers 2^r of the tile's hashes."""


class TileTree:
    """The tree of `size` leaves in a ledger's directory. One owner; not thread-safe.

    Every method raises `VerificationFailed` when a tile that it needs is missing, of another length than its name
    says, or does not hash to what stands above it, and `StoreError` when one cannot be read.
    """

    def __init__(self, directory: Path, size: int) -> None:
        assert size >= 0, "bug: a tree has no negative size"
        self.size = size
        self._directory = directory
        self._cache: OrderedDict[tuple[int, int], _Rows] = OrderedDict()

    def root(self, size: int | None = None) -> bytes:
        """Return the root at `size` leaves; of the whole tree by default."""
        return self._subtree(0, self._bounded(size))

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the proof that leaf `index` is in the tree of `size` leaves, from the leaf's level up."""
        return inclusion_proof(index, self._bounded(size), self._subtree)

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """Return the proof that the tree of `new` leaves extends that of `old`; empty when nothing needs showing."""
        return consistency_proof(old, self._bounded(new), self._subtree)

    def leaf_hash(self, index: int) -> bytes:
        """Return the hash of a leaf."""
        assert 0 <= index < self.size, "bug: no such leaf in a tree of this size"
        return self._node(0, index)

    def _bounded(self, size: int | None) -> int:
        wanted = self.size if size is None else size
        assert 0 <= wanted <= self.size, "bug: the tiles were opened at a smaller size"
        return wanted

    def _subtree(self, start: int, end: int) -> bytes:
        """Return MTH(D[start:end]); `start` is a multiple of the smallest power of two that holds the range."""
        parts: list[bytes] = []
        while start < end:
            level = (end - start).bit_length() - 1
            parts.append(self._node(level, start >> level))
            start += 1 << level
        if not parts:
            return EMPTY_ROOT
        found = parts.pop()
        while parts:
            found = node_hash(parts.pop(), found)
        return found

    def _node(self, level: int, index: int) -> bytes:
        """Return the hash of the perfect subtree of 2^level leaves that begins at leaf index * 2^level."""
        tile_level, row = divmod(level, ROWS)
        tile_index, within = divmod(index, TILE_WIDTH >> row)
        return self._rows(tile_level, tile_index)[row][within]

    def _rows(self, level: int, index: int) -> _Rows:
        key = (level, index)
        rows = self._cache.get(key)
        if rows is not None:
            self._cache.move_to_end(key)
            return rows
        rows = self._load(level, index)
        self._cache[key] = rows
        if len(self._cache) > CACHED_TILES:
            self._cache.popitem(last=False)
        return rows

    def _load(self, level: int, index: int) -> _Rows:
        """Read a tile at the width that it has in this tree. Raises `VerificationFailed` when it is not whole."""
        width = min(TILE_WIDTH, self.size // TILE_WIDTH**level - index * TILE_WIDTH)
        hashes = read_tile(self._directory, TileName(level, index, width))
        if hashes is None:
            raise VerificationFailed(f"tile {index} of level {level} is missing.")
        rows = _rows_over(hashes)
        if width == TILE_WIDTH and root_of(rows[-1]) != self._node((level + 1) * ROWS, index):
            raise VerificationFailed(f"tile {index} of level {level} does not hash to its entry in the tile above it.")
        return rows


def read_tile(directory: Path, name: TileName) -> list[bytes] | None:
    """Return a hash tile's first `width` hashes, from its own file or any wider one; None when there is none.

    Partial tiles may be deleted once a wider one, or the full one, is there (c2sp.org/tlog-tiles).

    Raises:
        VerificationFailed: the file is not regular, or of another length than its name says.
        StoreError: it cannot be read.
    """
    for candidate in (name, TileName(name.level, name.index), *_wider(directory, name)):
        data = read_file(directory / candidate.path, TILE_WIDTH * HASH_BYTES)
        if data is not None:
            return decode_tile(data, candidate.width)[: name.width]
    return None


def _wider(directory: Path, name: TileName) -> list[TileName]:
    """Return the tile's partial files that hold at least its width, the widest first."""
    try:
        names = [entry.name for entry in (directory / f"{name.full_path}.p").iterdir()]
    except OSError:
        # No such directory: then the tile has no partial file. The caller says what is missing.
        return []
    widths = {int(text) for text in names if text.isascii() and text.isdigit() and len(text) <= 3}
    fitting = sorted((width for width in widths if name.width <= width < TILE_WIDTH), reverse=True)
    return [TileName(name.level, name.index, width) for width in fitting]


def _rows_over(hashes: list[bytes]) -> _Rows:
    rows = [hashes]
    for _ in range(ROWS - 1):
        below = rows[-1]
        rows.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
    return tuple(rows)
