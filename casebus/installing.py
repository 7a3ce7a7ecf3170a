"""`casebus init`: makes a data directory with three agencies and a hub, each with its own keys.

The directory that it writes is synthetic: reserved domains, fictional numbers. A real network edits `directory.toml`,
moves each role to its own machine, and hands public keys over out of band; no process ever needs every key.
"""

import base64
import uuid
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from casebus import keys
from casebus.bus.log import events_topic, inbox_topic
from casebus.bus.sqlite_log import SqliteLog
from casebus.cases.access import DeskRole
from casebus.clock import FixedClock
from casebus.directory import Agency, Agreement, Directory, PublicKey
from casebus.events.types import Contact
from casebus.layout import HUB, Layout, RoleLayout
from casebus.ledger.sequencer import Ledger
from casebus.ledger.vkey import VerifierKey, verifier_key
from casebus.ledger.witness import Witness
from casebus.officers import Officer, officers_toml
from casebus.settings import Settings
from casebus.staging import new_directory
from casebus.witnessing.topics import witnessing_topics

TRAINING_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
TRAINING_INSTALLATION = str(uuid.UUID(int=0))
"""All training is one installation: its keys are the same everywhere, so its state may be told again elsewhere."""

LEDGER_ORIGIN = "casebus.example/ledger"
WITNESS_NAME = "casebus.example/witness/{}"

PIECES = ("agencies", HUB, "bus", "directory.toml", "casebus.toml")
"""What lies at the top of a data directory; the settings last, because they say that it is one."""

AGENCIES = (
    Agency(
        code="nz-police",
        name="New Zealand Police (OCEANZ)",
        country="NZ",
        region="NZ",
        desk=Contact(
            desk="OCEANZ coordination desk",
            phone="+64 4 555 0101",
            email="oceanz.desk@police.example",
            hours="24/7",
            time_zone="Pacific/Auckland",
        ),
    ),
    Agency(
        code="uk-nca",
        name="National Crime Agency",
        country="GB",
        region="GB",
        desk=Contact(
            desk="NCA referrals bureau duty desk",
            phone="+44 1632 960 123",
            email="referrals.duty@nca.example",
            hours="24/7",
            time_zone="Europe/London",
        ),
    ),
    Agency(
        code="nz-internal-affairs",
        name="Department of Internal Affairs, Digital Child Exploitation Team",
        country="NZ",
        region="NZ",
        desk=Contact(
            desk="Digital Child Exploitation Team",
            phone="+64 4 555 0102",
            email="dce.team@dia.example",
            hours="Mon-Fri 08:00-17:00, on call otherwise",
            time_zone="Pacific/Auckland",
        ),
    ),
)

TRAINING_OFFICERS: dict[str, tuple[Officer, ...]] = {
    code: tuple(Officer(id=f"{unit}-{number}", role=role) for number, role in numbers)
    for code, unit, numbers in (
        ("nz-police", "OCEANZ", (("17", DeskRole.officer), ("02", DeskRole.desk_lead), ("OPS", DeskRole.operator))),
        ("uk-nca", "NCA", (("204", DeskRole.officer), ("201", DeskRole.desk_lead), ("OPS", DeskRole.operator))),
        (
            "nz-internal-affairs",
            "DCE",
            (("31", DeskRole.officer), ("03", DeskRole.desk_lead), ("OPS", DeskRole.operator)),
        ),
    )
}
"""Who acts in training, at each desk: fictional, like all the rest."""

AGREEMENTS = (
    ("nz-police", "uk-nca", "NZ Privacy Act 2020 IPP 11(1)(e)(i); UK DPA 2018 s.73"),
    ("nz-police", "nz-internal-affairs", "NZ Privacy Act 2020 IPP 11(1)(e)(i)"),
    ("uk-nca", "nz-internal-affairs", "UK DPA 2018 s.73; NZ Privacy Act 2020 IPP 11(1)(e)(i)"),
)


def all_topics(agencies: list[str]) -> list[str]:
    """Return every topic of a network with these agencies."""
    return [
        *(events_topic(HUB), *map(events_topic, agencies), *map(inbox_topic, agencies)),
        *witnessing_topics(agencies),
    ]


def topics_of(code: str, agencies: list[str]) -> list[str]:
    """Return the topics that a role writes or reads: the hub all, an agency its own two and what witnesses say."""
    return (
        all_topics(agencies) if code == HUB else [events_topic(code), inbox_topic(code), *witnessing_topics(agencies)]
    )


def initialise(root: Path, *, training: bool, now: datetime, ledger_origin: str = LEDGER_ORIGIN) -> Layout:
    """Make a data directory. Raises `Conflict` when it is there and not empty; nothing in it is changed then.

    What fails on the way leaves nothing behind (`casebus.staging`).

    A ledger begins here. On a bus that has carried one before, its origin must be another: with the same name and key
    it would be a fork of that one.
    """
    with new_directory(root, PIECES) as workshop:
        _fill(Layout(workshop), training, now, ledger_origin)
    return Layout(root)


