"""Decide whether two records match, and what an alert would say of it. Pure; the machine proposes, an officer decides.

The order of the rules:

1. Both records take part (open, not a batched viral tip) and are two records.
2. One upstream report: a notice, whatever else they share; what one report says twice corroborates nothing.
3. The score of the best pair of persons reaches `ALERT`. What stays below is not told in this version; a band for an
   officer's review comes with the deeper detector, and `weigh` already returns what it would show.

An INTENDED_RECIPIENT may be an offender or a child: one side knowing a person as a recipient changes nothing, the match
stays "possible same person", which says nothing of guilt. Where both sides know the person only as a recipient, a child
is the safer reading. A WITNESS is matched like anybody: the words never say more than "possible same person".
"""

from casebus.events.enumerations import Overlap, Severity, Strength, SubjectCategory
from casebus.matching.candidates import Frequency, takes_part
from casebus.matching.families import DETECTOR, SAME_REPORT_SCORE
from casebus.matching.held import HeldRecord, Match
from casebus.matching.weigh import CHILD_ROLES, Weighed, weigh

ALERT = 4.0
STRONG = 6.0
VERY_STRONG = 10.0
"""More than any one identifier reaches alone: at least two kinds agree."""


def compare(a: HeldRecord, b: HeldRecord, frequency: Frequency) -> Match | None:
    """Return the match of two records, None if there is none to tell.

    `frequency(family, value)` is the number of distinct records that hold a value. The result is the same for (a, b) and
    (b, a), and for any order of sightings. Records of one agency may match: the caller decides who is told.
    """
    if not (takes_part(a) and takes_part(b)) or a.record_id == b.record_id:
        return None
    if a.source_report is not None and a.source_report == b.source_report:
        return _match(Overlap.same_source_report, a, b, Weighed((), (), SAME_REPORT_SCORE, ()))
    weighed = weigh(a, b, frequency)
    if weighed.score < ALERT:
        return None
    overlap = Overlap.same_child if _may_be_child(a, b, weighed) else Overlap.same_person
    return _match(overlap, a, b, weighed)


def _match(overlap: Overlap, a: HeldRecord, b: HeldRecord, weighed: Weighed) -> Match:
    return Match(
        overlap=overlap,
        severity=severity(a, b),
        matched=weighed.lines,
        suppressed=weighed.suppressed,
        strength=strength(weighed.score),
        score=weighed.score,
        detector=DETECTOR,
    )


def _may_be_child(a: HeldRecord, b: HeldRecord, weighed: Weighed) -> bool:
    """Tell whether the matched person may be a child: by record, by role, or as the recipient on both sides."""
    if a.possible_child or b.possible_child:
        return True
    if any(roles & CHILD_ROLES for roles in weighed.roles):
        return True
    return all(roles == {SubjectCategory.INTENDED_RECIPIENT} for roles in weighed.roles)


def severity(a: HeldRecord, b: HeldRecord) -> Severity:
    """Return how soon the alert wants an officer.

    A backlog load raises no urgent alerts: hundreds of old cases would drown the new ones. A child at immediate risk on
    the side that is not a backlog is the exception.
    """
    live = [record for record in (a, b) if not record.backlog]
    if any(record.immediate_risk for record in live):
        return Severity.immediate
    if len(live) == 2 and any(record.high_priority for record in live):
        return Severity.high
    return Severity.routine


def strength(score: float) -> Strength:
    """Return the word for a score."""
    if score >= VERY_STRONG:
        return Strength.very_strong
    if score >= STRONG:
        return Strength.strong
    return Strength.moderate if score >= ALERT else Strength.weak
