"""How state is declared: concepts, inverted indexes, and the effects that change them.

Pure declarations, so that a model can state beside itself how it is kept (`ALERTS = Concept("alerts", Alert, ...)`)
without knowing any database. `casebus.store` keeps them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Concept(Generic[T]):
    """One table: its name, what it holds, the key, and the indexes by name. An index value of None is not indexed.

    `wiped`: what was written over or removed is not to be found in the store's files either, as far as the database can.
    """

    table: str
    entity: type[T]
    key: Callable[[T], str]
    indexes: Mapping[str, Callable[[T], str | None]] = field(default_factory=dict)
    wiped: bool = False


@dataclass(frozen=True, slots=True)
class Inverted:
    """An inverted index: which owners hold which tokens. A set of such pairs; nothing else is kept of either.

    Tokens are signed 64-bit numbers, hashes of whatever is looked up; owners are text, and each is kept once however many
    tokens it holds. Made for many narrow rows, most of whose tokens have one owner.
    """

    table: str


def is_token(number: int) -> bool:
    """Tell whether every store can keep a number as a token."""
    return -(2**63) <= number < 2**63


Kept = Concept[Any] | Inverted
"""What a store is told to keep."""


@dataclass(frozen=True, slots=True)
class Save:
    """The effect of putting an entity in place of any with the same key."""

    concept: Concept[Any]
    entity: object


@dataclass(frozen=True, slots=True)
class Remove:
    """The effect of removing an entity; harmless when it is not there."""

    concept: Concept[Any]
    key: str


@dataclass(frozen=True, slots=True)
class Post:
    """The effect of noting that an owner holds tokens; harmless for those that it is known to hold."""

    index: Inverted
    owner: str
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unpost:
    """The effect of noting that an owner holds tokens no more; harmless for those that it is not known to hold."""

    index: Inverted
    owner: str
    tokens: tuple[int, ...]


Effect = Save | Remove | Post | Unpost
