"""Which pairs the hub sets aside, as explained elsewhere (`casebus.matching.elsewhere`), kept up to date. Pure.

Nothing is told of a pair that is set aside, and it holds no records together. Whether it is depends on the pairs at its two
records alone. So it is looked at when it is compared, and when a counterpart of one of the two comes or goes; compared again
is only what that changes.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from casebus.cases.comparing import Compared, Comparison, Why, compared
from casebus.cases.pair import Pair, Verdict
from casebus.events.enumerations import Band, RecordKind
from casebus.matching.elsewhere import may_be_explained

Again = Callable[[Sequence[Pair]], list[Comparison]]
"""Compares pairs that were found before."""


class Known(Protocol):
    """What the hub holds, before the change."""

    def pairs_of(self, record_id: str) -> list[Pair]:
        """Return the pairs of a record that were found before."""
        ...


def settled(known: Known, made: Sequence[Comparison], again: Again, why: Why) -> list[Compared]:
    """Return what comparisons change, and what they change of other pairs at the same records; ordered by the records' ids."""
    around = _Around(known, [each.pair for each in made])
    every = sorted([*made, *again(around.turned_by(made))], key=lambda each: each.pair.record_ids)
    changed = (compared(each, why, is_explained=_may_be(each) and around.explains(each.pair)) for each in every)
    return [each for each in changed if each is not None]


def _may_be(made: Comparison) -> bool:
    """Tell whether a pair may be set aside. What an officer of either side judged never is."""
    if made.match is None or made.is_judged:
        return False
    return may_be_explained(made.left.record, made.right.record, made.match)


class _Around:
    """The pairs at a record, as they are found now."""

    def __init__(self, known: Known, now: Iterable[Pair]) -> None:
        self._known = known
        self._now: dict[str, dict[str, Pair]] = defaultdict(dict)
        for pair in now:
            for record_id in pair.record_ids:
                self._now[record_id][pair.conflict_id] = pair
        self._counterparts: dict[str, frozenset[str]] = {}

    def explains(self, pair: Pair) -> bool:
        """Tell whether each of two records has a counterpart at the other's agency."""
        first, second = pair.parties
        return second.agency in self._at(first.record_id) and first.agency in self._at(second.record_id)

    def turned_by(self, made: Iterable[Comparison]) -> list[Pair]:
        """Return the pairs that are to be set aside now, or no more, though their own records and values are as they were."""
        ends = {end for each in made if _explains(each.before) != _explains(each.pair) for end in each.pair.record_ids}
        found = {pair.conflict_id: pair for end in ends for pair in self._pairs(end) if _is_weak(pair)}
        others = (pair for pair in found.values() if pair.conflict_id not in self._now[pair.record_ids[0]])
        return [pair for pair in others if self.explains(pair) != (pair.aside is not None)]

    def _at(self, record_id: str) -> frozenset[str]:
        """Return the agencies at which a record has a counterpart."""
        if record_id not in self._counterparts:
            found = (pair.other(record_id).agency for pair in self._pairs(record_id) if _explains(pair))
            self._counterparts[record_id] = frozenset(found)
        return self._counterparts[record_id]

    def _pairs(self, record_id: str) -> list[Pair]:
        before = {pair.conflict_id: pair for pair in self._known.pairs_of(record_id)}
        return list((before | self._now[record_id]).values())


def _explains(pair: Pair | None) -> bool:
    return pair is not None and pair.explains and pair.verdict is not Verdict.different


def _is_weak(pair: Pair) -> bool:
    """Tell whether a pair is of those that may be set aside, as far as it is known without comparing it again."""
    finding, (one, other) = pair.finding or pair.aside, pair.parties
    weak = finding is not None and finding.band is Band.review and not pair.explains
    return weak and one.agency != other.agency and one.kind is RecordKind.case and other.kind is RecordKind.case
