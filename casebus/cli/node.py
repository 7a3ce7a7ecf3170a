"""`init`, `run`, `status`, `doctor`: setting up and running roles."""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from casebus import logs
from casebus.cli.options import AsJson, Data, clock, installation, named
from casebus.cli.output import page, print_json, words
from casebus.clock import Clock
from casebus.errors import CasebusError, PartlyDone, UsageError
from casebus.installing import initialise
from casebus.layout import HUB, Layout
from casebus.roles import Installation, open_role
from casebus.status import Overview
from casebus.supervise import Supervisor, die_with_supervisor


def init(
    data: Data = None,
    training: Annotated[
        bool, typer.Option("--training", help="Use published keys, for demonstrations only: they protect nothing.")
    ] = False,
) -> None:
    """Make a data directory: three fictional agencies and a hub, each with its own keys.

    Refuses a directory that is not empty (exit 6).
    """
    root = named(data)
    initialise(root, training=training, now=clock().now())
    say = words()
    if training:
        training_banner()
    say.print(f"casebus is set up in {root}")
    say.print(f"next: casebus run all --data {root}")


def training_banner() -> None:
    """Say in red, on stderr, that nothing here is protected."""
    words().print("TRAINING: published keys, synthetic data. Nothing here is protected.", style="bold white on red")


class Stop:
    """Turns SIGTERM and SIGINT into a flag that loops look at; a second signal ends the process at once."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: object) -> None:
        if self.asked:
            sys.exit(1)
        self.asked = True

    def __call__(self) -> bool:
        """Tell whether to stop."""
        return self.asked


def run(
    role: Annotated[str, typer.Argument(help="all, hub, or an agency's code.", show_default=False)],
    data: Data = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Run this component alone (may be repeated).")
    ] = None,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when no document, outbox row or record waits, twice in a row.")
    ] = False,
    timeout: Annotated[
        float | None, typer.Option("--timeout", help="Give up after so many seconds (exit 7).", min=0.0)
    ] = None,
) -> None:
    """Run the roles: `all` supervises the hub and every agency as processes of their own.

    Ends with 9 when something was newly refused or parked, 7 on timeout.
    """
    die_with_supervisor()
    stop = Stop()
    found = installation(data)
    if role == "all":
        if only:
            raise UsageError("--only goes with one role", next_step="casebus run nz-police --only adapter")
        logs.configure(found.layout.root / "supervisor.jsonl", "supervisor")
        before = _faults(found) if until_idle else 0
        Supervisor(found, clock()).run(stopped=stop, until_idle=until_idle, timeout_s=timeout)
    else:
        found.role(role)
        logs.configure(found.role(role).log, role)
        before = _faults(found, role) if until_idle else 0
        _run_role(found, role, only or [], stop, until_idle, timeout)
    if until_idle and (_faults(found) if role == "all" else _faults(found, role)) > before:
        raise PartlyDone(
            "done, but something was refused or parked",
            unchanged="what was refused or parked is kept, with its reason.",
            next_step="look into spool/refused/*.report.json, and `casebus parked list`.",
        )


def _run_role(
    found: Installation, role: str, only: list[str], stop: Stop, until_idle: bool, timeout: float | None
) -> None:
    opened = open_role(found, role, only)
    try:
        opened.node.run(stopped=stop, until_idle=until_idle, timeout_s=timeout)
    finally:
        opened.close()


def _faults(found: Installation, *roles: str) -> int:
    overview = Overview(found, roles)
    try:
        return overview.faults()
    finally:
        overview.close()


def status(data: Data = None, as_json: AsJson = False) -> None:
    """Show topics, consumers, outboxes, parked records, spools, and one hash of where everything stands."""
    overview = Overview(installation(data))
    try:
        report = overview.report()
    finally:
        overview.close()
    if as_json:
        print_json(report)
        return
    _print_status(report)


def _print_status(report: dict[str, object]) -> None:
    console = page()
    table = Table("role", "consumer", "topic", "read", "of", "waits")
    consumers = report["consumers"]
    assert isinstance(consumers, list), "bug: consumers are a list"
    for each in consumers:
        table.add_row(
            each["role"], each["consumer"], each["topic"], str(each["position"]), str(each["end"]), str(each["lag"])
        )
    console.print(table)
    for name in ("outbox", "parked", "spool"):
        console.print(f"{name}: {report[name]}")
    console.print(f"state {report['state_hash']}")


def doctor(data: Data = None, as_json: AsJson = False) -> None:
    """Check an installation: settings, directory, schemas, keys, bus and stores, each with what to do about it."""
    checks = [_check(name, act) for name, act in _examinations(named(data), clock())]
    if as_json:
        print_json({"checks": checks})
    else:
        for check in checks:
            page().print(f"{'ok  ' if check['ok'] else 'FAIL'} {check['name']}: {check['detail']}")
    if not all(check["ok"] for check in checks):
        raise typer.Exit(1)


def _check(name: str, act: object) -> dict[str, object]:
    assert callable(act), "bug: an examination is callable"
    try:
        return {"name": name, "ok": True, "detail": act()}
    except CasebusError as error:
        return {"name": name, "ok": False, "detail": error.diagnostics()}


def _examinations(root: Path, now: Clock) -> list[tuple[str, object]]:
    layout = Layout(root)

    def opened() -> Installation:
        return Installation.open(layout, now)

    def keys_of(code: str) -> str:
        opened().publisher(code)
        return "signing key can be read, by its owner only"

    def reach_log() -> str:
        found = opened()
        found.open_log("doctor").close()
        return found.settings.bootstrap or "embedded"

    def reach_store(code: str) -> str:
        opened().open_store(code).close()
        return "answers"

    codes = [HUB, *opened().agencies]
    return [
        ("settings and directory", lambda: f"{len(opened().agencies)} agencies"),
        ("bus", reach_log),
        *((f"keys of {code}", lambda code=code: keys_of(code)) for code in codes),
        *((f"state of {code}", lambda code=code: reach_store(code)) for code in codes),
    ]
