"""A small network in one process for tests of the running machinery: real logs, real stores, the published keys.

`Network` is the bus with the hub's consumers on it; `payload builders` below make tips and cases with tokens by label,
so that a test says "both hold account a" and nothing else.
"""

import base64
import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from casebus import keys
from casebus.bus.consume import HUB_EVENTS, EventGate, Handler
from casebus.bus.consumer import EventConsumer, Role
from casebus.bus.log import Log, Record, Recorded, events_topic, inbox_topic
from casebus.bus.outbox import Publisher, Relay
from casebus.bus.parking import PARKED_RECORDS, ParkedRecord, release, waiting
from casebus.bus.sqlite_log import SqliteLog
from casebus.bus.topic_identity import TOPICS_READ
from casebus.clock import FixedClock
from casebus.directory import Agreement, Directory, PublicKey
from casebus.events import enumerations as en
from casebus.events.catalogue import partition_key
from casebus.events.envelope import Event, Received
from casebus.events.types import (
    CaseOpened,
    FileCounts,
    Handling,
    Payload,
    PossibleChild,
    Sighting,
    TimeStatement,
    TipAmended,
    TipContent,
    TipReceived,
    Token,
)
from casebus.installing import AGENCIES, AGREEMENTS, all_topics, encryption_entry
from casebus.roles import GatedLoop, concepts_of
from casebus.store.sqlite import SqliteStore
from casebus.store.store import Concept, Save, Store
from casebus.wire import headers, signing
from casebus.wire.codec import encode
from casebus.wire.headers import Attributes
from casebus.wire.ids import content_id
from casebus.wire.schemas import Schemas
from casebus.wire.seal import Opener, Sealer
from consumers.delivery import CONSUMER as DELIVERY
from consumers.duplicate_suspects import CONSUMER as SUSPECTS

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NZ, UK, DIA, HUB = "nz-police", "uk-nca", "nz-internal-affairs", "hub"
CODES = [NZ, UK, DIA]
SCHEMAS = Schemas.load()


def public_key(owner: str, purpose: str = "signing", **times: datetime) -> PublicKey:
    raw = keys.public_bytes(keys.training_signing_key(owner, purpose))
    dated = {"valid_from": datetime(2026, 1, 1, tzinfo=UTC), **times}
    return PublicKey(id=keys.key_id(owner, raw), owner=owner, public_key=base64.b64encode(raw).decode(), **dated)


def encryption_key(owner: str) -> PublicKey:
    return encryption_entry(owner, keys.training_encryption_key(owner), datetime(2026, 1, 1, tzinfo=UTC))


def directory_of(agreements: Sequence[Agreement] | None = None) -> Directory:
    """Return three agencies that agree pairwise, with keys that are valid, expired and revoked."""
    if agreements is None:
        agreements = [Agreement(between=(a, b), pointer=True, basis=basis) for a, b, basis in AGREEMENTS]
    ended = (public_key(NZ, "ended", valid_to=NOW), public_key(NZ, "revoked", revoked_at=NOW))
    return Directory(
        agencies=AGENCIES,
        encryption_keys=tuple(map(encryption_key, CODES)),
        keys=(*(public_key(owner) for owner in (*CODES, HUB)), *ended),
        agreements=tuple(agreements),
        training=True,
    )


def sealer(owner: str, purpose: str = "signing") -> Sealer:
    key = keys.training_signing_key(owner, purpose)
    return Sealer(SCHEMAS, key, keys.key_id(owner, keys.public_bytes(key)))


def gated(consumer: EventConsumer, log: Log, store: Store, directory: Directory, owner: str = HUB) -> GatedLoop:
    """Return a consumer's loop as `casebus.roles` puts it together."""
    return gated_by(consumer, consumer.build(directory, owner), log, store, directory, owner)


def gated_by(
    consumer: EventConsumer, handler: Handler, log: Log, store: Store, directory: Directory, owner: str = HUB
) -> GatedLoop:
    tells = HUB_EVENTS if owner == HUB else None
    gate = EventGate(consumer.name, handler, Opener(SCHEMAS, directory), Publisher(sealer(owner)), tells=tells)
    topics = consumer.topics([agency.code for agency in directory.agencies], owner)
    return GatedLoop(consumer.name, topics, log, store, gate)


