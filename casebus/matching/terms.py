"""Which terms of the model the facts of a pair have, beside one another. Pure and symmetric.

1. Beside what is one person's alone (a mailbox, an account, a whole name with its birth date) another mailbox, number, name
   on a service or device says less: people have several. It has weights of its own there. A birth date or a state's number
   that differs is said in full.
2. One thing that agrees, and is not one person's alone, is worth less than two: strangers share one thing.

Both follow how rare a value is, and one way only: a value that is less rare never adds to a score.
"""

from collections.abc import Sequence
from dataclasses import replace

from casebus.events.enumerations import Agreement, IdentifierType, Rarity
from casebus.matching.facts import Fact
from casebus.matching.families import DIFFERING, FAMILIES, OWN, Born, Lives, Name, term_of

ALONE = "alone"
_BESIDE = "beside."
_SEVERAL = frozenset({f"{kind.lower()}.differs" for kind in DIFFERING if kind is not IdentifierType.NATIONAL_ID})
_WHOLE = frozenset({term_of("name", Name.exact), term_of("born", Born.day)})

AGAINST = frozenset({ALONE, "household", "namesake", "word_and_day", "undated_at_home"})
"""Terms that may only count against, beside what differs and what is not rare."""


def beside_one_another(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Return the facts of a pair with the terms that they have together."""
    if any(_is_one_persons(fact) for fact in facts):
        return tuple([_beside(fact) if fact.terms[0] in _SEVERAL else fact for fact in facts])
    if is_one_thing(facts):
        return tuple([fact if fact.agreement is Agreement.differs else _alone(fact) for fact in facts])
    return tuple(facts)


def is_one_thing(facts: Sequence[Fact]) -> bool:
    """Tell whether no more than one thing agrees."""
    return len([fact for fact in facts if fact.agreement is not Agreement.differs]) == 1


def at_the_least(fact: Fact, *, is_one_thing: bool) -> tuple[str, ...]:
    """Return the terms of a fact, were its value as common as one may be that counts, and all that differs said in full.

    Only a screen name is one person's by how rare it is.
    """
    terms = tuple([term.removeprefix(_BESIDE) for term in fact.terms])
    common = is_one_thing and fact.terms[0] in OWN and fact.kind is IdentifierType.SERVICE_SCREEN_NAME
    return (*terms, ALONE) if common and ALONE not in terms else terms


def _is_one_persons(fact: Fact) -> bool:
    return fact.firm and (fact.terms[0] in OWN or _WHOLE.issubset(fact.terms))


def _beside(fact: Fact) -> Fact:
    return replace(fact, terms=tuple([f"{_BESIDE}{term}" for term in fact.terms]))


def _alone(fact: Fact) -> Fact:
    return replace(fact, terms=(*fact.terms, ALONE))


def every_term() -> frozenset[str]:
    """Return every term that a fact can have: the model gives each a weight."""
    own = [family.name for family in FAMILIES.values() if family.says is None]
    bands = [f"{name}.{band}" for name in (*own, "person") for band in (Rarity.rare, Rarity.uncommon)]
    levels = [term_of(part, level) for part, levels in _LEVELS for level in levels if level]
    differing = [f"{kind.lower()}.differs" for kind in DIFFERING] + [f"{part}.differs" for part, _ in _LEVELS]
    beside = [f"{_BESIDE}{term}" for term in _SEVERAL]
    screen = ["screen_name.short", *(f"{name}.common" for name in ("screen_name", "screen_name_look"))]
    return AGAINST.union(own, bands, levels, differing, beside, screen)


_LEVELS = (("name", Name), ("born", Born), ("lives", Lives))
