"""The two doors of the bus: `Sealer` makes a record of an event, `Opener` makes an event of a record, or refuses it."""

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from casebus.bus.log import MAX_VALUE_BYTES, Record, Recorded
from casebus.directory import Directory
from casebus.errors import ParkReason, WireError
from casebus.events.catalogue import signer_of
from casebus.events.envelope import Event, Received
from casebus.wire import headers, signing
from casebus.wire.admission import admit
from casebus.wire.codec import decode, encode
from casebus.wire.headers import Attributes, Headers
from casebus.wire.schemas import Schema, Schemas


class Sealer:
    """Encodes and signs the events of one owner: an agency, or the hub."""

    def __init__(self, schemas: Schemas, signing_key: Ed25519PrivateKey, key_id: str) -> None:
        self._schemas = schemas
        self._key = signing_key
        self._key_id = key_id

    def seal(self, event: Event, topic: str, sequence: int) -> Record:
        """Return the signed record of an event for a topic; `sequence` counts from 1 per topic.

        The same event, topic and sequence give the same bytes. Raises `WireError` for an event that no reader would
        accept there, TOO_LARGE included.
        """
        if _signer_of(topic) != event.source:
            raise AssertionError("bug: an event is sealed for a topic that its source does not own")
        admit(event, topic)
        schema = self._schemas.for_type(event.type)
        data = encode(event.payload, schema)
        if len(data) > MAX_VALUE_BYTES:
            raise _too_large(authentic=True)
        values = headers.attribute_values(_attributes(event, topic, sequence, schema))
        material = signing.material_of(values, headers.AVRO, data, headers.extension_names(values))
        signature = signing.sign(material, self._key, self._key_id)
        return Record(event.partition_key.encode(), data, headers.format_headers(values, schema.guid, signature))

    def attest(self, statement: bytes) -> tuple[str, str]:
        """Return the id of the signing key, and its signature of something else than an event, in base64."""
        return self._key_id, base64.b64encode(self._key.sign(statement)).decode()


class Opener:
    """Verifies and decodes. Holds the pinned schemas and the directory's keys, parsed once."""

    def __init__(self, schemas: Schemas, directory: Directory) -> None:
        self._schemas = schemas
        self._keys = {key.id: (key, Ed25519PublicKey.from_public_bytes(key.raw)) for key in directory.keys}

    def open(self, recorded: Recorded) -> Received:
        """Return the event that a record holds. Raises `WireError`, and nothing else, for one that is not acceptable.

        1. Size and headers. 2. The schema is on the pinned list. 3. The signature. From here on the record is
        authentic: 4. the guard, 5. decoding, 6. the model, 7. type, key and agencies fit the topic.
        """
        record = recorded.record
        if len(record.value) > MAX_VALUE_BYTES:
            raise _too_large(authentic=False)
        read = headers.parse_headers(record.headers)
        schema = self._schema(read.attributes)
        self._verify(read, recorded)
        payload = decode(record.value, schema, self._schemas)
        event = Event(
            id=read.attributes.id,
            source=read.attributes.source,
            partition_key=read.attributes.partition_key,
            payload=payload,
            classification=read.attributes.classification,
            correlation_id=read.attributes.correlation_id,
            causation_id=read.attributes.causation_id,
        )
        admit(event, recorded.topic)
        return Received(
            event=event,
            topic=recorded.topic,
            position=recorded.position,
            appended_at=recorded.appended_at,
            digest=_digest(read, record.value),
            sequence=read.attributes.sequence,
        )

    def _schema(self, attributes: Attributes) -> Schema:
        schema = self._schemas.by_guid(attributes.schema_guid)
        if schema is None or schema.type != attributes.type:
            raise WireError(ParkReason.UNKNOWN_SCHEMA, "the schema is not on the pinned list, or not of this type")
        return schema

    def _verify(self, read: Headers, recorded: Recorded) -> None:
        if not read.signature:
            raise WireError(ParkReason.UNSIGNED, "the record bears no signature")
        if not set(headers.extension_names(read.values)) <= set(read.signed_names):
            raise WireError(ParkReason.UNSIGNED, "an attribute is not covered by the signature")
        envelope = signing.parse_envelope(read.signature)
        key = self._key(envelope.key_id, read.attributes, recorded)
        material = signing.material_of(read.values, headers.AVRO, recorded.record.value, read.signed_names)
        signing.verify(envelope, material, key)
        # What follows is about the record's place, which is not signed: a genuine record that somebody put under
        # another key or on another topic must not hold that key, hence it is not `authentic`.
        if recorded.record.key != read.values["partitionkey"]:
            raise WireError(ParkReason.FOREIGN_PARTITION_KEY, "the record's key is not the one that was signed")
        if read.attributes.topic != recorded.topic:
            raise WireError(ParkReason.NOT_TOPIC_OWNER, "the record was signed for another topic")

    def _key(self, key_id: str, attributes: Attributes, recorded: Recorded) -> Ed25519PublicKey:
        if key_id not in self._keys:
            raise WireError(ParkReason.UNKNOWN_KEY, "the signing key is not in the directory")
        listed, key = self._keys[key_id]
        owner = _signer_of(recorded.topic)
        if owner is None or listed.owner != owner or attributes.source != owner:
            raise WireError(ParkReason.NOT_TOPIC_OWNER, "the signer or the source does not own the topic")
        if not listed.valid_at(recorded.appended_at):
            raise WireError(ParkReason.KEY_NOT_VALID, "the signing key was not valid when the record was appended")
        return key


def _attributes(event: Event, topic: str, sequence: int, schema: Schema) -> Attributes:
    return Attributes(
        id=event.id,
        source=event.source,
        type=event.type,
        partition_key=event.partition_key,
        classification=event.classification,
        sequence=sequence,
        topic=topic,
        schema_guid=schema.guid,
        correlation_id=event.correlation_id,
        causation_id=event.causation_id,
    )


def _signer_of(topic: str) -> str | None:
    try:
        return signer_of(topic)
    except ValueError:
        return None


def _digest(read: Headers, data: bytes) -> bytes:
    # The sequence is left out: the same event appended again after a crash may have got another one.
    names = ("id", "source", "type", *sorted(set(read.signed_names) - {"sequence"}))
    parts = [data, *(part for name in names for part in (name.encode(), read.values[name]))]
    return hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()


def _too_large(*, authentic: bool) -> WireError:
    return WireError(ParkReason.TOO_LARGE, f"the value has more than {MAX_VALUE_BYTES} bytes", authentic=authentic)
