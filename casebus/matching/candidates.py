"""What to index of a record, and which shared values are worth a comparison.

The index is the store's: (family, value) to record ids, with the number of distinct records that hold each. A value above its
family's cap makes no candidates, which bounds the pairs that one common identifier can cause.
"""

from collections.abc import Callable, Mapping
from hashlib import blake2b

from casebus.events.enumerations import IdentifierType, Rarity, RecordKind
from casebus.matching.families import (
    FAMILIES,
    HANDLES,
    OWN,
    REPORT_CAP,
    SAME_REPORT_SCORE,
    SOURCE_REPORT,
    Family,
    Says,
    rarity,
    term_of,
)
from casebus.matching.held import HeldRecord, HeldSighting, HeldToken
from casebus.matching.model import PRIOR_OF_CASES, PRIOR_OF_TIPS, WEIGHTS

Frequency = Callable[[str, str], int]
"""(family, value) to the number of distinct records that hold it."""


def takes_part(record: HeldRecord) -> bool:
    """Tell whether a record is matched at all: open, and not a batched viral tip."""
    return record.open and record.matchable


def postings(record: HeldRecord) -> tuple[HeldToken, ...]:
    """Return what to index, without repeats; nothing for a record that takes no part."""
    if not takes_part(record):
        return ()
    held = dict.fromkeys([token for sighting in record.sightings for token in known_tokens(sighting)])
    held |= dict.fromkeys([HeldToken(SOURCE_REPORT, number) for number in record.source_report])
    return tuple(held)


def known_tokens(sighting: HeldSighting) -> tuple[HeldToken, ...]:
    """Return a sighting's tokens whose family is known here and may stand under its kind.

    A newer agency may send families that this hub does not know: they are carried and say nothing yet.
    """
    families = MAY_CARRY[sighting.kind]
    for family, _ in sighting.tokens:
        if family not in families:
            return tuple([token for token in sighting.tokens if token.family in families])
    return sighting.tokens


MAY_CARRY = {
    kind: frozenset(family.name for family in FAMILIES.values() if kind in family.kinds) for kind in IdentifierType
}
"""The families that may stand under each kind."""


def index_key(family: str, value: str) -> int:
    """Return a token as it is indexed: 64 bits of a hash, as a signed number.

    Among 18 million tokens the chance that any two meet is 1 in 100,000, and nobody can make two meet at will, though
    an agency chooses its values. Two that meet count as one that is held more often; a pair is compared by the tokens
    themselves, so that no match is made of it.
    """
    return int.from_bytes(blake2b(f"{family}:{value}".encode(), digest_size=8).digest(), "big", signed=True)


def indexed(record: HeldRecord) -> dict[HeldToken, int]:
    """Return what to index of a record, each with how it is indexed."""
    return {token: index_key(*token) for token in postings(record)}


def cap(family: str) -> int:
    """Return how many records may hold a value of this family before it says nothing; 0 for a family not known here."""
    known = FAMILIES.get(family)
    if known is None:
        return REPORT_CAP if family == SOURCE_REPORT else 0
    return known.cap


def enough(token: HeldToken) -> int:
    """Return how many holders of a token need be known: whether one more or one less passes the cap shows in them."""
    return cap(token.family) + 2


def eligible(token: HeldToken, frequency: int) -> bool:
    """Tell whether records that share a token are worth a comparison."""
    return frequency <= cap(token.family)


def standing(token: HeldToken, frequency: int) -> Rarity:
    """Return how a value is weighed: what depends on its frequency depends on this alone, so that a pair is compared
    again when it changes and at no other time.
    """
    if token.family == SOURCE_REPORT:
        return Rarity.unique if eligible(token, frequency) else Rarity.common
    return rarity(frequency, cap(token.family))


def prior_at_most(kind: RecordKind) -> float:
    """Return the most that a pair of which one record is of this kind begins with."""
    return max(PRIOR_OF_CASES, PRIOR_OF_TIPS) if kind is RecordKind.case else PRIOR_OF_TIPS


