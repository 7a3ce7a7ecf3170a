"""Payloads as Avro bytes: strict when writing, guarded and resolved to our version when reading, then a strict model.

Every foreign exception becomes a `WireError` here: `authentic=True`, because decoding follows the signature. They are
not chained: their messages hold values.
"""

from io import BytesIO
from typing import Any

import fastavro
from fastavro.read import SchemaResolutionError
from pydantic import ValidationError

from casebus.errors import ParkReason, WireError
from casebus.events.catalogue import CATALOGUE
from casebus.events.types import Payload
from casebus.wire.schemas import Schema, Schemas


def encode(payload: Payload, schema: Schema) -> bytes:
    """Return the payload as Avro. Raises `WireError` for a value that our own guard would not let in again."""
    target = BytesIO()
    try:
        fastavro.schemaless_writer(target, schema.parsed, payload.model_dump(warnings="error"), strict=True)
    except (ValueError, TypeError, OverflowError, KeyError, AttributeError):
        raise WireError(ParkReason.MODEL_INVALID, f"a {schema.type} does not fit its schema", authentic=True) from None
    data = target.getvalue()
    schema.guard.check(data)
    return data


def decode(data: bytes, writer: Schema, schemas: Schemas) -> Payload:
    """Return the payload that the bytes hold, written by any version that we know, as our version of the model.

    Raises `WireError`: AVRO_INVALID, TRAILING_BYTES, AVRO_TOO_DEEP, AVRO_TOO_MANY_ITEMS, MODEL_INVALID.
    """
    writer.guard.check(data)
    return as_model(read(data, writer, schemas.for_type(writer.type)), writer.type)


def read(data: bytes, writer: Schema, reader: Schema) -> Any:
    """Return what the bytes hold, as the reader's version. The guard has passed them. Raises `WireError`."""
    resolved = None if writer is reader else reader.parsed
    try:
        return fastavro.schemaless_reader(BytesIO(data), writer.parsed, resolved)
    except (ValueError, TypeError, LookupError, EOFError, OverflowError, SchemaResolutionError):
        raise WireError(ParkReason.AVRO_INVALID, f"a {writer.type} cannot be decoded", authentic=True) from None


def as_model(value: Any, type_name: str) -> Payload:
    """Return a decoded value as its model. Raises `WireError(MODEL_INVALID)` naming the field, never the value."""
    try:
        # Avro has typed every value already: only lists become tuples here, and symbols members of their lists.
        return CATALOGUE[type_name].model.model_validate(value, strict=False)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_input=False, include_url=False)[0]["loc"])
        raise WireError(ParkReason.MODEL_INVALID, f"{type_name}: {place} is not acceptable", authentic=True) from None
