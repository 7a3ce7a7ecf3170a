"""How SQLite keeps a concept: one table, its SQL, and an entity as a row of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from casebus.errors import StoreError
from casebus.store.store import Concept

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TAKEN = frozenset({"positions", "seen", "outbox", "owners", "moves", "key", "body"})
_LOSSLESS = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="strings")
AT_ONCE = 100
"""Values of one statement: well below what any build of SQLite takes."""
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


@dataclass(frozen=True, slots=True)
class SqliteTable:
    """The table of one concept. Names come from code and are checked, so that SQL may be made of them."""

    concept: Concept[Any]
    create: tuple[str, ...]
    save: str
    remove: str
    get: str
    first_page: str
    next_page: str
    by: Mapping[str, str]
    count: Mapping[str, str]

    @property
    def name(self) -> str:
        """The table's name."""
        return self.concept.table

    @property
    def columns(self) -> frozenset[str]:
        """The columns that the declaration asks for."""
        return frozenset({"key", "body", *self.concept.indexes})

    def several(self, keys: int) -> str:
        """Return the question after so many keys."""
        return f'SELECT key, body FROM "{self.name}" WHERE key IN ({", ".join("?" * keys)})'  # noqa: S608

    def row(self, entity: object) -> tuple[str | None, ...]:
        """Return the values for `save`: the key, the indexes in their order, the body."""
        if not isinstance(entity, self.concept.entity):
            raise AssertionError(f"bug: {type(entity).__name__} saved as {self.concept.table}")
        texts = [self.concept.key(entity), *(index(entity) for index in self.concept.indexes.values())]
        if not all(text is None or storable(text) for text in texts):
            raise AssertionError(f"bug: a key or index of {self.concept.table} holds text that no store can keep")
        return (*texts, self._body(entity))

    def entity(self, body: str) -> Any:
        """Return the entity of a body. Raises `StoreError` when this version's class does not fit it."""
        try:
            return _adapter(self.concept.entity).validate_json(body)
        except ValidationError:
            # Not chained: pydantic quotes the values that it refuses.
            raise StoreError(
                f"a row of {self.concept.table} does not fit this version of casebus",
                next_step="open the state with the version that wrote it, or add a migration.",
            ) from None

    def _body(self, entity: object) -> str:
        try:
            return _adapter(self.concept.entity).dump_json(entity, round_trip=True, warnings="error").decode()
        except PydanticSerializationError:
            raise AssertionError(f"bug: a value in {self.concept.table} is not of its declared type") from None


def sqlite_table(concept: Concept[Any]) -> SqliteTable:
    """Return the table that a declaration asks for."""
    name, indexes = concept.table, tuple(concept.indexes)
    for word in (name, *indexes):
        checked_name(word)
    table, columns = f'"{name}"', ["key", *(f'"{index}"' for index in indexes), "body"]
    fresh = ", ".join(f"{column} = excluded.{column}" for column in columns[1:])
    # S608: table and column names are declared in code and matched `_NAME` above; values are always bound.
    return SqliteTable(
        concept=concept,
        create=_create(name, indexes),
        save=f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) "  # noqa: S608
        f"ON CONFLICT (key) DO UPDATE SET {fresh}",
        remove=f"DELETE FROM {table} WHERE key = ?",  # noqa: S608
        get=f"SELECT body FROM {table} WHERE key = ?",  # noqa: S608
        first_page=f"SELECT key, body FROM {table} ORDER BY key LIMIT ?",  # noqa: S608
        next_page=f"SELECT key, body FROM {table} WHERE key > ? ORDER BY key LIMIT ?",  # noqa: S608
        by={i: f'SELECT body FROM {table} WHERE "{i}" = ? ORDER BY key LIMIT ?' for i in indexes},  # noqa: S608
        count={i: f'SELECT count(*) FROM {table} WHERE "{i}" = ?' for i in indexes},  # noqa: S608
    )


def checked_name(name: str) -> str:
    """Return a name that code declares. Raises `AssertionError` for one that no table or index can have."""
    if not _NAME.fullmatch(name) or name in _TAKEN or name.startswith("sqlite_"):
        raise AssertionError(f"bug: {name!r} cannot name a table or an index of the store")
    return name


def storable(text: str) -> bool:
    """Tell whether text can be a key or an index on every backend: no lone surrogate, no NUL."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def _create(name: str, indexes: tuple[str, ...]) -> tuple[str, ...]:
    columns = ", ".join(f'"{index}" TEXT' for index in indexes)
    table = f'CREATE TABLE IF NOT EXISTS "{name}" (key TEXT PRIMARY KEY NOT NULL, {columns + ", " if indexes else ""}'
    # NULL is not indexed. `key` in the index gives `by` its order without a sort.
    return (
        table + "body TEXT NOT NULL)",
        *(
            f'CREATE INDEX IF NOT EXISTS "{name}_by_{index}" ON "{name}" ("{index}", key) WHERE "{index}" IS NOT NULL'
            for index in indexes
        ),
    )


def _adapter(entity: type[Any]) -> TypeAdapter[Any]:
    adapter = _ADAPTERS.get(entity)
    if adapter is None:
        # `| None` because pydantic takes no config beside a bare dataclass; None is never saved.
        optional: Any = entity | None
        adapter = _ADAPTERS[entity] = TypeAdapter(optional, config=_LOSSLESS)
    return adapter
