"""The guard before the decoder: says whether bytes are exactly one canonical value of a schema, without recursion.

fastavro was measured to segfault on 5 KB of a recursive schema, to make 50 million items from 5 bytes, to ignore
trailing bytes and to accept over-long integers (`reference/bus.md` §4.6). So each schema is compiled once into a flat
program, and the program walks the bytes before fastavro sees them:

    accepted  ⇒  fastavro decodes, and encodes again to the same bytes

(for schemas that pass the lint: in a union of two texts Python could not tell which branch a value came from).
Cost is bounded by the bytes and the items: every step but a jump takes a byte or ends an item, and items are counted.
"""

import struct
from dataclasses import dataclass
from typing import Any

from casebus.errors import ParkReason, SchemaError, WireError
from casebus.wire import steps
from casebus.wire.steps import END, Cursor, Step

MAX_DEPTH = 32
"""How deep a schema may nest, and how deep arrays and calls may nest in a value."""
MAX_ITEMS = 40_000
"""How many array items a value may have in all: 500 sightings of 64 tokens fit."""
_MAX_STEPS = 20_000

_MICROS = (-62_135_596_800_000_000, 253_402_300_799_999_999)  # years 1 to 9999, which is what a datetime holds
_PRIMITIVES: dict[str, tuple[Step, Any]] = {
    "boolean": (steps.check_boolean, None),
    "int": (steps.check_integer, (-(2**31), 2**31 - 1)),
    "long": (steps.check_integer, (-(2**63), 2**63 - 1)),
    "float": (steps.check_float, struct.Struct("<f")),
    "double": (steps.check_float, struct.Struct("<d")),
    "string": (steps.check_text, None),
    "bytes": (steps.check_octets, None),
}


@dataclass(frozen=True, slots=True)
class Guard:
    """A schema as a flat program."""

    program: tuple[tuple[Step, Any], ...]

    def check(self, data: bytes, *, max_depth: int = MAX_DEPTH, max_items: int = MAX_ITEMS) -> None:
        """Walk the bytes. Raises `WireError` unless they are exactly one canonical value."""
        program, cursor, address = self.program, Cursor(data, max_depth, max_items), 0
        try:
            while address != END:
                step, argument = program[address]
                address = step(cursor, address, argument)
        except IndexError:
            raise steps.invalid("the value ends early") from None
        if cursor.position != len(data):
            raise WireError(ParkReason.TRAILING_BYTES, "bytes follow the value", authentic=True)


def compile_guard(schema: Any) -> Guard:
    """Compile a schema (parsed JSON). Raises `SchemaError` for what this bus does not use: maps, logical types other
    than timestamp-micros, unknown parts, a schema too deep or too large.
    """
    compiler = _Compiler()
    compiler.emit(schema, "", 0)
    compiler.add(steps.jump, END)
    compiler.emit_called()
    return Guard(tuple(compiler.program))


class _Compiler:
    """Lays a schema out flat. Named types are repeated in place; only one that contains itself is called."""

    def __init__(self) -> None:
        self.program: list[tuple[Step, Any]] = []
        self._named: dict[str, dict[str, Any]] = {}
        self._open: list[str] = []
        self._calls: list[tuple[int, str]] = []

    def add(self, step: Step, argument: Any) -> int:
        """Append a step and return its address."""
        if len(self.program) >= _MAX_STEPS:
            raise SchemaError("a schema is too large")
        self.program.append((step, argument))
        return len(self.program) - 1

    def emit(self, schema: Any, namespace: str, depth: int) -> None:
        """Append the steps of a schema."""
        if depth > MAX_DEPTH:
            raise SchemaError(f"a schema nests deeper than {MAX_DEPTH}")
        match schema:
            case "null":
                pass
            case str() if schema in _PRIMITIVES:
                self.add(*_PRIMITIVES[schema])
            case str():
                self._emit_reference(full_name(schema, namespace), depth)
            case list():
                self._emit_union(schema, namespace, depth)
            case {"type": "long", "logicalType": "timestamp-micros"}:
                self.add(steps.check_integer, _MICROS)
            case {"logicalType": _}:
                raise SchemaError("a schema has a logical type that this bus does not use")
            case {"type": "array", "items": items}:
                self._emit_array(items, namespace, depth)
            case {"type": "record" | "enum" | "fixed", "name": str(name)}:
                full = full_name(name, schema.get("namespace", namespace))
                self._named[full] = schema
                self._emit_named(full, depth)
            case {"type": str() | list() | dict() as inner} if inner not in ("array", "map", "record", "enum", "fixed"):
                self.emit(inner, namespace, depth + 1)
            case _:
                raise SchemaError("a schema has a part that this bus does not use")

    def emit_called(self) -> None:
        """Append the bodies of types that contain themselves, and point the calls at them."""
        bodies: dict[str, int] = {}
        while self._calls:
            address, full = self._calls.pop()
            if full not in bodies:
                bodies[full] = len(self.program)
                self._emit_named(full, 0)
                self.add(steps.give_back, None)
            self.program[address] = (steps.call, bodies[full])

    def _emit_reference(self, full: str, depth: int) -> None:
        if full not in self._named:
            raise SchemaError(f"a schema names {full}, which it does not define before")
        if full in self._open:
            self._calls.append((self.add(steps.call, None), full))
        else:
            self._emit_named(full, depth)

    def _emit_named(self, full: str, depth: int) -> None:
        match self._named[full]:
            case {"type": "enum", "symbols": [*symbols]}:
                self.add(steps.check_symbol, len(symbols))
            case {"type": "fixed", "size": int(size)}:
                self.add(steps.check_octets, size)
            case {"type": "record", "fields": [*fields]}:
                self._open.append(full)
                for field in fields:
                    self.emit(field["type"], full.rpartition(".")[0], depth + 1)
                self._open.pop()
            case _:
                raise SchemaError(f"{full} is not a complete type")

    def _emit_union(self, branches: list[Any], namespace: str, depth: int) -> None:
        targets: list[int] = []
        ends: list[int] = []
        self.add(steps.take_branch, targets)
        for branch in branches:
            targets.append(len(self.program))
            self.emit(branch, namespace, depth + 1)
            ends.append(self.add(steps.jump, None))
        for end in ends:
            self.program[end] = (steps.jump, len(self.program))

    def _emit_array(self, items: Any, namespace: str, depth: int) -> None:
        opened = self.add(steps.open_array, None)
        self.emit(items, namespace, depth + 1)
        closed = self.add(steps.close_item, opened + 1)
        self.program[opened] = (steps.open_array, closed + 1)


def full_name(name: str, namespace: str) -> str:
    """Return the full name of a type, as Avro resolves it."""
    return name if "." in name or not namespace else f"{namespace}.{name}"
