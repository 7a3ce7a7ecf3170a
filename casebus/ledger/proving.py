"""Making proofs from a ledger's directory: its checkpoints, its tiles, the leaves and what is archived for them.

Reading is not verifying the whole; but nothing leaves here that does not hold: the tiles must hash to the checkpoint,
the proof must lead from the leaf to it, and archived bytes must be those that the leaf names.
"""

from dataclasses import dataclass
from pathlib import Path

from casebus.errors import CasebusError, NotFound, VerificationFailed
from casebus.ledger.archive import read_archived
from casebus.ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from casebus.ledger.files import read_file
from casebus.ledger.leaf import Leaf, LeafKind, decode_leaf
from casebus.ledger.marker import marker_hash
from casebus.ledger.note import MAX_NOTE_BYTES, Note, parse_note
from casebus.ledger.proof import ConsistencyProof, InclusionProof
from casebus.ledger.publication import CHECKPOINT, WITNESSED
from casebus.ledger.read import read_bundle
from casebus.ledger.record import hash_record
from casebus.ledger.tile_tree import TileTree
from casebus.ledger.tree import TILE_WIDTH
from casebus.ledger.vkey import VerifierKey

RECORDS = "records"


@dataclass(frozen=True, slots=True)
class Published:
    """A signed checkpoint that lies in the directory."""

    note: Note
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Proven:
    """A leaf, its proof, and what is archived for it; None where the directory has no archive, as another writer's."""

    proof: InclusionProof
    checkpoint: Checkpoint
    entry: bytes
    content: bytes | None

    @property
    def leaf(self) -> Leaf | None:
        """Return what the entry says; None where it may be another writer's, because nothing is archived."""
        return None if self.content is None else decode_leaf(self.entry)


class Prover:
    """A ledger at the checkpoints that it had when this was made. With a key, they must be signed by it.

    Raises `NotFound` where there is no checkpoint, `VerificationFailed` where one is not sound.
    """

    def __init__(self, directory: Path, key: VerifierKey | None = None) -> None:
        self._directory = directory
        newest = _published(directory / CHECKPOINT, key)
        if newest is None:
            raise NotFound("there is no ledger here: no checkpoint.")
        self.newest = newest
        self._witnessed = _witnessed(directory, key, newest)
        self._tree = TileTree(directory, newest.checkpoint.size)

    def covering(self, size: int) -> Published:
        """Return the checkpoint with the most signature lines of those that cover this many leaves, or the newest.

        Raises `NotFound` when none covers them.
        """
        total = self.newest.checkpoint.size
        if size > total:
            raise NotFound(f"the ledger has {total} leaves; there is no index {size - 1}.")
        older = self._witnessed
        if older is None or older.checkpoint.size < size:
            return self.newest
        return older if len(older.note.signatures) > len(self.newest.note.signatures) else self.newest

    def prove(self, index: int, under: Published | None = None) -> Proven:
        """Return a leaf with its proof under a checkpoint; under `covering(index + 1)` where none is named.

        Raises:
            NotFound: there is no such leaf under it.
            VerificationFailed: what lies in the directory does not hold together.
        """
        chosen = self.covering(index + 1) if under is None else under
        size = chosen.checkpoint.size
        if not 0 <= index < size:
            raise NotFound(f"the checkpoint covers {size} leaves; there is no index {index}.")
        proof = InclusionProof(index, tuple(self._tree.inclusion(index, size)), chosen.note)
        entry = self._entry(index)
        proof.check_root(entry, chosen.checkpoint)
        content = read_archived(self._directory / RECORDS, index) if (self._directory / RECORDS).is_dir() else None
        if content is not None:
            check_content(index, decode_leaf(entry), content)
        return Proven(proof, chosen.checkpoint, entry, content)

    def extends(self, older: bytes, key: VerifierKey | None = None) -> ConsistencyProof:
        """Return the proof that the newest checkpoint's tree begins with that of an older signed checkpoint.

        Raises:
            VerificationFailed: it is no signed checkpoint of this log, or it is larger (the log was rolled back), or
                no part of this tree.
        """
        note = parse_note(older)
        old = parse_checkpoint(note.text) if key is None else open_checkpoint(older, key)
        new = self.newest.checkpoint
        if old.origin != new.origin:
            raise VerificationFailed("the older checkpoint is of another log: its origin is another name.")
        if old.size > new.size:
            raise VerificationFailed(f"the ledger has {new.size} leaves, fewer than the older checkpoint's {old.size}.")
        proof = ConsistencyProof(note, self.newest.note, tuple(self._tree.consistency(old.size)))
        proof.check_roots(old, new)
        return proof

    def _entry(self, index: int) -> bytes:
        number, within = divmod(index, TILE_WIDTH)
        width = min(TILE_WIDTH, self.newest.checkpoint.size - number * TILE_WIDTH)
        entries = read_bundle(self._directory, number, width)
        if entries is None:
            raise VerificationFailed(f"the entry bundle of index {index} is missing.")
        return entries[within]


def check_content(index: int, leaf: Leaf, content: bytes) -> None:
    """Raise `VerificationFailed` unless these are the bytes that the leaf names."""
    found = hash_record(content) if leaf.kind is LeafKind.RECORD else marker_hash(content)
    if found != leaf.content_hash:
        raise VerificationFailed(f"what is archived for index {index} does not hash to the leaf's content hash.")


def _published(path: Path, key: VerifierKey | None) -> Published | None:
    data = read_file(path, MAX_NOTE_BYTES)
    if data is None:
        return None
    note = parse_note(data)
    return Published(note, parse_checkpoint(note.text) if key is None else open_checkpoint(data, key))


def _witnessed(directory: Path, key: VerifierKey | None, newest: Published) -> Published | None:
    """Return the newest note that a quorum has cosigned. One that is damaged is of no use here; `verify` says what is wrong with it."""
    try:
        found = _published(directory / WITNESSED, key)
    except CasebusError:
        return None
    fits = (
        found
        and found.checkpoint.origin == newest.checkpoint.origin
        and found.checkpoint.size <= newest.checkpoint.size
    )
    return found if fits else None
