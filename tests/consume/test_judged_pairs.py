"""What officers judged, and what an agency asked before acting: through the real handlers, however topics interleave."""

import json
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hub_harness import DIA, NZ, UK, Network, amended, content, sightings, tip, tip_id, token
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casebus.bus.consume import HUB_EVENTS
from casebus.bus.log import inbox_topic
from casebus.cases.pair import PAIRS, Pair, Verdict, conflict_id_of
from casebus.events import enumerations as en
from casebus.events.types import (
    DataCombined,
    DeconflictionHit,
    DeconflictionNoHit,
    DeconflictionRequested,
    DeconflictionResolved,
    DeconflictionRetracted,
    Payload,
    TipWithdrawn,
)
from casebus.wire.ids import content_id

FALSE_MATCH, JOINT = en.ConflictOutcome.FALSE_MATCH, en.ConflictOutcome.JOINT_INVESTIGATION


def evidence(conflict: str, family: str, label: str) -> str:
    return content_id("evidence", conflict, family, f"1:{token(family, label).value}")


def said(agency: str, outcome: en.ConflictOutcome, conflict: str, *shown: str) -> DeconflictionResolved:
    return DeconflictionResolved(
        conflict_id=conflict, agency=agency, revision=1, outcome=outcome, on_evidence=tuple(sorted(shown)), actor="o"
    )


def check(
    label: str, held: dict[str, str], *, revision: int = 1, watch: bool = True, **more: Any
) -> DeconflictionRequested:
    usual = {"basis": en.CheckBasis.PLANNED_ACTION, "urgency": en.Priority.MEDIUM, "actor": "o"} | more
    return DeconflictionRequested(
        check_id=tip_id(label),
        revision=revision,
        sightings=sightings(label, held),
        watch=watch,
        handling=content(label, held).handling,
        **usual,
    )


def pair_of(network: Network, a: str, b: str) -> Pair:
    with network.store.view() as view:
        found = view.get(PAIRS, conflict_id_of(tip_id(a), tip_id(b)))
    assert found is not None
    return found


# --- however topics interleave ---

TWO, ONE = {"account_id": "x", "email": "e"}, {"account_id": "x"}
OTHER = {"account_id": "y"}
FIRST, SECOND = conflict_id_of(tip_id("n0"), tip_id("u0")), conflict_id_of(tip_id("n1"), tip_id("u1"))
THIRD = conflict_id_of(tip_id("n0"), tip_id("d0"))


def _scripts() -> dict[str, list[Payload]]:
    """A no that is overtaken by evidence, one that holds, one that is taken back; a third record between two."""
    on_account = evidence(FIRST, "account_id", "x")
    on_other = evidence(SECOND, "account_id", "y")
    nz: list[Payload] = [
        tip("n0", TWO),
        tip("n1", OTHER),
        said(NZ, FALSE_MATCH, FIRST, on_account),
        said(NZ, FALSE_MATCH, SECOND, on_other),
        amended("n1", 2, OTHER, priority=en.Priority.HIGH),
    ]
    uk: list[Payload] = [
        tip("u0", ONE),
        tip("u1", OTHER),
        amended("u0", 2, TWO, priority=en.Priority.IMMEDIATE),
        amended("u0", 3, TWO),
        said(UK, JOINT, SECOND, on_other),
        check("k", {"email": "e"}),
        amended("u1", 2, {**OTHER, "handle": "somebody"}),
        check("k", {}, revision=2, watch=False),
    ]
    dia: list[Payload] = [
        tip("d0", {"email": "e", "handle": "somebody"}),
        said(DIA, FALSE_MATCH, THIRD, evidence(THIRD, "email", "e")),
        said(DIA, JOINT, THIRD, evidence(THIRD, "email", "e")),
        tip("d1", {**OTHER, "email": "other"}),
    ]
    return {NZ: nz, UK: uk, DIA: dia}


ORDER = [agency for agency, script in _scripts().items() for _ in script]


