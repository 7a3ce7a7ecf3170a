"""The embedded Store: one SQLite file per role, in WAL mode, synchronous=FULL.

A transaction holds the file's one write lock from its first line, so that what it reads cannot change before it
commits, whichever process has the file open beside it. A view is one read transaction and waits for nobody.

Where a concept is to be wiped, what goes is zeroed in the file, and the WAL with the earlier states is cut off after the
commit; that waits for a later view while another process reads such a state, and after a crash for the next opening.

What a crash leaves: before COMMIT returns, nothing or everything (SQLite replays its WAL when the file is next
opened); after it, everything.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from casebus.bus.log import Record
from casebus.errors import StalePosition
from casebus.store.sqlite_connection import SqliteConnection
from casebus.store.sqlite_inverted import SqliteInverted
from casebus.store.sqlite_schema import Declared, check_owner, make_tables, migrate
from casebus.store.sqlite_tables import AT_ONCE, SqliteTable, sqlite_table, storable
from casebus.store.store import (
    Concept,
    Effect,
    Inverted,
    Kept,
    OutboxRow,
    Post,
    Remove,
    Save,
    Transaction,
    Unpost,
    View,
)
from casebus.store.waiting_posts import Row, WaitingPosts

T = TypeVar("T")
V = TypeVar("V", bound="SqliteView")
_PAGE = 200
BUSY_TIMEOUT_MS = 15_000
"""How long a transaction waits for another process to end its own; one takes milliseconds."""


@dataclass(frozen=True, slots=True)
class _Tables:
    """What the file was opened for, by name."""

    concepts: Mapping[str, SqliteTable]
    indexes: Mapping[str, SqliteInverted]

    @property
    def all(self) -> list[Declared]:
        """Every table."""
        return [*self.concepts.values(), *(table for index in self.indexes.values() for table in index.tables)]


class SqliteStore:
    """The state of a role in one file, mode 0600. Raises `StoreError` for a file that is not a role's state.

    The file's folder must exist. One instance belongs to one thread at a time; several processes may open one file.
    """

    def __init__(self, path: Path, kept: Sequence[Kept], *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> None:
        self._tables = _Tables(
            {concept.table: sqlite_table(concept) for concept in kept if isinstance(concept, Concept)},
            {index.table: SqliteInverted(index) for index in kept if isinstance(index, Inverted)},
        )
        self._busy = False
        self._unwiped = any(isinstance(each, Concept) and each.wiped for each in kept)
        self._connection = SqliteConnection(path, busy_timeout_ms=busy_timeout_ms)
        try:
            check_owner(self._connection)
            self._connection.make_durable()
            migrate(self._connection)
            make_tables(self._connection, self._tables.all)
            if self._unwiped:
                self._connection.zero_what_is_freed()
                self._wipe()
        except BaseException:
            self._connection.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Begin a write transaction; commit at the end of the block, roll back on any exception."""
        with self._one_at_a_time(SqliteTransaction(self._connection, self._tables)) as tx, self._connection.writing():
            yield tx
            tx.settle()
        self._unwiped |= tx.touched_wiped
        self._wipe()

    @contextmanager
    def view(self) -> Iterator[View]:
        """Begin a consistent read-only snapshot, of this moment."""
        with self._one_at_a_time(SqliteView(self._connection, self._tables)) as view, self._connection.reading():
            yield view
        self._wipe()

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def _wipe(self) -> None:
        if self._unwiped:
            self._unwiped = not self._connection.empty_wal()

    @contextmanager
    def _one_at_a_time(self, view: V) -> Iterator[V]:
        if self._busy:
            raise AssertionError("bug: a transaction or view within another")
        self._busy = True
        try:
            yield view
        finally:
            self._busy = False
            view.over = True


