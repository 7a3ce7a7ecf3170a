"""The persons of a CyberTip in JSON, and every identifier that the report holds."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from casebus.events.enumerations import (
    AssertionKind,
    IdentifierType,
    TriState,
)
from casebus.intake.adapter import Identifier
from casebus.intake.civil_identity import House, civil_identity
from casebus.intake.countries import country
from casebus.intake.mining import Owner, mine
from casebus.intake.ncmec import vocabulary
from casebus.intake.ncmec.cybertip import Subject
from casebus.intake.sections import Section
from casebus.intake.times import stated_time

_CAPTURE_KINDS = (
    (re.compile(r"\bip(?:v[46])?\b", re.IGNORECASE), IdentifierType.IP_AT_TIME),
    (re.compile(r"imei|iccid|idf[av]|device|android id|advertising", re.IGNORECASE), IdentifierType.DEVICE),
    (re.compile(r"e-?mail", re.IGNORECASE), IdentifierType.EMAIL),
    (re.compile(r"phone|mobile", re.IGNORECASE), IdentifierType.PHONE_E164),
    (re.compile(r"screen ?name|user ?name", re.IGNORECASE), IdentifierType.SERVICE_SCREEN_NAME),
    (re.compile(r"user ?id|account ?id", re.IGNORECASE), IdentifierType.SERVICE_ACCOUNT_ID),
)
_ON_A_SERVICE = (IdentifierType.SERVICE_SCREEN_NAME, IdentifierType.SERVICE_ACCOUNT_ID)
_ADDRESS_LINE = re.compile(
    r"^[ \t]{0,8}(?:from|to|cc|bcc|reply-to)[ \t]{0,4}:[^\r\n]{0,500}", re.IGNORECASE | re.MULTILINE
)
_PORT = re.compile(r"[0-9]{1,5}")
MAX_TYPE = 80
_NOT_HOMES = frozenset({"business", "technical"})
"""Types of address where nobody lives: a firm's, a server's."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person's section, and whose identifiers those in it are."""

    section: Section
    subject: Subject


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading identifiers takes from the report: when it was received, and a number that no person has."""

    received_at: datetime | None
    recipient_no: int

    def of_person(self, person: Person) -> Iterator[Identifier]:
        """Yield what a person's section states, then what its free text holds."""
        section, subject = person.section, person.subject
        yield from _contacts(section, subject)
        yield from _accounts(section, subject)
        yield from _civil(section, subject)
        yield from _vehicle(section, subject)
        yield from self.of_captures(section, subject)
        yield from self.of_texts(section, subject)

    def of_captures(self, section: Section, subject: Subject) -> Iterator[Identifier]:
        """Yield what a provider captured: addresses with their times, devices. Web addresses are not identifiers."""
        for capture in section.section("sourceInformation").sections("sourceCaptures"):
            kind = capture_kind(capture.text("captureType"))
            value = capture.text("value")
            if kind is not None and value is not None:
                yield self._captured(kind, value, capture, subject)

    def of_texts(self, section: Section, subject: Subject) -> Iterator[Identifier]:
        """Yield what the section's free text holds."""
        for information in section.sections("additionalInformations"):
            yield from self.mined(information.text("value"), subject)

    def of_mail(self, incident: Section, subject: Subject) -> Iterator[Identifier]:
        """Yield the addresses of a reported e-mail's header lines; its text is not looked at."""
        for content in incident.sections("contents"):
            for line in _ADDRESS_LINE.findall(content.text("value") or ""):
                yield from self.mined(line, subject)

    def mined(self, text: str | None, subject: Subject) -> list[Identifier]:
        """Return what some free text holds."""
        owner = Owner(subject.number, subject.category, subject.service, subject.country)
        return mine(text, owner, self.recipient_no) if text else []

    def _captured(self, kind: IdentifierType, value: str, capture: Section, subject: Subject) -> Identifier:
        meaning = vocabulary.capture_meaning(capture.text("eventName"))
        return Identifier(
            kind=kind,
            value=value,
            subject_no=subject.number,
            subject=subject.category,
            service=subject.service if kind in _ON_A_SERVICE else None,
            country=subject.country if kind is IdentifierType.PHONE_E164 else None,
            port=port(capture.text("port")),
            seen_at=stated_time(capture.text("dateTime"), meaning, not_after=self.received_at),
        )


