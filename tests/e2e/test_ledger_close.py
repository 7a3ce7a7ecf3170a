"""Closing the hub's ledger for good, and beginning the next one where it ended."""

import re
import time
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Network, new_network, stop

from casebus.cli.options import installation
from casebus.ledger.leaf import LeafKind
from casebus.ledger.read import LedgerReader
from casebus.testing import story, synthetic

POLICE_TOPIC = "casebus.nz-police.events"


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return new_network(tmp_path / "bus")


def report_tip(network: Network, number: int) -> None:
    network.put(
        story.POLICE, f"tip-{number}.json", synthetic.cybertip_json(f"9300{number:05d}", synthetic.person(number))
    )
    network.casebus("run", "nz-police", "--only", "adapter", "--only", "relay", "--until-idle", "--timeout", "60")


def audit(network: Network, code: int = 0) -> str:
    command = ("run", "hub", "--only", "audit_log", "--until-idle", "--timeout", "60")
    return network.run(*command, code=code).stderr


def test_a_ledger_is_closed_and_the_next_goes_on_where_it_ended(network: Network) -> None:
    report_tip(network, 1)
    audit(network)
    ledger, closed = network.layout.role("hub").ledger, network.root / "ledger-closed"
    before = LedgerReader(ledger).size
    answer = network.json("ledger", "close", "--reason", "the pilot is over")
    assert (answer["size"], LedgerReader(ledger).leaf(answer["size"] - 1).kind) == (before + 2, LeafKind.CLOSING)
    vkey = str(network.layout.role("hub").ledger_vkey)
    assert network.json("ledger", "verify", str(ledger), "--key", vkey)["outcome"] != "failed"
    network.run("ledger", "close", code=6)

    report_tip(network, 2)
    assert "ledger_continues" in audit(network, code=6)
    assert LedgerReader(ledger).size == answer["size"]

    ledger.rename(closed)
    text = network.layout.settings.read_text()
    following = re.sub(r'ledger_origin = "(.*)"', rf'ledger_origin = "\1-2"\nledger_continues = "{closed}"', text)
    network.layout.settings.write_text(following)
    audit(network)
    reader = LedgerReader(ledger)
    assert reader.leaf(0).kind is LeafKind.OPENING
    told = [(found.topic, found.position) for _, found in reader.records()]
    first = LedgerReader(closed)
    assert told == [(POLICE_TOPIC, sum(found.topic == POLICE_TOPIC for _, found in first.records()))]
    found = installation(network.root)
    with closing(found.open_log("test")) as log, closing(found.open_ledger(log)) as writer:
        key = writer.vkey.format()
    assert network.json("ledger", "verify", str(ledger), "--key", key)["outcome"] == "unwitnessed"
    assert network.json("ledger", "verify", str(closed), "--key", vkey)["outcome"] != "failed"
    check = ("ledger", "verify", str(ledger), "--key", key)
    alone = network.casebus(*check)
    assert f"begins at position {told[0][1]} of topic {POLICE_TOPIC}" in alone.replace("\n", " ").replace("  ", " ")
    assert "unwitnessed (complete only from its opening on" in alone
    given = network.casebus(*check, "--predecessor", str(closed))
    assert "complete only" not in given
    network.run(*check, "--predecessor", str(ledger), code=3)
    assert "This ledger goes on from" in network.run("ledger", "replay", str(ledger), "--state").stderr
    refused = network.run("ledger", "diff", str(ledger), "--live", code=2)
    assert "is gone" not in refused.stdout
    assert "the ledger before this one" in " ".join(refused.stderr.split())


def until_logged(network: Network) -> None:
    for _ in range(900):
        if LedgerReader(network.layout.role("hub").ledger).size:
            return
        time.sleep(0.1)
    raise AssertionError("nothing was logged")


def test_a_ledger_is_not_closed_under_a_running_hub(network: Network) -> None:
    network.put(story.POLICE, "tip.json", story.cybertip())
    running = network.start()
    try:
        until_logged(network)
        network.run("ledger", "close", code=6)
    finally:
        stop(running)
    size = network.json("ledger", "close")["size"]
    assert LedgerReader(network.layout.role("hub").ledger).leaf(size - 1).kind is LeafKind.CLOSING
