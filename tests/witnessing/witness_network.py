"""A network's ledger and witnesses in one process, as the roles put them together; and a hub that lies."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from casebus import keys
from casebus.bus.log import Log, Record, events_topic
from casebus.clock import Clock, FixedClock
from casebus.installing import LEDGER_ORIGIN, initialise
from casebus.layout import HUB, Layout
from casebus.ledger.checkpoint import Checkpoint, sign_checkpoint
from casebus.ledger.cosignature import cosign
from casebus.ledger.leaf import Leaf, record_leaf
from casebus.ledger.note import Note
from casebus.ledger.record import record_hash
from casebus.ledger.submission import format_submission
from casebus.ledger.tree import consistency_proof, leaf_hash, root_of, subtrees_of
from casebus.ledger.verify import Report, verify
from casebus.ledger.vkey import verifier_key
from casebus.roles import Installation, Opened, open_role
from casebus.witnessing.answering import WITNESS
from casebus.witnessing.asking import STANDINGS, WitnessStanding
from casebus.witnessing.topics import (
    LEDGER_TOPIC,
    Answered,
    Asked,
    Entries,
    answer_record,
    entries_record,
    submission_record,
    witness_topic,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NZ, UK, DIA = AGENCIES = ("nz-police", "uk-nca", "nz-internal-affairs")
LOG_KEY = keys.training_signing_key(HUB, "ledger")
LOG_VKEY = verifier_key(LEDGER_ORIGIN, LOG_KEY)


def never() -> bool:
    return False


class WitnessNetwork:
    """One data directory. What `work` opens of a role stays open until it is put to sleep."""

    def __init__(
        self,
        root: Path,
        prepared: Callable[[Layout], None] = lambda _: None,
        *,
        made: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or FixedClock(NOW)
        self.layout = initialise(root, training=True, now=NOW) if made else Layout(root)
        prepared(self.layout)
        self.installation = Installation.open(self.layout, self.clock)
        self._log: Log | None = None
        self.whole = False
        """Whether whole roles are opened, or only their part in witnessing."""
        self.awake: dict[str, Opened] = {}

    @property
    def log(self) -> Log:
        if self._log is None:
            self._log = self.installation.open_log("test")
        return self._log

    def wake(self, code: str) -> None:
        only = [] if self.whole else ["audit_log" if code == HUB else WITNESS]
        self.awake[code] = open_role(self.installation, code, only)

    def sleep(self, code: str) -> None:
        self.awake.pop(code).close()

    def work(self, *codes: str) -> None:
        """Let roles work until nothing waits for them."""
        for code in codes:
            if code not in self.awake:
                self.wake(code)
            self.awake[code].node.run(stopped=never, until_idle=True, timeout_s=None)

    def work_for(self, code: str, seconds: float) -> None:
        """Let a role work for so long; raises `Stalled` when something still waits then."""
        if code not in self.awake:
            self.wake(code)
        self.awake[code].node.run(stopped=never, until_idle=True, timeout_s=seconds)

    def settle(self, *codes: str) -> None:
        """Let the hub ask, some agencies (all by default) answer, and the hub take the answers in."""
        for _ in range(3):
            self.work(HUB, *(codes or AGENCIES))
        self.work(HUB)

    def publish(self, *values: bytes, agency: str = NZ) -> None:
        self.log.append(events_topic(agency), [Record(b"key", value, (("h", b"x"),)) for value in values])

    def verified(self, root: Path | None = None) -> Report:
        hub = self.layout.role(HUB)
        return verify(root or hub.ledger, LOG_VKEY.format(), policy=hub.policy.read_text(), now=self.clock.now())

    def standings(self) -> dict[str, WitnessStanding]:
        with closing(self.installation.open_store(HUB)) as store, store.view() as view:
            return {standing.name: standing for standing in view.all(STANDINGS)}

    def evidence(self, code: str) -> list[dict[str, Any]]:
        """Return what was found against the log, each as it lies in its file."""
        return [json.loads(path.read_text()) for path in sorted(self.layout.role(code).evidence.glob("*.json"))]

    def statuses(self, agency: str) -> list[str]:
        """Return what an agency's witness answered, in order."""
        records = self.log.read(witness_topic(agency), 0, limit=1000)
        return [dict(recorded.record.headers)["casebus-status"].decode() for recorded in records]

    def tamper(self, topic: str, position: int, value: bytes) -> None:
        """Change a record where it lies on the bus."""
        with closing(sqlite3.connect(self.layout.bus / f"{topic}.sqlite", isolation_level=None)) as connection:
            connection.execute("UPDATE records SET value = ? WHERE position = ?", (value, position))

    def keep(self, code: str, beside: Path) -> Path:
        """Return a copy of a role's directory, as a backup has it."""
        return Path(shutil.copytree(self.layout.role(code).directory, beside))

    def put_back(self, code: str, kept: Path) -> None:
        shutil.rmtree(self.layout.role(code).directory)
        shutil.copytree(kept, self.layout.role(code).directory)

    def close(self) -> None:
        for code in list(self.awake):
            self.sleep(code)
        if self._log is not None:
            self._log.close()


