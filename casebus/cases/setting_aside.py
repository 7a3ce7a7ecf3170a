"""Which pairs the hub sets aside, as explained elsewhere (`casebus.matching.elsewhere`), kept up to date. Pure.

Nothing is told of a pair that is set aside, and it holds no records together. Whether it is depends on the pairs at its two
records alone, so that it is looked at when it is compared, and when one of those comes, goes or changes in what it explains.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from casebus.cases.comparing import Compared, Comparison, Why, compared
from casebus.cases.grouping import edge_of
from casebus.cases.pair import Pair, Verdict
from casebus.events.enumerations import Band, RecordKind
from casebus.matching.elsewhere import explained_elsewhere, may_be_explained
from casebus.matching.groups import EdgeKind

Again = Callable[[str, str], Comparison | None]
"""Compares two records, the smaller id first, which were found to match before."""


class Known(Protocol):
    """What the hub holds, before the change."""

    def pairs_of(self, record_id: str) -> list[Pair]:
        """Return the pairs of a record that were found before."""
        ...


def settled(known: Known, made: Sequence[Comparison], again: Again, why: Why) -> list[Compared]:
    """Return what comparisons change, and what they change of other pairs at the same records; ordered by the records' ids."""
    around = _Around(known, {each.pair.conflict_id: each.pair for each in made})
    others = (again(*pair.record_ids) for pair in around.touched_by(made))
    every = sorted([*made, *(each for each in others if each)], key=lambda each: each.pair.record_ids)
    changed = (compared(each, why, is_explained=around.explains(each)) for each in every)
    return [each for each in changed if each is not None]


class _Around:
    """The pairs at a record, as they are found now."""

    def __init__(self, known: Known, now: Mapping[str, Pair]) -> None:
        self._known = known
        self._now = now
        self._at: dict[str, list[Pair]] = {}

    def touched_by(self, made: Iterable[Comparison]) -> list[Pair]:
        """Return the pairs that may be set aside now, or no more, though their own records and values are as they were."""
        ends = {end for each in made if _says(each.before) != _says(each.pair) for end in each.pair.record_ids}
        pairs = {pair.conflict_id: pair for end in ends for pair in self._pairs(end) if _is_weak(pair)}
        return [pair for conflict_id, pair in pairs.items() if conflict_id not in self._now]

    def explains(self, made: Comparison) -> bool:
        """Tell whether what is found of a pair is explained by others. What an officer judged never is."""
        left, right = made.left.record, made.right.record
        if made.match is None or made.pair.verdict is not Verdict.undecided:
            return False
        if not may_be_explained(left, right, made.match):
            return False
        a, b = left.record_id, right.record_id
        counterparts = (self._counterparts(a, right.agency), self._counterparts(b, left.agency))
        return explained_elsewhere(a, b, *counterparts, self._are_one)

    def _counterparts(self, record_id: str, agency: str) -> frozenset[str]:
        found = (pair.other(record_id) for pair in self._pairs(record_id) if _explains(pair))
        return frozenset(party.record_id for party in found if party.agency == agency)

    def _are_one(self, one: str, other: str) -> bool:
        return any(pair.other(one).record_id == other for pair in self._pairs(one) if _are_one(pair))

    def _pairs(self, record_id: str) -> list[Pair]:
        if record_id not in self._at:
            self._at[record_id] = list(self._found_at(record_id))
        return self._at[record_id]

    def _found_at(self, record_id: str) -> Iterator[Pair]:
        yield from (pair for pair in self._known.pairs_of(record_id) if pair.conflict_id not in self._now)
        yield from (pair for pair in self._now.values() if record_id in pair.record_ids)


def _says(pair: Pair | None) -> tuple[bool, bool]:
    """Return what others of its records' pairs may rest on: nothing, for most pairs."""
    return (False, False) if pair is None else (_explains(pair), _are_one(pair))


def _explains(pair: Pair) -> bool:
    return pair.explains and pair.verdict is not Verdict.different


def _are_one(pair: Pair) -> bool:
    """Tell whether a pair holds two cases of one agency to be one person."""
    one, other = pair.parties
    if one.agency != other.agency or one.kind is not RecordKind.case or other.kind is not RecordKind.case:
        return False
    edge = edge_of(pair)
    return edge is not None and edge.kind is not EdgeKind.no


def _is_weak(pair: Pair) -> bool:
    finding = pair.finding or pair.aside
    return finding is not None and finding.band is Band.review