InCommon = dict[str, int]
"""Families of which two records share a value, each with how many hold the rarest of them."""


def note(shared: InCommon, token: HeldToken, frequency: int) -> None:
    """Note a value that two records share; one that too many hold says nothing."""
    if eligible(token, frequency):
        shared[token.family] = min(frequency, shared.get(token.family, frequency))


def most(shared: InCommon, prior: float) -> float:
    """Return the most that two records can add up to which share values of these families and of no other.

    `compare` never scores more: one family counts for each kind, a handle beside them, and a person's attributes each at
    the best that any of the families says of it, all of them as rare as the rarest. That a value is less rare never adds
    to a weight. A screen name is taken to be rare: how rare its handle is stands elsewhere. What differs adds nothing.
    """
    best: dict[str, float] = {}
    persons: list[float] = []
    things: set[str] = set()
    for name, frequency in shared.items():
        if name not in _AT_MOST:  # a report's number is no fact about a person
            continue
        band = rarity(frequency, cap(name))
        for fact, by_band in _AT_MOST[name]:
            if fact == _PERSON:
                persons.append(by_band[band])
                continue
            things.add(fact)
            if by_band[band] > best.get(fact, 0.0):
                best[fact] = by_band[band]
    total = prior + sum(best.values()) + max(persons, default=0.0)
    if frozenset(things) in _ONE_THING:
        total += WEIGHTS["alone"]
    return max(total, SAME_REPORT_SCORE) if SOURCE_REPORT in shared else total


_SCREEN = IdentifierType.SERVICE_SCREEN_NAME
_PERSON = "person"


def _adds_at_most(family: Family) -> tuple[tuple[str, Mapping[Rarity, float]], ...]:
    """Return each fact that a value of this family is, with the most that it adds, by band."""
    if family.says is not None:
        whole = [(term.partition(".")[0], dict.fromkeys(Rarity, WEIGHTS[term])) for term in said(family.says)]
        return (*whole, (_PERSON, {band: _less(_PERSON, band) for band in Rarity}))
    fact = "handle" if family.name in HANDLES else family.kinds[0]
    rare = fact is _SCREEN
    return ((fact, {band: WEIGHTS[family.name] + (0.0 if rare else _less(family.name, band)) for band in Rarity}),)


def _less(name: str, band: Rarity) -> float:
    """Return what is taken off, as a negative number, for a value that is not unique; nothing where the model says nothing."""
    return WEIGHTS.get(f"{name}.{band}", 0.0)


def said(says: Says) -> list[str]:
    """Return the model's terms for what a composite says."""
    parts = (("name", says.name), ("born", says.born), ("lives", says.lives))
    return [term_of(part, level) for part, level in parts if level]


_AT_MOST = {family.name: _adds_at_most(family) for family in FAMILIES.values()}

_PERSONS_PARTS = {"name", "born", "lives"}
_ONE_THING = {
    *(frozenset({fact}) for adds in _AT_MOST.values() for fact, _ in adds),
    *(frozenset({part, "lives"}) for part in _PERSONS_PARTS),
} - {frozenset({FAMILIES[name].kinds[0]}) for name in OWN}
"""What is told as one fact and is never one person's alone: the model takes off for it (`terms`)."""


def common_kinds(record: HeldRecord, frequency: Frequency) -> tuple[IdentifierType, ...]:
    """Return the kinds of which every value is too common to say anything, for an on-record no-hit."""
    held: set[IdentifierType] = set()
    speaks: set[IdentifierType] = set()
    for sighting in record.sightings if takes_part(record) else ():
        for token in known_tokens(sighting) if sighting.kind not in speaks else ():
            held.add(sighting.kind)
            if eligible(token, frequency(*token)):
                speaks.add(sighting.kind)
                break
    return tuple(sorted(held - speaks))
