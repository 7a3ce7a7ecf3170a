"""No effect happens twice, none is half done: redelivery, second instances, bugs of our own."""

from typing import Any

import pytest
from hub_harness import HUB, NZ, SCHEMAS, UK, Network, amended, gated, gated_by, raw_seal, sealer, tip, tip_id

from casebus.bus.consume import EventGate, Handled, Loop
from casebus.bus.consumer import Role
from casebus.bus.log import Recorded, events_topic, inbox_topic
from casebus.bus.outbox import Outgoing, Publisher
from casebus.bus.parking import PARKED, PARKED_RECORDS, RELEASED
from casebus.cases.holding import HELD
from casebus.errors import ParkReason, StalePosition, WireError
from casebus.events.envelope import Event, Received
from casebus.events.types import DeconflictionHit, DeconflictionNoHit, RecordParked
from casebus.roles import concepts_of
from casebus.store.sqlite import SqliteStore
from casebus.store.store import Transaction, View
from casebus.wire.ids import content_id
from casebus.wire.seal import Opener
from consumers.duplicate_suspects import CONSUMER as SUSPECTS
from consumers.duplicate_suspects import DuplicateSuspects


def test_the_same_record_again_changes_nothing(network: Network) -> None:
    """Whatever was done with it stays done once, and the positions go on."""
    record = network.seal(tip("n"))
    network.append(record)
    network.settle()
    before = network.everything()
    network.append(record, record)
    network.settle()
    assert network.everything() == before
    assert len(network.inbox(NZ, DeconflictionNoHit)) == 1
    assert network.position("delivery") == network.position("duplicate_suspects") == 3


def test_the_same_event_under_another_sequence_is_the_same_event(network: Network) -> None:
    """After a crash the row may have got another number; that alone is no equivocation."""
    event = Event(content_id("one"), NZ, tip_id("n"), tip("n"))
    network.append(*(sealer(NZ).seal(event, events_topic(NZ), sequence) for sequence in (1, 2)))
    network.settle()
    assert network.parked() == []
    assert len(network.inbox(NZ, DeconflictionNoHit)) == 1


