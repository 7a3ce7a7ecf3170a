"""Fit the model to a register's own pairs, without labels: expectation-maximisation from the priors.

How often strangers agree is counted: exactly for exact levels (from how many records hold each value), in a sample of pairs
for the others. How often two records of one person agree starts at the priors and moves with the pairs that look like one
person. An exact level is split into buckets by how many pairs share the value; the share of one person's among them is
estimated only from pairs about which the other fields have an opinion.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log, sqrt

from casebus.matching.register.fields import FIELDS, INDEX
from casebus.matching.register.frequencies import (
    WIDTH,
    Frequencies,
    Pattern,
    decoded,
    encoded,
    kinds_of,
)
from casebus.matching.register.levels import ANOTHER_NAME
from casebus.matching.register.model import (
    DIFFERING,
    GIVEN_AGREES,
    GIVEN_SWAPPED,
    SIZE,
    Model,
    log_sum,
    logit,
    places_of,
)
from casebus.matching.register.priors import (
    BOUNDS,
    BUCKET_STRENGTH,
    EXCLUSIVE,
    HOUSEHOLD,
    IN_HOUSEHOLDS,
    LEAST_HOUSEHOLDS,
    LEAST_SAME_DAY,
    MATCH,
    NAMESAKES,
    RELIABILITY,
    RELIABILITY_STRENGTH,
    TWINS,
)
from casebus.matching.register.record import Record
from casebus.matching.register.shares import bound, by_level, move, priors, slip
from casebus.matching.register.strangers import Levels, strangers

ROUNDS = 25
SETTLED = 1e-3
"""Rounds end when the number of matches moves by less than this share."""
EXPECTED_MATCHES = 0.3
"""The first guess: so many matches per record."""
ONE_MORE = 3
"""A new record can move a pair up so many buckets, less one."""
FEW = 30
"""Of fewer pairs with dates of birth, or of one household, nothing is concluded."""
MANY = 0.5
"""Pairs of one household for each pair of one person, above which a register is one of households."""
OPINION = 1.5
"""Other fields have an opinion about a pair when their log-odds, without this field, are further from 0 than this."""
SURE = 0.6
"""How often one person's records contradict each other is learned from pairs that are likelier one person's than this."""
OUT_OF_REACH = 1e-5
"""Patterns less probable than this under the first reading are not counted again."""

Tick = Callable[[int], None]
Bucket = tuple[int, int, int]
"""Field, exact level, bucket."""

_BORN, _GIVEN, _MIDDLE, _SURNAME = INDEX["born"], INDEX["given"], INDEX["middle"], INDEX["surname"]
_NATIONAL = INDEX["national"]
CONTRADICTING = frozenset(n * WIDTH + code for n in (_GIVEN, _BORN) for code in DIFFERING[n])
"""Where the tables have the codes of another given name or birth."""
SWAPPED = frozenset(n * WIDTH + code for n in (_GIVEN, _SURNAME) for code in range(encoded(n, 6, 0), WIDTH))
"""Where they have those of names that changed places."""
SLIPS = ((_BORN, 7, (4, 5, 6)), (_GIVEN, 5, (3, 4)))
"""What twins or namesakes share, and the levels at which a slip makes it differ."""


@dataclass(slots=True)
class _Counts:
    """What one round expects."""

    matches: float = 0.0
    households: float = 0.0
    match: list[float] = field(default_factory=lambda: [0.0] * SIZE)
    household: list[float] = field(default_factory=lambda: [0.0] * SIZE)
    opinion: dict[Bucket, float] = field(default_factory=lambda: defaultdict(float))
    same_given: float = 0.0
    no_opinion: dict[Bucket, float] = field(default_factory=lambda: defaultdict(float))
    kinds: dict[tuple[int, int, bool], float] = field(default_factory=lambda: defaultdict(float))


@dataclass(frozen=True, slots=True)
class Active:
    """A pattern that may be one person's: where in the tables its codes stand, and what is counted for it apart.

    `exact`: the buckets that it is in, each with the codes that are no second opinion on it: its own, and where given name
    and surname changed places the other one's, for they did so together.
    """

    pattern: Pattern
    count: int
    places: tuple[int, ...]
    exact: tuple[tuple[tuple[int, ...], Bucket], ...]
    kinds: tuple[tuple[int, int, bool], ...]
    same_given: bool


def _active(pattern: Pattern, count: int) -> Active:
    places = places_of(pattern)
    swapped = tuple(place for place in places if place in SWAPPED)
    exact = tuple(
        (swapped if place in SWAPPED else (place,), (number, found[0], found[1]))
        for place in places
        if (found := decoded(number := place // WIDTH, place % WIDTH)) and found[1] is not None
    )
    kinds = tuple((n, kinds_of(pattern), pattern[n] in differing) for n, differing in DIFFERING.items() if pattern[n])
    same_given = bool(pattern[_MIDDLE]) and GIVEN_AGREES <= pattern[_GIVEN] < GIVEN_SWAPPED
    return Active(pattern, count, places, exact, kinds, same_given)


class Calibration:
    """A model on its way. `matches` is how many pairs it expects to be one person, `first` the model of the priors alone."""

    def __init__(self, records: Sequence[Record], frequencies: Frequencies) -> None:
        self._frequencies = frequencies
        self._strangers = strangers(records, frequencies)
        self.reports = any(record.kind for record in records)
        self._prior = priors(reports=self.reports)
        self._pairs = max(1, frequencies.pairs)
        self._expected = max(len(records) * EXPECTED_MATCHES, 1.0)
        self._anchored = False
        self._start()
        self.first = self._model()

    def _start(self) -> None:
        """Put everything that moves to where it starts."""
        self._match: Levels = {number: dict(levels) for number, levels in self._prior.items()}
        self._household_prior = self._of_households()
        self._household: Levels = {number: dict(levels) for number, levels in self._household_prior.items()}
        self._rate = self._household_rate = min(0.5, self._expected / self._pairs)
        self._among_same_given = self._rate_among_same_given(
            self._rate * MATCH["given"][5] * self._frequencies.possible[_MIDDLE, 2]
        )
        self._first = {key: self._guess(*key) for key in self._buckets()}
        self._shares = dict(self._first)
        self._reliability: dict[tuple[int, int], tuple[float, float]] = {}
        self.matches = self._same_days_of = 0.0

    def _of_households(self) -> Levels:
        """Return the priors of two people of one household: by given name and birth strangers, but for twins and namesakes."""
        out: Levels = {INDEX[name]: dict(levels) for name, levels in HOUSEHOLD.items()}
        for number, level, share in ((_BORN, 7, TWINS), (_GIVEN, 5, NAMESAKES)):
            out[number] = {**self._strangers[number], level: max(share, self._strangers[number][level])}
        del out[_GIVEN][ANOTHER_NAME]
        return out

    def _buckets(self) -> list[Bucket]:
        """Return every bucket that a pair can be in, also with a record that is not among those counted."""
        agreeing = self._frequencies.agreeing
        return [(*key, held) for key, counts in agreeing.items() for held in range(max(counts, default=0) + ONE_MORE)]

    def _rate_among_same_given(self, matches: float) -> float:
        """Return the share of one person's among pairs that have the given name in common and both a middle name."""
        return min(0.95, (matches + 0.5) / (self._frequencies.possible[_MIDDLE, 3] + 1.0))

    def _base(self, number: int, level: int) -> float:
        """Return the share of one person's among all pairs that could be at an exact level."""
        return self._among_same_given if (number, level) == (_MIDDLE, 3) else self._rate

    def _guess(self, number: int, level: int, held: int) -> float:
        """Return the share of one person's pairs in a bucket before any was seen: by the value's frequency alone."""
        holders = (1 + sqrt(1 + 8 * 2**held)) / 2
        by_chance = holders / sqrt(2 * self._frequencies.possible[number, level])
        one = self._base(number, level) * self._match[number].get(level, 0.3)
        known = EXCLUSIVE.get((FIELDS[number].name, level), 0.0)
        odds = known / (1 - known) * 2 / holders
        return max(one / (one + by_chance), odds / (1 + odds))

    def run(self, patterns: Mapping[Pattern, int], tick: Tick | None = None) -> Model:
        """Return the model after the last round."""
        self.first = model = self._model()
        active = self._within_reach(model, patterns)
        model = self._rounds(model, active, tick)
        if self._strayed():
            self._start()
            self._anchored = True
            model = self._rounds(self.first, active, tick)
        return model

    @property
    def other_name(self) -> float:
        """Return how often two records of one person have another given name."""
        return sum(self._match[_GIVEN][level] for level in RELIABILITY["given"])

    @property
    def other_national(self) -> float:
        """Return how often two records of one person have two national ids."""
        return self._match[_NATIONAL][0]

    @property
    def households(self) -> float:
        """Return how many pairs of one household there are for each pair of one person."""
        return self._household_rate / self._rate

    @property
    def is_of_households(self) -> bool:
        """Tell whether pairs of one household are many, and seen: the estimate begins with one that nobody saw."""
        return self.households > MANY and self._household_rate * self._pairs > FEW

    def _strayed(self) -> bool:
        """Tell whether the model has come to describe namesakes or a household: a register may have no duplicates at all."""
        return self._same_days_of > FEW and self._match[_BORN][7] < LEAST_SAME_DAY

    def _rounds(self, model: Model, active: list[Active], tick: Tick | None) -> Model:
        for _ in range(ROUNDS):
            before = self.matches
            self._update(self._expect(model, active))
            model = self._model()
            if tick:
                tick(1)
            if abs(self.matches - before) <= SETTLED * max(self.matches, 1.0):
                break
        return model

    def _within_reach(self, model: Model, patterns: Mapping[Pattern, int]) -> list[Active]:
        """Return the patterns that may be a match or a household: strangers are counted elsewhere."""
        limit = log(OUT_OF_REACH)
        kept = []
        for pattern, count in patterns.items():
            one, house, none = model.parts(pattern)
            if max(one, house) - none > limit:
                kept.append(_active(pattern, count))
        return kept

    def _expect(self, model: Model, patterns: list[Active]) -> _Counts:
        counts = _Counts()
        log_rate = log(self._rate)
        for active in patterns:
            one, house, none = model.parts_of(active.pattern, active.places)
            other = log_sum(house, none)
            total = log_sum(one, other)
            match, household = active.count * exp(one - total), active.count * exp(house - total)
            counts.matches += match
            counts.households += household
            self._spread(counts, model, active, (match, household, one - other - log_rate))
        return counts

    def _spread(self, counts: _Counts, model: Model, active: Active, expected: tuple[float, float, float]) -> None:
        """Add a pattern's expected matches and households to each of its fields' codes."""
        match, household, evidence = expected
        if active.same_given:
            counts.same_given += match
        of_match, of_household = counts.match, counts.household
        unsure = match < SURE * active.count
        for place in active.places:
            if not (unsure and place in CONTRADICTING):
                of_match[place] += match
            of_household[place] += household
        for own, key in active.exact:
            if abs(evidence - sum(model.match[place] - model.strangers[place] for place in own)) > OPINION:
                counts.opinion[key] += match
            else:
                counts.no_opinion[key] += active.count
        for differing in active.kinds:
            counts.kinds[differing] += match

    def _update(self, counts: _Counts) -> None:
        self.matches = counts.matches
        self._rate = min(0.5, (counts.matches + 1) / self._pairs)
        self._among_same_given = self._rate_among_same_given(counts.same_given)
        self._household_rate = max(LEAST_HOUSEHOLDS * self._rate, min(0.5, (counts.households + 1) / self._pairs))
        for number, levels in self._match.items():
            found = by_level(number, counts.match)
            if number == _BORN:
                self._same_days_of = sum(found.values())
            if not self._anchored:
                move(levels, self._prior[number], found)
        for number, levels in self._household.items():
            found = by_level(number, counts.household)
            if number == _GIVEN:  # in a household another given name is simply a different one
                found[0] = found.get(0, 0.0) + found.pop(ANOTHER_NAME, 0.0)
            move(levels, self._household_prior[number], found)
        for name, far, most in BOUNDS:
            bound(self._match[INDEX[name]], far, most)
        for name, near, most in IN_HOUSEHOLDS:
            bound(self._household[INDEX[name]], near, most)
        for number, same, slips in SLIPS:
            slip(self._household[number], self._match[number], same, slips)
        if self.reports:
            self._update_reliability(counts)
        if self._anchored:
            self._shares = {key: self._guess(*key) for key in self._shares}
            return
        for key, first in self._first.items():
            number, level, held = key
            pairs = self._frequencies.agreeing[number, level][held]
            seen = max(pairs - counts.no_opinion[key], counts.opinion[key])
            share = (counts.opinion[key] + BUCKET_STRENGTH * first) / (seen + BUCKET_STRENGTH)
            self._shares[key] = min(max(share, 1e-9), 0.995)

    def _update_reliability(self, counts: _Counts) -> None:
        self._reliability = {}
        for place, kinds in sorted({(place, kinds) for place, kinds, _ in counts.kinds}):
            differs, rest = counts.kinds[place, kinds, True], counts.kinds[place, kinds, False]
            usual = sum(self._match[place][level] for level in RELIABILITY[FIELDS[place].name])
            here = (differs + RELIABILITY_STRENGTH * usual) / (differs + rest + RELIABILITY_STRENGTH)
            self._reliability[place, kinds] = (log(here / usual), log((1 - here) / (1 - usual)))

    def _model(self) -> Model:
        """Return the tables for the present estimates."""
        model = Model([0.0] * SIZE, [0.0] * SIZE, [0.0] * SIZE, log(self._rate), log(self._household_rate))
        model.reliability = self._reliability
        for number in range(len(FIELDS)):
            for level in self._match[number]:
                strangers = log(max(self._strangers[number][level], 1e-7))
                self._set(model, (number, level, None), log(max(self._match[number][level], 1e-5)), strangers)
        for key, share in self._shares.items():
            number, level, held = key
            agreeing = self._frequencies.agreeing[number, level][held] or 2**held
            strangers = log(max(agreeing * (1 - share), 0.5) / self._frequencies.possible[number, level])
            self._set(model, key, strangers + logit(share) - log(self._base(number, level)), strangers)
        return model

    def _set(self, model: Model, key: tuple[int, int, int | None], match: float, strangers: float) -> None:
        number, level, held = key
        place = number * WIDTH + encoded(number, level, held)
        model.match[place], model.strangers[place] = match, strangers
        if number == _GIVEN and level == ANOTHER_NAME:
            model.household[place] = log(self._household[_GIVEN][0] * self._household[_SURNAME][0])
        elif number in self._household:
            house = log(max(self._household[number][level], 1e-5))
            shift = 0.0 if held is None else match - log(max(self._match[number][level], 1e-5))
            model.household[place] = house + shift
        else:
            model.household[place] = strangers
