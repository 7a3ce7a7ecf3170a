"""The contract of the command line (DESIGN.md §9): options, exit codes, the keys of what it prints."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import AGENCIES, Network, new_network, stop

from casebus.bus.log import Record
from casebus.bus.sqlite_log import SqliteLog
from casebus.clock import SystemClock
from casebus.layout import HUB
from casebus.testing import story, synthetic

ALERT_KEYS = [
    "ref", "conflict_id", "revision", "version", "overlap", "severity", "state", "our_state", "their_state", "own",
    "partner", "contact", "matched", "suppressed", "strength", "score", "detector", "raised_at", "respond_by", "outcome",
]  # fmt: skip
DESK_KEYS = [
    "their_outcome", "band", "new_evidence", "stage", "assignee", "acknowledged_until", "snoozed_until", "own_severity", "due_by", "escalated",
]  # fmt: skip
"""What was added, and the desk's own business: after the contract's keys, which stand as they always did."""
POLICE_TOPIC = "casebus.nz-police.events"
PAIRS = 3


def pair(number: int) -> list[tuple[str, str, bytes]]:
    one = synthetic.person(610_000 + number)
    known = synthetic.Person(service=one.service, account_id=one.account_id, email=one.email)
    return [
        (story.POLICE, f"tip-{number}.json", synthetic.cybertip_json(f"9200{number:05d}", one)),
        (story.NCA, f"package-{number}.json", synthetic.nca_package(f"NCA-2026-2{number:04d}", known)),
    ]


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """A network with some conflicts, a shared report, a refused document and a forged record."""
    network = new_network(tmp_path_factory.mktemp("worked") / "bus")
    documents = [document for number in range(PAIRS) for document in pair(number)]
    documents.append((story.POLICE, "cybertip-3.json", story.shared_cybertip()))
    documents.append((story.AFFAIRS, "referral-1.json", story.shared_referral()))
    for document in documents:
        network.put(*document)
    network.settle()
    forge(network)
    network.put(story.POLICE, "broken.json", story.broken_document())
    network.settle(code=9)
    return network


def forge(network: Network) -> None:
    """Write NZ Police's first record again with one bit changed."""
    with closing(SqliteLog(network.layout.bus, SystemClock())) as log:
        genuine = log.read(POLICE_TOPIC, 0, limit=1)[0].record
        log.append(POLICE_TOPIC, [Record(genuine.key, b"\x01" + genuine.value[1:] + b"\x00", genuine.headers)])


def open_alert(network: Network, agency: str) -> Any:
    """Return an alert that nobody has touched yet, and that no other test will get."""
    return next(a for a in network.alerts(agency) if a["version"] == 1)


def outcome_of(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "casebus", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "NO_COLOR": "1", **(env or {})},
    )


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    for _ in range(900):
        if condition():
            return
        assert process.poll() is None, f"it ended with {process.returncode}"
        time.sleep(0.1)
    raise AssertionError("it never came about")


def start_hub(network: Network, **how: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "casebus", "run", "hub", "--data", str(network.root)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, **how)


def wait_until_started(network: Network, roles: Sequence[str], process: subprocess.Popen[bytes]) -> None:
    wait_until(lambda: all(said(network.layout.role(role).log, "node_started") for role in roles), process)


def said(path: Path, event: str) -> int:
    return path.read_text().count(f'"event": "{event}"') if path.exists() else 0


# --- init ---


