"""Replay makes of the events alone what the databases hold, whatever way the topics interleave."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from replay_world import OnceOpener, Story, World, interleaved, take

from casebus.bus.log import Recorded
from casebus.cases.replay import Effect, Replay
from casebus.cases.replay_state import decode_snapshot, encode_snapshot
from casebus.cases.standing_views import Standing, differences
from casebus.errors import WireError
from casebus.events import enumerations as en
from casebus.events.types import LeadAgencyProposed, Payload, ReferralAccepted, ReferralDeclined, ReferralSent

SEEDS = range(8)
seeds = st.sampled_from(SEEDS)


@dataclass(frozen=True)
class ToldStory:
    """What a story left: every topic, what the databases hold, and the keys."""

    topics: dict[str, list[Recorded]]
    live: Standing
    opener: OnceOpener


@cache
def told(seed: int) -> ToldStory:
    with TemporaryDirectory(prefix="casebus-replay-") as root:
        world = World(Path(root))
        Story(world, Random(seed)).tell(70)
        story = ToldStory(world.topics(), world.live(), OnceOpener(world.opener()))
        world.close()
        return story


def replayed(records: list[Recorded], opener: OnceOpener) -> Replay:
    replay = Replay()
    for recorded in records:
        take(replay, recorded, opener)
    return replay


@given(seeds, st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_the_rebuilt_state_is_the_live_one_whatever_happened_and_however_the_topics_interleave(
    seed: int, order: int
) -> None:
    story = told(seed)
    rebuilt = replayed(interleaved(story.topics, Random(order)), story.opener)
    assert list(differences(story.live, rebuilt.standing(), covered=False)) == []
    assert dict(rebuilt.standing().alerts) == dict(story.live.alerts), "versions and times included"
    assert rebuilt.state_hash() == story.live.hash()
    topic_by_topic = [recorded for topic in sorted(story.topics) for recorded in story.topics[topic]]
    assert encode_snapshot(rebuilt.state) == encode_snapshot(replayed(topic_by_topic, story.opener).state)


def test_the_stories_have_in_them_what_is_to_be_shown() -> None:
    """Else the property above would show nothing: every state, a retraction, an escalation, and a waiting answer."""
    states, kinds, bands = set(), set(), set()
    escalated = waited = apart = False
    referrals: set[tuple[bool, str]] = set()
    leads: set[tuple[bool, bool]] = set()
    for seed in SEEDS:
        story = told(seed)
        states |= {alert.state.value for alert in story.live.alerts.values()}
        bands |= {alert.band for alert in story.live.alerts.values()}
        referrals |= {(each.outgoing, each.state.value) for each in story.live.referrals.values()}
        leads |= {(bool(each.lead.ours), bool(each.lead.theirs)) for each in story.live.leads.values()}
        apart |= any(pair.is_apart for pair in story.live.pairs.values())
        kinds |= {(record.kind, record.open) for record in story.live.records.values()}
        escalated |= any(
            alert.risk_id and alert.revision > 1 and alert.ours.outcome for alert in story.live.alerts.values()
        )
        replay = Replay()
        for topic in sorted(story.topics):  # every agency's own topic is read before its inbox
            for recorded in story.topics[topic]:
                waited |= any(c.what == "answer" for c in take(replay, recorded, story.opener).changes)
    assert {"open", "resolved", "disputed", "retracted"} <= states
    assert {("check", True), ("check", False)} <= kinds
    assert apart
    assert {en.Band.alert, en.Band.review} == bands
    assert {("tip", True), ("tip", False), ("case", True), ("case", False), ("outcome", True)} <= kinds
    assert {("welfare_check", True), ("welfare_check", False)} <= kinds
    assert escalated
    assert waited
    assert {(way, state) for way in (True, False) for state in ("sent", "accepted", "declined")} <= referrals
    assert leads == {(True, True), (True, False), (False, True)}


@pytest.mark.parametrize("lost", [ReferralSent, ReferralAccepted, ReferralDeclined, LeadAgencyProposed])
def test_a_replay_that_loses_one_event_of_a_referral_or_of_who_leads_shows_it(lost: type[Payload]) -> None:
    """At least one, that is: what is said twice, or of what was never told, may be lost and nothing stands otherwise."""
    for seed in SEEDS:
        story = told(seed)
        records = interleaved(story.topics, Random(seed))
        whole = replayed(records, story.opener)
        for at, recorded in enumerate(records):
            if not _is(recorded, lost, story):
                continue
            less = replayed([*records[:at], *records[at + 1 :]], story.opener)
            if less.state_hash() != whole.state_hash():
                shown = {change.what for change in differences(whole.standing(), less.standing(), covered=True)}
                assert shown <= {"referral", "lead"}
                return
    raise AssertionError("no loss shows")


def _is(recorded: Recorded, kind: type[Payload], story: ToldStory) -> bool:
    try:
        return isinstance(story.opener.open(recorded).event.payload, kind)
    except WireError:
        return False


@given(seeds, st.integers(0, 2**32), st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_a_snapshot_anywhere_leads_to_the_same_end(seed: int, order: int, part: float) -> None:
    story = told(seed)
    records = interleaved(story.topics, Random(order))
    at = int(len(records) * part)
    begun = replayed(records[:at], story.opener)
    data = encode_snapshot(begun.state)
    assert data == encode_snapshot(decode_snapshot(data))
    resumed = Replay(decode_snapshot(data))
    assert resumed.state_hash() == begun.state_hash()
    for recorded in records[at:]:
        assert take(resumed, recorded, story.opener) == take(begun, recorded, story.opener)
    assert encode_snapshot(resumed.state) == encode_snapshot(replayed(records, story.opener).state)


def test_every_step_says_exactly_what_it_changed() -> None:
    story = told(3)
    replay = Replay()
    before = replay.standing()
    for recorded in interleaved(story.topics, Random(3)):
        step = take(replay, recorded, story.opener)
        after = replay.standing()
        seen = [change for change in step.changes if change.what != "answer"]
        assert list(differences(before, after, covered=False)) == seen
        assert bool(step.changes) == (step.effect is Effect.changed)
        before = after


def test_an_event_appended_twice_has_its_effect_once() -> None:
    story = told(4)
    records = interleaved(story.topics, Random(4))
    once, twice = replayed(records, story.opener), Replay()
    for recorded in records:
        first = take(twice, recorded, story.opener)
        again = take(twice, recorded, story.opener)
        assert again.changes == ()
        assert again.effect is (first.effect if first.effect in (Effect.refused, Effect.held) else Effect.duplicate)
    assert twice.state_hash() == once.state_hash()


@pytest.mark.parametrize("topic", ["casebus.nz-police.events", "casebus.hub.events", "casebus.uk-nca.inbox"])
def test_each_topic_is_needed(topic: str) -> None:
    """A topic that is left out shows in the hash: nothing is covered by luck."""
    story = told(5)
    some = {name: records for name, records in story.topics.items() if name != topic}
    rebuilt = replayed(interleaved(some, Random(5)), story.opener)
    assert rebuilt.state_hash() != story.live.hash()
