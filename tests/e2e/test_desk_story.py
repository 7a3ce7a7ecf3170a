"""Two desks at work, by the command line alone: what one releases is read by the other, and by nobody else."""

import json
from pathlib import Path

import pytest
from conftest import AGENCIES, Network, new_network

from casebus.layout import HUB
from casebus.testing import story

POLICE, NCA, AFFAIRS = AGENCIES
CANARY = "Canaryqzx Qzxyrana"
NZ, UK = ("--agency", POLICE, "--officer", "OCEANZ-17"), ("--agency", NCA, "--officer", "NCA-204")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    return two_told(tmp_path_factory.mktemp("desks") / "bus")


def two_told(root: Path) -> Network:
    network = new_network(root)
    network.put(POLICE, "tip.json", story.cybertip())
    network.put(NCA, "package.json", story.package())
    network.settle()
    return network


def ref(network: Network, agency: str) -> str:
    return str(next(a["ref"] for a in network.alerts(agency)))


def test_an_alert_over_its_life_by_the_command_line(tmp_path: Path) -> None:
    network = two_told(tmp_path / "bus")  # its own: the others act on the alerts that they share
    alert = ref(network, POLICE)
    assigned = network.json("alerts", "assign", alert, *NZ)
    assert (assigned["stage"], assigned["assignee"], assigned["our_state"]) == ("in_hand", "OCEANZ-17", "acknowledged")
    stale = network.run("alerts", "handover", alert, *NZ, "--note", "x", "--version", "1", code=6)
    assert "OCEANZ-17 assigned (OCEANZ-17)" in stale.stderr
    handed = network.json("alerts", "handover", alert, *NZ, "--note", "night shift", "--to", "OCEANZ-02")
    assert handed["assignee"] == "OCEANZ-02"
    network.run("alerts", "severity", alert, *NZ, "--to", "routine", code=2)
    lowered = network.json("alerts", "severity", alert, *NZ, "--to", "routine", "--reason", "an old report")
    assert (lowered["own_severity"], lowered["severity"] != "routine") == ("routine", True)
    network.run("alerts", "snooze", alert, *NZ, "--until", "2020-01-01T00:00:00", code=2)
    network.run("alerts", "reopen", alert, *NZ, "--reason", "x", code=6)
    network.json("alerts", "resolve", alert, *NZ, "--outcome", "DELAYED")
    reopened = network.json("alerts", "reopen", alert, *NZ, "--reason", "new evidence")
    assert (reopened["stage"], reopened["outcome"]) == ("new", None)
    network.settle()
    theirs = network.alerts(NCA)[0]
    assert (theirs["their_state"], theirs["state"]) == ("acknowledged", "open")
    verbs = [each["verb"] for each in network.json("alerts", "history", alert, *NZ)["history"]]
    assert verbs == ["told", "assigned", "handed over", "set the severity", "resolved", "reopened"]


def test_what_is_not_ones_own_is_not_found_and_what_is_not_ones_role_not_permitted(network: Network) -> None:
    for command in (("alerts", "assign"), ("desk", "messages"), ("alerts", "history")):
        network.run(*command, ref(network, NCA), *NZ, code=4)
    network.run("desk", "release-grant", "nothing", *NZ, "--field", "PHONE=1", code=4)
    network.run("referrals", "accept", "nothing", *NZ, code=4)
    network.run("desk", "lead", ref(network, POLICE), *NZ, "--who", "us", code=5)
    operator = ("--agency", POLICE, "--officer", "OCEANZ-OPS")
    network.run("alerts", "list", *operator, code=5)
    network.run("desk", "message", ref(network, POLICE), "--agency", POLICE, "--text", "x", code=5)
    network.run("referrals", "send", *NZ, "--to", "nowhere", "--reason", "no-capacity", code=2)


