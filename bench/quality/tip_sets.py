"""Tips about invented suspects, as agencies get them: each names a few of the suspect's identifiers, in the sender's own format.

The plain kind has the make-up of the development set tips_1 (../shared/reference/matching.md, 3.6: kinds of report, what each
names how often, households, shared networks, recycled numbers, made-up names, placeholders), from code of its own.
"""

import random
from datetime import UTC, date, datetime, timedelta

from quality.draws import birth_date
from quality.evaluation_set import EvaluationSet, Row, Written, assemble
from quality.slips import digits, maybe, slip
from quality.tip_people import DIALLING, Manner, Population, Suspect

PLAIN = Manner("tips_like")
NOISIER = Manner("tips_noisier", invented=0.6, slips=0.2, placeholders=0.08, kept=0.8, recycled=0.08)
CROWDED = Manner(
    "tips_crowded",
    home_share=0.45,
    crowd_names=0.2,
    recycled=0.12,
    networks=12,
    proxies=8,
    shared_devices=0.12,
    surnames=150,
)
SCRIPTS = Manner("tips_scripts", scripts=True)

KINDS = (("provider", 55), ("police", 20), ("hotline", 15), ("financial", 10))
NAMED = {
    "provider": {"name": 0.38, "date_of_birth": 0.36, "email": 0.72, "phone": 0.4, "screen_name": 0.9, "ip": 0.9, "device_id": 0.2},
    "police": {"name": 0.95, "date_of_birth": 0.8, "address": 0.6, "email": 0.2, "phone": 0.5, "screen_name": 0.25, "ip": 0.06, "device_id": 0.1},
    "hotline": {"name": 0.35, "date_of_birth": 0.06, "address": 0.06, "email": 0.25, "phone": 0.12, "screen_name": 0.7, "ip": 0.18},
    "financial": {"name": 0.92, "date_of_birth": 0.5, "address": 0.42, "email": 0.38, "phone": 0.3, "screen_name": 0.1, "ip": 0.3,
                  "device_id": 0.05, "wallet": 0.6, "bank_account": 0.75},
}  # fmt: skip
PLACEHOLDERS = {
    "email": ("none@none.com", "n/a", "unknown@example.com"),
    "phone": ("0000000000", "123456789", "+10000000000"),
}
LOOKALIKES = str.maketrans("aeopcx", "аеорсх")
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)


def tips(seed: int, manner: Manner = PLAIN, people: int = 6000) -> EvaluationSet:
    """Tips of half a year: three in five suspects are named once, the rest two to eight times."""
    rng = random.Random(f"{manner.name} {seed}")
    population, rows = Population(rng, manner), []
    for suspect in population.people(people):
        for _ in range(rng.choices((1, 2, 3, 4, 5, 8), (62, 14, 10, 5, 5, 4))[0]):
            rows.append(Written(suspect.person, _tip(population, suspect)))
    return assemble(manner.name, seed, rows)


def _tip(population: Population, suspect: Suspect) -> Row:
    rng, manner = population.rng, population.manner
    kind = rng.choices([kind for kind, _ in KINDS], [share for _, share in KINDS])[0]
    at = BEGIN + timedelta(seconds=rng.randrange(180 * 86400))
    named = {column for column, share in NAMED[kind].items() if rng.random() < share * manner.kept}
    row = {"report_kind": kind, "reported_at": at.isoformat()}
    if manner.scripts:
        row["country"] = suspect.country
    made_up = kind == "provider" and rng.random() < manner.invented
    if "name" in named:
        row |= _name(rng, suspect, manner, population.invent() if made_up else None)
    if "date_of_birth" in named:
        row["date_of_birth"] = _day(rng, suspect, manner, kind == "provider" and rng.random() < manner.invented)
    for column, value in _identifiers(rng, suspect, kind).items():
        if column in named and value:
            unknown = PLACEHOLDERS.get(column, ())
            row[column] = rng.choice(unknown) if unknown and rng.random() < manner.placeholders else value
    if "ip" in named:
        row["ip"], seen = _network(population, suspect), at - timedelta(seconds=rng.randrange(86400))
        row["ip_at"] = seen.isoformat()
    return _noise(rng, row, manner)


def _name(rng: random.Random, suspect: Suspect, manner: Manner, invented: tuple[str, str] | None) -> Row:
    if invented:
        given, surname = invented
    elif manner.scripts and rng.random() < 0.35:
        given, surname = suspect.given.native, suspect.surname.native
    else:
        given, surname = rng.choice(suspect.given.romanised), rng.choice(suspect.surname.romanised)
    given, surname = maybe(rng, manner.slips, given), maybe(rng, manner.slips, surname)
    if rng.random() < 0.05:
        given, surname = surname, given
    style = rng.choice((str, str, str.lower, str.upper))
    if manner.scripts and rng.random() < 0.4:
        whole = f"{surname} {given}" if suspect.surname_first else f"{given} {surname}"
        return {"name": style(whole)}
    return {"given_name": style(given), "surname": style(surname)}


