"""What `init` makes for the witnesses, and what is refused of it later."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner
from witness_network import AGENCIES, LOG_VKEY, NOW, NZ, UK, WitnessNetwork

from casebus import keys
from casebus.cli.main import assembled
from casebus.clock import FixedClock
from casebus.directory import Directory
from casebus.errors import NotPermitted, UsageError, VerificationFailed
from casebus.installing import initialise
from casebus.layout import HUB, Layout
from casebus.ledger.policy import parse_policy
from casebus.ledger.vkey import KeyType, parse_vkey
from casebus.roles import Installation


def changed(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("training", [True, False])
def test_init_makes_three_witnesses_and_a_policy_of_two(tmp_path: Path, training: bool) -> None:
    layout = initialise(tmp_path / "bus", training=training, now=NOW)
    directory = Directory.load(layout.directory)
    policy = parse_policy(layout.role(HUB).policy.read_text())
    assert [key.format() for key in policy.logs] == [directory.ledger_key]
    assert directory.ledger_key == layout.role(HUB).ledger_vkey.read_text().strip()
    for agency in AGENCIES:
        role, line = layout.role(agency), directory.agency(agency).witness_key
        assert line is not None
        key = parse_vkey(line)
        assert key == policy.witnesses[agency]
        assert key.type is KeyType.COSIGNATURE
        assert key.public_key == keys.public_bytes(keys.load_signing_key(role.key("witness")))
        assert (role.witness / "witness.vkey").read_text().strip() == line
        assert keys.is_training_key(agency, key.public_key, "witness") is training
    assert policy.is_met_by({NZ, UK})
    assert not policy.is_met_by({NZ})
    assert Directory.from_toml(directory.to_toml()) == directory


def test_two_agencies_with_one_witness_key_contradict_the_directory(network: WitnessNetwork) -> None:
    path, directory = network.layout.directory, network.installation.directory
    changed(path, str(directory.agency(UK).witness_key), str(directory.agency(NZ).witness_key))
    with pytest.raises(UsageError, match="listed twice"):
        Directory.load(path)


@pytest.mark.parametrize("line", ["", "a", "a+b+c", "name with space+00000000+" + "A" * 44, "a+00000000+" + "A" * 44])
def test_a_key_that_is_none_is_refused_by_its_place(network: WitnessNetwork, line: str) -> None:
    changed(network.layout.directory, LOG_VKEY.format(), line)
    with pytest.raises(UsageError, match="ledger_key"):
        Installation.open(network.layout, FixedClock(NOW))


@pytest.mark.parametrize("name", ["ledger_key", "witness_key"])
def test_published_witness_and_ledger_keys_are_refused_where_it_is_not_training(tmp_path: Path, name: str) -> None:
    """As a signing key is: one line of training in a real directory."""
    training = initialise(tmp_path / "training", training=True, now=NOW).directory.read_text().splitlines()
    layout = initialise(tmp_path / "real", training=False, now=NOW)
    lines = layout.directory.read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(name))
    lines[at] = next(line for line in training if line.startswith(name))
    layout.directory.write_text("\n".join(lines))
    with pytest.raises(NotPermitted, match="published"):
        Installation.open(Layout(layout.root), FixedClock(NOW))


def test_doctor_names_a_witness_key_that_is_not_the_directorys(network: WitnessNetwork) -> None:
    path = network.layout.role(NZ).key("witness")
    path.unlink()
    keys.write_private_key(path, keys.make_signing_key())
    shown = CliRunner().invoke(assembled(), ["doctor", "--json", "--data", str(network.layout.root)])
    assert shown.exit_code == 2
    failed = [check["name"] for check in json.loads(shown.stdout)["checks"] if not check["ok"]]
    assert failed == [f"witness key of {NZ}"]
    with pytest.raises(UsageError, match="witness_key"):
        network.work(NZ)


def test_a_policy_that_is_none_keeps_the_hub_from_starting_with_its_line(network: WitnessNetwork) -> None:
    changed(network.layout.role(HUB).policy, "quorum agencies", "quorum nobody")
    with pytest.raises(VerificationFailed, match="policy line 6"):
        network.work(HUB)


def test_a_policy_for_another_ledger_asks_nobody(network: WitnessNetwork) -> None:
    changed(network.layout.settings, "casebus.example/ledger", "casebus.example/other")
    other = WitnessNetwork(network.layout.root, made=False)
    (other.layout.role(HUB).ledger).rename(other.layout.root / "closed")
    try:
        other.publish(b"one")
        other.work(HUB)
        assert other.log.end("casebus.ledger") == 0
    finally:
        other.close()
