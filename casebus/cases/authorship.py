"""Whose a sealed box is: its sender's own signature, which the recipient's node checks itself. Pure.

The hub puts its own copy in the place of what an agency published, and signs that copy. So that it can put no other box and
no other terms there, the sender signs what its partner is to get, with the key with which it signs its events:

    "casebus sealed v1" LF recipient LF type LF canonical JSON of the payload (keys sorted, ASCII, no spaces) in which
    `record_ids` is empty and `actor`, the signature, what is null and what has its model's default is left out

What is left out is what a reader adds that knows a field which the signer did not: the signature outlives it. A value in a
field that its reader does not know yet was signed and is not there to be checked, so nothing is opened: partners first.
No event's signature can be taken for one of these: DSSE's encoding begins with other bytes.

A signature names its signer to whoever tries all keys, so where the sender may not be named the hub takes it away together
with the name. Such a copy is believed of an alert whose partner this desk was not told, and of no other. A referral always
names its sender, and always has a box, an empty one if nothing is in it: its urgency and reason are signed like the rest.
"""

import base64
import binascii
import json
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from casebus.cases.alert import Alert
from casebus.directory import Directory
from casebus.events.types import DeskMessage, DisclosureGranted, DisclosureRequested, Payload, ReferralSent
from casebus.sealing import Belongs

WithBox = DisclosureRequested | DisclosureGranted | DeskMessage | ReferralSent
"""What can hold a sealed box."""

Sign = Callable[[bytes], tuple[str, str]]
"""Signs a statement: returns the id of the key, and the signature in base64."""

P = TypeVar("P", bound=Payload)


def statement_of(payload: WithBox, recipient: str) -> bytes:
    """Return what the sender signs of what a recipient gets."""
    whole = _with(payload, None, None).model_dump(
        mode="json", exclude={"actor"}, exclude_none=True, exclude_defaults=True
    )
    whole |= {"record_ids": []} if "record_ids" in whole else {}
    body = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return "\n".join(("casebus sealed v1", recipient, type(payload).__name__, body)).encode()


def signed(payload: P, recipient: str, sign: Sign) -> P:
    """Return a payload with the sender's signature beside its box; one that can have none as it is."""
    if not isinstance(payload, WithBox):
        return payload
    return _with(payload, *sign(statement_of(payload, recipient)))


def unsigned(payload: P) -> P:
    """Return the payload as it goes to who may not learn its sender."""
    return _with(payload, None, None)


def _with(payload: P, key_id: str | None, signature: str | None) -> P:
    box = getattr(payload, "sealed", None)
    if box is None:
        return payload
    changed = box.model_copy(update={"signed_with": key_id, "signature": signature})
    return payload.model_copy(update={"sealed": changed})


def belongs_of(payload: WithBox, recipient: str) -> Belongs:
    """Return what the box of a payload must belong to: its event, its conflict, the recipient, of a referral its sender."""
    match payload:
        case ReferralSent():
            about = payload.conflict_id or ""
            return Belongs("ReferralSent", payload.referral_id, recipient, about, payload.agency or "")
        case DeskMessage():
            return Belongs("DeskMessage", payload.message_id, recipient, payload.conflict_id)
        case _:
            return Belongs(type(payload).__name__, payload.request_id, recipient, payload.conflict_id)


def doubt_of(payload: WithBox, recipient: str, alert: Alert | None, directory: Directory, at: datetime) -> str | None:
    """Return why a payload is not what its sender sealed for this desk, in words; None where it is.

    `alert` is the desk's own of that conflict, `at` when the inbox record was appended.
    """
    if payload.agency is None:
        if alert is not None and alert.partner is None:
            return None
        return "it does not say who sent it, though this desk knows its partner"
    if alert is not None and alert.partner not in (None, payload.agency):
        return f"it is said to come from {payload.agency}, which is not the partner of that alert"
    return _signature_doubt(payload, payload.agency, recipient, directory, at)


def _signature_doubt(payload: WithBox, sender: str, recipient: str, directory: Directory, at: datetime) -> str | None:
    box = payload.sealed
    if box.signed_with is None or box.signature is None:
        return f"it bears no signature of {sender}"
    key = directory.key(box.signed_with)
    if key is None or key.owner != sender:
        return f"the key that signed it is none of {sender}"
    # A key that has ended since still counts, because what it signed may have waited at the hub; a revoked one does not.
    if key.valid_from > at or (key.revoked_at is not None and key.revoked_at <= at):
        return f"the key of {sender} that signed it was not valid"
    try:
        raw = base64.b64decode(box.signature, validate=True)
        Ed25519PublicKey.from_public_bytes(key.raw).verify(raw, statement_of(payload, recipient))
    except (InvalidSignature, binascii.Error, ValueError):
        return f"it is not what {sender} signed: it was changed on the way"
    return None
