"""What goes wrong between a person and a row: slips of the finger, of the ear, of the eye, of the calendar."""

import random
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, timedelta

from quality.evaluation_set import Row

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890")
HEARD = (("ph", "f"), ("ck", "k"), ("c", "k"), ("ie", "y"), ("y", "ie"), ("ee", "ea"), ("th", "t"), ("sh", "sch"), ("v", "w"), ("z", "s"),
         ("ll", "l"), ("nn", "n"), ("tt", "t"), ("l", "ll"), ("n", "nn"), ("ei", "ie"), ("ai", "ay"), ("ou", "u"), ("e", "a"))  # fmt: skip
SEEN = (("rn", "m"), ("m", "rn"), ("l", "1"), ("o", "0"), ("cl", "d"), ("vv", "w"), ("i", "l"), ("u", "v"), ("h", "b"))


def _neighbour(rng: random.Random, letter: str) -> str:
    for row in ROWS:
        at = row.find(letter.lower())
        if at >= 0:
            near = row[max(0, at - 1) : at] + row[at + 1 : at + 2]
            return rng.choice(near)
    return rng.choice("aeinrst")


def typing(rng: random.Random, text: str) -> str:
    """Return the text with one slip of the finger: a letter lost, added, doubled, hit beside, or two swapped."""
    if not text:
        return text
    at, kind = rng.randrange(len(text)), rng.random()
    if kind < 0.25 and len(text) > 2:
        return text[:at] + text[at + 1 :]
    if kind < 0.4:
        return text[: at + 1] + _neighbour(rng, text[at]) + text[at + 1 :]
    if kind < 0.5:
        return text[: at + 1] + text[at] + text[at + 1 :]
    if kind < 0.8 or len(text) < 2:
        return text[:at] + _neighbour(rng, text[at]) + text[at + 1 :]
    at = min(at, len(text) - 2)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _replaced(rng: random.Random, text: str, table: Iterable[tuple[str, str]]) -> str:
    fitting = [(old, new) for old, new in table if old in text.lower()[1:]]
    if not fitting:
        return typing(rng, text)
    old, new = rng.choice(fitting)
    at = text.lower().index(old, 1)
    return text[:at] + new + text[at + len(old) :]


def hearing(rng: random.Random, text: str) -> str:
    """Return the text as someone else would write down what was said."""
    return _replaced(rng, text, HEARD)


def reading(rng: random.Random, text: str) -> str:
    """Return the text as a scanner would read it."""
    return _replaced(rng, text, SEEN)


def slip(rng: random.Random, text: str) -> str:
    """Return the text with one slip, most often of the finger."""
    return rng.choices((typing, hearing, reading), (6, 3, 1))[0](rng, text)


def maybe(rng: random.Random, chance: float, text: str) -> str:
    """Return the text with a slip at the given chance, and with a second one at its square."""
    if rng.random() >= chance:
        return text
    text = slip(rng, text)
    return slip(rng, text) if rng.random() < chance else text


def digits(rng: random.Random, text: str) -> str:
    """Return the text with one of its digits wrong, or two neighbours swapped."""
    places = [at for at, each in enumerate(text) if each.isdigit()]
    if not places:
        return text
    at = rng.choice(places)
    if rng.random() < 0.3 and at + 1 in places:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + str(rng.randrange(10)) + text[at + 1 :]


def wrong_day(rng: random.Random, day: date) -> date:
    """Return the date as mistaken: day and month swapped, a digit wrong, a neighbouring year, a neighbouring day."""
    kind = rng.random()
    with suppress(ValueError):
        if kind < 0.25:
            return day.replace(month=day.day, day=day.month)
        if kind < 0.5:
            return day.replace(day=rng.randrange(1, 29))
        if kind < 0.6:
            return day.replace(month=rng.randrange(1, 13))
        if kind < 0.85:
            return day.replace(year=day.year + rng.choice((-10, -1, -1, 1, 1, 10)))
    return day + timedelta(days=rng.choice((-1, 1, 2, 30)))


def blank(rng: random.Random, row: Row, chances: dict[str, float]) -> Row:
    """Return the row with each column emptied at its own chance."""
    return {column: "" if rng.random() < chances.get(column, 0.0) else value for column, value in row.items()}
