"""Registers as CSV files: read within bounds, with an error that names the row; pairs written whole or not at all.

Messages name files, rows, columns and bytes, never a value.
"""

import csv
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from casebus.errors import NotFound, Unavailable, UsageError
from casebus.matching.register.dates import Orders, orders
from casebus.matching.register.engine import Progress, Stage, Suspects
from casebus.matching.register.record import COLUMNS, Record, Row, left_aside, record

MAX_LINE = 1_000_000
"""Bytes in one line of a register, far above any sound one."""
MAX_CELL = 1_000_000
"""Characters in one cell: room for some ten thousand identifiers, and a bound for a quote that is never closed."""
MAX_RECORD_ID = 200
HEADER = ("record_a", "record_b", "band", "weight", "reasons")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With one of these begins what a spreadsheet takes for a formula."""

_BY_POSITION = ("ip", "ip_at")
"""Columns whose values are paired by position: an empty value holds its place."""
_MARK = b"\xef\xbb\xbf"
_OTHER_ENCODINGS = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"PK": "a spreadsheet or archive",
    b"\x1f\x8b": "gzip",
}

Rows = list[tuple[str, Row]]
"""The record id and the values of each row."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds: its records, in which order it writes day and month, and in how many rows nothing came of a column."""

    records: list[Record]
    order: Orders
    left_aside: Counter[str]


def read_register(
    path: Path, side: int, taken: dict[str, str], *, ignore_unknown: bool, progress: Progress | None = None
) -> Reading:
    """Return what a file holds. `progress` is told of each row.

    `taken` holds the record ids of the files before it and gains this one's. Raises `UsageError` for what is no register,
    `NotFound` for no file, `Unavailable` for one that cannot be read.
    """
    rows = read_rows(path, taken, ignore_unknown=ignore_unknown)
    order = date_orders(rows)
    found = Reading([], order, Counter())
    for number, (record_id, row) in enumerate(rows, start=1):
        made = record(record_id, side, row, order.of(_country(row)))
        found.records.append(made)
        found.left_aside.update(left_aside(row, made))
        if progress:
            progress(Stage.reading, number, len(rows))
    return found


def date_orders(rows: Rows) -> Orders:
    """Return in which order the rows write day and month."""
    return orders((text, _country(row)) for _, row in rows for text in row.get("date_of_birth", ()))


def _country(row: Row) -> str:
    return next(iter(row.get("country", ())), "")


def read_rows(path: Path, taken: dict[str, str], *, ignore_unknown: bool) -> Rows:
    """Return the rows of a file with their values apart."""
    with _wide_cells():
        return _rows(path, taken, ignore_unknown=ignore_unknown)


@contextmanager
def _wide_cells() -> Iterator[None]:
    before = csv.field_size_limit(MAX_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _rows(path: Path, taken: dict[str, str], *, ignore_unknown: bool) -> Rows:
    lines = csv.reader(_lines(path), strict=True)
    columns = _columns(path, _next(path, lines, 1), ignore_unknown=ignore_unknown)
    id_column = columns.index("record_id")
    found: Rows = []
    number = 1
    while (cells := _next(path, lines, number + 1)) is not None:
        number += 1
        if not cells:
            continue
        if len(cells) != len(columns):
            raise _refused(f"{path.name}, row {number}: {len(cells)} cells where the header has {len(columns)}")
        row = {
            column: values
            for column, cell in zip(columns, cells, strict=True)
            if column and (values := split(column, cell))
        }
        found.append((_record_id(path, number, cells[id_column], taken), row))
    return found


def split(column: str, cell: str) -> tuple[str, ...]:
    """Return the values of a cell; of a column that is paired by position an empty one keeps its place."""
    if not cell or cell.isspace():
        return ()
    values = [value.strip() for value in cell.split("|")]
    return tuple(values) if column in _BY_POSITION else tuple(value for value in values if value)


def _next(path: Path, lines: Iterator[list[str]], row: int) -> list[str] | None:
    """Return the next row's cells, None at the end."""
    try:
        return next(lines, None)
    except csv.Error as error:
        why = f"a cell has more than {MAX_CELL} characters" if "field larger" in str(error) else f"not CSV: {error}"
        raise _refused(f"{path.name}, row {row}: {why}") from error


def _columns(path: Path, header: list[str] | None, *, ignore_unknown: bool) -> list[str]:
    """Return the columns in order, "" for one that is ignored."""
    if header is None:
        raise _refused(f"{path.name} is empty", "its first line must name the columns.")
    names = [name.strip() for name in header]
    unknown = [name for name in names if name not in COLUMNS]
    like_it = _like_record_id(unknown) if "record_id" not in names else None
    if like_it:
        raise _refused(
            f"{path.name} has no column record_id; {like_it!r} looks like it",
            f"name the column record_id where {like_it!r} is what tells the records apart.",
        )
    if len(unknown) == len(names):
        # Not named: without a header the first line is somebody's.
        hint = "separate cells by commas." if len(names) == 1 and (";" in names[0] or "\t" in names[0]) else ""
        raise _refused(
            f"{path.name}: its first line names no column that is known",
            hint or f"put a line with the names above the rows. Known: {', '.join(COLUMNS)}.",
        )
    if "record_id" not in names:
        raise _refused(
            f"{path.name} has no column record_id", "name the column that tells the records apart record_id."
        )
    if unknown and not ignore_unknown:
        shown = ", ".join(repr(name[:40]) for name in unknown[:5])
        raise _refused(
            f"{path.name}: unknown column {shown}",
            f"--ignore-unknown leaves it out. Known: {', '.join(COLUMNS)}.",
        )
    known = [name if name in COLUMNS else "" for name in names]
    twice = next((name for name in known if name and known.count(name) > 1), None)
    if twice:
        raise _refused(f"{path.name}: the column {twice} is there twice")
    return known


_LIKE_RECORD_ID = re.compile(r"(?:[a-z _-]{0,40}[ _-]|record|case|person|row)?id", re.IGNORECASE)


def _like_record_id(unknown: Sequence[str]) -> str | None:
    """Return the column that may be meant for the record ids, the likest; None where there is none."""
    like = [name for name in unknown if _LIKE_RECORD_ID.fullmatch(name)]
    places = ("recordid", "id")

    def rank(name: str) -> int:
        bare = re.sub(r"[ _-]", "", name).lower()
        return places.index(bare) if bare in places else len(places)

    return min(like, key=rank, default=None)


def _record_id(path: Path, number: int, record_id: str, taken: dict[str, str]) -> str:
    """Return the record id of a row, letter for letter: whoever asked joins the pairs to the register by it."""
    if not record_id or record_id.isspace():
        raise _refused(f"{path.name}, row {number}: no record_id")
    if len(record_id) > MAX_RECORD_ID:
        raise _refused(f"{path.name}, row {number}: record_id has more than {MAX_RECORD_ID} characters")
    here = f"{path.name}, row {number}"
    if record_id in taken:
        raise _refused(
            f"{here}: its record_id is also that of {taken[record_id]}", "a record_id is unique across both files."
        )
    taken[record_id] = here
    return record_id


def _lines(path: Path) -> Iterator[str]:
    """Yield a file's lines as text, each within its bound."""
    try:
        with path.open("rb") as file:
            offset = 0
            number = 0
            while line := file.readline(MAX_LINE + 1):
                number += 1
                if not offset:
                    _refuse_other_encodings(path, line)
                if len(line) > MAX_LINE:
                    raise _refused(f"{path.name}, line {number} has more than {MAX_LINE} bytes")
                yield _decoded(path, line, number, offset)
                offset += len(line)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"there is no file {path}", next_step="name a CSV file.") from error
    except IsADirectoryError as error:
        raise _refused(f"{path} is a directory", "name a CSV file.") from error
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}", next_step="mend what is named.") from error


