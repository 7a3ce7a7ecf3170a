"""From one identifier in the clear to its forms: which family, made of which parts. Pure; runs at the agency only."""

from collections.abc import Callable
from dataclasses import dataclass

from casebus.events.enumerations import IdentifierType
from casebus.intake.adapter import Identifier
from casebus.matching.normal.account import account_id, handle, look_alike, screen_name
from casebus.matching.normal.device import device
from casebus.matching.normal.email import email
from casebus.matching.normal.network import ip_at_time
from casebus.matching.normal.person import name_with_birth_date, often_a_default
from casebus.matching.normal.phone import phone
from casebus.matching.normal.text import DropReason, Parts


@dataclass(frozen=True, slots=True)
class Form:
    """One normal form under a family."""

    family: str
    parts: Parts


Forms = tuple[Form, ...] | DropReason


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
    named = (("email", found.exact), ("email_delivered", found.delivered), ("handle", found.handle))
    return tuple(Form(family, parts) for family, parts in named if parts)


def _phone(identifier: Identifier, region: str) -> Forms:
    return _single("phone", phone(identifier.value, identifier.country or region))


def _account(identifier: Identifier, _region: str) -> Forms:
    return _single("account_id", account_id(identifier.value, identifier.service))


def _device(identifier: Identifier, _region: str) -> Forms:
    found = device(identifier.value)
    return found if isinstance(found, DropReason) else tuple(Form("device", parts) for parts in found)


def _screen_name(identifier: Identifier, _region: str) -> Forms:
    """Return name, look-alike and handle; a name without its service still has a handle."""
    found = screen_name(identifier.value, identifier.service)
    bare = handle(identifier.value)
    across = () if isinstance(bare, DropReason) else (Form("handle", bare),)
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


def _person(identifier: Identifier, _region: str) -> Forms:
    found = name_with_birth_date(identifier.value, identifier.date_of_birth)
    if isinstance(found, DropReason):
        return found
    return tuple(Form("name_year" if often_a_default(parts) else "name_dob", parts) for parts in found)


def _single(family: str, found: Parts | DropReason) -> Forms:
    return found if isinstance(found, DropReason) else (Form(family, found),)


_RULES: dict[IdentifierType, Callable[[Identifier, str], Forms]] = {
    IdentifierType.EMAIL: _email,
    IdentifierType.PHONE_E164: _phone,
    IdentifierType.SERVICE_ACCOUNT_ID: _account,
    IdentifierType.SERVICE_SCREEN_NAME: _screen_name,
    IdentifierType.IP_AT_TIME: _ip,
    IdentifierType.DEVICE: _device,
    IdentifierType.NAME_DOB: _person,
}