def test_init_makes_what_the_contract_says_and_refuses_to_make_it_twice(tmp_path: Path) -> None:
    root = tmp_path / "new"
    assert outcome_of("init", "--data", str(root)).returncode == 0
    assert {p.name for p in (root / "agencies").iterdir()} == set(AGENCIES)
    for agency in AGENCIES:
        directory = root / "agencies" / agency
        assert directory.stat().st_mode & 0o777 == 0o700
        keys = {path.name: path.stat().st_mode & 0o777 for path in (directory / "keys").iterdir()}
        assert keys == {f"{name}.key": 0o600 for name in ("signing", "token", "id", "witness", "encryption")}
        assert (directory / "officers.toml").stat().st_mode & 0o777 == 0o600
        assert (directory / "spool" / "in").is_dir()
    assert "BEGIN PRIVATE KEY" in (root / "hub" / "keys" / "signing.key").read_text()
    assert (root / "hub" / "ledger.vkey").read_text().count("+") >= 2
    before = sorted(path.stat().st_mtime_ns for path in root.rglob("*"))
    again = outcome_of("init", "--data", str(root))
    assert (again.returncode, sorted(path.stat().st_mtime_ns for path in root.rglob("*"))) == (6, before)
    assert "not empty" in again.stderr


def test_training_keys_are_published_and_others_are_not(tmp_path: Path) -> None:
    keys = {}
    for name, options in (("a", ["--training"]), ("b", ["--training"]), ("c", []), ("d", [])):
        done = outcome_of("init", "--data", str(tmp_path / name), *options)
        assert ("TRAINING" in done.stderr) == bool(options)
        keys[name] = (tmp_path / name / "agencies" / "uk-nca" / "keys" / "signing.key").read_bytes()
    assert keys["a"] == keys["b"]
    assert len({keys["a"], keys["c"], keys["d"]}) == 3


# --- run ---


def test_a_run_until_idle_on_an_empty_network_ends_with_0(network: Network) -> None:
    network.casebus("run", "all", "--until-idle", "--timeout", "60")


def test_a_refused_document_makes_9_once(network: Network) -> None:
    network.put(story.POLICE, "broken.json", story.broken_document())
    network.settle(code=9)
    report = network.report(story.POLICE, "refused", "broken.json")
    assert {"document", "outcome", "code", "message", "event_ids"} <= report.keys()
    assert (report["document"], report["outcome"], report["event_ids"]) == ("broken.json", "refused", [])
    network.settle()


def test_a_timeout_makes_7(network: Network) -> None:
    for role in ("all", "hub", "uk-nca"):
        assert network.run("run", role, "--timeout", "0.1", code=7).stdout == ""


def test_components_run_alone_one_after_the_other(network: Network) -> None:
    network.put(story.POLICE, "tip.json", story.cybertip())

    def alone(role: str, *components: str) -> None:
        only = [word for component in components for word in ("--only", component)]
        network.casebus("run", role, *only, "--until-idle", "--timeout", "60")

    alone("nz-police", "adapter")
    assert network.json("status")["outbox"]["nz-police"] == 1
    assert network.topics()[POLICE_TOPIC] == 0
    alone("nz-police", "relay")
    assert network.topics()[POLICE_TOPIC] == 1
    alone("hub", "audit_log")
    lags = {(c["consumer"], c["topic"]): c["lag"] for c in network.json("status")["consumers"] if c["role"] == HUB}
    assert lags["audit_log", POLICE_TOPIC] == 0
    assert lags["duplicate_suspects", POLICE_TOPIC] == 1
    alone("hub", "duplicate_suspects", "relay")
    assert network.topics()["casebus.hub.events"] == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("run", "hub", "--only", "adapter"), 2),
        (("run", "nz-police", "--only", "nothing"), 2),
        (("run", "all", "--only", "relay"), 2),
        (("run", "nz-customs"), 4),
        (("alerts", "list", "--agency", "nz-customs"), 4),
        (("alerts", "list"), 2),
        (("alerts", "list", "--agency", "uk-nca", "--state", "nothing"), 2),
        (("alerts", "ack", "NP-AAAAAAA", "--agency", "nz-police", "--officer", "A"), 4),
        (("alerts", "ack", "NP-AAAAAAA", "--agency", "nz-police"), 5),
        (("alerts", "resolve", "NP-AAAAAAA", "--agency", "nz-police", "--officer", "A"), 2),
        (("log", "tail", "casebus.nz-customs.events"), 4),
        (("log", "tail", "anything"), 4),
        (("log", "tail", POLICE_TOPIC, "--from", "-1"), 2),
        (("parked", "show", "nothing"), 4),
        (("parked", "release", "nothing"), 4),
        (("ledger", "verify", "/nonexistent", "--key", "x"), 4),
        (("ledger", "replay", "/nonexistent"), 4),
        (("nothing",), 2),
        (("status", "--nothing"), 2),
    ],
)
def test_errors_have_their_exit_codes_and_words_on_stderr(worked: Network, arguments: Any, code: int) -> None:
    done = worked.run(*arguments, code=code)
    assert done.stdout == ""
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_without_a_data_directory_there_is_a_usage_error_and_a_missing_one_is_not_found(tmp_path: Path) -> None:
    environment = {"CASEBUS_DATA": ""}
    assert outcome_of("status", env=environment).returncode == 2
    assert outcome_of("status", "--data", str(tmp_path / "none")).returncode == 4
    assert not (tmp_path / "none").exists()


