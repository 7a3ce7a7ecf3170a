"""A real broker is killed, or stands still, under load: nothing acknowledged is lost, and order holds."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from kafka_single_node import SingleNode

from casebus.bus.kafka_log import KafkaLog
from casebus.bus.kafka_settings import KafkaSettings
from casebus.clock import SystemClock
from casebus.errors import BusError
from casebus.testing.log_contract import new_topic, numbered, read_all

pytestmark = pytest.mark.kafka

BATCH = 20


class Load:
    """A writer and a reader, each with its own Log, that go on until they are told to stop."""

    def __init__(self, open_log: Callable[[], KafkaLog], topic: str) -> None:
        self.topic = topic
        self.acknowledged = 0
        self.resent = 0
        self.read: list[int] = []
        self._open_log = open_log
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._write, self._consume)]
        for thread in self._threads:
            thread.start()

    def wait_for(self, more: int) -> None:
        """Return when so many more records were acknowledged and read."""
        target = self.acknowledged + more
        while self.acknowledged < target or len(self.read) < target:
            assert all(thread.is_alive() for thread in self._threads), "the writer or the reader ended"
            time.sleep(0.02)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self) -> None:
        log = self._open_log()
        while not self._stop.is_set():
            try:
                log.append(self.topic, numbered(self.acknowledged, BATCH))
            except BusError:
                self.resent += 1
                time.sleep(0.1)
            else:
                self.acknowledged += BATCH
        log.close()

    def _consume(self) -> None:
        log = self._open_log()
        position = 0
        while not self._stop.is_set():
            try:
                found = log.read(self.topic, position, limit=100, wait_ms=50)
            except BusError:
                time.sleep(0.1)
                continue
            for recorded in found:
                position = recorded.position + 1
                self.read.append(int(recorded.record.value))
        log.close()


@pytest.fixture
def open_log(own_kafka_node: SingleNode) -> Callable[[], KafkaLog]:
    settings = KafkaSettings(
        own_kafka_node.bootstrap, connect_seconds=1, request_seconds=1.5, delivery_seconds=3, answer_seconds=4
    )
    return lambda: KafkaLog(settings, SystemClock())


@pytest.fixture
def load(open_log: Callable[[], KafkaLog]) -> Iterator[Load]:
    topic = new_topic()
    log = open_log()
    log.create([topic])
    log.close()
    load = Load(open_log, topic)
    yield load
    load.stop()


def check(load: Load, log: KafkaLog) -> list[int]:
    """What is in the topic, without doubles, is what was acknowledged, in order; and the reader saw the same."""
    values = [int(r.record.value) for r in read_all(log, load.topic)]
    log.close()
    once = list(dict.fromkeys(values))
    assert once == list(range(len(once)))
    assert len(once) >= load.acknowledged
    assert load.read == values[: len(load.read)]
    return values


def test_a_broker_killed_under_load_loses_nothing_acknowledged(
    own_kafka_node: SingleNode, load: Load, open_log: Callable[[], KafkaLog]
) -> None:
    for _ in range(2):
        load.wait_for(200)
        own_kafka_node.kill()
        time.sleep(1)
        own_kafka_node.start()
    load.wait_for(200)
    load.stop()
    check(load, open_log())


def test_a_broker_that_stands_still_until_batches_expire_is_written_to_again(
    own_kafka_node: SingleNode, load: Load, open_log: Callable[[], KafkaLog]
) -> None:
    for _ in range(2):
        load.wait_for(200)
        resent = load.resent
        own_kafka_node.pause()
        while load.resent == resent:
            time.sleep(0.05)
        time.sleep(1)
        own_kafka_node.resume()
    load.wait_for(200)
    load.stop()
    check(load, open_log())


def test_a_writer_given_up_ends_and_closing_does_not_hang(own_kafka_node: SingleNode) -> None:
    patient = KafkaSettings(own_kafka_node.bootstrap, connect_seconds=0.5, answer_seconds=1.5, delivery_seconds=600)
    log, topic = KafkaLog(patient, SystemClock()), new_topic()
    log.create([topic])
    before = threading.active_count()
    log.append(topic, numbered(0, 3))
    assert log.read(topic, 0, limit=1)
    own_kafka_node.pause()
    for _ in range(2):
        with pytest.raises(BusError):
            log.append(topic, numbered(3, 3))
    with pytest.raises(BusError, match="does not answer"):
        log.end(topic)
    log.close()
    own_kafka_node.resume()
    while threading.active_count() >= before:  # the sender would try for ten minutes
        time.sleep(0.05)
    reader = KafkaLog(patient, SystemClock())
    values = [int(r.record.value) for r in read_all(reader, topic)]
    assert values in ([0, 1, 2], [0, 1, 2, 3, 4, 5])  # what was on its way when the broker stood still may have arrived
    reader.close()
