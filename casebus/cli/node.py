"""`init`, `run`, `status`, `doctor`: setting up and running roles."""

import signal
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer
from rich.table import Table

from casebus import keys, logs
from casebus.cli.options import AsJson, Data, clock, installation, named
from casebus.cli.output import page, print_json, words
from casebus.clock import Clock
from casebus.console.assets import is_styled
from casebus.errors import CasebusError, PartlyDone, UsageError, VerificationFailed
from casebus.installing import initialise, topics_of
from casebus.layout import HUB, Layout
from casebus.ledger.positions import committed_positions
from casebus.ledger.read import LedgerReader
from casebus.roles import Installation, More, open_role
from casebus.status import Overview, end_of
from casebus.stops import AUDIT_LOG, alarm_of
from casebus.supervise import Supervisor, die_with_supervisor
from casebus.token_keys import load_token_keys
from casebus.witnessing.assembling import read_vkey


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
    """Turns SIGTERM and SIGINT into a flag that loops look at; a second signal ends the process at once.

    `interrupted` tells that it was SIGINT: the command ends with 130 then, after SIGTERM with 0.
    """

    def __init__(self) -> None:
        self.asked = False
        self.interrupted = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, number: int, _frame: object) -> None:
        if self.asked:
            sys.exit(128 + number)
        self.asked = True
        self.interrupted = number == signal.SIGINT

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

    Ends with 9 when something was newly refused or parked, 7 on timeout, 130 after Ctrl-C, and 3 when the ledger and its
    witnesses contradict each other, or a part of them has stopped.
    """
    die_with_supervisor()
    stop = Stop()
    found = installation(data)
    if role == "all":
        if only:
            raise UsageError("--only goes with one role", next_step="casebus run nz-police --only adapter")
        logs.configure(found.layout.root / "supervisor.jsonl", "supervisor")
        before = _faults(found) if until_idle else frozenset()
        Supervisor(found, clock()).run(stopped=stop, until_idle=until_idle, timeout_s=timeout)
    else:
        found.role(role)
        logs.configure(found.role(role).log, role)
        before = _faults(found, role) if until_idle else frozenset()
        _run_role(found, role, only or [], stop, until_idle, timeout)
    if stop.interrupted:
        raise typer.Abort
    alarm = alarm_of(found, found.present if role == "all" else [role]) if until_idle else None
    if alarm is not None:
        raise alarm
    if until_idle and (_faults(found) if role == "all" else _faults(found, role)) - before:
        raise PartlyDone(
            "done, but something was refused or parked",
            unchanged="what was refused or parked is kept, with its reason.",
            next_step="look into spool/refused/*.report.json, and `casebus parked list`.",
        )


def _run_role(
    found: Installation, role: str, only: list[str], stop: Stop, until_idle: bool, timeout: float | None
) -> None:
    opened = open_role(found, role, only, {**_console_of(found, role), **_notifier_of(found, role)})
    try:
        opened.node.run(stopped=stop, until_idle=until_idle, timeout_s=timeout)
    finally:
        opened.close()


def _console_of(found: Installation, role: str) -> More:
    """Return the console of an agency whose settings have one, as a component of its node."""
    settings = found.settings.console.get(role)
    if settings is None:
        return {}
    from casebus.console import serving  # here: a node without a console loads no web server

    return {serving.NAME: partial(serving.component, found, role, settings)}


def _notifier_of(found: Installation, role: str) -> More:
    """Return the notifier of an agency whose settings have one, as a component of its node."""
    settings = found.settings.notify.get(role)
    if settings is None:
        return {}
    from casebus.notifying import assembling  # here: a node without it loads no HTTP client

    return {assembling.NAME: partial(assembling.component, found, role, settings)}


def _faults(found: Installation, *roles: str) -> frozenset[tuple[str, str]]:
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
    stopped = report["stopped"]
    assert isinstance(stopped, list), "bug: what has stopped is a list"
    for each in stopped:
        console.print(
            f"STOPPED {each['component']} of {each['role']}: {each['reason']}", style="bold red", markup=False
        )


def doctor(data: Data = None, as_json: AsJson = False) -> None:
    """Check an installation: settings, directory, schemas, keys, bus and stores, each with what to do about it.

    Ends with the highest exit code among the checks that failed.
    """
    checks = _checks(Layout(named(data)), clock())
    if as_json:
        print_json({"checks": [{"name": c.name, "ok": c.code == 0, "detail": c.detail} for c in checks]})
    else:
        for check in checks:
            page().print(f"{'FAIL' if check.code else 'ok  '} {check.name}: {check.detail}", markup=False)
    worst = max(check.code for check in checks)
    if worst:
        raise typer.Exit(worst)


@dataclass(frozen=True, slots=True)
class Check:
    """What one examination found. `code` is the exit code of its error, 0 where there was none."""

    name: str
    code: int
    detail: str


def _check(name: str, examine: Callable[[], str]) -> Check:
    try:
        return Check(name, 0, examine())
    except CasebusError as error:
        return Check(name, error.exit_code, error.diagnostics())


def _checks(layout: Layout, now: Clock) -> list[Check]:
    settings = _check("settings and directory", lambda: f"{len(Installation.open(layout, now).agencies)} agencies")
    if settings.code:
        return [settings]  # nothing else can be found without them
    found = Installation.open(layout, now)
    return [
        settings,
        _check("bus", lambda: _reach_bus(found)),
        *(_check(f"{key} key of {code}", partial(_read_key, found, code, key)) for code, key in _keys(found)),
        *(_check(f"state of {code}", partial(_reach_state, found, code)) for code in found.present),
        *(_check(f"console of {code}", _look_at_styles) for code in found.present if code in found.settings.console),
        *(_check(f"notifier of {code}", partial(_look_at_notifier, found, code)) for code in _notifying(found)),
        *(_check(f"ledger as {code} holds it", partial(_look_for_alarms, found, code)) for code in found.present),
        *(
            [_check("the ledger's journal and checkpoint", partial(_read_ledger, found))]
            if HUB in found.present
            else []
        ),
    ]


def _look_at_styles() -> str:
    if is_styled():
        return "styled"
    return "works, plainly drawn: what it is styled with is not installed (`make assets`, or the wheel)"


def _notifying(found: Installation) -> list[str]:
    return [code for code in found.present if code in found.settings.notify]


def _look_at_notifier(found: Installation, code: str) -> str:
    from casebus.notifying import assembling

    ways = assembling.ways_of(found.settings.notify[code], found.clock)
    return f"tells by {' and '.join(ways)}"


def _keys(found: Installation) -> list[tuple[str, str]]:
    """Return the role and name of every key file that should be here."""
    agency = ("signing", "token", "id", "encryption")
    names = {HUB: ("signing", "ledger")} | {
        each.code: (*agency, "witness") for each in found.directory.agencies if each.witness_key is not None
    }
    return [(code, key) for code in found.present for key in names.get(code, agency)]


def _read_key(found: Installation, code: str, key: str) -> str:
    path = found.role(code).key(key)
    if key == "token":
        load_token_keys(path.parent)
    elif key == "id":
        keys.load_secret(path)
    elif key == "encryption":
        named = found.directory.encryption_key(code, found.clock.now())
        if named is None or named.id not in keys.load_encryption_keys(path.parent, code):
            raise UsageError(
                f"the key in directory.toml to which others seal for {code} is not among its encryption keys here",
                next_step="restore that key, or name one of these in every directory.toml (`casebus keys list`).",
            )
    else:
        private = keys.load_signing_key(path)
        _compare_witness_key(found, code, key, keys.public_bytes(private))
    return "can be read, by its owner only"


def _compare_witness_key(found: Installation, code: str, key: str, public: bytes) -> None:
    if key == "witness" and code != HUB:
        line = found.directory.agency(code).witness_key
        if line is not None and read_vkey(line, "witness_key").public_key != public:
            raise UsageError(
                f"the witness key of {code} is not the witness_key in directory.toml",
                next_step="restore the key, or name the new one in every directory.toml and policy.",
            )


def _reach_bus(found: Installation) -> str:
    with closing(found.open_log("doctor")) as log:
        for topic in {topic for code in found.present for topic in topics_of(code, found.agencies)}:
            end_of(log, topic)
    return found.settings.bootstrap or "embedded"


def _look_for_alarms(found: Installation, code: str) -> str:
    alarm = alarm_of(found, [code])
    if alarm is not None:
        raise alarm
    return "no contradiction was found, and nothing has stopped"


def _read_ledger(found: Installation) -> str:
    """Look at what the hub needs of its ledger to start. What else it holds is for `casebus ledger verify`."""
    ledger = found.role(HUB).ledger
    size = LedgerReader(ledger).size
    logged = sum(position for (consumer, _), position in committed_positions(ledger).items() if consumer == AUDIT_LOG)
    if size and not logged:
        raise VerificationFailed(
            f"the checkpoint says {size} leaves, and there is no journal: the hub will not write this ledger",
            next_step="keep the directory as evidence; restore the ledger from a copy that verifies.",
        )
    return f"{size} leaves; `casebus ledger verify` checks each"


def _reach_state(found: Installation, code: str) -> str:
    found.open_store(code).close()
    return "answers"
