"""Entities with every kind of value that a store must give back as it was, and the concepts and the index that keep them.

Made for `casebus.testing.store_contract`. The functions are named, not lambdas: concepts travel to child processes.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum, StrEnum
from hashlib import sha256
from operator import attrgetter

from hypothesis import strategies as st

from casebus.bus.log import Record
from casebus.events.enumerations import TimeMeaning, TimeQuality
from casebus.events.types import TimeStatement
from casebus.store.store import Concept, Inverted, OutboxRow


class Shade(StrEnum):
    """An enumeration of words."""

    LIGHT = "light"
    DARK = "dark"


class Rank(IntEnum):
    """An enumeration of numbers."""

    LOW = 1
    HIGH = 2


@dataclass(frozen=True, slots=True)
class Part:
    """A dataclass within another."""

    name: str
    content: bytes
    weight: float


@dataclass(frozen=True, slots=True)
class Specimen:
    """What is kept. `group` and `owner` are indexed."""

    key: str
    group: str | None = None
    owner: str | None = None
    at: datetime | None = None
    day: date | None = None
    span: timedelta | None = None
    shade: Shade = Shade.LIGHT
    rank: Rank = Rank.LOW
    content: bytes = b""
    parts: tuple[Part, ...] = ()
    names: dict[str, tuple[int, ...]] | None = None
    number: int | None = None
    flag: bool = False
    statement: TimeStatement | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """Another concept, without an index."""

    name: str
    count: int


SPECIMENS: Concept[Specimen] = Concept(
    "specimens", Specimen, attrgetter("key"), {"group": attrgetter("group"), "owner": attrgetter("owner")}
)
TALLIES: Concept[Tally] = Concept("tallies", Tally, attrgetter("name"))
MARKS = Inverted("marks")

CONCEPTS: tuple[Concept[Specimen], Concept[Tally], Inverted] = (SPECIMENS, TALLIES, MARKS)


def mark(name: str) -> int:
    """Return a token for a name."""
    return int.from_bytes(sha256(name.encode()).digest()[:8], "big", signed=True)


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
_UTC = st.datetimes(timezones=st.just(UTC))
_PARTS = st.builds(Part, _TEXT, st.binary(max_size=40), st.floats(allow_nan=False))
_STATEMENTS = st.builds(
    TimeStatement,
    meaning=st.sampled_from(TimeMeaning),
    instant=st.none() | _UTC,
    raw=st.sampled_from([None, "", "2026-11-02 03:04"]),
    stated_offset_minutes=st.none() | st.integers(-1440, 1440),
    quality=st.sampled_from(TimeQuality),
)


def specimens(keys: st.SearchStrategy[str] = _STORABLE) -> st.SearchStrategy[Specimen]:
    """Return a strategy for entities with extreme values everywhere."""
    return st.builds(
        Specimen,
        key=keys,
        group=st.none() | st.sampled_from(["", "a", "b", "ā"]),
        owner=st.none() | _STORABLE,
        at=st.none() | _UTC,
        day=st.none() | st.dates(),
        span=st.none() | st.timedeltas(timedelta(days=-999), timedelta(days=999)),
        shade=st.sampled_from(Shade),
        rank=st.sampled_from(Rank),
        content=st.binary(max_size=40),
        parts=st.lists(_PARTS, max_size=3).map(tuple),
        names=st.none() | st.dictionaries(_TEXT, st.lists(st.integers(-(2**63), 2**70), max_size=3).map(tuple)),
        number=st.none() | st.integers(-(2**70), 2**70),
        flag=st.booleans(),
        statement=st.none() | _STATEMENTS,
    )


def outbox_row(topic: str, sequence: int) -> OutboxRow:
    """Return a row as nobody would wish for: binary everywhere, a header name twice."""
    headers = (("ce_id", str(sequence).encode()), ("ā", b"\x00\xff"), ("ce_id", b""))
    return OutboxRow(topic, sequence, f"event-{topic}-{sequence}", Record(b"\x00key\xff", bytes(range(256)), headers))
