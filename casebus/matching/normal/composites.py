"""A person's name, birth date and house, two or three of them together: none of them may reach the hub alone.

A single attribute is re-identified by its frequency; composites are nearly unique (`reference/matching.md` §4.2). Each form
is one way in which two records of one person still agree when another part has a slip: by sound, by a full name
for a short one, with day and month in either order, with a part of the date, with a part of the address. Words, sounds
and street words are unordered. A name alone goes only where it is rare: `is_everyday`.
"""

from collections.abc import Iterator
from datetime import date
from itertools import combinations, pairwise

from casebus.matching.normal.everyday import is_everyday
from casebus.matching.normal.kinds_of_place import is_kind_of_place, is_road
from casebus.matching.normal.person import birth_dates, name_words
from casebus.matching.normal.text import DropReason, Parts
from casebus.matching.register.names import full_forms, latin, sound
from casebus.matching.register.places import NO_PLACE, Place, place

Composite = tuple[str, Parts]
"""A family's name and the parts of one form."""

MAX_NEAR = 16
MAX_DAYS = 2
MAX_STREETS = 3
MIN_HANDLE = 8


def named(name: str) -> list[Composite] | DropReason:
    """Return the forms of a name alone; none of an everyday one, which many people bear."""
    words = name_words(name)
    if isinstance(words, DropReason):
        return words
    return _names_alone(words) or DropReason.EVERYDAY_NAME


def named_and_born(name: str, born: str | None) -> list[Composite] | DropReason:
    """Return the forms of a name with a birth date, and of the name alone where it is rare."""
    words = name_words(name)
    if isinstance(words, DropReason):
        return words
    days = birth_dates(born or "")
    if isinstance(days, DropReason):
        return days
    return [*_names_and_days(words, days[:MAX_DAYS]), *_names_alone(words)]


def named_in_house(name: str, house: Place) -> list[Composite] | DropReason:
    """Return the forms of a name with a house."""
    words = name_words(name)
    if isinstance(words, DropReason):
        return words
    if house == NO_PLACE:
        return DropReason.NO_HOUSE
    return [*_names_and_house(words, house), *_names_alone(words)]


def born_in_house(born: str, house: Place) -> list[Composite] | DropReason:
    """Return the forms of a birth date with a house."""
    days = birth_dates(born)
    if isinstance(days, DropReason):
        return days
    return list(_days_and_house(days[:MAX_DAYS], house)) or DropReason.NO_HOUSE


def housed(house: Place) -> list[Composite] | DropReason:
    """Return the forms of a house: where it stands to the number, with and without its town."""
    street = " ".join(house.street.split()[:2])
    if not house.numbers or not street:
        return DropReason.NO_HOUSE
    number, town = house.numbers[0], house.postcode or house.suburb or house.city
    forms: list[Composite] = [("house", (number, street, town))] if town else []
    if len(house.street.split()) > 1:
        forms.append(("house_number", (number, street)))
    return forms or DropReason.NO_HOUSE


def house_of(address: str | None, postcode: str | None, city: str | None) -> Place:
    """Return where somebody lives, as far as it is written."""
    if not (address or postcode or city):
        return NO_PLACE
    return place(address or "", postcode or "", "", city or "", "")


def letters_of_handle(handle: str) -> Parts | None:
    """Return a handle's letters where they may be somebody's name; None where they are too few."""
    letters = latin("".join(char for char in handle if not char.isdigit())).replace(" ", "")
    return (letters,) if len(letters) >= MIN_HANDLE else None


def _names_alone(words: list[str]) -> list[Composite]:
    forms: list[Composite] = []
    for one, other in combinations(words, 2):
        if is_everyday(one, other):
            continue
        forms.append(("name", _unordered(one, other)))
        joined = (one + other, other + one)
        forms += [("name_in_handle", (both,)) for both in joined if len(both) >= MIN_HANDLE]
    return forms


def _names_and_days(words: list[str], days: tuple[date, ...]) -> Iterator[Composite]:
    near = _near(words)
    for day in days:
        for pair in near:
            yield "name_year", (*pair, str(day.year))
        if (day.month, day.day) == (1, 1):
            continue  # "some day that year", as people and clerks write it
        whole, ends = day.isoformat(), sorted((f"{day.month:02d}", f"{day.day:02d}"))
        for one, other in combinations(words, 2):
            yield "name_dob", (*_unordered(one, other), whole)
        for pair in near:
            yield "name_dob_near", (*pair, whole)
            yield "name_day", (*pair, *ends)
        for word in words:
            yield "word_dob", (sound(word), whole)


def _names_and_house(words: list[str], house: Place) -> Iterator[Composite]:
    near, streets = _near(words), [sound(street) for street in _telling(house)]
    for town in _towns(house):
        for one, other in combinations(words, 2):
            yield "name_town", (*_unordered(one, other), town)
        for pair in near:
            yield "name_town_near", (*pair, town)
        for word in words:
            for street in streets:
                yield "word_street", (sound(word), street, town)
    for number in house.numbers[:2]:
        for one, other in combinations(words, 2):
            yield "name_house", (*_unordered(one, other), number, house.street[:5])
        for word in words:
            yield "word_house", (sound(word), number, house.street[:5])


def _days_and_house(days: tuple[date, ...], house: Place) -> Iterator[Composite]:
    for day in days:
        if (day.month, day.day) == (1, 1):
            continue
        whole = day.isoformat()
        for number in house.numbers[:2]:
            yield "dob_house", (whole, number, house.street[:5])
        for street in _telling(house):
            yield "dob_street", (whole, street[0], sound(street))
        for town in _towns(house):
            yield "dob_town", (whole, town)


def _near(words: list[str]) -> list[Parts]:
    """Return how pairs of the words sound, a short form also as the full names that it may stand for."""
    forms = {word: [word, *sorted(full_forms(word) - {word})[:3]] for word in words}
    found = set()
    for one, other in combinations(words, 2):
        found |= {_unordered(sound(form), sound(other)) for form in forms[one]}
        found |= {_unordered(sound(one), sound(form)) for form in forms[other]}
    return sorted(found)[:MAX_NEAR]


def _telling(house: Place) -> list[str]:
    """Return the words of a street that tell it from another, the longest first. Where every word says only what kind of
    place it is, or is short (Church Street, Ash Road), it is the first of its roads with the word before.
    """
    words = house.street.split()
    telling = {word for word in words if len(word) >= 4 and not is_kind_of_place(word)}
    roads = [before + word for before, word in pairwise(words) if is_road(word)]
    return sorted(telling, key=lambda word: (-len(word), word))[:MAX_STREETS] or roads[:1]


def _towns(house: Place) -> list[str]:
    return [town for town in dict.fromkeys((house.postcode, house.suburb or house.city)) if town]


def _unordered(one: str, other: str) -> Parts:
    return (min(one, other), max(one, other))
