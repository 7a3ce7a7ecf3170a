"""The NCA's package and returns."""

import pytest
from samples import changed, sample, tip, translate

from casebus.events.enumerations import (
    Priority,
    PriorityBasis,
    SafeguardMeasure,
    SubjectCategory,
    TipSource,
    Tlp,
    TriState,
    WithdrawReason,
)
from casebus.intake.adapter import TipWithdrawal
from producers.uk_nca import ADAPTER as UK_NCA


def package(**keys):
    return translate(UK_NCA, changed("nca_package.json", lambda document: document.update(keys)))[0]


def test_a_package_is_a_tip_of_its_own_number():
    draft = tip(UK_NCA, sample("nca_package.json"))
    assert (draft.key.system, draft.key.number) == ("uk-nca-package", "NCA-2025-000123")
    assert draft.source_report.number == "900000007"
    assert [prior.number for prior in draft.prior_reports] == ["900000008"]
    assert {one.subject for one in draft.identifiers} == {SubjectCategory.SUSPECT, SubjectCategory.VICTIM_CHILD}
    assert draft.content.possible_child.answer is TriState.NOT_STATED


def test_the_grading_stays_native():
    grading = tip(UK_NCA, sample("nca_package.json")).content.grading
    assert (grading.scheme.value, grading.source, grading.information, grading.handling) == ("UK_3X5X2", "2", "C", "P")


def test_sharing_under_conditions_stays_inside_the_recipients_organisation():
    draft = package(grading={"source": 1, "information": "a", "handling": "C"})
    assert draft.content.handling.tlp is Tlp.AMBER_STRICT
    assert draft.content.handling.releasable_to == ()


@pytest.mark.parametrize("band", ["VERY_HIGH", "High", "medium", "LOW", "very high"])
def test_kirats_band_is_the_priority(band):
    content = package(risk={"kirat": band}).content
    assert content.priority is Priority[band.upper().replace(" ", "_")]
    assert content.priority_basis == (PriorityBasis.KIRAT,)


def test_a_child_at_immediate_risk_outranks_any_band():
    content = package(risk={"kirat": "LOW", "childAtImmediateRisk": True}).content
    assert content.priority is Priority.IMMEDIATE
    assert PriorityBasis.CHILD_AT_IMMEDIATE_RISK in content.priority_basis
    assert content.handling.purpose.value == "SAFEGUARDING_CHILD"


def test_no_risk_stated_is_no_risk_assessed():
    assert package(risk=None).content.priority is Priority.UNASSESSED


def test_a_package_says_whether_a_match_may_be_told():
    assert package(pointer="SILENT").content.handling.pointer.value == "SILENT"
    assert package(pointer=None).content.handling.pointer.value == "OPEN"


def test_an_amendment_is_the_same_record_and_a_withdrawal_takes_it_back():
    assert package(action="AMEND", amendReason="CORRECTION").key == package().key
    assert package(action="AMEND", amendReason="CORRECTION").amend_reason.value == "CORRECTION"
    withdrawal = package(action="WITHDRAW", withdrawReason="DUPLICATE")
    assert withdrawal == TipWithdrawal(package().key, WithdrawReason.DUPLICATE)


def test_a_package_from_no_report_is_the_agencys_own():
    draft = package(ncmecReports=[])
    assert (draft.source_report, draft.content.source) == (None, TipSource.OWN_INVESTIGATION)


def test_the_agencys_assessment_that_the_holder_is_a_child_holds():
    person = {"role": "REPORTED_PERSON", "emails": ["x@example.org"], "possibleChild": True}
    draft = package(persons=[person])
    assert draft.content.possible_child.answer is TriState.YES
    assert draft.identifiers[0].subject is SubjectCategory.POSSIBLE_CHILD
    assert package(persons=[person | {"possibleChild": False}]).content.possible_child.answer is TriState.NO
    assert package(persons=[person | {"possibleChild": False, "age": 15}]).content.possible_child.answer is TriState.YES


def test_official_in_any_spelling_is_under_the_ceiling():
    for marking in ("OFFICIAL", "official-sensitive", "OFFICIAL SENSITIVE", "OFFICIAL – SENSITIVE"):
        assert package(marking=marking).key.number == "NCA-2025-000123"


def test_an_arrest_is_a_measure_and_its_number_is_not_carried():
    first, second = translate(UK_NCA, sample("nca_returns.csv"))
    assert SafeguardMeasure.SUSPECT_ARRESTED in first.measures
    assert first.count == 2
    assert (second.status.value, second.supersedes) == ("RESTATED", first.key)
    assert [key.number for key in first.concerning] == ["NCA-2025-000123"]
    assert [credit.agency for credit in first.credit] == ["uk-nca"]
