"""What a value was called before its tokens were made under another key. Pure.

Every epoch of the token key gives a value another token, and nobody without the keys can tell that two tokens are one value.
While two epochs stand side by side a sighting holds both, and so the record itself says which token takes which one's
place. It is remembered with the record when the older tokens are gone: what an officer judged was judged under the older name.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import pairwise

from casebus.events.types import MAX_SIGHTINGS, Sighting, Token
from casebus.matching.candidates import Frequency
from casebus.matching.held import HeldToken

MAX_NAMES_LEFT = MAX_SIGHTINGS
"""How many names a record keeps of tokens that it does not hold any more: what it said of as many values may come back.

An agency can amend a record with other values as often as it likes, and each comparison reads the whole row.
"""


@dataclass(frozen=True, slots=True)
class Renamed:
    """A token, and the value's first one: of the same family, under the oldest epoch that a chain of such pairs leads to."""

    token: HeldToken
    first: HeldToken


def held_token(token: Token) -> HeldToken:
    """Return a token as the hub holds it: equal values under one epoch are equal."""
    return HeldToken(token.family, f"{token.epoch}:{token.value}")


def epoch_of(token: HeldToken) -> int:
    """Return the epoch of the key that a held token was made under."""
    return int(token.value.partition(":")[0])


def renamed(known: tuple[Renamed, ...], sightings: Iterable[Sighting]) -> tuple[Renamed, ...]:
    """Return what is known of a record's tokens after it was stated with these sightings, in the order it was learned.

    What was known stays, for its tokens may come back: nothing that a record says later names a value anew.
    """
    first = first_names(known)
    for older, newer in (pair for sighting in sightings for pair in _side_by_side(sighting.tokens)):
        first.setdefault(newer, first.get(older, older))
    return known if len(first) == len(known) else tuple(Renamed(*named) for named in first.items())


def remembered(names: tuple[Renamed, ...], held: Set[HeldToken]) -> tuple[Renamed, ...]:
    """Return what is kept of a record's names: of all tokens that it holds, and of the `MAX_NAMES_LEFT` others learned last.

    A value whose name is forgotten and that comes back under the newer key alone is new: it is asked about again.
    """
    left = [each for each in names if each.token not in held]
    forgotten = set(left[:-MAX_NAMES_LEFT])
    return tuple(each for each in names if each not in forgotten) if forgotten else names


def first_names(*known: Iterable[Renamed]) -> dict[HeldToken, HeldToken]:
    """Return the first name of each token that has another, as any of the records knows it: the oldest that one does."""
    first: dict[HeldToken, HeldToken] = {}
    for each in (each for names in known for each in names):
        first[each.token] = min(each.first, first.get(each.token, each.first), key=epoch_of)
    return first


def counted_once(frequency: Frequency, names: Mapping[HeldToken, HeldToken], shared: Iterable[HeldToken]) -> Frequency:
    """Return how many records hold a value: of those of its tokens that two records share, the largest of the counts.

    Records are stated anew one after another. Under the newer key a value is counted from nothing then, under the older one
    as often as before, until the first agency leaves that: by then all records hold it under the newer. So the largest is
    what the one count was, and what is too common to say anything stays so.
    """
    tokens: dict[HeldToken, list[HeldToken]] = defaultdict(list)
    for token in shared:
        tokens[names.get(token, token)].append(token)

    def largest(family: str, value: str) -> int:
        token = HeldToken(family, value)
        return max([frequency(*each) for each in tokens.get(names.get(token, token), [token])])

    return largest


def _side_by_side(tokens: tuple[Token, ...]) -> Iterator[tuple[HeldToken, HeldToken]]:
    """Yield what one sighting calls one value under two epochs, the older first.

    Tokens of a family stand in the order of the forms that they are made of, the same under every key. Where their numbers
    differ so do the forms, and nothing is said.
    """
    if len({token.epoch for token in tokens}) < 2:
        return
    by_family: dict[str, dict[int, list[HeldToken]]] = defaultdict(lambda: defaultdict(list))
    for token in tokens:
        by_family[token.family][token.epoch].append(held_token(token))
    for epochs in by_family.values():
        for older, newer in pairwise(epochs[epoch] for epoch in sorted(epochs)):
            if len(older) == len(newer):
                yield from zip(older, newer, strict=True)
