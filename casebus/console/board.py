"""The board as a value: which alerts a desk sees, in which order, behind which tab and filter. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from heapq import nsmallest
from typing import TypeVar
from urllib.parse import urlencode

from casebus.cases.conflict import ConflictState
from casebus.cases.desk_work import Stage
from casebus.cases.place import Place
from casebus.desk.paged import PAGE_ROWS, pages_of
from casebus.events.enumerations import Band, IdentifierType, Severity

E = TypeVar("E", bound=StrEnum)

_NEVER = datetime.max.replace(tzinfo=UTC)
WORST = {Severity.immediate: 0, Severity.high: 1, Severity.routine: 2}


class Tab(StrEnum):
    """Which part of the queue."""

    needs_us = "needs-us"
    in_hand = "in-hand"
    snoozed = "snoozed"
    waiting = "waiting"
    done = "done"
    notices = "notices"


TAB_WORDS = {
    Tab.needs_us: "Needs us",
    Tab.in_hand: "In hand",
    Tab.snoozed: "Snoozed",
    Tab.waiting: "Waiting on them",
    Tab.done: "Done",
    Tab.notices: "Notices",
}


def tab_of(seen: Place, now: datetime) -> Tab:
    """Return behind which tab an alert is. What the partner asked or wrote needs us, whatever stands
    otherwise, and so does a dispute, whatever we proposed; of what a side says that it is
    two people nothing is asked, unless somebody has it in hand.
    """
    if seen.asked:
        return Tab.needs_us
    if seen.is_notice:
        return Tab.notices
    match seen.state:
        case ConflictState.resolved | ConflictState.retracted:
            return Tab.done
        case ConflictState.disputed:
            return Tab.needs_us
        case ConflictState.open if seen.is_apart and seen.stage(now) is not Stage.in_hand:
            return Tab.done
        case ConflictState.open:
            return Tab.snoozed if seen.rests(now) else _TAB_OF_STAGE[seen.stage(now)]


_TAB_OF_STAGE = {
    Stage.new: Tab.needs_us,
    Stage.acknowledged: Tab.in_hand,
    Stage.in_hand: Tab.in_hand,
    Stage.resolved: Tab.waiting,
}


class Assigned(StrEnum):
    """In whose hand."""

    me = "me"
    nobody = "nobody"


@dataclass(frozen=True, slots=True)
class Filters:
    """What was chosen, as it stands in the address. None: not filtered by."""

    tab: Tab = Tab.needs_us
    severity: Severity | None = None
    partner: str | None = None
    kind: IdentifierType | None = None
    assigned: Assigned | None = None
    page: int = 1

    @staticmethod
    def of(query: Mapping[str, str]) -> "Filters":
        """Read an address. What is not understood is not filtered by: an old bookmark shows more, never less."""
        page = query.get("page", "")
        return Filters(
            tab=_member(Tab, query.get("tab", "")) or Tab.needs_us,
            severity=_member(Severity, query.get("severity", "")),
            partner=query.get("partner", "")[:40] or None,
            kind=_member(IdentifierType, query.get("kind", "")),
            assigned=_member(Assigned, query.get("assigned", "")),
            page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 6 and int(page) else 1,
        )

    def address(self, **changes: object) -> str:
        """Return the address of these filters with some of them changed."""
        changed = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        named = {
            "tab": None if changed.tab is Tab.needs_us else changed.tab.value,
            "severity": changed.severity.value if changed.severity else None,
            "partner": changed.partner,
            "kind": changed.kind.value if changed.kind else None,
            "assigned": changed.assigned.value if changed.assigned else None,
            "page": None if changed.page == 1 else changed.page,
        }
        query = urlencode({name: value for name, value in named.items() if value is not None})
        return f"/?{query}" if query else "/"

    @property
    def narrowed(self) -> bool:
        """Tell whether something besides the tab hides rows."""
        return any((self.severity, self.partner, self.kind, self.assigned))

    def let_through(self, seen: Place, officer: str | None) -> bool:
        """Tell whether an alert passes what narrows a tab."""
        return (
            self.severity in (None, seen.severity)
            and self.partner in (None, seen.partner)
            and (self.kind is None or self.kind in seen.kinds)
            and (self.assigned is None or seen.work.assignee == (officer if self.assigned is Assigned.me else None))
        )


@dataclass(frozen=True, slots=True)
class Board:
    """One page of the board. `hidden` is how many rows of this tab the filters hide."""

    filters: Filters
    rows: tuple[Place, ...]
    counts: Mapping[Tab, int]
    found: int
    hidden: int
    partners: tuple[str, ...]

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return pages_of(self.found)


def board_of(alerts: Iterable[Place], agency: str, filters: Filters, now: datetime, officer: str | None) -> Board:
    """Return the page of an agency's board that the filters name; the last where there is no such page."""
    by_tab: dict[Tab, list[Place]] = {tab: [] for tab in Tab}
    partners: set[str] = set()
    for seen in alerts:
        by_tab[tab_of(seen, now)].append(seen)
        if seen.partner is not None and seen.partner != agency:
            partners.add(seen.partner)
    found = by_tab[filters.tab]
    if filters.narrowed:
        found = [each for each in found if filters.let_through(each, officer)]
    page = min(filters.page, pages_of(len(found)))
    rows = nsmallest(page * PAGE_ROWS, found, key=lambda seen: urgency(seen, now))
    return Board(
        filters=replace(filters, page=page),
        rows=tuple(rows[(page - 1) * PAGE_ROWS :]),
        counts={tab: len(each) for tab, each in by_tab.items()},
        found=len(found),
        hidden=len(by_tab[filters.tab]) - len(found),
        partners=tuple(sorted(partners)),
    )


def urgency(seen: Place, now: datetime) -> tuple[bool, bool, bool, int, datetime, str]:
    """Return what alerts are ordered by, as a desk should take them up: a child at immediate risk before all else, and
    weak matches to review, of which no answer is due, below every alert.
    """
    to_review = seen.band is Band.review
    due_by = seen.due_by or _NEVER
    return (
        to_review,
        seen.severity is not Severity.immediate,
        due_by > now,
        WORST[seen.severity],
        due_by,
        seen.ref,
    )


def _member(kind: type[E], text: str) -> E | None:
    try:
        return kind(text)
    except ValueError:
        return None
