"""Which alerts changed, in order: what a live board follows, from any place on.

Whoever saves an alert saves it through `saved`, so that every change has a number, in the same transaction.
"""

from dataclasses import dataclass
from typing import Protocol, TypeVar

from casebus.cases.alert import ALERTS, Alert
from casebus.state import Concept, Effect, Remove, Save

T = TypeVar("T")

KEPT = 5000
"""How many changes are remembered. Who asks for older ones is told to look at everything anew."""


@dataclass(frozen=True, slots=True)
class AlertChange:
    """One change of one alert. Numbers count from 1 without a gap."""

    number: int
    conflict_id: str
    version: int


@dataclass(frozen=True, slots=True)
class FeedEnd:
    """The number of the last change."""

    number: int


ALERT_CHANGES: Concept[AlertChange] = Concept("alert_changes", AlertChange, lambda change: _key(change.number))
FEED_END: Concept[FeedEnd] = Concept("alert_feed_end", FeedEnd, lambda _: "")
FEED = (ALERT_CHANGES, FEED_END)
"""The tables of the feed; they go wherever `ALERTS` goes."""


class View(Protocol):
    """What is read of the state."""

    def get(self, concept: Concept[T], key: str) -> T | None:
        """Return the entity with this key."""
        ...


def saved(view: View, alert: Alert) -> tuple[Effect, ...]:
    """Return the effects of saving an alert: the alert, and the next change of the feed."""
    number = feed_end(view) + 1
    change = AlertChange(number, alert.conflict_id, alert.version)
    effects = (Save(ALERTS, alert), Save(ALERT_CHANGES, change), Save(FEED_END, FeedEnd(number)))
    return (*effects, Remove(ALERT_CHANGES, _key(number - KEPT))) if number > KEPT else effects


def feed_end(view: View) -> int:
    """Return the number of the last change, 0 before the first."""
    end = view.get(FEED_END, "")
    return end.number if end else 0


def changed_after(view: View, number: int) -> list[str] | None:
    """Return the conflicts whose alerts changed after a number, each once, oldest change first.

    None for a number that the feed no longer, or never, reached back to.
    """
    end = feed_end(view)
    if not max(0, end - KEPT) <= number <= end:
        return None
    found = (view.get(ALERT_CHANGES, _key(each)) for each in range(number + 1, end + 1))
    return list(dict.fromkeys(change.conflict_id for change in found if change))


def _key(number: int) -> str:
    return f"{number:020d}"