def _decoded(path: Path, line: bytes, number: int, offset: int) -> str:
    bare = line.removeprefix(_MARK) if not offset else line
    try:
        text = bare.decode()
    except UnicodeDecodeError as error:
        at = offset + len(line) - len(bare) + error.start
        where = f"{path.name}, line {number}: byte {at} (0x{bare[error.start]:02X}) is not UTF-8"
        raise _refused(where, "save the file as UTF-8.") from error
    if "\0" in text:
        raise _refused(f"{path.name}, line {number}: a NUL character")
    return text


def _refuse_other_encodings(path: Path, start: bytes) -> None:
    for mark, what in _OTHER_ENCODINGS.items():
        if start.startswith(mark):
            raise _refused(
                f"{path.name} is not UTF-8: byte 0 (0x{start[0]:02X}) begins {what}", "save it as CSV in UTF-8."
            )


def _refused(what: str, next_step: str = "correct the file and give the command again.") -> UsageError:
    return UsageError(what, unchanged="no record was compared.", next_step=next_step)


def _no_output(what: str, next_step: str) -> UsageError:
    return UsageError(what, unchanged="nothing was written.", next_step=next_step)


def refuse_output(out: Path, sources: Sequence[Path]) -> None:
    """Raise `UsageError` if the output is one of the inputs or its directory is not there: before any work."""
    if not out.parent.is_dir():
        raise _no_output(f"--out {out}: its directory is not there", "make it, or name a file elsewhere.")
    if out.is_symlink() or (out.exists() and not out.is_file()):
        # What is written replaces what has the name: a device or a link would be gone.
        raise _no_output(f"--out {out} is a directory, a link or a device", "name a file.")
    for source in sources:
        if out.exists() and source.exists() and out.samefile(source):
            raise _no_output(f"--out {out} is the register itself", "name another file.")


def like_formulas(suspects: Iterable[Suspects]) -> int:
    """Return how many record ids of the pairs a spreadsheet would take for formulas.

    They are written as they are all the same: whoever joins the pairs to the register compares ids, and a quote before one would
    lose it. A register can be a stranger's, so whoever opens the pairs must be told.
    """
    ids = {record.record_id for each in suspects for record in (each.a, each.b)}
    return sum(record_id.startswith(_FORMULA) for record_id in ids)


def write_pairs(out: Path, suspects: Iterable[Suspects]) -> None:
    """Write the pairs, whole or not at all, readable by this user only. A crash leaves a `.part` file, never half of `out`."""
    part: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent)
        part = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(HEADER)
            rows.writerows((s.a.record_id, s.b.record_id, s.band.value, f"{s.weight:.3f}", s.reasons) for s in suspects)
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
    except OSError as error:
        raise Unavailable(
            f"{out} cannot be written: {error.strerror}",
            unchanged="it is as it was.",
            next_step="make room, or name another file.",
        ) from error
    finally:
        if part is not None:
            with suppress(OSError):
                part.unlink(missing_ok=True)
