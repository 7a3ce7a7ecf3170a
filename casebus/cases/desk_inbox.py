"""What an inbox event makes of what two desks say to each other. Pure: the desk's consumer asks here.

An answer to something that this agency does not know, or did not ask about that conflict, changes nothing; neither does an
id that is known already: a partner that reuses one must not write over what somebody else said.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeVar

from casebus.cases import conversation as talk
from casebus.cases.authorship import WithBox
from casebus.cases.conversation import LEADS, MESSAGES, RELEASES, SEALED, Lead, Message, Sealed
from casebus.cases.desk_history import PARTNER, Deed, Verb
from casebus.cases.outgoing import Notice
from casebus.cases.referral import REFERRALS, Referral
from casebus.events.enumerations import ReferralDecline
from casebus.events.types import (
    DeliveryRefused,
    DeskMessage,
    DisclosureGranted,
    DisclosureRefused,
    DisclosureRequested,
    LeadAgencyProposed,
    Payload,
    ReferralAccepted,
    ReferralDeclined,
    ReferralExpired,
    ReferralSent,
)
from casebus.state import Concept, Effect, Save

T = TypeVar("T")


class Known(Protocol):
    """What the agency holds."""

    def get(self, concept: Concept[T], key: str) -> T | None:
        """Return the entity with this key."""
        ...


def said(payload: Payload, known: Known, at: datetime) -> Iterator[Effect]:
    """Yield what changes; nothing for an event of another kind."""
    match payload:
        case DisclosureRequested() if known.get(RELEASES, payload.request_id) is None:
            release = talk.asked(payload, at, ours=False, partner=payload.agency, reason=None)
            yield Save(RELEASES, replace(release, unopened=talk.NOT_YET))
            yield _sealed(payload, payload.request_id, at)
        case DisclosureGranted() | DisclosureRefused():
            yield from _answered(payload, known, at)
        case DeskMessage() if known.get(MESSAGES, payload.message_id) is None:
            message = Message(payload.message_id, payload.conflict_id, False, payload.agency, at, None)
            yield Save(MESSAGES, replace(message, unopened=talk.NOT_YET))
            yield _sealed(payload, payload.message_id, at)
        case LeadAgencyProposed():
            lead = known.get(LEADS, payload.conflict_id) or Lead(payload.conflict_id)
            yield Save(LEADS, replace(lead, theirs=talk.proposed(payload)))
        case DeliveryRefused():
            yield from _not_passed_on(payload, known)
        case _:
            yield from _referred(payload, known, at)


def _answered(answer: DisclosureGranted | DisclosureRefused, known: Known, at: datetime) -> Iterator[Effect]:
    release = known.get(RELEASES, answer.request_id)
    if release is None or not release.ours or release.state is not talk.ReleaseState.asked:
        return
    if release.conflict_id != answer.conflict_id:
        return
    if isinstance(answer, DisclosureGranted):
        yield Save(RELEASES, replace(release.granted(answer, at), unopened=talk.NOT_YET))
        yield _sealed(answer, answer.request_id, at)
    else:
        yield Save(RELEASES, release.refused(answer, at))


def _referred(payload: Payload, known: Known, at: datetime) -> Iterator[Effect]:
    if isinstance(payload, ReferralSent):
        if payload.agency is not None and known.get(REFERRALS, payload.referral_id) is None:
            yield Save(REFERRALS, _incoming(payload, payload.agency, at))
            yield _sealed(payload, payload.referral_id, at)
        return
    if not isinstance(payload, ReferralAccepted | ReferralDeclined | ReferralExpired):
        return
    referral = known.get(REFERRALS, payload.referral_id)
    if referral is None or referral.outgoing is isinstance(payload, ReferralExpired):
        return  # nobody answers for the other side
    match payload:
        case ReferralAccepted():
            yield Save(REFERRALS, replace(referral, accepted=True))
        case ReferralDeclined():
            yield Save(REFERRALS, replace(referral, declined=ReferralDecline(payload.reason)))
        case ReferralExpired():
            yield Save(REFERRALS, replace(referral, expired=True).as_of(at))


def _incoming(sent: ReferralSent, sender: str, at: datetime) -> Referral:
    return Referral(
        referral_id=sent.referral_id,
        outgoing=False,
        partner=sender,
        conflict_id=sent.conflict_id,
        record_ids=(),
        reason=sent.reason,
        urgency=sent.urgency,
        fields=sent.fields,
        tlp=sent.tlp,
        evidential_use=sent.evidential_use,
        keep_days=sent.keep_days,
        sent_at=at,
        unopened=talk.NOT_YET,
    )


def _sealed(payload: WithBox, item_id: str, at: datetime) -> Effect:
    return Save(SEALED, Sealed(type(payload).__name__, item_id, payload.model_dump_json(), at))


def _not_passed_on(refusal: DeliveryRefused, known: Known) -> Iterator[Effect]:
    reason = refusal.reason.value
    message = known.get(MESSAGES, refusal.item_id)
    if refusal.type == "DeskMessage" and message is not None and message.ours:
        yield Save(MESSAGES, replace(message, refused=reason))
    release = known.get(RELEASES, refusal.item_id)
    answers = ("DisclosureGranted", "DisclosureRefused")
    # A request that was answered has arrived: values are not kept past their time because the hub says otherwise.
    waits = release is not None and release.ours and release.state is talk.ReleaseState.asked
    if release is not None and (
        waits and refusal.type == "DisclosureRequested" if release.ours else refusal.type in answers
    ):
        yield Save(RELEASES, replace(release, state=talk.ReleaseState.undelivered, refusal=reason))
    referral = known.get(REFERRALS, refusal.item_id)
    if refusal.type == "ReferralSent" and referral is not None and referral.outgoing:
        yield Save(REFERRALS, replace(referral, undelivered=refusal.reason))


def notice_of_refusal(refusal: DeliveryRefused, event_id: str, at: datetime) -> Notice:
    """Return the notice that tells the desk."""
    text = f"{refusal.type} was not passed on: {refusal.reason.value}. Ring the coordination desk."
    return Notice(event_id, "DeliveryRefused", refusal.conflict_id or refusal.item_id, text, at)


_VERBS: dict[type[Payload], Verb] = {
    DisclosureRequested: Verb.asked_release,
    DisclosureGranted: Verb.granted_release,
    DisclosureRefused: Verb.refused_release,
    DeskMessage: Verb.wrote,
    LeadAgencyProposed: Verb.proposed_lead,
    ReferralSent: Verb.referred,
    ReferralAccepted: Verb.accepted_referral,
    ReferralDeclined: Verb.declined_referral,
    ReferralExpired: Verb.expired_referral,
}


def conflict_of(payload: Payload, known: Known) -> str | None:
    """Return the conflict that what was said is about; an answer to a referral is about the referral's."""
    if isinstance(payload, ReferralAccepted | ReferralDeclined | ReferralExpired):
        referral = known.get(REFERRALS, payload.referral_id)
        return (
            referral.conflict_id if referral and referral.outgoing is not isinstance(payload, ReferralExpired) else None
        )
    found: str | None = getattr(payload, "conflict_id", None)
    return found


def said_deed(payload: Payload, conflict_id: str, version: int, event_id: str, at: datetime) -> Deed | None:
    """Return a line for the alert's history; None for what is no part of it."""
    verb = _VERBS.get(type(payload))
    if verb is None:
        return None
    return Deed(event_id, conflict_id, version, at, getattr(payload, "agency", None) or PARTNER, verb)
