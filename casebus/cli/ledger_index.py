"""`casebus ledger index` and `casebus log search`: the auditor's index, and what it finds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from casebus.auditing.facts_reader import FactsReader
from casebus.auditing.index_file import IndexFile
from casebus.auditing.indexing import open_index, update
from casebus.auditing.query import MAX_ASKED_WORDS, Query, asked_words
from casebus.auditing.search import IndexFault, count_unread, search
from casebus.cases.event_filter import Facts
from casebus.cli import event_options as eo
from casebus.cli.ledger_access import record_reading
from casebus.cli.ledger_finding import directory_of
from casebus.cli.ledger_options import LedgerDirectory, refuse_missing
from casebus.cli.options import AsJson, AsJsonl, Data, Officer
from casebus.cli.output import leaves_bar, page, print_json, print_jsonl, words
from casebus.desk.plain import iso
from casebus.errors import PartlyDone, UsageError
from casebus.layout import HUB, Layout

FIELDS = (
    "index",
    "topic",
    "position",
    "appended_at",
    "type",
    "agency",
    "summary",
    "event_id",
    "actor",
    "operation",
    "purpose",
    "outcome",
    "conflict_id",
    "correlation_id",
    "tips",
    "cases",
    "others",
    "references",
)
NO_KEYS = "No directory.toml is at hand: signatures are not checked. Name a data directory with --data."


def index(
    ledger: LedgerDirectory,
    out: Annotated[
        Path | None, typer.Option("--out", help="The index; LEDGER.index.sqlite beside it by default.")
    ] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Throw an index away, and build it from nothing.")] = False,
    data: Annotated[Path | None, typer.Option("--data", envvar="CASEBUS_DATA", hidden=True)] = None,
    as_json: AsJson = False,
) -> None:
    """Build the searchable index of a ledger, or go on with it. Interrupted, it goes on where it was."""
    reader = _reader(ledger, data)
    with open_index(reader, out, rebuild=rebuild) as opened:
        added = _update(opened, reader)
        row = {
            "index": str(opened.path),
            "size": opened.state().size,
            "added": added,
            "full_text": opened.finds_terms,
            "signatures_checked": reader.checks_signatures,
        }
    if as_json:
        print_json(row)
        return
    page().print(f"{row['index']}: {row['size']} leaves, {added} of them new.", markup=False)


def find(
    asked: Annotated[
        list[str] | None, typer.Argument(help="Words, each at the beginning of one.", metavar="[WORDS]...")
    ] = None,
    ledger: Annotated[Path | None, typer.Option("--ledger", help="The ledger's directory, or a copy of it.")] = None,
    data: Data = None,
    start: Annotated[int, typer.Option("--from", help="The first index.", min=0)] = 0,
    to: Annotated[int | None, typer.Option("--to", help="Stop before this index.", min=0)] = None,
    since: eo.Since = None,
    until: eo.Until = None,
    agency: eo.Agencies = None,
    type_: eo.Types = None,
    topic: Annotated[list[str] | None, typer.Option("--topic", help="casebus.nz-police.inbox")] = None,
    event: Annotated[list[str] | None, typer.Option("--event", help="This event.", metavar="ID")] = None,
    tip: eo.Tips = None,
    case: eo.Cases = None,
    check: eo.Checks = None,
    conflict: eo.Conflicts = None,
    actor: eo.Actors = None,
    operation: eo.Operations = None,
    outcome: eo.Outcomes = None,
    purpose: eo.Purposes = None,
    limit: Annotated[int | None, typer.Option("--limit", help="Show no more than this many.", min=1)] = None,
    index_file: Annotated[Path | None, typer.Option("--index", help="The index, if it lies elsewhere.")] = None,
    no_update: Annotated[bool, typer.Option("--no-update", help="Search what is indexed, and no further.")] = False,
    officer: Officer = None,
    as_json: AsJson = False,
    as_jsonl: AsJsonl = False,
) -> None:
    """Search what the ledger's records say. What is found is read again from the archive; the reading is on record."""
    place = _ledger(ledger, data)
    asked_for = eo.event_filter(
        since=since,
        until=until,
        agencies=agency,
        types=type_,
        tips=tip,
        cases=case,
        checks=check,
        conflicts=conflict,
        actors=actor,
        operations=operation,
        outcomes=outcome,
        purposes=purpose,
    )
    query = Query(asked_for, _words(asked), start, to, eo.given("--topic", topic), eo.given_ids("--event", event))
    reader = _reader(place, data)
    with _searching(place, reader, index_file, no_update) as opened:
        record_reading(place, fields=FIELDS, references=_named(query), officer=officer, data=data)
        found = Found(opened, reader, query, limit)
        if as_json:
            print_json({"size": reader.size, "indexed": found.indexed, "rows": list(found.rows()), **found.rest()})
        elif as_jsonl:
            print_jsonl(found.rows())
        else:
            for row in found.rows():
                shown = f"{row['index']:>6}  {row['appended_at']}  {row['agency']:<20} {row['summary']}"
                page().print(shown, markup=False, soft_wrap=True)
        found.tell()


