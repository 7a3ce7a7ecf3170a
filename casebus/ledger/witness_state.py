"""What a witness remembers: one row a log in `witness.sqlite`, synced at every commit (WAL, synchronous=FULL).

`advance` is a compare-and-set: of two submissions that start from the same size, one moves the row. The answer with
the cosignature is given after it. A crash before COMMIT leaves the row as it was and no cosignature is out; one
after it leaves the row moved, and the log learns the size with its next submission (409).

After an error the row is known only when the file is opened anew: the witness does that.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from casebus.errors import StoreError, VerificationFailed
from casebus.ledger.tree import EMPTY_ROOT
from casebus.ledger.witness_rules import Held

STATE_FILE = "witness.sqlite"
_APPLICATION_ID = 0x63627769
_TABLES = (
    "CREATE TABLE witness (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), vkey TEXT NOT NULL)",
    "CREATE TABLE logs (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL,"
    " timestamp INTEGER NOT NULL, note BLOB NOT NULL)",
    "CREATE TABLE stopped (origin TEXT PRIMARY KEY, reason TEXT NOT NULL)",
    f"PRAGMA application_id = {_APPLICATION_ID}",
)
_HELD = "SELECT size, root, timestamp, note FROM logs WHERE origin = ? AND note != x''"
_BEGIN_LOG = "INSERT INTO logs VALUES (?, 0, ?, 0, x'') ON CONFLICT DO NOTHING"
_ADVANCE = """
    UPDATE logs SET size = ?, root = ?, timestamp = ?, note = ?
    WHERE origin = ? AND size = ? AND root = ? AND timestamp <= ?
    AND NOT EXISTS (SELECT 1 FROM stopped WHERE stopped.origin = logs.origin)
"""


class WitnessState:
    """The open file. One owner, who uses it from one thread at a time."""

    def __init__(self, driver: sqlite3.Connection) -> None:
        self._driver = driver

    @classmethod
    def open(cls, directory: Path, vkey: str, *, may_be_new: bool) -> "WitnessState":
        """Open the file, or make it where it may be new and is not there, or holds nothing.

        Raises:
            VerificationFailed: it is not the state of the witness with this vkey: emptied, replaced, damaged.
            StoreError: it cannot be read or written.
        """
        path = directory / STATE_FILE
        with _mapped("opened"):
            driver = sqlite3.connect(path, timeout=15, isolation_level=None, check_same_thread=False)
        state = cls(driver)
        try:
            with _mapped("opened"):
                driver.execute("PRAGMA journal_mode = WAL").fetchone()
                driver.execute("PRAGMA synchronous = FULL")
            if state._is_blank() and may_be_new:
                state._make(vkey)
            state._check_ours(vkey)
        except BaseException:
            driver.close()
            raise
        return state

    def _is_blank(self) -> bool:
        with _mapped("read"):
            (tables,) = self._driver.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return bool(tables == 0)

    def _make(self, vkey: str) -> None:
        with self._writing():
            for statement in _TABLES:
                self._driver.execute(statement)
            self._driver.execute("INSERT INTO witness VALUES (1, ?)", [vkey])

    def _check_ours(self, vkey: str) -> None:
        with _mapped("read"):
            (application_id,) = self._driver.execute("PRAGMA application_id").fetchone()
            (sound,) = self._driver.execute("PRAGMA quick_check(1)").fetchone()
            rows = (
                [] if application_id != _APPLICATION_ID else self._driver.execute("SELECT vkey FROM witness").fetchall()
            )
        if rows != [(vkey,)] or sound != "ok":
            raise VerificationFailed(
                f"{STATE_FILE} is not the state of this witness: emptied, replaced or damaged.",
                unchanged="nothing was cosigned.",
                next_step="put the newest state back; if it is lost, retire the witness: a new key is a new witness.",
            )

    def held(self, origin: str) -> Held | None:
        """Return what was cosigned last for a log; None when nothing was."""
        with _mapped("read"):
            row = self._driver.execute(_HELD, [origin]).fetchone()
        return None if row is None else Held(*row)

    def stopped(self, origin: str) -> str | None:
        """Return why the witness has stopped for a log; None when it has not."""
        with _mapped("read"):
            row = self._driver.execute("SELECT reason FROM stopped WHERE origin = ?", [origin]).fetchone()
        return None if row is None else str(row[0])

    def advance(self, origin: str, expected: Held | None, to: Held) -> bool:
        """Move a log from what is held to what will be answered, durably; False when it is not held any more.

        Raises:
            StoreError: it may or may not have happened.
        """
        size, root = (0, EMPTY_ROOT) if expected is None else (expected.size, expected.root)
        with self._writing():
            self._driver.execute(_BEGIN_LOG, [origin, EMPTY_ROOT])
            moved = [to.size, to.root, to.timestamp, to.note, origin, size, root, to.timestamp]
            return self._driver.execute(_ADVANCE, moved).rowcount == 1

    def stop(self, origin: str, reason: str) -> None:
        """Stop for a log, for good; the first reason stays."""
        with self._writing():
            self._driver.execute("INSERT INTO stopped VALUES (?, ?) ON CONFLICT DO NOTHING", [origin, reason])

    def close(self) -> None:
        """Release the file."""
        with _mapped("closed"):
            self._driver.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with _mapped("written"):
            self._driver.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._driver.execute("COMMIT")
            finally:
                if self._driver.in_transaction:
                    self._driver.execute("ROLLBACK")


@contextmanager
def _mapped(done: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(
            f"the witness's state in {STATE_FILE} cannot be {done}: {error}",
            unchanged="no cosignature was given.",
            next_step="see that the disk has room and that no other program holds the file.",
        ) from error
