"""The desk: an agency's inbox becomes its alerts and notices, and files for its own system in `spool/out`."""

import json
from collections.abc import Sequence

from casebus.bus.consume import Handled
from casebus.bus.consumer import EventConsumer, Role
from casebus.bus.log import inbox_topic
from casebus.cases.alert import ALERTS, DESK_NOTES
from casebus.cases.inbox import alert_after, concerned
from casebus.cases.outgoing import NOTICES, OUTGOING, Notice, OutgoingFile
from casebus.directory import Directory
from casebus.events.envelope import Received
from casebus.events.types import DeconflictionNoHit, RecordParked
from casebus.state import Effect, Save
from casebus.store.store import View


class Desk:
    """The handler of one agency."""

    def __init__(self, agency: str) -> None:
        self._agency = agency

    def handle(self, received: Received, view: View) -> Handled:
        """Return the alert or notice as it now stands, and the file for the agency's own system."""
        effects: tuple[Effect, ...] = (Save(OUTGOING, _file(received)),)
        state = self._state(received, view)
        return Handled((*effects, state) if state else effects)

    def _state(self, received: Received, view: View) -> Effect | None:
        about = concerned(received.event.payload)
        if about is not None:
            before = view.get(ALERTS, about.conflict_id)
            return Save(ALERTS, alert_after(self._agency, about, before, received.appended_at))
        match received.event.payload:
            case DeconflictionNoHit() as none:
                text = f"checked against {', '.join(none.covered)}: nothing found"
                return Save(NOTICES, Notice(received.event.id, "DeconflictionNoHit", none.own_id, text))
            case RecordParked() as parked:
                text = f"record {parked.position} of {parked.topic} was parked: {parked.reason}"
                return Save(NOTICES, Notice(received.event.id, "RecordParked", parked.topic, text))
            case _:
                return None


def _file(received: Received) -> OutgoingFile:
    """Return the event as JSON. It names what the agency itself holds and whom to ring, nothing of the partner's."""
    event = received.event
    body = {
        "id": event.id,
        "type": event.type,
        "position": received.position,
        "appended_at": received.appended_at.isoformat().replace("+00:00", "Z"),
        "payload": event.payload.model_dump(mode="json"),
    }
    name = f"{received.position:010d}-{event.type}-{event.id}.json"
    return OutgoingFile(event.id, name, json.dumps(body, indent=2), written=False)


def build(directory: Directory, owner: str) -> Desk:
    """Return the handler of one agency."""
    return Desk(owner)


def topics(agencies: Sequence[str], owner: str) -> list[str]:
    """Return what is read: the agency's own inbox."""
    return [inbox_topic(owner)]


CONSUMER = EventConsumer("desk", Role.agency, topics, (ALERTS, DESK_NOTES, NOTICES, OUTGOING), build)
