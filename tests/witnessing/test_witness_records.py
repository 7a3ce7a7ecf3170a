"""What stands on the witnesses' topics is read back as it was written; anything else is nothing, and never an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebus.bus.log import MAX_VALUE_BYTES, Record
from casebus.events.catalogue import signer_of, writer_of
from casebus.ledger.leaf import LEAF_BYTES
from casebus.witnessing.topics import (
    ENTRIES_A_RECORD,
    LEDGER_TOPIC,
    MAX_INDEX,
    Answered,
    Asked,
    Entries,
    answer_record,
    entries_record,
    parse_answer_record,
    parse_ledger_record,
    submission_record,
    witness_topic,
)

ORIGIN = "casebus.example/ledger"
LEAF = b"\x05" * LEAF_BYTES
names = st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True)
leaves = st.lists(st.binary(min_size=LEAF_BYTES, max_size=LEAF_BYTES), min_size=1, max_size=5).map(tuple)


@given(st.integers(0, MAX_INDEX), leaves)
def test_leaves_are_read_back(start: int, some: tuple[bytes, ...]) -> None:
    entries = Entries(start, some)
    assert parse_ledger_record(ORIGIN, entries_record(ORIGIN, entries)) == entries
    assert parse_ledger_record("another/log", entries_record(ORIGIN, entries)) is None


@given(names, st.binary(max_size=300))
def test_submissions_are_read_back(witness: str, body: bytes) -> None:
    asked = Asked(witness, body)
    assert parse_ledger_record(ORIGIN, submission_record(ORIGIN, asked)) == asked
    assert parse_answer_record(ORIGIN, submission_record(ORIGIN, asked)) is None


@given(st.integers(0, 999), st.binary(max_size=300))
def test_answers_are_read_back(status: int, value: bytes) -> None:
    answered = Answered(status, value)
    assert parse_answer_record(ORIGIN, answer_record(ORIGIN, answered)) == answered
    assert parse_ledger_record(ORIGIN, answer_record(ORIGIN, answered)) is None
    assert parse_answer_record("another/log", answer_record(ORIGIN, answered)) is None


header_names = st.sampled_from(["casebus-kind", "casebus-start", "casebus-witness", "casebus-status", "", "é"])
header_values = (
    st.sampled_from([b"entries", b"submission", b"0", b"00", b"-1", b"+1", b"200", b"\xff", b""]) | st.binary()
)
headers = st.lists(st.tuples(header_names, header_values), max_size=3).map(tuple)


@given(st.sampled_from([b"", ORIGIN.encode()]), st.binary(max_size=200), headers)
def test_nothing_that_stands_there_is_an_error(
    key: bytes, value: bytes, given_headers: tuple[tuple[str, bytes], ...]
) -> None:
    record = Record(key, value, given_headers)
    read = parse_ledger_record(ORIGIN, record)
    if isinstance(read, Entries):
        assert entries_record(ORIGIN, read) == record
    answered = parse_answer_record(ORIGIN, record)
    if answered is not None:
        assert answer_record(ORIGIN, answered) == record


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: Record(r.key, r.value + b"\x00", r.headers),
        lambda r: Record(r.key, r.value[:-1], r.headers),
        lambda r: Record(r.key, b"", r.headers),
        lambda r: Record(r.key, b"\x00\x43" + r.value[2:], r.headers),
        lambda r: Record(r.key, r.value * (ENTRIES_A_RECORD + 1), r.headers),
        lambda r: Record(r.key, r.value, r.headers[::-1]),
        lambda r: Record(r.key, r.value, (*r.headers, ("x", b""))),
        lambda r: Record(r.key, r.value, (r.headers[0], ("casebus-start", b"07"))),
        lambda r: Record(r.key, r.value, (r.headers[0], ("casebus-start", str(2**63).encode()))),
    ],
)
def test_leaves_that_are_not_written_so_are_none(spoil: object) -> None:
    record = entries_record(ORIGIN, Entries(7, (LEAF,)))
    assert parse_ledger_record(ORIGIN, spoil(record)) is None  # type: ignore[operator]


def test_a_full_record_of_leaves_fits_every_log() -> None:
    assert len(entries_record(ORIGIN, Entries(0, (LEAF,) * ENTRIES_A_RECORD)).value) < MAX_VALUE_BYTES // 2


def test_the_topics_belong_to_the_hub_and_to_each_agency() -> None:
    assert writer_of(LEDGER_TOPIC)[1] == signer_of(LEDGER_TOPIC) == "hub"
    assert writer_of(witness_topic("uk-nca"))[1] == signer_of(witness_topic("uk-nca")) == "uk-nca"
    with pytest.raises(ValueError):
        writer_of("casebus.hub.witness")
