"""Registers of people that say little: names and a birth date only, half-empty rows, many spellings over generations."""

import random
from collections.abc import Iterator
from datetime import date, timedelta

from quality.draws import (
    Common,
    Names,
    Street,
    birth_date,
    british_postcode,
    english_names,
    german_names,
    streets,
    towns,
)
from quality.evaluation_set import EvaluationSet, Row, Written, assemble
from quality.slips import blank, digits, maybe, slip, typing, wrong_day
from quality.words import load, nicknames, street_kinds

ENGLISH = load("english")
TITLES = ["Sir", "Lord", "Dr", "Rev", "Captain", "Colonel", "Baron", "Viscount"]
OCCUPATIONS = ENGLISH["occupations"]


def names_and_dates(seed: int, people: int = 9000, twice: int = 1000) -> EvaluationSet:
    """A German register of names and a birth date; every ninth person stands in it twice, mostly with one slip.

    Stands for RLdata10000. A third of the people have a second given name, few a second surname; second names are
    lost or abbreviated more often than first ones are misspelt. Namesakes are common, some share the year too.
    """
    rng = random.Random(f"names and dates {seed}")
    names = german_names(rng)
    written = []
    for person in range(people):
        sex = rng.choice("fm")
        surname = names.surnames.draw(rng) + (f"-{names.surnames.draw(rng)}" if rng.random() < 0.02 else "")
        row = {
            "given_name": names.given(rng, sex),
            "middle_name": names.given(rng, sex) if rng.random() < 0.3 else "",
            "surname": surname,
            "date_of_birth": birth_date(rng, 1925, 2005).isoformat(),
        }
        written.append(Written(person, row))
    again = [Written(person, _written_again(rng, written[person].row)) for person in rng.sample(range(people), twice)]
    return assemble("names_and_dates", seed, [*written, *again])


def _written_again(rng: random.Random, row: Row) -> Row:
    again, slips = dict(row), 1 if rng.random() < 0.75 else 2
    for column in rng.choices(("given_name", "surname", "date_of_birth", "middle_name"), (30, 30, 30, 10), k=slips):
        if column == "date_of_birth":
            again[column] = wrong_day(rng, date.fromisoformat(row[column])).isoformat()
        elif column == "middle_name":
            again[column] = rng.choice(("", again[column][:1]))
        else:
            again[column] = slip(rng, again[column])
    return again


def half_empty(seed: int, people: int = 500, empty: float = 0.2, fields: str = "few") -> EvaluationSet:
    """A register with many empty cells and many slips, one to seven rows a person.

    Stands for fake_1000: given name, surname, birth date, city and e-mail, a fifth of them empty; a tenth of the names
    swapped, a third of the birth dates off by days to a year; the capital makes half of the cities. With `fields="many"`
    also phone, street and postcode, and then half of all cells are empty.
    """
    rng = random.Random(f"half empty {seed}")
    names, cities = english_names(rng), Common(ENGLISH["cities"], 0.5)
    rows = []
    for person in range(people):
        true = _whole(rng, names.given(rng, rng.choice("fm")), names.surnames.draw(rng), cities.draw(rng))
        if fields == "few":
            true = {column: true[column] for column in ("given_name", "surname", "date_of_birth", "city", "email")}
        rows += [Written(person, _half(rng, true, empty)) for _ in range(rng.choice((1, 1, 2, 3, 4, 5, 6, 7)))]
    return assemble("half_empty" if fields == "few" else "half_empty_wide", seed, rows)


def _whole(rng: random.Random, given: str, surname: str, city: str) -> Row:
    local = rng.choice(
        (
            f"{given}.{surname}",
            f"{given[0]}{surname}",
            f"{given}{rng.randrange(10, 99)}",
            f"{surname}{rng.randrange(1, 999)}",
        )
    )
    host = rng.choice(
        ("gmail.com", "hotmail.com", "yahoo.com", f"{rng.choice(ENGLISH['surnames']).lower()}.com", "example.net")
    )
    street, (kind, _) = rng.choice(ENGLISH["streets"]), rng.choice(street_kinds())
    return {
        "given_name": given,
        "surname": surname,
        "date_of_birth": birth_date(rng, 1940, 2005).isoformat(),
        "city": city,
        "email": f"{local}@{host}".lower().replace("'", ""),
        "phone": f"07{rng.randrange(10**9):09}",
        "address": f"{rng.randrange(1, 200)} {street} {kind}",
        "postcode": british_postcode(rng),
    }


