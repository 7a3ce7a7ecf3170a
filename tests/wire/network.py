"""A small network for the tests of the wire: two agencies and a hub, with the published training keys."""

import base64
from dataclasses import replace
from datetime import UTC, datetime

from casebus import keys
from casebus.bus.log import Record, Recorded
from casebus.directory import Agency, Directory, PublicKey
from casebus.events import enumerations as en
from casebus.events.catalogue import partition_key
from casebus.events.envelope import Event
from casebus.events.types import Contact, Payload, TipWithdrawn
from casebus.wire.ids import content_id
from casebus.wire.schemas import Schemas
from casebus.wire.seal import Sealer

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NZ, UK, HUB = "nz-police", "uk-nca", "hub"
NZ_EVENTS, UK_EVENTS, HUB_EVENTS = "casebus.nz-police.events", "casebus.uk-nca.events", "casebus.hub.events"
NZ_INBOX, UK_INBOX = "casebus.nz-police.inbox", "casebus.uk-nca.inbox"
SCHEMAS = Schemas.load()
CONTACT = Contact(desk="Example", phone="0", email="desk@police.example", hours="always", time_zone="UTC")


def agency(code: str) -> Agency:
    return Agency(code=code, name=f"Example {code}", country="NZ", region="NZ", desk=CONTACT)


def public_key(owner: str, purpose: str = "signing", **times: datetime) -> PublicKey:
    raw = keys.public_bytes(keys.training_signing_key(owner, purpose))
    dated = {"valid_from": datetime(2026, 1, 1, tzinfo=UTC), **times}
    return PublicKey(id=keys.key_id(owner, raw), owner=owner, public_key=base64.b64encode(raw).decode(), **dated)


DIRECTORY = Directory(
    agencies=(agency(NZ), agency(UK)),
    keys=(
        public_key(NZ),
        public_key(UK),
        public_key(HUB),
        public_key(NZ, "ended", valid_to=NOW),
        public_key(NZ, "future", valid_from=datetime(2026, 3, 2, tzinfo=UTC)),
        public_key(NZ, "revoked", revoked_at=NOW),
    ),
    training=True,
)


def sealer(owner: str, purpose: str = "signing") -> Sealer:
    key = keys.training_signing_key(owner, purpose)
    return Sealer(SCHEMAS, key, keys.key_id(owner, keys.public_bytes(key)))


def event(payload: Payload | None = None, source: str = NZ) -> Event:
    payload = payload or TipWithdrawn(tip_id=content_id("tip"), reason=en.WithdrawReason.ERROR)
    return Event(
        id=content_id("event"),
        source=source,
        partition_key=partition_key(payload),
        payload=payload,
        correlation_id=content_id("correlation"),
        causation_id=content_id("cause"),
    )


def recorded(record: Record, topic: str = NZ_EVENTS, appended_at: datetime = NOW) -> Recorded:
    return Recorded(topic, 7, record, appended_at)


def with_header(record: Record, name: str, value: bytes | None) -> Record:
    """Return the record with a header replaced, added, or (None) taken away."""
    kept = tuple(header for header in record.headers if header[0] != name)
    return replace(record, headers=kept if value is None else (*kept, (name, value)))
