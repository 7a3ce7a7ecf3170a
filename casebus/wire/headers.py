"""CloudEvents 1.0 in Kafka binary mode: an event's attributes as record headers, and back.

    content-type            application/avro
    __value_schema_id       01 and the schema's 16-byte GUID
    ce_specversion          1.0
    ce_id                   8f0c…                         a UUID in lower-case text
    ce_source               urn:casebus:nz-police
    ce_type                 casebus.TipReceived.v1        v1: a breaking change would be another record on another topic
    ce_partitionkey         the record's key
    ce_correlationid        absent, or what the event belongs to
    ce_causationid          absent, or the event that caused it
    ce_dataclassification   AMBER                         TLP 2.0
    ce_sequence             0000000000000042              per topic, padded: the extension wants it to sort as text
    ce_topic                casebus.nz-police.events      ours: a signed record cannot be moved to another topic
    ce_valueschemaid        the GUID in hexadecimal       ours: brings the schema under the signature
    ce_signedextattrs       the names of the signed extension attributes
    ce_dssematerial         the signature

Any other header (a `traceparent`) is ignored; all headers are bounded. Source: cloudevents/spec
bindings/kafka-protocol-binding.md §3.2 and extensions/{partitioning,correlation,data-classification,sequence}.md.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from casebus.errors import ParkReason, WireError
from casebus.events.enumerations import Tlp

MAX_HEADERS = 32
MAX_HEADER_BYTES = 8_192
MAX_KEY_CHARACTERS = 200

CONTENT_TYPE = "content-type"
AVRO = b"application/avro"
SCHEMA_ID = "__value_schema_id"
PREFIX = "ce_"
SIGNED_NAMES = "signedextattrs"
SIGNATURE = "dssematerial"
SPEC_VERSION = "1.0"
SOURCE_PREFIX = "urn:casebus:"
_SCHEMA_ID_VERSION = b"\x01"

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_FORMS = {
    "specversion": r"1\.0",
    "id": _UUID,
    "source": r"urn:casebus:[a-z0-9-]{1,40}",
    "type": r"casebus\.[A-Z][A-Za-z0-9]{0,79}\.v1",
    "partitionkey": rf"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{{1,{MAX_KEY_CHARACTERS}}}",
    "correlationid": r"[a-z0-9-]{1,80}",
    "causationid": r"[a-z0-9-]{1,80}",
    "dataclassification": "|".join(Tlp),
    "sequence": r"(?!0{16})[0-9]{16}",
    "topic": r"casebus\.[a-z0-9-]{1,40}\.[a-z]{1,20}",
    "valueschemaid": r"[0-9a-f]{32}",
    SIGNED_NAMES: r"[a-z0-9]{1,20}(,[a-z0-9]{1,20}){0,31}",
}
_COMPILED = {name: re.compile(form) for name, form in _FORMS.items()}
_OPTIONAL = frozenset({"correlationid", "causationid", SIGNED_NAMES})
_EXTENSIONS = (
    "partitionkey",
    "correlationid",
    "causationid",
    "dataclassification",
    "sequence",
    "topic",
    "valueschemaid",
)
_NOT_USED = frozenset({"time", "subject", "dataschema", "datacontenttype"})
"""Core attributes that this bus does not carry. They would be signed, hence are refused instead of ignored."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """What the headers of one record say, but for its signature. `sequence` counts from 1 per topic."""

    id: str
    source: str
    type: str
    partition_key: str
    classification: Tlp
    sequence: int
    topic: str
    schema_guid: bytes
    correlation_id: str | None = None
    causation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers of one record as read: what they say, and the attributes' bytes by name for the signature.

    Nothing here has been verified. `signature` is None when there is none.
    """

    attributes: Attributes
    values: Mapping[str, bytes]
    signed_names: tuple[str, ...]
    signature: bytes | None


def attribute_values(attributes: Attributes) -> dict[str, bytes]:
    """Return the CloudEvents attributes by name, as bytes on the wire. Raises `WireError(MALFORMED_HEADER)`."""
    texts = {
        "specversion": SPEC_VERSION,
        "id": attributes.id,
        "source": SOURCE_PREFIX + attributes.source,
        "type": f"casebus.{attributes.type}.v1",
        "partitionkey": attributes.partition_key,
        "correlationid": attributes.correlation_id,
        "causationid": attributes.causation_id,
        "dataclassification": attributes.classification.value,
        "sequence": f"{attributes.sequence:016d}",
        "topic": attributes.topic,
        "valueschemaid": attributes.schema_guid.hex(),
    }
    return {name: _formed(name, text).encode() for name, text in texts.items() if text is not None}


