"""Device ids: exact, and an IMEI without its check digit as well. `IMEI: 35…` and the bare number are the same."""

import re

from casebus.intake.bank import luhn
from casebus.matching.normal.text import DropReason, Parts, clean, fold, stands_for_nothing

MAX_LENGTH = 200
MIN_LENGTH = 8

_LABEL = re.compile(
    r"(imei ?sv|imei|meid|iccid|imsi|idfa|idfv|gaid|aaid|udid|uuid|guid|android ?id|device ?id|serial ?(?:no|number)?"
    r"|mac(?: address)?)(?:\s*[:=#]\s*|\s+)"
)
_NETWORK = re.compile(r"(?:e?ssid|bssid|wi-?fi)\s*[:=#]")  # the café's, not the person's
_SEPARATORS = re.compile(r"[\s:.\-{}()/]+")
_IMEI_LENGTHS = (14, 15, 16)

# What many devices answer when they must not or cannot say who they are.
_DEFAULTS = frozenset(
    [
        "004999010640000",
        "012345678912345",
        "123456789012345",
        "0123456789abcdef",
        "1234567890abcdef",
        "9774d56d682e549c",
        "020000000000",
        "defaultserial",
        "tobefilledbyoem",
        "0123456789",
        "123456789",
        "12345678",
        "1234567890",
    ]
)


def device(text: str) -> tuple[Parts, ...] | DropReason:
    """Return the forms of a device id: as it is, and if it is an IMEI its first 14 digits.

    The fifteenth digit of an IMEI is a check digit that phones also send as 0, the last two of an IMEISV are a software
    version. Without a label fifteen digits are an IMEI only if the check digit is right: cut
    short, the SIM numbers (IMSI) of ten neighbours would be one.
    """
    cleaned = clean(text, MAX_LENGTH)
    if isinstance(cleaned, DropReason):
        return cleaned
    folded = fold(cleaned)
    if _NETWORK.match(folded):
        return DropReason.NOT_A_DEVICE
    label = _LABEL.match(folded)
    bare = _SEPARATORS.sub("", folded[label.end() :] if label else folded)
    if stands_for_nothing(bare) or bare in _DEFAULTS:
        return DropReason.PLACEHOLDER
    if len(bare) < MIN_LENGTH:
        return DropReason.TOO_SHORT
    name = label[1].replace(" ", "") if label else ""
    exact = ("id", bare)
    return (exact, ("imei", bare[:14])) if _is_imei(bare, name) else (exact,)


def _is_imei(bare: str, label: str) -> bool:
    if not (bare.isascii() and bare.isdigit()) or len(bare) not in _IMEI_LENGTHS:
        return False
    if label:
        return label in ("imei", "imeisv")
    return len(bare) == 14 or (len(bare) == 15 and luhn(bare))
