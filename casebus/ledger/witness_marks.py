"""The witness's second memory, in plain files, and its evidence.

    marks/<hex sha256(origin)>           the note cosigned last: a high-water mark that the state must not be below
    marks/<hex sha256(origin)>.stopped   why the witness has stopped for this log
    evidence/<hex sha256>.json           a contradiction, as a log signed it; one file for each

A mark is written after the state's commit and before the answer. So a state that is behind a mark was emptied or put
back from an older copy: to cosign from there would be to sign a fork. A copy of the whole directory, put back as a
whole, does not show here; it shows to the log, which holds newer cosignatures by this witness.
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from casebus.errors import VerificationFailed
from casebus.ledger.checkpoint import Checkpoint, parse_checkpoint
from casebus.ledger.cosignature import cosigned_at
from casebus.ledger.files import Files, read_file, write_whole
from casebus.ledger.note import MAX_NOTE_BYTES, Note, parse_note
from casebus.ledger.vkey import VerifierKey
from casebus.ledger.witness_rules import Held

MAX_EVIDENCE_FILES = 200
"""A log with a bug in its proofs would fill the disk; a contradiction that is proven is kept beyond this."""

_SCRATCH = ".scratch"
_MAX_REASON_BYTES = 4_096
_STOPPED = ".stopped"


def origin_hash(origin: str) -> str:
    """Return the name under which a witness files a log: lower-case hex SHA-256 of its origin."""
    return sha256(origin.encode()).hexdigest()


class WitnessMarks:
    """The files beside the state. One owner."""

    def __init__(self, files: Files, directory: Path) -> None:
        self._files = files
        self._directory = directory
        self._marks = directory / "marks"
        self._evidence = directory / "evidence"

    def make(self) -> None:
        """Make the directories; harmless when repeated."""
        for path in (self._marks, self._evidence):
            self._files.make_directory(path)
        self._files.sync_directory(self._directory)

    def any(self) -> bool:
        """Tell whether anything was ever cosigned or stopped here."""
        return self._marks.is_dir() and any(self._marks.iterdir())

    def put(self, origin: str, note: Note) -> None:
        """Record the note that is about to be answered. A crash in here leaves the mark before it: still true."""
        self._write(self._marks / origin_hash(origin), note.format())

    def stop(self, origin: str, reason: str) -> None:
        """Record that the witness has stopped for a log."""
        self._write(self._marks / f"{origin_hash(origin)}{_STOPPED}", f"{origin}\n{reason}\n".encode())

    def stops(self) -> Iterator[tuple[str, str]]:
        """Return the logs that the witness has stopped for, each with its reason."""
        for path in sorted(self._marks.glob(f"*{_STOPPED}")):
            content = read_file(path, _MAX_REASON_BYTES) or b""
            origin, _, reason = content.decode("utf-8", "replace").partition("\n")
            if path.name != f"{origin_hash(origin)}{_STOPPED}":
                raise _damaged(path)
            yield origin, reason.strip()

    def cosigned(self, key: VerifierKey) -> Iterator[tuple[Checkpoint, int]]:
        """Return each log's mark: its checkpoint, and when this witness cosigned it.

        Raises:
            VerificationFailed: a mark is damaged, or not by this witness.
        """
        for path in sorted(path for path in self._marks.iterdir() if not path.name.startswith(".")):
            if path.suffix == _STOPPED:
                continue
            note = parse_note(read_file(path, MAX_NOTE_BYTES) or b"")
            checkpoint, timestamp = parse_checkpoint(note.text), cosigned_at(note, key)
            if timestamp is None or path.name != origin_hash(checkpoint.origin):
                raise _damaged(path)
            yield checkpoint, timestamp

    def keep(self, identity: bytes, evidence: bytes, *, always: bool) -> Path | None:
        """Keep evidence, once for each `identity`; None when there is too much already and it is not `always`."""
        path = self._evidence / f"{sha256(identity).hexdigest()}.json"
        if not path.exists():
            if not always and len(list(self._evidence.glob("*.json"))) >= MAX_EVIDENCE_FILES:
                return None
            self._write(path, evidence)
        return path

    def _write(self, path: Path, content: bytes) -> None:
        write_whole(self._files, self._directory / _SCRATCH, path, content)
        self._files.sync_directory(path.parent)


def check_not_behind(held: Held | None, checkpoint: Checkpoint, timestamp: int) -> None:
    """Check what the state holds for a log against its mark.

    Raises:
        VerificationFailed: the state is older.
    """
    if held is not None and held.timestamp >= timestamp:
        if held.size > checkpoint.size:
            return
        if held.size == checkpoint.size and held.root == checkpoint.root:
            return
    there = "nothing" if held is None else f"size {held.size}"
    raise VerificationFailed(
        f"the witness's state is behind what it has cosigned: it holds {there}, its mark says size {checkpoint.size}.",
        unchanged="nothing was cosigned.",
        next_step="put the newest state back; if it is lost, retire the witness: a new key is a new witness.",
    )


def _damaged(path: Path) -> VerificationFailed:
    return VerificationFailed(f"the witness's mark {path.name} is damaged, or not by this witness.")
