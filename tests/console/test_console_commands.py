"""What an officer decides in the browser: once, by whom it was, on what they saw, and never half."""

from datetime import timedelta
from typing import Any

import pytest
from console.console_world import LEAD, NOW, OFFICER, OPERATOR, World

from casebus.cases.conflict import ConflictState, SideState
from casebus.cases.desk_history import DEEDS
from casebus.cases.desk_work import DESK_WORK
from casebus.clock import FixedClock
from casebus.events import enumerations as en
from casebus.events.types import DeconflictionAcknowledged, DeconflictionResolved

SCRIPT = "<script>alert(1)</script>"
COMMANDS = ("acknowledge", "assign", "hand-over", "snooze", "severity", "resolve", "reopen")


def decisions(world: World) -> list[Any]:
    return [e for e in world.events() if isinstance(e, DeconflictionAcknowledged | DeconflictionResolved)]


def test_an_alert_is_acknowledged_once_and_the_page_says_so(desk: World) -> None:
    alert = desk.alert("high")
    browser = desk.browser()
    answer = browser.send(f"/alerts/{alert.ref}/acknowledge", {"version": alert.version})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/alerts/{alert.ref}?done=acknowledge")
    assert desk.kept(alert).ours.state is SideState.acknowledged
    assert [type(each) for each in decisions(desk)] == [DeconflictionAcknowledged]
    assert "You acknowledged this alert" in browser.get(answer.headers["location"]).text


def test_what_changed_nothing_is_not_said_to_be_done(desk: World) -> None:
    alert = desk.alert("high")
    desk.browser(LEAD).send(f"/alerts/{alert.ref}/assign", {"version": 1, "value": LEAD})
    before = len(desk.events())
    for note, told in (("", "nothing"), ("rang them", "noted")):
        answer = desk.browser().send(f"/alerts/{alert.ref}/acknowledge", {"version": 2, "note": note})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/alerts/{alert.ref}?done={told}")
    assert not [e for e in desk.events()[before:] if isinstance(e, DeconflictionAcknowledged)]


@pytest.mark.parametrize("path", ["{}?done=resolve", "{}/talk?done=grant"])
def test_a_link_cannot_make_a_page_say_that_something_was_done(desk: World, path: str) -> None:
    address = f"/alerts/{desk.alert('high').ref}"
    browser = desk.browser()
    assert "console-done" not in browser.get(path.format(address)).text
    browser.send(f"{address}/acknowledge", {"version": 1})
    assert "console-done" in browser.get(f"{address}?done=acknowledge").text
    assert "console-done" not in browser.get(path.format(address)).text


def test_a_form_on_the_board_leads_back_to_the_same_board(desk: World) -> None:
    alert = desk.alert("high")
    form = {"version": alert.version, "back": "/?severity=high"}
    location = desk.browser().send(f"/alerts/{alert.ref}/acknowledge", form).headers["location"]
    assert location == "/?severity=high&done=acknowledge"


