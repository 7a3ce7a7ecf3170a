"""Stated times: an instant only where the text leaves no choice."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebus.events.enumerations import TimeMeaning, TimeQuality
from casebus.intake.times import FIRST_YEAR, LAST_YEAR, calendar_dates, stated_time

LOGIN = TimeMeaning.LOGIN
WITH_INSTANT = {TimeQuality.EXACT_OFFSET, TimeQuality.UTC_ASSERTED}


@pytest.mark.parametrize(
    ("text", "quality", "instant"),
    [
        ("2025-03-02T21:14:05Z", TimeQuality.UTC_ASSERTED, "2025-03-02T21:14:05"),
        ("2025-03-02 21:14:05 UTC", TimeQuality.UTC_ASSERTED, "2025-03-02T21:14:05"),
        ("20250302T211405Z", TimeQuality.UTC_ASSERTED, "2025-03-02T21:14:05"),
        ("2025-03-02T21:14:05-00:00", TimeQuality.UTC_ASSERTED, "2025-03-02T21:14:05"),
        ("2025-03-02T21:14:05.123456789Z", TimeQuality.UTC_ASSERTED, "2025-03-02T21:14:05.123456"),
        ("2025-03-03T00:30:00+13:00", TimeQuality.EXACT_OFFSET, "2025-03-02T11:30:00"),
        ("2025-03-02T23:30:00-0330", TimeQuality.EXACT_OFFSET, "2025-03-03T03:00:00"),
        ("2025-03-02T21:14+00", TimeQuality.EXACT_OFFSET, "2025-03-02T21:14:00"),
        ("02-28-2025 09:14:05 PM UTC", TimeQuality.UTC_ASSERTED, "2025-02-28T21:14:05"),
        ("28/02/2025 12:05 a.m. Z", TimeQuality.UTC_ASSERTED, "2025-02-28T00:05:00"),
        ("03/03/2025 12:05 pm +13:00", TimeQuality.EXACT_OFFSET, "2025-03-02T23:05:00"),
        ("02/03/2025 21:14:05 UTC", TimeQuality.AMBIGUOUS_DAY_MONTH, None),
        ("2025-03-02T21:14:05", TimeQuality.NO_OFFSET, None),
        ("2025-03-02 21:14:05 BST", TimeQuality.NO_OFFSET, None),
        ("2025-03-02 21:14:05 GMT", TimeQuality.OFFSET_ASSUMED, None),
        ("2025-03-02", TimeQuality.DATE_ONLY, None),
        ("2025-03-02 9:14:05Z", TimeQuality.UNPARSEABLE, None),
        ("2025-03-02 13:14 PM UTC", TimeQuality.UNPARSEABLE, None),
        ("2025-03-02T24:00:00Z", TimeQuality.UNPARSEABLE, None),
        ("2025-03-02T23:59:60Z", TimeQuality.UNPARSEABLE, None),
        ("2025-02-29T10:00:00Z", TimeQuality.UNPARSEABLE, None),
        ("2025-03-02T21:14:05+15:00", TimeQuality.UNPARSEABLE, None),
        ("02/03/25 21:14 UTC", TimeQuality.UNPARSEABLE, None),
        ("1740950045", TimeQuality.UNPARSEABLE, None),
        ("٢٠٢٥-٠٣-٠٢T21:14:05Z", TimeQuality.UNPARSEABLE, None),
        ("2025-03-02T21:14:05Z, or so", TimeQuality.UNPARSEABLE, None),
        ("1970-01-01T00:00:00Z", TimeQuality.IMPLAUSIBLE, None),
        ("2036-01-01T00:00:00Z", TimeQuality.IMPLAUSIBLE, None),
        ("", TimeQuality.MISSING, None),
        (None, TimeQuality.MISSING, None),
    ],
)
def test_a_text_is_worth_what_it_says(text, quality, instant):
    stated = stated_time(text, LOGIN)
    assert stated.quality is quality
    assert stated.instant == (datetime.fromisoformat(instant).replace(tzinfo=UTC) if instant else None)


MOMENTS = st.datetimes(
    min_value=datetime(FIRST_YEAR, 1, 3),  # noqa: DTZ001 - Hypothesis adds the zone
    max_value=datetime(LAST_YEAR, 12, 29),  # noqa: DTZ001 - Hypothesis adds the zone
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@given(at=MOMENTS)
def test_a_time_with_its_offset_is_exactly_that_instant(at):
    stated = stated_time(at.isoformat(), LOGIN)
    assert stated.instant == at
    assert stated.stated_offset_minutes == at.utcoffset() // timedelta(minutes=1)
    assert stated.raw == at.isoformat()


@given(at=MOMENTS)
def test_the_same_time_without_its_offset_is_no_instant(at):
    stated = stated_time(at.replace(tzinfo=None).isoformat(), LOGIN)
    assert (stated.quality, stated.instant, stated.stated_offset_minutes) == (TimeQuality.NO_OFFSET, None, None)


@given(at=MOMENTS)
def test_day_and_month_are_never_exchanged(at):
    stated = stated_time(at.strftime("%d/%m/%Y %H:%M:%S +00:00"), LOGIN)
    if at.day <= 12 and at.day != at.month:
        assert stated.quality is TimeQuality.AMBIGUOUS_DAY_MONTH
    else:
        assert stated.instant == at.replace(microsecond=0, tzinfo=UTC)


@given(text=st.text(max_size=80) | st.text(alphabet="0123456789-/:.TZ +APMUC", max_size=50))
def test_any_text_is_a_statement_and_only_two_qualities_name_an_instant(text):
    stated = stated_time(text, LOGIN)
    assert (stated.instant is not None) == (stated.quality in WITH_INSTANT)
    assert stated.raw in (None, text.strip())


@pytest.mark.parametrize(
    "text", ["+64 20 0000 0001", "020-00-000", "9999-12-31 12:00 731648509", "someone@example.org"]
)
def test_what_is_not_a_time_is_not_kept(text):
    assert stated_time(text, LOGIN).raw is None


def test_a_time_after_its_own_receipt_is_implausible():
    received = datetime(2025, 3, 2, 21, 20, tzinfo=UTC)
    assert stated_time("2025-03-03T21:00:00Z", LOGIN, not_after=received).instant is not None
    late = stated_time("2025-03-03T21:30:00Z", LOGIN, not_after=received)
    assert (late.quality, late.instant, late.raw) == (TimeQuality.IMPLAUSIBLE, None, "2025-03-03T21:30:00Z")


def test_a_birth_date_has_every_reading_that_it_may_have():
    assert [day.isoformat() for day in calendar_dates("03/02/2010")] == ["2010-02-03", "2010-03-02"]
    assert [day.isoformat() for day in calendar_dates("13/02/2010")] == ["2010-02-13"]
    assert [day.isoformat() for day in calendar_dates("2010-02-03T00:00:00Z")] == ["2010-02-03"]
    assert [day.isoformat() for day in calendar_dates("2010")] == ["2010-01-01", "2010-12-31"]
    assert calendar_dates("0000") == calendar_dates("unknown") == calendar_dates(None) == ()
