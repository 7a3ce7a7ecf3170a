"""A hub that lies, by what it logs, by what it signs, or by what it forgot: who notices, and what happens then."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner
from witness_network import AGENCIES, DIA, LOG_VKEY, NZ, UK, LyingHub, WitnessNetwork, answer, cosigned, never

from casebus.bus.log import events_topic, inbox_topic
from casebus.cli.main import assembled
from casebus.errors import Stalled, VerificationFailed
from casebus.layout import HUB
from casebus.ledger.checkpoint import open_checkpoint
from casebus.ledger.leaf import LeafKind, record_leaf
from casebus.ledger.verify import Outcome
from casebus.status import Overview
from casebus.stops import alarm_of, stops_in
from casebus.witnessing.followed import WAITING
from casebus.witnessing.own_records import MISSING_PATIENCE_S

TOPIC = events_topic(NZ)


@pytest.fixture
def liar(network: WitnessNetwork) -> LyingHub:
    """A hub that has told the truth so far: three records of NZ's, published, submitted and cosigned by all."""
    network.publish(b"one", b"two", b"three")
    hub = LyingHub(network)
    hub.publish(*(hub.leaf_of(TOPIC, position) for position in range(3)))
    hub.submit(hub.note())
    network.work(*AGENCIES)
    assert [network.statuses(agency) for agency in AGENCIES] == [["200"]] * 3
    network.publish(b"four", b"five")
    return hub


def assert_stopped(network: WitnessNetwork, agency: str, reason: str) -> None:
    """Check that a witness has refused, kept evidence that the log's signature makes, and stays stopped."""
    (found,) = network.evidence(agency)
    assert reason in found["reason"]
    assert found["found_by"] == agency
    assert open_checkpoint(found["presented"].encode(), LOG_VKEY).size > 0
    network.sleep(agency)
    before = len(network.statuses(agency))
    LyingHub(network).submit(LyingHub(network).note(0), agency)
    network.work(agency)
    assert network.statuses(agency)[before:] == ["422"]
    alarm = alarm_of(network.installation, [agency])
    assert alarm is not None
    assert alarm.exit_code == 3


def assert_content(network: WitnessNetwork, *agencies: str) -> None:
    for agency in agencies:
        assert network.evidence(agency) == []


def test_a_record_that_is_not_the_one_on_the_bus_stops_its_own_agencys_witness(
    network: WitnessNetwork, liar: LyingHub
) -> None:
    """Only NZ reads NZ's topic: the others see a sound log, and cosign."""
    forged = replace(liar.leaf_of(TOPIC, 3), content_hash=b"\x07" * 32)
    liar.publish(forged)
    liar.submit(liar.note(), old=3)
    network.work(*AGENCIES)
    assert network.statuses(NZ) == ["200", "422"]
    assert_stopped(network, NZ, f"another record than {TOPIC} has at position 3")
    assert network.evidence(NZ)[0]["fault"]["leaf"] == forged.encode().hex()
    assert network.statuses(UK) == network.statuses(DIA) == ["200", "200"]
    assert_content(network, UK, DIA)


def test_a_forged_leaf_that_nobody_signed_for_stops_nobody(network: WitnessNetwork, liar: LyingHub) -> None:
    """Leaves are not signed one by one: the note over them makes the contradiction."""
    liar.publish(replace(liar.leaf_of(TOPIC, 3), content_hash=b"\x07" * 32))
    network.work(*AGENCIES)
    assert_content(network, *AGENCIES)


def test_a_record_of_an_inbox_is_compared_too(network: WitnessNetwork, liar: LyingHub) -> None:
    topic = inbox_topic(UK)
    network.log.append(topic, [network.log.read(TOPIC, 0, limit=1)[0].record])
    liar.publish(record_leaf(network.log.topic_id(topic), 0, None, b"\x07" * 32))
    liar.submit(liar.note(), old=3)
    network.work(*AGENCIES)
    assert_stopped(network, UK, f"another record than {topic}")
    assert_content(network, NZ, DIA)


