"""Finding what somebody on the telephone names: by reference or own number, on record, without the number in an address."""

import pytest
from console.console_world import IA, OPERATOR, UK, World
from console.test_console_children import tip

from casebus.console.find_pages import FOUND_FIELDS
from casebus.intake.adapter import RecordKey
from casebus.intake.records import OwnKind

NUMBER = "900000102"


def own_id(world: World, kind: OwnKind = OwnKind.tip, number: str = NUMBER) -> str:
    tip(world, number, kind)
    return world.installation.drafting(world.agency).record_id(kind, RecordKey("ncmec", number))


def test_a_reference_in_any_case_leads_to_its_alert(desk: World) -> None:
    alert = desk.alert("high")
    for name in (alert.ref, f" {alert.ref.lower()} ", alert.ref.replace("-", " "), alert.conflict_id):
        assert desk.browser().send("/find", {"name": name}).headers["location"] == f"/alerts/{alert.ref}"


@pytest.mark.parametrize("typed", ["nca-2026-000101", "NCA-2026-000101"])
def test_an_own_number_is_found_in_whichever_case_it_is_typed(world: World, typed: str) -> None:
    alert = world.alert("one", own_id=own_id(world, number="NCA-2026-000101"))
    world.hold(alert)
    assert world.browser().send("/find", {"name": typed}).headers["location"] == f"/alerts/{alert.ref}"


def test_an_own_number_leads_to_the_alert_about_it_and_several_are_listed(world: World) -> None:
    first = world.alert("one", own_id=own_id(world))
    world.hold(first, world.alert("another"))
    browser = world.browser()
    assert browser.send("/find", {"name": NUMBER}).headers["location"] == f"/alerts/{first.ref}"
    second = world.alert("two", own_id=own_id(world, OwnKind.case), partner=IA)
    world.hold(second)
    page = browser.send("/find", {"name": NUMBER}).text
    assert "2 alerts found" in page
    assert all(f'href="/alerts/{alert.ref}"' in page for alert in (first, second))
    reading = world.readings()[-1]
    assert (set(reading.references), reading.fields) == ({first.ref, second.ref}, FOUND_FIELDS)


def test_what_is_found_nowhere_is_on_record_without_what_was_typed(desk: World) -> None:
    page = desk.browser().send("/find", {"name": "<b>nobody"}).text
    assert "No alerts found" in page
    assert "&lt;b&gt;nobody" in page
    assert (desk.readings()[-1].resource, desk.readings()[-1].references) == ("alerts found", ())
    assert "nobody" not in desk.readings()[-1].model_dump_json()


@pytest.mark.parametrize("name", ["", "%", "\x00", "x" * 5000])
def test_a_name_of_nothing_finds_nothing(desk: World, name: str) -> None:
    answer = desk.browser().send("/find", {"name": name})
    assert (answer.status_code, "No alerts found" in answer.text) == (200, True)


def test_another_agencys_alert_and_none_at_all_are_found_alike(desk: World) -> None:
    foreign = World(desk.installation.layout.root, UK, desk.clock)
    theirs = foreign.alert("theirs")
    foreign.hold(theirs)
    foreign.store.close()
    answers = [desk.browser().send("/find", {"name": name}).text for name in (theirs.ref, "UN-NOTHING")]
    assert (
        answers[0].replace(theirs.ref, "UN-NOTHING").count("No alerts found")
        == answers[1].count("No alerts found")
        == 2
    )
    assert desk.browser(OPERATOR).send("/find", {"name": theirs.ref}).status_code == 403
