"""E-mail addresses: as written, as the provider delivers them, and the part before the @.

Nothing here is looked up. Case never tells two mailboxes apart in practice. Dots and tags do, except at the providers
named here, which say in their own help pages that they ignore them.
"""

import re
from dataclasses import dataclass

from casebus.matching.normal.account import handle
from casebus.matching.normal.text import DropReason, Parts, clean, fold, stands_for_nothing

MAX_LENGTH = 320
"""RFC 5321 §4.5.3.1: 64 for the local part, 255 for the domain, and the @."""

_ANGLE = re.compile(r"<([^<>]*)>\s*$")
_LOCAL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}")
_DOMAIN = re.compile(r"(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_MICROSOFT = re.compile(r"(?:outlook|hotmail|live)\.(?:[a-z]{2,3}|com?\.[a-z]{2})|msn\.com")

_IGNORES_DOTS_AND_TAGS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}
_IGNORES_TAGS = frozenset(
    [
        "proton.me",
        "protonmail.com",
        "protonmail.ch",
        "pm.me",
        "icloud.com",
        "me.com",
        "mac.com",
        "fastmail.com",
        "fastmail.fm",
    ]
)
_SHARED = frozenset(
    [
        "info",
        "admin",
        "administrator",
        "support",
        "contact",
        "abuse",
        "postmaster",
        "webmaster",
        "hostmaster",
        "office",
        "sales",
        "help",
        "helpdesk",
        "security",
        "root",
        "mail",
        "email",
        "enquiries",
        "hello",
        "noreply",
        "no-reply",
        "no_reply",
        "donotreply",
        "do-not-reply",
        "mailer-daemon",
    ]
)


@dataclass(frozen=True, slots=True)
class EmailForms:
    """One address: exact, as its provider delivers it (None where no rule is known), and its local part as a handle."""

    exact: Parts
    delivered: Parts | None
    handle: Parts | None


def email(text: str) -> EmailForms | DropReason:
    """Return the forms of an e-mail address."""
    cleaned = clean(text, MAX_LENGTH * 2)
    if isinstance(cleaned, DropReason):
        return cleaned
    split = _split(fold(cleaned))
    if isinstance(split, DropReason):
        return split
    local, domain = split
    bare = local.split("+", 1)[0]
    if stands_for_nothing(bare) or stands_for_nothing(local):
        return DropReason.PLACEHOLDER
    if bare in _SHARED:
        return DropReason.SHARED_MAILBOX
    delivered = _delivered(local, domain)
    name = handle(delivered[0] if delivered else local)
    return EmailForms((local, domain), delivered, None if isinstance(name, DropReason) else name)


def _split(text: str) -> tuple[str, str] | DropReason:
    """Return local part and domain of an address that may stand in `Name <a@b>` or after `mailto:`."""
    angle = _ANGLE.search(text)
    address = (angle[1] if angle else text).strip().removeprefix("mailto:")
    local, at, domain = address.rpartition("@")
    ascii_domain = _ascii(domain.strip().rstrip("."))
    if not at or not _LOCAL.fullmatch(local) or ascii_domain is None:
        return DropReason.NOT_AN_EMAIL
    return local, ascii_domain


def _ascii(domain: str) -> str | None:
    """Return a domain in its one ASCII form (IDNA), None if it has none."""
    if len(domain) > 253:
        return None
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii").lower()
        except UnicodeError:
            return None
    return domain if _DOMAIN.fullmatch(domain) else None


def _delivered(local: str, domain: str) -> Parts | None:
    """Return the mailbox that the provider delivers to; None where dots and tags may tell mailboxes apart."""
    untagged = local.split("+", 1)[0]
    if domain in _IGNORES_DOTS_AND_TAGS:
        mailbox, home = untagged.replace(".", ""), _IGNORES_DOTS_AND_TAGS[domain]
    elif domain in _IGNORES_TAGS or _MICROSOFT.fullmatch(domain):
        mailbox, home = untagged, domain
    else:
        return None
    return (mailbox, home) if mailbox else None
