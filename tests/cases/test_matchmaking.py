"""What stands at the end is a function of the set of records, not of the order in which they came."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from random import Random

import pytest
from hub_in_memory import ACCOUNT, AGENCIES, CAP, IDS, PHONE, Hub, K, judgement, lives, low_caps, record, sighting
from hypothesis import given, settings
from hypothesis import strategies as st

from casebus.cases.pair import Finding, Pair, conflict_id_of
from casebus.events.enumerations import ConflictOutcome, MatchStatus, PointerMode, RecordKind, RetractReason
from casebus.events.types import DataCombined, DeconflictionNoHit
from casebus.matching.candidates import postings
from casebus.matching.decide import compare
from casebus.matching.held import HeldRecord, HeldToken
from casebus.matching.model import WEIGHTS


@pytest.fixture(scope="module", autouse=True)
def rare() -> Iterator[None]:
    with low_caps():
        yield


def interleaved(made: list[list[HeldRecord]], seed: int) -> Hub:
    """Return a hub that took these lives, each in its own order, in an order among them that the seed makes."""
    random, hub = Random(seed), Hub()
    waiting = [deque(life) for life in made]
    while any(waiting):
        hub.take(random.choice([life for life in waiting if life]).popleft())
    return hub


def expected(made: list[list[HeldRecord]]) -> dict[str, Finding]:
    """Return what stands if every record is compared with every other, at the end, once."""
    last = sorted((life[-1] for life in made), key=lambda record: record.record_id)
    counts = Counter(token for each in last for token in postings(each))
    compared = {
        conflict_id_of(a.record_id, b.record_id): compare(a, b, lambda *token: counts[HeldToken(*token)])
        for a, b in combinations(last, 2)
    }
    return {
        conflict_id: Finding.of(match, conflict_id, None, {})
        for conflict_id, match in compared.items()
        if match is not None
    }


@settings(max_examples=250, deadline=None)
@given(lives(), st.integers(0, 2**32))
def test_what_stands_is_what_comparing_everything_at_the_end_finds(made: list[list[HeldRecord]], seed: int) -> None:
    assert interleaved(made, seed).findings() == expected(made)


@settings(max_examples=100, deadline=None)
@given(lives(), st.integers(0, 2**32), st.integers(0, 2**32))
def test_two_orders_end_alike(made: list[list[HeldRecord]], one: int, other: int) -> None:
    first, second = interleaved(made, one), interleaved(made, other)
    assert first.findings() == second.findings()
    assert first.holds() == second.holds()
    assert first.held == second.held


@settings(max_examples=100, deadline=None)
@given(lives(), st.integers(0, 2**32))
def test_a_withdrawn_record_leaves_what_would_stand_without_it(made: list[list[HeldRecord]], seed: int) -> None:
    gone = replace(made[0][-1], open=False, revision=9)
    with_it = interleaved([[*made[0], gone], *made[1:]], seed)
    without = interleaved(made[1:], seed)
    assert with_it.findings() == without.findings()
    assert with_it.holds() == without.holds()


@settings(max_examples=100, deadline=None)
@given(lives(), st.integers(0, 2**32))
def test_the_same_record_again_changes_and_tells_nothing(made: list[list[HeldRecord]], seed: int) -> None:
    hub = interleaved(made, seed)
    pairs, groups, holds, told = dict(hub.pairs), dict(hub.groups), hub.holds(), len(hub.told)
    for life in made:
        assert hub.take(life[-1]).no_hit is None
    assert (hub.pairs, hub.groups, hub.holds(), len(hub.told)) == (pairs, groups, holds, told)


@settings(max_examples=100, deadline=None)
@given(lives(), st.integers(0, 2**32))
def test_what_was_told_adds_up_to_what_stands(made: list[list[HeldRecord]], seed: int) -> None:
    hub = interleaved(made, seed)
    stands: dict[str, DataCombined] = {}
    revisions: dict[str, int] = defaultdict(int)
    for each in hub.told:
        revisions[each.conflict_id] += 1
        assert each.revision == revisions[each.conflict_id], "revisions count from 1 without a gap"
        assert (each.conflict_id in stands) == (each.status is not MatchStatus.found)
        assert (each.retract_reason is not None) == (each.status is MatchStatus.retracted)
        if each.status is MatchStatus.retracted:
            del stands[each.conflict_id]
        else:
            stands[each.conflict_id] = each
    assert stands.keys() == hub.findings().keys()
    assert all(
        hub.pairs[c].parties == each.parties and hub.pairs[c].revision == each.revision for c, each in stands.items()
    )


@settings(max_examples=100, deadline=None)
@given(lives(), st.integers(0, 2**32), st.data())
def test_a_no_hit_is_answered_to_a_new_tip_that_finds_nothing_and_to_no_other(
    made: list[list[HeldRecord]], seed: int, data: st.DataObject
) -> None:
    hub = interleaved(made[1:], seed)
    for event in made[0]:
        is_new = event.record_id not in hub.held
        answer = hub.take(event).no_hit
        finds = any(tells(pair, event) for pair in hub.pairs.values() if pair.finding)
        assert (answer is not None) == (is_new and event.open and not finds)


def tells(pair: Pair, event: HeldRecord) -> bool:
    """Tell whether the agency of this record may be told of a match that is not its own affair."""
    if event.record_id not in pair.record_ids:
        return False
    other = pair.parties[1 - pair.record_ids.index(event.record_id)]
    return other.agency != event.agency and other.pointer is not PointerMode.SILENT


def test_a_match_with_a_silent_holder_is_answered_like_no_match_at_all() -> None:
    hub = Hub()
    hub.take(record(1, ACCOUNT, pointer=PointerMode.SILENT))
    changes = hub.take(record(0, ACCOUNT))
    assert [c.status for c in changes.combined] == [MatchStatus.found]
    assert changes.no_hit == Hub().take(record(0, ACCOUNT)).no_hit


def test_a_new_tip_that_finds_nothing_is_told_so_and_a_case_is_not() -> None:
    answer = Hub().take(record(0, ACCOUNT)).no_hit
    assert isinstance(answer, DeconflictionNoHit)
    assert (answer.own_id, answer.covered, answer.suppressed) == (IDS[0], AGENCIES[1:], ())
    assert Hub().take(record(0, ACCOUNT, kind=RecordKind.case)).no_hit is None


def test_a_correction_of_a_tip_that_stands_in_a_match_is_no_new_question() -> None:
    hub = Hub()
    hub.take(record(0, ACCOUNT))
    hub.take(record(1, ACCOUNT, PHONE))
    assert hub.take(record(1, ACCOUNT)).no_hit is None


def test_what_a_new_tip_changes_between_others_is_no_answer_to_it() -> None:
    hub = Hub()
    for number in range(CAP):
        hub.take(record(number, ACCOUNT, PHONE))
    changes = hub.take(record(CAP, PHONE))
    assert [c.status for c in changes.combined] == [MatchStatus.revised]
    assert changes.no_hit is not None


def test_a_value_that_becomes_common_retracts_what_it_had_caused_and_says_why() -> None:
    hub = Hub()
    for number in range(CAP):
        hub.take(record(number, ACCOUNT))
    assert len(hub.findings()) == 1
    changes = hub.take(record(CAP, ACCOUNT))
    assert [c.status for c in changes.combined] == [MatchStatus.retracted]
    assert changes.combined[0].retract_reason == "COMMON_IDENTIFIER"
    assert changes.no_hit is not None
    assert changes.no_hit.suppressed == (K.SERVICE_ACCOUNT_ID,)
    hub.take(record(CAP, ACCOUNT, open=False, revision=2))
    assert len(hub.findings()) == 1, "rare again"


def test_a_tip_amended_by_what_differs_takes_its_match_back_as_corrected_so_that_who_acted_is_told() -> None:
    hub = Hub()
    ours, theirs = (sighting(K.EMAIL, "email", value) for value in ("1", "2"))
    hub.take(record(0, PHONE, ours))
    assert hub.take(record(1, PHONE)).combined
    (gone,) = hub.take(record(1, PHONE, theirs, revision=2)).combined
    assert (gone.status, gone.retract_reason) == (MatchStatus.retracted, RetractReason.CORRECTED)


def test_a_judgement_of_a_pair_that_only_an_older_model_found_retracts_it_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub = Hub()
    hub.take(record(0, PHONE))
    (found,) = hub.take(record(1, PHONE)).combined
    monkeypatch.setitem(WEIGHTS, "phone", 0.0)
    shown = [each.evidence_id for each in found.evidence]
    (gone,) = hub.judge(judgement(found.conflict_id, AGENCIES[0], ConflictOutcome.FALSE_MATCH, *shown)).combined
    assert (gone.status, gone.retract_reason) == (MatchStatus.retracted, RetractReason.UNKNOWN)


def test_more_evidence_is_a_revision_and_the_same_evidence_is_nothing() -> None:
    hub = Hub()
    hub.take(record(0, ACCOUNT, PHONE))
    hub.take(record(1, ACCOUNT))
    (revised,) = hub.take(record(1, ACCOUNT, PHONE, revision=2)).combined
    assert (revised.status, revised.revision) == (MatchStatus.revised, 2)
    assert hub.take(record(1, PHONE, ACCOUNT, revision=3)).combined == ()


def test_a_changed_pointer_is_a_revision_because_it_changes_who_may_be_told() -> None:
    hub = Hub()
    hub.take(record(0, ACCOUNT))
    hub.take(record(1, ACCOUNT))
    (revised,) = hub.take(record(1, ACCOUNT, revision=2, pointer=PointerMode.SILENT)).combined
    assert revised.status is MatchStatus.revised
    assert PointerMode.SILENT in {party.pointer for party in revised.parties}


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (record(1, ACCOUNT, open=False, revision=2), "WITHDRAWN"),
        (record(1, ACCOUNT, open=False, revision=2, kind=RecordKind.case), "CASE_CLOSED"),
        (record(1, PHONE, revision=2), "CORRECTED"),
    ],
)
def test_a_retraction_says_why(end: HeldRecord, reason: str) -> None:
    hub = Hub()
    hub.take(record(0, ACCOUNT))
    hub.take(record(1, ACCOUNT))
    (retracted,) = hub.take(end).combined
    assert (retracted.status, retracted.retract_reason) == (MatchStatus.retracted, reason)
    assert retracted.matched == ()
