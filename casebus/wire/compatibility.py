"""May these schemas be published? FULL_TRANSITIVE: every version of a type reads what every other one wrote.

Logs are replayed for years and agencies upgrade when they can, so neither "the last version" nor one direction is
enough. Three opinions, because each alone has been seen to miss something (`reference/bus.md` §3.3):
`avro.compatibility` over all pairs of versions, our lint, and golden samples that every version really reads.
"""

import json
from collections.abc import Iterator
from itertools import groupby, permutations
from pathlib import Path
from typing import Any

import avro.errors
import avro.schema
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType

from casebus.errors import SchemaError, WireError
from casebus.wire.codec import read
from casebus.wire.lint import Finding, lint
from casebus.wire.schemas import (
    LOCK_NAME,
    Schema,
    Schemas,
    guid_of,
    read_document,
    read_schema,
    schema_files,
)
from casebus.wire.shape import walk

SAMPLES = Path("tests", "golden", "events")


def check(schemas_dir: Path, samples_dir: Path | None = None) -> list[Finding]:
    """Return everything that forbids publishing the schemas of a directory; an empty list is a yes.

    Golden samples are read where there are some: in `samples_dir`, or in the source tree that the schemas lie in.
    """
    findings = [finding for path in schema_files(schemas_dir) for finding in _of_file(path)]
    if findings:
        return sorted(findings)  # what is wrong in itself is not worth comparing
    schemas = [read_schema(path) for path in schema_files(schemas_dir)]
    findings += _of_lock(schemas_dir)
    findings += _of_names(schemas)
    for _, versions in groupby(sorted(schemas, key=lambda each: (each.type, each.version)), lambda each: each.type):
        findings += _of_versions(list(versions))
    samples = samples_dir or schemas_dir.parent / SAMPLES
    if samples.is_dir():
        findings += _of_samples(schemas, samples)
    return sorted(findings)


def _of_file(path: Path) -> Iterator[Finding]:
    try:
        yield from lint(path.name, read_document(path))
        _apache(read_schema(path))
    except SchemaError as error:
        yield Finding(path.name, "the file", error.what)
    except (avro.errors.AvroException, KeyError, TypeError, ValueError, AttributeError):
        yield Finding(path.name, "the file", "Apache Avro's own library does not accept the schema")


def _of_lock(schemas_dir: Path) -> Iterator[Finding]:
    try:
        Schemas.load(schemas_dir)
    except SchemaError as error:
        yield Finding(LOCK_NAME, "the lock", error.what)


def _of_names(schemas: list[Schema]) -> Iterator[Finding]:
    """Yield types that have one name and two meanings in the latest versions."""
    seen: dict[str, tuple[bytes, str]] = {}
    for schema in {schema.type: schema for schema in sorted(schemas, key=lambda each: each.version)}.values():
        for part in walk(schema.document):
            if part.name and not part.repeated:
                guid, file = seen.setdefault(part.name, (guid_of(_expanded(part.schema)), schema.file))
                if guid != guid_of(_expanded(part.schema)):
                    yield Finding(schema.file, part.path, f"{part.name} is not what {file} says it is")


def _expanded(schema: Any) -> Any:
    # A file defines a type where it first names it; elsewhere only the name stands. Names are compared for themselves.
    match schema:
        case {"type": "record", "fields": [*fields]}:
            return {
                **schema,
                "namespace": None,
                "fields": [{**each, "type": _shallow(each["type"])} for each in fields],
            }
        case dict():
            return {**schema, "namespace": None}
    return schema


def _shallow(schema: Any) -> Any:
    match schema:
        case list():
            return [_shallow(branch) for branch in schema]
        case {"type": "array", "items": items}:
            return {"type": "array", "items": _shallow(items)}
        case {"name": str(name)}:
            return name
        case str():
            return schema.removeprefix("casebus.")
    return schema


def _of_versions(versions: list[Schema]) -> Iterator[Finding]:
    if [schema.version for schema in versions] != list(range(1, len(versions) + 1)):
        yield Finding(versions[-1].file, versions[-1].type, "the versions of a type count from 1 without a gap")
    for reader, writer in permutations(versions, 2):
        yield from _of_pair(reader, writer)


def _of_pair(reader: Schema, writer: Schema) -> Iterator[Finding]:
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]
    result = checker.get_compatibility(_apache(reader), _apache(writer))
    if result.compatibility is not SchemaCompatibilityType.compatible:
        why = "; ".join(sorted(result.messages)) or "they differ"
        yield Finding(reader.file, reader.type, f"it cannot read what {writer.file} writes: {why}")
    theirs = {(part.path, part.place): part for part in walk(writer.document) if part.kind != "null"}
    for part in walk(reader.document):
        other = theirs.get((part.path, part.place))
        if other is not None and _logical(part.schema) != _logical(other.schema):
            yield Finding(reader.file, part.path, f"the logical type is not that of {writer.file}")


def _apache(schema: Schema) -> avro.schema.Schema:
    return avro.schema.parse(json.dumps(schema.document))


def _logical(schema: Any) -> Any:
    return schema.get("logicalType") if isinstance(schema, dict) else None


def _of_samples(schemas: list[Schema], samples: Path) -> Iterator[Finding]:
    for writer in schemas:
        path = samples / f"{writer.type}.v{writer.version}.bin"
        if not path.is_file():
            yield Finding(writer.file, writer.type, f"there is no golden sample {path.name}")
            continue
        data = path.read_bytes()
        for reader in (schema for schema in schemas if schema.type == writer.type):
            try:
                writer.guard.check(data)
                read(data, writer, reader)
            except WireError as error:
                yield Finding(reader.file, reader.type, f"it cannot read the golden sample {path.name}: {error.what}")
