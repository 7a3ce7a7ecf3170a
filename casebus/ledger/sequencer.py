"""The sequencer: turns records into leaves, each exactly once, and positions with them.

A commit, in this order:

    1. archive: the records, synced          a crash here leaves records without leaves: cut off on recovery
    2. journal: leaves and positions, synced THE COMMIT POINT: before it nothing has happened, after it everything has
    3. tiles and bundles                     a crash here leaves some: recovery writes the rest, byte for byte
    4. the signed checkpoint                 a crash before it leaves the older one: recovery always publishes

Recovery is the same code over the frames that the journal holds. An error in any step poisons the object: what a
failed sync left on the disk is known only after a restart.

A directory that was rolled back as a whole, journal included, looks like an earlier day of the same log and opens.
What gives it away is a checkpoint noted since (`verify --since`) or a witness; a checkpoint alone that is ahead of
the journal stops the start here.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from casebus.bus.log import Recorded
from casebus.clock import Clock
from casebus.errors import Conflict, StalePosition, StoreError, VerificationFailed
from casebus.ledger.archive import Archive, Archived
from casebus.ledger.files import Files
from casebus.ledger.frames import Commit
from casebus.ledger.journal import SCRATCH
from casebus.ledger.leaf import RecordLeaf, follows
from casebus.ledger.publication import Publication
from casebus.ledger.record import encode_record, hash_record
from casebus.ledger.recovery import Recovered, recover
from casebus.ledger.state import LedgerState
from casebus.ledger.vkey import VerifierKey, verifier_key

LOCK_SECONDS = 5.0
_LOCK_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class AppendLeaf:
    """The effect of logging a record: its bytes go to the archive, its leaf to the tree. `topic_id` is the Log's."""

    recorded: Recorded
    topic_id: bytes


class LedgerView:
    """What can be read: the ledger at its last commit."""

    def __init__(self, state: LedgerState) -> None:
        self._state = state

    def position(self, consumer: str, topic: str) -> int:
        """Return the position that this consumer reads next; 0 at first."""
        return self._state.positions.get((consumer, topic), 0)

    @property
    def size(self) -> int:
        """Return how many leaves there are."""
        return self._state.edge.size

    @property
    def root(self) -> bytes:
        """Return the root over all leaves."""
        return self._state.edge.root()


class LedgerTransaction(LedgerView):
    """What will be written, all of it together. Its own writes are visible in `position`, not in `size` and `root`."""

    def __init__(self, state: LedgerState) -> None:
        super().__init__(state)
        self.positions: dict[tuple[str, str], int] = {}
        self.leaves: list[bytes] = []
        self.archived: list[Archived] = []
        self._heads: dict[bytes, int] = {}

    def position(self, consumer: str, topic: str) -> int:
        """Return the position that this consumer reads next, after what this transaction did."""
        own = self.positions.get((consumer, topic))
        return super().position(consumer, topic) if own is None else own

    def advance(self, consumer: str, topic: str, *, expected: int, to: int) -> None:
        """Move a position by compare-and-set. Raises `StalePosition` when it is not `expected`: a second instance."""
        actual = self.position(consumer, topic)
        if actual != expected:
            raise StalePosition(f"{consumer} on {topic} is at {actual}, not at {expected}: another instance moved it.")
        assert to >= expected, "bug: a position never goes back"
        if to != expected:
            self.positions[consumer, topic] = to

    def apply(self, effect: AppendLeaf) -> None:
        """Log a record.

        Raises:
            VerificationFailed: it is not its topic's next: a record is missing on the bus, doubled or out of order.
        """
        recorded, topic_id = effect.recorded, effect.topic_id
        head = self._heads.get(topic_id, self._state.heads.get(topic_id))
        encoded = encode_record(recorded)
        leaf = RecordLeaf(topic_id, recorded.position, head, hash_record(encoded))
        if not follows(leaf, head):
            raise VerificationFailed(
                f"{recorded.topic}: position {recorded.position} came after {'none' if head is None else head}.",
                unchanged="nothing was logged: a ledger with a hole would show a complete topic.",
                next_step="find out why the bus no longer has the record, or has it twice; do not skip it.",
            )
        index = self._state.edge.size + len(self.leaves)
        self.archived.append(Archived(index, topic_id, recorded.position, encoded))
        self.leaves.append(leaf.encode())
        self._heads[topic_id] = recorded.position


