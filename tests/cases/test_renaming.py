"""Over a rotation of the token key no match is lost, no "no" is forgotten, and nobody is told anything.

Three steps: each record is stated under the old key, then under both (two epochs side by side), then under the new one alone.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hub_in_memory import AGENCIES, CAP, IDS, Hub, judgement, low_caps
from hypothesis import given, settings
from hypothesis import strategies as st
from test_holding import HANDLING, NOBODY, OPENED_AT

from casebus.cases.holding import Holding, changed
from casebus.cases.judgement import Judgement
from casebus.cases.pair import Verdict, conflict_id_of
from casebus.cases.renaming import MAX_NAMES_LEFT, Renamed, first_names, held_token, renamed
from casebus.events import enumerations as en
from casebus.events import types as t
from casebus.events.enumerations import ConflictOutcome, MatchStatus, RecordKind
from casebus.matching.held import HeldToken
from casebus.wire.ids import content_id

OLD, BOTH, NEW = (1,), (1, 2), (2,)
ROTATION = (OLD, BOTH, NEW)
CONFLICT = conflict_id_of(IDS[0], IDS[1])
KINDS = {
    "account_id": en.IdentifierType.SERVICE_ACCOUNT_ID,
    "email": en.IdentifierType.EMAIL,
    "phone": en.IdentifierType.PHONE_E164,
    "screen_name": en.IdentifierType.SERVICE_SCREEN_NAME,
}


@pytest.fixture(scope="module", autouse=True)
def rare() -> Iterator[None]:
    with low_caps():
        yield


def token(family: str, value: str, epoch: int) -> t.Token:
    return t.Token(family=family, epoch=epoch, value=content_id(family, value, str(epoch)).replace("-", ""))


def sighting(family: str, value: str, epochs: tuple[int, ...]) -> t.Sighting:
    return t.Sighting(
        sighting_id=content_id("sighting", family, value),
        subject_no=0,
        kind=KINDS[family],
        tokens=tuple(token(family, value, epoch) for epoch in epochs),
        service=None,
        subject=en.SubjectCategory.REPORTED_PERSON,
        certainty=en.AssertionKind.OBSERVED_BY_PROVIDER,
        verified=en.TriState.NOT_STATED,
        seen_at=None,
    )


def stated(number: int, revision: int, epochs: tuple[int, ...], *values: tuple[str, str]) -> t.CaseOpened:
    """Return an open case of an agency, its identifiers as tokens under each of the epochs' keys."""
    return t.CaseOpened(
        case_id=IDS[number],
        revision=revision,
        category=en.IncidentCategory.OTHER,
        backlog=False,
        opened_at=OPENED_AT,
        priority=en.Priority.MEDIUM,
        possible_child=NOBODY,
        sightings=tuple(sighting(family, value, epochs) for family, value in values),
        sightings_not_carried=0,
        grading=None,
        handling=HANDLING,
    )


def take(hub: Hub, number: int, revision: int, epochs: tuple[int, ...], *values: tuple[str, str]) -> list[MatchStatus]:
    """Have the hub read a case, and return what it told of its pairs."""
    payload = stated(number, revision, epochs, *values)
    holding = changed(hub.held.get(IDS[number]), AGENCIES[number % len(AGENCIES)], payload, revision)
    assert holding is not None
    return [told.status for told in hub.hold(holding).combined]


ACCOUNT, EMAIL, PHONE = ("account_id", "1"), ("email", "1"), ("phone", "1")


def matched() -> Hub:
    hub = Hub()
    take(hub, 0, 1, OLD, ACCOUNT, EMAIL)
    assert take(hub, 1, 1, OLD, ACCOUNT, EMAIL) == [MatchStatus.found]
    return hub


def evidence(hub: Hub) -> list[str]:
    finding = hub.pairs[CONFLICT].finding
    assert finding is not None
    return sorted(finding.evidence_ids)


def test_with_two_epochs_side_by_side_no_match_is_lost_and_nobody_is_told_anything() -> None:
    hub = matched()
    shown = evidence(hub)
    for revision, epochs in enumerate((BOTH, NEW), 2):
        for number in (0, 1):
            assert take(hub, number, revision, epochs, ACCOUNT, EMAIL) == []
            assert evidence(hub) == shown
    assert {one.value[:2] for each in hub.held.values() for s in each.record.sightings for one in s.tokens} == {"2:"}


