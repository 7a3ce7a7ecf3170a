"""Deadlines: what time alone does at an agency's desk. It reads no topic; the loop tells it what time it is."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from casebus.bus.consumer import Role, TimedConsumer
from casebus.bus.log import events_topic, inbox_topic
from casebus.bus.outbox import Outgoing
from casebus.bus.timed import Due
from casebus.cases.alert import ALERTS
from casebus.cases.alert_feed import worked
from casebus.cases.conversation import RELEASES, SEALED, Release, Sealed
from casebus.cases.deadlines import Fallen, alert_due, box_due, expiry_of, referral_due, release_due
from casebus.cases.desk_history import DEEDS
from casebus.cases.desk_work import DESK_WORK, DeskAlert
from casebus.cases.referral import REFERRALS, Referral
from casebus.directory import Directory
from casebus.events.catalogue import partition_key
from casebus.events.envelope import Event
from casebus.state import Save
from casebus.store.store import View
from casebus.wire.ids import content_id

_TIMED = ("waits", "held")
"""The referrals about which something may fall due: an answer, or the end of the time for which values are held."""


class Deadlines:
    """The handler of one agency."""

    def __init__(self, agency: str) -> None:
        self._agency = agency

    def marker(self, view: View) -> Sequence[int]:
        """Return how far the desk has read, and how much was done here."""
        read, done = view.position("desk", inbox_topic(self._agency)), view.count(DEEDS, "every", "yes")
        timed = (view.count(REFERRALS, index, "yes") for index in _TIMED)
        refused = view.count(SEALED, "refused", "yes")
        return (read, done, refused, view.count(RELEASES, "held", "yes"), *timed)

    def due(self, view: View, now: datetime) -> Due:
        """Return what is due about alerts, releases and referrals; of a referral that expired the partner is told."""
        fallen = list(self._fallen(view, now))
        effects = worked(view, [each.work for each in fallen if each.work])
        effects += tuple(effect for each in fallen for effect in each.effects)
        saved = [effect.entity for effect in effects if isinstance(effect, Save)]
        events = tuple(self._event(each) for each in saved if isinstance(each, Referral) and each.outgoing)
        return Due(effects, events, min((each.next_at for each in fallen if each.next_at), default=None))

    def _fallen(self, view: View, now: datetime) -> Iterator[Fallen]:
        for alert in view.by(ALERTS, "waits", "yes"):
            yield alert_due(DeskAlert.of(alert, view.get(DESK_WORK, alert.conflict_id)), now)
        for release in view.by(RELEASES, "held", "yes"):
            yield release_due(release, now)
        found = (referral for index in _TIMED for referral in view.by(REFERRALS, index, "yes"))
        for sealed in view.by(SEALED, "refused", "yes"):
            item = _came_with(sealed, view)
            if item is not None:
                yield box_due(sealed, item, now)
        for referral in {each.referral_id: each for each in found}.values():
            yield referral_due(referral, now)

    def _event(self, referral: Referral) -> Outgoing:
        payload = expiry_of(referral, self._agency)
        event_id = content_id("ReferralExpired", referral.referral_id)
        return Outgoing(events_topic(self._agency), Event(event_id, self._agency, partition_key(payload), payload))


def _came_with(sealed: Sealed, view: View) -> Release | Referral | None:
    """Return what holds the values of a box, if there are to be any in it."""
    match sealed.type:
        case "DisclosureGranted":
            return view.get(RELEASES, sealed.item_id)
        case "ReferralSent":
            return view.get(REFERRALS, sealed.item_id)
        case _:
            return None


def build(directory: Directory, owner: str) -> Deadlines:
    """Return the handler of one agency."""
    return Deadlines(owner)


def topics(agencies: Sequence[str], owner: str) -> list[str]:
    """Return what is read: nothing."""
    return []


CONSUMER = TimedConsumer("deadlines", Role.agency, topics, build)
