"""The Log on Apache Kafka. The only file that imports kafka-python, and the owner of its traps (reference/bus.md §2.4).

Writing. One Kafka batch at a time: it is filled, flushed, and every future checked. A batch is written whole or not at
all, and the next one leaves only after it, so that a failure can never put later records before earlier ones. When a
future fails, or nothing answers for `answer_seconds`, the producer is given up (kafka-python's idempotent producer is
wedged for good after a batch that expired) and `BusError` is raised: **the caller resends** everything unanswered, in
order. Doubles are harmless by event id.

Reading. One consumer for all topics, positions assigned by hand, no group, no commit. What arrives for a topic that
nobody asks for just now waits in a bounded buffer, and the topic is paused. Before a poll the end is asked for: to an
unauthorised reader a poll says nothing, for ever.
"""

# kafka-python is not annotated
# mypy: allow-untyped-calls

import importlib.util
import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import (
    AuthorizationError,
    KafkaError,
    MessageSizeTooLargeError,
    OffsetOutOfRangeError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)
from kafka.record import memory_records
from kafka.record.default_records import DefaultRecordBatch

from casebus.bus.bounded import bounded
from casebus.bus.kafka_batches import LenientBytes, Tail, batches, refuse_large, unfit
from casebus.bus.kafka_preflight import check_reachable
from casebus.bus.kafka_settings import BUFFERED_RECORDS, KafkaSettings, is_topic
from casebus.bus.log import Record, Recorded
from casebus.clock import Clock
from casebus.errors import BusError, NotFound, RecordsGone

T = TypeVar("T")


class _Batch(DefaultRecordBatch):
    """A batch in which a header's name that is not UTF-8, which brokers accept, does not stop every reader for ever."""

    __slots__ = ()

    def _read_msg(self, *arguments: Any) -> Any:
        try:
            return super()._read_msg(*arguments)
        except UnicodeDecodeError:
            strict, self._buffer = self._buffer, LenientBytes(self._buffer)
            try:
                return super()._read_msg(*arguments)
            finally:
                self._buffer = strict


memory_records.DefaultRecordBatch = _Batch  # type: ignore[attr-defined]

# At DEBUG kafka-python logs keys and values; its errors reach people through ours.
logging.getLogger("kafka").addHandler(logging.NullHandler())
logging.getLogger("kafka").setLevel(logging.WARNING)


