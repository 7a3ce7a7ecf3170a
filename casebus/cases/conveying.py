"""Passing on what one desk says to another, once the hub knows what it is about; until then it waits. Pure.

What is passed on does not depend on how the agencies' topics and the hub's interleave: an item that is read before its
conflict, or an answer that is read before its referral, waits in the Store and goes out with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from casebus.cases import passing_on
from casebus.cases.disclosure import Copy
from casebus.cases.pair import TOLD, Told
from casebus.cases.passing_on import REFERRED, WAITING, Conveyed, ReferralAnswer, Referred, Waiting
from casebus.directory import Directory
from casebus.events.catalogue import CATALOGUE
from casebus.events.enumerations import DeliveryRefusal
from casebus.events.types import ReferralSent
from casebus.state import Concept, Effect, Remove, Save

T = TypeVar("T")


class Known(Protocol):
    """What the hub holds."""

    def get(self, concept: Concept[T], key: str) -> T | None:
        """Return the entity with this key."""
        ...

    def by(self, concept: Concept[T], index: str, value: str) -> list[T]:
        """Return entities whose index has this value."""
        ...


@dataclass(frozen=True, slots=True)
class Item:
    """Something that an agency published for another."""

    event_id: str
    sender: str
    payload: Conveyed


@dataclass(frozen=True, slots=True)
class Passed:
    """The copies that are made, and what the hub then holds."""

    copies: tuple[Copy, ...] = ()
    effects: tuple[Effect, ...] = ()

    def __add__(self, other: "Passed") -> "Passed":
        return Passed(self.copies + other.copies, self.effects + other.effects)


class Conveying:
    """One event's worth of passing on."""

    def __init__(self, known: Known, directory: Directory) -> None:
        self._known = known
        self._directory = directory

    def convey(self, item: Item, told: Told | None = None) -> Passed:
        """Return what becomes of an item. `told` is its conflict where that becomes known just now."""
        payload = item.payload
        if isinstance(payload, ReferralAnswer):
            referred = self._known.get(REFERRED, payload.referral_id)
            return self._answer(item, referred) if referred else self._waits(item, payload.referral_id)
        if payload.conflict_id is not None:
            told = told or self._known.get(TOLD, payload.conflict_id)
            if told is None:
                return self._waits(item, payload.conflict_id)
        if isinstance(payload, ReferralSent):
            return self._referral(item, payload, told)
        assert told is not None, "bug: what is no referral is about a conflict"
        return Passed((passing_on.about_conflict(payload, item.sender, item.event_id, told, self._directory),))

    def released(self, told: Told) -> Passed:
        """Return what becomes of the items that waited for a conflict which is known now."""
        waited = self._known.by(WAITING, "about", told.conflict_id)
        return _sum(
            self.convey(_item(each), told) + Passed((), (Remove(WAITING, each.event_id),)) for each in _in_order(waited)
        )

    def _referral(self, item: Item, payload: ReferralSent, told: Told | None) -> Passed:
        if self._known.get(REFERRED, payload.referral_id) is not None:
            return Passed((passing_on.refused(payload, item.sender, item.event_id, DeliveryRefusal.NOT_YOURS),))
        copy = passing_on.referral(payload, item.sender, item.event_id, told, self._directory)
        referred = Referred(payload.referral_id, item.sender, payload.to, not passing_on.is_refusal(copy))
        waited = self._known.by(WAITING, "about", payload.referral_id)
        answers = (
            self._answer(_item(each), referred) + Passed((), (Remove(WAITING, each.event_id),))
            for each in _in_order(waited)
        )
        return Passed((copy,), (Save(REFERRED, referred),)) + _sum(answers)

    def _waits(self, item: Item, about: str) -> Passed:
        number = 1 + max((each.number for each in self._known.by(WAITING, "about", about)), default=0)
        body = item.payload.model_dump_json()
        waiting = Waiting(item.event_id, about, number, item.sender, type(item.payload).__name__, body)
        return Passed((), (Save(WAITING, waiting),))

    def _answer(self, item: Item, referred: Referred) -> Passed:
        assert isinstance(item.payload, ReferralAnswer), "bug: only an answer waits for a referral"
        copy = passing_on.referral_answer(item.payload, item.sender, item.event_id, referred, self._directory)
        return Passed((copy,))


def _item(waiting: Waiting) -> Item:
    payload = CATALOGUE[waiting.type].model.model_validate_json(waiting.body)
    assert isinstance(payload, Conveyed), "bug: only what is conveyed waits"
    return Item(waiting.event_id, waiting.sender, payload)


def _in_order(waited: Iterable[Waiting]) -> list[Waiting]:
    return sorted(waited, key=lambda each: each.number)


def _sum(parts: Iterable[Passed]) -> Passed:
    whole = Passed()
    for part in parts:
        whole += part
    return whole
