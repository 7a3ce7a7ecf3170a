"""A CyberTip, whichever way it was written: what both readers find, and the draft that it becomes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from casebus.events import enumerations as en
from casebus.events.enumerations import ChildIndicator, SubjectCategory, TipAnnotation, TriState
from casebus.events.types import FileCounts, TimeStatement, TipContent
from casebus.intake.adapter import Identifier, RecordKey, TipDraft
from casebus.intake.children import category_of, possible_child
from casebus.intake.countries import countries
from casebus.intake.identifiers import settle
from casebus.intake.ncmec import vocabulary
from casebus.intake.reports import handling

_CHILD_ANNOTATIONS = {
    TipAnnotation.POSSIBLE_SELF_PRODUCTION: ChildIndicator.POSSIBLE_SELF_PRODUCTION,
    TipAnnotation.MINOR_TO_MINOR: ChildIndicator.MINOR_TO_MINOR,
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A person of the report: a number of its own within the document, and whose identifiers these are."""

    number: int
    category: SubjectCategory
    indicators: tuple[ChildIndicator, ...] = ()
    service: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a reader found in a report."""

    key: RecordKey
    source_report: RecordKey | None
    prior_reports: tuple[RecordKey, ...]
    source: en.TipSource
    incident_type: str | None
    batched: bool
    annotations: frozenset[TipAnnotation]
    unmapped: int
    media: frozenset[en.IncidentMedium]
    escalated: bool
    police_involved: bool
    notified: tuple[TriState, ...]
    times: tuple[TimeStatement, ...]
    countries: Sequence[str | None]
    subjects: int
    indicators: frozenset[ChildIndicator]
    files: FileCounts
    identifiers: Iterable[Identifier]
    impossible: tuple[str, ...]


def child_indicators(annotations: Iterable[TipAnnotation]) -> tuple[ChildIndicator, ...]:
    """Return what the annotations of a report say of every person that it reports."""
    return tuple(_CHILD_ANNOTATIONS[one] for one in annotations if one in _CHILD_ANNOTATIONS)


def reported_category(indicators: Sequence[ChildIndicator], compromised: TriState) -> SubjectCategory:
    """Return whose account a reported one is: a possible child's, a possible victim's, or a reported person's."""
    return category_of(indicators, compromised=compromised is TriState.YES, otherwise=SubjectCategory.REPORTED_PERSON)


def owner_of_the_rest(
    reported: Sequence[Subject], number: int, of_all: tuple[ChildIndicator, ...], service: str | None
) -> Subject:
    """Return to whom belongs what the report states outside of any person.

    With one reported person it is theirs, with none it is the person's whom the provider could not name; among several
    it is nobody's in particular: with a number of its own it corroborates nobody.
    """
    if len(reported) == 1:
        return reported[0]
    if reported:
        return Subject(number, SubjectCategory.UNKNOWN, service=service)
    return Subject(number, reported_category(of_all, TriState.NOT_STATED), of_all, service)


def file_counts(viewed: Sequence[TriState]) -> FileCounts:
    """Count the files by whether the provider looked at them. Null is not false: it decides about a warrant."""
    return FileCounts(
        total=len(viewed),
        viewed_yes=viewed.count(TriState.YES),
        viewed_no=viewed.count(TriState.NO),
        viewed_not_stated=viewed.count(TriState.NOT_STATED),
    )


def tip_draft(found: Found) -> TipDraft:
    """Return the draft. Nothing in its content is the report's own text."""
    child = possible_child(found.indicators)
    content = TipContent(
        source=found.source,
        source_report=(),
        prior_reports=(),
        referral_class=_referral_class(found),
        category=vocabulary.category(found.incident_type),
        annotations=tuple(one for one in TipAnnotation if one in found.annotations),
        unmapped_annotations=found.unmapped,
        media=tuple(one for one in en.IncidentMedium if one in found.media),
        provider_escalated=found.escalated,
        police_already_involved=TriState.YES if found.police_involved else TriState.NOT_STATED,
        account_user_notified=_any(found.notified),
        times=found.times,
        countries=countries(list(found.countries)),
        subjects=found.subjects,
        sightings=(),
        sightings_not_carried=0,
        possible_child=child,
        files=found.files,
        priority=en.Priority.HIGH if found.escalated else en.Priority.UNASSESSED,
        priority_basis=(en.PriorityBasis.REPORTER_ESCALATED,) if found.escalated else (),
        grading=None,
        handling=handling(safeguarding=child.answer is TriState.YES),
    )
    return TipDraft(
        key=found.key,
        content=content,
        identifiers=settle(found.identifiers),
        source_report=found.source_report,
        prior_reports=tuple(prior for prior in found.prior_reports if prior != found.key),
        impossible=found.impossible,
    )


def _referral_class(found: Found) -> en.ReferralClass:
    if found.batched:
        return en.ReferralClass.BATCHED_VIRAL
    informational = TipAnnotation.INFORMATIONAL in found.annotations
    return en.ReferralClass.INFORMATIONAL if informational else en.ReferralClass.UNSTATED


def _any(answers: Sequence[TriState]) -> TriState:
    """Return YES if any says so, NO if any says so and none yes."""
    for answer in (TriState.YES, TriState.NO):
        if answer in answers:
            return answer
    return TriState.NOT_STATED
