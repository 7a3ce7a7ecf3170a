"""Reading is an event: a person's reading at a node is on record once, before anything is shown; on a copy it says so."""

import json
import os
import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Network, Told, new_network

from casebus.bus.log import Recorded
from casebus.cli.alerts import TABLE_FIELDS
from casebus.cli.ledger_access import NO_KEYS, NOT_RECORDED, RECORDED, put_on_record
from casebus.cli.ledger_index import FIELDS
from casebus.clock import SystemClock
from casebus.desk import ALERT_FIELDS, NOTICE_FIELDS, UNNAMED
from casebus.errors import UsageError
from casebus.events.enumerations import AccessOperation, Purpose
from casebus.events.types import DataAccessed
from casebus.layout import HUB
from casebus.roles import Installation
from casebus.testing import story
from casebus.wire.seal import Opener

AUDITOR = "AUDITOR-CANARYQZX-9"


def readings(network: Network, code: str = HUB) -> list[DataAccessed]:
    """Return the readings in a role's outbox that nothing has relayed yet: no role runs in these tests."""
    found = Installation.open(network.layout, SystemClock())
    opener = Opener(found.schemas, found.directory)
    with closing(found.open_store(code)) as store, store.view() as view:
        rows = view.outbox(limit=100_000)
    now = SystemClock().now()
    opened = (opener.open(Recorded(row.topic, row.sequence, row.record, now)).event.payload for row in rows)
    return [payload for payload in opened if isinstance(payload, DataAccessed)]


def added(network: Network, *arguments: str, role: str = HUB) -> list[DataAccessed]:
    before = len(readings(network, role))
    assert network.casebus(*arguments)
    return readings(network, role)[before:]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """A network that has taken something, parked something, and rests."""
    network = new_network(tmp_path_factory.mktemp("quiet") / "bus")
    network.put(story.POLICE, "cybertip-3.json", story.shared_cybertip())
    network.put(story.AFFAIRS, "referral-1.json", story.shared_referral())
    network.settle()
    return network


def ledger_of(network: Network) -> Path:
    return network.layout.role(HUB).ledger


def commands(ledger: Path, event: str) -> dict[str, tuple[str, ...]]:
    return {
        "replay": ("ledger", "replay", str(ledger)),
        "replay --jsonl": ("ledger", "replay", str(ledger), "--jsonl"),
        "search": ("log", "search", "--ledger", str(ledger)),
        "search words": ("log", "search", "tip", "--ledger", str(ledger), "--json"),
        "search an event": ("log", "search", "--event", event, "--ledger", str(ledger), "--jsonl"),
        "prove --event": ("ledger", "prove", str(ledger), "--event", event),
        "diff": ("ledger", "diff", str(ledger), "--from", "0", "--to", "2"),
    }


COMMANDS = sorted(commands(Path(), ""))


def first_event(network: Network) -> str:
    return str(json.loads(network.casebus("log", "tail", "casebus.nz-police.events").splitlines()[0])["id"])


@pytest.mark.parametrize("name", COMMANDS)
def test_a_reading_of_the_ledger_in_its_place_is_on_record_once(quiet: Network, name: str) -> None:
    command = commands(ledger_of(quiet), first_event(quiet))[name]
    (reading,) = added(quiet, *command, "--officer", AUDITOR)
    assert (reading.resource, reading.operation, reading.purpose) == (
        "ledger",
        AccessOperation.CONSULTATION,
        Purpose.AUDIT,
    )
    assert reading.actor.startswith("officer-")
    assert reading.fields
    if "event" in name:
        assert reading.references == (first_event(quiet),)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_reading_of_a_copy_is_not_on_record_and_says_so(quiet: Network, tmp_path: Path, name: str) -> None:
    shutil.copytree(ledger_of(quiet), tmp_path / "copy")
    command = commands(tmp_path / "copy", first_event(quiet))[name]
    before = len(readings(quiet))
    assert NOT_RECORDED in quiet.run(*command).stderr
    assert len(readings(quiet)) == before


@pytest.mark.parametrize("way", ["--live", "--bus", "second"])
def test_reading_the_node_beside_a_copy_is_on_record_too(quiet: Network, tmp_path: Path, way: str) -> None:
    shutil.copytree(ledger_of(quiet), tmp_path / "copy")
    before = len(readings(quiet))
    asked = ("diff", str(tmp_path / "copy"), str(ledger_of(quiet)) if way == "second" else way)
    done = quiet.run("ledger", *asked, "--officer", AUDITOR)
    assert RECORDED in done.stderr
    assert NOT_RECORDED not in done.stderr
    (reading,) = readings(quiet)[before:]
    assert (reading.resource, reading.purpose) == ("ledger", Purpose.AUDIT)


