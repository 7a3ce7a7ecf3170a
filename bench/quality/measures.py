"""Measures of a matching against the truth: of its pairs, of the groups that the pairs make, record by record.

A pair counts only between records on different sides where two registers are linked. Groups are the connected components of
the pairs (the closure). B-cubed is the mean over records of the share of a record's group that is about its person
(precision), and of its person's records that are in its group (recall).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Score:
    """Precision and recall; no answer at all is precise."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Return the harmonic mean."""
        together = self.precision + self.recall
        return 2 * self.precision * self.recall / together if together else 0.0

    @classmethod
    def of(cls, right: float, said: float, true: float) -> "Score":
        """Return the score of `right` correct answers among `said` given, where `true` could have been given."""
        return cls(right / said if said else 1.0, right / true if true else 1.0)


@dataclass(frozen=True, slots=True)
class Weighted:
    """One pair that a matcher says is one person, and how sure it is; a higher weight is surer."""

    pair: Pair
    weight: float
    band: str = ""


@dataclass(frozen=True)
class Truth:
    """Who each record is about, and which register it lies in (all alike where one register is de-duplicated)."""

    person: Mapping[str, int]
    side: Mapping[str, int]

    @cached_property
    def linking(self) -> bool:
        """Tell whether pairs count only across two registers."""
        return len(set(self.side.values())) > 1

    def counts(self, pair: Pair) -> bool:
        """Tell whether the pair is one that a matcher may name."""
        return pair[0] != pair[1] and (not self.linking or self.side[pair[0]] != self.side[pair[1]])

    def same(self, pair: Pair) -> bool:
        """Tell whether both records are about one person."""
        return self.person[pair[0]] == self.person[pair[1]]

    def pairs(self) -> int:
        """Return the number of true pairs."""
        sizes = Counter((person, self.side[record]) for record, person in self.person.items())
        if not self.linking:
            return sum(size * (size - 1) // 2 for size in sizes.values())
        return sum(size * sizes[person, 1] for (person, side), size in sizes.items() if side == 0)


@dataclass(slots=True)
class _Group:
    """Records that belong together. `held`: how many of each person, by side; `squares`: sum over persons of their number's square.

    What grows is kept, never counted again: the naive matcher makes groups of tens of thousands, one record at a time.
    """

    members: list[str]
    held: dict[tuple[int, int], int]
    sides: list[int]
    squares: int = 1

    def of_person(self, person: int) -> int:
        """Return how many of the records are about a person."""
        return self.held.get((person, 0), 0) + self.held.get((person, 1), 0)

    def take(self, other: "_Group") -> None:
        """Take another group's records in."""
        for person in {person for person, _ in other.held}:
            own, more = self.of_person(person), other.of_person(person)
            self.squares += (own + more) ** 2 - own**2
        for key, size in other.held.items():
            self.held[key] = self.held.get(key, 0) + size
        self.members += other.members
        self.sides = [mine + theirs for mine, theirs in zip(self.sides, other.sides, strict=True)]


class Groups:
    """Groups that grow pair by pair, their measures kept up to date at each join."""

    def __init__(self, truth: Truth) -> None:
        self._linking, self._true = truth.linking, truth.pairs()
        self._group = {
            record: _Group([record], {(person, truth.side[record]): 1}, [1 - truth.side[record], truth.side[record]])
            for record, person in truth.person.items()
        }
        self._persons = Counter(truth.person.values())
        self._said = self._right = 0
        self._precise = float(len(truth.person))
        self._found = sum(1 / size for size in self._persons.values() for _ in range(size))
        self.biggest = min(1, len(truth.person))

    def join(self, pair: Pair) -> None:
        """Put both records' groups together."""
        big, small = self._group[pair[0]], self._group[pair[1]]
        if big is small:
            return
        if len(big.members) < len(small.members):
            big, small = small, big
        self._count_pairs(big, small)
        before = big.squares / len(big.members) + small.squares / len(small.members)
        for person in {person for person, _ in small.held}:
            self._found += 2 * small.of_person(person) * big.of_person(person) / self._persons[person]
        big.take(small)
        self._precise += big.squares / len(big.members) - before
        for record in small.members:
            self._group[record] = big
        self.biggest = max(self.biggest, len(big.members))

    def _count_pairs(self, big: _Group, small: _Group) -> None:
        if self._linking:
            self._said += big.sides[0] * small.sides[1] + big.sides[1] * small.sides[0]
            self._right += sum(
                size * big.held.get((person, 1 - side), 0) for (person, side), size in small.held.items()
            )
        else:
            self._said += len(big.members) * len(small.members)
            self._right += sum(size * big.held.get(key, 0) for key, size in small.held.items())

    @property
    def closure(self) -> Score:
        """Return the score of all pairs within the groups."""
        return Score.of(self._right, self._said, self._true)

    @property
    def b_cubed(self) -> Score:
        """Return the mean over records."""
        records = len(self._group)
        return Score(self._precise / records, self._found / records) if records else Score(1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one matching is worth: its pairs, the closure over them, record by record, the size of the biggest group."""

    pairs: Score
    closure: Score
    b_cubed: Score
    biggest: int


def measure(truth: Truth, pairs: Iterable[Pair]) -> Measured:
    """Return the measures of the pairs; a pair that does not count is an error of the matcher's output (ValueError)."""
    groups, said, right = Groups(truth), set[Pair](), 0
    for pair in pairs:
        ordered = (min(pair), max(pair))
        if not truth.counts(pair):
            raise ValueError("a pair of one record with itself, or within one of two registers")
        if ordered in said:
            raise ValueError("one pair was named twice")
        said.add(ordered)
        right += truth.same(pair)
        groups.join(pair)
    score = Score.of(right, len(said), truth.pairs())
    return Measured(score, groups.closure, groups.b_cubed, groups.biggest)


@dataclass(frozen=True, slots=True)
class Best:
    """The best that any threshold on the weight gives, chosen with the truth in hand and for each measure apart."""

    pairs: Score
    closure: Score
    b_cubed: Score
    biggest: int
    """The biggest group at the threshold that is best for the closure."""
    threshold: float
    """The threshold that is best for the pairs."""


def at_best_threshold(truth: Truth, pairs: Sequence[Weighted]) -> Best:
    """Return what an oracle would get out of the weights by cutting at the best place."""
    groups, true, right, said = Groups(truth), truth.pairs(), 0, 0
    best = Best(Score.of(0, 0, true), groups.closure, groups.b_cubed, groups.biggest, float("inf"))
    for weight, tied in groupby(sorted(pairs, key=lambda each: -each.weight), key=lambda each: each.weight):
        for each in tied:
            said, right = said + 1, right + truth.same(each.pair)
            groups.join(each.pair)
        score = Score.of(right, said, true)
        better, closer = score.f1 > best.pairs.f1, groups.closure.f1 > best.closure.f1
        best = Best(
            score if better else best.pairs,
            groups.closure if closer else best.closure,
            max(best.b_cubed, groups.b_cubed, key=lambda each: each.f1),
            groups.biggest if closer else best.biggest,
            weight if better else best.threshold,
        )
    return best


def recall_at_precision(truth: Truth, pairs: Sequence[Weighted], precision: float) -> float:
    """Return the largest share of the true pairs above any threshold at which the pairs are that precise."""
    right = said = 0
    reached, true = 0.0, truth.pairs()
    for _, tied in groupby(sorted(pairs, key=lambda each: -each.weight), key=lambda each: each.weight):
        for each in tied:
            said, right = said + 1, right + truth.same(each.pair)
        if right >= precision * said:
            reached = right / true if true else 1.0
    return reached


def band(truth: Truth, pairs: Iterable[Weighted], name: str) -> Score:
    """Return the score of the pairs of one band alone."""
    chosen = [each.pair for each in pairs if each.band == name]
    return Score.of(sum(map(truth.same, chosen)), len(chosen), truth.pairs())
