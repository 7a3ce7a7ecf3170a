"""Who a person is by name, birth date and house: identifiers that stay at the agency, and say something together only."""

from collections.abc import Iterator, Sequence
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


def civil_identity(name: str | None, born: str | None, houses: Sequence[House]) -> Iterator[Identifier]:
    """Yield what a person's name, birth date and houses say together, not yet said whose they are and how certain.

    A name stands alone only where nothing else is stated. A town alone is nobody's house; a post code alone is part of
    a person's, and no house.
    """
    homes = [house for house in houses if house.line or house.postcode]
    if name and born:
        yield Identifier(IdentifierType.NAME_DOB, name, date_of_birth=born)
    elif name and not homes:
        yield Identifier(IdentifierType.NAME, name)
    for house in homes:
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
