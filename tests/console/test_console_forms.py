"""What a form of the console is: read once and strictly, done once however often it is sent, and never lost."""

from datetime import timedelta
from typing import Any

import pytest
from console.console_world import IA, LEAD, OFFICER, UK, World, csrf_of
from hypothesis import given
from hypothesis import strategies as st

from casebus.cases.conversation import MESSAGES, RELEASES, Release
from casebus.cases.referral import REFERRALS
from casebus.console.forms import MAX_FIELDS, SentForm, sent_form
from casebus.errors import UsageError
from casebus.events import enumerations as en
from casebus.events.types import DeskMessage, DisclosureGranted, DisclosureRequested, ReferralSent
from casebus.state import Concept, Save

URLENCODED = "application/x-www-form-urlencoded"
NAME, PHONE = en.DisclosedField.REPORTED_NAME, en.DisclosedField.PHONE
COMMAND = "018f0000-0000-7000-8000-00000000c0de"
TYPED = "typed with care"


def held(world: World, concept: Concept[Any]) -> list[Any]:
    with world.store.view() as view:
        return list(view.all(concept))


def asked_of_us(world: World, name: str = "high", partner: str = UK) -> Release:
    """Let the partner have asked for the name on somebody's record."""
    alert = world.alert(name)
    release = Release(
        "018f0000-0000-7000-8000-000000000002", alert.conflict_id, False, partner, en.Purpose.SAFEGUARDING_CHILD,
        en.Severity.high, (NAME,), "why", world.clock.now(),
    )  # fmt: skip
    with world.store.transaction() as tx:
        tx.apply(Save(RELEASES, release))
    return release


def grant(release: Release, **changed: str) -> dict[str, str]:
    return {
        "request_id": release.request_id,
        "keep_days": "7",
        "tlp": "AMBER",
        f"value-{NAME.value}": "Somebody",
    } | changed


FOR = {"purpose": "INVESTIGATION", "urgency": "high"}
TALK: dict[str, tuple[dict[str, Any], Concept[Any], type]] = {
    "message": ({"note": "hello"}, MESSAGES, DeskMessage),
    "ask": ({"note": "why", "asked": [NAME.value], **FOR}, RELEASES, DisclosureRequested),
    "refer": ({"note": "yours", "value": "CHILD_LIVES_THERE", "urgency": "high"}, REFERRALS, ReferralSent),
}


@pytest.mark.parametrize("action", TALK)
def test_a_form_that_is_sent_twice_says_it_once(desk: World, action: str) -> None:
    form, concept, event = TALK[action]
    browser, path = desk.browser(), f"/alerts/{desk.alert('high').ref}/talk/{action}"
    answers = [browser.send(path, form | {"command": COMMAND}) for _ in range(2)]
    assert [answer.headers["location"] for answer in answers] == [f"{path.rpartition('/')[0]}?done={action}"] * 2
    assert len(held(desk, concept)) == 1
    assert len([each for each in desk.events() if isinstance(each, event)]) == 1


@pytest.mark.parametrize("action", TALK)
def test_a_form_that_is_sent_again_with_something_else_is_refused_and_kept(desk: World, action: str) -> None:
    form, concept, _ = TALK[action]
    browser, path = desk.browser(), f"/alerts/{desk.alert('high').ref}/talk/{action}"
    browser.send(path, form | {"command": COMMAND})
    answer = browser.send(path, form | {"command": COMMAND, "note": TYPED})
    assert answer.status_code == 400
    assert "That was sent before, and said something else" in answer.text
    assert f"{TYPED}</textarea>" in answer.text
    assert len(held(desk, concept)) == 1
    assert COMMAND not in answer.text, "the form that is shown asks for something new"


@pytest.mark.parametrize("changed", [{"urgency": "immediate"}, {"purpose": "SAFEGUARDING_CHILD"}])
def test_a_request_sent_again_more_urgently_is_not_said_to_have_been_asked(
    desk: World, changed: dict[str, str]
) -> None:
    form, concept, _ = TALK["ask"]
    browser, path = desk.browser(), f"/alerts/{desk.alert('high').ref}/talk/ask"
    browser.send(path, form | {"command": COMMAND})
    answer = browser.send(path, form | changed | {"command": COMMAND})
    assert answer.status_code == 400
    assert "That was sent before, and said something else" in answer.text
    assert len(held(desk, concept)) == 1


@pytest.mark.parametrize(
    "command", ["", "1", COMMAND.upper(), f"{COMMAND}x", COMMAND.replace("1", "\N{SUPERSCRIPT ONE}")]
)
def test_what_no_page_has_made_is_no_command(command: str) -> None:
    with pytest.raises(UsageError, match="not whole"):
        _ = SentForm({"command": (command,)}).command


