"""The hub's groups, kept up to date: only the component that a changed pair touches is worked out again. Pure.

A group is a row for each of its records, under the smallest id among them. It is a function of the pairs that stand:
when one is retracted, the rows are as if it had never been. No row of it is ever published.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from casebus.cases.pair import Pair, Verdict
from casebus.events.enumerations import Agreement, Band
from casebus.matching.groups import Edge, EdgeKind, groups
from casebus.state import Concept, Effect, Remove, Save


@dataclass(frozen=True, slots=True)
class Grouped:
    """A record that is in a group, and the group: the smallest id of its records."""

    record_id: str
    group: str


GROUPED: Concept[Grouped] = Concept(
    "grouped_records", Grouped, lambda grouped: grouped.record_id, {"group": lambda grouped: grouped.group}
)


class Known(Protocol):
    """What the hub holds, before the change."""

    def pairs_of(self, record_id: str) -> list[Pair]:
        """Return the pairs of a record that were found before."""
        ...

    def grouped(self, record_id: str) -> Grouped | None:
        """Return a record's row, if it is in a group."""
        ...


def edge_of(pair: Pair) -> Edge | None:
    """Return what a pair says of its two records; None where it says nothing: retracted, or only for review."""
    finding, (a, b) = pair.finding, pair.record_ids
    if finding is None:
        return None
    match pair.verdict:
        case Verdict.different:
            return Edge(a, b, EdgeKind.no)
        case Verdict.same:
            return Edge(a, b, EdgeKind.yes, _weight(pair))
        case Verdict.undecided:
            return Edge(a, b, EdgeKind.machine, _weight(pair)) if finding.band is Band.alert else None


def _weight(pair: Pair) -> float:
    """Return how firmly a pair holds together: by what is settled of the finding, because a score need not be."""
    worth = {Agreement.exact: 2.0, Agreement.similar: 1.0, Agreement.differs: -1.0}
    return sum(worth[agreement] for _, _, agreement in pair.finding.matched) if pair.finding else 0.0


def regrouped(known: Known, changed: Iterable[tuple[Pair | None, Pair]]) -> Iterator[Effect]:
    """Yield what changed pairs, each as it was and as it is now, make of the groups."""
    now = {after.conflict_id: after for _, after in changed_edges(changed)}
    left = sorted({record_id for pair in now.values() for record_id in pair.record_ids})
    while left:
        component = _component(known, left[0], now)
        yield from _rows(known, component)
        left = [record_id for record_id in left if record_id not in component.records]


def changed_edges(changed: Iterable[tuple[Pair | None, Pair]]) -> Iterator[tuple[Pair | None, Pair]]:
    """Yield those pairs of which the edge is another now."""
    for before, after in changed:
        if (edge_of(before) if before else None) != edge_of(after):
            yield before, after


@dataclass(frozen=True, slots=True)
class _Component:
    """Records that edges hold together, whatever keeps some of them apart, and every edge among them."""

    records: frozenset[str]
    edges: tuple[Edge, ...]


def _component(known: Known, start: str, now: Mapping[str, Pair]) -> _Component:
    reached, todo, edges = {start}, [start], dict[str, Edge]()
    while todo:
        record_id = todo.pop()
        for conflict_id, edge in _edges_at(known, record_id, now):
            edges[conflict_id] = edge
            if edge.kind is not EdgeKind.no:
                todo += {edge.a, edge.b} - reached
                reached |= {edge.a, edge.b}
    within = tuple(edge for edge in edges.values() if edge.a in reached and edge.b in reached)
    return _Component(frozenset(reached), within)


def _edges_at(known: Known, record_id: str, now: Mapping[str, Pair]) -> Iterator[tuple[str, Edge]]:
    pairs = {pair.conflict_id: pair for pair in known.pairs_of(record_id)}
    pairs |= {conflict_id: pair for conflict_id, pair in now.items() if record_id in pair.record_ids}
    for conflict_id, pair in pairs.items():
        if (edge := edge_of(pair)) is not None:
            yield conflict_id, edge


def _rows(known: Known, component: _Component) -> Iterator[Effect]:
    group_of = {record_id: min(group) for group in groups(component.edges) for record_id in group}
    for record_id in sorted(component.records):
        before, group = known.grouped(record_id), group_of.get(record_id)
        if group is None and before is not None:
            yield Remove(GROUPED, record_id)
        elif group is not None and before != Grouped(record_id, group):
            yield Save(GROUPED, Grouped(record_id, group))
