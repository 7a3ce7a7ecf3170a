"""What makes a file this role's state: numbered migrations, then the tables that code declares.

Each migration is one transaction that also records its number, so a crash leaves the file at a whole number. Two
processes that open a new file at once take turns at the write lock, and the later one finds the work done.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Protocol

from casebus.errors import StoreError
from casebus.store.sqlite_connection import SqliteConnection

_APPLICATION_ID = 0x43425553
"""SQLite's field for whose file it is: "CBUS"."""


class Declared(Protocol):
    """A table that code declares: of a concept, or of an inverted index."""

    @property
    def name(self) -> str:
        """The table's name."""
        ...

    @property
    def columns(self) -> frozenset[str]:
        """The columns that the declaration asks for."""
        ...

    @property
    def create(self) -> tuple[str, ...]:
        """The statements that make it."""
        ...


def check_owner(connection: SqliteConnection) -> None:
    """Raise `StoreError` for another program's file, or one of a newer casebus. Changes nothing."""
    # One snapshot: between two, another process might make the file ours.
    with connection.reading():
        ours = connection.rows("PRAGMA application_id")[0][0] == _APPLICATION_ID
        empty = not connection.rows("SELECT 1 FROM sqlite_master LIMIT 1")
        number, known = _number(connection), len(_migrations())
    if not ours and not empty:
        raise StoreError(
            "the state file is an SQLite file of another program",
            next_step="name the file that casebus made, or an empty place for a new one.",
        )
    if ours and number > known:
        raise StoreError(
            f"the state file was written by a newer casebus (migration {number}; this version knows {known})",
            next_step="install the newer version again; going back needs the backup from before the upgrade.",
        )


def migrate(connection: SqliteConnection) -> None:
    """Apply the migrations that the file does not have."""
    for number, script in enumerate(_migrations(), start=1):
        if number > _number(connection):
            with connection.writing():
                # Asked again under the lock: another process may have been first.
                if number > _number(connection):
                    _apply(connection, number, script)


def make_tables(connection: SqliteConnection, tables: Iterable[Declared]) -> None:
    """Make the tables that are missing. Raises `StoreError` where one has other columns than its declaration."""
    for table in tables:
        if not _columns(connection, table):
            with connection.writing():
                for statement in table.create:
                    connection.write(statement)
        if _columns(connection, table) != table.columns:
            raise StoreError(
                f"the table {table.name} has other columns than this version of casebus declares",
                next_step="open the state with the version that made it, or migrate: add a numbered migration for it.",
            )


def _apply(connection: SqliteConnection, number: int, script: str) -> None:
    for statement in _statements(script):
        connection.write(statement)
    connection.write(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.write(f"PRAGMA user_version = {number}")


def _statements(script: str) -> Iterator[str]:
    # The driver's own `executescript` commits before it starts.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise AssertionError("bug: a migration ends in the middle of a statement")


def _number(connection: SqliteConnection) -> int:
    return int(connection.rows("PRAGMA user_version")[0][0])


def _columns(connection: SqliteConnection, table: Declared) -> frozenset[str]:
    found = connection.rows("SELECT name FROM pragma_table_info(?)", (table.name,))
    return frozenset(name for (name,) in found)


def _migrations() -> list[str]:
    folder = files("casebus.store").joinpath("migrations").joinpath("sqlite")
    scripts = sorted(
        (entry.name, entry.read_text("utf-8")) for entry in folder.iterdir() if entry.name.endswith(".sql")
    )
    for number, (name, _) in enumerate(scripts, start=1):
        if not name.startswith(f"{number:04d}_"):
            raise AssertionError(f"bug: migration {name} is out of order")
    return [script for _, script in scripts]
