"""The persons of our assumed formats, in JSON and in CSV: what an agency's own system knows of one, as identifiers.

Used by the formats that we designed because none is public (docs/formats/); an agency that joins may use them too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import zip_longest

from casebus.errors import DocumentRefused, RefusalCode
from casebus.events.enumerations import (
    AssertionKind,
    ChildIndicator,
    IdentifierType,
    SubjectCategory,
    TimeMeaning,
    TriState,
)
from casebus.intake.adapter import Identifier
from casebus.intake.children import category_of, impossible_of, indicators_of
from casebus.intake.civil_identity import House, civil_identity
from casebus.intake.columns import Row
from casebus.intake.countries import country
from casebus.intake.sections import Section
from casebus.intake.times import stated_time

COLUMNS = frozenset(
    {
        "role",
        "name",
        "date_of_birth",
        "age",
        "possible_child",
        "country",
        "email",
        "phone",
        "service",
        "account_id",
        "screen_name",
        "device_id",
        "ip",
        "ip_at",
        "address",
        "postcode",
        "city",
        "wallet",
        "vehicle_plate",
        "national_id",
    }
)
ACCOUNT_HOLDERS = (SubjectCategory.REPORTED_PERSON, SubjectCategory.SUSPECT, SubjectCategory.UNKNOWN)
"""The roles behind a reported account: what says that one of these is a child says it of the record."""
_ISSUED = re.compile(r"(?P<issuer>[A-Z]{2}):\s*(?P<number>.+)")


@dataclass(frozen=True, slots=True)
class Account:
    """An account on a platform: by its id, its screen name, or both."""

    service: str | None
    account_id: str | None
    screen_name: str | None


@dataclass(frozen=True, slots=True)
class Address:
    """An IP address, and when somebody was behind it."""

    value: str
    at: str | None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """A person as a document states it: texts as written."""

    role: SubjectCategory
    name: str | None
    date_of_birth: str | None
    age: str | None
    assessed: TriState
    country: str | None
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    accounts: tuple[Account, ...]
    devices: tuple[str, ...]
    addresses: tuple[Address, ...]
    house: House
    wallets: tuple[str, ...]
    plates: tuple[str, ...]
    national_ids: tuple[str, ...]

    def indicators(self, as_of: date) -> tuple[ChildIndicator, ...]:
        """Return what says that the person may be a child."""
        own = indicators_of(self.age, self.date_of_birth, as_of)
        return (*own, ChildIndicator.AGENCY_ASSESSED) if self.assessed is TriState.YES else own

    @property
    def impossible(self) -> tuple[str, ...]:
        """The kinds of what is stated and cannot be so."""
        return impossible_of([self.age], self.date_of_birth)

    def category(self, as_of: date) -> SubjectCategory:
        """Return whose identifiers the person's are. A child that the agency calls a victim stays one."""
        if self.role in (SubjectCategory.VICTIM_CHILD, SubjectCategory.WITNESS):
            return self.role
        return category_of(self.indicators(as_of), otherwise=self.role)

    def identifiers(self, number: int, as_of: date, certainty: AssertionKind) -> Iterator[Identifier]:
        """Yield what is stated of the person, `number` telling it apart from the others of the document."""
        subject = self.category(as_of)
        for one in self._identifiers():
            yield replace(one, subject_no=number, subject=subject, certainty=certainty)

    def _identifiers(self) -> Iterator[Identifier]:
        yield from civil_identity(self.name, self.date_of_birth, [self.house])
        yield from (Identifier(IdentifierType.EMAIL, value) for value in self.emails)
        home = country(self.country)
        yield from (Identifier(IdentifierType.PHONE_E164, value, country=home) for value in self.phones)
        for account in self.accounts:
            yield from _of_account(account)
        yield from (Identifier(IdentifierType.DEVICE, value) for value in self.devices)
        yield from (Identifier(IdentifierType.WALLET, value) for value in self.wallets)
        yield from (_issued(IdentifierType.VEHICLE_PLATE, value, home) for value in self.plates)
        yield from (_issued(IdentifierType.NATIONAL_ID, value, None) for value in self.national_ids)
        for address in self.addresses:
            seen_at = stated_time(address.at, TimeMeaning.UNKNOWN)
            yield Identifier(IdentifierType.IP_AT_TIME, address.value, port=address.port, seen_at=seen_at)


