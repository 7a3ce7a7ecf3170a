"""What the spool makes of an operating system that says no: refused, gone, or to be tried again."""

import hashlib
import os
import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from casebus.errors import DocumentRefused, DocumentUnreadable, RefusalCode, StoreError
from casebus.intake.records import Taken
from casebus.intake.spool import Found, Spool, sync_directory


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path)


def found(name: str) -> Found:
    return Found(name, "identity", 0, regular=True)


def taken(name: str, content: bytes = b"x") -> Taken:
    """Return what is remembered of a document that is filed in done/."""
    raw, digest = name.encode(), hashlib.sha256(content).hexdigest()
    return Taken("identity", raw, digest, "done", raw, b"report", "accepted", None, "", (), filed=True)


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_link_a_socket_and_a_directory_are_refused(spool: Spool, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "link").symlink_to("/dev/null")
    (folder / "directory").mkdir()
    with socket.socket(socket.AF_UNIX) as served:
        served.bind(str(folder / "socket"))
        for name in ("link", "directory", "socket"):
            with pytest.raises(DocumentRefused) as refused:
                spool.read(found(name))
            assert refused.value.refusal is RefusalCode.NOT_A_REGULAR_FILE


def test_what_is_gone_is_no_document(spool: Spool) -> None:
    assert spool.read(found("gone")) is None


OPERATIONS: dict[str, Callable[[Spool, Path], object]] = {
    "read": lambda spool, _: spool.read(found("x")),
    "list": lambda spool, _: spool.waiting(),
    "sync": lambda _, path: sync_directory(path),
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_without_a_descriptor_everything_is_tried_again(
    spool: Spool, tmp_path: Path, operation: Callable[[Spool, Path], object]
) -> None:
    """Nothing is wrong with the document: it is not refused."""
    (tmp_path / "in" / "x").write_bytes(b"x")
    with pytest.raises(StoreError) as failed, no_descriptor_left():
        operation(spool, tmp_path)
    assert failed.value.retryable
    operation(spool, tmp_path)


def test_a_disk_that_fails_while_a_document_is_read_is_tried_again(tmp_path: Path) -> None:
    """Linux gives such a file: a process's memory is a regular file whose first byte cannot be read (EIO)."""
    if not Path("/proc/self/mem").exists():
        pytest.skip("there is no /proc here")
    (tmp_path / "in").symlink_to("/proc/self", target_is_directory=True)
    with pytest.raises(StoreError):
        Spool(tmp_path).read(found("mem"))


def test_a_kept_document_is_read_as_it_was_taken(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "done" / "kept").write_bytes(b"x")
    assert spool.kept(taken("kept")) == b"x"


def test_a_kept_document_is_gone_when_something_else_has_its_place(spool: Spool, tmp_path: Path) -> None:
    """Neither is a link followed to what it names, nor a pipe waited for that nobody writes to."""
    folder = tmp_path / "done"
    (folder / "changed").write_bytes(b"y")
    (tmp_path / "elsewhere").write_bytes(b"x")
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    (folder / "directory").mkdir()
    os.mkfifo(folder / "pipe")
    assert [spool.kept(taken(name)) for name in ("gone", "changed", "link", "directory", "pipe")] == [None] * 5


def test_a_kept_document_that_cannot_be_read_is_not_gone(tmp_path: Path) -> None:
    """A failing disk, as above."""
    if not Path("/proc/self/mem").exists():
        pytest.skip("there is no /proc here")
    (tmp_path / "done").symlink_to("/proc/self", target_is_directory=True)
    with pytest.raises(DocumentUnreadable):
        Spool(tmp_path).kept(taken("mem"))
