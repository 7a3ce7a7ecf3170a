"""How close two records are, field by field. Every rule is symmetric; None means that a field says nothing."""

import re
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz.distance import OSA, JaroWinkler

from casebus.matching.register.dates import Day
from casebus.matching.register.names import Name, spelling
from casebus.matching.register.places import Place
from casebus.matching.register.record import Record

Levels = tuple[int | None, ...]
"""One per field of `fields.FIELDS`."""

ANOTHER_NAME = 7
"""The given name's level where the surname differs too: one event, not two; somebody gave another name."""

WORD = 2
"""The level of a shared handle without a number: whoever bears a name may call himself by it."""

MAX_FUZZY = 8
"""So many values of a kind are compared for near misses; equality is looked for among all."""

_NUMBER = re.compile(r"\d+")
_NOT_LETTERS = re.compile(r"[\W\d_]+")
_alike = JaroWinkler.similarity
_edits = OSA.distance


def compare(x: Record, y: Record) -> Levels:
    """Return the level of each field, in the order of `fields.FIELDS`."""
    given, surname, a, b = _names(x, y)
    email, screen, handle = _online(x, y)
    named = min(given or 0, surname or 0) >= 2
    if email in (1, 2) and _by_name(x, y, a, b, both=named):
        email = None
    if named and handle == WORD:
        handle = None
    if named and screen == 2 and not x.handles.isdisjoint(y.handles):
        screen = None
    p, q = x.place, y.place
    return (
        given,
        surname,
        _middle(a, b, given),
        None if not a.generation or not b.generation else int(a.generation == b.generation),
        born_level(x.born, y.born),
        None if not x.sex or not y.sex else int(x.sex == y.sex),
        _shared(x.national, y.national, near=True),
        email,
        _shared(x.phone, y.phone, near=True),
        _shared(x.device, y.device),
        _shared(x.wallet, y.wallet),
        _shared(x.bank, y.bank),
        _shared(x.account, y.account),
        screen,
        handle,
        1 if x.ip & y.ip else None,
        _address(p, q),
        _postcode(p.postcode, q.postcode),
        text_level(p.suburb, q.suburb),
        text_level(p.city, q.city),
        None if not p.region or not q.region else int(p.region == q.region),
        text_level(x.birthplace, y.birthplace),
        text_level(x.occupation, y.occupation),
    )


def _names(x: Record, y: Record) -> tuple[int | None, int | None, Name, Name]:
    """Return the levels of given name and surname for the two spellings that are closest, and those spellings."""
    if not x.also and not y.also:
        return (*_name(x.name, y.name), x.name, y.name)
    pairs = ((*_name(a, b), a, b) for a in (x.name, *x.also) for b in (y.name, *y.also))
    return max(pairs, key=_closeness)


def _closeness(found: tuple[int | None, int | None, Name, Name]) -> tuple[object, ...]:
    """Order pairs of spellings so that the same is the closest whichever record comes first."""
    given, surname, a, b = found
    levels = tuple(-1 if level is None else level for level in (given, surname))
    spellings = sorted((n.given, n.surname, n.middle, n.generation, sorted(n.words)) for n in (a, b))
    return (given or 0) % ANOTHER_NAME + (surname or 0), levels, spellings


def _name(a: Name, b: Name) -> tuple[int | None, int | None]:
    given, surname = name_level(a.given, b.given), name_level(a.surname, b.surname)
    if not given and not surname and (a.given or a.surname) and (b.given or b.surname):
        first, second = name_level(a.given, b.surname), name_level(a.surname, b.given)
        if _swapped(first, second):
            return 6, 6 if first == second == 5 else None
    if given == 0 and _elsewhere(a.given, b.given, a, b):
        given = 2
    if surname == 0 and _elsewhere(a.surname, b.surname, a, b):
        surname = 2
    if given == 0 and surname == 0:
        return ANOTHER_NAME, None
    return given, surname


def _swapped(first: int | None, second: int | None) -> bool:
    """Tell whether the names agree crosswise: given name and surname changed places on one side."""
    if first is None or second is None:
        return (first or second or 0) >= 4
    return min(first, second) >= 3


def _elsewhere(mine: str, theirs: str, a: Name, b: Name) -> bool:
    """Tell whether a name stands in another place of the other record's name: a middle name that somebody goes by."""
    if not a.others and not b.others:
        return False
    return not (b.others.isdisjoint(spelling(mine).words) and a.others.isdisjoint(spelling(theirs).words))


