"""Steps 4 to 9: one pass over every leaf, from the entry bundles up, deriving anew all that the ledger claims.

The pass goes on beyond the checkpoint as far as the journal does: tiles that a crash left there must fit as well.
Memory holds one bundle, one tile a level, and each topic's head.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from casebus.errors import CasebusError, VerificationFailed
from casebus.ledger.archive import Archived, read_archived_segment
from casebus.ledger.files import read_file
from casebus.ledger.leaf import RecordLeaf, decode_leaf, follows
from casebus.ledger.record import hash_record
from casebus.ledger.replica import JournalCopy
from casebus.ledger.report import Findings, Step
from casebus.ledger.tiles import ENTRIES, MAX_BUNDLE_BYTES, TileName, decode_bundle, decode_tile
from casebus.ledger.tree import TILE_WIDTH, RightEdge, leaf_hash

Progress = Callable[[int, int], None]
"""Told how many leaves were walked, of how many."""


class Walk:
    """One pass. `roots` are, afterwards, the roots at the sizes in `marks` that it reached."""

    def __init__(
        self, directory: Path, size: int, journal: JournalCopy | None, marks: Sequence[int], findings: Findings
    ) -> None:
        self._directory = directory
        self._size = size
        self._journal = journal
        self._findings = findings
        self._edge = RightEdge()
        self._heads: dict[bytes, int] = {}
        self._topics: dict[bytes, str] = {}
        opening = [] if journal is None else [journal.start]
        self._marks = sorted({*marks, *opening})
        self.roots: dict[int, bytes] = {}

    def run(self, progress: Progress) -> bool:
        """Walk to the end; tell whether it was reached. A missing bundle ends the pass: nothing after it can follow."""
        total = self._size if self._journal is None else max(self._size, self._journal.end)
        self._mark()
        for number in range(-(-total // TILE_WIDTH)):
            entries = self._entries(number, min(TILE_WIDTH, total - number * TILE_WIDTH))
            if entries is None:
                return False
            self._grow(entries)
            self._check_records(number, self._check_leaves(entries))
            progress(self._edge.size, total)
        index = self._edge.size
        for level, hashes in enumerate(self._edge.levels):
            index //= TILE_WIDTH
            self._check_tile(level, index, hashes)
        self._pass_all()
        return True

    def _pass_all(self) -> None:
        words = {
            Step.ENTRIES: "every bundle holds exactly the entries that its name says",
            Step.TILES: "every tile equals what the entries hash to",
            Step.LEAF_FORMAT: "every leaf is canonical",
            Step.TOPIC_ORDER: "each topic's positions follow without gap, doubling or reordering",
            Step.RECORDS: "every leaf's record is in the archive, byte for byte",
        }
        for step, expected in words.items():
            self._findings.note(step, True, expected, f"so for {self._size} leaves")

    def _entries(self, number: int, width: int) -> list[bytes] | None:
        """Step 4: the first `width` entries of a bundle; those beyond the checkpoint come from the journal."""
        start = number * TILE_WIDTH
        committed = max(0, min(width, self._size - start))
        widths = self._widths(TileName(ENTRIES, number))
        entries: list[bytes] | None = None if committed else []
        for candidate in (wide for wide in widths if wide >= committed > 0):
            entries = self._bundle(number, candidate)
            if entries is not None:
                entries = entries[:committed]
                break
        if entries is None:
            expected = f"{committed} entries in {TileName(ENTRIES, number, committed).path}"
            self._findings.fail(Step.ENTRIES, expected, "no such bundle that can be read")
            return None
        if self._journal is not None:
            self._check_journal(start, entries)
            entries += self._journal.slice(start + committed, start + width)
        for other in widths:
            found = self._bundle(number, other)
            if found is not None and found[:width] != entries[: len(found)]:
                path = TileName(ENTRIES, number, other).path
                self._findings.fail(Step.ENTRIES, f"{path} agrees with the others of its bundle", "it differs")
        return entries

    def _bundle(self, number: int, width: int) -> list[bytes] | None:
        name = TileName(ENTRIES, number, width)
        try:
            data = read_file(self._directory / name.path, MAX_BUNDLE_BYTES)
            return None if data is None else decode_bundle(data, width)
        except CasebusError as error:
            self._findings.fail(Step.ENTRIES, f"{name.path} holds exactly {width} entries", error.what)
            return None

    def _widths(self, name: TileName) -> list[int]:
        """Return the widths of the versions of a tile that are there, ascending."""
        partials = self._directory / f"{name.full_path}.p"
        try:
            names = [path.name for path in partials.iterdir()]
        except OSError:
            names = []
        widths = [int(text) for text in names if text.isascii() and text.isdigit() and len(text) <= 3]
        return sorted([*(width for width in widths if 0 < width < TILE_WIDTH), TILE_WIDTH])

    def _check_journal(self, start: int, entries: Sequence[bytes]) -> None:
        assert self._journal is not None, "bug: asked for a journal that is not there"
        theirs = self._journal.slice(start, start + len(entries))
        if theirs and list(theirs) != list(entries[len(entries) - len(theirs) :]):
            self._findings.fail(Step.JOURNAL, "the journal's leaves are the bundles' entries", f"not after {start}")

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
        widest = 0
        for width in self._widths(TileName(level, index)):
            name = TileName(level, index, width)
            try:
                data = read_file(self._directory / name.path, MAX_BUNDLE_BYTES)
                found = None if data is None else decode_tile(data, width)
            except CasebusError as error:
                self._findings.fail(Step.TILES, f"{name.path} holds exactly {width} hashes", error.what)
                continue
            if found is None:
                continue
            widest = width
            if found[: len(hashes)] != list(hashes[:width]):
                self._findings.fail(Step.TILES, f"{name.path} equals what the entries hash to", "it differs")
        if widest < required:
            path = TileName(level, index, required).path
            self._findings.fail(Step.TILES, f"{path}, or a wider version, is there", "it is missing")

    def _check_leaves(self, entries: Sequence[bytes]) -> list[RecordLeaf | None]:
        """Steps 7 and 8: each leaf is canonical, and its topic's next."""
        leaves: list[RecordLeaf | None] = []
        first = self._edge.size - len(entries)
        for index, data in enumerate(entries, start=first):
            self._check_opening(index)
            try:
                leaf = decode_leaf(data)
            except VerificationFailed as error:
                self._findings.fail(Step.LEAF_FORMAT, f"the leaf at index {index} is canonical", error.what)
                leaves.append(None)
                continue
            head = self._heads.get(leaf.topic_id)
            if not follows(leaf, head):
                expected = f"position {0 if head is None else head + 1} after {head} at index {index}"
                actual = f"position {leaf.position} after {leaf.previous}, topic {leaf.topic_id.hex()}"
                self._findings.fail(Step.TOPIC_ORDER, expected, actual)
            self._heads[leaf.topic_id] = leaf.position
            leaves.append(leaf)
        self._check_opening(self._edge.size)
        return leaves

    def _check_opening(self, index: int) -> None:
        """Step 10: the journal's opening snapshot says the same about the leaves before it as the leaves do."""
        if self._journal is None or index != self._journal.start:
            return
        heads: Mapping[bytes, int] = self._journal.opening.heads
        if dict(heads) != self._heads:
            self._findings.fail(Step.JOURNAL, "the journal's snapshot fits the leaves before it", "other topic heads")

    def _check_records(self, number: int, leaves: Sequence[RecordLeaf | None]) -> None:
        """Step 9: the archive holds exactly the record that each leaf was made from."""
        index = number * TILE_WIDTH
        records = read_archived_segment(self._directory / "records", number)
        try:
            for leaf in leaves:
                archived = next(records, None)
                if archived is None:
                    raise VerificationFailed("it is missing.")
                self._check_record(archived, leaf)
                index += 1
            if len(leaves) == TILE_WIDTH:
                # Asking for one more makes the reader look for anything that follows the 256th.
                next(records, None)
        except CasebusError as error:
            self._findings.fail(Step.RECORDS, f"the record of index {index} is in the archive, unchanged", error.what)

    def _check_record(self, archived: Archived, leaf: RecordLeaf | None) -> None:
        if leaf is None:
            return
        if (archived.topic_id, archived.position) != (leaf.topic_id, leaf.position):
            raise VerificationFailed("its place on the bus is not the leaf's.")
        if hash_record(archived.encoded) != leaf.record_hash:
            raise VerificationFailed("its bytes do not hash to the leaf's record hash.")
        topic = archived.recorded.topic
        if self._topics.setdefault(leaf.topic_id, topic) != topic:
            raise VerificationFailed("its topic's id stands for two names.")
