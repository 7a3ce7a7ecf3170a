"""Addresses and post codes in a light normal form: house numbers, the street's words, the code without spaces."""

import re
from dataclasses import dataclass

from casebus.matching.register.names import latin

MAX_LENGTH = 400
_FULL = {
    "st": "street", "str": "street", "rd": "road", "ave": "avenue", "av": "avenue", "dr": "drive", "drv": "drive", "pl": "place",
    "ct": "court", "crt": "court", "cres": "crescent", "cr": "crescent", "cct": "circuit", "ln": "lane", "blvd": "boulevard",
    "bd": "boulevard", "n": "north", "s": "south", "e": "east", "w": "west", "mtn": "mountain", "hwy": "highway",
    "pde": "parade", "pkwy": "parkway", "tce": "terrace", "ter": "terrace", "sq": "square", "gdns": "gardens", "gr": "grove",
    "grv": "grove", "cl": "close", "mt": "mount", "hts": "heights", "rte": "route", "cir": "circle", "trl": "trail", "ste": "suite",
}  # fmt: skip
_UNIT = frozenset(["flat", "unit", "apartment", "apt", "suite", "room", "lot", "no", "nr", "level"])
_UK_CODE = re.compile(r" ([a-z]{1,2}\d[a-z\d]?) ?(\d[a-z]{2})$")


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody lives, as far as it is written."""

    numbers: tuple[str, ...]
    street: str
    postcode: str
    suburb: str
    city: str
    region: str


NO_PLACE = Place((), "", "", "", "", "")


def place(address: str, postcode: str, suburb: str, city: str, region: str) -> Place:
    """Return the parts of an address; a post code at its end is taken out if there is none of its own."""
    written = latin(address, MAX_LENGTH)
    code = latin(postcode).replace(" ", "")
    if not code and (found := _UK_CODE.search(written)):
        code, written = found[1] + found[2], written[: found.start()]
    words = [_FULL.get(word, word) for word in written.split()]
    if not code and len(words) > 2 and words[-1].isdigit() and len(words[-1]) >= 4:
        code = words.pop()
    numbers = tuple(word for word in words if word[0].isdigit())
    street = [_compound(word) for word in words if not word[0].isdigit() and word not in _UNIT]
    return Place(numbers, " ".join(street), code, latin(suburb), latin(city), latin(region))


def _compound(word: str) -> str:
    """Return a German or Dutch street's name with its kind written out: `hauptstr` is `hauptstrasse`."""
    return word + "asse" if len(word) > 5 and word.endswith("str") else word
