"""The closed ledger that a new one goes on from: what its opening says, and where its consumers stood."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from casebus.errors import NotFound, VerificationFailed
from casebus.ledger.files import read_file
from casebus.ledger.leaf import LeafKind
from casebus.ledger.marker import Closing, decode_marker
from casebus.ledger.note import MAX_NOTE_BYTES
from casebus.ledger.positions import committed_positions
from casebus.ledger.publication import CHECKPOINT
from casebus.ledger.read import LedgerReader
from casebus.ledger.tile_tree import TileTree


@dataclass(frozen=True, slots=True)
class Predecessor:
    """`note` is its final checkpoint note's text; `heads` by topic id; `positions` by (consumer, topic)."""

    note: str
    heads: Mapping[bytes, int]
    positions: Mapping[tuple[str, str], int]


def read_predecessor(directory: Path) -> Predecessor:
    """Read a closed ledger's directory. Its signature and its witnesses are for `casebus ledger verify` to judge.

    Raises:
        NotFound: there is no ledger.
        VerificationFailed: it is not closed, or its last leaf is not what its checkpoint commits to.
    """
    data = read_file(directory / CHECKPOINT, MAX_NOTE_BYTES)
    if data is None:
        raise NotFound(
            "there is no ledger to go on from.", next_step="ledger_continues names a closed one's directory."
        )
    reader = LedgerReader(directory)
    leaf = reader.leaf(reader.size - 1) if reader.size else None
    if leaf is None or leaf.kind is not LeafKind.CLOSING:
        raise VerificationFailed(
            "the ledger to go on from is not closed.", next_step="close it first with `casebus ledger close`."
        )
    if TileTree(directory, reader.size).root() != reader.checkpoint.root:
        raise VerificationFailed("the ledger to go on from has tiles that do not lead to its checkpoint.")
    closing = decode_marker(leaf, reader.content(reader.size - 1))
    assert isinstance(closing, Closing), "bug: a closing's leaf has a closing's content"
    return Predecessor(data.decode(), closing.heads, committed_positions(directory))
