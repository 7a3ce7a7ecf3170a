"""Numbers that a state gave to a person: passports, licences, tax numbers. Letters and digits, nothing between them."""

import re

from casebus.intake.bank import is_bank_account, is_card
from casebus.intake.countries import country as country_code
from casebus.matching.normal.scripts import digits_in_ascii
from casebus.matching.normal.text import (
    DropReason,
    Parts,
    clean,
    counts_up_or_down,
    fold,
    stands_for_nothing,
    without_marks,
)

MAX_LENGTH = 100
MIN_NUMBER, MAX_NUMBER = 6, 24

_MASKED = re.compile(r"X{3}|\*{2}|#{2}|•{2}")
_NOT_DIGITS = re.compile(r"[^0-9]+")


def national_id(text: str, country: str | None) -> Parts | DropReason:
    """Return (number,), or (number, country) where the country that gave it is stated.

    Dropped is what is too short to be one person's, what has no digit, what was masked (`***-**-6789`) or typed to fill a
    field (`AB123456C`), and what looks like a bank account or a card.
    """
    cleaned = clean(text, MAX_LENGTH)
    if isinstance(cleaned, DropReason):
        return cleaned
    plain = without_marks(fold(digits_in_ascii(cleaned))).upper()
    bare = "".join(filter(str.isalnum, plain))
    if is_bank_account(plain) or is_bank_account(bare) or is_card(bare):
        return DropReason.BANK_ACCOUNT
    if stands_for_nothing(bare.lower()) or _MASKED.search(plain) or _MASKED.search(bare) or _is_typed(bare):
        return DropReason.PLACEHOLDER
    if len(bare) < MIN_NUMBER:
        return DropReason.TOO_SHORT
    if len(bare) > MAX_NUMBER:
        return DropReason.TOO_LONG
    code = country_code(country)
    return (bare, code) if code else (bare,)


def _is_typed(bare: str) -> bool:
    """Tell whether a number has no digit, or digits that were typed to fill a field."""
    digits = _NOT_DIGITS.sub("", bare)
    return not digits or (len(digits) >= 5 and (len(set(digits)) == 1 or counts_up_or_down(digits)))
