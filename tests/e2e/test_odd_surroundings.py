"""Odd surroundings and odd arguments end in words and the right exit code, whatever they are: never in a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import AGENCIES, Network, new_network

from casebus.clock import SystemClock
from casebus.installing import initialise
from casebus.layout import HUB
from casebus.testing import story

LONG = "/tmp/" + "n" * 300
CASEBUS = [sys.executable, "-m", "casebus"]
POLICE = ("--agency", "nz-police", "--officer", "OCEANZ-17")


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """A network that nothing happened in; tests read it, and refuse to write to it."""
    return new_network(tmp_path_factory.mktemp("quiet") / "bus")


def in_shell(command: str, network: Network) -> subprocess.CompletedProcess[str]:
    """Run `$CASEBUS ...` in a shell, for its redirections."""
    environment = {**os.environ, "NO_COLOR": "1", "CASEBUS": " ".join(CASEBUS), "CASEBUS_DATA": str(network.root)}
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120, env=environment)


# --- stdout and stderr ---


@pytest.mark.parametrize("command", ["--version", "--help", "status", "status --json", "doctor"])
def test_a_full_disk_behind_stdout_is_told_and_makes_7(quiet: Network, command: str) -> None:
    done = in_shell(f"$CASEBUS {command} > /dev/full", quiet)
    assert done.returncode == 7
    assert "stdout cannot be written: No space left" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_nobody_elses_file(quiet: Network, closed: str) -> None:
    """A database that got descriptor 1 would receive what is printed."""
    done = in_shell(f"$CASEBUS status {closed}", quiet)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["status", "doctor", "schema list", "--help"])
@pytest.mark.parametrize("reader", ["head -1", "true"])
def test_a_reader_that_goes_is_normal_and_silent(quiet: Network, command: str, reader: str) -> None:
    done = in_shell(f"$CASEBUS {command} | {reader}; exit ${{PIPESTATUS[0]}}", quiet)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_verification_that_failed_fails_whoever_reads_its_report(quiet: Network) -> None:
    verify = "$CASEBUS ledger verify $CASEBUS_DATA/hub/ledger --key $CASEBUS_DATA/hub/ledger.vkey --require-witness"
    assert in_shell(f"{verify} | true; exit ${{PIPESTATUS[0]}}", quiet).returncode == 3


# --- errors as JSON ---


@pytest.mark.parametrize(
    ("arguments", "code", "name"),
    [
        (("alerts", "show", "NP-AAAAAAA", "--agency", "nz-police"), 4, "CB4000"),
        (("alerts", "ack", "NP-AAAAAAA", "--agency", "nz-police"), 5, "CB5000"),
        (("alerts", "list", "--agency", "uk-nca", "--state", "nothing"), 2, "CB2000"),
        (("parked", "show", "nothing"), 4, "CB4000"),
        (("status", "--nothing"), 2, "CB2000"),
    ],
)
def test_with_json_an_error_is_one_object_too(quiet: Network, arguments: Any, code: int, name: str) -> None:
    done = quiet.run(*arguments, "--json", code=code)
    told = json.loads(done.stdout)
    assert list(told) == ["error"]
    assert list(told["error"]) == ["code", "exit_code", "what", "unchanged", "next_step"]
    assert (told["error"]["code"], told["error"]["exit_code"]) == (name, code)
    assert told["error"]["what"] in done.stderr


def test_a_report_that_was_printed_is_not_followed_by_another_object(quiet: Network) -> None:
    hub = quiet.layout.role(HUB)
    given = (str(hub.ledger), "--key", str(hub.ledger_vkey), "--require-witness")
    assert quiet.json("ledger", "verify", *given, code=3)["outcome"] == "unwitnessed"


# --- places ---


@pytest.mark.parametrize("place", ["/proc/no-such-thing", LONG, "/dev/null", "/dev/null/x"])
@pytest.mark.parametrize(
    ("command", "codes"),
    [
        (("init",), {2, 7}),
        (("run", "all"), {2, 4}),
        (("run", "hub"), {2, 4}),
        (("status",), {2, 4}),
        (("doctor",), {2, 4}),
        (("demo",), {2, 7}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_place_that_cannot_be_a_data_directory_is_told_in_words(place: str, command: Any, codes: set[int]) -> None:
    done = subprocess.run([*CASEBUS, *command, "--data", place], capture_output=True, text=True, timeout=120)
    assert done.returncode in codes
    assert "error CB" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("run", "all"), ("run", "hub"), ("status",), ("doctor",)])
def test_settings_that_are_a_directory_are_a_usage_error(tmp_path: Path, command: Any) -> None:
    (tmp_path / "casebus.toml").mkdir()
    done = Network(tmp_path).run(*command, code=2)
    assert "casebus.toml" in done.stdout + done.stderr


@pytest.mark.parametrize("place", ["/proc/no-such-thing", LONG, "/dev/null"])
def test_a_ledger_that_cannot_be_there_is_not_found(quiet: Network, place: str) -> None:
    done = quiet.run("ledger", "verify", place, "--key", str(quiet.layout.role(HUB).ledger_vkey), code=4)
    assert "there is no ledger" in done.stderr


@pytest.mark.parametrize(("role", "log"), [("all", "supervisor.jsonl"), ("uk-nca", "agencies/uk-nca/log.jsonl")])
def test_a_log_that_cannot_be_written_is_told_in_words(network: Network, role: str, log: str) -> None:
    (network.root / log).mkdir()
    done = network.run("run", role, "--until-idle", "--timeout", "30", code=7)
    assert "cannot be written: Is a directory" in done.stderr
    assert "Traceback" not in done.stderr


# --- who acts, on what ---


@pytest.mark.parametrize(("officer", "code"), [("", 5), ("   ", 5), ("x" * 201, 2), ("M\udce4ri", 2), ("x" * 200, 4)])
def test_an_officer_has_a_name_of_reasonable_length_in_utf_8(quiet: Network, officer: str, code: int) -> None:
    given = ("alerts", "ack", "NP-AAAAAAA", "--agency", "nz-police")
    done = subprocess.run(
        [*CASEBUS, *given, "--officer", os.fsencode(officer), "--data", str(quiet.root)],
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == code


def test_a_notice_is_not_decided(network: Network) -> None:
    network.put(story.POLICE, "cybertip-3.json", story.shared_cybertip())
    network.put(story.AFFAIRS, "referral-1.json", story.shared_referral())
    network.settle()
    (notice,) = network.alerts("nz-internal-affairs", "--notices")
    officer = ("--agency", "nz-internal-affairs", "--officer", "DCE-3")
    before = network.state_hash()
    for decide in (("ack", notice["ref"]), ("resolve", notice["ref"], "--outcome", "DELAYED")):
        assert "nothing to decide" in network.run("alerts", *decide, *officer, code=6).stderr
    assert network.state_hash() == before
    network.casebus("alerts", "show", notice["ref"].lower(), "--agency", "nz-internal-affairs")


def test_the_hub_has_no_desk(quiet: Network) -> None:
    done = quiet.run("alerts", "show", "X-1", "--agency", "hub", code=4)
    assert "no agency 'hub'" in done.stderr
    assert all(agency in done.stderr for agency in AGENCIES)


def test_a_key_that_is_lost_is_to_be_restored_and_not_made_anew(network: Network) -> None:
    network.layout.role(HUB).key("signing").unlink()
    told = network.run("run", "hub", code=4).stderr
    assert "backup" in told
    assert "init" not in told


# --- arguments ---


@pytest.mark.parametrize("group", [(), ("alerts",), ("ledger",), ("parked",), ("log",), ("schema",)])
def test_nothing_named_is_answered_with_help_alone(group: Any) -> None:
    done = subprocess.run([*CASEBUS, *group], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "Usage:" in done.stdout
    assert done.stderr == ""


def test_a_wrong_word_is_told_with_its_option_and_without_the_machinery(quiet: Network) -> None:
    done = quiet.run("alerts", "list", "--agency", "uk-nca", "--state", "nothing", code=2)
    assert "Value error" not in done.stderr
    assert "'--state': 'nothing' is not one of 'open'" in done.stderr
    assert "--help" in done.stderr


@pytest.mark.parametrize(
    ("option", "content"),
    [
        ("--key", b"not a key\n"),
        ("--key", b"casebus.example/ledger+00000000+AAAA\n"),
        ("--policy", b"quorum nobody\n"),
        ("--policy", b"\xff\xfe"),
        ("--since", b"not a note\n"),
        ("--since", b""),
    ],
)
def test_a_file_that_is_not_what_its_option_says_is_a_usage_error_and_no_finding(
    quiet: Network, tmp_path: Path, option: str, content: bytes
) -> None:
    hub = quiet.layout.role(HUB)
    given = tmp_path / "given"
    given.write_bytes(content)
    key = () if option == "--key" else ("--key", str(hub.ledger_vkey))
    done = quiet.run("ledger", "verify", str(hub.ledger), *key, option, str(given), code=2)
    assert f"{option} is not a " in done.stderr
    assert "None" not in done.stdout


def test_a_checkpoint_that_another_key_signed_is_a_finding(quiet: Network, tmp_path: Path) -> None:
    other = initialise(tmp_path / "other", training=False, now=SystemClock().now())
    hub = quiet.layout.role(HUB)
    given = ("--key", str(hub.ledger_vkey), "--since", str(other.role(HUB).ledger / "checkpoint"))
    quiet.run("ledger", "verify", str(hub.ledger), *given, code=3)


def test_a_ledger_without_a_checkpoint_is_told_without_none(quiet: Network, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    key = str(quiet.layout.role(HUB).ledger_vkey)
    done = quiet.run("ledger", "verify", str(empty), "--key", key, code=3)
    assert "None" not in done.stdout
    assert "no checkpoint could be read" in done.stdout


def test_a_demo_on_a_broker_that_is_not_there_ends_before_it_begins(tmp_path: Path) -> None:
    done = subprocess.run(
        [*CASEBUS, "demo", "--data", str(tmp_path / "demo"), "--bootstrap", "localhost:1"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 7
    assert "nothing listens at localhost:1" in done.stderr
    assert not (tmp_path / "demo" / "supervisor.jsonl").exists()


def test_a_witness_key_is_not_taken_for_the_logs(quiet: Network) -> None:
    hub = quiet.layout.role(HUB)
    line = next(line for line in hub.policy.read_text().splitlines() if line.startswith("witness "))
    done = in_shell(f"$CASEBUS ledger verify {hub.ledger} --key {line.split()[2]}", quiet)
    assert (done.returncode, "a witness's" in done.stderr) == (2, True)
