"""`casebus match`: comparing in the clear, on the agency's own machine. Of it only the reading goes on record."""

from collections.abc import Sequence

import typer

from casebus.cli.commands import join

COMMANDS = {
    "file": "match_registers:file",
    "against": "match_registers:against",
    "explain": "match_explain:explain",
}


def assembled(words: Sequence[str] = ()) -> typer.Typer:
    """Return the group, or the one command of it that the first of the words names."""
    app = typer.Typer(
        no_args_is_help=True,
        help="Find one person's records in a register, or see why two own records match; no identifier is published.",
    )
    join(app, COMMANDS, words)
    return app
