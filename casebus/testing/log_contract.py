"""What every Log must do: a test class to subclass, for our two Logs and for anybody's third.

    class TestMyLog(LogContract):
        @pytest.fixture
        def opener(self) -> Callable[[], Log]:
            return functools.partial(MyLog, address)  # must survive pickling: one test opens the Log in a child process

Needs pytest and hypothesis.
"""

import multiprocessing
import os
import signal
import uuid
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from casebus.bus.log import MAX_VALUE_BYTES, Log, Record, Recorded
from casebus.errors import BusError, NotFound

Opener = Callable[[], Log]

_RECORDS = st.builds(
    Record,
    key=st.binary(max_size=20),
    value=st.binary(max_size=200),
    headers=st.lists(st.tuples(st.sampled_from(["ce_id", "ce_type", "", "ā"]), st.binary(max_size=9)), max_size=4).map(
        tuple
    ),
)


def new_topic() -> str:
    """Return the name of a topic that nobody has used before."""
    return f"casebus.t-{uuid.uuid4().hex[:16]}.events"


def numbered(first: int, count: int) -> list[Record]:
    """Return records whose values are the numbers from `first` on."""
    return [Record(b"k", str(number).encode()) for number in range(first, first + count)]


def read_all(log: Log, topic: str) -> list[Recorded]:
    """Return every record that a topic has, read in small pieces."""
    found: list[Recorded] = []
    while piece := log.read(topic, len(found), limit=7):
        found += piece
    return found


