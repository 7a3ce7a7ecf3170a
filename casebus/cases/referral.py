"""A referral: one agency asks another to take responsibility. It moves on acceptance only. Pure.

Two single-writer registers again: the sender sends and lets it expire, the recipient accepts or declines. An acceptance that
crosses an expiry counts: somebody has said that they have it, and nobody may fall between two agencies. Until then it is
shown as the sender's, whatever else happened.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from casebus.cases.conflict import RESPOND_WITHIN_S
from casebus.cases.conversation import NOT_YET, Values
from casebus.cases.desk_work import Escalation
from casebus.errors import Conflict
from casebus.events import enumerations as en
from casebus.state import Concept


class ReferralState(StrEnum):
    """How far a referral is."""

    sent = "sent"
    accepted = "accepted"
    declined = "declined"
    expired = "expired"
    undelivered = "undelivered"


def state_of(*, accepted: bool, declined: bool, undelivered: bool, expired: bool) -> ReferralState:
    """Return where a referral stands by what was said of it, in whichever order."""
    if accepted:
        return ReferralState.accepted
    if declined:
        return ReferralState.declined
    if undelivered:
        return ReferralState.undelivered
    return ReferralState.expired if expired else ReferralState.sent


@dataclass(frozen=True, slots=True)
class Referral:
    """A referral as one of the two agencies holds it. `outgoing`: this agency sent it.

    `record_ids` are the sender's own records, unknown to the recipient; `values` and `note` are the package. The sender keeps
    the names of the values, the recipient the values too while they are its to keep (`as_of`). `escalated` is who should
    hear that this desk was asked and has not answered. `unopened` says why the package, and with it the sender's signature over
    the whole referral, was not taken for genuine here: nobody takes over what such a one says.
    """

    referral_id: str
    outgoing: bool
    partner: str
    conflict_id: str | None
    record_ids: tuple[str, ...]
    reason: en.ReferralReason
    urgency: en.Severity
    fields: tuple[en.DisclosedField, ...]
    tlp: en.Tlp
    evidential_use: en.EvidentialUse
    keep_days: int
    sent_at: datetime
    values: Values = ()
    note: str | None = None
    accepted: bool = False
    declined: en.ReferralDecline | None = None
    expired: bool = False
    undelivered: en.DeliveryRefusal | None = None
    escalated: Escalation = Escalation.none
    unopened: str | None = None

    @property
    def state(self) -> ReferralState:
        """Where it stands, in whichever order the two sides' answers were read."""
        return state_of(
            accepted=self.accepted,
            declined=self.declined is not None,
            undelivered=self.undelivered is not None,
            expired=self.expired,
        )

    @property
    def ours(self) -> bool:
        """Tell whether this agency is responsible."""
        return self.outgoing is not self.accepted

    @property
    def in_doubt(self) -> bool:
        """Tell whether it was looked at here and not opened: nothing that it says is certain."""
        return self.unopened not in (None, NOT_YET)

    def asks_the_same(self, other: "Referral") -> bool:
        """Tell whether another referral as it was sent asks for what this one did, however far this one is since."""
        sent = replace(self, sent_at=other.sent_at, accepted=False, declined=None, expired=False, undelivered=None)
        return sent == other

    @property
    def presumed_urgency(self) -> en.Severity:
        """How urgent it is to be taken: as its sender says, and where that is in doubt as urgent as can be."""
        return en.Severity.immediate if self.in_doubt else self.urgency

    @property
    def respond_by(self) -> datetime:
        """When an answer is due."""
        return self.sent_at + timedelta(seconds=RESPOND_WITHIN_S[self.presumed_urgency])

    @property
    def keep_until(self) -> datetime:
        """Until when the recipient may keep the values."""
        return self.sent_at + timedelta(days=self.keep_days)

    def as_of(self, now: datetime) -> "Referral":
        """Return it as it may be held and shown: values whose time is over are gone, and so are those of one that this
        agency did not take.
        """
        return replace(self, values=()) if self.is_over(now) and not self.outgoing else self

    def is_over(self, now: datetime) -> bool:
        """Tell whether the recipient may keep the values no longer."""
        return now >= self.keep_until or self.state in (ReferralState.declined, ReferralState.expired)


REFERRALS: Concept[Referral] = Concept(
    "referrals",
    Referral,
    lambda referral: referral.referral_id,
    {
        "waits": lambda referral: "yes" if referral.state is ReferralState.sent else None,
        "held": lambda referral: "yes" if referral.values else None,
    },
    wiped=True,
)


def refuse_unanswerable(referral: Referral) -> None:
    """Raise `Conflict` where there is nothing to answer: this agency sent it, or it was answered or taken back."""
    if referral.outgoing:
        raise Conflict("this agency sent that referral: the partner answers it")
    if referral.state is not ReferralState.sent:
        raise Conflict(
            f"the referral is {referral.state.value}: there is nothing left to answer",
            next_step="ring the sender's desk; it may send it again.",
        )


def refuse_unopened(referral: Referral) -> None:
    """Raise `Conflict` for one that is not known to be its sender's as it stands: it can be declined, not accepted."""
    if referral.unopened is not None:
        raise Conflict(
            f"the referral from {referral.partner} was not opened: {referral.unopened}; nothing that it says is certain, its "
            "urgency neither",
            next_step=f"ring {referral.partner}, decline this one, and let it be sent again."
            if referral.in_doubt
            else "try again in a moment.",
        )
