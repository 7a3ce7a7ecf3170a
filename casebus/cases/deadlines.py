"""What time alone does at a desk: acknowledgements lapse, snoozes end, silence escalates, releases and referrals end. Pure.

Everything is a function of what stands and of `now`, and done once it is no longer due: asked again at the same moment,
nothing more happens. A clock that jumps forward does one harm: values that were released for a time are gone for good when it
passes their end, and must be asked for anew; a value that is kept too long would be the worse one. For the rest, desks are
told too early that nobody answers, and a referral goes back to its sender, who had it all along. Backward: nothing is taken
back, and nothing is done twice. What was done while it was ahead holds no longer than anything can: an acknowledgement, a
snooze that ends later than one can is over.
What came in at a moment that is yet to come has waited for nobody knows how long: somebody is told of it at once.

Clocks (domain.md §2.5): an answer is due 1 h, 8 h or 7 d after an alert was raised, by the severity that the desk goes by.
Nobody has taken it up by half of that: it is for the desk's lead. By the end: for the coordination desk. An acknowledgement
that lapsed, or a snooze that ended, starts the clock anew. Who has it in hand and has proposed no outcome by the end is
asked about it too: nothing stays in a hand for good. Nothing of this while it rests, or while nothing is asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from casebus.cases.conflict import RESPOND_WITHIN_S
from casebus.cases.conversation import RELEASES, SEALED, Release, ReleaseState, Sealed
from casebus.cases.desk_history import CLOCK, DEEDS, Deed, Verb
from casebus.cases.desk_work import ACKNOWLEDGED_FOR_S, LEEWAY_S, DeskAlert, DeskWork, Escalation, Stage
from casebus.cases.outgoing import NOTICES, Notice
from casebus.cases.referral import REFERRALS, Referral, ReferralState
from casebus.cases.wording import NOT_TAKEN_UP, escalated
from casebus.events.types import ReferralExpired
from casebus.state import Effect, Remove, Save
from casebus.wire.ids import content_id

_ORDER = (Escalation.none, Escalation.desk_lead, Escalation.coordination_desk)
_ESCALATES = (Stage.new, Stage.in_hand)


@dataclass(frozen=True, slots=True)
class Fallen:
    """What has fallen due about one thing, and when something will next. `work` is what the desk then keeps about an alert,
    where that changes; whoever saves it gives the change its number.
    """

    effects: tuple[Effect, ...] = ()
    work: DeskWork | None = None
    next_at: datetime | None = None


def alert_due(seen: DeskAlert, now: datetime) -> Fallen:
    """Return what is due about an alert; nothing unless it waits for this desk's outcome, and nothing while it rests."""
    if not seen.alert.waits:
        return Fallen()
    work = seen.work
    deeds: list[tuple[Verb, str]] = []
    if work.snoozed_until is not None and not seen.is_snoozed(now):
        work = _awake(seen, min(work.snoozed_until, now))
        deeds.append((Verb.woke, ""))
    if work.acknowledged_until is not None and DeskAlert(seen.alert, work).has_lapsed(now):
        since = min(work.acknowledged_until, now)
        work = replace(work, waits_since=since, acknowledged_until=None, changes=work.changes + 1)
        deeds.append((Verb.lapsed, "nobody had it in hand"))
    level = _level(DeskAlert(seen.alert, work), now)
    if _ORDER.index(level) > _ORDER.index(work.escalated):
        work = replace(work, escalated=level, changes=work.changes + 1)
        deeds.append((Verb.escalated, level.value.replace("_", " ")))
    after = DeskAlert(seen.alert, work)
    return Fallen(tuple(_effects(seen, after, deeds, now)), work if deeds else None, _next(after, now))


def _awake(seen: DeskAlert, at: datetime) -> DeskWork:
    """Return the work of an alert that woke: its clocks run from then on. What lapsed meanwhile lapses at that moment; who
    has it in hand has as long as if it had just been taken up.
    """
    until = seen.work.acknowledged_until
    if seen.work.assignee is not None:
        until = at + timedelta(seconds=ACKNOWLEDGED_FOR_S[seen.severity])
    elif until is not None:
        until = max(until, at)
    return replace(seen.work, snoozed_until=None, acknowledged_until=until, changes=seen.work.changes + 1)


def _times(seen: DeskAlert, now: datetime) -> tuple[datetime, datetime]:
    """Return when the desk's lead should hear of it, and when the coordination desk: by half of the time to answer and by its
    end where nobody has it; where somebody has, at its end or when taking it up has held, and half as long after.
    """
    within = timedelta(seconds=RESPOND_WITHIN_S[seen.severity])
    raised_at = _passed(seen.alert.raised_at, now) or now - within
    if seen.stage(now) is Stage.in_hand:
        asks = max(raised_at + within, _taken_up_until(seen, now) or raised_at)
        return asks, asks + within / 2
    since = max(raised_at, _passed(seen.work.waits_since, now) or raised_at)
    return since + within / 2, since + within


