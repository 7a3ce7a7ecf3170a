"""`casebus ledger replay`: every record of a ledger told again, from the ledger's own archive."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from casebus.auditing.ledger_walk import LedgerWalk
from casebus.auditing.replaying import Asked, Progress, Replaying
from casebus.auditing.snapshot_file import Begun, bound_to, load_snapshot, save_snapshot
from casebus.cases.event_filter import EventFilter
from casebus.cli import event_options as eo
from casebus.cli.ledger_access import record_reading
from casebus.cli.ledger_finding import directory_of
from casebus.cli.ledger_index import NO_KEYS
from casebus.cli.ledger_options import LedgerDirectory, refuse_missing
from casebus.cli.options import AsJson, Officer
from casebus.cli.output import leaves_bar, page, print_json, print_jsonl, words
from casebus.directory import Directory
from casebus.errors import UsageError, VerificationFailed
from casebus.ledger.checkpoint import Checkpoint
from casebus.ledger.vkey import shown_name

FIELDS = ("index", "topic", "position", "type", "agency", "summary")
MAX_TOLD = 20


def replay(
    ledger: LedgerDirectory,
    to: Annotated[int | None, typer.Option("--to", help="Stop before this index.", min=0)] = None,
    start: Annotated[int, typer.Option("--from", help="The first index.", min=0)] = 0,
    since: eo.Since = None,
    until: eo.Until = None,
    agency: eo.Agencies = None,
    type_: eo.Types = None,
    tip: eo.Tips = None,
    case: eo.Cases = None,
    check: eo.Checks = None,
    conflict: eo.Conflicts = None,
    actor: eo.Actors = None,
    operation: eo.Operations = None,
    outcome: eo.Outcomes = None,
    purpose: eo.Purposes = None,
    viewer: Annotated[
        str | None, typer.Option("--as", help="As this agency was entitled to see it.", metavar="CODE")
    ] = None,
    steps: Annotated[bool, typer.Option("--steps", help="Say what each record changed.")] = False,
    hashes: Annotated[bool, typer.Option("--hashes", help="Give the state hash after each record (slow).")] = False,
    markers: Annotated[bool, typer.Option("--markers", help="Tell the ledger's own marks too.")] = False,
    state: Annotated[bool, typer.Option("--state", help="Say only where everything stands at the end.")] = False,
    snapshot: Annotated[
        Path | None, typer.Option("--snapshot", help="With --state: go on from this file, and renew it.")
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", envvar="CASEBUS_DATA", hidden=True)] = None,
    officer: Officer = None,
    as_json: AsJson = False,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
) -> None:
    """Tell the ledger's records again, in the order in which they were logged, from the ledger's own archive.

    Filters choose what is told; the state is made of everything before.
    """
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
    asked = _asked(asked_for, start, to, viewer, steps=steps, hashes=hashes, markers=markers, state=state)
    if snapshot is not None and (not state or until is not None):
        raise UsageError("--snapshot goes with --state, up to an index or the end")
    directory = directory_for(ledger, data, needed=steps or hashes or state)
    _refuse_unknown(viewer, directory)
    references = (*asked_for.tips, *asked_for.cases, *asked_for.checks, *asked_for.conflicts)
    walk = LedgerWalk(ledger, directory)
    record_reading(ledger, fields=FIELDS, references=references, officer=officer, data=data)
    tell_beginning(walk)
    running = Replaying(walk, asked, rebuild=state, begun=_begun(walk, to, viewer, snapshot))
    # Rows on a terminal show themselves how far it is; a bar would run into them.
    shows_rows = sys.stdout.isatty() and not (state or as_json)
    with nullcontext(_no_progress) if shows_rows else leaves_bar() as progress:
        _show(running, progress, state=state, as_json=as_json, as_jsonl=as_jsonl)
    tell_shortfall(running)
    if snapshot is not None:
        bound = bound_to(ledger, walk.size, running.end, origin=walk.origin, basis=walk.basis, viewer=viewer)
        save_snapshot(snapshot, bound, running.replay.state)


def tell_beginning(walk: LedgerWalk) -> Checkpoint | None:
    """Say on stderr where a ledger goes on from another; return that one's end, None where it begins by itself."""
    try:
        before = walk.predecessor()
    except VerificationFailed:
        return None  # the damaged leaf is told in its place
    if before is not None:
        words().print(
            f"This ledger goes on from {shown_name(before.origin)}, closed at {before.size} leaves: what that one holds is not told here,"
            " and a state is made of what came since, and of nothing before.",
            markup=False,
        )
    return before


