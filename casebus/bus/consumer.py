"""What a consumer declares about itself. Roles find consumers by the entry point group `casebus.consumers`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from casebus.bus.consume import Handler
from casebus.bus.log import Log, Recorded
from casebus.bus.timed import TimedHandler
from casebus.directory import Directory
from casebus.state import Kept


class Role(StrEnum):
    """Who runs it."""

    agency = "agency"
    hub = "hub"


@dataclass(frozen=True)
class EventConsumer:
    """Handles verified events; its effects go to the role's Store.

    `topics` gets the agencies' codes and the owner's; `concepts` are the tables and indexes that it writes; `build` gets the
    directory and the owner.
    """

    name: str
    role: Role
    topics: Callable[[Sequence[str], str], list[str]]
    concepts: tuple[Kept, ...]
    build: Callable[[Directory, str], Handler]


class Taker(Protocol):
    """What a consumer of raw records does, in the transaction of the loop."""

    def take(self, recorded: Recorded, tx: Any) -> None:
        """Take a record."""
        ...

    def gone(self, topic: str, first: int, tx: Any) -> None:
        """Take note that the topic has nothing before `first` any more."""
        ...


@dataclass(frozen=True)
class RecordConsumer:
    """Takes raw records, well-formed or not; its effects go to the ledger."""

    name: str
    role: Role
    topics: Callable[[Sequence[str], str], list[str]]
    build: Callable[[Log], Taker]


@dataclass(frozen=True)
class TimedConsumer:
    """Does what falls due; `topics` is none. Its effects go to the tables of the role's other consumers."""

    name: str
    role: Role
    topics: Callable[[Sequence[str], str], list[str]]
    build: Callable[[Directory, str], TimedHandler]


Consumer = EventConsumer | RecordConsumer | TimedConsumer
