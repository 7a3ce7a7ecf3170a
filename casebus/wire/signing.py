"""Signatures: DSSE 1.0.2 as in the CloudEvents verifiability extension v0.1, with Ed25519.

What is signed is what stands on the wire, before any decoding:

    material = SHA256( SHA256(id) SHA256(source) SHA256(specversion) SHA256(type) SHA256(datacontenttype)
                       SHA256(dataschema) SHA256(subject) SHA256(time) SHA256(data)
                       then, for each extension attribute listed in `signedextattrs`: SHA256(name) SHA256(value) )
    signed   = Ed25519( "DSSEv1" SP len(type) SP type SP len(material) SP material )

`dataschema`, `subject` and `time` are absent on this bus, so the digest of nothing stands in their places. One
signature per envelope, standard base64 in its one canonical spelling.

Source: cloudevents/spec cloudevents/extensions/verifiability.md; secure-systems-lab/dsse v1.0.2 protocol.md.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from casebus.errors import ParkReason, WireError

PAYLOAD_TYPE = "https://cloudevents.io/verifiability/dsse/v0.1"
_CORE = ("id", "source", "specversion", "type", "datacontenttype", "dataschema", "subject", "time")
_NEVER_LISTED = frozenset({*_CORE, "dssematerial", "signedextattrs"})


@dataclass(frozen=True, slots=True)
class Envelope:
    """A DSSE envelope with one signature. `key_id` is only a hint until the signature is verified."""

    key_id: str
    material: bytes
    signature: bytes


def material_of(values: Mapping[str, bytes], content_type: bytes, data: bytes, listed: Sequence[str]) -> bytes:
    """Return the 32 bytes that are signed for these attributes, this data and these listed extension attributes.

    Raises `WireError(SIGNATURE_INVALID)` when the list repeats a name, names a core attribute or an absent one.
    """
    if len(set(listed)) != len(listed) or not _NEVER_LISTED.isdisjoint(listed) or not set(listed) <= set(values):
        raise _invalid("the list of signed attributes is not acceptable")
    core = {**values, "datacontenttype": content_type}
    parts = [*(core.get(name, b"") for name in _CORE), data]
    for name in listed:
        parts += [name.encode(), values[name]]
    return sha256(b"".join(sha256(part).digest() for part in parts)).digest()


def sign(material: bytes, key: Ed25519PrivateKey, key_id: str) -> bytes:
    """Return the envelope for some material, as the bytes of `dssematerial`."""
    signature = {"keyid": key_id, "sig": _text(key.sign(_pre_authentication(material)))}
    envelope = {"payloadType": PAYLOAD_TYPE, "payload": _text(material), "signatures": [signature]}
    return base64.b64encode(json.dumps(envelope, separators=(",", ":")).encode())


def parse_envelope(value: bytes) -> Envelope:
    """Read the bytes of `dssematerial`. Unknown fields are ignored. Raises `WireError(SIGNATURE_INVALID)`."""
    try:
        document = json.loads(_octets(value.decode("ascii")), object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError) as error:
        raise _invalid("the signature is not a DSSE envelope") from error
    match document:
        case {
            "payloadType": str(kind),
            "payload": str(payload),
            "signatures": [{"keyid": str(key_id), "sig": str(signature)}],
        } if kind == PAYLOAD_TYPE:
            return Envelope(key_id, _octets(payload), _octets(signature))
    raise _invalid("the signature is not a DSSE envelope of the verifiability extension with one signature")


def verify(envelope: Envelope, material: bytes, key: Ed25519PublicKey) -> None:
    """Check that the envelope signs this material with this key. Raises `WireError(SIGNATURE_INVALID)`."""
    if envelope.material != material:
        raise _invalid("the record is not what was signed")
    try:
        key.verify(envelope.signature, _pre_authentication(material))
    except InvalidSignature:
        raise _invalid("the signature does not verify") from None


def _pre_authentication(material: bytes) -> bytes:
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(material), material)


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _octets(text: str) -> bytes:
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _invalid("the signature holds something that is not base64") from error
    if _text(octets) != text:  # stray bits at the end would give one signature many spellings
        raise _invalid("the signature holds base64 that is not canonical")
    return octets


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name occurs twice in an object")
    return dict(pairs)


def _invalid(what: str) -> WireError:
    return WireError(ParkReason.SIGNATURE_INVALID, what)
