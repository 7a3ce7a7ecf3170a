"""The failure table: every durable write of relay, loop, adapter and desk, lost or done but reported as failed.

After each the part is stepped again, by the same process (as the node does after `Unavailable`) or by a new one (a
restart): nothing is lost, nothing is doubled.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from agency_harness import Agency
from failing import FailingLog, FailingStore, Fault, failing_write
from hub_harness import NZ, UK, Network, amended, gated, tip

from casebus.bus.consumer import Role
from casebus.bus.log import inbox_topic
from casebus.bus.outbox import Relay
from casebus.cases.outgoing import OUTGOING, OutgoingFile
from casebus.errors import Unavailable
from casebus.events.types import DeconflictionHit, DeconflictionNoHit
from casebus.intake import spool as spool_module
from casebus.intake.handing_out import HandingOut
from casebus.intake.spool import Spool, write_durably
from casebus.intake.taking import Taking
from casebus.roles import concepts_of
from casebus.store.sqlite import SqliteStore
from casebus.store.store import Save
from casebus.testing import synthetic
from casebus.wire.ids import content_id
from consumers.delivery import CONSUMER as DELIVERY
from consumers.duplicate_suspects import CONSUMER as SUSPECTS

WAYS = [(done, restart) for done in (False, True) for restart in (False, True)]
every_way = pytest.mark.parametrize(("done", "restart"), WAYS, ids=lambda flag: str(flag))


def disturbed(step: Callable[[], int], again: Callable[[], Callable[[], int]]) -> bool:
    """Step until idle; after the fault go on with what `again` returns. Tell whether the fault struck."""
    struck = False
    for _ in range(100):
        try:
            if step() == 0:
                return struck
        except Unavailable:
            struck = True
            step = again()
    raise AssertionError("it does not come to rest")


# --- the relay ---


@pytest.mark.parametrize("at", range(1, 5))
@every_way
def test_the_relay_loses_and_doubles_nothing(tmp_path: Path, at: int, done: bool, restart: bool) -> None:
    """Two topics: append and mark of each. A double on the Log has one effect: readers know the id."""
    network = Network(tmp_path)
    network.publish(tip("n", {"account_id": "a"}))
    network.publish(tip("u", {"account_id": "a"}), agency=UK)
    network.suspects.step()
    network.relay.step()
    network.delivery.step()  # the outbox now holds rows for the hub's events and for both inboxes
    with network.store.view() as view:
        wanted = {(row.topic, row.event_id) for row in view.outbox(limit=100)}
    assert len({topic for topic, _ in wanted}) == 3
    fault = Fault(at, done)

    def relay() -> Callable[[], int]:
        return Relay(FailingStore(network.store, fault), FailingLog(network.log, fault)).step  # type: ignore[arg-type]

    first = relay()
    assert disturbed(first, relay if restart else lambda: first)
    for topic in {topic for topic, _ in wanted}:
        ids = [received.event.id for received in network.read(topic)]
        sequences = [received.sequence for received in network.read(topic)]
        assert {event_id for t, event_id in wanted if t == topic} <= set(ids)
        firsts = [s for n, s in enumerate(sequences) if s not in sequences[:n]]
        assert firsts == sorted(firsts)
    network.settle()
    assert network.parked() == []
    with network.store.view() as view:
        assert len(list(view.all(DELIVERY.concepts[0]))) == 1
    network.close()


def test_a_batch_that_was_appended_twice_has_one_effect(tmp_path: Path) -> None:
    """The relay died between append and mark: alerts, no-hits and disclosures are counted once."""
    network = Network(tmp_path)
    records = [network.seal(tip("n")), network.seal(amended("n", 2)), network.seal(tip("m"))]
    network.append(*records)
    network.append(*records)
    network.settle()
    network.append(*records)
    network.settle()
    assert len(network.inbox(NZ, DeconflictionNoHit)) + len(network.inbox(NZ, DeconflictionHit)) == 2
    assert network.parked() == []
    assert network.position("duplicate_suspects") == 9
    network.close()


# --- the loop ---


@pytest.mark.parametrize("at", [1, 2, 3])
@every_way
def test_a_consumer_loses_and_doubles_nothing(tmp_path: Path, at: int, done: bool, restart: bool) -> None:
    """Each batch is one commit: position, effects and outbox, or none of them."""
    ends = []
    for number, fault in enumerate([Fault(), Fault(at, done)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        network = Network(folder)
        network.publish(tip("n", {"account_id": "a"}), tip("m"))
        network.publish(tip("u", {"account_id": "a"}), agency=UK)

        def loops(network: Network = network, fault: Fault = fault) -> Callable[[], int]:
            store: Any = FailingStore(network.store, fault)
            suspects = gated(SUSPECTS, network.log, store, network.directory)
            delivery = gated(DELIVERY, network.log, store, network.directory)
            return lambda: suspects.step() + delivery.step() + network.relay.step()

        first = loops()
        again = loops if restart else lambda first=first: first
        assert disturbed(first, again) == (fault.at > 0)
        topics = [inbox_topic(NZ), inbox_topic(UK), "casebus.hub.events"]
        ids = {topic: sorted(received.event.id for received in network.read(topic)) for topic in topics}
        ends.append((network.everything(), ids))
        network.close()
    assert ends[0] == ends[1]


# --- the adapter ---

DOCUMENTS = (
    ("tip.json", synthetic.cybertip_json("900000001", synthetic.person(1))),
    ("tip-again.json", synthetic.cybertip_json("900000001", synthetic.person(1))),
    ("bad.json", synthetic.bad_document()),
)


class SteppedSpool(Spool):
    """A spool of which the move of a document is a write of its own."""

    fault = Fault()

    def _move(self, taken: Any, target: Path) -> None:
        from casebus.errors import StoreError

        fails = self.fault.happens()
        if fails and not self.fault.done:
            raise StoreError("the move was lost")
        super()._move(taken, target)
        if fails:
            raise StoreError("the move was done, and then the process died")


def taken_with(root: Path, fault: Fault, restart: bool, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    root.mkdir()
    monkeypatch.setattr(SteppedSpool, "fault", fault)
    monkeypatch.setattr(spool_module, "write_durably", failing_write(write_durably, fault))
    agency = Agency(root, wrap=lambda store: FailingStore(store, fault), spool=SteppedSpool)  # type: ignore[arg-type,return-value]
    for name, document in DOCUMENTS:
        agency.offer(name, document)

    def again() -> Callable[[], int]:
        taking = agency.taking
        if restart:
            parts = (taking._adapter, taking._drafting, taking._spool, taking._store, taking._publisher)
            taking = Taking(*parts)
        return taking.step

    assert disturbed(agency.taking.step, again) == (fault.at > 0)
    stands = agency.stands()
    agency.close()
    return stands


WRITES_OF_TAKING = 4 * len(DOCUMENTS)


@pytest.mark.parametrize("at", range(1, WRITES_OF_TAKING + 1))
@every_way
def test_the_adapter_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, done: bool, restart: bool
) -> None:
    """Commit, report, move and mark of a tip, of the same again and of a bad document."""
    assert taken_with(tmp_path / "a", Fault(at, done), restart, monkeypatch) == undisturbed(tmp_path, monkeypatch)


def undisturbed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    if not _UNDISTURBED:
        fault = Fault()
        _UNDISTURBED.append(taken_with(tmp_path / "undisturbed", fault, False, monkeypatch))
        assert fault.count == WRITES_OF_TAKING
        assert _UNDISTURBED[0]["unfiled"] == []
        assert len(_UNDISTURBED[0]["outbox"]) == 1
    return _UNDISTURBED[0]


_UNDISTURBED: list[dict[str, Any]] = []


# --- handing out ---


@pytest.mark.parametrize("at", range(1, 4))
@every_way
def test_handing_out_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, done: bool, restart: bool
) -> None:
    """Two files and one mark; a file that was written before the mark was lost is written again, under its name."""
    fault = Fault(at, done)
    monkeypatch.setattr(spool_module, "write_durably", failing_write(write_durably, fault))
    store = SqliteStore(tmp_path / "agency.sqlite", concepts_of(Role.agency))
    with store.transaction() as tx:
        for name in ("one", "two"):
            tx.apply(Save(OUTGOING, OutgoingFile(content_id(name), f"{name}.json", f"body of {name}", written=False)))

    def part() -> HandingOut:
        return HandingOut(Spool(tmp_path / "spool"), FailingStore(store, fault))  # type: ignore[arg-type]

    first = part()
    assert not first.idle()
    assert disturbed(first.step, (lambda: part().step) if restart else lambda: first.step)
    assert first.idle()
    out = tmp_path / "spool" / "out"
    found = {path.name: path.read_text() for path in out.iterdir()}
    assert found == {"one.json": "body of one", "two.json": "body of two"}
    store.close()


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The faults end with their test, before anything else is torn down."""
    yield
    monkeypatch.undo()
