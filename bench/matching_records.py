"""Invented records for the benchmark of matching: held tips as the hub has them, whose tokens stand for nothing.

One record in four is about somebody whom an earlier record may be about, and names some of the same identifiers. What
strangers share is there too: households, carriers' addresses, names and handles of others, an account id that is a default.
A mailbox is one person's, and so is a screen name on its service: what a crowd shares is the bare handle.
"""

import random
from collections.abc import Iterator
from hashlib import blake2b

from casebus.cases.holding import Holding
from casebus.events.enumerations import IdentifierType, PointerMode, RecordKind, SubjectCategory
from casebus.matching.held import HeldRecord, HeldSighting, HeldToken
from casebus.wire.ids import content_id

AGENCIES = ("nz-police", "uk-nca", "nz-internal-affairs")
DAYS = 730
CROWD_NAMES, CARRIERS, NAMES = 3_000, 4_000, 500_000
K = IdentifierType


def holdings(first: int, count: int) -> Iterator[Holding]:
    """Return records by number; one number is always the same record, whichever were asked for before."""
    for number in range(first, first + count):
        yield _holding(number, random.Random(number))


def _holding(number: int, draw: random.Random) -> Holding:
    person = draw.randrange(number) if number and draw.random() < 0.25 else number
    record_id = content_id("benchmark", str(number))
    sightings = tuple(_sightings(person, draw))
    report = number if draw.random() < 0.98 else person
    record = HeldRecord(
        record_id=record_id,
        agency=AGENCIES[number % len(AGENCIES)],
        kind=RecordKind.tip,
        revision=1,
        open=True,
        matchable=True,
        backlog=False,
        immediate_risk=False,
        possible_child=False,
        high_priority=draw.random() < 0.2,
        pointer=PointerMode.OPEN,
        source_report=(_token("source_report", report).value,),
        sightings=sightings,
    )
    return Holding(record, tuple(f"{record_id[:-2]}{n:02d}" for n in range(len(sightings))), stated_at=number)


def _sightings(person: int, draw: random.Random) -> Iterator[HeldSighting]:
    chance = draw.random
    handle = f"crowd {draw.randrange(CROWD_NAMES)}" if chance() < 0.1 else f"{person} {draw.randrange(2)}"
    own = f"{handle} of {person}"
    name = person % NAMES
    handles = [_token("handle", handle), _token("handle_look", handle)]
    if chance() < 0.4:
        handles.append(_token("name_in_handle", name))
    if chance() < 0.8:
        delivered = [_token("email_delivered", own)] if chance() < 0.4 else []
        yield _sighting(K.EMAIL, _token("email", own), *delivered, *handles)
    if chance() < 0.5:
        number = person if chance() < 0.95 else person // 2
        yield _sighting(K.PHONE_E164, _token("phone", number), _token("phone_national", number))
    if chance() < 0.8:
        yield _sighting(K.SERVICE_ACCOUNT_ID, _token("account_id", "default" if chance() < 0.001 else person))
    if chance() < 0.9:
        yield _sighting(K.SERVICE_SCREEN_NAME, _token("screen_name", own), _token("screen_name_look", own), *handles)
    for _ in range(draw.randrange(1, 4)):
        yield _address(person, draw)
    if chance() < 0.45:
        dated = [
            _token(family, f"{name} {person}") for family in ("name_dob", "name_dob_near", "name_day", "name_year")
        ]
        words = [_token("word_dob", f"{name} {person} {word}") for word in range(2)]
        yield _sighting(K.NAME_DOB, _token("name", name), *dated, *words)
    if chance() < 0.2:
        yield _sighting(K.DEVICE, _token("device", person))


def _address(person: int, draw: random.Random) -> HeldSighting:
    kind, half_windows = draw.random(), draw.randrange(DAYS // 3 * 2)
    address = f"carrier {draw.randrange(CARRIERS)}" if kind < 0.4 else f"home {person // 2}"
    windows = (f"{address} {half_windows}", f"{address} {half_windows + 1}")
    families = ("ip_time", "ip_prefix_time") if draw.random() < 0.3 else ("ip_time",)
    return _sighting(K.IP_AT_TIME, *(_token(family, window) for family in families for window in windows))


def _sighting(kind: IdentifierType, *tokens: HeldToken) -> HeldSighting:
    return HeldSighting(kind, 0, SubjectCategory.REPORTED_PERSON, tokens)


def _token(family: str, label: object) -> HeldToken:
    return HeldToken(family, "1:" + blake2b(f"{family}/{label}".encode(), digest_size=16).hexdigest())
