"""How many records hold each value, and a pair's levels as one short code in which those numbers stand as buckets."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from casebus.matching.register.fields import FIELDS, INDEX, Field, Values
from casebus.matching.register.levels import Levels
from casebus.matching.register.record import Record

CAP = 80
"""An identifier that more records hold is nobody's: it is suppressed."""
MAX_KINDS = 15
"""The most frequent kinds of report are told apart, the others are one."""

OUTSIDE = 2000.0
"""Pairs that do not agree, of people outside: in a register of ten, a value that two hold is not one that a fifth of people hold."""

WIDTH = 128
"""Codes per field: 0 no evidence, 1 to 15 a level, then a bucket for each of at most two exact levels."""
_FIRST, _SECOND, _PLAIN = 16, 72, 1
_SIDE = 1 << 32
_MIDDLE = INDEX["middle"]

MAX_BUCKET = 50

NEAR, BOTH_NAMES, A_NAME = (2, 3, 4), 10, 4
"""A near level of two names, each of which this many records bear, is `BOTH_NAMES` higher: a slip makes a name nobody has."""
_OF_NAMES: dict[int, Callable[[Record], str]] = {
    INDEX["given"]: lambda record: record.name.given,
    INDEX["surname"]: lambda record: record.name.surname,
}

WEAKER = ((INDEX["email"], 3), (INDEX["screen"], 3), (INDEX["handle"], 1), (INDEX["handle"], 2))
"""Exact levels of which a shared value does not say that a pair is at them: it may be at a closer one.

Only levels whose every pair is compared, because the value itself is a key.
"""

Pattern = bytes
"""A code for each field, and one for the pair's kinds of report."""


