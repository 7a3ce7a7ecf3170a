"""What the hub holds of one record, event by event, in order and overtaken."""

from datetime import UTC, datetime

import pytest
from case_builders import NZ, record_id
from hypothesis import given
from hypothesis import strategies as st

from casebus.cases.holding import Holding, changed
from casebus.events import enumerations as en
from casebus.events import types as t
from casebus.events.enumerations import PointerMode, Priority, RecordKind, ReferralClass, SubjectCategory, TriState
from casebus.wire.ids import content_id

TIP, CASE = record_id("tip"), record_id("case")


def sighting(name: str, subject: SubjectCategory = SubjectCategory.REPORTED_PERSON) -> t.Sighting:
    token = t.Token(family="email", epoch=1, value=content_id(name).replace("-", ""))
    return t.Sighting(
        sighting_id=content_id("sighting", name),
        subject_no=0,
        kind=en.IdentifierType.EMAIL,
        tokens=(token,),
        service=None,
        subject=subject,
        certainty=en.AssertionKind.OBSERVED_BY_PROVIDER,
        verified=TriState.NOT_STATED,
        seen_at=None,
    )


HANDLING = t.Handling(
    tlp=en.Tlp.AMBER, pointer=PointerMode.OPEN, releasable_to=(),
    evidential_use=en.EvidentialUse.INTELLIGENCE_ONLY, purpose=en.Purpose.INVESTIGATION,
)  # fmt: skip
NOBODY = t.PossibleChild(answer=TriState.NOT_STATED, indicators=())
OPENED_AT = t.TimeStatement(
    meaning=en.TimeMeaning.OPENED, instant=datetime(2026, 1, 1, tzinfo=UTC), raw=None, stated_offset_minutes=None,
    quality=en.TimeQuality.EXACT_OFFSET,
)  # fmt: skip


def content(*names: str, **more: object) -> t.TipContent:
    usual: dict[str, object] = {
        "source": en.TipSource.ESP_VIA_NCMEC, "source_report": (), "prior_reports": (),
        "referral_class": ReferralClass.REFERRAL, "category": en.IncidentCategory.OTHER, "annotations": (),
        "unmapped_annotations": 0, "media": (), "provider_escalated": False,
        "police_already_involved": TriState.NO, "account_user_notified": TriState.NO, "times": (), "countries": (),
        "subjects": 1, "sightings": tuple(map(sighting, names)), "sightings_not_carried": 0, "possible_child": NOBODY,
        "files": t.FileCounts(total=0, viewed_yes=0, viewed_no=0, viewed_not_stated=0), "priority": Priority.MEDIUM,
        "priority_basis": (), "grading": None, "handling": HANDLING,
    }  # fmt: skip
    return t.TipContent(**(usual | more))  # type: ignore[arg-type]


def received(*names: str, **more: object) -> t.Payload:
    return t.TipReceived(tip_id=TIP, content=content(*names, **more))


def amended(revision: int, *names: str, **more: object) -> t.Payload:
    reason = en.AmendReason.CONTENT_CHANGED
    return t.TipAmended(tip_id=TIP, revision=revision, reason=reason, content=content(*names, **more))


def opened(*names: str, **more: object) -> t.Payload:
    usual: dict[str, object] = {
        "case_id": CASE, "category": en.IncidentCategory.OTHER, "backlog": False, "opened_at": OPENED_AT,
        "priority": Priority.MEDIUM, "possible_child": NOBODY, "sightings": tuple(map(sighting, names)),
        "sightings_not_carried": 0, "grading": None, "handling": HANDLING,
    }  # fmt: skip
    return t.CaseOpened(**(usual | more))  # type: ignore[arg-type]


def corrected(wrong: str, right: str | None, kind: RecordKind = RecordKind.case) -> t.Payload:
    return t.IdentifierCorrected(
        record_kind=kind,
        record_id=CASE if kind is RecordKind.case else TIP,
        sighting_id=sighting(wrong).sighting_id,
        reason=en.CorrectionReason.TRANSCRIPTION,
        replacement=sighting(right) if right else None,
    )


WITHDRAWN = t.TipWithdrawn(tip_id=TIP, reason=en.WithdrawReason.ERROR)
CLOSED = t.CaseClosed(case_id=CASE, reason=en.CaseCloseReason.CLOSED)


def held(*events: t.Payload | tuple[int, t.Payload]) -> Holding:
    """Return what is held after events in the order given, each at its place on the topic (the next one, if not said)."""
    holding: Holding | None = None
    for number, event in enumerate(events):
        position, payload = event if isinstance(event, tuple) else (number, event)
        after = changed(holding, NZ, payload, position)
        assert after is not None
        holding = after
    assert holding is not None
    return holding


def names(holding: Holding) -> set[str]:
    known = {sighting(name).sighting_id: name for name in "abcdef"}
    return {known[sighting_id] for sighting_id in holding.sighting_ids}


@given(st.permutations([received("a"), amended(2, "a", "b"), amended(3, "c"), amended(4, "d")]))
def test_the_newest_revision_stands_in_whatever_order_they_came(events: list[t.Payload]) -> None:
    holding = held(*events)
    assert holding.record.revision == 4
    assert names(holding) == {"d"}


def test_the_same_event_again_changes_nothing() -> None:
    once = held(received("a"))
    assert changed(once, NZ, received("a"), 1) is once
    case = held(opened("a"))
    assert changed(case, NZ, opened("a", "b"), 1) is case, "an open case changes by corrections and later revisions"


