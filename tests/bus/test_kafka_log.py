"""The Kafka Log passes the contract on a real broker; and what only Kafka can do wrong."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka_single_node import SingleNode

from casebus.bus.kafka_batches import Tail, batches
from casebus.bus.kafka_log import KafkaLog
from casebus.bus.kafka_settings import BATCH_BYTES, KafkaSettings
from casebus.bus.log import Log, Record
from casebus.clock import SystemClock
from casebus.errors import BusError, UsageError
from casebus.testing.log_contract import LogContract, new_topic, numbered, read_all

real = pytest.mark.kafka


@real
class TestKafkaLog(LogContract):
    @pytest.fixture
    def opener(self, kafka_node: SingleNode) -> Callable[[], Log]:
        return partial(KafkaLog, KafkaSettings(kafka_node.bootstrap), SystemClock())


@pytest.fixture
def log(kafka_node: SingleNode) -> Iterator[KafkaLog]:
    log = KafkaLog(KafkaSettings(kafka_node.bootstrap, answer_seconds=5), SystemClock())
    yield log
    log.close()


@pytest.fixture
def topic(log: KafkaLog) -> str:
    name = new_topic()
    log.create([name])
    return name


@pytest.fixture
def admin(kafka_node: SingleNode) -> Iterator[KafkaAdminClient]:
    with KafkaAdminClient(bootstrap_servers=kafka_node.bootstrap) as admin:
        yield admin


def made(admin: KafkaAdminClient, partitions: int = 1, **changed: str) -> str:
    """Make a topic with settings of its own."""
    name = new_topic()
    configs = KafkaSettings("-").topic() | {key.replace("_", "."): value for key, value in changed.items()}
    admin.create_topics({name: {"num_partitions": partitions, "replication_factor": 1, "configs": configs}})
    admin.wait_for_topics([name])
    return name


@real
def test_a_topic_made_by_somebody_else_as_we_would_is_accepted(log: KafkaLog, admin: KafkaAdminClient) -> None:
    name = made(admin)
    log.create([name])
    assert log.append(name, numbered(0, 1)) == [0]


@real
@pytest.mark.parametrize(
    ("partitions", "changed", "named"),
    [
        (3, {}, "3 partitions"),
        (1, {"retention_ms": "604800000"}, "retention.ms"),
        (1, {"cleanup_policy": "compact"}, "cleanup.policy"),
        (1, {"compression_type": "producer"}, "compression.type"),
        (1, {"message_timestamp_type": "CreateTime"}, "message.timestamp.type"),
    ],
)
def test_a_topic_that_could_lose_records_or_lie_about_time_is_refused(
    log: KafkaLog, admin: KafkaAdminClient, partitions: int, changed: dict[str, str], named: str
) -> None:
    with pytest.raises(BusError, match=named):
        log.create([made(admin, partitions, **changed)])


@real
def test_times_that_writers_chose_are_not_read(log: KafkaLog, admin: KafkaAdminClient) -> None:
    name = made(admin, message_timestamp_type="CreateTime")
    log.append(name, numbered(0, 1))
    with pytest.raises(BusError, match="times that their writers chose"):
        log.read(name, 0, limit=1)


@real
def test_records_that_the_broker_no_longer_has_are_an_error_and_not_a_jump(
    log: KafkaLog, topic: str, admin: KafkaAdminClient
) -> None:
    log.append(topic, numbered(0, 9))
    admin.delete_records({TopicPartition(topic, 0): 5})
    for _ in range(2):
        with pytest.raises(BusError, match="lost"):
            log.read(topic, 0, limit=9)
    assert [r.position for r in log.read(topic, 5, limit=9)] == [5, 6, 7, 8]


@real
def test_a_topic_deleted_and_made_again_has_another_id(log: KafkaLog, topic: str, admin: KafkaAdminClient) -> None:
    before = log.topic_id(topic)
    admin.delete_topics([topic])
    admin.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}})
    admin.wait_for_topics([topic])
    assert log.topic_id(topic) != before


@real
def test_topics_read_in_turns_lose_nothing_when_their_buffers_are_full(log: KafkaLog) -> None:
    names = [new_topic() for _ in range(3)]
    log.create(names)
    for name in names:
        log.append(name, [Record(b"k", b"%d" % number + b" " * 2000) for number in range(1700)])
    read: dict[str, list[int]] = {name: [] for name in names}
    while any(len(found) < 1700 for found in read.values()):
        for step, name in enumerate(names):
            found = log.read(name, len(read[name]), limit=50 + 100 * step)
            read[name] += [int(r.record.value) for r in found]
            assert all(len(tail.records) <= 1000 for tail in log._tails.values())
    assert all(found == list(range(1700)) for found in read.values())


@real
def test_a_read_that_waits_returns_as_soon_as_a_record_comes(log: KafkaLog, topic: str, kafka_node: SingleNode) -> None:
    class AppendsOnce(SystemClock):
        def monotonic(self) -> float:
            if reader._tails and not log.end(topic):
                log.append(topic, numbered(0, 1))
            return super().monotonic()

    reader = KafkaLog(KafkaSettings(kafka_node.bootstrap), AppendsOnce())
    assert [r.position for r in reader.read(topic, 0, limit=5, wait_ms=60_000)] == [0]
    reader.close()


@real
def test_gaps_that_a_foreign_transaction_leaves_stop_nobody(log: KafkaLog, topic: str, kafka_node: SingleNode) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka_node.bootstrap, transactional_id=topic)
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(topic, b"0", partition=0)
    producer.commit_transaction()
    producer.close()
    assert log.append(topic, numbered(1, 1)) == [2]
    assert [(r.position, r.record.value) for r in log.read(topic, 0, limit=9)] == [(0, b"0"), (2, b"1")]
    assert [r.position for r in log.read(topic, 1, limit=9)] == [2]


@real
def test_a_record_without_key_and_value_reads_as_empty(log: KafkaLog, topic: str, kafka_node: SingleNode) -> None:
    with KafkaProducer(bootstrap_servers=kafka_node.bootstrap) as producer:
        producer.send(topic, None, b"k", partition=0).get(10)
        producer.send(topic, b"v", None, partition=0).get(10)
    assert [r.record for r in log.read(topic, 0, limit=2)] == [Record(b"k", b""), Record(b"", b"v")]


@pytest.mark.parametrize("bootstrap", ["", "localhost", "localhost:", ":9092", "localhost:x", "a:1,,b:2", "a:70000"])
def test_addresses_that_cannot_be_are_a_mistake_of_usage(bootstrap: str) -> None:
    with pytest.raises(UsageError, match="HOST:PORT"):
        KafkaLog(KafkaSettings(bootstrap), SystemClock())


def test_addresses_may_be_several_and_of_any_kind() -> None:
    assert KafkaSettings("a:1, [::1]:2").addresses() == [("a", 1), ("::1", 2)]


def sized(sizes: list[int]) -> list[Record]:
    return [Record(str(number).encode(), b"x" * size) for number, size in enumerate(sizes)]


@given(st.lists(st.integers(0, 250_000) | st.integers(0, 2_000), max_size=30).map(sized))
def test_batches_keep_order_and_fit(records: list[Record]) -> None:
    cut = list(batches(records))
    assert [record for batch in cut for record in batch] == records
    assert all(len(batch) == 1 or sum(len(r.key) + len(r.value) for r in batch) < BATCH_BYTES for batch in cut)
    assert all(cut)


@given(st.integers(0, 20), st.integers(0, 9), st.integers(0, 35))
def test_a_tail_holds_a_position_or_says_that_it_does_not(first: int, count: int, position: int) -> None:
    tail = Tail(first)
    if count:
        tail.add("t", [_Found(first + number) for number in range(count)])
    assert tail.holds(position) == (first <= position <= first + count)
    assert all(record.position >= position for record in tail.records)


class _Found:
    """What the client hands over."""

    def __init__(self, offset: int) -> None:
        self.offset, self.timestamp, self.timestamp_type = offset, 0, 1
        self.key, self.value, self.headers = b"", b"", list[Any]()


@real
def test_reading_all_is_reading_in_pieces(log: KafkaLog, topic: str) -> None:
    log.append(topic, numbered(0, 40))
    assert read_all(log, topic) == log.read(topic, 0, limit=100)
