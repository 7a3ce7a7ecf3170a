"""Weak matches on the pages: below every alert, in words, with no deadline; and what is new since a side said "different people"."""

import re

import pytest
from console.console_world import LEAD, World

from casebus.cases.alert import Alert, told
from casebus.cases.alert_feed import FeedEnd
from casebus.cases.conflict import SideState
from casebus.console.stream import framed
from casebus.console.words import BAND, BAND_RULE
from casebus.events import enumerations as en
from casebus.events.types import Evidence
from casebus.wire.ids import content_id

KINDS = {"e": en.IdentifierType.EMAIL, "p": en.IdentifierType.PHONE_E164}
DIFFERENT = en.ConflictOutcome.FALSE_MATCH
WEAK = BAND[en.Band.review]


def evidence(names: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(evidence_id=content_id("evidence", name), kind=KINDS[name]) for name in names)


def row_of(page: str, alert: Alert) -> str:
    (found,) = re.findall(rf'<tr[^>]*id="row-{alert.ref}">.*?</tr>', page, re.DOTALL)
    return str(found)


def told_anew(desk: World, name: str, **more: object) -> Alert:
    """Let the hub tell an alert that stands here once more, with something changed; return it as it then stands."""
    before = desk.kept(desk.alert(name))
    hit = desk.hit(name, revision=before.revision + 1, **more)
    desk.hold(told(desk.agency, hit, before, desk.clock.now()))
    return desk.kept(before)


@pytest.mark.parametrize("severity", list(en.Severity))
def test_a_weak_match_stands_below_every_alert_and_says_so(desk: World, severity: en.Severity) -> None:
    weak = desk.alert("weak", minutes=9000, band=en.Band.review, severity=severity)
    desk.hold(weak)
    page = desk.browser().get("/").text
    assert re.findall(r'id="row-([A-Z0-9-]+)"', page)[-1] == weak.ref
    row = row_of(page, weak)
    assert WEAK in row
    assert "no answer is due" in row
    assert not re.search(r"console-due|console-row--immediate|Acknowledge|overdue", row)
    assert page.count(WEAK) == 2, "that row and the explanation say it, no alert's row does"


def test_the_page_of_a_weak_match_says_that_it_waits_for_nobody_and_lets_it_be_decided(desk: World) -> None:
    weak = desk.alert("weak", band=en.Band.review)
    desk.hold(weak)
    browser = desk.browser()
    page = browser.get(f"/alerts/{weak.ref}").text
    assert f"{WEAK}. {BAND_RULE[en.Band.review]}" in page
    assert "Answer by" not in page
    form = {"version": weak.version, "value": DIFFERENT.value, "confirmed": "yes"}
    assert browser.send(f"/alerts/{weak.ref}/resolve", form).status_code == 303
    assert desk.kept(weak).ours.outcome is DIFFERENT


def test_what_a_side_judged_apart_is_said_and_asked_of_again_only_for_something_new(desk: World) -> None:
    desk.hold(desk.alert("judged", evidence=evidence("e")))
    browser, ref = desk.browser(), desk.alert("judged").ref
    desk.partner_does(desk.alert("judged"), DIFFERENT)
    assert 'id="apart"' in browser.get(f"/alerts/{ref}").text
    again = told_anew(desk, "judged", evidence=evidence("ep"))
    assert again.theirs.state is SideState.new
    page = browser.get(f"/alerts/{ref}").text
    assert 'id="apart"' not in page
    assert "New since a side said that these are different people: phone number." in " ".join(page.split())
    assert "not yet seen; before what is new: false match" in page
    assert "new since “different people”: phone number" in row_of(browser.get("/").text, again)


def test_who_acted_on_an_alert_that_is_a_weak_match_now_is_told_on_its_page(desk: World) -> None:
    browser, ref = desk.browser(), desk.alert("high").ref
    browser.send(f"/alerts/{ref}/acknowledge")
    assert 'id="mistaken"' not in browser.get(f"/alerts/{ref}").text
    told_anew(desk, "high", band=en.Band.review)
    page = desk.browser(LEAD).get(f"/alerts/{ref}").text
    assert f"You acknowledged it on {desk.clock.now():%Y-%m-%d %H:%M} UTC: it is only a weak match" in page
    assert "mistaken" in desk.readings()[-1].fields


def test_a_weak_match_interrupts_nobody(desk: World) -> None:
    browser = desk.browser()
    signed = browser.parts.logins.find(browser.client.cookies[browser.parts.logins.cookie])
    before = framed(browser.parts, signed, FeedEnd(), FeedEnd())
    desk.hold(desk.alert("weak", band=en.Band.review, severity=en.Severity.immediate))
    text = framed(browser.parts, signed, before.end, before.end).text
    assert "1 alert changed" in text
    assert "immediate" not in text.lower()