def _half(rng: random.Random, true: Row, empty: float) -> Row:
    row = {column: maybe(rng, 0.2, value) if column != "date_of_birth" else value for column, value in true.items()}
    if "phone" in row and rng.random() < 0.2:
        row["phone"] = f"07{rng.randrange(10**9):09}"
    if nicknames(true["given_name"]) and rng.random() < 0.15:
        row["given_name"] = rng.choice(nicknames(true["given_name"]))
    if rng.random() < 0.35:
        day = date.fromisoformat(row["date_of_birth"])
        near = day + timedelta(days=rng.choice((rng.randrange(-30, 31), rng.randrange(-400, 401))))
        row["date_of_birth"] = (near if rng.random() < 0.7 else wrong_day(rng, day)).isoformat()
    if rng.random() < 0.1:
        row["given_name"], row["surname"] = row["surname"], row["given_name"]
    return blank(rng, row, dict.fromkeys(row, empty))


def many_spellings(seed: int, families: int = 420) -> EvaluationSet:
    """Notable people of four centuries out of many sources, two to fourteen rows a person.

    Stands for historical_50k. Families run over one to four generations in which a given name comes back, birthplace, surname
    and trade often too: the father is the hard negative. Sources write titles, nicknames, second names in place of first
    ones, peerages in place of surnames, only the year of birth, an approximate birth date, and misspell the rest.
    """
    rng = random.Random(f"many spellings {seed}")
    rows: list[Written] = []
    for person, true in enumerate(_dynasties(rng, families)):
        rows += [Written(person, _source(rng, true)) for _ in range(min(14, 2 + int(rng.expovariate(1 / 4))))]
    return assemble("many_spellings", seed, rows)


def _dynasties(rng: random.Random, families: int) -> Iterator[Row]:
    names, places = english_names(rng), Common(towns(rng), 5.0)
    for _ in range(families):
        surname, place, trade, peerage = (
            names.surnames.draw(rng),
            places.draw(rng),
            rng.choice(OCCUPATIONS),
            places.draw(rng),
        )
        named, born = names.given(rng, "m"), birth_date(rng, 1600, 1820)
        for generation in range(rng.choice((1, 1, 1, 2, 3, 4))):
            sex = "m" if generation == 0 or rng.random() < 0.75 else "f"
            given = named if sex == "m" and rng.random() < 0.4 else names.given(rng, sex)
            yield {
                "given_name": given,
                "middle_name": " ".join(names.given(rng, sex) for _ in range(rng.choice((0, 0, 1, 2)))),
                "surname": surname,
                "date_of_birth": born.isoformat(),
                "place_of_birth": place if rng.random() < 0.6 else places.draw(rng),
                "postcode": british_postcode(rng),
                "sex": sex,
                "occupation": trade if rng.random() < 0.4 else rng.choice(OCCUPATIONS),
                "peerage": peerage if rng.random() < 0.2 else "",
            }
            born += timedelta(days=365 * rng.randrange(20, 40) + rng.randrange(365))


def _source(rng: random.Random, true: Row) -> Row:
    given, surname, middles = true["given_name"], true["surname"], true["middle_name"].split()
    called = given
    if nicknames(given) and rng.random() < 0.2:
        called = rng.choice(nicknames(given))
    elif middles and rng.random() < 0.12:
        called = rng.choice(middles)
    elif rng.random() < 0.05:
        called = given[0]
    family = true["peerage"] if true["peerage"] and rng.random() < 0.4 else surname
    called, family = maybe(rng, 0.2, called), maybe(rng, 0.2, family)
    between = [middle if rng.random() < 0.6 else middle[0] for middle in middles] if rng.random() < 0.5 else []
    title = [rng.choice(TITLES)] if rng.random() < 0.15 else []
    row = {
        "name": " ".join([*title, called, *between, family]),
        "given_name": called,
        "surname": family,
        "date_of_birth": _remembered(rng, date.fromisoformat(true["date_of_birth"])),
        "place_of_birth": maybe(rng, 0.2, true["place_of_birth"]),
        "postcode": typing(rng, true["postcode"]) if rng.random() < 0.2 else true["postcode"],
        "sex": true["sex"],
        "occupation": rng.choice(true["occupation"].split("|")),
    }
    missing = {
        "name": 0.02,
        "given_name": 0.04,
        "surname": 0.04,
        "date_of_birth": 0.2,
        "place_of_birth": 0.3,
        "postcode": 0.35,
    }
    return blank(rng, row, missing | {"sex": 0.12, "occupation": 0.3})


