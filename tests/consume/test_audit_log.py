"""The audit log on a bus that loses records: the loss is in the ledger, what follows is audited, lies stop it."""

import uuid
from pathlib import Path

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from kafka import KafkaAdminClient, TopicPartition
from kafka_single_node import SingleNode
from structlog.testing import capture_logs

from casebus.bus.consume import Loop
from casebus.bus.kafka_log import KafkaLog
from casebus.bus.kafka_settings import KafkaSettings
from casebus.bus.log import Log, Record
from casebus.bus.sqlite_log import SqliteLog
from casebus.clock import SystemClock
from casebus.errors import BusError, RecordsGone, VerificationFailed
from casebus.ledger.leaf import LeafKind
from casebus.ledger.marker import Loss, decode_marker
from casebus.ledger.read import LedgerReader
from casebus.ledger.report import Outcome
from casebus.ledger.sequencer import Ledger
from casebus.ledger.verify import verify
from consumers.audit_log import CONSUMER

REASON = "the bus no longer has these positions"


class Forgetful(SqliteLog):
    """The embedded Log, which has lost its beginning, or a piece in its middle, or tells a lie about it."""

    first = 0
    hole = range(0)
    once = False
    shift = 0

    def read(self, topic, position, *, limit, wait_ms=0):
        if position < self.first:
            first = self.first
            if self.once:
                self.first = 0
            raise RecordsGone(topic, first)
        found = [r for r in super().read(topic, position, limit=limit + len(self.hole)) if r.position not in self.hole]
        if self.once:
            self.hole = range(0)
        if self.shift:
            return super().read(topic, max(0, position - self.shift), limit=limit)
        return found[:limit]


@pytest.fixture
def topic() -> str:
    return f"casebus.t-{uuid.uuid4().hex[:16]}.events"


@pytest.fixture
def bus(tmp_path, topic):
    bus = Forgetful(tmp_path / "bus", SystemClock())
    bus.create([topic])
    yield bus
    bus.close()


@pytest.fixture
def key():
    return Ed25519PrivateKey.generate()


@pytest.fixture
def ledger(tmp_path, key):
    ledger = Ledger.open(tmp_path / "ledger", "test.example/ledger", key, SystemClock())
    yield ledger
    ledger.close()


def loop_over(log: Log, topic: str, ledger: Ledger) -> Loop:
    taker = CONSUMER.build(log)
    return Loop(CONSUMER.name, [topic], log, ledger, taker.take, gone=taker.gone)


def append(log: Log, topic: str, count: int) -> None:
    log.append(topic, [Record(b"k", b"%d" % number) for number in range(count)])


def told(directory: Path) -> list[object]:
    """Return the ledger's leaves: a record's position, or the loss."""
    return [
        leaf.position if leaf.kind is LeafKind.RECORD else decode_marker(leaf, content)
        for _, leaf, content in LedgerReader(directory).entries()
    ]


def settled(loop: Loop) -> None:
    for _ in range(10):
        if loop.step() == 0:
            break
    assert loop.idle()


@pytest.mark.parametrize(
    ("lost", "remaining", "expected"),
    [
        ({"first": 5}, 9, [0, 1, Loss(2, 4, REASON), 5, 6, 7, 8]),
        ({"first": 9}, 9, [0, 1, Loss(2, 8, REASON)]),
        ({"hole": range(4, 6)}, 9, [0, 1, 2, 3, Loss(4, 5, REASON), 6, 7, 8]),
        ({"hole": range(2, 4)}, 9, [0, 1, Loss(2, 3, REASON), 4, 5, 6, 7, 8]),
    ],
)
def test_what_the_bus_lost_is_a_loss_in_the_ledger_and_what_follows_is_audited(
    tmp_path, bus, topic, ledger, key, lost, remaining, expected
):
    loop = loop_over(bus, topic, ledger)
    append(bus, topic, 2)
    settled(loop)
    append(bus, topic, remaining - 2)
    for name, value in lost.items():
        setattr(bus, name, value)
    with capture_logs() as logs:
        settled(loop_over(bus, topic, ledger))
    assert told(tmp_path / "ledger") == expected
    (loss,) = [each for each in expected if isinstance(each, Loss)]
    assert [(entry["log_level"], entry["event"], entry["first"], entry["last"]) for entry in logs] == [
        ("error", "records_lost", loss.first, loss.last)
    ]
    report = verify(tmp_path / "ledger", ledger.vkey.format(), now=SystemClock().now())
    assert report.outcome is Outcome.UNWITNESSED


@pytest.mark.parametrize("lost", [{"first": 3}, {"hole": range(3)}])
def test_records_that_are_there_when_asked_for_again_were_not_lost(tmp_path, bus, topic, ledger, lost):
    append(bus, topic, 6)
    bus.once = True
    for name, value in lost.items():
        setattr(bus, name, value)
    loop = loop_over(bus, topic, ledger)
    with pytest.raises(BusError, match="a moment ago"):
        loop.step()
    assert told(tmp_path / "ledger") == []
    settled(loop)
    assert told(tmp_path / "ledger") == [0, 1, 2, 3, 4, 5]


def test_a_position_that_comes_a_second_time_stops_the_audit_log(tmp_path, bus, topic, ledger):
    append(bus, topic, 3)
    loop = loop_over(bus, topic, ledger)
    settled(loop)
    append(bus, topic, 2)
    bus.shift = 1
    with pytest.raises(VerificationFailed):
        loop.step()
    assert told(tmp_path / "ledger") == [0, 1, 2]


def test_a_consumer_that_does_not_take_note_of_losses_stops_at_one(bus, topic, ledger):
    append(bus, topic, 6)
    bus.first = 3
    taker = CONSUMER.build(bus)
    with pytest.raises(RecordsGone):
        Loop(CONSUMER.name, [topic], bus, ledger, taker.take).step()


@pytest.mark.kafka
def test_records_deleted_on_a_real_broker_are_a_loss_in_the_ledger(tmp_path, topic, ledger, kafka_node: SingleNode):
    structlog.reset_defaults()
    log = KafkaLog(KafkaSettings(kafka_node.bootstrap, answer_seconds=5), SystemClock())
    other = f"casebus.t-{uuid.uuid4().hex[:16]}.events"
    log.create([topic, other])
    append(log, topic, 4)
    loop = loop_over(log, topic, ledger)
    settled(loop)
    append(log, topic, 5)
    with KafkaAdminClient(bootstrap_servers=kafka_node.bootstrap) as admin:
        admin.delete_records({TopicPartition(topic, 0): 7})
        settled(loop_over(log, topic, ledger))
        assert told(tmp_path / "ledger") == [0, 1, 2, 3, Loss(4, 6, REASON), 7, 8]
        append(log, topic, 2)
        admin.delete_records({TopicPartition(topic, 0): 11})
        settled(loop_over(log, topic, ledger))
        assert told(tmp_path / "ledger")[7:] == [Loss(9, 10, REASON)]
    append(log, topic, 1)
    settled(loop)
    assert told(tmp_path / "ledger")[8:] == [11]
    log.close()
