"""Which records may concern one person together. Pure, and the same for any order of edges.

Edges hold records together ("machine", or an officer's "yes") or keep them apart ("no"). Two records with a "no" between
them are never in one group, however many others would join them. The strongest edges join first: what an officer said
before what the machine found, then by weight, then by the records' ids, so that a tie falls the same way every time.

Nobody is merged by this, and no group leaves the hub: it is what the hub knows of its own findings.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class EdgeKind(IntEnum):
    """Who says it, in the order in which edges join; a "no" joins nothing."""

    yes = 0
    machine = 1
    no = 2


@dataclass(frozen=True, slots=True)
class Edge:
    """What stands between two records. `weight` orders edges of one kind; a "no" needs none."""

    a: str
    b: str
    kind: EdgeKind
    weight: float = 0.0


def groups(edges: Iterable[Edge]) -> list[frozenset[str]]:
    """Return the groups of two and more records, ordered by their smallest id."""
    given = list(edges)
    holds = _Sets()
    for edge in given:
        if edge.kind is EdgeKind.no:
            holds.keep_apart(edge.a, edge.b)
    for edge in sorted((each for each in given if each.kind is not EdgeKind.no), key=_order):
        holds.join(edge.a, edge.b)
    return sorted(holds.groups(), key=min)


def _order(edge: Edge) -> tuple[int, float, str, str]:
    first, second = sorted((edge.a, edge.b))
    return edge.kind, -edge.weight, first, second


class _Sets:
    """Disjoint sets of records, each with the records that must stay outside."""

    def __init__(self) -> None:
        self._members: dict[str, set[str]] = {}
        self._strangers: dict[str, set[str]] = {}

    def keep_apart(self, a: str, b: str) -> None:
        self._strangers.setdefault(a, set()).add(b)
        self._strangers.setdefault(b, set()).add(a)

    def join(self, a: str, b: str) -> None:
        one, other = self._set_of(a), self._set_of(b)
        if one is other or not self._strangers_of(one).isdisjoint(other):
            return
        small, large = sorted((one, other), key=len)
        large |= small
        self._members.update(dict.fromkeys(small, large))

    def _set_of(self, record: str) -> set[str]:
        return self._members.setdefault(record, {record})

    def _strangers_of(self, members: set[str]) -> set[str]:
        return {stranger for member in members for stranger in self._strangers.get(member, ())}

    def groups(self) -> list[frozenset[str]]:
        distinct = {id(members): members for members in self._members.values()}
        return [frozenset(members) for members in distinct.values() if len(members) > 1]
