"""The schemas in an evidence pack: each must be one that a record names, by the GUID of its own content. Pure."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from casebus.errors import VerificationFailed
from casebus.wire.schemas import Schema, guid_of


def check_schemas(used: Iterable[Schema], files: Mapping[str, bytes]) -> str:
    """Return what was found. Raises `VerificationFailed` when a schema is missing, one too many, or another one."""
    named = {schema.file: schema for schema in used}
    if set(named) != set(files):
        odd = sorted(set(named) ^ set(files))[0]
        raise VerificationFailed(f"the schema {odd} is in the pack and not named by a record, or the other way round.")
    for name, schema in named.items():
        if _guid(name, files[name]) != schema.guid:
            raise VerificationFailed(f"the schema {name} is another one than the record names.")
    return f"{len(named)} schemas, each with the GUID that the records bear"


def _guid(name: str, content: bytes) -> bytes:
    try:
        return guid_of(json.loads(content, object_pairs_hook=_without_repetition))
    except (ValueError, RecursionError) as error:
        raise VerificationFailed(f"the schema {name} cannot be read as JSON.") from error


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Two programs might each believe another of the two.
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name occurs twice in an object")
    return dict(pairs)
