"""Times as documents state them, with what they are worth. Nothing is guessed.

Wrong readings of a time have put innocent families through searches: GMT read as local time, a 12-hour clock read as
24-hour, MM/DD read as DD/MM. So a statement keeps what was written,
and names an instant only where the text itself leaves no choice.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

from casebus.events.enumerations import TimeMeaning, TimeQuality
from casebus.events.types import TimeStatement

FIRST_YEAR = 1995
LAST_YEAR = 2035
GRACE = timedelta(days=1)
"""How far after its own receipt a time may lie: offsets span a day."""

_MAX_LENGTH = 60
_MAX_RAW = 40
_CENTURIES = ("00", "16", "19", "20", "21")
"""Those of real times and of the zero points that systems count from (0001, 1601, 1970)."""
# [0-9], never \d: \d takes the digits of every script.
_DATE = r"(?:(?P<y>[0-9]{4})(?P<s1>[-/.])(?P<mo>[0-9]{1,2})(?P=s1)(?P<d>[0-9]{1,2})" + (
    r"|(?P<a>[0-9]{1,2})(?P<s2>[-/.])(?P<b>[0-9]{1,2})(?P=s2)(?P<y2>[0-9]{4}|[0-9]{2}))"
)
_CLOCK = r"(?P<h>[0-9]{1,2}):(?P<mi>[0-9]{2})(?::(?P<sec>[0-9]{2})(?:[.,](?P<f>[0-9]{1,9}))?)?"
_HALF = r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
_ZONE = r"(?: ?(?P<zone>[Zz]|UTC|GMT|[+\-][0-9]{2}(?::?[0-9]{2})?))?"
_STATED = re.compile(rf"{_DATE}(?:(?:[Tt]| {{1,3}}){_CLOCK}{_HALF}{_ZONE}(?P<rest>.*))?", re.DOTALL)
_BASIC = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})[Tt]([0-9]{2})([0-9]{2})([0-9]{2})(.*)", re.DOTALL)
_RAW = re.compile(r"[0-9TZ:+\-./ ]*")


def stated_time(text: str | None, meaning: TimeMeaning, *, not_after: datetime | None = None) -> TimeStatement:
    """Return what a text says about when something happened.

    `not_after` is when the document itself was received, if it says so: a time more than `GRACE` later is IMPLAUSIBLE,
    as is a year outside `FIRST_YEAR` to `LAST_YEAR` (there is no clock here). Only EXACT_OFFSET and UTC_ASSERTED carry
    an instant. Never raises.
    """
    text = (text or "").strip()
    if not text:
        return _statement(meaning, TimeQuality.MISSING)
    found = _STATED.fullmatch(_extended(text)) if len(text) <= _MAX_LENGTH else None
    if found is None:
        return _statement(meaning, TimeQuality.UNPARSEABLE)
    reading = _read(found)
    instant, quality = reading.instant, reading.quality
    if instant is not None and not_after is not None and instant > not_after + GRACE:
        instant, quality = None, TimeQuality.IMPLAUSIBLE
    return _statement(meaning, quality, instant=instant, offset=reading.offset, raw=_raw(text, found))


def missing(meaning: TimeMeaning) -> TimeStatement:
    """Return the statement that nothing was stated."""
    return _statement(meaning, TimeQuality.MISSING)


def calendar_dates(text: str | None) -> tuple[date, ...]:
    """Return every calendar date that a text may name: none, one, or two where day and month can be exchanged.

    A time after the date is passed over. A year alone is its first and its last day. For birth dates.
    """
    text = (text or "").strip()
    if re.fullmatch(r"[0-9]{4}", text):
        return _real([(int(text), 1, 1), (int(text), 12, 31)])
    found = _STATED.fullmatch(_extended(text)) if len(text) <= _MAX_LENGTH else None
    return _real(_orders(found)) if found else ()


@dataclass(frozen=True, slots=True)
class _Reading:
    quality: TimeQuality
    instant: datetime | None = None
    offset: int | None = None


def _read(found: re.Match[str]) -> _Reading:
    dates = _real(_orders(found))
    if not dates:
        return _Reading(TimeQuality.UNPARSEABLE)
    if not FIRST_YEAR <= dates[0].year <= LAST_YEAR:
        return _Reading(TimeQuality.IMPLAUSIBLE)
    if len(dates) > 1:
        return _Reading(TimeQuality.AMBIGUOUS_DAY_MONTH)
    if found["h"] is None:
        return _Reading(TimeQuality.DATE_ONLY)
    clock = _clock(found)
    if clock is None:
        return _Reading(TimeQuality.UNPARSEABLE)
    return _placed(datetime.combine(dates[0], datetime.min.time()) + clock, found["zone"], found["rest"])


def _placed(local: datetime, zone: str | None, rest: str) -> _Reading:
    """Place a local time by its zone. Words such as BST or EST are not an offset: they mean several."""
    if zone is None or rest.strip():
        return _Reading(TimeQuality.NO_OFFSET if zone is None else TimeQuality.UNPARSEABLE)
    # RFC 3339 §4.3: -00:00 says that the time is UTC and the local offset unknown.
    if zone.upper() == "GMT":
        # The word is also used for the time on British clocks in summer; IPCO's 2018 errors were this one.
        return _Reading(TimeQuality.OFFSET_ASSUMED, None, 0)
    if zone.upper() in ("Z", "UTC") or zone in ("-00:00", "-0000", "-00"):
        return _Reading(TimeQuality.UTC_ASSERTED, local.replace(tzinfo=UTC), 0)
    digits = zone[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 14 or minutes > 59:
        return _Reading(TimeQuality.UNPARSEABLE)
    offset = (hours * 60 + minutes) * (-1 if zone[0] == "-" else 1)
    instant = local.replace(tzinfo=timezone(timedelta(minutes=offset))).astimezone(UTC)
    return _Reading(TimeQuality.EXACT_OFFSET, instant, offset)


def _orders(found: re.Match[str]) -> list[tuple[int, int, int]]:
    if found["y"] is not None:
        return [(int(found["y"]), int(found["mo"]), int(found["d"]))]
    if len(found["y2"]) != 4:
        return []  # a year of two digits is a guess
    year, first, second = int(found["y2"]), int(found["a"]), int(found["b"])
    return [(year, second, first), (year, first, second)]


def _real(orders: list[tuple[int, int, int]]) -> tuple[date, ...]:
    dates = []
    for year, month, day in orders:
        try:
            dates.append(date(year, month, day))
        except ValueError:
            continue  # the 13th month, 30 February: this order is not what was meant
    return tuple(dict.fromkeys(dates))


def _clock(found: re.Match[str]) -> timedelta | None:
    """Return the time since midnight. One digit for the hour without AM or PM may be either clock: None."""
    hour, minute, second = int(found["h"]), int(found["mi"]), int(found["sec"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"] in "Pp" else 0)
    elif len(found["h"]) != 2:
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    micros = int((found["f"] or "0").ljust(6, "0")[:6])
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=micros)


def _extended(text: str) -> str:
    """Return ISO 8601's basic form in its extended one; every other text as it is."""
    found = _BASIC.fullmatch(text)
    return "{}-{}-{}T{}:{}:{}{}".format(*found.groups()) if found else text


def _raw(text: str, found: re.Match[str]) -> str | None:
    """Return what was written where it is a time in a known shape and nothing else: digits may be a phone number."""
    year = found["y"] or found["y2"]
    is_year = year[:2] in _CENTURIES if len(year) == 4 else max(int(found["a"]), int(found["b"])) <= 31
    is_all = not (found["rest"] or "").strip()
    return text if is_year and is_all and len(text) <= _MAX_RAW and _RAW.fullmatch(text) else None


def _statement(
    meaning: TimeMeaning,
    quality: TimeQuality,
    *,
    instant: datetime | None = None,
    offset: int | None = None,
    raw: str | None = None,
) -> TimeStatement:
    return TimeStatement(meaning=meaning, instant=instant, raw=raw, stated_offset_minutes=offset, quality=quality)