class Network:
    """The bus and the hub. `settle` runs the hub until nothing moves."""

    def __init__(self, root: Path, agreements: Sequence[Agreement] | None = None) -> None:
        self.root = root
        self.directory = directory_of(agreements)
        self.log = SqliteLog(root / "bus", FixedClock(NOW))
        self.log.create(all_topics(CODES))
        self.store: Store = SqliteStore(root / "hub.sqlite", concepts_of(Role.hub))
        self.sequence = dict.fromkeys((*CODES, HUB), 0)
        self.start()

    def start(self) -> None:
        """Put the hub's parts together, as a restart does."""
        self.suspects = gated(SUSPECTS, self.log, self.store, self.directory)
        self.delivery = gated(DELIVERY, self.log, self.store, self.directory)
        self.relay = Relay(self.store, self.log)

    def settle(self) -> None:
        for _ in range(50):
            if self.suspects.step() + self.delivery.step() + self.relay.step() == 0:
                return
        raise AssertionError("the hub does not come to rest")

    def seal(self, payload: Payload, agency: str = NZ, event_id: str | None = None) -> Record:
        """Return the genuine record of a payload, at the agency's next sequence."""
        self.sequence[agency] += 1
        event_id = event_id or content_id("event", agency, str(self.sequence[agency]))
        event = Event(id=event_id, source=agency, partition_key=partition_key(payload), payload=payload)
        return sealer(agency).seal(event, events_topic(agency), self.sequence[agency])

    def append(self, *records: Record, agency: str = NZ) -> int:
        """Append records to an agency's topic; return the position of the last."""
        return self.log.append(events_topic(agency), records)[-1]

    def publish(self, *payloads: Payload, agency: str = NZ) -> int:
        return self.append(*(self.seal(payload, agency) for payload in payloads), agency=agency)

    def append_past_the_limit(self, record: Record, agency: str = NZ) -> int:
        """Append as a writer would that is not ours: straight into the topic's file."""
        topic = events_topic(agency)
        position = self.log.end(topic)
        packed = b"".join(len(p).to_bytes(4, "big") + p for n, v in record.headers for p in (n.encode(), v))
        with sqlite3.connect(self.root / "bus" / f"{topic}.sqlite") as connection:
            row = (position, record.key, record.value, packed, int(NOW.timestamp() * 1000))
            connection.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?)", row)
        connection.close()
        return position

    def read(self, topic: str) -> list[Received]:
        opener = Opener(SCHEMAS, self.directory)
        return [opener.open(recorded) for recorded in self.records(topic)]

    def records(self, topic: str) -> list[Recorded]:
        return self.log.read(topic, 0, limit=10_000)

    def inbox(self, agency: str, kind: type[Any] = Payload) -> list[Any]:
        """Return the payloads of one type in an agency's inbox, each verified as the agency would."""
        found = [received.event.payload for received in self.read(inbox_topic(agency))]
        return [payload for payload in found if isinstance(payload, kind)]

    def hub_events(self, kind: type[Any]) -> list[Any]:
        found = [received.event.payload for received in self.read(HUB_EVENTS)]
        return [payload for payload in found if isinstance(payload, kind)]

    def parked(self, consumer: str | None = None) -> list[ParkedRecord]:
        """Return what waits, in the order of `parked list`."""
        with self.store.view() as view:
            return [p for p in waiting(view) if consumer in (None, p.consumer)]

    def all_parked(self) -> list[ParkedRecord]:
        with self.store.view() as view:
            return list(view.all(PARKED_RECORDS))

    def mend(self, position: int, record: Record, consumer: str = "duplicate_suspects") -> ParkedRecord:
        """Do what an upgrade of casebus does for a parked record; here its bytes change, not the code. Return it."""
        with self.store.transaction() as tx:
            (parked,) = [p for p in tx.all(PARKED_RECORDS) if (p.position, p.consumer) == (position, consumer)]
            mended = replace(parked, value=record.value, headers=record.headers)
            tx.apply(Save(PARKED_RECORDS, mended))
        return mended

    def release(self, position: int, consumer: str = "duplicate_suspects") -> ParkedRecord:
        """Release what is parked at a position of NZ's topic, or of the hub's for delivery."""
        (parked,) = [p for p in self.parked(consumer) if p.position == position]
        with self.store.transaction() as tx:
            return release(tx, parked.id)

    def position(self, consumer: str, agency: str = NZ) -> int:
        with self.store.view() as view:
            return view.position(consumer, events_topic(agency))

    def everything(self) -> dict[str, list[Any]]:
        """Return all of the hub's state, for tests that compare two; the topics' ids differ from network to network."""
        with self.store.view() as view:
            kept = [c for c in concepts_of(Role.hub) if c is not TOPICS_READ]
            found: dict[str, list[Any]] = {c.table: list(view.all(c)) for c in kept if isinstance(c, Concept)}
        with closing(sqlite3.connect(self.root / "hub.sqlite")) as connection:
            tables = " UNION ".join(f"SELECT hash, owner FROM postings{part}" for part in ("_young", "_middle", ""))
            rows = connection.execute(f"SELECT hash, owners.owner FROM ({tables}) AS p JOIN owners ON number = p.owner")
            return found | {"postings": sorted(rows)}

    def close(self) -> None:
        self.store.close()
        self.log.close()


