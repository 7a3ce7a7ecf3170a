"""Weigh what two records share, person by person. Pure and symmetric; nothing depends on the order of sightings.

1. Persons: the sightings of one record under one `subject_no`. Evidence is added up within one pair of persons only; the
   best pair stands for the records. Two people who each share something weak are not one person who shares two things.
2. A shared value above its family's cap adds nothing, and its kind is named as suppressed.
3. Within one kind only the strongest agreeing family counts: an address, its delivered form and its handle are one fact.
4. A bare handle counts once, and only where neither screen name nor e-mail agrees by itself or is suppressed.
5. A kind that both persons have, that should be one per person, and of which nothing agrees, counts against.
6. Every kind that is named was sent by both persons: each side is told of kinds that it submitted, and of no other. So a
   screen name that is the other side's local part counts only where both sent screen names, or both sent e-mails.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from casebus.events.enumerations import Agreement, IdentifierType, Rarity, SubjectCategory
from casebus.matching.candidates import Frequency, known_tokens
from casebus.matching.families import DIFFERS, FAMILIES, Family
from casebus.matching.held import Agreed, HeldRecord, HeldToken

MAX_PERSONS_PER_VALUE = 8
"""A value that more persons than this of one record hold tells none of them apart: it is common within the record. It also
bounds the pairs of persons that one value makes."""

_HANDLE_KINDS = FAMILIES["handle"].kinds


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a record, as far as matching sees: roles, kinds, and each token with the kinds that carry it."""

    roles: frozenset[SubjectCategory]
    kinds: frozenset[IdentifierType]
    tokens: Mapping[HeldToken, frozenset[IdentifierType]]


@dataclass(frozen=True, slots=True)
class Weighed:
    """The best pair of persons of two records, or what was suppressed if no pair is left (`lines` empty, score 0)."""

    lines: tuple[Agreed, ...]
    suppressed: tuple[IdentifierType, ...]
    score: float
    roles: tuple[frozenset[SubjectCategory], ...]


def weigh(a: HeldRecord, b: HeldRecord, frequency: Frequency) -> Weighed:
    """Return the best pair of persons. Asks for the frequency of shared values only, once each."""
    ours, theirs = persons(a), persons(b)
    pairs, crowded = _shared(ours, theirs)
    values = {token for shared in pairs.values() for token in shared}
    counts = {token: max(2, frequency(token.family, token.value)) for token in values}
    found = [_pair(ours[one], theirs[other], shared, counts, crowded) for (one, other), shared in pairs.items()]
    return max(found, key=_rank, default=Weighed((), tuple(sorted(crowded)), 0.0, ()))


def persons(record: HeldRecord) -> dict[int, Person]:
    """Return the persons of a record by `subject_no`."""
    roles: dict[int, set[SubjectCategory]] = {}
    kinds: dict[int, set[IdentifierType]] = {}
    tokens: dict[int, dict[HeldToken, set[IdentifierType]]] = {}
    for sighting in record.sightings:
        roles.setdefault(sighting.subject_no, set()).add(sighting.subject)
        held = tokens.setdefault(sighting.subject_no, {})
        known = known_tokens(sighting)
        for token in known:
            held.setdefault(token, set()).add(sighting.kind)
        if known:  # a sighting that was dropped at the edge cannot differ from anything
            kinds.setdefault(sighting.subject_no, set()).add(sighting.kind)
    return {
        number: Person(
            roles=frozenset(roles[number]),
            kinds=frozenset(kinds.get(number, ())),
            tokens={token: frozenset(carried) for token, carried in held.items()},
        )
        for number, held in tokens.items()
    }


_Pairs = dict[tuple[int, int], list[HeldToken]]


def _shared(ours: dict[int, Person], theirs: dict[int, Person]) -> tuple[_Pairs, set[IdentifierType]]:
    """Return the tokens that each pair of persons shares, and the kinds of shared tokens that too many persons hold."""
    our_holders, their_holders = _holders(ours), _holders(theirs)
    pairs: _Pairs = {}
    crowded: set[IdentifierType] = set()
    for token in our_holders.keys() & their_holders.keys():
        one_side, other_side = our_holders[token], their_holders[token]
        if max(len(one_side), len(other_side)) > MAX_PERSONS_PER_VALUE:
            our_kinds = frozenset[IdentifierType]().union(*(ours[number].tokens[token] for number in one_side))
            crowded |= our_kinds.intersection(*(theirs[number].tokens[token] for number in other_side))
            continue
        for one in one_side:
            for other in other_side:
                pairs.setdefault((one, other), []).append(token)
    return pairs, crowded


