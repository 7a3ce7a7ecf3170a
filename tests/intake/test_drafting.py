"""Drafting: what documents say becomes events with keyed ids, revisions and corrections."""

from dataclasses import replace

import pytest
from agency_harness import Known, drafting_of
from hub_harness import DIA, NZ, content, sealer

from casebus import keys
from casebus.bus.log import MAX_VALUE_BYTES, events_topic
from casebus.cases.holding import changed
from casebus.events import enumerations as en
from casebus.events.types import (
    MAX_SIGHTINGS,
    CaseClosed,
    CaseOpened,
    IdentifierCorrected,
    PossibleChild,
    TipAmended,
    TipReceived,
    TipWithdrawn,
    WelfareCheckRequested,
)
from casebus.intake.adapter import (
    CaseClosure,
    CaseDraft,
    Identifier,
    RecordKey,
    SafeguardDraft,
    TipDraft,
    TipWithdrawal,
    WelfareCompletionDraft,
    WelfareRequestDraft,
)
from casebus.intake.content import MAX_TOKENS_IN_ALL
from casebus.intake.drafting import Drafting
from casebus.intake.reports import handling
from casebus.intake.times import missing
from casebus.matching.tokens import Tokenised, Tokeniser

KEY = RecordKey("ncmec", "900000001")
PHONE, OTHER_PHONE = "+64 21 555 0101", "+64 21 555 0102"


def phone(value: str, subject_no: int = 0) -> Identifier:
    return Identifier(en.IdentifierType.PHONE_E164, value, subject_no)


def email(value: str, subject_no: int = 0) -> Identifier:
    return Identifier(en.IdentifierType.EMAIL, value, subject_no)


def tip_of(*identifiers: Identifier, key: RecordKey = KEY) -> TipDraft:
    return TipDraft(key, content("x", {}), identifiers)


def case_of(*identifiers: Identifier) -> CaseDraft:
    return CaseDraft(
        key=RecordKey("dia-case", "C-1"),
        category=en.IncidentCategory.ONLINE_ENTICEMENT,
        backlog=True,
        opened_at=missing(en.TimeMeaning.OPENED),
        priority=en.Priority.MEDIUM,
        possible_child=PossibleChild(answer=en.TriState.NOT_STATED, indicators=()),
        grading=None,
        handling=handling(),
        identifiers=identifiers,
    )


CLOSURE = CaseClosure(RecordKey("dia-case", "C-1"), en.CaseCloseReason.CLOSED)


def test_content_that_flips_makes_three_distinct_revisions() -> None:
    """A, B, A again: received, amended, amended; the third is not the first, and B again is nothing new."""
    a, b = tip_of(phone(PHONE)), tip_of(phone(OTHER_PHONE))
    events = Known(drafting_of()).draft(a, a, b, b, a)
    assert [type(event.payload) for event in events] == [TipReceived, TipAmended, TipAmended]
    assert [getattr(event.payload, "revision", 1) for event in events] == [1, 2, 3]
    assert len({event.id for event in events}) == 3
    assert len({event.partition_key for event in events}) == 1


def test_ids_are_the_same_under_one_id_key_and_differ_under_another() -> None:
    """Event, tip and sighting ids: two runs agree, two agencies with one report number have nothing in common."""

    def ids(label: str) -> set[str]:
        (event,) = Known(drafting_of(id_label=label)).draft(tip_of(phone(PHONE)))
        assert isinstance(event.payload, TipReceived)
        return {event.id, event.payload.tip_id, event.payload.content.sightings[0].sighting_id}

    assert ids("id/nz-police") == ids("id/nz-police")
    assert len(ids("id/nz-police")) == 3
    assert not ids("id/nz-police") & ids("id/uk-nca")


def test_tokens_are_the_same_at_every_agency() -> None:
    """They share the token key, whatever their id keys; the report's token too."""
    draft = replace(tip_of(phone(PHONE)), source_report=KEY)
    made = [Known(drafting_of(agency)).draft(draft)[0].payload for agency in (NZ, DIA)]
    tokens = [(p.content.sightings[0].tokens, p.content.source_report) for p in made if isinstance(p, TipReceived)]
    assert tokens[0] == tokens[1]
    assert tokens[0][0]


