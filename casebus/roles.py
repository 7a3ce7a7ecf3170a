"""The composition roots: how each role is put together from a data directory. One function per role.

An agency's node gets its own signing, token and id keys and its own state; the hub gets its signing and ledger keys and
its own state. Nothing here opens another role's directory.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from casebus import keys
from casebus.bus.consume import HUB_EVENTS, EventGate, Loop
from casebus.bus.consumer import Consumer, EventConsumer, RecordConsumer, Role, TimedConsumer
from casebus.bus.gated import GatedLoop
from casebus.bus.kafka_settings import kafka_settings
from casebus.bus.log import Log
from casebus.bus.outbox import Publisher, Relay
from casebus.bus.parking import PARKED_RECORDS
from casebus.bus.sqlite_log import SqliteLog
from casebus.bus.timed import TimedLoop
from casebus.bus.topic_identity import TOPICS_READ
from casebus.cases.notification import FOLLOWED_TO, NOTIFICATIONS
from casebus.cases.outcomes import OUTCOMES, WELFARE_CHECKS
from casebus.clock import Clock
from casebus.desk.opening import Opening
from casebus.directory import Directory
from casebus.discovery import adapter_of, consumers_of
from casebus.errors import Conflict, NotPermitted, UsageError
from casebus.installing import topics_of
from casebus.intake.checks import OWN_CHECKS
from casebus.intake.drafting import Drafting
from casebus.intake.handing_out import HandingOut
from casebus.intake.records import OWN_RECORDS, TAKEN
from casebus.intake.restating import Restating
from casebus.intake.spool import Spool
from casebus.intake.taking import Taking
from casebus.layout import HUB, Layout, RoleLayout
from casebus.ledger.predecessor import read_predecessor
from casebus.ledger.sequencer import Ledger
from casebus.ledger.vkey import verifier_key
from casebus.matching.tokens import Tokeniser
from casebus.node import Component, Late, Node, Part
from casebus.sessions import SESSIONS
from casebus.settings import Settings, database_url, load
from casebus.state import Concept, Kept
from casebus.store.sqlite import SqliteStore
from casebus.store.store import Save, Store
from casebus.token_keys import load_token_keys
from casebus.wire.schemas import Schemas
from casebus.wire.seal import Opener, Sealer
from casebus.witnessing.answering import WITNESS
from casebus.witnessing.asking import STANDINGS
from casebus.witnessing.assembling import Refusing, UntilClosed, answering_parts, asking_parts, read_vkey, stop_of
from casebus.witnessing.followed import FOLLOWER_CONCEPTS
from casebus.witnessing.published import seen_checkpoints


@dataclass(frozen=True, slots=True)
class StateOwner:
    """The one row that says which data directory a role's state belongs to."""

    installation: str


STATE_OWNER: Concept[StateOwner] = Concept("state_owner", StateOwner, lambda _: "")


