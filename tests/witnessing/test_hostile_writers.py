"""Who has no key, or only one agency's rights, stops nobody: neither the witnesses, nor the hub, nor its rounds."""

from contextlib import closing
from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from witness_network import AGENCIES, DIA, NZ, UK, LyingHub, WitnessNetwork, answer

from casebus.bus.log import Recorded, events_topic
from casebus.bus.sqlite_log import SqliteLog
from casebus.errors import RecordsGone
from casebus.installing import LEDGER_ORIGIN
from casebus.layout import HUB
from casebus.ledger.leaf import Leaf, LeafKind, record_leaf, whole_leaf
from casebus.ledger.verify import Outcome
from casebus.state import Save
from casebus.status import Overview
from casebus.witnessing.followed import FOLLOWED, Followed
from casebus.witnessing.rounds import OVERDUE_S, Rounds
from casebus.witnessing.topics import LEDGER_TOPIC, Entries, entries_record

JUNK = record_leaf(b"\x77" * 16, 0, None, b"\x55" * 32).encode()


def put(network: WitnessNetwork, start: int, *leaves: bytes) -> None:
    """Write leaves to the ledger's topic, as whoever has no key may where its rights are set wrong."""
    network.log.append(LEDGER_TOPIC, [entries_record(LEDGER_ORIGIN, Entries(start, leaves))])


@pytest.mark.parametrize("junk", [[JUNK], [JUNK, JUNK, JUNK], [b"\x09" * 66]])
def test_leaves_that_nobody_signed_give_way_to_those_that_the_log_signed(
    network: WitnessNetwork, junk: list[bytes]
) -> None:
    network.publish(b"one", b"two", b"three")
    network.settle()
    put(network, 3, *junk)
    network.work(*AGENCIES)
    network.publish(b"four")
    network.settle()
    network.publish(b"five", b"six")
    network.settle()
    assert not any(network.evidence(code) for code in (HUB, *AGENCIES))
    assert [set(network.statuses(agency)) for agency in AGENCIES] == [{"200"}] * 3
    assert (network.verified().outcome, network.verified().size) == (Outcome.VERIFIED, 6)


def test_a_root_that_fits_nothing_published_is_not_followed_and_is_no_evidence(network: WitnessNetwork) -> None:
    network.publish(b"one", b"two")
    hub = LyingHub(network)
    topic = events_topic(NZ)
    hub.publish(hub.leaf_of(topic, 0))
    hub.submit(hub.note())
    network.work(*AGENCIES)
    put(network, 1, JUNK)
    hub.leaves.append(hub.leaf_of(topic, 1).encode())
    hub.submit(hub.note(), old=1)
    with capture_logs() as said:
        network.work(*AGENCIES)
    assert [network.statuses(agency) for agency in AGENCIES] == [["200", "503"]] * 3
    assert not any(network.evidence(agency) for agency in AGENCIES)
    assert "ledger_not_followed" in {line["event"] for line in said if line["log_level"] == "error"}
    put(network, 1, hub.leaves[1])
    hub.submit(hub.note(), old=1)
    network.work(*AGENCIES)
    assert [network.statuses(agency)[-1] for agency in AGENCIES] == ["200"] * 3


def test_leaves_of_somebody_else_do_not_stop_the_hub_from_publishing(network: WitnessNetwork) -> None:
    network.publish(b"one", b"two", b"three")
    network.settle()
    put(network, 10**6, JUNK)
    network.sleep(HUB)
    network.publish(b"four")
    network.settle()
    put(network, 4, JUNK)
    network.sleep(HUB)
    network.publish(b"five")
    network.settle()
    assert (network.verified().outcome, network.verified().size) == (Outcome.VERIFIED, 5)


def test_a_witness_that_says_another_size_each_time_does_not_hold_up_the_round() -> None:
    rounds = Rounds.of(["a", "b"])
    rounds.begin("T1", 0)
    now, asked = 0.0, 0
    while now < OVERDUE_S:
        for name in rounds.due(now):
            rounds.asked(name, now)
            asked += name == "a"
        rounds.holds("a", int(now * 2) % 2)
        rounds.cosigned("b", "T1", 10)
        now += 0.5
    assert asked == 2
    assert rounds.may_begin("T2", now)


