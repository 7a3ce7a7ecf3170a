"""The invented people whom the tips are about: what each owns, what they share with a household, a crowd or a network."""

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

from quality.draws import Script, Spelling, birth_date, english_names, scripts, streets, towns

PLATFORMS = ["telegram", "snapchat", "facebook", "kik", "x", "discord", "instagram", "roblox", "tiktok"]
HOSTS = [
    "gmail.com",
    "gmail.com",
    "gmail.com",
    "yahoo.com",
    "outlook.com",
    "hotmail.com",
    "proton.me",
    "mail.ru",
    "icloud.com",
]
CROWD = [
    "shadow",
    "king",
    "max",
    "ghost",
    "alex_x",
    "dark_wolf",
    "lucky7",
    "angel",
    "star",
    "x_man",
    "gamer",
    "neo",
    "tiger",
    "phoenix",
    "ninja",
    "joker",
]
DIALLING = {"US": "1", "GB": "44", "RU": "7", "EG": "20", "HK": "852", "GR": "30"}


@dataclass(frozen=True, slots=True)
class Manner:
    """How a set of tips differs from the plain one; shares of people, of tips or of cells."""

    name: str
    home_share: float = 0.22
    """People who live with another suspect: one address, one home network, perhaps one telephone."""
    crowd_names: float = 0.06
    """Screen names that many others use too."""
    recycled: float = 0.05
    """Telephone numbers that someone else had before."""
    invented: float = 0.4
    """Names and birth dates that a user made up for a provider."""
    slips: float = 0.08
    placeholders: float = 0.03
    kept: float = 1.0
    """What is left of the identifiers that a tip of its kind would name."""
    networks: int = 60
    """Carrier-grade networks, each one address for all of its customers."""
    proxies: int = 25
    shared_devices: float = 0.0
    surnames: int = 2000
    """How many surnames the population has."""
    scripts: bool = False


@dataclass(frozen=True, slots=True)
class Suspect:
    """One person and all that can be reported about them."""

    person: int
    given: Spelling
    surname: Spelling
    surname_first: bool
    country: str
    born: date
    address: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    accounts: tuple[tuple[str, str], ...]
    home_ip: str
    network: str
    devices: tuple[str, ...]
    wallet: str
    iban: str


class Population:
    """Draws suspects; the same seed and manner, the same people."""

    def __init__(self, rng: random.Random, manner: Manner) -> None:
        self.rng, self.manner = rng, manner
        self._names = english_names(rng)
        self._surnames = [self._names.surnames.draw(rng) for _ in range(manner.surnames)]
        self._streets, self._towns = streets(rng), [f"{rng.randrange(10000, 12000)}" for _ in towns(rng)[:60]]
        self.networks = [_ip(rng) for _ in range(manner.networks)]
        self.proxies = [_ip(rng) for _ in range(manner.proxies)]
        self._scripts = scripts() if manner.scripts else []

    def people(self, count: int) -> list[Suspect]:
        """Return the suspects; each may share with the one before."""
        found: list[Suspect] = []
        for person in range(count):
            one = self._alone(person)
            if found and self.rng.random() < self.manner.home_share:
                one = self._housemate(one, found[-1])
            if found and self.rng.random() < self.manner.recycled:
                one = replace(one, phones=(self.rng.choice(found).phones[0], *one.phones[1:]))
            if found and self.rng.random() < self.manner.shared_devices:
                one = replace(one, devices=(self.rng.choice(found[-40:]).devices[0], *one.devices[1:]))
            found.append(one)
        return found

    def invent(self) -> tuple[str, str]:
        """Return a given name and a surname that a user made up."""
        return self._names.given(self.rng, self.rng.choice("fm")), self._names.surnames.draw(self.rng)

    def _alone(self, person: int) -> Suspect:
        rng, script = self.rng, self._script()
        given, surname, country, first = self._named(script)
        born, latin = (
            birth_date(rng, 1945, 2006),
            (given.romanised[0].lower(), surname.romanised[0].lower().replace("'", "")),
        )
        locals_ = [_local(rng, *latin, born) for _ in range(rng.choice((1, 1, 2)))]
        handle = locals_[0].replace(".", "") if rng.random() < 0.4 else _handle(rng, *latin)
        street = rng.choice(self._streets)
        return Suspect(
            person, given, surname, first, country, born,
            f"{rng.randrange(1, 400)} {street.name} {street.kind}, {rng.choice(self._towns)}",
            tuple(f"{local}@{rng.choice(HOSTS)}" for local in locals_),
            tuple(_number(rng, country) for _ in range(rng.choice((1, 1, 2)))),
            tuple((platform, self._screen_name(handle, latin, number)) for number, platform in enumerate(rng.sample(PLATFORMS, k=rng.choice((1, 2, 2, 3))))),
            _ip(rng), rng.choice(self.networks),
            tuple(_device(rng) for _ in range(rng.choice((1, 1, 2)))),
            _wallet(rng) if rng.random() < 0.15 else "",
            _iban(rng) if rng.random() < 0.25 else "",
        )  # fmt: skip

    def _script(self) -> Script | None:
        return self.rng.choice(self._scripts) if self._scripts and self.rng.random() < 0.8 else None

    def _named(self, script: Script | None) -> tuple[Spelling, Spelling, str, bool]:
        rng = self.rng
        if script:
            return script.given.draw(rng), script.surnames.draw(rng), script.country, script.surname_first
        given, surname = self._names.given(rng, rng.choice("fmm")), rng.choice(self._surnames)
        return Spelling(given, (given,)), Spelling(surname, (surname,)), rng.choice(("US", "US", "GB")), False

    def _screen_name(self, handle: str, latin: tuple[str, str], number: int) -> str:
        rng = self.rng
        if rng.random() < self.manner.crowd_names:
            return rng.choice(CROWD) + rng.choice(("", "", "1", "69", "123", "_x"))
        if number == 0 or rng.random() < 0.45:
            return handle
        return rng.choice((handle + str(rng.randrange(10, 999)), _handle(rng, *latin)))

    def _housemate(self, one: Suspect, other: Suspect) -> Suspect:
        rng = self.rng
        shared = replace(one, address=other.address, home_ip=other.home_ip, country=other.country)
        if rng.random() < 0.7:
            shared = replace(shared, surname=other.surname, surname_first=other.surname_first)
            if rng.random() < 0.14:  # father and son of one name
                shared = replace(
                    shared, given=other.given, born=other.born - timedelta(days=365 * rng.randrange(19, 38))
                )
        if rng.random() < 0.3:
            shared = replace(shared, phones=(*shared.phones[:1], other.phones[-1]))
        return shared


