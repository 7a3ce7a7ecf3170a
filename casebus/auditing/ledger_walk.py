"""A ledger told leaf by leaf, for whoever replays it: nothing is passed over in silence.

Every leaf becomes exactly one of: a record, opened or with the reason why no consumer accepts it; a marker; a record
that the archive does not have as its leaf says. Where a topic's positions do not follow, a gap is told before the leaf.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from casebus.auditing.facts_reader import FactsReader
from casebus.bus.log import Recorded
from casebus.cases.event_filter import Facts, facts_of, facts_of_unread
from casebus.directory import Directory
from casebus.errors import VerificationFailed, WireError
from casebus.events.catalogue import writer_of
from casebus.events.envelope import Received
from casebus.ledger.checkpoint import Checkpoint
from casebus.ledger.leaf import Leaf, LeafKind
from casebus.ledger.marker import Marker, Opening, decode_marker
from casebus.ledger.read import LedgerReader
from casebus.ledger.record import decode_record, hash_record
from casebus.wire.schemas import Schemas
from casebus.wire.seal import Opener


@dataclass(frozen=True, slots=True)
class Told:
    """A record. `received` is the event, verified; `refused` why there is none. Both are None without a directory."""

    index: int
    recorded: Recorded
    facts: Facts
    received: Received | None = None
    refused: WireError | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """A marker. `topic` is the name, or where no record of the topic was seen yet, the id in hexadecimal."""

    index: int
    leaf: Leaf
    topic: str
    marker: Marker


@dataclass(frozen=True, slots=True)
class Missing:
    """A leaf whose content the archive does not have, or not as it was. `leaf` is None where that is unreadable too."""

    index: int
    leaf: Leaf | None
    topic: str
    why: str

    @property
    def agency(self) -> str:
        """Whose topic it was; empty where its name is not known."""
        try:
            return writer_of(self.topic)[1]
        except ValueError:
            return ""


@dataclass(frozen=True, slots=True)
class Gap:
    """Positions of a topic that should stand before the leaf at `index` and do not; `found` came where `expected` was."""

    index: int
    topic: str
    expected: int
    found: int


Entry = Told | Marked | Missing | Gap


@dataclass(slots=True)
class _Topics:
    """What was learnt of the topics while walking: names and last positions by id."""

    names: dict[bytes, str] = field(default_factory=dict)
    heads: dict[bytes, int] = field(default_factory=dict)
    whole: bool = True
    """Whether a topic that was not seen yet begins at 0: not so after an opening, or where the walk began later."""

    def name(self, topic_id: bytes) -> str:
        return self.names.get(topic_id, topic_id.hex())

    def follow(self, index: int, leaf: Leaf) -> Gap | None:
        """Take a leaf of a topic; return what is missing before it."""
        if leaf.kind in (LeafKind.OPENING, LeafKind.CLOSING, LeafKind.SEALING):
            return None
        head = self.heads.get(leaf.topic_id, -1 if self.whole else None)
        self.heads[leaf.topic_id] = leaf.position
        if head is None or leaf.position == head + 1 or (leaf.kind is LeafKind.LOSS and leaf.position > head):
            return None
        return Gap(index, self.name(leaf.topic_id), head + 1, leaf.position)


class LedgerWalk:
    """One way through a ledger at the size of its checkpoint when this was made.

    With a directory records are verified as every consumer does; without one a record says what its bytes say.
    """

    def __init__(self, ledger: Path, directory: Directory | None) -> None:
        self._reader = LedgerReader(ledger)
        self._told_by = FactsReader(ledger, directory)
        self._opener = Opener(Schemas.load(), directory) if directory else None
        self.ledger = ledger
        self.size = self._reader.size
        self.origin = self._reader.checkpoint.origin
        self.basis = self._told_by.basis
        """Names the keys and schemas by which records are judged."""

    def predecessor(self) -> Checkpoint | None:
        """Return the end of the closed ledger that this one goes on from, None where it begins by itself.

        Raises:
            VerificationFailed: the first leaf or its content is damaged.
        """
        if not self.size:
            return None
        leaf = self._reader.leaf(0)
        if leaf.kind is not LeafKind.OPENING:
            return None
        opening = decode_marker(leaf, self._reader.content(0))
        assert isinstance(opening, Opening), "bug: an opening's leaf has an opening's content"
        return opening.predecessor

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[Entry]:
        """Return what stands from index `start` up to, not including, `end`."""
        topics = _Topics(whole=start == 0)
        stop = self.size if end is None else min(end, self.size)
        for index, leaf, content in self._leaves(start, stop):
            if isinstance(leaf, str):
                yield Missing(index, None, "", leaf)
                continue
            if (gap := topics.follow(index, leaf)) is not None:
                yield gap
            yield self._entry(index, leaf, content, topics)

    def _leaves(self, start: int, stop: int) -> Iterator[tuple[int, Leaf | str, bytes | str]]:
        """Return index, leaf and content; in the place of either, in words, why it cannot be read."""
        at = start
        while at < stop:
            try:
                for index, leaf, content in self._reader.entries(at, stop):
                    yield index, leaf, content
                    at = index + 1
            except VerificationFailed:
                # One by one across the damage: whatever else can be read is told.
                yield self._one(at)
                at += 1

    def _one(self, index: int) -> tuple[int, Leaf | str, bytes | str]:
        try:
            leaf = self._reader.leaf(index)
        except VerificationFailed as error:
            return index, error.what, ""
        try:
            return index, leaf, self._reader.content(index)
        except VerificationFailed as error:
            return index, leaf, error.what

    def _entry(self, index: int, leaf: Leaf, content: bytes | str, topics: _Topics) -> Entry:
        try:
            if isinstance(content, str):
                raise VerificationFailed(content)
            if leaf.kind is not LeafKind.RECORD:
                return self._marked(index, leaf, content, topics)
            if hash_record(content) != leaf.content_hash:
                raise VerificationFailed("its bytes are not those that its leaf names.")
            recorded = decode_record(content, leaf.position)
        except VerificationFailed as error:
            return Missing(index, leaf, topics.name(leaf.topic_id), error.what)
        topics.names.setdefault(leaf.topic_id, recorded.topic)
        return self._told(index, recorded)

    def _marked(self, index: int, leaf: Leaf, content: bytes, topics: _Topics) -> Marked:
        marker = decode_marker(leaf, content)
        if isinstance(marker, Opening):
            topics.heads.update(marker.heads)
        return Marked(index, leaf, topics.name(leaf.topic_id), marker)

    def _told(self, index: int, recorded: Recorded) -> Told:
        if self._opener is None:
            return Told(index, recorded, self._told_by.told(recorded, index))
        topic, position, appended_at = recorded.topic, recorded.position, recorded.appended_at
        try:
            received = self._opener.open(recorded)
        except WireError as error:
            why = f"a record that was not accepted: {error.reason.value.replace('_', ' ')}"
            facts = facts_of_unread(why, topic=topic, position=position, appended_at=appended_at, index=index)
            return Told(index, recorded, facts, refused=error)
        event = received.event
        facts = facts_of(event, topic=topic, position=position, appended_at=appended_at, index=index)
        return Told(index, recorded, facts, received=received)
