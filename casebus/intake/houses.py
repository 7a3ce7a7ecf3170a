"""Where a person lives, as identifiers: never in an event, and for matching only together with who lives there or whole."""

from collections.abc import Iterator
from dataclasses import dataclass

from casebus.events.enumerations import IdentifierType
from casebus.intake.adapter import Identifier


@dataclass(frozen=True, slots=True)
class House:
    """An address as written: the line with house number and street, post code, town; the country as a code."""

    line: str | None
    postcode: str | None
    city: str | None
    country: str | None


def lived_in(house: House, name: str | None, born: str | None) -> Iterator[Identifier]:
    """Yield the identifiers of a house and of who lives in it, not yet said whose they are and how certain.

    A town alone is nobody's address and yields nothing; a post code alone is part of a person's, and no house.
    """
    if not house.line and not house.postcode:
        return
    if name:
        yield _at(house, IdentifierType.NAME_ADDRESS, name)
    if born:
        yield _at(house, IdentifierType.DOB_ADDRESS, born, born=born)
    if house.line:
        yield _at(house, IdentifierType.ADDRESS, house.line)


def _at(house: House, kind: IdentifierType, value: str, *, born: str | None = None) -> Identifier:
    return Identifier(
        kind=kind,
        value=value,
        date_of_birth=born,
        address=house.line,
        postcode=house.postcode,
        city=house.city,
        country=house.country,
    )
