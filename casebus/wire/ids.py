"""Ids: derived, never random, wherever an event is made from something (RFC 9562 UUIDs in lower-case text).

Report numbers are enumerable, so an unkeyed hash of one would let any reader ask "do you hold report N?". What comes
from an agency's own records is therefore derived under the agency's private id key; what the hub makes from ids that
are opaque already needs no key.
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

RANDOM_BYTES = 10
"""How many random bytes `uuid7` takes."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def derived_id(key: bytes, *parts: str) -> str:
    """Return the UUIDv8 of these parts under a private 32-byte key: HMAC-SHA-256, cut to 128 bits."""
    if len(key) != 32:
        raise AssertionError("bug: an id key has 32 bytes")
    return _uuid8(hmac.digest(key, _framed(parts), "sha256"))


def content_id(*parts: str) -> str:
    """Return the UUIDv8 of parts that are opaque ids themselves: SHA-256, cut to 128 bits."""
    return _uuid8(hashlib.sha256(_framed(parts)).digest())


def uuid7(now: datetime, random_bytes: bytes) -> str:
    """Return the UUIDv7 of a moment (whole milliseconds count) and ten bytes of randomness, both handed in."""
    if len(random_bytes) != RANDOM_BYTES or now.tzinfo is None:
        raise AssertionError("bug: uuid7 takes an aware time and ten random bytes")
    milliseconds = (now - _EPOCH) // timedelta(milliseconds=1)
    return _stamped(milliseconds.to_bytes(6, "big") + random_bytes, version=7)


def _framed(parts: Iterable[str]) -> bytes:
    # Lengths come first so that ("ab", "c") and ("a", "bc") differ.
    return b"".join([len(part).to_bytes(8, "big") + part for part in map(str.encode, parts)])


def _uuid8(digest: bytes) -> str:
    return _stamped(digest[:16], version=8)


def _stamped(octets: bytes, *, version: int) -> str:
    text = octets.hex()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-{version}{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"
