"""The schemas: found in one place, checked against the lock, known by the GUID of their own content.

A GUID is the first 16 bytes of SHA-256 over the schema as sorted compact JSON without `doc` (`reference/bus.md` §3.1:
Avro's own fingerprint forgets logical types and defaults). It needs no registry that agencies would have to share, and
anybody can recompute it. Words may be corrected; anything else is a new version.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import fastavro
from fastavro.schema import SchemaParseException, UnknownType

import casebus
from casebus.errors import SchemaError
from casebus.wire.guard import Guard, compile_guard
from casebus.wire.shape import refusals

LOCK_NAME = "schemas.lock"
NAMESPACE = "casebus"
GUID_BYTES = 16
_FILE_NAME = re.compile(r"([A-Z][A-Za-z0-9]{0,79})\.v([1-9][0-9]{0,3})\.avsc")
_RESTORE = "restore schemas/ from the release; a published schema never changes, a change is a new version."


@dataclass(frozen=True, eq=False)
class Schema:
    """One version of one type. `document` is the file's JSON, `parsed` is fastavro's form of it."""

    type: str
    version: int
    guid: bytes
    document: dict[str, Any]
    parsed: Any
    guard: Guard

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.type}.v{self.version}.avsc"


@dataclass(frozen=True)
class LockLine:
    """What the lock says about one file."""

    file: str
    type: str
    version: int
    guid: str


class Schemas:
    """Every schema that this installation accepts: the pinned list."""

    def __init__(self, schemas: Iterable[Schema]) -> None:
        self._all = tuple(sorted(schemas, key=lambda schema: (schema.type, schema.version)))
        self._by_guid = {schema.guid: schema for schema in self._all}
        self._latest = {schema.type: schema for schema in self._all}  # sorted: the last version wins

    @classmethod
    def load(cls, directory: Path | None = None) -> Self:
        """Read the schemas of the wheel, of the source tree, or of a directory.

        Raises `SchemaError` when a file is missing, unlocked, differs from the lock, or has a shape that is refused.
        """
        where = directory or schemas_directory()
        locked = read_lock(where)
        found = {path.name for path in schema_files(where)}
        if found != set(locked):
            odd = ", ".join(sorted(found ^ set(locked)))
            raise SchemaError(f"schemas and lock name different files: {odd}", next_step=_RESTORE)
        return cls(_locked(read_schema(where / name), locked[name]) for name in sorted(locked))

    def __iter__(self) -> Iterator[Schema]:
        return iter(self._all)

    def by_guid(self, guid: bytes) -> Schema | None:
        """Return the schema with this GUID, or None: it is not on the list."""
        return self._by_guid.get(guid)

    def for_type(self, name: str) -> Schema:
        """Return the latest version of a type, which is what we write and read as. Raises `SchemaError`."""
        try:
            return self._latest[name]
        except KeyError:
            raise SchemaError(f"there is no schema for {name[:80]!r}", next_step=_RESTORE) from None


def schemas_directory() -> Path:
    """Return where the schemas are: `casebus/schemas` in an installed wheel, else `schemas/` beside the package."""
    package = Path(casebus.__file__).parent
    installed = package / "schemas"
    return installed if installed.is_dir() else package.parent / "schemas"


def schema_files(directory: Path) -> list[Path]:
    """Return the .avsc files of a directory by name."""
    return sorted(directory.glob("*.avsc"))


def read_schema(path: Path) -> Schema:
    """Read one file. Raises `SchemaError`."""
    named = _FILE_NAME.fullmatch(path.name)
    if named is None:
        raise SchemaError(f"{path.name} is not named <Type>.v<N>.avsc")
    document = read_document(path)
    for place, sentence in refusals(document):
        raise SchemaError(f"{path.name}: {place}: {sentence}")
    if document.get("namespace") != NAMESPACE or document.get("name") != named[1] or document.get("type") != "record":
        raise SchemaError(f"{path.name} does not define the record {NAMESPACE}.{named[1]}")
    try:
        parsed = fastavro.parse_schema(document)
    except (SchemaParseException, UnknownType, ValueError, TypeError, KeyError) as error:
        raise SchemaError(f"{path.name} is not an Avro schema") from error
    return Schema(named[1], int(named[2]), guid_of(document), document, parsed, compile_guard(document))


def read_document(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file. Raises `SchemaError`; a name that occurs twice is refused."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_without_repetition)
    except (OSError, ValueError, RecursionError) as error:
        raise SchemaError(f"{path.name} cannot be read as JSON", next_step=_RESTORE) from error
    if not isinstance(document, dict):
        raise SchemaError(f"{path.name} is not a JSON object", next_step=_RESTORE)
    return document


def guid_of(document: Any) -> bytes:
    """Return the 16-byte GUID of a schema."""
    text = json.dumps(_without_doc(document), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()[:GUID_BYTES]


def read_lock(directory: Path) -> dict[str, LockLine]:
    """Return the lock by file name. Raises `SchemaError`."""
    try:
        lines = [LockLine(**line) for line in read_document(directory / LOCK_NAME)["schemas"]]
    except (KeyError, TypeError) as error:
        raise SchemaError(f"{LOCK_NAME} is not a lock", next_step=_RESTORE) from error
    return {line.file: line for line in lines}


def format_lock(schemas: Iterable[Schema]) -> str:
    """Return the text of the lock for these schemas."""
    lines = [
        {"file": schema.file, "type": schema.type, "version": schema.version, "guid": schema.guid.hex()}
        for schema in sorted(schemas, key=lambda schema: (schema.type, schema.version))
    ]
    return json.dumps({"schemas": lines}, indent=2) + "\n"


def _locked(schema: Schema, line: LockLine) -> Schema:
    if (schema.guid.hex(), schema.type, schema.version) != (line.guid, line.type, line.version):
        raise SchemaError(f"{schema.file} differs from {LOCK_NAME}", next_step=_RESTORE)
    return schema


def _without_doc(document: Any) -> Any:
    if isinstance(document, dict):
        return {key: _without_doc(value) for key, value in document.items() if key != "doc"}
    if isinstance(document, list):
        return [_without_doc(value) for value in document]
    return document


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name occurs twice in an object")
    return dict(pairs)
