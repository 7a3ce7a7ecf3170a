"""What was done about an alert, by whom and when, as one desk saw it: its own officers, the partner, the hub, the clock.

The agency's own store keeps it; it is in no event. It answers a stale write ("who did what since?") and is the alert's
timeline.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from casebus.cases.desk_work import DeskAlert
from casebus.cases.inbox import AboutAlert
from casebus.errors import Conflict
from casebus.events.types import (
    DeconflictionAcknowledged,
    DeconflictionHit,
    DeconflictionResolved,
    DeconflictionRetracted,
)
from casebus.state import Concept

HUB, CLOCK, PARTNER = "hub", "clock", "the partner"
"""Who did it, where no officer of this agency did. A partner that may not be named is `PARTNER`."""


MOST_SENTENCES = 20
"""How many different things a stale write is told at most."""


class Verb(StrEnum):
    """What was done."""

    told = "told"
    revised = "revised"
    retracted = "retracted"
    acknowledged = "acknowledged"
    assigned = "assigned"
    handed_over = "handed over"
    snoozed = "snoozed"
    judged = "set the severity"
    resolved = "resolved"
    reopened = "reopened"
    noted = "noted"
    lapsed = "lapsed"
    woke = "woke"
    escalated = "escalated"
    asked_release = "asked for a release"
    granted_release = "granted a release"
    refused_release = "refused a release"
    wrote = "wrote"
    proposed_lead = "proposed the lead"
    referred = "referred"
    accepted_referral = "accepted a referral"
    declined_referral = "declined a referral"
    expired_referral = "let a referral expire"
    asked_welfare_check = "asked for a welfare check"


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that was done. `version` is the alert's after it, `who` an officer of this agency or one of the words
    above or a partner's code, `detail` a word of ours (an outcome, a moment), `note` what the officer wrote.

    Clear data: it never leaves the node.
    """

    deed_id: str
    conflict_id: str
    version: int
    at: datetime
    who: str
    verb: Verb
    detail: str = ""
    note: str | None = None

    def sentence(self) -> str:
        """Return it in words, without the note."""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.who} {self.verb.value}{detail} at {self.at.isoformat(timespec='seconds').replace('+00:00', 'Z')}"


DEEDS: Concept[Deed] = Concept(
    "desk_deeds", Deed, lambda deed: deed.deed_id, {"conflict": lambda deed: deed.conflict_id, "every": lambda _: "yes"}
)


def deed_of(about: AboutAlert, version: int, event_id: str, at: datetime) -> Deed:
    """Return what the hub or the partner did, as an inbox event tells it. `version` is the alert's after it."""
    match about:
        case DeconflictionHit():
            verb = Verb.told if about.revision == 1 else Verb.revised
            return Deed(event_id, about.conflict_id, version, at, HUB, verb, about.severity.value)
        case DeconflictionRetracted():
            return Deed(event_id, about.conflict_id, version, at, HUB, Verb.retracted, about.reason.value)
        case DeconflictionResolved():
            who = about.agency or PARTNER
            return Deed(event_id, about.conflict_id, version, at, who, Verb.resolved, about.outcome.value)
        case DeconflictionAcknowledged():
            verb = Verb.reopened if about.reopened else Verb.acknowledged
            return Deed(event_id, about.conflict_id, version, at, about.agency or PARTNER, verb)


def in_order(deeds: Iterable[Deed]) -> list[Deed]:
    """Return deeds as they came about."""
    return sorted(deeds, key=lambda deed: (deed.version, deed.at, deed.deed_id))


def refuse_stale(seen: DeskAlert, version: int | None, deeds: Sequence[Deed]) -> None:
    """Raise `Conflict` when the officer decided on another state of the alert than the present one.

    It says who did what since, the officer's own colleagues or the partner.
    """
    if version is None or version == seen.version:
        return
    since = _said_once([deed for deed in in_order(deeds) if deed.version > version])
    told = f"; since then: {'; '.join(since)}" if since else ""
    raise Conflict(
        f"alert {seen.alert.ref} has changed since version {version}: it is now at version {seen.version}{told}",
        next_step=f"read it again with `casebus alerts show {seen.alert.ref}`, then decide.",
    )


def _said_once(deeds: Sequence[Deed]) -> list[str]:
    """Return what was done, what was done again once with how often and when last; of very much the first and the last."""
    last = {(deed.who, deed.verb, deed.detail): deed for deed in deeds}
    often = Counter((deed.who, deed.verb, deed.detail) for deed in deeds)
    told = [
        deed.sentence() if often[done] == 1 else f"{deed.sentence()}, the last of {often[done]} times"
        for done, deed in last.items()
    ]
    if len(told) <= MOST_SENTENCES:
        return told
    kept = MOST_SENTENCES // 2
    return [*told[:kept], f"{len(told) - 2 * kept} more, in its history", *told[-kept:]]
