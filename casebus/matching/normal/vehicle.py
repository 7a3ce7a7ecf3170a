"""Vehicles' number plates: the country that issued it, and its letters and digits as they are read from the road."""

from dataclasses import dataclass

from casebus.intake.countries import country as country_code
from casebus.matching.normal.scripts import digits_in_ascii, drawn_in_latin
from casebus.matching.normal.text import (
    DropReason,
    Parts,
    clean,
    counts_up_or_down,
    fold,
    stands_for_nothing,
    without_marks,
)

MAX_LENGTH = 60
MIN_PLATE, MAX_PLATE = 4, 10

_LOOK_ALIKE = str.maketrans("OI", "01")
_EXAMPLES = frozenset(
    ["ABC123", "ABC1234", "ABC12D", "AB12CDE", "AAA111", "AAA000", "XXX000", "XYZ123", "TEST123", "123ABC"]
)


@dataclass(frozen=True, slots=True)
class PlateForms:
    """One plate: as written, and with O read as 0 and I as 1, which witnesses and cameras confuse."""

    exact: Parts
    look_alike: Parts


def plate(text: str, country: str | None) -> PlateForms | DropReason:
    """Return the forms of a plate, each (country, plate).

    A plate of which the country is not known is not guessed at: the same six characters are on a car in each of a dozen
    countries. Without a digit it is taken for a word (a make, a colour); personal plates of letters alone are lost.
    """
    cleaned = clean(text, MAX_LENGTH)
    if isinstance(cleaned, DropReason):
        return cleaned
    drawn = drawn_in_latin(without_marks(fold(digits_in_ascii(cleaned)))).upper()
    bare = "".join(filter(str.isalnum, drawn))
    if stands_for_nothing(bare.lower()) or bare in _EXAMPLES or counts_up_or_down(bare):
        return DropReason.PLACEHOLDER
    if len(bare) < MIN_PLATE:
        return DropReason.TOO_SHORT
    if len(bare) > MAX_PLATE or not any(map(str.isdigit, bare)):
        return DropReason.NOT_A_PLATE
    code = country_code(country)
    return PlateForms((code, bare), (code, bare.translate(_LOOK_ALIKE))) if code else DropReason.NO_COUNTRY
