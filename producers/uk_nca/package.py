"""National Crime Agency: a dissemination package, JSON. Our assumed format (docs/formats/uk-nca.md).

The grading stays native (3x5x2: a digit for the source, a letter for the information, a letter for handling); there is
no silent conversion between schemes, and digits and letters that stand the other way round are refused.
"""

import re
from enum import StrEnum

from casebus.errors import DocumentRefused, RefusalCode
from casebus.events import enumerations as en
from casebus.events.enumerations import AssertionKind, PriorityBasis, SubjectCategory, TimeMeaning, TriState
from casebus.events.types import FileCounts, Grading, Handling, TimeStatement, TipContent
from casebus.intake.adapter import RecordKey, TipDraft, TipWithdrawal
from casebus.intake.children import possible_child, reference_date
from casebus.intake.countries import countries
from casebus.intake.identifiers import settle
from casebus.intake.persons import ACCOUNT_HOLDERS, Stated, assessed, person_in
from casebus.intake.reports import handling, own_key, report_key
from casebus.intake.sections import Section, choose
from casebus.intake.times import stated_time

PACKAGE = "uk-nca-package"
FORMAT = "nca-dissemination-package"

_CEILING = frozenset({"OFFICIAL", "OFFICIAL SENSITIVE"})
_ABOVE = re.compile(r"(?:TOP )?SECRET\b")
_SOURCE, _INFORMATION, _HANDLING = "123", "ABCDE", "PC"


class Action(StrEnum):
    """What a package does: it is new, replaces what was disseminated before, or takes it back."""

    NEW = "NEW"
    AMEND = "AMEND"
    WITHDRAW = "WITHDRAW"


def read_package(root: Section) -> TipDraft | TipWithdrawal:
    """Return the tip, or its withdrawal.

    Raises NOT_A_DOCUMENT for JSON that is no package, HANDLING_ABOVE_CEILING for a marking above OFFICIAL-SENSITIVE,
    REPORT_NUMBER, WRONG_TYPE, MISSING_FIELD, UNKNOWN_VALUE.
    """
    if root.values.get("format") != FORMAT and "packageNumber" not in root.values:
        raise DocumentRefused(RefusalCode.NOT_A_DOCUMENT, f'the JSON has neither format "{FORMAT}" nor packageNumber.')
    _check_marking(root)
    key = own_key(PACKAGE, root.required("packageNumber"), root.at("packageNumber"))
    action = root.choice("action", Action, Action.NEW)
    if action is Action.WITHDRAW:
        return TipWithdrawal(
            key, root.choice("withdrawReason", en.WithdrawReason, en.WithdrawReason.RETRACTED_UPSTREAM)
        )
    return _tip(root, key)


def _check_marking(root: Section) -> None:
    """Refuse what the bus may not carry. The marking is checked first: nothing else of such a document is read."""
    marking = " ".join(re.sub(r"[\W_]+", " ", root.required("marking").upper()).split())
    if _ABOVE.match(marking):
        raise DocumentRefused(RefusalCode.HANDLING_ABOVE_CEILING, "marking is above OFFICIAL-SENSITIVE.")
    if marking not in _CEILING:
        raise DocumentRefused(RefusalCode.UNKNOWN_VALUE, "marking is none of OFFICIAL, OFFICIAL-SENSITIVE.")


def _tip(root: Section, key: RecordKey) -> TipDraft:
    reports = [report_key(number, root.at("ncmecReports")) for number in dict.fromkeys(root.texts("ncmecReports"))]
    times = _times(root)
    as_of = reference_date(times)
    people = [person_in(one, SubjectCategory.REPORTED_PERSON) for one in root.sections("persons")]
    return TipDraft(
        key=key,
        content=_content(root, times, people, from_ncmec=bool(reports)),
        identifiers=settle(
            identifier
            for number, person in enumerate(people)
            for identifier in person.identifiers(number, as_of, AssertionKind.ANALYST_INFERRED)
        ),
        source_report=reports[0] if reports else None,
        prior_reports=tuple(reports[1:]),
        amend_reason=root.choice("amendReason", en.AmendReason, en.AmendReason.CONTENT_CHANGED),
        impossible=tuple(kind for person in people for kind in person.impossible),
    )


