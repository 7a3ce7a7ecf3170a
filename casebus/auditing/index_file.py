"""The index's file: an SQLite database of exactly this form, or refused. Whatever it says is checked by whoever asks.

It may have been made by anybody: a copy of a ledger may come with one. So the schema must be ours to the letter (no
trigger, no view, no other table), the file no larger than an index of this ledger can be, and it is opened as
untrusted. A damaged one costs nothing but the time to build it again: `--rebuild`.

`leaves` has one row for each record, `named` which records and references it names, `vocabulary` which words stand in
`type`, `operation`, `outcome` and `purpose`, and how they are compared. `terms` is there where SQLite has FTS5.
"""

import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from casebus.errors import StoreError, UsageError

APPLICATION_ID = 0x43424958
"""SQLite's field for whose file it is: "CBIX"."""

FORMAT = 1
SUFFIX = ".index.sqlite"
BUSY_TIMEOUT_S = 30.0
_ROOM_BYTES = 64 * 1024 * 1024
_ROOM_BYTES_PER_LEAF = 1024 * 1024

LEAF_COLUMNS = (
    "leaf",
    "topic",
    "position",
    "appended_ms",
    "type",
    "agency",
    "actor",
    "operation",
    "purpose",
    "outcome",
    "event_id",
    "correlation",
    "conflict",
    "summary",
    "words",
)
_TABLES = (
    "CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), format INTEGER NOT NULL, basis TEXT NOT NULL, "
    "size INTEGER NOT NULL, root BLOB NOT NULL)",
    "CREATE TABLE leaves (leaf INTEGER PRIMARY KEY, topic TEXT NOT NULL, position INTEGER NOT NULL, "
    "appended_ms INTEGER NOT NULL, type TEXT, agency TEXT NOT NULL, actor TEXT, operation TEXT, purpose TEXT, "
    "outcome TEXT, event_id TEXT, correlation TEXT, conflict TEXT, summary TEXT NOT NULL, words TEXT NOT NULL)",
    "CREATE TABLE named (id TEXT NOT NULL, kind TEXT NOT NULL, leaf INTEGER NOT NULL, PRIMARY KEY (id, kind, leaf)) "
    "WITHOUT ROWID",
    "CREATE TABLE vocabulary (field TEXT NOT NULL, plain TEXT NOT NULL, word TEXT NOT NULL, "
    "PRIMARY KEY (field, plain, word)) WITHOUT ROWID",
    "CREATE INDEX leaves_time ON leaves (appended_ms)",
    "CREATE INDEX leaves_event ON leaves (event_id)",
    "CREATE INDEX leaves_type ON leaves (type)",
    "CREATE INDEX leaves_agency ON leaves (agency)",
    "CREATE INDEX leaves_actor ON leaves (actor)",
    "CREATE INDEX leaves_conflict ON leaves (conflict)",
)
_TERMS = "CREATE VIRTUAL TABLE terms USING fts5(words, content='', columnsize=0, detail=none, tokenize='ascii')"


@dataclass(frozen=True, slots=True)
class IndexState:
    """How far an index goes: the first `size` leaves of the ledger whose root at that size is `root`."""

    format: int
    basis: str
    size: int
    root: bytes


