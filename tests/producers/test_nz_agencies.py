"""Internal Affairs' register and referrals, NZ Police's returns."""

from samples import changed, sample, tip, translate

from casebus.events.enumerations import (
    CaseCloseReason,
    IdentifierType,
    PointerMode,
    Priority,
    SafeguardMeasure,
    SubjectCategory,
    TimeQuality,
    TipSource,
    TriState,
    WelfareResult,
)
from casebus.intake.adapter import (
    CaseClosure,
    CaseDraft,
    SafeguardDraft,
    TipWithdrawal,
    WelfareCompletionDraft,
    WelfareRequestDraft,
)
from producers.nz_internal_affairs import ADAPTER as NZ_INTERNAL_AFFAIRS
from producers.nz_police import ADAPTER as NZ_POLICE

HEADER = "case_number,status,service,account_id,screen_name,ip,ip_at,backlog,date_of_birth,opened_on\n"


def register(row: str) -> CaseDraft:
    (draft,) = translate(NZ_INTERNAL_AFFAIRS, HEADER + row + "\n")
    assert isinstance(draft, CaseDraft)
    return draft


def values(draft: CaseDraft, kind: IdentifierType) -> list[tuple[str | None, str]]:
    return [(one.service, one.value) for one in draft.identifiers if one.kind is kind]


def test_a_register_is_a_backlog_of_open_cases_and_closures():
    first, second, third = translate(NZ_INTERNAL_AFFAIRS, sample("dia_register.csv"))
    assert (first.key.number, first.backlog, first.opened_at.quality) == ("DIA-2024-0001", True, TimeQuality.DATE_ONLY)
    assert {one.subject_no for one in first.identifiers} == {0, 1}
    assert {one.subject for one in first.identifiers} == {SubjectCategory.SUSPECT, SubjectCategory.WITNESS}
    assert (second.priority, second.handling.pointer) == (Priority.IMMEDIATE, PointerMode.DESK_ONLY)
    assert second.possible_child.answer is TriState.YES
    assert {one.subject for one in second.identifiers} == {SubjectCategory.POSSIBLE_CHILD}
    assert third == CaseClosure(third.key, CaseCloseReason.CLEARED_BY_ARREST)


def test_several_values_of_a_column_stand_between_bars():
    first = translate(NZ_INTERNAL_AFFAIRS, sample("dia_register.csv"))[0]
    assert values(first, IdentifierType.EMAIL) == [(None, "case.one@example.com"), (None, "case.one@example.net")]
    assert values(first, IdentifierType.SERVICE_ACCOUNT_ID) == [("ExampleChat", "u-7001"), ("ExampleGram", "g-7001")]
    assert values(first, IdentifierType.SERVICE_SCREEN_NAME) == [("ExampleChat", "one_synthetic")]
    times = [one.seen_at.quality for one in first.identifiers if one.kind is IdentifierType.IP_AT_TIME]
    assert times == [TimeQuality.EXACT_OFFSET, TimeQuality.MISSING]


def test_one_service_is_that_of_all_accounts():
    draft = register("1,OPEN,ExampleChat,a|b,,,,,,")
    assert values(draft, IdentifierType.SERVICE_ACCOUNT_ID) == [("ExampleChat", "a"), ("ExampleChat", "b")]


def test_a_blank_between_bars_keeps_the_others_in_their_places():
    draft = register("1,OPEN,ExampleChat|ExampleGram,|b,a|,,,,,")
    assert values(draft, IdentifierType.SERVICE_ACCOUNT_ID) == [("ExampleGram", "b")]
    assert values(draft, IdentifierType.SERVICE_SCREEN_NAME) == [("ExampleChat", "a")]


def test_a_case_may_say_that_it_is_no_backlog():
    assert register("1,OPEN,,,,,,no,,").backlog is False
    assert register("1,OPEN,,,,,,,,").backlog is True


def test_a_birth_date_counts_as_of_the_day_the_case_was_opened():
    assert register("1,OPEN,,,,,,,2006-03-02,2024-03-01").possible_child.answer is TriState.YES
    assert register("1,OPEN,,,,,,,2006-03-01,2024-03-01").possible_child.answer is TriState.NOT_STATED


def test_a_referral_names_the_report_that_another_agency_may_hold_too():
    draft = tip(NZ_INTERNAL_AFFAIRS, sample("dia_referral.json"))
    assert draft.content.source is TipSource.PARTNER_AGENCY
    assert draft.source_report == tip(NZ_POLICE, sample("cybertip.json")).source_report
    assert draft.key.system != draft.source_report.system


def test_referrals_come_in_csv_too():
    first, second = translate(NZ_INTERNAL_AFFAIRS, sample("dia_referrals.csv"))
    assert first.source_report.number == "900000011"
    assert second.source_report is None
    assert second.content.possible_child.answer is TriState.YES


def test_a_referral_can_be_taken_back():
    (draft,) = translate(
        NZ_INTERNAL_AFFAIRS, changed("dia_referral.json", lambda document: document.update(withdrawn=True))
    )
    assert isinstance(draft, TipWithdrawal)
    assert draft.key == tip(NZ_INTERNAL_AFFAIRS, sample("dia_referral.json")).key


def test_a_register_with_no_rows_says_nothing():
    assert translate(NZ_INTERNAL_AFFAIRS, HEADER) == []


def test_a_return_asks_completes_and_counts():
    request, completion, outcome = translate(NZ_POLICE, sample("nzp_returns.csv"))
    assert isinstance(request, WelfareRequestDraft)
    assert request.self_harm_risk is TriState.YES
    assert request.concerning == (tip(NZ_POLICE, sample("cybertip.json")).key,)
    assert completion == WelfareCompletionDraft(request.key, WelfareResult.SAFE_WITH_PLAN)
    assert isinstance(outcome, SafeguardDraft)
    assert [key.number for key in outcome.concerning] == ["900000001", "900000002"]
    assert outcome.measures == (
        SafeguardMeasure.SUSPECT_ARRESTED,
        SafeguardMeasure.SAFETY_PLAN,
        SafeguardMeasure.FAMILY_INFORMED,
    )
