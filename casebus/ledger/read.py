"""The reading side: records and leaves by index, from the archive and the bundles alone, without the bus.

Reading is not verifying: run `casebus.ledger.verify` first. What is structurally wrong still raises.
"""

from collections.abc import Iterator
from pathlib import Path

from casebus.bus.log import Recorded
from casebus.errors import NotFound, VerificationFailed
from casebus.ledger.archive import read_archived, read_archived_segment
from casebus.ledger.checkpoint import Checkpoint, parse_checkpoint
from casebus.ledger.files import read_file
from casebus.ledger.leaf import Leaf, LeafKind, decode_leaf
from casebus.ledger.note import MAX_NOTE_BYTES, parse_note
from casebus.ledger.publication import CHECKPOINT
from casebus.ledger.record import decode_record
from casebus.ledger.tiles import ENTRIES, MAX_BUNDLE_BYTES, TileName, decode_bundle
from casebus.ledger.tree import TILE_WIDTH


def read_bundle(directory: Path, index: int, width: int) -> list[bytes] | None:
    """Return the first `width` entries of bundle `index`: from its partial file, or the full one once that is there.

    Raises:
        VerificationFailed: the file does not hold exactly the entries that its name says.
    """
    for name in (TileName(ENTRIES, index, width), TileName(ENTRIES, index)):
        data = read_file(directory / name.path, MAX_BUNDLE_BYTES)
        if data is not None:
            return decode_bundle(data, name.width)[:width]
    return None


class LedgerReader:
    """A ledger at the size of its checkpoint when this was made. The signature is not checked here."""

    def __init__(self, directory: Path) -> None:
        data = read_file(directory / CHECKPOINT, MAX_NOTE_BYTES)
        if data is None:
            raise NotFound("there is no ledger here: no checkpoint.")
        self._directory = directory
        self.checkpoint: Checkpoint = parse_checkpoint(parse_note(data).text)

    @property
    def size(self) -> int:
        """Return how many leaves there are."""
        return self.checkpoint.size

    def leaf(self, index: int) -> Leaf:
        """Return a leaf. Raises `NotFound` beyond the end, `VerificationFailed` when it is missing or damaged."""
        self._check_index(index)
        return decode_leaf(self._bundle(index // TILE_WIDTH)[index % TILE_WIDTH])

    def content(self, index: int) -> bytes:
        """Return what is archived for a leaf: a record's canonical bytes, or a marker's. Raises as `leaf` does."""
        self._check_index(index)
        return read_archived(self._directory / "records", index)

    def record(self, index: int) -> Recorded:
        """Return an archived record.

        Raises:
            NotFound: beyond the end, or the leaf is a marker.
            VerificationFailed: leaf or record is missing or damaged.
        """
        leaf = self.leaf(index)
        if leaf.kind is not LeafKind.RECORD:
            raise NotFound(f"there is no record at index {index}: the leaf is a marker ({leaf.kind.name.lower()}).")
        return decode_record(self.content(index), leaf.position)

    def records(self, start: int = 0, end: int | None = None) -> Iterator[tuple[int, Recorded]]:
        """Return (index, record) in order from `start` up to, not including, `end`; to the ledger's end by default.

        Markers are passed over.
        """
        for index, leaf, content in self.entries(start, end):
            if leaf.kind is LeafKind.RECORD:
                yield index, decode_record(content, leaf.position)

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[tuple[int, Leaf, bytes]]:
        """Return (index, leaf, archived content) in order from `start` up to, not including, `end`; markers too."""
        stop = self.size if end is None else min(end, self.size)
        index = start
        while index < stop:
            number, skip = divmod(index, TILE_WIDTH)
            leaves = self._bundle(number)[skip : stop - number * TILE_WIDTH]
            contents = read_archived_segment(self._directory / "records", number, skip=skip)
            for data in leaves:
                content = next(contents, None)
                if content is None:
                    raise VerificationFailed(f"the archive has nothing for index {index}.")
                yield index, decode_leaf(data), content
                index += 1

    def _bundle(self, number: int) -> list[bytes]:
        entries = read_bundle(self._directory, number, min(TILE_WIDTH, self.size - number * TILE_WIDTH))
        if entries is None:
            raise VerificationFailed(f"the entry bundle of index {number * TILE_WIDTH} is missing.")
        return entries

    def _check_index(self, index: int) -> None:
        if not 0 <= index < self.size:
            raise NotFound(f"the ledger has {self.size} leaves; there is no index {index}.")
