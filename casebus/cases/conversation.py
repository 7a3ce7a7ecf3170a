"""What two desks say to each other about a conflict, as one of them holds it: releases, messages, who should lead.

Clear data of the agency: what came sealed was opened for it (`casebus.desk.opening`), what it sealed it has written itself.
Each side publishes only its own; what the other did arrives by the inbox, in its order.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from casebus.errors import Conflict
from casebus.events import enumerations as en
from casebus.events.types import (
    DisclosureGranted,
    DisclosureRefused,
    DisclosureRequested,
    LeadAgencyProposed,
)
from casebus.state import Concept

Values = tuple[tuple[en.DisclosedField, str], ...]
"""Values by name, in the order in which an officer named them."""


class ReleaseState(StrEnum):
    """How far a request for a release is. `ended`: the time for which it was granted is over, its values are gone."""

    asked = "asked"
    granted = "granted"
    refused = "refused"
    undelivered = "undelivered"
    ended = "ended"


NOT_YET = "this node has not looked at it yet"
"""Why what has only just come is not opened."""


@dataclass(frozen=True, slots=True)
class Release:
    """A request for more than the pointer, and its answer. `ours`: this agency asked, and holds the values if granted;
    otherwise it was asked, and remembers what it released by name alone.

    `partner` is the agency whose values they are; None where it may not be named. `unopened` says why what the partner sealed
    with it was not opened here: nothing is released on such a request.
    """

    request_id: str
    conflict_id: str
    ours: bool
    partner: str | None
    purpose: en.Purpose
    urgency: en.Severity
    asked: tuple[en.DisclosedField, ...]
    reason: str | None
    asked_at: datetime
    state: ReleaseState = ReleaseState.asked
    refusal: str | None = None
    fields: tuple[en.DisclosedField, ...] = ()
    values: Values = ()
    tlp: en.Tlp | None = None
    evidential_use: en.EvidentialUse | None = None
    answered_at: datetime | None = None
    keep_until: datetime | None = None
    unopened: str | None = None

    def granted(self, grant: DisclosureGranted, at: datetime) -> "Release":
        """Return it granted; the values are put in when they were opened."""
        return replace(
            self,
            state=ReleaseState.granted,
            fields=grant.fields,
            tlp=grant.tlp,
            evidential_use=grant.evidential_use,
            answered_at=at,
            keep_until=at + timedelta(days=grant.keep_days),
        )

    def refused(self, refusal: DisclosureRefused, at: datetime) -> "Release":
        """Return it refused."""
        return replace(self, state=ReleaseState.refused, refusal=refusal.reason.value, answered_at=at)

    @property
    def in_doubt(self) -> bool:
        """Tell whether what the partner sealed with it was looked at here and not opened."""
        return self.unopened not in (None, NOT_YET)

    def ended(self) -> "Release":
        """Return it without the values, whose time is over."""
        return replace(self, state=ReleaseState.ended, values=())

    def as_of(self, now: datetime) -> "Release":
        """Return it as it may be shown: values whose time is over are gone, whether or not the node has run since."""
        is_over = self.keep_until is not None and now >= self.keep_until
        return self.ended() if is_over and self.ours and self.state is ReleaseState.granted else self


RELEASES: Concept[Release] = Concept(
    "releases",
    Release,
    lambda release: release.request_id,
    {
        "conflict": lambda release: release.conflict_id,
        "held": lambda release: "yes" if release.ours and release.state is ReleaseState.granted else None,
    },
    wiped=True,
)


def refuse_unopened(release: Release) -> None:
    """Raise `Conflict` for a request of the partner's that was not opened: it can be refused, not granted."""
    if release.unopened is not None:
        raise Conflict(
            f"that request was not opened: {release.unopened}; nothing is released on what the partner may never have asked",
            next_step="ring the partner's desk, refuse this one, and let it ask anew."
            if release.in_doubt
            else "try again in a moment.",
        )


def asked(
    request: DisclosureRequested, at: datetime, *, ours: bool, partner: str | None, reason: str | None
) -> Release:
    """Return a release as it begins."""
    return Release(
        request.request_id,
        request.conflict_id,
        ours,
        partner,
        request.purpose,
        request.urgency,
        request.asked,
        reason,
        at,
    )


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `text` is None until it was opened, `unopened` why it was not; `refused` says why it was not passed on,
    `read` that an officer here was shown what the partner wrote.
    """

    message_id: str
    conflict_id: str
    ours: bool
    who: str | None
    at: datetime
    text: str | None
    refused: str | None = None
    read: bool = False
    unopened: str | None = None


MESSAGES: Concept[Message] = Concept(
    "desk_messages",
    Message,
    lambda message: message.message_id,
    {"conflict": lambda message: message.conflict_id},
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who should lead, seen from the side that proposes it."""

    lead: en.LeadSide
    basis: en.LeadBasis


@dataclass(frozen=True, slots=True)
class Lead:
    """Two single-writer registers: what each side proposed last. Equal ones are agreed."""

    conflict_id: str
    ours: Proposal | None = None
    theirs: Proposal | None = None

    @property
    def we_lead(self) -> bool | None:
        """Who leads: this agency, the partner, or (None) it is not agreed."""
        if self.ours is None or self.theirs is None:
            return None
        meant = {self.ours.lead is en.LeadSide.PROPOSER, self.theirs.lead is en.LeadSide.PARTNER}
        unknown = en.LeadSide.UNKNOWN in (self.ours.lead, self.theirs.lead)
        return meant.pop() if len(meant) == 1 and not unknown else None


LEADS: Concept[Lead] = Concept("leads", Lead, lambda lead: lead.conflict_id)


def proposed(payload: LeadAgencyProposed) -> Proposal:
    """Return what an event proposes."""
    return Proposal(payload.lead, payload.basis)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What arrived with a box, until it was opened: the payload as JSON, and when its record was appended.

    The row is committed with the event's effects, and goes when what was in the box is put where it belongs: values whose
    time is over must not lie here beside the key. `refused` says why it was not opened; such a one stays as it came, until
    what it came with has ended.
    """

    type: str
    item_id: str
    body: str
    at: datetime
    refused: str | None = None

    @property
    def key(self) -> str:
        """One box per event."""
        return f"{self.type}|{self.item_id}"


SEALED: Concept[Sealed] = Concept(
    "sealed_boxes",
    Sealed,
    lambda sealed: sealed.key,
    {
        "refused": lambda sealed: "yes" if sealed.refused else "no",
    },
    wiped=True,
)
