"""The options that commands share, written once so that they read and complete alike everywhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casebus.clock import Clock, SystemClock
from casebus.errors import NotPermitted, UsageError
from casebus.layout import Layout

if TYPE_CHECKING:
    from casebus.roles import Installation

Data = Annotated[
    Path | None,
    typer.Option(
        "--data", envvar="CASEBUS_DATA", help="The data directory made by `casebus init`.", show_default=False
    ),
]
MAX_OFFICER_CHARS = 200


def checked_officer(officer: str | None) -> str | None:
    """Return who acts, None where only blanks were given. Raises `UsageError` for what is no name."""
    if officer is None or not officer.strip():
        return None
    if len(officer) > MAX_OFFICER_CHARS:
        raise UsageError(f"--officer has more than {MAX_OFFICER_CHARS} characters", next_step="give the officer's id.")
    try:
        officer.encode()
    except UnicodeEncodeError as error:  # what a shell hands over in another encoding
        raise UsageError("--officer is not text in UTF-8", next_step="give it in UTF-8.") from error
    return officer


AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout; words for people go to stderr.")]
AsJsonl = Annotated[bool, typer.Option("--jsonl", help="One JSON object a line on stdout.")]
Agency = Annotated[
    str, typer.Option("--agency", help="The agency whose desk this is, by its code: nz-police.", show_default=False)
]
Officer = Annotated[
    str | None,
    typer.Option(
        "--officer",
        envvar="CASEBUS_OFFICER",
        callback=checked_officer,
        help="Who is acting. Events carry a pseudonym that only the agency can resolve.",
        show_default=False,
    ),
]
Ref = Annotated[
    str, typer.Argument(help="The alert's reference, as `alerts list` shows it, in any case.", show_default=False)
]
Version = Annotated[
    int | None,
    typer.Option("--version", help="The version that you decided on; refused (exit 6) when it has changed since."),
]


def clock() -> Clock:
    """Return the machine's clock: the command line is an edge."""
    return SystemClock()


def installation(data: Path | None) -> "Installation":
    """Open a data directory. Raises `UsageError` when none is named."""
    from casebus.roles import Installation  # here: a copy of a ledger is verified without any of it

    return Installation.open(Layout(named(data)), clock())


def named(data: Path | None) -> Path:
    """Return the data directory that was named, absolute. Raises `UsageError`."""
    if data is None:
        raise UsageError("no data directory is named", next_step="add --data DIR, or set CASEBUS_DATA.")
    return data.absolute()


def refuse_without_officer(officer: str | None) -> None:
    """Raise `NotPermitted` for a decision in nobody's name."""
    if not officer:
        raise NotPermitted("a decision needs a name", next_step="add --officer ID, or set CASEBUS_OFFICER.")
