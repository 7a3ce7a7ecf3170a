"""What the hub sees re-identifies nobody by its frequency (reference/matching.md §4.2).

The attacker has an independent sample of the same people's names, birth dates and addresses, ranks its values by how
frequent they are, ranks the hub's tokens of a family likewise, and takes the two ranks for each other.
"""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from casebus.matching.families import FAMILIES
from casebus.matching.normal import everyday
from casebus.matching.normal.composites import (
    Composite,
    born_in_house,
    house_of,
    housed,
    named,
    named_and_born,
    named_in_house,
)
from casebus.matching.normal.text import DropReason

PEOPLE = 12_000
RE_IDENTIFIED_AT_MOST = 0.001
SYLLABLES = [
    "bar",
    "cor",
    "dan",
    "el",
    "fen",
    "gra",
    "hol",
    "ist",
    "jor",
    "kel",
    "lin",
    "mor",
    "nes",
    "or",
    "pel",
    "ros",
]
STREETS = [f"{one}{two}" for one in SYLLABLES for two in ("ton", "wick", "ford", "dale", "mere")]

Person = tuple[str, str, str, str, str]
"""Given name, surname, date of birth, street line, post code."""


def population(seed: int) -> list[Person]:
    """Return a sample of one country: the commonest names as common as they are, behind them a long tail."""
    rng = random.Random(seed)
    given = [*sorted(everyday._GIVEN), *(a + b for a in SYLLABLES for b in ("a", "o", "ine", "ert", "ia", "us"))]
    surnames = [
        *sorted(everyday._SURNAMES),
        *(a + b + c for a in SYLLABLES for b in SYLLABLES for c in ("s", "er", "by")),
    ]
    given_odds = [1 / (rank + 8) for rank in range(len(given))]
    surname_odds = [1 / (rank + 25) for rank in range(len(surnames))]
    towns = [f"{1000 + number}" for number in range(300)]
    town_odds = [1 / (rank + 3) for rank in range(len(towns))]
    return [
        (
            rng.choices(given, given_odds)[0],
            rng.choices(surnames, surname_odds)[0],
            (date(1945, 1, 2) + timedelta(days=rng.randrange(22_000))).isoformat(),
            f"{rng.randrange(1, 200)} {rng.choice(STREETS)} road",
            rng.choices(towns, town_odds)[0],
        )
        for _ in range(PEOPLE)
    ]


def forms(person: Person) -> Iterator[Composite]:
    given, surname, born, address, postcode = person
    name, house = f"{given} {surname}", house_of(address, postcode, None)
    for found in (
        named(name),
        named_and_born(name, born),
        named_in_house(name, house),
        born_in_house(born, house),
        housed(house),
    ):
        if not isinstance(found, DropReason):
            yield from found


def by_family(people: list[Person]) -> dict[str, list[set[tuple[str, ...]]]]:
    """Return for each family the values that each person has."""
    found: dict[str, list[set[tuple[str, ...]]]] = {}
    for number, person in enumerate(people):
        for family, parts in forms(person):
            if family not in found:
                found[family] = [set() for _ in people]
            found[family][number].add(parts)
    return found


def re_identified(seen: list[set[tuple[str, ...]]], sample: list[set[tuple[str, ...]]]) -> float:
    """Return the share of records of which a value is told by its rank. A rank that several values share tells none."""
    ours, theirs = (Counter(value for each in people for value in each) for people in (seen, sample))
    guesses = dict(zip(ranked(ours), ranked(theirs), strict=False))
    right = {value for value, guess in guesses.items() if value == guess}
    return sum(not each.isdisjoint(right) for each in seen) / len(seen)


def ranked(counts: Counter[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the values whose frequency is theirs alone, the most frequent first; of a tie none can be told."""
    alone = Counter(counts.values())
    return [value for value, count in counts.most_common() if alone[count] == 1]


@pytest.fixture(scope="module")
def samples() -> tuple[dict[str, list[set[tuple[str, ...]]]], dict[str, list[set[tuple[str, ...]]]]]:
    return by_family(population(1)), by_family(population(2))


def test_no_family_of_a_persons_attributes_re_identifies_anybody(samples):
    seen, sample = samples
    assert {name for name, family in FAMILIES.items() if family.says and family.to_hub} <= set(seen)
    for family in seen:
        assert re_identified(seen[family], sample[family]) <= RE_IDENTIFIED_AT_MOST, family


def test_a_name_that_goes_alone_is_borne_by_few(samples):
    seen, _ = samples
    for family in ("name", "name_in_handle"):
        most = Counter(value for each in seen[family] for value in each).most_common(1)[0][1]
        assert most <= 6, family  # expected are less than one of 12,000: chance makes some of it


def test_single_attributes_would_re_identify_many_so_that_the_attack_is_a_real_one():
    first, second = population(1), population(2)
    for part in (1, 4):  # surname, post code
        seen, sample = ([{(person[part],)} for person in people] for people in (first, second))
        assert re_identified(seen, sample) > 10 * RE_IDENTIFIED_AT_MOST
