"""A ledger replayed: the rows that were asked for, what each record changed, and the state at the end.

The state is made of everything before a row, whatever rows are asked for: a filter chooses what is told, never what
happened. As an agency was entitled to see it means: of its own topic and its inbox, as delivery wrote it then, and of
nothing else; the rules of that day are in what was delivered, so they are not applied anew.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from casebus.auditing.ledger_walk import Entry, Gap, LedgerWalk, Marked, Missing, Told
from casebus.auditing.snapshot_file import Begun
from casebus.bus.log import events_topic, inbox_topic
from casebus.cases.event_filter import EventFilter
from casebus.cases.replay import REDUCER, Replay, Step
from casebus.ledger.marker import Closing, Loss, Opening, Sealing

Progress = Callable[[int, int], None]
_PROGRESS_EVERY = 256


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be told. `end` is not included; `viewer` is an agency's code; `before` ends the state at a moment.

    `steps` adds what each record changed, `hashes` the state hash after it (which reads the whole state each time).
    """

    filter: EventFilter = field(default_factory=EventFilter)
    start: int = 0
    end: int | None = None
    viewer: str | None = None
    before: datetime | None = None
    steps: bool = False
    hashes: bool = False
    markers: bool = False


@dataclass(slots=True)
class Shortfall:
    """What could not be told: lost positions that the ledger itself admits, gaps, missing records, unread ones."""

    losses: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    missing: int = 0
    unread: int = 0


class Replaying:
    """One replay. Read `rows` to their end, then ask for the state and what fell short."""

    def __init__(self, walk: LedgerWalk, asked: Asked, *, rebuild: bool, begun: Begun | None = None) -> None:
        self.walk = walk
        self._asked = asked
        self._rebuild = rebuild or asked.steps or asked.hashes
        self._seen_topics = viewed_topics(asked.viewer) if asked.viewer else None
        self.end = walk.size if asked.end is None else min(asked.end, walk.size)
        self._begun_at = begun.index if begun else 0
        self.replay = Replay(begun.state if begun else None)
        self.short = Shortfall()

    def rows(self, progress: Progress = lambda _done, _of: None) -> Iterator[dict[str, Any]]:
        """Return the rows asked for, in the contract's form (DESIGN.md §9), with what was asked for besides."""
        first = self._begun_at if self._rebuild else self._asked.start
        for entry in self.walk.entries(first, self.end):
            if entry.index % _PROGRESS_EVERY == 0:
                progress(entry.index, self.end)
            yield from self._row(entry)

    def to_end(self, progress: Progress) -> None:
        """Replay without telling."""
        for _ in self.rows(progress):
            pass

    def state(self) -> dict[str, Any]:
        """Return where everything stands after the last row."""
        standing = self.replay.standing()
        row: dict[str, Any] = {"index": self.end, "reducer": REDUCER, "state_hash": standing.hash()}
        if self._asked.viewer:
            row["as"] = self._asked.viewer
        return row | standing.counts()

    def _row(self, entry: Entry) -> Iterator[dict[str, Any]]:
        is_asked = entry.index >= self._asked.start
        match entry:
            case Told():
                yield from self._told(entry, is_asked)
            case Marked() if self._is_viewed(entry.topic):
                if isinstance(entry.marker, Loss):
                    self.short.losses.append(f"{entry.topic} {marker_words(entry)}")
                if is_asked and self._asked.markers:
                    yield _marker_row(entry)
            case Missing() if self._is_viewed(entry.topic):
                self.short.missing += 1
                if is_asked and not self._asked.filter.asks_content:
                    yield _missing_row(entry)
            case Gap() if self._is_viewed(entry.topic):
                self.short.gaps.append(
                    f"before index {entry.index}: position {entry.found} of {entry.topic}, where {entry.expected} is next"
                )

    def _is_viewed(self, topic: str) -> bool:
        return self._seen_topics is None or topic in self._seen_topics

    def _told(self, told: Told, is_asked: bool) -> Iterator[dict[str, Any]]:
        facts = told.facts
        if not self._is_viewed(facts.topic):
            return
        step = self._take(told) if self._rebuild else None
        if not is_asked:
            return
        asked = self._asked
        if not asked.filter.accepts(facts):
            self.short.unread += facts.type is None and asked.filter.accepts_place(facts)
            return
        row = contract_row(told)
        if asked.steps and step is not None:
            row["effect"] = step.effect.value
            row["changes"] = [change.as_row() for change in step.changes]
        if asked.hashes:
            row["state_hash"] = self.replay.state_hash()
        yield row

    def _take(self, told: Told) -> Step | None:
        if self._asked.before is not None and told.recorded.appended_at >= self._asked.before:
            return None
        if told.received is not None:
            return self.replay.take(told.received)
        assert told.refused is not None, "bug: a state is rebuilt of verified records only"
        return self.replay.refuse(told.recorded.topic, told.recorded.record.key, told.refused)


def viewed_topics(agency: str) -> frozenset[str]:
    """Return the topics that an agency is entitled to read: what it published, and what delivery told it."""
    return frozenset((events_topic(agency), inbox_topic(agency)))


def contract_row(told: Told) -> dict[str, Any]:
    """Return a record in the contract's form."""
    facts = told.facts
    return {
        "index": told.index,
        "topic": facts.topic,
        "position": facts.position,
        "type": facts.type,
        "agency": facts.agency,
        "summary": facts.summary,
    }


def _missing_row(entry: Missing) -> dict[str, Any]:
    return {
        "index": entry.index,
        "topic": entry.topic,
        "position": entry.leaf.position if entry.leaf else None,
        "type": None,
        "agency": entry.agency,
        "summary": f"a record that is not here: {entry.why}",
    }


def _marker_row(entry: Marked) -> dict[str, Any]:
    return {
        "index": entry.index,
        "topic": entry.topic,
        "position": entry.leaf.position,
        "type": f"marker:{entry.leaf.kind.name.lower()}",
        "agency": "",
        "summary": marker_words(entry),
    }


def marker_words(entry: Marked) -> str:
    """Return what a marker says, in one printable line."""
    match entry.marker:
        case Loss() as loss:
            said = f"positions {loss.first} to {loss.last} were lost before they were read: {loss.reason}"
        case Sealing() as sealing:
            said = f"sealed after position {sealing.last}: {sealing.reason}"
        case Closing() as closing:
            said = f"the ledger was closed: {closing.reason}"
        case Opening() as opening:
            said = f"the ledger goes on from another, {len(opening.heads)} topics"
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in said)
