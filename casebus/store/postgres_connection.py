"""The one place that imports psycopg: connecting, running SQL, ending a transaction.

Its errors become `StoreError` here and nowhere else. After any of them the connection is dropped, and the next
transaction makes a new one: what state the server's session was left in need not be known. A server's text is passed
on only where it speaks of the server; about data and constraints it quotes values.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import conninfo, errors, sql

from casebus.errors import StoreError, UsageError

_DEFAULTS = {
    "connect_timeout": "10",
    # A server that vanished without a word is noticed after half a minute, not after TCP's quarter of an hour.
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
_SESSION = """
    SET search_path TO {schema};
    SET synchronous_commit TO on;
    SET lock_timeout TO '15s';
    SET idle_in_transaction_session_timeout TO '2min'
"""
_ABOUT_VALUES = (errors.DataError, errors.IntegrityError)


class PostgresConnection:
    """One session at a time, in autocommit mode: transactions begin and end where this class is told to."""

    def __init__(self, url: str, schema: str) -> None:
        try:
            given = {name: str(value) for name, value in conninfo.conninfo_to_dict(url).items()}
        except psycopg.ProgrammingError:
            # Not chained: the text may quote the password.
            raise UsageError("the database URL is malformed", next_step="see `casebus doctor`.") from None
        self._conninfo = conninfo.make_conninfo(**{**_DEFAULTS, "application_name": f"casebus {schema}", **given})
        self.schema = schema
        self._driver: psycopg.Connection[tuple[Any, ...]] | None = None
        self._failure: StoreError | None = None
        self._closed = False
        # One lock per schema. Its number is the same on every machine, and two schemas' numbers differ.
        digest = hashlib.sha256(f"casebus {schema}".encode()).digest()
        self._write_lock = int.from_bytes(digest[:8], "big", signed=True)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        with self._mapped("read"):
            return self._session().execute(query, values).fetchall()

    def write(self, query: str, values: Sequence[Any] = ()) -> int:
        """Run a statement and return how many rows it changed."""
        with self._mapped("written"):
            return self._session().execute(query, values).rowcount

    def script(self, text: str) -> None:
        """Run several statements, without values."""
        with self._mapped("written"):
            self._session().execute(text.encode(), prepare=False)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold a transaction that begins after every other writer of this schema has ended its own.

        Each statement then sees all that was committed before, and nothing that it read changes before it commits.
        """
        try:
            self._begin(f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({self._write_lock})")
            yield
            self._commit()
        finally:
            self._roll_back()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Hold a snapshot of this moment; it waits for nobody."""
        try:
            # The snapshot is taken by the first query, not by BEGIN.
            self._begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1")
            yield
        finally:
            self._roll_back()

    def close(self) -> None:
        """End the session; an open transaction is rolled back."""
        self._closed = True
        self._drop()

    def _begin(self, statements: str) -> None:
        self._failure = None
        with self._mapped("locked"):
            self._session().execute(statements.encode(), prepare=False)

    def _commit(self) -> None:
        if self._failure is not None:
            # Swallowed by the caller. The server would roll back and call it a COMMIT.
            raise self._failure
        try:
            outcome = self._session().execute("COMMIT").statusmessage
        except psycopg.Error as error:
            # The answer was lost, perhaps after the server had done it: only a look at the position tells.
            raise StoreError(
                f"the commit to schema {self.schema} failed: {_said(error)}; it may or may not have happened",
                unchanged="",
                next_step="restart: the position says whether it happened.",
            ) from error
        if outcome != "COMMIT":
            raise AssertionError("bug: a failed transaction was committed")

    def _roll_back(self) -> None:
        if self._driver is not None and self._driver.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            try:
                self._driver.execute("ROLLBACK")
            except psycopg.Error:
                # Without its session the server rolls back by itself.
                self._drop()

    def _session(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._closed:
            raise StoreError(f"the store of schema {self.schema} is closed")
        if self._driver is None:
            self._driver = self._connect()
        return self._driver

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        driver = psycopg.connect(self._conninfo, autocommit=True, client_encoding="utf8", prepare_threshold=0)
        driver.prepared_max = 1000
        try:
            driver.execute(sql.SQL(_SESSION).format(schema=sql.Identifier(self.schema)), prepare=False)
        except BaseException:
            driver.close()
            raise
        return driver

    def _drop(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None:
            driver.close()

    @contextmanager
    def _mapped(self, done: str) -> Iterator[None]:
        # A transaction that failed stays failed: a new session would go on outside of it.
        if self._failure is not None:
            raise self._failure
        try:
            yield
        except psycopg.Error as error:
            self._drop()
            self._failure = StoreError(
                f"the schema {self.schema} cannot be {done}: {_said(error)}",
                next_step="see that the database runs and answers; the next transaction connects anew.",
            )
            raise self._failure from (None if isinstance(error, _ABOUT_VALUES) else error)


def _said(error: psycopg.Error) -> str:
    name = f"{type(error).__name__} {error.sqlstate or ''}".strip()
    if isinstance(error, _ABOUT_VALUES):
        return name
    text = error.diag.message_primary or str(error).partition("\n")[0]
    return f"{text} ({name})"
