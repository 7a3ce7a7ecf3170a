"""Bank accounts and cards have no kind: what looks like one is never made into a token, whatever field it was written in.

A mule's account is not its owner's doing, and a number that is worth money is not ours to lose. Only shapes that are
sure are told: an IBAN by its check digits, a card by its own, accounts of New Zealand and Britain as they are written.
"""

import re

_SPACES = re.compile(r"[\s.\-]+")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_CARD = re.compile(r"3[47][0-9]{13}|[2-6][0-9]{15}")
_WRITTEN = (
    re.compile(r"[0-9]{2}[- ][0-9]{4}[- ][0-9]{7,8}[- ][0-9]{2,3}"),  # NZ: bank, branch, account, suffix
    re.compile(r"[0-9]{2}[- ][0-9]{2}[- ][0-9]{2}[ /,]{1,3}[0-9]{8}"),  # GB: sort code, account
)


def is_bank_account(text: str) -> bool:
    """Tell whether a cleaned text is a bank account's number."""
    if any(shape.fullmatch(text) for shape in _WRITTEN):
        return True
    bare = _SPACES.sub("", text).upper()
    return bool(_IBAN.fullmatch(bare)) and int("".join(str(int(char, 36)) for char in bare[4:] + bare[:4])) % 97 == 1


def is_card(text: str) -> bool:
    """Tell whether a cleaned text is a payment card's number."""
    bare = _SPACES.sub("", text)
    return bool(_CARD.fullmatch(bare)) and luhn(bare)


def luhn(digits: str) -> bool:
    """Tell whether the last of some ASCII digits is their check digit (ISO/IEC 7812-1 annex B)."""
    doubled = (int(digit) * 2 if place % 2 else int(digit) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
