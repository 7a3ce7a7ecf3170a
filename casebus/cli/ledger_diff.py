"""`casebus ledger diff`: two copies, the ledger and the bus, the ledger and the live databases, two moments."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from casebus.auditing.comparing import BusCompared, CopiesCompared, compare_copies, compare_with_bus
from casebus.auditing.ledger_walk import LedgerWalk
from casebus.auditing.replaying import Asked, Replaying
from casebus.bus.log import events_topic, inbox_topic
from casebus.cases.standing_views import Change, Standing, differences
from casebus.cli.ledger_access import record_reading
from casebus.cli.ledger_options import LedgerDirectory, refuse_missing
from casebus.cli.ledger_replay import change_words, directory_for, tell_beginning, tell_shortfall
from casebus.cli.options import AsJson, Data, Officer, installation
from casebus.cli.output import leaves_bar, page, print_json, words
from casebus.errors import UsageError, VerificationFailed
from casebus.layout import HUB
from casebus.roles import Installation
from casebus.status import Overview

LEAF_FIELDS = ("index", "topic id", "position", "content hash")
STATE_FIELDS = ("records", "conflicts", "alerts")
MAX_SHOWN = 20


def diff(
    ledger: LedgerDirectory,
    other: Annotated[Path | None, typer.Argument(help="Another copy of it.", show_default=False)] = None,
    bus: Annotated[bool, typer.Option("--bus", help="Compare with the bus of --data.")] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Compare the rebuilt state with the databases of --data.")
    ] = False,
    start: Annotated[int | None, typer.Option("--from", help="The state before this index ...", min=0)] = None,
    to: Annotated[int | None, typer.Option("--to", help="... and before this one.", min=0)] = None,
    data: Data = None,
    officer: Officer = None,
    as_json: AsJson = False,
) -> None:
    """Say in what a ledger differs from another copy, from the bus, from the live state, or from itself at a moment.

    Exit 3 where copies, bus or live state differ. What merely waits to be logged is no difference.
    """
    moments = (start is not None) or (to is not None)
    if (other is not None) + bus + live + moments != 1:
        raise UsageError(
            "say what to compare the ledger with", next_step="name one: OTHER, --bus, --live, or --from I --to J."
        )
    refuse_missing(ledger)
    if other is not None:
        _copies(ledger, other, data, officer, as_json)
    elif bus:
        _bus(ledger, data, officer, as_json)
    elif live:
        _live(ledger, data, officer, as_json)
    else:
        _moments(ledger, start or 0, to, data, officer, as_json)


def _copies(ledger: Path, other: Path, data: Path | None, officer: str | None, as_json: bool) -> None:
    refuse_missing(other)
    record_reading(ledger, fields=LEAF_FIELDS, officer=officer, data=data, beside=other)
    with leaves_bar() as progress:
        found = compare_copies(ledger, other, progress)
    row = {"equal": found.equal, "continues": found.continues} | asdict(found)
    print_json(row) if as_json else _print_copies(found)
    if not found.equal:
        raise _differ("the two copies differ")


def _print_copies(found: CopiesCompared) -> None:
    for name, copy in (("first", found.one), ("second", found.other)):
        page().print(
            f"{name:<7} {copy.size} leaves, root {copy.root}, {copy.damaged} damaged in the archive", markup=False
        )
    if found.equal:
        page().print("equal, leaf by leaf and record by record")
        return
    if found.first is not None:
        page().print(f"the first leaf that differs: index {found.first}")
    elif found.continues:
        page().print("one is the beginning of the other, as far as leaves go")
    elif found.one.root != found.other.root:
        page().print("the leaves are the same and the checkpoints name other roots: verify both")
    counts = {name: getattr(found, name) for name in ("missing", "extra", "altered", "reordered")}
    page().print(", ".join(f"{count} {name}" for name, count in counts.items()))


def _bus(ledger: Path, data: Path | None, officer: str | None, as_json: bool) -> None:
    found = installation(data)
    record_reading(ledger, fields=LEAF_FIELDS, officer=officer, data=data, node=found)
    with closing(found.open_log("diff")) as log, leaves_bar() as progress:
        compared = compare_with_bus(ledger, log, _audited(found), progress)
    row = {"equal": compared.equal} | asdict(compared)
    print_json(row) if as_json else _print_bus(compared)
    if not compared.equal:
        raise _differ("the ledger and the bus differ")


def _audited(found: Installation) -> list[str]:
    codes = found.agencies
    return [events_topic(HUB), *map(events_topic, codes), *map(inbox_topic, codes)]


def _print_bus(compared: BusCompared) -> None:
    for topic in compared.topics:
        said = [
            f"{count} {name.replace('_', ' ')}"
            for name, count in asdict(topic).items()
            if name not in ("topic", "first") and count
        ]
        at = f", first at position {topic.first}" if topic.first is not None else ""
        page().print(f"{topic.topic:<36} {(', '.join(said) or 'equal') + at}", markup=False)
    for topic_id in compared.foreign:
        page().print(f"{topic_id:<36} is in the ledger, and no topic of this bus", markup=False)


def _live(ledger: Path, data: Path | None, officer: str | None, as_json: bool) -> None:
    found = installation(data)
    rebuilt = _replaying(ledger, data, None)
    if tell_beginning(rebuilt.walk) is not None:
        raise UsageError(
            "the live state was begun in the ledger before this one, so the two cannot be compared",
            next_step="compare the ledger with the bus (--bus), or two of its moments (--from, --to).",
        )
    overview = Overview(found)
    try:
        record_reading(ledger, fields=STATE_FIELDS, officer=officer, data=data, node=found)
        # Before the replay: what is logged meanwhile would look like a difference.
        live, waiting = overview.standing(), overview.waiting()
    finally:
        overview.close()
    _run(rebuilt)
    logged = _of_roles(rebuilt.replay.standing(), found.present)
    changes = list(differences(live, logged, covered=True))
    row = {
        "equal": live.hash() == logged.hash() and not changes,
        "index": rebuilt.end,
        "ledger": logged.hash(),
        "live": live.hash(),
        "waiting": waiting,
        "count": len(changes),
        "differences": [change.as_row() for change in changes[:MAX_SHOWN]],
    }
    print_json(row) if as_json else _print_states(row, ("live", "ledger"), changes)
    if waiting:
        words().print(f"{waiting} events wait to be relayed or read: some differences may only be late.")
    tell_shortfall(rebuilt)
    if not row["equal"] and (held := len(rebuilt.replay.state.held)):
        words().print(
            f"{held} keys wait in the rebuilt inboxes behind a parked record. A desk that released it after what it had"
            " waited for came past it has taken it, and a replay has not: see docs/auditing.md."
        )
    if not row["equal"]:
        raise _differ("the rebuilt state and the live one differ")


def _of_roles(standing: Standing, roles: Sequence[str]) -> Standing:
    """Return what the databases of these roles can know: an agency's machine holds that agency's part."""
    return Standing(
        {key: record for key, record in standing.records.items() if key[0] in roles},
        standing.pairs if HUB in roles else {},
        {key: alert for key, alert in standing.alerts.items() if key[0] in roles},
        {key: referral for key, referral in standing.referrals.items() if key[0] in roles},
        {key: lead for key, lead in standing.leads.items() if key[0] in roles},
    )


def _moments(ledger: Path, start: int, to: int | None, data: Path | None, officer: str | None, as_json: bool) -> None:
    earlier, later = (_replaying(ledger, data, end) for end in (start, to))
    if earlier.end > later.end:
        raise UsageError("--from is after --to")
    record_reading(ledger, fields=STATE_FIELDS, officer=officer, data=data)
    tell_beginning(later.walk)
    states = [_run(running) for running in (earlier, later)]
    changes = list(differences(*states, covered=False))
    moments = [
        {"index": running.end, "state_hash": state.hash()}
        for running, state in zip((earlier, later), states, strict=True)
    ]
    row = {"from": moments[0], "to": moments[1], "count": len(changes), "changes": [c.as_row() for c in changes]}
    if as_json:
        print_json(row)
    else:
        for name, moment in zip(("from", "to"), moments, strict=True):
            page().print(f"{name:<5} index {moment['index']}: state {moment['state_hash']}", markup=False)
        for change in changes:
            page().print(change_words(change.as_row()), markup=False, soft_wrap=True)
    tell_shortfall(later)


def _replaying(ledger: Path, data: Path | None, end: int | None) -> Replaying:
    directory = directory_for(ledger, data, needed=True)
    return Replaying(LedgerWalk(ledger, directory), Asked(end=end), rebuild=True)


def _run(running: Replaying) -> Standing:
    with leaves_bar() as progress:
        running.to_end(progress)
    return running.replay.standing()


def _print_states(row: dict[str, Any], names: tuple[str, str], changes: Sequence[Change]) -> None:
    for name in names:
        page().print(f"{name:<7} state {row[name]}", markup=False)
    if row["equal"]:
        page().print("equal")
    for line in _lines(changes):
        page().print(line, markup=False, soft_wrap=True)


def _lines(changes: Sequence[Change]) -> Iterator[str]:
    for change in islice(changes, MAX_SHOWN):
        yield change_words(change.as_row())
    if len(changes) > MAX_SHOWN:
        yield f"and {len(changes) - MAX_SHOWN} more"


def _differ(what: str) -> VerificationFailed:
    return VerificationFailed(
        what,
        unchanged="nothing was changed: comparing only reads.",
        next_step="keep both as they are; `casebus ledger verify` says whether the ledger itself is whole.",
    )
