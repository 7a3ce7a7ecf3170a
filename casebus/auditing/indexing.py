"""Bringing an index up to its ledger: from the last indexed leaf on, a batch a transaction.

A transaction holds a batch's rows, how far the index goes and the tree's root there, so a kill anywhere leaves an index
that is whole up to some batch, and the next run goes on from it. Two processes on one index take turns.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from casebus.auditing.facts_reader import FactsReader
from casebus.auditing.index_file import FORMAT, IndexFile, default_path, remove, unusable
from casebus.auditing.query import words_of
from casebus.cases.event_filter import Facts, plain
from casebus.errors import UsageError, VerificationFailed
from casebus.ledger.tree import EMPTY_ROOT

BATCH = 1024
"""Leaves in a transaction: four files of the archive, a fraction of a second."""

VOCABULARY = ("type", "operation", "outcome", "purpose")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
Progress = Callable[[int, int], None]
Row = tuple[Any, ...]


@contextmanager
def open_index(reader: FactsReader, path: Path | None = None, *, rebuild: bool = False) -> Iterator[IndexFile]:
    """Open the ledger's index, made empty where there is none or it is to be built again.

    Raises:
        UsageError: the file is no index of ours, damaged, inside the ledger, or made against other keys or schemas.
        VerificationFailed: the ledger is another one than was indexed, or an older one.
        StoreError: the disk fails.
    """
    place = (path or default_path(reader.ledger)).absolute()
    if place.resolve().is_relative_to(reader.ledger.resolve()):
        raise UsageError("an index does not lie inside the ledger's directory", next_step="name another file.")
    if rebuild and _is_there(place):
        _forget(place, reader)
    if not _is_there(place):
        IndexFile.create(place, reader.basis, EMPTY_ROOT)
    index = IndexFile(place, ledger_size=reader.size)
    try:
        _refuse_other(index, reader)
        yield index
    finally:
        index.close()


def update(index: IndexFile, reader: FactsReader, progress: Progress | None = None) -> int:
    """Index every leaf that is not yet; return how many this call added. Raises as `open_index` does."""
    added = 0
    while (state := index.state()).size < reader.size:
        end = min(state.size + BATCH - state.size % BATCH, reader.size)
        facts = list(reader.facts(state.size, end))
        with index.writing():
            # Another process may have been faster; then its rows stand and these are not needed.
            if index.state() == state:
                _add(index, facts)
                index.write("UPDATE state SET size = ?, root = ?", [(end, reader.tree.root(end))])
                added += end - state.size
        if progress:
            progress(end, reader.size)
    return added


def row_of(facts: Facts) -> Row:
    """Return the row of a record, in the order of `LEAF_COLUMNS`."""
    return (
        facts.index,
        facts.topic,
        facts.position,
        milliseconds(facts.appended_at),
        facts.type,
        facts.agency,
        facts.actor,
        facts.operation,
        facts.purpose,
        facts.outcome,
        facts.event_id,
        facts.correlation,
        facts.conflict,
        facts.summary,
        words_of(facts),
    )


def named_in(facts: Facts) -> frozenset[tuple[str, str]]:
    """Return the ids that a record names, and as what."""
    kinds = (("tip", facts.tips), ("case", facts.cases), ("other", facts.others), ("reference", facts.references))
    return frozenset((identifier, kind) for kind, ids in kinds for identifier in ids)


def milliseconds(at: datetime) -> int:
    """Return a time in whole milliseconds since 1970, rounded up: the first that is not before it."""
    return -((_EPOCH - at) // _MILLISECOND)


def _forget(place: Path, reader: FactsReader) -> None:
    """Empty an index that is one, and remove what is none."""
    try:
        with closing(IndexFile(place, ledger_size=reader.size)) as index:
            index.empty(reader.basis, EMPTY_ROOT)
    except UsageError:
        remove(place)


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True


def _refuse_other(index: IndexFile, reader: FactsReader) -> None:
    state = index.state()
    if state.format != FORMAT:
        raise unusable(index.path, f"it has format {state.format}; this version makes {FORMAT}")
    if state.basis != reader.basis:
        raise unusable(index.path, "it was made against other keys or schemas, with --data DIR or without")
    if state.size > reader.size:
        raise _another(index, f"it goes to {state.size} leaves; the ledger has {reader.size}")
    if reader.tree.root(state.size) != state.root:
        raise _another(index, f"the ledger's first {state.size} leaves are not those that were indexed")


def _another(index: IndexFile, why: str) -> VerificationFailed:
    return VerificationFailed(
        f"{index.path.name} was made of another ledger, or this one was rewritten or rolled back: {why}.",
        next_step="run `casebus ledger verify LEDGER --since` an older checkpoint; if this is simply another ledger, "
        "build its index with `casebus ledger index LEDGER --rebuild`.",
    )


def _add(index: IndexFile, facts: Sequence[Facts]) -> None:
    rows = [row_of(each) for each in facts]
    marks = ", ".join("?" * len(rows[0])) if rows else ""
    index.write(f"INSERT INTO leaves VALUES ({marks})", rows)  # noqa: S608 marks only
    named = [(identifier, kind, each.index) for each in facts for identifier, kind in sorted(named_in(each))]
    index.write("INSERT INTO named VALUES (?, ?, ?)", named)
    words = {(field, plain(word), word) for each in facts for field in VOCABULARY if (word := getattr(each, field))}
    index.write("INSERT INTO vocabulary VALUES (?, ?, ?) ON CONFLICT DO NOTHING", sorted(words))
    if index.finds_terms:
        index.write("INSERT INTO terms (rowid, words) VALUES (?, ?)", [(row[0], row[-1]) for row in rows])
