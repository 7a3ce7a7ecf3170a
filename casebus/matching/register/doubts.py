"""When a pair is not an alert however much agrees: two generations, or two national ids, are two people.

Father and son may share all but a date of birth, twins all but a given name. Such a pair goes to review. An identifier that
one person alone has lifts the doubt, except where the records themselves say senior and junior, or give two national ids.
A name alone, whatever the town, is doubted always. That two ids are two people holds where they are written with care;
where one person's records often have two, the weight says what that is worth.
"""

from dataclasses import dataclass

from casebus.matching.register.fields import INDEX
from casebus.matching.register.levels import ANOTHER_NAME, compare
from casebus.matching.register.record import Record

HARDLY_EVER = 0.05
HARDLY_EVER_TWO_IDS = 0.03
GENERATION = 15
"""Years between the births of two people of one name, from which on they may be father and son."""

_OWN = (
    (INDEX["national"], 2),
    (INDEX["email"], 4),
    (INDEX["device"], 2),
    (INDEX["wallet"], 2),
    (INDEX["bank"], 2),
    (INDEX["account"], 2),
    (INDEX["screen"], 4),
)
_MORE_THAN_A_NAME = tuple(
    (INDEX[name], frozenset(near))
    for name, near in (
        ("born", (1, 2, 3, 4, 5, 6, 7)),
        ("national", (1, 2)),
        ("email", (2, 3, 4)),
        ("phone", (1, 2)),
        ("device", (2,)),
        ("wallet", (2,)),
        ("bank", (2,)),
        ("account", (2,)),
        ("screen", (2, 3, 4)),
        ("handle", (1, 2)),
        ("ip", (1,)),
        ("address", (1, 2, 3, 4)),
        ("postcode", (2, 3)),
    )
)
"""Fields and levels, one of which must agree: namesakes share a name, and a town."""
_GIVEN, _BORN = INDEX["given"], INDEX["born"]
_GENERATION, _NATIONAL = INDEX["generation"], INDEX["national"]


@dataclass(frozen=True, slots=True)
class Doubts:
    """What a register says about its people.

    `other_name`: how often two records of one person have another given name; where they hardly ever do, another given
    name is somebody else. `other_national`: the same of national ids. `families`: whether it has pairs of one household;
    where it has none, nobody is another's father.
    """

    other_name: float
    other_national: float
    families: bool

    def about(self, x: Record, y: Record) -> bool:
        """Tell whether a pair must be looked at by somebody, whatever its weight."""
        levels = compare(x, y)
        if not any(levels[number] in near for number, near in _MORE_THAN_A_NAME):
            return True
        if levels[_GENERATION] == 0 or (levels[_NATIONAL] == 0 and self.other_national < HARDLY_EVER_TWO_IDS):
            return True
        twins = levels[_GIVEN] in (0, ANOTHER_NAME) and self.other_name < HARDLY_EVER
        father = self.families and levels[_BORN] in (0, 1) and _generations_apart(x, y)
        return (twins or father) and not any(levels[number] == own for number, own in _OWN)


def _generations_apart(x: Record, y: Record) -> bool:
    return min(abs(a[0] - b[0]) for a in x.born for b in y.born) >= GENERATION