def _begun(walk: LedgerWalk, to: int | None, viewer: str | None, path: Path | None) -> Begun | None:
    """Return the state to go on from, None without a file."""
    if path is None:
        return None
    size = walk.size if to is None else min(to, walk.size)
    return load_snapshot(path, walk.ledger, size, origin=walk.origin, basis=walk.basis, viewer=viewer)


def _no_progress(_done: int, _of: int) -> None:
    """Show nothing."""


def _asked(
    asked: EventFilter,
    start: int,
    to: int | None,
    viewer: str | None,
    *,
    steps: bool,
    hashes: bool,
    markers: bool,
    state: bool,
) -> Asked:
    if not state:
        return Asked(asked, start, to, viewer, None, steps, hashes, markers)
    if start or steps or hashes or markers or asked != EventFilter(until=asked.until):
        raise UsageError(
            "a state is made of everything before it: no part of the records has one",
            next_step="with --state give --to INDEX, --until TIME or --as AGENCY, and nothing else.",
        )
    return Asked(end=to, viewer=viewer, before=asked.until)


def directory_for(ledger: Path, data: Path | None, *, needed: bool) -> Directory | None:
    """Return the directory against which signatures are checked; say so where there is none. Raises `UsageError`."""
    refuse_missing(ledger)
    directory = directory_of(ledger, data)
    if directory is None and needed:
        raise UsageError(
            "a state is rebuilt of verified records only, and no directory.toml is at hand",
            next_step="name with --data a directory that has the directory.toml of this network.",
        )
    if directory is None:
        words().print(NO_KEYS)
    return directory


def _refuse_unknown(viewer: str | None, directory: Directory | None) -> None:
    """Raise `NotFound` for an agency that the directory does not have; without one any code will do."""
    if viewer is not None and directory is not None:
        directory.agency(viewer)


def _show(running: Replaying, progress: Progress, *, state: bool, as_json: bool, as_jsonl: bool) -> None:
    if state:
        running.to_end(progress)
        _show_state(running.state(), as_json=as_json, as_jsonl=as_jsonl)
    elif as_json:
        print_json({"rows": list(running.rows(progress))})
    elif as_jsonl:
        print_jsonl(running.rows(progress))
    else:
        for row in running.rows(progress):
            page().print(f"{row['index']:>6}  {row['agency']:<20} {row['summary']}", markup=False)
            for change in row.get("changes", ()):
                page().print(f"{'':8}{change_words(change)}", markup=False, soft_wrap=True)
            if "state_hash" in row:
                page().print(f"{'':8}state {row['state_hash']}", markup=False)


def _show_state(row: dict[str, Any], *, as_json: bool, as_jsonl: bool) -> None:
    if as_json:
        print_json(row)
    elif as_jsonl:
        print_jsonl([row])
    else:
        for name, value in row.items():
            page().print(f"{name.replace('_', ' '):<20} {_plain(value)}", markup=False)


def change_words(change: Mapping[str, Any]) -> str:
    """Return a change in one line: what it is, whose, and only what differs."""
    before, after = change["from"] or {}, change["to"] or {}
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if not before:
        said = ", ".join(f"{name} {_plain(after[name])}" for name in names)
    elif not after:
        said = "is gone"
    else:
        said = ", ".join(f"{name} {_plain(before.get(name))} -> {_plain(after.get(name))}" for name in names)
    return f"{change['what']} {change['agency']} {change['id']}: {said}"


def _plain(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{name} {_plain(of)}" for name, of in value.items()) or "-"
        case list():
            return " and ".join(map(_plain, value)) or "-"
        case _:
            return str(value)


def tell_shortfall(running: Replaying) -> None:
    """Say on stderr what could not be told. Raises `VerificationFailed` where the ledger does not admit to it."""
    short = running.short
    for loss in short.losses[:MAX_TOLD]:
        words().print(f"The ledger says that {loss}", markup=False)
    if short.unread:
        words().print(f"{short.unread} records could not be read; one of them may have been meant.")
    for gap in short.gaps[:MAX_TOLD]:
        words().print(f"A gap {gap}", markup=False)
    if short.missing or short.gaps:
        raise VerificationFailed(
            f"the ledger is not whole: {short.missing} records are missing or damaged, {len(short.gaps)} gaps",
            unchanged="what could be read was told.",
            next_step="`casebus ledger verify` names each check that fails; another agency's copy may be whole.",
        )


def replayed(ledger: Path, to: int | None = None, directory: Directory | None = None) -> Iterator[dict[str, Any]]:
    """Return the contract's form of each record (DESIGN.md §9), also of those that no consumer could accept.

    Without a directory signatures are not checked: what a record says is then what its bytes say, and nothing more.
    """
    return Replaying(LedgerWalk(ledger, directory), Asked(end=to), rebuild=False).rows()
