"""Tiles and entry bundles: where they lie, how wide they are, what is in them (c2sp.org/tlog-tiles).

    tile/<L>/<N>[.p/<W>]         L 0..63, up to 256 hashes of 32 bytes
    tile/entries/<N>[.p/<W>]     up to 256 x (u16 big-endian length || entry)

N is written in groups of three digits, all but the last after an `x`: 1234067 is `x001/x234/067`. W, 1..255, is there
only on a partial tile, the rightmost of its level.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from casebus.errors import VerificationFailed
from casebus.ledger.tree import HASH_BYTES, TILE_WIDTH

ENTRIES = -1
"""The level of an entry bundle in a `TileName`; bundle N holds the leaves under tile N of level 0."""

MAX_LEVEL = 63
MAX_ENTRY_BYTES = 65_535
MAX_BUNDLE_BYTES = TILE_WIDTH * (2 + MAX_ENTRY_BYTES)
MAX_TILE_INDEX = 2**55
"""Above it a tile would hold leaves past 2**63."""


@dataclass(frozen=True, slots=True)
class TileName:
    """A tile (`level` 0..63) or an entry bundle (`level` ENTRIES) with `width` hashes or entries."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def full_path(self) -> str:
        """Return the path that the full tile has."""
        return f"tile/{'entries' if self.level == ENTRIES else self.level}/{index_path(self.index)}"

    @property
    def path(self) -> str:
        """Return the path below the ledger's directory."""
        return self.full_path if self.width == TILE_WIDTH else f"{self.full_path}.p/{self.width}"

    @property
    def leaves_needed(self) -> int:
        """Return the smallest tree size at which this tile exists."""
        subtree: int = TILE_WIDTH ** max(self.level, 0)
        return (self.index * TILE_WIDTH + self.width) * subtree


def index_path(index: int) -> str:
    """Return N in groups of three digits."""
    assert index >= 0, "bug: there is no tile left of the first"
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    return "/".join(reversed(groups))


def parse_index_path(text: str) -> int:
    """Read N back. Raises `VerificationFailed` for anything that `index_path` does not write."""
    digits = text.replace("/", "").replace("x", "")
    if len(text) > 100 or not (digits.isascii() and digits.isdigit()):
        raise VerificationFailed("a file name that is no tile index.")
    index = int(digits)
    if index >= MAX_TILE_INDEX or index_path(index) != text:
        raise VerificationFailed("a file name that is no tile index.")
    return index


def parse_tile_path(path: str) -> TileName:
    """Read a path below the ledger's directory.

    Raises:
        VerificationFailed: `TileName.path` does not write it so.
    """
    kind, _, rest = path.removeprefix("tile/").partition("/")
    number, dot, width = rest.partition(".p/")
    if kind != "entries" and not (kind.isascii() and kind.isdigit() and len(kind) <= 2 and int(kind) <= MAX_LEVEL):
        raise VerificationFailed("a file name that is no tile.")
    if dot and not (width.isascii() and width.isdigit() and len(width) <= 3 and 0 < int(width) < TILE_WIDTH):
        raise VerificationFailed("a file name that is no tile width.")
    level = ENTRIES if kind == "entries" else int(kind)
    name = TileName(level, parse_index_path(number), int(width) if dot else TILE_WIDTH)
    if name.path != path:
        raise VerificationFailed("a file name that is not written as tiles are.")
    return name


def tiles_of(size: int) -> Iterator[TileName]:
    """Return the hash tiles of a tree of this size, level by level from the left."""
    level = 0
    while size:
        yield from (TileName(level, index) for index in range(size // TILE_WIDTH))
        if size % TILE_WIDTH:
            yield TileName(level, size // TILE_WIDTH, size % TILE_WIDTH)
        size //= TILE_WIDTH
        level += 1


def bundles_of(size: int) -> Iterator[TileName]:
    """Return the entry bundles of a tree of this size, from the left."""
    yield from (TileName(ENTRIES, index) for index in range(size // TILE_WIDTH))
    if size % TILE_WIDTH:
        yield TileName(ENTRIES, size // TILE_WIDTH, size % TILE_WIDTH)


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Return the bytes of an entry bundle."""
    parts: list[bytes] = []
    for entry in entries:
        assert len(entry) <= MAX_ENTRY_BYTES, "bug: an entry does not fit its length field"
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def decode_bundle(data: bytes, count: int) -> list[bytes]:
    """Read exactly `count` entries. Raises `VerificationFailed` when there are more, fewer, or bytes left over."""
    entries: list[bytes] = []
    at = 0
    while len(entries) < count and at + 2 <= len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data):
            break
        entries.append(data[at + 2 : end])
        at = end
    if len(entries) != count or at != len(data):
        raise VerificationFailed(f"an entry bundle should hold {count} entries exactly; {len(entries)} were read.")
    return entries


def decode_tile(data: bytes, width: int) -> list[bytes]:
    """Read exactly `width` hashes. Raises `VerificationFailed` when the length differs."""
    if len(data) != width * HASH_BYTES:
        raise VerificationFailed(f"a tile of width {width} should be {width * HASH_BYTES} bytes; it is {len(data)}.")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
