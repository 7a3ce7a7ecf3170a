"""Decide whether two records match, and what an alert would say of it. Pure; the machine proposes, an officer decides.

The order of the rules:

1. Both records take part (open, not a batched viral tip) and are two records.
2. One upstream report: a notice, whatever else they share; what one report says twice corroborates nothing. A number
   that more than `REPORT_CAP` records have is no report's, and is passed over.
3. The score of the best pair of persons reaches `ALERT`: an alert. It reaches `REVIEW`: something to look at, in no hurry.
4. What many people hold (an IP address, a house, a handle with another's spelling) never alerts by itself.
5. Who asks before acting on one identifier needs to know who holds it: with a check, whatever is worth a review and is not
   of rule 4 is an alert, however weak its strength.

An INTENDED_RECIPIENT may be an offender or a child: one side knowing a person as a recipient changes nothing, the match
stays "possible same person", which says nothing of guilt. Where both sides know the person only as a recipient, a child
is the safer reading. A WITNESS is matched like anybody: the words never say more than "possible same person".
"""

from casebus.events.enumerations import Agreement, Band, Overlap, RecordKind, Severity, Strength, SubjectCategory
from casebus.matching.candidates import Frequency, takes_part
from casebus.matching.families import REPORT_CAP, SAME_REPORT_SCORE, SOURCE_REPORT
from casebus.matching.held import HeldRecord, Match
from casebus.matching.model import ALERT, DETECTOR, REVIEW
from casebus.matching.weigh import CHILD_ROLES, Weighed, weigh

STRONG = ALERT + 2.0
VERY_STRONG = ALERT + 5.0
"""Odds of about 7 and of 150 times those of an alert that is just one."""


def compare(a: HeldRecord, b: HeldRecord, frequency: Frequency) -> Match | None:
    """Return the match of two records, None if there is none to tell.

    `frequency(family, value)` is the number of distinct records that hold a value. The result is the same for (a, b) and
    (b, a) but for which kind is whose, and for any order of sightings. Records of one agency may match: the caller decides
    who is told.
    """
    if not (takes_part(a) and takes_part(b)) or a.record_id == b.record_id:
        return None
    if one_report(a, b, frequency):
        weighed = Weighed((), (), (), SAME_REPORT_SCORE, SAME_REPORT_SCORE, True, (), ())
        return _match(Overlap.same_source_report, Band.alert, a, b, weighed)
    weighed = weigh(a, b, frequency)
    found = band(weighed, is_asked=RecordKind.check in (a.kind, b.kind))
    if found is None:
        return None
    overlap = Overlap.same_child if _may_be_child(a, b, weighed) else Overlap.same_person
    return _match(overlap, found, a, b, weighed)


def band(weighed: Weighed, *, is_asked: bool = False) -> Band | None:
    """Return what a score asks of an officer, None for nothing. `is_asked`: one of the two is a check before acting."""
    if all(line.agreement is Agreement.differs for line in weighed.lines):
        return None
    if weighed.score >= (REVIEW if is_asked else ALERT) and weighed.firm:
        return Band.alert
    return Band.review if weighed.score >= REVIEW else None


def one_report(a: HeldRecord, b: HeldRecord, frequency: Frequency) -> bool:
    """Tell whether two records come from one upstream report, by a number that is not too common to be a report's."""
    shared = set(a.source_report).intersection(b.source_report)
    return bool(shared) and max(frequency(SOURCE_REPORT, number) for number in shared) <= REPORT_CAP


def _match(overlap: Overlap, found: Band, a: HeldRecord, b: HeldRecord, weighed: Weighed) -> Match:
    return Match(
        overlap=overlap,
        severity=severity(a, b) if found is Band.alert else Severity.routine,
        band=found,
        matched=weighed.lines,
        suppressed=weighed.suppressed,
        evidence=weighed.evidence,
        strength=strength(weighed.score),
        score=weighed.score,
        least_score=weighed.least_score,
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
