"""Chains against a model that knows nothing of heads, and markers: canonical, bounded, saying what their leaf says."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgering import final_note

from casebus.errors import VerificationFailed
from casebus.ledger.leaf import NO_TOPIC, Chains, Leaf, LeafKind, decode_leaf, whole_leaf
from casebus.ledger.marker import (
    MAX_MARKER_BYTES,
    Closing,
    Loss,
    Opening,
    Sealing,
    decode_marker,
    encode_marker,
    marker_hash,
    opening_heads,
)

A, B = b"\x0a" * 16, b"\x0b" * 16
HASH = bytes(32)
PLACED = (LeafKind.RECORD, LeafKind.LOSS, LeafKind.SEALING)


def may_follow(before, leaf, seeded):
    """The rules as DESIGN and the leaf's page say them, over the whole history, with sets instead of heads."""
    if any(other.kind is LeafKind.CLOSING for other in before):
        return False
    if leaf.kind is LeafKind.OPENING:
        return not before
    if leaf.kind is LeafKind.CLOSING:
        return True
    own = [other for other in before if other.topic_id == leaf.topic_id and other.kind in PLACED]
    if any(other.kind is LeafKind.SEALING for other in own):
        return False
    is_seeded = any(other.kind is LeafKind.OPENING for other in before) and leaf.topic_id in seeded
    covered = set(range(seeded[leaf.topic_id] + 1)) if is_seeded else set()
    for other in own:
        covered |= set(range(max(covered, default=-1) + 1, other.position + 1))
    if leaf.previous != (max(covered) if covered else None) or leaf.position in covered:
        return False
    missing = set(range(leaf.position)) - covered
    return not missing or leaf.kind is LeafKind.LOSS


@st.composite
def attempts(draw):
    """Leaves of which many follow: positions and previous positions near where the last ones were."""
    leaves, at = [], {A: -1, B: -1}
    for _ in range(draw(st.integers(0, 14))):
        kind = draw(st.sampled_from([*PLACED[:1] * 6, *LeafKind, LeafKind.LOSS]))
        if kind in (LeafKind.OPENING, LeafKind.CLOSING):
            leaves.append(whole_leaf(kind, HASH))
            continue
        topic_id = draw(st.sampled_from([A, B]))
        previous = at[topic_id] + draw(st.sampled_from([0] * 9 + [1, -1]))
        step = draw(st.sampled_from([1] * 9 + [2, 0])) if kind is not LeafKind.LOSS else draw(st.integers(0, 3))
        position = max(0, at[topic_id] + step)
        leaves.append(Leaf(kind, topic_id, position, previous if previous >= 0 else None, HASH))
        if kind is not LeafKind.SEALING:
            at[topic_id] = position
    return leaves


@settings(max_examples=600)
@given(attempts(), st.dictionaries(st.sampled_from([A, B]), st.integers(0, 2)), st.booleans())
def test_chains_take_exactly_what_the_rules_allow(leaves, seeded, opens):
    chains, taken = Chains(), []
    for leaf in [*([whole_leaf(LeafKind.OPENING, HASH)] if opens else []), *leaves]:
        before = chains.copy()
        try:
            chains.follow(len(taken), leaf)
        except VerificationFailed:
            assert not may_follow(taken, leaf, seeded)
            assert chains == before
        else:
            assert may_follow(taken, leaf, seeded), leaf
            if leaf.kind is LeafKind.OPENING:
                chains.seed(seeded)
            taken.append(leaf)


def test_who_does_not_know_the_heads_of_a_predecessor_takes_each_topics_first_leaf_at_its_word():
    chains = Chains()
    chains.follow(0, whole_leaf(LeafKind.OPENING, HASH))
    chains.follow(1, Leaf(LeafKind.RECORD, A, 8, 7, HASH))
    chains.follow(2, Leaf(LeafKind.RECORD, B, 0, None, HASH))
    for wrong in [(A, 10, 8), (A, 9, 7), (b"\x0c" * 16, 4, None), (b"\x0c" * 16, 4, 2)]:
        with pytest.raises(VerificationFailed):
            chains.follow(3, Leaf(LeafKind.RECORD, *wrong, HASH))


