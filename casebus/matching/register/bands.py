"""From which weight on a pair is an alert: such that of all alerts of a register at most one in a hundred is wrong.

How many pairs of two people reach a weight is estimated twice, and the lower number counts:

- by the weights themselves, of which only a part is believed: they take fields as independent and estimates as known;
- by what lies below: pairs of two people become fewer from one step of weight to the next, and go on doing so.

The first is what holds in a register of namesakes and households, the second in one where hardly anything lies between pairs
that agree and pairs that do not. Of the factors tried (.4 to 1 by tenths and .45) and shares (.005, .0075, .01) those were
taken with which, in every kind of set of `bench/quality` made with the seed 2, at least 99 in 100 alerts were right: the boldest
for registers in which people are easily told apart, one step below it (.5) for the others. docs/matching.md has the procedure.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from math import exp, inf, nextafter

TRUST, TRUST_CROWDED = 0.9, 0.45
"""The second: in a register of reports, some of which are made up, or of households, whose number is itself an estimate."""
WRONG = 0.005
"""The share of wrong alerts that is aimed at, half of what is promised: the estimates have errors of their own."""
LEAST = 0.0
"""No pair that is likelier two people than one is an alert, however good the others are."""
NONE = 1000.0
"""Where there is no alert."""
STEP = 2
STEPS_BELOW = 3


class Strangers:
    """How many pairs of two people there are at each step of weight, by those below an even chance."""

    def __init__(self, edges: Collection[float]) -> None:
        below = [0.0] * STEPS_BELOW
        self._there: Counter[int] = Counter()
        for weight in edges:
            step = int(weight // STEP)
            if step >= 0:
                self._there[step] += 1
            elif step >= -STEPS_BELOW:
                below[step] += 1 / (1 + exp(weight))
        # One more than was seen: that nothing lies just below is no proof that nobody is there.
        self._last = below[-1] + 1.0
        self._ratio = min(1.0, (sum(below[1:]) + 1) / (sum(below[:-1]) + 1))

    def share(self, weight: float) -> float:
        """Return the share of them among all pairs at the step of a weight above an even chance; it may be above 1."""
        step = int(weight // STEP)
        return self._last * self._ratio ** (step + 1) / max(1, self._there[step])


def alert_above(strangers: Iterable[float], expected: float) -> float:
    """Return the lowest weight of an alert above which there are hardly any strangers: so few to so many expected alerts.

    For new records in a register whose own pairs say nothing of what is sure. `strangers`: the weights of those of its
    pairs that are taken for two people. New records come as close to its records as these do to each other.
    """
    few = int(WRONG * expected)
    highest = sorted(strangers, reverse=True)[: few + 1]
    return nextafter(highest[-1], inf) if len(highest) > few else LEAST


def alert_from(weights: Collection[float], edges: Collection[float], *, crowded: bool) -> float:
    """Return the lowest weight of an alert. `weights`: of all pairs that may be one; `edges`: of all pairs compared."""
    strangers, trust = Strangers(edges), TRUST_CROWDED if crowded else TRUST
    expected, threshold = 0.0, NONE
    for count, weight in enumerate(sorted(weights, reverse=True), 1):
        if weight < LEAST:
            break
        expected += min(1 / (1 + exp(min(trust * weight, 700.0))), strangers.share(weight))
        if expected <= WRONG * count:
            threshold = weight
    return threshold
