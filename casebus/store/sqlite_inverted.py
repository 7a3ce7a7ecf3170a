"""How SQLite keeps an inverted index: narrow rows without a row number, owners as small numbers, in three tables.

Tokens come in no order. In one large table each row of a transaction falls on a page of its own, and SQLite writes
whole pages, twice. So rows begin in a small table, where many fall on one page. From there they move to a larger one,
and on to the largest: a slice at a time, the next in the order of tokens, whose rows again share pages. What it comes to
is in docs/performance.md (`make bench`).

A row may be in two of the tables, when an owner is posted twice; it counts once.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from casebus.state import Inverted, is_token
from casebus.store.sqlite_connection import SqliteConnection
from casebus.store.sqlite_tables import AT_ONCE, checked_name, storable
from casebus.store.waiting_posts import Row

YOUNG = 65_536
"""How many rows the smallest table holds before it gives away a slice."""

MIDDLE = 1_048_576
SLICE = 4_096

_ENROL = "INSERT INTO owners (owner) VALUES (?) ON CONFLICT DO NOTHING"
_NUMBERS = "SELECT owner, number FROM owners WHERE owner IN ({marks})"
_NUMBER = "SELECT number FROM owners WHERE owner = ?"
_COUNT = "UPDATE moves SET row_count = row_count + ? WHERE table_name = ?"
_LAST_MOVED = "SELECT row_count, hash, owner FROM moves WHERE table_name = ?"
_MOVED_TO = "UPDATE moves SET hash = ?, owner = ? WHERE table_name = ?"
_LAST = 2**63 - 1
_START, _END = (-(2**63), 0), (_LAST, _LAST)


class SqliteRows:
    """One table of an index. Its name comes from code and is checked, so that SQL may be made of it."""

    columns = frozenset({"hash", "owner"})

    def __init__(self, name: str) -> None:
        self.name = checked_name(name)
        # S608: the name was checked; values are always bound.
        self.create = (
            f'CREATE TABLE IF NOT EXISTS "{name}" '
            "(hash INTEGER NOT NULL, owner INTEGER NOT NULL, PRIMARY KEY (hash, owner)) WITHOUT ROWID",
            f"INSERT INTO moves VALUES ('{name}', 0, {_START[0]}, {_START[1]}) ON CONFLICT DO NOTHING",  # noqa: S608
        )
        owned = "CROSS JOIN owners ON owners.number = held.owner"
        held = f'SELECT held.hash, owners.owner FROM wanted CROSS JOIN "{name}" AS held ON held.hash = wanted.hash '  # noqa: S608
        self.held = f"{held}{owned}"
        # Read from the first owner to the one that is enough, and no further: the limit of a join is for all its rows.
        self.held_so_far = (
            f'{held}AND held.owner <= coalesce((SELECT owner FROM "{name}" WHERE hash = wanted.hash '  # noqa: S608
            f"ORDER BY owner LIMIT 1 OFFSET ?1 - 1), {_LAST}) {owned}"
        )
        self._add = f'INSERT INTO "{name}" (hash, owner) VALUES (?, ?) ON CONFLICT DO NOTHING'  # noqa: S608
        self._remove = f'DELETE FROM "{name}" WHERE hash = ? AND owner = ?'  # noqa: S608
        after = f'SELECT hash, owner FROM "{name}" WHERE (hash, owner) > (?, ?)'  # noqa: S608
        self._end_of_slice = f"{after} ORDER BY hash, owner LIMIT 1 OFFSET {SLICE - 1}"
        self._slice = f"{after} AND (hash, owner) <= (?, ?)"
        self._drop = f'DELETE FROM "{name}" WHERE (hash, owner) > (?, ?) AND (hash, owner) <= (?, ?)'  # noqa: S608

    def add(self, connection: SqliteConnection, rows: Sequence[tuple[int, int]]) -> None:
        """Put rows in that may be there."""
        self._count(connection, connection.write_each(self._add, rows))

    def remove(self, connection: SqliteConnection, rows: Sequence[tuple[int, int]]) -> None:
        """Take rows out that may not be there."""
        self._count(connection, -connection.write_each(self._remove, rows))

    def move_on(self, connection: SqliteConnection, other: "SqliteRows", size: int) -> None:
        """Move slices to another table until no more than `size` rows are left; begin again after the last."""
        ((count, *start),) = connection.rows(_LAST_MOVED, (self.name,))
        while count > size:
            end = next(iter(connection.rows(self._end_of_slice, start)), _END)
            gone = self._move(connection, other, (*start, *end))
            if not gone and tuple(start) == _START:
                raise AssertionError(f"bug: {self.name} was miscounted")
            count -= gone
            start = list(_START if end is _END else end)
            connection.write(_MOVED_TO, (*start, self.name))

    def _move(self, connection: SqliteConnection, other: "SqliteRows", ends: tuple[int, ...]) -> int:
        copy = f'INSERT INTO "{other.name}" (hash, owner) {self._slice} ON CONFLICT DO NOTHING'
        other._count(connection, connection.write(copy, ends))
        gone = connection.write(self._drop, ends)
        self._count(connection, -gone)
        return gone

    def _count(self, connection: SqliteConnection, added: int) -> None:
        connection.write(_COUNT, (added, self.name))


class SqliteInverted:
    """One index."""

    def __init__(self, index: Inverted) -> None:
        self._young, self._middle = SqliteRows(f"{index.table}_young"), SqliteRows(f"{index.table}_middle")
        self._rest = SqliteRows(index.table)
        self.tables = (self._young, self._middle, self._rest)
        self._statements: dict[tuple[int, bool], str] = {}

    def check(self, owner: str, tokens: Sequence[int]) -> None:
        """Raise `AssertionError` for an owner or a token that cannot be kept."""
        if not storable(owner) or not all(map(is_token, tokens)):
            raise AssertionError("bug: an owner or a token that no store can keep")

    def write(self, connection: SqliteConnection, rows: Sequence[Row]) -> None:
        """Note which owners hold which tokens; give away what is too much for the smaller tables."""
        numbers = _numbers(connection, sorted({owner for _, owner in rows}))
        self._young.add(connection, [(token, numbers[owner]) for token, owner in rows])
        self._young.move_on(connection, self._middle, YOUNG)
        self._middle.move_on(connection, self._rest, MIDDLE)

    def unpost(self, connection: SqliteConnection, owner: str, tokens: Sequence[int]) -> None:
        """Note that an owner holds tokens no more. Its number stays: it may come again."""
        for (number,) in connection.rows(_NUMBER, (owner,)):
            for table in self.tables:
                table.remove(connection, [(token, number) for token in tokens])

    def holders(self, connection: SqliteConnection, wanted: Mapping[int, int]) -> dict[int, list[str]]:
        """Return owners of each token. Of none are more read than are wanted of any that is asked for with it."""
        found: dict[int, set[str]] = defaultdict(set)
        tokens = sorted((token for token, most in wanted.items() if most), key=wanted.__getitem__)
        for start in range(0, len(tokens), AT_ONCE):
            for token, owner in self._rows(connection, tokens[start : start + AT_ONCE], wanted):
                found[token].add(owner)
        return {token: list(found[token])[:most] if token in found else [] for token, most in wanted.items()}

    def _rows(
        self, connection: SqliteConnection, tokens: Sequence[int], wanted: Mapping[int, int]
    ) -> list[tuple[Any, ...]]:
        """Return what is held of tokens, the most wanted last. If they have no more owners than that, as nearly always,
        where each one's last wanted owner stands need not be looked for.
        """
        most = wanted[tokens[-1]]
        rows = connection.rows(self._asking(len(tokens), bounded=False), (most + 1, *tokens))
        return rows if len(rows) <= most else connection.rows(self._asking(len(tokens), bounded=True), (most, *tokens))

    def _asking(self, tokens: int, *, bounded: bool) -> str:
        """Return the question after so many tokens. Its first value bounds the owners of each, or else all rows."""
        if (tokens, bounded) not in self._statements:
            marks = ", ".join(f"(?{number})" for number in range(2, tokens + 2))
            held = " UNION ALL ".join(table.held_so_far if bounded else table.held for table in self.tables)
            limit = "" if bounded else " LIMIT ?1"
            self._statements[tokens, bounded] = f"WITH wanted (hash) AS (VALUES {marks}) {held}{limit}"
        return self._statements[tokens, bounded]


def _numbers(connection: SqliteConnection, owners: Sequence[str]) -> dict[str, int]:
    """Return the numbers of owners; a new one gets the next."""
    connection.write_each(_ENROL, [(owner,) for owner in owners])
    numbers: dict[str, int] = {}
    for start in range(0, len(owners), AT_ONCE):
        some = owners[start : start + AT_ONCE]
        numbers |= connection.rows(_NUMBERS.format(marks=", ".join("?" * len(some))), some)
    return numbers
