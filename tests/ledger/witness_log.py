"""What the witness's tests share: a log that can lie, its submissions, a witness over it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from casebus.clock import Clock, FixedClock
from casebus.ledger.checkpoint import Checkpoint, sign_checkpoint
from casebus.ledger.cosignature import cosigned_at
from casebus.ledger.files import Files
from casebus.ledger.note import Note, parse_note
from casebus.ledger.submission import format_submission
from casebus.ledger.tree import consistency_proof, leaf_hash, root_of, subtrees_of
from casebus.ledger.vkey import VerifierKey, verifier_key
from casebus.ledger.witness import Witness

ORIGIN = "casebus.example/witnessed"
LOG_KEY = Ed25519PrivateKey.from_private_bytes(b"\x11" * 32)
LOG_VKEY = verifier_key(ORIGIN, LOG_KEY)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"\x12" * 32)
THIRD_KEY = Ed25519PrivateKey.from_private_bytes(b"\x13" * 32)
WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(b"\x22" * 32)
NAME = "witness.example/w"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Tree:
    """A log's leaves: honest as numbered, or another story from some leaf on, signed by the same key."""

    count: int = 64
    forked_at: int | None = None
    origin: str = ORIGIN
    key: Ed25519PrivateKey = LOG_KEY
    hashes: list[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.hashes = [leaf_hash(self._entry(index)) for index in range(self.count)]

    def _entry(self, index: int) -> bytes:
        other = self.forked_at is not None and index >= self.forked_at
        return b"%d%s" % (index, b" in another story" if other else b"")

    def root(self, size: int) -> bytes:
        return root_of(self.hashes[:size])

    def note(self, size: int) -> Note:
        return sign_checkpoint(Checkpoint(self.origin, size, self.root(size)), self.key)

    def proof(self, old: int, size: int) -> list[bytes]:
        return consistency_proof(old, size, subtrees_of(self.hashes))

    def ask(self, old: int, size: int, proof: Sequence[bytes] | None = None) -> bytes:
        """Return the submission of the checkpoint at `size`, with its true proof from `old` unless one is given."""
        if proof is None:
            proof = self.proof(old, size) if old <= size else []
        return format_submission(old, proof, self.note(size), verifier_key(self.origin, self.key))


def opened(
    directory: Path,
    clock: Clock | None = None,
    *,
    logs: Sequence[VerifierKey] = (LOG_VKEY,),
    files: Files | None = None,
    name: str = NAME,
    key: Ed25519PrivateKey = WITNESS_KEY,
    may_be_new: bool = True,
) -> Witness:
    clock = clock or FixedClock(NOW)
    return Witness.open(directory, key, name, logs, clock, files=files, may_be_new=may_be_new)


def cosigned(answer_body: bytes, note: Note, key: VerifierKey) -> int:
    """Return when the witness says that it cosigned the note; its line is verified."""
    timestamp = cosigned_at(parse_note(note.format() + answer_body), key)
    assert timestamp is not None, "no line by this witness"
    return timestamp


def evidence_in(directory: Path) -> list[dict[str, object]]:
    return [json.loads(path.read_bytes()) for path in sorted((directory / "evidence").iterdir())]
