"""A leaf and its content as the JSON that a person reads: a function of the bytes, the schemas and the keys. Pure."""

import json
from typing import Any

from casebus.bus.log import Recorded
from casebus.directory import Directory
from casebus.errors import ParkReason, WireError
from casebus.events.envelope import Event
from casebus.ledger.leaf import Leaf, LeafKind
from casebus.ledger.marker import decode_marker
from casebus.ledger.record import decode_record
from casebus.wire.codec import decode
from casebus.wire.headers import Headers, parse_headers
from casebus.wire.schemas import Schema, Schemas
from casebus.wire.seal import Opener
from casebus.wire.signing import parse_envelope


def check_canonical(leaf: Leaf, content: bytes) -> None:
    """Raise `VerificationFailed` for a record's or a marker's content that is not written as we write it."""
    if leaf.kind is LeafKind.RECORD:
        decode_record(content, leaf.position)
    else:
        decode_marker(leaf, content)


class RecordTeller:
    """Tells contents as JSON. Without a directory signatures are not checked, and `accepted` is null."""

    def __init__(self, schemas: Schemas, directory: Directory | None) -> None:
        self._schemas = schemas
        self._opener = Opener(schemas, directory) if directory else None

    def told(self, index: int, leaf: Leaf, content: bytes) -> bytes:
        """Return the JSON of a leaf's content. Null is present, never absent.

        Raises:
            VerificationFailed: the content is not canonical.
        """
        about: dict[str, Any] = {
            "index": index,
            "kind": leaf.kind.name.lower(),
            "topic_id": leaf.topic_id.hex(),
            "position": leaf.position,
            "previous": leaf.previous,
            "content_hash": leaf.content_hash.hex(),
        }
        if leaf.kind is LeafKind.RECORD:
            about |= self._record(decode_record(content, leaf.position))
        else:
            decode_marker(leaf, content)
            about |= {"marker": json.loads(content)}
        return (json.dumps(about, indent=2, sort_keys=True, ensure_ascii=True) + "\n").encode()

    def refusal(self, recorded: Recorded) -> str | None:
        """Return why a record is not acceptable; None when it is. Needs a directory."""
        assert self._opener is not None, "bug: signatures are checked against a directory"
        try:
            self._opener.open(recorded)
        except WireError as error:
            return error.reason.value
        return None

    def event_of(self, recorded: Recorded) -> Event | None:
        """Return the event in a record, None for one that is not acceptable; without a directory what it claims."""
        try:
            return self._opener.open(recorded).event if self._opener else self._claimed(recorded)
        except WireError:
            return None

    def schema_of(self, recorded: Recorded) -> Schema | None:
        """Return the schema that a record names, None for one that is not on the pinned list."""
        try:
            return self._schemas.by_guid(parse_headers(recorded.record.headers).attributes.schema_guid)
        except WireError:
            return None

    def _record(self, recorded: Recorded) -> dict[str, Any]:
        about: dict[str, Any] = {
            "topic": recorded.topic.encode(errors="replace").decode(),
            "appended_at": recorded.appended_at.isoformat().replace("+00:00", "Z"),
            "accepted": None,
            "refused": None,
            "event": None,
        }
        try:
            if self._opener is not None:
                about["accepted"] = False
                event = self._opener.open(recorded).event
                about["accepted"] = True
            else:
                event = self._claimed(recorded)
            about["event"] = _event(event, parse_headers(recorded.record.headers))
        except WireError as error:
            about["refused"] = error.reason.value
        return about

    def _claimed(self, recorded: Recorded) -> Event:
        """Return what a record's bytes say, whoever wrote them."""
        said = parse_headers(recorded.record.headers).attributes
        payload = decode(recorded.record.value, self._known(said.schema_guid), self._schemas)
        return Event(
            said.id,
            said.source,
            said.partition_key,
            payload,
            said.classification,
            said.correlation_id,
            said.causation_id,
        )

    def _known(self, guid: bytes) -> Schema:
        schema = self._schemas.by_guid(guid)
        if schema is None:
            raise WireError(ParkReason.UNKNOWN_SCHEMA, "the schema is not on the pinned list")
        return schema


def _event(event: Event, read: Headers) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.type,
        "source": event.source,
        "key": event.partition_key,
        "classification": event.classification.value,
        "correlation_id": event.correlation_id,
        "causation_id": event.causation_id,
        "sequence": read.attributes.sequence,
        "schema_id": read.attributes.schema_guid.hex(),
        "signed_by": parse_envelope(read.signature).key_id if read.signature else None,
        "payload": event.payload.model_dump(mode="json"),
    }
