"""Signed notes (c2sp.org/signed-note, v1.0.0): a text, a blank line, signature lines.

    <text, every line ends in \\n> \\n ( "— " <key name> " " base64(<4-byte key id> || <signature>) \\n )+

Parsing is strict: what is read must print back to the same bytes. Lines by unknown keys are ignored; a known key whose
signature fails, or that appears twice, spoils the note.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from casebus.errors import VerificationFailed
from casebus.ledger.vkey import KeyType, VerifierKey, check_name, decode_base64, encode_base64, verifier_key

MAX_NOTE_BYTES = 131_072
"""Room for 16 post-quantum signatures of 5 kB, which verifiers must accept, and their names."""

MAX_SIGNATURES = 100
KEY_ID_BYTES = 4
_DASH = "— "


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line."""

    name: str
    key_id: bytes
    signature: bytes

    def format(self) -> str:
        """Return the line with its newline."""
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.signature)}\n"

    def is_by(self, key: VerifierKey) -> bool:
        """Tell whether the line claims to be by this key."""
        return self.name == key.name and self.key_id == key.key_id


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and its signature lines in order. Parsed is not verified."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def format(self) -> bytes:
        """Return the note's bytes."""
        return (self.text + "\n" + "".join(line.format() for line in self.signatures)).encode()

    def line_by(self, key: VerifierKey) -> NoteSignature | None:
        """Return the one line that claims to be by this key, unverified.

        Raises:
            VerificationFailed: there are two.
        """
        lines = [line for line in self.signatures if line.is_by(key)]
        if len(lines) > 1:
            raise VerificationFailed("a signed note has two lines by one known key.")
        return lines[0] if lines else None


def parse_note(data: bytes) -> Note:
    """Read a note without verifying it.

    Raises:
        VerificationFailed: too long, not UTF-8, control characters, or not written exactly as `Note.format` writes.
    """
    if len(data) > MAX_NOTE_BYTES:
        raise VerificationFailed(f"a signed note is longer than {MAX_NOTE_BYTES} bytes.")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise VerificationFailed("a signed note is not UTF-8.") from error
    if any((c < " " and c != "\n") or c == "\x7f" for c in whole):
        raise VerificationFailed("a signed note holds a control character.")
    head, blank, tail = whole.rpartition("\n\n")
    lines = tail.split("\n")
    if not blank or not head or lines.pop() != "" or not 1 <= len(lines) <= MAX_SIGNATURES:
        raise VerificationFailed("a signed note is a text, a blank line and 1 to 100 signature lines.")
    note = Note(head + "\n", tuple(_parse_signature(line) for line in lines))
    if note.format() != data:
        raise VerificationFailed("a signed note is not written canonically.")
    return note


def _parse_signature(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH):
        raise VerificationFailed("a signature line does not begin with an em dash.")
    check_name(name)
    blob = decode_base64(encoded)
    if len(blob) <= KEY_ID_BYTES:
        raise VerificationFailed("a signature line holds no signature.")
    return NoteSignature(name, blob[:KEY_ID_BYTES], blob[KEY_ID_BYTES:])


def open_note(note: Note, keys: Sequence[VerifierKey]) -> tuple[VerifierKey, ...]:
    """Return the keys (of type 01) that signed the note.

    Raises:
        VerificationFailed: none did, one did twice, or a line by one of them does not verify.
    """
    signed: list[VerifierKey] = []
    for key in keys:
        assert key.type is KeyType.ED25519, "bug: cosignatures are verified by casebus.ledger.cosignature"
        line = note.line_by(key)
        if line is None:
            continue
        if not key.accepts(line.signature, note.text.encode()):
            raise VerificationFailed("the signature by a known key does not fit the note's text.")
        signed.append(key)
    if not signed:
        raise VerificationFailed("no signature by the key that was asked for.")
    return tuple(signed)


def sign_note(text: str, name: str, private: Ed25519PrivateKey) -> Note:
    """Return the text with one signature line of type 01."""
    assert text.endswith("\n"), "bug: a note's text ends in a newline"
    key = verifier_key(name, private)
    return Note(text, (NoteSignature(name, key.key_id, private.sign(text.encode())),))
