"""Matching spread over instances by token: what each is asked, what it hands over, how that is put together. Pure.

A record's change is numbered once, and everybody works through the numbers in order:

    the front    says what a record was and is, and by which keys it is indexed: `Asked`
    a shard      holds the postings of its portion of the keys; it says who held them before: `HandedOver`
    the weigher  takes a number when every shard has handed it over, and asks nobody else: what it is told of the keys is
                 what one instance would have found in its own index at that number

So pairs and events are those of one instance that reads in the order of the front (docs/decisions/0008).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from casebus.cases.holding import Holding
from casebus.cases.judgement import Judgement
from casebus.cases.matchmaking import POSTINGS
from casebus.matching.candidates import enough, indexed
from casebus.state import Concept, Effect, Post, Save, Unpost

Holders = Mapping[int, Sequence[str]]
"""The records that hold each key, as far as its cap needs it."""


@dataclass(frozen=True, slots=True)
class Portion:
    """One of several equal shares of the keys. Keys are hashes, so that any share is as good as another."""

    number: int
    of: int

    def has(self, key: int) -> bool:
        """Tell whether a key is in this share."""
        return key % self.of == self.number


PORTION: Concept[Portion] = Concept("portion", Portion, lambda _: "")
"""The share whose postings a store holds: it must never be asked for those of another."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a record before its change, or after it, or both; of so many holders need be known."""

    key: int
    enough: int
    was: bool
    stays: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """One numbered change: of a record, or what an officer said of a pair (no keys)."""

    number: int
    after: Holding | None
    keys: tuple[Key, ...] = ()
    judgement: Judgement | None = None


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Who held the keys of a portion before a change. Keys that nobody held are left out."""

    number: int
    holders: tuple[tuple[int, tuple[str, ...]], ...]


def numbered(number: int) -> str:
    """Return the key of a number's row: in the order of the numbers."""
    return f"{number:016d}"


ASKED: Concept[Asked] = Concept("asked", Asked, lambda asked: numbered(asked.number))
HANDED_OVER: Concept[HandedOver] = Concept("handed_over", HandedOver, lambda handed: numbered(handed.number))


@dataclass(frozen=True, slots=True)
class NextNumber:
    """The number that the next change gets."""

    number: int


NEXT_NUMBER: Concept[NextNumber] = Concept("next_number", NextNumber, lambda _: "")


def asked(number: int, before: Holding | None, after: Holding) -> Asked:
    """Return what is to be asked about a changed record."""
    old, new = indexed(before.record) if before else {}, indexed(after.record)
    was, stays = set(old.values()), set(new.values())
    wanted = {key: enough(token) for token, key in (old | new).items()}
    return Asked(number, after, tuple(Key(key, wanted[key], key in was, key in stays) for key in sorted(wanted)))


def handed_over(change: Asked, portion: Portion, holders: Callable[[Mapping[int, int]], Holders]) -> Iterator[Effect]:
    """Yield what a shard hands over of a change, and what the change makes of its postings."""
    mine = [key for key in change.keys if portion.has(key.key)]
    found = holders({key.key: key.enough for key in mine})
    yield Save(
        HANDED_OVER, HandedOver(change.number, tuple((key, tuple(owners)) for key, owners in found.items() if owners))
    )
    gone = tuple(key.key for key in mine if key.was and not key.stays)
    come = tuple(key.key for key in mine if key.stays and not key.was)
    if change.after is not None and gone:
        yield Unpost(POSTINGS, change.after.record.record_id, gone)
    if change.after is not None and come:
        yield Post(POSTINGS, change.after.record.record_id, come)


def gathered(change: Asked, handed: Iterable[HandedOver]) -> dict[int, Sequence[str]]:
    """Return who held each key of a change, from what all shards handed over."""
    found: dict[int, Sequence[str]] = {key.key: () for key in change.keys}
    for each in handed:
        found.update(each.holders)
    return found


def shared_only(effects: Iterable[Effect], holders: Holders) -> Iterator[Effect]:
    """Yield the effects of a change as the weigher keeps them: postings of those keys only that two records hold or held.

    The weigher asks its own index about pairs that others than the changed record make: what they share, two hold. The
    first holder of a key is posted with the second.
    """
    for effect in effects:
        if not isinstance(effect, Post) or effect.index is not POSTINGS:
            yield effect
            continue
        shared = tuple(key for key in effect.tokens if holders[key])
        if shared:
            yield Post(POSTINGS, effect.owner, shared)
        for key in shared:
            if len(holders[key]) == 1:
                yield Post(POSTINGS, holders[key][0], (key,))
