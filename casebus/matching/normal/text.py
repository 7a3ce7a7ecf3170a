"""What every kind of identifier shares: bounded cleaning of hostile text, folding, and values that stand for nothing."""

import re
import unicodedata
from enum import StrEnum

Parts = tuple[str, ...]
"""The normal form of one value: what a token is made of, in order."""


class DropReason(StrEnum):
    """Why an identifier yields no token. Says nothing of the value."""

    EMPTY = "empty"
    TOO_LONG = "too long"
    TOO_SHORT = "too short"
    PLACEHOLDER = "a placeholder, not an identifier"
    SHARED_MAILBOX = "a shared mailbox or one that takes no mail"
    NOT_AN_EMAIL = "not an e-mail address"
    NOT_A_NUMBER = "not a phone number"
    NOT_AN_ADDRESS = "not an IP address"
    PRIVATE_ADDRESS = "an address that many networks use (private, CGNAT or local)"
    RESERVED_ADDRESS = "an address that nobody on the internet has"
    NO_TIME = "an IP address without a time that names an instant"
    NO_SERVICE = "no service is named"
    NOT_A_DEVICE = "a network's name, not a device"
    NOT_A_NAME = "not a person's name"
    ONE_NAME = "a single name"
    EVERYDAY_NAME = "a name that many people bear, and nothing with it"
    NO_HOUSE = "no house or town is named"
    NO_BIRTH_DATE = "no full date of birth"
    NOT_A_WALLET = "not a wallet's address"
    NOT_A_PLATE = "not a number plate"
    NO_COUNTRY = "no country is known"
    BANK_ACCOUNT = "a bank account or a card, which never leaves the agency"
    UNKNOWN_KIND = "a kind of identifier that this version does not match on"


_SPACE = re.compile(r"\s+")
_RUNS = ("01234567890123456789", "98765432109876543210")
_DIRECTIONS_AND_BLANKS = frozenset(
    chr(point)
    for first, last in (
        (0x034F, 0x034F),  # combining grapheme joiner
        (0x115F, 0x1160),  # Hangul fillers: letters by category, blank on the screen
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),  # variation selectors: one emoji, two spellings
        (0xFFA0, 0xFFA0),
        (0xE0100, 0xE01EF),
    )
    for point in range(first, last + 1)
)

PLACEHOLDERS = frozenset(
    [
        "unknown",
        "unk",
        "n/a",
        "n.a.",
        "na",
        "none",
        "null",
        "nil",
        "nan",
        "undefined",
        "empty",
        "blank",
        "missing",
        "withheld",
        "redacted",
        "removed",
        "deleted",
        "[deleted]",
        "[removed]",
        "[redacted]",
        "anonymous",
        "anon",
        "anonymus",
        "hidden",
        "private",
        "confidential",
        "test",
        "testing",
        "tester",
        "test1",
        "test123",
        "user",
        "username",
        "screenname",
        "guest",
        "admin",
        "example",
        "sample",
        "dummy",
        "default",
        "notprovided",
        "not-provided",
        "not_provided",
        "notavailable",
        "not_available",
        "not-available",
        "unavailable",
        "unspecified",
        "notstated",
        "not_stated",
        "notapplicable",
        "not_applicable",
        "tbd",
        "tba",
        "deleteduser",
        "deleted_user",
        "deletedaccount",
        "deleted_account",
        "noname",
        "no_name",
        "nobody",
        "noreply",
        "no-reply",
        "string",
        "true",
        "false",
        "facebookuser",
        "facebook_user",
        "instagramuser",
        "instagram_user",
        "tiktokuser",
        "discorduser",
        "telegramuser",
    ]
)


def clean(text: str, limit: int) -> str | DropReason:
    """Return the text in NFKC without control, direction and invisible characters, its white space collapsed.

    Work is bounded: more than `limit` characters are not looked at. Lone surrogates go too, so what is returned can
    always be encoded.
    """
    if len(text) > limit:
        return DropReason.TOO_LONG
    if not (text.isascii() and text.isprintable()):
        text = settled("".join(map(_visible, text)))
    text = _SPACE.sub(" ", text).strip()
    return text or DropReason.EMPTY


def _visible(char: str) -> str:
    if char.isspace():
        return " "
    if char in _DIRECTIONS_AND_BLANKS or unicodedata.category(char) in ("Cc", "Cf", "Cs"):
        return ""
    return char


def settled(text: str) -> str:
    """Return NFKC of the text with what NFKC itself uncovers taken out, so that doing it twice changes nothing."""
    text = unicodedata.normalize("NFKC", text)
    return unicodedata.normalize("NFKC", "".join(map(_visible, text)))


def fold(text: str) -> str:
    """Return the text without difference of case, in NFKC.

    Folding can undo NFKC and the other way round, so it runs to rest; Unicode needs two rounds, four is the bound.
    """
    if text.isascii():
        return text.lower()
    for _ in range(4):
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", text).casefold())
        if folded == text:
            break
        text = folded
    return text


def without_marks(text: str) -> str:
    """Return the text without accents and other marks."""
    if text.isascii():
        return text
    bare = "".join(char for char in unicodedata.normalize("NFKD", text) if unicodedata.category(char) != "Mn")
    return unicodedata.normalize("NFKC", bare)


def stands_for_nothing(folded: str) -> bool:
    """Tell whether a folded value is a placeholder: a word for "unknown", or one character repeated."""
    return folded.replace(" ", "") in PLACEHOLDERS or len(set(folded)) <= 1 or not any(map(str.isalnum, folded))


def counts_up_or_down(digits: str) -> bool:
    """Tell whether some ASCII digits are those beside each other on a keyboard, one after the other."""
    return any(digits in run for run in _RUNS)
