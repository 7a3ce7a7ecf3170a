"""Headers: CloudEvents in Kafka's binary mode, bounded, each of ours once and well-formed."""

from dataclasses import replace

import pytest
from network import NZ, NZ_EVENTS, event, sealer

from casebus.errors import ParkReason, WireError
from casebus.events.enumerations import Tlp
from casebus.wire.headers import (
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    Attributes,
    attribute_values,
    format_headers,
    parse_headers,
)
from casebus.wire.ids import content_id

GUID = bytes(range(16))
ATTRIBUTES = Attributes(
    id=content_id("id"),
    source="nz-police",
    type="TipWithdrawn",
    partition_key=content_id("tip"),
    classification=Tlp.AMBER_STRICT,
    sequence=42,
    topic=NZ_EVENTS,
    schema_guid=GUID,
    correlation_id=content_id("correlation"),
)
HEADERS = format_headers(attribute_values(ATTRIBUTES), GUID, b"signature")


def refusal(headers: tuple[tuple[str, bytes], ...]) -> ParkReason:
    with pytest.raises(WireError) as caught:
        parse_headers(headers)
    assert not caught.value.authentic
    return caught.value.reason


def test_the_headers_are_those_of_the_binding() -> None:
    assert dict(HEADERS) == {
        "content-type": b"application/avro",
        "__value_schema_id": b"\x01" + GUID,
        "ce_specversion": b"1.0",
        "ce_id": content_id("id").encode(),
        "ce_source": b"urn:casebus:nz-police",
        "ce_type": b"casebus.TipWithdrawn.v1",
        "ce_partitionkey": content_id("tip").encode(),
        "ce_correlationid": content_id("correlation").encode(),
        "ce_dataclassification": b"AMBER_STRICT",
        "ce_sequence": b"0000000000000042",
        "ce_topic": b"casebus.nz-police.events",
        "ce_valueschemaid": GUID.hex().encode(),
        "ce_signedextattrs": b"partitionkey,correlationid,dataclassification,sequence,topic,valueschemaid",
        "ce_dssematerial": b"signature",
    }


def test_what_is_formatted_is_parsed_again_in_any_order() -> None:
    for headers in (HEADERS, tuple(reversed(HEADERS))):
        read = parse_headers(headers)
        assert (read.attributes, read.signature) == (ATTRIBUTES, b"signature")
    bare = replace(ATTRIBUTES, correlation_id=None, causation_id=content_id("cause"))
    assert parse_headers(format_headers(attribute_values(bare), GUID, b"s")).attributes == bare


def test_sequences_sort_as_text() -> None:
    texts = [attribute_values(replace(ATTRIBUTES, sequence=n))["sequence"] for n in (1, 9, 10, 10**15)]
    assert texts == sorted(texts)


def test_a_sealed_record_has_room_for_more_headers() -> None:
    headers = sealer(NZ).seal(event(), NZ_EVENTS, 1).headers
    assert len(headers) <= MAX_HEADERS // 2
    assert sum(len(name) + len(value) for name, value in headers) < MAX_HEADER_BYTES // 4


def test_foreign_headers_are_ignored_even_when_repeated() -> None:
    foreign = (("traceparent", b"00-1"), ("traceparent", b"00-2"), ("", b"\xff"))
    assert parse_headers((*HEADERS, *foreign)).attributes == ATTRIBUTES


def test_too_many_headers_or_bytes_are_refused() -> None:
    room = MAX_HEADERS - len(HEADERS)
    parse_headers((*HEADERS, *(("x", b""),) * room))
    assert refusal((*HEADERS, *(("x", b""),) * (room + 1))) is ParkReason.TOO_MANY_HEADERS
    assert refusal((*HEADERS, ("x", bytes(MAX_HEADER_BYTES)))) is ParkReason.TOO_MANY_HEADERS
    assert refusal((*HEADERS, ("x" * MAX_HEADER_BYTES, b""))) is ParkReason.TOO_MANY_HEADERS


@pytest.mark.parametrize("name", [name for name, _ in HEADERS])
def test_a_repeated_header_of_ours_is_refused(name: str) -> None:
    assert refusal((*HEADERS, (name, dict(HEADERS)[name]))) is ParkReason.REPEATED_HEADER


OPTIONAL = {"ce_correlationid", "ce_signedextattrs", "ce_dssematerial"}  # the last two are missed as UNSIGNED


@pytest.mark.parametrize("name", [name for name, _ in HEADERS if name not in OPTIONAL])
def test_a_missing_header_is_refused(name: str) -> None:
    assert refusal(tuple(header for header in HEADERS if header[0] != name)) is ParkReason.MALFORMED_HEADER


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("content-type", b"application/json"),
        ("__value_schema_id", b"\x00" + GUID),
        ("__value_schema_id", b"\x01" + GUID[1:]),
        ("__value_schema_id", b"\x01" + bytes(16)),  # not the signed one
        ("ce_specversion", b"0.3"),
        ("ce_id", b"ABCDEF01-0000-8000-8000-000000000000"),
        ("ce_id", content_id("id").encode() + b"\n"),
        ("ce_source", b"nz-police"),
        ("ce_source", b"urn:casebus:NZ"),
        ("ce_type", b"casebus.TipWithdrawn.v2"),
        ("ce_type", b"TipWithdrawn"),
        ("ce_partitionkey", b""),
        ("ce_partitionkey", b"a\x00b"),
        ("ce_partitionkey", b"\xff"),
        ("ce_partitionkey", b"k" * 201),
        ("ce_dataclassification", b"AMBER "),
        ("ce_dataclassification", b"SECRET"),
        ("ce_sequence", b"42"),
        ("ce_sequence", b"0" * 16),
        ("ce_sequence", "٠٠٠٠٠٠٠٠٠٠٠٠٠٠٤٢".encode()),
        ("ce_topic", b"elsewhere"),
        ("ce_valueschemaid", GUID.hex().upper().encode()),
        ("ce_correlationid", b"somebody's name"),
        ("ce_signedextattrs", b"partitionkey, sequence"),
        ("ce_signedextattrs", b""),
        ("ce_time", b"2026-03-01T00:00:00Z"),
        ("ce_subject", b"x"),
        ("ce_dataschema", b"x"),
        ("ce_datacontenttype", b"application/avro"),
    ],
)
def test_a_malformed_header_is_refused(name: str, value: bytes) -> None:
    others = tuple(header for header in HEADERS if header[0] != name)
    assert refusal((*others, (name, value))) is ParkReason.MALFORMED_HEADER


@pytest.mark.parametrize(
    "change", [{"partition_key": ""}, {"partition_key": "\ud800"}, {"id": "x"}, {"sequence": 0}, {"sequence": 10**16}]
)
def test_what_would_not_be_read_is_not_written(change: dict[str, object]) -> None:
    with pytest.raises(WireError) as caught:
        attribute_values(replace(ATTRIBUTES, **change))
    assert caught.value.reason is ParkReason.MALFORMED_HEADER