@dataclass(frozen=True)
class Installation:
    """A data directory as found: where things lie, the settings, the directory, the schemas."""

    layout: Layout
    settings: Settings
    directory: Directory
    schemas: Schemas
    clock: Clock

    @staticmethod
    def open(layout: Layout, clock: Clock) -> "Installation":
        """Read what every role needs. Raises `NotFound` where nothing was initialised."""
        settings = load(layout.settings)
        directory = Directory.load(layout.directory)
        if directory.training != settings.training:
            raise UsageError("casebus.toml and directory.toml disagree on whether this is training")
        published = published_keys(directory)
        if published and not settings.training:
            raise NotPermitted(
                f"the directory lists published training keys ({', '.join(published)}) but does not say that it is training",
                next_step="make a new directory with `casebus init`: anybody can sign with published keys.",
            )
        return Installation(layout, settings, directory, Schemas.load(), clock)

    @property
    def agencies(self) -> list[str]:
        """The agencies' codes, in the directory's order."""
        return [agency.code for agency in self.directory.agencies]

    def role(self, code: str) -> RoleLayout:
        """Where a role lies. Raises `NotFound` for a code that the directory does not have."""
        if code != HUB:
            self.directory.agency(code)
        return self.layout.role(code)

    @property
    def present(self) -> list[str]:
        """The codes of the roles that lie under this data directory, agencies first: on a machine of its own, one."""
        return [code for code in (*self.agencies, HUB) if self.role(code).directory.is_dir()]

    def open_log(self, client: str, *, making: Sequence[str] = ()) -> Log:
        """Return the Log of the settings, with the topics there that are to be made: none for who only looks.

        Raises `BusError`.
        """
        log = self._log(client)
        if making:
            log.create(making)
        return log

    def _log(self, client: str) -> Log:
        if self.settings.bootstrap is None:
            return SqliteLog(self.layout.bus, self.clock)
        # Here, because the client takes longer to import than most commands take to run.
        from casebus.bus.kafka_log import KafkaLog

        return KafkaLog(kafka_settings(self.settings, client), self.clock)

    def open_store(self, code: str) -> Store:
        """Return the Store of a role. Raises `StoreError`, `Conflict` for a database of another data directory."""
        url = database_url(self.settings)
        concepts = concepts_of(Role.hub if code == HUB else Role.agency)
        if url is None:
            return SqliteStore(self.role(code).state, concepts)
        from casebus.store.postgres import PostgresStore  # here for the same reason as the Kafka client

        store = PostgresStore(url, code.replace("-", "_"), concepts)
        try:
            self._claim(store)
        except BaseException:
            store.close()
            raise
        return store

    def _claim(self, store: Store) -> None:
        """Take the state for this data directory, or see that it has it. An embedded Store lies in its directory."""
        mine = self.settings.installation
        if mine is None:
            return
        with store.view() as view:
            owner = view.get(STATE_OWNER, "")
        if owner is None:
            with store.transaction() as tx:
                owner = tx.get(STATE_OWNER, "") or StateOwner(mine)
                tx.apply(Save(STATE_OWNER, owner))
        if owner.installation != mine:
            raise Conflict(
                f"this database holds the state of another data directory (installation {owner.installation}); "
                f"{self.layout.root} is installation {mine}",
                next_step="name another database: two data directories on one would mix their cases.",
            )

    def open_ledger(self, log: Log) -> Ledger:
        """Return the hub's ledger, for writing, unless the bus holds checkpoints of it that it is behind or never was.

        Raises `Conflict` when another process has it, `VerificationFailed` when it is damaged, rolled back or forked.
        """
        role, before = self.role(HUB), self.settings.ledger_continues
        key = keys.load_signing_key(role.key("ledger"))
        seen = seen_checkpoints(log, self.agencies, verifier_key(self.settings.ledger_origin, key))
        continues = None if before is None else partial(read_predecessor, self.layout.root / before)
        return Ledger.open(role.ledger, self.settings.ledger_origin, key, self.clock, seen=seen, continues=continues)

    def drafting(self, code: str) -> Drafting:
        """Return what turns an agency's own identifiers into events, with its id and token keys, both while one is rotated."""
        role = self.role(code)
        id_key = keys.load_secret(role.key("id"))
        return Drafting(code, adapter_of(code).region, id_key, Tokeniser(load_token_keys(role.keys)))

    def publisher(self, code: str) -> Publisher:
        """Return what signs with a role's key."""
        key = keys.load_signing_key(self.role(code).key("signing"))
        return Publisher(Sealer(self.schemas, key, keys.key_id(code, keys.public_bytes(key))))


def published_keys(directory: Directory) -> list[str]:
    """Return the names of the directory's keys whose private halves are published with the source."""
    signing = [key.id for key in directory.keys if keys.is_training_key(key.owner, key.raw)]
    named = [(HUB, "ledger", directory.ledger_key), *((a.code, "witness", a.witness_key) for a in directory.agencies)]
    read = [
        (owner, purpose, read_vkey(line, f"{purpose}_key").public_key)
        for owner, purpose, line in named
        if line is not None
    ]
    read += [(key.owner, "encryption", key.raw) for key in directory.encryption_keys]
    return signing + [
        f"{purpose} key of {owner}" for owner, purpose, raw in read if keys.is_training_key(owner, raw, purpose)
    ]


def concepts_of(role: Role) -> list[Kept]:
    """Return the tables and indexes of a role: its consumers', parking, witnessing, and at an agency what intake remembers."""
    own: list[Kept] = [PARKED_RECORDS, TOPICS_READ, STATE_OWNER]
    kept_by_desk: list[Kept] = [OUTCOMES, WELFARE_CHECKS, SESSIONS, NOTIFICATIONS, FOLLOWED_TO]
    of_agency: list[Kept] = [OWN_RECORDS, OWN_CHECKS, TAKEN, *kept_by_desk, *FOLLOWER_CONCEPTS]
    own += of_agency if role is Role.agency else [STANDINGS]
    return own + [
        c for consumer in consumers_of(role) if isinstance(consumer, EventConsumer) for c in consumer.concepts
    ]


@dataclass(frozen=True)
class Opened:
    """A role put together, with what must be closed after it."""

    node: Node
    component_names: tuple[str, ...]
    close: Callable[[], None]


More = Mapping[str, Callable[[ExitStack], Component]]
"""Components that others than consumers bring to a role, by name: a console. The stack closes what they open."""


