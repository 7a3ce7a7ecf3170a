"""What a crowd's rest has of its own: rows that stand for nobody are found by the identifiers that only they have."""

from collections import defaultdict
from collections.abc import Iterable

from casebus.matching.register.crowds import Crowd
from casebus.matching.register.frequencies import CAP
from casebus.matching.register.keys import Key, Symbols, identifiers
from casebus.matching.register.record import Record


class Rest:
    """The rest of each crowd, ready to be asked who shares an identifier with a record."""

    def __init__(self, crowds: Iterable[Crowd]) -> None:
        self._symbols = Symbols()
        self._stand_for: dict[str, list[Record]] = {}
        held: dict[Key, list[Record]] = defaultdict(list)
        for crowd in crowds:
            shared = {key for record in crowd.kept for key in identifiers(record, self._symbols)}
            for row in crowd.rest:
                self._stand_for[row.record_id] = crowd.kept
                for key in sorted(identifiers(row, self._symbols) - shared):
                    held[key].append(row)
        self._symbols.frozen = True
        self._held = {key: rows for key, rows in held.items() if len(rows) <= CAP}

    def sharing(self, record: Record) -> list[Record]:
        """Return the rows that share an identifier with a record which none of those that stand for them has, in order."""
        wanted = identifiers(record, self._symbols) if self._held else ()
        found = {row.record_id: row for key in wanted for row in self._held.get(key, ())}
        return [found[record_id] for record_id in sorted(found) if record_id != record.record_id]

    def stand_for(self, row: Record) -> list[Record]:
        """Return the records that stand for a row."""
        return self._stand_for[row.record_id]