def test_a_record_that_the_bus_does_not_have_is_given_time_and_then_is_a_contradiction(
    network: WitnessNetwork, liar: LyingHub
) -> None:
    """A broker may just be catching up; for how long is measured, not how often somebody looked."""
    network.clock.sleep(1000)
    liar.publish(*(liar.leaf_of(TOPIC, position) for position in (3, 4)))
    liar.publish(record_leaf(network.log.topic_id(TOPIC), 5, 4, b"\x07" * 32))
    liar.submit(liar.note(), old=3)
    began = network.clock.monotonic()
    network.work(NZ)
    assert network.clock.monotonic() - began >= MISSING_PATIENCE_S
    assert_stopped(network, NZ, f"position 5 of {TOPIC}, which has none")


def test_a_record_that_comes_while_it_is_waited_for_is_no_contradiction(
    network: WitnessNetwork, liar: LyingHub
) -> None:
    liar.publish(*(liar.leaf_of(TOPIC, position) for position in (3, 4)))
    network.publish(b"six")
    coming = liar.leaf_of(TOPIC, 5)
    path = network.layout.bus / f"{TOPIC}.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (row,) = connection.execute("SELECT * FROM records WHERE position = 5").fetchall()
        connection.execute("DELETE FROM records WHERE position = 5")
    liar.publish(coming)
    liar.submit(liar.note(), NZ, old=3)
    with pytest.raises(Stalled):
        network.work_for(NZ, seconds=5)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?)", row)
    network.work(NZ)
    assert network.statuses(NZ) == ["200", "200"]
    assert_content(network, NZ)


@pytest.mark.parametrize("lie", ["omitted", "reordered", "doubled"])
def test_a_topic_with_a_hole_or_out_of_order_stops_every_witness(
    network: WitnessNetwork, liar: LyingHub, lie: str
) -> None:
    four, five = liar.leaf_of(TOPIC, 3), liar.leaf_of(TOPIC, 4)
    told = {"omitted": [replace(five, previous=2)], "reordered": [five, four], "doubled": [four, four]}[lie]
    liar.publish(*told)
    liar.submit(liar.note(), old=3)
    network.work(*AGENCIES)
    for agency in AGENCIES:
        assert_stopped(network, agency, "position")


def test_a_loss_that_is_none_stops_the_agencys_witness(network: WitnessNetwork, liar: LyingHub) -> None:
    liar.publish(replace(liar.leaf_of(TOPIC, 4), kind=LeafKind.LOSS, previous=2))
    liar.submit(liar.note(), old=3)
    network.work(*AGENCIES)
    assert_stopped(network, NZ, "lost, which is there")
    assert_content(network, UK, DIA)


def test_a_fork_shown_to_one_agency_is_seen_by_all(network: WitnessNetwork, liar: LyingHub) -> None:
    """What is asked of one stands where all read."""
    liar.publish(liar.leaf_of(TOPIC, 3))
    other = [*liar.leaves[:-1], replace(liar.leaf_of(TOPIC, 3), content_hash=b"\x07" * 32).encode()]
    liar.submit(liar.note(), NZ, UK, old=3)
    liar.submit(liar.note(leaves=other), DIA, old=3)
    network.work(*AGENCIES)
    for agency in AGENCIES:
        assert_stopped(network, agency, "another tree of 4 leaves")


def test_a_rewritten_past_is_seen(network: WitnessNetwork, liar: LyingHub) -> None:
    """A root for a size from before, which no witness has cosigned: the followed tree has every size's root."""
    other = [*liar.leaves[:1], b"\x07" * 66]
    liar.submit(liar.note(leaves=other), UK)
    network.work(*AGENCIES)
    for agency in AGENCIES:
        assert_stopped(network, agency, "another tree of 2 leaves")


def test_a_fork_that_another_witness_cosigned_is_found_by_gossip(network: WitnessNetwork, liar: LyingHub) -> None:
    """It was asked elsewhere, over HTTP for example; what it answered stands on its topic."""
    other = [*liar.leaves[:-1], b"\x07" * 66]
    answer(network, UK, 200, cosigned(liar.note(leaves=other), UK))
    network.work(NZ, DIA)
    for agency in (NZ, DIA):
        assert_stopped(network, agency, "another tree of 3 leaves")
        assert network.evidence(agency)[0]["seen"] == {"topic": f"casebus.{UK}.witness", "position": 1}