def capture_kind(capture_type: str | None) -> IdentifierType | None:
    """Return which kind of identifier a capture is, null if none that takes part in matching."""
    text = (capture_type or "")[:MAX_TYPE]
    return next((kind for pattern, kind in _CAPTURE_KINDS if pattern.search(text)), None)


def port(text: str | None) -> int | None:
    """Return a port number, null for anything else."""
    number = int(text) if text and _PORT.fullmatch(text) else None
    return number if number is not None and number <= 65535 else None


def certainty(verified: TriState, otherwise: AssertionKind) -> AssertionKind:
    """Return how certain an identifier is: the provider's own check outweighs what else is known."""
    return AssertionKind.PROVIDER_VERIFIED if verified is TriState.YES else otherwise


def joined(parts: Sequence[str | None]) -> str | None:
    """Return the name or the line that the parts make, null if there are none."""
    return " ".join(part for part in parts if part) or None


def is_home(kind: str | None) -> bool:
    """Tell whether somebody may live at an address of a type, as NCMEC names it."""
    return (kind or "").lower() not in _NOT_HOMES


def of_civil_identity(
    name: str | None, born: str | None, homes: Sequence[House], subject: Subject
) -> Iterator[Identifier]:
    """Yield what is declared of a person's name, birth date and homes. A home without a country is in the person's."""
    placed = [house if house.country else replace(house, country=subject.country) for house in homes]
    for one in civil_identity(name, born, placed):
        yield replace(one, subject_no=subject.number, subject=subject.category, certainty=AssertionKind.USER_DECLARED)


def _contacts(section: Section, subject: Subject) -> Iterator[Identifier]:
    for key, kind in (("emails", IdentifierType.EMAIL), ("phones", IdentifierType.PHONE_E164)):
        for contact in section.section(key).sections(key):
            value, verified = contact.text("value"), contact.flag("verified")
            if value is not None:
                yield Identifier(
                    kind=kind,
                    value=value,
                    subject_no=subject.number,
                    subject=subject.category,
                    certainty=certainty(verified, AssertionKind.USER_DECLARED),
                    verified=verified,
                    country=subject.country if kind is IdentifierType.PHONE_E164 else None,
                )


def _accounts(section: Section, subject: Subject) -> Iterator[Identifier]:
    screen_name = section.section("screenName").text("value")
    for kind, value in (
        (IdentifierType.SERVICE_ACCOUNT_ID, section.text("espUserId")),
        (IdentifierType.SERVICE_SCREEN_NAME, screen_name),
    ):
        if value is not None:
            yield Identifier(
                kind=kind,
                value=value,
                subject_no=subject.number,
                subject=subject.category,
                service=subject.service,
            )


def _civil(section: Section, subject: Subject) -> Iterator[Identifier]:
    name = joined([section.text(part) for part in ("firstName", "middleName", "lastName")])
    addresses = section.section("addresses").sections("addresses")
    homes = [_house(address) for address in addresses if is_home(address.text("type"))]
    yield from of_civil_identity(name, section.text("dateOfBirth"), homes, subject)


def _house(address: Section) -> House:
    return House(
        line=joined([address.text("street1"), address.text("street2")]),
        postcode=address.text("postalCode"),
        city=address.text("city"),
        country=country(address.text("country")),
    )


def _vehicle(section: Section, subject: Subject) -> Iterator[Identifier]:
    """Yield the number plate; the description beside it is not read."""
    if (plate := section.text("vehicleTagNumber")) is not None:
        yield Identifier(
            kind=IdentifierType.VEHICLE_PLATE,
            value=plate,
            subject_no=subject.number,
            subject=subject.category,
            country=subject.country,
        )
