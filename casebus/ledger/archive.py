"""The archive: raw records in leaf order, in files of 256 that stand beside the entry bundles, `records/<N>`.

    u32 length | u32 crc32(payload) | payload
    payload = kind 0x01 | u64 index | 16 topic id | u64 position | record (`casebus.ledger.record`)

A record is written and synced before its leaf is committed, so every leaf has its record. The checksum tells damage;
that the bytes are the right ones is what the leaf's record hash says.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import BinaryIO
from zlib import crc32

from casebus.bus.log import Recorded
from casebus.errors import StoreError, VerificationFailed
from casebus.ledger.files import Files, open_regular, write_whole
from casebus.ledger.record import MAX_RECORD_BYTES, decode_record
from casebus.ledger.tiles import index_path
from casebus.ledger.tree import TILE_WIDTH

KIND_RECORD = 0x01
_PREFIX = Struct(">BQ16sQ")
_HEADER = Struct(">II")
MAX_PAYLOAD_BYTES = _PREFIX.size + MAX_RECORD_BYTES


@dataclass(frozen=True, slots=True)
class Archived:
    """An archived record: `encoded` are the canonical bytes that its leaf's hash is taken over."""

    index: int
    topic_id: bytes
    position: int
    encoded: bytes

    @property
    def recorded(self) -> Recorded:
        """Return the record. Raises `VerificationFailed` when its bytes are not canonical."""
        return decode_record(self.encoded, self.position)

    def encode(self) -> bytes:
        """Return the archive's entry."""
        payload = _PREFIX.pack(KIND_RECORD, self.index, self.topic_id, self.position) + self.encoded
        return _HEADER.pack(len(payload), crc32(payload)) + payload


def segment_of(index: int) -> str:
    """Return the name, below `records/`, of the file that holds the record of a leaf."""
    return index_path(index // TILE_WIDTH)


def read_archived(directory: Path, index: int) -> Archived:
    """Return the record of a leaf: at most 255 headers are skipped, whatever the ledger's size.

    Raises:
        VerificationFailed: it is missing or damaged.
    """
    for archived in read_archived_segment(directory, index // TILE_WIDTH, skip=index % TILE_WIDTH):
        return archived
    raise VerificationFailed(f"the archive has no record for index {index}.")


def read_archived_segment(directory: Path, number: int, *, skip: int = 0) -> Iterator[Archived]:
    """Return the records of one file from the `skip`th on, up to 256; none when there is no such file.

    Raises:
        VerificationFailed: one is damaged, or something follows the 256th.
    """
    file = open_regular(directory / index_path(number))
    if file is None:
        return
    with file:
        for within in range(TILE_WIDTH):
            payload = _next_payload(file, keep=within >= skip)
            if payload is None:
                return
            if within >= skip:
                yield _decode(payload, number * TILE_WIDTH + within)
        if file.read(1):
            raise VerificationFailed("an archive file holds more than 256 records.")


def _next_payload(file: BinaryIO, *, keep: bool) -> bytes | None:
    """Return the next payload, None at the file's end. A skipped one is not read."""
    try:
        header = file.read(_HEADER.size)
        if not header:
            return None
        length, checksum = _HEADER.unpack(header) if len(header) == _HEADER.size else (MAX_PAYLOAD_BYTES + 1, 0)
        if length > MAX_PAYLOAD_BYTES:
            raise VerificationFailed("an archived record is cut short, or its length is damaged.")
        if not keep:
            file.seek(length, os.SEEK_CUR)
            return b""
        payload = file.read(length)
    except OSError as error:
        raise StoreError(f"the archive cannot be read: {error.strerror}.") from error
    if len(payload) != length or crc32(payload) != checksum:
        raise VerificationFailed("an archived record is cut short, or its checksum does not fit.")
    return payload


def _decode(payload: bytes, index: int) -> Archived:
    if len(payload) < _PREFIX.size:
        raise VerificationFailed("an archived record is too short.")
    kind, stored_index, topic_id, position = _PREFIX.unpack_from(payload)
    if kind != KIND_RECORD or stored_index != index:
        raise VerificationFailed(f"the archive holds another entry where that of index {index} should be.")
    return Archived(index, topic_id, position, payload[_PREFIX.size :])


class Archive:
    """The appending side. One owner; an error leaves it unusable."""

    def __init__(self, files: Files, directory: Path) -> None:
        self._files = files
        self._directory = directory

    def append(self, archived: Sequence[Archived]) -> None:
        """Make records durable, in index order, in as many files as they span.

        A crash in here leaves records beyond the last leaf: `recover` cuts them off.
        """
        at = 0
        while at < len(archived):
            end = at + TILE_WIDTH - archived[at].index % TILE_WIDTH
            self._append_to(archived[at].index, b"".join(entry.encode() for entry in archived[at:end]))
            at = end

    def _append_to(self, index: int, data: bytes) -> None:
        path = self._directory / segment_of(index)
        is_new = index % TILE_WIDTH == 0
        if is_new:
            self._files.make_directory(path.parent)
        descriptor = self._files.open_append(path)
        try:
            self._files.write(descriptor, data)
            self._files.sync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            self._sync_names(path)

    def _sync_names(self, path: Path) -> None:
        """Make a new file's name durable, and those of the directories above it, which may be new too."""
        parent = path.parent
        self._files.sync_directory(parent)
        while parent != self._directory:
            parent = parent.parent
            self._files.sync_directory(parent)

    def recover(self, size: int, since: int, scratch: Path) -> None:
        """Cut off what lies beyond `size` leaves; write the last commit's files (index `since` on) anew.

        Anew, because after a failed sync reading may show what the disk lacks.

        Raises:
            VerificationFailed: a committed record is missing or damaged.
        """
        for number in range(since // TILE_WIDTH, -(-size // TILE_WIDTH)):
            kept = min(TILE_WIDTH, size - number * TILE_WIDTH)
            entries = []
            for archived in read_archived_segment(self._directory, number):
                entries.append(archived.encode())
                if len(entries) == kept:
                    break
            if len(entries) < kept:
                raise VerificationFailed(f"the archive has no record for index {number * TILE_WIDTH + len(entries)}.")
            path = self._directory / index_path(number)
            write_whole(self._files, scratch, path, b"".join(entries))
            self._sync_names(path)
        self._remove_from(-(-size // TILE_WIDTH))

    def _remove_from(self, number: int) -> None:
        while (path := self._directory / index_path(number)).exists():
            self._files.remove(path)
            number += 1