def test_reading_the_databases_of_a_machine_without_a_hub_is_on_record_at_each_role(
    quiet: Network, tmp_path: Path
) -> None:
    shutil.copytree(ledger_of(quiet), tmp_path / "copy")
    network = remade(quiet, tmp_path / "bus")
    shutil.rmtree(network.layout.role(HUB).directory)
    before = {code: len(readings(network, code)) for code in (story.POLICE, story.NCA)}
    network.run("ledger", "diff", str(tmp_path / "copy"), "--live")
    for code, count in before.items():
        (reading,) = readings(network, code)[count:]
        assert reading.resource == "ledger"


def test_an_exported_pack_is_on_record_once(quiet: Network, tmp_path: Path) -> None:
    vkey, event = quiet.layout.role(HUB).ledger_vkey, first_event(quiet)
    options = ("--key", str(vkey), "--event", event, "--out", str(tmp_path / "pack.zip"), "--officer", AUDITOR)
    (reading,) = added(quiet, "ledger", "export", str(ledger_of(quiet)), *options)
    assert reading.references == (event,)
    assert reading.actor != UNNAMED


def test_every_way_to_the_ledgers_place_is_its_place(quiet: Network, tmp_path: Path) -> None:
    ledger = ledger_of(quiet)
    (tmp_path / "link").symlink_to(ledger)
    for way in (tmp_path / "link", Path(os.path.relpath(ledger)), ledger / ".." / "ledger"):
        before = len(readings(quiet))
        done = quiet.run("ledger", "replay", str(way), "--to", "1")
        assert RECORDED in done.stderr
        assert len(readings(quiet)) == before + 1


def test_the_reader_is_a_pseudonym_that_is_the_same_each_time(quiet: Network) -> None:
    as_auditor = ("--officer", AUDITOR)
    (one,) = added(quiet, "ledger", "replay", str(ledger_of(quiet)), *as_auditor)
    (two,) = added(quiet, "log", "tail", "casebus.hub.events", *as_auditor)
    (three,) = added(quiet, "log", "search", "--officer", "somebody else")
    (four,) = added(quiet, "log", "search")
    assert one.actor == two.actor != three.actor
    assert four.actor == UNNAMED
    assert AUDITOR.encode() not in (quiet.layout.role(HUB).state).read_bytes()


def test_what_was_typed_as_words_is_not_on_record(quiet: Network) -> None:
    (reading,) = added(quiet, "log", "search", "tip", "--json")
    assert (reading.references, reading.fields) == ((), FIELDS)


PERSON = "Jane Canaryqzx 021 555"
TYPED = [
    *(("log", "search", f"--{option}", PERSON) for option in ("tip", "case", "conflict", "event", "actor", "type")),
    *(("ledger", "replay", "LEDGER", f"--{option}", PERSON) for option in ("tip", "case", "conflict", "outcome")),
    ("ledger", "prove", "LEDGER", "--event", PERSON),
    *(
        ("ledger", "export", "LEDGER", "--key", "KEY", "--out", "/nonexistent/pack.zip", f"--{option}", PERSON)
        for option in ("tip", "case", "conflict", "event")
    ),
]


@pytest.mark.parametrize("command", TYPED, ids=lambda command: " ".join((command[1], command[-2])))
def test_a_persons_name_typed_where_an_id_belongs_is_refused_and_published_nowhere(
    quiet: Network, command: tuple[str, ...]
) -> None:
    places = {"LEDGER": str(ledger_of(quiet)), "KEY": str(quiet.layout.role(HUB).ledger_vkey)}
    before = len(readings(quiet))
    done = quiet.run(*(places.get(part, part) for part in command), code=2)
    assert done.stdout == ""
    assert PERSON not in done.stderr
    assert len(readings(quiet)) == before