def _of_account(account: Account) -> Iterator[Identifier]:
    if account.account_id:
        yield Identifier(IdentifierType.SERVICE_ACCOUNT_ID, account.account_id, service=account.service)
    if account.screen_name:
        yield Identifier(IdentifierType.SERVICE_SCREEN_NAME, account.screen_name, service=account.service)


def _issued(kind: IdentifierType, text: str, otherwise: str | None) -> Identifier:
    """Return a number that a country issued, which may stand before it: `GB:XMP 07`."""
    found = _ISSUED.fullmatch(text)
    issuer = country(found["issuer"]) if found else None
    return Identifier(kind, found["number"] if found and issuer else text, country=issuer or otherwise)


def assessed(people: list[Stated]) -> TriState:
    """Return the agency's own answer for a record: NO only where it says so of each person behind an account."""
    answers = {person.assessed for person in people}
    if TriState.YES in answers:
        return TriState.YES
    return TriState.NO if answers == {TriState.NO} else TriState.NOT_STATED


def person_in(section: Section, otherwise: SubjectCategory) -> Stated:
    """Return the person that a JSON section states. Raises WRONG_TYPE, UNKNOWN_VALUE."""
    return Stated(
        role=section.choice("role", SubjectCategory, otherwise),
        name=section.text("name"),
        date_of_birth=section.text("dateOfBirth"),
        age=section.text("age"),
        assessed=section.flag("possibleChild"),
        country=section.text("country"),
        emails=tuple(section.texts("emails")),
        phones=tuple(section.texts("phones")),
        accounts=tuple(
            Account(one.text("service"), one.text("accountId"), one.text("screenName"))
            for one in section.sections("accounts")
        ),
        devices=tuple(section.texts("devices")),
        addresses=tuple(_addresses(section)),
        house=House(
            section.text("address"), section.text("postcode"), section.text("city"), country(section.text("country"))
        ),
        wallets=tuple(section.texts("wallets")),
        plates=tuple(section.texts("vehiclePlates")),
        national_ids=tuple(section.texts("nationalIds")),
    )


def person_on(row: Row, otherwise: SubjectCategory) -> Stated:
    """Return the person that a CSV row states. Raises UNKNOWN_VALUE, MALFORMED_CSV for siblings that do not align."""
    return Stated(
        role=row.choice("role", SubjectCategory, otherwise),
        name=row.text("name"),
        date_of_birth=row.text("date_of_birth"),
        age=row.text("age"),
        assessed=row.flag("possible_child"),
        country=row.text("country"),
        emails=tuple(row.many("email")),
        phones=tuple(row.many("phone")),
        accounts=_accounts(row),
        devices=tuple(row.many("device_id")),
        addresses=_row_addresses(row),
        house=House(row.text("address"), row.text("postcode"), row.text("city"), country(row.text("country"))),
        wallets=tuple(row.many("wallet")),
        plates=tuple(row.many("vehicle_plate")),
        national_ids=tuple(row.many("national_id")),
    )


def _addresses(section: Section) -> Iterator[Address]:
    for one in section.sections("addresses"):
        if (value := one.text("ip")) is not None:
            text = one.text("port") or ""
            port = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else None
            yield Address(value, one.text("at"), port if port is not None and port <= 65535 else None)


def _accounts(row: Row) -> tuple[Account, ...]:
    """Return the accounts: one service for all of them, or one for each."""
    ids, names = row.aligned("account_id"), row.aligned("screen_name")
    services = row.aligned("service")
    longest = max(len(ids), len(names))
    if len(services) > max(1, longest):
        raise DocumentRefused(RefusalCode.MALFORMED_CSV, f"{row.at('service')} names more services than accounts.")
    if len(services) == 1:
        services = services * longest
    together = zip_longest(services[:longest], ids, names)
    return tuple(Account(service or None, one or None, name or None) for service, one, name in together)


def _row_addresses(row: Row) -> tuple[Address, ...]:
    values, times = row.aligned("ip"), row.aligned("ip_at")
    if len(times) > len(values):
        raise DocumentRefused(RefusalCode.MALFORMED_CSV, f"{row.at('ip_at')} has more times than there are addresses.")
    return tuple(Address(value, at or None) for value, at in zip_longest(values, times) if value)
