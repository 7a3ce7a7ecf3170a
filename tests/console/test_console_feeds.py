"""Freshness: who sees what of it, and that a bus which does not answer is said and closes no page."""

import re
import shutil

import pytest
from console.console_world import LEAD, NZ, OFFICER, OPERATOR, PAGES, Browser, World
from console.test_console_children import relay

from casebus.bus.log import inbox_topic

MACHINE = ("Parked records", "Documents")


def text_of(desk: World, path: str, officer: str = OFFICER) -> str:
    answer = desk.browser(officer).get(path)
    assert answer.status_code == 200
    return " ".join(answer.text.split())


@pytest.mark.parametrize("officer", [OFFICER, LEAD])
def test_who_works_on_cases_sees_the_partners_and_the_hub_and_not_the_machine(desk: World, officer: str) -> None:
    page = text_of(desk, "/feeds", officer)
    assert all(words in page for words in ("National Crime Agency", "The hub", "What we publish"))
    assert not any(words in page for words in MACHINE)


def test_an_operator_sees_the_machine_and_no_partner(desk: World) -> None:
    page = text_of(desk, "/feeds", OPERATOR)
    assert all(words in page for words in (*MACHINE, "The hub", "What we publish"))
    assert "National Crime Agency" not in page


def test_a_bus_that_does_not_answer_closes_no_page_and_is_said(desk: World) -> None:
    shutil.rmtree(desk.installation.layout.bus)
    desk.installation.layout.bus.write_text("no directory", encoding="utf-8")
    for path in ("/feeds", "/outcomes"):
        assert "bus does not answer" in text_of(desk, path)
    assert "bus does not answer" in text_of(desk, "/feeds", OPERATOR)


def test_what_is_not_sent_yet_does_not_count_the_record_of_the_look_at_it(world: World) -> None:
    browser = world.browser()
    with world.store.view() as view:
        waits = view.outbox_depth()
    assert f"{waits} event" in " ".join(browser.get("/feeds").text.split()).partition("What we publish")[2]
    relay(world)
    assert "all of it was sent" in browser.get("/feeds").text


def hear(desk: World) -> None:
    """Let a record of the hub reach this agency's inbox on the bus."""
    text_of(desk, "/feeds")
    with desk.store.view() as view:
        record = view.outbox(limit=1)[0].record
    topic = inbox_topic(NZ)
    log = desk.installation.open_log("test", making=[topic])
    log.append(topic, [record])
    log.close()


def test_what_the_hub_sent_is_behind_until_the_desk_has_read_it(desk: World) -> None:
    hear(desk)
    assert "1 record not read yet" in text_of(desk, "/feeds")
    with desk.store.transaction() as tx:
        tx.advance("desk", inbox_topic(NZ), expected=0, to=1)
    assert "all of it was read" in text_of(desk, "/feeds")


def fresh_of(desk: World, path: str = "/help", browser: Browser | None = None) -> str:
    """Return what a page says of how fresh it is; nothing where it says nothing."""
    text = (browser or desk.browser()).get(path).text
    found = re.search(r'id="fresh">(.*?)</div>', text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split()) if found else ""


def test_every_page_says_since_when_no_partner_was_heard(desk: World) -> None:
    browser = desk.browser()
    for path in (*PAGES, "/none", f"/alerts/{desk.alert('high').ref}", f"/alerts/{desk.alert('high').ref}/talk"):
        assert (
            "Nothing heard from uk-nca since 3 July 2026, 09:04 UTC, from nz-internal-affairs since 3 July 2026, 09:04 UTC: "
            "no alert proves nothing." in fresh_of(desk, path, browser)
        ), path


def test_who_sees_no_partner_is_not_told_when_one_was_heard(desk: World) -> None:
    assert not fresh_of(desk, "/help", desk.browser(OPERATOR))
    assert not fresh_of(desk, "/login", desk.browser(None))


def test_every_page_says_that_the_hub_is_ahead_or_the_bus_silent(desk: World) -> None:
    assert "Nothing was ever heard from the hub." in fresh_of(desk)
    hear(desk)
    assert "1 record not read yet: this page is older than it looks" in fresh_of(desk)
    with desk.store.transaction() as tx:
        tx.advance("desk", inbox_topic(NZ), expected=0, to=1)
    assert "The hub was last heard less than a minute ago. All of it was read." in fresh_of(desk)
    desk.clock.sleep(3600)
    assert "The hub&#39;s feed is silent since 3 July 2026, 09:14 UTC, 1 h 0 min ago." in fresh_of(desk)
    shutil.rmtree(desk.installation.layout.bus)
    desk.installation.layout.bus.write_text("no directory", encoding="utf-8")
    assert "The bus does not answer: what is here may be old." in fresh_of(desk)


def test_a_partner_that_is_heard_again_is_noticed_by_the_change_alone(desk: World) -> None:
    browser = desk.browser()
    fresh_of(desk, "/help", browser)
    desk.clock.sleep(3600)
    assert "uk-nca since 3 July 2026, 09:04 UTC" in fresh_of(desk, "/help", browser)
    desk.hold(desk.alert("new", minutes=1))
    desk.clock.sleep(5)
    assert "uk-nca since 3 July 2026, 10:13 UTC, from nz-internal-affairs since 3 July 2026, 09:04" in fresh_of(
        desk, "/help", browser
    )