def _ip(rng: random.Random) -> str:
    return f"{rng.choice((2, 5, 37, 62, 81, 82, 86, 90, 92, 109, 151, 176, 178, 185, 188, 212))}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


def _local(rng: random.Random, given: str, surname: str, born: date) -> str:
    joint, tail = rng.choice((".", "", "_")), rng.choice(("", str(rng.randrange(1, 99)), str(born.year), f"{born:%y}"))
    return (
        rng.choice(
            (
                f"{given}{joint}{surname}",
                f"{given[0]}{joint}{surname}",
                f"{surname}{joint}{given}",
                f"{given}{rng.randrange(100, 9999)}",
            )
        )
        + tail
    )


def _handle(rng: random.Random, given: str, surname: str) -> str:
    word = rng.choice(("wolf", "sky", "blue", "moon", "storm", "fox", "rain", "pixel", "zero", "cat"))
    return rng.choice(
        (
            f"{given}{surname}",
            f"{given}_{surname[:3]}",
            f"{word}{given}",
            f"{surname}{word}",
            f"{word}_{rng.choice('xzqv')}{word[::-1]}",
        )
    ) + str(rng.randrange(1, 99999))


def _number(rng: random.Random, country: str) -> str:
    """Return a national number: digits that the country's plan allows for a mobile."""
    if country == "US":
        return f"{rng.choice((212, 310, 415, 503, 602, 713, 808, 904))}{rng.randrange(2, 10)}{rng.randrange(10**6):06}"
    beginnings = {
        "GB": ("77", 8),
        "RU": ("9" + rng.choice("0126"), 8),
        "EG": ("10", 8),
        "HK": ("6", 7),
        "GR": ("69", 8),
    }
    begin, more = beginnings[country]
    return f"{begin}{rng.randrange(10**more):0{more}}"


def _device(rng: random.Random) -> str:
    return f"{rng.randrange(16**16):016x}"


def _wallet(rng: random.Random) -> str:
    return "bc1q" + "".join(rng.choices("023456789acdefghjklmnpqrstuvwxyz", k=38))


def _iban(rng: random.Random) -> str:
    account = f"{rng.choice(('NWBK', 'BARC', 'LOYD'))}{rng.randrange(10**14):014}"
    number = "".join(str(int(each, 36)) for each in account + "GB00")
    return f"GB{98 - int(number) % 97:02}{account}"
