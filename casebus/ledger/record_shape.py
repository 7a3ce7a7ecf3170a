"""Whether bytes are a record in its canonical form, told fast. Pure.

Records of one type differ in their values and agree in their layout: which length fields stand where, and which header
names. Given the record's size, the lengths of all fields but one mostly follow. So a layout that was checked once is
kept by size, as one `struct` format, and the next record of that size is compared with it in one operation.
"""

from struct import Struct
from struct import error as struct_error

from casebus.ledger.record import LAST_MS, MAX_RECORD_BYTES, NAME_ERRORS

MAX_SIZES = 4096
_MAX_PER_SIZE = 4
_MAX_HEADERS = 64
_LENGTH = Struct(">I")
_LAST = LAST_MS.to_bytes(8, "big")

_Shape = tuple[Struct, tuple[object, ...]]
"""A format that takes the length fields and the names out of a record, and what it must take out."""


class Shapes:
    """The layouts seen so far. It answers for exactly what `decode_record` reads back."""

    def __init__(self) -> None:
        self._known: dict[int, list[_Shape]] = {}

    def is_canonical(self, data: bytes) -> bool:
        """Tell whether `casebus.ledger.record.decode_record` would read these bytes."""
        size = len(data)
        known = self._known.get(size, ())
        for shape, expected in known:
            if shape.unpack(data) == expected:
                return data[-8:] <= _LAST
        if size > MAX_RECORD_BYTES or data[-8:] > _LAST:
            return False
        try:
            lengths, names = _layout(data)
            for name in names:
                name.decode(errors=NAME_ERRORS)
        except (struct_error, UnicodeDecodeError):
            return False
        if sum(lengths) + 4 * len(lengths) + 12 != size:
            return False
        if len(known) < _MAX_PER_SIZE and len(names) <= _MAX_HEADERS and len(self._known) < MAX_SIZES:
            self._known.setdefault(size, []).append(_shape(lengths, names))
        return True


def _layout(data: bytes) -> tuple[list[int], list[bytes]]:
    """Return the lengths of all fields in order, and the topic's and headers' names. Raises `struct.error`."""
    lengths: list[int] = []
    names: list[bytes] = []
    at = 0
    for _ in range(3):
        at = _take(data, at, lengths)
    names.append(data[4 : 4 + lengths[0]])
    (count,) = _LENGTH.unpack_from(data, at)
    at += 4
    for _ in range(count):
        end = _take(data, at, lengths)
        names.append(data[at + 4 : end])
        at = _take(data, end, lengths)
    return lengths, names


def _take(data: bytes, at: int, lengths: list[int]) -> int:
    (length,) = _LENGTH.unpack_from(data, at)
    lengths.append(length)
    return at + 4 + int(length)


def _shape(lengths: list[int], names: list[bytes]) -> _Shape:
    """Return the shape of a record with these fields."""
    (topic, key, value), headers = lengths[:3], lengths[3:]
    layout = [f">I{topic}sI{key}xI{value}xI"]
    expected: list[object] = [topic, names[0], key, value, len(headers) // 2]
    for name, length, content in zip(names[1:], headers[::2], headers[1::2], strict=True):
        layout.append(f"I{length}sI{content}x")
        expected += (length, name, content)
    return Struct("".join([*layout, "8x"])), tuple(expected)
