"""The link graph and the timeline of one conflict, laid out: where everything stands in the drawing. Pure.

The graph has three columns: own records, kinds of identifier, partners' records. No value is in it. Within a column
rows follow the mean height of their neighbours, so lines seldom cross. The same data stands in a table beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from casebus.cases.desk_history import Deed
from casebus.cases.desk_work import DeskAlert
from casebus.console import words
from casebus.events.enumerations import Agreement
from casebus.events.types import MatchedKind

COLUMNS = (20, 320, 620)
BOX = (220, 46)
ROW = 70
TOP = 20
LANE_TOP, LANE_ROW, LEFT, STEP = 40, 60, 150, 120
STROKE = {Agreement.exact: "", Agreement.similar: "dashed", Agreement.differs: "dotted"}


@dataclass(frozen=True, slots=True)
class Box:
    """One node. `href` leads to its alert, empty for none."""

    x: int
    y: int
    title: str
    below: str
    href: str


@dataclass(frozen=True, slots=True)
class Line:
    """One edge, and how it is drawn: dashed for similar, dotted for what differs."""

    x1: int
    y1: int
    x2: int
    y2: int
    stroke: str


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One link in words."""

    own: str
    kind: str
    agreement: str
    partner: str
    ref: str


@dataclass(frozen=True, slots=True)
class Graph:
    """The drawing, and the same in rows."""

    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    rows: tuple[LinkRow, ...]


def graph_of(alerts: Sequence[DeskAlert], own: dict[str, str]) -> Graph:
    """Return the links of alerts about the same own records. `own` names the records as the agency's system does."""
    links = [(seen, matched) for seen in alerts for matched in seen.alert.matched]
    rights = [seen.alert.ref for seen in alerts]
    lefts = sorted({seen.alert.own_id for seen in alerts})
    kinds = _by_neighbours(links, rights)
    height = TOP * 2 + ROW * max(len(lefts), len(kinds), len(rights), 1)
    at_left, at_kind, at_right = _heights(lefts, height), _heights(kinds, height), _heights(rights, height)
    lines: dict[tuple[int, int, int, int], str] = {}
    for seen, matched in links:
        stroke = STROKE[matched.agreement]
        a, k, b = at_left[seen.alert.own_id], at_kind[matched.kind.value], at_right[seen.alert.ref]
        lines[COLUMNS[0] + BOX[0], a, COLUMNS[1], k] = stroke
        lines[COLUMNS[1] + BOX[0], k, COLUMNS[2], b] = stroke
    boxes = [Box(COLUMNS[0], at_left[each], own[each], "your own record", "") for each in lefts]
    titles = {matched.kind.value: words.KIND[matched.kind] for _, matched in links}
    boxes += [Box(COLUMNS[1], at_kind[kind], titles[kind], "kind of identifier", "") for kind in kinds]
    boxes += [
        Box(COLUMNS[2], at_right[each.alert.ref], partner_of(each), each.alert.ref, f"/alerts/{each.alert.ref}")
        for each in alerts
    ]
    rows = [
        LinkRow(
            own[seen.alert.own_id],
            words.KIND[matched.kind],
            words.AGREEMENT[matched.agreement],
            partner_of(seen),
            seen.alert.ref,
        )
        for seen, matched in links
    ]
    return Graph(height, tuple(boxes), tuple(Line(*ends, stroke) for ends, stroke in lines.items()), tuple(rows))


def partner_of(seen: DeskAlert) -> str:
    """Return who holds the other record, as far as this desk may know."""
    if seen.alert.partner == seen.alert.agency:
        return "your own agency"
    return seen.alert.partner or "a partner, through the desk"


def _by_neighbours(links: Sequence[tuple[DeskAlert, MatchedKind]], rights: Sequence[str]) -> list[str]:
    heights: dict[str, list[int]] = {}
    for seen, matched in links:
        heights.setdefault(matched.kind.value, []).append(rights.index(seen.alert.ref))
    return sorted(heights, key=lambda kind: (sum(heights[kind]) / len(heights[kind]), kind))


def _heights(names: Sequence[str], height: int) -> dict[str, int]:
    room = height // max(1, len(names))
    return {name: room * place + room // 2 for place, name in enumerate(names)}


@dataclass(frozen=True, slots=True)
class Moment:
    """One deed on the timeline: where it stands, in whose lane."""

    x: int
    y: int
    number: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """The drawing of what was done: a lane for each who did something, deeds in their order from left to right."""

    width: int
    height: int
    lanes: tuple[tuple[int, str], ...]
    moments: tuple[Moment, ...]


def timeline_of(deeds: Sequence[Deed]) -> Timeline:
    """Return the drawing of an alert's history."""
    who = list(dict.fromkeys(deed.who for deed in deeds))
    lanes = {each: LANE_TOP + LANE_ROW * place for place, each in enumerate(who)}
    moments = [Moment(LEFT + STEP * place, lanes[deed.who], place + 1) for place, deed in enumerate(deeds)]
    width = LEFT + STEP * max(1, len(deeds))
    height = LANE_TOP + LANE_ROW * max(1, len(who))
    return Timeline(width, height, tuple((y, name) for name, y in lanes.items()), tuple(moments))
