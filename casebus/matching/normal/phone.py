"""Phone numbers to E.164, by the `phonenumbers` library (the only file that imports it)."""

import re

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, ValidationResult

from casebus.matching.normal.scripts import digits_in_ascii
from casebus.matching.normal.text import DropReason, Parts, clean, counts_up_or_down, fold

MAX_LENGTH = 64

_COUNTRY_ALIASES = {"UK": "GB"}
_MEXICO, _BRAZIL = 52, 55
_NOT_DIGITS = re.compile(r"\D+")
_SHORTEST, _LONGEST = 8, 15


def phone(text: str, region: str | None) -> Parts | DropReason:
    """Return the number in E.164, with its extension as a second part if it has one: a switchboard is shared.

    `region` is the country in which a number without a country code is read; without one such a number is not guessed
    at. A number is taken if it is possible: numbers reserved for drama and tests are possible and not assigned.
    """
    cleaned = clean(text, MAX_LENGTH)
    if isinstance(cleaned, DropReason):
        return cleaned
    number = _parse(fold(cleaned).removeprefix("tel:"), _known_region(region))
    if number is None:
        return DropReason.NOT_A_NUMBER
    written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if _invented(phonenumbers.national_significant_number(number)):
        return DropReason.PLACEHOLDER
    return (written, number.extension) if number.extension else (written,)


def national_part(written: str) -> str:
    """Return a number in E.164 without its country code, as it stands where the country is taken as known."""
    return str(phonenumbers.parse(written).national_number)


def national_digits(text: str) -> Parts | DropReason:
    """Return the digits of a number of which nobody knows the country, as `national_part` has them."""
    cleaned = clean(text, MAX_LENGTH)
    if isinstance(cleaned, DropReason):
        return cleaned
    if "+" in cleaned:
        return DropReason.NOT_A_NUMBER  # it names a country, and is no number there
    digits = _NOT_DIGITS.sub("", digits_in_ascii(fold(cleaned))).lstrip("0")
    digits = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits  # North America, with its trunk digit
    if not _SHORTEST <= len(digits) <= _LONGEST:
        return DropReason.NOT_A_NUMBER
    return DropReason.PLACEHOLDER if _invented(digits) else (digits,)


def _known_region(region: str | None) -> str | None:
    code = (region or "").strip().upper()
    code = _COUNTRY_ALIASES.get(code, code)
    return code if code in phonenumbers.SUPPORTED_REGIONS else None


def _parse(text: str, region: str | None) -> PhoneNumber | None:
    """Return a possible number. `00` is read as the international prefix first: no national number begins with it."""
    attempts = [text]
    if re.match(r"\(?00", text):
        attempts.insert(0, "+" + text.lstrip("(0"))
    for attempt in attempts:
        try:
            number = _migrated(phonenumbers.parse(attempt, region))
        except phonenumbers.NumberParseException:
            continue
        if _could_be_dialled(number):
            return number
    return None


def _could_be_dialled(number: PhoneNumber) -> bool:
    """Tell whether a number is possible. A zero after the country code belongs to a number in a few countries only."""
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return False
    return not number.italian_leading_zero or phonenumbers.is_valid_number(number)


def _migrated(number: PhoneNumber) -> PhoneNumber:
    """Return the number as it is dialled today, where a country has changed its plan and old spellings live on."""
    national = str(number.national_number)
    if number.country_code == _MEXICO and len(national) == 11 and national[0] == "1":
        number.national_number = int(national[1:])  # the mobile 1 was dropped in 2019
    elif number.country_code == _BRAZIL and len(national) == 10 and national[2] in "6789":
        number.national_number = int(national[:2] + "9" + national[2:])  # mobiles gained a 9, 2012 to 2016
    return number


def _invented(national: str) -> bool:
    """Tell whether a number was typed to fill a field: its last seven digits are one digit, or it counts up or down."""
    return len(set(national[-7:])) == 1 or counts_up_or_down(national.lstrip("0"))
