"""Regenerate what is generated, or with `--check` tell whether anything differs (exit 1).

    python tools/regenerate_golden.py            write
    python tools/regenerate_golden.py --check    compare
    python tools/regenerate_golden.py --relock   also accept that a schema changed which is not published yet

Each line of `generated` is a path and the function that makes its content. A golden sample is made from the readable
`.json` beside it, by the latest version of its type only: what an older version wrote stays as it was written.
"""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from events_page import events_page
from families_page import families_page

from casebus.errors import SchemaError
from casebus.events.catalogue import CATALOGUE
from casebus.wire.codec import encode, read
from casebus.wire.compatibility import SAMPLES
from casebus.wire.schemas import LOCK_NAME, Schema, Schemas, format_lock, read_lock, read_schema, schema_files

ROOT = Path(__file__).resolve().parent.parent
Generated = list[tuple[Path, Callable[[], bytes]]]


def generated(root: Path, *, relock: bool) -> Generated:
    """Return every generated file and its maker. The lock comes first: the others load the schemas by it."""
    schemas = [read_schema(path) for path in schema_files(root / "schemas")]
    everything = Schemas(schemas)
    return [
        (root / "schemas" / LOCK_NAME, partial(_lock, root / "schemas", schemas, relock=relock)),
        *((_sample(root, each, "bin"), partial(_sample_bytes, root, each, everything)) for each in schemas),
        *((_sample(root, each, "json"), partial(_sample_text, root, each, everything)) for each in schemas),
        (root / "docs" / "events.md", lambda: events_page(everything).encode()),
        (root / "docs" / "token-families.md", lambda: families_page().encode()),
    ]


def _lock(directory: Path, schemas: list[Schema], *, relock: bool) -> bytes:
    known = read_lock(directory) if (directory / LOCK_NAME).exists() and not relock else {}
    for schema in schemas:
        if schema.file in known and known[schema.file].guid != schema.guid.hex():
            raise SchemaError(
                f"{schema.file} is locked and has changed",
                next_step="add a new version instead; --relock only if it was never published.",
            )
    return format_lock(schemas).encode()


def _sample(root: Path, schema: Schema, ending: str) -> Path:
    return root / SAMPLES / f"{schema.type}.v{schema.version}.{ending}"


def _sample_bytes(root: Path, schema: Schema, schemas: Schemas) -> bytes:
    if schemas.for_type(schema.type) is not schema:
        return _sample(root, schema, "bin").read_bytes()
    text = _sample(root, schema, "json").read_bytes()
    return encode(CATALOGUE[schema.type].model.model_validate_json(text), schema)


def _sample_text(root: Path, schema: Schema, schemas: Schemas) -> bytes:
    value = read(_sample_bytes(root, schema, schemas), schema, schema)
    return (json.dumps(value, indent=2, ensure_ascii=False, default=_readable) + "\n").encode()


def _readable(value: Any) -> str:
    if not isinstance(value, datetime):
        raise AssertionError(f"bug: a sample holds a {type(value).__name__}")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def main(arguments: list[str] | None = None) -> int:
    """Write or compare; return the exit code."""
    parser = argparse.ArgumentParser(description="Regenerate what is generated.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if anything differs")
    parser.add_argument("--relock", action="store_true", help="accept changed schemas that were never published")
    chosen = parser.parse_args(arguments)
    try:
        stale = _stale(chosen.check, relock=chosen.relock)
    except SchemaError as error:
        sys.stderr.write(error.diagnostics() + "\n")
        return error.exit_code
    for path in stale:
        sys.stdout.write(f"{'differs' if chosen.check else 'written'}: {path.relative_to(ROOT)}\n")
    return 1 if chosen.check and stale else 0


def _stale(check: bool, *, relock: bool) -> list[Path]:
    stale = []
    for path, make in generated(ROOT, relock=relock):
        content = make()
        if not path.exists() or path.read_bytes() != content:
            stale.append(path)
            if not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    return stale


if __name__ == "__main__":
    sys.exit(main())
