"""Step 10's first half: a journal as a reader sees it, whole or torn, while its writer may be at work."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from casebus.errors import VerificationFailed
from casebus.ledger.frames import FIRST_PREVIOUS, Snapshot, Tail, encode_frame
from casebus.ledger.journal import Segment, read_segment, segments_in
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


def read_journal(directory: Path) -> JournalCopy:
    """Read every segment of the ledger's `journal/`, replay it, and check that each goes on from the one before.

    Raises:
        VerificationFailed: there is none, one is damaged, or they contradict each other.
    """
    for attempt in range(_TRIES):
        numbers = segments_in(directory)
        if not numbers:
            raise VerificationFailed("there is no journal.")
        try:
            return _joined([read_segment(directory, number) for number in numbers])
        except VerificationFailed:
            if attempt == _TRIES - 1 or segments_in(directory) == numbers:
                raise
    raise AssertionError("bug: the last attempt returns or raises")


def _joined(segments: Sequence[Segment]) -> JournalCopy:
    first = segments[0]
    if first.number == 1 and (first.snapshot.previous != FIRST_PREVIOUS or first.snapshot.edge.size):
        raise VerificationFailed("the first journal segment does not begin with an empty ledger.")
    state = LedgerState.of(first.snapshot)
    leaves: list[bytes] = []
    before: Segment | None = None
    for segment in segments:
        if before is not None:
            _check_follows(before, segment, state)
        for commit in segment.commits:
            state.apply(commit)
            leaves += commit.leaves
        before = segment
    last = segments[-1]
    if last.tail is Tail.SPOILED:
        raise VerificationFailed(f"the last frame of journal segment {last.number} has a wrong checksum.")
    return JournalCopy(first.snapshot, tuple(leaves), last.tail is Tail.TORN)


def _check_follows(before: Segment, segment: Segment, state: LedgerState) -> None:
    expected = state.snapshot(before.last_hash)
    if (
        before.tail is not Tail.CLEAN
        or segment.number != before.number + 1
        or encode_frame(segment.snapshot) != encode_frame(expected)
    ):
        raise VerificationFailed(f"journal segment {segment.number} does not go on where {before.number} ends.")
