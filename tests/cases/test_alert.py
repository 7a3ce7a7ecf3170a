"""An alert over its life: what an officer decided is never lost, and nobody decides for the other side."""

from dataclasses import replace
from datetime import timedelta

import pytest
from case_builders import NZ, RAISED_AT, UK, alert, hit, outcomes
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from casebus.cases.alert import acknowledge, ref_of, refuse_stale, resolve, retract, told, with_theirs
from casebus.cases.conflict import ConflictState, Side, SideState
from casebus.errors import Conflict
from casebus.events import enumerations as en
from casebus.events.enumerations import ConflictOutcome, RetractReason

JOINT = ConflictOutcome.JOINT_INVESTIGATION


class AlertLife(RuleBasedStateMachine):
    """Any order of hits, retractions and both sides' decisions, beside the plainest model of what must stand."""

    @initialize()
    def first_told(self) -> None:
        self.alert = self.previous = alert()
        self.ours: ConflictOutcome | None = None
        self.theirs: ConflictOutcome | None = None
        self.raised_at = RAISED_AT
        self.newest = (1, False)  # the last revision, and whether it was a retraction

    def became(self, after: object) -> None:
        self.previous, self.alert = self.alert, after  # type: ignore[assignment]

    @rule(revision=st.integers(1, 8), severity=st.sampled_from(list(en.Severity)))
    def hub_tells(self, revision: int, severity: en.Severity) -> None:
        later = RAISED_AT + timedelta(hours=revision)
        rises = severity is en.Severity.immediate and self.alert.severity is not en.Severity.immediate
        if rises and revision > self.alert.revision:  # a child at immediate risk: both sides answer anew
            self.ours = self.theirs = None
            self.raised_at = later
        self.became(told(NZ, hit(revision, severity=severity), self.alert, later))
        self.newest = max(self.newest, (revision, False)) if revision > self.newest[0] else self.newest

    @rule(revision=st.integers(1, 8), reason=st.sampled_from(list(RetractReason)))
    def hub_retracts(self, revision: int, reason: RetractReason) -> None:
        self.became(retract(self.alert, revision, reason))
        self.newest = (revision, True) if revision > self.newest[0] else self.newest

    @precondition(lambda self: not self.newest[1])
    @rule()
    def we_acknowledge(self) -> None:
        self.became(acknowledge(self.alert))

    @precondition(lambda self: not self.newest[1])
    @rule(outcome=outcomes)
    def we_resolve(self, outcome: ConflictOutcome) -> None:
        self.became(resolve(self.alert, outcome))
        self.ours = outcome

    @precondition(lambda self: self.newest[1])
    @rule(outcome=outcomes)
    def a_retracted_alert_is_not_decided(self, outcome: ConflictOutcome) -> None:
        with pytest.raises(Conflict, match="retracted"):
            acknowledge(self.alert)
        with pytest.raises(Conflict, match="retracted"):
            resolve(self.alert, outcome)

    @rule()
    def they_acknowledge(self) -> None:
        self.became(with_theirs(self.alert, self.alert.theirs.acknowledged(), self.alert.revision))

    @rule(outcome=outcomes)
    def they_resolve(self, outcome: ConflictOutcome) -> None:
        self.became(with_theirs(self.alert, self.alert.theirs.resolved(outcome), self.alert.revision))
        self.theirs = outcome

    @rule(outcome=outcomes, behind=st.integers(-2, 2))
    def a_version_other_than_the_present_is_refused(self, outcome: ConflictOutcome, behind: int) -> None:
        if behind == 0:
            refuse_stale(self.alert, self.alert.version)
            return
        with pytest.raises(Conflict, match="has changed since"):
            refuse_stale(self.alert, self.alert.version + behind)

    @invariant()
    def no_resolution_is_lost_and_none_is_made_for_the_other_side(self) -> None:
        assert self.alert.ours.outcome is self.ours
        assert self.alert.theirs.outcome is self.theirs
        assert (self.alert.ours.state is SideState.resolved) == (self.ours is not None)

    @invariant()
    def a_change_is_a_new_version_and_nothing_else_is(self) -> None:
        steps = self.alert.version - self.previous.version
        assert steps == (0 if self.alert == self.previous else 1)
        assert self.alert == self.previous or replace(self.alert, version=0) != replace(self.previous, version=0)

    @invariant()
    def the_newest_revision_stands(self) -> None:
        assert (self.alert.revision, self.alert.retracted is not None) == self.newest
        assert (self.alert.state is ConflictState.retracted) == self.newest[1]

    @invariant()
    def it_is_one_alert_all_along(self) -> None:
        first = alert()
        assert (self.alert.ref, self.alert.raised_at, self.alert.own_id) == (first.ref, self.raised_at, first.own_id)


