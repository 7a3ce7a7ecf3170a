"""What the auditor's commands share: the ledger's directory, the key, files that are given."""

import os
import stat
from pathlib import Path
from typing import Annotated

import typer

from casebus.errors import NotFound, UsageError, VerificationFailed
from casebus.ledger.checkpoint import parse_checkpoint_form
from casebus.ledger.note import parse_note
from casebus.ledger.policy import parse_policy
from casebus.ledger.vkey import KeyType, parse_vkey

LedgerDirectory = Annotated[
    Path, typer.Argument(help="The ledger's directory: hub/ledger, or a copy of it.", show_default=False)
]
Key = Annotated[str, typer.Option("--key", help="The ledger's key in C2SP form, or a file that holds it.")]
MAX_GIVEN_BYTES = 65_536


def given_key(text: str, option: str = "--key") -> str:
    """Return the key's line: given as such, or in a file. Raises `UsageError` for what is neither.

    What somebody typed is told from what the ledger holds: a key that cannot be read says nothing about the evidence.
    """
    line = text if "+" in text and not _is_there(Path(text)) else given_file(Path(text)).decode("utf-8", "replace")
    try:
        if parse_vkey(line.strip()).type is not KeyType.ED25519:
            raise VerificationFailed("it is a witness's.")
    except VerificationFailed as error:
        raise UsageError(
            f"{option} is not a key: {error.what}", next_step="give the line in ledger.vkey, or name that file."
        ) from error
    return line.strip()


def checked_policy(path: Path | None) -> str | None:
    """Return a policy's text, None where none is given. Raises `UsageError` for what is no policy."""
    if path is None:
        return None
    text = given_file(path).decode("utf-8", "replace")
    try:
        parse_policy(text)
    except VerificationFailed as error:
        raise UsageError(
            f"--policy is not a policy: {error.what}", next_step="name a tlog-policy, such as the hub's policy.txt."
        ) from error
    return text


def checked_since(path: Path | None) -> bytes | None:
    """Return a checkpoint's bytes, None where none is given. Raises `UsageError` for what is no checkpoint.

    Who signed it is for the verification to say.
    """
    if path is None:
        return None
    content = given_file(path)
    try:
        parse_checkpoint_form(parse_note(content).text)
    except VerificationFailed as error:
        raise UsageError(
            f"--since is not a checkpoint: {error.what}", next_step="name a file that `ledger checkpoint` wrote."
        ) from error
    return content


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # longer than a name can be
        return False


def given_file(path: Path, limit: int = MAX_GIVEN_BYTES) -> bytes:
    """Return a small file's bytes. Raises `UsageError`, also for a pipe, which might never answer."""
    try:
        # Not blocking: opening a named pipe would wait for whoever writes to it.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageError(
                    f"{path} is not a regular file", next_step="name a file; write what a program prints to one first."
                )
            content = file.read(limit + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > limit:
        raise UsageError(f"{path} is larger than {limit} bytes")
    return content


def refuse_missing(ledger: Path) -> None:
    """Raise `NotFound` where there is no such directory."""
    try:
        found = ledger.is_dir()
    except OSError:  # a name that no directory can have
        found = False
    if not found:
        raise NotFound(
            f"there is no ledger at {str(ledger)[:200]}", next_step="name hub/ledger of a data directory, or a copy."
        )
