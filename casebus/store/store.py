"""The Store: the durable state of one role, and the transaction that joins position and effects.

Two siblings implement it and share no SQL: `sqlite.SqliteStore` (embedded, synchronous=FULL) and
`postgres.PostgresStore` (one schema per role). They share `casebus.testing.store_contract.StoreContract`.

State is kept as *concepts*: frozen dataclasses, each with one key and a few indexes, declared beside the model that
they belong to (`ALERTS = Concept("alerts", Alert, ...)`). A backend owns its SQL and its numbered migrations: one table
per concept with columns `key`, one per index, and `body` (canonical JSON of the dataclass, by pydantic).

Beside them stand *inverted indexes* (`POSTINGS = Inverted("postings")`): narrow rows of token and owner, for look-ups of
many tokens at once, each bounded by how many owners are wanted.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from casebus.bus.log import Record
from casebus.state import Concept, Effect, Inverted, Kept, Post, Remove, Save, Unpost

T = TypeVar("T")

__all__ = [
    "Concept",
    "Effect",
    "Inverted",
    "Kept",
    "OutboxRow",
    "Post",
    "Remove",
    "Save",
    "Store",
    "Transaction",
    "Unpost",
    "View",
]


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An event on its way to the Log: signed bytes, in order. `sequence` counts from 1 per topic without a gap."""

    topic: str
    sequence: int
    event_id: str
    record: Record


class View(Protocol):
    """What can be read. Inside a transaction it sees the transaction's own writes."""

    def get(self, concept: Concept[T], key: str) -> T | None:
        """Return the entity with this key."""
        ...

    def several(self, concept: Concept[T], keys: Collection[str]) -> dict[str, T]:
        """Return those of the entities with these keys that there are, by key."""
        ...

    def by(self, concept: Concept[T], index: str, value: str, *, limit: int | None = None) -> list[T]:
        """Return entities whose index has this value, ordered by key."""
        ...

    def count(self, concept: Concept[T], index: str, value: str) -> int:
        """Return how many entities have this index value."""
        ...

    def all(self, concept: Concept[T]) -> Iterator[T]:
        """Return every entity, ordered by key. Read it to its end before writing."""
        ...

    def holders(self, index: Inverted, wanted: Mapping[int, int]) -> dict[int, list[str]]:
        """Return owners of each wanted token, in no order: all of them, or as many as are wanted if there are more.

        So a token held by many costs no more than what is wanted of it. All tokens are asked for in one round trip.
        """
        ...

    def position(self, consumer: str, topic: str) -> int:
        """Return the position that this consumer reads next; 0 at first."""
        ...

    def seen(self, consumer: str, source: str, event_id: str) -> bytes | None:
        """Return the digest under which this consumer has seen the event, or None."""
        ...

    def outbox(self, *, limit: int) -> list[OutboxRow]:
        """Return up to `limit` rows not yet relayed of each topic, by topic and sequence: no topic starves another."""
        ...

    def outbox_depth(self) -> int:
        """Return how many rows are not yet relayed."""
        ...

    def published(self, topic: str, event_id: str) -> bool:
        """Tell whether the outbox ever held this event, relayed or not."""
        ...


class Transaction(View, Protocol):
    """What can be written. All of it takes effect together, durably, or none of it."""

    def advance(self, consumer: str, topic: str, *, expected: int, to: int) -> None:
        """Move a position by compare-and-set. Raises `StalePosition` when it is not `expected`: a second instance."""
        ...

    def mark_seen(self, consumer: str, source: str, event_id: str, digest: bytes) -> None:
        """Remember an event. The caller has asked `seen` first."""
        ...

    def apply(self, effect: Effect) -> None:
        """Carry out an effect. What reads inside the transaction sees it; the database may be told of it later, before the
        commit.
        """
        ...

    def next_sequence(self, topic: str) -> int:
        """Return the sequence that the next outbox row of this topic gets."""
        ...

    def outbox_add(self, row: OutboxRow) -> None:
        """Add a row. Raises `AssertionError` when its sequence is not the next, or the event is there already:
        callers ask `published` first, the first row wins.
        """
        ...

    def outbox_relayed(self, topic: str, sequences: list[int]) -> None:
        """Mark rows as durable on the Log. They stay, so that `published` remembers them."""
        ...


class Store(Protocol):
    """The seam. Foreign exceptions never pass it: `StoreError`, `StalePosition`.

    Several processes may open one Store (a node and the command line). One instance belongs to one thread. Nested
    transactions are a bug.
    """

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin a write transaction; commit at the end of the block, roll back on any exception.

        Returns only after the commit is durable. When the commit itself fails, it may or may not have happened: the
        caller stops, and reads the position again on restart.
        """
        ...

    def view(self) -> AbstractContextManager[View]:
        """Begin a consistent read-only snapshot."""
        ...

    def close(self) -> None:
        """Release what is held."""
        ...
