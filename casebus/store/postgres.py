"""The Store for scale: one PostgreSQL schema per role, synchronous_commit on.

Writers of one role take turns (an advisory lock of the schema, held from the first line of a transaction to its
commit), so that what a transaction reads cannot change before it commits, and the outbox counts without a gap. A view
is a repeatable-read snapshot and waits for nobody.

What a crash leaves: of the process, nothing or everything, for the server rolls back what was not committed; of the
server, the same, once COMMIT has returned everything. A connection lost during COMMIT leaves the outcome unknown.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from casebus.bus.log import Record
from casebus.errors import StalePosition
from casebus.store.postgres_connection import PostgresConnection
from casebus.store.postgres_inverted import PostgresInverted
from casebus.store.postgres_schema import prepare, schema_name
from casebus.store.postgres_tables import PostgresTable, is_text
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
Session = TypeVar("Session", bound="PostgresView")
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class _Tables:
    """What the schema was opened for, by name."""

    concepts: Mapping[str, PostgresTable]
    indexes: Mapping[str, PostgresInverted]


class PostgresStore:
    """The state of a role in one schema, named by its role's code (`nz-police` becomes `nz_police`).

    Raises `UsageError` for a malformed URL or name, `StoreError` when the server does not answer or the schema is not
    ours. After a lost connection the next transaction makes a new one. One instance belongs to one thread at a time.
    """

    def __init__(self, url: str, schema: str, kept: Sequence[Kept]) -> None:
        self._connection = PostgresConnection(url, schema_name(schema))
        self._tables = _Tables(
            {concept.table: PostgresTable(concept) for concept in kept if isinstance(concept, Concept)},
            {index.table: PostgresInverted(index) for index in kept if isinstance(index, Inverted)},
        )
        self._in_use = False
        try:
            prepare(self._connection, [*self._tables.concepts.values(), *self._tables.indexes.values()])
        except BaseException:
            self._connection.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Begin a write transaction; commit at the end of the block, roll back on any exception."""
        transaction = PostgresTransaction(self._connection, self._tables)
        with self._used_by(transaction) as tx, self._connection.writing():
            yield tx
            tx.settle()

    @contextmanager
    def view(self) -> Iterator[View]:
        """Begin a consistent read-only snapshot, of this moment."""
        snapshot = PostgresView(self._connection, self._tables)
        with self._used_by(snapshot) as view, self._connection.reading():
            yield view

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    @contextmanager
    def _used_by(self, session: Session) -> Iterator[Session]:
        if self._in_use:
            raise AssertionError("bug: a transaction or view within another")
        self._in_use = True
        try:
            yield session
        finally:
            session.ended = True
            self._in_use = False


class PostgresView:
    """What can be read, as `View` says."""

    def __init__(self, connection: PostgresConnection, tables: _Tables) -> None:
        self._driver = connection
        self._tables = tables
        self.ended = False

    @property
    def _connection(self) -> PostgresConnection:
        self._assert_open()
        return self._driver

    def _assert_open(self) -> None:
        # In autocommit mode a late statement would take effect by itself.
        if self.ended:
            raise AssertionError("bug: a transaction or view was used after its end")

    def _of(self, concept: Concept[Any]) -> PostgresTable:
        if concept.table not in self._tables.concepts:
            raise AssertionError(f"bug: the store was opened without the concept {concept.table}")
        return self._tables.concepts[concept.table]

    def _inverted(self, index: Inverted) -> PostgresInverted:
        if index.table not in self._tables.indexes:
            raise AssertionError(f"bug: the store was opened without the index {index.table}")
        return self._tables.indexes[index.table]

    def get(self, concept: Concept[T], key: str) -> T | None:
        """Return the entity with this key."""
        table = self._of(concept)
        if not is_text(key):
            return None
        for (body,) in self._connection.rows(table.statements["get"], (key,)):
            return cast(T, table.decode(body))
        return None

    def several(self, concept: Concept[T], keys: Collection[str]) -> dict[str, T]:
        """Return those of the entities with these keys that there are, by key."""
        table, wanted = self._of(concept), list(filter(is_text, keys))
        rows = self._connection.rows(table.statements["several"], (wanted,)) if wanted else []
        return {key: table.decode(body) for key, body in rows}

    def by(self, concept: Concept[T], index: str, value: str, *, limit: int | None = None) -> list[T]:
        """Return entities whose index has this value, ordered by key."""
        table = self._of(concept)
        statement = table.indexed("by", index)
        if not is_text(value):
            return []
        return [cast(T, table.decode(body)) for (body,) in self._connection.rows(statement, (value, limit))]

    def count(self, concept: Concept[T], index: str, value: str) -> int:
        """Return how many entities have this index value."""
        statement = self._of(concept).indexed("count", index)
        return int(self._connection.rows(statement, (value,))[0][0]) if is_text(value) else 0

    def all(self, concept: Concept[T]) -> Iterator[T]:
        """Return every entity, ordered by key, in chunks."""
        table = self._of(concept)
        chunk = self._connection.rows(table.statements["first"], (_CHUNK,))
        while chunk:
            for _, body in chunk:
                yield cast(T, table.decode(body))
            last_key = chunk[-1][0]
            chunk = self._connection.rows(table.statements["next"], (last_key, _CHUNK))

    def holders(self, index: Inverted, wanted: Mapping[int, int]) -> dict[int, list[str]]:
        """Return owners of each wanted token: all of them, or as many as are wanted if there are more."""
        return self._inverted(index).holders(self._connection, wanted)

    def position(self, consumer: str, topic: str) -> int:
        """Return the position that this consumer reads next; 0 at first."""
        query = "SELECT position FROM positions WHERE consumer = %s AND topic = %s"
        return next((int(position) for (position,) in self._connection.rows(query, (consumer, topic))), 0)

    def seen(self, consumer: str, source: str, event_id: str) -> bytes | None:
        """Return the digest under which this consumer has seen the event, or None."""
        query = "SELECT digest FROM seen WHERE consumer = %s AND source = %s AND event_id = %s"
        found = self._connection.rows(query, (consumer, source, event_id))
        return next((bytes(digest) for (digest,) in found), None)

    def outbox(self, *, limit: int) -> list[OutboxRow]:
        """Return up to `limit` rows not yet relayed of each topic, by topic and sequence."""
        query = """
            SELECT topic, sequence, event_id, record_key, record_value, header_names, header_values
            FROM (
                SELECT *, row_number() OVER (PARTITION BY topic ORDER BY sequence) AS place
                FROM outbox WHERE NOT relayed
            ) AS waiting
            WHERE place <= %s ORDER BY topic, sequence
        """
        return [_outbox_row(*row) for row in self._connection.rows(query, (limit,))]

    def outbox_depth(self) -> int:
        """Return how many rows are not yet relayed."""
        return int(self._connection.rows("SELECT count(*) FROM outbox WHERE NOT relayed")[0][0])

    def published(self, topic: str, event_id: str) -> bool:
        """Tell whether the outbox ever held this event, relayed or not."""
        query = "SELECT EXISTS (SELECT 1 FROM outbox WHERE topic = %s AND event_id = %s)"
        return bool(self._connection.rows(query, (topic, event_id))[0][0])


