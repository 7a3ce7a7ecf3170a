"""Dates of birth as people write them. An impossible date is data: two records that share it share something."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from anyascii import anyascii

from casebus.intake.countries import country as country_code
from casebus.matching.normal.text import DropReason, clean

Day = tuple[int, int, int]
"""Year, month, day; a zero stands for what is not known."""

MAX_LENGTH = 60
DECISIVE = 20
"""So many dates of a file that can be read in one order only decide how the others are read..."""
AGREEING = 0.95
"""...if at least this share of them is in one order."""

_PLACEHOLDERS = frozenset([(1900, 1, 1), (1970, 1, 1), (1, 1, 1), (9999, 12, 31), (1899, 12, 30), (1753, 1, 1)])
_MONTH_FIRST = frozenset(["US", "PH", "FM", "PW", "MH"])
_MONTHS: tuple[tuple[str, ...], ...] = (
    ("jan", "ene", "gen", "yan", "sty", "led"),
    ("feb", "fev", "fab", "lut", "uno"),
    ("mar", "maer", "mae", "mrt", "bre"),
    ("apr", "avr", "abr", "kwi", "dub"),
    ("may", "mai", "mei", "maj", "mag"),
    ("jun", "juin", "giu", "iyun", "iun", "cze"),
    ("jul", "juil", "lug", "iyul", "iul", "lip"),
    ("aug", "aou", "ago", "avg", "sie"),
    ("sep", "set", "wrz", "zar"),
    ("oct", "okt", "out", "ott", "paz", "rij"),
    ("nov", "noy", "noe"),
    ("dec", "dez", "dic", "dek", "gru", "pro"),
)
_BY_PREFIX = {prefix: number for number, prefixes in enumerate(_MONTHS, 1) for prefix in prefixes}
_TIME = re.compile(r"[t ]\d{1,2}:\d\d.*$")
_YEAR_FIRST = re.compile(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_YEAR_MONTH = re.compile(r"(\d{4})[-/. ](\d{1,2})")
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/. ](\d{4})")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/. ]+(\d{1,2})[-/. ]+(\d{4}|\d\d)")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[a-z]+")


class Order(StrEnum):
    """In which order a register writes day and month."""

    day_first = "day first"
    month_first = "month first"
    unknown = "unknown"


@dataclass(frozen=True, slots=True)
class Orders:
    """What a file's own dates say of their order, per country as written in the file."""

    seen: dict[str, Order]

    def of(self, country: str) -> Order:
        """Return the order for a record of a country: what the file shows, else what the country does."""
        shown = self.seen.get(country.strip(), Order.unknown)
        if shown is not Order.unknown:
            return shown
        code = country_code(country)
        if code is None:
            return Order.unknown
        return Order.month_first if code in _MONTH_FIRST else Order.day_first


def orders(dates: Iterable[tuple[str, str]]) -> Orders:
    """Return how a file writes its dates, from those that can be read in one way only. Takes (date, country) pairs."""
    votes: dict[str, list[int]] = {}
    for text, country in dates:
        found = _YEAR_LAST.fullmatch(text.strip()[:MAX_LENGTH])
        if found:
            tally = votes.setdefault(country.strip(), [0, 0])
            first, second = int(found[1]), int(found[2])
            tally[0] += first > 12 >= second
            tally[1] += second > 12 >= first
    return Orders({country: _decided(*tally) for country, tally in votes.items()})


def _decided(day_first: int, month_first: int) -> Order:
    total = day_first + month_first
    if total < DECISIVE:
        return Order.unknown
    if day_first >= AGREEING * total:
        return Order.day_first
    return Order.month_first if month_first >= AGREEING * total else Order.unknown


def readings(text: str, order: Order) -> tuple[Day, ...]:
    """Return the days that a date may name, likeliest first; none for what is no date or stands for "unknown"."""
    cleaned = clean(text, MAX_LENGTH)
    if isinstance(cleaned, DropReason):
        return ()
    plain = _TIME.sub("", anyascii(cleaned).lower()).strip(" .,z")
    found = _numeric(plain, order) or _with_month_name(plain) or _year_only(plain)
    return tuple(day for day in dict.fromkeys(found) if day not in _PLACEHOLDERS)


def _numeric(text: str, order: Order) -> list[Day]:
    if found := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        return [(int(found[1]), int(found[2]), int(found[3]))]
    if found := _YEAR_LAST.fullmatch(text):
        return _in_order(int(found[1]), int(found[2]), found[3], order)
    if found := _YEAR_MONTH.fullmatch(text):
        return [(int(found[1]), int(found[2]), 0)]
    if found := _MONTH_YEAR.fullmatch(text):
        return [(int(found[2]), int(found[1]), 0)]
    return []


def _in_order(first: int, second: int, year: str, order: Order) -> list[Day]:
    """Return the readings of `first/second/year`: one if only one is possible or the order is known."""
    day_first, month_first = (second, first), (first, second)
    if first > 12 >= second or (order is Order.day_first and not second > 12 >= first):
        chosen = [day_first]
    elif second > 12 >= first or order is Order.month_first:
        chosen = [month_first]
    else:
        chosen = [day_first, month_first]
    return [(full, month, day) for full in _years(year) for month, day in chosen]


def _years(text: str) -> list[int]:
    """Return the years that two digits may mean."""
    if len(text) == 4:
        return [int(text)]
    return [1900 + int(text)] if int(text) > 30 else [1900 + int(text), 2000 + int(text)]


def _with_month_name(text: str) -> list[Day]:
    """Return the day of a date with its month as a word, in the order `3 May 1990`, `May 3, 1990` or `1990 May 3`."""
    months = [number for word in _WORD.findall(text) if (number := _month(word))]
    numbers = [int(number) for number in _NUMBER.findall(text) if len(number) <= 4]
    if len(months) == 1 and len(numbers) in (1, 2):
        year = max(numbers)
        day = min(numbers) if len(numbers) == 2 else 0
        return [(year, months[0], day)] if year > 31 else []
    if len(numbers) == 3 and numbers[0] > 31 and not text.isascii():
        return [(numbers[0], numbers[1], numbers[2])]
    return _east_asian(text, numbers)


def _east_asian(text: str, numbers: list[int]) -> list[Day]:
    """Return the day of `1990年5月3日`, which in Latin letters is `1990nian5yue3ri`."""
    in_words = "nian" in text or "nyeon" in text
    return [(numbers[0], numbers[1], numbers[2])] if in_words and len(numbers) == 3 else []


def _month(word: str) -> int:
    return _BY_PREFIX.get(word[:4]) or _BY_PREFIX.get(word[:3]) or 0 if len(word) >= 3 else 0


def _year_only(text: str) -> list[Day]:
    found = _YEAR.search(text)
    return [(int(found[1]), 0, 0)] if found else []