def name_level(a: str, b: str) -> int | None:
    """Return how close two names are: 5 equal, 4 one slip, 3 a short form or close, 2 alike or sounding so, 1 initial."""
    if not a or not b:
        return None
    if a == b:
        return 5
    one, two = spelling(a), spelling(b)
    if not one.full.isdisjoint(two.full):
        return 3
    if len(one.words) > 1 or len(two.words) > 1:
        if a.replace(" ", "") == b.replace(" ", ""):
            return 4
        if not one.words.isdisjoint(two.words):
            return 3
    shortest = min(len(a), len(b))
    if shortest == 1:
        return int(a[0] == b[0])
    edits = _edits(a, b, score_cutoff=2)
    if edits == 1 and shortest >= 3:
        return 4
    alike = _alike(a, b)
    if alike >= 0.88 or (edits == 2 and shortest >= 5) or (one.bare == two.bare and _without_vowels(a, b, one.bare)):
        return 3
    return 2 if alike >= 0.8 or one.heard == two.heard else 0


def _without_vowels(a: str, b: str, bare: str) -> bool:
    """Tell whether one of two names of the same consonants is these alone: it comes from a script that writes no vowels."""
    return len(bare) >= 3 and bare in (a, b)


def _middle(a: Name, b: Name, given: int | None) -> int | None:
    """Return 2 for a shared middle name, 3 if the given name is shared too, 1 for an initial or a near one."""
    if not a.middle or not b.middle:
        return None
    first, second = a.middle[0], b.middle[0]
    if set(a.middle) & set(b.middle):
        return 3 if given == 5 else 2
    if first[0] == second[0] and min(len(first), len(second)) == 1:
        return 1
    return 1 if _alike(first, second) > 0.88 else 0


def born_level(a: tuple[Day, ...], b: tuple[Day, ...]) -> int | None:
    """Return how close two dates of birth are, in the reading that is closest.

    7 the same day, 6 day and month changed places, 5 one slip of a digit, 4 two of three parts, 3 the same year, 2 within
    a year, 1 the same day or month of another year.
    """
    if not a or not b:
        return None
    if len(a) == 1 and len(b) == 1:
        return _days(a[0], b[0])
    return max(_days(one, other) for one in a for other in b)


def _days(a: Day, b: Day) -> int:
    if a == b:
        return 7 if a[1] else 3
    if not a[1] or not b[1]:
        return 3 if a[0] == b[0] else 0
    if a[0] == b[0] and a[1] == b[2] and a[2] == b[1]:
        return 6
    if not a[2] or not b[2]:
        return 4 if a[:2] == b[:2] else 3 if a[0] == b[0] else 0
    if _edits(_digits(a), _digits(b), score_cutoff=1) == 1:
        return 5
    same = (a[0] == b[0]) + (a[1] == b[1]) + (a[2] == b[2])
    if same == 2:
        return 4
    if a[0] == b[0]:
        return 3
    apart = abs((a[0] - b[0]) * 365 + (a[1] - b[1]) * 30 + a[2] - b[2])
    return 2 if apart <= 366 else int(same == 1)


@lru_cache(maxsize=100_000)
def _digits(day: Day) -> str:
    return f"{day[0]:04d}{day[1]:02d}{day[2]:02d}"


def _shared(a: frozenset[str], b: frozenset[str], *, near: bool = False) -> int | None:
    """Return 2 for a shared value, 1 for one slip between two longer ones (if `near`), 0 for none."""
    if not a or not b:
        return None
    if not a.isdisjoint(b):
        return 2
    if near and any(len(one) > 5 and _edits(one, two, score_cutoff=1) <= 1 for one in few(a) for two in few(b)):
        return 1
    return 0


def few(values: Iterable[str]) -> list[str]:
    """Return a bounded number of values, the same whatever their order."""
    return sorted(values)[:MAX_FUZZY]


def _online(x: Record, y: Record) -> Levels:
    """Return the levels of e-mail, screen name and of a handle in the other's e-mail. One word counts once among them."""
    email, screen = _email(x, y), _screen(x, y)
    told = x.mail_handles & y.mail_handles if email == 3 else frozenset()
    if screen in (3, 4):
        shared = x.handles & y.handles
        if shared and shared <= told:
            screen = None
        told |= shared
    across = (x.handles & y.mail_handles) | (y.handles & x.mail_handles)
    handle = _handle(across - told)
    if email in (1, 2):
        if handle or screen in (3, 4):
            email = None
        elif screen == 2:
            screen = None
    return email, screen, handle


