"""What the tests of proofs' commands and packs share: a ledger of real, signed events with witnesses, and its keys."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ledgering import NAME, NOW, PRIVATE

from casebus import keys
from casebus.bus.log import Record, Recorded
from casebus.clock import FixedClock
from casebus.directory import Agency, Directory, PublicKey
from casebus.events import enumerations as en
from casebus.events.catalogue import partition_key
from casebus.events.envelope import Event
from casebus.events.types import CaseClosed, Contact, Payload, TipWithdrawn
from casebus.ledger.cosignature import cosign
from casebus.ledger.sequencer import AppendLeaf, Ledger
from casebus.ledger.vkey import KeyType, verifier_key
from casebus.wire.ids import content_id
from casebus.wire.schemas import Schemas
from casebus.wire.seal import Sealer

POLICE = "nz-police"
TOPIC = "casebus.nz-police.events"
TOPIC_ID = b"\x0a" * 16
CASE = content_id("the case")
OTHER_CASE = content_id("another case")
TIP = content_id("the tip")
WITNESSES = {name: Ed25519PrivateKey.from_private_bytes(name[0].encode() * 32) for name in ("alpha", "beta", "gamma")}
EVENTS = 300
FORGED = 17
"""The index of a record that nobody signed."""


def police_key(purpose: str = "signing", **times: datetime) -> PublicKey:
    raw = keys.public_bytes(keys.training_signing_key(POLICE, purpose))
    dated = {"valid_from": datetime(2026, 1, 1, tzinfo=UTC), **times}
    return PublicKey(id=keys.key_id(POLICE, raw), owner=POLICE, public_key=base64.b64encode(raw).decode(), **dated)


def directory(*public: PublicKey) -> Directory:
    contact = Contact(desk="Example", phone="0", email="desk@police.example", hours="always", time_zone="UTC")
    agency = Agency(code=POLICE, name="Example police", country="NZ", region="NZ", desk=contact)
    return Directory(agencies=(agency,), keys=public, training=True)


DIRECTORY = directory(police_key())


def policy(*names: str, needed: int = 2) -> str:
    lines = [f"witness {n} {verifier_key(f'{n}.example', WITNESSES[n], KeyType.COSIGNATURE).format()}" for n in names]
    group = f"group agencies {needed} {' '.join(names)}"
    return "\n".join([f"log {verifier_key(NAME, PRIVATE).format()}", *lines, group, "quorum agencies\n"])


POLICY = policy(*WITNESSES)


def payload_of(position: int) -> Payload:
    if position % 10 == 3:
        return CaseClosed(case_id=CASE, reason=en.CaseCloseReason.CLOSED)
    if position % 10 == 4:
        return CaseClosed(case_id=OTHER_CASE, reason=en.CaseCloseReason.CLOSED)
    return TipWithdrawn(
        tip_id=TIP if position % 50 == 0 else content_id(f"tip {position}"), reason=en.WithdrawReason.ERROR
    )


def event_id(position: int) -> str:
    return content_id(f"event {position}")


def sealed(position: int) -> Recorded:
    payload = payload_of(position)
    key = keys.training_signing_key(POLICE, "signing")
    sealer = Sealer(Schemas.load(), key, keys.key_id(POLICE, keys.public_bytes(key)))
    event = Event(event_id(position), POLICE, partition_key(payload), payload)
    record = sealer.seal(event, TOPIC, position + 1)
    if position == FORGED:
        record = Record(record.key, record.value[:-1] + bytes([record.value[-1] ^ 1]), record.headers)
    return Recorded(TOPIC, position, record, NOW + timedelta(milliseconds=position))


@dataclass(frozen=True)
class Made:
    """A ledger's directory, the files that go with it, and a checkpoint from when it was smaller."""

    ledger: Path
    vkey: Path
    policy: Path
    directory: Path
    older: Path


def made(root: Path) -> Made:
    """Make a ledger of 300 signed events in two commits, the second cosigned by alpha and beta."""
    clock = FixedClock(NOW)
    ledger = Ledger.open(root / "ledger", NAME, PRIVATE, clock)
    for start, end in ((0, 200), (200, EVENTS)):
        (root / "older").write_bytes(ledger.note.format())
        with ledger.transaction() as tx:
            tx.advance("audit_log", TOPIC, expected=start, to=end)
            for position in range(start, end):
                tx.apply(AppendLeaf(sealed(position), TOPIC_ID))
    text = ledger.note.text
    at = int(NOW.timestamp())
    lines = [cosign(text, f"{name}.example", WITNESSES[name], at) for name in ("alpha", "beta")]
    assert ledger.add_cosignatures(lines, text)
    ledger.close()
    (root / "vkey").write_text(verifier_key(NAME, PRIVATE).format() + "\n")
    (root / "policy").write_text(POLICY)
    (root / "directory.toml").write_text(DIRECTORY.to_toml())
    return Made(root / "ledger", root / "vkey", root / "policy", root / "directory.toml", root / "older")
