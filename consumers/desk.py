"""The desk: an agency's inbox becomes its alerts and notices, and files for its own system in `spool/out`."""

import json
from collections.abc import Sequence

from casebus.bus.consume import Handled
from casebus.bus.consumer import EventConsumer, Role
from casebus.bus.log import inbox_topic
from casebus.cases.alert import ALERTS
from casebus.cases.alert_feed import FEED, saved
from casebus.cases.conversation import LEADS, MESSAGES, RELEASES, SEALED
from casebus.cases.desk_history import DEEDS, deed_of
from casebus.cases.desk_inbox import notice_of_refusal, said, said_deed
from casebus.cases.desk_work import DESK_WORK, DeskAlert, after_rise
from casebus.cases.inbox import AboutAlert, alert_after, concerned
from casebus.cases.outgoing import NOTICES, OUTGOING, Notice, OutgoingFile
from casebus.cases.referral import REFERRALS
from casebus.directory import Directory
from casebus.events.envelope import Received
from casebus.events.types import DeconflictionNoHit, DeliveryRefused, RecordParked
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
        return (*said(received.event.payload, view, received.appended_at), *self._said(received, view), *notice)

    def _said(self, received: Received, view: View) -> tuple[Effect, ...]:
        """Return the line of the alert's history that says what the partner said about it; an open board hears of it."""
        alert = view.get(ALERTS, getattr(received.event.payload, "conflict_id", None) or "")
        if alert is None:
            return ()
        version = DeskAlert.of(alert, view.get(DESK_WORK, alert.conflict_id)).version
        deed = said_deed(received.event.payload, version, received.event.id, received.appended_at)
        return (*saved(view, alert), Save(DEEDS, deed)) if deed else ()

    def _alert(self, about: AboutAlert, received: Received, view: View) -> tuple[Effect, ...]:
        """Return the alert as it now stands, and for its history what the hub or the partner did."""
        before = view.get(ALERTS, about.conflict_id)
        after = alert_after(self._agency, about, before, received.appended_at)
        if after == before:
            return ()
        work = DeskAlert.of(after, view.get(DESK_WORK, about.conflict_id)).work
        risen = after_rise(work, before or after, after)
        deed = deed_of(about, DeskAlert(after, risen).version, received.event.id, received.appended_at)
        awake = (Save(DESK_WORK, risen),) if risen != work else ()
        return (*saved(view, after), *awake, Save(DEEDS, deed))

    def _notice(self, received: Received) -> tuple[Effect, ...]:
        match received.event.payload:
            case DeconflictionNoHit() as none:
                text = f"checked against {', '.join(none.covered)}: nothing found"
                return (Save(NOTICES, Notice(received.event.id, "DeconflictionNoHit", none.own_id, text)),)
            case RecordParked() as parked:
                text = f"record {parked.position} of {parked.topic} was parked: {parked.reason}"
                return (Save(NOTICES, Notice(received.event.id, "RecordParked", parked.topic, text)),)
            case DeliveryRefused() as refusal:
                return (notice_of_refusal(refusal, received.event.id),)
            case _:
                return ()


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


CONCEPTS = (ALERTS, *FEED, DESK_WORK, DEEDS, NOTICES, OUTGOING, RELEASES, MESSAGES, LEADS, REFERRALS, SEALED)
CONSUMER = EventConsumer("desk", Role.agency, topics, CONCEPTS, build)
