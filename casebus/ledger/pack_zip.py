"""The file of an evidence pack: a zip in one plain form, written by `PackWriter`, and read back only in that form.

A zip can say the same thing twice: in each entry's own header and in the directory at its end. Programs differ in which
they believe, so one file can show two contents. Hence: no comments, no extra fields, no entries between the entries, no
bytes before, between or after them, headers that agree, known names, each once, stored or deflated, bounded sizes.
"""

import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from casebus.errors import Conflict, StoreError, VerificationFailed
from casebus.ledger.files import open_regular

MAX_RECORDS = 5_000
MAX_FILES = 4 * MAX_RECORDS + 300
MAX_FILE_BYTES = 16 * 1024 * 1024
MAX_TOTAL_BYTES = 512 * 1024 * 1024
_NAME = re.compile(
    r"checkpoint|manifest\.json|ledger\.vkey|policy\.txt|directory\.toml|keys\.txt|VERIFY\.md|STATEMENTS\.md"
    r"|schemas/[A-Z][A-Za-z0-9]{0,79}\.v[1-9][0-9]{0,3}\.avsc"
    r"|leaves/[0-9]{6,19}\.(?:leaf|tlog-proof)|records/[0-9]{6,19}\.(?:record|json)"
)
_LOCAL = struct.Struct("<4s5H3I2H")
_END = struct.Struct("<4s4H2IH")
_CENTRAL_BYTES = 46
_NAME_LENGTH_MAX = 120
_FOREIGN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
)
"""What `zipfile` raises for bytes that are no zip, or another one than their headers say."""


class PackWriter:
    """Writes a pack that is not there yet; use as a context. Whatever goes wrong inside leaves no file."""

    def __init__(self, path: Path, made_at: datetime) -> None:
        self._path = path
        self._date = (made_at.year, made_at.month, made_at.day, made_at.hour, made_at.minute, made_at.second)
        self._total = 0

    def __enter__(self) -> Self:
        try:
            # For whoever it is handed to, and nobody else on this machine.
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            self._file = os.fdopen(descriptor, "wb")
        except FileExistsError as error:
            raise Conflict(f"{self._path} is there already", next_step="name another file.") from error
        except OSError as error:
            raise StoreError(f"{self._path} cannot be written: {error.strerror}.") from error
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, allowZip64=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._file:
                self._zip.close()
        except OSError as failed:
            self._path.unlink(missing_ok=True)
            raise StoreError(f"{self._path} cannot be written: {failed.strerror}.") from failed
        if error is not None:
            self._path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise StoreError(f"{self._path} cannot be written: {error.strerror}.") from error

    def add(self, name: str, content: bytes) -> None:
        """Add a file. Raises `VerificationFailed` when the pack would be larger than a reader takes."""
        assert _NAME.fullmatch(name), "bug: a reader would not take a file of this name"
        self._total += len(content)
        if len(content) > MAX_FILE_BYTES or self._total > MAX_TOTAL_BYTES:
            raise VerificationFailed("an evidence pack of these records would be too large.", next_step="select fewer.")
        info = zipfile.ZipInfo(name, self._date)
        info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o100644 << 16
        self._zip.writestr(info, content)


class PackReader:
    """The files of a pack, by name. Raises `VerificationFailed` for any other form than that of `PackWriter`."""

    def __init__(self, file: BinaryIO) -> None:
        with _mapped():
            start = _directory_start(file)
            self._zip = zipfile.ZipFile(file)
            infos = self._zip.infolist()
            _check_entries(infos, start, file)
        self._infos: Mapping[str, zipfile.ZipInfo] = {info.filename: info for info in infos}

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """Open a pack. Raises `VerificationFailed`, `StoreError`."""
        file = open_regular(path)
        if file is None:
            raise StoreError(f"{path.name} is not there.")
        with file:
            yield cls(file)

    @property
    def names(self) -> frozenset[str]:
        """Return the names of all files."""
        return frozenset(self._infos)

    def read(self, name: str) -> bytes:
        """Return a file's bytes. Raises `VerificationFailed` when it is not there or damaged."""
        info = self._infos.get(name)
        if info is None:
            raise VerificationFailed(f"the pack has no file {name}.")
        with _mapped(), self._zip.open(info) as entry:
            content = entry.read(info.file_size + 1)
        if len(content) != info.file_size:
            raise VerificationFailed(f"{name} in the pack is not as long as its header says.")
        return content


