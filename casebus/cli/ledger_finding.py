"""Where in a ledger something stands: what `prove` and `export` are asked for in words becomes indices."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from casebus.auditing.facts_reader import FactsReader
from casebus.cases.event_filter import Facts
from casebus.directory import Directory
from casebus.errors import NotFound, UsageError, VerificationFailed
from casebus.layout import Layout
from casebus.ledger.leaf import MAX_POSITION, LeafKind, decode_leaf
from casebus.ledger.pack_selection import asked_for
from casebus.ledger.read import LedgerReader, read_bundle
from casebus.ledger.tree import TILE_WIDTH


@dataclass(frozen=True, slots=True)
class Found:
    """What a search through the whole archive found. `unread` records could not be read, and may have been meant."""

    indices: tuple[int, ...]
    searched: int
    unread: int


def directory_of(ledger: Path, data: Path | None) -> Directory | None:
    """Return the directory against which signatures are checked: --data's, or the one beside a ledger in its place."""
    for root in (data, ledger.absolute().parent.parent):
        if root is not None and Layout(root).directory.exists():
            return Directory.load(Layout(root).directory)
    return None


def find_asked(ledger: Path, directory: Directory | None, by: str, id_: str) -> Found:
    """Return where the events stand that name a case, tip or conflict, or that are one event.

    Raises:
        NotFound: there is none.
    """
    return _found(FactsReader(ledger, directory), asked_for(by, id_), f"no event of this {by}")


def find_place(ledger: Path, place: str) -> int:
    """Return the index of `TOPIC/POSITION`; TOPIC is its name, or its id in hexadecimal.

    Raises:
        UsageError: it is not written so, or the name belongs to topics of different ids.
        NotFound: the ledger has no record there.
    """
    topic, _, digits = place.rpartition("/")
    if not topic or not (digits.isascii() and digits.isdigit() and len(digits) <= 19) or int(digits) > MAX_POSITION:
        raise UsageError("a place is written TOPIC/POSITION: casebus.nz-police.events/12")
    reader = LedgerReader(ledger)
    found = [index for index in _at_position(ledger, reader.size, int(digits)) if _is_of(reader, index, topic)]
    if not found:
        raise NotFound("the ledger has no record at this position of this topic")
    if len(found) > 1:
        indices = ", ".join(str(index) for index in found)
        raise UsageError(f"a topic of this name was made again: records {indices}", next_step="name one with --index.")
    return found[0]


def _found(reader: FactsReader, accepts: Callable[[Facts], bool], missing: str) -> Found:
    indices: list[int] = []
    unread = 0
    for facts in reader.facts():
        if facts.type is None:
            unread += 1
        elif accepts(facts) and facts.index is not None:
            indices.append(facts.index)
    if not indices:
        raise NotFound(f"{missing} is in the ledger ({reader.size} leaves; {unread} records could not be read)")
    return Found(tuple(indices), reader.size, unread)


def _at_position(ledger: Path, size: int, position: int) -> Iterator[int]:
    """Return the indices of the records at a position of any topic: from the bundles alone, which are small."""
    for start in range(0, size, TILE_WIDTH):
        entries = read_bundle(ledger, start // TILE_WIDTH, min(TILE_WIDTH, size - start))
        if entries is None:
            raise VerificationFailed(f"the entry bundle of index {start} is missing.")
        for within, entry in enumerate(entries):
            leaf = decode_leaf(entry)
            if leaf.kind is LeafKind.RECORD and leaf.position == position:
                yield start + within


def _is_of(reader: LedgerReader, index: int, topic: str) -> bool:
    return reader.leaf(index).topic_id.hex() == topic or reader.record(index).topic == topic
