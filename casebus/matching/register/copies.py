"""Rows that say the same: of very many only as many are compared as tell what a pair of them is worth.

An import that ran 250 times leaves 250 rows of one record. Counted as 250 people, all that they hold would be common, and none
of it would be worth anything. The rest of them, the copies, are no part of what is counted and compared: each is paired as the
row that stands for it is, with one other record. Rows that hold too little to tell people apart are no copies of each other,
however many they are: a name says nothing more for being there often.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence, Set
from dataclasses import dataclass, fields
from operator import attrgetter

from casebus.matching.register.frequencies import CAP
from casebus.matching.register.record import Record
from casebus.matching.register.telling import TELLING, Value, telling

MANY = 20
"""So many rows that say the same are compared as any others are."""
KEPT, KEPT_LINKING = 2, 1
"""So many of more are: they make one pair, with each other or (if two registers are linked) with a record of the other side."""

_content: Callable[[Record], Hashable] = attrgetter(*(each.name for each in fields(Record) if each.name != "record_id"))


@dataclass(frozen=True, slots=True)
class Apart:
    """A register without its copies. `copies`: by the record_id of the row that stands for them, each in order."""

    records: list[Record]
    copies: dict[str, list[Record]]


def without_copies(records: Sequence[Record], *, linking: bool) -> Apart:
    """Return the records without those of which too many say the same. `records` are in the order of their ids."""
    crowds = _crowds(records)
    common = _common(records, crowds) if crowds else set()
    kept = KEPT_LINKING if linking else KEPT
    copies = {
        members[kept - 1].record_id: members[kept:]
        for members in crowds
        if len({kind for kind, value in telling(members[0]) if (kind, value) not in common}) >= TELLING
    }
    out = {copy.record_id for members in copies.values() for copy in members}
    return Apart([record for record in records if record.record_id not in out], copies)


def _crowds(records: Sequence[Record]) -> list[list[Record]]:
    """Return the rows of which more than `MANY` say the same. Only of these is kept what they say: memory is bounded."""
    sizes = Counter(hash(_content(record)) for record in records)
    same: dict[Hashable, list[Record]] = defaultdict(list)
    for record in records:
        if sizes[hash(content := _content(record))] > MANY:
            same[content].append(record)
    return [members for members in same.values() if len(members) > MANY]


def _common(records: Iterable[Record], crowds: Iterable[Sequence[Record]]) -> Set[Value]:
    """Return the values of crowds that more than `CAP` rows hold, a crowd counted as one."""
    again = {record.record_id for members in crowds for record in members[1:]}
    asked = {value for members in crowds for value in telling(members[0])}
    held = Counter(
        value
        for record in records
        if record.record_id not in again
        for value in set(telling(record)).intersection(asked)
    )
    return {value for value, count in held.items() if count > CAP}
