"""What an officer said of a pair holds until there is more, in whichever order the hub reads what was said and done."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import pytest
from hub_in_memory import (
    ACCOUNT,
    IDS,
    PHONE,
    Hub,
    K,
    Topic,
    hub_after,
    judgement,
    lives,
    low_caps,
    merged,
    record,
    sighting,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from casebus.cases.combining import party_of
from casebus.cases.grouping import edge_of
from casebus.cases.judgement import Judgement, of_parties, verdict_of
from casebus.cases.pair import Finding, Pair, Verdict, conflict_id_of
from casebus.events.enumerations import ConflictOutcome, MatchStatus, PointerMode
from casebus.matching.candidates import postings
from casebus.matching.decide import compare
from casebus.matching.groups import groups
from casebus.matching.held import HeldRecord, HeldToken
from casebus.wire.ids import content_id

FALSE_MATCH, JOINT = ConflictOutcome.FALSE_MATCH, ConflictOutcome.JOINT_INVESTIGATION
CONFLICT = conflict_id_of(IDS[0], IDS[1])
OTHER_ACCOUNT = sighting(K.SERVICE_ACCOUNT_ID, "account_id", "2")
EMAIL, OTHER_EMAIL = sighting(K.EMAIL, "email", "1"), sighting(K.EMAIL, "email", "2")


@pytest.fixture(scope="module", autouse=True)
def rare() -> Iterator[None]:
    with low_caps():
        yield


def evidence(conflict_id: str, *families: str, value: str = "1") -> list[str]:
    return [content_id("evidence", conflict_id, family, value) for family in families]


EVERYTHING = ("account_id", "email", "handle", "phone", "name_dob", "screen_name")


@st.composite
def topics(draw: st.DrawFn) -> list[Topic]:
    """Draw each agency's topic: its records' lives, and what its officers say of pairs, theirs and others'."""
    made = draw(lives())
    by_agency: dict[str, list[deque[HeldRecord | Judgement]]] = defaultdict(list)
    for life in made:
        by_agency[life[0].agency].append(deque(life))
    held = [(life[0].record_id, life[0].agency) for life in made]
    for (a, one), (b, other) in combinations(held, 2):
        conflict_id = conflict_id_of(a, b)
        known = [*evidence(conflict_id, *EVERYTHING), *evidence(conflict_id, *EVERYTHING, value="2")]
        for agency in draw(st.lists(st.sampled_from([one, other, "uk-nca"]), max_size=2)):
            said = st.builds(
                lambda outcome, on, c=conflict_id, who=agency: judgement(c, who, outcome, *on),
                st.sampled_from([FALSE_MATCH, FALSE_MATCH, JOINT, ConflictOutcome.DELAYED]),
                st.just(known) | st.lists(st.sampled_from(known), max_size=8, unique=True),
            )
            by_agency[agency].append(deque(draw(st.lists(said, min_size=1, max_size=2))))
    return [merged(runs, draw(st.integers(0, 2**32))) for runs in by_agency.values()]


def expected(drawn: list[Topic]) -> list[Pair]:
    """Return the pairs that are found if everything is compared at the end, once, with each side's last judgement."""
    last: dict[str, HeldRecord] = {}
    said: dict[tuple[str, str], Judgement] = {}
    for each in (each for topic in drawn for each in topic):
        if isinstance(each, Judgement):
            said[each.conflict_id, each.agency] = each
        else:
            last[each.record_id] = each
    counts = Counter(token for held in last.values() for token in postings(held))
    found = []
    for a, b in combinations(sorted(last), 2):
        match = compare(last[a], last[b], lambda *token: counts[HeldToken(*token)])
        if match is not None:
            conflict_id, parties = conflict_id_of(a, b), (party_of(last[a]), party_of(last[b]))
            finding = Finding.of(match, conflict_id, None, {})
            judged = of_parties([j for j in said.values() if j.conflict_id == conflict_id], parties)
            found.append(Pair(conflict_id, (a, b), 1, parties, finding, verdict_of(finding, judged)))
    return found