@contextmanager
def networks() -> Iterator[Callable[..., WitnessNetwork]]:
    """Yield what makes networks; they are closed afterwards."""
    with ExitStack() as stack:

        def make(root: Path, **how: Any) -> WitnessNetwork:
            network = WitnessNetwork(root, **how)
            stack.callback(network.close)
            return network

        yield make


class LyingHub:
    """Whoever has the ledger's key and may write `casebus.ledger`: says what a test wants said."""

    def __init__(self, network: WitnessNetwork) -> None:
        self._net = network
        self.leaves: list[bytes] = []

    def leaf_of(self, topic: str, position: int) -> Leaf:
        """Return the true leaf of a record on the bus."""
        (recorded,) = self._net.log.read(topic, position, limit=1)
        previous = position - 1 if position else None
        return record_leaf(self._net.log.topic_id(topic), position, previous, record_hash(recorded))

    def publish(self, *leaves: Leaf, start: int | None = None) -> None:
        """Add leaves to the tree and publish them, at their own index unless another is given."""
        data = tuple(leaf.encode() for leaf in leaves)
        at = len(self.leaves) if start is None else start
        self._append(entries_record(LEDGER_ORIGIN, Entries(at, data)))
        self.leaves += data

    def note(self, size: int | None = None, leaves: Sequence[bytes] | None = None) -> Note:
        hashes = [leaf_hash(leaf) for leaf in (self.leaves if leaves is None else leaves)]
        size = len(hashes) if size is None else size
        return sign_checkpoint(Checkpoint(LEDGER_ORIGIN, size, root_of(hashes[:size])), LOG_KEY)

    def submit(self, note: Note, *agencies: str, old: int = 0) -> None:
        size = int(note.text.split("\n")[1])
        hashes = [leaf_hash(leaf) for leaf in self.leaves[:size]]
        proof = consistency_proof(old, len(hashes), subtrees_of(hashes))
        for agency in agencies or AGENCIES:
            self._append(submission_record(LEDGER_ORIGIN, Asked(agency, format_submission(old, proof, note, LOG_VKEY))))

    def _append(self, record: Record) -> None:
        self._net.log.append(LEDGER_TOPIC, [record])


def cosigned(note: Note, agency: str) -> bytes:
    """Return a note as an agency's witness would answer it."""
    key = keys.training_signing_key(agency, "witness")
    line = cosign(note.text, f"casebus.example/witness/{agency}", key, int(NOW.timestamp()))
    return Note(note.text, (*note.signatures, line)).format()


def answer(network: WitnessNetwork, agency: str, status: int, value: bytes) -> None:
    """Write to an agency's witness topic, as whoever has its rights may."""
    network.log.append(witness_topic(agency), [answer_record(LEDGER_ORIGIN, Answered(status, value))])
