"""The state of a conflict is a function of two registers, and each side writes only its own."""

from collections import deque
from itertools import product

import pytest
from case_builders import NZ, UK, alert, outcomes
from hypothesis import given
from hypothesis import strategies as st

from casebus.cases.alert import Alert, acknowledge, resolve, with_theirs
from casebus.cases.conflict import RESPOND_WITHIN_S, ConflictState, Side, SideState, conflict_state
from casebus.events.enumerations import ConflictOutcome, Severity

JOINT, FALSE_MATCH = ConflictOutcome.JOINT_INVESTIGATION, ConflictOutcome.FALSE_MATCH
NEW, TAKEN, OURS, OTHER = Side(), Side().acknowledged(), Side().resolved(JOINT), Side().resolved(FALSE_MATCH)
SIDES = [Side(), Side().acknowledged(), *(Side().resolved(outcome) for outcome in ConflictOutcome)]
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
        state = conflict_state(Side().resolved(ours), Side().resolved(theirs), retracted=False)
        assert (state is RESOLVED) == (ours is theirs)
        assert (state is DISPUTED) == (ours is not theirs)


def test_acknowledging_does_not_take_an_outcome_back() -> None:
    assert OURS.acknowledged() == OURS
    assert TAKEN.acknowledged() == TAKEN == Side(SideState.acknowledged)


def test_the_last_outcome_that_a_side_proposed_counts() -> None:
    assert OURS.resolved(FALSE_MATCH) == OTHER


def test_every_severity_has_a_time_to_respond_and_the_graver_is_the_shorter() -> None:
    by_gravity = [RESPOND_WITHIN_S[s] for s in (Severity.immediate, Severity.high, Severity.routine)]
    assert set(RESPOND_WITHIN_S) == set(Severity)
    assert by_gravity == sorted(by_gravity)


class Desks:
    """Two desks and what is on its way between them, in order per writer, as the inboxes carry it."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = [alert(NZ), alert(UK, partner=NZ)]
        self.on_the_way: list[deque[Side]] = [deque(), deque()]

    def decide(self, desk: int, outcome: ConflictOutcome | None) -> None:
        before = self.alerts[desk]
        after = acknowledge(before) if outcome is None else resolve(before, outcome)
        if after != before:
            self.alerts[desk] = after
            self.on_the_way[1 - desk].append(after.ours)

    def deliver(self, desk: int) -> None:
        if self.on_the_way[desk]:
            self.alerts[desk] = with_theirs(
                self.alerts[desk], self.on_the_way[desk].popleft(), self.alerts[desk].revision
            )


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
