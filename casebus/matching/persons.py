"""The persons of a record, and what each pair of persons of two records shares. Pure.

Evidence is added up within one pair of persons only: two people who each share something weak are not one person who shares
two things.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from casebus.events.enumerations import IdentifierType, SubjectCategory
from casebus.matching.candidates import MAY_CARRY
from casebus.matching.held import HeldRecord, HeldToken

MAX_PERSONS_PER_VALUE = 8
"""A value that more persons than this of one record hold tells none of them apart: it is common within the record. It also
bounds the pairs of persons that one value makes."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a record, as far as matching sees: roles, kinds, and each token asked for with the kinds that carry it."""

    roles: frozenset[SubjectCategory]
    kinds: frozenset[IdentifierType]
    tokens: Mapping[HeldToken, frozenset[IdentifierType]]


def persons(record: HeldRecord, common: frozenset[HeldToken]) -> dict[int, Person]:
    """Return the persons of a record by `subject_no`. Of their tokens only the common ones: the rest says nothing of a pair."""
    seen: dict[int, _Seen] = {}
    for sighting in record.sightings:
        person = seen.get(sighting.subject_no)
        if person is None:
            person = seen[sighting.subject_no] = _Seen(set(), set(), {})
        person.roles.add(sighting.subject)
        families = MAY_CARRY[sighting.kind]
        for family, _ in sighting.tokens:
            if family in families:  # a sighting that was dropped at the edge cannot differ from anything
                person.kinds.add(sighting.kind)
                break
        for token in common.intersection(sighting.tokens):
            if token.family in families:
                person.tokens.setdefault(token, set()).add(sighting.kind)
    return {number: person.settled() for number, person in seen.items()}


class _Seen(NamedTuple):
    """A person on the way."""

    roles: set[SubjectCategory]
    kinds: set[IdentifierType]
    tokens: dict[HeldToken, set[IdentifierType]]

    def settled(self) -> Person:
        tokens = {token: frozenset(carried) for token, carried in self.tokens.items()}
        return Person(frozenset(self.roles), frozenset(self.kinds), tokens)


def in_common(a: HeldRecord, b: HeldRecord) -> frozenset[HeldToken]:
    """Return the tokens that both records hold, whoever of their persons it is."""
    ours = frozenset[HeldToken]().union(*[sighting.tokens for sighting in a.sightings])
    return ours.intersection(chain.from_iterable([sighting.tokens for sighting in b.sightings]))


Pairs = dict[tuple[int, int], list[HeldToken]]
"""The tokens that each pair of persons shares, by their numbers."""


def shared(ours: dict[int, Person], theirs: dict[int, Person]) -> tuple[Pairs, set[IdentifierType]]:
    """Return what each pair of persons shares, and the kinds of shared tokens that too many persons hold."""
    our_holders, their_holders = _holders(ours), _holders(theirs)
    pairs: Pairs = {}
    crowded: set[IdentifierType] = set()
    for token, one_side in our_holders.items():
        other_side = their_holders.get(token, ())
        if max(len(one_side), len(other_side)) > MAX_PERSONS_PER_VALUE and other_side:
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
