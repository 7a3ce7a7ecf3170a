"""What two desks have settled, as each of them holds it: who is responsible for a referral, and who leads. Pure.

What a desk itself said is on its own topic, what it was told in its inbox, and an auditor may read the two in any order. So
a referral is kept as two registers, `said` and `heard`, each of one topic; what stands is a function of both, by the rules
of the desk (`casebus.cases.desk_inbox`): the recipient alone accepts or declines, the sender alone lets it expire, what the
hub did not pass on is undelivered, and a referral that this desk sent is not replaced by one that it is told under its id.
"""

from dataclasses import dataclass, replace

from casebus.cases.conversation import Lead, proposed
from casebus.cases.referral import Referral, ReferralState, state_of
from casebus.events.types import (
    DeliveryRefused,
    LeadAgencyProposed,
    Payload,
    ReferralAccepted,
    ReferralDeclined,
    ReferralExpired,
    ReferralSent,
)


@dataclass(frozen=True, slots=True)
class StandingReferral:
    """A referral as one of its two agencies holds it, without the package. `ours`: this agency is responsible."""

    agency: str
    referral_id: str
    outgoing: bool
    partner: str
    conflict_id: str | None
    reason: str
    urgency: str
    state: ReferralState
    ours: bool

    @staticmethod
    def held(agency: str, referral: Referral) -> "StandingReferral":
        """Return what stands of a referral that an agency's desk holds."""
        return StandingReferral(
            agency,
            referral.referral_id,
            referral.outgoing,
            referral.partner,
            referral.conflict_id,
            referral.reason.value,
            referral.urgency.value,
            referral.state,
            referral.ours,
        )


@dataclass(frozen=True, slots=True)
class StandingLead:
    """Who should lead about a conflict, as one of its two sides holds it."""

    agency: str
    lead: Lead


@dataclass(frozen=True, slots=True)
class Asked:
    """What a referral asks, and with whom it is."""

    partner: str
    conflict_id: str | None
    reason: str
    urgency: str


@dataclass(frozen=True, slots=True)
class Said:
    """What was said about a referral on one topic."""

    asked: Asked | None = None
    accepted: bool = False
    declined: bool = False
    expired: bool = False
    undelivered: bool = False


@dataclass(frozen=True, slots=True)
class ReferralRegisters:
    """What one agency `said` of a referral on its own topic, and what it `heard` of it in its inbox."""

    agency: str
    referral_id: str
    said: Said = Said()
    heard: Said = Said()

    def standing(self) -> StandingReferral | None:
        """Return the referral as it stands; None while neither topic has told what it asks."""
        outgoing = self.said.asked is not None
        asked = self.said.asked or self.heard.asked
        if asked is None:
            return None
        answered, other = (self.heard, self.said) if outgoing else (self.said, self.heard)
        state = state_of(
            accepted=answered.accepted,
            declined=answered.declined,
            undelivered=outgoing and self.heard.undelivered,
            expired=other.expired,
        )
        about = (asked.partner, asked.conflict_id, asked.reason, asked.urgency)
        return StandingReferral(
            self.agency, self.referral_id, outgoing, *about, state, outgoing is not answered.accepted
        )


def referral_of(payload: Payload) -> str | None:
    """Return the id of the referral that an event is about, None for an event about none."""
    match payload:
        case ReferralSent() | ReferralAccepted() | ReferralDeclined() | ReferralExpired():
            return payload.referral_id
        case DeliveryRefused() if payload.type == ReferralSent.__name__:
            return payload.item_id
        case _:
            return None


def after_own(before: ReferralRegisters, payload: Payload) -> ReferralRegisters:
    """Return the registers after an event on the agency's own topic."""
    if isinstance(payload, ReferralSent):
        return replace(before, said=_asked(before.said, payload, payload.to))
    return replace(before, said=_answered(before.said, payload))


def after_told(before: ReferralRegisters, payload: Payload) -> ReferralRegisters:
    """Return the registers after an event in the agency's inbox."""
    heard = before.heard
    match payload:
        case ReferralSent(agency=None):
            return before
        case ReferralSent(agency=str(sender)):
            return replace(before, heard=_asked(heard, payload, sender))
        case ReferralExpired() if heard.asked is None:
            return before  # of one that this desk was not told of
        case _:
            return replace(before, heard=_answered(heard, payload))


def _asked(said: Said, sent: ReferralSent, partner: str) -> Said:
    if said.asked is not None:
        return said
    return replace(said, asked=Asked(partner, sent.conflict_id, sent.reason.value, sent.urgency.value))


def _answered(said: Said, payload: Payload) -> Said:
    match payload:
        case ReferralAccepted():
            return replace(said, accepted=True)
        case ReferralDeclined():
            return replace(said, declined=True)
        case ReferralExpired():
            return replace(said, expired=True)
        case DeliveryRefused():
            return replace(said, undelivered=True)
        case _:
            return said


def lead_after(before: Lead | None, payload: LeadAgencyProposed, *, own: bool) -> Lead:
    """Return who should lead after a proposal: of this side, or of the partner. The last of a side counts."""
    lead, proposal = before or Lead(payload.conflict_id), proposed(payload)
    return replace(lead, ours=proposal) if own else replace(lead, theirs=proposal)
