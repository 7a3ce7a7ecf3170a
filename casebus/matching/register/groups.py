"""From weighted pairs to groups of one person's records: best first, and only where the groups as wholes fit.

Two groups become one if the mean weight of all pairs across them is high enough, so that one coincidence cannot chain two
people together. What comes out does not depend on the order of the records.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

Pair = tuple[int, int]
Weigh = Callable[[int, int], float]

MAX_GROUP = 100
"""More records than this are never made one group."""
MAX_MEAN = 400
"""Of more pairs across two groups the mean is not computed: the strongest decides."""
CLIP = 8.0
NEUTRAL = 1.0


@dataclass(frozen=True, slots=True)
class Rules:
    """What joins groups.

    `single`: the least weight that joins two records; `slack`: how far below it a mean may be; `prior`: log-odds of any pair.
    `sides`: the side of each record; of the sides in `once` a group has one record at most.
    """

    single: float
    slack: float
    prior: float
    sides: Sequence[int] = ()
    once: frozenset[int] = frozenset()


def groups(edges: Mapping[Pair, float], weigh: Weigh, rules: Rules) -> list[list[int]]:
    """Return the groups of two or more, each in order. `weigh` gives the weight of a pair that is not among the edges."""
    home: dict[int, list[int]] = {}
    ranked = sorted(
        (pair for pair, weight in edges.items() if weight > rules.single - rules.slack), key=lambda p: (-edges[p], p)
    )
    refused: set[tuple[int, int, int, int]] = set()
    for first, second in ranked:
        mine, theirs = home.setdefault(first, [first]), home.setdefault(second, [second])
        if mine is theirs or (as_they_are := (mine[0], len(mine), theirs[0], len(theirs))) in refused:
            continue
        if not fit(mine, theirs, edges[first, second], weigh, rules):
            refused.add(as_they_are)
        else:
            mine += theirs
            for member in theirs:
                home[member] = mine
    found = {id(members): members for members in home.values() if len(members) > 1}
    return sorted(sorted(members) for members in found.values())


def fit(mine: list[int], theirs: list[int], weight: float, weigh: Weigh, rules: Rules) -> bool:
    """Tell whether two groups are one person's. `weight`: of the strongest pair across them."""
    across = len(mine) * len(theirs)
    if any(sum(rules.sides[member] == side for member in mine + theirs) > 1 for side in rules.once):
        return False
    if across == 1:
        return weight > rules.single
    if len(mine) + len(theirs) > MAX_GROUP:
        return False
    mean = weight if across > MAX_MEAN else sum(_clipped(weigh(a, b), rules) for a in mine for b in theirs) / across
    return mean >= rules.single - rules.slack * (1 - 1 / across)


def _clipped(weight: float, rules: Rules) -> float:
    """Return a pair's vote on joining two groups: bounded, and none from a pair about which nothing is known."""
    if abs(weight - rules.prior) < NEUTRAL:
        return 0.0
    return max(-CLIP, min(CLIP, weight))


def strengths(members: Iterable[int], weigh: Weigh, prior: float) -> dict[Pair, float]:
    """Return a weight for every pair of a group: that of the weakest link on the best way between the two.

    It is no higher than the pair's own weight, unless the pair itself says next to nothing.
    """
    own = {pair: weigh(*pair) for pair in combinations(sorted(members), 2)}
    out: dict[Pair, float] = {}
    home = {member: [member] for pair in own for member in pair}
    for pair in sorted(own, key=lambda p: (-own[p], p)):
        mine, theirs = home[pair[0]], home[pair[1]]
        if mine is theirs:
            continue
        link = own[pair]
        for a in mine:
            for b in theirs:
                between = (min(a, b), max(a, b))
                out[between] = min(link, _supported(own[between], link, prior))
        mine += theirs
        for member in theirs:
            home[member] = mine
    return out


def third(a: int, b: int, members: Iterable[int], weigh: Weigh) -> int:
    """Return the record of a group of three or more through which two of it are best connected; the first of equals."""
    return max((one for one in members if one not in (a, b)), key=lambda one: (min(weigh(a, one), weigh(one, b)), -one))


def _supported(own: float, link: float, prior: float) -> float:
    return max(own, link - 1.5 if own > prior - 2 else own)
