"""The one place that speaks to SQLite's driver: opening a file, running SQL, ending a transaction.

Its errors become `StoreError` here and nowhere else. SQLite's texts name tables and columns, never values.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from casebus.errors import StoreError

_CREATING = threading.Lock()
_WAL_ATTEMPTS = 20
_CACHE_KIB = 32_768
"""Room for the pages that a busy index writes again and again; SQLite's own 2 MB would read them from the file each time."""
_WAL_PAGES = 8_192
"""How long the WAL grows before it is brought into the file. A batch writes more than SQLite's own 1,000, and many a page
again and again; each time, the file is synced."""
_WIPE_WAIT_MS = 50
_FOREIGN = (sqlite3.Error, OSError)


class SqliteConnection:
    """A connection in autocommit mode: transactions begin and end where this class is told to."""

    def __init__(self, path: Path, *, busy_timeout_ms: int) -> None:
        self._path = path
        self._busy_timeout_ms = busy_timeout_ms
        self._failure: StoreError | None = None
        with self._mapped("opened"):
            _create_private(path)
            # One owner at a time, yet a node may open the store before it starts the thread that uses it.
            self._driver = sqlite3.connect(
                path,
                timeout=busy_timeout_ms / 1000,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=512,
            )
            try:
                # The first read: a file that is not SQLite shows itself here, before anything is written to it.
                self._driver.execute("PRAGMA application_id").fetchone()
            except BaseException:
                self._driver.close()
                raise

    def make_durable(self) -> None:
        """Choose WAL and a sync at every commit. Writes to a file that is not in WAL mode yet."""
        with self._mapped("opened"):
            self._switch_to_wal()
            self._driver.execute("PRAGMA synchronous = FULL")
            self._driver.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            self._driver.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")

    def zero_what_is_freed(self) -> None:
        """Have SQLite write zeros over what is removed or written over from now on."""
        with self._mapped("opened"):
            self._driver.execute("PRAGMA secure_delete = ON")

    def empty_wal(self) -> bool:
        """Bring the WAL, with every earlier state that it holds, into the file and cut it off; tell whether that was possible.

        It is not while a process reads an earlier state, or the disk is full. Waits for nobody for long: writers wait meanwhile.
        """
        self._driver.execute(f"PRAGMA busy_timeout = {_WIPE_WAIT_MS}")
        try:
            (busy, _, _) = self._driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error:
            return False  # the commit before it stands; a disk that is full shows itself at the next one
        finally:
            self._driver.execute(f"PRAGMA busy_timeout = {self._busy_timeout_ms}")
        return not busy

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        self._raise_earlier()
        try:
            return self._driver.execute(sql, values).fetchall()
        except _FOREIGN as error:
            raise self._failed("read", error) from error

    def write(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement and return how many rows it changed."""
        self._raise_earlier()
        try:
            return self._driver.execute(sql, values).rowcount
        except _FOREIGN as error:
            raise self._failed("written", error) from error

    def write_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run a statement once for each row of values and return how many rows were changed."""
        self._raise_earlier()
        try:
            return self._driver.executemany(sql, rows).rowcount if rows else 0
        except _FOREIGN as error:
            raise self._failed("written", error) from error

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold a transaction that begins when no other process writes, and commits at the end of the block."""
        try:
            self._begin("BEGIN IMMEDIATE")
            yield
            self._commit()
        finally:
            self._roll_back()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Hold a snapshot of this moment."""
        try:
            self._begin("BEGIN")
            # SQLite takes the snapshot at the first read, not at BEGIN.
            self.rows("SELECT 1 FROM sqlite_master LIMIT 1")
            yield
        finally:
            self._roll_back()

    def close(self) -> None:
        """Close the file; an open transaction is rolled back."""
        self._failure = None
        with self._mapped("closed"):
            self._driver.close()

    def _begin(self, statement: str) -> None:
        self._failure = None
        with self._mapped("locked"):
            self._driver.execute(statement)

    def _commit(self) -> None:
        if self._failure is not None:
            # Swallowed by the caller. SQLite may have rolled back at it: what came later is not what was asked for.
            raise self._failure
        try:
            self._driver.execute("COMMIT")
        except sqlite3.Error as error:
            # The frames may be in the WAL, or not: only the next opening of the file tells.
            raise StoreError(
                f"the commit to {self._path.name} failed: {error}; it may or may not have happened",
                unchanged="",
                next_step="free the disk if it is full, then restart: the position says whether it happened.",
            ) from error

    def _roll_back(self) -> None:
        # A full disk makes SQLite roll back by itself.
        with suppress(sqlite3.Error):
            if self._driver.in_transaction:
                self._driver.execute("ROLLBACK")

    def _switch_to_wal(self) -> None:
        # Two first opens at once: SQLite answers the later one "locked" without waiting. Taking the write lock does
        # wait, for as long as the other is busy; then it is tried again.
        for attempt in range(_WAL_ATTEMPTS):
            try:
                (mode,) = self._driver.execute("PRAGMA journal_mode = WAL").fetchone()
                break
            except sqlite3.OperationalError:
                if attempt == _WAL_ATTEMPTS - 1:
                    raise
                self._driver.execute("BEGIN IMMEDIATE")
                self._driver.execute("ROLLBACK")
        if mode != "wal":
            raise StoreError(
                f"the state file {self._path.name} lies on a file system where SQLite cannot keep its WAL",
                next_step="put the data directory on a local disk.",
            )

    @contextmanager
    def _mapped(self, done: str) -> Iterator[None]:
        self._raise_earlier()
        try:
            yield
        except _FOREIGN as error:
            raise self._failed(done, error) from error

    def _raise_earlier(self) -> None:
        # A transaction that failed stays failed, also where the caller swallowed it.
        if self._failure is not None:
            raise self._failure

    def _failed(self, done: str, error: Exception) -> StoreError:
        self._failure = StoreError(
            f"the state file {self._path.name} cannot be {done}: {error}",
            next_step="see that the disk has room, the file is this role's own, and no other program locks it.",
        )
        return self._failure


def _create_private(path: Path) -> None:
    # Not left to SQLite, which would make the file as the umask says; its WAL takes the mode of the file.
    # Closing any descriptor of a file drops this process's locks on it (POSIX): no thread may be connected yet, hence
    # O_EXCL, and the lock.
    with _CREATING:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            if path.stat().st_mode & 0o077:
                path.chmod(0o600)
