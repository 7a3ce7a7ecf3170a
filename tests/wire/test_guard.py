"""The guard: bombs do not pass, and what passes is what the decoder reads and would write again."""

from io import BytesIO
from typing import Any

import fastavro
import pytest
from generated import any_payload
from hypothesis import given, settings
from hypothesis import strategies as st
from network import SCHEMAS

from casebus.errors import ParkReason, SchemaError, WireError
from casebus.events.types import Payload
from casebus.wire.codec import encode
from casebus.wire.guard import MAX_DEPTH, MAX_ITEMS, compile_guard

RECURSIVE = {
    "type": "record",
    "name": "Node",
    "fields": [{"name": "next", "type": ["null", "Node"]}, {"name": "n", "type": "long"}],
}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}
EVERYTHING = {
    "type": "record",
    "name": "Everything",
    "fields": [
        {"name": "a", "type": "int"},
        {"name": "b", "type": "long"},
        {"name": "c", "type": "boolean"},
        {"name": "d", "type": "float"},
        {"name": "e", "type": "double"},
        {"name": "f", "type": "string"},
        {"name": "g", "type": "bytes"},
        {"name": "h", "type": {"type": "fixed", "name": "Two", "size": 2}},
        {"name": "i", "type": {"type": "enum", "name": "Abc", "symbols": ["A", "B", "C"]}},
        {"name": "j", "type": ["null", "string"]},
        {"name": "k", "type": {"type": "array", "items": {"type": "array", "items": "Abc"}}},
        {"name": "l", "type": MICROS},
        {"name": "m", "type": ["null", "Two"]},
    ],
}


def refusal(schema: Any, data: bytes, **limits: int) -> ParkReason:
    with pytest.raises(WireError) as caught:
        compile_guard(schema).check(data, **limits)
    assert caught.value.authentic
    return caught.value.reason


def number(value: int) -> bytes:
    folded = value << 1 if value >= 0 else (-value << 1) - 1
    octets = bytearray()
    while folded > 0x7F:
        octets.append(folded & 0x7F | 0x80)
        folded >>= 7
    return bytes([*octets, folded])


def rewritten(schema: Any, data: bytes) -> bytes:
    parsed = fastavro.parse_schema(schema)
    target = BytesIO()
    fastavro.schemaless_writer(target, parsed, fastavro.schemaless_reader(BytesIO(data), parsed), strict=True)
    return target.getvalue()


def test_a_recursive_bomb_is_too_deep_and_does_not_crash() -> None:
    assert refusal(RECURSIVE, b"\x02" * 5000) is ParkReason.AVRO_TOO_DEEP
    deepest = b"\x02" * MAX_DEPTH + b"\x00" + number(1) * (MAX_DEPTH + 1)
    compile_guard(RECURSIVE).check(deepest)
    assert rewritten(RECURSIVE, deepest) == deepest
    assert refusal(RECURSIVE, b"\x02" + deepest + number(1)) is ParkReason.AVRO_TOO_DEEP


def test_a_type_that_is_nothing_but_itself_ends() -> None:
    nothing = {"type": "record", "name": "Nothing", "fields": [{"name": "again", "type": "Nothing"}]}
    assert refusal(nothing, b"") is ParkReason.AVRO_TOO_DEEP


def test_arrays_within_arrays_are_too_deep_by_data() -> None:
    schema = {"type": "array", "items": {"type": "array", "items": "long"}}
    compile_guard(schema).check(b"\x02\x02\x00\x00\x00", max_depth=2)
    assert refusal(schema, b"\x02\x02\x00\x00\x00", max_depth=1) is ParkReason.AVRO_TOO_DEEP


def test_an_array_bomb_of_no_bytes_is_too_many_items() -> None:
    bomb = number(50_000_000) + b"\x00"
    assert refusal({"type": "array", "items": "null"}, bomb) is ParkReason.AVRO_TOO_MANY_ITEMS
    assert refusal({"type": "array", "items": "long"}, number(2**62)) is ParkReason.AVRO_TOO_MANY_ITEMS


def test_items_are_counted_over_all_arrays() -> None:
    schema = {"type": "array", "items": {"type": "array", "items": "boolean"}}
    data = number(3) + (number(2) + b"\x00\x00" + b"\x00") * 3 + b"\x00"
    compile_guard(schema).check(data, max_items=9)
    assert refusal(schema, data, max_items=8) is ParkReason.AVRO_TOO_MANY_ITEMS


def test_the_largest_tip_has_room() -> None:
    assert MAX_ITEMS >= 500 + 500 * 64 + 500


