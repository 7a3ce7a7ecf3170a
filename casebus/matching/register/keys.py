"""What two records must share to be compared at all: many small keys, so that no single slip keeps two records apart.

A key is a number that is made of a kind and a few parts; records of one key form a block. Keys are only a way to find
candidates: that two records share one says nothing about what it is worth.
"""

from collections.abc import Iterator
from itertools import combinations

from casebus.matching.register.names import full_forms, sound
from casebus.matching.register.record import Record

KINDS = 48
LOOSE = range(39, KINDS)
"""The kinds of `_alone`: one word, a part of one, two parts of a date."""
MAX_WORDS = 10
_MASK = (1 << 64) - 1

Key = tuple[int, int]
"""Kind and number."""


class Symbols:
    """Texts as small numbers: Python's hash of a text changes from run to run, that of a number does not."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self.frozen = False

    def __call__(self, text: str) -> int:
        """Return the number of a text; once frozen, -2 for one that was not seen before."""
        if self.frozen:
            return self._known.get(text, -2)
        return self._known.setdefault(text, len(self._known))


def keys(record: Record, symbol: Symbols) -> set[Key]:
    """Return the keys of a record."""
    return {(parts[0], hash(parts) & _MASK) for parts in _parts(record, symbol)}


def identifiers(record: Record, symbol: Symbols) -> set[Key]:
    """Return those keys of a record that are made of what a person alone has."""
    return {(parts[0], hash(parts) & _MASK) for parts in _identifiers(record, symbol)}


def _parts(record: Record, symbol: Symbols) -> Iterator[tuple[int, ...]]:
    yield from _identifiers(record, symbol)
    words = _words(record)
    yield from _alone(record, words, symbol)
    if words:
        yield from _names(record, words, symbol)
        yield from _names_with_places(record, words, symbol)
    yield from _dates(record, words, symbol)
    yield from _places(record, symbol)


def _alone(record: Record, words: list[str], symbol: Symbols) -> Iterator[tuple[int, ...]]:
    """Yield parts that are worth something in small registers only: in large ones too many records have them."""
    for word in words:
        yield 39, symbol(word)
        yield 40, symbol(sound(word))
        if len(word) > 3:
            yield 41, symbol(word[:3])
            yield 42, symbol(word[-3:])
    for local, _ in record.email:
        yield 43, symbol(local[:4])
        yield 44, symbol(local[-4:])
    for year, month, day in record.born:
        if month:
            yield 45, year, month
            yield 46, min(month, day), max(month, day)
            yield 47, year, day


def _words(record: Record) -> list[str]:
    every = set(record.name.words)
    for other in record.also:
        every |= other.words
    return sorted(every)[:MAX_WORDS]


def _identifiers(record: Record, symbol: Symbols) -> Iterator[tuple[int, ...]]:
    kinds = (record.national, record.phone, record.device, record.wallet, record.bank, record.account, record.ip)
    for kind, values in enumerate(kinds):
        for value in values:
            yield kind, symbol(value)
    for local, domain in record.email:
        yield 7, symbol(local), symbol(domain)
        if len(local) > 4:
            yield 8, symbol(local)
        if len(local) > 5:
            yield 9, symbol(local[:5]), symbol(domain[:3])
            yield 10, symbol(local[-5:]), symbol(domain[:3])
    for handle in record.handles | record.mail_handles:
        yield 11, symbol(handle)


def _given(record: Record) -> set[str]:
    """Return the given names with the full names that they may be short for."""
    own = {word for name in (record.name, *record.also) for word in (*name.given.split(), *name.middle)}
    return {full for word in sorted(own)[:MAX_WORDS] for full in full_forms(word)}


def _surnames(record: Record) -> set[str]:
    return {word for name in (record.name, *record.also) for word in name.surname.split()}


def _names(record: Record, words: list[str], symbol: Symbols) -> Iterator[tuple[int, ...]]:
    for one, other in combinations(words, 2):
        yield 12, symbol(one), symbol(other)
    for one, other in combinations(sorted({sound(word) for word in words if len(word) > 1}), 2):
        yield 13, symbol(one), symbol(other)
    given, surnames = _given(record), _surnames(record)
    years = {day[0] for day in record.born}
    for surname in surnames:
        for full in given:
            yield 14, symbol(surname), symbol(full)
            for year in years:
                yield 15, symbol(sound(surname)), symbol(full[:1]), year
    whole = record.name.given[:1] + record.name.surname
    if record.name.given and record.name.surname:
        beside = years or {symbol(record.place.postcode)}
        for cut in range(min(len(whole), 24)):
            for year in beside:
                yield 16, symbol(whole[:cut] + whole[cut + 1 :]), year
        for year in beside:
            yield 16, symbol(whole), year


def _names_with_places(record: Record, words: list[str], symbol: Symbols) -> Iterator[tuple[int, ...]]:
    place = record.place
    for word in words:
        if len(word) < 2:
            continue
        heard = symbol(sound(word))
        if place.postcode:
            yield 17, heard, symbol(place.postcode)
        if place.street:
            yield 18, heard, symbol(place.street)
            for number in place.numbers:
                yield 19, heard, symbol(number), symbol(place.street[:5])
        if place.suburb:
            yield 20, symbol(word), symbol(place.suburb)
        if place.city:
            yield 21, symbol(word), symbol(place.city)
        if record.birthplace:
            yield 22, heard, symbol(record.birthplace)
        for number in place.numbers if place.postcode else ():
            yield 23, symbol(word[:2]), symbol(number), symbol(place.postcode)


def _dates(record: Record, words: list[str], symbol: Symbols) -> Iterator[tuple[int, ...]]:
    place = record.place
    where = symbol(record.birthplace or place.city or place.suburb)
    near = symbol(place.postcode[:3])
    for year, month, day in record.born:
        for word in words:
            yield 24, symbol(word), year, near
            yield 25, symbol(word), year, where
        if place.postcode:
            yield 26, symbol(place.postcode), year
        if not month:
            continue
        yield 27, year, month, day
        either = (min(month, day), max(month, day))
        if place.postcode:
            yield 28, year, *either, symbol(place.postcode[:4])
        if place.suburb:
            yield 29, *either, symbol(place.suburb)
        for word in words:
            yield from _word_with_date(word, year, month, day, symbol)


def _word_with_date(word: str, year: int, month: int, day: int, symbol: Symbols) -> Iterator[tuple[int, ...]]:
    either = (min(month, day), max(month, day))
    heard = symbol(sound(word))
    yield 30, heard, year, *either
    if len(word) > 1:
        name = symbol(word)
        yield 31, name, year, month
        yield 32, name, year, day
        yield 33, name, *either
        yield 34, heard, year, day
        yield 35, heard, year, month
        yield 36, heard, *either


def _places(record: Record, symbol: Symbols) -> Iterator[tuple[int, ...]]:
    place = record.place
    if not place.street:
        return
    for number in place.numbers:
        yield 37, symbol(number), symbol(place.street)
        yield 38, symbol(number), symbol(place.postcode), symbol(place.street[:4])
