"""Steps 4 and 5 for one bundle and one tile: all versions of it that are there, the full one and the partial ones.

A log may keep a partial version after a wider one has come (c2sp.org/tlog-tiles). Whichever a reader happens to ask
for, it must hold what the others hold.
"""

from collections.abc import Sequence
from pathlib import Path

from casebus.errors import CasebusError
from casebus.ledger.files import read_file
from casebus.ledger.report import Findings, Step
from casebus.ledger.tiles import ENTRIES, MAX_BUNDLE_BYTES, TileName, decode_bundle, decode_tile
from casebus.ledger.tree import HASH_BYTES, TILE_WIDTH


class Versions:
    """The tiles and bundles of a directory, as the procedure reads them."""

    def __init__(self, directory: Path, findings: Findings) -> None:
        self._directory = directory
        self._findings = findings

    def entries(self, number: int, count: int) -> list[bytes] | None:
        """Return the first `count` entries of a bundle, from its narrowest version that has them; None without one."""
        for width in self._widths(TileName(ENTRIES, number)):
            entries = self._bundle(number, width) if width >= count else None
            if entries is not None:
                return entries[:count]
        expected = f"{count} entries in {TileName(ENTRIES, number, count).path}"
        self._findings.fail(Step.ENTRIES, expected, "no such bundle that can be read")
        return None

    def compare_entries(self, number: int, entries: Sequence[bytes]) -> None:
        """Step 4: every version of a bundle holds the same entries, as far as both go."""
        for width in self._widths(TileName(ENTRIES, number)):
            found = self._bundle(number, width)
            if found is not None and found[: len(entries)] != list(entries[:width]):
                path = TileName(ENTRIES, number, width).path
                self._findings.fail(Step.ENTRIES, f"{path} agrees with the others of its bundle", "it differs")

    def compare_tile(self, level: int, index: int, hashes: Sequence[bytes], required: int) -> None:
        """Step 5: every version of a tile holds these hashes, and one of at least `required` is there."""
        widest = 0
        for width in self._widths(TileName(level, index)):
            name = TileName(level, index, width)
            try:
                data = read_file(self._directory / name.path, TILE_WIDTH * HASH_BYTES)
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

    def _bundle(self, number: int, width: int) -> list[bytes] | None:
        name = TileName(ENTRIES, number, width)
        try:
            data = read_file(self._directory / name.path, MAX_BUNDLE_BYTES)
            return None if data is None else decode_bundle(data, width)
        except CasebusError as error:
            self._findings.fail(Step.ENTRIES, f"{name.path} holds exactly {width} entries", error.what)
            return None

    def _widths(self, name: TileName) -> list[int]:
        """Return the widths that versions of a tile may have here, ascending; the full one always among them."""
        try:
            names = [path.name for path in (self._directory / f"{name.full_path}.p").iterdir()]
        except OSError:
            # There are no partial versions; what else may stand there is a stray file.
            names = []
        widths = [int(text) for text in names if text.isascii() and text.isdigit() and len(text) <= 3]
        return sorted([*{width for width in widths if 0 < width < TILE_WIDTH}, TILE_WIDTH])
