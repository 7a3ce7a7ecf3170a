"""The steps of the guard: each looks at one value of an Avro binary encoding, and says where to go on.

Only the canonical form passes: shortest integers, one block per array (what every default encoder writes), booleans 0
or 1, finite floats, valid UTF-8. Every refusal is a `WireError` with `authentic=True`: the guard runs after the
signature was verified.
"""

import math
import struct
from collections.abc import Callable
from typing import Any, NoReturn

from casebus.errors import ParkReason, WireError

END = -1
"""The address at which a program ends."""


class Cursor:
    """Where the walk is. `frames` holds (address to return to, items left): one for each open array and each call."""

    __slots__ = ("data", "frames", "items_left", "max_depth", "position")

    def __init__(self, data: bytes, max_depth: int, max_items: int) -> None:
        self.data = data
        self.position = 0
        self.items_left = max_items
        self.max_depth = max_depth
        self.frames: list[tuple[int, int]] = []

    def push(self, address: int, items: int) -> None:
        """Go one level deeper. Raises `WireError`."""
        if len(self.frames) >= self.max_depth:
            raise WireError(ParkReason.AVRO_TOO_DEEP, "the value nests too deeply", authentic=True)
        self.frames.append((address, items))


Step = Callable[[Cursor, int, Any], int]
"""Takes the cursor, the step's own address and its argument; returns the next address."""


def invalid(what: str) -> WireError:
    """Return the refusal of bytes that are no canonical value."""
    return WireError(ParkReason.AVRO_INVALID, what, authentic=True)


def check_integer(cursor: Cursor, address: int, bounds: tuple[int, int]) -> int:
    """Pass an int or a long within bounds."""
    if not bounds[0] <= _number(cursor) <= bounds[1]:
        _refuse("an integer is out of range")
    return address + 1


def check_boolean(cursor: Cursor, address: int, _: None) -> int:
    """Pass 0 or 1."""
    if cursor.data[cursor.position] > 1:
        _refuse("a boolean is neither 0 nor 1")
    cursor.position += 1
    return address + 1


def check_float(cursor: Cursor, address: int, layout: struct.Struct) -> int:
    """Pass a finite float or double."""
    start = cursor.position
    _skip(cursor, layout.size)
    if not math.isfinite(layout.unpack_from(cursor.data, start)[0]):
        _refuse("a number is not finite")
    return address + 1


def check_text(cursor: Cursor, address: int, _: None) -> int:
    """Pass a string of valid UTF-8."""
    length = _number(cursor)
    start = cursor.position
    _skip(cursor, length)
    try:
        cursor.data[start : cursor.position].decode()
    except UnicodeDecodeError:
        raise invalid("a text is not UTF-8") from None
    return address + 1


def check_octets(cursor: Cursor, address: int, size: int | None) -> int:
    """Pass a fixed of this size, or bytes when the size is None."""
    _skip(cursor, _number(cursor) if size is None else size)
    return address + 1


def check_symbol(cursor: Cursor, address: int, count: int) -> int:
    """Pass the index of one of so many symbols."""
    if not 0 <= _number(cursor) < count:
        _refuse("an enumeration has no such symbol")
    return address + 1


def take_branch(cursor: Cursor, _: int, targets: list[int]) -> int:
    """Go on at the branch of a union that the bytes name."""
    chosen = _number(cursor)
    if not 0 <= chosen < len(targets):
        _refuse("a union has no such branch")
    return targets[chosen]


def jump(_: Cursor, __: int, target: int) -> int:
    """Go on elsewhere."""
    return target


def open_array(cursor: Cursor, address: int, after: int) -> int:
    """Begin an array: go into its first item, or after it when it is empty."""
    count = _number(cursor)
    if count == 0:
        return after
    if count < 0:
        _refuse("an array is written with block sizes")
    if count > cursor.items_left:
        raise WireError(ParkReason.AVRO_TOO_MANY_ITEMS, "the value has too many items", authentic=True)
    cursor.items_left -= count
    cursor.push(END, count)
    return address + 1


def close_item(cursor: Cursor, address: int, body: int) -> int:
    """End an item: go to the next one, or on after the array."""
    back, left = cursor.frames.pop()
    if left > 1:
        cursor.frames.append((back, left - 1))
        return body
    if _number(cursor) != 0:
        _refuse("an array has more than one block")
    return address + 1


def call(cursor: Cursor, address: int, target: int) -> int:
    """Go into a type that contains itself. The loader refuses such schemas; the guard holds all the same."""
    cursor.push(address + 1, 0)
    return target


def give_back(cursor: Cursor, _: int, __: None) -> int:
    """Return from a call."""
    return cursor.frames.pop()[0]


def _number(cursor: Cursor) -> int:
    # Ten bytes hold a few bits more than 64; such a number is out of every caller's range.
    data, position = cursor.data, cursor.position
    octet = data[position]
    if octet < 0x80:  # most integers are one byte
        cursor.position = position + 1
        return (octet >> 1) ^ -(octet & 1)
    folded, shift = octet & 0x7F, 7
    while octet >= 0x80:
        if shift > 63:
            _refuse("an integer has more than ten bytes")
        position += 1
        octet = data[position]
        folded |= (octet & 0x7F) << shift
        shift += 7
    if octet == 0:
        _refuse("an integer is not in its shortest form")
    cursor.position = position + 1
    return (folded >> 1) ^ -(folded & 1)


def _skip(cursor: Cursor, length: int) -> None:
    if not 0 <= length <= len(cursor.data) - cursor.position:
        _refuse("a length is negative or leads beyond the end")
    cursor.position += length


def _refuse(what: str) -> NoReturn:
    raise invalid(what)
