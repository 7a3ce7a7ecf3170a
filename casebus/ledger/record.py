"""A record as canonical bytes: what the record hash is taken over, and what the archive keeps.

    L(topic) L(key) L(value) u32 n ( L(header name) L(header value) ) x n  u64 appended_at, ms since 1970
    where L(x) = u32 big-endian length || x, and names are UTF-8

    record hash = SHA-256("casebus/record/v1\\n" || the above)

This binds the exact record: headers in the order delivered, repeated names, the Log's own append time.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from struct import Struct

from casebus.bus.log import Record, Recorded
from casebus.errors import VerificationFailed
from casebus.ledger.leaf import MAX_POSITION

MAX_RECORD_BYTES = 16 * 1024 * 1024
"""Far above what a Log accepts, so that nothing is kept out of the ledger by its size, and a bound for readers."""

RECORD_DOMAIN = b"casebus/record/v1\n"
_COUNT = Struct(">I")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
LAST_MS = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND
# Kafka does not promise that header names are UTF-8; a lone surrogate must not keep a record out of the ledger.
NAME_ERRORS = "surrogatepass"


def encode_record(recorded: Recorded) -> bytes:
    """Return the record's canonical bytes; topic id and position stand beside them in leaf and archive."""
    record, count = recorded.record, _COUNT.pack
    parts = [_counted(recorded.topic), count(len(record.key)), record.key, count(len(record.value)), record.value]
    parts.append(count(len(record.headers)))
    for name, value in record.headers:
        parts += (_counted(name), count(len(value)), value)
    parts.append(_milliseconds(recorded.appended_at).to_bytes(8, "big"))
    data = b"".join(parts)
    assert len(data) <= MAX_RECORD_BYTES, "bug: the Log accepted a record larger than it may"
    return data


@lru_cache(maxsize=1024)
def _counted(name: str) -> bytes:
    """Return L(name). Topics and header names are few, and the same in record after record."""
    encoded = name.encode(errors=NAME_ERRORS)
    return _COUNT.pack(len(encoded)) + encoded


def hash_record(encoded: bytes) -> bytes:
    """Return the record hash of canonical bytes."""
    return sha256(RECORD_DOMAIN + encoded).digest()


def record_hash(recorded: Recorded) -> bytes:
    """Return the hash that the record's leaf holds."""
    return hash_record(encode_record(recorded))


def decode_record(data: bytes, position: int) -> Recorded:
    """Read canonical bytes back. Raises `VerificationFailed` for anything that `encode_record` does not write."""
    if len(data) > MAX_RECORD_BYTES or position > MAX_POSITION:
        raise VerificationFailed("an archived record is too large, or its position is.")
    topic, at = _field(data, 0)
    key, at = _field(data, at)
    value, at = _field(data, at)
    count = int.from_bytes(data[at : at + 4], "big")
    at += 4
    headers: list[tuple[str, bytes]] = []
    for _ in range(count):
        name, at = _field(data, at)
        content, at = _field(data, at)
        headers.append((_name(name), content))
    if at + 8 != len(data):
        raise VerificationFailed("an archived record is too short or too long.")
    appended_ms = int.from_bytes(data[at:], "big")
    if appended_ms > LAST_MS:
        raise VerificationFailed("an archived record was appended after the year 9999.")
    appended_at = _EPOCH + appended_ms * _MILLISECOND
    return Recorded(_name(topic), position, Record(key, value, tuple(headers)), appended_at)


def _field(data: bytes, at: int) -> tuple[bytes, int]:
    end = at + 4 + int.from_bytes(data[at : at + 4], "big")
    if end > len(data):
        raise VerificationFailed("an archived record is too short.")
    return data[at + 4 : end], end


def _name(data: bytes) -> str:
    try:
        return data.decode(errors=NAME_ERRORS)
    except UnicodeDecodeError as error:
        raise VerificationFailed("an archived record has a name that is not UTF-8.") from error


def _milliseconds(moment: datetime) -> int:
    since, rest = divmod(moment - _EPOCH, _MILLISECOND)
    assert not rest, "bug: the Log's time is in whole milliseconds"
    assert since >= 0, "bug: the Log's time is after 1970"
    return since
