"""Roots and proofs from tiles, against the recursive definition of RFC 6962."""

import random
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

from casebus.errors import VerificationFailed
from casebus.ledger.tile_tree import CACHED_TILES, TileTree, read_tile
from casebus.ledger.tiles import TileName, tiles_of
from casebus.ledger.tree import RightEdge, leaf_hash, node_hash, verify_consistency, verify_inclusion
from casebus.ledger.vkey import encode_base64

LARGEST = 70_000
HASHES = [leaf_hash(b"leaf %d" % number) for number in range(LARGEST)]


@cache
def mth(start: int, end: int) -> bytes:
    if end == start:
        return sha256(b"").digest()
    if end - start == 1:
        return HASHES[start]
    half = 1
    while half * 2 < end - start:
        half *= 2
    return node_hash(mth(start, start + half), mth(start + half, end))


def path(index: int, start: int, end: int) -> list[bytes]:
    """PATH of RFC 6962 §2.1.1, as written there."""
    if end - start == 1:
        return []
    half = 1
    while half * 2 < end - start:
        half *= 2
    if index - start < half:
        return [*path(index, start, start + half), mth(start + half, end)]
    return [*path(index, start + half, end), mth(start, start + half)]


def subproof(old: int, start: int, end: int, whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 §2.1.2, as written there."""
    if old == end - start:
        return [] if whole else [mth(start, end)]
    half = 1
    while half * 2 < end - start:
        half *= 2
    if old <= half:
        return [*subproof(old, start, start + half, whole), mth(start + half, end)]
    return [*subproof(old - half, start + half, end, False), mth(start, start + half)]


def write(directory: Path, name: TileName, hashes: list[bytes]) -> None:
    target = directory / name.path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"".join(hashes))


def write_tiles(directory: Path, size: int) -> None:
    """Write exactly the tiles of one size."""
    edge = RightEdge()
    for tile in edge.extend(HASHES[:size]):
        write(directory, TileName(tile.level, tile.index), list(tile.hashes))
    for level, row in enumerate(edge.levels):
        if row:
            write(directory, TileName(level, size // 256 ** (level + 1), len(row)), row)


@pytest.fixture(scope="module")
def grown(tmp_path_factory) -> Path:
    """The tiles of 70,000 leaves as a log leaves them that publishes at every size up to 600."""
    directory = tmp_path_factory.mktemp("grown")
    write_tiles(directory, LARGEST)
    for size in range(1, 601):
        for name in tiles_of(size):
            span = 256**name.level
            first = name.index * 256
            hashes = [mth(at * span, (at + 1) * span) for at in range(first, first + name.width)]
            write(directory, name, hashes)
    return directory


def test_every_size_to_600_has_the_root_and_proofs_of_the_recursive_definition(grown):
    for size in range(1, 601):
        tree = TileTree(grown, size)
        assert tree.root() == mth(0, size)
        for index in {0, size // 3, size // 2, size - 1, *range(size // 256 * 256, size, 37)}:
            assert tree.inclusion(index) == path(index, 0, size)
            assert tree.leaf_hash(index) == HASHES[index]
        for old in {1, size // 3 or 1, size // 2 or 1, size - 1 or 1, size, size & -size}:
            assert tree.consistency(old) == subproof(old, 0, size, True)


def test_every_index_and_every_older_size_at_the_sizes_round_a_tiles_border(grown):
    for size in (255, 256, 257, 300, 512, 513):
        tree = TileTree(grown, size)
        for index in range(size):
            assert tree.inclusion(index) == path(index, 0, size)
            assert tree.consistency(index + 1) == subproof(index + 1, 0, size, True)


def test_random_sizes_and_smaller_ones_within_them_verify(tmp_path):
    draw = random.Random(4)
    for round_number, size in enumerate([65_535, 65_536, 65_537, *(draw.randrange(601, LARGEST) for _ in range(8))]):
        directory = tmp_path / str(round_number)
        write_tiles(directory, size)
        tree = TileTree(directory, size)
        assert tree.root() == mth(0, size)
        for _ in range(60):
            smaller = draw.randrange(1, size + 1)
            index, old = draw.randrange(smaller), draw.randrange(1, smaller + 1)
            assert tree.root(smaller) == mth(0, smaller)
            assert tree.inclusion(index, smaller) == path(index, 0, smaller)
            verify_inclusion(index, smaller, HASHES[index], tree.inclusion(index, smaller), mth(0, smaller))
            assert tree.consistency(old, smaller) == subproof(old, 0, smaller, True)
            verify_consistency(old, smaller, mth(0, old), mth(0, smaller), tree.consistency(old, smaller))


def test_the_vectors_roots_and_proofs_come_from_tiles(grown, vectors):
    tree = TileTree(grown, LARGEST)
    roots = {int(size): root for size, root in vectors["roots_of_leaf_%d"].items() if 0 < int(size) <= LARGEST}
    assert roots
    assert {size: tree.root(size).hex() for size in roots} == roots
    assert [encode_base64(value) for value in tree.inclusion(12_345)] == vectors["inclusion_12345_in_70000"]
    assert [encode_base64(value) for value in tree.consistency(35_062)] == vectors["consistency_35062_70000"]
    assert tree.root(35_062).hex() == vectors["root_35062"]


def test_an_empty_tree_needs_no_tile(tmp_path):
    tree = TileTree(tmp_path, 0)
    assert tree.root() == sha256(b"").digest()
    assert tree.consistency(0) == []


def test_a_wider_partial_serves_where_the_exact_one_was_deleted(tmp_path):
    write_tiles(tmp_path, 300)
    tree = TileTree(tmp_path, 290)
    assert tree.root() == mth(0, 290)
    assert tree.inclusion(289) == path(289, 0, 290)


def test_a_full_tile_serves_where_the_partial_was_deleted(tmp_path):
    write_tiles(tmp_path, 600)
    assert TileTree(tmp_path, 500).inclusion(499) == path(499, 0, 500)


def test_names_that_are_no_widths_are_passed_over(tmp_path):
    write_tiles(tmp_path, 300)
    for name in ("45", "٤٥", "x", "0044", "999", ".44", "256"):
        if name != "45":
            (tmp_path / "tile/0/001.p" / name).write_bytes(b"?")
    assert TileTree(tmp_path, 280).root() == mth(0, 280)


def test_a_missing_tile_is_named(tmp_path):
    write_tiles(tmp_path, 600)
    (tmp_path / "tile/0/001").unlink()
    with pytest.raises(VerificationFailed, match="tile 1 of level 0 is missing"):
        TileTree(tmp_path, 600).inclusion(300)


def test_a_tile_of_another_length_is_refused(tmp_path):
    write_tiles(tmp_path, 600)
    (tmp_path / "tile/0/002.p/88").write_bytes(b"\0" * 31)
    with pytest.raises(VerificationFailed, match="width 88"):
        TileTree(tmp_path, 600).root()


def test_a_link_in_a_tiles_place_is_refused(tmp_path):
    write_tiles(tmp_path, 300)
    tile = tmp_path / "tile/0/000"
    tile.rename(tmp_path / "elsewhere")
    tile.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(VerificationFailed, match="regular"):
        TileTree(tmp_path, 300).inclusion(3)


@pytest.mark.parametrize("name", ["tile/0/000", "tile/0/001", "tile/1/000"])
def test_a_flipped_bit_in_a_full_tile_shows_against_the_tile_above(tmp_path, name):
    write_tiles(tmp_path, 65_800)
    data = bytearray((tmp_path / name).read_bytes())
    draw = random.Random(name)
    for _ in range(12):
        at = draw.randrange(len(data))
        data[at] ^= 1 << draw.randrange(8)
        (tmp_path / name).write_bytes(data)
        tree = TileTree(tmp_path, 65_800)
        with pytest.raises(VerificationFailed, match="does not hash to its entry"):
            [tree.inclusion(index) for index in (5, 300)]


def test_a_flipped_bit_in_a_partial_tile_shows_in_the_root(tmp_path):
    write_tiles(tmp_path, 600)
    tile = tmp_path / "tile/0/002.p/88"
    data = bytearray(tile.read_bytes())
    data[40] ^= 1
    tile.write_bytes(data)
    assert TileTree(tmp_path, 600).root() != mth(0, 600)


def test_the_cache_stays_bounded_and_answers_stay_right(tmp_path):
    write_tiles(tmp_path, LARGEST)
    tree = TileTree(tmp_path, LARGEST)
    for index in range(0, LARGEST, 251):
        assert tree.inclusion(index) == path(index, 0, LARGEST)
    assert len(tree._cache) == CACHED_TILES


def test_no_tile_is_none(tmp_path):
    assert read_tile(tmp_path, TileName(0, 0, 3)) is None
