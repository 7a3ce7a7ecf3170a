"""Keyed tokens: HMAC-SHA-256 over a normal form, cut to 128 bits. Made at the agency; the hub never has the key.

What is hashed is length-prefixed, so that no two lists of parts give the same bytes:

    for each of (family, rule version, part, part, ...):   4 bytes big-endian length | UTF-8 bytes
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from casebus.errors import UsageError
from casebus.events.types import Token
from casebus.intake.adapter import Identifier
from casebus.matching.families import FAMILIES, SOURCE_REPORT
from casebus.matching.normal.text import DropReason, clean, fold
from casebus.matching.normalise import normalise

MIN_KEY_BYTES = 16
TOKEN_BYTES = 16
MAX_REPORT_TEXT = 4096
_REPORT_RULE = 1


@dataclass(frozen=True, slots=True)
class Tokenised:
    """The tokens of one identifier; `dropped` says why there are none, and never holds a value."""

    tokens: tuple[Token, ...]
    dropped: str | None


class Tokeniser:
    """Makes tokens under one epoch's key. Tokens of two epochs never meet: each epoch has its own key."""

    def __init__(self, key: bytes, epoch: int) -> None:
        if len(key) < MIN_KEY_BYTES:
            raise UsageError(
                f"the token key is shorter than {MIN_KEY_BYTES} bytes",
                next_step="make the key again with `casebus init`, or get the epoch's key from the agencies' exchange.",
            )
        self._key = key
        self._epoch = epoch

    def tokens(self, identifier: Identifier, region: str) -> Tokenised:
        """Return the tokens of an identifier. `region` is where phone numbers without a country are read."""
        forms = normalise(identifier, region)
        if isinstance(forms, DropReason):
            return Tokenised((), forms.value)
        published = [(FAMILIES[form.family], form.parts) for form in forms if FAMILIES[form.family].to_hub]
        tokens = (self._token(family.name, family.rule, parts) for family, parts in published)
        return Tokenised(tuple(tokens), None)

    def report(self, system: str, number: str) -> Token:
        """Return the token of an upstream report's number: equal tokens are the same report."""
        return self._token(SOURCE_REPORT, _REPORT_RULE, (_settled(system), _settled(number)))

    def _token(self, family: str, rule: int, parts: Iterable[str]) -> Token:
        message = encode((family, str(rule), *parts))
        digest = hmac.digest(self._key, message, "sha256")
        return Token(family=family, epoch=self._epoch, value=digest[:TOKEN_BYTES].hex())


def encode(parts: Iterable[str]) -> bytes:
    """Return the parts, each with its length before it."""
    encoded = (part.encode("utf-8", "surrogatepass") for part in parts)
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def _settled(text: str) -> str:
    """Return a report's number or system as compared; one too long to clean is compared as it is."""
    cleaned = clean(text, MAX_REPORT_TEXT)
    return text if isinstance(cleaned, DropReason) else fold(cleaned)
