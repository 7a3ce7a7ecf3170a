"""What a log asks of a witness (c2sp.org/tlog-witness, v1.0.0): the body of `add-checkpoint`, over HTTP or the bus.

    old <size>\\n (base64 hash\\n){0..63} \\n <checkpoint note>

Only the log's own signature line belongs into the note: witnesses bound the body, some at 10 kB, and the lines of
others are none of their business.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from casebus.errors import VerificationFailed
from casebus.ledger.checkpoint import MAX_SIZE
from casebus.ledger.note import MAX_NOTE_BYTES, Note
from casebus.ledger.tree import HASH_BYTES
from casebus.ledger.vkey import VerifierKey, decode_base64, encode_base64

MAX_PROOF_HASHES = 63
MAX_SUBMISSION_BYTES = 262_144
_OLD = "old "
_MAX_HEAD_BYTES = 4_096
"""The first line and 63 hashes of 45 bytes take less."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A checkpoint, and the proof that it extends the tree of `old` leaves. Parsed is not verified."""

    old: int
    proof: tuple[bytes, ...]
    note_bytes: bytes

    def format(self) -> bytes:
        """Return the body."""
        hashes = "".join(f"{encode_base64(value)}\n" for value in self.proof)
        return f"{_OLD}{self.old}\n{hashes}\n".encode() + self.note_bytes


def parse_submission(data: bytes) -> Submission:
    """Read a body. The note in it is only bounded; `parse_note` reads it.

    Raises:
        VerificationFailed: too long, no empty line, a padded or signed number, base64 that is not canonical, more
            than 63 hashes, or one that is not 32 bytes.
    """
    if len(data) > MAX_SUBMISSION_BYTES:
        raise VerificationFailed(f"a submission is longer than {MAX_SUBMISSION_BYTES} bytes.")
    at = data.find(b"\n\n", 0, _MAX_HEAD_BYTES)
    head, note_bytes = data[:at], data[at + 2 :]
    if at < 0 or not head.isascii():
        raise VerificationFailed("a submission has an empty line between its proof and its checkpoint, all ASCII.")
    first, *hashes = head.decode("ascii").split("\n")
    if len(hashes) > MAX_PROOF_HASHES or not 0 < len(note_bytes) <= MAX_NOTE_BYTES:
        raise VerificationFailed("a submission has up to 63 hashes and one checkpoint note.")
    submission = Submission(_parse_old(first), tuple(_parse_hash(line) for line in hashes), note_bytes)
    if submission.format() != data:
        raise VerificationFailed("a submission is not written canonically.")
    return submission


def format_submission(old: int, proof: Sequence[bytes], note: Note, key: VerifierKey) -> bytes:
    """Return the body that asks a witness to cosign a log's note; of its lines only the one by `key` goes along."""
    line = note.line_by(key)
    assert line is not None, "bug: the log's own line is missing from its note"
    return Submission(old, tuple(proof), Note(note.text, (line,)).format()).format()


def _parse_old(line: str) -> int:
    digits = line.removeprefix(_OLD)
    if not line.startswith(_OLD) or not digits.isdigit() or len(digits) > 19 or int(digits) > MAX_SIZE:
        raise VerificationFailed("a submission begins with the word old and a decimal number below 2^63.")
    return int(digits)


def _parse_hash(line: str) -> bytes:
    value = decode_base64(line)
    if len(value) != HASH_BYTES:
        raise VerificationFailed("a hash in a submission's proof is not 32 bytes.")
    return value