def test_a_whole_ledgers_leaf_names_no_topic_and_no_position():
    for kind in (LeafKind.OPENING, LeafKind.CLOSING):
        leaf = whole_leaf(kind, HASH)
        assert decode_leaf(leaf.encode()) == leaf
        for spoiled in (replace(leaf, topic_id=A), replace(leaf, position=1), replace(leaf, position=1, previous=0)):
            with pytest.raises(VerificationFailed):
                decode_leaf(spoiled.encode())


POSITION = st.integers(0, 2**63 - 1)
HEADS = st.dictionaries(st.binary(min_size=16, max_size=16), POSITION, max_size=4)
MARKERS = (
    st.builds(Opening, st.builds(final_note, st.just("before.example"), st.integers(1, 9)), HEADS, st.text(max_size=9))
    | st.builds(Closing, HEADS, st.text(max_size=9), st.text(max_size=9))
    | st.builds(Loss, POSITION, POSITION, st.text(max_size=9))
    | st.builds(Sealing, POSITION, st.text(max_size=9))
)


def leaf_of(marker):
    """Return the leaf that fits, as far as one can."""
    digest = marker_hash(encode_marker(marker))
    match marker:
        case Opening():
            return whole_leaf(LeafKind.OPENING, digest)
        case Closing():
            return whole_leaf(LeafKind.CLOSING, digest)
        case Loss():
            return Leaf(LeafKind.LOSS, A, marker.last, marker.first - 1 if marker.first else None, digest)
        case Sealing():
            return Leaf(LeafKind.SEALING, A, marker.last + 1, marker.last, digest)


@given(MARKERS)
def test_a_marker_reads_back(marker):
    assert decode_marker(leaf_of(marker), encode_marker(marker)) == marker


@given(st.binary(max_size=80) | st.from_regex(rb'\{"(last|heads|reason)":.{0,40}\}', fullmatch=True))
def test_any_bytes_are_a_marker_or_refused(data):
    for kind in LeafKind:
        leaf = Leaf(kind, NO_TOPIC, 0, None, marker_hash(data))
        with suppress(VerificationFailed):
            assert encode_marker(decode_marker(leaf, data)) == data


@pytest.mark.parametrize(
    "content",
    [
        b'{"first": 0,"last":4,"reason":""}',
        b'{"last":4,"first":0,"reason":""}',
        b'{"first":0,"last":4,"reason":"","more":1}',
        b'{"first":0,"last":4}',
        b'{"first":0,"last":4,"last":4,"reason":""}',
        b'{"first":0,"last":4.0,"reason":""}',
        b'{"first":0,"last":"4","reason":""}',
        b'{"first":0,"last":true,"reason":""}',
        b'{"first":null,"last":4,"reason":""}',
        b'{"first":0,"last":4,"reason":"\xc3\xa9"}',
        b'{"first":0,"last":3,"reason":""}',
        b'{"first":1,"last":4,"reason":""}',
        b"[" * 60_000,
        b" " * MAX_MARKER_BYTES + b"{}",
    ],
)
def test_a_loss_that_is_not_canonical_or_says_something_else_than_its_leaf_is_refused(content):
    with pytest.raises(VerificationFailed):
        decode_marker(Leaf(LeafKind.LOSS, A, 4, None, marker_hash(content)), content)


def test_a_markers_bytes_are_laid_out_as_documented():
    assert encode_marker(Loss(3, 7, "géne")) == b'{"first":3,"last":7,"reason":"g\\u00e9ne"}'
    opening = Opening(final_note(), {A: 5, B: 0}, "o")
    heads = b'{"' + A.hex().encode() + b'":5,"' + B.hex().encode() + b'":0}'
    note = json.dumps(opening.continues).encode()
    assert encode_marker(opening) == b'{"continues":' + note + b',"heads":' + heads + b',"origin":"o"}'


def test_a_marker_that_no_reader_would_accept_is_never_made():
    for marker in (Sealing(1, "x" * MAX_MARKER_BYTES), Sealing(1, "\udcff"), Loss(0, 2**63, "")):
        with pytest.raises(VerificationFailed):
            encode_marker(marker)


def test_heads_that_are_not_topic_ids_in_lower_case_hex_are_refused():
    for key in ("0A" * 16, "0a" * 15, "zz" * 16, " " + "0a" * 16, ""):
        note = json.dumps(final_note()).encode()
        content = b'{"continues":%s,"heads":{"%s":1},"origin":""}' % (note, key.encode())
        with pytest.raises(VerificationFailed):
            opening_heads(whole_leaf(LeafKind.OPENING, marker_hash(content)), content)