class PostgresTransaction(PostgresView):
    """What can be written, as `Transaction` says."""

    def __init__(self, connection: PostgresConnection, tables: _Tables) -> None:
        super().__init__(connection, tables)
        self._waiting = WaitingPosts(self._write_posts)

    def settle(self) -> None:
        """Write what waits: the last thing before the commit."""
        self._waiting.write_all()

    def holders(self, index: Inverted, wanted: Mapping[int, int]) -> dict[int, list[str]]:
        """Return owners of each wanted token, those that this transaction posted among them."""
        return self._waiting.beside(index, super().holders(index, wanted), wanted)

    def advance(self, consumer: str, topic: str, *, expected: int, to: int) -> None:
        """Move a position by compare-and-set. Raises `StalePosition` when it is not `expected`."""
        update = "UPDATE positions SET position = %s WHERE consumer = %s AND topic = %s AND position = %s"
        if self._connection.write(update, (to, consumer, topic, expected)) == 1:
            return
        insert = "INSERT INTO positions (consumer, topic, position) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
        if expected == 0 and self._connection.write(insert, (consumer, topic, to)) == 1:
            return
        raise StalePosition(
            f"{consumer} on {topic} is not at position {expected} any more: a second instance has moved on",
            next_step="run one instance of a consumer; this one stops.",
        )

    def mark_seen(self, consumer: str, source: str, event_id: str, digest: bytes) -> None:
        """Remember an event. The caller has asked `seen` first."""
        insert = "INSERT INTO seen (consumer, source, event_id, digest) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
        if self._connection.write(insert, (consumer, source, event_id, digest)) != 1:
            raise AssertionError("bug: an event was marked as seen twice")

    def apply(self, effect: Effect) -> None:
        """Carry out an effect."""
        self._assert_open()
        match effect:
            case Save(concept, entity):
                table = self._of(concept)
                self._connection.write(table.statements["save"], table.encode(entity))
            case Remove(concept, key):
                table = self._of(concept)
                if is_text(key):
                    self._connection.write(table.statements["remove"], (key,))
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
        query = "SELECT coalesce(max(sequence), 0) FROM outbox WHERE topic = %s"
        return 1 + int(self._connection.rows(query, (topic,))[0][0])

    def outbox_add(self, row: OutboxRow) -> None:
        """Add a row. Raises `AssertionError` when its sequence is not the next, or the event is there already."""
        if row.sequence != self.next_sequence(row.topic):
            raise AssertionError(f"bug: outbox sequence {row.sequence} is not the next of {row.topic}")
        insert = """
            INSERT INTO outbox (topic, sequence, event_id, record_key, record_value, header_names, header_values)
            VALUES (%s, %s, %s, %s, %s, %s::text[], %s::bytea[]) ON CONFLICT DO NOTHING
        """
        names = [name for name, _ in row.record.headers]
        contents = [content for _, content in row.record.headers]
        values = (row.topic, row.sequence, row.event_id, row.record.key, row.record.value, names, contents)
        if self._connection.write(insert, values) != 1:
            raise AssertionError("bug: the outbox has held this event before")

    def outbox_relayed(self, topic: str, sequences: list[int]) -> None:
        """Mark rows as durable on the Log. They stay, so that `published` remembers them."""
        update = "UPDATE outbox SET relayed = true WHERE topic = %s AND sequence = ANY(%s::bigint[])"
        if self._connection.write(update, (topic, sequences)) != len(set(sequences)):
            raise AssertionError("bug: a row was relayed that the outbox never held")


def _outbox_row(
    topic: str, sequence: int, event_id: str, key: bytes, value: bytes, names: list[str], contents: list[bytes]
) -> OutboxRow:
    headers = tuple(zip(names, map(bytes, contents), strict=True))
    return OutboxRow(topic, sequence, event_id, Record(bytes(key), bytes(value), headers))
