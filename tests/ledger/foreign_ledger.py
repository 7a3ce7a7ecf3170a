"""Ledger directories that our sequencer did not write: by another program, or by somebody who holds the true key."""

from collections.abc import Sequence
from pathlib import Path

from ledgering import NAME, PRIVATE

from casebus.ledger.archive import encode_archived
from casebus.ledger.checkpoint import Checkpoint, sign_checkpoint
from casebus.ledger.tiles import encode_bundle, index_path
from casebus.ledger.tree import leaf_hash, root_of

TESSERA_VKEY = "tessera.example/log+2af9ecde+Ae1JKMYo0cLG6ukDOJBZlWEpWSc6XGP5NjbBRhSshzfR"


def written(directory: Path, entries: Sequence[bytes], contents: Sequence[bytes] | None = None) -> Path:
    """Write checkpoint, tiles and bundles of a tree, and an archive if there are contents; never a journal."""
    hashes = [leaf_hash(entry) for entry in entries]
    root = root_of(hashes)
    put(directory / "checkpoint", sign_checkpoint(Checkpoint(NAME, len(entries), root), PRIVATE).format())
    for number in range(-(-len(entries) // 256)):
        held = entries[number * 256 : number * 256 + 256]
        put(directory / named("tile/entries", number, len(held)), encode_bundle(held))
        if contents is not None:
            archived = map(encode_archived, contents[number * 256 : number * 256 + 256])
            put(directory / "records" / index_path(number), b"".join(archived))
    level = 0
    while hashes:
        for number in range(-(-len(hashes) // 256)):
            held = hashes[number * 256 : number * 256 + 256]
            put(directory / named(f"tile/{level}", number, len(held)), b"".join(held))
        hashes = [root_of(hashes[at : at + 256]) for at in range(0, len(hashes) // 256 * 256, 256)]
        level += 1
    return directory


def named(kind: str, number: int, width: int) -> str:
    return f"{kind}/{index_path(number)}" + ("" if width == 256 else f".p/{width}")


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
