"""The embedded Log: one SQLite file per topic, one writer each, so that file permissions mirror the broker's ACLs.

    <directory>/<topic>.sqlite      mode 0600, WAL, synchronous=FULL
        topic    id (16 random bytes), name
        records  position, key, value, headers, appended_at (ms since 1970)

Headers are stored as `(u32 length, bytes)` pairs in a row: name, value, name, value.
"""

import os
import re
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from casebus.bus.log import MAX_VALUE_BYTES, Record, Recorded
from casebus.clock import Clock
from casebus.durable import sync_directory
from casebus.errors import BusError, NotFound
from casebus.events.catalogue import writer_of

_BUSY_SECONDS = 10.0
_POLL_SECONDS = 0.02
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_SCHEMA = """
CREATE TABLE topic (id BLOB NOT NULL, name TEXT NOT NULL);
CREATE TABLE records (
    position    INTEGER PRIMARY KEY,
    key         BLOB NOT NULL,
    value       BLOB NOT NULL,
    headers     BLOB NOT NULL,
    appended_at INTEGER NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class _Open:
    """A connection and the file that it was opened on; a file made anew under the same name is another topic."""

    connection: sqlite3.Connection
    file: tuple[int, int]


class SqliteLog:
    """The Log of one machine. `directory` is the folder of the topics' files (`DIR/bus`); `create` makes it.

    One transaction per `append`, so that one fsync covers a whole batch. Several processes may read while one writes.
    """

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._connections: dict[tuple[str, bool], _Open] = {}
        self._closed = False

    def create(self, topics: Sequence[str]) -> None:
        """Make topics that do not exist yet. Harmless when repeated, also by several processes at once."""
        for topic in topics:
            if not _is_topic(topic):
                raise BusError(f"not a topic of casebus: {topic[:80]!r}", next_step="correct the agency's code.")
            with self._errors(topic):
                self._create(topic)

    def append(self, topic: str, records: Sequence[Record]) -> list[int]:
        """Append in order and return the positions, after one commit with fsync.

        Nothing is appended when any record is too large (`BusError`). Raises `NotFound` for an unknown topic.
        """
        with self._errors(topic):
            connection = self._connect(topic, writing=True)
            rows = [_row(topic, record) for record in records]
            return self._append(connection, rows) if rows else []

    def read(self, topic: str, position: int, *, limit: int, wait_ms: int = 0) -> list[Recorded]:
        """Return up to `limit` records from `position` on; empty at the end, after waiting up to `wait_ms`."""
        assert position >= 0, "bug: positions count from 0"
        until = self._clock.monotonic() + wait_ms / 1000
        while True:
            found = self._read(topic, position, limit)
            left = until - self._clock.monotonic()
            if found or left <= 0 or limit <= 0:
                return found
            self._clock.sleep(min(_POLL_SECONDS, left))

    def end(self, topic: str) -> int:
        """Return the position that the next record will get."""
        with self._errors(topic):
            connection = self._connect(topic, writing=False)
            (last,) = connection.execute("SELECT max(position) FROM records").fetchone()
            return 0 if last is None else int(last) + 1

    def topic_id(self, topic: str) -> bytes:
        """Return the 16 random bytes that the topic's file was made with."""
        with self._errors(topic):
            found = self._connect(topic, writing=False).execute("SELECT id FROM topic").fetchall()
        if len(found) != 1 or not isinstance(found[0][0], bytes) or len(found[0][0]) != 16:
            raise _damaged(topic, "it holds no topic id")
        return found[0][0]

    def close(self) -> None:
        """Release the files."""
        self._closed = True
        for key in list(self._connections):
            self._forget(key)

    def _path(self, topic: str) -> Path:
        return self._directory / f"{topic}.sqlite"

    def _create(self, topic: str) -> None:
        """Build the file under another name and link it into place: what has the topic's name is always whole.

        A crash before the link leaves a `.new-*` file that nobody looks at. The first of several links wins.
        """
        path = self._path(topic)
        if path.exists():
            return
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".new-", dir=self._directory)
        os.close(handle)
        new = Path(name)
        try:
            with closing(sqlite3.connect(new, isolation_level=None)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")  # kept in the file
                connection.executescript(_SCHEMA)
                connection.execute("INSERT INTO topic VALUES (?, ?)", (os.urandom(16), topic))
            path.hardlink_to(new)
        except FileExistsError:
            pass
        finally:
            new.unlink(missing_ok=True)
        sync_directory(self._directory)

    def _connect(self, topic: str, *, writing: bool) -> sqlite3.Connection:
        if self._closed:
            raise BusError("this log is closed", next_step="open another one.")
        path = self._path(topic)
        try:
            status = path.stat() if _is_topic(topic) else None
        except FileNotFoundError:
            status = None
        if status is None:
            raise NotFound(f"there is no topic {topic[:80]!r}", next_step="`casebus init` makes the topics.")
        key, file = (topic, writing), (status.st_dev, status.st_ino)
        held = self._connections.get(key)
        if held is None or held.file != file:
            self._forget(key)
            held = self._connections[key] = _Open(_connection(path, writing=writing), file)
        return held.connection

    def _forget(self, key: tuple[str, bool]) -> None:
        held = self._connections.pop(key, None)
        if held is not None:
            held.connection.close()

    def _append(self, connection: sqlite3.Connection, rows: list[tuple[bytes, bytes, bytes]]) -> list[int]:
        # The write lock is taken before the last position is read: a second writer waits and continues after us.
        # A crash before COMMIT leaves nothing of the batch; after it, all of it.
        connection.execute("BEGIN IMMEDIATE")
        try:
            last = connection.execute(
                "SELECT position, appended_at FROM records ORDER BY position DESC LIMIT 1"
            ).fetchone()
            first, not_before = (0, 0) if last is None else (last[0] + 1, last[1])
            at = max((self._clock.now() - _EPOCH) // timedelta(milliseconds=1), not_before)
            connection.executemany(
                "INSERT INTO records VALUES (?, ?, ?, ?, ?)",
                ((first + number, *row, at) for number, row in enumerate(rows)),
            )
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return list(range(first, first + len(rows)))

    def _read(self, topic: str, position: int, limit: int) -> list[Recorded]:
        with self._errors(topic):
            connection = self._connect(topic, writing=False)
            rows = connection.execute(
                "SELECT position, key, value, headers, appended_at FROM records"
                " WHERE position >= ? ORDER BY position LIMIT ?",
                (position, max(limit, 0)),
            ).fetchall()
        if [row[0] for row in rows] != list(range(position, position + len(rows))):
            raise _damaged(topic, f"records are missing at or after position {position}")
        return [_recorded(topic, *row) for row in rows]

    @contextmanager
    def _errors(self, topic: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            for writing in (True, False):
                self._forget((topic, writing))
            busy = getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY")
            raise _busy(topic) if busy else _damaged(topic, str(error)) from error


def _is_topic(topic: str) -> bool:
    """Tell whether a name is a topic of ours, with nothing in it that could leave the directory."""
    try:
        _, owner = writer_of(topic)
    except ValueError:
        return False
    return re.fullmatch(r"[a-z0-9-]+", owner) is not None


def _connection(path: Path, *, writing: bool) -> sqlite3.Connection:
    # A reader opens for writing too, as it may have to recover the WAL of a writer that was killed; `query_only` holds
    # it to reading. `mode=rw` never makes a file.
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")  # NORMAL loses acknowledged commits in a power cut
        connection.execute(f"PRAGMA query_only = {0 if writing else 1}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _row(topic: str, record: Record) -> tuple[bytes, bytes, bytes]:
    if len(record.value) > MAX_VALUE_BYTES:
        raise BusError(
            f"a value of {len(record.value)} bytes is over the limit of {MAX_VALUE_BYTES} ({topic})",
            unchanged="nothing was appended.",
            next_step="publish less in one event.",
        )
    try:
        return record.key, record.value, _pack(record.headers)
    except UnicodeEncodeError as error:
        raise BusError(f"a header's name is not text ({topic})", unchanged="nothing was appended.") from error


def _pack(headers: tuple[tuple[str, bytes], ...]) -> bytes:
    parts = [part for name, value in headers for part in (name.encode(), value)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _unpack(packed: bytes) -> tuple[tuple[str, bytes], ...]:
    parts, at = [], 0
    while at < len(packed):
        until = at + 4 + int.from_bytes(packed[at : at + 4], "big")
        if until > len(packed):
            raise ValueError("the headers are cut short")
        parts.append(packed[at + 4 : until])
        at = until
    return tuple((name.decode(), value) for name, value in zip(parts[::2], parts[1::2], strict=True))


def _recorded(topic: str, position: int, key: bytes, value: bytes, headers: bytes, appended_at: int) -> Recorded:
    try:
        record = Record(key, value, _unpack(headers))
        return Recorded(topic, position, record, _EPOCH + timedelta(milliseconds=appended_at))
    except (ValueError, TypeError, OverflowError) as error:
        raise _damaged(topic, f"the record at position {position} cannot be read") from error


def _busy(topic: str) -> BusError:
    return BusError(
        f"the file of {topic} was locked by another process for {_BUSY_SECONDS:.0f} seconds",
        unchanged="nothing was appended.",
        next_step="stop whatever holds it; then try again.",
    )


def _damaged(topic: str, what: str) -> BusError:
    return BusError(
        f"the file of {topic} cannot be used: {what}",
        unchanged="the file was left as it is.",
        next_step="check the disk and its free space; restore the file from the archive if it is damaged.",
    )
