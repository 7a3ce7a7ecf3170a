"""The sequencer: turns records into leaves, each exactly once, and positions with them.

A commit, in this order:

    1. archive: the records, synced          a crash here leaves records without leaves: cut off on recovery
    2. journal: leaves and positions, synced THE COMMIT POINT: before it nothing has happened, after it everything has
    3. tiles and bundles                     a crash here leaves some: recovery writes the rest, byte for byte
    4. the signed checkpoint                 a crash before it leaves the older one: recovery always publishes

Recovery is the same code over the frames that the journal holds. An error in any step poisons the object: what a
failed sync left on the disk is known only after a restart.

A directory that was rolled back as a whole, journal included, looks like an earlier day of the same log. What gives it
away is a checkpoint that others hold: `Ledger.open` takes those (`seen`), and refuses to sign when it is behind one.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from casebus.clock import Clock
from casebus.errors import Conflict, LedgerClosed, StoreError
from casebus.ledger.archive import Archive
from casebus.ledger.checkpoint import Checkpoint
from casebus.ledger.files import Files
from casebus.ledger.frames import Commit
from casebus.ledger.journal import SCRATCH
from casebus.ledger.leaf import LeafKind
from casebus.ledger.note import Note, NoteSignature
from casebus.ledger.predecessor import Predecessor
from casebus.ledger.publication import Publication
from casebus.ledger.read import LedgerReader
from casebus.ledger.recovery import Recovered, recover
from casebus.ledger.transaction import AppendLeaf, AppendLoss, LedgerTransaction, LedgerView
from casebus.ledger.vkey import VerifierKey, verifier_key

__all__ = ["AppendLeaf", "AppendLoss", "Ledger", "LedgerTransaction", "LedgerView"]

LOCK_SECONDS = 5.0
_LOCK_PAUSE_SECONDS = 0.1


class Ledger:
    """The writing side of a ledger directory: a unit for the consume loop. One owner, not thread-safe."""

    def __init__(
        self, directory: Path, lock: int, recovered: Recovered, archive: Archive, publication: Publication
    ) -> None:
        self._directory = directory
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
        seen: Sequence[Checkpoint] = (),
        continues: Callable[[], Predecessor] | None = None,
        files: Files | None = None,
    ) -> "Ledger":
        """Open a ledger, or begin one in an empty or missing directory; recover, and publish a checkpoint always.

        `name` is the log's origin and its key's name. `seen` are checkpoints under our own signature that others hold;
        those of another origin do not count. `continues` tells which closed ledger a new one goes on from; it is asked
        only while the ledger is empty.

        Raises:
            Conflict: another sequencer holds the directory, for 5 seconds.
            VerificationFailed: the directory is damaged, rolled back, forked, or another key's; nothing was signed.
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
                recovered = recover(files, directory, publication, archive, seen)
        except BaseException:
            os.close(lock)
            raise
        ledger = cls(directory, lock, recovered, archive, publication)
        try:
            ledger._go_on_from(continues)
        except BaseException:
            ledger.close()
            raise
        return ledger

    def _go_on_from(self, continues: Callable[[], Predecessor] | None) -> None:
        """Write the opening, unless it is there. A crash before it left an empty ledger, which gets here again."""
        if continues is None:
            return
        if self._state.edge.size:
            self._check_opening()
            return
        predecessor = continues()
        with self.transaction() as tx:
            tx.open_after(predecessor, self.vkey.name)

    def _check_opening(self) -> None:
        if LedgerReader(self._directory).leaf(0).kind is not LeafKind.OPENING:
            raise Conflict(
                "this ledger began without an opening: it does not go on from another one.",
                next_step="take ledger_continues out of casebus.toml, or begin the ledger anew.",
            )

    @property
    def vkey(self) -> VerifierKey:
        """Return the key that verifies this ledger; its `format()` is the line of `ledger.vkey`."""
        return self._publication.key

    @property
    def note(self) -> Note:
        """Return the published checkpoint, with the cosignatures that it has."""
        return self._publication.current

    @property
    def is_closed(self) -> bool:
        """Tell whether its last leaf is a closing: nothing can follow."""
        return self._state.chains.closed

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
            LedgerClosed: the ledger was closed for good.
            StoreError: a write failed. It may or may not have happened; this object is of no further use.
        """
        self._check_usable()
        if self.is_closed:
            raise LedgerClosed(
                "this ledger was closed for good.",
                unchanged="nothing was logged.",
                next_step="to begin the next one, move this directory away, and in casebus.toml give a new"
                " ledger_origin and name the moved directory as ledger_continues.",
            )
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
            self._archive.append(state.edge.size, tx.contents)
            commit = Commit(self._journal.last_hash, state.edge.size, tx.positions, tuple(tx.leaves))
            self._journal.append(commit)
            # Committed. From here on a crash loses nothing: recovery does the rest.
            full = state.apply(commit, next(iter(tx.contents), None))
            if tx.leaves:
                self._publication.write([*full, *state.partials()])
                self._publication.publish(state.edge.size, state.edge.root())
                self._publication.collect(full)
        self._poisoned = False

    def close_for_good(self, reason: str) -> Note:
        """Seal every topic and write the closing leaf, in one commit; return the final checkpoint.

        Raises:
            Conflict: that was done before.
            StoreError: a write failed. It may or may not have happened; this object is of no further use.
        """
        with self.transaction() as tx:
            tx.close(self.vkey.name, reason)
        return self.note

    def add_cosignatures(self, lines: Sequence[NoteSignature], text: str) -> bool:
        """Add witnesses' lines to the published checkpoint; a newer line by the same key takes the older one's place.

        The caller has verified them. Returns False, and does nothing, when `text` is not the published one any more.

        Raises:
            VerificationFailed: more lines, or longer ones, than a note may have.
            StoreError: the write failed; this object is of no further use.
        """
        self._check_usable()
        if text != self.note.text:
            return False
        with self._poisoning():
            self._publication.cosign(lines)
        return True

    def keep_witnessed(self, note: Note) -> None:
        """Keep a note of this ledger that a quorum has cosigned; an older one than is kept already changes nothing.

        Raises:
            VerificationFailed: it is not a checkpoint that this ledger signed, or of a larger size than it has.
            StoreError: the write failed; this object is of no further use.
        """
        self._check_usable()
        with self._poisoning():
            self._publication.keep_witnessed(note, self._state.edge.size)

    @contextmanager
    def _poisoning(self) -> Iterator[None]:
        """Let a failed write poison the ledger: what it left on the disk is known only after a restart."""
        try:
            with _stored():
                yield
        except StoreError:
            self._poisoned = True
            raise

    def _check_usable(self) -> None:
        if self._poisoned:
            raise StoreError(
                "the ledger had a write error and was closed for writing.",
                unchanged="what the last transaction did is known after a restart.",
                next_step="find the disk's fault, then start again: recovery reads what was committed.",
            )
        if not self._is_in_place():
            self._poisoned = True
            raise Conflict(
                "the ledger's directory was moved or replaced while it was open.",
                next_step="stop the hub before a ledger is moved or restored; then start it again.",
            )

    def _is_in_place(self) -> bool:
        """Tell whether the directory that is locked is still the one that writing by name gets to."""
        try:
            return os.path.samestat(os.fstat(self._lock), (self._directory / "journal").stat())
        except OSError:
            return False

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