class KafkaLog:
    """The Log on a Kafka cluster. Clients are built when they are first needed, after a pre-flight that names causes.

    Raises `UsageError` at once for settings that cannot work.
    """

    def __init__(self, settings: KafkaSettings, clock: Clock) -> None:
        assert importlib.util.find_spec("crc32c"), "bug: kafka-python without [crc32c] is five times slower"
        settings.check()
        self._settings = settings
        self._clock = clock
        self._admin: KafkaAdminClient | None = None
        self._producer: KafkaProducer | None = None
        self._consumer: KafkaConsumer | None = None
        self._tails: dict[str, Tail] = {}
        self._known: set[str] = set()
        self._closed = False

    def create(self, topics: Sequence[str]) -> None:
        """Make topics that do not exist yet, and compare those that do.

        Raises `BusError` for a topic that has not one partition, or settings under which records could be lost, be
        packed, or bear a time that their writer chose.
        """
        for topic in topics:
            if not is_topic(topic):
                raise BusError(f"not a topic of casebus: {topic[:80]!r}", next_step="correct the agency's code.")
        for topic in dict.fromkeys(topics):
            if self._described(topic) is None:
                self._create(topic)
            self._compare(topic)

    def append(self, topic: str, records: Sequence[Record]) -> list[int]:
        """Append in order and return the positions, after all in-sync replicas have every record.

        Nothing is appended when any value is too large. After any other `BusError` the caller resends all records.
        """
        self._must_exist(topic)
        refuse_large(topic, records)
        return [position for batch in batches(records) for position in self._append(topic, batch)]

    def read(self, topic: str, position: int, *, limit: int, wait_ms: int = 0) -> list[Recorded]:
        """Return up to `limit` records from `position` on; empty at the end, after waiting up to `wait_ms`.

        Raises `RecordsGone` when the broker no longer has the record, `BusError` when it should and does not hand it over.
        """
        assert position >= 0, "bug: positions count from 0"
        tail = self._tails.get(topic)
        if limit > 0 and (tail is None or not tail.holds(position) or not tail.records):
            end = self.end(topic)
            if position > end:
                self._clock.sleep(wait_ms / 1000)
                return []
            try:
                with self._errors(f"reading {topic}", drop_reader=True):
                    tail = self._await(topic, position, end, wait_ms)
            except BusError as error:
                if isinstance(error.__cause__, OffsetOutOfRangeError) and (first := self._first(topic)) > position:
                    raise RecordsGone(topic, first) from error
                raise
        if tail is None or limit <= 0:
            return []
        return tail.take(limit)

    def end(self, topic: str) -> int:
        """Return the position that the next record will get."""
        return self._bound(topic, "end", KafkaConsumer.end_offsets)

    def _first(self, topic: str) -> int:
        return self._bound(topic, "beginning", KafkaConsumer.beginning_offsets)

    def _bound(self, topic: str, name: str, ask: Callable[..., Any]) -> int:
        self._must_exist(topic)
        partition, what = TopicPartition(topic, 0), f"asking for the {name} of {topic}"
        try:
            with self._errors(what, drop_reader=True):
                consumer = self._reader()
                return int(self._bounded(what, lambda ms: ask(consumer, [partition], timeout_ms=ms))[partition])
        except BusError:
            self._known.discard(topic)
            self._must_exist(topic)  # says NotFound when the topic was deleted meanwhile
            raise

    def topic_id(self, topic: str) -> bytes:
        """Return Kafka's own id of the topic."""
        described = self._must_exist(topic, anew=True)
        return uuid.UUID(str(described["topic_id"])).bytes

    def close(self) -> None:
        """Release the clients, each within a few seconds."""
        self._closed = True
        self._drop_reader()
        self._drop_producer()
        self._drop_admin()

    # --- writing

    def _append(self, topic: str, batch: list[Record]) -> list[int]:
        what = f"appending to {topic}"
        try:
            with self._errors(what):
                producer = self._writer()
                futures = [
                    producer.send(topic, value=r.value, key=r.key, headers=list(r.headers), partition=0) for r in batch
                ]
                bounded(what, self._settings.answer_seconds, producer.flush)
                positions = [int(future.get(timeout=0).offset) for future in futures]
            if positions != list(range(positions[0], positions[0] + len(batch))) or positions[0] < 0:
                raise BusError(f"{what}: the broker did not say where the records stand")
        except BaseException:
            # Also when we are interrupted: whatever is under way must not be sent after what the caller sends next.
            self._drop_producer()
            self._known.discard(topic)
            raise
        return positions

    def _writer(self) -> KafkaProducer:
        if self._producer is None:
            self._producer = self._built(lambda: KafkaProducer(**self._settings.producer()))
        return self._producer

    def _drop_producer(self) -> None:
        """Give the producer up: what it has not sent is never sent.

        `close(timeout=0)` alone raises and leaves the sender running when anything is outstanding.
        """
        producer, self._producer = self._producer, None
        if producer is not None:
            producer._sender.force_close()
            self._let_go(lambda: producer.close(timeout=0))

    # --- reading

    def _await(self, topic: str, position: int, end: int, wait_ms: int) -> Tail:
        """Poll until records from `position` on are there; give up when they should be and are not."""
        consumer, tail = self._assigned(topic, position)
        patience = self._settings.answer_seconds if position < end else wait_ms / 1000
        until = self._clock.monotonic() + patience
        while not tail.records and (left := until - self._clock.monotonic()) > 0:
            polled = self._bounded("polling", lambda ms: consumer.poll(timeout_ms=ms), min(left, 1.0))
            for partition, found in polled.items():
                self._keep(consumer, partition, found, wanted=topic)
        if not tail.records and position < end and consumer.position(TopicPartition(topic, 0)) < end:
            raise BusError(f"{topic} has records from {position} on, and none came in {patience:.0f} s")
        return tail

    def _assigned(self, topic: str, position: int) -> tuple[KafkaConsumer, Tail]:
        consumer = self._reader()
        tail, partition = self._tails.get(topic), TopicPartition(topic, 0)
        if tail is None or not tail.holds(position):
            tail = self._tails[topic] = Tail(position)
            consumer.assign([TopicPartition(name, 0) for name in self._tails])
            consumer.seek(partition, position)
        consumer.resume(partition)
        return consumer, tail

    def _keep(self, consumer: KafkaConsumer, partition: TopicPartition, found: list[Any], *, wanted: str) -> None:
        tail = self._tails[partition.topic]
        try:
            tail.add(partition.topic, found)
        except BusError:
            if partition.topic == wanted:
                raise
            del self._tails[partition.topic]  # who reads that topic is told; it does not stand in the way of this one
        if len(tail.records) >= BUFFERED_RECORDS:
            consumer.pause(partition)

    def _reader(self) -> KafkaConsumer:
        if self._consumer is None:
            self._tails.clear()
            self._consumer = self._built(lambda: KafkaConsumer(**self._settings.consumer()))
        return self._consumer

    def _drop_reader(self) -> None:
        consumer, self._consumer = self._consumer, None
        self._tails.clear()
        if consumer is not None:
            self._let_go(lambda: consumer.close(autocommit=False, timeout_ms=1000))

    # --- topics

    def _must_exist(self, topic: str, *, anew: bool = False) -> dict[str, Any]:
        """Return the topic's description, or nothing when it is known to exist. Raises `NotFound`."""
        if self._closed:
            raise BusError("this log is closed", next_step="open another one.")
        if topic in self._known and not anew:
            return {}
        described = self._described(topic) if is_topic(topic) else None
        if described is None:
            raise NotFound(f"there is no topic {topic[:80]!r}", next_step="`casebus init` makes the topics.")
        self._known.add(topic)
        return described

    def _described(self, topic: str) -> dict[str, Any] | None:
        what = f"looking for {topic}"
        with self._errors(what):
            (described,) = self._asked(what, lambda admin: admin.describe_topics([topic]))
            error = for_code(described["error_code"])
            if error is UnknownTopicOrPartitionError:
                return None
            if described["error_code"] != 0:
                raise error(topic)
        return dict(described)

    def _create(self, topic: str) -> None:
        s, what = self._settings, f"making {topic}"
        new = {topic: {"num_partitions": 1, "replication_factor": s.replication_factor, "configs": s.topic()}}
        with self._errors(what):
            # A create that times out is repeated inside the client and then finds the topic: compare, and go on.
            with suppress(TopicAlreadyExistsError):
                self._asked(what, lambda admin: admin.create_topics(new))
            self._asked(what, lambda admin: admin.wait_for_topics([topic]))

    def _compare(self, topic: str) -> None:
        described = self._must_exist(topic, anew=True)
        if len(described["partitions"]) != 1:
            raise unfit(topic, f"it has {len(described['partitions'])} partitions; order needs exactly 1")
        resource = ConfigResource(ConfigResourceType.TOPIC, topic)
        with self._errors(f"comparing {topic}"):
            answer = self._asked(f"comparing {topic}", lambda a: a.describe_configs([resource], config_filter="all"))
        found = answer.get("topic", {}).get(topic, {})  # empty, and no error, without the right to see them
        for name, wanted in self._settings.topic().items():
            if name in found and name != "min.insync.replicas" and found[name]["value"] != wanted:
                raise unfit(topic, f"its {name} is {found[name]['value']}; it must be {wanted}")

    # --- clients

    def _asked(self, what: str, call: Callable[[KafkaAdminClient], Any]) -> Any:
        try:
            if self._admin is None:
                self._admin = self._built(lambda: KafkaAdminClient(**self._settings.client()))
            admin = self._admin
            return bounded(what, self._settings.answer_seconds, lambda: call(admin))
        except TopicAlreadyExistsError:
            raise
        except BaseException:
            self._drop_admin()
            raise

    def _drop_admin(self) -> None:
        admin, self._admin = self._admin, None
        if admin is not None:
            self._let_go(admin.close)

    def _let_go(self, close: Callable[[], None]) -> None:
        with suppress(KafkaError, BusError, RuntimeError):
            bounded("closing", self._settings.connect_seconds, close)

    def _built(self, build: Callable[[], T]) -> T:
        if self._closed:
            raise BusError("this log is closed", next_step="open another one.")
        check_reachable(self._settings)
        return bounded("connecting to Kafka", self._settings.answer_seconds, build)

    def _bounded(self, what: str, call: Callable[[int], T], seconds: float | None = None) -> T:
        """Give a call its time limit in milliseconds, and more than that to keep to it."""
        limit = self._settings.answer_seconds if seconds is None else seconds
        return bounded(what, limit + self._settings.answer_seconds, lambda: call(int(limit * 1000) + 1))

    @contextmanager
    def _errors(self, what: str, *, drop_reader: bool = False) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            if drop_reader:
                self._drop_reader()
            if isinstance(error, KafkaError | OSError | RuntimeError | ValueError):
                raise _bus_error(what, error) from error
            raise


def _bus_error(what: str, error: Exception) -> BusError:
    if isinstance(error, AuthorizationError):
        return BusError(f"{what}: the broker does not permit it", next_step="ask the operator for the topic's rights.")
    if isinstance(error, MessageSizeTooLargeError):
        return BusError(f"{what}: the broker's size limit was exceeded", next_step="publish less in one event.")
    return BusError(f"{what}: {type(error).__name__}", next_step="see whether the broker is alive; then try again.")
