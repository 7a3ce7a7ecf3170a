"""Key files: written once, private, and refused when they are not."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from casebus import keys
from casebus.errors import Conflict, NotFound, NotPermitted, Unavailable, UsageError

LOADERS: list[Callable[[Path], object]] = [keys.load_signing_key, keys.load_secret]


def private(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def test_a_signing_key_comes_back(tmp_path: Path) -> None:
    key = keys.make_signing_key()
    keys.write_private_key(tmp_path / "signing.key", key)
    assert keys.public_bytes(keys.load_signing_key(tmp_path / "signing.key")) == keys.public_bytes(key)
    assert (tmp_path / "signing.key").read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----\n")


def test_a_secret_comes_back(tmp_path: Path) -> None:
    secret = keys.make_secret()
    keys.write_secret(tmp_path / "id.key", secret)
    assert keys.load_secret(tmp_path / "id.key") == secret != keys.make_secret()
    assert (tmp_path / "id.key").read_bytes().count(b"\n") == 1


def test_keys_are_private_whatever_the_umask_and_never_overwritten(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        keys.write_secret(tmp_path / "id.key", bytes(32))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "id.key").stat().st_mode) == 0o600
    with pytest.raises(Conflict):
        keys.write_secret(tmp_path / "id.key", b"x" * 32)
    assert keys.load_secret(tmp_path / "id.key") == bytes(32)


@pytest.fixture
def synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, bool]]:
    """Whether a directory was brought to the disk, and whether the key was under its name by then."""
    seen: list[tuple[bool, bool]] = []

    def fsync(descriptor: int) -> None:
        seen.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), (tmp_path / "id.key").exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    return seen


def test_a_key_has_its_name_only_once_it_is_whole_on_the_disk(tmp_path: Path, synced: list[tuple[bool, bool]]) -> None:
    keys.write_secret(tmp_path / "id.key", bytes(32))
    assert synced == [(False, False), (True, True)]
    assert [path.name for path in tmp_path.iterdir()] == ["id.key"]


def test_a_key_is_removed_durably(tmp_path: Path, synced: list[tuple[bool, bool]]) -> None:
    keys.write_secret(tmp_path / "id.key", bytes(32))
    keys.remove_key(tmp_path / "id.key")
    assert synced[2:] == [(True, False)]


def test_a_key_that_the_disk_refuses_is_told_of_as_such(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"nowhere.* cannot be written: No such file"):
        keys.write_secret(tmp_path / "nowhere" / "id.key", bytes(32))
    with pytest.raises(Unavailable, match=r"cannot be removed: No such file"):
        keys.remove_key(tmp_path / "id.key")


@pytest.mark.parametrize("load", LOADERS)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, load: Callable[[Path], object], mode: int) -> None:
    keys.write_private_key(tmp_path / "a.key", keys.make_signing_key())
    (tmp_path / "a.key").chmod(mode)
    with pytest.raises(NotPermitted) as caught:
        load(tmp_path / "a.key")
    assert "chmod 600" in caught.value.diagnostics()


@pytest.mark.parametrize("load", LOADERS)
def test_what_is_no_file_is_refused(tmp_path: Path, load: Callable[[Path], object]) -> None:
    with pytest.raises(NotFound):
        load(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe", 0o600)
    for odd in (tmp_path / "pipe", tmp_path):
        with pytest.raises(UsageError):
            load(odd)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN", b"\x00" * 32, b"AAAA\n", b"A" * 5000])
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    for load in LOADERS:
        with pytest.raises(UsageError):
            load(private(tmp_path / "a.key", content))


def test_a_key_of_another_kind_or_under_a_password_is_refused(tmp_path: Path) -> None:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(*form, serialization.NoEncryption())
    locked = keys.make_signing_key().private_bytes(*form, serialization.BestAvailableEncryption(b"x"))
    for content in (other, locked):
        with pytest.raises(UsageError):
            keys.load_signing_key(private(tmp_path / "a.key", content))


def test_training_keys_are_the_same_everywhere_and_apart_from_each_other() -> None:
    owners = ["nz-police", "uk-nca", "nz-internal-affairs", "hub"]
    publics = [keys.public_bytes(keys.training_signing_key(owner)) for owner in owners]
    assert publics == [keys.public_bytes(keys.training_signing_key(owner)) for owner in owners]
    assert len({*publics, keys.public_bytes(keys.training_signing_key("hub", "ledger"))}) == 5
    assert keys.key_id("nz-police", publics[0]) == "nz-police-3364484d323cca0d"
    assert keys.training_secret("token") != keys.training_secret("id/nz-police")
