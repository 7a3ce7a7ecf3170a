"""Proofs that travel alone: a leaf is in a tree (c2sp.org/tlog-proof), a tree extends an older one (our own format).

    c2sp.org/tlog-proof@v1\\n               casebus/consistency-proof@v1\\n
    [extra <base64>\\n]                     old <lines of the older note>\\n
    index <decimal>\\n                      (<base64 hash>\\n){0..63}
    (<base64 hash>\\n){0..63}               \\n
    \\n                                     <older signed checkpoint, verbatim>
    <signed checkpoint, verbatim>          <newer signed checkpoint, verbatim>

Parsing is strict: what is read must print back to the same bytes. Both formats carry the checkpoint with all of its
cosignatures, so that whoever checks needs only the log's key and, for the witnesses, a policy. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from casebus.errors import VerificationFailed
from casebus.ledger.checkpoint import MAX_SIZE, Checkpoint, open_checkpoint, parse_checkpoint
from casebus.ledger.cosignature import cosigned_at
from casebus.ledger.note import MAX_NOTE_BYTES, Note, parse_note
from casebus.ledger.policy import Policy
from casebus.ledger.tree import HASH_BYTES, leaf_hash, verify_consistency, verify_inclusion
from casebus.ledger.vkey import VerifierKey, decode_base64, encode_base64

SUFFIX = ".tlog-proof"
INCLUSION = "c2sp.org/tlog-proof@v1"
CONSISTENCY = "casebus/consistency-proof@v1"
MAX_HASHES = 63
"""A tree below 2^63 leaves has no longer path."""

MAX_EXTRA_BYTES = 65_536
MAX_PROOF_BYTES = 2 * MAX_NOTE_BYTES + 2 * MAX_EXTRA_BYTES
FUTURE_TOLERANCE = timedelta(seconds=30)
"""How far ahead a witness's clock may be for its cosignature to count."""


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That a leaf is at `index` of the tree that `note` signs. `extra` is not authenticated by anything."""

    index: int
    hashes: tuple[bytes, ...]
    note: Note
    extra: bytes = b""

    def format(self) -> bytes:
        """Return the bytes of a `.tlog-proof` file."""
        extra = f"extra {encode_base64(self.extra)}\n" if self.extra else ""
        return f"{INCLUSION}\n{extra}index {self.index}\n{_lines(self.hashes)}\n".encode() + self.note.format()

    def check(self, leaf: bytes, key: VerifierKey) -> Checkpoint:
        """Return the checkpoint whose tree holds these leaf bytes at `index`.

        Raises:
            VerificationFailed: the checkpoint is not the key's, or the leaf is not there.
        """
        checkpoint = open_checkpoint(self.note.format(), key)
        self.check_root(leaf, checkpoint)
        return checkpoint

    def check_root(self, leaf: bytes, checkpoint: Checkpoint) -> None:
        """Check the path alone, to a checkpoint whose signature was checked elsewhere. Raises `VerificationFailed`."""
        verify_inclusion(self.index, checkpoint.size, leaf_hash(leaf), self.hashes, checkpoint.root)


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That the tree which `new` signs begins with the whole tree which `old` signs."""

    old: Note
    new: Note
    hashes: tuple[bytes, ...]

    def format(self) -> bytes:
        """Return the bytes of the file."""
        old = self.old.format()
        count = old.count(b"\n")
        head = f"{CONSISTENCY}\nold {count}\n{_lines(self.hashes)}\n"
        return head.encode() + old + self.new.format()

    def check(self, key: VerifierKey) -> tuple[Checkpoint, Checkpoint]:
        """Return the older and the newer checkpoint, both signed by the key.

        Raises:
            VerificationFailed: one is not the key's, or the newer tree does not extend the older one.
        """
        old, new = (open_checkpoint(note.format(), key) for note in (self.old, self.new))
        self.check_roots(old, new)
        return old, new

    def check_roots(self, old: Checkpoint, new: Checkpoint) -> None:
        """Check the path alone, between checkpoints whose signatures were checked elsewhere.

        Raises:
            VerificationFailed: the newer tree does not extend the older one.
        """
        verify_consistency(old.size, new.size, old.root, new.root, self.hashes)


