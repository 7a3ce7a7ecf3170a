"""An alert over its life: what an officer decided is never lost, and nobody decides for the other side."""

from dataclasses import replace
from datetime import timedelta

import pytest
from case_builders import NZ, RAISED_AT, UK, alert, hit, outcomes, record_id
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from casebus.cases.alert import Alert, acknowledge, ref_of, reopen, resolve, retract, told, with_theirs
from casebus.cases.conflict import ConflictState, Said, Side, SideState
from casebus.cases.desk_work import DeskAlert, DeskWork, Escalation, Stage, after_rise, judge
from casebus.cases.notification import Way, wanted
from casebus.errors import Conflict
from casebus.events import enumerations as en
from casebus.events.enumerations import ConflictOutcome, RetractReason
from casebus.events.types import Evidence

JOINT, FALSE_MATCH = ConflictOutcome.JOINT_INVESTIGATION, ConflictOutcome.FALSE_MATCH
LATER = RAISED_AT + timedelta(days=1)


class AlertLife(RuleBasedStateMachine):
    """Any order of hits, retractions and both sides' decisions, beside the plainest model of what must stand."""

    @initialize()
    def first_told(self) -> None:
        self.alert = self.previous = alert()
        self.ours: tuple[ConflictOutcome, str | None] | None = None  # what was proposed, and at which risk to a child
        self.theirs: tuple[ConflictOutcome, str | None] | None = None
        self.risk: str | None = None
        self.raised_at = RAISED_AT
        self.newest = (1, False)  # the last revision, and whether it was a retraction

    def became(self, after: object) -> None:
        self.previous, self.alert = self.alert, after  # type: ignore[assignment]

    @rule(revision=st.integers(1, 8), severity=st.sampled_from(list(en.Severity)), which=st.sampled_from("ab"))
    def hub_tells(self, revision: int, severity: en.Severity, which: str) -> None:
        later = RAISED_AT + timedelta(hours=revision)
        risk = record_id(which) if severity is en.Severity.immediate else None
        if revision > self.alert.revision:
            anew = self.newest[1] or (risk and risk != self.risk)
            self.raised_at = later if anew else self.raised_at
            self.risk = risk
        self.became(told(NZ, hit(revision, severity=severity, risk_id=risk), self.alert, later))
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
        self.ours = (outcome, self.risk)

    @precondition(lambda self: self.newest[1])
    @rule(outcome=outcomes)
    def a_retracted_alert_is_not_decided(self, outcome: ConflictOutcome) -> None:
        with pytest.raises(Conflict, match="retracted"):
            acknowledge(self.alert)
        with pytest.raises(Conflict, match="retracted"):
            resolve(self.alert, outcome)

    @rule()
    def they_acknowledge(self) -> None:
        self.became(with_theirs(self.alert, self.alert.they_said.acknowledged(self.alert.shown)))

    @rule(outcome=outcomes)
    def they_resolve(self, outcome: ConflictOutcome) -> None:
        self.became(with_theirs(self.alert, self.alert.they_said.resolved(outcome, self.alert.shown)))
        self.theirs = (outcome, self.risk)

    @precondition(lambda self: not self.newest[1])
    @rule()
    def we_reopen(self) -> None:
        if self.ours is None:
            with pytest.raises(Conflict, match="nothing to reopen"):
                reopen(self.alert)
            return
        self.became(reopen(self.alert))
        self.ours = None

    @rule()
    def they_reopen(self) -> None:
        self.became(with_theirs(self.alert, self.alert.they_said.taken_back(self.alert.shown)))
        self.theirs = None

    @invariant()
    def no_resolution_is_lost_and_none_is_made_for_the_other_side(self) -> None:
        assert self.alert.ours.outcome is self.counts(self.ours)
        assert self.alert.theirs.outcome is self.counts(self.theirs)
        assert (self.alert.ours.state is SideState.resolved) == (self.counts(self.ours) is not None)

    def counts(self, said: tuple[ConflictOutcome, str | None] | None) -> ConflictOutcome | None:
        """Return what was proposed, unless a child has come to be at another immediate risk since."""
        return said[0] if said and self.risk in (None, said[1]) else None

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
    after = told(NZ, hit(2, severity=en.Severity.routine), before, LATER)
    assert (after.severity, after.revision, after.version) == (en.Severity.routine, 2, before.version + 1)
    assert (after.ref, after.raised_at, after.ours) == (before.ref, before.raised_at, before.ours)


