"""From keys to the pairs that are compared, in bounded work: a key that too many records have is no way to find any.

Keys of one small part each (`LOOSE`) find what nothing else does in a small register. In a large one they would be nearly all of
the work, for pairs that hardly ever are one person: so they have a bound of their own, which does not grow with the register.

A record all of whose keys are such (one person reported a hundred times in the same words) would be compared with nobody.
It is compared with the next few that share the rarest of its keys, so that they find together link by link.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence

from casebus.matching.register.keys import KINDS, LOOSE, Symbols, keys
from casebus.matching.register.record import Record

CAPS = (80, 60, 45, 30, 20, 12, 8, 5)
"""The largest block that is looked at. The next smaller one is taken where there would be too many pairs."""
PAIRS_PER_RECORD = 60
SPARE_PAIRS = 500_000
LOOSE_PAIRS = 2_000_000
"""So many pairs come of loose keys at most, however many records there are."""
NEIGHBOURS = 3
"""With so many that come after it is a record compared that has no other way to be found."""

Tick = Callable[[int], None]


class Index:
    """The keys of a register, sorted by kind and number."""

    def __init__(self, records: Sequence[Record], tick: Tick | None = None) -> None:
        self._records = records
        self.symbols = Symbols()
        numbers = [array("Q") for _ in range(KINDS)]
        holders = [array("I") for _ in range(KINDS)]
        for place, record in enumerate(records):
            for kind, number in keys(record, self.symbols):
                numbers[kind].append(number)
                holders[kind].append(place)
            if tick:
                tick(1)
        self.symbols.frozen = True
        self.crowded: frozenset[int] = frozenset()
        self._numbers: list[array[int]] = []
        self._holders: list[array[int]] = []
        for kind in range(KINDS):
            ordered = sorted((number << 32) | place for number, place in zip(numbers[kind], holders[kind], strict=True))
            numbers[kind] = holders[kind] = array("Q")
            self._numbers.append(array("Q", (both >> 32 for both in ordered)))
            self._holders.append(array("I", (both & 0xFFFFFFFF for both in ordered)))

    def blocks(self) -> Iterator[tuple[int, int, int]]:
        """Yield kind, start and end of each block of two records or more up to the largest cap."""
        return (block for block in self._blocks() if block[2] - block[1] <= CAPS[0])

    def _blocks(self) -> Iterator[tuple[int, int, int]]:
        for kind, numbers in enumerate(self._numbers):
            start = 0
            for end in range(1, len(numbers) + 1):
                if end == len(numbers) or numbers[end] != numbers[start]:
                    if end - start > 1:
                        yield kind, start, end
                    start = end

    def caps(self, *, linking: bool) -> list[int]:
        """Return by kind the largest cap under which the pairs stay within their bounds."""
        loose, others = [0] * (CAPS[0] + 1), [0] * (CAPS[0] + 1)
        for kind, start, end in self.blocks():
            size = end - start
            by_size = loose if kind in LOOSE else others
            by_size[size] += size * size // 4 if linking else size * (size - 1) // 2
        of_loose = _cap(loose, LOOSE_PAIRS)
        of_others = _cap(others, PAIRS_PER_RECORD * len(self._records) + SPARE_PAIRS)
        return [of_loose if kind in LOOSE else of_others for kind in range(KINDS)]

    def candidates(self, *, linking: bool) -> Iterator[tuple[int, list[int]]]:
        """Yield each record with those after it that it shares a key with, in order (of the other side, if linking)."""
        caps = self.caps(linking=linking)
        of_record: list[array[int]] = [array("Q") for _ in self._records]
        crowds: dict[int, tuple[int, int, int]] = {}
        for kind, start, end in self._blocks():
            if end - start <= caps[kind]:
                packed = (kind << 48) | (start << 8) | (end - start)
                for place in self._holders[kind][start:end]:
                    of_record[place].append(packed)
            else:
                for place in self._holders[kind][start:end]:
                    crowds[place] = min(crowds.get(place, (end - start, kind, start)), (end - start, kind, start))
        self.crowded = frozenset(place for place in crowds if not of_record[place])
        for place, spans in enumerate(of_record):
            found: set[int] = set()
            for packed in spans:
                start = (packed >> 8) & 0xFFFFFFFFFF
                found.update(self._holders[packed >> 48][start : start + (packed & 0xFF)])
            of_record[place] = array("Q")
            if place in self.crowded:
                found = self._next_to(place, *crowds[place])
            side = self._records[place].side
            later = (other for other in found if other > place)
            yield place, sorted(other for other in later if not linking or self._records[other].side != side)

    def _next_to(self, place: int, size: int, kind: int, start: int) -> set[int]:
        after = bisect_right(self._holders[kind], place, start, start + size)
        return set(self._holders[kind][after : min(after + NEIGHBOURS, start + size)])

    def sharing(self, record: Record, cap: int) -> list[int]:
        """Return the records that share a key with a new one, in order."""
        found: set[int] = set()
        for kind, number in keys(record, self.symbols):
            numbers = self._numbers[kind]
            start = bisect_left(numbers, number)
            end = bisect_right(numbers, number, start)
            if start < end <= start + cap:
                found.update(self._holders[kind][start:end])
        return sorted(found)


def _cap(by_size: Sequence[int], bound: int) -> int:
    """Return the largest cap under which there are no more pairs than a bound. `by_size`: pairs by the size of their block."""
    return next((cap for cap in CAPS if sum(by_size[: cap + 1]) <= bound), CAPS[-1])