def _day(rng: random.Random, suspect: Suspect, manner: Manner, made_up: bool) -> str:
    day = suspect.born
    if made_up:
        day = date(rng.randrange(1985, 2009), 1, 1) if rng.random() < 0.6 else birth_date(rng, 1980, 2008)
    kind = rng.random()
    if kind < 0.02:
        return str(day.year)
    written = day.isoformat() if kind < 0.55 else f"{day:%d/%m/%Y}" if kind < 0.8 else f"{day:%d.%m.%Y}"
    return digits(rng, written) if rng.random() < manner.slips / 2 else written


def _identifiers(rng: random.Random, suspect: Suspect, kind: str) -> Row:
    platform, handle = suspect.accounts[0] if rng.random() < 0.6 else rng.choice(suspect.accounts)
    return {
        "email": _email(rng, rng.choice(suspect.emails) if rng.random() < 0.4 else suspect.emails[0]),
        "phone": _phone(rng, rng.choice(suspect.phones), suspect.country),
        "screen_name": f"{platform}:{_screen_name(rng, handle)}",
        "device_id": rng.choice((str, str.upper))(rng.choice(suspect.devices)),
        "wallet": suspect.wallet,
        "bank_account": _grouped(suspect.iban) if rng.random() < 0.5 else suspect.iban,
        "address": rng.choice((str, str.lower, str.upper))(_address(rng, suspect.address))
        if kind != "provider"
        else "",
    }


def _email(rng: random.Random, email: str) -> str:
    local, host = email.split("@")
    if host == "gmail.com" and rng.random() < 0.2:
        local = rng.choice((local.replace(".", ""), f"{local}+{rng.choice(('a', 'x1', 'shop'))}"))
    return rng.choice((str, str, str, str.title))(f"{local}@{host}")


def _phone(rng: random.Random, number: str, country: str) -> str:
    code, kind = DIALLING[country], rng.random()
    if kind < 0.4:
        return f"+{code}{number}"
    if kind < 0.5:
        return f"00{code}{number}"
    if country == "US":
        return rng.choice(
            (
                f"({number[:3]}) {number[3:6]} {number[6:]}",
                f"{number[:3]}-{number[3:6]}-{number[6:]}",
                f"1.{number[:3]}.{number[3:6]}.{number[6:]}",
            )
        )
    trunk = {"GB": "0", "EG": "0", "RU": "8"}.get(country, "")
    return rng.choice(
        (f"{trunk}{number}", f"+{code} {number[:3]} {number[3:6]} {number[6:]}", f"{trunk}{number[:3]} {number[3:]}")
    )


def _screen_name(rng: random.Random, handle: str) -> str:
    kind = rng.random()
    if kind < 0.1:
        return f"@{handle}"
    if kind < 0.2:
        return handle.capitalize()
    if kind < 0.25:
        return handle.translate(LOOKALIKES)
    return f"{handle}." if kind < 0.27 else handle


def _grouped(iban: str) -> str:
    return " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))


def _address(rng: random.Random, address: str) -> str:
    if rng.random() < 0.5:
        return address
    for long, short in (
        ("Street", "St"),
        ("Avenue", "Ave"),
        ("Road", "Rd"),
        ("Drive", "Dr"),
        ("Lane", "Ln"),
        ("Court", "Ct"),
        ("North ", "N "),
        ("South ", "S "),
    ):
        address = address.replace(long, short)
    return address


def _network(population: Population, suspect: Suspect) -> str:
    kind = population.rng.random()
    if kind < 0.5:
        return suspect.home_ip
    return suspect.network if kind < 0.85 else population.rng.choice(population.proxies)


def _noise(rng: random.Random, row: Row, manner: Manner) -> Row:
    slips = {
        "email": manner.slips / 3,
        "phone": manner.slips / 3,
        "address": manner.slips,
        "screen_name": manner.slips / 3,
        "device_id": manner.slips / 5,
    }
    noisy = dict(row)
    for column, chance in slips.items():
        if row.get(column) and rng.random() < chance:
            service, colon, handle = row[column].rpartition(":")
            wrong = digits(rng, handle) if column in ("phone", "device_id") else slip(rng, handle)
            noisy[column] = f"{service}{colon}{wrong}"
    return noisy
