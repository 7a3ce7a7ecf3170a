"""Step 10's first half: a journal as a reader sees it, whole or torn, while its writer may be at work."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from casebus.errors import VerificationFailed
from casebus.ledger.archive import read_opening
from casebus.ledger.frames import FIRST_PREVIOUS, Snapshot, Tail, encode_frame
from casebus.ledger.journal import MAX_SEGMENTS, Segment, read_segment, segments_in
from casebus.ledger.state import LedgerState

_TRIES = 3
"""A writer that begins a segment drops the oldest one; a reader that had listed it lists again."""


@dataclass(frozen=True, slots=True)
class JournalCopy:
    """What the segments that are there add up to: leaves from index `opening.edge.size` on, and where they lead."""

    opening: Snapshot
    leaves: tuple[bytes, ...]
    torn: bool

    @property
    def start(self) -> int:
        """Return the index of the first leaf that the journal still holds."""
        return self.opening.edge.size

    @property
    def end(self) -> int:
        """Return how many leaves the journal has committed."""
        return self.start + len(self.leaves)

    def slice(self, start: int, end: int) -> Sequence[bytes]:
        """Return the leaves that it holds of the indexes from `start` up to `end`."""
        return self.leaves[max(0, start - self.start) : max(0, end - self.start)]


@dataclass(frozen=True, slots=True)
class _End:
    """How a segment ended: what the next one is compared with."""

    number: int
    last_hash: bytes
    tail: Tail


def read_journal(directory: Path) -> JournalCopy:
    """Read every segment of the ledger's `journal/`, replay it, and check that each goes on from the one before.

    One segment is held at a time, and no more are read than a writer keeps: whatever lies there, memory is bounded.

    Raises:
        VerificationFailed: there is none, more than a writer keeps, one is damaged, or they contradict each other.
        StoreError: it cannot be read.
    """
    for attempt in range(_TRIES):
        numbers = segments_in(directory)
        if not numbers:
            raise VerificationFailed("there is no journal.")
        try:
            if len(numbers) > MAX_SEGMENTS:
                raise VerificationFailed(f"the journal has {len(numbers)} segments; a writer keeps {MAX_SEGMENTS}.")
            return _joined((read_segment(directory, number) for number in numbers), directory.parent / "records")
        except VerificationFailed:
            if attempt == _TRIES - 1 or segments_in(directory) == numbers:
                raise
    raise AssertionError("bug: the last attempt returns or raises")


def _joined(segments: Iterable[Segment], records: Path) -> JournalCopy:
    leaves: list[bytes] = []
    opening: Snapshot | None = None
    last: _End | None = None
    for segment in segments:
        if last is None:
            opening = _checked_first(segment)
            state = LedgerState.of(opening)
        else:
            _check_follows(last, segment, state)
        for commit in segment.commits:
            state.apply(commit, read_opening(records, commit))
            leaves += commit.leaves
        last = _End(segment.number, segment.last_hash, segment.tail)
    assert opening is not None, "bug: there is at least one segment"
    assert last is not None, "bug: there is at least one segment"
    if last.tail is Tail.SPOILED:
        raise VerificationFailed(f"the last frame of journal segment {last.number} has a wrong checksum.")
    return JournalCopy(opening, tuple(leaves), last.tail is Tail.TORN)


def _checked_first(first: Segment) -> Snapshot:
    if first.number == 1 and (first.snapshot.previous != FIRST_PREVIOUS or first.snapshot.edge.size):
        raise VerificationFailed("the first journal segment does not begin with an empty ledger.")
    return first.snapshot


def _check_follows(before: _End, segment: Segment, state: LedgerState) -> None:
    expected = state.snapshot(before.last_hash)
    if (
        before.tail is not Tail.CLEAN
        or segment.number != before.number + 1
        or encode_frame(segment.snapshot) != encode_frame(expected)
    ):
        raise VerificationFailed(f"journal segment {segment.number} does not go on where {before.number} ends.")