def test_a_witness_that_repeats_an_old_cosignature_does_not_hold_up_the_round() -> None:
    rounds = Rounds.of(["a", "b"])
    rounds.begin("T1", 0)
    now, asked = 0.0, 0
    while now < OVERDUE_S:
        for name in rounds.due(now):
            rounds.asked(name, now)
            asked += name == "a"
        rounds.cosigned("a", "T0", 1)
        rounds.cosigned("b", "T1", 10)
        now += 0.5
    assert asked == 2
    assert rounds.may_begin("T2", now)


def test_an_old_cosignature_does_not_take_back_the_answer_to_the_current_text() -> None:
    rounds = Rounds.of(["a"])
    rounds.begin("T1", 0)
    rounds.asked("a", 0)
    rounds.cosigned("a", "T1", 10)
    rounds.cosigned("a", "T0", 1)
    assert rounds.due(1) == []


def test_a_witness_that_claims_more_than_there_is_has_answered_and_stops_nothing(network: WitnessNetwork) -> None:
    network.publish(b"one", b"two")
    network.settle(UK, DIA)
    answer(network, NZ, 409, b"99\n")
    with capture_logs() as said:
        network.work(HUB)
    assert "witness_ahead" in {line["event"] for line in said}
    assert network.standings()[NZ].status == 409
    with closing(Overview(network.installation)) as overview:
        assert not overview._unanswered(set())
    network.publish(b"three")
    network.settle(UK, DIA)
    assert (network.verified().outcome, network.verified().size) == (Outcome.VERIFIED, 3)


def test_records_that_the_bus_has_lost_cannot_be_compared_and_accuse_nobody(
    network: WitnessNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Kafka says it, which alone can lose a topic's beginning."""
    network.publish(b"one", b"two", b"three")
    network.work(HUB)
    read = SqliteLog.read

    def read_what_is_left(log: SqliteLog, topic: str, position: int, **how: int) -> list[Recorded]:
        if topic == events_topic(NZ) and position < 2:
            raise RecordsGone(topic, 2)
        return read(log, topic, position, **how)

    monkeypatch.setattr(SqliteLog, "read", read_what_is_left)
    with capture_logs() as said:
        network.work(NZ)
    assert network.statuses(NZ) == ["200"]
    assert network.evidence(NZ) == []
    assert [line["event"] for line in said].count("own_records_gone") == 1


def test_a_ledger_that_begins_after_records_no_ledger_has_is_not_cosigned_by_their_agency(
    network: WitnessNetwork,
) -> None:
    network.publish(b"one", b"two", b"three", b"four")
    hub = LyingHub(network)
    begins_late = record_leaf_after(hub.leaf_of(events_topic(NZ), 3), previous=2)
    hub.publish(whole_leaf(LeafKind.OPENING, bytes(32)), begins_late)
    hub.submit(hub.note())
    network.work(*AGENCIES)
    assert network.statuses(NZ) == ["503"]
    assert not network.evidence(NZ)


def test_it_is_cosigned_where_the_agency_followed_the_closed_one_to_there(network: WitnessNetwork) -> None:
    network.publish(b"one", b"two", b"three", b"four")
    hub = LyingHub(network)
    topic_id = hub.leaf_of(events_topic(NZ), 3).topic_id
    with network.installation.open_store(NZ).transaction() as tx:
        tx.apply(Save(FOLLOWED, Followed("casebus.example/before", heads=((topic_id.hex(), 2),), closed=True)))
    hub.publish(
        whole_leaf(LeafKind.OPENING, bytes(32)), record_leaf_after(hub.leaf_of(events_topic(NZ), 3), previous=2)
    )
    hub.submit(hub.note())
    network.work(*AGENCIES)
    assert network.statuses(NZ) == ["200"]


def record_leaf_after(leaf: Leaf, previous: int) -> Leaf:
    return replace(leaf, previous=previous)