@pytest.mark.parametrize("note", ["", "still at it"])
def test_acknowledging_again_makes_it_hold_anew_and_the_page_says_so(desk: World, note: str) -> None:
    alert, browser = desk.alert("high"), desk.browser()
    browser.send(f"/alerts/{alert.ref}/acknowledge")
    assert isinstance(desk.clock, FixedClock)
    desk.clock.at = NOW + timedelta(hours=3)
    answer = browser.send(f"/alerts/{alert.ref}/acknowledge", {"note": note})
    with desk.store.view() as view:
        work = view.get(DESK_WORK, alert.conflict_id)
    assert work is not None
    assert work.acknowledged_until == NOW + timedelta(hours=7)
    page = browser.get(answer.headers["location"]).text
    assert "holds anew" in page
    assert "Nothing" not in page.partition('role="status"')[2].partition("</div>")[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_form_without_the_logins_token_changes_nothing(desk: World, command: str) -> None:
    alert = desk.alert("high")
    browser = desk.browser()
    other = desk.browser(LEAD)
    token = other.get("/help").text.partition('name="csrf" value="')[2].partition('"')[0]
    for csrf in ("", "x", token):
        answer = browser.client.post(f"/alerts/{alert.ref}/{command}", data={"csrf": csrf, "version": alert.version})
        assert answer.status_code == 403
    assert decisions(desk) == []


def test_a_form_from_another_site_changes_nothing(desk: World) -> None:
    alert = desk.alert("high")
    answer = desk.browser().send(f"/alerts/{alert.ref}/acknowledge", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert desk.kept(alert) == alert


def test_a_stale_form_changes_nothing_shows_who_was_first_and_keeps_what_was_typed(desk: World) -> None:
    alert = desk.alert("high")
    colleague, browser = desk.browser(LEAD), desk.browser()
    colleague.send(f"/alerts/{alert.ref}/acknowledge", {"version": alert.version})
    form = {"version": alert.version, "value": "FALSE_MATCH", "note": f"not him {SCRIPT}", "confirmed": "yes"}
    answer = browser.send(f"/alerts/{alert.ref}/resolve", form)
    assert answer.status_code == 409
    assert f"<strong>{LEAD}</strong> acknowledged" in answer.text
    assert "not him &lt;script&gt;alert(1)&lt;/script&gt;</textarea>" in answer.text
    assert desk.kept(alert).ours.outcome is None
    again = {"version": desk.kept(alert).version, "value": "FALSE_MATCH", "note": "not him", "confirmed": "yes"}
    assert browser.send(f"/alerts/{alert.ref}/resolve", again).status_code == 303
    assert desk.kept(alert).ours.outcome is en.ConflictOutcome.FALSE_MATCH


def test_an_outcome_is_checked_before_it_is_proposed(desk: World) -> None:
    alert = desk.alert("high")
    browser = desk.browser()
    form = {"version": alert.version, "value": "JOINT_INVESTIGATION", "note": "ring first"}
    check = browser.send(f"/alerts/{alert.ref}/resolve", form)
    assert check.status_code == 200
    assert "Propose: joint investigation?" in check.text
    assert "ring first" in check.text
    assert decisions(desk) == []
    assert browser.send(f"/alerts/{alert.ref}/resolve", form | {"confirmed": "yes"}).status_code == 303
    assert [type(each) for each in decisions(desk)] == [DeconflictionResolved]


def test_the_same_outcome_of_both_sides_resolves_and_a_different_one_disputes(desk: World) -> None:
    joint, false = en.ConflictOutcome.JOINT_INVESTIGATION, en.ConflictOutcome.FALSE_MATCH
    browser = desk.browser()
    for name, theirs, state in (("high", joint, ConflictState.resolved), ("routine", false, ConflictState.disputed)):
        alert = desk.alert(name)
        desk.partner_does(alert, theirs)
        form = {"version": desk.kept(alert).version, "value": joint.value, "confirmed": "yes"}
        browser.send(f"/alerts/{alert.ref}/resolve", form)
        assert desk.kept(alert).state is state
    page = browser.get("/").text
    assert desk.alert("routine").ref in page, "a dispute needs us again"
    assert desk.alert("high").ref not in page


def test_an_alert_is_assigned_handed_over_with_a_note_and_reopened_with_a_reason(desk: World) -> None:
    alert = desk.alert("high")
    browser = desk.browser()
    assert browser.send(f"/alerts/{alert.ref}/assign", {"value": OFFICER}).status_code == 303
    assert browser.send(f"/alerts/{alert.ref}/hand-over", {"value": LEAD}).status_code == 400, "a note is wanted"
    assert browser.send(f"/alerts/{alert.ref}/hand-over", {"value": LEAD, "note": "off shift"}).status_code == 303
    with desk.store.view() as view:
        work = view.get(DESK_WORK, alert.conflict_id)
    assert work is not None
    assert work.assignee == LEAD
    browser.send(f"/alerts/{alert.ref}/resolve", {"value": "DELAYED", "confirmed": "yes"})
    assert browser.send(f"/alerts/{alert.ref}/reopen", {"note": " "}).status_code == 400
    assert browser.send(f"/alerts/{alert.ref}/reopen", {"note": "they acted"}).status_code == 303
    assert desk.kept(alert).ours.outcome is None
    assert "off shift" in browser.get(f"/alerts/{alert.ref}").text


def test_a_child_at_immediate_risk_is_never_snoozed(desk: World) -> None:
    alert = desk.alert("immediate")
    browser = desk.browser()
    browser.send(f"/alerts/{alert.ref}/acknowledge")
    assert browser.send(f"/alerts/{alert.ref}/snooze", {"value": "1"}).status_code == 409
    assert "Snooze" not in browser.get(f"/alerts/{alert.ref}").text


def test_only_a_desk_lead_lowers_an_immediate_severity_and_only_with_a_reason(desk: World) -> None:
    alert = desk.alert("immediate")
    form = {"value": "routine", "note": "the child is in hospital"}
    assert desk.browser().send(f"/alerts/{alert.ref}/severity", form).status_code == 403
    lead = desk.browser(LEAD)
    assert lead.send(f"/alerts/{alert.ref}/severity", {"value": "routine"}).status_code == 400
    assert lead.send(f"/alerts/{alert.ref}/severity", form).status_code == 303
    assert "told as immediate risk to a child" in lead.get("/").text


@pytest.mark.parametrize(
    ("command", "form"),
    [
        ("resolve", {"value": "NONSENSE"}),
        ("resolve", {}),
        ("snooze", {"value": "999999"}),
        ("severity", {"value": SCRIPT}),
        ("assign", {"value": "somebody else"}),
        ("assign", {"value": OPERATOR}),
        ("acknowledge", {"note": "x" * 4001}),
    ],
)
def test_a_hostile_value_is_refused_and_nothing_is_changed(desk: World, command: str, form: dict[str, str]) -> None:
    alert = desk.alert("high")
    answer = desk.browser().send(f"/alerts/{alert.ref}/{command}", form)
    assert answer.status_code in (400, 409)
    assert SCRIPT not in answer.text
    assert desk.kept(alert) == alert
    assert decisions(desk) == []


def test_a_command_that_there_is_not_is_no_page(desk: World) -> None:
    assert desk.browser().send(f"/alerts/{desk.alert('high').ref}/delete").status_code == 404


@pytest.mark.parametrize("text", [SCRIPT, '"><img src=x>', "{{ 7*7 }}", "\x00", "‮txet", "🙂" * 900])
def test_what_somebody_typed_is_shown_as_text(desk: World, text: str) -> None:
    alert = desk.alert("high")
    browser = desk.browser()
    assert browser.send(f"/alerts/{alert.ref}/acknowledge", {"note": f"note {text}"}).status_code == 303
    page = browser.get(f"/alerts/{alert.ref}").text
    assert "note " in page
    assert SCRIPT not in page
    assert "<img" not in page
    assert "note 49" not in page


def test_a_notice_and_a_retracted_alert_offer_nothing_to_decide(desk: World) -> None:
    notice = desk.alert("notice")
    browser = desk.browser()
    assert "What you can do" not in browser.get(f"/alerts/{notice.ref}").text
    assert browser.send(f"/alerts/{notice.ref}/acknowledge").status_code == 409


def test_every_deed_has_the_name_of_who_did_it_and_events_have_none(desk: World) -> None:
    alert = desk.alert("high")
    desk.browser().send(f"/alerts/{alert.ref}/acknowledge")
    with desk.store.view() as view:
        (deed,) = view.by(DEEDS, "conflict", alert.conflict_id)
    assert deed.who == OFFICER
    assert not any(OFFICER in each.model_dump_json() for each in desk.events())
