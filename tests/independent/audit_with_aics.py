"""Verify a tiled log's directory with the PyPI package aics-tlog and nothing of casebus.

    python audit_with_aics.py DIRECTORY VKEY [OLD-CHECKPOINT]

It checks the checkpoint's signature, authenticates every tile and entry bundle against the signed root, and proves that
the tree extends an older signed checkpoint. Exit 0 and "ok", or 1 and what does not fit.
"""

import sys
from pathlib import Path

from aics_tlog import (
    FileSystemTileReader,
    VerifiedTileReader,
    audit_tiles,
    consistency_proof_from_tiles,
    parse_note,
    parse_vkey,
    verify_checkpoint,
    verify_consistency,
)


def opened(path: Path, vkey: str) -> tuple[int, bytes]:
    key = parse_vkey(vkey)
    result = verify_checkpoint(parse_note(path.read_bytes()), key, expected_origin=key.name)
    if not result.ok:
        raise ValueError(result.error)
    return result.size, result.root


def main(directory: Path, vkey: str, *older: str) -> None:
    size, root = opened(directory / "checkpoint", vkey)
    reader = FileSystemTileReader(directory)
    audit_tiles(reader, size, root)
    for path in older:
        old_size, old_root = opened(Path(path), vkey)
        if old_size > size:
            raise ValueError(f"rolled back from {old_size} leaves to {size}")
        proof = consistency_proof_from_tiles(VerifiedTileReader(reader, size, root), old_size, size)
        if not verify_consistency(old_size, size, old_root, root, proof):
            raise ValueError("not an extension of the older checkpoint")
    print(f"ok: {size} leaves")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), *sys.argv[2:])
    except (OSError, ValueError) as error:
        print(f"FAILED: {error}")
        raise SystemExit(1) from None
