"""The console in a real browser: by keyboard, by two officers at once, live, without scripts, and for everybody."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from console.browser_parts import Window, axe_finds, free_port, served
from console.console_world import LEAD, OFFICER, World
from playwright.sync_api import Browser, Page, expect

from casebus.cases.conflict import SideState
from casebus.clock import SystemClock
from casebus.console.words import ago, due
from casebus.events import enumerations as en
from casebus.intake.checks import OWN_CHECKS

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LONG_MS = 15_000


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "data", clock=SystemClock())
    world.hold_one_of_each()
    yield world
    world.store.close()


@pytest.fixture
def address(desk: World) -> Iterator[str]:
    with served(desk) as address:
        yield address


@pytest.fixture
def window(browser: Browser, address: str) -> Iterator[Window]:
    window = Window(browser, address)
    yield window
    window.close()


def focused(page: Page) -> str:
    return str(page.evaluate("() => document.activeElement?.id ?? ''"))


def settled(page: Page, condition: Callable[[], bool]) -> None:
    """Wait for something that is not on the page; what the browser has to tell is heard meanwhile, and at no other time."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        page.wait_for_timeout(20)


def live(page: Page) -> None:
    expect(page.locator("#live-status")).to_contain_text("Live.", timeout=LONG_MS)


def test_an_alert_is_worked_through_by_keyboard_alone(desk: World, window: Window) -> None:
    page, alert = window.page, desk.alert("immediate")
    page.goto("/login")
    page.keyboard.press("Tab")
    assert "Skip to main content" in page.evaluate("() => document.activeElement.textContent")
    page.get_by_label(OFFICER).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    live(page)
    page.keyboard.press("j")
    assert focused(page) == f"open-{alert.ref}", "the worst is the first"
    page.keyboard.press("a")
    expect(page.get_by_role("link", name="In hand 1")).to_be_visible()
    assert desk.kept(alert).ours.state is SideState.acknowledged
    page.goto("/?tab=in-hand")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/alerts/{alert.ref}")
    page.keyboard.press("m")
    expect(page.get_by_role("status")).to_contain_text("assigned")
    page.keyboard.press("r")
    assert focused(page) == "open-resolve"
    page.keyboard.press("Tab")
    assert focused(page) == "outcome"
    page.keyboard.type("Joint")
    page.keyboard.press("Tab")
    page.keyboard.type("jaj?/ are letters here")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Propose: joint investigation?")
    page.locator("#do-confirm").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Your outcome was proposed")
    assert desk.kept(alert).ours.outcome is en.ConflictOutcome.JOINT_INVESTIGATION
    expect(page.locator(".console-note")).to_have_text("jaj?/ are letters here")


def test_the_focus_can_always_be_seen(window: Window) -> None:
    page = window.log_in()
    for _ in range(30):
        page.keyboard.press("Tab")
        style = page.evaluate(
            "() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.boxShadow, s.outlineWidth]; }"
        )
        assert style[0] != "none" or style[1] != "none", page.evaluate("() => document.activeElement.outerHTML")


def test_shortcuts_can_be_switched_off(desk: World, window: Window) -> None:
    page = window.log_in()
    page.goto("/preferences")
    page.get_by_label("Off", exact=True).check()
    page.get_by_role("button", name="Save").click()
    page.goto("/")
    live(page)
    page.keyboard.press("j")
    assert not focused(page).startswith("open-")


def test_what_is_new_waits_behind_a_bar_and_moves_nothing(desk: World, window: Window) -> None:
    page = window.log_in()
    live(page)
    row = page.locator(f"#open-{desk.alert('routine').ref}")
    row.focus()
    page.evaluate("() => window.scrollTo(0, 120)")
    before, scroll = row.bounding_box(), page.evaluate("() => window.scrollY")
    new = desk.alert("new", minutes=0)
    desk.hold(new)
    expect(page.locator("#news")).to_contain_text("1 alert changed since you opened this page")
    assert page.locator(f"#row-{new.ref}").count() == 0
    assert (row.bounding_box(), page.evaluate("() => window.scrollY")) == (before, scroll)
    assert focused(page) == f"open-{desk.alert('routine').ref}"
    expect(page.locator("#announce")).to_contain_text("1 alert changed")
    assert page.locator("#announce-now").inner_text() == ""
    page.get_by_role("button", name="Show").click()
    expect(page.locator(f"#row-{new.ref}")).to_be_visible()
    expect(page.locator("#news")).to_be_empty()
    live(page)
    desk.hold(desk.alert("newer", minutes=0))
    expect(page.locator("#news")).to_contain_text("1 alert changed")


def test_how_long_there_is_goes_on_by_itself_in_the_words_of_the_page(window: Window) -> None:
    page = window.log_in()
    now, later = SystemClock().now(), timedelta(minutes=70)
    page.clock.set_system_time(now + later)
    for name, told in (("data-due", due), ("data-since", ago)):
        cell = page.locator(f"[{name}]").first
        at = datetime.fromisoformat(str(cell.get_attribute(name)))
        words = "|".join(f"^{told(at, now + later + each)}$" for each in AROUND)
        expect(cell).to_have_text(re.compile(words), timeout=LONG_MS)