def test_no_event_holds_what_was_written() -> None:
    """Nor the report's number."""
    (event,) = Known(drafting_of()).draft(replace(tip_of(phone(PHONE), email("canary@example.org")), source_report=KEY))
    text = event.payload.model_dump_json() + event.id + event.partition_key
    assert not [value for value in ("555", "canary", KEY.number) if value in text]


WITHDRAWAL = TipWithdrawal(KEY, en.WithdrawReason.ERROR)


def test_a_withdrawal_before_its_tip_is_told_and_the_tip_stays_withdrawn() -> None:
    """Documents were reordered: what arrives afterwards makes no event, however often; other content does."""
    known = Known(drafting_of())
    events = known.draft(WITHDRAWAL, tip_of(phone(PHONE)), tip_of(phone(PHONE)), WITHDRAWAL)
    assert [event.type for event in events] == ["TipWithdrawn"]
    (record,) = known.records.values()
    assert not record.open
    (later,) = known.draft(tip_of(phone(OTHER_PHONE)))
    assert isinstance(later.payload, TipAmended)
    (record,) = known.records.values()
    assert record.open
    held = None
    for position, event in enumerate([*events, later]):
        held = changed(held, NZ, event.payload, position)
    assert held is not None
    assert held.record.open, "the hub, which counts the withdrawal as revision 2, takes the amendment"


def test_a_withdrawal_is_told_once_and_a_late_copy_of_the_tip_does_not_undo_it() -> None:
    """Other content does bring the tip back: the source says something new."""
    known = Known(drafting_of())
    events = known.draft(tip_of(), WITHDRAWAL, WITHDRAWAL, tip_of())
    assert [type(event.payload) for event in events] == [TipReceived, TipWithdrawn]
    (again,) = known.draft(tip_of(phone(PHONE)))
    assert isinstance(again.payload, TipAmended)
    assert again.payload.revision == 3


ESCALATIONS = {
    "priority": {"priority": en.Priority.IMMEDIATE},
    "pointer": {"handling": handling(pointer=en.PointerMode.SILENT)},
    "mark": {"handling": handling(tlp=en.Tlp.RED)},
    "child": {"possible_child": PossibleChild(answer=en.TriState.YES, indicators=(en.ChildIndicator.AGENCY_ASSESSED,))},
    "category": {"category": en.IncidentCategory.CONTACT_SEXUAL_ABUSE},
    "backlog": {"backlog": False},
}


@pytest.mark.parametrize("other", ESCALATIONS.values(), ids=ESCALATIONS)
def test_a_case_that_is_escalated_is_told_anew_in_full(other: dict[str, object]) -> None:
    """Under a later revision, with its identifiers; the same once more is nothing new, and back again is a third."""
    first = case_of(phone(PHONE))
    escalated = replace(first, **other)  # type: ignore[arg-type]
    events = Known(drafting_of(DIA)).draft(first, escalated, escalated, first)
    payloads = [event.payload for event in events]
    assert [(type(p), getattr(p, "revision", None)) for p in payloads] == [(CaseOpened, n) for n in (1, 2, 3)]
    assert len({event.id for event in events}) == 3
    opened = payloads[1]
    assert isinstance(opened, CaseOpened)
    assert opened.sightings == getattr(payloads[0], "sightings", None)
    assert {name: getattr(opened, name) for name in other} == other


def test_a_case_that_is_escalated_with_another_phone_is_one_event() -> None:
    """It replaces the case with its identifiers; the next correction starts from those."""
    first, then = case_of(phone(PHONE)), replace(case_of(phone(OTHER_PHONE)), priority=en.Priority.IMMEDIATE)
    events = Known(drafting_of(DIA)).draft(first, then, replace(then, identifiers=(phone(PHONE),)))
    assert [type(event.payload) for event in events] == [CaseOpened, CaseOpened, IdentifierCorrected]
    assert isinstance(events[1].payload, CaseOpened)
    assert getattr(events[2].payload, "sighting_id", None) == events[1].payload.sightings[0].sighting_id


