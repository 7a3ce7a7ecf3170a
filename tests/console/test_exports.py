"""What the command line gives out is held to the rule of the pages, and no command that gives something out is left aside."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from console.console_world import NZ, OFFICER, UK, World
from console.exported import OF_ONE_ALERT, OF_THE_DESK, READING, Exporter
from console.planted import HELD, release

from casebus.cases.conversation import RELEASES, ReleaseState
from casebus.cli.main import assembled
from casebus.events import enumerations as en
from casebus.state import Save

WRITING = {
    "alerts": {"ack", "resolve", "assign", "handover", "snooze", "severity", "reopen"},
    "desk": {"release-request", "release-grant", "release-refuse", "message"},
    "referrals": {"send", "accept", "decline"},
    "welfare": {"request", "complete"},
    "outcomes": {"record", "restate"},
    "deconflict": {"check", "close"},
}
"""They give out what they have just changed, in the form of the reading ones."""

NOT_OF_A_DESK = {"status", "doctor", "keys", "parked", "log", "ledger", "schema", "match file"}
"""They read the machine, its keys, the bus and the ledger, in which no value is (tests/cases/test_conversation.py), or a file that
whoever gives the command has.
"""


def test_every_command_that_gives_something_out_is_held_to_the_property() -> None:
    known = {" ".join(each) for each in READING} | {f"{group} {name}" for group in WRITING for name in WRITING[group]}
    given = {name for name, options in _commands() if options & {"--json", "--jsonl", "--out"}}
    others = {name for name in given if name in NOT_OF_A_DESK or name.split()[0] in NOT_OF_A_DESK}
    assert given - others == known


def _commands() -> list[tuple[str, set[str]]]:
    found: list[tuple[str, set[str]]] = []

    def walk(command: object, path: tuple[str, ...]) -> None:
        for name, each in getattr(command, "commands", {}).items():
            walk(each, (*path, name))
        if path and not hasattr(command, "commands"):
            found.append((" ".join(path), {option for p in getattr(command, "params", ()) for option in p.opts}))

    walk(typer.main.get_command(assembled()), ())
    return found


@pytest.mark.parametrize("role", ["an operator", "nobody that is listed"])
def test_who_may_see_no_case_takes_nothing_away_and_the_attempt_is_on_record(tmp_path: Path, role: str) -> None:
    world = World(tmp_path / "data")
    world.hold(alert := world.alert("shared", partner=UK))
    officers = world.installation.role(NZ).officers
    officers.write_text(officers.read_text().replace('unlisted = "officer"\n', ""))
    who = "OCEANZ-OPS" if role == "an operator" else "A-STRANGER"
    exporter = Exporter(tmp_path / "data", NZ, who, as_json=role == "an operator")
    gone = exporter.each(OF_THE_DESK) + exporter.each(OF_ONE_ALERT, alert.ref)
    assert {each.code for each in gone} == {5}
    assert not any(alert.conflict_id in each.text or UK in each.text for each in gone)
    denied = [each for each in world.readings() if each.resource.startswith("denied: ")]
    assert len(denied) == (len(gone) if role == "an operator" else 0)
    world.store.close()


def test_values_are_given_out_no_longer_than_they_may_be_kept_though_no_node_has_run(tmp_path: Path) -> None:
    world = World(tmp_path / "data")
    world.hold(alert := world.alert("shared", partner=UK))
    values = (en.DisclosedField.PHONE,)
    granted = release(alert, True, ReleaseState.granted, values, en.Tlp.AMBER, world.clock.now())
    exporter, browser = Exporter(tmp_path / "data", NZ, OFFICER, as_json=True), world.browser()
    for keep_until, shown in ((world.clock.now(), False), (datetime.max.replace(tzinfo=UTC), True)):
        with world.store.transaction() as tx:
            tx.apply(Save(RELEASES, replace(granted, keep_until=keep_until)))
        assert (HELD in exporter.run("desk", "releases").text) == shown
        assert (HELD in browser.get(f"/alerts/{alert.ref}/talk").text) == shown
        assert (en.DisclosedField.PHONE.value in world.readings()[-2].fields) == shown
    world.store.close()
