"""The fast way over many full bundles: it says that a range is sound, or that it must be looked at closely.

What it answers for is what `casebus.ledger.walk` finds bundle by bundle (steps 4, 5, 7 and 9, and within the range
step 8), in fewer and larger operations: nothing is decoded to an object, whole tiles are compared at once. It never
says what is wrong. Anything unusual, sound or not (a marker leaf, a partial version that is still there, a topic id
with two names), makes it answer None, and the walk goes over the range leaf by leaf.

A helper process (`casebus.ledger.crew`) runs the same function: this module imports little.
"""

import os
import stat
from dataclasses import dataclass, field
from hashlib import sha256
from struct import Struct
from struct import error as struct_error
from zlib import crc32

from casebus.errors import VerificationFailed
from casebus.ledger.leaf import LEAF_BYTES, MAX_POSITION, LeafKind
from casebus.ledger.record import RECORD_DOMAIN
from casebus.ledger.record_shape import Shapes
from casebus.ledger.tiles import MAX_BUNDLE_BYTES, decode_bundle, index_path
from casebus.ledger.tree import HASH_BYTES, TILE_WIDTH

MAX_SWEPT_BYTES = 16 * 1024 * 1024
"""A larger archive file is read entry by entry, by the walk: memory stays flat whatever lies there."""

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_LEAVES = Struct(">3x16sQBQ32s")
"""A leaf after its length field: what `casebus.ledger.leaf` lays out."""
_ARCHIVED = Struct(">II")
_PAIR = Struct("64s")
_ALL_RECORDS = bytes([LeafKind.RECORD]) * TILE_WIDTH
_shapes = Shapes()


@dataclass(slots=True)
class Chain:
    """What a range holds of a topic: from after `previous` to `last` without a gap; `prefix` begins each record."""

    previous: int | None
    last: int
    prefix: bytes = b""


@dataclass(slots=True)
class Swept:
    """A sound range: the roots of its full tiles of level 0, and its topics' chains, which the range before must reach.

    `chains` stays empty where leaves were not looked at.
    """

    roots: list[bytes] = field(default_factory=list)
    chains: dict[bytes, Chain] = field(default_factory=dict)


class _LookClosely(Exception):
    """Something is unusual."""


def sweep(directory: str, start: int, count: int, *, contents: bool) -> Swept | None:
    """Sweep `count` full bundles from number `start`; None when they must be looked at closely.

    With `contents` leaves and archive are checked too, else only entries and tiles.
    """
    swept = Swept()
    try:
        for number in range(start, start + count):
            path = index_path(number)
            _refuse_partials(directory, path)
            bundle = _read(f"{directory}/tile/entries/{path}", MAX_BUNDLE_BYTES)
            swept.roots.append(_check_tile(f"{directory}/tile/0/{path}", _leaf_hashes(bundle)))
            if contents:
                _check_leaves(bundle, _read(f"{directory}/records/{path}", MAX_SWEPT_BYTES), swept.chains)
    except (_LookClosely, VerificationFailed, struct_error, OSError):
        return None
    return swept


def _refuse_partials(directory: str, path: str) -> None:
    """Leave a bundle to the walk whose partial versions, or its tile's, have not been collected."""
    if os.path.lexists(f"{directory}/tile/entries/{path}.p") or os.path.lexists(f"{directory}/tile/0/{path}.p"):
        raise _LookClosely


def _read(path: str, limit: int) -> bytes:
    descriptor = os.open(path, _READ)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > limit:
            raise _LookClosely
        data = os.read(descriptor, found.st_size + 1)
        if len(data) != found.st_size:
            raise _LookClosely
        return data
    finally:
        os.close(descriptor)


def _leaf_hashes(bundle: bytes) -> bytes:
    """Return the 256 leaf hashes of a full bundle."""
    stride = 2 + int.from_bytes(bundle[:2], "big")
    if len(bundle) == TILE_WIDTH * stride and bundle[::stride] + bundle[1::stride] == (
        bundle[:1] * TILE_WIDTH + bundle[1:2] * TILE_WIDTH
    ):
        # All entries are of one length: the second byte of each length field becomes the 0x00 that a leaf hash begins with.
        copied = bytearray(bundle)
        copied[1::stride] = bytes(TILE_WIDTH)
        return b"".join([sha256(entry).digest() for (entry,) in Struct(f"x{stride - 1}s").iter_unpack(copied)])
    return b"".join([sha256(b"\x00" + entry).digest() for entry in decode_bundle(bundle, TILE_WIDTH)])


def _check_tile(path: str, hashes: bytes) -> bytes:
    """Compare the full tile, and return its root."""
    if _read(path, TILE_WIDTH * HASH_BYTES) != hashes:
        raise _LookClosely
    while len(hashes) > HASH_BYTES:
        hashes = b"".join([sha256(b"\x01" + pair).digest() for (pair,) in _PAIR.iter_unpack(hashes)])
    return hashes


def _check_leaves(bundle: bytes, archive: bytes, chains: dict[bytes, Chain]) -> None:
    """Every leaf is a record's, canonical, its topic's next in the range, and the archive holds that record."""
    if len(bundle) != TILE_WIDTH * (2 + LEAF_BYTES) or bundle[2 :: 2 + LEAF_BYTES] != _ALL_RECORDS:
        raise _LookClosely
    contents = _contents(archive)
    hashes = [sha256(RECORD_DOMAIN + content).digest() for content in contents]
    if not all(map(_shapes.is_canonical, contents)):
        raise _LookClosely
    leaves = _LEAVES.iter_unpack(bundle)
    for (topic_id, position, present, previous, content_hash), found, content in zip(
        leaves, hashes, contents, strict=True
    ):
        chain = chains.get(topic_id)
        if chain is None:
            chain = chains[topic_id] = _begun(position, present, previous, content)
        elif present != 1 or previous != chain.last or position != previous + 1:
            raise _LookClosely
        chain.last = position
        if found != content_hash or not content.startswith(chain.prefix):
            raise _LookClosely
    if any(chain.last > MAX_POSITION for chain in chains.values()):
        raise _LookClosely


def _contents(archive: bytes) -> list[bytes]:
    """Return the 256 contents of a full archive file."""
    contents: list[bytes] = []
    checksums: list[int] = []
    at = 0
    for _ in range(TILE_WIDTH):
        length, checksum = _ARCHIVED.unpack_from(archive, at)
        end = at + 8 + length
        contents.append(archive[at + 8 : end])
        checksums.append(checksum)
        at = end
    if at != len(archive) or list(map(crc32, contents)) != checksums:
        raise _LookClosely
    return contents


def _begun(position: int, present: int, previous: int, content: bytes) -> Chain:
    """Return the chain of a topic's first leaf in the range; whether it stands right after the range before is unknown."""
    if present > 1 or position != (previous + 1 if present else 0) or (previous and not present):
        raise _LookClosely
    return Chain(previous if present else None, position, content[: 4 + int.from_bytes(content[:4], "big")])