@settings(max_examples=150, deadline=None)
@given(topics(), st.integers(0, 2**32))
def test_what_stands_is_what_judging_everything_at_the_end_finds(drawn: list[Topic], seed: int) -> None:
    hub, pairs = hub_after(drawn, seed), expected(drawn)
    assert hub.stands() == {pair.conflict_id: pair.stands for pair in pairs}
    assert {c: hub.pairs[c].verdict for c in hub.stands()} == {pair.conflict_id: pair.verdict for pair in pairs}
    found = groups(edge for pair in pairs if (edge := edge_of(pair)) is not None)
    assert {g.record_id: g.group for g in hub.groups.values()} == {r: min(group) for group in found for r in group}


@settings(max_examples=150, deadline=None)
@given(topics(), st.integers(0, 2**32))
def test_a_no_is_never_overridden_by_what_others_share(drawn: list[Topic], seed: int) -> None:
    hub = hub_after(drawn, seed)
    for pair in hub.pairs.values():
        a, b = (hub.groups.get(record_id) for record_id in pair.record_ids)
        if pair.finding is not None and pair.verdict is Verdict.different:
            assert a is None or b is None or a.group != b.group


@settings(max_examples=100, deadline=None)
@given(topics(), st.integers(0, 2**32))
def test_reading_a_judgement_again_changes_nothing(drawn: list[Topic], seed: int) -> None:
    hub = hub_after(drawn, seed)
    stands, groups_before, told = hub.stands(), dict(hub.groups), list(hub.told)
    for said in list(hub.judged.values()):
        assert hub.judge(said).combined == ()
    assert (hub.stands(), hub.groups, hub.told) == (stands, groups_before, told)


@settings(max_examples=100, deadline=None)
@given(topics(), st.integers(0, 2**32))
def test_a_withdrawn_record_leaves_the_groups_as_if_it_had_never_been(drawn: list[Topic], seed: int) -> None:
    first = next(each for topic in drawn for each in topic if isinstance(each, HeldRecord))
    hub = hub_after(drawn, seed)
    hub.take(replace(hub.held[first.record_id].record, open=False, revision=99))
    without = hub_after(
        [[e for e in t if isinstance(e, Judgement) or e.record_id != first.record_id] for t in drawn], seed
    )
    assert (hub.stands(), hub.groups) == (without.stands(), without.groups)


# --- one pair, step by step ---


def matched(*more: object) -> Hub:
    hub = Hub()
    hub.take(record(0, ACCOUNT, PHONE))
    hub.take(record(1, ACCOUNT))
    return hub


def test_what_was_judged_different_is_told_no_more_whatever_is_amended() -> None:
    hub = matched()
    assert hub.judge(judgement(CONFLICT, "uk-nca", FALSE_MATCH, *evidence(CONFLICT, "account_id"))).combined == ()
    name = sighting(K.NAME_DOB, "name_dob", "2")
    for number, changed in enumerate((record(1, ACCOUNT, name), record(0, ACCOUNT, high_priority=True))):
        assert hub.take(replace(changed, revision=number + 2)).combined == ()
    assert hub.pairs[CONFLICT].is_apart


def test_new_evidence_is_told_with_its_kind() -> None:
    hub = matched()
    hub.judge(judgement(CONFLICT, "uk-nca", FALSE_MATCH, *evidence(CONFLICT, "account_id")))
    (again,) = hub.take(record(1, ACCOUNT, PHONE, revision=2)).combined
    assert (again.status, again.new_evidence) == (MatchStatus.revised, (K.PHONE_E164,))
    both = evidence(CONFLICT, "account_id", "phone")
    assert hub.judge(judgement(CONFLICT, "nz-police", FALSE_MATCH, *both)).combined == ()
    assert hub.pairs[CONFLICT].is_apart
    assert hub.take(record(1, PHONE, revision=3)).combined == (), "less than was judged is nothing new"


def test_a_judgement_that_is_read_late_asks_about_what_it_has_not_seen() -> None:
    hub = matched()
    hub.take(record(1, ACCOUNT, PHONE, revision=2))
    hub.judge(judgement(CONFLICT, "nz-police", FALSE_MATCH, *evidence(CONFLICT, "account_id")))
    assert hub.pairs[CONFLICT].verdict is Verdict.undecided


