"""How far the ledger has read each topic, as somebody else's process sees it: from the journal's newest segment."""

from pathlib import Path

from casebus.errors import StoreError, VerificationFailed
from casebus.ledger.journal import read_segment, segments_in

_TRIES = 3
"""A writer may begin a new segment and drop the one that was listed: list again."""


def committed_positions(ledger: Path) -> dict[tuple[str, str], int]:
    """Return what each consumer reads next, by (consumer, topic); nothing for a ledger that was never opened.

    Raises `StoreError` when the journal cannot be read.
    """
    directory = ledger / "journal"
    for attempt in range(_TRIES):
        numbers = segments_in(directory)
        if not numbers:
            return {}
        try:
            segment = read_segment(directory, numbers[-1])
        except VerificationFailed as error:
            if attempt == _TRIES - 1:
                raise StoreError(f"the ledger's journal cannot be read: {error.what}") from error
            continue
        positions = dict(segment.snapshot.positions)
        for commit in segment.commits:
            positions.update(commit.positions)
        return positions
    raise AssertionError("bug: the last attempt returns or raises")