def test_whatever_option_it_came_from_words_are_never_put_on_record(quiet: Network) -> None:
    found = Installation.open(quiet.layout, SystemClock())
    before = len(readings(quiet))
    for words in (PERSON, "jane", "casebus.jane.events", "index-jane", ""):
        with pytest.raises(UsageError):
            put_on_record(found, HUB, None, "ledger", [words], ("index",))
    assert len(readings(quiet)) == before
    known = ["00000000-0000-0000-0000-000000000000", "index-7", "7", story.POLICE, "casebus.hub.events"]
    put_on_record(found, HUB, None, "ledger", known, ("index",))
    assert readings(quiet)[-1].references == tuple(known)


def test_the_fields_on_record_are_those_that_are_shown(quiet: Network, told: Told) -> None:
    agency = ("--agency", story.AFFAIRS)
    (row, *_), listed = quiet.alerts(story.AFFAIRS, "--notices"), readings(quiet, story.AFFAIRS)
    assert tuple(row) == ALERT_FIELDS == listed[-2].fields
    assert listed[-1].fields == NOTICE_FIELDS
    assert added(quiet, "alerts", "list", *agency, role=story.AFFAIRS)[0].fields == TABLE_FIELDS
    assert set(TABLE_FIELDS) < set(ALERT_FIELDS)
    (shown,) = added(quiet, "alerts", "show", row["ref"], *agency, role=story.AFFAIRS)
    assert set(shown.fields) == {*ALERT_FIELDS, "also_own", "mistaken", "notes", "notified"}
    record = json.loads(quiet.casebus("log", "tail", "casebus.hub.events").splitlines()[0])
    assert readings(quiet)[-1].fields == tuple(record)
    (found, *_) = quiet.json("log", "search")["rows"]
    assert tuple(found) == FIELDS


def test_a_look_at_a_parked_record_is_on_record_at_the_role_that_parked_it(told: Told) -> None:
    for parked in told.standing.parked:
        shown = added(told.network, "parked", "show", parked["id"], "--officer", AUDITOR)
        (reading,) = shown
        assert (reading.resource, reading.references) == ("parked", (parked["id"],))
        assert {"what", "value", "headers"} <= set(reading.fields)
        assert reading.actor != UNNAMED
    before = len(readings(told.network))
    told.network.run("parked", "show", "no-such-record", code=4)
    assert len(readings(told.network)) == before


def remade(quiet: Network, root: Path) -> Network:
    shutil.copytree(quiet.root, root)
    return Network(root)


REFUSED: Sequence[tuple[str, ...]] = (("ledger", "replay", "LEDGER"), ("log", "search"))


@pytest.mark.parametrize("command", REFUSED, ids=lambda command: command[1])
def test_a_reading_that_cannot_be_recorded_is_refused(quiet: Network, tmp_path: Path, command: tuple[str, ...]) -> None:
    network = remade(quiet, tmp_path / "bus")
    network.layout.role(HUB).state.write_bytes(b"no database\n" * 100)
    arguments = [str(ledger_of(network)) if part == "LEDGER" else part for part in command]
    done = network.run(*arguments, code=7)
    assert done.stdout == ""
    network.layout.role(HUB).state.unlink()
    network.layout.role(HUB).key("signing").chmod(0o644)
    assert network.run(*arguments, code=5).stdout == ""


def test_where_the_hubs_keys_are_not_at_hand_a_reading_says_that_it_is_not_recorded(
    quiet: Network, tmp_path: Path
) -> None:
    network = remade(quiet, tmp_path / "bus")
    network.layout.role(HUB).key("signing").unlink()
    assert NO_KEYS in network.run("log", "search").stderr


def test_a_hub_from_before_hubs_had_an_id_key_has_unnamed_readers(quiet: Network, tmp_path: Path) -> None:
    network = remade(quiet, tmp_path / "bus")
    network.layout.role(HUB).key("id").unlink()
    (reading,) = added(network, "log", "search", "--officer", AUDITOR)
    assert reading.actor == UNNAMED


def test_what_was_read_is_in_the_ledger_once_the_hub_has_run(quiet: Network, tmp_path: Path) -> None:
    network = remade(quiet, tmp_path / "bus")
    network.casebus("log", "search", "--event", "00000000-0000-0000-0000-000000000000", "--officer", AUDITOR)
    actor = readings(network)[-1].actor
    network.settle()
    rows = network.json("log", "search", "--type", "DataAccessed", "--actor", actor)["rows"]
    assert all(row["agency"] == HUB for row in rows)
    (row, *_) = network.json("log", "search", "--operation", "consultation", "--topic", "casebus.hub.events")["rows"]
    assert (row["purpose"], row["type"]) == ("AUDIT", "DataAccessed")
