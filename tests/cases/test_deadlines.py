"""What time alone does at a desk: it wakes, lapses and escalates, once; a clock that jumps does no harm."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from case_builders import NZ, RAISED_AT, UK, alert, hit
from hypothesis import given
from hypothesis import strategies as st
from wire.network import DIRECTORY, SCHEMAS, sealer

from casebus.bus.log import Recorded
from casebus.bus.outbox import Publisher
from casebus.bus.timed import TimedLoop
from casebus.cases import desk_work as dw
from casebus.cases.alert import ALERTS, told, with_theirs
from casebus.cases.alert_feed import FEED
from casebus.cases.conversation import RELEASES, SEALED, Release, ReleaseState
from casebus.cases.deadlines import Fallen, alert_due, referral_due, release_due
from casebus.cases.desk_history import DEEDS
from casebus.cases.desk_work import DESK_WORK, DeskAlert, DeskWork, Escalation, Stage
from casebus.cases.outgoing import NOTICES
from casebus.cases.place import Place
from casebus.cases.referral import REFERRALS, Referral, ReferralState
from casebus.clock import FixedClock
from casebus.console.board import Tab, tab_of
from casebus.events import enumerations as en
from casebus.events.enumerations import ConflictOutcome, Severity
from casebus.events.types import Evidence, ReferralExpired
from casebus.state import Save
from casebus.store.sqlite import SqliteStore
from casebus.wire.ids import content_id
from casebus.wire.seal import Opener
from consumers.deadlines import Deadlines

HIGH_HALF, HIGH_DUE = RAISED_AT + timedelta(hours=4), RAISED_AT + timedelta(hours=8)
SECOND = timedelta(seconds=1)


def after(seen: DeskAlert, now: datetime) -> DeskAlert:
    """Return the alert after what is due was done."""
    work = alert_due(seen, now).work
    return replace(seen, work=work) if work else seen


def high() -> DeskAlert:
    return DeskAlert.of(alert(severity=Severity.high), None)


def test_silence_goes_to_the_desks_lead_by_half_and_to_the_coordination_desk_by_the_end() -> None:
    assert after(high(), HIGH_HALF - SECOND).work.escalated is Escalation.none
    halfway = after(high(), HIGH_HALF)
    assert halfway.work.escalated is Escalation.desk_lead
    assert after(halfway, HIGH_DUE - SECOND) == halfway, "once"
    assert after(halfway, HIGH_DUE).work.escalated is Escalation.coordination_desk
    assert after(high(), HIGH_DUE).work.escalated is Escalation.coordination_desk, "after a long pause at once"


def test_an_immediate_risk_is_escalated_within_the_hour() -> None:
    now = RAISED_AT + timedelta(minutes=30)
    assert after(DeskAlert.of(alert(severity=Severity.immediate), None), now).work.escalated is Escalation.desk_lead


def test_who_takes_it_up_in_time_hears_of_no_escalation_until_that_lapses() -> None:
    taken_up = dw.acknowledge(high(), RAISED_AT)
    lapses = RAISED_AT + timedelta(hours=4)
    assert alert_due(taken_up, lapses - SECOND).effects == ()
    lapsed = after(taken_up, lapses)
    assert (lapsed.stage(lapses), lapsed.work.waits_since, lapsed.work.escalated) == (
        Stage.new,
        lapses,
        Escalation.none,
    )
    assert after(lapsed, lapses + timedelta(hours=4)).work.escalated is Escalation.desk_lead, "the clock starts anew"


def test_nothing_stays_in_a_hand_for_good_whoever_it_is() -> None:
    in_hand = dw.assign(high(), "OCEANZ-17", RAISED_AT)
    assert alert_due(in_hand, HIGH_DUE - SECOND).effects == (), "the desk has its whole time to answer"
    asked = after(in_hand, HIGH_DUE)
    assert (asked.work.escalated, asked.stage(HIGH_DUE)) == (Escalation.desk_lead, Stage.in_hand)
    assert after(asked, HIGH_DUE + timedelta(hours=4)).work.escalated is Escalation.coordination_desk
    taken_anew = dw.assign(asked, "OCEANZ-02", HIGH_DUE)
    assert alert_due(taken_anew, HIGH_DUE + timedelta(hours=4) - SECOND).effects == (), "who takes it late has a while"
    assert after(taken_anew, HIGH_DUE + timedelta(hours=4)).work.escalated is Escalation.desk_lead
    at_risk = dw.assign(DeskAlert.of(alert(severity=Severity.immediate), None), "OCEANZ-17", RAISED_AT)
    assert after(at_risk, RAISED_AT + timedelta(minutes=90)).work.escalated is Escalation.coordination_desk


def test_what_rests_neither_lapses_nor_escalates_and_its_clock_runs_from_when_it_wakes() -> None:
    until = RAISED_AT + timedelta(days=3)
    resting = dw.snooze(dw.acknowledge(high(), RAISED_AT), until, RAISED_AT)
    assert alert_due(resting, until - SECOND).effects == ()
    awake = after(resting, until + SECOND)
    assert (awake.stage(until), awake.work.waits_since, awake.work.escalated) == (Stage.new, until, Escalation.none)
    assert after(awake, until + timedelta(hours=4)).work.escalated is Escalation.desk_lead
    in_hand = dw.snooze(dw.assign(high(), "OCEANZ-17", RAISED_AT), until, RAISED_AT)
    assert alert_due(in_hand, until - SECOND).effects == ()
    assert after(in_hand, until).work.escalated is Escalation.none
    assert after(after(in_hand, until), until + timedelta(hours=4)).work.escalated is Escalation.desk_lead


def test_what_the_partner_calls_two_people_asks_for_nothing_and_escalates_to_nobody() -> None:
    evidence = Evidence(evidence_id=content_id("evidence"), kind=en.IdentifierType.EMAIL)
    told_of = alert(severity=Severity.high, evidence=(evidence,))
    they_said = told_of.they_said.resolved(ConflictOutcome.FALSE_MATCH, told_of.shown)
    apart = DeskAlert.of(with_theirs(told_of, they_said), None)
    assert apart.alert.is_apart
    assert not apart.alert.waits
    assert alert_due(apart, RAISED_AT + timedelta(days=9)) == Fallen()
    assert tab_of(Place.of(apart), RAISED_AT) is Tab.done
    in_hand = dw.assign(apart, "OCEANZ-17", RAISED_AT)
    assert tab_of(Place.of(in_hand), RAISED_AT) is Tab.in_hand, "nothing is taken from an officer's hand"


def test_a_snooze_ends_by_itself_and_at_once_when_a_child_is_at_risk() -> None:
    until = RAISED_AT + timedelta(hours=3)
    resting = dw.snooze(dw.assign(high(), "OCEANZ-17", RAISED_AT), until, RAISED_AT)
    assert alert_due(resting, until - SECOND).next_at == until
    assert after(resting, until).work.snoozed_until is None
    at_risk = hit(2, severity=Severity.immediate, risk_id=content_id("risk"))
    risen = told(NZ, at_risk, resting.alert, RAISED_AT + SECOND)
    awake = dw.after_rise(resting.work, resting.alert, risen)
    assert (awake.snoozed_until, awake.assignee) == (None, "OCEANZ-17")
    assert not DeskAlert(risen, resting.work).is_snoozed(RAISED_AT + SECOND), "whatever the work says"


def test_what_came_in_while_a_clock_was_ahead_is_told_at_once_when_it_was_put_right() -> None:
    """How long it has waited nobody knows."""
    real = RAISED_AT - timedelta(days=2)
    fresh = DeskAlert.of(alert(severity=Severity.immediate), None)
    assert after(fresh, real).work.escalated is Escalation.coordination_desk
    in_hand = dw.assign(fresh, "OCEANZ-17", RAISED_AT)
    assert after(in_hand, real).work.escalated is Escalation.desk_lead
    asked = referral(outgoing=False)
    assert kept(referral_due(asked, real), asked).escalated is Escalation.coordination_desk
    assert referral_due(referral(), real).effects == (), (
        "what this desk sent is its own still, and nobody is told otherwise"
    )


AHEAD, RIGHT_AGAIN = RAISED_AT + timedelta(days=3650), RAISED_AT + timedelta(days=30)


def test_an_acknowledgement_that_was_given_while_the_clock_was_ahead_holds_nothing() -> None:
    seen = dw.acknowledge(DeskAlert.of(alert(severity=Severity.immediate), None), AHEAD)
    assert seen.stage(RIGHT_AGAIN) is Stage.new
    lapsed = after(seen, RIGHT_AGAIN)
    assert lapsed.work.waits_since == RIGHT_AGAIN
    assert after(lapsed, RIGHT_AGAIN + timedelta(hours=1)).work.escalated is Escalation.coordination_desk


def test_an_alert_that_was_reopened_while_the_clock_was_ahead_escalates() -> None:
    resolved = dw.resolve(DeskAlert.of(alert(severity=Severity.immediate), None), ConflictOutcome.DELAYED)
    seen = dw.reopen(resolved, "why", AHEAD)
    assert after(seen, RIGHT_AGAIN).work.escalated is Escalation.coordination_desk


def test_a_snooze_that_was_granted_while_the_clock_was_ahead_is_over() -> None:
    seen = dw.snooze(dw.acknowledge(high(), AHEAD), AHEAD + timedelta(days=1), AHEAD)
    assert not seen.is_snoozed(RIGHT_AGAIN)
    assert after(seen, RIGHT_AGAIN).work.snoozed_until is None


def test_a_clock_that_is_set_back_a_little_takes_no_acknowledgement_and_no_snooze_back() -> None:
    seen = dw.acknowledge(high(), RAISED_AT)
    resting = dw.snooze(seen, RAISED_AT + timedelta(days=7), RAISED_AT)
    assert alert_due(seen, RAISED_AT - SECOND).effects == ()
    assert resting.is_snoozed(RAISED_AT - SECOND)


def test_a_severity_that_is_raised_lets_no_acknowledgement_hold_longer_than_one_of_that_severity() -> None:
    seen = dw.judge(dw.acknowledge(high(), RAISED_AT), Severity.immediate, None, RAISED_AT)
    assert seen.stage(RAISED_AT) is Stage.acknowledged, "it is not taken from who has just taken it up"
    assert seen.stage(RAISED_AT + timedelta(minutes=30)) is Stage.new


moments = st.integers(-400, 4000).map(lambda hours: RAISED_AT + timedelta(hours=hours))
works = st.builds(
    DeskWork,
    conflict_id=st.just(alert().conflict_id),
    changes=st.integers(0, 5),
    assignee=st.sampled_from([None, "OCEANZ-17"]),
    acknowledged_until=st.none() | moments,
    waits_since=st.none() | moments,
    snoozed_until=st.none() | moments,
    severity=st.none() | st.sampled_from(list(Severity)),
    severity_at=st.integers(1, 2),
    escalated=st.sampled_from(list(Escalation)),
)
seens = st.builds(
    lambda severity, taken_up, work: DeskAlert(
        dw.acknowledge(DeskAlert.of(alert(severity=severity), None), RAISED_AT).alert
        if taken_up
        else alert(severity=severity),
        work,
    ),
    st.sampled_from(list(Severity)),
    st.booleans(),
    works,
)


@given(seens, moments)
def test_what_was_done_is_not_due_again_and_the_next_look_is_in_the_future(seen: DeskAlert, now: datetime) -> None:
    done = after(seen, now)
    again = alert_due(done, now)
    assert again.effects == ()
    assert again.next_at is None or again.next_at > now
    assert alert_due(seen, now) == alert_due(seen, now)
    assert done.version >= seen.version


@given(seens, moments)
def test_nothing_falls_due_before_the_moment_that_was_announced(seen: DeskAlert, now: datetime) -> None:
    done = after(seen, now)
    next_at = alert_due(done, now).next_at
    if next_at is not None:
        assert alert_due(done, next_at - timedelta(microseconds=1)).effects == ()
    else:
        assert alert_due(done, now + timedelta(days=4000)).effects == ()


@given(seens, st.lists(moments, max_size=6))
def test_a_clock_that_jumps_takes_nothing_back_and_publishes_nothing(seen: DeskAlert, jumps: list[datetime]) -> None:
    order = list(Escalation)
    for now in jumps:
        became = after(seen, now)
        assert became.alert == seen.alert
        assert order.index(became.work.escalated) >= order.index(seen.work.escalated)
        assert became.work.assignee == seen.work.assignee
        seen = became


def referral(**more: object) -> Referral:
    usual: dict[str, object] = {
        "referral_id": content_id("referral"), "outgoing": True, "partner": UK, "conflict_id": None,
        "record_ids": (content_id("r"),), "reason": en.ReferralReason.CHILD_LIVES_THERE, "urgency": Severity.high,
        "fields": (), "tlp": en.Tlp.RED, "evidential_use": en.EvidentialUse.INTELLIGENCE_ONLY, "sent_at": RAISED_AT,
        "keep_days": 30,
    }  # fmt: skip
    return Referral(**(usual | more))  # type: ignore[arg-type]


def test_an_unanswered_referral_expires_at_its_sender_and_only_there() -> None:
    assert referral_due(referral(), HIGH_DUE - SECOND).next_at == HIGH_DUE
    assert referral_due(referral(), HIGH_DUE).effects != ()
    for settled in ({"accepted": True}, {"declined": en.ReferralDecline.NO_CAPACITY}):
        assert referral_due(referral(**settled), HIGH_DUE).effects == ()
    for effect in referral_due(referral(outgoing=False), HIGH_DUE).effects:
        assert isinstance(effect, Save)
        assert effect.concept is NOTICES or effect.entity.state is ReferralState.sent  # type: ignore[attr-defined]


def test_a_referral_that_this_desk_was_asked_to_take_escalates_once_for_each_level() -> None:
    asked = referral(outgoing=False)
    assert referral_due(asked, HIGH_HALF - SECOND).next_at == HIGH_HALF
    levels = []
    for now in (HIGH_HALF, HIGH_HALF, HIGH_DUE, HIGH_DUE + timedelta(days=1)):
        saved = [e.entity for e in referral_due(asked, now).effects if isinstance(e, Save) and e.concept is REFERRALS]
        asked = saved[0] if saved else asked  # type: ignore[assignment]
        levels.append((bool(saved), asked.escalated))
    lead, coordination = Escalation.desk_lead, Escalation.coordination_desk
    assert levels == [(True, lead), (False, lead), (True, coordination), (False, coordination)]


KEPT = ((en.DisclosedField.PHONE, "+64 22 555 0199"),)
KEPT_UNTIL = RAISED_AT + timedelta(days=30)


def kept(fallen: Fallen, before: Referral) -> Referral:
    saved = [effect.entity for effect in fallen.effects if isinstance(effect, Save) and effect.concept is REFERRALS]
    return saved[0] if saved else before  # type: ignore[return-value]


def test_values_that_came_with_a_referral_are_gone_when_their_time_is_over() -> None:
    taken = referral(outgoing=False, accepted=True, fields=(en.DisclosedField.PHONE,), values=KEPT)
    assert referral_due(taken, KEPT_UNTIL - SECOND) == Fallen(next_at=KEPT_UNTIL)
    over = kept(referral_due(taken, KEPT_UNTIL), taken)
    assert (over.values, over.fields, over.state) == ((), taken.fields, ReferralState.accepted)
    assert referral_due(over, KEPT_UNTIL) == Fallen(), "once"


@given(st.booleans(), st.sampled_from([None, en.ReferralDecline.NO_CAPACITY]), st.booleans(), st.integers(0, 31))
def test_values_are_held_by_who_may_still_take_the_referral_or_took_it_and_by_nobody_else(
    accepted: bool, declined: en.ReferralDecline | None, expired: bool, days: int
) -> None:
    one = referral(outgoing=False, accepted=accepted, declined=declined, expired=expired, values=KEPT)
    holds = one.state in (ReferralState.sent, ReferralState.accepted) and days < 30
    now = RAISED_AT + timedelta(days=days)
    assert one.as_of(now).values == (KEPT if holds else ())
    assert kept(referral_due(one, now), one).values == (KEPT if holds else ())


def test_a_referral_that_waits_beyond_the_time_of_its_values_loses_them_and_escalates_at_once() -> None:
    asked = referral(outgoing=False, urgency=Severity.routine, keep_days=1, values=KEPT)
    fallen = referral_due(asked, RAISED_AT + timedelta(days=4))
    assert (kept(fallen, asked).values, kept(fallen, asked).escalated) == ((), Escalation.desk_lead)
    assert fallen.next_at == asked.respond_by


@given(st.booleans(), st.sampled_from([None, en.ReferralDecline.NO_CAPACITY]), st.booleans(), st.booleans())
def test_somebody_is_always_responsible_and_it_is_the_sender_until_acceptance(
    accepted: bool, declined: en.ReferralDecline | None, expired: bool, outgoing: bool
) -> None:
    both = [referral(accepted=accepted, declined=declined, expired=expired, outgoing=way) for way in (True, False)]
    assert [each.ours for each in both] == ([False, True] if accepted else [True, False])
    assert both[0].state is both[1].state
    if accepted:
        assert both[0].state is ReferralState.accepted, "an acceptance that crossed an expiry counts"


def release(**more: object) -> Release:
    usual: dict[str, object] = {
        "request_id": content_id("request"), "conflict_id": alert().conflict_id, "ours": True, "partner": UK,
        "purpose": en.Purpose.INVESTIGATION, "urgency": Severity.high, "asked": (), "reason": "why",
        "asked_at": RAISED_AT, "state": ReleaseState.granted, "values": ((en.DisclosedField.PHONE, "0"),),
        "keep_until": HIGH_DUE,
    }  # fmt: skip
    return Release(**(usual | more))  # type: ignore[arg-type]


def test_released_values_are_gone_when_their_time_is_over() -> None:
    assert release_due(release(), HIGH_DUE - SECOND).next_at == HIGH_DUE
    (effect,) = release_due(release(), HIGH_DUE).effects
    assert isinstance(effect, Save)
    assert (effect.entity.state, effect.entity.values) == (ReleaseState.ended, ())  # type: ignore[attr-defined]


def test_released_values_that_were_not_opened_yet_have_their_time_too() -> None:
    assert release_due(release(values=()), HIGH_DUE - SECOND).next_at == HIGH_DUE
    assert release_due(release(values=()), HIGH_DUE).effects
    (effect,) = release_due(release(), HIGH_DUE).effects
    assert release_due(effect.entity, HIGH_DUE) == Fallen(), "once"  # type: ignore[union-attr]


class Desk:
    """A real Store with the loop of the deadlines on it."""

    def __init__(self, root: Path) -> None:
        concepts = [ALERTS, *FEED, DESK_WORK, DEEDS, NOTICES, RELEASES, REFERRALS, SEALED]
        self.store = SqliteStore(root / "state.sqlite", concepts)
        self.clock = FixedClock(RAISED_AT)
        self.start()

    def start(self) -> None:
        self.loop = TimedLoop(Deadlines(NZ), self.store, Publisher(sealer(NZ)), self.clock)

    def at(self, moment: datetime) -> int:
        self.clock.at = moment
        self.loop._looked = float("-inf")  # the steady clock of this test is the wall clock, which goes back here
        return self.loop.step()

    def count(self) -> tuple[int, int, int]:
        with self.store.view() as view:
            return len(list(view.all(DEEDS))), len(list(view.all(NOTICES))), view.outbox_depth()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    with desk.store.transaction() as tx:
        tx.apply(Save(ALERTS, alert(severity=Severity.high)))
        tx.apply(Save(REFERRALS, referral()))
    return desk


def test_the_loop_does_what_is_due_once_over_restarts_and_jumps(desk: Desk) -> None:
    assert desk.at(RAISED_AT) == 0
    assert desk.at(HIGH_HALF) > 0
    counted = desk.count()
    for moment in (HIGH_HALF, RAISED_AT - timedelta(minutes=4), RAISED_AT, HIGH_HALF):
        desk.start()
        assert desk.at(moment) == 0
    assert desk.count() == counted == (1, 1, 0)
    desk.at(RAISED_AT - timedelta(days=400))
    assert desk.count() == (2, 2, 0), "told too early rather than too late; the referral is not taken back"
    assert desk.at(RAISED_AT + timedelta(days=4000)) > 0
    assert desk.count() == (2, 3, 1), "to the coordination desk, and the referral back"
    assert desk.loop.idle()


def test_the_loop_looks_again_when_the_clock_was_put_right(desk: Desk) -> None:
    with desk.store.transaction() as tx:
        tx.apply(Save(ALERTS, dw.acknowledge(high(), AHEAD).alert))
        tx.apply(Save(DESK_WORK, dw.acknowledge(high(), AHEAD).work))
        tx.apply(Save(REFERRALS, referral(accepted=True)))
    assert desk.at(AHEAD) == 0
    assert desk.at(RIGHT_AGAIN) > 0, "what falls due is reckoned anew"


def test_an_expired_referral_is_told_to_the_partner(desk: Desk) -> None:
    desk.at(HIGH_DUE)
    with desk.store.view() as view:
        (row,) = view.outbox(limit=9)
    event = Opener(SCHEMAS, DIRECTORY).open(Recorded(row.topic, 0, row.record, RAISED_AT)).event
    assert event.payload == ReferralExpired(referral_id=referral().referral_id, agency=NZ)


def test_the_loop_ends_what_a_referral_holds_and_tells_the_partner_nothing_of_it(desk: Desk) -> None:
    crossed = referral(referral_id=content_id("in"), outgoing=False, accepted=True, expired=True, keep_days=1)
    desk.at(HIGH_DUE)
    with desk.store.transaction() as tx:
        tx.apply(Save(REFERRALS, replace(crossed, values=KEPT)))
    told = desk.count()[2]
    assert desk.at(HIGH_DUE + SECOND) == 0
    assert desk.at(RAISED_AT + timedelta(days=1)) > 0
    assert desk.count()[2] == told
    with desk.store.view() as view:
        assert [each.values for each in view.all(REFERRALS)] == [(), ()]


def test_the_loop_looks_again_when_something_was_done_at_the_desk(desk: Desk) -> None:
    desk.at(RAISED_AT)
    with desk.store.transaction() as tx:
        tx.apply(
            Save(
                REFERRALS, replace(referral(), referral_id=content_id("second"), sent_at=RAISED_AT - timedelta(days=1))
            )
        )
    assert desk.at(RAISED_AT + SECOND) > 0


def test_what_a_desk_resolved_falls_due_no_more(desk: Desk) -> None:
    with desk.store.transaction() as tx:
        tx.apply(Save(ALERTS, dw.resolve(high(), ConflictOutcome.DELAYED).alert))
        tx.apply(Save(REFERRALS, referral(accepted=True)))
    assert desk.at(RAISED_AT + timedelta(days=4000)) == 0
