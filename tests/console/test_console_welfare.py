"""A welfare check on the pages: asked for from any alert, about records that there are, seen, and completed once."""

import re
from typing import Any

import pytest
from console.console_world import NZ, OPERATOR, World
from console.test_console_children import text, tip

from casebus.cases.alert import Alert
from casebus.cases.outcomes import WELFARE_CHECKS, WelfareCheck
from casebus.desk.children import CHECK_FIELDS
from casebus.events import enumerations as en
from casebus.events.types import WelfareCheckCompleted, WelfareCheckRequested
from casebus.intake.adapter import RecordKey
from casebus.intake.records import OWN_RECORDS, OwnKind
from casebus.state import Save
from casebus.wire.ids import content_id

TIP = "900000102"
COMMAND = "018f0000-0000-7000-8000-00000000c0de"
FORM = {"concerning": TIP, "children": "2", "response": "NZ_CRITICAL_24H", "self_harm_risk": "YES", "country": "nz"}


def checks(world: World) -> list[WelfareCheck]:
    with world.store.view() as view:
        return list(view.all(WELFARE_CHECKS))


def requested(world: World) -> list[WelfareCheckRequested]:
    return [each for each in world.events() if isinstance(each, WelfareCheckRequested)]


def about(world: World, kind: OwnKind, **more: Any) -> Alert:
    """Let there be an alert about an own record that this agency holds."""
    tip(world, TIP, kind)
    own_id = world.installation.drafting(world.agency).record_id(kind, RecordKey("ncmec", TIP))
    alert = world.alert("about", own_kind=en.RecordKind(kind.value), own_id=own_id, **more)
    world.hold(alert)
    return alert


@pytest.mark.parametrize("kind", [OwnKind.tip, OwnKind.case])
@pytest.mark.parametrize("partner", ["uk-nca", None, NZ])
def test_it_is_asked_for_from_any_alert_whoever_the_partner_is(
    world: World, kind: OwnKind, partner: str | None
) -> None:
    alert, browser = about(world, kind, partner=partner), world.browser()
    link = f"/welfare?alert={alert.ref}"
    assert f'href="{link}"' in browser.get(f"/alerts/{alert.ref}").text
    assert f"{TIP}</textarea>" in browser.get(link).text
    assert browser.send("/welfare", FORM).headers["location"] == "/welfare?done=requested"
    (event,) = requested(world)
    assert event.record_ids == (alert.own_id,)
    assert (event.children, event.country, event.self_harm_risk) == (2, "NZ", en.TriState.YES)
    assert TIP not in event.model_dump_json()


def test_an_alert_about_a_check_before_acting_asks_which_tip_or_case(world: World) -> None:
    alert, browser = about(world, OwnKind.check), world.browser()
    assert TIP not in browser.get(f"/welfare?alert={alert.ref}").text
    answer = browser.send("/welfare", FORM)
    assert answer.status_code == 404
    assert "No such record of this agency" in answer.text
    assert f"{TIP}</textarea>" in answer.text, "what was typed is kept"
    assert requested(world) == []


def test_a_number_that_several_records_have_is_filled_in_as_the_id(world: World) -> None:
    alert = about(world, OwnKind.tip)
    tip(world, TIP, OwnKind.case)
    browser = world.browser()
    assert f"{alert.own_id}</textarea>" in browser.get(f"/welfare?alert={alert.ref}").text
    assert browser.send("/welfare", FORM).status_code == 409
    assert browser.send("/welfare", FORM | {"concerning": alert.own_id}).status_code == 303
    assert requested(world)[0].record_ids == (alert.own_id,)


def test_a_child_of_whom_no_record_is_held_is_looked_after_all_the_same(world: World) -> None:
    assert world.browser().send("/welfare", FORM | {"concerning": " \n"}).status_code == 303
    assert requested(world)[0].record_ids == ()


def test_a_request_that_is_sent_twice_is_one_even_when_it_was_completed_in_between(world: World) -> None:
    tip(world)
    browser, form = world.browser(), FORM | {"command": COMMAND}
    assert browser.send("/welfare", form).status_code == 303
    (check,) = checks(world)
    browser.send(f"/welfare/{check.check_id}/complete", {"value": "SAFE_WITH_PLAN"})
    assert browser.send("/welfare", form).status_code == 303
    answer = browser.send("/welfare", form | {"children": "3"})
    assert (answer.status_code, len(requested(world))) == (400, 1)
    assert "That was sent before, and said something else" in answer.text


