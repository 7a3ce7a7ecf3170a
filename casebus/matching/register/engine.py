"""De-duplicate a register or link two: candidates, weights, groups, and a band for every pair of a group."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

from casebus.matching.register.bands import alert_from
from casebus.matching.register.blocks import Index
from casebus.matching.register.calibrate import Calibration
from casebus.matching.register.copies import without_copies
from casebus.matching.register.crowds import Crowd, crowds
from casebus.matching.register.doubts import Doubts
from casebus.matching.register.explain import reasons
from casebus.matching.register.frequencies import Frequencies, Pattern
from casebus.matching.register.groups import Pair, Rules, groups, strengths, third
from casebus.matching.register.levels import compare
from casebus.matching.register.model import Model
from casebus.matching.register.record import Record
from casebus.matching.register.rest import Rest

ALERT = 4.6
"""Log-odds of a probability of .99: above it a pair is sure, if its weight can be trusted."""
BELOW = 0.1
"""So far below an alert's weight is that of a pair in doubt."""
SIDES = (0, 1)
SOME = 0.05
"""Pairs of one household for each pair of one person, above which a register has families in it."""
SINGLE, SINGLE_LINKING, SINGLE_ONCE, SINGLE_EXCLUSIVE, SLACK = 0.0, -1.0, -2.0, -3.0, 2.0
MANY_PARTNERS = 0.03
"""A register is taken to hold each person once if no larger share of the other's records has two sure partners in it."""
KEPT = -6.0
"""Pairs below this weight are forgotten; when a group asks for one it is compared again."""


def in_doubt(weight: float, threshold: float) -> float:
    """Return the weight of a pair in doubt, where alerts begin at a threshold: every alert weighs more."""
    return min(weight, min(threshold, ALERT) - BELOW)


class Band(StrEnum):
    """What a desk should do with a pair."""

    alert = "alert"
    review = "review"


class Stage(StrEnum):
    """What the work is at, for a progress bar."""

    reading = "reading"
    indexing = "indexing"
    comparing = "comparing"
    calibrating = "calibrating"
    grouping = "grouping"


Progress = Callable[[Stage, int, int], None]
"""Told the stage, how much of it is done and how much there is."""


@dataclass(frozen=True, slots=True)
class Suspects:
    """Two records that may be one person. `weight` is the log-odds; comparable across the rows of one run."""

    a: Record
    b: Record
    band: Band
    weight: float
    reasons: str


@dataclass(frozen=True, slots=True)
class _Link:
    """A pair of a group before it has a band.

    `doubted`: somebody must look at it, whatever its weight. `through`: the record_id that connects it, "" if it does itself.
    """

    a: Record
    b: Record
    weight: float
    doubted: bool
    through: str


@dataclass(slots=True)
class Compared:
    """The pairs that share a key: two places in the records each, and which pattern they have."""

    first: "array[int]"
    second: "array[int]"
    pattern: "array[int]"
    patterns: dict[Pattern, int]
    counts: "array[int]"

    def by_pattern(self) -> dict[Pattern, int]:
        """Return how many pairs have each pattern."""
        return {pattern: self.counts[number] for pattern, number in self.patterns.items()}


def _strongest_first(told: Iterable[Suspects]) -> list[Suspects]:
    return sorted(told, key=lambda one: (-one.weight, one.a.record_id, one.b.record_id))


