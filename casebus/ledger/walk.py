"""Steps 4 to 9: one pass over every leaf, from the entry bundles up, deriving anew all that the ledger claims.

Full bundles are swept in ranges, side by side where there are many; a range that is not plainly sound is walked bundle
by bundle, leaf by leaf, and that walk names what is wrong. The pass goes on beyond the checkpoint as far as the
journal does: tiles that a crash left there must fit as well. Memory holds a few ranges' tile roots, one bundle, one
tile a level, and each topic's head; a size that no disk could hold ends at the first bundle that is missing.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from casebus.ledger.contents import Contents
from casebus.ledger.crew import Crew, Stretch
from casebus.ledger.replica import JournalCopy
from casebus.ledger.report import Findings, Step
from casebus.ledger.sweep import Swept
from casebus.ledger.tree import TILE_WIDTH, RightEdge, leaf_hash
from casebus.ledger.versions import Versions

Progress = Callable[[int, int], None]
"""Told how many leaves were walked, of how many."""

SWEPT_BUNDLES = 64
"""Full bundles in a range: 16,384 leaves, some 30 ms of work."""

HELPED_LEAVES = 131_072
"""A smaller ledger is done before a helper process would have started."""


class Walk:
    """One pass. `roots` are, afterwards, the roots at the sizes in `marks` that it reached.

    Without `contents` leaves may be anything: only entries and tiles are looked at.
    """

    def __init__(
        self,
        directory: Path,
        size: int,
        journal: JournalCopy | None,
        marks: Sequence[int],
        contents: Contents | None,
        findings: Findings,
    ) -> None:
        self._directory = directory
        self._size = size
        self._journal = journal
        self._contents = contents
        self._findings = findings
        self._versions = Versions(directory, findings)
        self._edge = RightEdge()
        opening = [] if journal is None else [journal.start]
        self._marks = sorted({*marks, *opening})
        self.roots: dict[int, bytes] = {}

    def run(self, progress: Progress) -> bool:
        """Walk to the end; tell whether it was reached. A missing bundle ends the pass: nothing after it can follow."""
        total = self._size if self._journal is None else max(self._size, self._journal.end)
        helpers = _processors() - 1 if total >= HELPED_LEAVES else 0
        self._mark()
        self._check_opening(0)
        with Crew(self._directory, contents=self._contents is not None, helpers=helpers) as crew:
            for stretch, swept in crew.sweep(stretches(self._size, total, self._marks)):
                if swept is not None and (self._contents is None or self._contents.join(swept)):
                    self._take(stretch, swept)
                elif not all(self._look_closely(stretch.start + more, total) for more in range(stretch.count)):
                    return False
                progress(self._edge.size, total)
        index = self._edge.size
        for level, hashes in enumerate(self._edge.levels):
            index //= TILE_WIDTH
            self._check_tile(level, index, hashes)
        self._pass_all()
        return True

    def _pass_all(self) -> None:
        """Say of the steps that have not failed what they have passed."""
        size = f"so for {self._size} leaves"
        note = self._findings.note
        note(Step.ENTRIES, True, "every bundle holds exactly the entries that its name says", size)
        note(Step.TILES, True, "every tile equals what the entries hash to", size)
        if self._contents is not None:
            order = "each topic's positions follow without gap, doubling or reordering"
            note(Step.LEAF_FORMAT, True, "every leaf is canonical", size)
            note(Step.TOPIC_ORDER, True, order, self._contents.summary())
            note(Step.RECORDS, True, "every leaf's record is in the archive, byte for byte", size)

    def _take(self, stretch: Stretch, swept: Swept) -> None:
        """Go on by a range that is sound and fits: what is left is what joins it to the rest."""
        for tile in self._edge.extend_by_tiles(swept.roots):
            self._check_tile(tile.level, tile.index, tile.hashes)
        if self._journal is not None and self._edge.size > self._journal.start:
            for number in range(stretch.start, stretch.start + stretch.count):
                entries = self._versions.entries(number, TILE_WIDTH)
                self._check_journal(number * TILE_WIDTH, entries or [])
        self._mark()
        self._check_opening(self._edge.size)

    def _look_closely(self, number: int, total: int) -> bool:
        """Walk one bundle; False when it is not there."""
        width = min(TILE_WIDTH, total - number * TILE_WIDTH)
        entries = self._entries(number, width)
        if entries is None:
            return False
        self._grow(entries)
        if self._contents is not None:
            first, leaves = number * TILE_WIDTH, []
            for index, data in enumerate(entries, start=first):
                self._check_opening(index)
                leaves.append(self._contents.check_leaf(index, data))
            self._check_opening(first + len(leaves))
            self._contents.check_archive(number, leaves)
        return True

    def _entries(self, number: int, width: int) -> list[bytes] | None:
        """Step 4: the first `width` entries of a bundle; those beyond the checkpoint come from the journal."""
        start = number * TILE_WIDTH
        committed = max(0, min(width, self._size - start))
        entries = self._versions.entries(number, committed) if committed else []
        if entries is None:
            return None
        if self._journal is not None:
            self._check_journal(start, entries)
            entries += self._journal.slice(start + committed, start + width)
        self._versions.compare_entries(number, entries)
        return entries

    def _check_journal(self, start: int, entries: Sequence[bytes]) -> None:
        """Step 10: the journal, as far as it goes, has the same leaves."""
        assert self._journal is not None, "bug: asked for a journal that is not there"
        theirs = self._journal.slice(start, start + len(entries))
        if theirs and list(theirs) != list(entries[len(entries) - len(theirs) :]):
            self._findings.fail(Step.JOURNAL, "the journal's leaves are the bundles' entries", f"not after {start}")

    def _check_opening(self, index: int) -> None:
        """Step 10: the journal's opening snapshot says the same about the leaves before it as the leaves do."""
        if self._journal is None or self._contents is None or index != self._journal.start:
            return
        if self._journal.opening.chains != self._contents.chains:
            self._findings.fail(Step.JOURNAL, "the journal's snapshot fits the leaves before it", "other topic heads")

    def _grow(self, entries: Sequence[bytes]) -> None:
        """Step 5, and the roots for steps 6, 10 and 11: hash upwards, stopping at each marked size."""
        hashes = [leaf_hash(entry) for entry in entries]
        at = 0
        while at < len(hashes):
            ahead = [mark - self._edge.size for mark in self._marks if mark > self._edge.size]
            end = min(len(hashes), at + ahead[0]) if ahead else len(hashes)
            for tile in self._edge.extend(hashes[at:end]):
                self._check_tile(tile.level, tile.index, tile.hashes)
            at = end
            self._mark()

    def _mark(self) -> None:
        if self._edge.size in self._marks:
            self.roots[self._edge.size] = self._edge.root()

    def _check_tile(self, level: int, index: int, hashes: Sequence[bytes]) -> None:
        required = max(0, min(TILE_WIDTH, self._size // TILE_WIDTH**level - index * TILE_WIDTH))
        self._versions.compare_tile(level, index, hashes, required)


def _processors() -> int:
    """Return how many processors this process may use."""
    # Not every system tells which of them are this process's own.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def stretches(size: int, total: int, marks: Sequence[int]) -> Iterator[Stretch]:
    """Cut `total` leaves into ranges of full bundles below `size`, so that every mark is at a border.

    A bundle with a mark inside it, the last one of the checkpoint and all beyond come one by one, to be looked at
    closely.
    """
    full, bundles = size // TILE_WIDTH, -(-total // TILE_WIDTH)
    within = {mark // TILE_WIDTH for mark in marks if mark % TILE_WIDTH}
    borders = sorted({mark // TILE_WIDTH for mark in marks})
    at = 0
    while at < bundles:
        if at in within or at >= full:
            yield Stretch(at, 1, closely=True)
            at += 1
            continue
        end = min([at + SWEPT_BUNDLES, full, *(border for border in borders if border > at)])
        yield Stretch(at, end - at)
        at = end