def test_a_released_field_is_readable_at_the_recipient_and_nowhere_else(network: Network) -> None:
    wanted = ("--ask", "PHONE", "--ask", "REPORTED_NAME")
    asked = network.json("desk", "release-request", ref(network, POLICE), *NZ, "--reason", f"{CANARY}?", *wanted)
    network.settle()
    (waiting,) = network.json("desk", "releases", *UK)["releases"]
    assert (waiting["reason"], waiting["asked"]) == (f"{CANARY}?", ["PHONE", "REPORTED_NAME"])
    granted = network.json("desk", "release-grant", asked["request_id"], *UK, "--field", f"reported-name={CANARY}")
    assert (granted["fields"], granted["values"]) == (["REPORTED_NAME"], [])
    network.json("desk", "message", ref(network, NCA), *UK, "--text", f"{CANARY}: ring me")
    network.json("referrals", "send", *UK, "--to", POLICE, "--reason", "child-lives-there", "--ref", ref(network, NCA),
                 "--field", f"address={CANARY} Street", "--note", f"{CANARY} again")  # fmt: skip
    network.settle()
    (got,) = network.json("desk", "releases", *NZ)["releases"]
    assert got["values"] == [{"field": "REPORTED_NAME", "value": CANARY}]
    assert [m["text"] for m in network.json("desk", "messages", ref(network, POLICE), *NZ)["messages"]] == [
        f"{CANARY}: ring me"
    ]
    (referral,) = network.json("referrals", "list", *NZ)["referrals"]
    assert (referral["ours"], referral["note"]) == (False, f"{CANARY} again")
    assert network.json("referrals", "accept", referral["referral_id"], *NZ)["ours"]
    network.settle()
    assert not network.json("referrals", "list", *UK)["referrals"][0]["ours"]
    own = [network.layout.role(code).directory for code in (POLICE, NCA)]
    elsewhere = [p for p in network.root.rglob("*") if p.is_file() and not any(p.is_relative_to(d) for d in own)]
    assert {"hub", "bus", AFFAIRS} <= {part for path in elsewhere for part in path.relative_to(network.root).parts}
    assert [str(path) for path in elsewhere if CANARY.encode() in path.read_bytes()] == []
    for code in (POLICE, NCA):
        assert CANARY.encode() not in network.layout.role(code).log.read_bytes(), "not even in its own log"
        assert CANARY.encode() in state_of(network.layout.role(code).directory)
    said = network.run("ledger", "replay", str(network.layout.role(HUB).ledger), "--jsonl").stdout
    said += "".join(network.casebus("log", "tail", topic) for topic in network.topics())
    assert CANARY not in said
    assert "release granted by uk-nca: reported name" in said


def state_of(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.glob("state.sqlite*"))


def test_the_lead_is_agreed_by_two_leads(network: Network) -> None:
    lead_nz, lead_uk = ("--agency", POLICE, "--officer", "OCEANZ-02"), ("--agency", NCA, "--officer", "NCA-201")
    network.json("desk", "lead", ref(network, POLICE), *lead_nz, "--who", "us", "--basis", "child-location")
    network.json("desk", "lead", ref(network, NCA), *lead_uk, "--who", "partner")
    network.settle()
    assert network.json("desk", "lead", ref(network, POLICE), *NZ)["we_lead"] is True
    assert network.json("desk", "lead", ref(network, NCA), *UK)["we_lead"] is False


def test_children_are_recorded_and_restated_by_the_command_line(network: Network) -> None:
    check = network.json(
        "welfare", "request", *NZ, "--class", "NZ_CRITICAL_24H", "--children", "1", "--record", story.CYBERTIP_NUMBER
    )
    assert (
        network.json("welfare", "complete", check["number"], *NZ, "--result", "SAFE_WITH_PLAN")["result"]
        == "SAFE_WITH_PLAN"
    )
    assert [each["check_id"] for each in network.json("welfare", "list", *NZ)["checks"]] == [check["check_id"]]
    first = network.json("outcomes", "record", *NZ, "--type", "RESCUED_FROM_CURRENT_ABUSE", "--count", "2")
    network.json("outcomes", "restate", first["number"], *NZ, "--type", "RESCUED_FROM_CURRENT_ABUSE", "--count", "1")
    listed = network.json("outcomes", "list", *NZ)
    assert [figure["children"] for figure in listed["figures"]] == [1]
    network.settle()
    assert json.loads(network.casebus("ledger", "diff", str(network.layout.role(HUB).ledger), "--live", "--json"))
