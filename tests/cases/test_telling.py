"""Every event is told in one sentence, and the sentence gives nothing away."""

import re

import pytest
from case_builders import NZ, UK, combined, hit, party
from hypothesis import given, settings
from hypothesis import strategies as st
from wire.generated import payloads

from casebus.cases.telling import summary
from casebus.events import enumerations as en
from casebus.events import types as t
from casebus.events.catalogue import CATALOGUE

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TOKEN = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize("name", CATALOGUE)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_event_is_told_in_one_printable_sentence(name: str, data: st.DataObject) -> None:
    told = summary(data.draw(payloads(CATALOGUE[name].model)))
    assert told.isprintable(), "a line break or an escape sequence of a partner's would reach an officer's terminal"
    assert told != name, "the type's name alone is no sentence"
    assert told[0].islower() or told[0].isdigit()
    assert told == told.strip()


@pytest.mark.parametrize("name", sorted(set(CATALOGUE) - {"DataAccessed", "DataDisclosed", "RecordParked"}))
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_sentence_holds_no_id_and_no_token(name: str, data: st.DataObject) -> None:
    payload = data.draw(payloads(CATALOGUE[name].model))
    told = summary(payload)
    carried = set(UUID.findall(payload.model_dump_json())) | set(TOKEN.findall(payload.model_dump_json()))
    assert not any(secret in told for secret in carried)


def test_children_are_counted_with_their_rule() -> None:
    assert summary(t.ChildSafeguarded(
        outcome_id="00000000-0000-8000-8000-000000000000", outcome_type=en.SafeguardOutcome.LOCATED_MISSING, count=1,
        count_rule=en.CountRule.DISTINCT_CHILDREN, measures=(), country=None, record_ids=(), credit=(),
        status=en.OutcomeStatus.CONFIRMED, supersedes=None,
    )) == "1 child safeguarded: located missing (distinct children, confirmed)"  # fmt: skip


def test_an_overlap_is_never_told_as_more_than_possible() -> None:
    """Of people only: that two agencies hold one report is a fact."""
    for overlap in en.Overlap:
        is_fact = overlap is en.Overlap.same_source_report
        for payload in (hit(overlap=overlap), combined(party(NZ, "one"), party(UK, "two"), overlap=overlap)):
            assert ("possible" in summary(payload)) is not is_fact