class Found:
    """What one search finds, row by row, and what must be said after it."""

    def __init__(self, index: IndexFile, reader: FactsReader, query: Query, limit: int | None) -> None:
        self._index = index
        self._reader = reader
        self._query = query
        self._limit = limit
        self._more = False
        self._faults: list[IndexFault] = []
        self.indexed = index.state().size

    def rows(self) -> Iterator[dict[str, Any]]:
        """Return the rows that the archive bears out, in the ledger's order."""
        shown = 0
        for each in search(self._index, self._reader, self._query):
            if isinstance(each, IndexFault):
                self._faults.append(each)
            elif shown == self._limit:
                self._more = True
                return
            else:
                shown += 1
                yield as_row(each)

    def rest(self) -> dict[str, Any]:
        """Return what is known once the rows were read."""
        return {
            "more": self._more,
            "unread": self._unread(),
            "faults": [{"index": fault.index, "why": fault.why} for fault in self._faults],
        }

    def tell(self) -> None:
        """Say on stderr what the rows do not. Raises `PartlyDone` where the index and the archive differ."""
        if self._more:
            words().print(f"There are more than {self._limit}.")
        if self.indexed < self._reader.size:
            words().print(f"Searched are the first {self.indexed} of {self._reader.size} leaves: --no-update.")
        if unread := self._unread():
            words().print(f"{unread} records there could not be read; one of them may have been meant.")
        if self._faults:
            first = self._faults[0]
            raise PartlyDone(
                f"the index differs from the archive at {len(self._faults)} places, first at index {first.index}: "
                f"{first.why}",
                unchanged="what the archive bears out was shown; nothing came from the index.",
                next_step="build the index again: `casebus ledger index LEDGER --rebuild`.",
            )

    def _unread(self) -> int:
        return count_unread(self._index, self._query) if self._query.asks_content else 0


def as_row(facts: Facts) -> dict[str, Any]:
    """Return what is shown of an event: the contract's form of a replay's row (DESIGN.md §9), and more."""
    values = (
        facts.index,
        facts.topic,
        facts.position,
        iso(facts.appended_at),
        facts.type,
        facts.agency,
        facts.summary,
        facts.event_id,
        facts.actor,
        facts.operation,
        facts.purpose,
        facts.outcome,
        facts.conflict,
        facts.correlation,
        list(facts.tips),
        list(facts.cases),
        list(facts.others),
        list(facts.references),
    )
    return dict(zip(FIELDS, values, strict=True))


def _ledger(ledger: Path | None, data: Path | None) -> Path:
    place = ledger or (Layout(data).role(HUB).ledger if data else None)
    if place is None:
        raise UsageError("no ledger is named", next_step="add --ledger LEDGER or --data DIR, or set CASEBUS_DATA.")
    return place


def _reader(ledger: Path, data: Path | None) -> FactsReader:
    refuse_missing(ledger)
    directory = directory_of(ledger, data)
    if directory is None:
        words().print(NO_KEYS)
    return FactsReader(ledger, directory)


@contextmanager
def _searching(ledger: Path, reader: FactsReader, path: Path | None, no_update: bool) -> Iterator[IndexFile]:
    with open_index(reader, path) as opened:
        if not no_update:
            _update(opened, reader)
        yield opened


def _update(opened: IndexFile, reader: FactsReader) -> int:
    with leaves_bar() as show:
        return update(opened, reader, show)


def _words(typed: list[str] | None) -> tuple[str, ...]:
    found = asked_words(typed or ())
    if typed and not found:
        raise UsageError("there is no word in what was asked for", next_step="words are letters a-z and digits.")
    if len(found) > MAX_ASKED_WORDS:
        raise UsageError(f"more than {MAX_ASKED_WORDS} words were asked for")
    return found


def _named(query: Query) -> tuple[str, ...]:
    asked = query.filter
    return (*query.events, *asked.tips, *asked.cases, *asked.checks, *asked.conflicts)
