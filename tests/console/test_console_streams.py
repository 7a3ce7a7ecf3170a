"""The live board's stream: who may open one, and that a board which says that it is live hears."""

import asyncio
from collections.abc import Callable

import pytest
from console.console_world import OFFICER, OPERATOR, Browser, World
from structlog.testing import capture_logs

from casebus.cases.alert_feed import FeedEnd
from casebus.console import live, stream
from casebus.events.enumerations import Severity

HEARTBEAT_S = 0.15


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT_S", HEARTBEAT_S)
    monkeypatch.setattr(live, "PAUSE_S", HEARTBEAT_S)


async def heard_until(
    browser: Browser, after: FeedEnd, enough: Callable[[list[str]], bool], meanwhile: Callable[[], None]
) -> list[str]:
    """Return what an open board was sent until that was enough, or for five seconds."""
    parts, token = browser.parts, browser.client.cookies.get(browser.parts.logins.cookie)
    heard: list[str] = []

    async def listen() -> None:
        async for sent in stream._frames(parts, token, FeedEnd(), after):
            heard.append(sent)
            if enough(heard):
                return

    async with parts.live.looking():
        listening = asyncio.create_task(listen())
        await asyncio.sleep(HEARTBEAT_S)
        await asyncio.to_thread(meanwhile)
        await asyncio.wait([listening], timeout=5)
        if not listening.cancel():
            await listening
    return heard


def tells_of_a_risk(heard: list[str]) -> bool:
    return any("of immediate risk" in each or "The board has changed" in each for each in heard)


def test_a_board_that_is_ahead_of_the_feed_is_told_to_look_at_everything_anew(desk: World) -> None:
    """Its number is of a state that was restored from a copy since, or made up."""
    browser = desk.browser()
    heard = asyncio.run(heard_until(browser, FeedEnd(10_000), tells_of_a_risk, lambda: None))
    assert "The board has changed" in heard[-1]
    assert f"id: {desk.feed_end()}\n" in heard[-1], "from here on it goes by the feed that there is"


def test_a_board_of_before_a_restore_is_made_anew_though_the_feed_has_gone_past_it(desk: World) -> None:
    """Its number stands in the feed that was restored and went on too; what was changed there until then it never saw."""
    browser, of_before = desk.browser(), FeedEnd(2, "0123456789abcdef" * 2)
    assert of_before.number < desk.feed_end().number
    heard = asyncio.run(heard_until(browser, of_before, tells_of_a_risk, lambda: None))
    assert "The board has changed" in heard[-1]
    signed = browser.parts.logins.find(browser.client.cookies[browser.parts.logins.cookie])
    assert "The board has changed" in stream.framed(browser.parts, signed, of_before, desk.feed_end()).text


def test_whatever_breaks_one_look_the_next_is_taken(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = desk.browser()
    read_end, broken = browser.parts.live._read_end, [False]

    def looks() -> FeedEnd:
        if broken[0]:
            broken[0] = False
            raise OSError(24, "Too many open files")
        return read_end()

    monkeypatch.setattr(browser.parts.live, "_read_end", looks)

    def breaks_and_more_comes() -> None:
        broken[0] = True
        desk.hold(desk.alert("new", severity=Severity.immediate))

    heard = asyncio.run(heard_until(browser, desk.feed_end(), tells_of_a_risk, breaks_and_more_comes))
    assert tells_of_a_risk(heard)
    assert not broken[0], "a look broke"


def test_a_bug_that_ends_the_looking_ends_the_sign_of_life_too(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    live = desk.browser().parts.live

    def looks() -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(live, "_read_end", looks)
    live._look_now.set()
    live.hears = True
    with capture_logs() as logged, pytest.raises(ZeroDivisionError):
        live._look(None)
    assert not live.hears
    assert [(line["log_level"], line["error_type"]) for line in logged] == [("error", "ZeroDivisionError")]


def test_no_board_says_that_it_is_live_before_the_console_has_looked(desk: World) -> None:
    browser = desk.browser()
    assert "event: hb" not in stream.heartbeat(browser.parts)
    browser.parts.live._prepare()
    assert "event: hb" in stream.heartbeat(browser.parts)


def test_a_board_is_sent_no_sign_of_life_while_the_console_hears_nothing(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = desk.browser()

    def breaks() -> int:
        raise OSError(24, "Too many open files")

    def never_again() -> None:
        monkeypatch.setattr(browser.parts.live, "_read_end", breaks)

    def three_in_silence(heard: list[str]) -> bool:
        return len(heard) > 4 and not any("event: hb" in each for each in heard[-3:])

    assert three_in_silence(asyncio.run(heard_until(browser, desk.feed_end(), three_in_silence, never_again)))


def test_who_sees_no_alert_opens_no_stream_and_the_attempt_is_on_record(desk: World) -> None:
    browser = desk.browser(OPERATOR)
    browser.parts.live.closing = True  # a stream that does open ends at once
    assert browser.get("/stream").status_code == 403
    assert desk.readings()[-1].resource == "denied: alert"


def test_a_stream_ends_in_good_order_when_its_officer_becomes_an_operator(desk: World) -> None:
    browser = desk.browser()
    officers = desk.installation.role(desk.agency).officers
    text = officers.read_text(encoding="utf-8")
    entry = next(block for block in text.split("[[officers]]") if f'"{OFFICER}"' in block)
    officers.write_text(text.replace(entry, entry.replace('"officer"', '"operator"')), encoding="utf-8")
    read_before = len(desk.readings())
    heard = asyncio.run(heard_until(browser, FeedEnd(), lambda _: False, lambda: None))
    assert len(heard) == 1, "it began, and showed nothing"
    assert len(desk.readings()) == read_before