def run_interleaved(order: Sequence[str]) -> dict[str, Any]:
    """Append one record of an agency after the other, stepping the hub between them; return where it stands."""
    with tempfile.TemporaryDirectory() as folder:
        network = Network(Path(folder))
        left = {agency: list(script) for agency, script in _scripts().items()}
        for agency in order:
            network.publish(left[agency].pop(0), agency=agency)
            network.suspects.step()
        network.settle()
        state = network.everything()
        network.close()
    pairs = {pair.conflict_id: pair for pair in state["pairs"] if pair.finding is not None}
    return {
        "pairs": {conflict: (pair.stands, pair.verdict) for conflict, pair in pairs.items()},
        "groups": {grouped.record_id: grouped.group for grouped in state["grouped_records"]},
        "judgements": {(each.conflict_id, each.agency): each.outcome for each in state["judgements"]},
        "told": {told.conflict_id: sorted(told.agencies) for told in state["told"] if told.conflict_id in pairs},
    }


@cache
def baseline() -> dict[str, Any]:
    return run_interleaved(ORDER)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.permutations(ORDER))
def test_what_is_judged_does_not_depend_on_how_topics_interleave(order: list[str]) -> None:
    assert run_interleaved(order) == baseline()


def test_the_baseline_of_the_interleavings_says_something() -> None:
    verdicts = {conflict: verdict for conflict, (_, verdict) in baseline()["pairs"].items()}
    assert verdicts[FIRST] is Verdict.undecided, "overtaken by the e-mail"
    assert verdicts[SECOND] is Verdict.different, "one no is enough"
    assert verdicts[THIRD] is Verdict.same, "the last answer of a side counts"
    groups = baseline()["groups"]
    assert groups[tip_id("n0")] == groups[tip_id("u0")] == groups[tip_id("d0")]
    assert groups.get(tip_id("n1"), "n1") != groups.get(tip_id("u1"), "u1")
    assert tip_id("d1") in groups, "a third record, with one of the two"
    assert tip_id("k") not in groups, "the check was closed"


# --- what is told ---


@pytest.fixture
def judged(network: Network) -> Network:
    """NZ says "different person" of the account that both hold."""
    network.publish(tip("n0", TWO))
    network.publish(tip("u0", ONE), agency=UK)
    network.settle()
    network.publish(said(NZ, FALSE_MATCH, FIRST, evidence(FIRST, "account_id", "x")))
    network.settle()
    return network


def revisions(network: Network, agency: str) -> list[tuple[int, tuple[str, ...]]]:
    return [(hit.revision, hit.new_evidence) for hit in network.inbox(agency, DeconflictionHit)]


def test_an_answer_alone_is_no_new_revision(judged: Network) -> None:
    assert [one.revision for one in judged.hub_events(DataCombined)] == [1]


def test_what_is_amended_in_a_pair_that_is_apart_is_told_to_nobody(judged: Network) -> None:
    judged.publish(amended("u0", 2, {**ONE, "handle": "n0"}, priority=en.Priority.HIGH), agency=UK)
    judged.settle()
    assert revisions(judged, NZ) == revisions(judged, UK) == [(1, ())]


def test_new_evidence_is_told_to_both_with_its_kind(judged: Network) -> None:
    judged.publish(amended("u0", 2, TWO), agency=UK)
    judged.settle()
    assert revisions(judged, NZ) == revisions(judged, UK) == [(1, ()), (2, (en.IdentifierType.EMAIL,))]


def test_a_pair_that_is_apart_is_retracted_like_any_other(judged: Network) -> None:
    judged.publish(TipWithdrawn(tip_id=tip_id("u0"), reason=en.WithdrawReason.ERROR), agency=UK)
    judged.settle()
    for agency in (NZ, UK):
        assert [gone.reason for gone in judged.inbox(agency, DeconflictionRetracted)] == [en.RetractReason.WITHDRAWN]


def test_evidence_links_nothing_across_conflicts_and_is_the_same_on_both_sides(network: Network) -> None:
    network.publish(tip("n0", TWO))
    network.publish(tip("u0", TWO), tip("u1", TWO), agency=UK)
    network.settle()
    ids: dict[str, set[tuple[str, ...]]] = {}
    for agency in (NZ, UK):
        for hit in network.inbox(agency, DeconflictionHit):
            ids.setdefault(hit.conflict_id, set()).add(tuple(each.evidence_id for each in hit.evidence))
    assert all(len(both) == 1 for both in ids.values())
    every = [each for (both,) in ids.values() for each in both]
    assert len(every) == len(set(every)) == 2 * len(ids)


