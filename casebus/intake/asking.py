"""What an officer types about one person before acting, and the question that it makes. Messages repeat no identifier."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from casebus.errors import UsageError
from casebus.events.enumerations import (
    AssertionKind,
    CheckBasis,
    IdentifierType,
    PointerMode,
    Priority,
    Purpose,
    SubjectCategory,
    TimeMeaning,
    TimeQuality,
)
from casebus.events.types import TimeStatement
from casebus.intake.adapter import Identifier
from casebus.intake.checks import Question
from casebus.intake.identifiers import MAX_VALUE
from casebus.intake.times import stated_time


@dataclass(frozen=True, slots=True)
class Typed:
    """Identifiers of one person as typed. Accounts and screen names are SERVICE:VALUE; a name goes with the date of
    birth at the same place, an IP address with its time.
    """

    emails: Sequence[str] = ()
    phones: Sequence[str] = ()
    accounts: Sequence[str] = ()
    screen_names: Sequence[str] = ()
    names: Sequence[str] = ()
    birth_dates: Sequence[str] = ()
    addresses: Sequence[str] = ()
    address_times: Sequence[str] = ()
    devices: Sequence[str] = ()
    wallets: Sequence[str] = ()


def question(
    typed: Typed, *, basis: CheckBasis, urgency: Priority, pointer: PointerMode | None, purpose: Purpose
) -> Question:
    """Return what is asked. Where no `pointer` is chosen a persona's check names nobody, any other says who asks.

    Raises `UsageError`.
    """
    discreet = PointerMode.DESK_ONLY if basis is CheckBasis.UNDERCOVER_PERSONA else PointerMode.OPEN
    return Question(
        basis=basis,
        urgency=urgency,
        pointer=pointer or discreet,
        purpose=purpose,
        identifiers=tuple(dict.fromkeys(_identifiers(typed))),
    )


def _identifiers(typed: Typed) -> Iterator[Identifier]:
    kinds = IdentifierType
    for what, kind, values in (
        ("e-mail address", kinds.EMAIL, typed.emails),
        ("phone number", kinds.PHONE_E164, typed.phones),
        ("device", kinds.DEVICE, typed.devices),
        ("wallet", kinds.WALLET, typed.wallets),
    ):
        yield from (_one(what, kind, value) for value in values)
    yield from (_of_service("account", kinds.SERVICE_ACCOUNT_ID, value) for value in typed.accounts)
    yield from (_of_service("screen name", kinds.SERVICE_SCREEN_NAME, value) for value in typed.screen_names)
    for name, born in _pairs("name", typed.names, "date of birth", typed.birth_dates):
        yield _one("name", kinds.NAME_DOB, name, date_of_birth=born)
    for address, at in _pairs("IP address", typed.addresses, "time", typed.address_times):
        yield _one("IP address", kinds.IP_AT_TIME, address, seen_at=_instant(at))


def _one(
    what: str,
    kind: IdentifierType,
    value: str,
    *,
    service: str | None = None,
    date_of_birth: str | None = None,
    seen_at: TimeStatement | None = None,
) -> Identifier:
    if not value.strip() or len(value) > MAX_VALUE or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise UsageError(f"a given {what} is empty, longer than {MAX_VALUE} characters, or not UTF-8")
    return Identifier(
        kind=kind,
        value=value.strip(),
        subject=SubjectCategory.UNKNOWN,
        certainty=AssertionKind.UNKNOWN,
        service=service,
        date_of_birth=date_of_birth,
        seen_at=seen_at,
    )


def _of_service(what: str, kind: IdentifierType, text: str) -> Identifier:
    service, colon, value = text.partition(":")
    if not colon or not service.strip():
        raise UsageError(f"a given {what} does not name its service", next_step="write it as SERVICE:VALUE.")
    return _one(what, kind, value, service=service.strip())


def _pairs(what: str, values: Sequence[str], beside: str, others: Sequence[str]) -> list[tuple[str, str]]:
    if len(values) != len(others):
        raise UsageError(
            f"each {what} goes with a {beside}, one of each", next_step=f"give a {beside} for each {what}."
        )
    return list(zip(values, others, strict=True))


def _instant(text: str) -> TimeStatement:
    """Return a time that may be matched on. Raises `UsageError` for any other: none is guessed at."""
    found = stated_time(text, TimeMeaning.UNKNOWN)
    if found.quality not in (TimeQuality.EXACT_OFFSET, TimeQuality.UTC_ASSERTED):
        raise UsageError(
            f"the time of an IP address has no offset, or is no time ({found.quality.value})",
            next_step="write 2026-01-31T09:00Z or 2026-01-31T09:00+13:00.",
        )
    return found
