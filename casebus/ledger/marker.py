"""What a marker leaf says: canonical JSON, kept in the archive in the record's place. Pure.

opening  {"continues": <final checkpoint note of the closed ledger>, "heads": {<topic id, hex>: <position>}, "origin"}
sealing  {"last": <last position of the topic>, "reason"}
loss     {"first": <first lost position>, "last": <last lost position>, "reason"}
closing  {"heads": {<topic id, hex>: <last position>}, "origin", "reason"}

canonical: keys sorted, ASCII, no spaces; at most 64 KiB
content hash = SHA-256("casebus/marker/v1\\n" || the JSON)
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from casebus.errors import VerificationFailed
from casebus.ledger.checkpoint import Checkpoint, parse_checkpoint
from casebus.ledger.leaf import MAX_POSITION, TOPIC_ID_BYTES, Leaf, LeafKind
from casebus.ledger.note import parse_note

MAX_MARKER_BYTES = 65_536
_DOMAIN = b"casebus/marker/v1\n"


@dataclass(frozen=True, slots=True)
class Opening:
    """The ledger `origin` goes on from a closed one. `continues` is the text of that one's final checkpoint note."""

    continues: str
    heads: Mapping[bytes, int]
    origin: str

    @property
    def predecessor(self) -> Checkpoint:
        """Return the checkpoint at which the other ledger was closed. Who signed it is not checked here."""
        return parse_checkpoint(parse_note(self.continues.encode()).text)


@dataclass(frozen=True, slots=True)
class Sealing:
    """Nothing of the topic follows its position `last`."""

    last: int
    reason: str


@dataclass(frozen=True, slots=True)
class Loss:
    """The positions `first` to `last` were not on the bus any more when they were to be read."""

    first: int
    last: int
    reason: str


@dataclass(frozen=True, slots=True)
class Closing:
    """Nothing follows. `heads` are the last positions of every topic, from which a successor goes on."""

    heads: Mapping[bytes, int]
    origin: str
    reason: str


Marker = Opening | Sealing | Loss | Closing


class _Content(BaseModel):
    """The union of the markers' fields; which of them a kind has is `_FIELDS`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    continues: str | None = None
    heads: dict[str, int] | None = None
    origin: str | None = None
    first: int | None = Field(default=None, ge=0, le=MAX_POSITION)
    last: int | None = Field(default=None, ge=0, le=MAX_POSITION)
    reason: str | None = None


_FIELDS: dict[LeafKind, tuple[type[Any], frozenset[str]]] = {
    LeafKind.OPENING: (Opening, frozenset({"continues", "heads", "origin"})),
    LeafKind.SEALING: (Sealing, frozenset({"last", "reason"})),
    LeafKind.LOSS: (Loss, frozenset({"first", "last", "reason"})),
    LeafKind.CLOSING: (Closing, frozenset({"heads", "origin", "reason"})),
}


def marker_hash(content: bytes) -> bytes:
    """Return the content hash of a marker's leaf."""
    return sha256(_DOMAIN + content).digest()


def encode_marker(marker: Marker) -> bytes:
    """Return a marker's canonical JSON. Raises `VerificationFailed` for one that no reader would accept."""
    fields: dict[str, Any] = {name: getattr(marker, name) for name in type(marker).__slots__}
    if "heads" in fields:
        fields["heads"] = {topic_id.hex(): position for topic_id, position in fields["heads"].items()}
    content = _canonical(fields)
    if len(content) > MAX_MARKER_BYTES:
        raise VerificationFailed(f"a marker would be longer than {MAX_MARKER_BYTES} bytes.")
    _read(next(kind for kind, (made, _) in _FIELDS.items() if made is type(marker)), content)
    return content


def _canonical(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()


def decode_marker(leaf: Leaf, content: bytes) -> Marker:
    """Read the content of a marker's leaf.

    Raises:
        VerificationFailed: it is not what the leaf was made from, not canonical, or says something else than the leaf.
    """
    if leaf.kind not in _FIELDS:
        raise VerificationFailed("a record where a marker was looked for.")
    if len(content) > MAX_MARKER_BYTES or marker_hash(content) != leaf.content_hash:
        raise VerificationFailed("a marker's bytes do not hash to the leaf's content hash.")
    marker = _read(leaf.kind, content)
    if isinstance(marker, Loss):
        if (marker.first, marker.last) != (0 if leaf.previous is None else leaf.previous + 1, leaf.position):
            raise VerificationFailed("a loss names other positions than its leaf.")
    elif isinstance(marker, Sealing) and marker.last != leaf.previous:
        raise VerificationFailed("a sealing names another last position than its leaf.")
    return marker


def opening_heads(leaf: Leaf, content: bytes) -> dict[bytes, int]:
    """Return what `Chains.seed` takes after the leaf of an opening. Raises `VerificationFailed` as `decode_marker`."""
    marker = decode_marker(leaf, content)
    assert isinstance(marker, Opening), "bug: only an opening seeds the chains"
    return dict(marker.heads)


def _read(kind: LeafKind, content: bytes) -> Marker:
    made, names = _FIELDS[kind]
    try:
        parsed = _Content.model_validate_json(content)
    except ValidationError as error:
        raise VerificationFailed("a marker is not the JSON that its kind asks for.") from error
    fields: dict[str, Any] = parsed.model_dump(exclude_none=True)
    if set(fields) != names or _canonical(fields) != content:
        raise VerificationFailed("a marker lacks a field, has one too many, or is not written canonically.")
    if "heads" in fields:
        fields["heads"] = _heads(fields["heads"])
    marker: Marker = made(**fields)
    if isinstance(marker, Opening):
        _check_opening(marker)
    return marker


def _check_opening(opening: Opening) -> None:
    """Check that it goes on from a signed checkpoint of another log, which has at least its closing leaf."""
    before = opening.predecessor
    signers = {line.name for line in parse_note(opening.continues.encode()).signatures}
    if before.origin == opening.origin or before.origin not in signers or not before.size:
        raise VerificationFailed("an opening does not name the signed end of another ledger.")


def _heads(encoded: Mapping[str, int]) -> dict[bytes, int]:
    heads: dict[bytes, int] = {}
    for text, position in encoded.items():
        try:
            topic_id = bytes.fromhex(text)
        except ValueError:
            topic_id = b""
        if len(topic_id) != TOPIC_ID_BYTES or topic_id.hex() != text or not 0 <= position <= MAX_POSITION:
            raise VerificationFailed("a marker's heads are not positions by topic id.")
        heads[topic_id] = position
    return heads
