"""The desk: an agency's inbox becomes its alerts and notices, and files for its own system in `spool/out`."""

import json
from collections.abc import Iterator, Sequence

from casebus.bus.consume import Handled
from casebus.bus.consumer import EventConsumer, Role
from casebus.bus.log import inbox_topic
from casebus.cases.alert import ALERTS, OWN_ANSWERS, Alert, mistake_words
from casebus.cases.alert_feed import FEED, beside, saved
from casebus.cases.conversation import LEADS, MESSAGES, RELEASES, SEALED
from casebus.cases.desk_history import DEEDS, deed_of
from casebus.cases.desk_inbox import conflict_of, notice_of_refusal, said, said_deed
from casebus.cases.desk_work import DESK_WORK, DeskAlert, after_rise
from casebus.cases.inbox import AboutAlert, alert_after, concerned
from casebus.cases.outgoing import NOTICES, OUTGOING, Notice, OutgoingFile
from casebus.cases.referral import REFERRALS
from casebus.directory import Directory
from casebus.events.envelope import Received
from casebus.events.types import DeconflictionNoHit, DeliveryRefused, RecordParked, ReferralSent
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
        notices = (Save(NOTICES, notice) for notice in _notices(received))
        return (*said(received.event.payload, view, received.appended_at), *self._said(received, view), *notices)

    def _said(self, received: Received, view: View) -> tuple[Effect, ...]:
        """Return the line of the alert's history that says what the partner said about it; an open board hears of it."""
        event = received.event
        alert = view.get(ALERTS, conflict_of(event.payload, view) or "")
        if alert is None:
            came = event.payload.referral_id if isinstance(event.payload, ReferralSent) else None
            return beside(view, came, event.id) if came else ()
        version = DeskAlert.of(alert, view.get(DESK_WORK, alert.conflict_id)).version
        deed = said_deed(event.payload, alert.conflict_id, version, event.id, received.appended_at)
        return (*saved(view, alert, occasion=event.id), Save(DEEDS, deed)) if deed else ()

    def _alert(self, about: AboutAlert, received: Received, view: View) -> tuple[Effect, ...]:
        """Return the alert as it now stands, and for its history what the hub or the partner did."""
        before = view.get(ALERTS, about.conflict_id)
        after = alert_after(self._agency, about, before, received.appended_at)
        if after == before:
            return ()
        work = DeskAlert.of(after, view.get(DESK_WORK, about.conflict_id)).work
        risen = after_rise(work, before or after, after)
        deed = deed_of(about, DeskAlert(after, risen).version, received.event.id, received.appended_at)
        kept = saved(view, after, risen if risen != work else None)
        return (*kept, Save(DEEDS, deed), *self._mistake(before, after, received, view))

    def _mistake(self, before: Alert | None, after: Alert, received: Received, view: View) -> Iterator[Effect]:
        """Yield the notice for who answered an alert that stands no more as it did: they may have acted on it."""
        if before is None or (before.retracted, before.band) == (after.retracted, after.band):
            return
        words = mistake_words(after, view.by(OWN_ANSWERS, "conflict", after.conflict_id))
        if words is not None:
            text, event = f"alert {after.ref}: {words}", received.event
            yield Save(NOTICES, Notice(event.id, event.type, after.ref, text, received.appended_at))


def _notices(received: Received) -> Iterator[Notice]:
    event, at = received.event, received.appended_at
    match event.payload:
        case DeconflictionNoHit() as none:
            text = f"checked against {', '.join(none.covered)}: nothing found"
            if none.suppressed:
                text += f"; too common to say anything: {', '.join(none.suppressed)}"
            yield Notice(event.id, event.type, none.own_id, text, at, none.covered)
        case RecordParked() as parked:
            text = f"record {parked.position} of {parked.topic} was parked: {parked.reason}"
            yield Notice(event.id, event.type, parked.topic, text, at)
        case DeliveryRefused() as refusal:
            yield notice_of_refusal(refusal, event.id, at)


def _file(received: Received) -> OutgoingFile:
    """Return the event as JSON. It names what the agency itself holds and whom to ring, nothing of the partner's: what is
    sealed is left out, since a file has no time after which it goes.
    """
    event = received.event
    body = {
        "id": event.id,
        "type": event.type,
        "position": received.position,
        "appended_at": received.appended_at.isoformat().replace("+00:00", "Z"),
        "payload": event.payload.model_dump(mode="json", exclude={"sealed": {"box"}}),
    }
    name = f"{received.position:010d}-{event.type}-{event.id}.json"
    return OutgoingFile(event.id, name, json.dumps(body, indent=2), written=False)


def build(directory: Directory, owner: str) -> Desk:
    """Return the handler of one agency."""
    return Desk(owner)


def topics(agencies: Sequence[str], owner: str) -> list[str]:
    """Return what is read: the agency's own inbox."""
    return [inbox_topic(owner)]


CONCEPTS = (
    ALERTS,
    *FEED,
    OWN_ANSWERS,
    DESK_WORK,
    DEEDS,
    NOTICES,
    OUTGOING,
    RELEASES,
    MESSAGES,
    LEADS,
    REFERRALS,
    SEALED,
)
CONSUMER = EventConsumer("desk", Role.agency, topics, CONCEPTS, build)
