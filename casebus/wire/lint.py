"""What a schema may look like on this bus, beyond what Avro allows (`reference/bus.md` §3.3 says what each prevents).

- Every record, enumeration and field says in `doc` what it means: the schema is what a partner agency reads.
- A field has a default, so that any version may drop it or add it (FULL_TRANSITIVE). Without one are only texts and
  records: an id, or a part without which the record means nothing, has no sensible default. Such a field is there from
  the first version of its record on, for ever: the compatibility check refuses one that comes or goes later.
- Every enumeration has a default symbol, which an older reader sees in place of one that it does not know: UNKNOWN
  where there is one.
- Numbers are long or double: an int that grows is a break. No bytes, fixed, maps, aliases; no unions but "null or".
- The only logical type is timestamp-micros. Nothing contains itself; no array holds items of no size.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from casebus.wire.shape import Part, kind_of, refusals, walk

_USED = frozenset({"boolean", "long", "double", "string", "enum", "record", "array", "union", "null"})
_WITHOUT_DEFAULT = frozenset({"string", "record"})


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that is wrong with a schema: which file, where in it, and what, as a sentence."""

    file: str
    path: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}: {self.path}: {self.sentence}"


def lint(file: str, document: Any) -> Iterator[Finding]:
    """Yield what is wrong with one schema. Raises `SchemaError` for what is no schema."""
    for path, sentence in refusals(document):
        yield Finding(file, path, sentence)
    for part in walk(document):
        rules = (_about_words, _about_types, _about_enumerations, _about_defaults)
        for sentence in (sentence for rule in rules for sentence in rule(part)):
            yield Finding(file, part.path, sentence)


def _about_words(part: Part) -> Iterator[str]:
    if part.field is not None and not _says_something(part.field):
        yield "the field has no doc"
    if part.kind in ("record", "enum") and not part.repeated and not _says_something(part.schema):
        yield f"the {part.kind} {part.name} has no doc"


def _says_something(node: dict[str, Any]) -> bool:
    return isinstance(node.get("doc"), str) and bool(node["doc"].strip())


def _about_types(part: Part) -> Iterator[str]:
    if part.kind not in _USED:
        yield f"the type {part.kind} is not used on this bus: numbers are long or double, texts string"
    if part.kind == "union" and (len(part.schema) != 2 or kind_of(part.schema[0]) != "null"):
        yield 'the only union is ["null", …]'
    if part.kind == "null" and part.place != "branch":
        yield "a null alone says nothing"
    attributes = part.schema if isinstance(part.schema, dict) else {}
    if "logicalType" in attributes and (part.kind, attributes["logicalType"]) != ("long", "timestamp-micros"):
        yield "the only logical type is timestamp-micros on a long"
    if "aliases" in attributes or "aliases" in (part.field or {}):
        yield "aliases are not used: a new name is a new field"
    if part.name and part.name.rpartition(".")[0] != "casebus":
        yield f"{part.name} is not in the namespace casebus"


def _about_enumerations(part: Part) -> Iterator[str]:
    if part.kind != "enum" or part.repeated:
        return
    symbols, default = part.schema.get("symbols", []), part.schema.get("default")
    if default not in symbols:
        yield f"the enumeration {part.name} has no default among its symbols"
    elif "UNKNOWN" in symbols and default != "UNKNOWN":
        yield f"the default of the enumeration {part.name} is not UNKNOWN"


def _about_defaults(part: Part) -> Iterator[str]:
    if part.field is None:
        return
    if "default" not in part.field:
        if part.kind not in _WITHOUT_DEFAULT:
            yield "a field without a default could never be dropped or have been added later"
    elif not _fits(part.schema, part.field["default"]):
        yield "the default is not a value of the field's type, or is not the empty one"


def _fits(schema: Any, value: Any) -> bool:
    match kind_of(schema):
        case "union":
            return value is None  # Avro takes a union's default for its first branch
        case "array":
            return value == [] and isinstance(value, list)
        case "enum":
            return value in schema["symbols"]
        case "boolean":
            return isinstance(value, bool)
        case "long":
            return isinstance(value, int) and not isinstance(value, bool)
        case "double":
            return isinstance(value, float)
        case "string":
            return isinstance(value, str)
    return False
