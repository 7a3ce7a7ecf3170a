"""What a writer with the right to write, and bad intentions, sends to its topic."""

from collections.abc import Iterator

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError
from kafka.record import default_records
from kafka_single_node import SingleNode

from casebus.bus.kafka_log import KafkaLog
from casebus.bus.kafka_settings import KafkaSettings
from casebus.clock import SystemClock
from casebus.errors import BusError
from casebus.testing.log_contract import new_topic, numbered

pytestmark = pytest.mark.kafka

_BLOCK = 128 << 10


def zstd_of_zeros(data: bytes) -> bytes:
    """Pack data that is mostly zeros as a zstd frame (RFC 8878): one raw block, then run-length blocks of 4 bytes."""
    head = len(data) - len(data.lstrip(b"\x00")) or next(at for at in range(len(data)) if not any(data[at : at + 64]))
    blocks = [(0, head, data[:head])]
    blocks += [(1, min(_BLOCK, len(data) - at), b"\x00") for at in range(head, len(data), _BLOCK)]
    assert not any(data[head:])
    frame = b"\x28\xb5\x2f\xfd\xe0" + len(data).to_bytes(8, "little")
    for number, (kind, size, content) in enumerate(blocks):
        last = number == len(blocks) - 1
        frame += (last | kind << 1 | size << 3).to_bytes(3, "little") + content
    return frame


@pytest.fixture
def log(kafka_node: SingleNode) -> Iterator[KafkaLog]:
    log = KafkaLog(KafkaSettings(kafka_node.bootstrap, answer_seconds=8), SystemClock())
    yield log
    log.close()


@pytest.fixture
def topic(log: KafkaLog) -> str:
    name = new_topic()
    log.create([name])
    return name


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
@pytest.mark.parametrize("size", [1 << 20, 64 << 20])
def test_a_bomb_is_refused_by_the_broker_and_the_topic_stays_readable(
    kafka_node: SingleNode, log: KafkaLog, topic: str, codec: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(default_records, "zstd_encode", zstd_of_zeros)
    monkeypatch.setattr(default_records.codecs, "has_zstd", lambda: True)
    yes = (lambda: True, default_records.DefaultRecordBatch.CODEC_ZSTD)
    monkeypatch.setitem(KafkaProducer._COMPRESSORS, "zstd", yes)
    bomber = KafkaProducer(
        bootstrap_servers=kafka_node.bootstrap, compression_type=codec, max_request_size=1 << 30, batch_size=1 << 30
    )
    with pytest.raises(KafkaError, match="MessageSizeTooLarge"):
        bomber.send(topic, bytes(size), partition=0).get(20)
    bomber.close(5)
    assert log.append(topic, numbered(0, 1)) == [0]
    assert [r.record for r in log.read(topic, 0, limit=9)] == numbered(0, 1)


def test_a_packed_batch_that_is_small_is_stored_unpacked(kafka_node: SingleNode, log: KafkaLog, topic: str) -> None:
    with KafkaProducer(bootstrap_servers=kafka_node.bootstrap, compression_type="gzip") as producer:
        assert producer.send(topic, bytes(9000), partition=0).get(10).offset == 0
    (found,) = log.read(topic, 0, limit=9)
    assert found.record.value == bytes(9000)


def test_a_header_whose_name_is_no_text_stops_nobody(kafka_node: SingleNode, log: KafkaLog, topic: str) -> None:
    class NotText(str):
        def encode(self, *_: object) -> bytes:  # type: ignore[override]
            return b"ce_\xff\xfeid"

    with KafkaProducer(bootstrap_servers=kafka_node.bootstrap) as producer:
        producer.send(topic, b"1", partition=0, headers=[("\u0101", b"a"), (NotText("x"), b"\xff")]).get(10)
    log.append(topic, numbered(2, 1))
    first, second = log.read(topic, 0, limit=9)
    assert first.record.headers == (("\u0101", b"a"), ("ce_\ufffd\ufffdid", b"\xff"))
    assert second.record.value == b"2"


def test_a_topic_that_cannot_be_used_does_not_stand_in_the_way_of_others(
    kafka_node: SingleNode, log: KafkaLog, topic: str
) -> None:
    bad = new_topic()
    with KafkaAdminClient(bootstrap_servers=kafka_node.bootstrap) as admin:
        admin.create_topics({bad: {"num_partitions": 1, "replication_factor": 1}})
        admin.wait_for_topics([bad])
    log.append(topic, numbered(0, 20))
    assert log.read(bad, 0, limit=1) == []  # from now on the reader fetches it too
    log.append(bad, numbered(0, 1))
    for position in range(20):
        assert [r.position for r in log.read(topic, position, limit=1)] == [position]
    assert log.read(topic, 20, limit=1, wait_ms=300) == []
    with pytest.raises(BusError, match="times that their writers chose"):
        log.read(bad, 0, limit=1)
