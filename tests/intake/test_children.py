"""Whether a person may be a child: in doubt, yes; and an adult age is no evidence."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebus.events.enumerations import ChildIndicator, SubjectCategory, TimeMeaning, TriState
from casebus.intake.children import (
    UNDATED,
    category_of,
    indicators_of,
    is_child_by_birth,
    possible_child,
    reference_date,
    states_child_age,
)
from casebus.intake.times import stated_time


@pytest.mark.parametrize("age", ["0", "13", "17", "13-15", "17-19", "about 16 years", "age: 9"])
def test_an_age_under_18_is_a_childs(age):
    assert states_child_age(age)


@pytest.mark.parametrize("age", [None, "", "18", "18-25", "adult", "2009", "150"])
def test_any_other_is_not(age):
    assert not states_child_age(age)


@given(born=st.dates(date(1950, 1, 1), date(2020, 1, 1)), as_of=st.dates(date(1995, 1, 1), date(2035, 12, 31)))
def test_a_birth_date_counts_full_years(born, as_of):
    full_years = sum(
        1 for year in range(born.year + 1, as_of.year + 1) if (year, born.month, born.day) <= as_of.timetuple()[:3]
    )
    assert is_child_by_birth(born.isoformat(), as_of) == (born <= as_of and full_years < 18)


def test_an_ambiguous_birth_date_is_read_on_the_childs_side():
    assert is_child_by_birth("03/10/2006", date(2024, 6, 1))
    assert is_child_by_birth("10/03/2006", date(2024, 6, 1))
    assert not is_child_by_birth("03/10/2006", date(2024, 11, 1))


def test_a_birth_date_after_the_incident_says_nothing():
    assert not is_child_by_birth("2026-01-01", date(2025, 1, 1))


def test_the_day_that_counts_is_the_first_one_stated():
    def at(text):
        return stated_time(text, TimeMeaning.RECEIVED)

    assert reference_date([at("2025-03-02T23:00:00-05:00"), at("2025-04-01")]) == date(2025, 3, 3)
    assert reference_date([at(None), at("2025-04-01")]) == date(2025, 4, 1)
    assert reference_date([at("2025-04-02T10:00:00")]) == date(2025, 4, 2)
    assert reference_date([at("02/03/2025"), at("2099-01-01")]) == UNDATED


def test_the_answer_bears_its_reasons_in_a_fixed_order():
    found = possible_child([ChildIndicator.MINOR_TO_MINOR, ChildIndicator.AGE_STATED])
    assert found.answer is TriState.YES
    assert found.indicators == (ChildIndicator.AGE_STATED, ChildIndicator.MINOR_TO_MINOR)


def test_only_an_agencys_own_assessment_says_no():
    assert possible_child(indicators_of("44", "1980-01-01", date(2025, 1, 1))).answer is TriState.NOT_STATED
    assert possible_child([], TriState.NO).answer is TriState.NO
    assert possible_child([ChildIndicator.AGE_STATED], TriState.NO).answer is TriState.YES
    assert possible_child([], TriState.YES).indicators == (ChildIndicator.AGENCY_ASSESSED,)


def test_a_childs_compromised_account_is_a_childs():
    child = (ChildIndicator.AGE_STATED,)
    reported = SubjectCategory.REPORTED_PERSON
    assert category_of(child, compromised=True, otherwise=reported) is SubjectCategory.POSSIBLE_CHILD
    compromised = category_of((), compromised=True, otherwise=reported)
    assert compromised is SubjectCategory.POSSIBLE_VICTIM_ACCOUNT_COMPROMISED
    assert category_of((), otherwise=reported) is reported
