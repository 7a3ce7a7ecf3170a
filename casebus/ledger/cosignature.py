"""Witness cosignatures on a checkpoint (c2sp.org/tlog-cosignature, v1.0.1), Ed25519 only.

signature bytes = u64 big-endian POSIX seconds || 64-byte Ed25519 signature over
"cosignature/v1\\ntime <decimal seconds>\\n" || checkpoint text
"""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from casebus.errors import VerificationFailed
from casebus.ledger.note import Note, NoteSignature
from casebus.ledger.vkey import SIGNATURE_BYTES, KeyType, VerifierKey, verifier_key

MAX_TIMESTAMP = 2**63 - 1


def cosigned_message(text: str, timestamp: int) -> bytes:
    """Return what a witness signs: the checkpoint's text under a header that no other statement shares."""
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


def cosign(text: str, name: str, private: Ed25519PrivateKey, timestamp: int) -> NoteSignature:
    """Return a witness's line for a checkpoint's text. `timestamp` is in POSIX seconds."""
    key = verifier_key(name, private, KeyType.COSIGNATURE)
    signature = private.sign(cosigned_message(text, timestamp))
    return NoteSignature(name, key.key_id, timestamp.to_bytes(8, "big") + signature)


def cosigned_at(note: Note, key: VerifierKey) -> int | None:
    """Return when this witness cosigned the note, in POSIX seconds; None when it did not.

    Raises:
        VerificationFailed: its line does not verify, or it has two.
    """
    assert key.type is KeyType.COSIGNATURE, "bug: only a witness key cosigns"
    line = note.line_by(key)
    if line is None:
        return None
    timestamp = int.from_bytes(line.signature[:8], "big")
    if len(line.signature) != 8 + SIGNATURE_BYTES or timestamp > MAX_TIMESTAMP:
        raise VerificationFailed("a cosignature by a known witness has the wrong length or time.")
    if not key.accepts(line.signature[8:], cosigned_message(note.text, timestamp)):
        raise VerificationFailed("a cosignature by a known witness does not fit the checkpoint.")
    return timestamp
