"""What a desk does about an alert is its own business: it rests, changes hands and lapses, and no child waits for that."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from case_builders import RAISED_AT, UK, alert, hit, outcomes, record_id
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from casebus.cases import desk_work as dw
from casebus.cases.alert import retract, told, with_theirs
from casebus.cases.conflict import ConflictState, Side, SideState, answered, answers_of, conflict_state
from casebus.cases.desk_history import Deed, Verb, refuse_stale
from casebus.cases.desk_work import DeskAlert, Stage
from casebus.errors import CasebusError, Conflict, UsageError
from casebus.events.enumerations import ConflictOutcome, RetractReason, Severity
from casebus.events.types import DeconflictionHit

NZ = "nz-police"
NOW = RAISED_AT + timedelta(minutes=10)
JOINT = ConflictOutcome.JOINT_INVESTIGATION
severities = st.sampled_from(list(Severity))


def desk(agency: str = NZ, **more: object) -> DeskAlert:
    return DeskAlert.of(alert(agency, **more), None)


def at_risk(revision: int, which: str = "risk", **more: object) -> DeconflictionHit:
    return hit(revision, severity=Severity.immediate, risk_id=record_id(which), **more)


def test_the_stages_of_an_alert_at_a_desk() -> None:
    new = desk()
    assert new.stage(NOW) is Stage.new
    acknowledged = dw.acknowledge(new, NOW)
    assert acknowledged.stage(NOW) is Stage.acknowledged
    in_hand = dw.assign(acknowledged, "OCEANZ-17", NOW)
    assert (in_hand.stage(NOW), in_hand.work.assignee) == (Stage.in_hand, "OCEANZ-17")
    handed_over = dw.hand_over(in_hand, None, NOW)
    assert (handed_over.stage(NOW), handed_over.work.assignee) == (Stage.acknowledged, None)
    resolved = dw.resolve(in_hand, JOINT)
    assert resolved.stage(NOW) is Stage.resolved
    reopened = dw.reopen(resolved, "the partner rang", NOW)
    assert (reopened.stage(NOW), reopened.work.assignee) == (Stage.new, None)
    assert dw.acknowledge(reopened, NOW).stage(NOW) is Stage.acknowledged


def test_an_alert_that_is_assigned_is_taken_up_by_that_and_the_partner_sees_it() -> None:
    assert dw.assign(desk(), "OCEANZ-17", NOW).alert.ours == Side(SideState.acknowledged)


def test_an_acknowledgement_that_nobody_follows_up_lapses_and_is_not_taken_back_on_the_bus() -> None:
    acknowledged = dw.acknowledge(desk(severity=Severity.high), NOW)
    later = NOW + timedelta(hours=4)
    assert acknowledged.stage(later - timedelta(seconds=1)) is Stage.acknowledged
    assert acknowledged.stage(later) is Stage.new
    assert acknowledged.alert.ours == Side(SideState.acknowledged)
    again = dw.acknowledge(acknowledged, later)
    assert again.stage(later) is Stage.acknowledged
    assert again.alert == acknowledged.alert, "nothing to publish"
    assert dw.assign(acknowledged, "OCEANZ-17", NOW).stage(later) is Stage.in_hand, "what somebody has does not lapse"


def test_a_snooze_is_short_for_what_was_taken_up_and_never_for_a_child_at_immediate_risk() -> None:
    tomorrow = NOW + timedelta(days=1)
    taken_up = dw.acknowledge(desk(severity=Severity.high), NOW)
    assert dw.snooze(taken_up, tomorrow, NOW).is_snoozed(NOW)
    assert not dw.snooze(taken_up, tomorrow, NOW).is_snoozed(tomorrow)
    with pytest.raises(Conflict, match="not taken up"):
        dw.snooze(desk(severity=Severity.high), tomorrow, NOW)
    with pytest.raises(Conflict, match="immediate risk"):
        dw.snooze(dw.acknowledge(desk(severity=Severity.immediate), NOW), tomorrow, NOW)
    for wrong in (NOW, NOW - timedelta(days=1), NOW + timedelta(days=8)):
        with pytest.raises(UsageError):
            dw.snooze(taken_up, wrong, NOW)


@given(rise=st.sampled_from(["the hub tells", "the desk judges"]))
def test_what_becomes_immediate_is_awake_at_once_whoever_let_it_rest(rise: str) -> None:
    resting = dw.snooze(dw.acknowledge(desk(severity=Severity.routine), NOW), NOW + timedelta(days=3), NOW)
    if rise == "the hub tells":
        risen = replace(resting, alert=told(NZ, at_risk(2), resting.alert, NOW))
        assert risen.stage(NOW) is Stage.new, "both sides answer anew"
    else:
        risen = dw.judge(resting, Severity.immediate, None, NOW)
    assert not risen.is_snoozed(NOW)
    assert risen.due_by is not None
    assert resting.due_by is not None
    assert risen.due_by <= resting.due_by


def test_a_severity_is_raised_freely_and_lowered_only_with_a_reason() -> None:
    seen = desk(severity=Severity.high)
    assert dw.judge(seen, Severity.immediate, None, NOW).severity is Severity.immediate
    for nothing in (None, "", "  "):
        with pytest.raises(UsageError, match="reason"):
            dw.judge(seen, Severity.routine, nothing, NOW)
    assert dw.judge(seen, Severity.routine, "an old report", NOW).severity is Severity.routine
    assert dw.judge(seen, Severity.routine, "an old report", NOW).alert == seen.alert, "nothing to publish"


def test_a_lowered_severity_stands_until_the_hub_tells_more_and_a_raised_one_stands() -> None:
    lowered = dw.judge(desk(severity=Severity.high), Severity.routine, "an old report", NOW)
    raised = dw.judge(desk(severity=Severity.routine), Severity.high, None, NOW)
    assert replace(lowered, alert=told(NZ, hit(2), lowered.alert, NOW)).severity is Severity.high
    later = told(NZ, hit(2, severity=Severity.routine), raised.alert, NOW)
    assert replace(raised, alert=later).severity is Severity.high


def test_what_this_desk_resolved_is_reopened_before_anything_else_is_done_with_it() -> None:
    resolved = dw.resolve(desk(), JOINT)
    for act in (
        lambda: dw.assign(resolved, "OCEANZ-17", NOW),
        lambda: dw.snooze(resolved, NOW + timedelta(hours=1), NOW),
        lambda: dw.judge(resolved, Severity.immediate, None, NOW),
        lambda: dw.hand_over(resolved, None, NOW),
    ):
        with pytest.raises(Conflict, match="resolved"):
            act()
    with pytest.raises(UsageError, match="reason"):
        dw.reopen(resolved, " ", NOW)
    with pytest.raises(Conflict, match="nothing to reopen"):
        dw.reopen(desk(), "why not", NOW)


def test_nothing_is_handed_over_that_nobody_has() -> None:
    with pytest.raises(Conflict, match="nobody has"):
        dw.hand_over(dw.acknowledge(desk(), NOW), "OCEANZ-2", NOW)


@given(retracted=st.booleans())
def test_a_notice_and_a_retracted_match_are_not_worked_on(retracted: bool) -> None:
    seen = DeskAlert.of(retract(alert(), 2, RetractReason.CORRECTED), None) if retracted else desk(partner=NZ)
    for act in (
        lambda: dw.acknowledge(seen, NOW),
        lambda: dw.assign(seen, "OCEANZ-17", NOW),
        lambda: dw.snooze(seen, NOW + timedelta(hours=1), NOW),
        lambda: dw.judge(seen, Severity.immediate, None, NOW),
        lambda: dw.resolve(seen, JOINT),
        lambda: dw.reopen(seen, "why", NOW),
    ):
        with pytest.raises(Conflict):
            act()


def test_a_stale_version_is_refused_with_who_did_what_since() -> None:
    seen = dw.assign(dw.acknowledge(desk(), NOW), "OCEANZ-17", NOW)
    deeds = [
        Deed("1", seen.alert.conflict_id, 2, NOW, "OCEANZ-17", Verb.acknowledged),
        Deed("2", seen.alert.conflict_id, 3, NOW, UK, Verb.resolved, "JOINT_INVESTIGATION"),
    ]
    refuse_stale(seen, None, deeds)
    refuse_stale(seen, seen.version, deeds)
    with pytest.raises(Conflict) as refused:
        refuse_stale(seen, 2, deeds)
    assert "uk-nca resolved (JOINT_INVESTIGATION) at 2026-03-01T12:10:00Z" in refused.value.what
    assert "OCEANZ-17" not in refused.value.what, "that was seen"


def test_a_stale_version_is_refused_with_everything_that_was_done_since_however_much_was_written() -> None:
    seen = dw.acknowledge(desk(), NOW)
    outcome = Deed("0", seen.alert.conflict_id, 2, NOW, UK, Verb.resolved, "FALSE_MATCH")
    wrote = [Deed(f"w{n}", seen.alert.conflict_id, 2, NOW + timedelta(minutes=n), UK, Verb.wrote) for n in range(9)]
    with pytest.raises(Conflict) as refused:
        refuse_stale(seen, 1, [outcome, *wrote])
    assert "uk-nca resolved (FALSE_MATCH)" in refused.value.what
    assert "uk-nca wrote at 2026-03-01T12:18:00Z, the last of 9 times" in refused.value.what
    assigned = [Deed(f"a{n:03}", "c", 2, NOW, f"OCEANZ-{n}", Verb.assigned) for n in range(100)]
    with pytest.raises(Conflict) as refused:
        refuse_stale(seen, 1, assigned)
    assert "80 more, in its history" in refused.value.what


class TwoDesks(RuleBasedStateMachine):
    """Two desks on one conflict, the partner's answers arriving whenever they do, beside the plainest model."""

    @initialize(severity=severities)
    def told_of(self, severity: Severity) -> None:
        self.revision, self.told_immediate = 1, severity is Severity.immediate
        self.risk = record_id("risk 1") if self.told_immediate else None
        self.now = NOW
        self.desks = {
            NZ: desk(NZ, severity=severity, risk_id=self.risk),
            UK: desk(UK, severity=severity, partner=NZ, risk_id=self.risk),
        }
        self.decided: dict[str, tuple[ConflictOutcome, str | None] | None] = {NZ: None, UK: None}
        self.published: dict[str, list[object]] = {NZ: [], UK: []}
        self.read = {NZ: 0, UK: 0}

    def act(self, agency: str, command: "st.SearchStrategy[DeskAlert]") -> bool:
        before = self.desks[agency]
        try:
            after = command(before)  # type: ignore[operator]
        except CasebusError:
            return False
        assert after.alert.theirs == before.alert.theirs, "nobody answers for the other side"
        assert after.version - before.version in (0, 1)
        told_of = {"conflict_id": after.alert.conflict_id, "revision": after.alert.revision, "agency": agency}
        self.published[agency] += answers_of(before.alert.we_said, after.alert.we_said, actor="x", **told_of)
        self.desks[agency] = after
        return True

    @rule(agency=st.sampled_from([NZ, UK]), outcome=outcomes)
    def resolve(self, agency: str, outcome: ConflictOutcome) -> None:
        assert self.act(agency, lambda seen: dw.resolve(seen, outcome)), "nothing keeps a desk from deciding"
        self.decided[agency] = (outcome, self.risk)

    @rule(agency=st.sampled_from([NZ, UK]))
    def acknowledge(self, agency: str) -> None:
        assert self.act(agency, lambda seen: dw.acknowledge(seen, self.now)), "nothing keeps a desk from taking it up"

    @rule(agency=st.sampled_from([NZ, UK]), officer=st.sampled_from(["a", "b"]))
    def assign(self, agency: str, officer: str) -> None:
        done = self.act(agency, lambda seen: dw.assign(seen, officer, self.now))
        assert done == (self.counts(agency) is None)

    @rule(agency=st.sampled_from([NZ, UK]), officer=st.sampled_from([None, "b"]))
    def hand_over(self, agency: str, officer: str | None) -> None:
        self.act(agency, lambda seen: dw.hand_over(seen, officer, self.now))

    @rule(agency=st.sampled_from([NZ, UK]), hours=st.integers(-1, 200))
    def snooze(self, agency: str, hours: int) -> None:
        self.act(agency, lambda seen: dw.snooze(seen, self.now + timedelta(hours=hours), self.now))

    @rule(agency=st.sampled_from([NZ, UK]), severity=severities, reason=st.sampled_from([None, "old"]))
    def judge(self, agency: str, severity: Severity, reason: str | None) -> None:
        self.act(agency, lambda seen: dw.judge(seen, severity, reason, self.now))

    @rule(agency=st.sampled_from([NZ, UK]))
    def reopen(self, agency: str) -> None:
        if self.act(agency, lambda seen: dw.reopen(seen, "why", self.now)):
            assert self.decided[agency] is not None
            self.decided[agency] = None

    @rule(severity=severities)
    def hub_tells(self, severity: Severity) -> None:
        self.revision += 1
        immediate = severity is Severity.immediate
        rises = immediate and not self.told_immediate
        risk = record_id(f"risk {self.revision}") if rises else self.risk if immediate else None
        for agency, seen in self.desks.items():
            while self.read[self.other(agency)] < len(self.published[self.other(agency)]):
                self.deliver(agency)  # the inbox has one order: what was delivered before is read before
            seen = self.desks[agency]
            after = told(agency, self.hit(agency, severity, risk), seen.alert, self.now)
            self.desks[agency] = replace(seen, alert=after)
        self.told_immediate, self.risk = immediate, risk

    def counts(self, agency: str) -> ConflictOutcome | None:
        """Return what a side decided, unless a child has come to be at another immediate risk since."""
        decided = self.decided[agency]
        return decided[0] if decided and self.risk in (None, decided[1]) else None

    def hit(self, agency: str, severity: Severity, risk: str | None) -> DeconflictionHit:
        return hit(self.revision, severity=severity, risk_id=risk, partner=self.other(agency))

    @rule(agency=st.sampled_from([NZ, UK]))
    def deliver(self, agency: str) -> None:
        """The next answer of the partner arrives, in its order."""
        other = self.other(agency)
        if self.read[other] < len(self.published[other]):
            answer = self.published[other][self.read[other]]
            self.read[other] += 1
            seen = self.desks[agency]
            they_said = answered(seen.alert.they_said, answer)  # type: ignore[arg-type]
            self.desks[agency] = replace(seen, alert=with_theirs(seen.alert, they_said))

    @rule(hours=st.integers(-30, 400))
    def time_passes_or_jumps(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @staticmethod
    def other(agency: str) -> str:
        return UK if agency == NZ else NZ

    @invariant()
    def no_resolution_is_lost_and_none_is_made_for_the_other_side(self) -> None:
        for agency, seen in self.desks.items():
            assert seen.alert.ours.outcome is self.counts(agency)

    @invariant()
    def a_child_at_immediate_risk_is_never_held(self) -> None:
        for seen in self.desks.values():
            assert not (seen.severity is Severity.immediate and seen.is_snoozed(self.now))

    @invariant()
    def once_everything_is_read_both_see_the_same(self) -> None:
        if all(self.read[agency] == len(self.published[agency]) for agency in (NZ, UK)):
            ours, theirs = self.desks[NZ].alert, self.desks[UK].alert
            assert (ours.ours.outcome, ours.theirs.outcome) == (theirs.theirs.outcome, theirs.ours.outcome)
            assert ours.state is theirs.state is conflict_state(ours.ours, ours.theirs, retracted=False)
            if self.counts(NZ) and self.counts(NZ) is self.counts(UK):
                assert ours.state is ConflictState.resolved


TwoDesks.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
TestTwoDesks = TwoDesks.TestCase


def test_a_moment_is_compared_as_an_instant() -> None:
    until = datetime.fromisoformat("2026-03-02T01:00:00+13:00")
    taken_up = dw.acknowledge(desk(severity=Severity.high), NOW)
    with pytest.raises(UsageError):
        dw.snooze(taken_up, until, NOW)  # 12:00 UTC, ten minutes ago