def test_different_person_holds_over_a_rotation() -> None:
    hub = matched()
    hub.judge(judgement(CONFLICT, "uk-nca", ConflictOutcome.FALSE_MATCH, *evidence(hub)))
    for revision, epochs in enumerate((BOTH, NEW), 2):
        for number in (0, 1):
            assert take(hub, number, revision, epochs, ACCOUNT, EMAIL) == []
            assert hub.pairs[CONFLICT].is_apart


def test_what_agrees_for_the_first_time_under_the_new_key_is_new() -> None:
    hub = matched()
    hub.judge(judgement(CONFLICT, "uk-nca", ConflictOutcome.FALSE_MATCH, *evidence(hub)))
    for number in (0, 1):
        take(hub, number, 2, BOTH, ACCOUNT, EMAIL)
    take(hub, 0, 3, NEW, ACCOUNT, EMAIL, PHONE)
    take(hub, 1, 3, NEW, ACCOUNT, EMAIL, PHONE)
    assert hub.pairs[CONFLICT].verdict is Verdict.undecided
    assert hub.told[-1].new_evidence == (en.IdentifierType.PHONE_E164,)


def test_a_new_record_shares_evidence_under_the_name_that_the_older_one_remembers() -> None:
    hub = Hub()
    for revision, epochs in enumerate(ROTATION, 1):
        take(hub, 0, revision, epochs, ACCOUNT)
    take(hub, 1, 1, NEW, ACCOUNT)
    old = held_token(token(*ACCOUNT, 1))
    assert evidence(hub) == [content_id("evidence", CONFLICT, *old)]


def test_what_is_left_behind_loses_its_match_when_the_other_side_leaves_the_older_key() -> None:
    hub = matched()
    assert take(hub, 0, 2, BOTH, ACCOUNT, EMAIL) == []
    assert take(hub, 0, 3, NEW, ACCOUNT, EMAIL) == [MatchStatus.retracted]


def test_records_that_are_never_under_two_keys_are_found_again_and_asked_again_once_both_have_moved() -> None:
    hub = matched()
    hub.judge(judgement(CONFLICT, "uk-nca", ConflictOutcome.FALSE_MATCH, *evidence(hub)))
    take(hub, 0, 2, NEW, ACCOUNT, EMAIL)
    assert not hub.findings()
    assert take(hub, 1, 2, NEW, ACCOUNT, EMAIL) == [MatchStatus.found]
    assert hub.pairs[CONFLICT].verdict is Verdict.undecided


@st.composite
def topics(draw: st.DrawFn) -> list[list[t.CaseOpened | Judgement]]:
    """Draw three agencies' topics: each case over the rotation, and what its officers say of pairs on the way."""
    values = st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.sampled_from("12")), max_size=4, unique=True)
    made: list[list[t.CaseOpened | Judgement]] = []
    for number in range(3):
        topic: list[t.CaseOpened | Judgement] = []
        for revision, epochs in enumerate(ROTATION, 1):
            topic.append(stated(number, revision, epochs, *draw(values)))
            other = draw(st.sampled_from([each for each in range(3) if each != number]))
            conflict_id = conflict_id_of(IDS[number], IDS[other])
            known = [content_id("evidence", conflict_id, *held_token(token(f, v, 1))) for f in KINDS for v in "12"]
            shown = draw(st.just(known) | st.lists(st.sampled_from(known), max_size=6, unique=True))
            outcome = draw(st.sampled_from([ConflictOutcome.FALSE_MATCH, ConflictOutcome.JOINT_INVESTIGATION]))
            topic.append(judgement(conflict_id, AGENCIES[number], outcome, *shown))
        made.append(topic)
    return made


def after(drawn: list[list[t.CaseOpened | Judgement]], order: list[int]) -> Hub:
    """Return a hub that read the topics in an order."""
    hub, left = Hub(), [deque(topic) for topic in drawn]
    for number in order:
        said = left[number].popleft()
        if isinstance(said, Judgement):
            hub.judge(said)
        else:
            holding = changed(hub.held.get(said.case_id), AGENCIES[number], said, said.revision)
            assert holding is not None
            hub.hold(holding)
    return hub


