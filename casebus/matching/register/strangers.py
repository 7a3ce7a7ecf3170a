"""How often strangers agree on each level, from a sample of a register's own pairs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

from casebus.matching.register.fields import FIELDS, INDEX
from casebus.matching.register.frequencies import Frequencies
from casebus.matching.register.levels import ANOTHER_NAME, compare
from casebus.matching.register.priors import MATCH, STRANGERS
from casebus.matching.register.record import Record

SAMPLE = 120_000

UNSEEN = 0.5
"""What a level counts for beyond the pairs of the sample that are at it: that none is there does not say that none can be."""

EXPECTED = 20.0
"""So many pairs is the expectation worth..."""
AT_A_LEVEL = 0.005
"""...which is this share of strangers at each level but the lowest."""

Levels = dict[int, dict[int, float]]
"""The probability of each level, by field."""

_GIVEN, _SURNAME = INDEX["given"], INDEX["surname"]


def strangers(records: Sequence[Record], frequencies: Frequencies) -> Levels:
    """Return how often strangers' levels occur, from a sample of pairs that is the same for the same records."""
    seen: dict[int, Counter[int]] = {number: Counter() for number in range(len(FIELDS))}
    for x, y in _pairs(records, linking=frequencies.linking):
        for number, level in enumerate(compare(x, y)):
            if level is not None:
                seen[number][frequencies.finer(number, level, x, y)] += 1
    out: Levels = {}
    for name, levels in MATCH.items():
        number = INDEX[name]
        total = sum(seen[number].values()) + UNSEEN * len(levels) + EXPECTED
        fixed = STRANGERS.get(name)
        out[number] = fixed or {
            level: (seen[number][level] + UNSEEN + EXPECTED * _expected(level, levels)) / total for level in levels
        }
    _split_names(out, seen)
    return out


def _expected(level: int, levels: Mapping[int, float]) -> float:
    """Return what share of strangers is expected at a level where a register is too small to show it."""
    return AT_A_LEVEL if level else 1 - AT_A_LEVEL * (len(levels) - 1)


def _split_names(out: Levels, seen: Mapping[int, Mapping[int, int]]) -> None:
    """Say how often one name alone differs: where both do, which is one level of the given name, each of them does."""
    both = seen[_GIVEN].get(ANOTHER_NAME, 0)
    out[_GIVEN][0] = min(1.0, out[_GIVEN][0] + out[_GIVEN][ANOTHER_NAME])
    total = sum(seen[_SURNAME].values()) + 1.0
    for level in out[_SURNAME]:
        out[_SURNAME][level] *= total / (total + both)
    out[_SURNAME][0] += both / (total + both)


def _pairs(records: Sequence[Record], *, linking: bool) -> list[tuple[Record, Record]]:
    """Return a bounded sample of pairs, drawn by a linear congruential generator with a fixed start."""
    state, drawn, count = 0x2545F491, [], len(records)
    if count * count < SAMPLE:
        pairs = combinations(records, 2)
        return [(x, y) for x, y in pairs if not (linking and x.side == y.side)]
    for _ in range(SAMPLE):
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        first = (state >> 33) % count
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        second = (state >> 33) % count
        if first != second and not (linking and records[first].side == records[second].side):
            drawn.append((records[first], records[second]))
    return drawn
