"""The story replayed: from a copy, to each index, by filters, as each agency, on another Python, beside the live state."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import AGENCIES, Network, Told
from rebuild_state import rebuilt

from casebus.layout import HUB
from casebus.testing import story, synthetic

ROOT = Path(__file__).resolve().parent.parent.parent
KEYS = {"index", "topic", "position", "type", "agency", "summary"}
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Copied:
    """An auditor's copy: the ledger, and a directory that has nothing but the network's directory.toml."""

    network: Network
    ledger: Path
    data: Path
    state_hash: str

    def rows(self, *options: str) -> list[dict[str, Any]]:
        """Return what `ledger replay` tells of the copy."""
        lines = self.network.casebus("ledger", "replay", str(self.ledger), "--jsonl", *options).splitlines()
        return [json.loads(line) for line in lines]

    def state(self, *options: str) -> dict[str, Any]:
        found: dict[str, Any] = self.network.json("ledger", "replay", str(self.ledger), "--state", *options)
        return found


@pytest.fixture(scope="session")
def copied(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Copied:
    root = tmp_path_factory.mktemp("auditor")
    told.network.settle()
    shutil.copytree(told.network.layout.role(HUB).ledger, root / "ledger")
    shutil.copy(told.network.layout.directory, root / "directory.toml")
    return Copied(Network(root), root / "ledger", root, told.network.state_hash())


@pytest.fixture(scope="session")
def all_rows(copied: Copied) -> list[dict[str, Any]]:
    return copied.rows()


@pytest.fixture(scope="session")
def all_steps(copied: Copied) -> list[dict[str, Any]]:
    return copied.rows("--steps")


@pytest.fixture(scope="session")
def rebuilt_here(copied: Copied) -> dict[str, object]:
    """What this process makes of the copy."""
    return rebuilt(copied.ledger, copied.data)


def test_the_rebuilt_state_is_the_live_one(copied: Copied) -> None:
    state = copied.state()
    assert state["state_hash"] == copied.state_hash
    assert state["reducer"] == "casebus-reducer-3"
    once = {"check": 1, "outcome": 1, "welfare_check": 1}
    assert state["records"] == {"case": story.REGISTER_CASES, "tip": story.TIPS, **once}
    assert state["alerts"]["uk-nca"] == {"open": 2, "resolved": 1, "retracted": 1}


def test_without_an_option_a_replay_has_exactly_the_rows_of_the_contract(
    copied: Copied, all_rows: list[dict[str, Any]]
) -> None:
    assert [row["index"] for row in all_rows] == list(range(len(all_rows)))
    assert all(set(row) == KEYS for row in all_rows)
    assert copied.rows("--from", "7", "--to", "12") == all_rows[7:12]
    assert copied.network.json("ledger", "replay", str(copied.ledger), "--to", "5") == {"rows": all_rows[:5]}
    (forged,) = (row for row in all_rows if row["type"] is None)
    assert forged["summary"] == "a record that was not accepted: signature invalid"


def test_the_state_at_each_index_is_that_of_a_replay_up_to_there(
    copied: Copied, rebuilt_here: dict[str, object]
) -> None:
    hashes = [row["state_hash"] for row in copied.rows("--hashes")]
    assert hashes == rebuilt_here["hashes"]
    assert len(set(hashes)) > story.REGISTER_CASES
    for index in (0, 1, len(hashes) // 2, len(hashes) - 1):
        assert copied.state("--to", str(index + 1))["state_hash"] == hashes[index]


def test_each_step_says_what_it_changed(all_steps: list[dict[str, Any]]) -> None:
    steps = all_steps
    assert all(set(row) == KEYS | {"effect", "changes"} for row in steps)
    (resolved, _) = (r for r in steps if r["type"] == "DeconflictionResolved" and r["topic"].endswith(".events"))
    (change,) = resolved["changes"]
    assert (change["what"], change["agency"]) == ("alert", resolved["agency"])
    assert (change["from"]["ours"], change["to"]["ours"]) == ("acknowledged", "resolved: JOINT_INVESTIGATION")
    found = [row for row in steps if row["type"] == "DataCombined"]
    assert all([c["what"] for c in row["changes"]] == ["conflict"] for row in found)
    assert not any(row["changes"] for row in steps if row["type"] in ("DataAccessed", "DataDisclosed", None))


def test_filters_hold_together_and_any_value_of_one_is_enough(copied: Copied, all_rows: list[dict[str, Any]]) -> None:
    types = ("DeconflictionHit", "DeconflictionResolved")
    both = [row for row in all_rows if row["type"] in types]
    assert copied.rows("--type", types[0], "--type", types[1]) == both
    assert copied.rows("--type", types[0], "--type", types[1], "--agency", story.NCA) == [
        row for row in both if row["agency"] == story.NCA
    ]
    proposed = [row for row in all_rows if row["type"] == "DeconflictionResolved"]
    assert copied.rows("--outcome", "joint-investigation") == proposed
    assert copied.rows("--operation", "combination", "--type", "DataCombined") == [
        row for row in all_rows if row["type"] == "DataCombined"
    ]
    assert copied.rows("--actor", "officer-0000000000000000") == []


def test_a_tip_is_followed_across_both_sides(copied: Copied) -> None:
    received = copied.rows("--steps", "--agency", story.NCA, "--type", "TipReceived")
    tips = [change["id"] for row in received for change in row["changes"]]
    followed = [[row["type"] for row in copied.rows("--tip", tip)] for tip in tips]
    assert all({"TipReceived", "DataCombined", "DeconflictionHit"} <= set(types) for types in followed)
    assert [types.count("TipAmended") for types in followed] == [0, 0, 0, 1], "the last one was mistyped"
    assert followed[-1].count("DataCombined") == 2, "what was found of it, and that it stands no more"


def test_a_moment_cuts_rows_and_state(copied: Copied, all_rows: list[dict[str, Any]]) -> None:
    assert copied.rows("--until", "2000-01-01") == []
    assert copied.rows("--since", "2000-01-01") == all_rows
    assert copied.state("--until", "2000-01-01T00:00Z")["records"] == {}
    assert copied.state("--until", "2999-01-01T00:00Z")["state_hash"] == copied.state_hash


@pytest.mark.parametrize("agency", AGENCIES)
def test_as_an_agency_was_entitled_to_see_it(
    copied: Copied, all_rows: list[dict[str, Any]], all_steps: list[dict[str, Any]], agency: str
) -> None:
    topics = {f"casebus.{agency}.events", f"casebus.{agency}.inbox"}
    assert copied.rows("--as", agency) == [row for row in all_rows if row["topic"] in topics]
    state = copied.state("--as", agency)
    assert (state["as"], state["conflicts"], set(state["alerts"])) == (agency, 0, {agency})
    own = [c["id"] for row in all_steps for c in row["changes"] if (c["what"], c["agency"]) == ("record", agency)]
    assert sum(state["records"].values()) == len(set(own))
    seen = json.dumps(copied.rows("--as", agency, "--steps"))
    partners = {
        change["id"]
        for row in all_steps
        for change in row["changes"]
        if change["what"] == "record" and change["agency"] != agency
    }
    assert not [record_id for record_id in partners if record_id in seen]


def test_a_state_of_some_records_is_refused_and_one_without_keys_too(copied: Copied, tmp_path: Path) -> None:
    ledger = str(copied.ledger)
    for option in (("--type", "TipReceived"), ("--from", "3"), ("--since", "2026-01-01"), ("--steps",)):
        copied.network.casebus("ledger", "replay", ledger, "--state", *option, code=2)
    only = str(shutil.copytree(ledger, tmp_path / "only"))
    Network(tmp_path).casebus("ledger", "replay", only, "--state", code=2)
    copied.network.casebus("ledger", "replay", ledger, "--as", "nobody", code=4)
    rows = Network(tmp_path).run("ledger", "replay", only, "--jsonl", "--to", "3")
    assert "signatures are not checked" in rows.stderr
    assert "not recorded anywhere" in rows.stderr


@pytest.mark.parametrize("seed", ["0", "random"])
def test_the_state_does_not_depend_on_the_process(copied: Copied, rebuilt_here: dict[str, object], seed: str) -> None:
    assert rebuilt_by(Path(sys.executable), copied, seed) == rebuilt_here


@pytest.mark.second_python
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", ["0", "random"])
def test_the_state_does_not_depend_on_the_version_of_python(
    copied: Copied, rebuilt_here: dict[str, object], second_python: Path, seed: str
) -> None:
    assert rebuilt_by(second_python, copied, seed) == rebuilt_here


def rebuilt_by(python: Path, copied: Copied, seed: str) -> Any:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    command = [str(python), str(HERE / "rebuild_state.py"), str(copied.ledger), str(copied.data)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


# --- beside something else ---


def test_a_copy_is_equal_to_its_ledger_until_something_is_changed(copied: Copied, tmp_path: Path) -> None:
    ledger, other = str(copied.ledger), tmp_path / "other"
    shutil.copytree(ledger, other)
    found = copied.network.json("ledger", "diff", ledger, str(other))
    assert found["equal"]
    assert found["one"] == found["other"]
    archived = next(path for path in (other / "records").rglob("*") if path.is_file())
    content = bytearray(archived.read_bytes())
    content[len(content) // 2] ^= 1
    archived.write_bytes(content)
    found = copied.network.json("ledger", "diff", ledger, str(other), code=3)
    assert (found["equal"], found["first"], found["other"]["damaged"]) == (False, None, 1)
    done = copied.network.run("ledger", "replay", str(other), "--jsonl", code=3)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(row["summary"].startswith("a record that is not here") for row in rows) == 1
    assert len(rows) == found["other"]["size"], "what can be read is told"


def test_an_older_copy_is_the_beginning_of_a_newer_one(told: Told, copied: Copied) -> None:
    told.network.casebus("alerts", "list", "--agency", story.NCA)
    told.network.settle()
    newer = str(told.network.layout.role(HUB).ledger)
    found = told.network.json("ledger", "diff", str(copied.ledger), newer, code=3)
    assert found["continues"]
    assert (found["first"], found["missing"], found["altered"], found["reordered"]) == (None, 0, 0, 0)
    assert found["extra"] == found["other"]["size"] - found["one"]["size"] > 0


def test_the_ledger_is_the_bus_and_the_live_state(told: Told) -> None:
    ledger = str(told.network.layout.role(HUB).ledger)
    assert told.network.json("ledger", "diff", ledger, "--bus")["equal"]
    found = told.network.json("ledger", "diff", ledger, "--live")
    assert (found["equal"], found["differences"]) == (True, [])
    assert found["ledger"] == found["live"] == told.network.state_hash()


def test_two_moments_differ_in_what_happened_between(copied: Copied, all_rows: list[dict[str, Any]]) -> None:
    at = next(row["index"] for row in all_rows if row["type"] == "DataCombined")
    found = copied.network.json("ledger", "diff", str(copied.ledger), "--from", str(at), "--to", str(at + 1))
    assert [change["what"] for change in found["changes"]] == ["conflict"]
    assert found["from"]["state_hash"] != found["to"]["state_hash"]
    assert copied.network.json("ledger", "diff", str(copied.ledger), "--from", "3", "--to", "3")["changes"] == []


def test_one_thing_is_compared_at_a_time(copied: Copied) -> None:
    copied.network.casebus("ledger", "diff", str(copied.ledger), code=2)
    copied.network.casebus("ledger", "diff", str(copied.ledger), "--bus", "--live", code=2)
    copied.network.casebus("ledger", "diff", str(copied.ledger), "--from", "9", "--to", "2", code=2)
    copied.network.casebus("ledger", "diff", str(copied.ledger), "/nonexistent", code=4)


def test_rebuilt_and_live_agree_after_every_turn_of_a_conflict(network: Network) -> None:
    """Told, decided by one, escalated to immediate, decided anew, withdrawn."""
    person = synthetic.person(700_001)
    account = synthetic.Person(service=person.service, email=person.email, account_id=person.account_id)
    network.put(story.POLICE, "tip.json", synthetic.cybertip_json("900000701", person))
    network.put(story.NCA, "package.json", synthetic.nca_package("NCA-2026-000701", account))
    agreed(network)
    decide(network, story.POLICE, "JOINT_INVESTIGATION")
    agreed(network)
    network.put(story.NCA, "package-2.json", synthetic.nca_package("NCA-2026-000701", account, immediate=True))
    agreed(network)
    assert [a["our_state"] for a in network.alerts(story.POLICE)] == ["new"], "what was decided before counts no more"
    for agency in (story.POLICE, story.NCA):
        decide(network, agency, "DELAYED")
    agreed(network)
    assert [a["state"] for a in network.alerts(story.NCA)] == ["resolved"]
    network.put(story.POLICE, "tip-2.json", synthetic.cybertip_json("900000701", synthetic.person(700_002)))
    agreed(network)
    assert [a["state"] for a in network.alerts(story.NCA)] == ["retracted"]


def decide(network: Network, agency: str, outcome: str) -> None:
    ref = network.alerts(agency)[0]["ref"]
    network.casebus("alerts", "resolve", ref, "--outcome", outcome, "--agency", agency, "--officer", "K")


def agreed(network: Network) -> None:
    network.settle()
    ledger = str(network.layout.role(HUB).ledger)
    found = network.json("ledger", "diff", ledger, "--live")
    assert (found["equal"], found["differences"]) == (True, [])


def test_a_live_state_that_was_changed_behind_the_ledgers_back_shows(network: Network) -> None:
    network.put(story.POLICE, "tip.json", story.cybertip())
    network.settle()
    with sqlite3.connect(network.layout.role(story.POLICE).state) as state:
        (body,) = state.execute("SELECT body FROM own_records").fetchone()
        changed = json.loads(body)
        changed["stands"]["open"] = False
        state.execute("UPDATE own_records SET body = ?", (json.dumps(changed),))
    state.close()
    found = network.json("ledger", "diff", str(network.layout.role(HUB).ledger), "--live", code=3)
    (difference,) = found["differences"]
    assert (difference["what"], difference["agency"]) == ("record", story.POLICE)
    assert (difference["from"]["open"], difference["to"]["open"]) == (False, True)


def test_a_bus_that_was_changed_behind_the_ledgers_back_shows(network: Network) -> None:
    network.put(story.POLICE, "tip.json", story.cybertip())
    network.settle()
    with sqlite3.connect(network.layout.bus / "casebus.nz-police.events.sqlite") as bus:
        bus.execute("DROP TRIGGER IF EXISTS records_never_change")
        bus.execute("UPDATE records SET key = X'00' WHERE position = 0")
    bus.close()
    found = network.json("ledger", "diff", str(network.layout.role(HUB).ledger), "--bus", code=3)
    (topic,) = (t for t in found["topics"] if t["altered"])
    assert (topic["topic"], topic["altered"], topic["first"]) == ("casebus.nz-police.events", 1, 0)


def test_a_state_goes_on_from_a_snapshot_and_not_from_another_ledgers(copied: Copied, tmp_path: Path) -> None:
    size = len(copied.rows())
    file = tmp_path / "state.snapshot"
    options = ("--snapshot", str(file))
    assert copied.state("--to", str(size // 2), *options) == copied.state("--to", str(size // 2))
    halfway = file.read_bytes()
    assert copied.state(*options) == copied.state(), "the rest, from the snapshot"
    assert copied.state(*options) == copied.state(), "nothing, from the snapshot"
    ledger = str(copied.ledger)
    copied.network.casebus("ledger", "replay", ledger, "--state", "--to", "3", *options, code=2)
    copied.network.casebus("ledger", "replay", ledger, "--state", "--as", story.NCA, *options, code=2)
    copied.network.casebus("ledger", "replay", ledger, *options, code=2)
    root = json.loads(halfway.partition(b"\n")[0])["root"].encode()
    for damaged in (halfway.replace(root, bytes(reversed(root))), halfway[:-1], halfway[1:], b"{}\n", b""):
        file.write_bytes(damaged)
        copied.network.casebus("ledger", "replay", ledger, "--state", *options, code=3)