@pytest.mark.parametrize("schema", ["long", "string", {"type": "array", "items": "boolean"}])
def test_bytes_after_the_value_are_refused(schema: Any) -> None:
    assert refusal(schema, b"\x00\x00") is ParkReason.TRAILING_BYTES


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        ("long", b""),
        ("long", b"\x80\x00"),  # a padded zero
        ("long", b"\xff" * 9 + b"\x02"),  # 65 bits
        ("long", b"\x80" * 20 + b"\x01"),
        ("long", b"\xff" * 9),
        ("int", number(2**31)),
        ("int", number(-(2**31) - 1)),
        ("boolean", b"\x02"),
        ("boolean", b""),
        ("double", b"\x00" * 7),
        ("double", b"\x00" * 6 + b"\xf8\x7f"),  # not a number
        ("float", b"\x00\x00\x80\x7f"),  # infinity
        ("string", number(-1)),
        ("string", number(2**40)),
        ("string", number(2) + b"a"),
        ("string", number(1) + b"\xff"),
        ("string", number(3) + b"\xed\xa0\x80"),  # a lone surrogate
        ("string", number(2) + b"\xc0\x80"),  # an over-long zero
        ("bytes", number(-1)),
        ({"type": "fixed", "name": "F", "size": 2}, b"\x00"),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, number(1)),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, number(-1)),
        (["null", "string"], number(2)),
        (["null", "string"], number(-1)),
        ({"type": "array", "items": "long"}, number(-1) + number(1) + b"\x00\x00"),  # a block with its size
        ({"type": "array", "items": "long"}, number(1) + b"\x00" + number(1) + b"\x00\x00"),  # two blocks
        ({"type": "array", "items": "long"}, number(1) + b"\x00"),  # no end
        (MICROS, number(253_402_300_800_000_000)),  # the year 10000
        (MICROS, number(-62_135_596_800_000_001)),
    ],
)
def test_what_is_not_canonical_is_refused(schema: Any, data: bytes) -> None:
    assert refusal(schema, data) is ParkReason.AVRO_INVALID


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        ("long", number(2**63 - 1)),
        ("long", number(-(2**63))),
        ("int", number(-(2**31))),
        (MICROS, number(253_402_300_799_999_999)),
        (MICROS, number(-62_135_596_800_000_000)),
        ("string", number(4) + "🐳".encode()),
    ],
)
def test_the_extremes_pass(schema: Any, data: bytes) -> None:
    compile_guard(schema).check(data)
    assert rewritten(schema, data) == data


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "map", "values": "long"},
        {"type": "int", "logicalType": "date"},
        {"type": "string", "logicalType": "uuid"},
        "Unknown",
        {"type": "array"},
        {"type": "record", "name": "R"},
        {"type": "enum"},
        7,
    ],
)
def test_what_this_bus_does_not_use_is_not_compiled(schema: Any) -> None:
    with pytest.raises(SchemaError):
        compile_guard(schema)


def test_a_schema_that_grows_without_bounds_is_not_compiled() -> None:
    deep: Any = "long"
    for _ in range(MAX_DEPTH + 1):
        deep = {"type": "array", "items": deep}
    with pytest.raises(SchemaError):
        compile_guard(deep)
    doubling: Any = {"type": "record", "name": "R0", "fields": [{"name": "n", "type": "long"}]}
    for level in range(1, 20):
        fields = [{"name": "a", "type": doubling}, {"name": "b", "type": f"R{level - 1}"}]
        doubling = {"type": "record", "name": f"R{level}", "fields": fields}
    with pytest.raises(SchemaError):
        compile_guard(doubling)


@settings(max_examples=200, deadline=None)
@given(any_payload(), st.integers(min_value=0), st.binary(max_size=3), st.integers(0, 3))
def test_what_passes_of_a_changed_event_is_written_again_to_the_same_bytes(
    payload: Payload, where: int, inserted: bytes, removed: int
) -> None:
    schema = SCHEMAS.for_type(type(payload).__name__)
    data = encode(payload, schema)
    where %= len(data)
    for candidate in (data, data[:where] + inserted + data[where + removed :]):
        try:
            schema.guard.check(candidate)
        except WireError:
            assert candidate != data
        else:
            assert rewritten(schema.document, candidate) == candidate


LOW = st.lists(st.integers(0, 5), max_size=40).map(bytes)
FRONT = b"\x01\x03\x01" + bytes(4) + bytes(8)


@settings(max_examples=400, deadline=None)
@given(LOW | st.binary(max_size=40))
def test_what_passes_of_any_bytes_is_written_again_to_the_same_bytes(rest: bytes) -> None:
    data = FRONT + rest
    try:
        compile_guard(EVERYTHING).check(data)
    except WireError:
        pass
    else:
        assert rewritten(EVERYTHING, data) == data


def test_some_of_these_bytes_do_pass() -> None:
    data = FRONT + b"\x02a\x02b" + b"cc" + b"\x04" + b"\x02\x02B" + b"\x02\x04\x00\x02\x00\x00" + b"\x03" + b"\x02zz"
    compile_guard(EVERYTHING).check(data)
    assert rewritten(EVERYTHING, data) == data
    for end in range(len(data)):
        assert refusal(EVERYTHING, data[:end]) is ParkReason.AVRO_INVALID
