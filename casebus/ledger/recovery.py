"""What a start does before anything else: make the directory whole again, or refuse it.

1. read the newest journal segment; a torn tail is cut off, damage before it is a reason to stop
2. replay its commits; the checkpoint in place must lie on the way: not beyond the end, and with the same root
3. write the journal segment and the last commit's archive files anew, so that what was read is on the disk
4. write the tiles that the replay derives; those that are there must have the same bytes
5. publish a checkpoint, always: a commit just before the crash may not have got that far
"""

import os
from dataclasses import dataclass
from pathlib import Path

from casebus.errors import VerificationFailed
from casebus.ledger.archive import Archive
from casebus.ledger.checkpoint import Checkpoint
from casebus.ledger.files import Files
from casebus.ledger.frames import FIRST_PREVIOUS
from casebus.ledger.journal import SCRATCH, Journal, Segment, read_segment, segments_in
from casebus.ledger.publication import Publication
from casebus.ledger.state import LedgerState
from casebus.ledger.tiles import TileName

_REFUSED = "the ledger was not opened, and no checkpoint was signed."
_RESTORE = "keep the directory as evidence; restore the ledger from a copy that verifies."


@dataclass(frozen=True, slots=True)
class Recovered:
    """A ledger that is whole: its state, and the journal that goes on from it."""

    state: LedgerState
    journal: Journal


def recover(files: Files, directory: Path, publication: Publication, archive: Archive) -> Recovered:
    """Bring a directory to the state that its journal has committed. The caller holds the lock.

    Raises:
        VerificationFailed: it contradicts itself; nothing was signed.
        OSError: the disk failed; starting again is safe.
    """
    journals = directory / "journal"
    published = publication.published()
    segments = segments_in(journals)
    if not segments:
        return _begun(files, directory, publication, published)
    segment = read_segment(journals, segments[-1])
    state = LedgerState.of(segment.snapshot)
    full = _replayed(segment, state, published)
    journal = Journal.resumed(files, journals, segment)
    try:
        since = segment.commits[-1].start if segment.commits else state.edge.size
        archive.recover(state.edge.size, since, journals / SCRATCH)
        publication.write([*full, *state.partials()])
        publication.publish(state.edge.size, state.edge.root())
        files.sync_directory(directory)
        publication.collect(full)
    except BaseException:
        journal.close()
        raise
    return Recovered(state, journal)


def _begun(files: Files, directory: Path, publication: Publication, published: Checkpoint | None) -> Recovered:
    leftovers = [name for name in ("records", "tile") if _has_files(directory / name)]
    if published is not None or leftovers:
        raise VerificationFailed("the ledger's journal is missing.", unchanged=_REFUSED, next_step=_RESTORE)
    state = LedgerState()
    journal = Journal.begun(files, directory / "journal", 1, state.snapshot(FIRST_PREVIOUS))
    publication.publish(0, state.edge.root())
    files.sync_directory(directory)
    return Recovered(state, journal)


def _has_files(directory: Path) -> bool:
    return any(names for _, _, names in os.walk(directory))


def _replayed(segment: Segment, state: LedgerState, published: Checkpoint | None) -> list[tuple[TileName, bytes]]:
    """Carry out the segment's commits; return the tiles that became full."""
    full: list[tuple[TileName, bytes]] = []
    if published is None and (segment.number > 1 or segment.commits):
        raise VerificationFailed("the ledger's checkpoint is missing.", unchanged=_REFUSED, next_step=_RESTORE)
    _check_root(state, published)
    for commit in segment.commits:
        full += state.apply(commit)
        _check_root(state, published)
    if published is not None and published.size > state.edge.size:
        raise VerificationFailed(
            f"the checkpoint says {published.size} leaves, the journal ends at {state.edge.size}: it was rolled back.",
            unchanged=_REFUSED,
            next_step=_RESTORE,
        )
    return full


def _check_root(state: LedgerState, published: Checkpoint | None) -> None:
    if published is not None and published.size == state.edge.size and published.root != state.edge.root():
        raise VerificationFailed(
            f"the checkpoint of {published.size} leaves has another root than the journal.",
            unchanged=_REFUSED,
            next_step=_RESTORE,
        )
