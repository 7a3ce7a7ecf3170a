"""Builders for the tests of matching: identifiers in the clear, and records as the hub holds them."""

from collections.abc import Callable
from datetime import UTC, datetime

from casebus.events import enumerations as en
from casebus.events.types import TimeStatement
from casebus.intake.adapter import Identifier
from casebus.matching.held import HeldRecord, HeldSighting, HeldToken
from casebus.matching.tokens import Tokeniser

KEY = bytes(range(32))
TOKENISER = Tokeniser({1: KEY})
K = en.IdentifierType


def at(
    instant: str | None = "2025-03-02T20:58:41+00:00", quality: en.TimeQuality = en.TimeQuality.EXACT_OFFSET
) -> TimeStatement:
    return TimeStatement(
        meaning=en.TimeMeaning.LOGIN,
        instant=datetime.fromisoformat(instant).astimezone(UTC) if instant else None,
        raw=None,
        stated_offset_minutes=None,
        quality=quality,
    )


def email(value: str, **more: object) -> Identifier:
    return Identifier(K.EMAIL, value, **more)  # type: ignore[arg-type]


def phone(value: str, country: str | None = None, **more: object) -> Identifier:
    return Identifier(K.PHONE_E164, value, country=country, **more)  # type: ignore[arg-type]


def account(value: str, service: str | None = "ExampleChat", **more: object) -> Identifier:
    return Identifier(K.SERVICE_ACCOUNT_ID, value, service=service, **more)  # type: ignore[arg-type]


def screen(value: str, service: str | None = "ExampleChat", **more: object) -> Identifier:
    return Identifier(K.SERVICE_SCREEN_NAME, value, service=service, **more)  # type: ignore[arg-type]


def device(value: str, **more: object) -> Identifier:
    return Identifier(K.DEVICE, value, **more)  # type: ignore[arg-type]


def ip(value: str, seen_at: TimeStatement | None = None, **more: object) -> Identifier:
    return Identifier(K.IP_AT_TIME, value, seen_at=seen_at or at(), **more)  # type: ignore[arg-type]


def person(name: str, born: str | None, **more: object) -> Identifier:
    return Identifier(K.NAME_DOB, name, date_of_birth=born, **more)  # type: ignore[arg-type]


def values(identifier: Identifier, family: str | None = None, region: str = "NZ") -> set[str]:
    """The token values of an identifier, of one family or of all."""
    tokens = TOKENISER.tokens(identifier, region).tokens
    return {token.value for token in tokens if family in (None, token.family)}


def families(identifier: Identifier, region: str = "NZ") -> list[str]:
    return [token.family for token in TOKENISER.tokens(identifier, region).tokens]


def dropped(identifier: Identifier, region: str = "NZ") -> str | None:
    found = TOKENISER.tokens(identifier, region)
    assert (found.dropped is None) == bool(found.tokens)
    return found.dropped


def sighting(identifier: Identifier) -> HeldSighting:
    tokens = TOKENISER.tokens(identifier, "NZ").tokens
    return HeldSighting(
        kind=identifier.kind,
        subject_no=identifier.subject_no,
        subject=identifier.subject,
        tokens=tuple(HeldToken(token.family, f"{token.epoch}:{token.value}") for token in tokens),
    )


def record(record_id: str, *identifiers: Identifier, **more: object) -> HeldRecord:
    usual: dict[str, object] = {
        "record_id": record_id,
        "agency": "nz-police",
        "kind": en.RecordKind.tip,
        "revision": 1,
        "open": True,
        "matchable": True,
        "backlog": False,
        "immediate_risk": False,
        "possible_child": False,
        "high_priority": False,
        "pointer": en.PointerMode.OPEN,
        "source_report": (),
        "sightings": tuple(sighting(identifier) for identifier in identifiers),
    }
    return HeldRecord(**(usual | more))  # type: ignore[arg-type]


def seen(count: int, **by_family: int) -> Callable[[str, str], int]:
    """A frequency: `count` for every value, other counts by family."""
    return lambda family, _value: by_family.get(family, count)
