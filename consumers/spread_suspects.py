"""Duplicate suspects over several instances, each with the postings of a share of the tokens (docs/decisions/0008).

The front is a consumer like any other: it reads the topics, parks, and numbers what changes. Shards and the weigher
follow the numbers, each in a Store of its own; one reads what another has committed and writes nothing there. A crash of
any leaves its position and its effects together, so it goes on where it was.

Not wired into `casebus run`: this is the door for a hub that outgrows one Store.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import TypeVar

from casebus.bus.consume import BATCH, NOTHING, Handled
from casebus.bus.consumer import EventConsumer, Role
from casebus.bus.outbox import Publisher
from casebus.cases.conflict import Answer
from casebus.cases.grouping import GROUPED
from casebus.cases.holding import HELD
from casebus.cases.judgement import JUDGEMENTS, judgement_of
from casebus.cases.matchmaking import POSTINGS, Matchmaking, judged
from casebus.cases.pair import PAIRS
from casebus.cases.portions import (
    ASKED,
    HANDED_OVER,
    NEXT_NUMBER,
    PORTION,
    Asked,
    HandedOver,
    Holders,
    NextNumber,
    Portion,
    asked,
    gathered,
    handed_over,
    numbered,
    shared_only,
)
from casebus.directory import Directory
from casebus.errors import Conflict
from casebus.events.envelope import Received
from casebus.state import Kept
from casebus.store.store import Save, Store, View
from consumers.duplicate_suspects import HubState, handled, held_after, topics

T = TypeVar("T")

FRONT_KEEPS: tuple[Kept, ...] = (HELD, ASKED, NEXT_NUMBER)
SHARD_KEEPS: tuple[Kept, ...] = (POSTINGS, HANDED_OVER, PORTION)
WEIGHER_KEEPS: tuple[Kept, ...] = (HELD, POSTINGS, PAIRS, JUDGEMENTS, GROUPED)

_TOPIC = "asked"
"""What the numbers are called among positions."""


class Front:
    """The front's handler: numbers every change of a record and every judgement, and publishes nothing."""

    def handle(self, received: Received, view: View) -> Handled:
        """Return the record as it now stands, and what is to be asked about it."""
        event = received.event
        if isinstance(event.payload, Answer):
            judgement = judgement_of(event.source, event.payload, received.appended_at)
            return self._asking(Asked(self._next(view), None, judgement=judgement)) if judgement else NOTHING
        before, after = held_after(received, view)
        if after is None:
            return NOTHING
        handling = self._asking(asked(self._next(view), before, after))
        return Handled((Save(HELD, after), *handling.effects))

    def _next(self, view: View) -> int:
        next_number = view.get(NEXT_NUMBER, "")
        return next_number.number if next_number else 0

    def _asking(self, change: Asked) -> Handled:
        return Handled((Save(ASKED, change), Save(NEXT_NUMBER, NextNumber(change.number + 1))))


FRONT = EventConsumer("matching_front", Role.hub, topics, FRONT_KEEPS, lambda _directory, _owner: Front())
"""Put together by who runs it, not by `casebus run`: it is no entry point."""


class Shard:
    """Keeps the postings of its portion and hands over who held them. One instance a portion: a second one is fenced."""

    name = "matching_shard"

    def __init__(self, portion: Portion, front: Store, own: Store) -> None:
        """Raises `Conflict` for a Store that holds another portion."""
        self._portion = portion
        self._front = front
        self._own = own
        with own.transaction() as tx:
            found = tx.get(PORTION, "")
            if found is None:
                tx.apply(Save(PORTION, portion))
            elif found != portion:
                raise Conflict(
                    f"this state holds portion {found.number} of {found.of}, not {portion.number} of {portion.of}",
                    next_step="open it as that portion, or begin with an empty state: it is filled from the front's numbers.",
                )

    def step(self) -> int:
        """Hand over the next changes; return how many. Raises `StalePosition` when fenced."""
        with self._own.view() as view:
            position = view.position(self.name, _TOPIC)
        batch = _changes(self._front, position)
        if not batch:
            return 0
        with self._own.transaction() as tx:
            tx.advance(self.name, _TOPIC, expected=position, to=position + len(batch))
            for change in batch:
                for effect in handed_over(change, self._portion, HubState(tx).holders):
                    tx.apply(effect)
        return len(batch)


class Weigher:
    """Weighs pairs and publishes what is found, as `DuplicateSuspects` does, told by the shards who holds what."""

    name = "matching_weigher"

    def __init__(
        self, directory: Directory, front: Store, shards: Sequence[Store], own: Store, publisher: Publisher
    ) -> None:
        self._directory = directory
        self._front = front
        self._shards = tuple(shards)
        self._own = own
        self._publisher = publisher

    def step(self) -> int:
        """Weigh the next changes that every shard has handed over; return how many. Raises `StalePosition` when fenced."""
        with self._own.view() as view:
            position = view.position(self.name, _TOPIC)
        batch = _changes(self._front, position)
        handed = [_handed(shard, batch) for shard in self._shards]
        whole = list(zip(batch, *handed, strict=False))
        if not whole:
            return 0
        with self._own.transaction() as tx:
            tx.advance(self.name, _TOPIC, expected=position, to=position + len(whole))
            for change, *told in whole:
                done = self._weighed(change, gathered(change, told), tx)
                for effect in done.effects:
                    tx.apply(effect)
                self._publisher.publish(tx, done.events)
        return len(whole)

    def _weighed(self, change: Asked, holders: Holders, view: View) -> Handled:
        known = ToldState(view, holders)
        if change.judgement is not None:
            return handled(judged(known, change.judgement, self._directory))
        assert change.after is not None, "bug: a change of nothing"
        before = view.get(HELD, change.after.record.record_id)
        done = handled(Matchmaking(known, before, change.after, self._directory).changes())
        return Handled(tuple(shared_only(done.effects, holders)), done.events)


class ToldState(HubState):
    """Answers the matchmaker: of the keys of the changed record what the shards said, of others from the Store."""

    def __init__(self, view: View, told: Holders) -> None:
        super().__init__(view)
        self._told = told

    def holders(self, wanted: Mapping[int, int]) -> dict[int, list[str]]:
        """Return the ids of the records that hold each key: all of them, or as many as are wanted if more do."""
        others = {key: most for key, most in wanted.items() if key not in self._told}
        found = super().holders(others) if others else {}
        return found | {key: list(self._told[key])[: wanted[key]] for key in wanted if key in self._told}


def _changes(front: Store, position: int) -> list[Asked]:
    with front.view() as view:
        return _until_none(view.get(ASKED, numbered(number)) for number in range(position, position + BATCH))


def _handed(shard: Store, batch: Sequence[Asked]) -> list[HandedOver]:
    with shard.view() as view:
        return _until_none(view.get(HANDED_OVER, numbered(change.number)) for change in batch)


def _until_none(found: Iterable[T | None]) -> list[T]:
    return [each for each in takewhile(lambda each: each is not None, found) if each is not None]
