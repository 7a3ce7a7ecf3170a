"""Account ids and screen names: the same name on the same service, a look-alike of it, and the bare handle."""

import re

from casebus.intake.bank import is_bank_account
from casebus.matching.normal.platform import platform
from casebus.matching.normal.text import DropReason, Parts, clean, fold, stands_for_nothing, without_marks

MAX_LENGTH = 300
MIN_ID = 2
MIN_NAME = 3
MIN_HANDLE = 6
"""Shorter handles are first names and words: they would agree by chance, and their frequency would give them away."""

_URL = re.compile(r"(?:[a-z][a-z+.-]*://)?(?:[a-z0-9-]+\.)+[a-z]{2,}/(?P<path>.*)")
_FOLDERS = frozenset(
    [
        "u",
        "user",
        "users",
        "profile",
        "profiles",
        "people",
        "channel",
        "c",
        "id",
        "in",
        "add",
        "accounts",
        "member",
        "members",
    ]
)
_PREFIX = re.compile(r"(?:/?u/|@)+")
_OLD_DISCORD = re.compile(r"#0+$")
_SEPARATORS = re.compile(r"[\s._\-]+")

# Letters that look alike to a reader, after folding of case and without marks: a working subset of Unicode TR39's
# confusables, written out so that it can be read and tested. i, l, 1 and | fall together: a capital I is an l to the eye.
_LOOKS_LIKE = {
    "a": "аαɑ",
    "b": "вьβ",
    "c": "с",
    "d": "ԁ",
    "e": "еε",
    "g": "ɡց",
    "h": "нһհ",
    "j": "ј",
    "k": "кκ",
    "l": "iіιӏıɩʟ1|",
    "m": "м",
    "n": "пηո",
    "o": "оοσօ0",
    "p": "рρ",
    "q": "ԛզ",
    "r": "г",
    "s": "ѕ",
    "t": "тτ",
    "u": "υս",
    "v": "ν",
    "w": "ԝω",
    "x": "хχ",
    "y": "уγ",
    "z": "ζ",
}
_LOOK_ALIKE = str.maketrans({odd: plain for plain, odds in _LOOKS_LIKE.items() for odd in odds})


def account_id(text: str, service: str | None) -> Parts | DropReason:
    """Return (platform, id). The id is the provider's own and is not re-used; case never tells two apart.

    A bank's customers have accounts too: what looks like the number of one is dropped.
    """
    cleaned = clean(text, MAX_LENGTH)
    if not isinstance(cleaned, DropReason) and is_bank_account(cleaned):
        return DropReason.BANK_ACCOUNT
    return _on_platform(text, service, MIN_ID)


def screen_name(text: str, service: str | None) -> Parts | DropReason:
    """Return (platform, name)."""
    return _on_platform(text, service, MIN_NAME)


def look_alike(name: Parts) -> Parts | DropReason:
    """Return (platform, skeleton) of a screen name in normal form."""
    service, written = name
    skeleton = without_marks(written).translate(_LOOK_ALIKE).replace("rn", "m").replace("vv", "w")
    return DropReason.TOO_SHORT if len(skeleton) < MIN_NAME else (service, skeleton)


def handle(text: str) -> Parts | DropReason:
    """Return a name without its service and separators: what people re-use from one service to the next."""
    cleaned = _bare(text)
    if isinstance(cleaned, DropReason):
        return cleaned
    joined = _SEPARATORS.sub("", cleaned)
    if stands_for_nothing(joined):
        return DropReason.PLACEHOLDER
    return DropReason.TOO_SHORT if len(joined) < MIN_HANDLE else (joined,)


def _on_platform(text: str, service: str | None, shortest: int) -> Parts | DropReason:
    name = _bare(text)
    if isinstance(name, DropReason):
        return name
    if stands_for_nothing(name):
        return DropReason.PLACEHOLDER
    if len(name) < shortest:
        return DropReason.TOO_SHORT
    key = platform(service)
    return key if isinstance(key, DropReason) else (key, name)


def _bare(text: str) -> str | DropReason:
    """Return the name itself: out of a profile's address, without `@` or `u/` before it and Discord's old `#0` after."""
    cleaned = clean(text, MAX_LENGTH)
    if isinstance(cleaned, DropReason):
        return cleaned
    name = fold(cleaned)
    url = _URL.fullmatch(name)
    if url:
        name = _from_path(url["path"])
    name = _PREFIX.sub("", name, count=1) if _PREFIX.match(name) else name
    return _OLD_DISCORD.sub("", name).strip() or DropReason.EMPTY


def _from_path(path: str) -> str:
    """Return the part of a profile's path that names the account."""
    asked_for = re.search(r"[?&]id=([^&#]+)", path)
    if asked_for:
        return asked_for[1]
    segments = [segment for segment in re.split(r"[?#]", path, maxsplit=1)[0].split("/") if segment]
    named = [segment for segment in segments if segment not in _FOLDERS]
    return named[0] if named else ""
