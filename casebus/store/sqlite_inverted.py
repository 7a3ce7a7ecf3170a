"""How SQLite keeps an inverted index: narrow rows without a row number, owners as small numbers."""

from collections.abc import Mapping, Sequence

from casebus.state import MAX_TOKEN, Inverted
from casebus.store.sqlite_connection import SqliteConnection
from casebus.store.sqlite_tables import checked_name, storable

_FIRST_NUMBER = "INSERT INTO owners (owner) VALUES (?) ON CONFLICT DO NOTHING"
_NUMBER = "SELECT number FROM owners WHERE owner = ?"


class SqliteInverted:
    """The table of one index. Its name comes from code and is checked, so that SQL may be made of it."""

    columns = frozenset({"token", "owner"})

    def __init__(self, index: Inverted) -> None:
        self.name = checked_name(index.table)
        table = f'"{self.name}"'
        self.create = (
            f"CREATE TABLE IF NOT EXISTS {table} "
            "(token BLOB NOT NULL, owner INTEGER NOT NULL, PRIMARY KEY (token, owner)) WITHOUT ROWID",
        )
        # S608: the name is declared in code and was checked; values are always bound.
        self._post = f"INSERT INTO {table} (token, owner) VALUES (?, ?) ON CONFLICT DO NOTHING"  # noqa: S608
        self._unpost = f"DELETE FROM {table} WHERE token = ? AND owner = ?"  # noqa: S608
        self._holders = (
            f"SELECT owners.owner FROM {table} AS held JOIN owners ON owners.number = held.owner "  # noqa: S608
            "WHERE held.token = ? LIMIT ?"
        )

    def post(self, connection: SqliteConnection, owner: str, tokens: Sequence[bytes]) -> None:
        """Note that an owner holds tokens."""
        _check(owner, tokens)
        connection.write(_FIRST_NUMBER, (owner,))
        ((number,),) = connection.rows(_NUMBER, (owner,))
        connection.write_each(self._post, [(token, number) for token in sorted(tokens)])

    def unpost(self, connection: SqliteConnection, owner: str, tokens: Sequence[bytes]) -> None:
        """Note that an owner holds tokens no more. Its number stays: it may come again."""
        _check(owner, tokens)
        for (number,) in connection.rows(_NUMBER, (owner,)):
            connection.write_each(self._unpost, [(token, number) for token in sorted(tokens)])

    def holders(self, connection: SqliteConnection, wanted: Mapping[bytes, int]) -> dict[bytes, list[str]]:
        """Return owners of each token. The file is in this process: a statement a token is the shortest way."""
        return {
            token: [owner for (owner,) in connection.rows(self._holders, (token, most))]
            for token, most in wanted.items()
        }


def _check(owner: str, tokens: Sequence[bytes]) -> None:
    if not storable(owner) or any(len(token) > MAX_TOKEN for token in tokens):
        raise AssertionError("bug: an owner or a token that no store can keep")
