"""What a pair's levels are worth, as log-odds that both records are one person.

Three classes of pairs are told apart: one person, two people of one household, strangers. A pair's weight is the log-odds of
the first against the other two together, so that what a household shares cannot make one person of it.
"""

from dataclasses import dataclass, field
from math import exp, inf, log, log1p

from casebus.matching.register.fields import FIELDS, INDEX
from casebus.matching.register.frequencies import WIDTH, Pattern, encoded, kinds_of
from casebus.matching.register.priors import RELIABILITY

Parts = tuple[float, float, float]
"""Log-probability, with its prior, of a pair under: one person, one household, strangers."""

MAX_KNOWN = 500_000
"""So many weights are remembered at most: a register that is asked for years stays within its memory."""
SIZE = len(FIELDS) * WIDTH
DIFFERING = {
    INDEX[name]: frozenset(encoded(INDEX[name], level, None) for level in levels)
    for name, levels in RELIABILITY.items()
}
"""The codes at which the fields of `RELIABILITY` differ."""

_GIVEN, _BORN = INDEX["given"], INDEX["born"]
GIVEN_AGREES, GIVEN_SWAPPED = encoded(_GIVEN, 5, 0), encoded(_GIVEN, 6, 0)
SAME_DAY = frozenset([encoded(_BORN, 5, None), encoded(_BORN, 6, None), *range(encoded(_BORN, 7, 0), WIDTH)])
"""The codes of one day of birth, or of one with a slip."""
BOTH = log(0.02)
"""Of two people of one household who share the given name or the day of birth hardly any share both."""


@dataclass(slots=True)
class Model:
    """Tables of logarithms, indexed by field and code. `reliability`: (field, kinds) -> (differs, does not)."""

    match: list[float]
    household: list[float]
    strangers: list[float]
    prior: float
    household_prior: float
    reliability: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)
    _weights: dict[Pattern, float] = field(default_factory=dict)

    def parts(self, pattern: Pattern) -> Parts:
        """Return the log-probabilities of a pattern."""
        return self.parts_of(pattern, places_of(pattern))

    def parts_of(self, pattern: Pattern, places: tuple[int, ...]) -> Parts:
        """Return the log-probabilities of a pattern of which it is known where its codes stand in the tables."""
        one = sum(map(self.match.__getitem__, places), self.prior)
        house = sum(map(self.household.__getitem__, places), self.household_prior)
        none = sum(map(self.strangers.__getitem__, places), 0.0)
        if pattern[_BORN] in SAME_DAY and GIVEN_AGREES <= pattern[_GIVEN] < GIVEN_SWAPPED:
            house += BOTH
        if self.reliability:
            one += self._shift(pattern)
        return one, house, none

    def _shift(self, pattern: Pattern) -> float:
        """Return what the kinds of the two reports change: some make up names and dates of birth."""
        shift = 0.0
        for number, differing in DIFFERING.items():
            code = pattern[number]
            if code:
                known = self.reliability.get((number, kinds_of(pattern)))
                if known:
                    shift += known[0] if code in differing else known[1]
        return shift

    def weight(self, pattern: Pattern) -> float:
        """Return the log-odds that a pair of this pattern is one person."""
        known = self._weights.get(pattern)
        if known is None:
            if len(self._weights) >= MAX_KNOWN:
                self._weights.clear()
            one, house, none = self.parts(pattern)
            known = self._weights[pattern] = one - log_sum(house, none)
        return known


def places_of(pattern: Pattern) -> tuple[int, ...]:
    """Return where a pattern's codes stand in a model's tables; those of fields that say nothing are left out."""
    return tuple(number * WIDTH + code for number, code in enumerate(pattern[:-1]) if code)


def log_sum(a: float, b: float) -> float:
    """Return log(exp(a) + exp(b))."""
    high, low = (a, b) if a > b else (b, a)
    return high if low == -inf else high + log1p(exp(low - high))


def logit(p: float) -> float:
    """Return the log-odds of a probability."""
    return log(p / (1 - p))
