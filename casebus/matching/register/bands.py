"""From which weight on a pair is an alert: such that of all alerts of a register at most one in a hundred is wrong.

A weight is sure of itself: it takes the fields as independent and its own estimates as known. How much surer than it should be
was measured on sets of `bench/quality` made with the seeds 2 and 3 (no public set, no seed that is reported): `TRUST` is the
largest factor on the log-odds, in steps of a twentieth, under which in no kind of set more alerts were wrong than were expected.
"""

from collections.abc import Iterable
from math import exp

TRUST = 0.6
WRONG = 0.005
"""The share of wrong alerts that is aimed at, half of what is promised: the estimate has its own error."""
LEAST = 3.0
"""No pair below this weight is an alert, however good the others are."""
NONE = 1000.0


def alert_from(weights: Iterable[float]) -> float:
    """Return the lowest weight of an alert among the weights of all pairs that may be one."""
    expected, threshold = 0.0, NONE
    for count, weight in enumerate(sorted(weights, reverse=True), 1):
        expected += 1 / (1 + exp(min(TRUST * weight, 700.0)))
        if weight < LEAST:
            break
        if expected <= WRONG * count:
            threshold = weight
    return threshold
