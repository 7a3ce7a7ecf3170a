"""`casebus ledger replay`: every record of a ledger told again, from the ledger's own archive."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from casebus.bus.log import Recorded
from casebus.cases.telling import summary
from casebus.cli.ledger_options import LedgerDirectory, refuse_missing
from casebus.cli.output import page, print_jsonl, words
from casebus.directory import Directory
from casebus.errors import WireError
from casebus.events.catalogue import writer_of
from casebus.layout import Layout
from casebus.ledger.read import LedgerReader
from casebus.wire.codec import decode
from casebus.wire.headers import parse_headers
from casebus.wire.schemas import Schemas
from casebus.wire.seal import Opener


def replay(
    ledger: LedgerDirectory,
    to: Annotated[int | None, typer.Option("--to", help="Stop before this index.", min=0)] = None,
    data: Annotated[Path | None, typer.Option("--data", envvar="CASEBUS_DATA", hidden=True)] = None,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
) -> None:
    """Tell every record of the ledger again, in the order in which it was logged, from the ledger's own archive."""
    refuse_missing(ledger)
    directory = _directory(ledger, data)
    if directory is None:
        words().print("No directory.toml is at hand: signatures are not checked. Name a data directory with --data.")
    rows = replayed(ledger, to, directory)
    if as_jsonl:
        print_jsonl(rows)
        return
    for row in rows:
        page().print(f"{row['index']:>6}  {row['agency']:<20} {row['summary']}", markup=False)
    words().print("This reading of a copy was not recorded anywhere.")


def _directory(ledger: Path, data: Path | None) -> Directory | None:
    """Return the directory against which signatures are checked: --data's, or the one beside a ledger in its place."""
    for root in (data, ledger.absolute().parent.parent):
        if root is not None and Layout(root).directory.exists():
            return Directory.load(Layout(root).directory)
    return None


def replayed(ledger: Path, to: int | None = None, directory: Directory | None = None) -> Iterator[dict[str, Any]]:
    """Return the contract's form of each record (DESIGN.md §9), also of those that no consumer could accept.

    Without a directory signatures are not checked: what a record says is then what its bytes say, and nothing more.
    """
    reader = LedgerReader(ledger)
    schemas = Schemas.load()
    opener = Opener(schemas, directory) if directory else None
    end = reader.size if to is None else min(to, reader.size)
    for index in range(end):
        recorded = reader.record(index)
        kind, told = _told(recorded, schemas) if opener is None else _opened(recorded, opener)
        _, owner = writer_of(recorded.topic)
        yield {
            "index": index,
            "topic": recorded.topic,
            "position": recorded.position,
            "type": kind,
            "agency": owner,
            "summary": told,
        }


Told = tuple[str | None, str]
"""A record's type, None if it was not accepted, and what it says."""


def _opened(recorded: Recorded, opener: Opener) -> Told:
    try:
        payload = opener.open(recorded).event.payload
    except WireError as error:
        return None, f"a record that was not accepted: {error.reason.value.replace('_', ' ')}"
    return type(payload).__name__, summary(payload)


def _told(recorded: Recorded, schemas: Schemas) -> Told:
    try:
        attributes = parse_headers(recorded.record.headers).attributes
        schema = schemas.by_guid(attributes.schema_guid)
        if schema is None:
            return None, "a record with an unknown schema"
        payload = decode(recorded.record.value, schema, schemas)
    except WireError as error:
        return None, f"a record that cannot be read: {error.reason.value.replace('_', ' ')}"
    return type(payload).__name__, summary(payload)
