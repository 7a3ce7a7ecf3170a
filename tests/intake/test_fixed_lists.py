"""What an event may name comes from fixed lists; identifiers are put in order once."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebus.events.enumerations import AssertionKind, IdentifierType
from casebus.intake.adapter import Identifier
from casebus.intake.countries import COUNTRIES, countries, country
from casebus.intake.identifiers import MAX_VALUE, settle
from casebus.intake.reports import named_reports
from casebus.intake.services import OTHER, SERVICES, slug

MINED = AssertionKind.MINED_FROM_TEXT


def email(value: str, number: int = 0, certainty: AssertionKind = AssertionKind.USER_DECLARED) -> Identifier:
    return Identifier(IdentifierType.EMAIL, value, number, certainty=certainty)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ExampleChat, Inc.", "examplechat"),
        ("EXAMPLEGRAM", "examplegram"),
        ("Snap Inc.", "snapchat"),
        ("X Corp.", "x"),
        ("Twitter", "x"),
        ("Meta Platforms, Inc.", OTHER),
        ("Cash App", "cash_app"),
        ("", OTHER),
        ("🦊", OTHER),
        ("x" * 10_000, OTHER),
    ],
)
def test_a_platform_has_one_slug(name, expected):
    assert slug(name) == expected


@given(name=st.text())
def test_any_name_gives_a_slug_of_the_list(name):
    assert slug(name) in {*SERVICES, OTHER}


def test_every_slug_fits_its_field_and_names_itself():
    assert all(re.fullmatch(r"[a-z0-9_]{1,40}", one) and slug(one) == one for one in SERVICES)


@pytest.mark.parametrize(
    ("text", "code"),
    [("nz", "NZ"), ("UK", "GB"), (" New  Zealand ", "NZ"), ("A1", None), ("EU", None), ("", None), (None, None)],
)
def test_a_country_is_one_of_iso_3166(text, code):
    assert country(text) == code


def test_there_are_249_countries():
    assert len(COUNTRIES) == 249
    assert countries(["UK", None, "NZ", "GB", "AP"]) == ("GB", "NZ")


def test_an_identifier_stands_once_and_its_subjects_count_from_zero():
    settled = settle([email("a@example.org", 7), email("A@EXAMPLE.ORG", 7), email("b@example.org", 4), email("  ", 4)])
    assert [(one.value, one.subject_no) for one in settled] == [("a@example.org", 0), ("b@example.org", 1)]


def test_what_was_mined_gives_way_to_what_was_stated():
    settled = settle([email("a@example.org", 5, MINED), email("a@example.org", 1), email("c@example.org", 5, MINED)])
    assert [(one.value, one.certainty) for one in settled] == [
        ("a@example.org", AssertionKind.USER_DECLARED),
        ("c@example.org", MINED),
    ]


def test_the_same_value_of_two_persons_stays_twos():
    assert len(settle([email("a@example.org", 1), email("a@example.org", 2)])) == 2


def test_a_narrative_in_the_wrong_place_is_no_identifier():
    assert settle([email("x" * (MAX_VALUE + 1))]) == ()


def test_prior_reports_are_numbers_and_nothing_else():
    assert [key.number for key in named_reports(["900000001, 900000002", "see above", "900000001", "1" * 21])] == [
        "900000001",
        "900000002",
    ]