def open_role(installation: Installation, code: str, only: Sequence[str], more: More | None = None) -> Opened:
    """Put a role together, or some of its components. Raises `UsageError` for a component that it does not have."""
    brought = more or {}
    names = [*component_names(code), *brought]
    unknown = sorted(set(only) - set(names))
    if unknown:
        raise UsageError(f"{code} has no component {unknown[0]!r}", next_step=f"it has: {', '.join(names)}.")
    wanted = [name for name in names if name in only] if only else names
    held = ExitStack()  # what a component opens late is held by it too
    try:
        root = _Root(installation, code, held)
        components = [brought[name](held) if name in brought else root.component(name) for name in wanted]
        return Opened(Node(code, components, installation.clock), tuple(wanted), held.close)
    except BaseException:
        held.close()
        raise


def component_names(code: str) -> list[str]:
    """Return what `--only` takes for a role, in the order in which components are stepped."""
    role = Role.hub if code == HUB else Role.agency
    consumers = [consumer.name for consumer in consumers_of(role)]
    return [
        *(["adapter"] if role is Role.agency else []),
        "relay",
        *consumers,
        *([WITNESS] if role is Role.agency else []),
    ]


class _Root:
    """Opens what the wanted components share, once."""

    def __init__(self, installation: Installation, code: str, stack: ExitStack) -> None:
        self._in = installation
        self._code = code
        self._role = installation.role(code)
        self._stack = stack
        self._store = installation.open_store(code)
        stack.callback(self._store.close)
        self._log = installation.open_log(code, making=topics_of(code, installation.agencies))
        stack.callback(self._log.close)
        self._publisher = installation.publisher(code)

    def component(self, name: str) -> Component:
        # What depends on the ledger and its witnesses is put together late: what is wrong there holds up nothing else.
        late = name == WITNESS or isinstance(self._consumer_of(name), RecordConsumer)
        parts = (Late(partial(self._parts, name)),) if late else self._parts(name)
        return Component(name, self._role.lock(name), parts)

    def _consumer_of(self, name: str) -> Consumer | None:
        role = Role.hub if self._code == HUB else Role.agency
        return next((consumer for consumer in consumers_of(role) if consumer.name == name), None)

    def _parts(self, name: str) -> tuple[Part, ...]:
        if name == "adapter":
            return self._adapter()
        if name == "relay":
            return (Relay(self._store, self._log),)
        if name == WITNESS:
            found = self._in
            return answering_parts(self._role, found.directory, self._log, self._store, found.clock, self._stack)
        consumer = self._consumer_of(name)
        if isinstance(consumer, RecordConsumer):
            return self._audit(consumer)
        assert consumer is not None, "bug: a component that is no consumer"
        if isinstance(consumer, TimedConsumer):
            handler = consumer.build(self._in.directory, self._code)
            return (TimedLoop(handler, self._store, self._publisher, self._in.clock),)
        part = self._consumer(consumer)
        if name != "desk":
            return (part,)
        held = keys.load_encryption_keys(self._role.keys, self._code)
        return (
            part,
            Opening(self._code, held, self._store, self._in.clock, self._in.directory),
            HandingOut(Spool(self._role.spool), self._store),
        )

    def _adapter(self) -> tuple[Part, ...]:
        adapter, drafting = adapter_of(self._code), self._in.drafting(self._code)
        shared = adapter, drafting, Spool(self._role.spool), self._store, self._publisher
        return Taking(*shared), Restating(*shared)

    def _audit(self, consumer: RecordConsumer) -> tuple[Part, ...]:
        """Return what asks the witnesses, and what writes the ledger; evidence against it keeps it closed.

        In this order: what others saw signed is compared before anything new is signed.
        """
        found, log = self._in, self._log
        stop = stop_of(self._role, found.settings.ledger_origin)
        if stop is not None:
            return (Refusing(stop),)
        ledger, taker = self._ledger(), consumer.build(log)
        topics = consumer.topics(found.agencies, self._code)
        loop = Loop(consumer.name, topics, log, ledger, taker.take, gone=taker.gone)
        asking = asking_parts(ledger, self._role, found.agencies, log, self._store, found.clock)
        return (*asking, UntilClosed(loop, found.clock))

    def _consumer(self, consumer: EventConsumer) -> Part:
        topics = consumer.topics(self._in.agencies, self._code)
        opener = Opener(self._in.schemas, self._in.directory)
        handler = consumer.build(self._in.directory, self._code)
        tells = HUB_EVENTS if self._code == HUB else None
        gate = EventGate(consumer.name, handler, opener, self._publisher, tells=tells)
        return GatedLoop(consumer.name, topics, self._log, self._store, gate)

    def _ledger(self) -> Ledger:
        ledger = self._in.open_ledger(self._log)
        self._stack.callback(ledger.close)
        return ledger
