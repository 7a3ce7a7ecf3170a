"""The same on Apache Kafka: honest growth, and a hub that was put back from an older copy."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from kafka_single_node import SingleNode
from witness_network import AGENCIES, NZ, UK, LyingHub, WitnessNetwork

from casebus.bus.log import events_topic
from casebus.clock import SystemClock
from casebus.errors import VerificationFailed
from casebus.layout import HUB, Layout
from casebus.ledger.read import LedgerReader
from casebus.ledger.verify import Outcome
from casebus.settings import load
from casebus.witnessing.topics import LEDGER_TOPIC, witness_topic

pytestmark = pytest.mark.kafka


@pytest.fixture
def network(own_kafka_node: SingleNode, tmp_path: Path, new_network: Callable[..., WitnessNetwork]) -> WitnessNetwork:
    def on_kafka(layout: Layout) -> None:
        settings = load(layout.settings, {}).model_copy(update={"bootstrap": own_kafka_node.bootstrap})
        layout.settings.write_text(settings.to_toml())

    return new_network(tmp_path / "bus", prepared=on_kafka, clock=SystemClock())


def test_witnesses_cosign_a_rollback_is_refused_and_a_forgery_is_found(network: WitnessNetwork, tmp_path: Path) -> None:
    """One after the other, because a broker takes its time to start."""
    for code in (HUB, *AGENCIES):
        network.wake(code)
    network.publish(*[b"%d" % number for number in range(1500)])
    network.publish(b"uk", agency=UK)
    network.settle()
    network.settle()
    report = network.verified()
    assert (report.outcome, report.size) == (Outcome.VERIFIED, 1501)
    assert not any(network.evidence(code) for code in (HUB, *AGENCIES))
    assert network.log.end(LEDGER_TOPIC) < 50
    assert network.statuses(NZ)[-1] == "200"
    assert len(network.log.topic_id(witness_topic(NZ))) == 16

    network.sleep(HUB)
    kept = network.keep(HUB, tmp_path / "kept")
    network.publish(b"more")
    network.settle()
    network.sleep(HUB)
    after = network.keep(HUB, tmp_path / "after")
    network.put_back(HUB, kept)
    with pytest.raises(VerificationFailed, match="rolled back"):
        network.work(HUB)

    network.sleep(HUB)
    network.put_back(HUB, after)
    network.work(HUB)
    network.publish(b"last")
    liar = LyingHub(network)
    reader = LedgerReader(network.layout.role(HUB).ledger)
    liar.leaves = [reader.leaf(index).encode() for index in range(reader.size)]
    liar.publish(replace(liar.leaf_of(events_topic(NZ), 1501), content_hash=b"\x07" * 32))
    liar.submit(liar.note(), NZ, UK, old=1502)
    network.work(NZ, UK)
    assert [network.statuses(agency)[-1] for agency in (NZ, UK)] == ["422", "200"]
    assert "another record" in network.evidence(NZ)[0]["reason"]