def extension_names(values: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the names of our extension attributes that are present: what a signature must list."""
    return tuple(name for name in _EXTENSIONS if name in values)


def format_headers(values: Mapping[str, bytes], guid: bytes, signature: bytes) -> tuple[tuple[str, bytes], ...]:
    """Return the headers of a record. Raises `WireError` when they pass their bounds."""
    headers = (
        (CONTENT_TYPE, AVRO),
        (SCHEMA_ID, _SCHEMA_ID_VERSION + guid),
        *((PREFIX + name, value) for name, value in values.items()),
        (PREFIX + SIGNED_NAMES, ",".join(extension_names(values)).encode()),
        (PREFIX + SIGNATURE, signature),
    )
    _bound(headers)
    return headers


def parse_headers(headers: Sequence[tuple[str, bytes]]) -> Headers:
    """Read the headers of a record.

    Raises `WireError`: TOO_MANY_HEADERS, REPEATED_HEADER for a name of ours, MALFORMED_HEADER.
    """
    _bound(headers)
    ours = _ours(headers)
    if ours.get(CONTENT_TYPE) != AVRO:
        raise _malformed(CONTENT_TYPE)
    values = {name[len(PREFIX) :]: value for name, value in ours.items() if name.startswith(PREFIX)}
    for name in _NOT_USED & set(values):
        raise _malformed(PREFIX + name)
    signature = values.pop(SIGNATURE, None)
    texts = {name: _text(name, values.get(name)) for name in _FORMS}
    guid = ours.get(SCHEMA_ID, b"")
    if len(guid) != 17 or guid[:1] != _SCHEMA_ID_VERSION or guid[1:].hex() != texts["valueschemaid"]:
        raise _malformed(SCHEMA_ID)
    values.pop(SIGNED_NAMES, None)
    listed = texts[SIGNED_NAMES]
    return Headers(_attributes(texts), values, tuple(listed.split(",")) if listed else (), signature)


def _attributes(texts: Mapping[str, str | None]) -> Attributes:
    return Attributes(
        id=_required(texts, "id"),
        source=_required(texts, "source").removeprefix(SOURCE_PREFIX),
        type=_required(texts, "type").split(".")[1],
        partition_key=_required(texts, "partitionkey"),
        classification=Tlp(_required(texts, "dataclassification")),
        sequence=int(_required(texts, "sequence")),
        topic=_required(texts, "topic"),
        schema_guid=bytes.fromhex(_required(texts, "valueschemaid")),
        correlation_id=texts["correlationid"],
        causation_id=texts["causationid"],
    )


def _bound(headers: Sequence[tuple[str, bytes]]) -> None:
    size = sum(len(name.encode(errors="replace")) + len(value) for name, value in headers)
    if len(headers) > MAX_HEADERS or size > MAX_HEADER_BYTES:
        raise WireError(
            ParkReason.TOO_MANY_HEADERS, f"more than {MAX_HEADERS} headers, or {MAX_HEADER_BYTES} bytes of them"
        )


def _ours(headers: Sequence[tuple[str, bytes]]) -> dict[str, bytes]:
    ours: dict[str, bytes] = {}
    for name, value in headers:
        if name in (CONTENT_TYPE, SCHEMA_ID) or name.startswith(PREFIX):
            if name in ours:
                # Kafka allows it, and two readers might each believe another one.
                raise WireError(ParkReason.REPEATED_HEADER, "a header of ours occurs twice")
            ours[name] = value
    return ours


def _text(name: str, value: bytes | None) -> str | None:
    if value is None:
        if name in _OPTIONAL:
            return None
        raise _malformed(PREFIX + name)
    try:
        return _formed(name, value.decode())
    except UnicodeDecodeError:
        raise _malformed(PREFIX + name) from None


def _formed(name: str, text: str) -> str:
    if not _COMPILED[name].fullmatch(text):
        raise _malformed(PREFIX + name)
    return text


def _required(texts: Mapping[str, str | None], name: str) -> str:
    text = texts[name]
    if text is None:
        raise AssertionError("bug: a required attribute passed as absent")
    return text


def _malformed(name: str) -> WireError:
    return WireError(ParkReason.MALFORMED_HEADER, f"the header {name} is missing, malformed or not used on this bus")