class Register:
    """Records with their index and a model fitted to them.

    `records` are in the order of their ids; `copies`, and the rest of `crowds`, are no part of them.
    """

    def __init__(self, records: Sequence[Record], *, linking: bool = False, progress: Progress | None = None) -> None:
        apart = without_copies(sorted(records, key=lambda record: record.record_id), linking=linking)
        self.copies, self.crowds = apart.copies, crowds(apart.records, linking=linking)
        self.rest = Rest(self.crowds)
        rest = {record.record_id for crowd in self.crowds for record in crowd.rest}
        self.records = [record for record in apart.records if record.record_id not in rest]
        self.linking = linking
        self._progress = progress
        self.index = Index(self.records, self._ticks(Stage.indexing, len(self.records)))
        self.frequencies = Frequencies(self.records, linking=linking)
        self.compared = self._compare()
        self.frequencies.recount(self.compared.by_pattern())
        calibration = Calibration(self.records, self.frequencies)
        self.model: Model = calibration.run(self.compared.by_pattern(), self._ticks(Stage.calibrating, 25))
        self.matches = calibration.matches
        self.doubts = Doubts(calibration.other_name, calibration.other_national, calibration.households > SOME)
        self.crowded = calibration.reports or calibration.is_of_households
        self.uncalibrated = calibration.first
        self.edges = self._edges()

    def _ticks(self, stage: Stage, total: int) -> Callable[[int], None]:
        done = 0

        def tick(more: int) -> None:
            nonlocal done
            done += more
            if self._progress:
                self._progress(stage, done, total)

        return tick

    def _compare(self) -> Compared:
        found = Compared(array("I"), array("I"), array("I"), {}, array("Q"))
        records, tick = self.records, self._ticks(Stage.comparing, len(self.records))
        for place, others in self.index.candidates(linking=self.linking):
            for other in others:
                pattern = self._pattern(records[place], records[other])
                number = found.patterns.setdefault(pattern, len(found.patterns))
                if number == len(found.counts):
                    found.counts.append(0)
                found.counts[number] += 1
                found.first.append(place)
                found.second.append(other)
                found.pattern.append(number)
            tick(1)
        return found

    def _pattern(self, x: Record, y: Record) -> Pattern:
        return self.frequencies.pattern(x, y, compare(x, y))

    def _edges(self) -> dict[Pair, float]:
        found = self.compared
        weights = [self.model.weight(pattern) for pattern in found.patterns]
        pairs = zip(found.first, found.second, found.pattern, strict=True)
        return {(a, b): weights[number] for a, b, number in pairs if weights[number] > KEPT}

    def weigh(self, a: int, b: int) -> float:
        """Return the weight of a pair."""
        pair = (a, b) if a < b else (b, a)
        known = self.edges.get(pair)
        return (
            self.model.weight(self._pattern(self.records[pair[0]], self.records[pair[1]])) if known is None else known
        )

    def rules(self) -> Rules:
        """Return what joins groups. Where a record has one partner at most, less is needed, for the best one is taken."""
        if not self.linking:
            return Rules(SINGLE, SLACK, self.model.prior)
        once = self._once()
        single = (SINGLE_LINKING, SINGLE_ONCE, SINGLE_EXCLUSIVE)[len(once)]
        return Rules(single, SLACK, self.model.prior, [record.side for record in self.records], once)

    def _once(self) -> frozenset[int]:
        """Return the sides that hold each person once: hardly any record of the other side has two sure partners in them."""
        partners = [Counter[int](), Counter[int]()]
        for (a, b), weight in self.edges.items():
            if weight >= ALERT:
                for place, other in ((a, b), (b, a)):
                    partners[self.records[other].side][place] += 1
        return frozenset(
            side
            for side, counts in zip(SIDES, partners, strict=True)
            if sum(count > 1 for count in counts.values()) <= MANY_PARTNERS * len(counts)
        )

    def groups(self) -> list[list[int]]:
        """Return the groups of one person's records."""
        return groups(self.edges, self.weigh, self.rules())

    def suspects(self) -> list[Suspects]:
        """Return every pair of every group (across the files only, if two are linked), strongest first.

        Of a copy there is one pair, of one of a crowd's rest one too, and those with whom its own identifiers tie it.
        """
        found = self._links(self.groups())
        threshold = self._threshold(found)
        self._ticks(Stage.grouping, 1)(1)
        told = _strongest_first(self._told(one, threshold) for one in found)
        told = _strongest_first([*told, *(self._told(one, threshold) for one in self._of_crowds(told))])
        return _strongest_first([*told, *self._of_copies(told)])

    def _of_crowds(self, told: Iterable[Suspects]) -> Iterable[_Link]:
        """Return the pairs of the rest of each crowd. `told`: the pairs of those that stand for it."""
        partners: dict[str, Record] = {}
        for one in told if self.linking and self.crowds else ():
            partners.setdefault(one.a.record_id, one.b)
            partners.setdefault(one.b.record_id, one.a)
        found = [link for crowd in self.crowds for row in crowd.rest for link in self._closest(row, crowd, partners)]
        for record in self.records:
            found += self._likely(record, self.rest.sharing(record))
        return {(link.a.record_id, link.b.record_id): link for link in found}.values()

    def _closest(self, row: Record, crowd: Crowd, partners: Mapping[str, Record]) -> list[_Link]:
        """Return the best pair with those that stand for a row, whatever its weight; where they are of its side, with their partners."""
        own = [self._link(row, each) for each in crowd.kept if self._may_pair(row, each)]
        theirs = (partners[each.record_id] for each in crowd.kept if each.record_id in partners)
        return sorted(own or self._likely(row, theirs), key=lambda link: -link.weight)[:1]

    def _likely(self, record: Record, others: Iterable[Record]) -> list[_Link]:
        links = (self._link(each, record) for each in others if self._may_pair(each, record))
        return [link for link in links if link.weight > SINGLE]

    def _may_pair(self, x: Record, y: Record) -> bool:
        return not self.linking or x.side != y.side

    def _link(self, row: Record, other: Record) -> _Link:
        """Return the pair of a row of a crowd with one of the records. A crowd is counted as those that stand for it."""
        x, y = sorted((row, other), key=lambda each: (each.side, each.record_id))
        return _Link(x, y, self.model.weight(self._pattern(x, y)), self.doubts.about(x, y), "")

    def _of_copies(self, told: Iterable[Suspects]) -> Iterator[Suspects]:
        """Yield a pair for each copy: the strongest of the record that stands for it, with the copy in its place."""
        paired = set[str]()
        for one in told:
            for stands, other in ((one.a, one.b), (one.b, one.a)):
                if stands.record_id in self.copies and stands.record_id not in paired:
                    paired.add(stands.record_id)
                    for copy in self.copies[stands.record_id]:
                        a, b = sorted((copy, other), key=lambda each: (each.side, each.record_id))
                        yield replace(one, a=a, b=b)

    def alerts_from(self, groups: Iterable[list[int]]) -> float:
        """Return the lowest weight of an alert among the pairs of the groups; `NONE` where no weight is sure enough."""
        return self._threshold(self._links(groups))

    def _links(self, groups: Iterable[list[int]]) -> list[_Link]:
        return [one for members in groups for one in self._of_group(members)]

    def _threshold(self, links: Iterable[_Link]) -> float:
        sure = [one.weight for one in links if not one.doubted]
        return alert_from(sure, self.edges.values(), crowded=self.crowded and not self.rules().once)

    def _of_group(self, members: list[int]) -> Iterator[_Link]:
        own = {pair: self.weigh(*pair) for pair in combinations(sorted(members), 2)}

        def weigh(a: int, b: int) -> float:
            return own[min(a, b), max(a, b)]

        for (a, b), weight in strengths(members, weigh, self.model.prior).items():
            x, y = self.records[a], self.records[b]
            if self.linking and x.side == y.side:
                continue
            connected = len(members) == 2 or own[a, b] >= SINGLE_LINKING
            through = "" if connected else self.records[third(a, b, members, weigh)].record_id
            if x.side > y.side:
                x, y = y, x
            yield _Link(x, y, weight, self.doubts.about(x, y), through)

    def _told(self, link: _Link, threshold: float) -> Suspects:
        weight = in_doubt(link.weight, threshold) if link.doubted else link.weight
        band = Band.alert if weight >= threshold else Band.review
        why = reasons(link.a, link.b, self.frequencies, through=link.through)
        return Suspects(link.a, link.b, band, round(weight, 3), why)
