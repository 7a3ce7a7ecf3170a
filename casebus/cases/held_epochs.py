"""Under which token keys the open records stand that the hub holds: what its operator tells agencies that rotate. Pure."""

from collections import Counter
from collections.abc import Iterable

from casebus.cases.holding import Holding
from casebus.matching.candidates import postings

Epochs = tuple[int, ...]


def held_epochs(holdings: Iterable[Holding]) -> dict[str, Counter[Epochs]]:
    """Return for each agency how many of its records that take part stand under which epochs; none without a token."""
    found: dict[str, Counter[Epochs]] = {}
    for holding in holdings:
        epochs = {int(token.value.partition(":")[0]) for token in postings(holding.record)}
        if epochs:
            found.setdefault(holding.record.agency, Counter())[tuple(sorted(epochs))] += 1
    return found
