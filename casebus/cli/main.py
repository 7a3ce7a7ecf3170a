"""The program: `casebus`. One module per group of commands; this one joins them and turns errors into exit codes."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

import typer

from casebus import __version__
from casebus.cli import streams
from casebus.cli.commands import join
from casebus.cli.output import print_json
from casebus.errors import CasebusError, Unavailable, UsageError
from casebus.harmless import harmless

EPILOG = (
    "Exit codes: 0 ok, 1 unexpected, 2 usage, 3 verification failed, 4 not found, 5 not permitted, 6 conflict, "
    "7 unavailable or timed out, 8 schema, 9 done but something was refused or parked, 130 interrupted."
)

COMMANDS = {
    "init": "node:init",
    "demo": "demo:demo",
    "run": "node:run",
    "status": "node:status",
    "doctor": "node:doctor",
    "alerts": "alerts:app",
    "console": "console:console",
    "desk": "desk:app",
    "referrals": "referrals:app",
    "welfare": "welfare:app",
    "outcomes": "outcomes:app",
    "deconflict": "deconflict:app",
    "keys": "keys:app",
    "parked": "parked:app",
    "log": "log:app",
    "ledger": "ledger:assembled",
    "match": "match:assembled",
    "schema": "schema:app",
}
"""Each command or group, and where it is."""


def assembled(words: Sequence[str] = ()) -> typer.Typer:
    """Return the program, or as much of it as a command line needs: loading all takes longer than most commands run."""
    app = typer.Typer(
        name="casebus",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        epilog=EPILOG,
        help="Case coordination between child-protection agencies: publish, match blind, tell both, prove the log.",
    )
    app.callback(invoke_without_command=True)(version)
    join(app, COMMANDS, words)
    return app


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
    with streams.guarded() as stdout:
        code = _ended(stdout)
    sys.exit(code)


def _ended(stdout: streams.Stdout) -> int:
    """Run the command; return its exit code, with every error told."""
    try:
        code = assembled(sys.argv[1:])(standalone_mode=False)
        stdout.flush()
        return code if isinstance(code, int) else 0
    except CasebusError as error:
        return _told(error, stdout)
    except typer.TyperException as error:
        return _told_usage(error, stdout)
    except (KeyboardInterrupt, typer.Abort):
        _say("interrupted: what was committed stands.")
        return 130
    except OSError as error:  # what no part expected of the machine is still the machine's
        place = f"{os.fsdecode(error.filename)} cannot be used" if error.filename else "the machine refused"
        return _told(
            Unavailable(
                f"{place}: {error.strerror or type(error).__name__}",
                unchanged="what was committed stands.",
                next_step="mend what is named, and give the command again.",
            ),
            stdout,
        )


def _told(error: CasebusError, stdout: streams.Stdout) -> int:
    _say(error.diagnostics())
    _print_error(error, stdout)
    return error.exit_code


def _told_usage(error: typer.TyperException, stdout: streams.Stdout) -> int:
    """Tell what is wrong with the arguments: the command's help where there are none, else the error alone."""
    help_ = f"casebus {' '.join(_command_words())} --help".replace("  ", " ")
    what = "no command is named"
    if str(error):  # typer has printed the help itself where nothing was named
        what = _words_of(error)
        _say(UsageError(what, next_step=help_).diagnostics())
    _print_error(UsageError(what, next_step=help_), stdout, exit_code=error.exit_code)
    return error.exit_code


def _words_of(error: typer.TyperException) -> str:
    """Return what is wrong with an argument, and with which."""
    format_message = getattr(error, "format_message", None)
    return (format_message() if format_message else str(error)).replace("Value error, ", "", 1)


def _command_words() -> list[str]:
    """Return the words of the command that was given, without its arguments and options."""
    words: list[str] = []
    command: Any = typer.main.get_command(assembled(sys.argv[1:]))
    for word in sys.argv[1:]:
        command = getattr(command, "commands", {}).get(word)
        if command is None:
            break
        words.append(word)
    return words


def _print_error(error: CasebusError, stdout: streams.Stdout, *, exit_code: int | None = None) -> None:
    """Print the error as one object where one object was asked for, and no other was printed."""
    if "--json" not in sys.argv or stdout.written:
        return
    told = {
        "code": error.code,
        "exit_code": error.exit_code if exit_code is None else exit_code,
        "what": error.what,
        "unchanged": error.unchanged,
        "next_step": error.next_step,
    }
    with suppress(Unavailable):
        print_json({"error": told})


def _say(text: str) -> None:
    with suppress(OSError):  # a stderr that is full or gone: the exit code still tells
        sys.stderr.write(harmless(text) + "\n")
