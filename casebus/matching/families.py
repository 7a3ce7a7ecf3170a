"""The token families: one visible table of what each is made of, who holds such a value, and what an agreement says.

What an agreement is worth is not here but in the model (`casebus.matching.model`), which is learned. A change to what a
token is made of is a new `rule` of its family: tokens made before and after it never meet. A change to a cap, or to what a
family says, is a new model.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cache

from casebus.events.enumerations import Agreement, IdentifierType, Rarity

SOURCE_REPORT = "source_report"
"""The family of an upstream report's number. It says that two records are one report, not that two people are one."""

REPORT_CAP = 100
"""Of more records than this with one report number none is a copy of another: it is a provider's default."""


class Holders(StrEnum):
    """How many people may hold one value at a time."""

    one = "one"
    few = "few"
    many = "many"


class Stability(StrEnum):
    """How long a value stays with its holder."""

    permanent = "permanent"
    years = "years"
    days = "days"


class Name(IntEnum):
    """How far two names are known to agree, by the tokens that they share."""

    unknown = 0
    word = 1
    near = 2
    exact = 3


class Born(IntEnum):
    """How far two birth dates are known to agree."""

    unknown = 0
    year = 1
    month_day = 2
    day = 3


class Lives(IntEnum):
    """How far two addresses are known to agree."""

    unknown = 0
    town = 1
    street = 2
    house = 3


@cache
def term_of(part: str, level: IntEnum) -> str:
    """Return the model's term for how far a part of a person agrees: "name", "born" or "lives"."""
    return f"{part}.{level.name}"


@dataclass(frozen=True, slots=True)
class Says:
    """What a shared composite says of a person's name, birth date and house."""

    name: Name = Name.unknown
    born: Born = Born.unknown
    lives: Lives = Lives.unknown


@dataclass(frozen=True, slots=True)
class Family:
    """One line of the table.

    `kinds` are the kinds of sighting that may carry it. Held by more than `cap` records, a value says nothing and is
    suppressed. `says` is given for composites of a person's attributes, which are read together. `to_hub` tells whether it may
    be published: only what is unique to a person or a composite, because a single attribute is re-identified by its
    frequency (`reference/matching.md` §4.2, `tests/matching/test_frequency_attack.py`).
    """

    name: str
    kinds: tuple[IdentifierType, ...]
    made_of: str
    holders: Holders
    stability: Stability
    cap: int
    agreement: Agreement
    to_hub: bool
    rule: int
    why: str
    says: Says | None = None


_T = IdentifierType
_EMAIL, _PHONE, _ACCOUNT = (_T.EMAIL,), (_T.PHONE_E164,), (_T.SERVICE_ACCOUNT_ID,)
_SCREEN, _IP, _DEVICE, _WALLET = (_T.SERVICE_SCREEN_NAME,), (_T.IP_AT_TIME,), (_T.DEVICE,), (_T.WALLET,)
_PLATE, _STATE = (_T.VEHICLE_PLATE,), (_T.NATIONAL_ID,)
_HANDLE = (_T.SERVICE_SCREEN_NAME, _T.EMAIL)
_NAMED = (_T.NAME, _T.NAME_DOB, _T.NAME_ADDRESS)
_ND, _NA, _DA, _A = (_T.NAME_DOB,), (_T.NAME_ADDRESS,), (_T.DOB_ADDRESS,), (_T.ADDRESS,)

NAME_KINDS = frozenset(_NAMED)
BORN_KINDS = frozenset({_T.NAME_DOB, _T.DOB_ADDRESS})
HOME_KINDS = frozenset({_T.NAME_ADDRESS, _T.DOB_ADDRESS, _T.ADDRESS})
PERSON_KINDS = NAME_KINDS | BORN_KINDS | HOME_KINDS
"""Kinds that say something of a person's name, birth date or house: they are weighed together."""

_one, _few, _many = Holders.one, Holders.few, Holders.many
_ever, _years, _days = Stability.permanent, Stability.years, Stability.days
_exact, _similar = Agreement.exact, Agreement.similar

