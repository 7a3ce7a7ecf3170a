"""When a weak likeness of two cases is explained elsewhere: each of them has its counterpart at the other's agency already. Pure.

A of agency X and B of agency Y are only worth a review. A has a very strong match C at Y, and B a very strong match D at X;
nothing says that C and B are one person, or D and A. Then A is C's person and B is D's, and what A and B share is what two people
share: a birthday and a street. A rule for registers, which hold a person once or know it: of tips a person has many.

What it reads is what comparisons found, never what it set aside itself: it looks one step far, so no order of looking matters.
It reads nothing of a third agency, and nothing that a holder keeps from the other's officers.
"""

from collections.abc import Callable, Set

from casebus.events.enumerations import Band, Overlap, PointerMode, RecordKind, Strength
from casebus.matching.held import HeldRecord, Match


def may_be_explained(a: HeldRecord, b: HeldRecord, match: Match) -> bool:
    """Tell whether the rule may set this match aside: one for review between two agencies' cases, and nobody a child or at risk."""
    weak = match.band is Band.review and match.overlap is Overlap.same_person
    return weak and _are_cases_of_two(a, b) and not (a.immediate_risk or b.immediate_risk)


def may_explain(a: HeldRecord, b: HeldRecord, match: Match) -> bool:
    """Tell whether two cases are each other's counterpart, as far as it may be known outside: a very strong match of records about
    one person each, which both agencies are told of by name.

    With several persons in a case another one of them may be the one who is alike. What is kept from an agency must not show
    in what it is told, or no longer told, of another record.
    """
    sure = match.band is Band.alert and match.strength is Strength.very_strong and match.overlap is Overlap.same_person
    return sure and _are_cases_of_two(a, b) and all(_of_one_person(each) and _is_open(each) for each in (a, b))


def _are_cases_of_two(a: HeldRecord, b: HeldRecord) -> bool:
    return a.agency != b.agency and a.kind is RecordKind.case and b.kind is RecordKind.case


def _of_one_person(record: HeldRecord) -> bool:
    return len({sighting.subject_no for sighting in record.sightings}) == 1


def _is_open(record: HeldRecord) -> bool:
    return record.pointer is PointerMode.OPEN


def explained_elsewhere(
    a: str, b: str, counterparts_of_a: Set[str], counterparts_of_b: Set[str], are_one: Callable[[str, str], bool]
) -> bool:
    """Tell whether a match that may be is explained elsewhere.

    `counterparts_of_a` are the records at b's agency that `may_explain` with a, and the other way round; `are_one` tells whether two
    records of one agency are held to be one person, by an alert or an officer.
    """
    if not counterparts_of_a or not counterparts_of_b:
        return False
    return not any(are_one(c, b) for c in counterparts_of_a) and not any(are_one(d, a) for d in counterparts_of_b)