class Ledger:
    """The writing side of a ledger directory: a unit for the consume loop. One owner, not thread-safe."""

    def __init__(self, lock: int, recovered: Recovered, archive: Archive, publication: Publication) -> None:
        self._lock = lock
        self._state = recovered.state
        self._journal = recovered.journal
        self._archive = archive
        self._publication = publication
        self._poisoned = False
        self._in_transaction = False

    @classmethod
    def open(
        cls,
        directory: Path,
        name: str,
        signing_key: Ed25519PrivateKey,
        clock: Clock,
        *,
        files: Files | None = None,
    ) -> "Ledger":
        """Open a ledger, or begin one in an empty or missing directory; recover, and publish a checkpoint always.

        `name` is the log's origin and its key's name.

        Raises:
            Conflict: another sequencer holds the directory, for 5 seconds.
            VerificationFailed: the directory is damaged, rolled back in part, or another key's; nothing was signed.
            StoreError: the disk does not do what it should.
        """
        files = files or Files()
        verifier_key(name, signing_key)
        with _stored():
            files.make_directory(directory / "journal")
            files.make_directory(directory / "records")
        lock = _locked(directory / "journal", clock)
        try:
            publication = Publication(files, directory, directory / "journal" / SCRATCH, name, signing_key)
            archive = Archive(files, directory / "records")
            with _stored():
                return cls(lock, recover(files, directory, publication, archive), archive, publication)
        except BaseException:
            os.close(lock)
            raise

    @property
    def vkey(self) -> VerifierKey:
        """Return the key that verifies this ledger; its `format()` is the line of `ledger.vkey`."""
        return self._publication.key

    @contextmanager
    def view(self) -> Iterator[LedgerView]:
        """Read the last commit."""
        self._check_usable()
        yield LedgerView(self._state)

    @contextmanager
    def transaction(self) -> Iterator[LedgerTransaction]:
        """Begin; commit at the end of the block, forget everything on any exception.

        Returns after the commit is durable and its checkpoint is published. An empty transaction writes nothing.

        Raises:
            StoreError: a write failed. It may or may not have happened; this object is of no further use.
        """
        self._check_usable()
        assert not self._in_transaction, "bug: nested transactions"
        self._in_transaction = True
        try:
            tx = LedgerTransaction(self._state)
            yield tx
            if tx.leaves or tx.positions:
                self._commit(tx)
        finally:
            self._in_transaction = False

    def _commit(self, tx: LedgerTransaction) -> None:
        # Poisoned until the last step is through: an exception of any kind leaves it so.
        self._poisoned = True
        state = self._state
        with _stored():
            if self._journal.is_long:
                self._publication.sync_names()
                self._journal = self._journal.rolled(state.snapshot(self._journal.last_hash))
            self._archive.append(tx.archived)
            commit = Commit(self._journal.last_hash, state.edge.size, tx.positions, tuple(tx.leaves))
            self._journal.append(commit)
            # Committed. From here on a crash loses nothing: recovery does the rest.
            full = state.apply(commit)
            self._publication.write(full)
            if tx.leaves:
                self._publication.write(state.partials())
                self._publication.publish(state.edge.size, state.edge.root())
                self._publication.collect(full)
        self._poisoned = False

    def _check_usable(self) -> None:
        if self._poisoned:
            raise StoreError(
                "the ledger had a write error and was closed for writing.",
                unchanged="what the last transaction did is known after a restart.",
                next_step="find the disk's fault, then start again: recovery reads what was committed.",
            )

    def close(self) -> None:
        """Release the directory."""
        self._poisoned = True
        self._journal.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


@contextmanager
def _stored() -> Iterator[None]:
    """Map the disk's errors to ours."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"the ledger's directory cannot be written: {error.strerror or error}.",
            unchanged="nothing that was not committed has been signed.",
            next_step="free or repair the disk, then start again: recovery reads what was committed.",
        ) from error


def _locked(directory: Path, clock: Clock) -> int:
    """Return a descriptor that holds the exclusive lock; the kernel releases it when the process ends in any way."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    deadline = clock.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if clock.monotonic() >= deadline:
                os.close(descriptor)
                raise Conflict(
                    "another sequencer holds this ledger.",
                    next_step="stop the other hub; a ledger has one writer.",
                ) from error
            clock.sleep(_LOCK_PAUSE_SECONDS)
        else:
            return descriptor
