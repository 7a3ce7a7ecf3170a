"""A name with a date of birth, in any order of either. Neither goes anywhere alone: each is guessable by its frequency."""

import re
import unicodedata
from datetime import date
from itertools import combinations

from casebus.matching.normal.text import DropReason, Parts, clean, fold, stands_for_nothing, without_marks

MAX_NAME = 200
MAX_DATE = 40
MAX_WORDS = 5
"""Of a longer name the first two and last three words count, which bounds the pairs at ten."""

_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})
_APOSTROPHES = re.compile(r"['\u2018\u2019\u02bc`´]")
_BETWEEN_WORDS = re.compile(r"[\W\d_]+")
_NOT_NAMES = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "dr",
        "prof",
        "sir",
        "dame",
        "lord",
        "lady",
        "jr",
        "sr",
        "junior",
        "senior",
        "ii",
        "iii",
        "iv",
        "van",
        "von",
        "der",
        "den",
        "de",
        "del",
        "della",
        "di",
        "da",
        "dos",
        "das",
        "du",
        "la",
        "le",
        "el",
        "al",
        "bin",
        "ibn",
        "bint",
        "ben",
        "abu",
        "y",
        "e",
        "i",
    ]
)
_NOBODY = ({"john", "doe"}, {"jane", "doe"})
_UNSPACED = ("CJK", "HANGUL", "HIRAGANA", "KATAKANA", "THAI", "KHMER", "LAO")

_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ],
        start=1,
    )
    for name in names.split()
}
_YEAR_FIRST = re.compile(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})(?:[t ][\d:.]+(?:z|[+-]\d\d:?\d\d)?)?")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/. ]+(\d{1,2})[-/. ]+(\d{4})")
_DAY_WORD = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[-/. ]*(?:of )?([a-z]{3,9})\.?[-/., ]*(\d{4})")
_WORD_DAY = re.compile(r"([a-z]{3,9})\.?[-/ ]*(\d{1,2})(?:st|nd|rd|th)?[-/., ]+(\d{4})")

_FIRST_YEAR, _LAST_YEAR = 1901, 2098
_EPOCHS = (date(1970, 1, 1), date(1904, 1, 1), date(1980, 1, 1))


def name_with_birth_date(name: str, born: str | None) -> tuple[Parts, ...] | DropReason:
    """Return one form for each pair of the name's words with each reading of the date.

    Pairs, not whole names, so that a middle name on one side only does not part two records of one person.
    """
    pairs = name_pairs(name)
    if isinstance(pairs, DropReason):
        return pairs
    days = birth_dates(born or "")
    if isinstance(days, DropReason):
        return days
    return tuple((*pair, day.isoformat()) for day in days for pair in pairs)


def often_a_default(form: Parts) -> bool:
    """Tell whether a form's date is 1 January, which people and clerks write when they mean "some day that year"."""
    return form[-1].endswith("-01-01")


def name_pairs(name: str) -> tuple[Parts, ...] | DropReason:
    """Return the unordered pairs of a name's words, without titles, particles and initials."""
    cleaned = clean(name, MAX_NAME)
    if isinstance(cleaned, DropReason):
        return cleaned
    words = _words(cleaned)
    if stands_for_nothing(" ".join(words)) or set(words) in _NOBODY:
        return DropReason.PLACEHOLDER
    if len(words) == 1 and len(words[0]) > 1 and unicodedata.name(words[0][0], "").startswith(_UNSPACED):
        return ((words[0], ""),)  # written without a space: family and given name in one
    if len(words) < 2:
        return DropReason.ONE_NAME
    if len(words) > MAX_WORDS:
        words = words[:2] + words[-3:]
    return tuple(sorted({(min(pair), max(pair)) for pair in combinations(words, 2)}))


def _words(cleaned: str) -> list[str]:
    bare = without_marks(fold(_APOSTROPHES.sub("", cleaned))).translate(_LETTERS)
    words = [word for word in _BETWEEN_WORDS.split(bare) if word]
    kept = [word for word in words if word not in _NOT_NAMES and not (len(word) == 1 and word.isascii())]
    return list(dict.fromkeys(kept))


def birth_dates(text: str) -> tuple[date, ...] | DropReason:
    """Return the day that a date names, or both days where day and month cannot be told apart."""
    cleaned = clean(text, MAX_DATE)
    if isinstance(cleaned, DropReason):
        return DropReason.NO_BIRTH_DATE if cleaned is DropReason.EMPTY else cleaned
    readings = {day for triple in _readings(fold(cleaned)) if (day := _day(*triple))}
    if not readings:
        return DropReason.NO_BIRTH_DATE
    plausible = sorted(day for day in readings if _FIRST_YEAR <= day.year <= _LAST_YEAR and day not in _EPOCHS)
    return tuple(plausible) or DropReason.PLACEHOLDER


def _readings(text: str) -> list[tuple[int, int, int]]:
    """Return (year, month, day) for each way to read a date. A two-digit year is not guessed at."""
    found = _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text)
    if found:
        return [(int(found[1]), int(found[2]), int(found[3]))]
    if found := _YEAR_LAST.fullmatch(text):
        first, second, year = int(found[1]), int(found[2]), int(found[3])
        return [(year, second, first), (year, first, second)]
    if found := _DAY_WORD.fullmatch(text):
        return [(int(found[3]), _MONTHS.get(found[2], 0), int(found[1]))]
    if found := _WORD_DAY.fullmatch(text):
        return [(int(found[3]), _MONTHS.get(found[1], 0), int(found[2]))]
    return []


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