def test_a_second_instance_stops_and_does_nothing_twice(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has read its batch when the first one commits: its own commit is refused whole."""
    network.publish(tip("n"))
    second_store = SqliteStore(network.root / "hub.sqlite", concepts_of(Role.hub))
    second = gated(SUSPECTS, network.log, second_store, network.directory)
    read = network.log.read

    def read_then_lose_the_race(topic: str, position: int, *, limit: int, wait_ms: int = 0) -> list[Recorded]:
        found = read(topic, position, limit=limit, wait_ms=wait_ms)
        monkeypatch.undo()
        assert network.suspects.step() == 1
        return found

    monkeypatch.setattr(network.log, "read", read_then_lose_the_race)
    with pytest.raises(StalePosition):
        second.step()
    network.settle()
    assert len(network.inbox(NZ, DeconflictionNoHit)) == 1
    with network.store.view() as view:
        assert len(list(view.all(HELD))) == 1
    second_store.close()


class Stumbles(DuplicateSuspects):
    """The real handler, with a bug at one tip."""

    at = tip_id("bug")

    def handle(self, received: Received, view: View) -> Handled:
        if received.event.partition_key == self.at:
            raise ZeroDivisionError("a bug of our own")
        return super().handle(received, view)


def test_a_handlers_bug_ends_the_process_with_nothing_advanced_and_nothing_written(network: Network) -> None:
    """Not even what came before it in its batch; once it is mended everything is handled, once."""
    network.publish(tip("n"), tip("bug"), tip("m"))
    before = network.everything()
    buggy = gated_by(SUSPECTS, Stumbles(network.directory), network.log, network.store, network.directory)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            buggy.step()
        assert network.everything() == before
        assert network.position("duplicate_suspects") == 0
        with network.store.view() as view:
            assert view.outbox_depth() == 0
    network.settle()
    assert len(network.inbox(NZ, DeconflictionNoHit)) == 3
    assert network.parked() == []


class SaysTooMuch:
    """A handler whose own event cannot be sealed."""

    def handle(self, received: Received, view: View) -> Handled:
        payload = RecordParked(agency=NZ, topic="x", position=0, reason="x", authentic=False)
        return Handled(events=(Outgoing(inbox_topic(UK), Event(content_id("x"), HUB, NZ, payload)),))


def test_an_event_of_our_own_that_cannot_be_sealed_parks_nobodys_record(network: Network) -> None:
    """It is our bug, not the record's: the process ends, nothing advances, no agency is blamed."""
    network.publish(tip("n"))
    buggy = gated_by(SUSPECTS, SaysTooMuch(), network.log, network.store, network.directory)
    with pytest.raises(WireError):
        buggy.step()
    assert network.parked() == []
    assert network.position("duplicate_suspects") == 0
    with network.store.view() as view:
        assert view.seen("duplicate_suspects", NZ, network.read(events_topic(NZ))[0].event.id) is None


def test_a_parked_record_that_is_appended_again_tells_its_agency_once_for_each_place(network: Network) -> None:
    """Each place on the topic is a record of its own; neither is told twice, whatever is restarted."""
    wrong = raw_seal(tip("n"), data=b"\x00")
    network.append(wrong, wrong)
    network.settle()
    network.start()
    network.settle()
    assert [told.position for told in network.inbox(NZ, RecordParked)] == [0, 1]


class Overtaken:
    """A second instance's store: between its view and its transaction the first instance steps."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._store = SqliteStore(network.root / "hub.sqlite", concepts_of(Role.hub))

    def view(self) -> Any:
        return self._store.view()

    def transaction(self) -> Any:
        self._network.suspects.step()
        return self._store.transaction()

    def close(self) -> None:
        self._store.close()


def test_a_released_record_that_another_instance_has_tried_is_left_alone(network: Network) -> None:
    """What the first one parked again with its reason is not tried a second time, nor anything behind it let go."""
    network.append(network.seal(tip("n")), raw_seal(amended("n", 2), data=b"\x00"))
    network.publish(amended("n", 3))
    network.settle()
    network.release(1)
    second = Overtaken(network)
    gate = EventGate(
        SUSPECTS.name,
        DuplicateSuspects(network.directory),
        Opener(SCHEMAS, network.directory),
        Publisher(sealer(HUB)),
        tells=None,
    )
    network.mend(1, raw_seal(amended("n", 2), purpose="revoked"))
    gate.retry_released(second)  # type: ignore[arg-type]
    # The first instance found it forged, and let go the one behind it; the second one has not tried it again.
    with network.store.view() as view:
        status = {p.position: (p.reason, p.status) for p in view.all(PARKED_RECORDS) if p.consumer == SUSPECTS.name}
    assert status == {1: (ParkReason.KEY_NOT_VALID, PARKED), 2: (ParkReason.KEY_HELD, RELEASED)}
    second.close()


def test_a_batch_is_one_transaction(network: Network) -> None:
    """The position moves past a whole batch or not at all."""
    network.publish(tip("n"), tip("m"), tip("o"))
    handled: list[int] = []

    def take(recorded: Recorded, tx: Transaction) -> None:
        handled.append(recorded.position)
        assert tx.position("x", events_topic(NZ)) == 3
        if len(handled) == 3:
            raise KeyboardInterrupt

    loop: Loop[Transaction] = Loop("x", [events_topic(NZ)], network.log, network.store, take)
    with pytest.raises(KeyboardInterrupt):
        loop.step()
    assert network.position("x") == 0
    handled.extend([0, 0])
    assert loop.step() == 3
    assert loop.idle()


def test_a_hit_is_told_once_to_each_however_often_the_hub_restarts(network: Network) -> None:
    """Stepping in any mixture with new instances in between."""
    network.publish(tip("n", {"account_id": "a"}))
    network.publish(tip("u", {"account_id": "a"}), agency=UK)
    for _ in range(6):
        network.start()
        network.suspects.step()
        network.start()
        network.delivery.step()
        network.start()
        network.relay.step()
    assert len(network.inbox(NZ, DeconflictionHit)) == len(network.inbox(UK, DeconflictionHit)) == 1
