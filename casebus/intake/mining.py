"""Identifiers in free text. Some providers put a person's identifiers nowhere else.

Every pattern is linear on hostile text: repeats are bounded or possessive, a scan starts only where a run begins, and
at most `MAX_CANDIDATES` candidates of a kind are looked at. What is mined is marked so (MINED_FROM_TEXT).
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from casebus.events.enumerations import AssertionKind, IdentifierType, SubjectCategory, TimeMeaning
from casebus.events.types import TimeStatement
from casebus.intake.adapter import Identifier
from casebus.intake.bank import is_bank_account, is_card
from casebus.intake.times import missing, stated_time

MAX_CANDIDATES = 2_000
_AROUND = 120
"""How far from an identifier, on its own line, its key and its time are looked for."""

_EMAIL = re.compile(r"(?<![\w.%+\-@])[\w.%+\-]{1,64}+@(?:[^\W_](?:[^\W_]|-){0,62}+\.){1,8}[^\W\d_][^\W_\-]{1,62}+")
_PHONE = re.compile(r"(?<![\w+])\+[0-9][0-9 ().\-]{6,18}[0-9](?![\w])")
_IPV4 = re.compile(r"(?<![\w.])[0-9]{1,3}+(?:\.[0-9]{1,3}+){3}+(?!\w|\.[0-9])")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{2,39}+(?:\.[0-9.]{1,12}+)?(?![\w:])")
_WALLET = re.compile(r"(?<!\w)(?:0x[0-9A-Fa-f]{40}|bc1[02-9ac-hj-np-z]{39,59}+|BC1[02-9AC-HJ-NP-Z]{39,59}+)(?!\w)")
"""Shapes that nothing else has. Older addresses are any 26 to 35 letters, and are taken from a line that says so only."""
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
    r"(?: ?(?:Z\b|UTC\b|[+\-][0-9]{2}:?[0-9]{2}))?"
)
_KEYS: dict[IdentifierType, str] = {
    IdentifierType.SERVICE_SCREEN_NAME: r"user ?names?|screen ?names?|handle|cash ?tag|\$cashtag|snapchat name",
    IdentifierType.SERVICE_ACCOUNT_ID: r"(?:esp )?user ?id|account ?(?:id|number)|member ?id|uid|profile ?id",
    IdentifierType.DEVICE: r"imei|iccid|idf[av]|device ?id|android ?id",
    IdentifierType.PHONE_E164: r"(?:tele)?phone(?: ?(?:number|no\.?))?|mobile(?: ?(?:number|no\.?))?|cell(?: ?phone)?",
}
_LINES = {
    kind: re.compile(rf"^[ \t]{{0,8}}(?:{keys})[ \t]{{0,4}}[:=][ \t]{{0,8}}([^\s|,;][^\r\n|,;]{{0,63}})", re.I | re.M)
    for kind, keys in _KEYS.items()
}
_LINES[IdentifierType.WALLET] = re.compile(
    r"^[ \t]{0,8}(?:bitcoin|btc|ethereum|eth|litecoin|ltc|monero|xmr|usdt|crypto(?:currency)?|wallet)"
    r"(?: ?(?:wallet|address|id)){0,2}[ \t]{0,4}[:=][ \t]{0,8}([A-Za-z0-9]{26,110}+)(?!\w)",
    re.I | re.M,
)
_RECIPIENT = re.compile(r"\s*(?:to|cc|bcc|recipients?|victim|child)\b[^:=]{0,20}[:=]", re.IGNORECASE)
_NOT_A_VALUE = frozenset({"null", "none", "n/a", "na", "unknown", "not provided", "-", "no information provided"})


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose text it is: what the mined identifiers are said to belong to."""

    subject_no: int
    subject: SubjectCategory
    service: str | None = None
    country: str | None = None


def mine(text: str, owner: Owner, recipient_no: int) -> list[Identifier]:
    """Return what looks like an identifier, in the order of kinds and then of the text, each value once.

    What stands on a line such as "To:" or "Victim:" belongs to the other side: INTENDED_RECIPIENT, `recipient_no`.
    An IP address takes a time from its own line, if exactly one stands there; else it has none.
    """
    found: dict[tuple[IdentifierType, str], Identifier] = {}
    for identifier in _candidates(text, owner, recipient_no):
        found.setdefault((identifier.kind, f"{identifier.value} {identifier.seen_at}"), identifier)
    return list(found.values())


def _candidates(text: str, owner: Owner, recipient_no: int) -> Iterator[Identifier]:
    patterns: tuple[tuple[IdentifierType, re.Pattern[str], Callable[[str], bool]], ...] = (
        (IdentifierType.EMAIL, _EMAIL, _is_anything),
        (IdentifierType.PHONE_E164, _PHONE, _is_anything),
        (IdentifierType.IP_AT_TIME, _IPV4, _is_address),
        (IdentifierType.IP_AT_TIME, _IPV6, _is_address),
        (IdentifierType.WALLET, _WALLET, _is_anything),
    )
    for kind, pattern, accept in patterns:
        for match in islice(pattern.finditer(text), MAX_CANDIDATES):
            if accept(match[0]):
                yield _identifier(kind, match[0], text, match, owner, recipient_no)
    for kind, pattern in _LINES.items():
        for match in islice(pattern.finditer(text), MAX_CANDIDATES):
            value = match[1].strip()
            if value.lower() not in _NOT_A_VALUE and not _is_money(kind, value):
                yield _identifier(kind, value, text, match, owner, recipient_no)


def _identifier(
    kind: IdentifierType, value: str, text: str, match: re.Match[str], owner: Owner, recipient_no: int
) -> Identifier:
    before, after = _line_around(text, match)
    on_service = kind in (IdentifierType.SERVICE_ACCOUNT_ID, IdentifierType.SERVICE_SCREEN_NAME)
    mined = Identifier(
        kind=kind,
        value=value,
        subject_no=owner.subject_no,
        subject=owner.subject,
        certainty=AssertionKind.MINED_FROM_TEXT,
        service=owner.service if on_service else None,
        country=owner.country if kind is IdentifierType.PHONE_E164 else None,
        seen_at=_time_on(before + " " + after) if kind is IdentifierType.IP_AT_TIME else None,
    )
    if _RECIPIENT.match(before):
        return replace(mined, subject_no=recipient_no, subject=SubjectCategory.INTENDED_RECIPIENT)
    return mined


def _line_around(text: str, match: re.Match[str]) -> tuple[str, str]:
    """Return what stands before and after a match on its own line, at most `_AROUND` characters of each."""
    before = text[max(0, match.start() - _AROUND) : match.start()]
    after = text[match.end() : match.end() + _AROUND]
    return re.split(r"[\r\n]", before)[-1], re.split(r"[\r\n]", after, maxsplit=1)[0]


def _time_on(line: str) -> TimeStatement:
    times = set(_TIME.findall(line))
    return stated_time(times.pop(), TimeMeaning.UNKNOWN) if len(times) == 1 else missing(TimeMeaning.UNKNOWN)


def _is_money(kind: IdentifierType, value: str) -> bool:
    """Tell whether what is called an account's number is a bank's or a card's."""
    return kind is IdentifierType.SERVICE_ACCOUNT_ID and (is_bank_account(value) or is_card(value))


def _is_anything(_: str) -> bool:
    return True


def _is_address(text: str) -> bool:
    # "21:14:05" and "::" are what times and C++ look like.
    if "." not in text and ("::" not in text or len(text) < 4) and text.count(":") != 7:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