def test_no_event_names_more_of_a_group_than_the_records_of_one_pair(judged: Network) -> None:
    """Three agencies hold one person: the hub keeps them as a group, and nobody ever sees it."""
    judged.publish(tip("d0", TWO), agency=DIA)
    judged.publish(amended("u0", 2, TWO), agency=UK)
    judged.settle()
    everybody = {tip_id(name): agency for name, agency in (("n0", NZ), ("u0", UK), ("d0", DIA))}
    assert {grouped.record_id for grouped in judged.everything()["grouped_records"]} == set(everybody)
    for topic in (HUB_EVENTS, *map(inbox_topic, (NZ, UK, DIA))):
        for received in judged.read(topic):
            text = json.dumps(received.event.payload.model_dump(mode="json"))
            named = {record_id for record_id in everybody if record_id in text}
            if topic == HUB_EVENTS:
                assert len(named) <= 2
            else:
                assert {everybody[record_id] for record_id in named} <= {topic.split(".")[1]}


# --- a match for review ---


def test_a_weak_match_is_told_for_review_and_answers_a_tip(network: Network) -> None:
    weak = {"name_year": "w"}
    network.publish(tip("n", weak))
    network.publish(tip("u", weak, priority=en.Priority.IMMEDIATE), agency=UK)
    network.settle()
    for agency in (NZ, UK):
        (hit,) = network.inbox(agency, DeconflictionHit)
        assert (hit.band, hit.severity, hit.risk_id) == (en.Band.review, en.Severity.routine, None)
    assert network.inbox(UK, DeconflictionNoHit) == []
    network.publish(amended("n", 2, {**weak, "email": "e"}))
    network.publish(amended("u", 2, {**weak, "email": "e"}), agency=UK)
    network.settle()
    assert [hit.band for hit in network.inbox(UK, DeconflictionHit)] == [en.Band.review, en.Band.alert]


# --- a check before acting ---


def test_a_check_is_answered_by_a_hit_to_both_or_a_no_hit_to_the_asker(network: Network) -> None:
    network.publish(tip("n", ONE))
    network.publish(check("k", ONE), check("none", OTHER), agency=UK)
    network.settle()
    (hit,) = network.inbox(UK, DeconflictionHit)
    assert (hit.own_kind, hit.own_id, hit.partner) == (en.RecordKind.check, tip_id("k"), NZ)
    (other,) = network.inbox(NZ, DeconflictionHit)
    assert (other.own_kind, other.partner) == (en.RecordKind.tip, UK)
    (none,) = network.inbox(UK, DeconflictionNoHit)
    assert (none.own_kind, none.own_id, set(none.covered)) == (en.RecordKind.check, tip_id("none"), {NZ, DIA})
    assert network.inbox(DIA) == []


def test_a_check_on_watch_meets_what_comes_later_until_it_is_closed(network: Network) -> None:
    network.publish(check("k", ONE), agency=UK)
    network.publish(tip("n", ONE))
    network.settle()
    assert len(network.inbox(NZ, DeconflictionHit)) == 1
    network.publish(check("k", {}, revision=2, watch=False), agency=UK)
    network.settle()
    network.publish(tip("m", ONE))
    network.settle()
    for agency in (NZ, UK):
        assert len([h for h in network.inbox(agency, DeconflictionHit) if h.partner != agency]) == 1
        (gone,) = network.inbox(agency, DeconflictionRetracted)
        assert gone.reason is en.RetractReason.WITHDRAWN, "that it was a check is its agency's own business"


def test_a_check_for_a_child_at_immediate_risk_is_told_as_such(network: Network) -> None:
    network.publish(tip("n", ONE))
    network.publish(check("k", ONE, urgency=en.Priority.IMMEDIATE), agency=UK)
    network.settle()
    (hit,) = network.inbox(NZ, DeconflictionHit)
    assert hit.severity is en.Severity.immediate
    assert hit.risk_id is not None
