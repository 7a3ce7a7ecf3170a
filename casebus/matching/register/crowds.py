"""Rows of one person who stands in a register very many times, none of them like another: two of them are compared with the rest.

Somebody reported 200 times, each time with another phone, would be compared with himself in a number of pairs that grows with
the square; beyond it all that he has would be common, and worth nothing. So a crowd is set apart, as copies are (`copies`):
more than `MANY` rows that share two values that tell people apart, with names and days of birth no more than a slip apart.
Of it two rows stand for all, and each of the others is weighed against those alone. What a household shares is no crowd: it
has as many names and days of birth as people.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations

from casebus.matching.register.copies import KEPT, MANY
from casebus.matching.register.fields import INDEX
from casebus.matching.register.frequencies import CAP
from casebus.matching.register.levels import compare
from casebus.matching.register.record import Record
from casebus.matching.register.telling import BORN, NAME, TELLING, Value, telling

ALONE = 10
"""A crowd is as well what is more than so many rows, and more than half of all: nobody is left to learn from."""
BLOCK = 5
"""More rows than this that share two values may be part of a crowd: of a crowd with slips each two are shared by a part."""
PART = 4
"""Of a crowd with a slip in every row at least so many-th hold each two of its values."""
MOST_OFTEN = 10
"""So many values of a row are looked at, the most frequent: a cell may hold thousands."""

_GIVEN, _SURNAME, _BORN, _GENERATION = INDEX["given"], INDEX["surname"], INDEX["born"], INDEX["generation"]
A_SLIP = ((_GIVEN, 3, 5), (_SURNAME, 3, 5), (_BORN, 5, 7))
"""Fields of a person, and between which levels they are the same but for a slip, or in a name one on each side."""

Two = tuple[Value, Value]
"""Two values of different kinds, one of them a name or a day of birth."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """The rows of one person: those that are compared as any other is, and the rest, in order."""

    kept: list[Record]
    rest: list[Record]


def crowds(records: Sequence[Record], *, linking: bool) -> list[Crowd]:
    """Return the crowds of a register, or of two that are linked; no row is in two. `records` are in the order of their ids."""
    values = _often(records)
    holders = _holders(values)
    blocks = _blocks(values)
    found, taken, tried = [], set[int](), set[int]()
    for two in sorted(blocks, key=lambda two: (-len(blocks[two]), blocks[two][0], two[0][0], two[1][0])):
        rows = [place for place in blocks[two] if place not in taken and place not in tried]
        most = CAP + PART * len(blocks[two])
        if len(rows) <= BLOCK or any(len(holders[value]) > most for value in two):
            continue
        first = min(rows, key=lambda place: (-sum(len(holders[value]) for value in values[place]), place))
        shared = [holders[value] for value in values[first] if len(holders[value]) <= most]
        members = _near(first, records, shared, taken)
        if _is_crowd(members, len(records)) and _tells(members, values, holders):
            taken.update(members)
            found.append(_crowd([records[place] for place in members], linking=linking))
        else:
            tried.update(members)
    return found


def _is_crowd(members: Sequence[int], rows: int) -> bool:
    return len(members) > MANY or (len(members) > ALONE and 2 * len(members) > rows)


def _often(records: Iterable[Record]) -> dict[int, list[Value]]:
    """Return of each row those values that more than `BLOCK` rows hold, a name and a day of birth first, then the most frequent."""
    sizes = Counter(hash(value) for record in records for value in set(telling(record)))
    many = {key: size for key, size in sizes.items() if size > BLOCK}
    del sizes
    rows = (
        (place, {value for value in telling(record) if hash(value) in many}) for place, record in enumerate(records)
    )
    return {
        place: sorted(often, key=lambda value: (value[0] > BORN, -many[hash(value)], value))[:MOST_OFTEN]
        for place, often in rows
        if often
    }


def _holders(values: Mapping[int, Iterable[Value]]) -> Mapping[Value, list[int]]:
    """Return the rows that hold each value."""
    holders: dict[Value, list[int]] = defaultdict(list)
    for place, often in values.items():
        for value in often:
            holders[value].append(place)
    return holders


def _blocks(values: Mapping[int, Iterable[Value]]) -> Mapping[Two, list[int]]:
    """Return the rows that hold two values, of those twos that more than `BLOCK` rows hold."""
    blocks: dict[Two, list[int]] = defaultdict(list)
    for place, often in values.items():
        for one, other in combinations(sorted(often), 2):
            if one[0] != other[0] and one[0] <= BORN:
                blocks[one, other].append(place)
    return {two: places for two, places in blocks.items() if len(places) > BLOCK}


def _near(first: int, records: Sequence[Record], shared: Iterable[Iterable[int]], taken: Set[int]) -> list[int]:
    """Return a row and those near it, the nearest first. `shared`: for each of its values the rows that hold it."""
    counts = Counter(place for holders in shared for place in holders if place not in taken)
    ranked = sorted(counts, key=lambda place: (place != first, -counts[place], place))
    return [place for place in ranked if place == first or _one_person(records[first], records[place])]


def _one_person(x: Record, y: Record) -> bool:
    """Tell whether two kinds of values agree, with name and day of birth no more than a slip apart."""
    levels = compare(x, y)
    near = [level for field, low, high in A_SLIP if (level := levels[field]) is not None and low <= level <= high]
    known = sum(levels[field] is not None for field, *_ in A_SLIP)
    named, born = levels[_GIVEN] is not None and levels[_SURNAME] is not None, levels[_BORN] is not None
    same = {kind for kind, _ in set(telling(x)).intersection(telling(y))} - {NAME, BORN}
    return levels[_GENERATION] != 0 and len(near) == known and (named or born) and named + born + len(same) >= TELLING


def _tells(members: Sequence[int], values: Mapping[int, Iterable[Value]], holders: Mapping[Value, list[int]]) -> bool:
    """Tell whether what the crowd shares is its own: a placeholder is held by many others too."""
    own = Counter(value for place in members for value in values[place])
    return len({value[0] for value in values[members[0]] if len(holders[value]) - own[value] <= CAP}) >= TELLING


def _crowd(members: Sequence[Record], *, linking: bool) -> Crowd:
    """Return the crowd with those that stand for it: its first rows, or the first of each side."""
    firsts = {record.side: record for record in reversed(members)}
    kept = [firsts[side] for side in sorted(firsts)] if linking else list(members[:KEPT])
    ids = {record.record_id for record in kept}
    rest = (record for record in members if record.record_id not in ids)
    return Crowd(kept, sorted(rest, key=lambda record: record.record_id))