def _passed(at: datetime | None, now: datetime) -> datetime | None:
    """Return a moment that has passed; None for one to come, which is a clock's that was ahead, and is not counted."""
    return at if at is not None and at <= now + timedelta(seconds=LEEWAY_S) else None


def _taken_up_until(seen: DeskAlert, now: datetime) -> datetime | None:
    """Return until when taking it up holds; None for a moment farther away than that can be, which is not counted."""
    until = seen.work.acknowledged_until
    longest = now + timedelta(seconds=ACKNOWLEDGED_FOR_S[seen.severity] + LEEWAY_S)
    return until if until is not None and until <= longest else None


def _level(seen: DeskAlert, now: datetime) -> Escalation:
    if seen.is_snoozed(now) or seen.stage(now) not in _ESCALATES:
        return Escalation.none
    return _reached(*_times(seen, now), now)


def _next(seen: DeskAlert, now: datetime) -> datetime | None:
    times = [seen.work.snoozed_until]
    if seen.work.assignee is None:
        times.append(seen.work.acknowledged_until)
    if seen.stage(now) in _ESCALATES:
        times += _times(seen, now)
    return min((at for at in times if at is not None and at > now), default=None)


def _effects(before: DeskAlert, after: DeskAlert, deeds: list[tuple[Verb, str]], now: datetime) -> Iterator[Effect]:
    for step, (verb, detail) in enumerate(deeds, start=1):
        version = before.version + step
        deed_id = content_id("clock", after.alert.conflict_id, verb.value, str(version))
        yield Save(DEEDS, Deed(deed_id, after.alert.conflict_id, version, now, CLOCK, verb, detail))
    if after.work.escalated is not before.work.escalated:
        text = f"{after.alert.ref}: {escalated(after, now)}"
        notice_id = content_id("escalated", after.alert.conflict_id, after.work.escalated.value, str(after.version))
        yield Save(NOTICES, Notice(notice_id, "Escalated", after.alert.ref, text, now))


def release_due(release: Release, now: datetime) -> Fallen:
    """Return what is due about values that a partner released for a time: when it is over they are gone, opened or not."""
    after = release.as_of(now)
    if after != release:
        return Fallen((Save(RELEASES, after),))
    return Fallen(next_at=release.keep_until if release.state is ReleaseState.granted and release.ours else None)


def referral_due(referral: Referral, now: datetime) -> Fallen:
    """Return what is due about a referral. One that this agency sent goes back to its desk when nobody has answered in time;
    one that it was asked to take escalates, as an alert does that nobody takes up. Values are gone when their time is over.
    """
    held = referral.as_of(now)
    after, notice, next_at = _unanswered(held, now) if held.state is ReferralState.sent else (held, None, None)
    effects: list[Effect] = [Save(REFERRALS, after)] if after != referral else []
    if notice is not None:
        effects.append(Save(NOTICES, notice))
    times = (next_at, held.keep_until if held.values else None)
    return Fallen(tuple(effects), next_at=min((at for at in times if at is not None), default=None))


def box_due(sealed: Sealed, item: Release | Referral, now: datetime) -> Fallen:
    """Return what is due about a box that was not opened: it goes when what is in it might be kept no longer if it were."""
    is_over = item.as_of(now).state is not ReleaseState.granted if isinstance(item, Release) else item.is_over(now)
    return Fallen((Remove(SEALED, sealed.key),)) if is_over else Fallen(next_at=item.keep_until)


def _unanswered(referral: Referral, now: datetime) -> tuple[Referral, Notice | None, datetime | None]:
    """Return what time makes of a referral that waits for its answer, what the desk is told, and when to look again."""
    if referral.outgoing:
        return _back(referral, now)
    within = referral.respond_by - referral.sent_at
    sent_at = _passed(referral.sent_at, now) or now - within
    half, respond_by = sent_at + within / 2, sent_at + within
    level = _reached(half, respond_by, now)
    next_at = min((at for at in (half, respond_by) if at > now), default=None)
    if _ORDER.index(level) <= _ORDER.index(referral.escalated):
        return referral, None, next_at
    text = f"the referral from {referral.partner}: {NOT_TAKEN_UP[level]}"
    notice_id = content_id("escalated referral", referral.referral_id, level.value)
    notice = Notice(notice_id, "Escalated", referral.referral_id, text, now)
    return replace(referral, escalated=level), notice, next_at


def _back(referral: Referral, now: datetime) -> tuple[Referral, Notice | None, datetime | None]:
    if now < referral.respond_by:
        return referral, None, referral.respond_by
    text = f"the referral to {referral.partner} was not answered in time: it is yours"
    notice = Notice(content_id("expired", referral.referral_id), "ReferralExpired", referral.referral_id, text, now)
    return replace(referral, expired=True), notice, None


def _reached(lead: datetime, coordination: datetime, now: datetime) -> Escalation:
    if now >= coordination:
        return Escalation.coordination_desk
    return Escalation.desk_lead if now >= lead else Escalation.none


def expiry_of(referral: Referral, agency: str) -> ReferralExpired:
    """Return what the sender publishes when a referral has expired."""
    return ReferralExpired(referral_id=referral.referral_id, agency=agency)
