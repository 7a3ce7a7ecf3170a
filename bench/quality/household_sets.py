"""Registers of households: two of them with other habits, and one where people of one house share all but a name."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from quality.draws import MONTHS, Common, Names, Street, birth_date, english_names, streets, towns
from quality.evaluation_set import EvaluationSet, Row, Written, assemble
from quality.slips import blank, digits, hearing, maybe, typing, wrong_day
from quality.words import nicknames

TODAY = date(2025, 1, 1)


@dataclass(frozen=True, slots=True)
class Home:
    """Where a household lives."""

    number: int
    unit: str
    street: Street
    town: str
    postcode: str

    def written_long(self) -> str:
        """Return the address as a census taker writes it."""
        return f"{self.number} {self.street.name} {self.street.kind}" + (f" Unit {self.unit}" if self.unit else "")

    def written_short(self) -> str:
        """Return the address as an employer writes it."""
        return f"{self.number} {self.street.name} {self.street.short}".upper() + (f" #{self.unit}" if self.unit else "")


@dataclass(frozen=True, slots=True)
class Member:
    """One person of a household."""

    person: int
    given: str
    middle: str
    surname: str
    sex: str
    born: date
    home: Home
    generation: str = ""


class Country:
    """Draws homes and households; the same seed, the same country."""

    def __init__(self, rng: random.Random, town_count: int) -> None:
        self._rng, self.names = rng, english_names(rng)
        self._streets = streets(rng)
        named = rng.sample(towns(rng), k=town_count)
        self._towns = Common([(town, f"{rng.randrange(10000, 99999)}") for town in named], 3.0)
        self._next = 0

    def home(self) -> Home:
        """Return a home; one in six is a flat in a house that others live in too."""
        rng = self._rng
        town, postcode = self._towns.draw(rng)
        flat = rng.random() < 0.16
        street = self._streets[rng.randrange(30)] if flat else rng.choice(self._streets)
        return Home(
            rng.randrange(1, 20) if flat else rng.randrange(1, 3000),
            str(rng.randrange(1, 40)) if flat else "",
            street,
            town,
            postcode,
        )

    def member(self, surname: str, sex: str, born: date, home: Home, given: str = "", generation: str = "") -> Member:
        """Return a new person."""
        self._next += 1
        rng = self._rng
        middle = self.names.given(rng, sex) if rng.random() < 0.85 else ""
        return Member(self._next, given or self.names.given(rng, sex), middle, surname, sex, born, home, generation)

    def household(self) -> list[Member]:
        """Return one to six people: single, couples, families with children, twins among them, lodgers."""
        rng, home, surname = self._rng, self.home(), self.names.surnames.draw(self._rng)
        born, kind = birth_date(rng, 1935, 1998), rng.random()
        people = [self.member(surname, rng.choice("fm"), born, home)]
        if kind < 0.28:
            return people
        other = "f" if people[0].sex == "m" else "m"
        partner = surname if rng.random() < 0.75 else self.names.surnames.draw(rng)
        people.append(self.member(partner, other, born + timedelta(days=rng.randrange(-2200, 2200)), home))
        last = born + timedelta(days=365 * rng.randrange(20, 38) + rng.randrange(365))
        for _ in range(0 if kind < 0.55 else rng.choice((1, 2, 2, 3, 4))):
            if last >= TODAY:
                break
            sex = rng.choice("fm")
            named = people[0].given if sex == people[0].sex and rng.random() < 0.06 else ""
            people.append(self.member(surname, sex, last, home, named))
            last += timedelta(days=0 if rng.random() < 0.03 else 365 * rng.choice((1, 2, 2, 3, 4)) + rng.randrange(200))
        if rng.random() < 0.08:
            people.append(
                self.member(self.names.surnames.draw(rng), rng.choice("fm"), birth_date(rng, 1935, 2003), home)
            )
        return people


def two_registers(seed: int, households: int = 2600, town_count: int = 12) -> EvaluationSet:
    """A census (one row a person) beside tax forms (one row a job): linked, so that only pairs across count.

    Stands for a simulated census beside W-2 forms. The census writes month/day/year and "12 Oak Street Unit 4", knows middle
    initials, takes children and lodgers in; neighbours answer for some people. Tax forms are about adults, one to three a
    person, write "3 Mar 1970" and "12 OAK ST #4" in capitals, use the mailing address, which is another one for the seventh who moved,
    and carry no sex. Both lose cells, mishear names, use nicknames, mistake days and months, and copy cells of another
    household member. With `town_count=1` town and postcode say nothing at all, as in the simulated sample.
    """
    rng = random.Random(f"two registers {seed} {town_count}")
    country = Country(rng, town_count)
    census, forms = [], []
    for _ in range(households):
        people = country.household()
        for member in people:
            if rng.random() < 0.93:
                census.append(Written(member.person, _census_row(rng, member, rng.choice(people))))
            if member.born < date(2004, 1, 1) and rng.random() < 0.7:
                mail = country.home() if rng.random() < 0.14 else member.home
                forms += [
                    Written(member.person, _tax_row(rng, member, rng.choice(people), mail))
                    for _ in range(rng.choice((1, 1, 1, 1, 2, 3)))
                ]
    return assemble("two_registers" if town_count > 1 else "two_registers_one_town", seed, census, forms)


def _slipped(rng: random.Random, member: Member, beside: Member, rate: float) -> tuple[str, str, date]:
    given, surname, born = member.given, member.surname, member.born
    if nicknames(given) and rng.random() < 0.1:
        given = rng.choice(nicknames(given))
    if rng.random() < rate / 3:
        given = beside.given
    if rng.random() < rate / 3:
        born = beside.born
    elif rng.random() < rate:
        born = wrong_day(rng, born)
    return maybe(rng, rate, given), maybe(rng, rate, surname), born


def _census_row(rng: random.Random, member: Member, beside: Member) -> Row:
    given, surname, born = _slipped(rng, member, beside, 0.05)
    address = member.home.written_long()
    row = {
        "given_name": given,
        "middle_name": member.middle[:1],
        "surname": surname,
        "date_of_birth": f"{born:%m/%d/%Y}",
        "sex": member.sex,
        "address": typing(rng, address) if rng.random() < 0.05 else address,
        "city": member.home.town,
        "postcode": digits(rng, member.home.postcode) if rng.random() < 0.04 else member.home.postcode,
        "country": "US",
    }
    missing = {
        "given_name": 0.02,
        "surname": 0.02,
        "date_of_birth": 0.05,
        "address": 0.03,
        "postcode": 0.03,
        "middle_name": 0.1,
    }
    return blank(rng, row, missing)


def _tax_row(rng: random.Random, member: Member, beside: Member, mail: Home) -> Row:
    given, surname, born = _slipped(rng, member, beside, 0.07)
    address = mail.written_short()
    row = {
        "given_name": given.upper(),
        "middle_name": member.middle[:1],
        "surname": surname.upper(),
        "date_of_birth": f"{born.day} {MONTHS[born.month - 1]} {born.year}",
        "address": typing(rng, address) if rng.random() < 0.08 else address,
        "city": mail.town.upper(),
        "postcode": digits(rng, mail.postcode) if rng.random() < 0.05 else mail.postcode,
        "country": "US",
    }
    missing = {
        "given_name": 0.02,
        "surname": 0.02,
        "date_of_birth": 0.1,
        "address": 0.06,
        "postcode": 0.05,
        "middle_name": 0.3,
    }
    return blank(rng, row, missing)


def households(seed: int, houses: int = 900) -> EvaluationSet:
    """One register where the people of a house share surname, address, telephone, e-mail, and some the birth date or the name.

    Half of the houses hold a pair that is hard to keep apart: twins (all alike but the given name; a third of them named alike,
    "Ella" and "Emma"), father and son of one name (with "Sr" and "Jr" half of the time, and half of the time without the birth
    date), or spouses with one e-mail address. Half of the people stand in the register again, with a slip or two.
    """
    rng = random.Random(f"households {seed}")
    country, rows = Country(rng, 8), []
    for _ in range(houses):
        people = list(_hard_household(rng, country)) if rng.random() < 0.5 else country.household()
        shared = f"{people[0].surname.lower().replace(chr(39), '')}{rng.randrange(100)}@example.com"
        phone = f"({rng.randrange(201, 990)}) {rng.randrange(201, 999)}-{rng.randrange(10000):04}"
        for member in people:
            own = f"{member.given}.{member.surname}{rng.randrange(100)}@example.net".lower().replace("'", "")
            mobile = f"{rng.randrange(201, 990)}-{rng.randrange(201, 999)}-{rng.randrange(10000):04}"
            contact = shared if rng.random() < 0.5 else own, phone if rng.random() < 0.6 else mobile
            rows += [
                Written(member.person, _home_row(rng, member, *contact)) for _ in range(rng.choice((1, 1, 1, 2, 2, 3)))
            ]
    return assemble("households", seed, rows)


def _hard_household(rng: random.Random, country: Country) -> Iterator[Member]:
    home, surname, sex = country.home(), country.names.surnames.draw(rng), rng.choice("fm")
    born, kind = birth_date(rng, 1945, 1985), rng.random()
    first = country.member(surname, sex, born, home)
    if kind < 0.45:
        child = born + timedelta(days=365 * rng.randrange(20, 35) + rng.randrange(365))
        twin = country.member(surname, sex, child, home)
        alike = hearing(rng, twin.given) if rng.random() < 0.33 else _other_given(rng, country.names, sex, twin.given)
        yield from (
            first,
            twin,
            country.member(surname, sex if rng.random() < 0.7 else rng.choice("fm"), child, home, alike),
        )
    elif kind < 0.8:
        child = born + timedelta(days=365 * rng.randrange(18, 39) + rng.randrange(365))
        suffixes = ("Sr", "Jr") if rng.random() < 0.5 else ("", "")
        yield country.member(surname, sex, born, home, first.given, suffixes[0])
        yield country.member(surname, sex, child, home, first.given, suffixes[1])
    else:
        yield from (
            first,
            country.member(
                surname, "f" if sex == "m" else "m", born + timedelta(days=rng.randrange(-1500, 1500)), home
            ),
        )


def _other_given(rng: random.Random, names: Names, sex: str, given: str) -> str:
    while (other := names.given(rng, sex)) == given:
        continue
    return other


def _home_row(rng: random.Random, member: Member, email: str, phone: str) -> Row:
    given, surname, born = _slipped(rng, member, member, 0.06)
    hidden = 0.5 if member.generation else 0.15
    row = {
        "given_name": given,
        "middle_name": member.middle[:1] if rng.random() < 0.5 else member.middle,
        "surname": f"{surname} {member.generation}".strip() if rng.random() < 0.8 else surname,
        "date_of_birth": born.isoformat(),
        "sex": member.sex,
        "address": member.home.written_long() if rng.random() < 0.6 else member.home.written_short().title(),
        "city": member.home.town,
        "postcode": member.home.postcode,
        "email": email,
        "phone": phone,
        "country": "US",
    }
    return blank(
        rng,
        row,
        {
            "date_of_birth": hidden,
            "middle_name": 0.5,
            "email": 0.4,
            "phone": 0.35,
            "address": 0.1,
            "sex": 0.1,
            "given_name": 0.02,
        },
    )