@settings(max_examples=150, deadline=None)
@given(topics(), st.permutations([0, 1, 2] * 6))
def test_a_rotation_ends_alike_in_whichever_order_the_topics_are_read(
    drawn: list[list[t.CaseOpened | Judgement]], order: list[int]
) -> None:
    one, other = after(drawn, sorted(order)), after(drawn, order)
    assert one.stands() == other.stands()
    assert {c: one.pairs[c].verdict for c in one.stands()} == {c: other.pairs[c].verdict for c in other.stands()}
    assert one.groups == other.groups


def test_tokens_are_one_value_only_where_a_sighting_has_as_many_of_each_epoch() -> None:
    two = [token("name_dob", name, 1) for name in ("robert", "bob")]
    anew = [token("name_dob", name, 2) for name in ("robert", "bob")]
    whole = sighting("email", "1", BOTH).model_copy(update={"tokens": (*two, *anew)})
    assert first_names(renamed((), [whole])) == {
        held_token(new): held_token(old) for old, new in zip(two, anew, strict=True)
    }
    other_rule = whole.model_copy(update={"tokens": (*two, anew[0])})
    assert renamed((), [other_rule]) == ()


def test_a_value_keeps_its_first_name_over_a_second_rotation() -> None:
    first = renamed((), [sighting(*EMAIL, BOTH)])
    second = renamed(first, [sighting(*EMAIL, (2, 3))])
    old = held_token(token(*EMAIL, 1))
    assert first_names(second) == {held_token(token(*EMAIL, epoch)): old for epoch in (2, 3)}
    assert renamed(second, [sighting(*EMAIL, (3,))]) is second


def test_of_two_records_the_one_that_remembers_further_names_the_value() -> None:
    tokens = [HeldToken("email", f"{epoch}:x") for epoch in (9, 10, 11)]
    short, long = (Renamed(tokens[2], tokens[1]),), (Renamed(tokens[2], tokens[0]), Renamed(tokens[1], tokens[0]))
    assert first_names(short, long)[tokens[2]] == first_names(long, short)[tokens[2]] == tokens[0]


def test_a_correction_under_two_keys_is_remembered_too() -> None:
    before = changed(None, AGENCIES[0], stated(0, 1, OLD, EMAIL), 1)
    payload = t.IdentifierCorrected(
        record_kind=RecordKind.case,
        record_id=IDS[0],
        sighting_id=sighting(*EMAIL, OLD).sighting_id,
        reason=en.CorrectionReason.TRANSCRIPTION,
        replacement=sighting(*PHONE, BOTH),
    )
    after_it = changed(before, AGENCIES[0], payload, 2)
    assert after_it is not None
    assert [each.first.family for each in after_it.renamed] == ["phone"]


def amended(times: int, held: int) -> list[Holding]:
    """Return a record over amendments, with as many other values each time, while two epochs stand side by side."""
    holdings: list[Holding] = []
    for revision in range(1, times + 1):
        values = [("email", f"{revision}-{number}") for number in range(held)]
        before = holdings[-1] if holdings else None
        now = changed(before, AGENCIES[0], stated(0, revision, BOTH, *values), revision)
        assert now is not None
        holdings.append(now)
    return holdings


def test_what_is_remembered_of_names_is_bounded_and_is_what_was_learned_last() -> None:
    last = amended(times=20, held=100)[-1]
    assert len(last.renamed) == 100 + MAX_NAMES_LEFT
    kept = [held_token(token("email", f"{revision}-{n}", 2)) for revision in range(15, 21) for n in range(100)]
    assert [each.token for each in last.renamed] == kept


def test_a_name_of_what_the_record_holds_is_never_forgotten() -> None:
    holding = amended(times=1, held=1)[0]
    first = holding.renamed
    for revision in range(2, 10):
        values = [("email", f"{revision}-{number}") for number in range(100)]
        after_it = changed(holding, AGENCIES[0], stated(0, revision, BOTH, ("email", "1-0"), *values), revision)
        assert after_it is not None
        holding = after_it
    assert len(holding.renamed) == 1 + 100 + MAX_NAMES_LEFT
    assert first[0] in holding.renamed


CROWD = range(len(IDS))
"""More records than the cap of any family here."""


