"""A replay's state in a file, from which the next replay of the same ledger goes on.

    {"basis": ..., "index": n, "origin": ..., "root": hex, "viewer": agency or null} and a line feed
    snapshot (`casebus.cases.replay_state`)

It is bound to the ledger by the root over the leaves that it stands for, and to the keys and schemas with which their
records were judged. It proves nothing: it is the auditor's own file, made by an earlier run, and can be thrown away.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from casebus.cases.replay_state import MAX_SNAPSHOT_BYTES, ReplayState, decode_snapshot, encode_snapshot
from casebus.errors import StoreError, UsageError, VerificationFailed
from casebus.ledger.files import Files, read_file, write_whole
from casebus.ledger.tile_tree import TileTree

_MAX_HEADER_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Bound:
    """What a snapshot stands for: the first `index` leaves of a ledger, as one agency or (None) as a whole."""

    viewer: str | None
    basis: str
    index: int
    origin: str
    root: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A state to go on from, at an index."""

    index: int
    state: ReplayState


def bound_to(ledger: Path, size: int, index: int, *, origin: str, basis: str, viewer: str | None) -> Bound:
    """Return what a state at an index stands for. Raises `VerificationFailed` where the ledger's tiles are damaged."""
    return Bound(viewer, basis, index, origin, TileTree(ledger, size).root(index).hex())


def load_snapshot(path: Path, ledger: Path, size: int, *, origin: str, basis: str, viewer: str | None) -> Begun | None:
    """Return the state in a file, None where there is no file.

    Raises:
        UsageError: it is of another ledger, other keys, another agency, or of more leaves than `size`.
        VerificationFailed: it is damaged, or this ledger is not the one that it was made from: rolled back or forked.
    """
    data = read_file(path, MAX_SNAPSHOT_BYTES + _MAX_HEADER_BYTES)
    if data is None:
        return None
    line, _, snapshot = data.partition(b"\n")
    bound = _bound(line)
    if (bound.viewer, bound.basis, bound.origin) != (viewer, basis, origin) or bound.index > size:
        raise UsageError(
            "the snapshot is of another ledger, of other keys or schemas, of another agency, or from later on",
            next_step="name another file, or remove this one and replay from the start.",
        )
    if bound != bound_to(ledger, size, bound.index, origin=origin, basis=basis, viewer=viewer):
        raise VerificationFailed(
            f"the ledger is not the one of the snapshot: its first {bound.index} leaves have another root",
            unchanged="nothing was replayed.",
            next_step="one of the two was rolled back or forked: compare it with another agency's copy.",
        )
    return Begun(bound.index, decode_snapshot(snapshot))


def save_snapshot(path: Path, bound: Bound, state: ReplayState) -> None:
    """Write a state, whole or not at all; a crash leaves at most `NAME.part`. Raises `StoreError`."""
    data = _line(asdict(bound)) + b"\n" + encode_snapshot(state)
    try:
        write_whole(Files(), path.with_name(path.name + ".part"), path, data)
    except OSError as error:
        raise StoreError(f"the snapshot cannot be written: {error.strerror}.") from error


def _line(header: Mapping[str, object]) -> bytes:
    return json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _bound(line: bytes) -> Bound:
    try:
        if len(line) > _MAX_HEADER_BYTES:
            raise ValueError
        bound = Bound(**json.loads(line))
        texts = (bound.basis, bound.origin, bound.root, bound.viewer or "")
        if type(bound.index) is not int or bound.index < 0 or not all(isinstance(text, str) for text in texts):
            raise ValueError
        if _line(asdict(bound)) != line:
            raise ValueError
    except (ValueError, TypeError, RecursionError):
        raise VerificationFailed("the snapshot's first line is not what this version writes.") from None
    return bound
