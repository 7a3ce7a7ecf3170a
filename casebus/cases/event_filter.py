"""What can be asked for among events, and which event answers. Pure.

Replay, `casebus log search` and its index ask through this one module, so that they find the same. `Facts` are what
one event says about itself; nothing is in them that the event does not say, least of all a partner's record.

A filter's conditions all hold together; among several values of one condition, one is enough. Case and hyphens do not
matter in words (`joint-investigation` finds JOINT_INVESTIGATION). An event that could not be read has no facts but its
place and time: it answers no question about content, and whoever searches says how many of those there were.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from casebus.cases.telling import summary
from casebus.events import types as t
from casebus.events.catalogue import writer_of
from casebus.events.enumerations import AccessOperation, RecordKind
from casebus.events.envelope import Event
from casebus.events.types import Payload


@dataclass(frozen=True, slots=True)
class Facts:
    """What an event says, by which it can be found. `agency` owns the topic ("hub" for the hub's own).

    `tips`, `cases` and `others` (checks before acting, welfare checks, outcomes) are opaque ids of records that the event names;
    `references` are what a read named: alert references, opaque ids, topics. `index` is None off the ledger. `type` is
    None for a record that was not accepted: `summary` says why.
    """

    agency: str
    topic: str
    position: int
    appended_at: datetime
    summary: str
    index: int | None = None
    type: str | None = None
    event_id: str | None = None
    actor: str | None = None
    operation: str | None = None
    outcome: str | None = None
    purpose: str | None = None
    tips: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    conflict: str | None = None
    correlation: str | None = None
    references: tuple[str, ...] = ()

    @property
    def records(self) -> tuple[str, ...]:
        """Every record that the event names, each once."""
        return tuple(dict.fromkeys((*self.tips, *self.cases, *self.others)))


def facts_of(event: Event, *, topic: str, position: int, appended_at: datetime, index: int | None = None) -> Facts:
    """Return what an accepted event says."""
    payload = event.payload
    tips, cases, others = _records(payload)
    return Facts(
        agency=writer_of(topic)[1],
        topic=topic,
        position=position,
        appended_at=appended_at,
        summary=summary(payload),
        index=index,
        type=event.type,
        event_id=event.id,
        actor=getattr(payload, "actor", None),
        operation=operation_of(payload),
        outcome=outcome_of(payload),
        purpose=_purpose(payload),
        tips=tips,
        cases=cases,
        others=others,
        conflict=getattr(payload, "conflict_id", None),
        correlation=event.correlation_id,
        references=payload.references if isinstance(payload, t.DataAccessed) else (),
    )


def facts_of_unread(why: str, *, topic: str, position: int, appended_at: datetime, index: int | None = None) -> Facts:
    """Return what is known of a record that was not accepted: where and when it stands, and why it was not."""
    try:
        agency = writer_of(topic)[1]
    except ValueError:
        agency = ""
    return Facts(agency, topic, position, appended_at, why, index)


def operation_of(payload: Payload) -> str | None:
    """Return which of the six operations (UK DPA 2018 s.62) an event records; None where it records none."""
    match payload:
        case t.DataAccessed():
            return payload.operation.value
        case t.TipReceived() | t.CaseOpened() | t.WelfareCheckRequested() | t.ChildSafeguarded():
            return AccessOperation.COLLECTION.value
        case t.DeconflictionRequested():
            return AccessOperation.CONSULTATION.value
        case t.TipAmended() | t.TipWithdrawn() | t.CaseClosed() | t.IdentifierCorrected() | t.WelfareCheckCompleted():
            return AccessOperation.ALTERATION.value
        case t.DataCombined() | t.DeconflictionNoHit():
            return AccessOperation.COMBINATION.value
        case t.DataDisclosed() | t.DeconflictionHit() | t.DeconflictionRetracted():
            return AccessOperation.DISCLOSURE.value
        case t.DisclosureRequested() | t.DisclosureGranted() | t.DeskMessage() | t.ReferralSent():
            return AccessOperation.DISCLOSURE.value
        case t.ReferralAccepted() | t.ReferralExpired():
            return AccessOperation.ALTERATION.value
        case t.DeconflictionAcknowledged() | t.DeconflictionResolved():
            # Without an actor it is the partner's copy: something was told, nothing was changed.
            told = payload.actor is None
            return (AccessOperation.DISCLOSURE if told else AccessOperation.ALTERATION).value
        case _:
            return None


def outcome_of(payload: Payload) -> str | None:
    """Return how something ended, for an event that says so."""
    match payload:
        case t.DeconflictionResolved():
            return payload.outcome.value
        case t.DataCombined():
            return payload.status.value
        case t.WelfareCheckCompleted():
            return payload.result.value
        case t.ChildSafeguarded():
            return payload.outcome_type.value
        case t.TipWithdrawn() | t.CaseClosed() | t.DeconflictionRetracted():
            return payload.reason.value
        case t.DisclosureRefused() | t.ReferralDeclined() | t.DeliveryRefused():
            return payload.reason.value
        case t.RecordParked():
            return payload.reason
        case _:
            return None


def _purpose(payload: Payload) -> str | None:
    match payload:
        case t.DataAccessed() | t.DisclosureRequested():
            return payload.purpose.value
        case t.TipReceived() | t.TipAmended():
            return payload.content.handling.purpose.value
        case t.CaseOpened() | t.DeconflictionRequested():
            return payload.handling.purpose.value
        case _:
            return None


Named = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Tips, cases, other records."""


def _records(payload: Payload) -> Named:
    match payload:
        case t.TipReceived() | t.TipAmended() | t.TipWithdrawn():
            return (payload.tip_id,), (), ()
        case t.CaseOpened() | t.CaseClosed():
            return (), (payload.case_id,), ()
        case t.IdentifierCorrected():
            return _by_kind([(payload.record_kind, payload.record_id)])
        case t.DeconflictionHit():
            return _of_hit(payload)
        case t.DeconflictionNoHit():
            return _by_kind([(payload.own_kind, payload.own_id)])
        case t.DataCombined():
            return _by_kind((party.kind, party.record_id) for party in payload.parties)
        case t.ReferralSent():
            # Of a record the event does not say what it is: it is found as either.
            return payload.record_ids, payload.record_ids, (payload.referral_id,)
        case t.ReferralAccepted() | t.ReferralDeclined() | t.ReferralExpired():
            return (), (), (payload.referral_id,)
        case t.WelfareCheckRequested():
            return payload.record_ids, (), (payload.check_id,)
        case t.WelfareCheckCompleted() | t.DeconflictionRequested():
            return (), (), (payload.check_id,)
        case t.ChildSafeguarded():
            superseded = (payload.supersedes,) if payload.supersedes else ()
            return payload.record_ids, (), (payload.outcome_id, *superseded)
        case _:
            return (), (), ()


def _of_hit(hit: t.DeconflictionHit) -> Named:
    tips, cases, others = _by_kind([(hit.own_kind, hit.own_id)])
    # Of the second of two own records the event does not say what it is: it is found as any.
    also = (hit.also_own_id,) if hit.also_own_id else ()
    return (*tips, *also), (*cases, *also), (*others, *also)


def _by_kind(named: Iterable[tuple[RecordKind, str]]) -> Named:
    both = list(named)
    tips, cases, checks = (
        tuple(record_id for kind, record_id in both if kind is wanted)
        for wanted in (RecordKind.tip, RecordKind.case, RecordKind.check)
    )
    return tips, cases, checks


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What is asked for. An empty condition asks nothing. `since` is included, `until` is not; both are append times.

    `conflicts` finds what names a conflict; `tips`, `cases` and `checks` (before acting, or on a child's welfare) find
    what names a record, reads included.
    """

    since: datetime | None = None
    until: datetime | None = None
    agencies: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    tips: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()

    @property
    def asks_content(self) -> bool:
        """Tell whether a record that could not be read might have been meant."""
        asked = (
            self.types,
            self.tips,
            self.cases,
            self.checks,
            self.conflicts,
            self.actors,
            self.operations,
            self.outcomes,
        )
        return any((*asked, self.purposes))

    def accepts_place(self, facts: Facts) -> bool:
        """Tell whether time and topic are those asked for: all that is known of a record that could not be read."""
        if self.since is not None and facts.appended_at < self.since:
            return False
        if self.until is not None and facts.appended_at >= self.until:
            return False
        return not self.agencies or facts.agency in self.agencies

    def accepts(self, facts: Facts) -> bool:
        """Tell whether an event is what is asked for."""
        return (
            self.accepts_place(facts)
            and _word(self.types, facts.type)
            and _word(self.operations, facts.operation)
            and _word(self.outcomes, facts.outcome)
            and _word(self.purposes, facts.purpose)
            and _named(self.actors, (facts.actor,))
            and _named(self.conflicts, (facts.conflict, *facts.references))
            and _named(self.tips, (*facts.tips, *facts.references))
            and _named(self.cases, (*facts.cases, *facts.references))
            and _named(self.checks, (*facts.others, *facts.references))
        )


def _word(asked: tuple[str, ...], said: str | None) -> bool:
    return not asked or (said is not None and plain(said) in {plain(word) for word in asked})


def _named(asked: tuple[str, ...], said: Iterable[str | None]) -> bool:
    return not asked or not set(asked).isdisjoint(said)


def plain(word: str) -> str:
    """Return a word as it is compared: without case, hyphens or underscores."""
    return word.lower().replace("-", "").replace("_", "").replace(" ", "")
