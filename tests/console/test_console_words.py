"""The console's words: every symbol that a page may meet has some, and times are told as people read them."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pytest

from casebus.cases import wording
from casebus.cases.conflict import ConflictState, SideState
from casebus.cases.desk_history import Verb
from casebus.cases.desk_work import Escalation, Stage
from casebus.console import words
from casebus.console.board import TAB_WORDS, Tab
from casebus.console.outcome_pages import OUTCOME_WORDS
from casebus.errors import UsageError
from casebus.events import enumerations as en

NOW = datetime(2026, 7, 2, 21, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "symbols"),
    [
        (words.SEVERITY, en.Severity),
        (words.SEVERITY_RULE, en.Severity),
        (words.SEVERITY_COLOUR, en.Severity),
        (words.BAND, en.Band),
        (words.BAND_RULE, en.Band),
        (words.KIND, en.IdentifierType),
        (words.AGREEMENT, en.Agreement),
        (words.RARITY, en.Rarity),
        (words.SIDE, SideState),
        (words.STAGE, Stage),
        (wording.NOT_TAKEN_UP, Escalation),
        (wording.IN_HAND, Escalation),
        (words.STATE, ConflictState),
        (words.BASIS, en.CheckBasis),
        (words.PRIORITY, en.Priority),
        (words.POINTER, en.PointerMode),
        (words.STATE_COLOUR, ConflictState),
        (words.OUTCOME, en.ConflictOutcome),
        (words.RETRACTED, en.RetractReason),
        (OUTCOME_WORDS, en.SafeguardOutcome),
        (words.COUNT_RULE, en.CountRule),
        (words.OUTCOME_STATUS, en.OutcomeStatus),
        (words.MEASURE, en.SafeguardMeasure),
        (TAB_WORDS, Tab),
    ],
)
def test_every_symbol_has_words(told: dict[StrEnum, object], symbols: type[StrEnum]) -> None:
    assert set(told) == set(symbols)


def test_words_for_people_follow_the_luxembourg_guidelines() -> None:
    told = (words.OUTCOME, words.SEVERITY_RULE, words.MEASURE, OUTCOME_WORDS)
    said = " ".join(str(each) for of in told for each in of.values()).lower()
    assert not any(
        word in said for word in ("rescued", "offender", "perpetrator", "victim of", "child porn", "suspect")
    )


@pytest.mark.parametrize(
    ("minutes", "told"),
    [(0, "0 min"), (59, "59 min"), (60, "1 h 0 min"), (125, "2 h 5 min"), (1440, "1 d"), (1500, "1 d 1 h")],
)
def test_a_length_of_time_has_at_most_two_units(minutes: int, told: str) -> None:
    assert words.span(timedelta(minutes=minutes)) == told


def test_a_moment_is_told_in_utc_and_where_somebody_is() -> None:
    assert words.utc(NOW) == "2 July 2026, 21:14 UTC"
    assert words.local(NOW, "Pacific/Auckland") == "Friday 9:14 am NZST"
    assert words.local(NOW, "Nowhere/Land") is None


def test_what_is_late_is_said_to_be() -> None:
    assert words.due(NOW + timedelta(minutes=5), NOW) == "5 min left"
    assert words.due(NOW - timedelta(minutes=5), NOW) == "overdue by 5 min"
    assert words.due(None, NOW) == "no answer is due"
    assert words.ago(NOW, NOW) == "less than a minute ago"


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        ("JOINT_INVESTIGATION", "joint investigation"),
        ("immediate", "immediate risk to a child"),
        ("2026-07-02T21:14:00+00:00", "2 July 2026, 21:14 UTC"),
        ("OCEANZ-17", "OCEANZ-17"),
        ("20-not-a-moment", "20-not-a-moment"),
    ],
)
def test_the_detail_of_a_deed_is_told_in_words_and_a_name_as_it_is(detail: str, told: str) -> None:
    assert words.detail(detail) == told


def test_a_side_alone_proposes_and_resolves_nothing() -> None:
    assert words.verb(Verb.resolved) == "proposed"
    assert all(words.verb(each) == each.value for each in Verb if each is not Verb.resolved)


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(seconds=30), "The hub was last heard less than a minute ago."),
        (timedelta(minutes=9), "The hub was last heard 9 min ago."),
        (timedelta(hours=2), "The hub's feed is silent since 2 July 2026, 19:14 UTC, 2 h 0 min ago."),
        (
            timedelta(days=-1),
            "The hub's last record is of 3 July 2026, 21:14 UTC, which is yet to come: whether it is silent cannot be told.",
        ),
    ],
)
def test_when_the_hub_was_heard_is_called_silence_only_where_it_is_one(ago: timedelta, said: str) -> None:
    assert words.last_heard(NOW - ago, NOW) == said


def test_what_is_to_be_done_at_a_command_line_is_on_no_page() -> None:
    def step(text: str) -> str:
        return words.next_step(UsageError("what", next_step=text))

    assert step("choose one of those offered.") == "Choose one of those offered."
    for text in ("`casebus welfare list` shows it.", "give --officer ID", "name FIELD=VALUE.", ""):
        assert not step(text)
