"""Delivery: decides who may have what, and gives each recipient its own copy. It alone writes the inboxes.

It reads what the hub found and what each side did about it. What it tells does not depend on how those topics
interleave: a side's register that is read before its conflict is known waits in the Store and is told with it, and so does
what one desk says to another.
"""

from collections.abc import Sequence

from casebus.bus.consume import HUB_EVENTS, NOTHING, Handled
from casebus.bus.consumer import EventConsumer, Role
from casebus.bus.log import events_topic, inbox_topic
from casebus.bus.outbox import Outgoing
from casebus.cases.conveying import Conveying, Item
from casebus.cases.disclosure import Copy, copies, register_copies, retraction_copies
from casebus.cases.holding import HELD
from casebus.cases.pair import REGISTERS, TOLD, Told, registered
from casebus.cases.passing_on import REFERRED, WAITING, Conveyed
from casebus.directory import Directory
from casebus.events.catalogue import partition_key
from casebus.events.enumerations import MatchStatus
from casebus.events.envelope import Event, Received
from casebus.events.types import (
    DataCombined,
    DataDisclosed,
    DeconflictionAcknowledged,
    DeconflictionNoHit,
    DeconflictionResolved,
    RecordParked,
)
from casebus.state import Effect, Save
from casebus.store.store import View
from casebus.wire.ids import content_id


class Delivery:
    """The handler."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def handle(self, received: Received, view: View) -> Handled:
        """Return the copies that an event makes for its recipients, each with a DataDisclosed beside it."""
        event = received.event
        match event.payload:
            case DataCombined() if event.source == "hub":
                return self._combined(event.payload, view)
            case DeconflictionAcknowledged() | DeconflictionResolved():
                return self._side(event.source, event.payload, view)
            case DeconflictionNoHit():
                return self._no_hit(event.payload, view)
            case RecordParked():
                return delivered([_parked(event.payload)])
            case payload if isinstance(payload, Conveyed):
                passed = Conveying(view, self._directory).convey(Item(event.id, event.source, payload))
                return delivered(passed.copies, *passed.effects)
            case _:
                return NOTHING

    def _combined(self, combined: DataCombined, view: View) -> Handled:
        before = view.get(TOLD, combined.conflict_id)
        if before is not None and before.revision >= combined.revision:
            return NOTHING  # a later revision has overtaken it, because this one was parked
        known = before.agencies if before else ()
        is_gone = combined.status is MatchStatus.retracted
        made = retraction_copies(combined, known) if is_gone else copies(combined, self._directory)
        agencies = tuple(dict.fromkeys([*known, *(copy.recipient for copy in made)]))
        parties = (combined.parties[0], combined.parties[1])
        told = Told(combined.conflict_id, parties, agencies, combined.revision)
        early = [copy for copy in self._registered(told, view) if copy.recipient not in known]
        waited = Conveying(view, self._directory).released(told)
        return delivered([*made, *early, *waited.copies], Save(TOLD, told), *waited.effects)

    def _registered(self, told: Told, view: View) -> list[Copy]:
        """Return copies of what the sides did so far: for whoever is told of the conflict only now."""
        registers = view.by(REGISTERS, "conflict", told.conflict_id)
        return [copy for register in registers for copy in register_copies(None, register, told, self._directory)]

    def _side(self, agency: str, payload: DeconflictionAcknowledged | DeconflictionResolved, view: View) -> Handled:
        before = view.get(REGISTERS, f"{payload.conflict_id}|{agency}")
        register = registered(before, agency, payload)
        if register is None or register == before:
            return NOTHING
        told = view.get(TOLD, payload.conflict_id)
        made = register_copies(before, register, told, self._directory) if told else []
        return delivered(made, Save(REGISTERS, register))

    def _no_hit(self, payload: DeconflictionNoHit, view: View) -> Handled:
        holding = view.get(HELD, payload.own_id)
        if holding is None:
            return NOTHING
        return delivered(
            [Copy(holding.record.agency, payload, payload.own_id, ("covered",), "answer to its own check")]
        )


def delivered(made: Sequence[Copy], *effects: Effect) -> Handled:
    """Return the inbox events and, on the hub's own topic, what was disclosed to whom."""
    events: list[Outgoing] = []
    for copy in made:
        kind = type(copy.payload).__name__
        event = Event(
            id=content_id("inbox", copy.recipient, kind, partition_key(copy.payload), copy.version),
            source="hub",
            partition_key=partition_key(copy.payload),
            payload=copy.payload,
        )
        events += [Outgoing(inbox_topic(copy.recipient), event), Outgoing(HUB_EVENTS, _disclosed(copy, event))]
    return Handled(effects, tuple(events))


def _parked(payload: RecordParked) -> Copy:
    version = f"{payload.topic}:{payload.position}:{payload.reason}"
    return Copy(payload.agency, payload, version, ("topic", "position", "reason"), "its own record")


def _disclosed(copy: Copy, event: Event) -> Event:
    payload = DataDisclosed(
        recipient=copy.recipient,
        event_id=event.id,
        conflict_id=getattr(copy.payload, "conflict_id", None),
        fields=copy.fields,
        basis=copy.basis,
    )
    return Event(
        id=content_id("DataDisclosed", event.id), source="hub", partition_key=partition_key(payload), payload=payload
    )


def topics(agencies: Sequence[str], owner: str) -> list[str]:
    """Return what is read: what the hub found, and what each agency did about it."""
    return [events_topic(owner), *map(events_topic, agencies)]


def build(directory: Directory, owner: str) -> Delivery:
    """Return the handler for these agencies and agreements."""
    return Delivery(directory)


CONSUMER = EventConsumer("delivery", Role.hub, topics, (TOLD, REGISTERS, WAITING, REFERRED), build)