AROUND = tuple(timedelta(seconds=each) for each in (-70, -30, 0, 30))


def test_only_an_immediate_risk_interrupts(desk: World, window: Window) -> None:
    page = window.log_in()
    live(page)
    new = desk.alert("new", minutes=0, severity=en.Severity.immediate)
    desk.hold(new)
    expect(page.locator("#announce-now")).to_contain_text(f"immediate risk to a child: {new.ref}")
    page.locator(f"#news-{new.ref}").click()
    page.wait_for_url(f"**/alerts/{new.ref}")


def test_what_the_partner_does_shows_in_its_row(desk: World, window: Window) -> None:
    page, alert = window.log_in(), desk.alert("high")
    live(page)
    states = page.locator(f"#states-{alert.ref}")
    expect(states).to_contain_text(re.compile("They\\s+not yet seen"))
    desk.partner_does(alert)
    expect(states).to_contain_text(re.compile("They\\s+acknowledged"))


def test_two_officers_at_once_the_second_is_shown_who_was_first(
    desk: World, browser: Browser, address: str, window: Window
) -> None:
    alert, other = desk.alert("high"), Window(browser, address)
    first, second = window.log_in(OFFICER), other.log_in(LEAD)
    for page in (first, second):
        page.goto(f"/alerts/{alert.ref}")
    first.locator("#do-acknowledge").click()
    first.wait_for_url("**done=acknowledge")
    second.locator("#outcome").select_option("FALSE_MATCH")
    second.locator("#resolve-note").fill("not the same man")
    second.locator("#do-resolve").click()
    second.locator("#do-confirm").click()
    expect(second.get_by_role("alert")).to_contain_text("Nothing was changed")
    expect(second.locator(".console-timeline")).to_contain_text(f"{OFFICER} acknowledged")
    assert second.locator("#kept-note").input_value() == "not the same man"
    second.get_by_role("button", name="Resolve all the same").click()
    expect(second.get_by_role("status")).to_contain_text("Your outcome was proposed")
    other.close()


def test_a_board_goes_on_after_the_last_event_that_it_has(desk: World, browser: Browser) -> None:
    port = free_port()
    asked: list[tuple[str, str | None]] = []
    with served(desk, port) as address:
        window = Window(browser, address)
        window.context.on(
            "request", lambda r: "/stream" in r.url and asked.append((r.url, r.headers.get("last-event-id")))
        )
        page = window.log_in()
        live(page)
        desk.hold(desk.alert("one", minutes=0))
        expect(page.locator("#news")).to_contain_text("1 alert changed")
    desk.hold(desk.alert("while away", minutes=0, severity=en.Severity.immediate))
    with served(desk, port):
        expect(page.locator("#news")).to_contain_text("2 alerts changed", timeout=LONG_MS)
        expect(page.locator("#announce-now")).to_contain_text(desk.alert("while away").ref)
        live(page)
    assert asked[0][1] is None
    assert "since=4-" in asked[0][0]
    assert [last for _, last in asked if last] != []
    assert {str(last).partition("-")[0] for _, last in asked[1:] if last} == {"5"}, (
        "the console was asked for what came after the last event"
    )
    window.close()


def test_a_board_that_hears_nothing_says_so(desk: World, browser: Browser) -> None:
    with served(desk) as address:
        window = Window(browser, address)
        page = window.log_in()
        live(page)
    expect(page.locator("#live-status")).to_contain_text("Reconnecting. Last heard", timeout=25_000)
    assert page.locator("#live").get_attribute("data-state") == "stale"
    window.close()


def test_a_board_whose_login_has_ended_leads_to_the_login_page(desk: World, window: Window) -> None:
    page = window.log_in()
    live(page)
    other = window.context.new_page()
    other.goto("/help")
    other.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login?next=*", timeout=LONG_MS)


def test_a_paused_board_shows_nothing_new_until_it_goes_on(desk: World, window: Window) -> None:
    page = window.log_in()
    live(page)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#live-status")).to_contain_text("Paused at")
    alert = desk.alert("new", minutes=0)
    readings = len(desk.readings())
    desk.hold(alert)
    settled(page, lambda: len(desk.readings()) > readings)
    assert page.locator("#news").inner_text() == ""
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(f"#row-{alert.ref}")).to_be_visible()


