"""Registers for tests: invented people, with a fixed seed, and records out of plain dictionaries."""

import random
from datetime import date, timedelta

from casebus.matching.register.dates import orders
from casebus.matching.register.record import Record, record

GIVEN = [
    "Aroha",
    "Benedict",
    "Carla",
    "Dorothea",
    "Emil",
    "Fatima",
    "Gregory",
    "Hilda",
    "Igor",
    "Joana",
    "Kasper",
    "Lucinda",
    "Marek",
    "Nadia",
    "Oscar",
    "Paula",
    "Quentin",
    "Rosalind",
    "Stefan",
    "Tamara",
    "Ulrich",
    "Valerie",
    "Walter",
    "Ximena",
    "Yusuf",
    "Zelda",
    "Anders",
    "Brigitte",
    "Conrad",
    "Delphine",
]
SURNAMES = [
    "Ahuriri",
    "Bellamy",
    "Castellano",
    "Drummond",
    "Eriksen",
    "Ferreira",
    "Goldsmith",
    "Hathaway",
    "Ivanov",
    "Jankowski",
    "Kauffman",
    "Lindqvist",
    "Marchetti",
    "Nakamura",
    "Okonkwo",
    "Petrovic",
    "Quinlan",
    "Rasmussen",
    "Santander",
    "Thorvald",
    "Underhill",
    "Vasquez",
    "Whitlock",
    "Yamamoto",
    "Zimmerman",
    "Abernathy",
    "Birkenshaw",
    "Cholmondeley",
    "Dalgleish",
    "Eastwood",
]
STREETS = [
    "Alder",
    "Birch",
    "Cedar",
    "Dogwood",
    "Elm",
    "Fir",
    "Gum",
    "Hazel",
    "Ironbark",
    "Juniper",
    "Kauri",
    "Laurel",
    "Maple",
    "Nikau",
    "Oak",
]


def person(draw: random.Random, number: int) -> dict[str, str]:
    """Return the fields of one invented person."""
    born = date(1945, 1, 1) + timedelta(days=draw.randrange(22_000))
    given, surname = draw.choice(GIVEN), draw.choice(SURNAMES) + draw.choice(["", "", "son", "berg", "ova"])
    return {
        "given_name": given,
        "surname": surname,
        "date_of_birth": born.isoformat(),
        "address": f"{draw.randrange(1, 300)} {draw.choice(STREETS)} Street",
        "postcode": f"{draw.randrange(1000, 9999)}",
        "email": f"{given}.{surname}{number}@example.com".lower(),
        "phone": f"+64 21 {draw.randrange(10**6, 10**7)}",
    }


def slipped(draw: random.Random, text: str) -> str:
    """Return a text with one letter changed."""
    place = draw.randrange(len(text))
    return text[:place] + draw.choice("abcdefghijklmnopqrstuvwxyz") + text[place + 1 :]


def written_again(draw: random.Random, fields: dict[str, str]) -> dict[str, str]:
    """Return another record of a person: a slip here, a gap there."""
    out = dict(fields)
    name = draw.choice(["given_name", "surname"])
    out[name] = slipped(draw, out[name])
    for column in ("address", "postcode", "email", "phone", "date_of_birth"):
        if draw.random() < 0.35:
            del out[column]
    return out


def register(people: int, duplicates: int, seed: int = 1) -> tuple[list[dict[str, str]], dict[str, int]]:
    """Return rows, and which person each record id is."""
    draw = random.Random(seed)
    everybody = [person(draw, number) for number in range(people)]
    rows, truth = [], {}
    for number, fields in enumerate(everybody):
        rows.append({"record_id": f"p{number:05d}", **fields})
        truth[f"p{number:05d}"] = number
    for number in range(duplicates):
        rows.append({"record_id": f"q{number:05d}", **written_again(draw, everybody[number])})
        truth[f"q{number:05d}"] = number
    draw.shuffle(rows)
    return rows, truth


def records(rows: list[dict[str, str]], side: int = 0) -> list[Record]:
    """Return rows as records."""
    order = orders((row.get("date_of_birth", ""), row.get("country", "")) for row in rows)
    return [one(row, side, order.of(row.get("country", ""))) for row in rows]


def one(row: dict[str, str], side: int = 0, *order: object) -> Record:
    """Return one row as a record."""
    values = {name: tuple(value.split("|")) for name, value in row.items() if value and name != "record_id"}
    return record(row.get("record_id", "r"), side, values, *order)  # type: ignore[arg-type]