@dataclass(frozen=True, slots=True)
class Witnessed:
    """Who has cosigned a note, by the names in a policy, and when, in POSIX seconds; whether that is its quorum."""

    times: Mapping[str, int]
    quorum: bool


def parse_proof(data: bytes) -> InclusionProof | ConsistencyProof:
    """Read a proof of either kind.

    Raises:
        VerificationFailed: too long, of neither kind, or not written exactly as `format` writes.
    """
    if len(data) > MAX_PROOF_BYTES:
        raise VerificationFailed(f"a proof is longer than {MAX_PROOF_BYTES} bytes.")
    head, blank, notes = data.partition(b"\n\n")
    if not blank:
        raise VerificationFailed("a proof has a blank line before its checkpoint.")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise VerificationFailed("a proof's lines before its checkpoint are not ASCII.") from error
    proof: InclusionProof | ConsistencyProof
    match lines[0]:
        case "c2sp.org/tlog-proof@v1":
            proof = _inclusion(lines[1:], notes)
        case "casebus/consistency-proof@v1":
            proof = _consistency(lines[1:], notes)
        case _:
            raise VerificationFailed(f"a proof begins with {INCLUSION} or {CONSISTENCY}.")
    if proof.format() != data:
        raise VerificationFailed("a proof is not written canonically.")
    return proof


def witnessed(note: Note, key: VerifierKey, policy: Policy, now: datetime) -> Witnessed:
    """Return which of the policy's witnesses have cosigned a note of this log. Times ahead of `now` do not count.

    Raises:
        VerificationFailed: the policy is for another log, or a witness's line does not verify.
    """
    if key not in policy.logs:
        raise VerificationFailed("the policy is for another log.")
    latest = now.timestamp() + FUTURE_TOLERANCE.total_seconds()
    found = {name: cosigned_at(note, witness) for name, witness in policy.witnesses.items()}
    times = {name: at for name, at in found.items() if at is not None and at <= latest}
    return Witnessed(times, policy.is_met_by(times.keys()))


def _inclusion(lines: Sequence[str], note: bytes) -> InclusionProof:
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra, lines = decode_base64(lines[0].removeprefix("extra ")), lines[1:]
        if not 0 < len(extra) <= MAX_EXTRA_BYTES:
            raise VerificationFailed(f"a proof's extra line holds 1 to {MAX_EXTRA_BYTES} bytes.")
    index = _number(lines, "index")
    return InclusionProof(index, _hashes(lines[1:]), _checkpoint(note), extra)


def _consistency(lines: Sequence[str], notes: bytes) -> ConsistencyProof:
    parts = notes.splitlines(keepends=True)
    at = _number(lines, "old")
    if at > len(parts):
        raise VerificationFailed("a consistency proof ends before its newer checkpoint.")
    old, new = b"".join(parts[:at]), b"".join(parts[at:])
    return ConsistencyProof(_checkpoint(old), _checkpoint(new), _hashes(lines[1:]))


def _checkpoint(data: bytes) -> Note:
    note = parse_note(data)
    parse_checkpoint(note.text)
    return note


def _number(lines: Sequence[str], word: str) -> int:
    found, _, digits = lines[0].partition(" ") if lines else ("", "", "")
    if found != word or not (digits.isascii() and digits.isdigit() and len(digits) <= 19) or int(digits) > MAX_SIZE:
        raise VerificationFailed(f"a proof has a line of the word `{word}` and a decimal number below 2^63.")
    return int(digits)


def _hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    if len(lines) > MAX_HASHES:
        raise VerificationFailed(f"a proof has more than {MAX_HASHES} hashes.")
    hashes = tuple(decode_base64(line) for line in lines)
    if any(len(value) != HASH_BYTES for value in hashes):
        raise VerificationFailed("a proof's hash is not 32 bytes.")
    return hashes


def _lines(hashes: Sequence[bytes]) -> str:
    return "".join(f"{encode_base64(value)}\n" for value in hashes)
