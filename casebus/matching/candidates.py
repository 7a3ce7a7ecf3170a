"""What to index of a record, and which shared values are worth a comparison.

The index is the store's: (family, value) to record ids, with the number of distinct records that hold each. A value above its
family's cap makes no candidates, which bounds the pairs that one common identifier can cause.
"""

from collections.abc import Callable

from casebus.events.enumerations import IdentifierType
from casebus.matching.families import FAMILIES, SOURCE_REPORT
from casebus.matching.held import HeldRecord, HeldSighting, HeldToken

Frequency = Callable[[str, str], int]
"""(family, value) to the number of distinct records that hold it."""


def takes_part(record: HeldRecord) -> bool:
    """Tell whether a record is matched at all: open, and not a batched viral tip."""
    return record.open and record.matchable


def postings(record: HeldRecord) -> tuple[HeldToken, ...]:
    """Return what to index, sorted and without repeats; nothing for a record that takes no part."""
    if not takes_part(record):
        return ()
    held = {token for sighting in record.sightings for token in known_tokens(sighting)}
    if record.source_report is not None:
        held.add(HeldToken(SOURCE_REPORT, record.source_report))
    return tuple(sorted(held, key=lambda token: (token.family, token.value)))


def known_tokens(sighting: HeldSighting) -> tuple[HeldToken, ...]:
    """Return a sighting's tokens whose family is known here and may stand under its kind.

    A newer agency may send families that this hub does not know: they are carried and say nothing yet.
    """
    return tuple(
        token for token in sighting.tokens if token.family in FAMILIES and sighting.kind in FAMILIES[token.family].kinds
    )


def eligible(token: HeldToken, frequency: int) -> bool:
    """Tell whether records that share a token are worth a comparison. A shared report number always is."""
    if token.family == SOURCE_REPORT:
        return True
    family = FAMILIES.get(token.family)
    return family is not None and frequency <= family.cap


def common_kinds(record: HeldRecord, frequency: Frequency) -> tuple[IdentifierType, ...]:
    """Return the kinds of which every value is too common to say anything, for an on-record no-hit."""
    speaks: dict[IdentifierType, bool] = {}
    for sighting in record.sightings if takes_part(record) else ():
        for token in known_tokens(sighting):
            said = eligible(token, frequency(token.family, token.value))
            speaks[sighting.kind] = speaks.get(sighting.kind, False) or said
    return tuple(sorted(kind for kind, said in speaks.items() if not said))