def raw_seal(
    payload: Payload,
    *,
    agency: str = NZ,
    signer: str | None = None,
    purpose: str = "signing",
    key_id: str | None = None,
    data: bytes | None = None,
    partition: str | None = None,
    event_id: str = content_id("raw"),
    sequence: int = 1,
    topic: str | None = None,
) -> Record:
    """Sign whatever is wanted, as a partner's broken or hostile system could: nothing is checked first."""
    schema = SCHEMAS.for_type(type(payload).__name__)
    data = encode(payload, schema) if data is None else data
    partition = partition or partition_key(payload)
    attributes = Attributes(
        id=event_id,
        source=agency,
        type=schema.type,
        partition_key=partition,
        classification=en.Tlp.AMBER,
        sequence=sequence,
        topic=topic or events_topic(agency),
        schema_guid=schema.guid,
    )
    values = headers.attribute_values(attributes)
    key = keys.training_signing_key(signer or agency, purpose)
    key_id = key_id or keys.key_id(signer or agency, keys.public_bytes(key))
    material = signing.material_of(values, headers.AVRO, data, headers.extension_names(values))
    signature = signing.sign(material, key, key_id)
    return Record(partition.encode(), data, headers.format_headers(values, schema.guid, signature))


def with_header(record: Record, name: str, value: bytes | None) -> Record:
    """Return the record with a header replaced, or (None) taken away."""
    kept = tuple(header for header in record.headers if header[0] != name)
    return replace(record, headers=kept if value is None else (*kept, (name, value)))


# --- payload builders ---


def tip_id(label: str) -> str:
    return content_id("tip", label)


def token(family: str, label: str) -> Token:
    return Token(family=family, epoch=1, value=hashlib.sha256(f"{family}/{label}".encode()).hexdigest()[:32])


KINDS = {
    "account_id": en.IdentifierType.SERVICE_ACCOUNT_ID,
    "email": en.IdentifierType.EMAIL,
    "handle": en.IdentifierType.SERVICE_SCREEN_NAME,
    "name_year": en.IdentifierType.NAME_DOB,
    "national_id": en.IdentifierType.NATIONAL_ID,
}


def sighting(owner: str, family: str, label: str) -> Sighting:
    return Sighting(
        sighting_id=content_id("sighting", owner, family, label),
        subject_no=0,
        kind=KINDS[family],
        tokens=(token(family, label),),
        service=None,
        subject=en.SubjectCategory.REPORTED_PERSON,
        certainty=en.AssertionKind.OBSERVED_BY_PROVIDER,
        verified=en.TriState.NOT_STATED,
        seen_at=None,
    )


def sightings(owner: str, held: dict[str, str]) -> tuple[Sighting, ...]:
    return tuple(sighting(owner, family, label) for family, label in held.items())


def content(
    owner: str,
    held: dict[str, str],
    *,
    priority: en.Priority = en.Priority.MEDIUM,
    pointer: en.PointerMode = en.PointerMode.OPEN,
    report: str | None = None,
) -> TipContent:
    return TipContent(
        source=en.TipSource.ESP_VIA_NCMEC,
        source_report=(token("source_report", report),) if report else (),
        prior_reports=(),
        referral_class=en.ReferralClass.REFERRAL,
        category=en.IncidentCategory.ONLINE_ENTICEMENT,
        annotations=(),
        unmapped_annotations=0,
        media=(),
        provider_escalated=False,
        police_already_involved=en.TriState.NOT_STATED,
        account_user_notified=en.TriState.NOT_STATED,
        times=(),
        countries=(),
        subjects=1,
        sightings=sightings(owner, held),
        sightings_not_carried=0,
        possible_child=PossibleChild(answer=en.TriState.NOT_STATED, indicators=()),
        files=FileCounts(total=0, viewed_yes=0, viewed_no=0, viewed_not_stated=0),
        priority=priority,
        priority_basis=(),
        grading=None,
        handling=_handling(pointer),
    )


def tip(label: str, held: dict[str, str] | None = None, **more: Any) -> TipReceived:
    return TipReceived(tip_id=tip_id(label), content=content(label, held or {"account_id": label}, **more))


def amended(label: str, revision: int, held: dict[str, str] | None = None, **more: Any) -> TipAmended:
    return TipAmended(
        tip_id=tip_id(label),
        revision=revision,
        reason=en.AmendReason.CONTENT_CHANGED,
        content=content(label, held or {"account_id": label}, **more),
    )


def case(
    label: str,
    held: dict[str, str] | None = None,
    *,
    backlog: bool = False,
    priority: en.Priority = en.Priority.MEDIUM,
    pointer: en.PointerMode = en.PointerMode.OPEN,
) -> CaseOpened:
    return CaseOpened(
        case_id=tip_id(label),
        category=en.IncidentCategory.ONLINE_ENTICEMENT,
        backlog=backlog,
        opened_at=TimeStatement(
            meaning=en.TimeMeaning.OPENED,
            instant=None,
            raw=None,
            stated_offset_minutes=None,
            quality=en.TimeQuality.MISSING,
        ),
        priority=priority,
        possible_child=PossibleChild(answer=en.TriState.NOT_STATED, indicators=()),
        sightings=sightings(label, held or {"account_id": label}),
        sightings_not_carried=0,
        grading=None,
        handling=_handling(pointer),
    )


def _handling(pointer: en.PointerMode) -> Handling:
    return Handling(
        tlp=en.Tlp.AMBER,
        pointer=pointer,
        releasable_to=(),
        evidential_use=en.EvidentialUse.INTELLIGENCE_ONLY,
        purpose=en.Purpose.INVESTIGATION,
    )
