"""How PostgreSQL keeps a concept: one table, its SQL, and an entity as a row of it."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from casebus.errors import StoreError
from casebus.store.store import Concept

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED = {"positions", "seen", "outbox", "owners", "casebus_migrations"}
_FIXED = {"key", "body"}


class PostgresTable:
    """The table of one concept: statements, and the codec of its rows."""

    def __init__(self, concept: Concept[Any]) -> None:
        self.concept = concept
        self.name = concept.table
        self.columns = frozenset({*_FIXED, *concept.indexes})
        self._codec: TypeAdapter[Any] | None = None
        check_table_name(concept.table)
        _check_indexes(concept)
        self.create = _creation(concept)
        self.statements: Mapping[str, str] = _statements(concept)

    def indexed(self, verb: str, index: str) -> str:
        """Return the statement of a verb ("by", "count") for an index."""
        statement = self.statements.get(f"{verb} {index}")
        if statement is None:
            raise AssertionError(f"bug: {self.concept.table} has no index {index}")
        return statement

    def encode(self, entity: object) -> list[str | None]:
        """Return what the statement "save" binds: key, indexes, body."""
        concept = self.concept
        if not isinstance(entity, concept.entity):
            raise AssertionError(f"bug: {type(entity).__name__} saved as {concept.table}")
        columns = [concept.key(entity), *(of(entity) for of in concept.indexes.values())]
        if any(column is not None and not is_text(column) for column in columns):
            raise AssertionError(f"bug: a key or index of {concept.table} holds text that no store can keep")
        try:
            body = self._body().dump_json(entity, round_trip=True, warnings="error")
        except PydanticSerializationError:
            raise AssertionError(f"bug: a value in {concept.table} is not of its declared type") from None
        return [*columns, body.decode("utf-8")]

    def decode(self, body: str) -> Any:
        """Return an entity. Raises `StoreError` when its class has changed in a way that its body does not fit."""
        try:
            return self._body().validate_json(body)
        except ValidationError:
            # Its text quotes the row, so it goes no further.
            raise StoreError(
                f"a row of {self.concept.table} does not fit this version of casebus",
                next_step="open the state with the version that wrote it, or add a migration.",
            ) from None

    def _body(self) -> TypeAdapter[Any]:
        if self._codec is None:
            # pydantic refuses a configuration beside a bare dataclass, and accepts it beside an optional one.
            optional: Any = self.concept.entity | None
            lossless = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="strings")
            self._codec = TypeAdapter(optional, config=lossless)
        return self._codec


def is_text(value: str) -> bool:
    """Tell whether PostgreSQL can hold a text: UTF-8 without NUL."""
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def check_table_name(name: str) -> None:
    """Raise `AssertionError` for what cannot name a table that code declares."""
    if not _IDENTIFIER.fullmatch(name) or len(name) > 40 or name in _RESERVED:
        raise AssertionError(f"bug: {name!r} cannot name a table of the store")


def _check_indexes(concept: Concept[Any]) -> None:
    if any(not _IDENTIFIER.fullmatch(name) or len(name) > 40 or name in _FIXED for name in concept.indexes):
        raise AssertionError(f"bug: an index of the concept {concept.table} has a name that cannot be one of the store")


def _creation(concept: Concept[Any]) -> str:
    """Return the script that makes the table. COLLATE "C" makes every server order as the contract says."""
    lines = ['key text COLLATE "C" PRIMARY KEY', *(f'"{index}" text COLLATE "C"' for index in concept.indexes)]
    script = [f'CREATE TABLE IF NOT EXISTS "{concept.table}" ({", ".join(lines)}, body text NOT NULL)']
    for index in concept.indexes:
        # Null is not indexed; the key comes second, so that `by` reads in order without sorting.
        script.append(f'CREATE INDEX ON "{concept.table}" ("{index}", key) WHERE "{index}" IS NOT NULL')
    return ";\n".join(script)


def _statements(concept: Concept[Any]) -> dict[str, str]:
    """Return SQL by verb. S608: the names were checked above; values are always bound."""
    table = f'"{concept.table}"'
    columns = ["key", *(f'"{index}"' for index in concept.indexes), "body"]
    marks = ", ".join(["%s"] * len(columns))
    replaced = ", ".join(f"{column} = EXCLUDED.{column}" for column in columns[1:])
    found = {
        "get": f"SELECT body FROM {table} WHERE key = %s",  # noqa: S608
        "several": f"SELECT key, body FROM {table} WHERE key = ANY(%s::text[])",  # noqa: S608
        "first": f"SELECT key, body FROM {table} ORDER BY key LIMIT %s",  # noqa: S608
        "next": f"SELECT key, body FROM {table} WHERE key > %s ORDER BY key LIMIT %s",  # noqa: S608
        "remove": f"DELETE FROM {table} WHERE key = %s",  # noqa: S608
        "save": f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) "  # noqa: S608
        f"ON CONFLICT (key) DO UPDATE SET {replaced}",
    }
    for index in concept.indexes:
        found[f"by {index}"] = f'SELECT body FROM {table} WHERE "{index}" = %s ORDER BY key LIMIT %s'  # noqa: S608
        found[f"count {index}"] = f'SELECT count(*) FROM {table} WHERE "{index}" = %s'  # noqa: S608
    return found