class IndexFile:
    """An open index. Raises `UsageError` for a file that is none of ours, `StoreError` where the disk fails."""

    def __init__(self, path: Path, *, ledger_size: int) -> None:
        self.path = path
        _refuse_strange(path, ledger_size)
        with self._mapped():
            self._driver = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
        try:
            with self._mapped():
                self._prepare()
        except BaseException:
            self._driver.close()
            raise

    @staticmethod
    def create(path: Path, basis: str, empty_root: bytes, *, terms: bool | None = None) -> None:
        """Make an empty index, readable by its owner only, whole or not at all; full-text if SQLite can, by default.

        Raises `StoreError`.
        """
        part = path.with_name(path.name + f".{os.getpid()}.part")
        try:
            part.unlink(missing_ok=True)
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
            with closing(sqlite3.connect(part, isolation_level=None)) as driver:
                _make(driver, has_fts() if terms is None else terms, basis, empty_root)
            # Never in place of another: a process may have that open, and its journal would be played into this one.
            with suppress(FileExistsError):
                path.hardlink_to(part)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"the index {path} cannot be made: {_reason(error)}.", next_step="name another place with --out FILE."
            ) from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    @property
    def finds_terms(self) -> bool:
        """Tell whether words are looked up in a full-text index instead of by reading every row."""
        return self._terms

    def state(self) -> IndexState:
        """Return how far the index goes. Raises `UsageError` where it does not say so in one proper row."""
        match self.rows("SELECT format, basis, size, root FROM state"):
            case [(int() as number, str() as basis, int() as size, bytes() as root)] if size >= 0:
                return IndexState(number, basis, size, root)
        raise unusable(self.path, "it does not say how far it goes")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        with self._mapped():
            return self._driver.execute(sql, values).fetchall()

    def write(self, sql: str, values: Sequence[Sequence[Any]]) -> int:
        """Run a statement for each row of values; return how many rows were changed."""
        with self._mapped():
            return self._driver.executemany(sql, values).rowcount

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the file's write lock; commit at the end of the block, undo everything on any exception."""
        with self._mapped():
            self._driver.execute("BEGIN IMMEDIATE")
        try:
            yield
            with self._mapped():
                self._driver.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._driver.execute("ROLLBACK")
            raise

    def empty(self, basis: str, empty_root: bytes) -> None:
        """Forget everything, in one transaction: another process that has the file open goes on from nothing."""
        with self.writing(), self._mapped():
            for table in ("leaves", "named", "vocabulary", "state"):
                self._driver.execute(f"DELETE FROM {table}")  # noqa: S608 our own names
            if self._terms:
                self._driver.execute("INSERT INTO terms (terms) VALUES ('delete-all')")
            self._driver.execute("INSERT INTO state VALUES (1, ?, ?, 0, ?)", (FORMAT, basis, empty_root))

    def close(self) -> None:
        """Release the file."""
        self._driver.close()

    def _prepare(self) -> None:
        self._driver.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
        self._driver.execute("PRAGMA trusted_schema = OFF")
        self._driver.execute("PRAGMA cell_size_check = ON")
        if self._driver.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
            raise unusable(self.path, "it is an SQLite file of another program")
        found = _schema(self._driver)
        self._terms = found == _expected(True)
        if not self._terms and found != _expected(False):
            raise unusable(self.path, "its tables are not those that this version makes")
        # Nothing in here is worth a sync: what a power cut damages is built again.
        self._driver.execute("PRAGMA synchronous = NORMAL")

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StoreError(f"the index cannot be read or written: {error}.") from error
        except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
            raise unusable(self.path, "it is damaged, or no SQLite file") from error


def default_path(ledger: Path) -> Path:
    """Return where a ledger's index lies: beside its directory, never in it."""
    place = ledger.absolute()
    return place.with_name(place.name + SUFFIX)


def remove(path: Path) -> None:
    """Remove what cannot be opened as an index. Raises `UsageError` for a file that may be something else."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode) or not (path.name.endswith(SUFFIX) or _is_ours(path)):
        raise UsageError(
            f"{path} is no index of casebus, so it is not replaced",
            next_step="name another file with --out, or move this one away.",
        )
    try:
        # Its journals first: one that outlived its file would be played into the next.
        for ending in ("-journal", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        path.unlink()
    except OSError as error:
        raise StoreError(f"the index {path} cannot be removed: {error.strerror}.") from error


def unusable(path: Path, why: str) -> UsageError:
    """Return the error for a file that cannot serve as this ledger's index."""
    return UsageError(
        f"{path} cannot be used as this ledger's index: {why}",
        next_step="build it again from the archive: `casebus ledger index LEDGER --rebuild` (it is no evidence itself).",
    )


@cache
def has_fts() -> bool:
    """Tell whether this SQLite has FTS5."""
    with closing(sqlite3.connect(":memory:")) as driver:
        try:
            driver.execute(_TERMS)
        except sqlite3.OperationalError:
            return False
    return True


def _make(driver: sqlite3.Connection, terms: bool, basis: str, root: bytes) -> None:
    driver.execute("BEGIN")
    for statement in (*_TABLES, *([_TERMS] if terms else [])):
        driver.execute(statement)
    driver.execute("INSERT INTO state VALUES (1, ?, ?, 0, ?)", (FORMAT, basis, root))
    driver.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    driver.execute("COMMIT")


@cache
def _expected(terms: bool) -> frozenset[Any]:
    if terms and not has_fts():
        return frozenset()
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as driver:
        _make(driver, terms, "", b"")
        return _schema(driver)


def _schema(driver: sqlite3.Connection) -> frozenset[Any]:
    rows = driver.execute("SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT 100").fetchall()
    return frozenset(row for row in rows if not str(row[1]).startswith("sqlite_stat"))


def _refuse_strange(path: Path, ledger_size: int) -> None:
    try:
        found = path.lstat()
    except OSError as error:
        raise StoreError(f"the index {path} cannot be opened: {error.strerror}.") from error
    if not stat.S_ISREG(found.st_mode):
        raise unusable(path, "it is not a regular file")
    if found.st_size > _ROOM_BYTES + ledger_size * _ROOM_BYTES_PER_LEAF:
        raise unusable(path, f"it has {found.st_size} bytes, more than an index of {ledger_size} leaves can have")


def _is_ours(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(100)
    return not head or head[68:72] == APPLICATION_ID.to_bytes(4, "big")


def _reason(error: OSError | sqlite3.Error) -> str:
    return (error.strerror or "") if isinstance(error, OSError) else str(error)
