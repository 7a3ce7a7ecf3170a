"""The shape of a schema as a document: a walk over its parts, and the shapes that are never accepted."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from casebus.errors import SchemaError
from casebus.wire.guard import MAX_DEPTH, full_name

PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "string", "bytes"})
NAMED = frozenset({"record", "enum", "fixed"})


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a schema. `path` leads to it (`TipReceived.content.times[]`); `schema` is null's name, a named type's
    definition, a union…; a reference is already replaced by what it names, and `repeated` then. `place` says what it is
    part of: a `field` (which is given), the `item` of an array, a `branch` of a union. `recursive` marks a type inside
    itself; the walk does not go into it.
    """

    path: str
    place: str
    schema: Any
    name: str
    field: dict[str, Any] | None
    repeated: bool
    recursive: bool

    @property
    def kind(self) -> str:
        """The Avro type: `union`, `array`, `record`, `string`…"""
        return kind_of(self.schema)


def kind_of(schema: Any) -> str:
    """Return the Avro type of a schema. Raises `SchemaError` for what is none."""
    match schema:
        case list():
            return "union"
        case str():
            return schema
        case {"type": str(kind)}:
            return kind
    raise SchemaError("a schema has a part without a type")


def walk(document: Any) -> Iterator[Part]:
    """Yield every part, outermost first. Raises `SchemaError` for what is no schema."""
    yield from _Walk().over(document, "", "root", "", None, ())


class _Walk:
    def __init__(self) -> None:
        self._named: dict[str, Any] = {}

    def over(
        self, schema: Any, path: str, place: str, namespace: str, field: dict[str, Any] | None, inside: tuple[str, ...]
    ) -> Iterator[Part]:
        if len(inside) > MAX_DEPTH:
            raise SchemaError(f"a schema nests deeper than {MAX_DEPTH}")
        name, repeated = "", False
        if isinstance(schema, str) and schema not in PRIMITIVES:
            name, repeated = full_name(schema, namespace), True
            if name not in self._named:
                raise SchemaError(f"a schema names {name}, which it does not define before")
            schema = self._named[name]
        elif kind_of(schema) in NAMED:
            name = full_name(_text(schema, "name"), schema.get("namespace", namespace))
            self._named[name] = schema
        path = path or name.rpartition(".")[2]
        recursive = bool(name) and name in inside
        yield Part(path, place, schema, name, field, repeated, recursive)
        if not recursive:
            yield from self._within(schema, path, name.rpartition(".")[0] or namespace, (*inside, name))

    def _within(self, schema: Any, path: str, namespace: str, inside: tuple[str, ...]) -> Iterator[Part]:
        match schema:
            case list():
                for branch in schema:
                    yield from self.over(branch, path, "branch", namespace, None, inside)
            case {"type": "array", "items": items}:
                yield from self.over(items, f"{path}[]", "item", namespace, None, inside)
            case {"type": "map", "values": values}:
                yield from self.over(values, f"{path}{{}}", "item", namespace, None, inside)
            case {"type": "record", "fields": [*fields]}:
                for field in fields:
                    inner = f"{path}.{_text(field, 'name')}"
                    yield from self.over(field.get("type"), inner, "field", namespace, field, inside)


def _text(schema: Any, key: str) -> str:
    match schema:
        case dict() if isinstance(schema.get(key), str):
            return str(schema[key])
    raise SchemaError(f"a schema has a part without a {key}")


def refusals(document: Any) -> Iterator[tuple[str, str]]:
    """Yield (path, sentence) for shapes that a decoder could be brought down with: recursion, items of no size."""
    for part in walk(document):
        if part.recursive:
            yield part.path, f"{part.name} contains itself: 5 KB of such data crash a decoder"
        elif part.place == "item" and _may_be_empty(part.schema):
            yield part.path, "array items may have no bytes: five bytes of data become millions of items"


def _may_be_empty(schema: Any) -> bool:
    match schema:
        case "null" | {"type": "null"} | {"type": "fixed", "size": 0}:
            return True
        case {"type": "record", "fields": [*fields]}:
            return all(_may_be_empty(field.get("type")) for field in fields)
    return False
