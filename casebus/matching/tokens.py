"""Keyed tokens: HMAC-SHA-256 over a normal form, cut to 128 bits. Made at the agency; the hub never has the key.

What is hashed is length-prefixed, so that no two lists of parts give the same bytes:

    for each of (family, rule version, part, part, ...):   4 bytes big-endian length | UTF-8 bytes
"""

import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    """Makes tokens under the key of each epoch: one key, two while a rotation is under way. Tokens of two epochs never meet.

    The older come first, and of each epoch they stand in the order of the forms: so the hub sees which two are one value
    (`casebus.cases.renaming`).
    """

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        if any(len(key) < MIN_KEY_BYTES for key in keys.values()):
            raise UsageError(
                f"the token key is shorter than {MIN_KEY_BYTES} bytes",
                next_step="make the key again with `casebus init`, or get the epoch's key from the agencies' exchange.",
            )
        self._keys = dict(sorted(keys.items()))

    @property
    def epochs(self) -> tuple[int, ...]:
        """The epochs under whose keys tokens are made, the oldest first."""
        return tuple(self._keys)

    def tokens(self, identifier: Identifier, region: str) -> Tokenised:
        """Return the tokens of an identifier. `region` is where phone numbers without a country are read."""
        forms = normalise(identifier, region)
        if isinstance(forms, DropReason):
            return Tokenised((), forms.value)
        published = [(FAMILIES[form.family], form.parts) for form in forms if FAMILIES[form.family].to_hub]
        messages = [(family.name, encode((family.name, str(family.rule), *parts))) for family, parts in published]
        return Tokenised(tuple(self._under_each(messages)), None)

    def report(self, system: str, number: str) -> tuple[Token, ...]:
        """Return the tokens of an upstream report's number, one of each epoch: equal tokens are the same report."""
        message = encode((SOURCE_REPORT, str(_REPORT_RULE), _settled(system), _settled(number)))
        return tuple(self._under_each([(SOURCE_REPORT, message)]))

    def _under_each(self, messages: Sequence[tuple[str, bytes]]) -> Iterator[Token]:
        for epoch, key in self._keys.items():
            for family, message in messages:
                digest = hmac.digest(key, message, "sha256")
                yield Token(family=family, epoch=epoch, value=digest[:TOKEN_BYTES].hex())


def encode(parts: Iterable[str]) -> bytes:
    """Return the parts, each with its length before it."""
    encoded = (part.encode("utf-8", "surrogatepass") for part in parts)
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def _settled(text: str) -> str:
    """Return a report's number or system as compared; one too long to clean is compared as it is."""
    cleaned = clean(text, MAX_REPORT_TEXT)
    return text if isinstance(cleaned, DropReason) else fold(cleaned)
