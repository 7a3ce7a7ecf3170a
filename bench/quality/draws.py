"""Drawing names, dates and places as they occur: a few common values and a long tail of rare ones."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Generic, TypeVar

from quality.words import load, street_kinds

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
T = TypeVar("T")


class Common(Generic[T]):
    """Draws from a list whose first values are the commonest: the n-th about 1 / (n + flatness) as common."""

    def __init__(self, values: Sequence[T], flatness: float = 12.0) -> None:
        self._values = values
        self._weights = list(accumulate(1 / (rank + flatness) for rank in range(len(values))))

    def draw(self, rng: random.Random) -> T:
        """Return one value."""
        return rng.choices(self._values, cum_weights=self._weights)[0]


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one population."""

    women: Common[str]
    men: Common[str]
    surnames: Common[str]

    def given(self, rng: random.Random, sex: str) -> str:
        """Return a given name of the sex, "f" or "m"."""
        return (self.women if sex == "f" else self.men).draw(rng)


def _tail(rng: random.Random, beginnings: Sequence[str], endings: Sequence[str]) -> list[str]:
    made = [begin + end for begin in beginnings for end in endings]
    rng.shuffle(made)
    return made


def english_names(rng: random.Random) -> Names:
    """Return names of which the common ones make about half, and about 1,500 rare surnames the rest."""
    return _names(rng, "english", 40.0)


def german_names(rng: random.Random) -> Names:
    """Return German names; few surnames are borne by many."""
    return _names(rng, "german", 8.0)


def _names(rng: random.Random, language: str, flatness: float) -> Names:
    words = load(language)
    surnames = [*words["surnames"], *_tail(rng, words["surname_beginnings"], words["surname_endings"])]
    women, men = (list(dict.fromkeys(words[key])) for key in ("women", "men"))
    return Names(Common(women), Common(men), Common(list(dict.fromkeys(surnames)), flatness))


def towns(rng: random.Random) -> list[str]:
    """Return some four hundred names of towns."""
    return _tail(rng, load("english")["town_beginnings"], load("english")["town_endings"])


@dataclass(frozen=True, slots=True)
class Street:
    """A street, its kind long and short ("Street", "St")."""

    name: str
    kind: str
    short: str


def streets(rng: random.Random) -> list[Street]:
    """Return some thousand streets."""
    named = [Street(name, *kinds) for name in load("english")["streets"] for kinds in street_kinds()]
    return rng.sample(named, k=700)


def birth_date(rng: random.Random, first: int, last: int) -> date:
    """Return a day in the years from `first` to `last`, both included."""
    return date(first, 1, 1) + timedelta(days=rng.randrange(int((last - first + 1) * 365.25)))


def british_postcode(rng: random.Random) -> str:
    """Return a postcode such as "TQ13 8DF"."""
    area = rng.choice(load("english")["postcode_areas"])
    inward = "".join(rng.choices("ABDEFGHJLNPQRSTUWXYZ", k=2))
    return f"{area}{rng.randrange(1, 28)} {rng.randrange(10)}{inward}"


@dataclass(frozen=True, slots=True)
class Spelling:
    """A name as written at home, and as clerks and passports romanise it."""

    native: str
    romanised: tuple[str, ...]


def _spellings(text: str) -> list[Spelling]:
    return [
        Spelling(native, tuple(latin.split(","))) for native, _, latin in (each.partition(":") for each in text.split())
    ]


@dataclass(frozen=True, slots=True)
class Script:
    """Names of one script; `surname_first` where the surname leads in native writing."""

    given: Common[Spelling]
    surnames: Common[Spelling]
    country: str
    surname_first: bool


def scripts() -> list[Script]:
    """Return the scripts other than Latin."""
    return [
        Script(
            Common(_spellings(each["given"])),
            Common(_spellings(each["surnames"]), 30.0),
            each["country"],
            each["surname_first"],
        )
        for each in load("scripts")["scripts"]
    ]
