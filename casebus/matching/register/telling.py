"""What of a record may tell people apart, each value with its kind: a name in full, a day of birth, a house, what a person alone has."""

from collections.abc import Hashable, Iterator

from casebus.matching.register.fields import FIELDS, INDEX
from casebus.matching.register.record import Record

TELLING = 2
"""So many kinds of values, each of a value that is not common, tell people apart: one alone may be a placeholder, or shared."""
NAME, BORN, HOUSE = 0, 1, 2
"""The kinds of a person. What comes after them are identifiers."""

_IDENTIFIERS = [field.exact[0][1] for field in FIELDS if field.capped and field.name not in ("handle", "ip")]
_HOUSE = FIELDS[INDEX["address"]].exact[0][1]

Value = tuple[int, Hashable]
"""The number of a kind and a value of that kind."""


def telling(record: Record) -> Iterator[Value]:
    """Yield what may tell people apart."""
    if record.name.given and record.name.surname:
        yield NAME, (record.name.given, record.name.surname)
    for day in record.born:
        if day[2]:
            yield BORN, day
    for house in _HOUSE(record) if record.place.numbers else ():
        yield HOUSE, house
    for kind, values in enumerate(_IDENTIFIERS, HOUSE + 1):
        for value in values(record):
            yield kind, value