def test_a_value_above_its_cap_stays_common_while_it_is_counted_anew_under_another_key() -> None:
    """Restated one after another, the first of them are few under the newer key."""
    hub = Hub()
    for revision, epochs in enumerate(ROTATION, 1):
        for number in CROWD:
            told = take(hub, number, revision, epochs, PHONE)
            assert told == [] or (epochs == OLD and number <= CAP), f"record {number} under {epochs}: {told}"
    assert hub.stands() == {}


@pytest.mark.parametrize("left", [BOTH, NEW])
def test_records_that_join_while_two_keys_stand_side_by_side_find_a_common_value_common(left: tuple[int, ...]) -> None:
    hub = Hub()
    for number in range(CAP + 1):
        take(hub, number, 1, OLD, PHONE)
    for number in range(CAP + 1):
        take(hub, number, 2, BOTH, PHONE)
    assert take(hub, CAP + 1, 1, left, PHONE) == []
    assert hub.stands() == {}


def test_a_judgement_while_a_common_value_is_counted_anew_tells_nobody_anything() -> None:
    hub = Hub()
    for number in CROWD:
        take(hub, number, 1, OLD, PHONE, *([ACCOUNT] if number < 2 else []))
    for number in (0, 1):  # under the newer key these two alone hold the phone
        assert take(hub, number, 2, BOTH, PHONE, ACCOUNT) == []
    shown = evidence(hub)
    assert hub.judge(judgement(CONFLICT, "uk-nca", ConflictOutcome.JOINT_INVESTIGATION, *shown)).combined == ()
    assert evidence(hub) == shown


def test_a_check_under_two_keys_is_told_that_its_value_is_common_though_few_hold_it_under_the_newer() -> None:
    hub = Hub()
    for number in range(CAP + 1):
        take(hub, number, 1, OLD, PHONE)
    asked = changed(None, AGENCIES[0], stated(CAP + 1, 1, BOTH, PHONE), 1)
    assert asked is not None
    told = hub.hold(replace(asked, record=replace(asked.record, kind=RecordKind.check)))
    assert told.no_hit is not None
    assert told.no_hit.suppressed == (en.IdentifierType.PHONE_E164,)


VALUES = st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.sampled_from("12")), max_size=3, unique=True)
SAID = st.lists(VALUES, min_size=len(IDS), max_size=len(IDS))


@settings(max_examples=200, deadline=None)
@given(SAID, st.permutations(CROWD), st.permutations(CROWD), st.data())
def test_agencies_that_rotate_one_before_the_other_lose_no_match_and_nobody_is_told_anything(
    said: list[list[tuple[str, str]]], joining: list[int], leaving: list[int], data: st.DataObject
) -> None:
    """Each record joins when its agency comes to it; once all have joined, each leaves at its next statement, or never."""
    hub = Hub()
    for number in CROWD:
        take(hub, number, 1, OLD, *said[number])
    stood, told = hub.stands(), len(hub.told)
    for number in joining:
        take(hub, number, 2, BOTH, *said[number])
        assert (hub.stands(), len(hub.told)) == (stood, told)
    for number in leaving[: data.draw(st.integers(0, len(IDS)))]:
        take(hub, number, 3, NEW, *said[number])
        assert (hub.stands(), len(hub.told)) == (stood, told)
    fresh = Hub()
    for number in CROWD:
        take(fresh, number, 1, OLD, *said[number])
    assert hub.stands() == fresh.stands()


@settings(max_examples=100, deadline=None)
@given(SAID, st.permutations(CROWD), st.integers(0, len(IDS) - 1))
def test_what_joins_at_any_stage_is_matched_as_before_any_rotation(
    said: list[list[tuple[str, str]]], order: list[int], joined: int
) -> None:
    """The last record is new: under both keys while older records are still under one of them."""
    hub, fresh = Hub(), Hub()
    *known, late = order
    for number in known:
        take(hub, number, 1, OLD, *said[number])
        take(fresh, number, 1, OLD, *said[number])
    for number in known[:joined]:
        take(hub, number, 2, BOTH, *said[number])
    take(hub, late, 1, BOTH, *said[late])
    take(fresh, late, 1, OLD, *said[late])
    assert hub.stands() == fresh.stands()