def _holders(by_number: dict[int, Person]) -> dict[HeldToken, list[int]]:
    holders: dict[HeldToken, list[int]] = {}
    for number, person in by_number.items():
        for token in person.tokens:
            holders.setdefault(token, []).append(number)
    return holders


def _pair(
    one: Person,
    other: Person,
    shared: Iterable[HeldToken],
    counts: Mapping[HeldToken, int],
    crowded: Set[IdentifierType],
) -> Weighed:
    """Return what one pair of persons adds up to. `crowded` kinds are suppressed from the start."""
    best: dict[IdentifierType, Agreed] = {}
    handles: list[Agreed] = []
    suppressed = set(crowded)
    both = one.kinds & other.kinds
    for token in shared:
        family, count = FAMILIES[token.family], counts[token]
        kinds = sorted(both & (one.tokens[token] | other.tokens[token]))
        if count > family.cap:
            suppressed.update(kinds)
        elif family.name == "handle":
            handles += [_line(kind, family, count) for kind in kinds]
        else:
            kind = family.kinds[0]
            best[kind] = _stronger(best.get(kind), _line(kind, family, count))
    if handles and not any(kind in best or kind in suppressed for kind in _HANDLE_KINDS):
        # By kind, never by rarity: which kind it counts under decides what else differs, hence the score.
        handle = max(handles, key=lambda line: (line.kind, -_BANDS.index(line.rarity)))
        best[handle.kind] = handle
    suppressed -= best.keys()
    differs = _differing(both - best.keys() - suppressed)
    lines = tuple(sorted((*best.values(), *differs), key=lambda line: (-line.weight, line.kind)))
    roles = tuple(sorted((one.roles, other.roles), key=sorted))
    return Weighed(lines, tuple(sorted(suppressed)), sum((line.weight for line in lines), 0.0), roles)


def _line(kind: IdentifierType, family: Family, count: int) -> Agreed:
    return Agreed(kind, family.agreement, rarity(count, family.cap), family.weight)


def _stronger(known: Agreed | None, new: Agreed) -> Agreed:
    """Return the stronger line; of two that weigh the same, the one on the rarer value."""
    if known is None:
        return new
    return max(known, new, key=lambda line: (line.weight, -_BANDS.index(line.rarity)))


def _differing(kinds: Iterable[IdentifierType]) -> list[Agreed]:
    """Return the lines that count against. They name a kind only: the band says nothing, so it is the plainest one."""
    return [Agreed(kind, Agreement.differs, Rarity.common, DIFFERS[kind]) for kind in kinds if kind in DIFFERS]


_BANDS = (Rarity.unique, Rarity.rare, Rarity.uncommon, Rarity.common)


def rarity(count: int, cap: int) -> Rarity:
    """Return the band of a value that `count` records hold: a count would reveal third agencies."""
    if count > cap:
        return Rarity.common
    if count <= 2:
        return Rarity.unique
    return Rarity.rare if count <= 5 else Rarity.uncommon


def _rank(weighed: Weighed) -> tuple[object, ...]:
    """Order pairs of persons: by score, then so that equal scores fall the same way whichever record came first."""
    lines = [(line.kind, line.agreement, line.weight) for line in weighed.lines]
    child = any(role in CHILD_ROLES for roles in weighed.roles for role in roles)
    roles = [sorted(each) for each in weighed.roles]
    # Rarity last: it depends on what else the hub has read, and must decide nothing but which band is shown.
    return weighed.score, child, lines, weighed.suppressed, roles, [line.rarity for line in weighed.lines]


CHILD_ROLES = frozenset(
    {
        SubjectCategory.POSSIBLE_CHILD,
        SubjectCategory.VICTIM_CHILD,
        SubjectCategory.POSSIBLE_VICTIM_ACCOUNT_COMPROMISED,
    }
)
"""Roles of a person who is, or may be, a child in need of protection and not somebody to investigate."""