class LogContract:
    """Subclass as `Test...` and provide the fixture `opener`."""

    @pytest.fixture
    def opener(self) -> Opener:
        """Return what opens another instance of the Log on the same bus. It must survive pickling."""
        raise NotImplementedError("a subclass says how its Log is opened")

    @pytest.fixture
    def open_log(self, opener: Opener) -> Iterator[Opener]:
        """Open Logs and close them after the test."""
        opened: list[Log] = []

        def open_one() -> Log:
            opened.append(opener())
            return opened[-1]

        yield open_one
        for log in opened:
            log.close()

    @pytest.fixture
    def log(self, open_log: Opener) -> Log:
        """One instance."""
        return open_log()

    @pytest.fixture
    def topic(self, log: Log) -> str:
        """A new, empty topic."""
        name = new_topic()
        log.create([name])
        return name

    def test_positions_count_from_zero_without_gaps(self, log: Log, topic: str) -> None:
        """Order is kept within and between calls."""
        assert log.append(topic, numbered(0, 3)) == [0, 1, 2]
        assert log.append(topic, numbered(3, 1)) == [3]
        assert log.append(topic, numbered(4, 20)) == list(range(4, 24))
        found = read_all(log, topic)
        assert [(r.position, r.record) for r in found] == list(enumerate(numbered(0, 24)))
        assert {r.topic for r in found} == {topic}

    def test_appending_nothing_changes_nothing(self, log: Log, topic: str) -> None:
        """An empty batch has no positions."""
        assert log.append(topic, []) == []
        assert log.end(topic) == 0

    def test_a_record_comes_back_byte_for_byte(self, log: Log, topic: str) -> None:
        """Headers keep their order, repeated names, empty and binary values; keys and values may be empty."""
        headers = (("ce_id", b"1"), ("ce_id", b"2"), ("empty", b""), ("binary", bytes(range(256))), ("ā", b"m"))
        records = [Record(b"key", b"\x00value\xff", headers), Record(b"", b""), Record(bytes(range(256)), b"v")]
        log.append(topic, records)
        assert [r.record for r in read_all(log, topic)] == records

    def test_the_largest_value_is_accepted(self, log: Log, topic: str) -> None:
        """A value of exactly the limit, incompressible or not, comes back whole, also three in one call."""
        records = [Record(b"k", fill * MAX_VALUE_BYTES) for fill in (b"\x00", b"\xff", b"a")]
        assert log.append(topic, records) == [0, 1, 2]
        assert [r.record for r in read_all(log, topic)] == records

    def test_a_value_over_the_limit_is_refused_and_nothing_is_appended(self, log: Log, topic: str) -> None:
        """Not even the good records before it in the same call."""
        with pytest.raises(BusError, match="limit"):
            log.append(topic, [*numbered(0, 2), Record(b"k", b"x" * (MAX_VALUE_BYTES + 1)), *numbered(2, 1)])
        assert log.end(topic) == 0
        assert log.append(topic, numbered(0, 1)) == [0]

    def test_reading_beyond_the_end_is_empty(self, log: Log, topic: str) -> None:
        """With and without a wait, on an empty topic too, and the topic can be read afterwards."""
        assert log.read(topic, 0, limit=10) == []
        log.append(topic, numbered(0, 2))
        assert log.read(topic, 2, limit=10, wait_ms=30) == []
        assert log.read(topic, 9, limit=10) == []
        assert [r.position for r in log.read(topic, 0, limit=10)] == [0, 1]

    def test_reading_again_gives_the_same_records(self, log: Log, topic: str) -> None:
        """A read moves nothing: any position may be read in any order, with any limit."""
        log.append(topic, numbered(0, 30))
        every = log.read(topic, 0, limit=100)
        assert len(every) == 30
        for position, limit in [(29, 5), (0, 1), (10, 15), (0, 30), (11, 1), (12, 3)]:
            assert log.read(topic, position, limit=limit) == every[position : position + limit]

    def test_the_end_is_the_next_position(self, log: Log, topic: str) -> None:
        """It moves with each append."""
        assert log.end(topic) == 0
        log.append(topic, numbered(0, 5))
        assert log.end(topic) == 5

    def test_a_second_instance_sees_what_the_first_appended(self, open_log: Opener, log: Log, topic: str) -> None:
        """Before and after it has read for the first time."""
        second = open_log()
        log.append(topic, numbered(0, 2))
        assert [r.position for r in second.read(topic, 0, limit=9)] == [0, 1]
        assert second.read(topic, 2, limit=9) == []
        log.append(topic, numbered(2, 1))
        assert [r.position for r in second.read(topic, 2, limit=9)] == [2]
        assert second.end(topic) == 3

    def test_topics_do_not_mix(self, log: Log, topic: str) -> None:
        """Positions and records belong to one topic, however reads of several take turns."""
        other = new_topic()
        log.create([other])
        log.append(topic, numbered(0, 9))
        log.append(other, numbered(100, 9))
        for position in range(9):
            for name, first in ((topic, 0), (other, 100)):
                (found,) = log.read(name, position, limit=1)
                assert found.record.value == str(first + position).encode()

    def test_a_topic_has_an_id_of_its_own_for_ever(self, open_log: Opener, log: Log, topic: str) -> None:
        """16 bytes, the same for every instance, another for every topic."""
        other = new_topic()
        log.create([other])
        first = log.topic_id(topic)
        assert len(first) == 16
        assert open_log().topic_id(topic) == first
        assert log.topic_id(other) != first

    def test_creating_a_topic_twice_is_harmless(self, open_log: Opener, log: Log, topic: str) -> None:
        """By any instance: records and id stay."""
        before = log.topic_id(topic)
        log.append(topic, numbered(0, 1))
        log.create([topic, topic])
        open_log().create([topic])
        assert (log.topic_id(topic), log.end(topic)) == (before, 1)

    @pytest.mark.parametrize("name", ["casebus.never-made.events", "casebus.hub.inbox", "other", "casebus.../x.events"])
    def test_an_unknown_topic_is_not_found(self, log: Log, name: str) -> None:
        """For every method, and asking for it does not make it."""
        for _ in range(2):
            for ask in (
                lambda: log.read(name, 0, limit=1),
                lambda: log.end(name),
                lambda: log.topic_id(name),
                lambda: log.append(name, numbered(0, 1)),
            ):
                with pytest.raises(NotFound):
                    ask()

    @pytest.mark.parametrize("name", ["casebus.hub.inbox", "other", "casebus.../x.events", "casebus.A_b.events"])
    def test_a_name_that_is_no_topic_of_ours_is_never_made(self, log: Log, name: str) -> None:
        """Names are checked before anything is made."""
        with pytest.raises(BusError, match="not a topic"):
            log.create([name])

    def test_append_times_never_go_back(self, log: Log, topic: str) -> None:
        """UTC, whole milliseconds."""
        for number in range(5):
            log.append(topic, numbered(number, 2))
        times = [r.appended_at for r in read_all(log, topic)]
        assert times == sorted(times)
        assert all(at.microsecond % 1000 == 0 and at.utcoffset() is not None and not at.utcoffset() for at in times)

    def test_a_closed_log_says_so(self, open_log: Opener, topic: str) -> None:
        """Closing twice is harmless; using it afterwards fails with the seam's own error."""
        log = open_log()
        log.end(topic)
        log.close()
        log.close()
        with pytest.raises(BusError, match="closed"):
            log.end(topic)

    def test_a_writer_killed_while_appending_loses_nothing_acknowledged(
        self, opener: Opener, open_log: Opener, log: Log, topic: str
    ) -> None:
        """After SIGKILL all acknowledged records stand where it was said, and the next writer goes on after them."""
        ours, theirs = multiprocessing.Pipe(duplex=False)
        child = multiprocessing.get_context("spawn").Process(target=_append_for_ever, args=(opener, topic, theirs))
        child.start()
        theirs.close()
        acknowledged = [ours.recv() for _ in range(10)]
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
        acknowledged += _drained(ours)
        values = [int(r.record.value) for r in read_all(log, topic)]
        assert values == list(range(len(values)))
        assert [position for positions in acknowledged for position in positions] == list(range(len(acknowledged) * 3))
        assert len(values) >= len(acknowledged) * 3
        assert open_log().append(topic, numbered(len(values), 1)) == [len(values)]

    def test_any_history_reads_like_a_list(self, open_log: Opener) -> None:
        """Appends, reads and ends in any order, by several instances, against a list per topic."""
        opened = [open_log(), open_log()]

        class Histories(_ListModel):
            logs = opened

        run_state_machine_as_test(
            Histories,
            settings=settings(
                max_examples=15,
                stateful_step_count=12,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


class _ListModel(RuleBasedStateMachine):
    """Two topics, two instances; a topic is a list."""

    logs: ClassVar[list[Log]]

    def __init__(self) -> None:
        super().__init__()
        self._lists: dict[str, list[Record]] = {}

    @initialize()
    def make_topics(self) -> None:
        self._lists = {new_topic(): [] for _ in range(2)}
        self.logs[0].create(list(self._lists))

    @rule(which=st.integers(0, 1), topic=st.integers(0, 1), records=st.lists(_RECORDS, max_size=5))
    def append(self, which: int, topic: int, records: list[Record]) -> None:
        name = list(self._lists)[topic]
        held = self._lists[name]
        positions = self.logs[which].append(name, records)
        assert positions == list(range(len(held), len(held) + len(records)))
        held += records

    @rule(which=st.integers(0, 1), topic=st.integers(0, 1), position=st.integers(0, 20), limit=st.integers(1, 9))
    def read(self, which: int, topic: int, position: int, limit: int) -> None:
        name = list(self._lists)[topic]
        found = self.logs[which].read(name, position, limit=limit)
        assert [r.position for r in found] == list(range(position, position + len(found)))
        rest = self._lists[name][position:]
        assert [r.record for r in found] == rest[: len(found)]
        assert bool(found) == bool(rest)
        assert len(found) <= limit

    @invariant()
    def ends_are_lengths(self) -> None:
        for name, held in self._lists.items():
            assert {log.end(name) for log in self.logs} == {len(held)}


def _append_for_ever(opener: Opener, topic: str, acknowledge: Connection) -> None:
    log, number = opener(), 0
    while True:
        positions = log.append(topic, numbered(number, 3))
        acknowledge.send(positions)
        number += 3


def _drained(pipe: Connection) -> list[list[int]]:
    """Return what a killed child had still said. A message cut short was not said."""
    said: list[list[int]] = []
    try:
        while True:
            said.append(pipe.recv())
    except (EOFError, OSError):
        return said