AlertLife.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestAlertLife = AlertLife.TestCase


def test_a_later_revision_replaces_what_was_told_and_is_no_second_alert() -> None:
    before = resolve(alert(), JOINT)
    after = told(NZ, hit(2, severity=en.Severity.routine), before, RAISED_AT + timedelta(days=1))
    assert (after.severity, after.revision, after.version) == (en.Severity.routine, 2, before.version + 1)
    assert (after.ref, after.raised_at, after.ours) == (before.ref, before.raised_at, before.ours)


def test_an_older_revision_changes_nothing() -> None:
    newer = told(NZ, hit(3), alert(), RAISED_AT)
    assert told(NZ, hit(2, severity=en.Severity.routine), newer, RAISED_AT) is newer
    assert retract(newer, 3, RetractReason.CORRECTED) is newer


def test_a_match_that_is_found_again_after_its_retraction_keeps_what_was_decided() -> None:
    decided = resolve(alert(), ConflictOutcome.FALSE_MATCH)
    gone = retract(decided, 2, RetractReason.COMMON_IDENTIFIER)
    back = told(NZ, hit(3), gone, RAISED_AT)
    assert back.retracted is None
    assert back.ours == decided.ours, "a false match stays known"


def test_the_answer_is_due_by_its_severity_from_when_it_was_first_raised() -> None:
    assert alert(severity=en.Severity.immediate).respond_by - RAISED_AT == timedelta(hours=1)
    assert alert(severity=en.Severity.high).respond_by - RAISED_AT == timedelta(hours=8)
    assert alert(severity=en.Severity.routine).respond_by - RAISED_AT == timedelta(days=7)


def test_what_only_informs_is_a_notice() -> None:
    assert not alert().is_notice
    assert not alert(partner=None).is_notice
    assert alert(overlap=en.Overlap.same_source_report).is_notice
    assert alert(partner=NZ, also_own_id=alert().own_id).is_notice


@given(
    notice=st.sampled_from([{"overlap": en.Overlap.same_source_report}, {"partner": NZ}]),
    severity=st.sampled_from(list(en.Severity)),
    outcome=outcomes,
)
def test_a_notice_is_never_decided(notice: dict[str, object], severity: en.Severity, outcome: ConflictOutcome) -> None:
    """It only informs: no partner waits for an answer, and none would be told of one."""
    told_of = alert(severity=severity, **notice)
    for decide in (acknowledge, lambda each: resolve(each, outcome)):
        with pytest.raises(Conflict, match="nothing to decide"):
            decide(told_of)


def test_the_two_sides_have_different_references_and_each_keeps_its_own() -> None:
    conflict = alert().conflict_id
    assert ref_of(NZ, conflict) == ref_of(NZ, conflict) == alert().ref
    assert ref_of(NZ, conflict) != ref_of(UK, conflict)
    assert ref_of(NZ, conflict).startswith("NP-")
    assert ref_of("nz-internal-affairs", conflict).startswith("NIA-")


def test_the_partners_register_changes_only_when_it_differs() -> None:
    before = alert()
    assert with_theirs(before, Side(), before.revision) is before
    assert with_theirs(before, Side().acknowledged(), before.revision).version == before.version + 1


def test_what_was_decided_before_a_child_was_at_immediate_risk_decides_nothing_after() -> None:
    decided = resolve(
        with_theirs(alert(), Side().resolved(ConflictOutcome.JOINT_INVESTIGATION), 1),
        ConflictOutcome.JOINT_INVESTIGATION,
    )
    assert decided.state is ConflictState.resolved
    later = RAISED_AT + timedelta(days=3)
    reopened = told(NZ, hit(2, severity=en.Severity.immediate), decided, later)
    assert (reopened.state, reopened.ours, reopened.theirs) == (ConflictState.open, Side(), Side())
    assert reopened.respond_by > later
    assert with_theirs(reopened, Side().resolved(ConflictOutcome.JOINT_INVESTIGATION), 1) is reopened, (
        "an answer to the revision before"
    )
    assert with_theirs(reopened, Side().resolved(ConflictOutcome.JOINT_INVESTIGATION), 2).theirs == Side().resolved(
        ConflictOutcome.JOINT_INVESTIGATION
    )


def test_more_evidence_alone_does_not_undo_a_decision() -> None:
    decided = resolve(
        with_theirs(alert(), Side().resolved(ConflictOutcome.JOINT_INVESTIGATION), 1),
        ConflictOutcome.JOINT_INVESTIGATION,
    )
    assert told(NZ, hit(2), decided, RAISED_AT).state is ConflictState.resolved
