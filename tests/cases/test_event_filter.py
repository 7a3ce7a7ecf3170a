"""What can be asked for among events: every event has its facts, and a filter finds by them and by nothing else."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from case_builders import CONTACT, MATCHED, NZ, UK, combined, hit, party, record_id
from hypothesis import given
from hypothesis import strategies as st
from wire.generated import any_payload

from casebus.cases.event_filter import EventFilter, Facts, facts_of, facts_of_unread, operation_of
from casebus.events import enumerations as en
from casebus.events.catalogue import partition_key
from casebus.events.envelope import Event
from casebus.events.types import (
    CaseClosed,
    ChildSafeguarded,
    DataAccessed,
    DeconflictionAcknowledged,
    DeconflictionResolved,
    Payload,
    TipWithdrawn,
)
from casebus.wire.ids import content_id

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOPIC = "casebus.nz-police.events"
ASKS = {
    "agencies": lambda facts: facts.agency,
    "types": lambda facts: facts.type,
    "actors": lambda facts: facts.actor,
    "operations": lambda facts: facts.operation,
    "outcomes": lambda facts: facts.outcome,
    "purposes": lambda facts: facts.purpose,
    "conflicts": lambda facts: facts.conflict,
    "tips": lambda facts: next(iter(facts.tips), None),
    "cases": lambda facts: next(iter(facts.cases), None),
    "checks": lambda facts: next(iter(facts.others), None),
}


def facts(payload: Payload, topic: str = TOPIC, at: datetime = AT) -> Facts:
    event = Event(content_id("event"), topic.split(".")[1], partition_key(payload), payload)
    return facts_of(event, topic=topic, position=3, appended_at=at, index=9)


@given(any_payload())
def test_every_event_has_facts_and_is_found_by_each_of_them(payload: Payload) -> None:
    found = facts(payload)
    assert (found.type, found.agency, found.index, found.position) == (type(payload).__name__, NZ, 9, 3)
    assert found.summary
    for name, said in ASKS.items():
        value = said(found)
        if value:
            assert EventFilter(**{name: (value,)}).accepts(found)
            assert EventFilter(**{name: ("elsewhere", value)}).accepts(found)
        assert not EventFilter(**{name: ("elsewhere",)}).accepts(found)
    assert EventFilter().accepts(found)


def test_every_condition_of_a_filter_is_tried_above() -> None:
    assert {field.name for field in fields(EventFilter)} == {"since", "until", *ASKS}


def test_all_conditions_hold_together() -> None:
    found = facts(TipWithdrawn(tip_id=record_id("a"), reason=en.WithdrawReason.ERROR))
    assert EventFilter(types=("TipWithdrawn",), tips=(record_id("a"),), outcomes=("error",)).accepts(found)
    assert not EventFilter(types=("TipWithdrawn",), tips=(record_id("b"),)).accepts(found)


def test_since_is_included_and_until_is_not() -> None:
    found = facts(CaseClosed(case_id=record_id("c"), reason=en.CaseCloseReason.CLOSED))
    assert EventFilter(since=AT, until=AT + timedelta(milliseconds=1)).accepts(found)
    assert not EventFilter(until=AT).accepts(found)
    assert not EventFilter(since=AT + timedelta(milliseconds=1)).accepts(found)


@pytest.mark.parametrize("word", ["JOINT_INVESTIGATION", "joint-investigation", "Joint investigation"])
def test_words_are_found_however_they_are_spelt(word: str) -> None:
    answer = DeconflictionResolved(
        conflict_id=record_id("k"), agency=NZ, revision=1, outcome=en.ConflictOutcome.JOINT_INVESTIGATION, actor="o"
    )
    assert EventFilter(outcomes=(word,)).accepts(facts(answer))


def test_ids_are_found_only_as_they_are() -> None:
    found = facts(TipWithdrawn(tip_id=record_id("a"), reason=en.WithdrawReason.ERROR))
    assert not EventFilter(tips=(record_id("a").upper(),)).accepts(found)
    assert not EventFilter(cases=(record_id("a"),)).accepts(found), "a tip is no case"


def test_a_match_names_both_records_and_a_copy_of_it_its_own_only() -> None:
    match = facts(combined(party(NZ, "a"), party(UK, "b")), "casebus.hub.events")
    assert match.tips == (record_id("a"), record_id("b"))
    copy = facts(hit(contact=CONTACT, matched=MATCHED), "casebus.nz-police.inbox")
    assert copy.records == (record_id("a"),)
    both = facts(hit(also_own_id=record_id("b")), "casebus.nz-police.inbox")
    assert set(both.tips) == {record_id("a"), record_id("b")}
    assert both.cases == (record_id("b"),), "of the second the event does not say what it is"


def test_reading_is_found_by_what_was_read() -> None:
    read = DataAccessed(
        operation=en.AccessOperation.CONSULTATION,
        actor="officer-1",
        purpose=en.Purpose.AUDIT,
        resource="ledger",
        references=(record_id("a"),),
        references_not_carried=0,
        fields=(),
    )
    assert EventFilter(tips=(record_id("a"),), operations=("consultation",), purposes=("audit",)).accepts(facts(read))


def test_an_own_answer_alters_and_the_partners_copy_of_it_discloses() -> None:
    answer = DeconflictionAcknowledged(conflict_id=record_id("k"), agency=NZ, revision=1, actor="officer-1")
    assert operation_of(answer) == "ALTERATION"
    assert operation_of(answer.model_copy(update={"actor": None})) == "DISCLOSURE"


def test_an_outcome_is_found_by_what_it_concerns_and_what_it_replaces() -> None:
    outcome = ChildSafeguarded(
        outcome_id=record_id("o2"),
        outcome_type=next(iter(en.SafeguardOutcome)),
        count=1,
        count_rule=next(iter(en.CountRule)),
        measures=(),
        country="NZ",
        record_ids=(record_id("a"),),
        credit=(),
        status=next(iter(en.OutcomeStatus)),
        supersedes=record_id("o1"),
    )
    found = facts(outcome)
    assert (found.tips, found.others) == ((record_id("a"),), (record_id("o2"), record_id("o1")))


@given(st.sampled_from(sorted(ASKS)))
def test_what_could_not_be_read_answers_only_where_and_when(name: str) -> None:
    unread = facts_of_unread("unsigned", topic=TOPIC, position=3, appended_at=AT, index=9)
    assert EventFilter(agencies=(NZ,), since=AT).accepts(unread)
    asked = EventFilter(**{name: ("x",)})
    assert not asked.accepts(unread)
    assert asked.asks_content == (name != "agencies")
    assert replace(asked, agencies=()).accepts_place(unread)


def test_a_topic_that_is_none_of_ours_belongs_to_nobody() -> None:
    assert facts_of_unread("x", topic="else", position=0, appended_at=AT).agency == ""
