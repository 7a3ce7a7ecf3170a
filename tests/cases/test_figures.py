"""The dashboard's numbers: what is never added up is not, and what was taken back counts no more."""

from datetime import datetime, timedelta

import pytest
from cases.case_builders import record_id

from casebus.cases.figures import Counting
from casebus.events import enumerations as en
from casebus.events.types import (
    CaseClosed,
    CaseOpened,
    ChildSafeguarded,
    PossibleChild,
    TipAmended,
    TipContent,
    TipReceived,
    TipWithdrawn,
)

NOW = datetime.fromisoformat("2026-07-03T09:14:00+00:00")
TIP, CASE = record_id("tip"), record_id("case")


def outcome(name: str, rule: en.CountRule, status: en.OutcomeStatus = en.OutcomeStatus.CONFIRMED) -> ChildSafeguarded:
    return ChildSafeguarded(
        outcome_id=record_id(name),
        outcome_type=en.SafeguardOutcome.RESCUED_FROM_CURRENT_ABUSE,
        count=10,
        count_rule=rule,
        measures=(),
        country=None,
        record_ids=(),
        credit=(),
        status=status,
        supersedes=None,
    )


def test_what_was_counted_by_different_rules_or_is_not_firm_alike_is_never_added_up() -> None:
    counting = Counting()
    rules = (en.CountRule.DISTINCT_CHILDREN, en.CountRule.ESTIMATE, en.CountRule.CUMULATIVE_RESTATED)
    for rule in rules:
        counting.take(outcome(rule.value, rule), NOW)
    counting.take(outcome("provisional", rules[0], en.OutcomeStatus.PROVISIONAL), NOW)
    counting.take(outcome("alike", rules[0]), NOW)
    counted = {(each.count_rule, each.status): each.children for each in counting.figures().removed_from_harm}
    assert counted == {
        ("DISTINCT_CHILDREN", "CONFIRMED"): 20,
        ("DISTINCT_CHILDREN", "PROVISIONAL"): 10,
        ("ESTIMATE", "CONFIRMED"): 10,
        ("CUMULATIVE_RESTATED", "CONFIRMED"): 10,
    }


def opened() -> CaseOpened:
    return CaseOpened.model_construct(case_id=CASE)


def closed() -> CaseClosed:
    return CaseClosed.model_construct(case_id=CASE)


@pytest.mark.parametrize(("times", "numbers"), [(1, (1, 0)), (2, (0, 1)), (3, (1, 0)), (4, (0, 1))])
def test_a_case_is_open_or_closed_as_was_said_last(times: int, numbers: tuple[int, int]) -> None:
    counting = Counting()
    for payload in (opened(), closed(), opened(), closed())[:times]:
        counting.take(payload, NOW)
    figures = counting.figures()
    assert (figures.open_cases, figures.closed_cases) == numbers


def tip(kind: type[TipReceived] | type[TipAmended], answer: en.TriState) -> TipReceived | TipAmended:
    possible = PossibleChild.model_construct(answer=answer)
    return kind.model_construct(tip_id=TIP, content=TipContent.model_construct(possible_child=possible))


def test_who_may_be_a_child_is_asked_of_the_last_account_of_a_tip() -> None:
    counting = Counting()
    for payload, expected in (
        (tip(TipReceived, en.TriState.YES), (1, 1)),
        (tip(TipAmended, en.TriState.NO), (1, 0)),
        (tip(TipAmended, en.TriState.YES), (1, 1)),
        (TipWithdrawn.model_construct(tip_id=TIP), (0, 0)),
        (tip(TipReceived, en.TriState.YES), (1, 1)),
    ):
        counting.take(payload, NOW + timedelta(hours=1))
        assert (counting.figures().tips, counting.figures().tips_of_possible_children) == expected
