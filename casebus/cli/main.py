"""The program: `casebus`. One module per group of commands; this one joins them and turns errors into exit codes."""

import os
import sys
from typing import NoReturn

import typer

from casebus import __version__
from casebus.cli import alerts, demo, ledger, log, node, parked, schema
from casebus.errors import CasebusError

EPILOG = (
    "Exit codes: 0 ok, 1 unexpected, 2 usage, 3 verification failed, 4 not found, 5 not permitted, 6 conflict, "
    "7 unavailable or timed out, 8 schema, 9 done but something was refused or parked, 130 interrupted."
)

app = typer.Typer(
    name="casebus",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog=EPILOG,
    help="Case coordination between child-protection agencies: publish, match blind, tell both, prove the log.",
)
app.command("init")(node.init)
app.command("demo")(demo.demo)
app.command("run")(node.run)
app.command("status")(node.status)
app.command("doctor")(node.doctor)
app.add_typer(alerts.app, name="alerts")
app.add_typer(parked.app, name="parked")
app.add_typer(log.app, name="log")
app.add_typer(ledger.app, name="ledger")
app.add_typer(schema.app, name="schema")


@app.callback(invoke_without_command=True)
def version(
    context: typer.Context,
    show: bool = typer.Option(False, "--version", help="Print the version and end."),
) -> None:
    """Case coordination between child-protection agencies."""
    if show:
        typer.echo(f"casebus {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit


def main() -> NoReturn:
    """Run a command and end with its exit code."""
    try:
        code = app(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except CasebusError as error:
        _say(error.diagnostics())
        sys.exit(error.exit_code)
    except typer.TyperException as error:
        _say(f"error: {error}\n  next: casebus {' '.join(sys.argv[1:3])} --help")
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _say("interrupted: what was committed stands, and the same command goes on from there.")
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has gone; there is nobody left to tell, also not the interpreter's last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
