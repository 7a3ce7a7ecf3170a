"""Internal Affairs: referrals that reached the Digital Child Exploitation Team, JSON or CSV. Our assumed format
(docs/formats/nz-internal-affairs.md). A referral names the NCMEC report that it is about, if there is one: another
agency that received the same report is told so, and no conflict is made of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from casebus.errors import DocumentRefused, RefusalCode
from casebus.events import enumerations as en
from casebus.events.enumerations import AssertionKind, PriorityBasis, SubjectCategory, TimeMeaning, TriState
from casebus.events.types import FileCounts, TimeStatement, TipContent
from casebus.intake.adapter import Draft, RecordKey, TipDraft, TipWithdrawal
from casebus.intake.children import possible_child, reference_date
from casebus.intake.columns import Row, by_record
from casebus.intake.countries import countries
from casebus.intake.identifiers import settle
from casebus.intake.persons import ACCOUNT_HOLDERS, Stated, assessed, person_in, person_on
from casebus.intake.persons import COLUMNS as PERSON_COLUMNS
from casebus.intake.reports import handling, own_key, report_key
from casebus.intake.sections import Section
from casebus.intake.times import stated_time

REFERRAL = "nz-internal-affairs-referral"
FORMAT = "dia-referral"
_OF_REFERRAL = (
    "ncmec_report",
    "received_at",
    "category",
    "priority",
    "immediate_risk",
    "pointer",
    "withdrawn",
)
COLUMNS = PERSON_COLUMNS | {"referral_number", *_OF_REFERRAL}
REQUIRED = frozenset({"referral_number"})


@dataclass(frozen=True, slots=True)
class _Referral:
    """A referral, whichever way it was written."""

    key: RecordKey
    report: RecordKey | None
    received: TimeStatement
    category: en.IncidentCategory
    priority: en.Priority
    immediate: TriState
    pointer: en.PointerMode
    people: Sequence[Stated]


def is_referral(header: tuple[str, ...]) -> bool:
    """Tell whether a CSV header is that of referrals."""
    return "referral_number" in header


def read_referral(root: Section) -> Draft:
    """Return the tip of a referral in JSON. Raises `DocumentRefused`."""
    if root.values.get("format") != FORMAT and "referralNumber" not in root.values:
        raise DocumentRefused(RefusalCode.NOT_A_DOCUMENT, f'the JSON has neither format "{FORMAT}" nor referralNumber.')
    key = own_key(REFERRAL, root.required("referralNumber"), root.at("referralNumber"))
    if root.flag("withdrawn") is TriState.YES:
        return TipWithdrawal(key, en.WithdrawReason.RETRACTED_UPSTREAM)
    report = root.text("ncmecReport")
    return _tip(
        _Referral(
            key=key,
            report=report_key(report, root.at("ncmecReport")) if report is not None else None,
            received=stated_time(root.text("receivedAt"), TimeMeaning.RECEIVED),
            category=root.choice("category", en.IncidentCategory, en.IncidentCategory.UNKNOWN),
            priority=root.choice("priority", en.Priority, en.Priority.UNASSESSED),
            immediate=root.flag("childAtImmediateRisk"),
            pointer=root.choice("pointer", en.PointerMode, en.PointerMode.OPEN),
            people=[person_in(one, SubjectCategory.REPORTED_PERSON) for one in root.sections("persons")],
        )
    )


def read_referrals(rows: list[Row]) -> list[Draft]:
    """Return a tip for each referral in CSV, in order of its first row. Raises `DocumentRefused`."""
    return [_of_rows(number, of_one) for number, of_one in by_record(rows, "referral_number", _OF_REFERRAL)]


def _of_rows(number: str, rows: Sequence[Row]) -> Draft:
    first = rows[0]
    key = own_key(REFERRAL, number, first.at("referral_number"))
    if first.flag("withdrawn") is TriState.YES:
        return TipWithdrawal(key, en.WithdrawReason.RETRACTED_UPSTREAM)
    report = first.text("ncmec_report")
    return _tip(
        _Referral(
            key=key,
            report=report_key(report, first.at("ncmec_report")) if report is not None else None,
            received=stated_time(first.text("received_at"), TimeMeaning.RECEIVED),
            category=first.choice("category", en.IncidentCategory, en.IncidentCategory.UNKNOWN),
            priority=first.choice("priority", en.Priority, en.Priority.UNASSESSED),
            immediate=first.flag("immediate_risk"),
            pointer=first.choice("pointer", en.PointerMode, en.PointerMode.OPEN),
            people=[person_on(row, SubjectCategory.REPORTED_PERSON) for row in rows],
        )
    )


def _tip(referral: _Referral) -> TipDraft:
    as_of = reference_date((referral.received,))
    holders = [person for person in referral.people if person.role in ACCOUNT_HOLDERS]
    child = possible_child({one for person in holders for one in person.indicators(as_of)}, assessed(holders))
    return TipDraft(
        key=referral.key,
        content=TipContent(
            source=en.TipSource.PARTNER_AGENCY,
            source_report=(),
            prior_reports=(),
            referral_class=en.ReferralClass.REFERRAL,
            category=referral.category,
            annotations=(),
            unmapped_annotations=0,
            media=(),
            provider_escalated=False,
            police_already_involved=TriState.NOT_STATED,
            account_user_notified=TriState.NOT_STATED,
            times=(referral.received,),
            countries=countries([person.country for person in referral.people]),
            subjects=len(referral.people),
            sightings=(),
            sightings_not_carried=0,
            possible_child=child,
            files=FileCounts(total=0, viewed_yes=0, viewed_no=0, viewed_not_stated=0),
            priority=_priority(referral),
            priority_basis=_basis(referral),
            grading=None,
            handling=handling(
                pointer=referral.pointer,
                safeguarding=child.answer is TriState.YES or _priority(referral) is en.Priority.IMMEDIATE,
            ),
        ),
        identifiers=settle(
            identifier
            for number, person in enumerate(referral.people)
            for identifier in person.identifiers(number, as_of, AssertionKind.ANALYST_INFERRED)
        ),
        source_report=referral.report,
        impossible=tuple(kind for person in referral.people for kind in person.impossible),
    )


def _priority(referral: _Referral) -> en.Priority:
    return en.Priority.IMMEDIATE if referral.immediate is TriState.YES else referral.priority


def _basis(referral: _Referral) -> tuple[PriorityBasis, ...]:
    immediate = _priority(referral) is en.Priority.IMMEDIATE
    return (PriorityBasis.CHILD_AT_IMMEDIATE_RISK,) if immediate else ()
