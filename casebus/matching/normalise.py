"""From one identifier in the clear to its forms: which family, made of which parts. Pure; runs at the agency only."""

from collections.abc import Callable
from dataclasses import dataclass

from casebus.events.enumerations import IdentifierType
from casebus.intake.adapter import Identifier
from casebus.matching.families import RANK
from casebus.matching.normal.account import account_id, handle, look_alike, screen_name
from casebus.matching.normal.composites import (
    Composite,
    born_in_house,
    house_of,
    housed,
    letters_of_handle,
    named,
    named_and_born,
    named_in_house,
)
from casebus.matching.normal.device import device
from casebus.matching.normal.email import email
from casebus.matching.normal.national_id import national_id
from casebus.matching.normal.network import ip_at_time
from casebus.matching.normal.phone import national_digits, national_part, phone
from casebus.matching.normal.text import DropReason, Parts
from casebus.matching.normal.vehicle import plate
from casebus.matching.normal.wallet import wallet
from casebus.matching.register.places import Place


@dataclass(frozen=True, slots=True)
class Form:
    """One normal form under a family."""

    family: str
    parts: Parts


Forms = tuple[Form, ...] | DropReason

MAX_FORMS = 64
"""As many tokens as a sighting carries under one key (`events/types.py`)."""


def normalise(identifier: Identifier, region: str) -> Forms:
    """Return the forms of an identifier, without repeats, or why it has none.

    `region` is the ISO 3166 country in which phone numbers are read when the identifier names none. Never raises,
    whatever the text; work is bounded by each kind's maximum length.
    """
    rule = _RULES.get(identifier.kind)
    if rule is None:
        return DropReason.UNKNOWN_KIND
    forms = rule(identifier, region)
    return forms if isinstance(forms, DropReason) else tuple(dict.fromkeys(forms))


def _email(identifier: Identifier, _region: str) -> Forms:
    found = email(identifier.value)
    if isinstance(found, DropReason):
        return found
    named_forms = (("email", found.exact), ("email_delivered", found.delivered))
    own = tuple(Form(family, parts) for family, parts in named_forms if parts)
    return own + (_handles(found.handle) if found.handle else ())


def _handles(bare: Parts) -> tuple[Form, ...]:
    """Return what a handle joins: itself, its look-alike, and the name that its letters may be."""
    look, letters = look_alike(("", bare[0])), letters_of_handle(bare[0])
    looks = () if isinstance(look, DropReason) else (Form("handle_look", look[1:]),)
    return (Form("handle", bare), *looks, *((Form("name_in_handle", letters),) if letters else ()))


def _phone(identifier: Identifier, region: str) -> Forms:
    """Return the number; with its country, and as those write it who take the country as known."""
    found = phone(identifier.value, identifier.country or region)
    if found is DropReason.NOT_A_NUMBER:
        return _single("phone_national", national_digits(identifier.value))
    if isinstance(found, DropReason):
        return found
    number, *extension = found
    national = () if extension else (Form("phone_national", (national_part(number),)),)
    return (Form("phone", found), *national)


def _account(identifier: Identifier, _region: str) -> Forms:
    return _single("account_id", account_id(identifier.value, identifier.service))


def _device(identifier: Identifier, _region: str) -> Forms:
    found = device(identifier.value)
    return found if isinstance(found, DropReason) else tuple(Form("device", parts) for parts in found)


def _screen_name(identifier: Identifier, _region: str) -> Forms:
    """Return name, look-alike and handle; a name without its service still has a handle."""
    found = screen_name(identifier.value, identifier.service)
    bare = handle(identifier.value)
    across = () if isinstance(bare, DropReason) else _handles(bare)
    if isinstance(found, DropReason):
        return across if found is DropReason.NO_SERVICE and across else found
    look = look_alike(found)
    looks = () if isinstance(look, DropReason) else (Form("screen_name_look", look),)
    return (Form("screen_name", found), *looks, *across)


def _ip(identifier: Identifier, _region: str) -> Forms:
    found = ip_at_time(identifier.value, identifier.seen_at)
    if isinstance(found, DropReason):
        return found
    exact = tuple(Form("ip_time", parts) for parts in found.exact)
    return exact + tuple(Form("ip_prefix_time", parts) for parts in found.prefix)


def _named_and_born(identifier: Identifier, _region: str) -> Forms:
    return _composites(named_and_born(identifier.value, identifier.date_of_birth))


def _named_in_house(identifier: Identifier, _region: str) -> Forms:
    return _composites(named_in_house(identifier.value, _house(identifier)))


def _born_in_house(identifier: Identifier, _region: str) -> Forms:
    return _composites(born_in_house(identifier.date_of_birth or identifier.value, _house(identifier)))


def _housed(identifier: Identifier, _region: str) -> Forms:
    return _composites(housed(_house(identifier)))


def _named(identifier: Identifier, _region: str) -> Forms:
    return _composites(named(identifier.value))


def _house(identifier: Identifier) -> Place:
    return house_of(identifier.address, identifier.postcode, identifier.city)


def _composites(found: list[Composite] | DropReason) -> Forms:
    """Return the forms of a person's attributes, those that say most first: a sighting carries so many tokens and no more."""
    if isinstance(found, DropReason):
        return found
    forms = dict.fromkeys(Form(family, parts) for family, parts in found)
    return tuple(sorted(forms, key=lambda form: RANK[form.family])[:MAX_FORMS])


def _wallet(identifier: Identifier, _region: str) -> Forms:
    return _single("wallet", wallet(identifier.value))


def _plate(identifier: Identifier, region: str) -> Forms:
    found = plate(identifier.value, identifier.country or region)
    if isinstance(found, DropReason):
        return found
    return (Form("vehicle_plate", found.exact), Form("vehicle_plate_look", found.look_alike))


def _national_id(identifier: Identifier, _region: str) -> Forms:
    return _single("national_id", national_id(identifier.value, identifier.country))


def _single(family: str, found: Parts | DropReason) -> Forms:
    return found if isinstance(found, DropReason) else (Form(family, found),)


_RULES: dict[IdentifierType, Callable[[Identifier, str], Forms]] = {
    IdentifierType.EMAIL: _email,
    IdentifierType.PHONE_E164: _phone,
    IdentifierType.SERVICE_ACCOUNT_ID: _account,
    IdentifierType.SERVICE_SCREEN_NAME: _screen_name,
    IdentifierType.IP_AT_TIME: _ip,
    IdentifierType.DEVICE: _device,
    IdentifierType.NAME_DOB: _named_and_born,
    IdentifierType.NAME_ADDRESS: _named_in_house,
    IdentifierType.DOB_ADDRESS: _born_in_house,
    IdentifierType.ADDRESS: _housed,
    IdentifierType.NAME: _named,
    IdentifierType.WALLET: _wallet,
    IdentifierType.VEHICLE_PLATE: _plate,
    IdentifierType.NATIONAL_ID: _national_id,
}