def test_everything_works_with_scripts_switched_off(desk: World, browser: Browser, address: str) -> None:
    window = Window(browser, address, java_script_enabled=False)
    page, alert = window.log_in(), desk.alert("high")
    expect(page.locator("#live-status")).to_contain_text("Load the page again to see what is new")
    page.locator(f"#act-{alert.ref}").click()
    page.wait_for_url(f"{address}/?done=acknowledge")
    assert desk.kept(alert).ours.state is SideState.acknowledged
    page.get_by_label("Severity", exact=True).select_option(label="Routine")
    page.get_by_role("button", name="Filter").click()
    assert "severity=routine" in page.url
    page.goto(f"/alerts/{alert.ref}")
    page.locator("#outcome").select_option("DELAYED")
    page.locator("#do-resolve").click()
    page.locator("#do-confirm").click()
    assert desk.kept(alert).ours.outcome is en.ConflictOutcome.DELAYED
    page.locator("#open-reopen").click()
    page.get_by_label("Reason").fill("they have acted")
    page.get_by_role("button", name="Reopen").click()
    assert desk.kept(alert).ours.outcome is None
    page.get_by_role("button", name="Log out").click()
    assert page.url == f"{address}/login"
    window.close()


def test_an_answer_to_a_check_shows_on_its_page_when_it_is_there(desk: World, window: Window) -> None:
    page = window.log_in()
    ask(page)
    expect(page.locator("#no-answer")).to_be_visible()
    with desk.store.view() as view:
        (check,) = view.all(OWN_CHECKS)
    desk.hold(desk.alert("hit", own_kind=en.RecordKind.check, own_id=check.check_id))
    expect(page.locator(".console-tags")).to_contain_text("Hit", timeout=LONG_MS)


PAGES = (
    "/login",
    "/",
    "/?tab=done",
    "/?tab=notices",
    "/?partner=uk-nca&severity=routine",
    "/alerts/{high}",
    "/alerts/{immediate}",
    "/alerts/{notice}",
    "/alerts/{weak}",
    "/alerts/{high}/links",
    "/alerts/{high}/talk",
    "/check",
    "/check/{check}",
    "/referrals",
    "/welfare",
    "/welfare?alert={high}",
    "/alerts/NOTHING",
    "/feeds",
    "/outcomes",
    "/children",
    "/children/{first}/restate",
    "/children/{second}/restate",
    "/directory",
    "/preferences",
    "/help",
    "/accessibility",
)


def ask(page: Page) -> str:
    """Ask before acting, with the mouse; return the check's reference."""
    page.goto("/check")
    page.get_by_label("E-mail addresses").fill("asked.before@mail.example")
    page.get_by_label("What is about to be done").select_option(index=1)
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("CHECK-", timeout=LONG_MS)
    return page.get_by_role("heading", level=1).inner_text()


def state_children(page: Page) -> dict[str, str]:
    """Record a number of children and restate it, with the mouse; return both ids."""
    page.goto("/children")
    page.get_by_label("What was done", exact=True).select_option("LOCATED_MISSING")
    page.get_by_label("How many children").fill("4")
    page.get_by_label("Safety plan").check()
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("status")).to_contain_text("The number was recorded", timeout=LONG_MS)
    page.get_by_role("link", name="Restate").click()
    first = page.url.split("/")[-2]
    page.get_by_label("How many children").fill("3")
    page.get_by_role("button", name="Restate").click()
    expect(page.get_by_role("status")).to_contain_text("The number was restated", timeout=LONG_MS)
    page.get_by_role("link", name="Restate").click()
    return {"first": first, "second": page.url.split("/")[-2]}


LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 900}},
    "forced colours": {"viewport": {"width": 1280, "height": 900}, "forced_colors": "active"},
    "320 pixels": {"viewport": {"width": 320, "height": 640}},
}


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_on_any_page(desk: World, browser: Browser, address: str, look: str) -> None:
    window = Window(browser, address, **LOOKS[look])
    page = window.log_in()
    desk.partner_does(desk.alert("high"))
    desk.hold(desk.alert("weak", band=en.Band.review))
    shown = {name: desk.alert(name).ref for name in ("high", "immediate", "notice", "weak")}
    shown["check"] = ask(page)
    shown |= state_children(page)
    found = {}
    for path in PAGES:
        answer = page.goto(path.format(**shown))
        assert answer is not None
        assert answer.status == {"/alerts/NOTHING": 404, "/children/{first}/restate": 409}.get(path, 200), path
        findings = axe_finds(page)
        wide = page.evaluate("() => document.documentElement.scrollWidth > document.documentElement.clientWidth")
        if findings or wide:
            found[path] = (findings, "scrolls sideways" if wide else "")
    page.goto("/children")
    page.get_by_label("How many children").fill("some")
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was recorded", timeout=LONG_MS)
    assert (found, axe_finds(page)) == ({}, [])
    page.goto("/")
    page.get_by_label("Reference or your own number").fill(desk.alert("high").own_id)
    page.get_by_role("button", name="Find").click()
    page.wait_for_url("**/find")
    assert axe_finds(page) == []
    window.close()


def test_what_must_never_happen_would_be_noticed(browser: Browser, address: str) -> None:
    window = Window(browser, address)
    page = window.log_in()
    page.evaluate("() => fetch('http://127.0.0.1:59999/').catch(() => 0)")
    settled(page, lambda: window.violations != [])
    with pytest.raises(AssertionError):
        window.close()