@pytest.mark.parametrize("action", TALK)
def test_a_form_without_its_command_says_nothing(desk: World, action: str) -> None:
    form, concept, _ = TALK[action]
    answer = desk.browser().send(f"/alerts/{desk.alert('high').ref}/talk/{action}", form | {"command": ""})
    assert answer.status_code == 400
    assert held(desk, concept) == []


def test_every_form_of_a_page_has_a_command_of_its_own(desk: World) -> None:
    asked_of_us(desk)
    page = desk.browser().get(f"/alerts/{desk.alert('high').ref}/talk").text
    commands = [each.partition('"')[0] for each in page.split('name="command" value="')[1:]]
    assert len(commands) == len(set(commands)) == page.count('action="/alerts/')


def test_a_release_is_granted_under_its_own_alert_alone(desk: World) -> None:
    release, browser = asked_of_us(desk, "routine", IA), desk.browser()
    for action, form in (("grant", grant(release)), ("refuse", grant(release) | {"value": "NOT_HELD"})):
        answer = browser.send(f"/alerts/{desk.alert('high').ref}/talk/{action}", form)
        assert answer.status_code == 404
    assert held(desk, RELEASES) == [release]


def test_nothing_is_released_that_was_not_asked_for(desk: World) -> None:
    release, browser = asked_of_us(desk), desk.browser()
    answer = browser.send(
        f"/alerts/{desk.alert('high').ref}/talk/grant", grant(release, **{f"value-{PHONE.value}": "5"})
    )
    assert answer.status_code == 400
    assert "That was not asked for" in answer.text
    assert 'value="Somebody"' in answer.text, "what was typed is kept"
    assert held(desk, RELEASES) == [release]


def test_who_grants_says_how_far_it_may_be_passed_on(desk: World) -> None:
    release, browser = asked_of_us(desk), desk.browser()
    path = f"/alerts/{desk.alert('high').ref}/talk"
    assert '<option value="AMBER_STRICT" selected>' in browser.get(path).text
    assert browser.send(f"{path}/grant", grant(release, tlp="PINK")).status_code == 400
    assert browser.send(f"{path}/grant", grant(release, tlp="RED")).status_code == 303
    (granted,) = [each for each in desk.events() if isinstance(each, DisclosureGranted)]
    assert granted.tlp is en.Tlp.RED


def test_who_refuses_may_note_why_for_its_own_file(desk: World) -> None:
    release, browser, ref = asked_of_us(desk), desk.browser(), desk.alert("high").ref
    form = {"request_id": release.request_id, "value": "HARM_TO_PERSON", "note": TYPED}
    assert browser.send(f"/alerts/{ref}/talk/refuse", form).status_code == 303
    assert TYPED in browser.get(f"/alerts/{ref}").text
    assert not any(TYPED in each.model_dump_json() for each in desk.events())


ALERT = ("acknowledge", "assign", "hand-over", "snooze", "severity", "resolve", "reopen")


@pytest.mark.parametrize("version", ["", "-1", "1e3", "\N{FULLWIDTH DIGIT ONE}", "9" * 400])
def test_what_no_page_has_made_is_no_version(version: str) -> None:
    with pytest.raises(UsageError, match="not whole"):
        _ = SentForm({"version": (version,)}).version


@pytest.mark.parametrize("path", [*ALERT, "talk/ask", "talk/lead"])
def test_a_decision_without_the_version_that_was_seen_changes_nothing(desk: World, path: str) -> None:
    alert, browser = desk.alert("high"), desk.browser(LEAD)
    form = {"value": "FALSE_MATCH", "confirmed": "yes", "note": TYPED, "asked": [NAME.value], **FOR}
    lead = {"side": "PARTNER", "basis": "CHILD_LOCATION"}
    answer = browser.send(f"/alerts/{alert.ref}/{path}", form | lead | {"version": ""})
    assert answer.status_code == 400
    assert TYPED in answer.text or path == "talk/lead"
    assert desk.kept(alert) == alert
    assert {type(each).__name__ for each in desk.events()} == {"DataAccessed"}


def test_what_a_release_is_for_is_the_officers_word_and_nobodys_default(desk: World) -> None:
    path, form = f"/alerts/{desk.alert('high').ref}/talk/ask", TALK["ask"][0]
    assert desk.browser().send(path, form | {"purpose": ""}).status_code == 400
    assert held(desk, RELEASES) == []
    desk.browser().send(path, form)
    (asked,) = held(desk, RELEASES)
    assert (asked.purpose.value, asked.urgency.value) == ("INVESTIGATION", "high")
    assert "Investigation; " in desk.browser().get(path.rpartition("/")[0]).text


