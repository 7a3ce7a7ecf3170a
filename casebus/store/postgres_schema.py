"""What makes a PostgreSQL schema this role's state: numbered migrations, then the tables that code declares.

Each migration is one transaction that also records its number. Two processes that open a new schema at once take turns
at the role's write lock, and the later one finds the work done; a schema that has everything is opened without it.
"""

import re
from collections.abc import Collection
from importlib.resources import files
from typing import Protocol

from casebus.errors import StoreError, UsageError
from casebus.store.postgres_connection import PostgresConnection

_ROLE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_NOT_OURS = re.compile(r"pg_.*|public|information_schema")


class Declaration(Protocol):
    """A table that code declares: its name, its columns, and the script that makes it."""

    name: str
    columns: frozenset[str]
    create: str


def schema_name(role: str) -> str:
    """Return the schema of a role: its code with `-` as `_`. Raises `UsageError` for what cannot be one."""
    name = role.replace("-", "_")
    if not _ROLE.fullmatch(role) or _NOT_OURS.fullmatch(name):
        raise UsageError(f"{role[:80]!r} cannot name a schema", next_step="use the role's code: a-z, 0-9 and -.")
    return name


def prepare(connection: PostgresConnection, tables: Collection[Declaration]) -> None:
    """Bring the schema to this version. Raises `StoreError` for one that is not ours, or is newer."""
    if connection.rows("SHOW server_encoding") != [("UTF8",)]:
        raise StoreError("the database is not encoded in UTF-8", next_step="create it with ENCODING 'UTF8'.")
    scripts = _scripts()
    found = _version(connection)
    if found > len(scripts):
        raise StoreError(
            f"the schema {connection.schema} was written by a newer casebus "
            f"(migration {found}; this version knows {len(scripts)})",
            next_step="install the newer version again; going back needs the backup from before the upgrade.",
        )
    for number, (name, script) in enumerate(scripts[found:], start=found + 1):
        with connection.writing():
            # Asked again under the lock: another process may have been first.
            if number > _version(connection):
                _migrate(connection, number, name, script)
    _make_tables(connection, tables)


def _version(connection: PostgresConnection) -> int:
    """Return the number of the last migration, 0 for a schema that is empty or missing."""
    names = connection.rows(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s",
        (connection.schema,),
    )
    if not names:
        return 0
    if ("casebus_migrations",) not in names:
        raise StoreError(
            f"the schema {connection.schema} holds tables of another program",
            next_step="give the role a database, or a schema, of its own.",
        )
    return int(connection.rows("SELECT coalesce(max(number), 0) FROM casebus_migrations")[0][0])


def _migrate(connection: PostgresConnection, number: int, name: str, script: str) -> None:
    # Not CREATE ... IF NOT EXISTS: that asks for the right to create even where an operator has made the schema.
    if not connection.rows("SELECT 1 FROM pg_namespace WHERE nspname = %s", (connection.schema,)):
        connection.script(f'CREATE SCHEMA "{connection.schema}"')
    connection.script(script)
    connection.write("INSERT INTO casebus_migrations (number, name) VALUES (%s, %s)", (number, name))


def _make_tables(connection: PostgresConnection, tables: Collection[Declaration]) -> None:
    found = _columns(connection)
    if any(table.name not in found for table in tables):
        with connection.writing():
            found = _columns(connection)
            for table in tables:
                if table.name not in found:
                    connection.script(table.create)
        found = _columns(connection)
    for table in tables:
        if found[table.name] != table.columns:
            raise StoreError(
                f"the table {table.name} has other columns than this version of casebus declares",
                next_step="open the state with the version that made it, or migrate: add a numbered migration for it.",
            )


def _columns(connection: PostgresConnection) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for table, column in connection.rows(
        "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped",
        (connection.schema,),
    ):
        found.setdefault(table, set()).add(column)
    return found


def _scripts() -> list[tuple[str, str]]:
    folder = files("casebus.store").joinpath("migrations").joinpath("postgres")
    scripts = sorted((entry.name, entry.read_text("utf-8")) for entry in folder.iterdir())
    if [int(name[:4]) for name, _ in scripts] != list(range(1, len(scripts) + 1)):
        raise AssertionError("bug: a migration is missing or numbered twice")
    return scripts
