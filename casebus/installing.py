"""`casebus init`: makes a data directory with three agencies and a hub, each with its own keys.

The directory that it writes is synthetic: reserved domains, fictional numbers. A real network edits `directory.toml`,
moves each role to its own machine, and hands public keys over out of band; no process ever needs every key.
"""

import base64
import uuid
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from casebus import keys
from casebus.bus.log import events_topic, inbox_topic
from casebus.bus.sqlite_log import SqliteLog
from casebus.clock import FixedClock
from casebus.directory import Agency, Agreement, Directory, PublicKey
from casebus.errors import Conflict, UsageError
from casebus.events.types import Contact
from casebus.layout import HUB, Layout, RoleLayout
from casebus.ledger.sequencer import Ledger
from casebus.ledger.vkey import verifier_key
from casebus.settings import Settings

TRAINING_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
TRAINING_INSTALLATION = str(uuid.UUID(int=0))
"""All training is one installation: its keys are the same everywhere, so its state may be told again elsewhere."""

LEDGER_ORIGIN = "casebus.example/ledger"

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

AGREEMENTS = (
    ("nz-police", "uk-nca", "NZ Privacy Act 2020 IPP 11(1)(e)(i); UK DPA 2018 s.73"),
    ("nz-police", "nz-internal-affairs", "NZ Privacy Act 2020 IPP 11(1)(e)(i)"),
    ("uk-nca", "nz-internal-affairs", "UK DPA 2018 s.73; NZ Privacy Act 2020 IPP 11(1)(e)(i)"),
)


def all_topics(agencies: list[str]) -> list[str]:
    """Return every topic of a network with these agencies."""
    return [events_topic(HUB), *map(events_topic, agencies), *map(inbox_topic, agencies)]


def topics_of(code: str, agencies: list[str]) -> list[str]:
    """Return the topics that a role writes or reads: the hub all, an agency its own two."""
    return all_topics(agencies) if code == HUB else [events_topic(code), inbox_topic(code)]


def initialise(root: Path, *, training: bool, now: datetime) -> Layout:
    """Make a data directory. Raises `Conflict` when it is there and not empty; nothing in it is changed then."""
    layout = Layout(root)
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(root.iterdir()):
            raise Conflict(
                f"{root} is not empty", next_step="name a new directory, or use what is there with `casebus run`."
            )
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise UsageError(f"{root} cannot be made a directory: {error.strerror}") from error
    since = TRAINING_SINCE if training else now
    token_key = keys.training_secret("token") if training else keys.make_secret()
    public = [_make_agency(layout.role(agency.code), token_key, training, since) for agency in AGENCIES]
    public.append(_make_hub(layout.role(HUB), training, since))
    directory = Directory(
        agencies=AGENCIES,
        keys=tuple(public),
        agreements=tuple(Agreement(between=(a, b), pointer=True, basis=basis) for a, b, basis in AGREEMENTS),
        training=training,
    )
    layout.bus.mkdir(mode=0o700)
    with closing(SqliteLog(layout.bus, FixedClock(now))) as log:
        log.create(all_topics([agency.code for agency in AGENCIES]))
    layout.directory.write_text(directory.to_toml(), encoding="utf-8")
    # Last, because it is what says that a directory is a casebus: a crash before leaves one that is only not empty.
    # The id is random for training too: two of those must not share a database either.
    settings = Settings(
        training=training,
        ledger_origin=LEDGER_ORIGIN,
        installation=TRAINING_INSTALLATION if training else str(uuid.uuid4()),
    )
    layout.settings.write_text(settings.to_toml(), encoding="utf-8")
    return layout


def _make_agency(role: RoleLayout, token_key: bytes, training: bool, since: datetime) -> PublicKey:
    _make_directory(role)
    (role.spool / "in").mkdir(mode=0o700, parents=True)
    keys.write_secret(role.key("token"), token_key)
    keys.write_secret(role.key("id"), keys.training_secret(f"id/{role.code}") if training else keys.make_secret())
    return _make_signing_key(role, training, since)


def _make_hub(role: RoleLayout, training: bool, since: datetime) -> PublicKey:
    _make_directory(role)
    ledger_key = keys.training_signing_key(HUB, "ledger") if training else keys.make_signing_key()
    keys.write_signing_key(role.key("ledger"), ledger_key)
    # An empty ledger is a ledger: it can be verified before anything ran.
    Ledger.open(role.ledger, LEDGER_ORIGIN, ledger_key, FixedClock(since)).close()
    role.ledger_vkey.write_text(verifier_key(LEDGER_ORIGIN, ledger_key).format() + "\n", encoding="ascii")
    return _make_signing_key(role, training, since)


def _make_directory(role: RoleLayout) -> None:
    for directory in (role.directory, role.key("x").parent, role.lock("x").parent):
        directory.mkdir(mode=0o700, parents=True)


def _make_signing_key(role: RoleLayout, training: bool, since: datetime) -> PublicKey:
    key: Ed25519PrivateKey = keys.training_signing_key(role.code) if training else keys.make_signing_key()
    keys.write_signing_key(role.key("signing"), key)
    raw = keys.public_bytes(key)
    return PublicKey(id=keys.key_id(role.code, raw), owner=role.code, public_key=_base64(raw), valid_from=since)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
