"""One topic that does not answer, or has much to say, keeps no other waiting."""

from collections.abc import Sequence

import pytest
from hub_harness import HUB, NZ, UK, Network, gated, sealer, tip, tip_id

from casebus.bus.consume import HUB_EVENTS
from casebus.bus.log import Record, Recorded, events_topic, inbox_topic
from casebus.bus.outbox import Relay
from casebus.errors import BusError
from casebus.events.envelope import Event
from casebus.store.store import OutboxRow
from casebus.wire.ids import content_id
from consumers.duplicate_suspects import CONSUMER as SUSPECTS


def put_into_the_outbox(network: Network, topic: str, count: int) -> None:
    record = sealer(NZ).seal(Event(content_id("one"), NZ, tip_id("n"), tip("n")), events_topic(NZ), 1)
    with network.store.transaction() as tx:
        for number in range(count):
            tx.outbox_add(OutboxRow(topic, tx.next_sequence(topic), f"{topic}-{number}", record))


def refuse(network: Network, monkeypatch: pytest.MonkeyPatch, refused: str) -> list[str]:
    """Have one topic not answer; return the names of the topics that are appended to, as they are."""
    append, read = network.log.append, network.log.read
    appended: list[str] = []

    def append_or_not(topic: str, records: Sequence[Record]) -> list[int]:
        if topic == refused:
            raise BusError("not this one")
        appended.append(topic)
        return append(topic, records)

    def read_or_not(topic: str, position: int, *, limit: int, wait_ms: int = 0) -> list[Recorded]:
        if topic == refused:
            raise BusError("not this one")
        return read(topic, position, limit=limit, wait_ms=wait_ms)

    monkeypatch.setattr(network.log, "append", append_or_not)
    monkeypatch.setattr(network.log, "read", read_or_not)
    return appended


def test_a_busy_topic_does_not_starve_the_inboxes_and_they_go_first(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_into_the_outbox(network, HUB_EVENTS, 501)
    put_into_the_outbox(network, inbox_topic(UK), 1)
    appended = refuse(network, monkeypatch, "none")
    assert Relay(network.store, network.log).step() == 501
    assert appended == [inbox_topic(UK), HUB_EVENTS]


def test_a_topic_that_refuses_is_said_after_the_others_were_relayed(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    for topic in (inbox_topic(NZ), inbox_topic(UK), HUB_EVENTS):
        put_into_the_outbox(network, topic, 1)
    refuse(network, monkeypatch, inbox_topic(NZ))
    with pytest.raises(BusError, match="not this one"):
        Relay(network.store, network.log).step()
    with network.store.view() as view:
        assert [row.topic for row in view.outbox(limit=9)] == [inbox_topic(NZ)]


def test_a_topic_that_cannot_be_read_keeps_no_other_from_being_read(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.publish(tip("n"))
    network.publish(tip("u"), agency=UK)
    refuse(network, monkeypatch, events_topic(NZ))
    with pytest.raises(BusError, match="not this one"):
        network.suspects.step()
    assert (network.position("duplicate_suspects"), network.position("duplicate_suspects", UK)) == (0, 1)


def test_a_topic_that_was_made_again_is_refused_however_far_it_has_grown(network: Network) -> None:
    """Its records before the old position would be lost in silence."""
    network.publish(tip("n"))
    network.settle()
    network.log.close()
    for file in (network.root / "bus").glob(f"{events_topic(NZ)}.sqlite*"):
        file.unlink()
    other = Network.__new__(Network)
    other.__dict__.update(network.__dict__)
    other.log = type(network.log)(network.root / "bus", network.log._clock)
    other.log.create([events_topic(NZ)])
    other.sequence = dict.fromkeys((NZ, UK, HUB), 0)
    other.publish(tip("a"), tip("b"), tip("c"))
    again = gated(SUSPECTS, other.log, network.store, network.directory)
    with pytest.raises(BusError, match="deleted and made again"):
        again.step()
    assert network.position("duplicate_suspects") == 1
    other.log.close()