def test_a_case_that_is_corrected_closed_and_opened_again_bears_a_later_revision() -> None:
    """Later than whatever the hub may have counted meanwhile."""
    a, b = case_of(phone(PHONE)), case_of(phone(OTHER_PHONE))
    events = Known(drafting_of(DIA)).draft(a, b, CLOSURE, b)
    held = None
    for position, event in enumerate(events):
        held = changed(held, DIA, event.payload, position)
    assert held is not None
    assert held.record.open
    assert [getattr(event.payload, "revision", None) for event in events] == [1, None, None, 4]


@pytest.mark.parametrize("tlp", list(en.Tlp))
def test_an_event_bears_the_mark_of_its_tip_or_case(tlp: en.Tlp) -> None:
    marked = handling(tlp=tlp)
    tip = replace(tip_of(), content=tip_of().content.model_copy(update={"handling": marked}))
    amended = replace(tip, identifiers=(phone(PHONE),))
    events = Known(drafting_of()).draft(tip, amended, replace(case_of(), handling=marked))
    assert [event.classification for event in events] == [tlp] * 3
    assert {event.classification for event in Known(drafting_of()).draft(WITHDRAWAL, WELFARE, OUTCOME)} == {
        en.Tlp.AMBER
    }


def corrections(*registers: CaseDraft) -> list[IdentifierCorrected]:
    events = Known(drafting_of(DIA)).draft(*registers)
    assert isinstance(events[0].payload, CaseOpened)
    assert {event.partition_key for event in events} == {events[0].partition_key}
    assert len({event.id for event in events}) == len(events)
    return [event.payload for event in events if isinstance(event.payload, IdentifierCorrected)]


def test_another_phone_in_the_register_is_a_correction_with_its_replacement() -> None:
    """It names the sighting that was wrong; what did not change is not mentioned."""
    (correction,) = corrections(
        case_of(phone(PHONE), email("a@example.org")), case_of(phone(OTHER_PHONE), email("a@example.org"))
    )
    before = Known(drafting_of(DIA)).draft(case_of(phone(PHONE)))[0].payload
    assert isinstance(before, CaseOpened)
    assert correction.sighting_id == before.sightings[0].sighting_id
    assert correction.replacement is not None
    assert correction.replacement.kind is en.IdentifierType.PHONE_E164
    assert correction.replacement.tokens != before.sightings[0].tokens


def test_a_phone_that_went_is_a_correction_to_null() -> None:
    (correction,) = corrections(case_of(phone(PHONE), email("a@example.org")), case_of(email("a@example.org")))
    assert correction.replacement is None


def test_an_identifier_that_came_is_a_correction_of_itself() -> None:
    (correction,) = corrections(case_of(phone(PHONE)), case_of(phone(PHONE), email("a@example.org")))
    assert correction.replacement is not None
    assert correction.sighting_id == correction.replacement.sighting_id


def test_a_replacement_is_of_the_same_person_and_kind() -> None:
    """An e-mail does not replace a phone, nor one person's phone another's."""
    first, then = case_of(phone(PHONE, 0), phone(PHONE, 1)), case_of(phone(OTHER_PHONE, 1), email("a@example.org", 0))
    made = corrections(first, then)
    assert [(c.replacement.kind, c.replacement.subject_no) if c.replacement else None for c in made] == [
        None,
        (en.IdentifierType.PHONE_E164, 1),
        (en.IdentifierType.EMAIL, 0),
    ]


def test_a_correction_back_and_forth_makes_distinct_events() -> None:
    """Register A, B, A, B: three corrections, none taken for another."""
    a, b = case_of(phone(PHONE)), case_of(phone(OTHER_PHONE))
    assert len(corrections(a, b, a, b)) == 3


def test_a_case_that_closes_and_opens_again() -> None:
    """Closed once, however often the register says so; opened again it is an open case with its sightings."""
    opened = case_of(phone(PHONE))
    events = Known(drafting_of(DIA)).draft(opened, CLOSURE, CLOSURE, opened, opened)
    assert [type(event.payload) for event in events] == [CaseOpened, CaseClosed, CaseOpened]
    assert len({event.id for event in events}) == 3


