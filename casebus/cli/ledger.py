"""`casebus ledger`: the auditor's commands. They work on a copy of the ledger's directory, without network or bus."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from casebus.bus.log import Recorded
from casebus.cases.telling import summary
from casebus.cli.options import AsJson, clock
from casebus.cli.output import leaves_bar, page, print_json, print_jsonl, words
from casebus.directory import Directory
from casebus.errors import NotFound, UsageError, VerificationFailed, WireError
from casebus.events.catalogue import writer_of
from casebus.layout import Layout
from casebus.ledger.read import LedgerReader
from casebus.ledger.verify import Outcome, Report
from casebus.ledger.verify import verify as verify_ledger
from casebus.wire.codec import decode
from casebus.wire.headers import parse_headers
from casebus.wire.schemas import Schemas
from casebus.wire.seal import Opener

app = typer.Typer(no_args_is_help=True, help="Verify and replay the audit log, also from an offline copy.")

LedgerDirectory = Annotated[
    Path, typer.Argument(help="The ledger's directory: hub/ledger, or a copy of it.", show_default=False)
]
MAX_GIVEN_BYTES = 65_536


@app.command("verify")
def verify(
    ledger: LedgerDirectory,
    key: Annotated[str, typer.Option("--key", help="The ledger's key in C2SP form, or a file that holds it.")],
    policy: Annotated[Path | None, typer.Option("--policy", help="A tlog-policy: which witnesses must cosign.")] = None,
    since: Annotated[
        Path | None, typer.Option("--since", help="An older checkpoint that this ledger must extend.")
    ] = None,
    require_witness: Annotated[
        bool, typer.Option("--require-witness", help="Anything but `verified` is a failure (exit 3).")
    ] = False,
    data: Annotated[Path | None, typer.Option("--data", envvar="CASEBUS_DATA", hidden=True)] = None,
    as_json: AsJson = False,
) -> None:
    """Verify everything that the ledger's directory holds, in numbered steps.

    An unwitnessed ledger proves nothing against its own operator: it says `unwitnessed`, not `verified`.
    """
    _refuse_missing(ledger)
    with leaves_bar() as progress:
        report = verify_ledger(
            ledger,
            _key(key),
            policy=_given(policy).decode("utf-8", "replace") if policy else None,
            since=_given(since) if since else None,
            now=clock().now(),
            progress=progress,
        )
    print_json(asdict(report)) if as_json else _print(report)
    if report.outcome is Outcome.FAILED or (require_witness and report.outcome is not Outcome.VERIFIED):
        failed = [f"{check.step} {check.name}" for check in report.checks if not check.ok]
        raise VerificationFailed(
            f"the ledger is {report.outcome.value}: {', '.join(failed) or 'no witness vouches for it'}",
            unchanged="nothing was changed: verifying only reads.",
            next_step="keep this copy as it is, and compare it with another agency's.",
        )


def _key(text: str) -> str:
    """Return the key's line: given as such, or in a file."""
    if "+" in text and not Path(text).exists():
        return text.strip()
    return _given(Path(text)).decode("utf-8", "replace").strip()


def _given(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_GIVEN_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > MAX_GIVEN_BYTES:
        raise UsageError(f"{path} is larger than {MAX_GIVEN_BYTES} bytes")
    return content


def _refuse_missing(ledger: Path) -> None:
    if not ledger.is_dir():
        raise NotFound(f"there is no ledger at {ledger}", next_step="name hub/ledger of a data directory, or a copy.")


def _print(report: Report) -> None:
    console = page()
    for check in report.checks:
        mark = "ok  " if check.ok else "FAIL"
        console.print(f"{mark} {check.step:>2} {check.name}", markup=False)
        if not check.ok:
            console.print(f"        expected {check.expected}; found {check.actual}", markup=False)
    console.print(f"{report.outcome.value}: {report.size} leaves, root {report.root}", markup=False)
    if report.outcome is Outcome.UNWITNESSED:
        console.print("No witness has cosigned it: a rollback or a fork by the true key shows only")
        console.print("against an older checkpoint (--since) or a witness.")


@app.command("replay")
def replay(
    ledger: LedgerDirectory,
    to: Annotated[int | None, typer.Option("--to", help="Stop before this index.", min=0)] = None,
    data: Annotated[Path | None, typer.Option("--data", envvar="CASEBUS_DATA", hidden=True)] = None,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
) -> None:
    """Tell every record of the ledger again, in the order in which it was logged, from the ledger's own archive."""
    _refuse_missing(ledger)
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
