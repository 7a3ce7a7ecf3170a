"""Payloads as Avro bytes."""

from datetime import UTC, datetime, timedelta, timezone

import fastavro
import pytest
from generated import any_payload
from hypothesis import given, settings
from network import SCHEMAS

from casebus.errors import ParkReason, WireError
from casebus.events import enumerations as en
from casebus.events.types import MAX_SIGHTINGS, CaseClosed, IdentifierCorrected, Payload, TimeStatement, TipReceived
from casebus.wire.codec import as_model, decode, encode
from casebus.wire.compatibility import SAMPLES
from casebus.wire.guard import compile_guard
from casebus.wire.ids import content_id
from casebus.wire.schemas import Schema, Schemas, guid_of, schemas_directory

CLOSED = CaseClosed(case_id=content_id("case"), reason=en.CaseCloseReason.UNFOUNDED)
V1 = SCHEMAS.for_type("CaseClosed")


def changed(document: dict[str, object]) -> Schema:
    return Schema(
        "CaseClosed", 2, guid_of(document), document, fastavro.parse_schema(document), compile_guard(document)
    )


@settings(max_examples=200, deadline=None)
@given(any_payload())
def test_every_payload_comes_back(payload: Payload) -> None:
    schema = SCHEMAS.for_type(type(payload).__name__)
    assert decode(encode(payload, schema), schema, SCHEMAS) == payload


def test_the_largest_tip_comes_back() -> None:
    golden = schemas_directory().parent / SAMPLES / "TipReceived.v1.json"
    tip = TipReceived.model_validate_json(golden.read_bytes())
    sighting = tip.content.sightings[0]
    full = tip.model_copy(
        update={
            "content": tip.content.model_copy(
                update={"sightings": (sighting.model_copy(update={"tokens": sighting.tokens * 64}),) * MAX_SIGHTINGS}
            )
        }
    )
    schema = SCHEMAS.for_type("TipReceived")
    assert decode(encode(full, schema), schema, SCHEMAS) == full


def test_times_are_written_in_utc_whatever_their_offset() -> None:
    golden = schemas_directory().parent / SAMPLES / "IdentifierCorrected.v1.json"
    event = IdentifierCorrected.model_validate_json(golden.read_bytes())
    schema = SCHEMAS.for_type("IdentifierCorrected")

    def at(instant: datetime) -> IdentifierCorrected:
        seen = TimeStatement(
            meaning=en.TimeMeaning.LOGIN,
            instant=instant,
            raw=None,
            stated_offset_minutes=None,
            quality=en.TimeQuality.UNKNOWN,
        )
        assert event.replacement is not None
        return event.model_copy(update={"replacement": event.replacement.model_copy(update={"seen_at": seen})})

    utc = at(datetime(2026, 3, 1, 0, 0, 0, 1, UTC))
    assert encode(at(datetime(2026, 3, 1, 13, 0, 0, 1, timezone(timedelta(hours=13)))), schema) == encode(utc, schema)
    assert decode(encode(utc, schema), schema, SCHEMAS) == utc
    with pytest.raises(WireError):
        encode(at(datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5)))), schema)


def test_an_older_reader_sees_the_default_symbol_and_not_the_new_field() -> None:
    document = {
        **V1.document,
        "fields": [
            V1.document["fields"][0],
            {"name": "note", "type": "long", "default": 0},
            {
                **V1.document["fields"][1],
                "type": {**V1.document["fields"][1]["type"], "symbols": ["MERGED", *en.CaseCloseReason]},
            },
        ],
    }
    newer = changed(document)
    data = b"\x48" + CLOSED.case_id.encode() + b"\x0e" + b"\x00"
    assert decode(data, newer, Schemas([V1])) == CLOSED.model_copy(update={"reason": en.CaseCloseReason.UNKNOWN})


def test_versions_that_do_not_fit_are_a_wire_error() -> None:
    newer = changed({**V1.document, "fields": V1.document["fields"][1:]})
    with pytest.raises(WireError) as caught:
        decode(b"\x00", newer, Schemas([V1]))
    assert (caught.value.reason, caught.value.authentic) == (ParkReason.AVRO_INVALID, True)


def test_a_value_that_the_model_does_not_accept_is_named_by_place_only() -> None:
    with pytest.raises(WireError) as caught:
        as_model({"case_id": "Jane Example", "reason": "CLOSED"}, "CaseClosed")
    assert (caught.value.reason, caught.value.authentic) == (ParkReason.MODEL_INVALID, True)
    assert "case_id" in caught.value.what
    assert "Jane" not in caught.value.diagnostics()


def test_a_payload_of_another_type_is_not_written() -> None:
    with pytest.raises(WireError) as caught:
        encode(CLOSED, SCHEMAS.for_type("TipWithdrawn"))
    assert caught.value.reason is ParkReason.MODEL_INVALID


@pytest.mark.filterwarnings("error")  # pydantic would warn, with the value
def test_a_payload_that_was_made_without_its_model_is_not_written() -> None:
    unchecked = CLOSED.model_construct(case_id=7, reason=en.CaseCloseReason.CLOSED)
    with pytest.raises(WireError) as caught:
        encode(unchecked, V1)
    assert caught.value.reason is ParkReason.MODEL_INVALID
