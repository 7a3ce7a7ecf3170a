"""When a weak likeness of two cases is explained elsewhere: each of them has its counterpart at the other's agency already. Pure.

A of agency X and B of agency Y are only worth a review. A has a sure match C at Y, and B a sure match D at X.
Then A is most likely C's person and B is D's, and what A and B share is what two people share: a birthday and a street. If all
four are one person after all, the two agencies hear of it by the sure matches. A rule for registers: of tips a person has many.

What it reads is what comparisons found, never what it set aside itself: it looks one step far, so no order of looking matters.
It reads the records of the two agencies that know of these matches, and nothing that a third holds: not how rare a value is
(`Match.least_score`), only whether it is suppressed, which a match says anyway.
"""

from casebus.events.enumerations import Band, Overlap, PointerMode, RecordKind
from casebus.matching.held import HeldRecord, Match
from casebus.matching.model import ALERT

SURE = ALERT + 2.5
"""However common the values: a whole name and its birth date that a dozen share, or an identifier that one person has. Judged: what is
not even a whole name and a birth date is no counterpart. What comes of it is in docs/matching.md (`make bench-quality`)."""


def may_be_explained(a: HeldRecord, b: HeldRecord, match: Match) -> bool:
    """Tell whether the rule may set this match aside: one for review between two agencies' cases, and nobody a child or at risk.

    A match may be sure and yet for review, as nothing but what many hold agrees (a whole name, a house and a year): it would
    be its own counterpart, and is not explained.
    """
    weak = match.band is Band.review and match.least_score < SURE and match.overlap is Overlap.same_person
    return weak and _are_cases_of_two(a, b) and not (a.immediate_risk or b.immediate_risk)


def may_explain(a: HeldRecord, b: HeldRecord, match: Match) -> bool:
    """Tell whether two cases are each other's counterpart: a match that is sure however common its values are, of records about
    one person each, which name their agency to the other.

    With several persons in a case another one of them may be the one who is alike. What is kept from an agency must not show
    in what it is told, or no longer told, of another record.
    """
    sure = match.least_score >= SURE and match.overlap is Overlap.same_person
    return sure and _are_cases_of_two(a, b) and all(_of_one_person(each) and _is_open(each) for each in (a, b))


def _are_cases_of_two(a: HeldRecord, b: HeldRecord) -> bool:
    return a.agency != b.agency and a.kind is RecordKind.case and b.kind is RecordKind.case


def _of_one_person(record: HeldRecord) -> bool:
    return len({sighting.subject_no for sighting in record.sightings}) == 1


def _is_open(record: HeldRecord) -> bool:
    return record.pointer is PointerMode.OPEN
