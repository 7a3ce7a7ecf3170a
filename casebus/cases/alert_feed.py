"""Which alerts changed, in order: what a live board, and what a console knows of all alerts, follow from any place on.

Whoever saves an alert, or what its desk does about it, saves it through `saved` or `worked`, so that every change has a
number, in the same transaction. Its mark depends on everything that was saved until then: two feeds that have the same
mark at a number hold the same, and a state that was restored from an older copy is told from the one that was followed.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from casebus.cases.alert import ALERTS, Alert
from casebus.cases.desk_work import DESK_WORK, DeskWork
from casebus.state import Concept, Effect, Remove, Save

T = TypeVar("T")

_PLACE = re.compile(r"([0-9]{1,18})-([0-9a-f]{0,32})")
KEPT = 5000
"""How many changes are remembered. Who asks for older ones is told to look at everything anew."""


@dataclass(frozen=True, slots=True)
class FeedEnd:
    """A place in the feed: the number of a change, and its mark. 0 and no mark: before the first."""

    number: int = 0
    mark: str = ""

    def __str__(self) -> str:
        """Return it as an address or an event's id has it."""
        return f"{self.number}-{self.mark}"

    @staticmethod
    def read(text: str) -> "FeedEnd | None":
        """Return the place that was written so, None for what is none. It may be made up: `changed_since` knows."""
        found = _PLACE.fullmatch(text)
        return FeedEnd(int(found[1]), found[2]) if found else None


@dataclass(frozen=True, slots=True)
class AlertChange:
    """One change of one alert, or of something beside them (`beside`). Numbers count from 1 without a gap. `told`: the alert
    itself was saved, not its desk's work alone.
    """

    number: int
    mark: str
    conflict_id: str
    told: bool


ALERT_CHANGES: Concept[AlertChange] = Concept("alert_changes", AlertChange, lambda change: _key(change.number))
FEED_END: Concept[FeedEnd] = Concept("alert_feed_end", FeedEnd, lambda _: "")
FEED = (ALERT_CHANGES, FEED_END)
"""The tables of the feed; they go wherever `ALERTS` goes."""


class View(Protocol):
    """What is read of the state."""

    def get(self, concept: Concept[T], key: str) -> T | None:
        """Return the entity with this key."""
        ...


def saved(view: View, alert: Alert, work: DeskWork | None = None, occasion: str = "") -> tuple[Effect, ...]:
    """Return the effects of saving an alert, with its desk's work where that changed too: one change of the feed.

    `occasion` is the id of what changed where that is neither: what the partner asked about it, or was answered.
    """
    return _numbered(end_of_feed(view), [(alert, work)], occasion)


def worked(view: View, works: Sequence[DeskWork], occasion: str = "") -> tuple[Effect, ...]:
    """Return the effects of saving what a desk does about some alerts, which stay as they are: a change for each."""
    return _numbered(end_of_feed(view), [(None, work) for work in works], occasion)


def beside(view: View, about: str, occasion: str) -> tuple[Effect, ...]:
    """Return the effects of a change that is of no alert here: what a desk has to see comes in beside them. `about` is its id,
    which no alert has; boards that are open look anew.
    """
    end = end_of_feed(view)
    after = FeedEnd(end.number + 1, _mark(end.mark, None, None, f"{about}\n{occasion}"))
    return (*_change(after, about, told=False), Save(FEED_END, after))


def _numbered(
    end: FeedEnd, changed: Iterable[tuple[Alert | None, DeskWork | None]], occasion: str
) -> tuple[Effect, ...]:
    effects: list[Effect] = []
    for alert, work in changed:
        effects += [Save(ALERTS, alert)] if alert else []
        effects += [Save(DESK_WORK, work)] if work else []
        end = FeedEnd(end.number + 1, _mark(end.mark, alert, work, occasion))
        about = alert or work
        assert about is not None, "bug: a change of nothing"
        effects += _change(end, about.conflict_id, told=alert is not None)
    return (*effects, Save(FEED_END, end)) if effects else ()


def _change(end: FeedEnd, about: str, *, told: bool) -> list[Effect]:
    kept: Effect = Save(ALERT_CHANGES, AlertChange(end.number, end.mark, about, told))
    return [kept, Remove(ALERT_CHANGES, _key(end.number - KEPT))] if end.number > KEPT else [kept]


def _mark(before: str, alert: Alert | None, work: DeskWork | None, occasion: str) -> str:
    return hashlib.sha256(f"{before}\n{alert!r}\n{work!r}\n{occasion}".encode()).hexdigest()[:32]


def end_of_feed(view: View) -> FeedEnd:
    """Return the place of the last change."""
    return view.get(FEED_END, "") or FeedEnd()


def changed_since(view: View, place: FeedEnd, *, told_only: bool = False) -> list[str] | None:
    """Return the conflicts whose alerts changed after a place that was the end once, each once, oldest change first; those of
    which only the desk's work changed too, and ids of what came beside them, unless asked for `told_only`.

    None where the feed no longer, or never, reached back to it, or the state has another past: it was restored from a copy.
    A number alone would not tell: the restored state may have gone past it since.
    """
    end = end_of_feed(view).number
    if place.number:
        change = view.get(ALERT_CHANGES, _key(place.number))
        if change is None or change.mark != place.mark:
            return None
    elif end > KEPT:
        return None
    found = (view.get(ALERT_CHANGES, _key(each)) for each in range(place.number + 1, end + 1))
    return list(dict.fromkeys(each.conflict_id for each in found if each and (each.told or not told_only)))


def _key(number: int) -> str:
    return f"{number:020d}"