def _remembered(rng: random.Random, day: date) -> str:
    kind = rng.random()
    if kind < 0.12:
        return f"{day.year}-01-01"
    if kind < 0.2:
        return (day + timedelta(days=rng.randrange(-400, 400))).isoformat()
    return (wrong_day(rng, day) if kind < 0.25 else day).isoformat()


def dirty_register(seed: int, identity: bool = True, people: int = 3000) -> EvaluationSet:
    """A register of households of one, one to five rows a person, up to eight slips in a row.

    The hub's weights are learned on it, among others. Names, birth date, house, suburb, post code and perhaps a national id;
    names change places or are another's, digits change, parts of an address change places.
    """
    rng = random.Random(f"dirty register {seed}")
    names, roads, places = english_names(rng), streets(rng), towns(rng)
    rows = []
    for person in range(people):
        true = _resident(rng, names, rng.choice(roads), rng.choice(roads), rng.choice(places))
        if identity:
            true["national_id"] = str(rng.randrange(10**6, 10**7))
        rows.append(Written(person, true))
        rows += [Written(person, _copied(rng, names, true)) for _ in range(rng.choice((0, 0, 0, 1, 1, 1, 2, 4)))]
    return assemble("dirty_register", seed, rows)


def _resident(rng: random.Random, names: Names, road: Street, other: Street, town: str) -> Row:
    estate = f", {other.name} {rng.choice(('Farm', 'Village', 'Flats', 'House'))}" if rng.random() < 0.3 else ""
    return {
        "given_name": names.given(rng, rng.choice("fm")),
        "surname": names.surnames.draw(rng),
        "date_of_birth": birth_date(rng, 1900, 1999).isoformat(),
        "address": f"{rng.randrange(1, 300)} {road.name} {road.kind}{estate}",
        "suburb": town,
        "postcode": str(rng.randrange(2000, 7999)),
        "country": "AU",
    }


def _copied(rng: random.Random, names: Names, true: Row) -> Row:
    row = dict(true)
    for _ in range(rng.choice((1, 2, 3, 4, 6, 8))):
        column = rng.choice(("given_name", "given_name", "surname", "surname", "date_of_birth", "address", "address", "suburb", "postcode", "national_id"))  # fmt: skip
        if row.get(column):
            row |= _slipped(rng, names, true, row, column)
    return blank(rng, row, {"date_of_birth": 0.08, "given_name": 0.04, "address": 0.03, "suburb": 0.04})


def _slipped(rng: random.Random, names: Names, true: Row, row: Row, column: str) -> Row:
    kind, value = rng.random(), row[column]
    match column:
        case "date_of_birth":
            if kind < 0.5:
                return {column: digits(rng, value)}
            other = birth_date(rng, 1900, 1999)
            return {column: (wrong_day(rng, date.fromisoformat(true[column])) if kind < 0.8 else other).isoformat()}
        case "postcode" | "national_id":
            return {column: digits(rng, value) if kind < 0.8 else ""}
        case "address" if kind >= 0.6:
            return {column: digits(rng, value) if kind < 0.9 else ", ".join(reversed(value.split(", ")))}
        case "given_name" | "surname" if kind >= 0.87:
            if kind < 0.94:
                return {"given_name": row["surname"], "surname": row["given_name"]}
            return {column: names.given(rng, rng.choice("fm")) if column == "given_name" else names.surnames.draw(rng)}
        case _:
            return {column: slip(rng, value) if kind < 0.8 else ""}
