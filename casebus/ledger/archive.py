"""The archive: contents in leaf order, in files of 256 that stand beside the entry bundles, `records/<N>`.

    u32 length | u32 crc32(content) | content
    content = a record's canonical bytes (`casebus.ledger.record`), or a marker's (`casebus.ledger.marker`)

Which topic, which position and which kind it is stands in the leaf at the same index and nowhere else. A content is
written and synced before its leaf is committed, so every leaf has its content. The checksum tells damage; that the
bytes are the right ones is what the leaf's content hash says.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from struct import Struct
from typing import BinaryIO
from zlib import crc32

from casebus.errors import StoreError, VerificationFailed
from casebus.ledger.files import Files, open_regular, write_whole
from casebus.ledger.frames import Commit
from casebus.ledger.leaf import LeafKind
from casebus.ledger.record import MAX_RECORD_BYTES
from casebus.ledger.tiles import index_path
from casebus.ledger.tree import TILE_WIDTH

_HEADER = Struct(">II")


def encode_archived(content: bytes) -> bytes:
    """Return the archive's entry."""
    return _HEADER.pack(len(content), crc32(content)) + content


def segment_of(index: int) -> str:
    """Return the name, below `records/`, of the file that holds the content of a leaf."""
    return index_path(index // TILE_WIDTH)


def read_archived(directory: Path, index: int) -> bytes:
    """Return the content of a leaf: at most 255 headers are skipped, whatever the ledger's size.

    Raises:
        VerificationFailed: it is missing or damaged.
    """
    for content in read_archived_segment(directory, index // TILE_WIDTH, skip=index % TILE_WIDTH):
        return content
    raise VerificationFailed(f"the archive has nothing for index {index}.")


def read_archived_segment(directory: Path, number: int, *, skip: int = 0) -> Iterator[bytes]:
    """Return the contents of one file from the `skip`th on, up to 256; none when there is no such file.

    Raises:
        VerificationFailed: one is damaged, or something follows the 256th.
    """
    file = open_regular(directory / index_path(number))
    if file is None:
        return
    with file:
        for within in range(TILE_WIDTH):
            content = _next_content(file, keep=within >= skip)
            if content is None:
                return
            if within >= skip:
                yield content
        if _next_content(file, keep=False) is not None:
            raise VerificationFailed("an archive file holds more than 256 entries.")


def _next_content(file: BinaryIO, *, keep: bool) -> bytes | None:
    """Return the next content, None at the file's end. A skipped one is not read."""
    try:
        header = file.read(_HEADER.size)
        if not header:
            return None
        length, checksum = _HEADER.unpack(header) if len(header) == _HEADER.size else (MAX_RECORD_BYTES + 1, 0)
        if length > MAX_RECORD_BYTES:
            raise VerificationFailed("an archived entry is cut short, or its length is damaged.")
        if not keep:
            file.seek(length, os.SEEK_CUR)
            return b""
        content = file.read(length)
    except OSError as error:
        raise StoreError(f"the archive cannot be read: {error.strerror}.") from error
    if len(content) != length or crc32(content) != checksum:
        raise VerificationFailed("an archived entry is cut short, or its checksum does not fit.")
    return content


def uncommitted_bytes(directory: Path, committed: int) -> int:
    """Return how many bytes follow the first `committed` contents, in their last file and in those after it.

    Raises:
        VerificationFailed: they are not what a crash leaves: whole entries, then perhaps one cut short, or zeros.
    """
    total, number, skip = 0, *divmod(committed, TILE_WIDTH)
    while (file := open_regular(directory / index_path(number))) is not None:
        with file:
            try:
                total += _uncommitted(file, skip)
            except OSError as error:
                raise StoreError(f"the archive cannot be read: {error.strerror}.") from error
        number, skip = number + 1, 0
    return total


def _uncommitted(file: BinaryIO, skip: int) -> int:
    for _ in range(skip):
        _next_content(file, keep=False)
    start, size = file.tell(), os.fstat(file.fileno()).st_size
    for _ in range(TILE_WIDTH - skip):
        at = file.tell()
        header = file.read(_HEADER.size)
        length = int.from_bytes(header[:4], "big")
        if len(header) < _HEADER.size or (length <= MAX_RECORD_BYTES and at + _HEADER.size + length > size):
            return max(0, size - start)
        if not any(header):  # no content is empty
            _check_zeros(file)
            return size - start
        file.seek(at)
        _next_content(file, keep=True)
    if file.read(1):
        raise VerificationFailed("an archive file holds more than 256 entries.")
    return size - start


def _check_zeros(file: BinaryIO) -> None:
    """Check that only zeros follow: a power cut leaves them where a file had grown and its bytes had not come."""
    rest = file.read(MAX_RECORD_BYTES + 1)
    if len(rest) > MAX_RECORD_BYTES or rest.count(0) != len(rest):
        raise VerificationFailed("an archived entry without a content.")


def read_opening(directory: Path, commit: Commit) -> bytes | None:
    """Return the content of the ledger's opening when it is this commit that holds it (`LedgerState.apply` asks)."""
    if commit.start or not commit.leaves or commit.leaves[0][:1] != bytes([LeafKind.OPENING]):
        return None
    return read_archived(directory, 0)


class Archive:
    """The appending side. One owner; an error leaves it unusable."""

    def __init__(self, files: Files, directory: Path) -> None:
        self._files = files
        self._directory = directory

    def append(self, index: int, contents: Sequence[bytes]) -> None:
        """Make contents durable from `index` on, in as many files as they span.

        A crash in here leaves contents beyond the last leaf: `recover` cuts them off.
        """
        opened: list[int] = []
        try:
            new = self._write(index, contents, opened)
            # All written before the first is synced: the disk then carries them out together.
            for descriptor in opened:
                self._files.sync(descriptor)
        finally:
            for descriptor in opened:
                os.close(descriptor)
        self._sync_names(new)

    def _write(self, index: int, contents: Sequence[bytes], opened: list[int]) -> list[Path]:
        """Write into as many files as it takes, leave them in `opened`, and return those that are new."""
        new: list[Path] = []
        at = 0
        while at < len(contents):
            end = at + TILE_WIDTH - (index + at) % TILE_WIDTH
            path = self._directory / segment_of(index + at)
            if (index + at) % TILE_WIDTH == 0:
                self._files.make_directory(path.parent)
                new.append(path)
            opened.append(self._files.open_append(path))
            self._files.write(opened[-1], b"".join(map(encode_archived, contents[at:end])))
            at = end
        return new

    def _sync_names(self, paths: Sequence[Path]) -> None:
        """Make new files' names durable, and those of the directories above them, which may be new too."""
        above = {parent for path in paths for parent in path.parents if parent.is_relative_to(self._directory)}
        for directory in sorted(above, reverse=True):
            self._files.sync_directory(directory)

    def recover(self, size: int, since: int, scratch: Path) -> None:
        """Cut off what lies beyond `size` leaves; write the last commit's files (index `since` on) anew.

        Anew, because after a failed sync reading may show what the disk lacks.

        Raises:
            VerificationFailed: a committed content is missing or damaged.
        """
        for number in range(since // TILE_WIDTH, -(-size // TILE_WIDTH)):
            kept = min(TILE_WIDTH, size - number * TILE_WIDTH)
            entries = []
            for content in read_archived_segment(self._directory, number):
                entries.append(encode_archived(content))
                if len(entries) == kept:
                    break
            if len(entries) < kept:
                raise VerificationFailed(f"the archive has nothing for index {number * TILE_WIDTH + len(entries)}.")
            path = self._directory / index_path(number)
            write_whole(self._files, scratch, path, b"".join(entries))
            self._sync_names([path])
        self._remove_from(-(-size // TILE_WIDTH))

    def _remove_from(self, number: int) -> None:
        while (path := self._directory / index_path(number)).exists():
            self._files.remove(path)
            number += 1
