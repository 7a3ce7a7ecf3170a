"""What time alone does at a desk: acknowledgements lapse, snoozes end, silence escalates, releases and referrals end. Pure.

Everything is a function of what stands and of `now`, and done once it is no longer due: asked again at the same moment,
nothing more happens. A clock that jumps does no harm. Forward: desks are told too early that nobody answers, and a referral
goes back to its sender, who had it all along. Backward: nothing is taken back, and nothing is done twice.

Clocks (domain.md §2.5): an answer is due 1 h, 8 h or 7 d after an alert was raised, by the severity that the desk goes by.
Nobody has taken it up by half of that: the desk's lead is told. By the end: the coordination desk. An acknowledgement that
lapsed starts the clock anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from casebus.cases.conflict import RESPOND_WITHIN_S
from casebus.cases.conversation import RELEASES, Release, ReleaseState
from casebus.cases.desk_history import CLOCK, DEEDS, Deed, Verb
from casebus.cases.desk_work import DeskAlert, DeskWork, Escalation, Stage
from casebus.cases.outgoing import NOTICES, Notice
from casebus.cases.referral import REFERRALS, Referral, ReferralState
from casebus.events.types import ReferralExpired
from casebus.state import Effect, Save
from casebus.wire.ids import content_id

_ORDER = (Escalation.none, Escalation.desk_lead, Escalation.coordination_desk)
_WORDS = {
    Escalation.desk_lead: "half its time is over and nobody has taken it up: for the desk's lead",
    Escalation.coordination_desk: "its time is over and nobody has taken it up: ring the coordination desk",
}


@dataclass(frozen=True, slots=True)
class Fallen:
    """What has fallen due about one thing, and when something will next. `work` is what the desk then keeps about an alert,
    where that changes; whoever saves it gives the change its number.
    """

    effects: tuple[Effect, ...] = ()
    work: DeskWork | None = None
    next_at: datetime | None = None


def alert_due(seen: DeskAlert, now: datetime) -> Fallen:
    """Return what is due about an alert that waits for this desk's outcome."""
    work = seen.work
    deeds: list[tuple[Verb, str]] = []
    if seen.alert.ours.outcome is None and seen.has_lapsed(now) and work.acknowledged_until is not None:
        work = replace(work, waits_since=work.acknowledged_until, acknowledged_until=None, changes=work.changes + 1)
        deeds.append((Verb.lapsed, "nobody had it in hand"))
    if work.snoozed_until is not None and not DeskAlert(seen.alert, work).is_snoozed(now):
        work = replace(work, snoozed_until=None, changes=work.changes + 1)
        deeds.append((Verb.woke, ""))
    level = _level(DeskAlert(seen.alert, work), now)
    if _ORDER.index(level) > _ORDER.index(work.escalated):
        work = replace(work, escalated=level, changes=work.changes + 1)
        deeds.append((Verb.escalated, level.value.replace("_", " ")))
    after = DeskAlert(seen.alert, work)
    return Fallen(tuple(_effects(seen, after, deeds, now)), work if deeds else None, _next(after, now))


def _since(seen: DeskAlert) -> datetime:
    """Return since when the alert has waited for somebody."""
    waits = seen.work.waits_since
    return max(waits, seen.alert.raised_at) if waits else seen.alert.raised_at


def _times(seen: DeskAlert) -> tuple[datetime, datetime]:
    within = timedelta(seconds=RESPOND_WITHIN_S[seen.severity])
    return _since(seen) + within / 2, _since(seen) + within


def _level(seen: DeskAlert, now: datetime) -> Escalation:
    if seen.stage(now) is not Stage.new:
        return Escalation.none
    half, due = _times(seen)
    if now >= due:
        return Escalation.coordination_desk
    return Escalation.desk_lead if now >= half else Escalation.none


def _next(seen: DeskAlert, now: datetime) -> datetime | None:
    times = [seen.work.snoozed_until]
    if seen.work.assignee is None:
        times.append(seen.work.acknowledged_until)
    if seen.stage(now) is Stage.new:
        times += _times(seen)
    return min((at for at in times if at is not None and at > now), default=None)


def _effects(before: DeskAlert, after: DeskAlert, deeds: list[tuple[Verb, str]], now: datetime) -> Iterator[Effect]:
    for step, (verb, detail) in enumerate(deeds, start=1):
        version = before.version + step
        deed_id = content_id("clock", after.alert.conflict_id, verb.value, str(version))
        yield Save(DEEDS, Deed(deed_id, after.alert.conflict_id, version, now, CLOCK, verb, detail))
    if after.work.escalated is not before.work.escalated:
        text = f"{after.alert.ref}: {_WORDS[after.work.escalated]}"
        notice_id = content_id("escalated", after.alert.conflict_id, after.work.escalated.value, str(after.version))
        yield Save(NOTICES, Notice(notice_id, "Escalated", after.alert.ref, text, now))


def release_due(release: Release, now: datetime) -> Fallen:
    """Return what is due about values that a partner released for a time: when it is over they are gone, opened or not."""
    after = release.as_of(now)
    if after != release:
        return Fallen((Save(RELEASES, after),))
    return Fallen(next_at=release.keep_until if release.state is ReleaseState.granted and release.ours else None)


def referral_due(referral: Referral, now: datetime) -> Fallen:
    """Return what is due about a referral that this agency sent: unanswered in time, it goes back to the desk."""
    if not referral.outgoing or referral.state is not ReferralState.sent:
        return Fallen()
    if now < referral.respond_by:
        return Fallen(next_at=referral.respond_by)
    text = f"the referral to {referral.partner} was not answered in time: it is yours"
    notice = Notice(content_id("expired", referral.referral_id), "ReferralExpired", referral.referral_id, text, now)
    return Fallen((Save(REFERRALS, replace(referral, expired=True)), Save(NOTICES, notice)))


def expiry_of(referral: Referral, agency: str) -> ReferralExpired:
    """Return what the sender publishes when a referral has expired."""
    return ReferralExpired(referral_id=referral.referral_id, agency=agency)
