"""IP addresses at a time. An address without an instant says nothing about a person, and yields nothing.

The source port is kept by the agency and is not part of a token: few reports have it, and none at both agencies.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from casebus.events.enumerations import TimeQuality
from casebus.events.types import TimeStatement
from casebus.matching.normal.text import DropReason, Parts, clean

MAX_LENGTH = 100
WINDOW = timedelta(hours=72)
"""Addresses are lent for days. Two phases, half a window apart: times within 36 hours of each other always meet."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANTS = (TimeQuality.EXACT_OFFSET, TimeQuality.UTC_ASSERTED)
_PORT = re.compile(r"\[(?P<six>[^\]]+)\](?::\d{1,5})?|(?P<four>[\d.]+):\d{1,5}")
# IPv4 addresses in IPv6's clothes: RFC 6052, and RFC 4291 §2.5.5.1 (`::203.0.113.7`, which nobody routes any more).
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))

# Written out rather than taken from `ipaddress.is_private`, whose answer changes between patch releases of Python.
# Documentation ranges (RFC 5737, 3849, 9637) are let through: they are all that synthetic data may use.
_PRIVATE = tuple(
    ip_network(net)
    for net in [
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "::1/128",
    ]
)
_RESERVED = tuple(
    ip_network(net)
    for net in [
        "0.0.0.0/8",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "64:ff9b:1::/48",
        "100::/64",
        "2001:2::/48",
        "ff00::/8",
    ]
)


@dataclass(frozen=True, slots=True)
class IpForms:
    """One address at one time: the address in each phase's window, and for IPv6 its /64 (one household) likewise."""

    exact: tuple[Parts, ...]
    prefix: tuple[Parts, ...]


def ip_at_time(text: str, seen_at: TimeStatement | None) -> IpForms | DropReason:
    """Return the forms of an address at a time."""
    address = ip(text)
    if isinstance(address, DropReason):
        return address
    if seen_at is None or seen_at.instant is None or seen_at.quality not in _INSTANTS:
        return DropReason.NO_TIME
    windows = _windows(seen_at.instant)
    exact = tuple((address.compressed, *window) for window in windows)
    if address.version == 4:
        return IpForms(exact, ())
    network = IPv6Network((address, 64), strict=False)
    return IpForms(exact, tuple((network.compressed, *window) for window in windows))


def ip(text: str) -> IPv4Address | IPv6Address | DropReason:
    """Return a public address; a port, brackets and a zone are left out, IPv4 inside IPv6 becomes IPv4."""
    cleaned = clean(text, MAX_LENGTH)
    if isinstance(cleaned, DropReason):
        return cleaned
    bracketed = _PORT.fullmatch(cleaned)
    bare = (bracketed["six"] or bracketed["four"]) if bracketed else cleaned
    try:
        address = _plain(ip_address(bare.split("%", 1)[0]))
    except ValueError:
        return DropReason.NOT_AN_ADDRESS
    if _within(address, _PRIVATE):
        return DropReason.PRIVATE_ADDRESS
    return DropReason.RESERVED_ADDRESS if _within(address, _RESERVED) else address


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if int(address) > 1 and any(address in network for network in _TRANSLATED):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    # 6to4 (RFC 3056) names the IPv4 address that it comes out of; the rest of it changes.
    return address.ipv4_mapped or address.sixtofour or address


def _within(address: IPv4Address | IPv6Address, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _windows(instant: datetime) -> tuple[Parts, Parts]:
    since = instant - _EPOCH
    return ("0", str(since // WINDOW)), ("1", str((since + WINDOW / 2) // WINDOW))
