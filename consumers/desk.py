"""The desk: an agency's inbox becomes its alerts and notices, and files for its own system in `spool/out`."""

import json
from collections.abc import Sequence

from casebus.bus.consume import Handled
from casebus.bus.consumer import EventConsumer, Role
from casebus.bus.log import inbox_topic
from casebus.cases.alert import ALERTS
from casebus.cases.alert_feed import FEED, saved
from casebus.cases.desk_history import DEEDS, deed_of
from casebus.cases.desk_work import DESK_WORK, DeskAlert
from casebus.cases.inbox import AboutAlert, alert_after, concerned
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
        return Handled((Save(OUTGOING, _file(received)), *self._effects(received, view)))

    def _effects(self, received: Received, view: View) -> tuple[Effect, ...]:
        about = concerned(received.event.payload)
        if about is not None:
            return self._alert(about, received, view)
        notice = self._notice(received)
        return (notice,) if notice else ()

    def _alert(self, about: AboutAlert, received: Received, view: View) -> tuple[Effect, ...]:
        """Return the alert as it now stands, and for its history what the hub or the partner did."""
        before = view.get(ALERTS, about.conflict_id)
        after = alert_after(self._agency, about, before, received.appended_at)
        if after == before:
            return ()
        version = DeskAlert.of(after, view.get(DESK_WORK, about.conflict_id)).version
        deed = deed_of(about, version, received.event.id, received.appended_at)
        return (*saved(view, after), Save(DEEDS, deed))

    def _notice(self, received: Received) -> Effect | None:
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


CONSUMER = EventConsumer("desk", Role.agency, topics, (ALERTS, *FEED, DESK_WORK, DEEDS, NOTICES, OUTGOING), build)
