"""Which of an agency's open records are not stated under its newest token key, counted and found by their index."""

from casebus.intake.records import OWN_RECORDS, Behind, OwnRecord, stated_under
from casebus.store.store import View

INDEX = "stated_under"


def stated_in(view: View, newest: int) -> int:
    """Return how many records are stated under the newest key."""
    return view.count(OWN_RECORDS, INDEX, stated_under(newest))


def left_in(view: View, newest: int) -> int:
    """Return how many records are still to be stated under the newest key; those that cannot be are not among them."""
    return _count(view, newest, None)


def stuck_in(view: View, newest: int) -> dict[Behind, int]:
    """Return how many records cannot be stated under the newest key, by reason; no reason that none has."""
    found = {reason: _count(view, newest, reason) for reason in Behind}
    return {reason: count for reason, count in found.items() if count}


def behind_in(view: View, newest: int) -> list[OwnRecord]:
    """Return all of these records, both kinds of them."""
    reasons = (None, *Behind)
    return [
        r for e in range(newest) for reason in reasons for r in view.by(OWN_RECORDS, INDEX, stated_under(e, reason))
    ]


def _count(view: View, newest: int, reason: Behind | None) -> int:
    return sum(view.count(OWN_RECORDS, INDEX, stated_under(epoch, reason)) for epoch in range(newest))