def test_an_older_revision_changes_nothing() -> None:
    newer = told(NZ, hit(3), alert(), RAISED_AT)
    assert told(NZ, hit(2, severity=en.Severity.routine), newer, RAISED_AT) is newer
    assert retract(newer, 3, RetractReason.CORRECTED) is newer


def test_a_match_that_is_found_again_after_its_retraction_keeps_what_was_decided() -> None:
    decided = resolve(alert(), FALSE_MATCH)
    gone = retract(decided, 2, RetractReason.COMMON_IDENTIFIER)
    back = told(NZ, hit(3), gone, RAISED_AT)
    assert back.retracted is None
    assert back.ours == decided.ours, "a false match stays known"


def test_a_judgement_that_raised_the_severity_stands_when_the_match_grows_or_is_found_again() -> None:
    weak = DeskAlert.of(alert(severity=en.Severity.high, band=en.Band.review), None)
    judged = judge(weak, en.Severity.immediate, "she says that she will hurt herself", RAISED_AT)
    stronger = told(NZ, hit(2, severity=en.Severity.high, band=en.Band.alert), judged.alert, RAISED_AT)
    gone = retract(judged.alert, 2, RetractReason.WITHDRAWN)
    for before, after in ((judged.alert, stronger), (gone, told(NZ, hit(3), gone, RAISED_AT + timedelta(days=5)))):
        assert DeskAlert(after, after_rise(judged.work, before, after)).severity is en.Severity.immediate


def test_what_is_found_again_after_its_retraction_has_its_whole_time_and_is_told_outside_again() -> None:
    before = acknowledge(alert(severity=en.Severity.immediate))
    gone = retract(before, 2, RetractReason.WITHDRAWN)
    late = RAISED_AT + timedelta(days=5)
    back = told(NZ, hit(3, severity=en.Severity.immediate), gone, late)
    assert back.respond_by == late + timedelta(hours=1)
    work = after_rise(DeskWork(back.conflict_id, escalated=Escalation.coordination_desk), gone, back)
    assert work.escalated is Escalation.none
    assert DeskAlert(back, work).stage(late) is Stage.new, "who acknowledged it then has it in hand no more"
    again = told(NZ, hit(3, severity=en.Severity.immediate), retract(alert(), 2, RetractReason.WITHDRAWN), late)
    ids = [{each.notification_id for each in wanted(a, Way, en.Severity.high, late)} for a in (alert(), again)]
    assert ids[1]
    assert not ids[0] & ids[1]


def test_the_answer_is_due_by_its_severity_from_when_it_was_first_raised() -> None:
    assert alert(severity=en.Severity.immediate).respond_by == RAISED_AT + timedelta(hours=1)
    assert alert(severity=en.Severity.high).respond_by == RAISED_AT + timedelta(hours=8)
    assert alert(severity=en.Severity.routine).respond_by == RAISED_AT + timedelta(days=7)


def test_a_weak_match_asks_for_no_answer_until_it_is_an_alert_and_the_time_runs_from_then() -> None:
    weak = alert(severity=en.Severity.routine, band=en.Band.review)
    assert weak.respond_by is None
    assert told(NZ, hit(2, severity=en.Severity.routine), weak, LATER).respond_by == LATER + timedelta(days=7)
    weaker = told(NZ, hit(2, severity=en.Severity.routine, band=en.Band.review), alert(), LATER)
    assert (weaker.respond_by, weaker.raised_at) == (None, RAISED_AT)


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
    assert with_theirs(before, Said()) is before
    assert with_theirs(before, Said().acknowledged(before.shown)).version == before.version + 1