def test_a_note_ahead_of_what_was_followed_waits_for_its_leaves(network: WitnessNetwork, liar: LyingHub) -> None:
    four = liar.leaf_of(TOPIC, 3)
    true, false = [*liar.leaves, four.encode()], [*liar.leaves, b"\x07" * 66]
    answer(network, UK, 200, cosigned(liar.note(leaves=true), UK))
    answer(network, DIA, 200, cosigned(liar.note(leaves=false), DIA))
    network.work(NZ)
    assert_content(network, NZ)
    liar.publish(four)
    network.work(NZ)
    assert_stopped(network, NZ, "another tree of 4 leaves")
    assert network.evidence(NZ)[0]["seen"]["topic"] == f"casebus.{DIA}.witness"


def test_only_so_many_notes_wait(network: WitnessNetwork, liar: LyingHub) -> None:
    for number in range(100):
        answer(network, UK, 200, cosigned(liar.note(leaves=[b"%d" % number] * (10 + number)), UK))
    network.work(NZ)
    with closing(network.installation.open_store(NZ)) as store, store.view() as view:
        assert len(list(view.all(WAITING))) == 64


def test_what_a_hub_owes_is_warned_of_after_a_minute(network: WitnessNetwork, liar: LyingHub) -> None:
    """Records that are on the bus and not in the ledger contradict nothing: it only takes long."""

    def warned_after(seconds: float) -> list[str]:
        network.clock.sleep(seconds)
        with capture_logs() as said:
            network.work(NZ)
        return [f"{line['event']} {line['position']}" for line in said if line["log_level"] == "warning"]

    assert warned_after(1) == []
    assert warned_after(58) == []
    assert warned_after(2) == ["ledger_lags 4"]
    assert warned_after(2) == []
    assert warned_after(60) == ["ledger_lags 4"]
    liar.publish(*(liar.leaf_of(TOPIC, position) for position in (3, 4)))
    assert [warned_after(61) for _ in range(3)] == [[], [], []]


def test_leaves_that_are_signed_and_withheld_are_warned_of(network: WitnessNetwork, liar: LyingHub) -> None:
    answer(network, UK, 200, cosigned(liar.note(leaves=[b"%d" % number for number in range(9)]), UK))
    network.clock.sleep(1)
    network.work(DIA)
    network.clock.sleep(61)
    with capture_logs() as said:
        network.work(DIA)
    assert "ledger_withheld" in {line["event"] for line in said}


def test_a_hub_that_was_put_back_from_an_older_copy_refuses_to_start(network: WitnessNetwork, tmp_path: Path) -> None:
    network.publish(b"one")
    network.settle()
    network.sleep(HUB)
    kept = network.keep(HUB, tmp_path / "kept")
    network.publish(b"two")
    network.settle()
    network.sleep(HUB)
    after = network.keep(HUB, tmp_path / "after")
    network.put_back(HUB, kept)
    before = (network.layout.role(HUB).ledger / "checkpoint").read_bytes()
    with pytest.raises(VerificationFailed, match="rolled back"):
        network.work(HUB)
    assert (network.layout.role(HUB).ledger / "checkpoint").read_bytes() == before
    network.sleep(HUB)
    network.put_back(HUB, after)
    network.publish(b"three")
    network.settle()
    assert network.verified().outcome is Outcome.VERIFIED


def test_a_rollback_shows_though_no_witness_has_answered(network: WitnessNetwork, tmp_path: Path) -> None:
    """What the hub asked for stands on the bus under its own signature."""
    kept = network.keep(HUB, tmp_path / "kept")
    network.publish(b"one")
    network.work(HUB)
    network.sleep(HUB)
    network.put_back(HUB, kept)
    with pytest.raises(VerificationFailed, match="rolled back"):
        network.work(HUB)


def test_a_rollback_shows_behind_any_amount_of_rubbish(network: WitnessNetwork, tmp_path: Path) -> None:
    kept = network.keep(HUB, tmp_path / "kept")
    network.publish(b"one")
    network.settle()
    network.sleep(HUB)
    for _ in range(300):
        answer(network, NZ, 200, b"rubbish")
    (network.layout.bus / "casebus.ledger.sqlite").unlink()
    network.put_back(HUB, kept)
    with pytest.raises(VerificationFailed, match="rolled back"):
        network.work(HUB)