class SqliteView:
    """What can be read, as `View` says."""

    def __init__(self, connection: SqliteConnection, tables: _Tables) -> None:
        self._connection = connection
        self._tables = tables
        self.over = False

    def get(self, concept: Concept[T], key: str) -> T | None:
        """Return the entity with this key."""
        table = self._table(concept)
        rows = self._rows(table.get, (key,)) if storable(key) else []
        return cast(T, table.entity(rows[0][0])) if rows else None

    def several(self, concept: Concept[T], keys: Collection[str]) -> dict[str, T]:
        """Return those of the entities with these keys that there are, by key."""
        table, found, wanted = self._table(concept), dict[str, T](), list(filter(storable, keys))
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            found |= {key: table.entity(body) for key, body in self._rows(table.several(len(some)), some)}
        return found

    def by(self, concept: Concept[T], index: str, value: str, *, limit: int | None = None) -> list[T]:
        """Return entities whose index has this value, ordered by key."""
        table = self._table(concept)
        every = -1 if limit is None else limit
        rows = self._rows(_indexed(table.by, index), (value, every)) if storable(value) else []
        return [cast(T, table.entity(body)) for (body,) in rows]

    def count(self, concept: Concept[T], index: str, value: str) -> int:
        """Return how many entities have this index value."""
        sql = _indexed(self._table(concept).count, index)
        return int(self._rows(sql, (value,))[0][0]) if storable(value) else 0

    def all(self, concept: Concept[T]) -> Iterator[T]:
        """Return every entity, ordered by key, page by page: no statement stays open between two pages."""
        table = self._table(concept)
        rows = self._rows(table.first_page, (_PAGE,))
        while rows:
            for _, body in rows:
                yield cast(T, table.entity(body))
            rows = self._rows(table.next_page, (rows[-1][0], _PAGE))

    def holders(self, index: Inverted, wanted: Mapping[int, int]) -> dict[int, list[str]]:
        """Return owners of each wanted token: all of them, or as many as are wanted if there are more."""
        inverted = self._inverted(index)
        self._assert_open()
        return inverted.holders(self._connection, wanted)

    def position(self, consumer: str, topic: str) -> int:
        """Return the position that this consumer reads next; 0 at first."""
        rows = self._rows("SELECT position FROM positions WHERE consumer = ? AND topic = ?", (consumer, topic))
        return int(rows[0][0]) if rows else 0

    def seen(self, consumer: str, source: str, event_id: str) -> bytes | None:
        """Return the digest under which this consumer has seen the event, or None."""
        sql = "SELECT digest FROM seen WHERE consumer = ? AND source = ? AND event_id = ?"
        rows = self._rows(sql, (consumer, source, event_id))
        return bytes(rows[0][0]) if rows else None

    def outbox(self, *, limit: int) -> list[OutboxRow]:
        """Return up to `limit` rows not yet relayed of each topic, by topic and sequence."""
        sql = (
            "SELECT topic, sequence, event_id, record_key, record_value, record_headers FROM "
            "(SELECT *, row_number() OVER (PARTITION BY topic ORDER BY sequence) AS place FROM outbox WHERE relayed = 0) "
            "WHERE place <= ? ORDER BY topic, sequence"
        )
        return [
            OutboxRow(topic, sequence, event_id, Record(key, value, _decode_headers(headers)))
            for topic, sequence, event_id, key, value, headers in self._rows(sql, (limit,))
        ]

    def outbox_depth(self) -> int:
        """Return how many rows are not yet relayed."""
        return int(self._rows("SELECT count(*) FROM outbox WHERE relayed = 0")[0][0])

    def published(self, topic: str, event_id: str) -> bool:
        """Tell whether the outbox ever held this event, relayed or not."""
        return bool(self._rows("SELECT 1 FROM outbox WHERE topic = ? AND event_id = ?", (topic, event_id)))

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self._assert_open()
        return self._connection.rows(sql, values)

    def _assert_open(self) -> None:
        # SQLite would run the statement all the same, outside of any transaction.
        if self.over:
            raise AssertionError("bug: a transaction or view was used after its end")

    def _table(self, concept: Concept[Any]) -> SqliteTable:
        table = self._tables.concepts.get(concept.table)
        if table is None:
            raise AssertionError(f"bug: the store was opened without the concept {concept.table}")
        return table

    def _inverted(self, index: Inverted) -> SqliteInverted:
        if index.table not in self._tables.indexes:
            raise AssertionError(f"bug: the store was opened without the index {index.table}")
        return self._tables.indexes[index.table]


