"""How state is declared: concepts, and the effects that change them.

Pure declarations, so that a model can state beside itself how it is kept (`ALERTS = Concept("alerts", Alert, ...)`)
without knowing any database. `casebus.store` keeps them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Concept(Generic[T]):
    """One table: its name, what it holds, the key, and the indexes by name. An index value of None is not indexed."""

    table: str
    entity: type[T]
    key: Callable[[T], str]
    indexes: Mapping[str, Callable[[T], str | None]] = field(default_factory=dict)


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


Effect = Save | Remove
