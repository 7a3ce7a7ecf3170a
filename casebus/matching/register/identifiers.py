"""Identifiers of a register's record in the forms that are compared: the shared rules, made lenient.

A register is read on the agency's own machine, so a value that is no good as a token may still be compared with others:
an address without its @, a number of which nobody knows the country. Placeholders and shared mailboxes stay out.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network
from typing import TypeVar

from casebus.intake.countries import country as country_code
from casebus.matching.normal.account import account_id, handle, look_alike, screen_name
from casebus.matching.normal.device import device
from casebus.matching.normal.email import email
from casebus.matching.normal.network import ip
from casebus.matching.normal.phone import national_part, phone
from casebus.matching.normal.text import DropReason, clean, fold, stands_for_nothing
from casebus.matching.register.names import latin

MAX_VALUES = 64
"""Of more values of one kind in one record the first so many count: work is bounded."""
MAX_LENGTH = 300
WINDOW = timedelta(hours=72)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_DIGITS = re.compile(r"\D+")
_NOT_PLAIN = re.compile(r"[^0-9a-z]+")
_SCHEME = re.compile(
    r"^(?:bitcoin|btc|ethereum|eth|litecoin|ltc|monero|xmr|tron|trx|solana|sol)\s*[:\s]\s*(?://)?", re.I
)
_SHORTEST_PHONE, _SHORTEST_BANK, _SHORTEST_WALLET, _SHORTEST_NATIONAL = 7, 5, 20, 4

T = TypeVar("T")

Mailbox = tuple[str, str]
"""Local part and domain as the provider delivers them."""


def mailboxes(values: tuple[str, ...]) -> tuple[Mailbox, ...]:
    """Return e-mail addresses as local part and domain."""
    return _each(values, _mailbox)


@lru_cache(maxsize=50_000)
def _mailbox(text: str) -> Mailbox | None:
    found = email(text)
    if not isinstance(found, DropReason):
        local, domain = found.delivered or found.exact
        return local, domain
    if found is not DropReason.NOT_AN_EMAIL:
        return None
    cleaned = clean(text, MAX_LENGTH)
    if isinstance(cleaned, DropReason):
        return None
    local, _, domain = fold(cleaned).replace(" ", "").partition("@")
    return None if stands_for_nothing(local) else (local, domain)


def local_handle(mailbox: Mailbox) -> str:
    """Return the local part of an address as a handle, "" where it is none."""
    return handle_form(mailbox[0])


def phones(values: tuple[str, ...], country: str) -> frozenset[str]:
    """Return phone numbers without country code and leading zeros: some are written with them, some without."""
    region = country_code(country)
    return frozenset(_each(values, lambda text: _national(text, region)))


@lru_cache(maxsize=50_000)
def _national(text: str, region: str | None) -> str | None:
    found = phone(text, region)
    if found is DropReason.PLACEHOLDER:
        return None
    if not isinstance(found, DropReason):
        return national_part(found[0])
    digits = _NOT_DIGITS.sub("", text[:MAX_LENGTH]).lstrip("0")
    digits = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
    return digits if _SHORTEST_PHONE <= len(digits) <= 18 and len(set(digits)) > 1 else None


def devices(values: tuple[str, ...]) -> frozenset[str]:
    """Return device ids; an IMEI also without its check digit."""
    out: set[str] = set()
    for text in values[:MAX_VALUES]:
        found = device(text)
        if not isinstance(found, DropReason):
            out.update(form[1] for form in found)
    return frozenset(out)


def wallets(values: tuple[str, ...]) -> frozenset[str]:
    """Return wallet addresses; case counts, except where the address's own alphabet has one case."""
    return frozenset(_each(values, _wallet))


def _wallet(text: str) -> str | None:
    cleaned = clean(text, MAX_LENGTH)
    if isinstance(cleaned, DropReason):
        return None
    bare = _SCHEME.sub("", cleaned).replace(" ", "").split("?", 1)[0]
    if len(bare) < _SHORTEST_WALLET or stands_for_nothing(bare.lower()):
        return None
    low = bare.lower()
    return low if low.startswith(("0x", "bc1", "ltc1", "tb1", "addr1")) else bare


def bank_accounts(values: tuple[str, ...]) -> frozenset[str]:
    """Return account and card numbers, IBAN or not, without what separates their groups."""
    return frozenset(_each(values, lambda text: _plain(text, _SHORTEST_BANK)))


def national_ids(values: tuple[str, ...]) -> frozenset[str]:
    """Return numbers that a state gives to people."""
    return frozenset(_each(values, lambda text: _plain(text, _SHORTEST_NATIONAL)))


def _plain(text: str, shortest: int) -> str | None:
    cleaned = clean(text, MAX_LENGTH)
    if isinstance(cleaned, DropReason):
        return None
    bare = _NOT_PLAIN.sub("", fold(cleaned))
    return None if len(bare) < shortest or stands_for_nothing(bare) else bare


def accounts(values: tuple[str, ...]) -> frozenset[str]:
    """Return `service:id` with the service as a key."""
    return frozenset(_each(values, _account))


def _account(text: str) -> str | None:
    service, colon, name = text.partition(":")
    found = account_id(name if colon else text, service if colon else "unnamed service")
    return None if isinstance(found, DropReason) else ":".join(found)


def screen_names(values: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """Return service and name, look-alike letters made one."""
    return frozenset(_each(values, _screen_name))


@lru_cache(maxsize=50_000)
def _screen_name(text: str) -> tuple[str, str] | None:
    service, colon, name = text.partition(":")
    found = screen_name(name if colon else text, service if colon else "unnamed service")
    if isinstance(found, DropReason):
        return None
    look = look_alike(found)
    return None if isinstance(look, DropReason) else (look[0], latin(look[1], MAX_LENGTH).replace(" ", "") or look[1])


@lru_cache(maxsize=50_000)
def handle_form(name: str) -> str:
    """Return a name as people carry it from service to service: no separators, look-alike letters made one; or ""."""
    found = handle(name)
    if isinstance(found, DropReason):
        return ""
    look = look_alike(("", found[0]))
    return "" if isinstance(look, DropReason) else look[1]


def addresses_at_times(addresses: tuple[str, ...], times: tuple[str, ...]) -> frozenset[str]:
    """Return each public IP address in the two three-day windows of its time. An address without a time is left out."""
    out: set[str] = set()
    for text, at in zip(addresses[:MAX_VALUES], times, strict=False):
        address, seen = ip(text), _instant(at)
        if isinstance(address, DropReason) or seen is None:
            continue
        named = (
            IPv6Network((address, 64), strict=False).compressed if isinstance(address, IPv6Address) else str(address)
        )
        since = seen - _EPOCH
        out.update((f"{named} 0 {since // WINDOW}", f"{named} 1 {(since + WINDOW / 2) // WINDOW}"))
    return frozenset(out)


def _instant(text: str) -> datetime | None:
    """Return a time; one without a zone is read as UTC, which is at most 14 hours off in a window of 72."""
    try:
        found = datetime.fromisoformat(text.strip()[:MAX_LENGTH])
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _each(values: tuple[str, ...], form: Callable[[str], T | None]) -> tuple[T, ...]:
    """Return the forms of the values that have one, each once."""
    found = (form(text) for text in values[:MAX_VALUES])
    return tuple(dict.fromkeys(value for value in found if value is not None))
