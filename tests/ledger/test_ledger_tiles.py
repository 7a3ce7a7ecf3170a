"""Tile and bundle names and bytes."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from casebus.errors import VerificationFailed
from casebus.ledger.tiles import (
    ENTRIES,
    TileName,
    bundles_of,
    decode_bundle,
    decode_tile,
    encode_bundle,
    index_path,
    parse_index_path,
    parse_tile_path,
    tiles_of,
)

NAMES = st.builds(TileName, st.integers(-1, 63), st.integers(0, 2**55 - 1), st.integers(1, 256))


def test_a_tree_of_70000_has_exactly_the_tiles_of_the_vectors(vectors):
    expected = vectors["tile_paths_at_70000"]
    paths = [name.path for name in tiles_of(70_000)]
    assert len(paths) == expected["count"]
    assert [path for path in paths if path.startswith("tile/1/")][-2:] == expected["level1"]
    assert [path for path in paths if path.startswith("tile/2/")] == expected["level2"]
    assert set(expected["last0"]) <= set(paths)
    assert [name.path for name in bundles_of(70_000)][-1] == "tile/entries/273.p/112"


def test_a_full_tile_has_a_partial_parent_and_no_partial_of_its_own():
    assert [name.path for name in tiles_of(256)] == ["tile/0/000", "tile/1/000.p/1"]
    assert list(tiles_of(0)) == []


def test_indexes_are_written_in_groups_of_three():
    assert [index_path(n) for n in (0, 1234, 1234067)] == ["000", "x001/234", "x001/x234/067"]


@given(NAMES)
def test_a_tile_path_reads_back(name):
    assert parse_tile_path(name.path) == name


@given(st.text(alphabet="0123456789xp./entiles٣", max_size=30))
@example("tile/00/000")
@example("tile/0/000.p/256")
@example("tile/0/000.p/01")
@example("tile/64/000")
@example("tile/0/x000/001")
@example("0/000")
def test_any_other_path_is_refused_or_is_written_exactly_so(path):
    try:
        name = parse_tile_path(path)
    except VerificationFailed:
        return
    assert name.path == path


@given(st.text(alphabet="0123456789x/", max_size=20))
def test_an_index_path_is_refused_or_is_written_exactly_so(path):
    try:
        index = parse_index_path(path)
    except VerificationFailed:
        return
    assert index_path(index) == path


def test_the_bundle_vector_is_reproduced(vectors):
    data = encode_bundle([b"abc", b"", b"\xff"])
    assert data.hex() == vectors["bundle_of_abc_empty_hex"]
    assert decode_bundle(data, 3) == [b"abc", b"", b"\xff"]


@given(st.lists(st.binary(max_size=40), max_size=256))
def test_a_bundle_reads_back_with_its_own_width_and_no_other(entries):
    data = encode_bundle(entries)
    assert decode_bundle(data, len(entries)) == entries
    for width in (len(entries) - 1, len(entries) + 1):
        with pytest.raises(VerificationFailed):
            decode_bundle(data, width)
    with pytest.raises(VerificationFailed):
        decode_bundle(data + b"\x00", len(entries))


@given(st.binary(max_size=100), st.integers(0, 5))
def test_any_bytes_are_a_bundle_or_refused(data, count):
    with suppress(VerificationFailed):
        assert encode_bundle(decode_bundle(data, count)) == data


def test_a_tile_of_another_length_is_refused():
    assert decode_tile(bytes(64), 2) == [bytes(32), bytes(32)]
    for length in (0, 63, 65, 96):
        with pytest.raises(VerificationFailed):
            decode_tile(bytes(length), 2)


def test_a_bundle_name_needs_as_many_leaves_as_it_holds():
    assert TileName(ENTRIES, 2, 7).leaves_needed == 519
    assert TileName(1, 0, 3).leaves_needed == 768
