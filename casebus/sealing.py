"""What is for one agency's eyes only: sealed with HPKE to its encryption key, carried by the hub unread.

HPKE (RFC 9180) in base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, one shot, through `cryptography`.
`info` binds a box to what it belongs to and to whom it is for, so that it opens nowhere else:

    "casebus sealed v2" LF type LF item id LF conflict id, if any LF recipient LF sender, of a referral

The plaintext is JSON {"fields": [[name, value], ...], "text": ...}, filled up with spaces to a multiple of 512 bytes, so
that its length says little. Base mode does not say who sealed it: the sender's signature beside the box does
(`casebus.cases.authorship`). About a conflict `info` has no sender, because some may not be named to who opens the box.
"""

import base64
import binascii
import json
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from casebus.errors import UsageError
from casebus.events.enumerations import DisclosedField
from casebus.events.types import SealedBox
from casebus.keys import key_id

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
MAX_CONTENT_BYTES = 60_000
MAX_VALUE_CHARS = 1000
MAX_FIELDS = 100
_ROUND_TO = 512


class Unopenable(Exception):
    """A box that this key does not open, or that holds something else than we seal."""


@dataclass(frozen=True, slots=True)
class Belongs:
    """What a box belongs to: the type of its event, the id of the request, message or referral, who it is for, and the
    conflict that it is about. `sender` is given where it is always named: of a referral.
    """

    type: str
    item_id: str
    recipient: str
    about: str = ""
    sender: str = ""

    @property
    def info(self) -> bytes:
        """What is bound into the box."""
        parts = ("casebus sealed v2", self.type, self.item_id, self.about, self.recipient, self.sender)
        return "\n".join(parts).encode()


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a box: values by name, and words. Clear data of two agencies, and of nobody else."""

    fields: tuple[tuple[DisclosedField, str], ...] = ()
    text: str = ""


def seal(content: Content, belongs: Belongs, public_key: bytes) -> SealedBox:
    """Return the content for a recipient's eyes. Raises `UsageError` for more than a box holds."""
    plain = json.dumps({"fields": content.fields, "text": content.text}, ensure_ascii=True).encode()
    if len(content.fields) > MAX_FIELDS or any(len(value) > MAX_VALUE_CHARS for _, value in content.fields):
        raise UsageError(f"a release holds at most {MAX_FIELDS} values of {MAX_VALUE_CHARS} characters")
    if len(plain) > MAX_CONTENT_BYTES:
        raise UsageError(f"more than {MAX_CONTENT_BYTES} bytes cannot be sealed", next_step="send less at a time.")
    padded = plain.ljust(-(-len(plain) // _ROUND_TO) * _ROUND_TO)
    sealed = _SUITE.encrypt(padded, X25519PublicKey.from_public_bytes(public_key), belongs.info)
    name = key_id(belongs.recipient, public_key)
    return SealedBox(key_id=name, box=base64.b64encode(sealed).decode(), signed_with=None, signature=None)


def open_box(box: SealedBox, belongs: Belongs, key: X25519PrivateKey) -> Content:
    """Return what is in a box. Raises `Unopenable`, whatever is wrong with it."""
    try:
        plain = _SUITE.decrypt(base64.b64decode(box.box, validate=True), key, belongs.info)
        return _content(json.loads(plain))
    except (InvalidTag, binascii.Error, ValueError, TypeError, KeyError, RecursionError) as error:
        raise Unopenable from error


def _content(read: dict[str, object]) -> Content:
    fields, text = read["fields"], read["text"]
    if not isinstance(fields, list) or len(fields) > MAX_FIELDS or not isinstance(text, str):
        raise ValueError("not the form of a box")
    values = []
    for name, value in fields:
        if not isinstance(value, str) or len(value) > MAX_VALUE_CHARS:
            raise ValueError("not the form of a value")
        values.append((DisclosedField(name), value))
    return Content(tuple(values), text)