@given(
    st.permutations([opened("a"), opened("a", "b", revision=2), opened("c", revision=5, priority=Priority.IMMEDIATE)])
)
def test_the_newest_revision_of_a_case_stands_in_whatever_order_they_came(events: list[t.Payload]) -> None:
    """An escalation overtakes what is parked; what is released later does not undo it."""
    holding = held(*events)
    assert (holding.record.revision, names(holding)) == (5, {"c"})
    assert holding.record.immediate_risk


def test_a_correction_that_stood_before_the_content_is_contained_in_it() -> None:
    """It was parked, and the escalation overtook it: it does not bring the wrong identifier in again."""
    escalated = (2, opened("c", revision=3))
    assert names(held((0, opened("a")), escalated, (1, corrected("a", "b")))) == {"c"}
    assert names(held((0, opened("a")), escalated, (3, corrected("c", "d")))) == {"d"}


def test_an_ended_record_takes_no_part_and_may_be_opened_again() -> None:
    assert not held(received("a"), WITHDRAWN).record.open
    assert not held(opened("a"), CLOSED).record.open
    assert held(received("a"), WITHDRAWN, amended(3, "b")).record.open
    again = held(opened("a"), CLOSED, opened("b", revision=3))
    assert again.record.open
    assert names(again) == {"b"}


def test_a_record_that_ends_before_it_was_seen_is_remembered_as_ended() -> None:
    assert not held((1, WITHDRAWN)).record.open
    assert not held((1, CLOSED)).record.open


@pytest.mark.parametrize("parked", [received("a"), amended(2, "a"), amended(3, "a")])
def test_what_stood_before_a_withdrawal_does_not_bring_the_tip_back(parked: t.Payload) -> None:
    assert not held((5, WITHDRAWN), (4, parked)).record.open
    assert not held((0, received("a")), (5, WITHDRAWN), (3, parked), (4, amended(4, "a"))).record.open


def test_what_stood_before_a_closure_does_not_bring_the_case_back() -> None:
    assert not held((5, CLOSED), (4, opened("a"))).record.open


def test_a_correction_takes_one_identifier_out_and_puts_its_replacement_in() -> None:
    assert names(held(opened("a", "b"), corrected("a", "c"))) == {"b", "c"}
    assert names(held(opened("a", "b"), corrected("a", None))) == {"b"}
    assert names(held(received("a", "b"), corrected("b", None, RecordKind.tip))) == {"a"}


def test_a_correction_that_puts_a_compromised_account_in_marks_a_possible_child_as_an_amendment_does() -> None:
    account = sighting("c").model_copy(update={"subject": en.SubjectCategory.POSSIBLE_VICTIM_ACCOUNT_COMPROMISED})
    correction = corrected("a", "c", RecordKind.tip).model_copy(update={"replacement": account})
    assert held(received("a"), correction).record.possible_child
    assert not held(received("a"), corrected("a", "c", RecordKind.tip)).record.possible_child


def test_a_correction_of_nothing_puts_an_identifier_in_once() -> None:
    added = held(opened("a"), corrected("b", "b"))
    assert names(added) == {"a", "b"}
    assert held(opened("a"), corrected("b", "b"), corrected("b", "b")).sighting_ids == added.sighting_ids


def test_a_correction_of_a_record_that_is_not_held_is_not_passed_over_in_silence() -> None:
    assert changed(None, NZ, corrected("a", None), 0) is None, "the consumer parks it"


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["a", "b", "c", "d", None])), max_size=6))
def test_ids_and_sightings_stay_in_step(corrections: list[tuple[str, str | None]]) -> None:
    holding = held(opened("a", "b"), *(corrected(wrong, right) for wrong, right in corrections))
    by_id = dict(zip(holding.sighting_ids, holding.record.sightings, strict=True))
    for name in names(holding):
        (token,) = by_id[sighting(name).sighting_id].tokens
        assert token.value == f"1:{sighting(name).tokens[0].value}"


def test_what_matching_needs_is_taken_over() -> None:
    urgent = held(received("a", priority=Priority.IMMEDIATE)).record
    assert (urgent.immediate_risk, urgent.high_priority, urgent.kind) == (True, True, RecordKind.tip)
    assert held(received("a", priority=Priority.HIGH)).record.high_priority
    assert not held(received("a")).record.high_priority
    assert not held(received("a", referral_class=ReferralClass.BATCHED_VIRAL)).record.matchable
    silent = HANDLING.model_copy(update={"pointer": PointerMode.SILENT})
    assert held(received("a", handling=silent)).record.pointer is PointerMode.SILENT
    report = t.Token(family="source_report", epoch=1, value="0" * 32)
    assert held(received("a", source_report=(report,))).record.source_report == ("1:" + "0" * 32,)
    backlog = held(opened("a", backlog=True, priority=Priority.IMMEDIATE)).record
    assert (backlog.backlog, backlog.immediate_risk, backlog.kind) == (True, True, RecordKind.case)


def test_a_compromised_accounts_holder_may_be_a_child() -> None:
    compromised = sighting("a", SubjectCategory.POSSIBLE_VICTIM_ACCOUNT_COMPROMISED)
    assert held(received(sightings=(compromised,))).record.possible_child
    child = t.PossibleChild(answer=TriState.YES, indicators=(en.ChildIndicator.MINOR_TO_MINOR,))
    assert held(received("a", possible_child=child)).record.possible_child
    assert not held(received("a")).record.possible_child


def test_an_event_about_no_record_changes_none() -> None:
    check = t.WelfareCheckCompleted(check_id=TIP, result=en.WelfareResult.SAFE_WITH_PLAN)
    assert changed(None, NZ, check, 0) is None
