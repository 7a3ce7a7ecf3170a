"""An honest hub and its witnesses: who is asked, who cosigns, and what holds them up."""

from collections.abc import Callable
from pathlib import Path

import pytest
from witness_network import AGENCIES, DIA, NZ, UK, LyingHub, WitnessNetwork, answer, cosigned

from casebus.bus.log import Record, events_topic
from casebus.errors import VerificationFailed
from casebus.layout import HUB
from casebus.ledger.verify import Outcome
from casebus.status import Overview
from casebus.witnessing.followed import FOLLOWED, TILES
from casebus.witnessing.topics import LEDGER_TOPIC, Entries, parse_ledger_record, witness_topic


def test_three_witnesses_follow_and_cosign(network: WitnessNetwork) -> None:
    network.publish(b"one", b"two")
    network.publish(b"three", agency=UK)
    network.settle()
    report = network.verified()
    assert (report.outcome, report.size) == (Outcome.VERIFIED, 3)
    assert {name: standing.size for name, standing in network.standings().items()} == dict.fromkeys(AGENCIES, 3)


def test_an_empty_ledger_is_witnessed_too(network: WitnessNetwork) -> None:
    network.settle()
    assert (network.verified().outcome, network.verified().size) == (Outcome.VERIFIED, 0)


def test_growth_is_cosigned_from_where_each_witness_stands(network: WitnessNetwork) -> None:
    for number in range(6):
        network.publish(*[b"%d/%d" % (number, each) for each in range(number * 90 + 1)])
        network.settle()
        assert network.verified().outcome is Outcome.VERIFIED
    assert set(network.statuses(NZ)) == {"200"}
    with network.installation.open_store(NZ).view() as view:
        (followed,) = view.all(FOLLOWED)
        assert len(list(view.all(TILES))) == followed.size // 256
    assert followed.size == network.verified().size


def test_two_of_three_make_a_quorum(network: WitnessNetwork) -> None:
    network.publish(b"one")
    network.settle(NZ, DIA)
    assert network.verified().outcome is Outcome.VERIFIED
    assert UK not in network.standings()


def test_one_of_three_does_not(network: WitnessNetwork) -> None:
    network.publish(b"one")
    network.settle(NZ)
    assert network.verified().outcome is Outcome.UNWITNESSED


def test_a_witness_that_was_away_is_caught_up_with_what_came_meanwhile(network: WitnessNetwork) -> None:
    for number in range(3):
        network.publish(b"%d" % number)
        network.settle(NZ, DIA)
    network.settle()
    assert network.standings()[UK].size == 3
    assert all(f"witness/{name}" in (network.layout.role(HUB).ledger / "checkpoint").read_text() for name in AGENCIES)


def test_a_witness_that_is_away_for_days_finds_little_to_read(network: WitnessNetwork) -> None:
    """It is asked again after growing pauses: its submission stands on the bus all the same."""
    network.publish(b"one")
    for _ in range(24 * 12):
        network.work(HUB)
        network.clock.sleep(300)
    asked = network.log.end(LEDGER_TOPIC)
    assert asked <= 3 * 24 * 7 + 10, "a submission to each of three witnesses in ten minutes, at most"
    network.settle()
    assert network.verified().outcome is Outcome.VERIFIED


def test_the_hub_alone_comes_to_rest_without_its_witnesses(network: WitnessNetwork) -> None:
    network.publish(*[b"%d" % number for number in range(1000)])
    network.work(HUB)
    network.publish(b"more")
    network.work(HUB)
    assert network.verified().outcome is Outcome.UNWITNESSED
    assert network.verified().size == 1001


def test_every_part_may_be_started_again_at_any_time(network: WitnessNetwork) -> None:
    for number in range(8):
        network.publish(*[b"%d/%d" % (number, each) for each in range(70)], agency=AGENCIES[number % 3])
        network.settle(AGENCIES[number % 3])
        for code in list(network.awake):
            network.sleep(code)
    network.settle()
    assert network.verified().outcome is Outcome.VERIFIED
    assert not any(network.evidence(code) for code in (HUB, *AGENCIES))


def test_no_leaf_is_published_twice_and_none_is_left_out_over_restarts(network: WitnessNetwork) -> None:
    for number in range(5):
        network.publish(*[b"%d/%d" % (number, each) for each in range(900)])
        network.work(HUB)
        network.sleep(HUB)
    found = [
        parse_ledger_record("casebus.example/ledger", r.record) for r in network.log.read(LEDGER_TOPIC, 0, limit=999)
    ]
    entries = [each for each in found if isinstance(each, Entries)]
    assert [each.start for each in entries] == [0, *(each.end for each in entries[:-1])]
    assert entries[-1].end == 4500
    assert max(len(each.leaves) for each in entries) <= 1000


def test_an_answer_that_was_given_and_whose_position_was_not_kept_is_healed(
    network: WitnessNetwork, tmp_path: Path
) -> None:
    """A crash after the answer, before the Store's commit: the submission is read again, and answered with 409."""
    network.publish(b"one")
    network.work(HUB)
    state = network.layout.role(NZ).state
    before = state.read_bytes() if state.exists() else b""
    network.work(NZ)
    network.sleep(NZ)
    for path in state.parent.glob("state.sqlite*"):
        path.unlink()
    if before:
        state.write_bytes(before)
    network.publish(b"two")
    network.settle()
    assert network.statuses(NZ)[:2] == ["200", "409"]
    assert network.verified().outcome is Outcome.VERIFIED
    assert network.standings()[NZ].size == 2


