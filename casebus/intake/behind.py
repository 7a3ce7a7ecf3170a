"""Which of an agency's open records are not stated under its newest token key, counted and found by their index.

`epochs` are those of the token keys that are here, the oldest first. What has no room for tokens under two keys stands under
the older of them, and that is all that can be done; once that key is not here any more, it is left to be stated like any other.
"""

from collections.abc import Sequence

from casebus.intake.records import OWN_RECORDS, Behind, OwnRecord, stated_under
from casebus.store.store import View

INDEX = "stated_under"


def stated_in(view: View, newest: int) -> int:
    """Return how many records are stated under the newest key."""
    return view.count(OWN_RECORDS, INDEX, stated_under(newest))


def left_in(view: View, epochs: Sequence[int]) -> int:
    """Return how many records are still to be stated under the newest key; those that cannot be are not among them."""
    unheld = [epoch for epoch in range(epochs[-1]) if epoch not in epochs]
    return _count(view, range(epochs[-1]), None) + _count(view, unheld, Behind.too_large)


def stuck_in(view: View, epochs: Sequence[int]) -> dict[Behind, int]:
    """Return how many records cannot be stated under the newest key, by reason; no reason that none has."""
    older = dict.fromkeys(Behind, range(epochs[-1])) | {Behind.too_large: epochs[:-1]}
    found = {reason: _count(view, older[reason], reason) for reason in Behind}
    return {reason: count for reason, count in found.items() if count}


def behind_in(view: View, newest: int) -> list[OwnRecord]:
    """Return all of these records, both kinds of them."""
    reasons = (None, *Behind)
    return [
        r for e in range(newest) for reason in reasons for r in view.by(OWN_RECORDS, INDEX, stated_under(e, reason))
    ]


def _count(view: View, epochs: Sequence[int], reason: Behind | None) -> int:
    return sum(view.count(OWN_RECORDS, INDEX, stated_under(epoch, reason)) for epoch in epochs)
