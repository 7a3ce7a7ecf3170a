"""The token keys of an agency, one for each epoch: `token.key` is the first, `token-2.key` the second, and so on.

There is one; while it is rotated there are two, of successive epochs. All agencies hold the same ones.
"""

import hmac
import re
from pathlib import Path

from casebus import keys
from casebus.errors import Conflict, UsageError
from casebus.events.types import MAX_EPOCHS

_CHECK_LABEL = b"casebus token key check value: read out between agencies, says nothing of any token"
_FIRST = "token.key"
_LATER = re.compile(r"token-([2-9]|[1-9][0-9]{1,8})\.key")


def token_key_file(epoch: int) -> str:
    """Return the name of the file that holds an epoch's key."""
    return _FIRST if epoch == 1 else f"token-{epoch}.key"


def token_epochs(directory: Path) -> tuple[int, ...]:
    """Return the epochs of which a key lies there, by the names of the files, the oldest first. Opens none of them."""
    named = (_epoch_of(path.name) for path in directory.glob("token*.key"))
    return tuple(sorted(epoch for epoch in named if epoch is not None))


def _epoch_of(name: str) -> int | None:
    if name == _FIRST:
        return 1
    later = _LATER.fullmatch(name)
    return int(later[1]) if later else None


def load_token_keys(directory: Path) -> dict[int, bytes]:
    """Read the keys by epoch, the oldest first. Raises like `keys.load_secret`, and `UsageError` for keys that cannot stand
    side by side.
    """
    epochs = token_epochs(directory) or (1,)
    if len(epochs) > MAX_EPOCHS or epochs[-1] - epochs[0] >= MAX_EPOCHS:
        raise UsageError(
            f"token keys of epochs {', '.join(map(str, epochs))} lie side by side; there are one, or two successive ones",
            next_step="move the files away whose epochs are ended (`docs/rotation.md`).",
        )
    found = {epoch: _load(directory / token_key_file(epoch), epoch, epochs) for epoch in epochs}
    if len(set(found.values())) < len(found):
        raise UsageError(
            "two epochs have the same token key, so that every token of one could be read as the other's",
            next_step="get the newer epoch's key from the agencies' exchange.",
        )
    return found


def check_value(key: bytes) -> str:
    """Return what agencies read out to each other to hear that they hold one key: two groups of four hexadecimal digits.

    No token's message starts like the label, so it is no token; and 32 bits do not tell a key of 256.
    """
    digits = hmac.digest(key, _CHECK_LABEL, "sha256").hex()
    return f"{digits[:4]} {digits[4:8]}"


def _load(path: Path, epoch: int, epochs: tuple[int, ...]) -> bytes:
    try:
        return keys.load_secret(path)
    except UsageError as error:
        # Never a new one: tokens under a key that no partner has match nothing.
        again = f"remove it and add the key again with the same file: `casebus keys token add --epoch {epoch}`."
        restored = "restore it from its backup, or get the same key from another agency."
        raise UsageError(error.what, next_step=again if epoch > min(epochs) else restored) from error


def add_token_key(directory: Path, epoch: int, source: Path) -> Path:
    """Copy the next epoch's key from a file to where the others lie, and return where. Nothing is changed on an error.

    Raises like `load_token_keys` for the keys that are there and the new one, `UsageError` for an epoch that is not the next
    or a key that an older one has, `Conflict` while two epochs stand side by side.
    """
    held = load_token_keys(directory)
    newest = max(held)
    if len(held) == MAX_EPOCHS:
        raise Conflict(
            f"the token keys of epochs {min(held)} and {newest} stand side by side already; nothing was added",
            next_step=f"end epoch {min(held)} first: `casebus keys token end --epoch {min(held)}`.",
        )
    if epoch != newest + 1:
        raise UsageError(
            f"epoch {epoch} is not the next one; nothing was added",
            next_step=f"the newest token key here is of epoch {newest}: the next is {newest + 1}.",
        )
    key = keys.load_secret(source)
    if key in held.values():
        raise UsageError(
            f"that is the key of epoch {newest}; nothing was added",
            next_step="get the new key from the agency that made it with `casebus keys token make`.",
        )
    path = directory / token_key_file(epoch)
    keys.write_secret(path, key)
    return path


def end_token_key(directory: Path, epoch: int) -> Path:
    """Remove the older of two epochs' keys, and return where it was. Raises like `load_token_keys`, `UsageError` for an
    epoch that is not the older of two, `Unavailable` when the disk refuses.
    """
    held = load_token_keys(directory)
    if len(held) < MAX_EPOCHS or epoch != min(held):
        raise UsageError(
            f"epoch {epoch} cannot be ended; the keys here are of epochs {', '.join(map(str, held))}, and none was removed",
            next_step="only the older of two epochs is ended; `casebus keys token list` shows them.",
        )
    path = directory / token_key_file(epoch)
    keys.remove_key(path)
    return path
