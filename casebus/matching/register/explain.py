"""Why a pair was raised, in words a desk understands: kinds and bands, never a value."""

from casebus.matching.register.fields import FIELDS
from casebus.matching.register.frequencies import CAP, Frequencies
from casebus.matching.register.levels import ANOTHER_NAME, compare
from casebus.matching.register.record import Record

_UNIQUE, _RARE, _UNCOMMON = 2, 5, 30
"""So many records hold the value at most."""

_SAID: dict[str, dict[int, str]] = {
    "given": {6: "name parts in another order", 3: "given name similar or a short form", 2: "given name sounds alike", 1: "initial agrees"},
    "surname": {6: "", 2: "surname sounds alike", 1: "initial of the surname agrees"},
    "middle": {1: "middle name similar or its initial"},
    "born": {
        6: "day and month of birth the other way round",
        5: "date of birth one digit off",
        4: "date of birth differs in one part",
        3: "year of birth agrees",
        2: "date of birth within a year",
        1: "date of birth differs",
    },
    "generation": {0: "one is senior, the other junior"},
    "email": {3: "e-mail's local part agrees", 2: "e-mail similar", 1: "e-mail similar"},
    "phone": {1: "phone one digit off"},
    "national": {1: "national id one digit off"},
    "screen": {3: "same handle on another service", 2: "screen name similar", 1: ""},
    "handle": {1: "handle agrees with the e-mail of the other", 2: "handle agrees with the e-mail of the other"},
    "address": {3: "address similar", 2: "street agrees", 1: "street similar"},
    "postcode": {2: "post code one character off", 1: "post code area agrees"},
}  # fmt: skip
_PLAIN = frozenset(["sex", "region", "generation"])
"""Fields whose agreement is worth no words of its rarity."""


def reasons(x: Record, y: Record, frequencies: Frequencies, *, through: str) -> str:
    """Return what agrees, what is similar, what differs and what was left out as common, in this order.

    `through`: the record_id of a third that connects the two rather than what they share; "" if none does.
    """
    levels = compare(x, y)
    agree, near, differ = [], [], []
    for number, level in enumerate(levels):
        if level is None:
            continue
        field = FIELDS[number]
        said = _SAID.get(field.name, {}).get(level)
        if field.name == "given" and level == ANOTHER_NAME:
            differ.append("name differs")
        elif said and said.endswith("differs"):
            differ.append(said)
        elif level == 0 and said is None:
            differ.append(f"{field.words} differs")
        elif said is not None:
            near += [said] if said else []
        elif any(level == exact for exact, _ in field.exact):
            words = _agrees(number, level, x, y, frequencies)
            agree += [words] if words else []
        else:
            agree_or_near = agree if field.name in _PLAIN else near
            agree_or_near.append(f"{field.words} {'agrees' if field.name in _PLAIN else 'similar'}")
    common = [f"{words} suppressed as common" for words in frequencies.suppressed(x, y)]
    connected = [f"through a third record ({through})"] if through else []
    return "; ".join([*connected, *agree, *near, *differ, *common])


def _agrees(number: int, level: int, x: Record, y: Record, frequencies: Frequencies) -> str:
    """Return that a field agrees, with how rare the value is; "" if it was suppressed."""
    field = FIELDS[number]
    values = dict(field.exact)[level]
    shared = set(values(x)).intersection(values(y))
    held = min((frequencies.holders(number, level, value) for value in shared), default=0)
    if field.capped and held > CAP:
        return ""
    return f"{field.words} agrees ({rarity(held)})"


def rarity(holders: int) -> str:
    """Return in a word how rare a value is among the records."""
    if holders <= _UNIQUE:
        return "unique"
    return "rare" if holders <= _RARE else "uncommon" if holders <= _UNCOMMON else "common"
