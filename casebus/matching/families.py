"""The token families: one visible table of what each is made of and what its agreement is worth.

Weights are additive, in nats, fixed by judgement in the order of `reference/matching.md` §5 and `domain.md` §8 (account id >
e-mail, phone, device > screen name on the same service, name with birth date > look-alike > IP at a time > bare handle).
They are multiples of a quarter, so that sums are exact in binary and do not depend on the order of addition. A change to
a weight, cap or rule is a new `DETECTOR`; a change to what a token is made of is a new `rule` of its family as well, since
tokens made before and after it never meet.
"""

from dataclasses import dataclass
from enum import StrEnum

from casebus.events.enumerations import Agreement, IdentifierType

DETECTOR = "casebus-fixed-1"

SOURCE_REPORT = "source_report"
"""The family of an upstream report's number. It says that two records are one report, not that two people are one."""


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


@dataclass(frozen=True, slots=True)
class Family:
    """One line of the table.

    `kinds` are the kinds of sighting that may carry it. Held by more than `cap` records, a value says nothing and is
    suppressed. `weight` is what an agreement adds. `to_hub` tells whether it may be published: only what is unique to a
    person or a composite, because a single attribute is re-identified by its frequency (`reference/matching.md` §4.2).
    """

    name: str
    kinds: tuple[IdentifierType, ...]
    made_of: str
    holders: Holders
    stability: Stability
    cap: int
    weight: float
    agreement: Agreement
    to_hub: bool
    rule: int
    why: str


_EMAIL = (IdentifierType.EMAIL,)
_PHONE = (IdentifierType.PHONE_E164,)
_ACCOUNT = (IdentifierType.SERVICE_ACCOUNT_ID,)
_NAME = (IdentifierType.SERVICE_SCREEN_NAME,)
_IP = (IdentifierType.IP_AT_TIME,)
_DEVICE = (IdentifierType.DEVICE,)
_PERSON = (IdentifierType.NAME_DOB,)
_HANDLE = (IdentifierType.SERVICE_SCREEN_NAME, IdentifierType.EMAIL)

_one, _few, _many = Holders.one, Holders.few, Holders.many
_ever, _years, _days = Stability.permanent, Stability.years, Stability.days
_exact, _similar = Agreement.exact, Agreement.similar

# fmt: off
_TABLE = (
    # name, kinds, made of, holders, stability, cap, weight, agreement, to hub, rule, why
    Family("account_id", _ACCOUNT, "platform, provider's id", _one, _ever, 100, 8.0, _exact, True, 1,
           "given by the provider, never re-used; the cap only guards against a provider's default"),
    Family("email", _EMAIL, "address", _one, _years, 30, 7.0, _exact, True, 1,
           "one mailbox; sometimes a household's"),
    Family("email_delivered", _EMAIL, "address without the dots and tags its provider ignores", _one, _years, 30, 6.5,
           _similar, True, 1, "the same mailbox, if the provider's rule still holds"),
    Family("phone", _PHONE, "E.164, extension", _one, _years, 30, 6.5, _exact, True, 1,
           "one line; numbers are recycled after months, landlines are shared"),
    Family("device", _DEVICE, "id; IMEI without check digit", _one, _years, 30, 6.5, _exact, True, 1,
           "one device; sold and shared now and then"),
    Family("screen_name", _NAME, "platform, name", _one, _years, 30, 5.0, _exact, True, 1,
           "unique on its service at a time; names are given up and taken again"),
    Family("name_dob", _PERSON, "two of the name's words, date of birth", _few, _ever, 30, 5.0, _exact, True, 1,
           "namesakes born on one day are few; a provider's birth dates are often invented"),
    Family("name_year", _PERSON, "two of the name's words, a 1 January", _few, _ever, 10, 3.0, _exact, True, 1,
           "1 January often stands for a year only"),
    Family("screen_name_look", _NAME, "platform, look-alike of the name", _few, _years, 20, 2.5, _similar, True, 1,
           "an evasion, an imitation or chance"),
    Family("ip_time", _IP, "address, one of two overlapping 72 h windows", _many, _days, 20, 2.0, _exact, True, 1,
           "households, carriers and cafés share addresses: corroborates, never speaks alone"),
    Family("ip_prefix_time", _IP, "IPv6 /64, the same windows", _many, _days, 20, 1.5, _similar, True, 1,
           "one household's network, whose addresses change by the hour"),
    Family("handle", _HANDLE, "screen name or local part of an e-mail, no service", _many, _years, 10, 1.5, _similar,
           True, 1, "people re-use names, and so do strangers; six characters at least"),
)
# fmt: on

FAMILIES: dict[str, Family] = {family.name: family for family in _TABLE}

DIFFERS: dict[IdentifierType, float] = {
    IdentifierType.NAME_DOB: -1.5,  # a person has one; names given to a provider are often invented
    IdentifierType.EMAIL: -0.5,  # people have several
    IdentifierType.PHONE_E164: -0.25,  # and change them
    IdentifierType.DEVICE: -0.25,  # and own several
}
"""What it costs when two persons both have a kind and no value agrees. Account ids and screen names are not listed: an
account on another service is no evidence. All of them together never undo one exclusive identifier, and only another
name and birth date holds back a screen name."""

SAME_REPORT_SCORE = 10.0
"""The score of a `same_source_report` notice: it is a fact about a number, as strong as this scale goes."""
