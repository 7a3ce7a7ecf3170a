"""Verifier keys, as signed notes name them (c2sp.org/signed-note).

    vkey   = <name> "+" <hex8 key id> "+" base64(<type byte> || <public key>)
    key id = SHA-256(<name> || 0x0A || <type byte> || <public key>)[0:4]

Types: 01 an Ed25519 signature over the note's text; 04 an Ed25519 timestamped cosignature.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from casebus.errors import VerificationFailed

MAX_NAME_BYTES = 255
MAX_VKEY_CHARACTERS = 512
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64

_MISLEADING = re.compile("[\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters beyond ASCII's first, and those that turn the direction of writing: a terminal would obey them."""

_FIELD_PRIME = 2**255 - 19
_ORDER_EIGHT = (
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
)
_SMALL_ORDER = frozenset({0, 1, _FIELD_PRIME - 1, _FIELD_PRIME, _FIELD_PRIME + 1, *_ORDER_EIGHT})
"""The y coordinates of points whose order divides 8: under such a key one signature fits many messages."""


class KeyType(IntEnum):
    """What a key signs. Others exist (ML-DSA cosignatures are 06); lines by them are unknown lines to us."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name under which its signature lines appear."""

    name: str
    type: KeyType
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """Return the four bytes that, with the name, pick the lines this key is asked about."""
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public_key).digest()[:4]

    def format(self) -> str:
        """Return the vkey, without a newline."""
        encoded = encode_base64(bytes([self.type]) + self.public_key)
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def accepts(self, signature: bytes, message: bytes) -> bool:
        """Tell whether these 64 bytes are this key's Ed25519 signature over the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def verifier_key(name: str, private: Ed25519PrivateKey, type_: KeyType = KeyType.ED25519) -> VerifierKey:
    """Return the public half of a signing key. Raises `VerificationFailed` for a name that notes cannot carry."""
    check_key_name(name)
    return VerifierKey(name, type_, private.public_key().public_bytes_raw())


def parse_vkey(text: str) -> VerifierKey:
    """Read a vkey, with or without one final newline.

    Raises:
        VerificationFailed: malformed, not canonical, a key id that does not fit, another type, a key of small order.
    """
    line = text.removesuffix("\n")
    name, _, rest = line.partition("+")
    _, _, encoded = rest.partition("+")
    if len(line) > MAX_VKEY_CHARACTERS:
        raise VerificationFailed("a verifier key line is too long.")
    check_key_name(name)
    blob = decode_base64(encoded)
    if not blob or blob[0] not in set(KeyType) or len(blob) != 1 + PUBLIC_KEY_BYTES:
        raise VerificationFailed("a verifier key of a type other than Ed25519 (01) or its cosignature (04).")
    key = VerifierKey(name, KeyType(blob[0]), blob[1:])
    if key.format() != line:
        raise VerificationFailed("a verifier key whose key id does not fit, or that is not written canonically.")
    if int.from_bytes(key.public_key, "little") % 2**255 in _SMALL_ORDER:
        raise VerificationFailed("a verifier key of small order.")
    return key


def check_name(name: str) -> None:
    """Check a key name: not empty, no spaces of any script, no plus sign, no control characters.

    Raises:
        VerificationFailed: it is not such a name.
    """
    if not name or "+" in name or any(c.isspace() or c < " " for c in name):
        raise VerificationFailed("a key name is empty or holds a space, a plus sign or a control character.")
    if len(name.encode()) > MAX_NAME_BYTES:
        raise VerificationFailed(f"a key name is longer than {MAX_NAME_BYTES} bytes.")


def check_key_name(name: str) -> None:
    """Check the name of a key that somebody means to trust: besides `check_name`, nothing that a terminal would obey.

    Lines of a note by unknown keys must be ignored whatever they are called, so for them `check_name` is all.

    Raises:
        VerificationFailed: it is not such a name.
    """
    check_name(name)
    if _MISLEADING.search(name):
        raise VerificationFailed("a key name holds a control character, or one that turns the direction of writing.")


def shown_name(name: str) -> str:
    """Return a name as a terminal may be shown it."""
    return name if name.isprintable() else ascii(name)


def encode_base64(data: bytes) -> str:
    """Return RFC 4648 §4 base64 with padding."""
    return base64.b64encode(data).decode()


def decode_base64(text: str) -> bytes:
    """Read base64 in its one canonical spelling. Raises `VerificationFailed` for any other."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise VerificationFailed("a field that is not base64.") from error
    if encode_base64(data) != text:
        raise VerificationFailed("base64 that is not canonical.")
    return data
