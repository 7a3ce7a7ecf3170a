"""Duplicate suspects: holds every open tip and case as tokens, and says which two may concern one person.

The hub is blind: it sees token families, equality and frequency, never a value. The machine proposes and an officer
decides; nothing is merged. What is found is a function of the set of records, not of the order in which topics were
read: when a token becomes too common, or rare again, the pairs that it decides are compared again.
"""

from collections.abc import Collection, Mapping, Sequence

from casebus.bus.consume import HUB_EVENTS, NOTHING, Handled
from casebus.bus.consumer import EventConsumer, Role
from casebus.bus.log import events_topic
from casebus.bus.outbox import Outgoing
from casebus.cases.conflict import Answer
from casebus.cases.grouping import GROUPED, Grouped
from casebus.cases.holding import HELD, Holding, changed
from casebus.cases.judgement import JUDGEMENTS, Judgement, judgement_of
from casebus.cases.matchmaking import POSTINGS, Changes, Matchmaking, judged
from casebus.cases.pair import PAIRS, Pair
from casebus.directory import Directory
from casebus.errors import ParkReason, WireError
from casebus.events.catalogue import partition_key
from casebus.events.envelope import Event, Received
from casebus.events.types import DataCombined, DeconflictionNoHit, IdentifierCorrected
from casebus.store.store import View
from casebus.wire.ids import content_id


class DuplicateSuspects:
    """The handler: what an event changes about its record, then what that changes about the record's pairs."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def handle(self, received: Received, view: View) -> Handled:
        """Return the record and its postings as they now stand, and every pair found, revised or retracted.

        What officers say of a pair is kept beside it.
        """
        event = received.event
        if isinstance(event.payload, Answer):
            judgement = judgement_of(event.source, event.payload, received.appended_at)
            return handled(judged(HubState(view), judgement, self._directory)) if judgement else NOTHING
        before, after = held_after(received, view)
        if after is None:
            return NOTHING
        return handled(Matchmaking(HubState(view), before, after, self._directory).changes())


def held_after(received: Received, view: View) -> tuple[Holding | None, Holding | None]:
    """Return the record of an event before it and after it; None after it where it changes nothing.

    Raises `WireError` for an event about a record of another agency, or a correction of one that is not held.
    """
    event = received.event
    before = view.get(HELD, event.partition_key)
    if before is not None and before.record.agency != event.source:
        raise _refused("it concerns a record of another agency")
    after = changed(before, event.source, event.payload, received.position)
    if after is None and isinstance(event.payload, IdentifierCorrected):
        raise _refused("it corrects a record that is not held")
    return before, None if after == before else after


def _refused(what: str) -> WireError:
    return WireError(ParkReason.NOT_ACCEPTABLE, what, authentic=True)


def handled(changes: Changes) -> Handled:
    """Return what the consume loop is to do."""
    return Handled(changes.effects, tuple(Outgoing(HUB_EVENTS, event) for event in published(changes)))


def published(changes: Changes) -> list[Event]:
    """Return the hub's events. Their ids derive from opaque ids, so that a second try makes the same events."""
    events = [_event(c, content_id("DataCombined", c.conflict_id, str(c.revision))) for c in changes.combined]
    if changes.no_hit is not None:
        events.append(_event(changes.no_hit, content_id("DeconflictionNoHit", changes.no_hit.own_id)))
    return events


def _event(payload: DataCombined | DeconflictionNoHit, event_id: str) -> Event:
    return Event(id=event_id, source="hub", partition_key=partition_key(payload), payload=payload)


class HubState:
    """Answers the matchmaker from the hub's Store."""

    def __init__(self, view: View) -> None:
        self._view = view

    def holders(self, wanted: Mapping[int, int]) -> dict[int, list[str]]:
        """Return the ids of the records that hold each token: all of them, or as many as are wanted if more do."""
        return self._view.holders(POSTINGS, wanted)

    def holdings(self, record_ids: Collection[str]) -> dict[str, Holding]:
        """Return those of the records that are held, by id."""
        return self._view.several(HELD, record_ids)

    def pair(self, conflict_id: str) -> Pair | None:
        """Return a pair that was found before."""
        return self._view.get(PAIRS, conflict_id)

    def pairs_of(self, record_id: str) -> list[Pair]:
        """Return the pairs of a record that were found before."""
        return self._view.by(PAIRS, "first", record_id) + self._view.by(PAIRS, "second", record_id)

    def judgements(self, conflict_id: str) -> list[Judgement]:
        """Return what officers said of a pair."""
        return self._view.by(JUDGEMENTS, "conflict", conflict_id)

    def grouped(self, record_id: str) -> Grouped | None:
        """Return the group that a record is in."""
        return self._view.get(GROUPED, record_id)


def build(directory: Directory, owner: str) -> DuplicateSuspects:
    """Return the handler for these agencies."""
    return DuplicateSuspects(directory)


def topics(agencies: Sequence[str], owner: str) -> list[str]:
    """Return what is read: every agency's own events."""
    return [events_topic(agency) for agency in agencies]


CONSUMER = EventConsumer("duplicate_suspects", Role.hub, topics, (HELD, POSTINGS, PAIRS, JUDGEMENTS, GROUPED), build)
