"""Delivery: who is told what, each by its own copy, and nothing of the partner's."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hub_harness import DIA, HUB, NZ, SCHEMAS, UK, Network, amended, case, raw_seal, sealer, tip, tip_id

from casebus.bus.consume import HUB_EVENTS
from casebus.bus.log import inbox_topic
from casebus.cases.pair import conflict_id_of
from casebus.directory import Agreement
from casebus.errors import ParkReason
from casebus.events import enumerations as en
from casebus.events.catalogue import partition_key
from casebus.events.envelope import Event
from casebus.events.types import (
    CaseClosed,
    DataCombined,
    DataDisclosed,
    DeconflictionAcknowledged,
    DeconflictionHit,
    DeconflictionNoHit,
    DeconflictionResolved,
    DeconflictionRetracted,
    IdentifierCorrected,
    MatchParty,
    Payload,
    TipWithdrawn,
)
from casebus.wire.codec import encode
from casebus.wire.ids import content_id

SHARED = {"account_id": "shared"}
CONFLICT = conflict_id_of(tip_id("n"), tip_id("u"))
OPEN, DESK_ONLY, SILENT = en.PointerMode.OPEN, en.PointerMode.DESK_ONLY, en.PointerMode.SILENT


def acknowledged(agency: str, revision: int = 1, conflict: str = CONFLICT) -> DeconflictionAcknowledged:
    return DeconflictionAcknowledged(conflict_id=conflict, agency=agency, revision=revision, actor="officer-1")


def resolved(agency: str, outcome: en.ConflictOutcome, conflict: str = CONFLICT) -> DeconflictionResolved:
    return DeconflictionResolved(conflict_id=conflict, agency=agency, revision=1, outcome=outcome, actor="officer-1")


def match(network: Network, *, nz: en.PointerMode = OPEN, uk: en.PointerMode = OPEN) -> None:
    """Have NZ and UK hold the same account, each under its pointer mode."""
    network.publish(tip("n", SHARED, pointer=nz))
    network.publish(tip("u", SHARED, pointer=uk), agency=UK)
    network.settle()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[object]:
    """Return what makes networks with agreements of their own."""
    made: list[Network] = []

    def _make(*agreements: Agreement) -> Network:
        made.append(Network(tmp_path / str(len(made)), agreements))
        return made[-1]

    (tmp_path / "0").mkdir()
    yield _make
    for network in made:
        network.close()


def test_each_side_gets_its_own_copy_with_its_own_record_and_the_partners_desk(network: Network) -> None:
    """And nobody else gets anything."""
    match(network)
    (nz,), (uk,) = network.inbox(NZ, DeconflictionHit), network.inbox(UK, DeconflictionHit)
    assert (nz.own_id, nz.partner, nz.contact) == (tip_id("n"), UK, network.directory.contact(UK))
    assert (uk.own_id, uk.partner, uk.contact) == (tip_id("u"), NZ, network.directory.contact(NZ))
    assert nz.conflict_id == uk.conflict_id == CONFLICT
    assert nz.also_own_id is uk.also_own_id is None
    assert network.inbox(DIA) == []


def test_nothing_of_the_partners_ids_is_in_an_inbox(network: Network) -> None:
    """No record, sighting or event id of the other side, in payload or headers, from first alert to retraction."""
    match(network)
    network.publish(acknowledged(UK), resolved(UK, en.ConflictOutcome.FALSE_MATCH), agency=UK)
    network.publish(TipWithdrawn(tip_id=tip_id("u"), reason=en.WithdrawReason.ERROR), agency=UK)
    network.settle()
    theirs = {tip_id("u"), content_id("sighting", "u", "account_id", "shared"), "officer-1"}
    theirs |= {received.event.id for received in network.read("casebus.uk-nca.events")}
    assert len(network.inbox(NZ)) == 5  # the no-hit, the alert, two registers, the retraction
    for recorded in network.records(inbox_topic(NZ)):
        record = recorded.record
        whole = b"\n".join([record.key, record.value, *(value for _, value in record.headers)])
        assert not [one for one in theirs if one.encode() in whole]


@pytest.mark.parametrize("pointer", [DESK_ONLY, SILENT])
def test_a_pointer_decides_what_the_other_side_may_be_told(network: Network, pointer: en.PointerMode) -> None:
    """DESK_ONLY names the coordination desk instead of the agency; SILENT tells the partner nothing. The holder is told."""
    match(network, nz=pointer)
    assert [hit.partner for hit in network.inbox(NZ, DeconflictionHit)] == [UK]
    told = [(hit.partner, hit.contact) for hit in network.inbox(UK, DeconflictionHit)]
    assert told == ([(None, network.directory.coordination_desk)] if pointer is DESK_ONLY else [])
    network.publish(acknowledged(NZ))
    network.settle()
    answers = [answer.agency for answer in network.inbox(UK, DeconflictionAcknowledged)]
    assert answers == ([None] if pointer is DESK_ONLY else [])


AGREED = Agreement(between=(NZ, UK), pointer=True, overlaps=(en.Overlap.same_child,), basis="only children")


@pytest.mark.parametrize("agreements", [(), (Agreement(between=(NZ, UK), pointer=False, basis="no"),), (AGREED,)])
def test_without_an_agreement_on_it_nobody_is_told_of_a_match(make, agreements: Sequence[Agreement]) -> None:  # type: ignore[no-untyped-def]
    """None at all, one that forbids pointers, one for other kinds of match: the hub knows, the agencies do not."""
    network = make(*agreements)
    match(network)
    network.publish(acknowledged(NZ), resolved(NZ, en.ConflictOutcome.FALSE_MATCH))
    network.settle()
    assert [combined.status for combined in network.hub_events(DataCombined)] == [en.MatchStatus.found]
    # Each is told that nothing was found that it may be told of: an answer that fails to come would say the rest.
    for agency in (NZ, UK):
        assert [type(payload) for payload in network.inbox(agency)] == [DeconflictionNoHit]


def test_a_match_inside_one_agency_is_told_to_that_agency_only(make) -> None:  # type: ignore[no-untyped-def]
    """It needs no agreement; one copy names both records, and there is no side to copy."""
    network = make()
    network.publish(tip("n", SHARED), tip("m", SHARED))
    network.settle()
    (hit,) = network.inbox(NZ, DeconflictionHit)
    assert {hit.own_id, hit.also_own_id} == {tip_id("n"), tip_id("m")}
    assert hit.partner == NZ
    network.publish(acknowledged(NZ, conflict=hit.conflict_id))
    network.settle()
    assert network.inbox(NZ, DeconflictionAcknowledged) == []
    assert network.inbox(UK) == network.inbox(DIA) == []


def test_one_report_at_two_agencies_is_a_notice_and_no_person_in_common(network: Network) -> None:
    """Whatever identifiers the two copies of it share."""
    network.publish(tip("n", SHARED, report="1"))
    network.publish(tip("u", SHARED, report="1"), agency=UK)
    network.settle()
    for agency in (NZ, UK):
        (hit,) = network.inbox(agency, DeconflictionHit)
        assert (hit.overlap, hit.matched) == (en.Overlap.same_source_report, ())


def test_what_one_side_does_is_copied_to_the_other_without_its_officer(network: Network) -> None:
    """Each kind once; what changes nothing is not told again."""
    match(network)
    outcome = en.ConflictOutcome.JOINT_INVESTIGATION
    network.publish(acknowledged(NZ), acknowledged(NZ, 2), resolved(NZ, outcome), resolved(NZ, outcome))
    network.publish(acknowledged(NZ))
    network.settle()
    (answer,) = network.inbox(UK, DeconflictionAcknowledged)
    assert (answer.agency, answer.actor, answer.revision) == (NZ, None, 1)
    (end,) = network.inbox(UK, DeconflictionResolved)
    assert (end.agency, end.actor, end.outcome) == (NZ, None, outcome)
    assert network.inbox(NZ, DeconflictionAcknowledged) == network.inbox(NZ, DeconflictionResolved) == []


def test_a_register_that_is_read_before_its_conflict_is_told_with_it(network: Network) -> None:
    """A hub that is rebuilt may read the answers first; as it stood then, after the alert."""
    network.publish(acknowledged(UK), resolved(UK, en.ConflictOutcome.CANCELLED), agency=UK)
    network.delivery.step()
    match(network)
    kinds = [type(payload) for payload in network.inbox(NZ)]
    assert kinds == [DeconflictionNoHit, DeconflictionHit, DeconflictionResolved]
    assert [type(payload) for payload in network.inbox(UK)] == [DeconflictionHit]


def test_whoever_is_told_of_a_conflict_late_is_told_what_the_other_side_did(network: Network) -> None:
    """The holder was silent at first; when the pointer opens, the partner's alert comes with the holder's register."""
    match(network, nz=SILENT)
    network.publish(acknowledged(NZ))
    network.settle()
    assert [type(payload) for payload in network.inbox(UK)] == [DeconflictionNoHit]
    network.publish(amended("n", 2, SHARED, pointer=OPEN))
    network.settle()
    kinds = [type(payload) for payload in network.inbox(UK)]
    assert kinds == [DeconflictionNoHit, DeconflictionHit, DeconflictionAcknowledged]
    assert len(network.inbox(UK, DeconflictionAcknowledged)) == 1


def test_an_outsiders_register_reaches_nobody(network: Network) -> None:
    """A third agency that answers a conflict which is not its own is heard by neither side."""
    match(network)
    network.publish(acknowledged(DIA), resolved(DIA, en.ConflictOutcome.FALSE_MATCH), agency=DIA)
    network.settle()
    for agency in (NZ, UK):
        assert network.inbox(agency, DeconflictionAcknowledged) == network.inbox(agency, DeconflictionResolved) == []


def _correction(replacement: str | None) -> IdentifierCorrected:
    right = case("n", {"account_id": replacement}).sightings[0] if replacement else None
    return IdentifierCorrected(
        record_kind=en.RecordKind.case,
        record_id=tip_id("n"),
        sighting_id=content_id("sighting", "n", "account_id", "shared"),
        reason=en.CorrectionReason.TRANSCRIPTION,
        replacement=right,
    )


ENDS: dict[str, tuple[Payload, Payload, en.RetractReason]] = {
    "withdrawal": (
        tip("n", SHARED),
        TipWithdrawn(tip_id=tip_id("n"), reason=en.WithdrawReason.RETRACTED_UPSTREAM),
        en.RetractReason.WITHDRAWN,
    ),
    "amended identifier": (tip("n", SHARED), amended("n", 2, {"account_id": "other"}), en.RetractReason.CORRECTED),
    "correction": (case("n", SHARED), _correction("other"), en.RetractReason.CORRECTED),
    "removal": (case("n", SHARED), _correction(None), en.RetractReason.CORRECTED),
    "case closed": (
        case("n", SHARED),
        CaseClosed(case_id=tip_id("n"), reason=en.CaseCloseReason.UNFOUNDED),
        en.RetractReason.CASE_CLOSED,
    ),
}


@pytest.mark.parametrize("what", ENDS)
def test_a_match_that_no_longer_stands_is_retracted_for_everyone_who_was_told(network: Network, what: str) -> None:
    """Once each; the third agency hears nothing."""
    first, end, reason = ENDS[what]
    network.publish(first)
    network.publish(tip("u", SHARED), agency=UK)
    network.settle()
    network.publish(end)
    network.settle()
    for agency in (NZ, UK):
        (gone,) = network.inbox(agency, DeconflictionRetracted)
        assert (gone.conflict_id, gone.revision, gone.reason) == (CONFLICT, 2, reason)
    assert network.inbox(DIA) == []


def test_a_retraction_is_told_only_to_those_who_were_told(network: Network) -> None:
    """The partner of a silent holder never knew."""
    match(network, nz=SILENT)
    network.publish(TipWithdrawn(tip_id=tip_id("n"), reason=en.WithdrawReason.ERROR))
    network.settle()
    assert len(network.inbox(NZ, DeconflictionRetracted)) == 1
    assert [type(payload) for payload in network.inbox(UK)] == [DeconflictionNoHit]


def test_a_match_that_returns_is_told_again_as_a_later_revision(network: Network) -> None:
    """Withdrawn and delivered again: found, retracted, found, under one conflict id."""
    match(network)
    network.publish(TipWithdrawn(tip_id=tip_id("n"), reason=en.WithdrawReason.ERROR), amended("n", 3, SHARED))
    network.settle()
    for agency in (NZ, UK):
        assert [hit.revision for hit in network.inbox(agency, DeconflictionHit)] == [1, 3]
        assert [gone.revision for gone in network.inbox(agency, DeconflictionRetracted)] == [2]


def test_a_disclosure_is_recorded_beside_every_copy(network: Network) -> None:
    """Which event, to whom, which fields, on which basis: for alerts, registers, retractions, no-hits."""
    match(network)
    network.publish(acknowledged(NZ))
    network.publish(TipWithdrawn(tip_id=tip_id("n"), reason=en.WithdrawReason.ERROR))
    network.settle()
    copies = {(agency, received.event.id) for agency in (NZ, UK, DIA) for received in network.read(inbox_topic(agency))}
    disclosed = network.hub_events(DataDisclosed)
    assert {(one.recipient, one.event_id) for one in disclosed} == copies
    assert len(disclosed) == len(copies) == 6
    agreement = network.directory.agreement(NZ, UK)
    assert agreement is not None
    hits = [one for one in disclosed if "overlap" in one.fields]
    assert [(one.conflict_id, one.basis) for one in hits] == [(CONFLICT, agreement.basis)] * 2


def test_a_no_hit_is_told_to_the_asker_only(network: Network) -> None:
    """A tip is a question; a backlog load asks nothing."""
    network.publish(tip("n"))
    network.publish(case("d", backlog=True), agency=DIA)
    network.settle()
    (none,) = network.inbox(NZ)
    assert (type(none), none.own_id, set(none.covered)) == (DeconflictionNoHit, tip_id("n"), {UK, DIA})
    assert network.inbox(UK) == network.inbox(DIA) == []


# --- what a parked match may do later ---


def _combined(revision: int, status: en.MatchStatus, severity: en.Severity = en.Severity.routine) -> DataCombined:
    parties = tuple(
        MatchParty(
            agency=agency,
            kind=en.RecordKind.tip,
            record_id=tip_id(agency),
            pointer=OPEN,
            backlog=False,
            immediate_risk=False,
        )
        for agency in (NZ, UK)
    )
    return DataCombined(
        conflict_id=CONFLICT,
        revision=revision,
        status=status,
        retract_reason=None,
        parties=parties,
        overlap=en.Overlap.same_person,
        severity=severity,
        matched=(),
        suppressed=(),
        strength=en.Strength.strong,
        score=8.0,
        detector="x",
    )


def _hub_says(network: Network, payload: DataCombined) -> None:
    event = Event(content_id("hub says", str(payload.revision)), HUB, partition_key(payload), payload)
    network.log.append(HUB_EVENTS, [sealer(HUB).seal(event, HUB_EVENTS, payload.revision)])
    network.settle()


def test_a_retraction_passes_a_parked_match_and_the_match_is_not_told_after_it(network: Network) -> None:
    """What is released late is older than what was read since."""
    _hub_says(network, _combined(1, en.MatchStatus.found))
    bad = _combined(2, en.MatchStatus.revised)
    broken = encode(bad, SCHEMAS.for_type("DataCombined")) + b"\0"
    network.log.append(HUB_EVENTS, [raw_seal(bad, agency=HUB, data=broken)])
    network.settle()
    _hub_says(network, _combined(3, en.MatchStatus.retracted))
    (parked,) = network.parked()
    assert parked.reason is ParkReason.TRAILING_BYTES
    for agency in (NZ, UK):
        assert [gone.revision for gone in network.inbox(agency, DeconflictionRetracted)] == [3]

    network.mend(parked.position, raw_seal(bad, agency=HUB), "delivery")
    network.release(parked.position, "delivery")
    network.settle()
    assert network.parked() == []
    assert [hit.revision for hit in network.inbox(NZ, DeconflictionHit)] == [1]