def test_a_release_and_a_lead_are_asked_for_on_what_the_officer_saw(desk: World) -> None:
    alert, browser = desk.alert("high"), desk.browser(LEAD)
    desk.partner_does(alert)
    for action, form in (("ask", TALK["ask"][0]), ("lead", {"side": "PARTNER", "basis": "CHILD_LOCATION"})):
        answer = browser.send(f"/alerts/{alert.ref}/talk/{action}", form | {"version": str(alert.version)})
        assert answer.status_code == 409
        assert browser.send(f"/alerts/{alert.ref}/talk/{action}", form).status_code == 303


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("hand-over", {}, 409),
        ("severity", {"value": "bogus"}, 400),
        ("snooze", {"value": "5"}, 400),
        ("resolve", {"value": "bogus"}, 400),
        ("talk/ask", {}, 400),
        ("talk/refer", {}, 400),
        ("talk/lead", {}, 403),
    ],
)
def test_what_was_typed_is_kept_by_a_page_that_refuses_it(
    desk: World, path: str, form: dict[str, str], status: int
) -> None:
    browser = desk.browser()
    note = f"{TYPED} <b>"
    given = {"side": "PARTNER", "basis": "CHILD_LOCATION", "note": note} | form
    answer = browser.send(f"/alerts/{desk.alert('high').ref}/{path}", given)
    assert answer.status_code == status
    assert f"{TYPED} &lt;b&gt;" in answer.text or path == "talk/lead"
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize("path", ["/alerts/REF/resolve", "/alerts/REF/talk/message", "/check", "/children", "/welfare"])
def test_what_was_typed_outlasts_a_session_that_has_ended(desk: World, path: str) -> None:
    browser = desk.browser()
    token = csrf_of(browser.get("/help").text)
    desk.clock.sleep(timedelta(hours=12).total_seconds() + 1)
    form = {"csrf": token, "note": TYPED, "concerning": "<script>", "confirmed": "yes"}
    answer = browser.client.post(path.replace("REF", desk.alert("high").ref), data=form)
    assert answer.status_code == 401
    assert TYPED in answer.text
    assert "&lt;script&gt;" in answer.text
    assert token not in answer.text


def test_a_form_from_another_site_puts_nothing_on_a_page(desk: World) -> None:
    answer = desk.browser().send("/children", {"concerning": TYPED}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert TYPED not in answer.text


def test_a_line_end_is_one_character_as_the_browser_counts_it(desk: World) -> None:
    alert, browser = desk.alert("high"), desk.browser()
    browser.send(f"/alerts/{alert.ref}/assign", {"value": OFFICER})
    note = ("x" * 39 + "\r\n") * 100  # 4,000 characters in a field that holds so many
    assert browser.send(f"/alerts/{alert.ref}/hand-over", {"note": note, "value": LEAD}).status_code == 303


def test_nothing_but_an_urlencoded_form_is_read(desk: World) -> None:
    browser = desk.browser()
    body = b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\n\\ud800\r\n--b--\r\n'
    header = {"content-type": "multipart/form-data; boundary=b; charset=unicode_escape"}
    for path in ("/login", "/check", "/children", "/welfare", "/preferences", "/alerts/REF/hand-over"):
        answer = browser.client.post(path.replace("REF", desk.alert("high").ref), content=body, headers=header)
        assert answer.status_code == 400, path


@pytest.mark.parametrize("body", ["csrf={}&note=%ED%A0%80", "csrf={}&note=%FF", "csrf={}" + "&n=1" * MAX_FIELDS])
def test_a_form_that_no_page_makes_is_refused_before_it_is_looked_at(desk: World, body: str) -> None:
    browser = desk.browser()
    whole = body.format(csrf_of(browser.get("/check").text))
    answer = browser.client.post("/check", content=whole, headers={"content-type": URLENCODED})
    assert answer.status_code == 400
    assert "The form cannot be read" in answer.text


@given(
    body=st.binary(max_size=200), content_type=st.sampled_from([URLENCODED, f"{URLENCODED}; charset=utf-7", "", "x"])
)
def test_what_is_read_of_any_bytes_is_text_that_can_be_stored(body: bytes, content_type: str) -> None:
    try:
        form = sent_form(body, content_type)
    except UsageError:
        return
    for name, values in form.fields.items():
        "".join((name, *values)).encode()
    assert SentForm().text("x") == form.text("\x00no such field")
