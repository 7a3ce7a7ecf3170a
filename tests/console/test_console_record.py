"""Reading is an event: so is asking for what is not here, and so is logging in."""

from typing import Any

import pytest
from console.console_world import NZ, OFFICER, World

from casebus.cases.alert_feed import FeedEnd
from casebus.console.stream import framed
from casebus.desk import pseudonym
from casebus.desk.checking import CHECK_FIELDS, HIT_FIELDS
from casebus.events import enumerations as en
from casebus.events.types import DataAccessed
from casebus.intake.checks import OWN_CHECKS
from casebus.keys import load_secret

REFUSAL = next(iter(en.DisclosureRefusal)).value


def last(desk: World) -> DataAccessed:
    return desk.readings()[-1]


@pytest.mark.parametrize(
    ("path", "form", "what"),
    [
        ("/alerts/UN-AAAAAAA/acknowledge", {"version": 1}, "acknowledge"),
        ("/alerts/UN-AAAAAAA/resolve", {"version": 1, "value": "DELAYED", "confirmed": "yes"}, "resolve"),
        ("/alerts/UN-AAAAAAA/talk/message", {"note": "words"}, "send a message"),
        ("/alerts/UN-AAAAAAA/talk/refuse", {"request_id": "none", "value": REFUSAL}, "refuse a release"),
        ("/check/CHECK-AAAAAAA/close", {}, "end a check"),
        ("/referrals/none/accept", {}, "answer a referral"),
    ],
)
def test_a_command_about_what_is_not_here_is_on_record_without_any_reference(
    desk: World, path: str, form: dict[str, Any], what: str
) -> None:
    assert desk.browser().send(path, form).status_code == 404
    assert (last(desk).resource, last(desk).references, last(desk).fields) == (f"not found: {what}", (), ())


@pytest.mark.parametrize(("path", "resource"), [("/check/CHECK-AAAAAAA", "not found: check"), ("/alerts/X", "alert")])
def test_a_look_at_what_is_not_here_is_on_record_once(desk: World, path: str, resource: str) -> None:
    browser, before = desk.browser(), len(desk.readings())
    assert browser.get(path).status_code == 404
    assert (len(desk.readings()), last(desk).resource, last(desk).references) == (before + 1, resource, ())


def test_a_hit_that_is_shown_on_a_check_is_on_record_by_its_alert(desk: World) -> None:
    browser = desk.browser()
    form = {"email": "kingfisher.7731@mail.example", "basis": "CASE", "urgency": "LOW", "purpose": "DETECTION"}
    address = browser.send("/check", form).headers["location"]
    with desk.store.view() as view:
        (check,) = view.all(OWN_CHECKS)
    browser.get(address)
    assert (last(desk).references, last(desk).fields) == ((check.ref,), CHECK_FIELDS)
    hit = desk.alert("hit", own_id=check.check_id, own_kind=en.RecordKind.check)
    desk.hold(hit)
    assert hit.contact.phone in browser.get(address).text
    assert (last(desk).references, last(desk).fields) == ((check.ref, hit.ref), (*CHECK_FIELDS, *HIT_FIELDS))


def test_what_is_pushed_is_on_record_by_what_it_shows(desk: World) -> None:
    browser = desk.browser()
    before = desk.feed_end()
    desk.partner_does(desk.alert("high"), en.ConflictOutcome.FALSE_MATCH)
    signed = browser.parts.logins.find(browser.client.cookies[browser.parts.logins.cookie])
    frame = framed(browser.parts, signed, FeedEnd(), before)
    assert "proposed: false match" in frame.text
    assert {"ref", "severity", "partner", "outcome", "stage", "due_by"} <= set(last(desk).fields)


def test_logging_in_and_out_and_being_refused_is_on_record_by_pseudonym(desk: World) -> None:
    id_key = load_secret(desk.installation.role(NZ).key("id"))
    browser = desk.browser(None)
    assert browser.log_in("mallory").status_code == 403
    browser.log_in(OFFICER)
    browser.send("/logout")
    assert [(each.resource, each.actor) for each in desk.accesses()] == [
        ("denied: login", pseudonym(id_key, "mallory")),
        ("login", pseudonym(id_key, OFFICER)),
        ("logout", pseudonym(id_key, OFFICER)),
    ]


def test_a_new_login_ends_the_one_that_the_browser_had(desk: World) -> None:
    browser = desk.browser()
    before = browser.client.cookies[browser.parts.logins.cookie]
    other = desk.browser()
    browser.log_in(OFFICER)
    assert browser.parts.logins.find(before) is None
    assert other.get("/").status_code == 200, "another browser's login goes on"