@contextmanager
def _mapped() -> Iterator[None]:
    try:
        yield
    except _FOREIGN as error:
        raise VerificationFailed(f"the pack is no sound zip: {type(error).__name__}.") from error
    except OSError as error:
        raise StoreError(f"the pack cannot be read: {error.strerror}.") from error


def _directory_start(file: BinaryIO) -> int:
    """Return where the zip's directory begins: it must end where the last 22 bytes begin, which are its summary."""
    size = file.seek(0, 2)
    if not _END.size <= size <= MAX_TOTAL_BYTES + MAX_FILES * 400:
        raise VerificationFailed("the pack is too small for a zip, or too large.")
    file.seek(size - _END.size)
    start: int
    signature, disk, first_disk, here, total, length, start, comment = _END.unpack(file.read(_END.size))
    if signature != b"PK\5\6" or disk or first_disk or comment or here != total:
        raise VerificationFailed("the pack does not end as a plain zip does.")
    if start + length != size - _END.size or not 0 < total <= MAX_FILES:
        raise VerificationFailed("the pack's zip directory is not where it should be, or lists too many files.")
    if length > MAX_FILES * (_CENTRAL_BYTES + _NAME_LENGTH_MAX):
        raise VerificationFailed("the pack's zip directory is too large.")
    return start


def _check_entries(infos: list[zipfile.ZipInfo], start: int, file: BinaryIO) -> None:
    at = total = 0
    seen: set[str] = set()
    for info in infos:
        _check_entry(info)
        if info.filename in seen:
            raise VerificationFailed("the pack has two files of one name.")
        seen.add(info.filename)
        total += info.file_size
        at = _end_of(info, at, file)
    if at != start or total > MAX_TOTAL_BYTES:
        raise VerificationFailed("the pack holds bytes that belong to no file, or too many.")
    end = start + sum(_CENTRAL_BYTES + len(info.filename) for info in infos)
    if end != file.seek(0, 2) - _END.size:
        raise VerificationFailed("the pack's zip directory holds more than its files.")


def _check_entry(info: zipfile.ZipInfo) -> None:
    if info.filename != info.orig_filename or not _NAME.fullmatch(info.filename):
        raise VerificationFailed("the pack has a file whose name no pack has.")
    plain = not (info.extra or info.comment or info.flag_bits or info.volume or info.internal_attr)
    if not plain or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise VerificationFailed(f"{info.filename} in the pack is not stored plainly.")
    if info.external_attr != 0o100644 << 16 or info.file_size > MAX_FILE_BYTES:
        raise VerificationFailed(f"{info.filename} in the pack is no regular file, or too large.")


def _end_of(info: zipfile.ZipInfo, at: int, file: BinaryIO) -> int:
    """Return where the entry ends that must begin at `at`, with a header that says what the directory says."""
    file.seek(at)
    header = file.read(_LOCAL.size + len(info.filename))
    expected = (info.flag_bits, info.compress_type, info.CRC, info.compress_size, info.file_size)
    if info.header_offset != at or len(header) != _LOCAL.size + len(info.filename):
        raise VerificationFailed("the pack's files do not follow one another.")
    signature, _, flags, method, _, _, crc, packed, size, name, extra = _LOCAL.unpack_from(header)
    says = (flags, method, crc, packed, size)
    if signature != b"PK\3\4" or says != expected or extra or name != len(info.filename):
        raise VerificationFailed(f"{info.filename} in the pack has two headers that differ.")
    if header[_LOCAL.size :] != info.filename.encode("ascii"):
        raise VerificationFailed(f"{info.filename} in the pack has two names.")
    return at + len(header) + info.compress_size
