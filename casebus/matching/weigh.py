"""Weigh what two records share, person by person: the sum of the model's weights. Pure and symmetric.

The best pair of persons stands for the records; nothing depends on the order of sightings. The score is log-odds in
nats: the prior of two records that share a value at all, and one weight for each term of each fact.
"""

from dataclasses import dataclass
from functools import cache

from casebus.events.enumerations import IdentifierType, Rarity, RecordKind, SubjectCategory
from casebus.matching.candidates import Frequency
from casebus.matching.facts import Fact, Facts, facts
from casebus.matching.families import BY_RARITY, FAMILIES
from casebus.matching.held import Agreed, HeldRecord, HeldToken, Shared
from casebus.matching.model import PRIOR_OF_CASES, PRIOR_OF_TIPS, WEIGHTS
from casebus.matching.persons import Person, in_common, persons, shared
from casebus.matching.terms import at_the_least, beside_one_another, is_one_thing


@dataclass(frozen=True, slots=True)
class Weighed:
    """The best pair of persons of two records, or what was suppressed if no pair is left (`lines` empty).

    `firm`: something agrees that not many people hold. `terms` is what the score is the sum of, beside the prior.
    """

    lines: tuple[Agreed, ...]
    suppressed: tuple[IdentifierType, ...]
    evidence: tuple[Shared, ...]
    score: float
    least_score: float
    firm: bool
    roles: tuple[frozenset[SubjectCategory], ...]
    terms: tuple[str, ...]


def weigh(a: HeldRecord, b: HeldRecord, frequency: Frequency) -> Weighed:
    """Return the best pair of persons. Asks for the frequency of shared values only, once each."""
    common = in_common(a, b)
    ours, theirs = persons(a, common), persons(b, common)
    pairs, crowded = shared(ours, theirs)
    values = {token for tokens in pairs.values() for token in tokens}
    counts = {token: max(2, frequency(*token)) for token in values}
    base = prior(a, b)
    found = [
        _pair(ours[one], theirs[other], facts(ours[one], theirs[other], tokens, counts, crowded), base)
        for (one, other), tokens in pairs.items()
    ]
    if not found:
        return Weighed((), tuple(sorted(crowded)), (), base, base, False, (), ())
    if len(found) == 1:
        return found[0]
    mirrored = a.record_id > b.record_id
    return max(found, key=lambda weighed: _rank(weighed, mirrored=mirrored))


def prior(a: HeldRecord, b: HeldRecord) -> float:
    """Return the log-odds of two records that share something, before it is known what: registers of cases are cleaner."""
    return PRIOR_OF_CASES if a.kind is RecordKind.case and b.kind is RecordKind.case else PRIOR_OF_TIPS


def _pair(one: Person, other: Person, said: Facts, base: float) -> Weighed:
    facts_found, is_alone = beside_one_another(said.facts), is_one_thing(said.facts)
    lines = [_line(fact) for fact in facts_found]
    return Weighed(
        lines=tuple(sorted(lines, key=lambda line: (-line.weight, _kinds(line)))),
        suppressed=said.suppressed,
        evidence=tuple([Shared(token, fact.kind, fact.other_kind) for fact in facts_found for token in fact.tokens]),
        # Weights are multiples of 1/64, so that the sum is exact and does not depend on its order.
        score=base + sum([line.weight for line in lines]),
        least_score=base + sum([_least(fact, is_alone=is_alone) for fact in facts_found]),
        firm=any(fact.firm for fact in facts_found),
        roles=tuple(sorted((one.roles, other.roles), key=sorted)),
        terms=tuple(sorted([term for fact in facts_found for term in fact.terms])),
    )


def _least(fact: Fact, *, is_alone: bool) -> float:
    """Return the weight of a fact, were its value as common as one may be that counts."""
    terms = at_the_least(fact, is_one_thing=is_alone)
    weight = sum([WEIGHTS[term] for term in _without_bands(terms)])
    if not fact.tokens or "screen_name.short" in fact.terms:
        return weight
    family = fact.terms[0]
    return weight + _COMMONEST["person" if "." in family else family]


@cache
def _without_bands(terms: tuple[str, ...]) -> tuple[str, ...]:
    """Return the terms that do not say how rare a value is. There are only so many facts."""
    return tuple(term for term in terms if term.rpartition(".")[2] not in _BANDS)


_BANDS = frozenset(Rarity)
_COMMONEST = {
    name: min([0.0, *(WEIGHTS.get(f"{name}.{band}", 0.0) for band in _BANDS)]) for name in ("person", *FAMILIES)
}


def _line(fact: Fact) -> Agreed:
    return Agreed(fact.kind, fact.other_kind, fact.agreement, fact.rarity, sum([WEIGHTS[term] for term in fact.terms]))


def _kinds(line: Agreed) -> list[IdentifierType]:
    return sorted((line.kind, line.other_kind))


def _rank(weighed: Weighed, *, mirrored: bool) -> tuple[object, ...]:
    """Order pairs of persons: by score, then so that equal scores fall the same way whichever record came first.

    `mirrored`: the record with the greater id came first, so that its kinds are the last to be looked at.
    """
    lines = [(_kinds(line), line.agreement, line.weight, BY_RARITY.index(line.rarity)) for line in weighed.lines]
    child = any(role in CHILD_ROLES for roles in weighed.roles for role in roles)
    roles = [sorted(each) for each in weighed.roles]
    sides = [_sides(line, mirrored=mirrored) for line in weighed.lines]
    return weighed.score, child, lines, weighed.suppressed, roles, _told(weighed.evidence), sides


def _sides(line: Agreed, *, mirrored: bool) -> tuple[IdentifierType, IdentifierType]:
    ours, theirs = line.kind, line.other_kind
    return (theirs, ours) if mirrored else (ours, theirs)


def _told(evidence: tuple[Shared, ...]) -> list[HeldToken]:
    return sorted(each.token for each in evidence)


CHILD_ROLES = frozenset(
    {
        SubjectCategory.POSSIBLE_CHILD,
        SubjectCategory.VICTIM_CHILD,
        SubjectCategory.POSSIBLE_VICTIM_ACCOUNT_COMPROMISED,
    }
)
"""Roles of a person who is, or may be, a child in need of protection and not somebody to investigate."""