def _fill(layout: Layout, training: bool, now: datetime, ledger_origin: str) -> None:
    since = TRAINING_SINCE if training else now
    token_key = keys.training_secret("token") if training else keys.make_secret()
    public = [_make_agency(layout.role(agency.code), token_key, training, since) for agency in AGENCIES]
    public.append(_make_signing_key(_make_directory(layout.role(HUB)), training, since))
    ledger_key = _make_ledger(layout.role(HUB), ledger_origin, training, since)
    boxes = [_make_encryption_key(layout.role(each.code), training, since) for each in AGENCIES]
    witness_keys = {each.code: _make_witness(layout.role(each.code), ledger_key, training, since) for each in AGENCIES}
    layout.role(HUB).policy.write_text(policy_text(ledger_key, witness_keys), encoding="ascii")
    directory = Directory(
        agencies=tuple(a.model_copy(update={"witness_key": witness_keys[a.code].format()}) for a in AGENCIES),
        keys=tuple(public),
        encryption_keys=tuple(boxes),
        agreements=tuple(Agreement(between=(a, b), pointer=True, basis=basis) for a, b, basis in AGREEMENTS),
        training=training,
        ledger_key=ledger_key.format(),
    )
    layout.bus.mkdir(mode=0o700)
    with closing(SqliteLog(layout.bus, FixedClock(now))) as log:
        log.create(all_topics([agency.code for agency in AGENCIES]))
    layout.directory.write_text(directory.to_toml(), encoding="utf-8")
    # The id is random for training too: two of those must not share a database either.
    settings = Settings(
        training=training,
        ledger_origin=ledger_origin,
        installation=TRAINING_INSTALLATION if training else str(uuid.uuid4()),
    )
    layout.settings.write_text(settings.to_toml(), encoding="utf-8")


def _make_agency(role: RoleLayout, token_key: bytes, training: bool, since: datetime) -> PublicKey:
    _make_directory(role)
    (role.spool / "in").mkdir(mode=0o700, parents=True)
    keys.write_secret(role.key("token"), token_key)
    _make_id_key(role, training)
    _make_officers(role, training)
    return _make_signing_key(role, training, since)


def _make_officers(role: RoleLayout, training: bool) -> None:
    """Write who may act. Only training has officers of its own: a real desk lists its people itself."""
    listed = TRAINING_OFFICERS[role.code] if training else ()
    role.officers.write_text(officers_toml(listed, DeskRole.officer), encoding="utf-8")
    role.officers.chmod(0o600)


def _make_ledger(role: RoleLayout, origin: str, training: bool, since: datetime) -> VerifierKey:
    ledger_key = keys.training_signing_key(HUB, "ledger") if training else keys.make_signing_key()
    keys.write_private_key(role.key("ledger"), ledger_key)
    _make_id_key(role, training)
    # An empty ledger is a ledger: it can be verified before anything ran.
    Ledger.open(role.ledger, origin, ledger_key, FixedClock(since)).close()
    vkey = verifier_key(origin, ledger_key)
    role.ledger_vkey.write_text(vkey.format() + "\n", encoding="ascii")
    return vkey


def _make_witness(role: RoleLayout, log: VerifierKey, training: bool, since: datetime) -> VerifierKey:
    """Make an agency's witness with an empty memory: from here on a missing one was lost, and is never begun anew."""
    key = keys.training_signing_key(role.code, "witness") if training else keys.make_signing_key()
    keys.write_private_key(role.key("witness"), key)
    with closing(Witness.open(role.witness, key, WITNESS_NAME.format(role.code), [log], FixedClock(since))) as witness:
        return witness.vkey


def policy_text(log: VerifierKey, witnesses: Mapping[str, VerifierKey]) -> str:
    """Return a tlog-policy: two of the witnesses must have cosigned."""
    lines = [f"log {log.format()}", *(f"witness {name} {key.format()}" for name, key in witnesses.items())]
    return "\n".join([*lines, f"group agencies 2 {' '.join(witnesses)}", "quorum agencies", ""])


def _make_id_key(role: RoleLayout, training: bool) -> None:
    """Make the key under which ids and the pseudonyms of those who read are derived; the hub has readers too."""
    keys.write_secret(role.key("id"), keys.training_secret(f"id/{role.code}") if training else keys.make_secret())


def _make_directory(role: RoleLayout) -> RoleLayout:
    for directory in (role.directory, role.key("x").parent, role.lock("x").parent):
        directory.mkdir(mode=0o700, parents=True)
    return role


def _make_signing_key(role: RoleLayout, training: bool, since: datetime) -> PublicKey:
    key: Ed25519PrivateKey = keys.training_signing_key(role.code) if training else keys.make_signing_key()
    keys.write_private_key(role.key("signing"), key)
    raw = keys.public_bytes(key)
    return PublicKey(id=keys.key_id(role.code, raw), owner=role.code, public_key=_base64(raw), valid_from=since)


def _make_encryption_key(role: RoleLayout, training: bool, since: datetime) -> PublicKey:
    key = keys.training_encryption_key(role.code) if training else keys.make_encryption_key()
    keys.write_private_key(role.key("encryption"), key)
    return encryption_entry(role.code, key, since)


def encryption_entry(owner: str, key: X25519PrivateKey, valid_from: datetime) -> PublicKey:
    """Return what the directory says of an encryption key."""
    raw = keys.public_bytes(key)
    return PublicKey(id=keys.key_id(owner, raw), owner=owner, public_key=_base64(raw), valid_from=valid_from)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
