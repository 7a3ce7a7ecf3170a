"""Whether the person behind a reported account may be a child: the first question about a tip.

Most reports about New Zealand children concern material that the child posted; the account's holder is then the child.
What makes a person a possible child errs on the child's side. An adult age or birth date proves nothing, because
children type one in to open an account: the answer NO comes from an agency's own assessment only.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date

from casebus.events.enumerations import ChildIndicator, SubjectCategory, TimeQuality, TriState
from casebus.events.types import PossibleChild, TimeStatement
from casebus.intake.times import calendar_dates

ADULT_AT = 18
UNDATED = date(2026, 1, 1)
"""As of when a birth date is read in a document that states no date at all. Fixed, so that replay says the same."""

_NUMBER = re.compile(r"(?<![0-9])[0-9]{1,3}(?![0-9])")
_WHOLE_AGE = re.compile(r"([-−]?)\s?([0-9]{1,20})", re.ASCII)
_MAX_TEXT = 60
_OLDEST = 130
_FIRST_BORN = 1880
AGE, BIRTH_DATE = "age", "date of birth"
"""The kinds of what is stated of a person beside identifiers, as a report names them."""


def reference_date(times: Iterable[TimeStatement]) -> date:
    """Return the day as of which ages count: that of the first statement that names one."""
    for time in times:
        if time.instant is not None:
            return time.instant.date()
        if time.quality in (TimeQuality.NO_OFFSET, TimeQuality.DATE_ONLY, TimeQuality.OFFSET_ASSUMED):
            days = calendar_dates(time.raw)
            if days:
                return days[0]
    return UNDATED


def states_child_age(age: str | None) -> bool:
    """Tell whether a stated age ("13", "13-15", "about 16 years") has a number under 18 in it."""
    return any(int(number) < ADULT_AT for number in _NUMBER.findall((age or "")[:_MAX_TEXT]))


def is_child_by_birth(date_of_birth: str | None, as_of: date) -> bool:
    """Tell whether any reading of a birth date makes a person younger than 18 on a day; one after it says nothing."""
    return any(0 <= _age(born, as_of) < ADULT_AT for born in calendar_dates(date_of_birth))


def impossible_of(ages: Iterable[str | None], date_of_birth: str | None) -> tuple[str, ...]:
    """Return which of what is stated of a person cannot be so, by its kind: an age below 0 or above 130, a birth date
    that no calendar has. Whoever filed the document is told; an age that is merely odd still counts on the child's side.
    """
    found = [AGE for age in ages if age and _is_impossible(age)]
    born = (date_of_birth or "").strip()
    if any(letter.isdigit() for letter in born) and not any(day.year >= _FIRST_BORN for day in calendar_dates(born)):
        found.append(BIRTH_DATE)
    return tuple(found)


def _is_impossible(age: str) -> bool:
    stated = _WHOLE_AGE.fullmatch(age.strip()[:_MAX_TEXT])
    return stated is not None and (bool(stated[1]) or int(stated[2]) > _OLDEST)


def indicators_of(age: str | None, date_of_birth: str | None, as_of: date) -> tuple[ChildIndicator, ...]:
    """Return what about one person says that it may be a child."""
    found = []
    if states_child_age(age):
        found.append(ChildIndicator.AGE_STATED)
    if is_child_by_birth(date_of_birth, as_of):
        found.append(ChildIndicator.BIRTH_DATE)
    return tuple(found)


def possible_child(indicators: Iterable[ChildIndicator], assessed: TriState = TriState.NOT_STATED) -> PossibleChild:
    """Return the answer for a record. `assessed` is the agency's own; its NO holds only against no indicator at all."""
    found = set(indicators)
    if assessed is TriState.YES:
        found.add(ChildIndicator.AGENCY_ASSESSED)
    answer = TriState.YES if found else assessed
    return PossibleChild(answer=answer, indicators=tuple(one for one in ChildIndicator if one in found))


def category_of(
    indicators: Sequence[ChildIndicator], *, compromised: bool = False, otherwise: SubjectCategory
) -> SubjectCategory:
    """Return whose identifiers they are: a possible child's, the holder's of a compromised account, or `otherwise`."""
    if indicators:
        return SubjectCategory.POSSIBLE_CHILD
    return SubjectCategory.POSSIBLE_VICTIM_ACCOUNT_COMPROMISED if compromised else otherwise


def _age(born: date, as_of: date) -> int:
    return as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))
