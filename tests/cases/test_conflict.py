"""The state of a conflict is a function of two registers, and each side writes only its own."""

from collections import deque
from datetime import UTC, datetime
from itertools import product

import pytest
from case_builders import NZ, UK, alert, outcomes
from hypothesis import given
from hypothesis import strategies as st

from casebus.cases.alert import Alert, acknowledge, resolve, with_theirs
from casebus.cases.conflict import (
    RESPOND_WITHIN_S,
    ConflictState,
    Said,
    Side,
    SideState,
    conflict_state,
    not_judged,
)
from casebus.events.enumerations import ConflictOutcome, Severity

JOINT, FALSE_MATCH = ConflictOutcome.JOINT_INVESTIGATION, ConflictOutcome.FALSE_MATCH
AT = datetime(2026, 3, 2, tzinfo=UTC)


def proposed(outcome: ConflictOutcome) -> Side:
    return Side(SideState.resolved, outcome)


NEW, TAKEN, OURS, OTHER = Side(), Side(SideState.acknowledged), proposed(JOINT), proposed(FALSE_MATCH)
SIDES = [NEW, TAKEN, *map(proposed, ConflictOutcome)]
NOTHING: frozenset[str] = frozenset()
OPEN, RESOLVED, DISPUTED = ConflictState.open, ConflictState.resolved, ConflictState.disputed


@pytest.mark.parametrize(
    ("ours", "theirs", "state"),
    [
        (NEW, NEW, OPEN),
        (NEW, TAKEN, OPEN),
        (NEW, OURS, OPEN),
        (TAKEN, NEW, OPEN),
        (TAKEN, TAKEN, OPEN),
        (TAKEN, OURS, OPEN),
        (OURS, NEW, OPEN),
        (OURS, TAKEN, OPEN),
        (OURS, OURS, RESOLVED),
        (OURS, OTHER, DISPUTED),
        (OTHER, OURS, DISPUTED),
        (OTHER, OTHER, RESOLVED),
    ],
)
def test_equal_outcomes_resolve_and_unequal_ones_dispute(ours: Side, theirs: Side, state: ConflictState) -> None:
    assert conflict_state(ours, theirs, retracted=False) is state
    assert conflict_state(ours, theirs, retracted=True) is ConflictState.retracted


def test_the_state_is_the_same_from_both_sides() -> None:
    for ours, theirs, retracted in product(SIDES, SIDES, (False, True)):
        seen = conflict_state(ours, theirs, retracted=retracted)
        assert seen is conflict_state(theirs, ours, retracted=retracted)


def test_every_pair_of_outcomes_is_resolved_only_when_they_are_equal() -> None:
    for ours, theirs in product(ConflictOutcome, ConflictOutcome):
        state = conflict_state(proposed(ours), proposed(theirs), retracted=False)
        assert (state is RESOLVED) == (ours is theirs)
        assert (state is DISPUTED) == (ours is not theirs)


def test_acknowledging_does_not_take_an_outcome_back() -> None:
    said = Said().resolved(JOINT, {"e"})
    assert said.acknowledged({"e"}).side(NOTHING) == said.side(NOTHING) == OURS
    assert Said().acknowledged({"e"}).acknowledged({"e"}).side(NOTHING) == TAKEN


def test_the_last_outcome_that_a_side_proposed_counts() -> None:
    assert Said().resolved(JOINT, {"e"}).resolved(FALSE_MATCH, {"e"}).side(NOTHING) == OTHER


ids = st.sets(st.sampled_from("abcd"))


@given(ids, ids, ids, outcomes)
def test_what_was_said_counts_if_all_that_is_asked_was_shown_with_it(
    taken_up: set[str], proposed_on: set[str], asked: set[str], outcome: ConflictOutcome
) -> None:
    said = Said().acknowledged(taken_up).resolved(outcome, proposed_on)
    if asked <= proposed_on:
        assert said.side(asked) == proposed(outcome)
    else:
        assert said.side(asked) == (TAKEN if asked <= taken_up else NEW)


@given(ids, ids, ids)
def test_new_evidence_is_what_nobody_judged_who_says_different_person(
    evidence: set[str], one: set[str], other: set[str]
) -> None:
    apart, together = Said().resolved(FALSE_MATCH, one), Said().resolved(JOINT, other)
    assert not_judged(evidence, [Said(), together]) == frozenset(), "nothing is new where nobody said no"
    assert not_judged(evidence, [apart, together]) == evidence - one
    both = Said().resolved(FALSE_MATCH, other)
    assert not_judged(evidence, [apart, both]) == not_judged(evidence, [both, apart]) == evidence - one - other


def test_every_severity_has_a_time_to_respond_and_the_graver_is_the_shorter() -> None:
    by_gravity = [RESPOND_WITHIN_S[s] for s in (Severity.immediate, Severity.high, Severity.routine)]
    assert set(RESPOND_WITHIN_S) == set(Severity)
    assert by_gravity == sorted(by_gravity)


class Desks:
    """Two desks and what is on its way between them, in order per writer, as the inboxes carry it."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = [alert(NZ), alert(UK, partner=NZ)]
        self.on_the_way: list[deque[Said]] = [deque(), deque()]

    def decide(self, desk: int, outcome: ConflictOutcome | None) -> None:
        before = self.alerts[desk]
        after = acknowledge(before) if outcome is None else resolve(before, outcome)
        if after != before:
            self.alerts[desk] = after
            self.on_the_way[1 - desk].append(after.we_said)

    def deliver(self, desk: int) -> None:
        if self.on_the_way[desk]:
            self.alerts[desk] = with_theirs(self.alerts[desk], self.on_the_way[desk].popleft())


decisions = st.tuples(st.just("decide"), st.sampled_from([0, 1]), st.none() | outcomes)
deliveries = st.tuples(st.just("deliver"), st.sampled_from([0, 1]), st.none())


@given(st.lists(decisions | deliveries, max_size=12))
def test_both_desks_see_one_state_whatever_crossed_on_the_way(
    steps: list[tuple[str, int, ConflictOutcome | None]],
) -> None:
    desks = Desks()
    for act, desk, outcome in steps:
        desks.decide(desk, outcome) if act == "decide" else desks.deliver(desk)
    for desk in (0, 1):
        while desks.on_the_way[desk]:
            desks.deliver(desk)
    ours, theirs = desks.alerts
    assert ours.state is theirs.state
    assert (ours.ours, ours.theirs) == (theirs.theirs, theirs.ours)


@given(st.lists(decisions, max_size=10), st.randoms())
def test_how_the_two_sides_events_interleave_changes_nothing(
    steps: list[tuple[str, int, ConflictOutcome | None]], random: object
) -> None:
    by_side = [deque(step for step in steps if step[1] == desk) for desk in (0, 1)]
    shuffled = Desks()
    while by_side[0] or by_side[1]:
        chosen = random.choice([desk for desk in (0, 1) if by_side[desk]])  # type: ignore[attr-defined]
        _, desk, outcome = by_side[chosen].popleft()
        shuffled.decide(desk, outcome)
    in_order = Desks()
    for _, desk, outcome in steps:
        in_order.decide(desk, outcome)
    assert [each.ours for each in shuffled.alerts] == [each.ours for each in in_order.alerts]
