"""How PostgreSQL keeps an inverted index: rows of a token and an owner's number, and nothing beside the primary key."""

from collections.abc import Mapping, Sequence

from casebus.state import Inverted, is_token
from casebus.store.postgres_connection import PostgresConnection
from casebus.store.postgres_tables import check_table_name, is_text
from casebus.store.waiting_posts import Row

# Not ON CONFLICT, which would use up a number each time. Writers take turns, so nobody comes between.
_ENROL = (
    "INSERT INTO owners (owner) SELECT new.owner FROM unnest(%s::text[]) AS new (owner) "
    "WHERE NOT EXISTS (SELECT 1 FROM owners WHERE owners.owner = new.owner)"
)


class PostgresInverted:
    """The table of one index, and its statements: one each for taking back and asking, two for writing, however many tokens."""

    def __init__(self, index: Inverted) -> None:
        check_table_name(index.table)
        self.name = index.table
        self.columns = frozenset({"hash", "owner"})
        table = f'"{index.table}"'
        self.create = f"CREATE TABLE {table} (hash bigint, owner integer, PRIMARY KEY (hash, owner))"
        # S608: the name was checked above; values are always bound.
        self._write = (
            f"INSERT INTO {table} (hash, owner) SELECT hash, number "  # noqa: S608
            "FROM unnest(%s::bigint[], %s::text[]) AS new (hash, owner) JOIN owners ON owners.owner = new.owner "
            "ORDER BY hash, number ON CONFLICT DO NOTHING"
        )
        self._unpost = (
            f"DELETE FROM {table} AS held USING owners "  # noqa: S608
            "WHERE held.hash = ANY(%s::bigint[]) AND held.owner = owners.number AND owners.owner = %s"
        )
        self._holders = (
            "SELECT wanted.hash, owners.owner FROM unnest(%s::bigint[], %s::bigint[]) AS wanted (hash, most), "  # noqa: S608
            f"LATERAL (SELECT owner FROM {table} WHERE hash = wanted.hash LIMIT wanted.most) AS held "
            "JOIN owners ON owners.number = held.owner"
        )

    def check(self, owner: str, tokens: Sequence[int]) -> None:
        """Raise `AssertionError` for an owner or a token that cannot be kept."""
        if not is_text(owner) or not all(map(is_token, tokens)):
            raise AssertionError("bug: an owner or a token that no store can keep")

    def write(self, connection: PostgresConnection, rows: Sequence[Row]) -> None:
        """Note which owners hold which tokens."""
        connection.write(_ENROL, (sorted({owner for _, owner in rows}),))
        connection.write(self._write, ([token for token, _ in rows], [owner for _, owner in rows]))

    def unpost(self, connection: PostgresConnection, owner: str, tokens: Sequence[int]) -> None:
        """Note that an owner holds tokens no more. Its number stays: it may come again."""
        connection.write(self._unpost, (list(tokens), owner))

    def holders(self, connection: PostgresConnection, wanted: Mapping[int, int]) -> dict[int, list[str]]:
        """Return owners of each token, in one round trip."""
        found: dict[int, list[str]] = {token: [] for token in wanted}
        if wanted:
            for token, owner in connection.rows(self._holders, (list(wanted), list(wanted.values()))):
                found[token].append(owner)
        return found