RUBBISH = [
    Record(b"", b""),
    Record(b"key", b"\xff" * 300, (("casebus-status", b"200"),)),
    Record(b"casebus.example/ledger", b"\xff", (("casebus-status", b"200"),)),
    Record(b"casebus.example/ledger", b"", (("casebus-status", b"409"),)),
    Record(b"casebus.example/ledger", b"-1\n", (("casebus-status", b"409"),)),
    Record(b"casebus.example/ledger", b"99999999\n", (("casebus-status", b"409"),)),
    Record(b"casebus.example/ledger", b"x" * 5000, (("casebus-status", b"+200"),)),
    Record(b"casebus.example/ledger", b"no", (("casebus-status", b"999"),)),
    Record(b"casebus.example/ledger", b"no", (("casebus-status", b"200"), ("casebus-status", b"200"))),
    Record(b"casebus.example/ledger", b"no", (("\ud800", b"200"),)) if False else Record(b"", b"", (("é", b"\x00"),)),
]


def test_rubbish_on_a_witness_topic_stops_nobody(network: WitnessNetwork) -> None:
    """Anyone with the agency's rights may write there."""
    network.publish(b"one")
    network.log.append(witness_topic(DIA), RUBBISH)
    network.settle(NZ, UK)
    network.log.append(witness_topic(DIA), RUBBISH)
    network.publish(b"two")
    network.settle(NZ, UK)
    assert network.verified().outcome is Outcome.VERIFIED
    assert not any(network.evidence(code) for code in (HUB, NZ, UK))


def test_a_cosignature_that_is_not_the_witnesses_own_does_not_count(network: WitnessNetwork) -> None:
    network.publish(b"one")
    network.work(HUB)
    hub = LyingHub(network)
    hub.leaves = [hub.leaf_of(events_topic(NZ), 0).encode()]
    answer(network, DIA, 200, cosigned(hub.note(), UK))
    answer(network, DIA, 200, hub.note().format())
    broken = cosigned(hub.note(), DIA)
    answer(network, DIA, 200, broken[:-12] + (b"A" if broken[-12:-11] != b"A" else b"B") + broken[-11:])
    network.work(HUB)
    assert network.standings() == {}
    assert network.verified().outcome is Outcome.UNWITNESSED


def test_leaves_that_do_not_go_on_from_what_is_there_are_passed_over(network: WitnessNetwork) -> None:
    """Duplicates, a gap, and records that are none, on the ledger's own topic."""
    network.publish(b"one", b"two")
    hub = LyingHub(network)
    one, two = (hub.leaf_of(events_topic(NZ), position) for position in (0, 1))
    network.log.append(LEDGER_TOPIC, [Record(b"casebus.example/ledger", b"x", (("casebus-kind", b"entries"),))])
    hub.publish(one)
    hub.publish(two, start=7)
    hub.leaves.clear()
    hub.publish(one, two, start=0)
    hub.publish(one, start=0)
    hub.leaves.pop()
    hub.submit(hub.note())
    network.work(*AGENCIES)
    assert [network.statuses(agency) for agency in AGENCIES] == [["200"]] * 3


def test_a_checkpoint_whose_leaves_were_not_published_is_not_cosigned(network: WitnessNetwork) -> None:
    network.publish(b"one")
    hub = LyingHub(network)
    hub.leaves = [hub.leaf_of(events_topic(NZ), 0).encode()]
    hub.submit(hub.note(), UK)
    network.work(UK)
    assert network.statuses(UK) == ["503"]


def test_what_is_malformed_or_anothers_is_refused_and_not_evidence(network: WitnessNetwork) -> None:
    hub = LyingHub(network)
    note = hub.note()
    hub.submit(note, NZ)
    (recorded,) = network.log.read(LEDGER_TOPIC, 0, limit=1)
    record = recorded.record
    spoiled = record.value[:-8] + (b"A" if record.value[-8:-7] != b"A" else b"B") + record.value[-7:]
    network.log.append(LEDGER_TOPIC, [Record(record.key, value, record.headers) for value in (b"", b"old 0", spoiled)])
    network.work(*AGENCIES)
    assert network.statuses(NZ) == ["200", "400", "400", "403"]
    assert not any(network.evidence(agency) for agency in AGENCIES)


def test_idle_means_that_the_witnesses_that_are_present_have_answered(network: WitnessNetwork) -> None:
    network.whole = True
    overview = Overview(network.installation)
    try:
        network.settle()
        assert overview.is_idle()
        network.publish(b"one")
        network.work(HUB)
        assert not overview.is_idle()
        network.work(NZ, UK)
        network.work(HUB)
        assert not overview.is_idle()
        network.settle()
        assert overview.is_idle()
    finally:
        overview.close()


def test_a_witness_that_lost_its_memory_does_not_start_and_says_so(network: WitnessNetwork) -> None:
    network.publish(b"one")
    network.settle()
    network.sleep(NZ)
    (network.layout.role(NZ).witness / "witness.sqlite").unlink()
    with pytest.raises(VerificationFailed, match="lost its state"):
        network.work(NZ)
    assert network.layout.role(NZ).stopped("witness").exists()
    network.publish(b"two")
    network.settle(UK, DIA)
    assert network.verified().outcome is Outcome.VERIFIED


def test_a_network_without_witness_keys_works_as_before(
    tmp_path: Path, new_network: Callable[..., WitnessNetwork]
) -> None:
    def unwitnessed(layout: object) -> None:
        path = layout.directory  # type: ignore[attr-defined]
        kept = [line for line in path.read_text().splitlines() if not line.startswith(("ledger_key", "witness_key"))]
        path.write_text("\n".join(kept))
        layout.role(HUB).policy.unlink()  # type: ignore[attr-defined]

    network = new_network(tmp_path / "old", prepared=unwitnessed)
    network.whole = True
    network.publish(b"one")
    network.settle()
    assert network.log.end(LEDGER_TOPIC) == 0
    overview = Overview(network.installation)
    assert overview.is_idle()
    overview.close()
