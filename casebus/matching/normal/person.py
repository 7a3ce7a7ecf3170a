"""The words of a name and the days that a birth date may mean, as written in any order of either."""

import re
from datetime import date

from casebus.intake.times import LAST_YEAR
from casebus.matching.normal.scripts import drawn_in_latin, is_mixed, without_symbols
from casebus.matching.normal.text import DropReason, clean, fold, stands_for_nothing
from casebus.matching.register.names import words

MAX_NAME = 200
MAX_DATE = 40
MAX_WORDS = 5
"""Of a longer name the first two and last three words count, which bounds the pairs at ten."""

_APOSTROPHES = re.compile(r"['\u2018\u2019\u02bc`´]")
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
_NOBODYS_WORDS = frozenset(
    [
        "unknown", "unk", "not", "known", "stated", "none", "null", "undefined", "anonymous", "test", "testing", "tester",
        "user", "guest", "admin", "example", "sample", "dummy", "default", "deleted", "redacted", "withheld", "removed",
        "first", "last", "middle", "given", "family", "full", "name", "surname", "firstname", "lastname", "person", "male",
        "female", "man", "woman",
    ]
)  # fmt: skip
_NO_NAME = re.compile(r"@|://|\bwww\.")  # an e-mail address or a web address in the field for a name

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

_FIRST_YEAR = 1901
_EPOCHS = (date(1970, 1, 1), date(1904, 1, 1), date(1980, 1, 1))


def name_words(name: str) -> list[str] | DropReason:
    """Return the words of a name in small Latin letters, without titles, particles and initials: two at least.

    Whatever its script: a Cyrillic, Greek, Arabic or Chinese name meets its usual romanisation. One written without a
    space (Chinese, Korean) is its family name and its given name.
    """
    cleaned = clean(name, MAX_NAME)
    if isinstance(cleaned, DropReason):
        return cleaned
    if _NO_NAME.search(cleaned):
        return DropReason.NOT_A_NAME
    found = _words(cleaned)
    if stands_for_nothing(" ".join(found)) or set(found) in _NOBODY or _NOBODYS_WORDS.issuperset(found):
        return DropReason.PLACEHOLDER
    if len(found) < 2:
        return DropReason.ONE_NAME
    return found if len(found) <= MAX_WORDS else found[:2] + found[-3:]


def _words(cleaned: str) -> list[str]:
    folded = fold(without_symbols(_APOSTROPHES.sub("", cleaned)))
    drawn = [drawn_in_latin(word) if is_mixed(word) else word for word in folded.split()]
    kept = [word for word in words(" ".join(drawn)) if word not in _NOT_NAMES and len(word) > 1 and not word.isdigit()]
    return list(dict.fromkeys(kept))


def birth_dates(text: str) -> tuple[date, ...] | DropReason:
    """Return the day that a date names, or both days where day and month cannot be told apart."""
    cleaned = clean(text, MAX_DATE)
    if isinstance(cleaned, DropReason):
        return DropReason.NO_BIRTH_DATE if cleaned is DropReason.EMPTY else cleaned
    readings = {day for triple in _readings(fold(cleaned)) if (day := _day(*triple))}
    if not readings:
        return DropReason.NO_BIRTH_DATE
    plausible = sorted(day for day in readings if _FIRST_YEAR <= day.year <= LAST_YEAR and day not in _EPOCHS)
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
