"""Checkpoints (c2sp.org/tlog-checkpoint, v1.0.0): the text that a log signs.

    <origin>\\n<tree size, decimal>\\n<base64 root hash>\\n

Extension lines are allowed by the specification and refused here: ML-DSA cosignatures do not cover them, and no
monitor can audit them.
"""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from casebus.errors import VerificationFailed
from casebus.ledger.note import Note, open_note, parse_note, sign_note
from casebus.ledger.tree import EMPTY_ROOT, HASH_BYTES
from casebus.ledger.vkey import VerifierKey, decode_base64, encode_base64

MAX_SIZE = 2**63 - 1
MAX_ORIGIN_CHARACTERS = 255


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree: whose, how many leaves, which root."""

    origin: str
    size: int
    root: bytes

    def format(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's text.

    Raises:
        VerificationFailed: malformed, padded, signed numbers, extension lines, or an empty tree with another root.
    """
    checkpoint = parse_checkpoint_form(text)
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise VerificationFailed("a checkpoint of an empty tree has another root than SHA-256 of nothing.")
    return checkpoint


def parse_checkpoint_form(text: str) -> Checkpoint:
    """Read a checkpoint's text, whatever it says about an empty tree: a witness answers that apart from bad form.

    Raises:
        VerificationFailed: malformed, padded, signed numbers, extension lines.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] != "":
        raise VerificationFailed("a checkpoint has exactly three lines: origin, size, root; no extension lines.")
    origin, digits, encoded = lines[:3]
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 19) or int(digits) > MAX_SIZE:
        raise VerificationFailed("a checkpoint's size is not a decimal number below 2^63.")
    checkpoint = Checkpoint(origin, int(digits), decode_base64(encoded))
    if not 0 < len(origin) <= MAX_ORIGIN_CHARACTERS or len(checkpoint.root) != HASH_BYTES:
        raise VerificationFailed("a checkpoint's origin is empty or too long, or its root is not 32 bytes.")
    if checkpoint.format() != text:
        raise VerificationFailed("a checkpoint is not written canonically.")
    return checkpoint


def sign_checkpoint(checkpoint: Checkpoint, private: Ed25519PrivateKey) -> Note:
    """Return the checkpoint as a note signed under its origin's name: our logs' key name equals their origin."""
    return sign_note(checkpoint.format(), checkpoint.origin, private)


def open_checkpoint(data: bytes, key: VerifierKey) -> Checkpoint:
    """Read a signed checkpoint of the log whose key, and so whose origin, this is.

    Raises:
        VerificationFailed: malformed, not signed by the key, or of another origin.
    """
    note = parse_note(data)
    open_note(note, [key])
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != key.name:
        raise VerificationFailed("a checkpoint's origin is not the name of the key that signed it.")
    return checkpoint
