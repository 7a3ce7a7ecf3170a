"""Putting the identifiers of one document in order before they leave the adapter."""

from collections.abc import Iterable
from dataclasses import replace

from casebus.events.enumerations import AssertionKind, IdentifierType
from casebus.events.types import TimeStatement
from casebus.intake.adapter import Identifier

MAX_VALUE = 1000
"""Longer than any identifier: such a text is a narrative in the wrong place, and stays in the document."""

MAX_SUBJECT_NO = 100_000


def settle(identifiers: Iterable[Identifier]) -> tuple[Identifier, ...]:
    """Return each identifier once, in order, its subjects numbered from 0 as they first appear.

    What was mined from text gives way to the same value stated in a field of its own, whosever it was said to be.
    """
    given = [one for one in identifiers if one.value.strip() and _longest(one) <= MAX_VALUE]
    stated = {_value(one) for one in given if one.certainty is not AssertionKind.MINED_FROM_TEXT}
    kept: dict[object, Identifier] = {}
    numbers: dict[int, int] = {}
    for one in given:
        if one.certainty is AssertionKind.MINED_FROM_TEXT and _value(one) in stated:
            continue
        if (key := _identity(one)) not in kept:
            number = numbers.setdefault(one.subject_no, min(len(numbers), MAX_SUBJECT_NO))
            kept[key] = replace(one, subject_no=number)
    return tuple(kept.values())


def _value(one: Identifier) -> tuple[IdentifierType, str, TimeStatement | None]:
    seen_at = one.seen_at if one.kind is IdentifierType.IP_AT_TIME else None
    return one.kind, one.value.strip().casefold(), seen_at


def _identity(one: Identifier) -> object:
    house = (one.address, one.postcode, one.city)
    return _value(one), one.subject_no, one.service, one.date_of_birth, one.port, house


def _longest(one: Identifier) -> int:
    return max(len(text or "") for text in (one.value, one.address, one.postcode, one.city))
