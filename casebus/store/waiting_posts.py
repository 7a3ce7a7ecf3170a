"""What a transaction has posted to inverted indexes and not written yet.

Rows are written together and in order: many of a batch then fall on one page of the index, and it takes a statement or
two where it took two a record. Nothing of this outlives its transaction: it is written before the commit, and a rollback
forgets it.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from casebus.state import Inverted

MOST = 65_536
"""How many rows of an index may wait; more are written at once, so that no transaction is too large for the memory."""

Row = tuple[int, str]
"""A token and an owner of it."""

_Owners = dict[int, dict[str, None]]


class WaitingPosts:
    """The rows of each index, as sets. `write` puts rows of one into the database; those that are there do no harm."""

    def __init__(self, write: Callable[[Inverted, Sequence[Row]], None]) -> None:
        self._write = write
        self._owners: dict[Inverted, _Owners] = defaultdict(dict)
        self._rows: dict[Inverted, int] = defaultdict(int)

    def add(self, index: Inverted, owner: str, tokens: Sequence[int]) -> None:
        """Note that an owner holds tokens."""
        owners = self._owners[index]
        for token in tokens:
            owners.setdefault(token, {})[owner] = None
        self._rows[index] += len(tokens)
        if self._rows[index] >= MOST:
            self.write(index)

    def beside(self, index: Inverted, written: dict[int, list[str]], wanted: Mapping[int, int]) -> dict[int, list[str]]:
        """Return owners of each token, those that are written and those that wait: as many as are wanted."""
        waiting = self._owners[index]
        for token in waiting.keys() & wanted.keys() if waiting else ():
            written[token] = list(dict.fromkeys(written[token]) | waiting[token])[: wanted[token]]
        return written

    def write(self, index: Inverted) -> None:
        """Write the rows of an index now."""
        rows = _in_order(self._owners.pop(index, {}))
        self._rows[index] = 0
        if rows:
            self._write(index, rows)

    def write_all(self) -> None:
        """Write all of them: the last thing before the commit."""
        for index in list(self._owners):
            self.write(index)


def _in_order(owners: _Owners) -> list[Row]:
    return [(token, owner) for token in sorted(owners) for owner in owners[token]]
