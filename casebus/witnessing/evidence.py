"""Evidence that the log's key signed what cannot be true, as files that convince whoever has the log's key.

One JSON object a file. The notes in it are whole, with the log's signature; the leaves that they commit to stand on
`casebus.ledger`, and in the ledger itself.
"""

import json
from hashlib import sha256
from pathlib import Path

from casebus.errors import StoreError
from casebus.ledger.files import Files, write_whole
from casebus.ledger.note import Note
from casebus.witnessing.following import Contradiction

_SCRATCH = ".scratch"


def witness_evidence(found_by: str, contradiction: Contradiction, held: Note | None) -> bytes:
    """Return what an agency's witness keeps; `held` is the note that it cosigned last."""
    followed = contradiction.followed
    fault = {"index": followed.fault_at, "leaf": followed.fault_leaf, "reason": followed.fault}
    return _encoded(
        {
            "origin": contradiction.checkpoint.origin,
            "reason": contradiction.reason,
            "found_by": found_by,
            "seen": {"topic": contradiction.seen.topic, "position": contradiction.seen.position},
            "presented": contradiction.seen.note.decode(),
            "held": None if held is None else held.format().decode(),
            "agreed": contradiction.agreed.decode() or None,
            "followed": {"size": contradiction.checkpoint.size, "root": contradiction.root.hex()},
            "fault": fault if followed.fault else None,
        }
    )


def hub_evidence(origin: str, reason: str, topic: str, position: int, presented: bytes, own: Note) -> bytes:
    """Return what the hub keeps when it finds its own signature under what it never logged."""
    return _encoded(
        {
            "origin": origin,
            "reason": reason,
            "found_by": "hub",
            "seen": {"topic": topic, "position": position},
            "presented": presented.decode(),
            "held": own.format().decode(),
        }
    )


def keep_evidence(directory: Path, content: bytes) -> Path:
    """Keep evidence durably; the same contradiction gives the same file. Raises `StoreError`."""
    files = Files()
    path = directory / f"{sha256(content).hexdigest()[:16]}.json"
    try:
        files.make_directory(directory)
        write_whole(files, directory / _SCRATCH, path, content)
        files.sync_directory(directory)
    except OSError as error:
        raise StoreError(f"evidence cannot be kept in {directory}: {error.strerror}") from error
    return path


def evidence_in(directory: Path) -> list[Path]:
    """Return the evidence files of a directory; none where there is no such directory."""
    return sorted(path for path in directory.glob("*.json") if path.is_file())


def origin_of(path: Path) -> str | None:
    """Return which log an evidence file is about, None for one that does not say: it may be about any."""
    try:
        origin = json.loads(path.read_bytes())["origin"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return origin if isinstance(origin, str) else None


def _encoded(found: dict[str, object]) -> bytes:
    return (json.dumps(found, sort_keys=True, indent=1) + "\n").encode("ascii")