def _content(root: Section, times: tuple[TimeStatement, ...], people: list[Stated], *, from_ncmec: bool) -> TipContent:
    holders = [person for person in people if person.role in ACCOUNT_HOLDERS]
    indicators = {one for person in holders for one in person.indicators(reference_date(times))}
    child = possible_child(indicators, assessed(holders))
    grading = _grading(root.section("grading")) if root.has("grading") else None
    priority, basis = _priority(root.section("risk"))
    incident = root.section("incident")
    is_for_child = child.answer is TriState.YES or priority is en.Priority.IMMEDIATE
    return TipContent(
        source=en.TipSource.ESP_VIA_NCMEC if from_ncmec else en.TipSource.OWN_INVESTIGATION,
        source_report=(),
        prior_reports=(),
        referral_class=en.ReferralClass.REFERRAL,
        category=incident.choice("category", en.IncidentCategory, en.IncidentCategory.UNKNOWN),
        annotations=_annotations(incident),
        unmapped_annotations=0,
        media=(),
        provider_escalated=False,
        police_already_involved=incident.flag("policeAlreadyInvolved"),
        account_user_notified=incident.flag("accountUserNotified"),
        times=times,
        countries=countries([person.country for person in people]),
        subjects=len(people),
        sightings=(),
        sightings_not_carried=0,
        possible_child=child,
        files=FileCounts(total=0, viewed_yes=0, viewed_no=0, viewed_not_stated=0),
        priority=priority,
        priority_basis=basis,
        grading=grading,
        handling=_handling(root, grading, safeguarding=is_for_child),
    )


def _times(root: Section) -> tuple[TimeStatement, ...]:
    disseminated = stated_time(root.text("disseminatedAt"), TimeMeaning.RECEIVED)
    occurred = stated_time(
        root.section("incident").text("occurredAt"), TimeMeaning.OFFENCE, not_after=disseminated.instant
    )
    return occurred, disseminated


def _annotations(incident: Section) -> tuple[en.TipAnnotation, ...]:
    place = incident.at("annotations")
    chosen = {choose(text, en.TipAnnotation, place) for text in incident.texts("annotations")}
    return tuple(one for one in en.TipAnnotation if one in chosen)


def _priority(risk: Section) -> tuple[en.Priority, tuple[PriorityBasis, ...]]:
    """Return how soon, and why: KIRAT's band, unless a child is at immediate risk."""
    stated = {choose(text, PriorityBasis, risk.at("basis")) for text in risk.texts("basis")}
    if risk.has("kirat"):
        stated.add(PriorityBasis.KIRAT)
    if risk.flag("childAtImmediateRisk") is TriState.YES:
        stated.add(PriorityBasis.CHILD_AT_IMMEDIATE_RISK)
    band = risk.choice("kirat", en.Priority, en.Priority.UNASSESSED)
    immediate = PriorityBasis.CHILD_AT_IMMEDIATE_RISK in stated or band is en.Priority.IMMEDIATE
    if immediate:
        stated.add(PriorityBasis.CHILD_AT_IMMEDIATE_RISK)
    basis = tuple(one for one in PriorityBasis if one in stated)
    return (en.Priority.IMMEDIATE if immediate else band), basis


def _grading(section: Section) -> Grading:
    parts = (
        ("source", _SOURCE, "a digit 1 to 3"),
        ("information", _INFORMATION, "a letter A to E"),
        ("handling", _HANDLING, "P or C"),
    )
    read = [_grade(section, *part) for part in parts]
    return Grading(scheme=en.GradingScheme.UK_3X5X2, source=read[0], information=read[1], handling=read[2])


def _grade(section: Section, key: str, allowed: str, words: str) -> str:
    text = section.required(key).upper()
    if len(text) != 1 or text not in allowed:
        raise DocumentRefused(RefusalCode.UNKNOWN_VALUE, f"{section.at(key)} is not {words} (3x5x2).")
    return text


def _handling(root: Section, grading: Grading | None, *, safeguarding: bool) -> Handling:
    """Return the handling. C, sharing under conditions, keeps it inside the recipient's organisation."""
    conditional = grading is not None and grading.handling == "C"
    return handling(
        pointer=root.choice("pointer", en.PointerMode, en.PointerMode.OPEN),
        tlp=en.Tlp.AMBER_STRICT if conditional else en.Tlp.AMBER,
        safeguarding=safeguarding,
    )
