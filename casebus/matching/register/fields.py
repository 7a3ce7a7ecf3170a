"""The fields that two records are compared by: what each is called, what it holds, and which levels are exact.

A level says how close two values are: 0 they differ, higher is closer; what each level means stands in `levels`. At an
exact level both records hold one value, and how many others hold it too decides what that is worth.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from casebus.matching.register.record import Record

Values = Callable[[Record], Iterable[Hashable]]


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `exact` maps its exact levels to the values that can agree there; `household`: a family shares it.

    `capped`: a value held by very many records is nobody's, and is suppressed.
    """

    name: str
    words: str
    exact: tuple[tuple[int, Values], ...] = ()
    household: bool = False
    capped: bool = False


def _text(get: Callable[[Record], str]) -> Values:
    return lambda record: (value,) if (value := get(record)) else ()


def _either(record: Record) -> tuple[str, ...]:
    return tuple(value for value in (record.name.given, record.name.surname) if value)


def _with_given(record: Record) -> tuple[tuple[str, str], ...]:
    given = record.name.given
    return tuple((given, middle) for middle in record.name.middle) if given else ()


def _address(record: Record) -> tuple[Hashable, ...]:
    place = record.place
    return tuple((number, place.street) for number in place.numbers or ("",)) if place.street else ()


def _handles(record: Record) -> Iterable[Hashable]:
    return record.handles | record.mail_handles


FIELDS = (
    Field("given", "given name", ((5, _text(lambda r: r.name.given)), (6, _either))),
    Field("surname", "surname", ((5, _text(lambda r: r.name.surname)), (6, _either)), household=True),
    Field("middle", "middle name", ((2, lambda r: r.name.middle), (3, _with_given))),
    Field("generation", "senior or junior"),
    Field("born", "date of birth", ((7, lambda r: r.born),)),
    Field("sex", "sex"),
    Field("national", "national id", ((2, lambda r: r.national),), capped=True),
    Field(
        "email",
        "e-mail",
        ((4, lambda r: r.email), (3, lambda r: [box[0] for box in r.email])),
        household=True,
        capped=True,
    ),
    Field("phone", "phone", ((2, lambda r: r.phone),), household=True, capped=True),
    Field("device", "device", ((2, lambda r: r.device),), capped=True),
    Field("wallet", "wallet", ((2, lambda r: r.wallet),), capped=True),
    Field("bank", "bank account", ((2, lambda r: r.bank),), capped=True),
    Field("account", "account", ((2, lambda r: r.account),), capped=True),
    Field("screen", "screen name", ((4, lambda r: r.screen), (3, lambda r: r.handles)), capped=True),
    Field("handle", "handle in e-mail", ((1, _handles), (2, _handles)), capped=True),
    Field("ip", "IP at a time", ((1, lambda r: r.ip),), household=True, capped=True),
    Field("address", "address", ((4, _address),), household=True),
    Field("postcode", "post code", ((3, _text(lambda r: r.place.postcode)),), household=True),
    Field("suburb", "suburb", ((4, _text(lambda r: r.place.suburb)),), household=True),
    Field("city", "city", ((4, _text(lambda r: r.place.city)),), household=True),
    Field("region", "region", household=True),
    Field("birthplace", "place of birth", ((4, _text(lambda r: r.birthplace)),), household=True),
    Field("occupation", "occupation", ((4, _text(lambda r: r.occupation)),)),
)
"""In the order in which `levels.compare` returns them."""

INDEX = {field.name: number for number, field in enumerate(FIELDS)}
