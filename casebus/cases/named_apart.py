"""Which agencies call one value differently under one epoch of the token key: they do not hold the same key. Pure.

The hub has no key. But an agency that states a value under two epochs says which newer token takes which older one's place,
and under equal keys that is the same token at every agency.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations

from casebus.cases.holding import Holding
from casebus.cases.renaming import epoch_of
from casebus.matching.candidates import postings
from casebus.matching.held import HeldToken


def named_apart(holdings: Iterable[Holding]) -> list[tuple[str, str]]:
    """Return the pairs of agencies, in order, of which open records rename one token to two different ones of one epoch.

    Nothing is found where two agencies hold no value in common that both have stated under two epochs: that none differ
    is no proof. One entry is kept in memory for each renamed token.
    """
    names: dict[tuple[HeldToken, int], dict[str, set[HeldToken]]] = defaultdict(lambda: defaultdict(set))
    for holding in holdings:
        now = frozenset(postings(holding.record))  # a name of before may be of a key that was put right
        for each in holding.renamed:
            if each.token in now:
                names[each.first, epoch_of(each.token)][holding.record.agency].add(each.token)
    pairs = (pair for by_agency in names.values() for pair in combinations(sorted(by_agency.items()), 2))
    return sorted({(one, other) for (one, mine), (other, theirs) in pairs if mine != theirs})