# fmt: off
_TABLE = (
    # name, kinds, made of, holders, stability, cap, agreement, to hub, rule, why, says
    Family("account_id", _ACCOUNT, "platform, provider's id", _one, _ever, 100, _exact, True, 1,
           "given by the provider, never re-used; the cap only guards against a provider's default"),
    Family("email", _EMAIL, "address", _one, _years, 30, _exact, True, 1,
           "one mailbox; sometimes a household's"),
    Family("email_delivered", _EMAIL, "address without the dots and tags its provider ignores", _one, _years, 30,
           _similar, True, 1, "the same mailbox, if the provider's rule still holds"),
    Family("phone", _PHONE, "E.164, extension", _one, _years, 30, _exact, True, 1,
           "one line; numbers are recycled after months, landlines are shared"),
    Family("phone_national", _PHONE, "the number without its country", _few, _years, 30, _similar, True, 1,
           "as phone, for a number of which one side does not know the country"),
    Family("device", _DEVICE, "id; IMEI without check digit", _one, _years, 30, _exact, True, 1,
           "one device; sold and shared now and then"),
    Family("wallet", _WALLET, "chain, address", _one, _years, 30, _exact, True, 1,
           "one key; an exchange's deposit address is many people's"),
    Family("vehicle_plate", _PLATE, "country, plate", _few, _years, 30, _exact, True, 1,
           "one car, driven by a household"),
    Family("vehicle_plate_look", _PLATE, "country, plate with letters and digits that look alike made one", _few, _years, 30,
           _similar, True, 1, "as it was read from a street camera or a photograph"),
    Family("national_id", _STATE, "number, country if stated", _one, _ever, 10, _exact, True, 1,
           "given to one person; mistyped, and short ones of two countries meet by chance"),
    Family("screen_name", _SCREEN, "platform, name", _one, _years, 30, _exact, True, 1,
           "unique on its service at a time; how common the bare name is tells whether strangers use it too"),
    Family("screen_name_look", _SCREEN, "platform, look-alike of the name", _few, _years, 30, _similar, True, 1,
           "an evasion, an imitation or chance"),
    Family("ip_time", _IP, "address, one of two overlapping 72 h windows", _many, _days, 20, _exact, True, 1,
           "households, carriers and cafés share addresses: corroborates, never speaks alone"),
    Family("ip_prefix_time", _IP, "IPv6 /64, the same windows", _many, _days, 20, _similar, True, 1,
           "one household's network, whose addresses change by the hour"),
    Family("handle", _HANDLE, "screen name or local part of an e-mail, no service", _few, _years, 20, _similar, True, 1,
           "people re-use names, and so do strangers; six characters at least"),
    Family("handle_look", _HANDLE, "the same with letters that look alike made one", _many, _years, 20, _similar, True, 1,
           "as handle, against evasion"),
    Family("name_in_handle", (*_NAMED, *_HANDLE), "two of the name's words as one, or the letters of a handle", _many, _years, 12,
           _similar, True, 1, "people write their names into addresses; everyday names stay at the agency"),
    Family("name", _NAMED, "two of the name's words, unless both are everyday names", _few, _ever, 12, _exact, True, 1,
           "namesakes are few where the name is rare", Says(name=Name.exact)),
    Family("name_dob", _ND, "two of the name's words, date of birth", _few, _ever, 30, _exact, True, 2,
           "namesakes born on one day are few; a provider's birth dates are often invented", Says(Name.exact, Born.day)),
    Family("name_dob_near", _ND, "how two of the words sound, date of birth", _few, _ever, 30, _similar, True, 1,
           "another spelling, a short form, a romanisation", Says(Name.near, Born.day)),
    Family("name_day", _ND, "how two of the words sound, day and month in either order", _few, _ever, 20, _similar, True, 1,
           "the year is mistyped, or day and month change places", Says(Name.near, Born.month_day)),
    Family("name_year", _ND, "how two of the words sound, year of birth", _few, _ever, 20, _similar, True, 2,
           "the day is mistyped or not known", Says(Name.near, Born.year)),
    Family("word_dob", _ND, "how one of the words sounds, date of birth", _many, _ever, 20, _similar, True, 1,
           "another name was changed, or mistyped beyond its sound; twins share it", Says(Name.word, Born.day)),
    Family("name_house", _NA, "two of the name's words, house number, street's beginning", _few, _years, 30, _exact, True, 1,
           "a person at home; a father and a son of one name share it", Says(name=Name.exact, lives=Lives.house)),
    Family("word_house", _NA, "how one of the words sounds, house number, street's beginning", _many, _years, 30, _similar, True, 1,
           "a household shares it", Says(name=Name.word, lives=Lives.house)),
    Family("name_town", _NA, "two of the name's words, post code or town", _few, _years, 30, _exact, True, 1,
           "the street is written otherwise", Says(name=Name.exact, lives=Lives.town)),
    Family("name_town_near", _NA, "how two of the words sound, post code or town", _few, _years, 30, _similar, True, 1,
           "the same, and the name too", Says(name=Name.near, lives=Lives.town)),
    Family("word_street", _NA, "how one of the words and one of the street's sound, post code or town", _many, _years, 30,
           _similar, True, 2, "numbers and names are mistyped; a household shares it", Says(name=Name.word, lives=Lives.street)),
    Family("dob_house", _DA, "date of birth, house number, street's beginning", _few, _years, 30, _exact, True, 1,
           "a person at home under another name; twins share it", Says(born=Born.day, lives=Lives.house)),
    Family("dob_street", _DA, "date of birth, first letter of one of the street's words and how it sounds", _few, _years, 30,
           _similar, True, 2, "the number is mistyped", Says(born=Born.day, lives=Lives.street)),
    Family("dob_town", _DA, "date of birth, post code or town", _few, _years, 30, _similar, True, 1,
           "the street is written otherwise", Says(born=Born.day, lives=Lives.town)),
    Family("house", _A, "house number, street, post code or town", _many, _years, 30, _exact, True, 1,
           "a household lives there", Says(lives=Lives.house)),
    Family("house_number", _A, "house number, street of two words or more", _many, _years, 30, _similar, True, 1,
           "the town is mistyped or not named", Says(lives=Lives.house)),
)
# fmt: on

