"""Leaves, archived records and journal frames: round trips, and any bytes are a value or refused."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebus.bus.log import Record, Recorded
from casebus.errors import VerificationFailed
from casebus.ledger.frames import Commit, Snapshot, Tail, decode_frame, encode_frame, scan, wrap
from casebus.ledger.leaf import LEAF_BYTES, Chains, decode_leaf, record_leaf
from casebus.ledger.record import decode_record, encode_record, record_hash
from casebus.ledger.state import LedgerState
from casebus.ledger.tree import RightEdge

HASH = st.binary(min_size=32, max_size=32)
TOPIC_ID = st.binary(min_size=16, max_size=16)
POSITION = st.integers(0, 2**63 - 1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RECORDED = st.builds(
    Recorded,
    st.text(max_size=20),
    POSITION,
    st.builds(
        Record,
        st.binary(max_size=20),
        st.binary(max_size=60),
        st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=8)), max_size=4).map(tuple),
    ),
    st.integers(0, 253402300799999).map(lambda ms: EPOCH + timedelta(milliseconds=ms)),
)
POSITIONS = st.dictionaries(st.tuples(st.text(max_size=8), st.text(max_size=8)), POSITION, max_size=4)
LEAVES = st.lists(st.binary(max_size=70), max_size=5).map(tuple)


def leaf(position: int) -> bytes:
    return record_leaf(bytes(16), position, position - 1 if position else None, bytes(32)).encode()


@given(TOPIC_ID, POSITION, st.none() | POSITION, HASH)
def test_a_leaf_reads_back_or_its_previous_position_is_not_before_it(topic_id, position, previous, record_hash_):
    made = record_leaf(topic_id, position, previous, record_hash_)
    if previous is not None and previous >= position:
        with pytest.raises(VerificationFailed):
            decode_leaf(made.encode())
    else:
        assert decode_leaf(made.encode()) == made


@given(st.binary(min_size=LEAF_BYTES - 1, max_size=LEAF_BYTES + 1) | st.binary(max_size=4))
def test_any_bytes_are_a_leaf_or_refused(data):
    for attempt in (data, b"\x01" + data[1:]):
        try:
            assert decode_leaf(attempt).encode() == attempt
        except VerificationFailed:
            continue


def test_the_leafs_bytes_are_laid_out_as_documented():
    data = record_leaf(b"T" * 16, 258, 257, b"H" * 32).encode()
    assert data == b"\x01" + b"T" * 16 + b"\0\0\0\0\0\0\1\2" + b"\1" + b"\0\0\0\0\0\0\1\1" + b"H" * 32
    first = record_leaf(b"T" * 16, 0, None, b"H" * 32).encode()
    assert first == b"\x01" + b"T" * 16 + bytes(8) + b"\0" + bytes(8) + b"H" * 32


def test_only_the_next_position_follows():
    def follows(leaf, head):
        chains = Chains({} if head is None else {leaf.topic_id: head})
        try:
            chains.follow(9, leaf)
        except VerificationFailed:
            return False
        return chains.heads == {leaf.topic_id: leaf.position}

    assert follows(record_leaf(bytes(16), 0, None, bytes(32)), None)
    assert follows(record_leaf(bytes(16), 5, 4, bytes(32)), 4)
    for position, previous, head in [(1, None, None), (6, 4, 4), (5, 4, 5), (4, 3, 4), (0, None, 4)]:
        assert not follows(record_leaf(bytes(16), position, previous, bytes(32)), head)


@given(RECORDED)
def test_a_record_reads_back(recorded):
    assert decode_record(encode_record(recorded), recorded.position) == recorded


def test_a_header_name_that_is_no_text_is_kept():
    record = Record(b"", b"", (("\udcff", b""),))
    recorded = Recorded("t", 0, record, EPOCH)
    assert decode_record(encode_record(recorded), 0) == recorded


@given(st.binary(max_size=120))
def test_any_bytes_are_a_record_or_refused(data):
    with suppress(VerificationFailed):
        assert encode_record(decode_record(data, 0)) == data


def test_the_record_hash_binds_every_part_of_the_record():
    at = EPOCH + timedelta(milliseconds=5)
    base = Recorded("topic", 3, Record(b"k", b"v", (("a", b"1"), ("b", b"2"))), at)
    others = [
        Recorded("topi", 3, Record(b"ck", b"v", base.record.headers), at),
        Recorded("topic", 3, Record(b"kv", b"", base.record.headers), at),
        Recorded("topic", 3, Record(b"k", b"w", base.record.headers), at),
        Recorded("topic", 3, Record(b"k", b"v", (("b", b"2"), ("a", b"1"))), at),
        Recorded("topic", 3, Record(b"k", b"v", (("a", b"1"), ("b", b"2"), ("b", b"2"))), at),
        Recorded("topic", 3, Record(b"k", b"v", (("a", b"1b"), ("", b"2"))), at),
        Recorded("topic", 3, base.record, at + timedelta(milliseconds=1)),
    ]
    assert len({record_hash(recorded) for recorded in [base, *others]}) == len(others) + 1


@given(HASH, POSITION, POSITIONS, LEAVES)
def test_a_commit_reads_back(previous, start, positions, leaves):
    commit = Commit(previous, start, positions, leaves)
    assert decode_frame(encode_frame(commit)) == commit


@given(st.integers(0, 700), POSITIONS)
def test_a_snapshot_reads_back_and_goes_on_to_the_same_tree(count, positions):
    state = LedgerState()
    state.apply(Commit(bytes(32), 0, positions, tuple(leaf(position) for position in range(count))))
    restored = LedgerState.of(decode_frame(encode_frame(state.snapshot(bytes(32)))))
    assert restored.edge.root() == state.edge.root()
    more = Commit(bytes(32), count, {}, tuple(leaf(position) for position in range(count, count + 300)))
    assert restored.apply(more) == state.apply(more)
    assert restored.partials() == state.partials()


@given(st.dictionaries(TOPIC_ID, POSITION, max_size=3), st.sets(TOPIC_ID, max_size=3), st.booleans())
def test_a_snapshot_keeps_the_chains_whole(heads, sealed, closed):
    snapshot = Snapshot(bytes(32), {}, Chains(heads, sealed, closed), (), RightEdge())
    assert decode_frame(encode_frame(snapshot)).chains == snapshot.chains


def test_a_snapshot_that_contradicts_itself_is_refused():
    snapshot = Snapshot(bytes(32), {}, Chains(), (b"entry",), RightEdge(1, [[bytes(32)]]))
    with pytest.raises(VerificationFailed):
        LedgerState.of(snapshot)


@given(st.binary(max_size=200))
def test_any_payload_is_a_frame_or_refused(data):
    for attempt in (data, b"C" + data, b"S" + data, b"S" + bytes(40) + data):
        try:
            assert encode_frame(decode_frame(attempt)) == attempt
        except VerificationFailed:
            continue


FRAMES = [wrap(b"first payload"), wrap(b"second"), wrap(b"third")]


def test_a_segment_cut_anywhere_is_clean_or_torn_and_keeps_what_was_whole():
    data = b"".join(FRAMES)
    ends = [0, len(FRAMES[0]), len(FRAMES[0] + FRAMES[1]), len(data)]
    for cut in range(len(data) + 1):
        scanned = scan(data[:cut])
        whole = sum(cut >= end for end in ends[1:])
        assert len(scanned.payloads) == whole
        assert scanned.sound_bytes == ends[whole]
        assert scanned.tail is (Tail.CLEAN if cut in ends else Tail.TORN)


def test_a_flipped_bit_is_never_taken_for_a_torn_tail():
    data = b"".join(FRAMES)
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        assert scan(bytes(flipped)).tail in (Tail.SPOILED, Tail.DAMAGED)


def test_zeros_after_the_last_frame_are_a_torn_tail():
    assert scan(FRAMES[0] + bytes(4096)).tail is Tail.TORN
