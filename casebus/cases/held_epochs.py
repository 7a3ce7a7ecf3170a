"""Under which token keys the open records stand that the hub holds: what its operator tells agencies that rotate. Pure."""

from collections import Counter
from collections.abc import Iterable

from casebus.cases.holding import Holding
from casebus.cases.renaming import epoch_of
from casebus.matching.candidates import known_tokens, postings
from casebus.matching.held import HeldRecord, HeldToken

Epochs = tuple[int, ...]


def held_epochs(holdings: Iterable[Holding]) -> dict[str, Counter[Epochs]]:
    """Return for each agency how many of its records that take part stand under which epochs; none without a token."""
    found: dict[str, Counter[Epochs]] = {}
    for holding in holdings:
        if postings(holding.record):
            found.setdefault(holding.record.agency, Counter())[_furthest_behind(holding.record)] += 1
    return found


def _furthest_behind(record: HeldRecord) -> Epochs:
    """Return the epochs of the sighting whose newest is the oldest; the report's number counts where no sighting does.

    A record that is too large for two keys has its report's number under both all the same.
    """
    each = [_epochs_of(known_tokens(sighting)) for sighting in record.sightings]
    stated = [epochs for epochs in each if epochs] or [_epochs_of(postings(record))]
    return min(stated, key=lambda epochs: epochs[::-1])


def _epochs_of(tokens: Iterable[HeldToken]) -> Epochs:
    return tuple(sorted({epoch_of(token) for token in tokens}))