FAMILIES: dict[str, Family] = {family.name: family for family in _TABLE}

RANK: dict[str, int] = {family.name: number for number, family in enumerate(_TABLE)}
"""Which of two families of one kind says more: the one that stands first."""

HANDLES = ("handle", "handle_look", "name_in_handle")
"""Families that join one kind to another. They count once, and only where none of their own kinds agrees by itself."""

OWN = frozenset({"account_id", "email", "email_delivered", "screen_name"})
"""Identifiers that one person has as long as they stand: neither mistyped into another's, nor sold, nor given to the next."""

DIFFERING: tuple[IdentifierType, ...] = (_T.EMAIL, _T.PHONE_E164, _T.SERVICE_SCREEN_NAME, _T.DEVICE, _T.NATIONAL_ID)
"""Kinds of which it says something that both persons have one and none agrees; people have many addresses and wallets,
and an account on another service is no evidence. Names, birth dates and houses are weighed by `Says`."""

SAME_REPORT_SCORE = 10.0
"""The score of a `same_source_report` notice: it is a fact about a number, as strong as this scale goes."""


BY_RARITY = (Rarity.unique, Rarity.rare, Rarity.uncommon, Rarity.common)
"""The bands, the rarest first."""


def rarity(count: int, cap: int) -> Rarity:
    """Return the band of a value that `count` records hold: a count would reveal third agencies."""
    if count > cap:
        return Rarity.common
    if count <= 2:
        return Rarity.unique
    return Rarity.rare if count <= 5 else Rarity.uncommon