# --- processes ---


def test_sigterm_ends_a_hub_with_0_and_an_agency_too(network: Network) -> None:
    for role in (HUB, "uk-nca"):
        command = [sys.executable, "-m", "casebus", "run", role, "--data", str(network.root)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        wait_until_started(network, [role], process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=90) == 0


def test_a_second_hub_is_refused_and_the_first_goes_on(network: Network) -> None:
    first = start_hub(network)
    try:
        wait_until_started(network, [HUB], first)
        second = start_hub(network, stderr=subprocess.PIPE)
        _, words = second.communicate(timeout=90)
        assert second.returncode == 6
        assert b"error CB6000" in words
        assert first.poll() is None
    finally:
        assert stop(first) == 0


def test_a_restart_straight_after_sigkill_of_the_supervisor_succeeds(network: Network) -> None:
    supervisor = network.start()
    wait_until_started(network, (HUB, *AGENCIES), supervisor)
    network.put(story.POLICE, "tip.json", story.cybertip())
    supervisor.kill()
    supervisor.wait()
    network.settle()
    assert network.topics()[POLICE_TOPIC] == 1


def test_sigterm_of_the_supervisor_ends_all_with_0(network: Network) -> None:
    supervisor = network.start()
    wait_until_started(network, (HUB, *AGENCIES), supervisor)
    assert stop(supervisor) == 0
    assert {said(network.layout.role(r).log, "node_stopped") for r in (HUB, *AGENCIES)} == {1}


# --- status ---


def test_status_has_the_keys_of_the_contract(worked: Network) -> None:
    status = worked.json("status")
    assert {"topics", "consumers", "outbox", "parked", "spool", "state_hash"} <= status.keys()
    assert len(status["topics"]) == 7
    assert set(status["outbox"]) == set(status["parked"]) == {HUB, *AGENCIES}
    assert set(status["spool"]) == set(AGENCIES)
    assert status["spool"]["nz-police"]["refused"] == 1
    assert len(bytes.fromhex(status["state_hash"])) == 32
    assert worked.state_hash() == status["state_hash"]


def test_the_data_directory_may_come_from_the_environment(worked: Network) -> None:
    done = outcome_of("status", "--json", env={"CASEBUS_DATA": str(worked.root)})
    assert json.loads(done.stdout)["state_hash"] == worked.state_hash()


def test_json_is_one_object_on_stdout_and_a_page_has_no_escapes_without_a_terminal(worked: Network) -> None:
    assert isinstance(json.loads(worked.casebus("alerts", "list", "--agency", "uk-nca", "--json")), dict)
    assert "\x1b" not in worked.casebus("status") + worked.casebus("alerts", "list", "--agency", "uk-nca")


# --- alerts ---


def test_alerts_have_exactly_the_keys_of_the_contract(worked: Network) -> None:
    assert list(worked.json("alerts", "list", "--agency", "nz-police")) == ["agency", "as_of", "alerts"]
    listed = worked.json("alerts", "list", "--agency", "nz-police", "--notices")
    assert list(listed) == ["agency", "as_of", "alerts", "notices"]
    assert len(listed["alerts"]) == PAIRS + 1
    for alert in listed["alerts"]:
        assert list(alert) == [*ALERT_KEYS, *DESK_KEYS]
        assert list(alert["own"]) == ["kind", "ref"]
        assert set(alert["contact"]) == {"desk", "phone", "email", "hours", "time_zone"}
        assert all(set(matched) == {"kind", "agreement", "rarity"} for matched in alert["matched"])
    assert any(alert["outcome"] is None for alert in listed["alerts"])
    assert [a["respond_by"] for a in listed["alerts"]] == sorted(a["respond_by"] for a in listed["alerts"])


def test_notices_are_shown_when_asked_for(worked: Network) -> None:
    assert worked.alerts("nz-internal-affairs") == []
    assert [a["overlap"] for a in worked.alerts("nz-internal-affairs", "--notices")] == ["same_source_report"]


def test_alerts_are_acknowledged_and_resolved_and_the_state_selects(network: Network) -> None:
    for document in pair(9):
        network.put(*document)
    network.settle()
    ours, theirs = network.alerts("nz-police")[0], network.alerts("uk-nca")[0]
    assert ours["conflict_id"] == theirs["conflict_id"]
    assert ours["ref"] != theirs["ref"]
    police = ("--agency", "nz-police", "--officer", "OCEANZ-17")
    acknowledged = network.json("alerts", "ack", ours["ref"], *police, "--version", str(ours["version"]))
    assert (acknowledged["our_state"], acknowledged["version"]) == ("acknowledged", ours["version"] + 1)
    again = network.json("alerts", "ack", ours["ref"], *police)
    assert again["version"] == acknowledged["version"]
    resolved = network.json("alerts", "resolve", ours["ref"], "--outcome", "joint-investigation", *police)
    assert (resolved["our_state"], resolved["state"], resolved["outcome"]) == (
        "resolved",
        "open",
        "JOINT_INVESTIGATION",
    )
    network.settle()
    seen = network.json("alerts", "show", theirs["ref"], "--agency", "uk-nca")
    assert list(seen) == [*ALERT_KEYS, *DESK_KEYS, "mistaken", "notified"]
    assert (seen["their_state"], seen["our_state"], seen["outcome"]) == ("resolved", "new", None)
    assert seen["their_outcome"] == "JOINT_INVESTIGATION"
    told = network.casebus("alerts", "show", theirs["ref"], "--agency", "uk-nca")
    assert "we: new; they: resolved, proposing JOINT_INVESTIGATION\n" in told
    network.casebus(
        "alerts", "resolve", theirs["ref"], "--outcome", "DELAYED", "--agency", "uk-nca", env={"CASEBUS_OFFICER": "N"}
    )
    network.settle()
    assert [a["ref"] for a in network.alerts("nz-police", "--state", "disputed")] == [ours["ref"]]
    assert network.alerts("nz-police", "--state", "resolved") == []
    network.casebus("alerts", "resolve", ours["ref"], "--outcome", "DELAYED", *police)
    network.settle()
    for agency in ("nz-police", "uk-nca"):
        assert [a["state"] for a in network.alerts(agency)] == ["resolved"]


def test_a_foreign_ref_is_not_found_and_changes_nothing(worked: Network) -> None:
    before = worked.state_hash()
    foreign = worked.alerts("uk-nca")[0]["ref"]
    officer = ("--agency", "nz-police", "--officer", "OCEANZ-17")
    worked.casebus("alerts", "show", foreign, "--agency", "nz-police", code=4)
    worked.casebus("alerts", "ack", foreign, *officer, code=4)
    worked.casebus("alerts", "resolve", foreign, "--outcome", "DELAYED", *officer, code=4)
    assert worked.state_hash() == before


def test_a_stale_version_is_a_conflict(worked: Network) -> None:
    alert = open_alert(worked, "uk-nca")
    officer = ("--agency", "uk-nca", "--officer", "NCA-204")
    worked.casebus("alerts", "ack", alert["ref"], *officer, "--version", str(alert["version"]))
    before = worked.state_hash()
    stale = ("--version", str(alert["version"]))
    worked.casebus("alerts", "resolve", alert["ref"], "--outcome", "DELAYED", *officer, *stale, code=6)
    worked.casebus("alerts", "ack", alert["ref"], *officer, *stale, code=6)
    assert worked.state_hash() == before


def test_an_unknown_outcome_is_a_usage_error(worked: Network) -> None:
    ref = worked.alerts("uk-nca")[0]["ref"]
    options = ("--outcome", "NOTHING", "--agency", "uk-nca", "--officer", "NCA-204")
    assert "JOINT_INVESTIGATION" in worked.run("alerts", "resolve", ref, *options, code=2).stderr


def test_the_outcome_that_says_different_person_is_named_where_one_is_chosen(worked: Network) -> None:
    ref = worked.alerts("uk-nca")[0]["ref"]
    options = ("--outcome", "different-person", "--agency", "uk-nca", "--officer", "NCA-204")
    refused = worked.run("alerts", "resolve", ref, *options, code=2).stderr
    helped = outcome_of("alerts", "resolve", "--help", env={"COLUMNS": "1000"}).stdout
    assert "FALSE_MATCH (different person)" in refused
    assert "FALSE_MATCH (different person)" in helped


def test_a_decision_needs_a_name(worked: Network) -> None:
    ref = worked.alerts("uk-nca")[0]["ref"]
    worked.casebus("alerts", "ack", ref, "--agency", "uk-nca", env={"CASEBUS_OFFICER": ""}, code=5)


# --- parked, log ---


def test_parked_records_are_listed_shown_and_released(worked: Network) -> None:
    parked = worked.json("parked", "list")["parked"]
    assert {p["consumer"] for p in parked} == {"duplicate_suspects", "delivery"}
    for one in parked:
        assert {"id", "topic", "position", "consumer", "reason", "held_keys"} <= one.keys()
        assert (one["topic"], one["reason"], one["held_keys"]) == (POLICE_TOPIC, "signature_invalid", [])
    shown = worked.json("parked", "show", parked[0]["id"])
    assert shown["id"] == parked[0]["id"]
    assert worked.casebus("parked", "list").count("signature_invalid") == 2
    released = worked.json("parked", "release", parked[0]["id"])
    assert released["status"] == "released"
    worked.settle()
    after = {p["id"]: p["status"] for p in worked.json("parked", "list")["parked"]}
    assert after == {p["id"]: "parked" for p in parked}, "what is still forged is tried, and parked again"


def test_a_topic_is_read_from_a_position_with_tokens_for_identifiers(worked: Network) -> None:
    every = worked.tail(POLICE_TOPIC)
    assert [record["position"] for record in every] == list(range(len(every)))
    assert {"topic", "position", "appended_at", "id", "type", "source", "key", "payload"} <= every[0].keys()
    assert worked.tail(POLICE_TOPIC, 2) == every[2:]
    assert worked.tail(POLICE_TOPIC, 10_000) == []
    assert [record["refused"] for record in every if "refused" in record] == ["signature_invalid"]
    assert synthetic.person(610_000).email not in json.dumps(every)
    assert "TipReceived" in {record.get("type") for record in every}


# --- ledger ---


def verify(network: Network, ledger: Path, *options: str, code: int = 0) -> Any:
    key = network.layout.role(HUB).ledger_vkey
    return network.json("ledger", "verify", str(ledger), "--key", str(key), *options, code=code)


def test_the_ledger_says_unwitnessed_and_that_is_a_failure_only_when_a_witness_is_required(worked: Network) -> None:
    ledger = worked.layout.role(HUB).ledger
    report = verify(worked, ledger)
    assert {"outcome", "size", "root", "checks"} <= report.keys()
    assert report["outcome"] == "unwitnessed"
    assert all(set(check) == {"step", "name", "ok", "expected", "actual"} for check in report["checks"])
    assert verify(worked, ledger, "--require-witness", code=3)["outcome"] == "unwitnessed"
    line = worked.layout.role(HUB).ledger_vkey.read_text().strip()
    assert worked.json("ledger", "verify", str(ledger), "--key", line) == report
    assert verify(worked, ledger, "--since", str(ledger / "checkpoint"))["outcome"] == "unwitnessed"


def test_a_copy_is_verified_offline_and_a_tampered_one_fails(worked: Network, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(worked.layout.role(HUB).ledger, copy)
    assert verify(worked, copy)["outcome"] == "unwitnessed"
    record = max(
        (path for path in (copy / "records").rglob("*") if path.is_file()), key=lambda path: path.stat().st_size
    )
    content = bytearray(record.read_bytes())
    content[len(content) // 2] ^= 1
    record.write_bytes(content)
    report = verify(worked, copy, code=3)
    assert report["outcome"] == "failed"
    assert "records" in {check["name"] for check in report["checks"] if not check["ok"]}


def test_a_replay_tells_the_ledger_again_up_to_an_index(worked: Network) -> None:
    ledger = str(worked.layout.role(HUB).ledger)
    rows = [json.loads(line) for line in worked.casebus("ledger", "replay", ledger, "--jsonl").splitlines()]
    assert [row["index"] for row in rows] == list(range(len(rows)))
    assert all(set(row) == {"index", "topic", "position", "type", "agency", "summary"} for row in rows)
    assert len(rows) == verify(worked, Path(ledger))["size"]
    to = worked.casebus("ledger", "replay", ledger, "--to", "3", "--jsonl").splitlines()
    assert [json.loads(line) for line in to] == rows[:3]


# --- the rest ---


@pytest.mark.parametrize(
    "arguments",
    [("schema", "list", "--json"), ("schema", "check"), ("doctor",), ("doctor", "--json"), ("parked", "list")],
)
def test_the_data_directory_is_accepted_after_every_command(worked: Network, arguments: tuple[str, ...]) -> None:
    assert worked.casebus(*arguments)


def test_ctrl_c_stops_the_roles_in_order_and_ends_with_130(network: Network) -> None:
    supervisor = network.start()
    wait_until_started(network, (HUB, *AGENCIES), supervisor)
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(timeout=90) == 130
    assert {said(network.layout.role(r).log, "node_stopped") for r in (HUB, *AGENCIES)} == {1}


def test_doctor_looks_at_every_key_and_ends_with_the_highest_exit_code(network: Network) -> None:
    network.layout.role("uk-nca").key("token").chmod(0o644)
    network.layout.role("uk-nca").key("id").unlink()
    checks = network.json("doctor", code=5)["checks"]
    assert {c["name"] for c in checks if not c["ok"]} == {"token key of uk-nca", "id key of uk-nca"}
    network.layout.settings.write_text("nonsense = 1\n")
    (check,) = network.json("doctor", code=2)["checks"]
    assert (check["name"], check["ok"]) == ("settings and directory", False)


def test_wrong_arguments_are_told_like_every_error_with_a_code_and_what_was_left_unchanged(network: Network) -> None:
    said = network.run("alerts", "list", "--bogus", code=2).stderr
    assert said.startswith("error CB2000: ")
    assert "nothing was changed" in said
    assert "next: casebus alerts list --help" in said
