"""What a start does before anything else: make the directory whole again, or refuse it.

1. read the newest journal segment; a torn tail is cut off, damage before it is a reason to stop
2. replay its commits; the checkpoints that are known (the one in place, the witnessed one, those that others hold) must
   lie on the way: not beyond the end, and with the same root
3. write the journal segment and the last commit's archive files anew, so that what was read is on the disk
4. write the tiles that the replay derives; those that are there must have the same bytes; compare with their roots the
   known checkpoints that are older than the segment
5. publish a checkpoint, always: a commit just before the crash may not have got that far
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from casebus.errors import VerificationFailed
from casebus.ledger.archive import Archive, read_opening
from casebus.ledger.checkpoint import Checkpoint
from casebus.ledger.files import Files
from casebus.ledger.frames import FIRST_PREVIOUS
from casebus.ledger.journal import SCRATCH, Journal, Segment, read_segment, segments_in
from casebus.ledger.publication import Publication
from casebus.ledger.state import LedgerState
from casebus.ledger.tile_tree import TileTree
from casebus.ledger.tiles import TileName

_REFUSED = "the ledger was not opened, and no checkpoint was signed."
_RESTORE = "keep the directory as evidence; restore the ledger from a copy that verifies."


@dataclass(frozen=True, slots=True)
class Recovered:
    """A ledger that is whole: its state, and the journal that goes on from it."""

    state: LedgerState
    journal: Journal


def recover(
    files: Files, directory: Path, publication: Publication, archive: Archive, seen: Sequence[Checkpoint]
) -> Recovered:
    """Bring a directory to the state that its journal has committed. The caller holds the lock.

    Raises:
        VerificationFailed: it contradicts itself; nothing was signed.
        OSError: the disk failed; starting again is safe.
    """
    journals = directory / "journal"
    published = publication.published()
    known = _Known(published, publication.witnessed(), seen, publication.key.name)
    segments = segments_in(journals)
    if not segments:
        return _begun(files, directory, publication, known)
    segment = read_segment(journals, segments[-1])
    state = LedgerState.of(segment.snapshot)
    full = _replayed(segment, state, known, directory / "records")
    journal = Journal.resumed(files, journals, segment)
    try:
        since = segment.commits[-1].start if segment.commits else state.edge.size
        archive.recover(state.edge.size, since, journals / SCRATCH)
        publication.write([*full, *state.partials()])
        known.check_older(TileTree(directory, state.edge.size))
        publication.publish(state.edge.size, state.edge.root())
        files.sync_directory(directory)
        publication.collect(full)
    except BaseException:
        journal.close()
        raise
    return Recovered(state, journal)


def _begun(files: Files, directory: Path, publication: Publication, known: "_Known") -> Recovered:
    leftovers = [name for name in ("records", "tile") if _has_files(directory / name)]
    if known.published is not None or leftovers:
        raise VerificationFailed("the ledger's journal is missing.", unchanged=_REFUSED, next_step=_RESTORE)
    known.check_end(0)
    state = LedgerState()
    journal = Journal.begun(files, directory / "journal", 1, state.snapshot(FIRST_PREVIOUS))
    publication.publish(0, state.edge.root())
    files.sync_directory(directory)
    return Recovered(state, journal)


def _has_files(directory: Path) -> bool:
    return any(names for _, _, names in os.walk(directory))


def _replayed(segment: Segment, state: LedgerState, known: "_Known", records: Path) -> list[tuple[TileName, bytes]]:
    """Carry out the segment's commits; return the tiles that became full."""
    full: list[tuple[TileName, bytes]] = []
    if known.published is None and (segment.number > 1 or segment.commits):
        raise VerificationFailed("the ledger's checkpoint is missing.", unchanged=_REFUSED, next_step=_RESTORE)
    known.check_at(state)
    for commit in segment.commits:
        full += state.apply(commit, read_opening(records, commit))
        known.check_at(state)
    known.check_end(state.edge.size)
    return full


class _Known:
    """Every checkpoint under our own signature that we know of: the ledger must have grown from each of them."""

    def __init__(
        self, published: Checkpoint | None, witnessed: Checkpoint | None, seen: Sequence[Checkpoint], origin: str
    ) -> None:
        self.published = published
        named = [("the checkpoint", published), ("the witnessed checkpoint", witnessed)]
        named += [("a checkpoint that others hold", other) for other in seen]
        self._open = [(name, each) for name, each in named if each is not None and each.origin == origin]

    def check_at(self, state: LedgerState) -> None:
        """Compare those of exactly the state's size. Raises `VerificationFailed`."""
        if any(each.size == state.edge.size for _, each in self._open):
            self._compare(state.edge.size, state.edge.root())

    def check_end(self, size: int) -> None:
        """Raise `VerificationFailed` when one is of more leaves than there are."""
        for name, each in self._open:
            if each.size > size:
                raise _refused(f"{name} says {each.size} leaves, the journal ends at {size}: it was rolled back.")

    def check_older(self, tree: TileTree) -> None:
        """Compare the rest with the tiles: those from before the segment, or between two of its commits."""
        for size in sorted({each.size for _, each in self._open}):
            self._compare(size, tree.root(size))

    def _compare(self, size: int, root: bytes) -> None:
        for name, each in self._open:
            if each.size == size and each.root != root:
                raise _refused(f"{name} of {size} leaves has another root than the journal: the log forked.")
        self._open = [(name, each) for name, each in self._open if each.size != size]


def _refused(what: str) -> VerificationFailed:
    return VerificationFailed(what, unchanged=_REFUSED, next_step=_RESTORE)
