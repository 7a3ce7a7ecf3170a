"""What the auditor's commands share: the ledger's directory, the key, files that are given."""

from pathlib import Path
from typing import Annotated

import typer

from casebus.errors import NotFound, UsageError

LedgerDirectory = Annotated[
    Path, typer.Argument(help="The ledger's directory: hub/ledger, or a copy of it.", show_default=False)
]
Key = Annotated[str, typer.Option("--key", help="The ledger's key in C2SP form, or a file that holds it.")]
MAX_GIVEN_BYTES = 65_536


def given_key(text: str) -> str:
    """Return the key's line: given as such, or in a file."""
    if "+" in text and not Path(text).exists():
        return text.strip()
    return given_file(Path(text)).decode("utf-8", "replace").strip()


def given_file(path: Path) -> bytes:
    """Return a small file's bytes. Raises `UsageError`."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_GIVEN_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > MAX_GIVEN_BYTES:
        raise UsageError(f"{path} is larger than {MAX_GIVEN_BYTES} bytes")
    return content


def refuse_missing(ledger: Path) -> None:
    """Raise `NotFound` where there is no such directory."""
    if not ledger.is_dir():
        raise NotFound(f"there is no ledger at {ledger}", next_step="name hub/ledger of a data directory, or a copy.")