def _handle(shared: frozenset[str]) -> int | None:
    return (1 if any(map(numbered, shared)) else WORD) if shared else None


def numbered(handle: str) -> bool:
    """Tell whether a handle has a number in it: few people have the same one by chance."""
    return _NUMBER.search(handle) is not None


def _email(x: Record, y: Record) -> int | None:
    """Return 4 for one mailbox, 3 for one local part with a number in it, 2 and 1 for one without and for near ones."""
    if not x.email or not y.email:
        return None
    return max(_mailbox(a, b) for a in x.email[:MAX_FUZZY] for b in y.email[:MAX_FUZZY])


def _by_name(x: Record, y: Record, a: Name, b: Name, *, both: bool) -> bool:
    """Tell whether two addresses are alike only because their holders' names are.

    With `both` names near, addresses are made alike by them unless they have a number in common.
    """
    if both:
        numbers = [{run for box in record.email for run in _NUMBER.findall(box[0])} for record in (x, y)]
        return numbers[0].isdisjoint(numbers[1])
    common = [word for word in a.words & b.words if len(word) >= 3]
    if not common:
        return False
    return not any(_alike_without(one[0], two[0], common) for one in x.email[:MAX_FUZZY] for two in y.email[:MAX_FUZZY])


def _alike_without(one: str, two: str, words: list[str]) -> bool:
    for word in sorted(words):
        if word in one and word in two:
            one, two = one.replace(word, "", 1), two.replace(word, "", 1)
    one, two = (_NOT_LETTERS.sub("", rest) for rest in (one, two))
    return min(len(one), len(two)) >= 4 and _edits(one, two, score_cutoff=2) <= 2


def _mailbox(a: tuple[str, str], b: tuple[str, str]) -> int:
    if a == b:
        return 4
    if a[0] == b[0]:
        return 3 if numbered(a[0]) else 2
    if min(len(a[0]), len(b[0])) > 5 and _edits(a[0], b[0], score_cutoff=2) <= 2:
        return 2
    return int(_alike(a[0] + a[1], b[0] + b[1]) > 0.9)


def _screen(x: Record, y: Record) -> int | None:
    """Return 4 for one name on one service, 3 on two; 2 for one slip or no number in it; 1 for other services, 0 for one."""
    if not x.screen or not y.screen:
        return None
    if not x.screen.isdisjoint(y.screen):
        return 4
    if shared := x.handles & y.handles:
        return 3 if any(map(numbered, shared)) else 2
    for one in few(x.handles):
        for two in few(y.handles):
            if min(len(one), len(two)) > 6 and _edits(one, two, score_cutoff=1) <= 1:
                return 2
    return 0 if {service for service, _ in x.screen} & {service for service, _ in y.screen} else 1


def _address(p: Place, q: Place) -> int | None:
    """Return 4 for the same house, 3 for nearly, 2 for the same street, 1 for nearly, 0 for another."""
    if not p.street or not q.street:
        return None
    same = p.street == q.street or p.street.replace(" ", "") == q.street.replace(" ", "")
    near = same or _alike(p.street, q.street) >= 0.9 or _within(p.street, q.street)
    if not near:
        return 0
    if not set(p.numbers).isdisjoint(q.numbers):
        return 4 if same else 3
    return 2 if same else 1


def _within(a: str, b: str) -> bool:
    first, second = _words(a), _words(b)
    return first >= second or second >= first


@lru_cache(maxsize=100_000)
def _words(street: str) -> frozenset[str]:
    return frozenset(street.split())


def _postcode(a: str, b: str) -> int | None:
    if not a or not b:
        return None
    if a == b:
        return 3
    if _edits(a, b, score_cutoff=1) <= 1:
        return 2
    return int(a[:3] == b[:3])


def text_level(a: str, b: str) -> int | None:
    """Return how close two words of a place or a trade are: 4 equal, 3 and 2 alike, 0 different."""
    if not a or not b:
        return None
    if a == b:
        return 4
    alike = _alike(a, b)
    return 3 if alike >= 0.92 else 2 if alike >= 0.84 else 0
