"""What a page says is so: read by somebody who decides by it, each of these was once untrue."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from console.console_world import IA, OPERATOR, World
from console.test_console_children import tip
from console.test_console_forms import NAME, asked_of_us

from casebus.cases.conversation import MESSAGES, RELEASES, Message, ReleaseState
from casebus.cases.outgoing import NOTICES, Notice
from casebus.events import enumerations as en
from casebus.intake.adapter import RecordKey
from casebus.intake.records import OwnKind
from casebus.state import Save


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def chosen(page: str, select: str) -> str:
    """Return what a list offers before anybody has chosen."""
    options = re.search(rf'<select[^>]*id="{select}".*?</select>', page, re.DOTALL)
    assert options is not None, select
    marked = re.search(r'<option value="([^"]*)"[^>]* selected', options[0])
    first = re.search(r'<option value="([^"]*)"', options[0])
    assert first is not None
    return (marked or first)[1]


def test_nothing_that_calls_a_child_at_risk_is_chosen_beforehand(desk: World) -> None:
    browser = desk.browser()
    talk = browser.get(f"/alerts/{desk.alert('high').ref}/talk").text
    assert (chosen(talk, "refer-reason"), chosen(talk, "refer-urgency")) == ("", "")
    check = browser.get("/check").text
    assert (chosen(check, "c-basis"), chosen(check, "c-urgency")) == ("", "MEDIUM")
    assert "A child is at immediate risk" in check, "what the choice says of a child stands in the choice"
    sent = browser.send(f"/alerts/{desk.alert('high').ref}/talk/refer", {"note": "kept", "value": "", "urgency": ""})
    assert (sent.status_code, "kept" in sent.text) == (400, True)


def test_an_alert_that_was_taken_up_once_is_never_called_unseen(desk: World) -> None:
    alert = desk.alert("high")
    browser = desk.browser()
    assert "not yet seen" in words_of(browser.get(f"/alerts/{alert.ref}").text)
    browser.send(f"/alerts/{alert.ref}/acknowledge", {"version": 1})
    desk.clock.sleep(timedelta(hours=5).total_seconds())
    assert "seen, and in nobody&#39;s hand any more" in words_of(browser.get(f"/alerts/{alert.ref}").text)


@pytest.mark.parametrize("partner", [None, "nz-police"])
def test_where_nothing_can_be_sealed_no_form_asks_for_it(world: World, partner: str | None) -> None:
    alert = world.alert("unnamed", partner=partner)
    world.hold(alert)
    page = world.browser().get(f"/alerts/{alert.ref}/talk").text
    assert not any(f"/talk/{action}" in page for action in ("message", "ask", "refer"))
    if partner is None:
        assert f"Ring {alert.contact.desk}" in words_of(page)


@pytest.mark.parametrize("broken", [None, "nonsense ["])
def test_who_may_act_cannot_be_read_is_said_without_a_path_and_as_nobodys_mistake(
    world: World, broken: str | None
) -> None:
    browser = world.browser()
    officers = world.installation.role(world.agency).officers
    officers.unlink() if broken is None else officers.write_text(broken)
    for answer in (browser.get("/"), browser.get("/login")):
        assert answer.status_code == 503
        assert "ring whoever operates this node" in words_of(answer.text).lower()
        assert str(world.installation.layout.root) not in answer.text


def test_who_may_not_see_the_board_is_not_sent_back_to_it(desk: World) -> None:
    page = desk.browser(OPERATOR).get("/")
    assert page.status_code == 403
    assert 'href="/feeds">Back to the feeds' in page.text
    assert "--officer" not in page.text


def test_a_release_in_part_and_one_whose_time_is_over_are_called_so(desk: World) -> None:
    release = replace(
        asked_of_us(desk), asked=(NAME, en.DisclosedField.PHONE), fields=(NAME,), state=ReleaseState.granted,
        tlp=en.Tlp.AMBER, evidential_use=en.EvidentialUse.INTELLIGENCE_ONLY,
        keep_until=desk.clock.now() + timedelta(days=7),
    )  # fmt: skip
    ours = replace(
        release, request_id="018f0000-0000-7000-8000-000000000003", ours=True, state=ReleaseState.ended, partner=None,
    )  # fmt: skip
    with desk.store.transaction() as tx:
        tx.apply(Save(RELEASES, release))
        tx.apply(Save(RELEASES, ours))
    page = words_of(desk.browser().get(f"/alerts/{desk.alert('high').ref}/talk").text)
    assert "granted in part" in page
    assert "TLP:AMBER, to be kept until 10 July 2026" in page, "the granting desk sees on which terms"
    assert "granted; the time for which it was given ended on 10 July 2026" in page


def test_what_a_partner_typed_turns_no_line_of_a_page_round(desk: World) -> None:
    alert = desk.alert("high")
    written = Message(
        "m", alert.conflict_id, False, "uk-nca", desk.clock.now(), "\u202elive\u202c or \x1b[2J\u061cnot \u200d"
    )
    with desk.store.transaction() as tx:
        tx.apply(Save(MESSAGES, written))
    page = desk.browser().get(f"/alerts/{alert.ref}/talk").text
    assert not any(sign in page for sign in "\u202e\u202c\x1b\u061c")
    assert r"\u202elive\u202c or \x1b[2J\u061cnot " in page
    assert "\u200d" in page, "a joiner is part of words"


def test_an_outcome_that_both_propose_is_not_said_to_wait_for_the_partner(desk: World) -> None:
    first, second = desk.alert("high"), desk.alert("routine", severity=en.Severity.routine, partner=IA)
    browser = desk.browser()
    for alert, theirs, said in (
        (first, en.ConflictOutcome.JOINT_INVESTIGATION, "the partner proposes the same: the alert is resolved"),
        (second, en.ConflictOutcome.FALSE_MATCH, "the partner proposes another: the alert is disputed"),
    ):
        desk.partner_does(alert, theirs)
        form = {"value": "JOINT_INVESTIGATION", "version": desk.kept(alert).version, "confirmed": "yes"}
        answer = browser.send(f"/alerts/{alert.ref}/resolve", form)
        assert said in words_of(browser.get(answer.headers["location"]).text)


def test_what_was_done_from_the_board_is_said_on_the_board(desk: World) -> None:
    browser = desk.browser()
    form = {"version": 1, "back": "/?tab=needs-us&severity=high"}
    answer = browser.send(f"/alerts/{desk.alert('high').ref}/acknowledge", form)
    assert answer.headers["location"] == "/?tab=needs-us&severity=high&done=acknowledge"
    assert "You acknowledged the alert" in browser.get(answer.headers["location"]).text
    ref = desk.alert("routine").ref
    answer = browser.send(f"/alerts/{ref}/acknowledge", {"version": 1})
    assert "You acknowledged this alert" in browser.get(answer.headers["location"]).text, (
        "after what the board said too"
    )
    assert "You acknowledged" not in browser.get(f"/alerts/{desk.alert('high').ref}?done=acknowledge").text, (
        "of another"
    )
    assert "You acknowledged the alert" not in desk.browser().get(answer.headers["location"]).text, (
        "a link says nothing"
    )


def test_a_notice_says_which_record_it_is_about(world: World) -> None:
    tip(world, "900000102")
    record_id = world.installation.drafting(world.agency).record_id(OwnKind.tip, RecordKey("ncmec", "900000102"))
    with world.store.transaction() as tx:
        tx.apply(Save(NOTICES, Notice("n", "DeconflictionNoHit", record_id, "nothing found", world.clock.now())))
    assert "Your 900000102: nothing found" in words_of(world.browser().get("/?tab=notices").text)
