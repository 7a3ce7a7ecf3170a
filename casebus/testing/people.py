"""Fictional people: the same number and seed give the same person.

Nobody here exists. Only reserved names and ranges are used: RFC 2606 domains, RFC 3849 addresses, Ofcom's numbers for drama
(+44 7700 900xxx), New Zealand numbers that start with a row of zeros, invented platforms, streets and post codes, and
plates, wallets and passports with words in them.
"""

import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

RECEIVED_AT = datetime(2025, 3, 2, 21, 20, 11, tzinfo=UTC)
"""When the documents of the story were received, unless they say otherwise."""

_FIRST = ("Exempla", "Fictor", "Imagina", "Inventa", "Mocka", "Placida", "Sampla", "Specima", "Testor", "Trialo")
_LAST = ("Dummyfield", "Exampleson", "Fictive", "Madeup", "Neverborn", "Notreal", "Placeholder", "Synthetic")


@dataclass(frozen=True, slots=True)
class Person:
    """A fictional person. What is null is not stated of them."""

    name: str | None = None
    date_of_birth: str | None = None
    age: str | None = None
    email: str | None = None
    phone: str | None = None
    service: str = "ExampleChat"
    account_id: str | None = None
    screen_name: str | None = None
    device_id: str | None = None
    ip: str | None = None
    ip_at: str | None = None
    country: str | None = None
    address: str | None = None
    postcode: str | None = None
    city: str | None = None
    wallet: str | None = None
    vehicle_plate: str | None = None
    national_id: str | None = None


def person(index: int, *, seed: int = 1, country: str = "NZ") -> Person:
    """Return the person of that number. No two below a million share an identifier (in GB, no two below a thousand).

    Of every seventh more is known: a house, a wallet, a number plate, a passport.
    """
    draw = random.Random(f"casebus-synthetic/{seed}/{index}")  # noqa: S311 - fiction, not a secret
    born = date(1955, 1, 2) + timedelta(days=draw.randrange(16_000))
    at = RECEIVED_AT - timedelta(minutes=draw.randrange(1, 500_000))
    one = Person(
        name=f"{draw.choice(_FIRST)} {draw.choice(_LAST)}",
        date_of_birth=born.isoformat(),
        email=f"synthetic.{seed}.{index}@example.{draw.choice(('com', 'net', 'org'))}",
        phone=_phone(index, country),
        service=draw.choice(("ExampleChat", "ExampleGram")),
        account_id=f"u-{seed}{index:07d}",
        screen_name=f"synthetic_{seed}_{index:05d}",
        device_id=_imei(index),
        ip=f"2001:db8:{index // 65536:x}:{index % 65536:x}::7",
        ip_at=utc(at),
        country=country,
    )
    return _better_known(one, index) if index % 7 == 3 else one


def _better_known(one: Person, index: int) -> Person:
    return replace(
        one,
        address=f"{index} Fictive Street",
        postcode=f"X{index % 10_000:04d}",
        city="Exampleton",
        wallet=f"0x{'c0ffee' * 5}{index % 1_000_000:010x}",
        vehicle_plate=f"XMP{index % 1_000_000:06d}",
        national_id=f"{one.country}: XM{index % 1_000_000:07d}",
    )


def _phone(index: int, country: str) -> str:
    return f"+44 7700 900{index % 1000:03d}" if country == "GB" else f"+64 20 00{index % 1_000_000:06d}"


def _imei(index: int) -> str:
    """Return 15 digits under 00-440001, a type code of no device, with the right check digit (Luhn)."""
    body = f"00440001{index % 1_000_000:06d}"
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(body))
    total = sum(number - 9 if number > 9 else number for number in doubled)
    return f"{body}{-total % 10}"


def utc(at: datetime) -> str:
    """Return a time as documents write it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