class Frequencies:
    """Counts of a register (or of two that are linked)."""

    def __init__(self, records: Sequence[Record], *, linking: bool) -> None:
        self.linking = linking
        self.sizes = Counter(record.side for record in records)
        total = len(records)
        self.pairs = self.sizes[0] * self.sizes[1] if linking else total * (total - 1) // 2
        self._held: dict[tuple[int, int], dict[Hashable, int]] = {}
        self.possible: dict[tuple[int, int], float] = {}
        self.agreeing: dict[tuple[int, int], Counter[int]] = {}
        for number, field in enumerate(FIELDS):
            for level, values in field.exact:
                self._count(records, (number, level), values)
        self.possible[_MIDDLE, 3] = self._same_given(records)
        kinds = Counter(record.kind for record in records)
        ranked = sorted(kinds, key=lambda kind: (-kinds[kind], kind))[: MAX_KINDS - 1]
        self._kinds = {kind: place for place, kind in enumerate(ranked, 1)}

    def _count(self, records: Sequence[Record], key: tuple[int, int], values: Values) -> None:
        held: dict[Hashable, int] = defaultdict(int)
        have = [0, 0]
        for record in records:
            found = set(values(record))
            for value in found:
                held[value] += _SIDE if record.side else 1
            have[record.side] += bool(found)
        total = sum(have)
        self._held[key] = dict(held)
        self.possible[key] = OUTSIDE + (have[0] * have[1] if self.linking else total * (total - 1) / 2)
        buckets: Counter[int] = Counter()
        for packed in held.values():
            if pairs := self._pairs(packed):
                buckets[bucket(pairs)] += pairs
        self.agreeing[key] = buckets

    def recount(self, patterns: Mapping[Pattern, int]) -> None:
        """Take, for levels that are reached only where a closer one is not, the number of pairs from the compared ones."""
        for number, level in WEAKER:
            first = encoded(number, level, 0)
            seen: Counter[int] = Counter()
            for pattern, count in patterns.items():
                if first <= pattern[number] <= first + MAX_BUCKET:
                    seen[pattern[number] - first] += count
            self.agreeing[number, level] = seen

    def _same_given(self, records: Sequence[Record]) -> float:
        """Return the pairs that agree on the given name and have a middle name: those whose middle names may agree too.

        Middle names go with given names, so what their agreement is worth is counted among such pairs only.
        """
        held: dict[str, int] = defaultdict(int)
        for record in records:
            if record.name.given and record.name.middle:
                held[record.name.given] += _SIDE if record.side else 1
        return max(1.0, sum(map(self._pairs, held.values())))

    def _pairs(self, packed: int) -> int:
        """Return how many pairs of records share a value."""
        there, here = divmod(packed, _SIDE)
        return there * here if self.linking else (there + here) * (there + here - 1) // 2

    def holders(self, field: int, level: int, value: Hashable) -> int:
        """Return how many records hold a value."""
        return sum(divmod(self._held[field, level].get(value, 0), _SIDE))

    def pattern(self, x: Record, y: Record, levels: Levels, *, new: int = 0) -> Pattern:
        """Return the code of a pair. `new` is 1 where one of the two is not among the records that were counted."""
        codes = bytearray(len(FIELDS) + 1)
        for number, level in enumerate(levels):
            if level is not None:
                codes[number] = self._code(number, level, x, y, new) if level else _PLAIN
        first, second = sorted((self._kinds.get(x.kind, 0), self._kinds.get(y.kind, 0)))
        codes[-1] = first * MAX_KINDS + second
        return bytes(codes)

    def _code(self, number: int, level: int, x: Record, y: Record, new: int) -> int:
        field = FIELDS[number]
        for place, (exact, values) in enumerate(field.exact):
            if exact == level:
                shared = set(values(x)).intersection(values(y))
                if not shared:
                    break
                fewest = self._fewest(number, field, level, shared, new)
                return 0 if fewest is None else (_SECOND if place else _FIRST) + bucket(fewest)
        return self.finer(number, level, x, y) + _PLAIN

    def finer(self, number: int, level: int, x: Record, y: Record) -> int:
        """Return a near level of a name as the finer one that tells whether both spellings are names of their own."""
        if number not in _OF_NAMES or level not in NEAR:
            return level
        held = self._held[number, 5]
        own = min(sum(divmod(held.get(_OF_NAMES[number](one), 0), _SIDE)) for one in (x, y)) >= A_NAME
        return level + BOTH_NAMES if own else level

    def _fewest(self, number: int, field: Field, level: int, shared: Iterable[Hashable], new: int) -> int | None:
        """Return the pairs that share the rarest of the shared values; None if all are suppressed as common."""
        held = self._held[number, level]
        counts = [held.get(value, 0) + new for value in shared]
        if field.capped and counts:
            counts = [packed for packed in counts if sum(divmod(packed, _SIDE)) <= CAP]
            if not counts:
                return None
        return max(1, min(map(self._pairs, counts), default=1))

    def passed_over(self, records: Iterable[Record]) -> Counter[str]:
        """Return by kind of identifier how many records hold a value that is suppressed, for too many hold it."""
        found = Counter[str]()
        for number, field in enumerate(FIELDS):
            if field.capped and field.name != "handle":
                level, values = field.exact[0]
                common = {value for value in self._held[number, level] if self.holders(number, level, value) > CAP}
                found[field.words] += sum(not common.isdisjoint(values(record)) for record in records) if common else 0
        return +found

    def suppressed(self, x: Record, y: Record) -> list[str]:
        """Return the kinds of identifier that a pair shares in values held by too many."""
        found = []
        for number, field in enumerate(FIELDS):
            for level, values in field.exact if field.capped else ():
                shared = set(values(x)).intersection(values(y))
                if any(self.holders(number, level, value) > CAP for value in shared):
                    found.append(field.words)
        return list(dict.fromkeys(found))


def bucket(pairs: int) -> int:
    """Return the bucket of a number of pairs: its binary logarithm, at most `MAX_BUCKET`."""
    return min(pairs.bit_length() - 1, MAX_BUCKET)


def decoded(number: int, code: int) -> tuple[int, int | None] | None:
    """Return level and bucket (None where the level is not exact) of a field's code; None for no evidence."""
    if code == 0:
        return None
    if code < _FIRST:
        return code - _PLAIN, None
    place = int(code >= _SECOND)
    return FIELDS[number].exact[place][0], code - (_SECOND if place else _FIRST)


def encoded(number: int, level: int, pairs_bucket: int | None) -> int:
    """Return the code of a level, or of an exact level with its bucket."""
    if pairs_bucket is None:
        return level + _PLAIN
    first = FIELDS[number].exact[0][0] == level
    return (_FIRST if first else _SECOND) + pairs_bucket


def kinds_of(pattern: Pattern) -> int:
    """Return the code of a pair's kinds of report."""
    return pattern[-1]