def test_a_second_hub_with_the_same_key_finds_out_before_it_signs_what_forks(
    network: WitnessNetwork, tmp_path: Path, new_network: Callable[..., WitnessNetwork]
) -> None:
    """A copy of the directory on another machine, with the topics read in another order."""
    network.publish(b"one")
    network.settle()
    second_root = tmp_path / "second"
    second_root.mkdir()
    for name in ("casebus.toml", "directory.toml"):
        shutil.copy(network.layout.root / name, second_root / name)
    network.sleep(HUB)
    network.keep(HUB, second_root / "hub")
    (second_root / "bus").symlink_to(network.layout.bus)
    second = new_network(second_root, made=False)
    second.work(HUB)
    network.publish(b"uk", agency=UK)
    network.work(HUB)
    network.publish(b"nz", agency=NZ)
    network.work(HUB)
    with pytest.raises(VerificationFailed, match="has stopped: our key signed 2 leaves, and this ledger has 1"):
        second.work(HUB)
    assert (len(second.evidence(HUB)), second.verified().size) == (1, 1)
    signed = (second.layout.role(HUB).ledger / "checkpoint").read_bytes()
    second.sleep(HUB)
    second.publish(b"more")
    with pytest.raises(VerificationFailed, match="has stopped"):
        second.work(HUB)
    assert (second.layout.role(HUB).ledger / "checkpoint").read_bytes() == signed
    network.settle()
    assert network.verified().outcome is Outcome.VERIFIED


def test_the_first_hub_sees_what_the_second_asked_for(network: WitnessNetwork) -> None:
    network.publish(b"one")
    network.work(HUB)
    liar = LyingHub(network)
    liar.leaves = [b"\x07" * 66]
    liar.submit(liar.note(), DIA)
    with pytest.raises(VerificationFailed, match="another tree of 1 leaves"):
        network.work(HUB)
    (found,) = network.evidence(HUB)
    assert found["found_by"] == HUB
    assert found["seen"]["topic"] == "casebus.ledger"


def test_a_key_that_signed_more_than_there_is_stops_the_hub(network: WitnessNetwork) -> None:
    network.publish(b"one")
    network.work(HUB)
    liar = LyingHub(network)
    liar.leaves = [b"%d" % number for number in range(100)]
    answer(network, DIA, 200, cosigned(liar.note(), DIA))
    with pytest.raises(VerificationFailed, match="signed 100 leaves, and this ledger has 1"):
        network.work(HUB)


def test_the_hubs_other_work_goes_on_when_its_ledger_has_stopped(network: WitnessNetwork) -> None:
    network.whole = True
    network.publish(b"one")
    network.work(HUB)
    liar = LyingHub(network)
    liar.leaves = [b"\x07" * 66]
    liar.submit(liar.note(), DIA)
    network.publish(b"not an event")
    with pytest.raises(VerificationFailed):
        network.awake[HUB].node.run(stopped=never, until_idle=True, timeout_s=None)
    with closing(Overview(network.installation, [HUB])) as overview:
        behind = {status.consumer for status in overview.consumers() if status.position < status.end}
        assert behind <= {"audit_log", "asking"}
        assert "asking" in behind
        assert overview.is_idle()
    assert [(stop.role, stop.component) for stop in stops_in(network.installation, [HUB])] == [(HUB, "audit_log")]


def test_doctor_fails_where_there_is_evidence(network: WitnessNetwork, liar: LyingHub) -> None:
    def doctor() -> tuple[int, dict[str, bool]]:
        shown = CliRunner().invoke(assembled(), ["doctor", "--json", "--data", str(network.layout.root)])
        return shown.exit_code, {check["name"]: check["ok"] for check in json.loads(shown.stdout)["checks"]}

    assert doctor()[0] == 0
    liar.submit(liar.note(leaves=[b"\x07" * 66]), UK)
    network.work(NZ)
    code, checks = doctor()
    assert code == 3
    assert [name for name, ok in checks.items() if not ok] == [f"ledger as {NZ} holds it"]
