"""Private keys in files: Ed25519 and X25519 as PKCS#8 PEM, symmetric ones as one line of base64. Mode 0600, or they are not read.

The training keys at the end are published with the source, so they protect nothing: `init --training` uses them so that
two machines make the same bytes, and nothing else accepts them.
"""

import base64
import binascii
import hashlib
import os
import secrets
import stat
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from casebus.durable import sync_directory
from casebus.errors import Conflict, NotFound, NotPermitted, Unavailable, UsageError

SECRET_BYTES = 32
_MAX_FILE_BYTES = 4096
_TRAINING_LABEL = "casebus training key: published with the source, protects nothing"


def make_signing_key() -> Ed25519PrivateKey:
    """Return a new Ed25519 key from the machine's randomness."""
    return Ed25519PrivateKey.generate()


def make_secret() -> bytes:
    """Return 32 new random bytes for a token key or an id key."""
    return secrets.token_bytes(SECRET_BYTES)


def make_encryption_key() -> X25519PrivateKey:
    """Return a new X25519 key from the machine's randomness."""
    return X25519PrivateKey.generate()


def write_private_key(path: Path, key: Ed25519PrivateKey | X25519PrivateKey) -> None:
    """Write a key as PKCS#8 PEM, durably, mode 0600. Raises `Conflict` when the file exists, `Unavailable`."""
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write_private(path, pem)


def write_secret(path: Path, secret: bytes) -> None:
    """Write a 32-byte key as one line of base64, durably, mode 0600. Raises `Conflict` when the file exists, `Unavailable`."""
    if len(secret) != SECRET_BYTES:
        raise AssertionError("bug: a symmetric key has 32 bytes")
    _write_private(path, base64.b64encode(secret) + b"\n")


def load_signing_key(path: Path) -> Ed25519PrivateKey:
    """Read a PKCS#8 PEM file.

    Raises `NotFound`, `NotPermitted` when others may read or write the file, `UsageError` when it holds no Ed25519 key.
    """
    key = _load(path)
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path, "an Ed25519 key")
    return key


def load_encryption_key(path: Path) -> X25519PrivateKey:
    """Read a PKCS#8 PEM file. Raises like `load_signing_key`, for one that holds no X25519 key."""
    key = _load(path)
    if not isinstance(key, X25519PrivateKey):
        raise _no_key(path, "an X25519 key")
    return key


def load_encryption_keys(directory: Path, owner: str) -> dict[str, X25519PrivateKey]:
    """Read every `encryption*.key` of a role by the id of its public half: the key of now, and those before it.

    Raises like `load_encryption_key`, `NotFound` where there is none.
    """
    paths = sorted(directory.glob("encryption*.key")) or [directory / "encryption.key"]
    read = [load_encryption_key(path) for path in paths]
    return {key_id(owner, public_bytes(key)): key for key in read}


def _load(path: Path) -> object:
    try:
        return serialization.load_pem_private_key(_read_private(path), password=None)
    except (ValueError, TypeError) as error:
        raise _no_key(path, "an unencrypted PKCS#8 PEM key") from error


def load_secret(path: Path) -> bytes:
    """Read a 32-byte symmetric key. Raises like `load_signing_key`."""
    try:
        secret = base64.b64decode(_read_private(path).strip(), validate=True)
    except binascii.Error as error:
        raise _no_key(path, "one line of base64") from error
    if len(secret) != SECRET_BYTES:
        raise _no_key(path, "a key of 32 bytes")
    return secret


def public_bytes(key: Ed25519PrivateKey | Ed25519PublicKey | X25519PrivateKey) -> bytes:
    """Return the 32 raw bytes of the public half."""
    public = key if isinstance(key, Ed25519PublicKey) else key.public_key()
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def key_id(owner: str, public: bytes) -> str:
    """Return the id under which the directory lists a public key: its owner and the start of its SHA-256."""
    return f"{owner}-{hashlib.sha256(public).hexdigest()[:16]}"


def training_signing_key(owner: str, purpose: str = "signing") -> Ed25519PrivateKey:
    """Return the published training key of an owner. Never use it where anything is real."""
    return Ed25519PrivateKey.from_private_bytes(training_secret(f"{purpose}/{owner}"))


def training_encryption_key(owner: str) -> X25519PrivateKey:
    """Return the published training key with which an owner opens what is sealed to it."""
    return X25519PrivateKey.from_private_bytes(training_secret(f"encryption/{owner}"))


def training_secret(label: str) -> bytes:
    """Return a published 32-byte training key, for example of `id/nz-police`, or of `token` (all agencies share it)."""
    return hashlib.sha256(f"{_TRAINING_LABEL}\n{label}\n".encode()).digest()


def remove_key(path: Path) -> None:
    """Remove a key file, durably. Raises `Unavailable` when the disk refuses."""
    try:
        path.unlink()
        sync_directory(path.parent)
    except OSError as error:
        raise Unavailable(
            f"{path} cannot be removed: {error.strerror}",
            unchanged="the key is there as it was, or gone.",
            next_step="mend what is named, and see which keys are there before you go on.",
        ) from error


def _write_private(path: Path, content: bytes) -> None:
    try:
        _put_whole(path, content)
    except FileExistsError as error:
        raise Conflict(
            f"{path} exists; a key is never overwritten", next_step="move the old key away first."
        ) from error
    except OSError as error:
        raise Unavailable(
            f"{path} cannot be written: {error.strerror}",
            unchanged="no other file was changed; the key is there whole or not at all.",
            next_step="make the directory or make room, or name another file.",
        ) from error


def _put_whole(path: Path, content: bytes) -> None:
    """Put a file under its name, whole and durable. A crash leaves a `.part` file beside it that nothing reads."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)  # whatever the umask was
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)  # unlike a rename, never in the place of another key
    finally:
        part.unlink()
    sync_directory(path.parent)


def _read_private(path: Path) -> bytes:
    try:
        # Non-blocking, so that a pipe in place of the file is refused instead of waited for.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            # The open file is asked, not the path: what was checked is what is read.
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise UsageError(f"{path} is not a regular file")
            if mode & 0o077:
                raise NotPermitted(
                    f"{path} can be reached by other users (mode {stat.S_IMODE(mode):04o}); a private key must be 0600",
                    next_step=f"chmod 600 {path}, and make a new key if others may have read this one.",
                )
            return file.read(_MAX_FILE_BYTES)
    except FileNotFoundError as error:
        raise NotFound(f"there is no key at {path}", next_step="restore it from its backup.") from error
    except PermissionError as error:
        raise NotPermitted(f"{path} cannot be read by this user") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read as a key file") from error


def _no_key(path: Path, expected: str) -> UsageError:
    return UsageError(
        f"{path} does not hold {expected}", next_step="restore the key from its backup, or make a new one."
    )


def is_training_key(owner: str, public: bytes, purpose: str = "signing") -> bool:
    """Tell whether a public key is an owner's published training key: anybody can sign with it, or open what is sealed."""
    if purpose == "encryption":
        return public == public_bytes(training_encryption_key(owner))
    return public == public_bytes(training_signing_key(owner, purpose))
