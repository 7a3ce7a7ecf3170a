"""An own record as its events make it: what the node keeps while it drafts is what a reader of the bus makes."""

from collections.abc import Sequence
from functools import reduce

import pytest
from agency_harness import Known, drafting_of
from case_builders import NZ, record_id
from hub_harness import SCHEMAS, content
from hypothesis import given
from hypothesis import strategies as st
from wire.generated import any_payload

from casebus.cases.standing import StandingRecord, payload_digest, record_of, standing_after
from casebus.errors import WireError
from casebus.events import enumerations as en
from casebus.events.types import (
    ChildSafeguarded,
    IdentifierCorrected,
    Payload,
    TipAmended,
    TipReceived,
    TipWithdrawn,
    WelfareCheckCompleted,
    WelfareCheckRequested,
)
from casebus.intake.adapter import Identifier, RecordKey, TipDraft, TipWithdrawal
from casebus.wire.codec import decode, encode

TIP = record_id("a")
WITHDRAWN = TipWithdrawn(tip_id=TIP, reason=en.WithdrawReason.ERROR)
KEY = RecordKey("ncmec", "1")


def received(label: str = "x") -> TipReceived:
    return TipReceived(tip_id=TIP, content=content(label, {"email": label}))


def amended(revision: int, label: str) -> TipAmended:
    return TipAmended(
        tip_id=TIP, revision=revision, reason=en.AmendReason.CONTENT_CHANGED, content=content(label, {"email": label})
    )


def corrected(name: str) -> IdentifierCorrected:
    return IdentifierCorrected(
        record_kind=en.RecordKind.tip,
        record_id=TIP,
        sighting_id=record_id(name),
        reason=en.CorrectionReason.TRANSCRIPTION,
        replacement=None,
    )


def requested(revision: int, children: int = 1) -> WelfareCheckRequested:
    return WelfareCheckRequested(
        check_id=TIP,
        revision=revision,
        record_ids=(),
        response_class=next(iter(en.ResponseClass)),
        children=children,
        country="NZ",
        self_harm_risk=en.TriState.NO,
    )


def stands(*payloads: Payload) -> StandingRecord:
    found = reduce(lambda before, payload: standing_after(before, NZ, payload), payloads, None)
    assert found is not None
    return found


@given(any_payload())
def test_a_payload_has_one_digest_before_it_is_written_and_after_it_is_read(payload: Payload) -> None:
    schema = SCHEMAS.for_type(type(payload).__name__)
    try:
        data = encode(payload, schema)
    except WireError:
        return  # larger than what the bus carries
    assert payload_digest(decode(data, schema, SCHEMAS)) == payload_digest(payload)


@given(any_payload(), any_payload())
def test_two_payloads_have_one_digest_only_if_they_say_the_same(one: Payload, other: Payload) -> None:
    assert (payload_digest(one) == payload_digest(other)) == (one == other and type(one) is type(other))


def test_a_field_that_a_later_version_adds_changes_no_digest() -> None:
    assert '"revision"' not in requested(1).model_dump_json(exclude_defaults=True)
    assert payload_digest(requested(1)) != payload_digest(requested(2))


@given(any_payload())
def test_only_what_is_about_an_own_record_makes_one(payload: Payload) -> None:
    found = standing_after(None, NZ, payload)
    named = record_of(payload)
    assert (found is not None) == (named is not None and not isinstance(payload, IdentifierCorrected))
    if found is not None:
        assert (found.agency, found.record_id) == (NZ, named)


def test_content_is_replaced_by_a_later_revision_only() -> None:
    assert (stands(received()).revision, stands(received()).open) == (1, True)
    assert stands(received("x"), amended(2, "y")).digest == payload_digest(amended(2, "y"))
    assert stands(received("x"), amended(3, "y"), amended(2, "z")) == stands(received("x"), amended(3, "y"))


def test_a_withdrawn_tip_stands_without_its_content_whichever_came_first() -> None:
    """What was found by nobody any more must not depend on the order in which two documents arrived."""
    late, early = stands(received(), WITHDRAWN), stands(WITHDRAWN)
    assert (
        (late.revision, late.digest, late.open)
        == (early.revision, early.digest, early.open)
        == (
            2,
            payload_digest(WITHDRAWN),
            False,
        )
    )
    assert stands(received(), WITHDRAWN, amended(3, "y")).open, "the source says something new"


def test_the_same_two_documents_in_either_order_leave_the_same_behind() -> None:
    tip = TipDraft(KEY, content("x", {}), (Identifier(en.IdentifierType.EMAIL, "a@example.org", 0),))
    withdrawal = TipWithdrawal(KEY, en.WithdrawReason.ERROR)
    ends = []
    for drafts in ((tip, withdrawal), (withdrawal, tip)):
        known = Known(drafting_of())
        known.draft(*drafts)
        (record,) = known.records.values()
        standing = record.standing(NZ)
        ends.append((standing.revision, standing.digest, standing.open))
    assert ends[0] == ends[1]


def test_each_correction_counts_and_their_order_too() -> None:
    one = stands(received(), corrected("s"))
    assert one.revision == 1
    digests = {
        stands(received()).digest,
        one.digest,
        stands(received(), corrected("t")).digest,
        stands(received(), corrected("s"), corrected("t")).digest,
        stands(received(), corrected("t"), corrected("s")).digest,
    }
    assert len(digests) == 5
    assert standing_after(None, NZ, corrected("s")) is None


@pytest.mark.parametrize("order", ["request first", "completion first"])
def test_a_check_that_was_completed_waits_for_nothing(order: str) -> None:
    done = WelfareCheckCompleted(check_id=TIP, result=next(iter(en.WelfareResult)))
    record = stands(requested(1), done) if order == "request first" else stands(done, requested(3))
    assert not record.open
    again = standing_after(record, NZ, requested(record.revision + 1, children=2))
    assert again is not None
    assert again.open, "another request of the same check is waited for"


def test_an_outcome_that_is_restated_is_a_revision() -> None:
    outcome = ChildSafeguarded(
        outcome_id=TIP,
        outcome_type=next(iter(en.SafeguardOutcome)),
        count=1,
        count_rule=next(iter(en.CountRule)),
        measures=(),
        country="NZ",
        record_ids=(),
        credit=(),
        status=next(iter(en.OutcomeStatus)),
        supersedes=None,
    )
    restated = stands(outcome, outcome.model_copy(update={"count": 2}))
    assert (restated.revision, restated.open) == (2, True)
    assert restated.digest != stands(outcome).digest


@given(st.lists(st.sampled_from(["tip", "withdraw", "other"]), max_size=6))
def test_the_node_keeps_of_a_record_what_its_events_make_of_it(said: Sequence[str]) -> None:
    drafts = {
        "tip": TipDraft(KEY, content("x", {})),
        "other": TipDraft(KEY, content("y", {}), (Identifier(en.IdentifierType.EMAIL, "a@example.org", 0),)),
        "withdraw": TipWithdrawal(KEY, en.WithdrawReason.ERROR),
    }
    known = Known(drafting_of())
    events = known.draft(*(drafts[each] for each in said))
    for record in known.records.values():
        assert record.standing(NZ) == stands(*(event.payload for event in events))
