"""Names: to Latin letters, into words, to their usual full form, and to how they sound."""

import re
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

from casebus.matching.normal.text import DropReason, clean, stands_for_nothing
from casebus.matching.register.nicknames import FULL_FORMS

MAX_LENGTH = 200
MAX_WORDS = 8
"""Of a longer name the first four and the last four words count."""

_TITLES = (
    "mr mrs ms miss mx dr prof professor sir dame lord lady rev reverend fr father hon baron baroness count countess earl "
    "duke duchess viscount captain capt col colonel major maj gen general lt lieutenant sgt herr frau dipl ing mme mlle "
    "monsieur madame sr sra srta don dona senor senora signor signora dott"
)
TITLES = frozenset(_TITLES.split())
GENERATIONS = {
    "jr": "2",
    "junior": "2",
    "jnr": "2",
    "ii": "2",
    "snr": "1",
    "senior": "1",
    "sr": "1",
    "iii": "3",
    "iv": "4",
}
_APOSTROPHES = re.compile(r"['\u2018\u2019\u02bc\u02b9\u02ba`´\"]")
_NOT_IN_WORDS = re.compile(r"[^a-z0-9]+")
_UNSPACED = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]")
_EAST_ASIAN_NAME = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]{2,4}|[\uac00-\ud7af]{2,4}")

# In this order: letters and groups of letters that European languages write for nearly the same sound.
_SOUNDS = (
    ("sch", "s"), ("ph", "f"), ("ck", "k"), ("th", "t"), ("gh", "g"), ("wh", "w"), ("kn", "n"), ("wr", "r"), ("dt", "t"),
    ("tz", "z"), ("x", "ks"), ("q", "k"), ("c", "k"), ("z", "s"), ("v", "f"), ("w", "f"), ("y", "i"), ("j", "i"),
    ("d", "t"), ("b", "p"), ("g", "k"),
)  # fmt: skip
_SILENT = frozenset("aeiouh")


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name in parts. `words` are all of its words, whatever column they stood in, `others` those in neither name."""

    given: str
    surname: str
    middle: tuple[str, ...]
    words: frozenset[str]
    others: frozenset[str]
    generation: str


NONE: frozenset[str] = frozenset()
NO_NAME = Name("", "", (), NONE, NONE, "")


@dataclass(frozen=True, slots=True)
class Spelling:
    """What one name is compared by besides its letters: its words, its full forms, its consonants and how it sounds."""

    words: frozenset[str]
    full: frozenset[str]
    bare: str
    heard: str


def name(whole: str, given: str, middle: str, surname: str) -> Name:
    """Return the parts of a name as it was written in up to four columns."""
    generation = _generation(words(whole)) or _generation(words(given)) or _generation(words(surname))
    everywhere = _bare(words(whole))
    first, between, last = _bare(words(given)), _bare(words(middle)), _bare(words(surname))
    if everywhere and not first and not last:
        first, between, last = _parts(whole, everywhere, between)
    every = frozenset(first + between + last + everywhere)
    others = every.difference(first, last) or NONE
    return Name(" ".join(first), " ".join(last), tuple(between), every, others, generation)


@lru_cache(maxsize=100_000)
def latin(text: str, limit: int = MAX_LENGTH) -> str:
    """Return any text as words of lower-case Latin letters and digits, "" for what stands for nothing."""
    cleaned = clean(text, limit)
    if isinstance(cleaned, DropReason):
        return ""
    plain = cleaned.lower() if cleaned.isascii() else anyascii(_spaced(cleaned)).lower()
    found = _NOT_IN_WORDS.sub(" ", _APOSTROPHES.sub("", plain)).strip()
    return "" if len(found) > 1 and stands_for_nothing(found) else found


def words(text: str) -> list[str]:
    """Return the words of a name."""
    found = latin(text).split()
    return found if len(found) <= MAX_WORDS else found[:4] + found[-4:]


def _spaced(text: str) -> str:
    """Return a Chinese or Korean name of one word as family and given name: they are written without a space."""
    if not _UNSPACED.search(text):
        return text
    parts = []
    for word in text.split():
        cut = 2 if len(word) == 4 else 1
        alone = _EAST_ASIAN_NAME.fullmatch(word) and len(text.split()) == 1
        parts.append(f"{anyascii(word[:cut])} {anyascii(word[cut:])}" if alone and len(word) > 1 else anyascii(word))
    return " ".join(parts)


def _bare(found: list[str]) -> list[str]:
    """Return the words without titles and generation; if nothing else is there, as they are."""
    left = [word for word in found if word not in TITLES and word not in GENERATIONS]
    return left or found


def _generation(found: list[str]) -> str:
    """Return which of a family's bearers of one name is meant; `sr` before a name is a Spanish title."""
    return next((GENERATIONS[word] for word in found[1:] if word in GENERATIONS), "")


def _parts(whole: str, every: list[str], between: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Return given, middle and surname out of one column: `Given Middle Surname` or `Surname, Given Middle`."""
    front, comma, back = whole.partition(",")
    first, last = _bare(words(back)), _bare(words(front))
    if comma and first and last and not all(word in GENERATIONS or word in TITLES for word in words(back)):
        return first[:1], between or first[1:], last
    if len(every) == 1:
        return [], between, every
    return every[:1], between or every[1:-1], every[-1:]


@lru_cache(maxsize=100_000)
def full_forms(word: str) -> frozenset[str]:
    """Return a given name with the full names that it is short for."""
    return FULL_FORMS.get(word, frozenset()) | {word}


@lru_cache(maxsize=100_000)
def sound(word: str) -> str:
    """Return how a word sounds, roughly and in no particular language: its first letter and its consonants by class."""
    text = word
    for letters, heard in _SOUNDS:
        text = text.replace(letters, heard)
    heard = text[:1] if text[:1] not in _SILENT else "a"
    for letter in text[1:]:
        if letter not in _SILENT and heard[-1:] != letter:
            heard += letter
    return heard[:5]


@lru_cache(maxsize=100_000)
def skeleton(word: str) -> str:
    """Return the consonants of a word, doubled ones once: all that scripts without vowels write of a name."""
    out = ""
    for letter in word:
        if letter not in "aeiouy" and out[-1:] != letter:
            out += letter
    return out


@lru_cache(maxsize=100_000)
def spelling(text: str) -> Spelling:
    """Return what a name is compared by, worked out once however often it is compared."""
    return Spelling(frozenset(text.split()), full_forms(text), skeleton(text), sound(text))
