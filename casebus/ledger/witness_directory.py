"""A witness's directory: whose it is, that only one process has it, and that its memory is whole.

    witness.vkey     the witness's identity, written last when it begins: from then on the rest must be there
    witness.sqlite   what it remembers (`casebus.ledger.witness_state`)
    marks/ evidence/ its second memory (`casebus.ledger.witness_marks`)
    lock             held while a process runs

A witness that forgot what it has cosigned would cosign a fork, so one that lost its state does not start again. Where
its key lies elsewhere and the whole directory went, nothing here can tell: such a caller says `may_be_new=False`.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from casebus.errors import Conflict, StoreError, UsageError, VerificationFailed
from casebus.ledger.files import Files, read_file, write_whole
from casebus.ledger.vkey import MAX_VKEY_CHARACTERS, VerifierKey
from casebus.ledger.witness_marks import WitnessMarks, check_not_behind
from casebus.ledger.witness_state import STATE_FILE, WitnessState

VKEY_FILE = "witness.vkey"
_SCRATCH = ".scratch"


def lock(directory: Path, files: Files) -> int:
    """Make the directory where it is missing and hold it; a process that dies lets go by itself.

    Raises:
        Conflict: another process runs this witness.
        StoreError: the directory cannot be made or written.
    """
    with stored():
        files.make_directory(directory)
        descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise Conflict(
            "another process runs this witness", next_step="stop it first, or name another directory."
        ) from error
    return descriptor


def open_memory(
    directory: Path, key: VerifierKey, files: Files, *, may_be_new: bool
) -> tuple[WitnessState, WitnessMarks]:
    """Open what the witness with this key remembers, whole; begin it in a directory where no witness was.

    Raises:
        UsageError: the directory is another witness's.
        VerificationFailed: the state is lost, damaged or older than what was cosigned.
        StoreError: it cannot be read or written.
    """
    marks = WitnessMarks(files, directory)
    is_new = _is_new(directory, key, marks)
    if is_new and not may_be_new:
        raise _lost("its directory is gone or empty")
    with stored():
        marks.make()
    state = WitnessState.open(directory, key.format(), may_be_new=is_new)
    try:
        _check_whole(state, marks, key)
        if is_new:
            _write_vkey(directory, key, files)
    except BaseException:
        state.close()
        raise
    return state, marks


def _is_new(directory: Path, key: VerifierKey, marks: WitnessMarks) -> bool:
    """Tell whether the witness begins here: until its vkey is written, whatever of the state a crash may have left."""
    line = read_file(directory / VKEY_FILE, MAX_VKEY_CHARACTERS + 1)
    if line is not None and line.decode("utf-8", "replace").strip() != key.format():
        raise UsageError(
            f"{VKEY_FILE} in the state directory is that of another key or another name",
            next_step="one key, one name, one directory: name another directory, or the right key and name.",
        )
    has_state = (directory / STATE_FILE).exists()
    if not has_state and (line is not None or marks.any()):
        raise _lost(f"{STATE_FILE} is gone")
    return line is None and not marks.any()


def _check_whole(state: WitnessState, marks: WitnessMarks, key: VerifierKey) -> None:
    with stored():
        for checkpoint, timestamp in marks.cosigned(key):
            check_not_behind(state.held(checkpoint.origin), checkpoint, timestamp)
        for origin, reason in marks.stops():
            state.stop(origin, reason)


def _write_vkey(directory: Path, key: VerifierKey, files: Files) -> None:
    """A crash before this leaves a state that holds nothing: the next start takes it up."""
    with stored():
        files.sync_directory(directory)
        write_whole(files, directory / _SCRATCH, directory / VKEY_FILE, f"{key.format()}\n".encode())
        files.sync_directory(directory)


def _lost(what: str) -> VerificationFailed:
    return VerificationFailed(
        f"the witness has lost its state: {what}. It might cosign a fork of what it has cosigned.",
        unchanged="nothing was cosigned.",
        next_step="put the newest state back; if it is lost, retire the witness: a new key is a new witness.",
    )


@contextmanager
def stored() -> Iterator[None]:
    """Turn the operating system's errors into `StoreError`."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"the witness's directory cannot be read or written: {error.strerror}",
            unchanged="no cosignature was given.",
            next_step="see that the disk has room and that the directory is this user's.",
        ) from error
