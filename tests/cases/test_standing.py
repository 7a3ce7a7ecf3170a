"""The state hash: the same for two runs that reached the same end, another for any other end."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from case_builders import NZ, UK, alert, party, record_id
from hypothesis import given
from hypothesis import strategies as st

from casebus.cases.alert import acknowledge, resolve, retract
from casebus.cases.conflict import Said
from casebus.cases.conversation import Lead, Proposal
from casebus.cases.pair import Finding, Pair, Verdict, conflict_id_of
from casebus.cases.referral import ReferralState
from casebus.cases.standing import StandingRecord, state_hash
from casebus.cases.standing_talk import StandingLead, StandingReferral
from casebus.cases.standing_views import Standing, differences
from casebus.events.enumerations import (
    Agreement,
    Band,
    ConflictOutcome,
    IdentifierType,
    LeadBasis,
    LeadSide,
    Overlap,
    Rarity,
    RetractReason,
    Severity,
)
from casebus.events.types import MatchedKind

FINDING = Finding(
    Overlap.same_person,
    Severity.high,
    None,
    Band.alert,
    ((IdentifierType.EMAIL, IdentifierType.EMAIL, Agreement.exact),),
    (),
    (),
    (),
)
RECORDS = [
    StandingRecord(NZ, "tip", record_id("a"), 1, "d1", True),
    StandingRecord(NZ, "case", record_id("c"), 1, "d2", False),
    StandingRecord(UK, "tip", record_id("b"), 2, "d3", True),
]


def pair(a: str = "a", b: str = "b", finding: Finding | None = FINDING, revision: int = 1) -> Pair:
    first, second = sorted((record_id(a), record_id(b)))
    return Pair(conflict_id_of(first, second), (first, second), revision, (party(NZ, a), party(UK, b)), finding)


PAIRS = [pair(), pair("a", "c"), pair("b", "c")]
ALERTS = [alert(), alert(UK, partner=NZ), alert(NZ, conflict_id=pair("a", "c").conflict_id)]
REFERRALS = [
    StandingReferral(NZ, "r1", True, UK, None, "CHILD_LIVES_THERE", "high", ReferralState.sent, True),
    StandingReferral(UK, "r1", False, NZ, None, "CHILD_LIVES_THERE", "high", ReferralState.sent, False),
]
PROPOSAL = Proposal(LeadSide.PROPOSER, LeadBasis.AGREEMENT)
LEADS = [StandingLead(NZ, Lead("c1", PROPOSAL)), StandingLead(UK, Lead("c1", theirs=PROPOSAL))]
TALK = (REFERRALS, LEADS)
STANDS = state_hash(RECORDS, PAIRS, ALERTS, *TALK)


@given(st.integers(0, 2**32))
def test_the_order_in_which_things_are_read_does_not_matter(seed: int) -> None:
    shuffled = [Random(seed).sample(each, len(each)) for each in (RECORDS, PAIRS, ALERTS, *TALK)]
    assert state_hash(*shuffled) == STANDS


def test_when_it_happened_and_how_often_it_was_revised_does_not_matter() -> None:
    later = [replace(each, raised_at=each.raised_at + timedelta(days=3), version=9, revision=7) for each in ALERTS]
    revised = [replace(each, revision=5) for each in PAIRS]
    assert state_hash(RECORDS, revised, later, *TALK) == STANDS


def test_rarity_and_score_do_not_matter() -> None:
    common = MatchedKind(kind=IdentifierType.EMAIL, agreement=Agreement.exact, rarity=Rarity.common)
    alerts = [replace(each, matched=(common,), score=1.0) for each in ALERTS]
    assert state_hash(RECORDS, PAIRS, alerts, *TALK) == STANDS


def test_of_a_pair_that_is_kept_apart_it_does_not_matter_what_was_told_last() -> None:
    """No more of it is told, so what was told last is a matter of what the hub had read before the judgement."""
    apart = [replace(each, verdict=Verdict.different) for each in PAIRS]
    other = replace(FINDING, matched=(), severity=Severity.routine, band=Band.review)
    sides = [resolve(each, ConflictOutcome.FALSE_MATCH) for each in ALERTS]
    less = [replace(each, severity=Severity.routine, band=Band.review) for each in sides]
    assert state_hash(RECORDS, [replace(each, finding=other) for each in apart], less, *TALK) == state_hash(
        RECORDS, apart, sides, *TALK
    )


def test_a_check_before_acting_does_not_matter_to_the_hash_and_is_told_as_a_difference() -> None:
    """An officer asks it, so its id is drawn: two tellings of one story would never agree."""
    asked = StandingRecord(NZ, "check", record_id("q"), 1, "d4", True)
    assert state_hash([*RECORDS, asked], PAIRS, ALERTS, *TALK) == STANDS
    without, watched, closed = (
        Standing.of([*RECORDS, *more], PAIRS, ALERTS, *TALK) for more in ([], [asked], [replace(asked, open=False)])
    )
    for other in (without, closed):
        assert [change.id for change in differences(watched, other, covered=True)] == [asked.record_id]


def test_what_was_retracted_stands_like_what_never_was() -> None:
    gone = pair("x", "y", finding=None)
    retracted = retract(alert(NZ, conflict_id=gone.conflict_id), 2, RetractReason.CORRECTED)
    assert state_hash(RECORDS, [*PAIRS, gone], [*ALERTS, retracted], *TALK) == STANDS


def test_what_was_set_aside_before_it_was_told_is_nowhere_in_what_stands() -> None:
    """Nothing of it is on the bus, so whoever rebuilds the state from there does not know of it."""
    aside = replace(pair("x", "y", finding=None, revision=0), aside=FINDING)
    with_it, without = (Standing.of(RECORDS, [*PAIRS, *more], ALERTS, *TALK) for more in ([aside], []))
    assert (with_it.hash(), with_it.counts()) == (without.hash(), without.counts())
    assert list(differences(with_it, without, covered=False)) == []


@pytest.mark.parametrize(
    "other",
    [
        (RECORDS[1:], PAIRS, ALERTS),
        ([replace(RECORDS[0], open=False), *RECORDS[1:]], PAIRS, ALERTS),
        ([replace(RECORDS[0], digest="other"), *RECORDS[1:]], PAIRS, ALERTS),
        ([replace(RECORDS[0], revision=2), *RECORDS[1:]], PAIRS, ALERTS),
        (RECORDS, PAIRS[1:], ALERTS),
        (RECORDS, [replace(PAIRS[0], finding=replace(FINDING, overlap=Overlap.same_child)), *PAIRS[1:]], ALERTS),
        (RECORDS, [replace(PAIRS[0], finding=replace(FINDING, matched=())), *PAIRS[1:]], ALERTS),
        (RECORDS, PAIRS, ALERTS[1:]),
        (RECORDS, PAIRS, [acknowledge(ALERTS[0]), *ALERTS[1:]]),
        (RECORDS, PAIRS, [resolve(ALERTS[0], ConflictOutcome.DELAYED), *ALERTS[1:]]),
        (RECORDS, PAIRS, [replace(ALERTS[0], they_said=Said().acknowledged(())), *ALERTS[1:]]),
        (RECORDS, PAIRS, [replace(ALERTS[0], severity=Severity.routine), *ALERTS[1:]]),
        (RECORDS, PAIRS, [replace(ALERTS[0], band=Band.review), *ALERTS[1:]]),
        (RECORDS, [replace(PAIRS[0], verdict=Verdict.different), *PAIRS[1:]], ALERTS),
        (RECORDS, [replace(PAIRS[0], finding=replace(FINDING, band=Band.review)), *PAIRS[1:]], ALERTS),
    ],
)
def test_any_other_end_has_another_hash(other: tuple[list[StandingRecord], list[Pair], list[object]]) -> None:
    assert state_hash(*other, *TALK) != STANDS  # type: ignore[arg-type]


def test_the_drawn_id_of_a_referral_does_not_matter_and_how_many_there_are_does() -> None:
    told_again = [replace(each, referral_id="r2") for each in REFERRALS]
    assert state_hash(RECORDS, PAIRS, ALERTS, told_again, LEADS) == STANDS
    assert state_hash(RECORDS, PAIRS, ALERTS, [*REFERRALS, *told_again], LEADS) != STANDS


@pytest.mark.parametrize(
    "talk",
    [
        (REFERRALS[1:], LEADS),
        ([replace(REFERRALS[0], state=ReferralState.accepted), REFERRALS[1]], LEADS),
        ([replace(REFERRALS[0], ours=False), REFERRALS[1]], LEADS),
        ([replace(REFERRALS[0], partner="nz-internal-affairs"), REFERRALS[1]], LEADS),
        (REFERRALS, LEADS[1:]),
        (REFERRALS, [LEADS[1], replace(LEADS[0], lead=Lead("c1", PROPOSAL, PROPOSAL))]),
        (REFERRALS, [StandingLead(NZ, Lead("c1", theirs=PROPOSAL)), LEADS[1]]),
    ],
)
def test_who_is_responsible_and_who_leads_are_in_the_hash(
    talk: tuple[list[StandingReferral], list[StandingLead]],
) -> None:
    assert state_hash(RECORDS, PAIRS, ALERTS, *talk) != STANDS
    one, other = (Standing.of(RECORDS, PAIRS, ALERTS, *each) for each in (TALK, talk))
    assert {change.what for change in differences(one, other, covered=True)} <= {"referral", "lead"}
    assert list(differences(one, other, covered=True)), "what the hash tells apart is shown"
