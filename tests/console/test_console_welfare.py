"""A welfare check is asked for about a tip or a case that this agency holds, whatever its alert is about."""

from console.console_world import World

from casebus.events import enumerations as en
from casebus.events.types import WelfareCheckRequested
from casebus.intake.adapter import RecordKey
from casebus.intake.records import OWN_RECORDS, OwnKind, OwnRecord
from casebus.state import Save

SOON = next(iter(en.ResponseClass)).value
TIP = "900000102"


def held(world: World, kind: OwnKind, number: str) -> str:
    """Let this agency hold a record of its own; return its id."""
    record_id = world.installation.drafting(world.agency).record_id(kind, RecordKey("ncmec", number))
    with world.store.transaction() as tx:
        tx.apply(Save(OWN_RECORDS, OwnRecord(record_id, kind, "ncmec", number, 1, "", True, False, (), ())))
    return record_id


def requested(world: World) -> list[WelfareCheckRequested]:
    return [each for each in world.events() if isinstance(each, WelfareCheckRequested)]


def test_of_an_alert_on_a_check_before_acting_the_tip_or_case_is_named(world: World) -> None:
    check, tip = held(world, OwnKind.check, "CHECK-1"), held(world, OwnKind.tip, TIP)
    alert = world.alert("checked", own_kind=en.RecordKind.check, own_id=check)
    world.hold(alert)
    browser, form = world.browser(), {"children": "1", "value": SOON}
    path = f"/alerts/{alert.ref}/talk"
    assert 'name="concerning"' in browser.get(path).text
    for named in ({}, {"concerning": "CHECK-1"}, {"concerning": check}, {"concerning": "900000999"}):
        assert browser.send(f"{path}/welfare", form | named).status_code in (400, 404), named
    assert requested(world) == []
    assert browser.send(f"{path}/welfare", form | {"concerning": TIP}).status_code == 303
    assert [each.record_ids for each in requested(world)] == [(tip,)]


def test_of_any_other_alert_it_is_about_the_alerts_own_record(world: World) -> None:
    tip = held(world, OwnKind.tip, TIP)
    alert = world.alert("met", own_id=tip)
    world.hold(alert)
    browser = world.browser()
    assert 'name="concerning"' not in browser.get(f"/alerts/{alert.ref}/talk").text
    assert browser.send(f"/alerts/{alert.ref}/talk/welfare", {"children": "1", "value": SOON}).status_code == 303
    assert [each.record_ids for each in requested(world)] == [(tip,)]
