"""Ids: the same from the same, other from other, in the form of RFC 9562."""

import hashlib
import hmac
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from casebus.events.types import Id
from casebus.wire.ids import content_id, derived_id, uuid7

KEY, OTHER = b"k" * 32, b"o" * 32
PARTS = st.lists(st.text(st.characters(codec="utf-8"), max_size=20), max_size=4).map(tuple)


def test_the_bytes_are_those_of_the_definition() -> None:
    framed = b"\x00\x00\x00\x00\x00\x00\x00\x02ab" + b"\x00\x00\x00\x00\x00\x00\x00\x03\xc3\xa9c"
    expected = bytearray(hmac.digest(KEY, framed, "sha256")[:16])
    expected[6], expected[8] = expected[6] & 0x0F | 0x80, expected[8] & 0x3F | 0x80
    assert derived_id(KEY, "ab", "éc") == str(uuid.UUID(bytes=bytes(expected)))
    plain = hashlib.sha256(framed).hexdigest()
    assert content_id("ab", "éc").replace("-", "")[:12] == plain[:12]


@given(PARTS)
def test_ids_are_acceptable_uuids_of_their_version(parts: tuple[str, ...]) -> None:
    for text in (derived_id(KEY, *parts), content_id(*parts)):
        assert TypeAdapter(Id).validate_python(text) == text
        assert (uuid.UUID(text).version, uuid.UUID(text).variant) == (8, uuid.RFC_4122)


@given(PARTS, PARTS)
def test_other_parts_give_other_ids(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert (one == other) == (derived_id(KEY, *one) == derived_id(KEY, *other))
    assert (one == other) == (content_id(*one) == content_id(*other))


def test_where_parts_end_counts() -> None:
    assert derived_id(KEY, "ab", "c") != derived_id(KEY, "a", "bc")
    assert content_id("abc", "") != content_id("abc")


def test_another_key_gives_another_id_and_no_key_gives_none() -> None:
    assert derived_id(KEY, "a") != derived_id(OTHER, "a") != content_id("a")
    with pytest.raises(AssertionError, match="bug"):
        derived_id(b"", "a")


def test_uuid7_is_that_of_the_rfc() -> None:
    # RFC 9562 appendix A.6
    moment = datetime(2022, 2, 22, 14, 22, 22, tzinfo=timezone(timedelta(hours=-5)))
    random_bytes = bytes.fromhex("0cc318c4dc0c0c07398f")
    assert uuid7(moment, random_bytes) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
    later = uuid7(moment + timedelta(milliseconds=1), bytes(10))
    assert later > uuid7(moment, b"\xff" * 10)
    assert uuid7(datetime(2026, 3, 1, tzinfo=UTC), bytes(10)) == uuid7(datetime(2026, 3, 1, tzinfo=UTC), bytes(10))


def test_uuid7_takes_ten_random_bytes_and_an_aware_time() -> None:
    with pytest.raises(AssertionError, match="bug"):
        uuid7(datetime(2026, 3, 1, tzinfo=UTC), bytes(9))
    with pytest.raises(AssertionError, match="bug"):
        uuid7(datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None), bytes(10))