def decided(by_us: ConflictOutcome, by_them: ConflictOutcome, **more: object) -> Alert:
    before = alert(**more)
    return resolve(with_theirs(before, Said().resolved(by_them, before.shown)), by_us)


def evidence(*names: str) -> tuple[Evidence, ...]:
    kinds = {"e": en.IdentifierType.EMAIL, "p": en.IdentifierType.PHONE_E164}
    return tuple(Evidence(evidence_id=record_id(name), kind=kinds[name[0]]) for name in names)


def test_what_was_decided_before_a_child_was_at_immediate_risk_decides_nothing_after() -> None:
    before = decided(JOINT, JOINT)
    assert before.state is ConflictState.resolved
    urgent = {"severity": en.Severity.immediate, "risk_id": record_id("risk")}
    reopened = told(NZ, hit(2, **urgent), before, LATER)
    assert (reopened.state, reopened.ours, reopened.theirs) == (ConflictState.open, Side(), Side())
    assert reopened.respond_by == LATER + timedelta(hours=1)
    assert with_theirs(reopened, Said().resolved(JOINT, before.shown)).theirs == Side(), (
        "an answer to the revision before"
    )
    assert with_theirs(reopened, Said().resolved(JOINT, reopened.shown)).theirs == Side(SideState.resolved, JOINT)


def test_another_risk_to_a_child_asks_anew_of_those_who_answered_the_first() -> None:
    urgent = {"severity": en.Severity.immediate, "risk_id": record_id("risk")}
    answered = acknowledge(alert(**urgent))
    assert told(NZ, hit(2, **urgent), answered, LATER).ours.state is SideState.acknowledged
    assert told(NZ, hit(2, **urgent | {"risk_id": record_id("other")}), answered, LATER).ours.state is SideState.new


def test_more_evidence_alone_does_not_undo_a_decision() -> None:
    before = decided(JOINT, JOINT, evidence=evidence("e"))
    after = told(NZ, hit(2, evidence=evidence("e", "p")), before, LATER)
    assert (after.state, after.raised_at, after.new_evidence) == (ConflictState.resolved, RAISED_AT, ())


@pytest.mark.parametrize("outcomes", [(FALSE_MATCH, FALSE_MATCH), (FALSE_MATCH, JOINT), (JOINT, FALSE_MATCH)])
def test_evidence_that_no_no_has_judged_asks_both_sides_anew(outcomes: tuple[ConflictOutcome, ConflictOutcome]) -> None:
    before = decided(*outcomes, evidence=evidence("e"))
    assert (before.is_apart, before.new_evidence) == (True, ())
    after = told(NZ, hit(2, evidence=evidence("e", "p")), before, LATER)
    assert (after.state, after.ours, after.theirs) == (ConflictState.open, Side(), Side())
    assert (after.new_evidence, after.raised_at, after.is_apart) == ((en.IdentifierType.PHONE_E164,), LATER, False)
    gone = told(NZ, hit(3, evidence=evidence("e")), after, LATER)
    assert (gone.state, gone.new_evidence) == (before.state, ()), "what was new is gone, and with it the question"


def test_a_no_to_all_that_agrees_settles_it_again() -> None:
    before = told(NZ, hit(2, evidence=evidence("e", "p")), decided(FALSE_MATCH, JOINT, evidence=evidence("e")), LATER)
    after = resolve(before, FALSE_MATCH)
    assert (after.state, after.new_evidence, after.is_apart) == (ConflictState.disputed, (), True)


def test_a_pair_is_never_apart_while_a_child_is_at_immediate_risk() -> None:
    urgent = {"severity": en.Severity.immediate, "risk_id": record_id("risk")}
    assert not decided(FALSE_MATCH, FALSE_MATCH, evidence=evidence("e"), **urgent).is_apart


def test_repeating_an_answer_changes_nothing_unless_more_was_shown() -> None:
    once = resolve(alert(evidence=evidence("e")), JOINT)
    assert resolve(once, JOINT) is once
    more = told(NZ, hit(2, evidence=evidence("e", "p")), once, LATER)
    assert resolve(more, JOINT).version == more.version + 1
    assert acknowledge(once) is once
