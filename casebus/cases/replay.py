"""Replay: what everything amounts to, from the events alone. Pure: no clock, no randomness, no I/O.

Verified events of every topic go in, each topic in its order and the topics in any interleaving; out come the standing
records, the conflicts, each desk's alerts and referrals and who leads, hence the `state_hash` that `casebus status` has of the live databases.
The same functions decide here as at the nodes: `standing_after` (drafting), `alert_after` (the desk's consumer),
`registered` (delivery), `passes_hold` (the consume loop).

How each part depends on one topic only, so that interleaving changes nothing at the end:
- records: an agency's own topic. They count as their agency has them, whether or not the hub accepted them;
- conflicts: the hub's topic; the last revision of a DataCombined stands. Whether officers keep it apart is on theirs;
- alerts: an agency's inbox. Its own side is on its own topic, may be read before the alert is, and waits as a register;
  an answer that was given without what is asked now does not count, in whichever order the two are read;
- referrals and leads: a register of an agency's own topic and one of its inbox, and what stands is a function of both.

What is refused: an event id that was used before on its topic with other content; an inbox event about a conflict of
which that agency was never told. Like the desk's consumer it then lets what has the same key wait, but for what may
overtake. Releasing parked records is no event, and replay never goes back to a record that it refused or held. So it
says what a node says while that record stays parked, and differs from a node
- that released an inbox record after what it had waited for came past it: a partner's answer that arrived before the
  immediate hit it answers, an immediate hit that arrived after its own retraction, an answer that was held behind one.
  The node then has that answer or that retraction, and replay has not. Only keys in `ReplayState.held` can be so;
- whose desk released a record under another version than this one, and was told something else by it since;
- whose own system put a referral or a proposal on its topic past its desk, which then does not hold it;
- that holds records of which nothing is on the bus: an agency whose outbox was lost, or whose signing key had expired
  when its relay appended;
- whose own records were written by a casebus that did not keep what their events make of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from casebus.cases.alert import Alert
from casebus.cases.conflict import Answer
from casebus.cases.inbox import alert_after, concerned
from casebus.cases.judgement import verdict_of
from casebus.cases.overtaking import passes_hold
from casebus.cases.pair import Finding, Pair, Register, registered
from casebus.cases.replay_state import REDUCER, ReplayState
from casebus.cases.standing import record_of, standing_after
from casebus.cases.standing_talk import (
    ReferralRegisters,
    StandingLead,
    after_own,
    after_told,
    lead_after,
    referral_of,
)
from casebus.cases.standing_views import (
    ALERT,
    ANSWER,
    CONFLICT,
    LEAD,
    RECORD,
    REFERRAL,
    Change,
    Standing,
    View,
    alert_view,
    answer_view,
    conflict_view,
    lead_view,
    record_view,
    referral_view,
)
from casebus.errors import WireError
from casebus.events.catalogue import Writer, writer_of
from casebus.events.enumerations import MatchStatus
from casebus.events.envelope import Received
from casebus.events.types import (
    DataCombined,
    DeconflictionAcknowledged,
    DeconflictionResolved,
    LeadAgencyProposed,
    Payload,
)

__all__ = ["REDUCER", "Effect", "Replay", "Step"]


class Effect(StrEnum):
    """What became of a record."""

    changed = "changed"
    nothing = "nothing"
    duplicate = "duplicate"
    equivocation = "equivocation"
    refused = "refused"
    held = "held"


@dataclass(frozen=True, slots=True)
class Step:
    """What one record did."""

    effect: Effect
    changes: tuple[Change, ...] = ()


class Replay:
    """Takes records one by one. Start it from a snapshot's state to go on where that was taken."""

    def __init__(self, state: ReplayState | None = None) -> None:
        self.state = state or ReplayState()

    def take(self, received: Received) -> Step:
        """Take an accepted event; return what it changed."""
        self.state.taken += 1
        event = received.event
        seen = self.state.seen.setdefault(received.topic, {})
        if (digest := seen.get(event.id)) is not None:
            return Step(Effect.duplicate if digest == received.digest else Effect.equivocation)
        writer, owner = writer_of(received.topic)
        match writer:
            case Writer.delivery:
                step = self._inbox(owner, received)
            case Writer.hub:
                step = self._hub(event.payload)
            case Writer.agency:
                step = self._own(owner, event.payload)
            case _:  # notes of the ledger: no event stands there, so nothing is opened of it
                step = Step(Effect.nothing)
        if step.effect not in (Effect.refused, Effect.held):
            seen[event.id] = received.digest
        return step

    def refuse(self, topic: str, key: bytes, error: WireError) -> Step:
        """Take a record that is no acceptable event. An authentic one in an inbox holds its key, as at the desk."""
        self.state.taken += 1
        if error.authentic and _is_inbox(topic):
            self.state.held.add((topic, key))
        return Step(Effect.refused)

    def standing(self) -> Standing:
        """Return all that stands now."""
        alerts = (self._whole(alert) for alert in self.state.told.values())
        pairs = (self._judged(pair) for pair in self.state.pairs.values())
        referrals = (each.standing() for each in self.state.referrals.values())
        leads = (StandingLead(agency, lead) for (agency, _), lead in self.state.leads.items())
        stand = (referral for referral in referrals if referral is not None)
        return Standing.of(self.state.records.values(), pairs, alerts, stand, leads)

    def state_hash(self) -> str:
        """Return the state hash as of now; it reads everything that stands."""
        return self.standing().hash()

    # --- an agency's own topic ---

    def _own(self, agency: str, payload: Payload) -> Step:
        if isinstance(payload, DeconflictionAcknowledged | DeconflictionResolved):
            return self._answer(agency, payload)
        if isinstance(payload, LeadAgencyProposed) or referral_of(payload) is not None:
            return self._talk(agency, payload, own=True)
        record_id = record_of(payload)
        if record_id is None:
            return Step(Effect.nothing)
        before = self.state.records.get((agency, record_id))
        after = standing_after(before, agency, payload)
        if after is None or after == before:
            return Step(Effect.nothing)
        self.state.records[agency, record_id] = after
        change = Change(RECORD, agency, record_id, record_view(before) if before else None, record_view(after))
        return Step(Effect.changed, (change,))

    def _answer(self, agency: str, answer: Answer) -> Step:
        key = (agency, answer.conflict_id)
        before = self.state.registers.get(key)
        after = registered(before, agency, answer)
        if after is None or after == before:
            return Step(Effect.nothing)

        def register() -> None:
            self.state.registers[key] = after

        pair = self.state.pairs.get(answer.conflict_id)
        stood = conflict_view(self._judged(pair)) if pair else None
        step = self._alert_changed(key, register)
        stands = conflict_view(self._judged(pair)) if pair else None
        judged = (Change(CONFLICT, "hub", answer.conflict_id, stood, stands),) if stood != stands else ()
        if step.changes:
            return Step(Effect.changed, (*step.changes, *judged))
        was = answer_view(before, waits=True) if before else None
        return Step(Effect.changed, (Change(ANSWER, *key, was, answer_view(after, waits=True)), *judged))

    # --- the hub's topic ---

    def _hub(self, payload: Payload) -> Step:
        if not isinstance(payload, DataCombined):
            return Step(Effect.nothing)
        before = self.state.pairs.get(payload.conflict_id)
        if before is not None and before.revision >= payload.revision:
            return Step(Effect.nothing)
        after = pair_of(payload)
        self.state.pairs[payload.conflict_id] = after
        was = conflict_view(self._judged(before)) if before else None
        stands = conflict_view(self._judged(after))
        return Step(Effect.changed, (Change(CONFLICT, "hub", payload.conflict_id, was, stands),))

    # --- an inbox ---

    def _inbox(self, agency: str, received: Received) -> Step:
        hold = (received.topic, received.event.partition_key.encode())
        is_held = hold in self.state.held
        if is_held and not passes_hold(received.event):
            return Step(Effect.held)
        about = concerned(received.event.payload)
        if about is None:
            return self._talk(agency, received.event.payload, own=False)
        key = (agency, about.conflict_id)
        try:
            after = alert_after(agency, about, self.state.told.get(key), received.appended_at)
        except WireError:
            self.state.held.add(hold)
            return Step(Effect.held if is_held else Effect.refused)

        def tell() -> None:
            self.state.told[key] = after

        return self._alert_changed(key, tell)

    # --- what two desks say to each other ---

    def _talk(self, agency: str, payload: Payload, *, own: bool) -> Step:
        """Take what is said of a referral or of who leads, on the agency's own topic or in its inbox."""
        if isinstance(payload, LeadAgencyProposed):
            key = (agency, payload.conflict_id)
            stood = self.state.leads.get(key)
            self.state.leads[key] = stands = lead_after(stood, payload, own=own)
            return _step(LEAD, key, lead_view(stood) if stood else None, lead_view(stands))
        referral_id = referral_of(payload)
        if referral_id is None:
            return Step(Effect.nothing)
        key = (agency, referral_id)
        before = self.state.referrals.get(key) or ReferralRegisters(*key)
        after = after_own(before, payload) if own else after_told(before, payload)
        if after != before:
            self.state.referrals[key] = after
        return _step(
            REFERRAL, key, *(referral_view(found) if found else None for found in (before.standing(), after.standing()))
        )

    def _alert_changed(self, key: tuple[str, str], change: Callable[[], None]) -> Step:
        """Carry a change out; return what it makes of the alert."""
        before = self._view(key)
        change()
        after = self._view(key)
        if before == after:
            return Step(Effect.nothing)
        return Step(Effect.changed, (Change(ALERT, *key, before, after),))

    def _view(self, key: tuple[str, str]) -> View | None:
        told = self.state.told.get(key)
        return alert_view(self._whole(told)) if told else None

    def _judged(self, pair: Pair) -> Pair:
        """Return a pair with what its two sides say of it."""
        sides = {party.agency for party in pair.parties}
        registers = [self.state.registers.get((agency, pair.conflict_id)) for agency in sorted(sides)]
        return replace(pair, verdict=verdict_of(pair.finding, [each.said for each in registers if each]))

    def _whole(self, told: Alert) -> Alert:
        """Return an alert with its own agency's side."""
        register = self.state.registers.get((told.agency, told.conflict_id))
        return with_own(told, register) if register else told


def _step(what: str, key: tuple[str, str], before: View | None, after: View | None) -> Step:
    return Step(Effect.nothing) if before == after else Step(Effect.changed, (Change(what, *key, before, after),))


def with_own(told: Alert, register: Register) -> Alert:
    """Return the alert with the register of its own side."""
    return replace(told, we_said=register.said, version=told.version + register.revision)


def pair_of(combined: DataCombined) -> Pair:
    """Return the pair as the hub held it when it published this."""
    first, second = combined.parties
    finding = None
    if combined.status is not MatchStatus.retracted:
        finding = Finding.told(combined)
    return Pair(combined.conflict_id, (first.record_id, second.record_id), combined.revision, (first, second), finding)


def _is_inbox(topic: str) -> bool:
    try:
        return writer_of(topic)[0] is Writer.delivery
    except ValueError:
        return False