def test_the_same_match_found_again_after_a_retraction_stays_apart() -> None:
    hub = matched()
    hub.judge(judgement(CONFLICT, "uk-nca", FALSE_MATCH, *evidence(CONFLICT, "account_id")))
    (gone,) = hub.take(record(1, revision=2)).combined
    (back,) = hub.take(record(1, ACCOUNT, revision=3)).combined
    assert (gone.status, back.status, back.new_evidence) == (MatchStatus.retracted, MatchStatus.found, ())
    assert hub.pairs[CONFLICT].is_apart


def test_who_takes_a_no_back_is_told_what_came_meanwhile() -> None:
    hub = matched()
    hub.judge(judgement(CONFLICT, "uk-nca", FALSE_MATCH, *evidence(CONFLICT, "account_id")))
    hub.take(record(0, ACCOUNT, revision=2, high_priority=True))
    (told,) = hub.judge(judgement(CONFLICT, "uk-nca", JOINT, *evidence(CONFLICT, "account_id"))).combined
    assert (told.status, told.severity) == (MatchStatus.revised, "high")
    assert hub.pairs[CONFLICT].verdict is Verdict.same


def test_a_child_at_immediate_risk_is_told_whatever_was_judged() -> None:
    hub = matched()
    hub.judge(judgement(CONFLICT, "uk-nca", FALSE_MATCH, *evidence(CONFLICT, "account_id")))
    (told,) = hub.take(record(0, ACCOUNT, revision=2, immediate_risk=True)).combined
    assert told.severity == "immediate"
    assert hub.pairs[CONFLICT].verdict is Verdict.different, "and still nobody says that it is one person"


def test_a_changed_pointer_is_told_of_a_pair_that_is_apart_too_because_it_decides_who_knows() -> None:
    hub = matched()
    hub.judge(judgement(CONFLICT, "uk-nca", FALSE_MATCH, *evidence(CONFLICT, "account_id")))
    assert len(hub.take(record(1, ACCOUNT, revision=2, pointer=PointerMode.SILENT)).combined) == 1


def test_an_agency_that_is_no_party_has_no_say() -> None:
    hub = matched()
    changes = hub.judge(judgement(CONFLICT, "nz-internal-affairs", FALSE_MATCH, *evidence(CONFLICT, "account_id")))
    assert (changes.effects, changes.combined) == ((), ())
    early = Hub()
    early.judge(judgement(CONFLICT, "nz-internal-affairs", FALSE_MATCH, *evidence(CONFLICT, "account_id")))
    early.take(record(0, ACCOUNT))
    early.take(record(1, ACCOUNT))
    assert early.pairs[CONFLICT].verdict is Verdict.undecided


def test_a_third_record_joins_two_that_were_judged_different_to_neither_of_each_other() -> None:
    hub = Hub()
    hub.take(record(0, ACCOUNT, EMAIL))
    hub.take(record(1, OTHER_ACCOUNT, EMAIL))
    hub.judge(judgement(CONFLICT, "uk-nca", FALSE_MATCH, *evidence(CONFLICT, "email")))
    hub.take(record(2, ACCOUNT, OTHER_ACCOUNT))
    groups_of = {record_id: grouped.group for record_id, grouped in hub.groups.items()}
    assert len(groups_of) == 2, "it is with one of them"
    assert len({groups_of.get(IDS[0]), groups_of.get(IDS[1])}) == 2


def test_a_retracted_edge_has_one_component_worked_out_again_and_no_other() -> None:
    hub = Hub()
    for number, held in enumerate(((ACCOUNT,), (ACCOUNT, EMAIL), (EMAIL,), (OTHER_EMAIL,), (OTHER_EMAIL,))):
        hub.take(record(number, *held))
    assert len({grouped.group for grouped in hub.groups.values()}) == 2
    hub.asked.clear()
    hub.take(record(1, ACCOUNT, revision=2))
    assert hub.asked == {IDS[0], IDS[1], IDS[2]}
    assert {grouped.record_id for grouped in hub.groups.values()} == {IDS[0], IDS[1], IDS[3], IDS[4]}