def test_a_closed_case_that_was_never_open_is_nothing_to_tell() -> None:
    """A register lists them by the hundred."""
    assert Known(drafting_of(DIA)).draft(CLOSURE) == []


@pytest.mark.parametrize("number", [MAX_SIGHTINGS, MAX_SIGHTINGS + 1, MAX_SIGHTINGS + 30])
def test_the_first_500_identifiers_are_carried_and_the_rest_counted(number: int) -> None:
    """In the document's order."""
    identifiers = [email(f"person{n}@example.org", n) for n in range(number)]
    (event,) = Known(drafting_of()).draft(tip_of(*identifiers))
    assert isinstance(event.payload, TipReceived)
    carried = event.payload.content.sightings
    assert [sighting.subject_no for sighting in carried] == list(range(MAX_SIGHTINGS))
    assert event.payload.content.sightings_not_carried == number - MAX_SIGHTINGS


def test_the_largest_event_fits_into_a_record() -> None:
    """As many sightings as an event carries, as many tokens as they may have in all; names longer than any in use."""
    priors = tuple(RecordKey("ncmec", str(number)) for number in range(100))
    draft = replace(tip_of(email("one@example.org")), source_report=RecordKey("ncmec", "1"), prior_reports=priors)
    (event,) = Known(drafting_of(epochs=(1, 2))).draft(draft)
    assert isinstance(event.payload, TipReceived)
    content = event.payload.content
    one, each = content.sightings[0], MAX_TOKENS_IN_ALL // MAX_SIGHTINGS
    tokens = tuple(one.tokens[0].model_copy(update={"family": "f" * 20, "epoch": 1000 + n}) for n in range(each))
    many = tuple(
        one.model_copy(update={"tokens": tokens, "service": "s" * 40, "subject_no": 99_000 + n})
        for n in range(MAX_SIGHTINGS)
    )
    payload = event.payload.model_copy(update={"content": content.model_copy(update={"sightings": many})})
    sealed = sealer(NZ).seal(replace(event, payload=payload), events_topic(NZ), 1)
    assert len(sealed.value) <= MAX_VALUE_BYTES


class Counting(Tokeniser):
    """A tokeniser that counts what it was asked for."""

    asked = 0

    def tokens(self, identifier: Identifier, region: str) -> Tokenised:
        self.asked += 1
        return super().tokens(identifier, region)