class SqliteTransaction(SqliteView):
    """What can be written, as `Transaction` says."""

    def __init__(self, connection: SqliteConnection, tables: _Tables) -> None:
        super().__init__(connection, tables)
        self._waiting = WaitingPosts(self._write_posts)
        self.touched_wiped = False

    def settle(self) -> None:
        """Write what waits: the last thing before the commit."""
        self._waiting.write_all()

    def holders(self, index: Inverted, wanted: Mapping[int, int]) -> dict[int, list[str]]:
        """Return owners of each wanted token, those that this transaction posted among them."""
        return self._waiting.beside(index, super().holders(index, wanted), wanted)

    def advance(self, consumer: str, topic: str, *, expected: int, to: int) -> None:
        """Move a position by compare-and-set. Raises `StalePosition` when it is not `expected`."""
        sql = "UPDATE positions SET position = ? WHERE consumer = ? AND topic = ? AND position = ?"
        moved = self._write(sql, (to, consumer, topic, expected))
        if not moved and expected == 0:
            first = "INSERT INTO positions (consumer, topic, position) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
            moved = self._write(first, (consumer, topic, to))
        if not moved:
            raise StalePosition(
                f"{consumer} on {topic} is not at position {expected} any more: a second instance has moved on",
                next_step="run one instance of a consumer; this one stops.",
            )

    def mark_seen(self, consumer: str, source: str, event_id: str, digest: bytes) -> None:
        """Remember an event. The caller has asked `seen` first."""
        sql = "INSERT INTO seen (consumer, source, event_id, digest) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        if not self._write(sql, (consumer, source, event_id, digest)):
            raise AssertionError("bug: an event was marked as seen twice")

    def apply(self, effect: Effect) -> None:
        """Carry out an effect."""
        self._assert_open()
        self.touched_wiped |= isinstance(effect, Save | Remove) and effect.concept.wiped
        match effect:
            case Save(concept, entity):
                table = self._table(concept)
                self._write(table.save, table.row(entity))
            case Remove(concept, key):
                table = self._table(concept)
                if storable(key):
                    self._write(table.remove, (key,))
            case Post(index, owner, tokens):
                self._inverted(index).check(owner, tokens)
                self._waiting.add(index, owner, tokens)
            case Unpost(index, owner, tokens):
                self._inverted(index).check(owner, tokens)
                self._waiting.write(index)
                self._inverted(index).unpost(self._connection, owner, tokens)

    def _write_posts(self, index: Inverted, rows: Sequence[Row]) -> None:
        self._inverted(index).write(self._connection, rows)

    def next_sequence(self, topic: str) -> int:
        """Return the sequence that the next outbox row of this topic gets."""
        return int(self._rows("SELECT coalesce(max(sequence), 0) + 1 FROM outbox WHERE topic = ?", (topic,))[0][0])

    def outbox_add(self, row: OutboxRow) -> None:
        """Add a row. Raises `AssertionError` when its sequence is not the next, or the event is there already."""
        if row.sequence != self.next_sequence(row.topic):
            raise AssertionError(f"bug: outbox sequence {row.sequence} is not the next of {row.topic}")
        sql = (
            "INSERT INTO outbox (topic, sequence, event_id, record_key, record_value, record_headers) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        )
        record = row.record
        values = (row.topic, row.sequence, row.event_id, record.key, record.value, _encode_headers(record))
        if not self._write(sql, values):
            raise AssertionError("bug: the outbox has held this event before")

    def outbox_relayed(self, topic: str, sequences: list[int]) -> None:
        """Mark rows as durable on the Log. They stay, so that `published` remembers them."""
        for sequence in sequences:
            if not self._write("UPDATE outbox SET relayed = 1 WHERE topic = ? AND sequence = ?", (topic, sequence)):
                raise AssertionError("bug: a row was relayed that the outbox never held")

    def _write(self, sql: str, values: Sequence[Any]) -> int:
        self._assert_open()
        return self._connection.write(sql, values)


def _indexed(statements: Any, index: str) -> str:
    if index not in statements:
        raise AssertionError(f"bug: the concept has no index {index}")
    return str(statements[index])


def _encode_headers(record: Record) -> str:
    return json.dumps([[name, value.hex()] for name, value in record.headers])


def _decode_headers(text: str) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, bytes.fromhex(value)) for name, value in json.loads(text))