def test_it_is_seen_on_record_and_completed_once(world: World) -> None:
    tip(world)
    browser = world.browser()
    browser.send("/welfare", FORM)
    (check,) = checks(world)
    page = text(browser.get("/welfare"))
    assert f"{TIP} : 2 children" in page.replace(f"{TIP}:", f"{TIP} :")
    assert "Waits" in page
    assert (world.readings()[-1].references, world.readings()[-1].fields) == ((check.check_id,), CHECK_FIELDS)
    path = f"/welfare/{check.check_id}/complete"
    for value in ("", "UNKNOWN"):
        assert browser.send(path, {"value": value}).status_code == 400
    assert browser.send(path, {"value": "NOT_LOCATED"}).headers["location"] == "/welfare?done=completed"
    assert browser.send(path, {"value": "SAFE_NO_ACTION"}).status_code == 409
    assert [each.result for each in world.events() if isinstance(each, WelfareCheckCompleted)] == ["NOT_LOCATED"]
    assert "Not found" in text(browser.get("/welfare"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"children": "0"},
        {"children": "²"},
        {"children": "1000"},
        {"response": ""},
        {"country": "NZL"},
        {"self_harm_risk": "x"},
    ],
)
def test_what_cannot_be_asked_for_is_said_and_kept(world: World, wrong: dict[str, str]) -> None:
    tip(world)
    answer = world.browser().send("/welfare", FORM | wrong)
    assert answer.status_code == 400
    assert f"{TIP}</textarea>" in answer.text
    assert requested(world) == []


def test_who_sees_no_case_sees_and_asks_for_none(world: World) -> None:
    tip(world)
    operator = world.browser(OPERATOR)
    assert operator.get("/welfare").status_code == 403
    assert operator.send("/welfare", FORM).status_code == 403
    assert requested(world) == []


def waiting(world: World, *numbers: int, soon: en.ResponseClass = en.ResponseClass.OTHER) -> None:
    """Let welfare checks wait, as documents would have asked for them."""
    with world.store.transaction() as tx:
        for number in numbers:
            asked = WelfareCheckRequested(
                check_id=content_id("check", str(number)),
                record_ids=(),
                response_class=soon,
                children=number,
                country=None,
                self_harm_risk=en.TriState.NOT_STATED,
            )
            tx.apply(Save(WELFARE_CHECKS, WelfareCheck(asked.check_id, f"{number:04}", asked, None)))


def test_the_most_urgent_check_stands_first_however_many_wait_and_every_one_has_a_page(world: World) -> None:
    waiting(world, *range(100, 160))
    browser = world.browser()
    browser.send("/welfare", FORM | {"concerning": "", "children": "7"})
    first = text(browser.get("/welfare?done=requested"))
    assert re.findall(r"(\d+) children", first)[:3] == ["7", "159", "158"], "and of what is alike the newest"
    second = text(browser.get("/welfare?page=2"))
    assert len(world.readings()[-1].references) == 11, "what is shown is on record, and no more"
    assert "Page 2 of 2" in second
    shown = re.findall(r"(\d+) children", first + second)
    assert sorted(shown) == sorted(["7", *map(str, range(100, 160))])


def test_what_cannot_be_told_how_soon_it_is_wanted_stands_below_nothing(world: World) -> None:
    waiting(world, 1, soon=en.ResponseClass.UNKNOWN)
    waiting(world, 2, soon=en.ResponseClass.NZ_CRITICAL_24H)
    waiting(world, 3, soon=en.ResponseClass.UK_IMMEDIATE)
    page = text(world.browser().get("/welfare"))
    assert re.findall(r"(\d) child", page.partition("What was asked for")[2]) == ["3", "1", "2"]


def test_what_is_not_there_is_completed_by_nobody(world: World) -> None:
    tip(world)
    with world.store.view() as view:
        (record,) = view.by(OWN_RECORDS, "number", TIP)
    for check in ("nothing", record.record_id, "%00"):
        assert world.browser().send(f"/welfare/{check}/complete", {"value": "NOT_LOCATED"}).status_code == 404