def test_what_is_not_carried_is_not_tokenised() -> None:
    """And what is stated twice does not use the room up."""
    tokeniser = Counting({1: keys.training_secret("token")})
    identifiers = [email(f"person{n // 2}@example.org", n // 2) for n in range(2 * (MAX_SIGHTINGS + 30))]
    (event,) = Known(Drafting(NZ, "NZ", keys.training_secret("id"), tokeniser)).draft(tip_of(*identifiers))
    assert tokeniser.asked == MAX_SIGHTINGS
    assert isinstance(event.payload, TipReceived)
    assert len(event.payload.content.sightings) == MAX_SIGHTINGS
    assert event.payload.content.sightings_not_carried == 30


def test_an_identifier_that_is_stated_twice_is_one_sighting() -> None:
    (event,) = Known(drafting_of()).draft(tip_of(phone(PHONE), phone(PHONE)))
    assert isinstance(event.payload, TipReceived)
    assert len(event.payload.content.sightings) == 1


WELFARE = WelfareRequestDraft(
    RecordKey("nzp", "WR-1"), (KEY,), en.ResponseClass.NZ_CRITICAL_24H, 1, "NZ", en.TriState.NOT_STATED
)
COMPLETED = WelfareCompletionDraft(RecordKey("nzp", "WR-1"), en.WelfareResult.SAFE_WITH_PLAN)
OUTCOME = SafeguardDraft(
    key=RecordKey("nzp", "OR-1"),
    outcome_type=en.SafeguardOutcome.SAFEGUARDED_FROM_POTENTIAL_ABUSE,
    count=1,
    count_rule=en.CountRule.DISTINCT_CHILDREN,
    measures=(),
    country="NZ",
    concerning=(KEY,),
    credit=(),
    status=en.OutcomeStatus.CONFIRMED,
    supersedes=None,
)


def test_a_welfare_check_is_asked_for_and_completed_once() -> None:
    """And concerns a tip by the id that the tip has, whether it arrived before or after."""
    known = Known(drafting_of())
    events = known.draft(WELFARE, COMPLETED, WELFARE, COMPLETED, OUTCOME, OUTCOME, tip_of())
    assert [event.type for event in events] == [
        "WelfareCheckRequested",
        "WelfareCheckCompleted",
        "ChildSafeguarded",
        "TipReceived",
    ]
    assert events[0].partition_key == events[1].partition_key
    tip = events[3].payload
    assert isinstance(tip, TipReceived)
    assert (
        getattr(events[0].payload, "record_ids", None)
        == getattr(events[2].payload, "record_ids", None)
        == (tip.tip_id,)
    )


def test_an_outcome_that_is_restated_is_another_event() -> None:
    """Two reports for the same child, counted anew: the number changes, hence the content."""
    events = Known(drafting_of()).draft(OUTCOME, replace(OUTCOME, count=2), OUTCOME)
    assert len({event.id for event in events}) == 3


RAISED = {
    "class": {"response_class": en.ResponseClass.OTHER},
    "children": {"children": 3},
    "risk": {"self_harm_risk": en.TriState.YES},
}


@pytest.mark.parametrize("other", RAISED.values(), ids=RAISED)
def test_a_welfare_request_that_is_raised_is_told_under_the_next_revision(other: dict[str, object]) -> None:
    """After its completion too: it is then asked for again, and may be completed again."""
    raised = replace(WELFARE, **other)  # type: ignore[arg-type]
    events = Known(drafting_of()).draft(WELFARE, raised, raised)
    assert [getattr(event.payload, "revision", None) for event in events] == [1, 2]
    assert isinstance(events[1].payload, WelfareCheckRequested)
    assert {name: getattr(events[1].payload, name) for name in other} == other
    assert len({event.id for event in events}) == 2
    events = Known(drafting_of()).draft(WELFARE, COMPLETED, raised, COMPLETED)
    assert [event.type for event in events] == ["WelfareCheckRequested", "WelfareCheckCompleted"] * 2
    assert len({event.id for event in events}) == 4


def test_a_completion_before_its_request_is_told_and_so_is_the_request() -> None:
    """Both are on record; the check does not wait for a second completion."""
    known = Known(drafting_of())
    events = known.draft(COMPLETED, WELFARE, WELFARE, COMPLETED)
    assert [event.type for event in events] == ["WelfareCheckCompleted", "WelfareCheckRequested"]
    (record,) = known.records.values()
    assert not record.open


def test_content_that_is_stated_again_under_a_newer_key_says_so_and_else_the_same() -> None:
    known, draft = Known(drafting_of()), replace(tip_of(phone(PHONE)), source_report=KEY, prior_reports=(KEY,) * 100)
    (first,) = known.draft(draft)
    known._drafting = drafting_of(epochs=(1, 2))
    (again,) = known.draft(draft)
    assert isinstance(first.payload, TipReceived)
    assert isinstance(again.payload, TipAmended)
    assert (again.payload.revision, again.payload.reason) == (2, en.AmendReason.TOKENS_RENEWED)
    said, anew = first.payload.content, again.payload.content
    assert [token.epoch for token in (*anew.sightings[0].tokens, *anew.source_report)] == [1, 1, 2, 2, 1, 2]
    assert [s.sighting_id for s in anew.sightings] == [s.sighting_id for s in said.sightings]
    fields = {"sightings", "source_report", "prior_reports"}
    assert anew.model_dump(exclude=fields) == said.model_dump(exclude=fields)
    assert known.draft(draft) == []


def test_a_change_while_two_keys_stand_keeps_its_own_reason() -> None:
    known = Known(drafting_of())
    known.draft(tip_of(phone(PHONE)))
    known._drafting = drafting_of(epochs=(1, 2))
    (changed,) = known.draft(tip_of(phone(OTHER_PHONE)))
    assert isinstance(changed.payload, TipAmended)
    assert changed.payload.reason is en.AmendReason.CONTENT_CHANGED
