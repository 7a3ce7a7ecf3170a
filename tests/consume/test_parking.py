"""Bad records: each is parked with its own reason, its agency is told, the next good one flows; and what a hold holds."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hub_harness import NZ, SCHEMAS, UK, Network, amended, case, raw_seal, tip, tip_id, with_header

from casebus import keys
from casebus.bus.consume import HUB_EVENTS
from casebus.bus.log import MAX_VALUE_BYTES, Record, events_topic
from casebus.bus.parking import DONE, PARKED, RELEASED, ParkedRecord, release
from casebus.cases.holding import HELD
from casebus.errors import Conflict, NotFound, ParkReason
from casebus.events import enumerations as en
from casebus.events.types import (
    CaseClosed,
    DataDisclosed,
    DeconflictionAcknowledged,
    DeconflictionNoHit,
    IdentifierCorrected,
    Payload,
    RecordParked,
    TipWithdrawn,
    WelfareCheckRequested,
)
from casebus.wire.codec import encode
from casebus.wire.ids import content_id

HUB_CONSUMERS = ("delivery", "duplicate_suspects")
WITHDRAWN = TipWithdrawn(tip_id=tip_id("a"), reason=en.WithdrawReason.ERROR)
WELFARE = WelfareCheckRequested(
    check_id=content_id("check"),
    record_ids=(),
    response_class=en.ResponseClass.NZ_CRITICAL_24H,
    children=1,
    country="NZ",
    self_harm_risk=en.TriState.NOT_STATED,
)


def _data(payload: Payload) -> bytes:
    return encode(payload, SCHEMAS.for_type(type(payload).__name__))


def _tampered(record: Record) -> Record:
    return replace(record, value=record.value[:-1] + bytes([record.value[-1] ^ 2]))


def _claiming(key_owner: str) -> Record:
    return raw_seal(WITHDRAWN, purpose="thief", key_id=keys.key_id(key_owner, _public(key_owner)))


def _public(owner: str) -> bytes:
    return keys.public_bytes(keys.training_signing_key(owner))


def _unknown_schema(record: Record) -> Record:
    guid = bytes(16)
    changed = with_header(record, "__value_schema_id", b"\x01" + guid)
    return with_header(changed, "ce_valueschemaid", guid.hex().encode())


def _repeated(record: Record) -> Record:
    return replace(record, headers=(*record.headers, ("ce_id", content_id("other").encode())))


def _crowded(record: Record) -> Record:
    return replace(record, headers=(*record.headers, *((f"x{n}", b"") for n in range(40))))


def _bomb(items: bytes) -> Record:
    """A signed welfare check whose list of records claims so many items, and ends there."""
    id_and_revision = _data(WELFARE)[:38]
    return raw_seal(WELFARE, data=id_and_revision + items)


def _invalid_model() -> Record:
    wrong = TipWithdrawn.model_construct(tip_id="not an id", reason=en.WithdrawReason.ERROR)
    return raw_seal(WITHDRAWN, data=_data(wrong))


NZ_ACKNOWLEDGES_FOR_UK = DeconflictionAcknowledged(
    conflict_id=content_id("conflict"), agency=UK, revision=1, actor=None
)
NO_HIT = DeconflictionNoHit(own_kind=en.RecordKind.tip, own_id=tip_id("a"), covered=(), suppressed=(), detector="x")

FORGED: dict[str, tuple[ParkReason, Callable[[Record], Record]]] = {
    "unsigned": (ParkReason.UNSIGNED, lambda good: with_header(good, "ce_dssematerial", None)),
    "one attribute unsigned": (
        ParkReason.UNSIGNED,
        lambda good: with_header(good, "ce_signedextattrs", b"partitionkey,dataclassification,sequence,topic"),
    ),
    "signed with a stolen name": (ParkReason.SIGNATURE_INVALID, lambda _: _claiming(NZ)),
    "changed after signing": (ParkReason.SIGNATURE_INVALID, _tampered),
    "an unknown key": (ParkReason.UNKNOWN_KEY, lambda _: raw_seal(WITHDRAWN, purpose="unlisted")),
    "an expired key": (ParkReason.KEY_NOT_VALID, lambda _: raw_seal(WITHDRAWN, purpose="ended")),
    "a revoked key": (ParkReason.KEY_NOT_VALID, lambda _: raw_seal(WITHDRAWN, purpose="revoked")),
    "another agency's key": (ParkReason.NOT_TOPIC_OWNER, lambda _: raw_seal(WITHDRAWN, signer=UK)),
    "another agency's topic": (ParkReason.NOT_TOPIC_OWNER, lambda _: raw_seal(WITHDRAWN, agency=UK)),
    "under a foreign key": (ParkReason.FOREIGN_PARTITION_KEY, lambda good: replace(good, key=tip_id("b").encode())),
    "an unknown schema": (ParkReason.UNKNOWN_SCHEMA, _unknown_schema),
    "repeated headers": (ParkReason.REPEATED_HEADER, _repeated),
    "too many headers": (ParkReason.TOO_MANY_HEADERS, _crowded),
    "a malformed header": (ParkReason.MALFORMED_HEADER, lambda good: with_header(good, "ce_id", b"not-an-id")),
    "oversized": (ParkReason.TOO_LARGE, lambda good: replace(good, value=bytes(MAX_VALUE_BYTES + 1))),
}
AUTHENTIC: dict[str, tuple[ParkReason, Callable[[Record], Record]]] = {
    "a signed foreign partitionkey": (
        ParkReason.FOREIGN_PARTITION_KEY,
        lambda _: raw_seal(WITHDRAWN, partition=tip_id("b")),
    ),
    "trailing bytes": (ParkReason.TRAILING_BYTES, lambda _: raw_seal(WITHDRAWN, data=_data(WITHDRAWN) + b"\0")),
    "cut short": (ParkReason.AVRO_INVALID, lambda _: raw_seal(WITHDRAWN, data=_data(WITHDRAWN)[:-1])),
    "a bomb of items": (ParkReason.AVRO_TOO_MANY_ITEMS, lambda _: _bomb(b"\xfe\xff\xff\xff\x0f")),
    "a bomb of blocks": (ParkReason.AVRO_INVALID, lambda _: _bomb(b"\x01\x00" * 9)),
    "an endless integer": (ParkReason.AVRO_INVALID, lambda _: _bomb(b"\xff" * 50)),
    "an invalid model": (ParkReason.MODEL_INVALID, lambda _: _invalid_model()),
    "a type of the hub's": (ParkReason.WRONG_TYPE_FOR_TOPIC, lambda _: raw_seal(NO_HIT)),
    "for another side": (ParkReason.NOT_ACCEPTABLE, lambda _: raw_seal(NZ_ACKNOWLEDGES_FOR_UK)),
}
BAD = FORGED | AUTHENTIC


@pytest.mark.parametrize("what", BAD)
def test_a_bad_record_is_parked_with_its_reason_and_its_agency_is_told(network: Network, what: str) -> None:
    """By both of the hub's consumers; the bytes stay as they were, the next good record of another key flows."""
    reason, spoil = BAD[what]
    bad = spoil(network.seal(WITHDRAWN))
    append = network.append_past_the_limit if reason is ParkReason.TOO_LARGE else network.append
    position = append(bad)
    network.publish(tip("next"))
    network.settle()

    authentic = what in AUTHENTIC
    for consumer in HUB_CONSUMERS:
        (parked,) = network.parked(consumer)
        assert (parked.reason, parked.authentic, parked.status) == (reason, authentic, PARKED)
        assert parked.recorded.record == bad
        assert network.position(consumer) == position + 2
    told = RecordParked(agency=NZ, topic=events_topic(NZ), position=position, reason=reason.value, authentic=authentic)
    assert network.hub_events(RecordParked) == [told]
    assert network.inbox(NZ, RecordParked) == [told]
    assert network.inbox(UK) == []
    assert [d.recipient for d in network.hub_events(DataDisclosed)] == [NZ, NZ]
    assert [no_hit.own_id for no_hit in network.inbox(NZ, DeconflictionNoHit)] == [tip_id("next")]


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_record_never_holds_up_a_genuine_one_of_the_same_key(network: Network, what: str) -> None:
    """What is not authentic is parked alone."""
    reason, spoil = FORGED[what]
    genuine = network.seal(tip("a"))
    bad = spoil(network.seal(WITHDRAWN))
    append = network.append_past_the_limit if reason is ParkReason.TOO_LARGE else network.append
    append(replace(bad, key=genuine.key) if reason is not ParkReason.FOREIGN_PARTITION_KEY else bad)
    network.append(genuine)
    network.settle()
    assert {p.reason for p in network.parked()} == {reason}
    assert len(network.parked()) == len(HUB_CONSUMERS)
    assert [no_hit.own_id for no_hit in network.inbox(NZ, DeconflictionNoHit)] == [tip_id("a")]


def test_the_same_id_with_another_payload_is_parked_as_equivocation(network: Network) -> None:
    """Even weeks later; what was accepted first stands, and a bare repetition is no equivocation."""
    first = network.seal(tip("a"), event_id=content_id("one"))
    second = network.seal(tip("b"), event_id=content_id("one"))
    network.append(first, first)
    network.settle()
    position = network.append(second)
    network.append(first)
    network.settle()
    assert [(p.position, p.reason) for p in network.parked()] == [(position, ParkReason.EQUIVOCATION)] * 2
    (told,) = network.inbox(NZ, RecordParked)
    assert (told.position, told.reason) == (position, "equivocation")
    with network.store.view() as view:
        assert [holding.record.record_id for holding in view.all(HELD)] == [tip_id("a")]


def test_an_agency_cannot_touch_another_agencys_record(network: Network) -> None:
    """A withdrawal or an amendment signed by one agency, naming the other's tip, is refused."""
    network.publish(tip("a"))
    network.settle()
    network.publish(WITHDRAWN, amended("a", 9), agency=UK)
    network.settle()
    with network.store.view() as view:
        holding = view.get(HELD, tip_id("a"))
    assert holding is not None
    assert (holding.record.agency, holding.record.open, holding.record.revision) == (NZ, True, 1)
    assert [p.reason for p in network.parked("duplicate_suspects")] == [ParkReason.NOT_ACCEPTABLE, ParkReason.KEY_HELD]


# --- what a hold holds ---


def bad_amendment(label: str, revision: int, *, event: str = "bad") -> Record:
    """An authentic record of a tip that fails: its model is invalid."""
    payload = amended(label, revision)
    wrong = payload.model_copy(update={"content": payload.content.model_copy(update={"countries": ("nowhere",)})})
    return raw_seal(payload, data=_data(wrong), event_id=content_id(event), partition=tip_id(label))


def revision_of(network: Network, label: str) -> int | None:
    with network.store.view() as view:
        holding = view.get(HELD, tip_id(label))
    return holding.record.revision if holding else None


def is_open(network: Network, label: str) -> bool:
    with network.store.view() as view:
        holding = view.get(HELD, tip_id(label))
    return holding is not None and holding.record.open


def suspects_parked(network: Network) -> list[ParkedRecord]:
    return network.parked("duplicate_suspects")


def test_an_authentic_failing_record_holds_the_later_ones_of_its_key_in_order(network: Network) -> None:
    """Others flow; the agency is told of the head only, and the list shows the head first."""
    network.append(network.seal(tip("a")), bad_amendment("a", 2), network.seal(amended("a", 3)))
    network.publish(tip("b"), amended("a", 4))
    network.settle()
    assert [(p.position, p.reason) for p in suspects_parked(network)] == [
        (1, ParkReason.MODEL_INVALID),
        (2, ParkReason.KEY_HELD),
        (4, ParkReason.KEY_HELD),
    ]
    assert (revision_of(network, "a"), revision_of(network, "b")) == (1, 1)
    assert [told.position for told in network.inbox(NZ, RecordParked)] == [1]


def test_the_hold_is_on_one_topic_and_for_one_consumer(network: Network) -> None:
    """The same key on another agency's topic, or at another consumer, waits for nothing."""
    network.append(bad_amendment("a", 2))
    network.publish(tip("a"), agency=UK)
    network.settle()
    assert revision_of(network, "a") == 1
    assert {(p.topic, p.position) for p in network.parked()} == {(events_topic(NZ), 0)}


PASSING = {
    "a withdrawal": WITHDRAWN,
    "an amendment at immediate risk": amended("a", 4, priority=en.Priority.IMMEDIATE),
}


@pytest.mark.parametrize("what", PASSING)
def test_retractions_and_immediate_risk_pass_the_hold(network: Network, what: str) -> None:
    """They take effect at once; what waited and is older does not undo them when it is released."""
    network.append(network.seal(tip("a")), bad_amendment("a", 2), network.seal(amended("a", 3)))
    network.publish(PASSING[what])
    network.settle()
    assert [p.position for p in suspects_parked(network)] == [1, 2]
    before = network.everything()["held_records"]
    assert revision_of(network, "a") != 1
    make_good(network, 1, amended("a", 2))
    network.release(1)
    network.settle()
    assert suspects_parked(network) == []
    assert network.everything()["held_records"] == before


def test_a_closed_case_passes_the_hold_and_stays_closed(network: Network) -> None:
    """The case that was parked is released later; it was closed before, so it is not opened by that."""
    network.append(bad_case("c"))
    network.publish(CaseClosed(case_id=tip_id("c"), reason=en.CaseCloseReason.CLOSED))
    network.settle()
    assert [p.position for p in suspects_parked(network)] == [0]
    make_good(network, 0, case("c"))
    network.release(0)
    network.settle()
    assert suspects_parked(network) == []
    assert not is_open(network, "c")
    network.publish(case("c").model_copy(update={"revision": 3}))  # opened again, after it was closed
    network.settle()
    assert is_open(network, "c")


def test_a_correction_passes_the_hold_where_it_finds_what_it_corrects(network: Network) -> None:
    """And waits in its place where the record that it corrects is itself parked: nothing is corrected in vain."""
    wrong = case("c", {"account_id": "wrong"})
    correction = IdentifierCorrected(
        record_kind=en.RecordKind.case,
        record_id=tip_id("c"),
        sighting_id=wrong.sightings[0].sighting_id,
        reason=en.CorrectionReason.TRANSCRIPTION,
        replacement=None,
    )
    network.append(bad_case("c"))
    network.publish(correction)
    network.settle()
    assert [p.reason for p in suspects_parked(network)] == [ParkReason.MODEL_INVALID, ParkReason.KEY_HELD]
    make_good(network, 0, wrong)
    network.release(0)
    network.settle()
    assert suspects_parked(network) == []
    with network.store.view() as view:
        holding = view.get(HELD, tip_id("c"))
    assert holding is not None
    assert holding.record.sightings == ()

    network.append(bad_case("c", event="bad again"))
    passing = correction.model_copy(update={"replacement": case("c").sightings[0], "sighting_id": content_id("new")})
    network.publish(passing)
    network.settle()
    assert [p.reason for p in suspects_parked(network)] == [ParkReason.MODEL_INVALID]
    with network.store.view() as view:
        holding = view.get(HELD, tip_id("c"))
    assert holding is not None
    assert len(holding.record.sightings) == 1


def bad_case(label: str, *, event: str = "bad case") -> Record:
    payload = case(label)
    opened_at = payload.opened_at.model_copy(update={"raw": "yesterday"})
    return raw_seal(
        payload, data=_data(payload.model_copy(update={"opened_at": opened_at})), event_id=content_id(event)
    )


def make_good(network: Network, position: int, payload: Payload) -> None:
    network.mend(position, raw_seal(payload, event_id=content_id("made good", str(position))))


def test_release_retries_in_order_and_drains_what_waits_behind(network: Network) -> None:
    """The head first, then the others as they stand on the topic; afterwards the key is free again."""
    network.append(network.seal(tip("a")), bad_amendment("a", 2))
    network.publish(amended("a", 3, {"account_id": "third"}), amended("a", 4, {"account_id": "fourth"}))
    network.settle()
    make_good(network, 1, amended("a", 2))
    assert network.release(1).status == RELEASED
    assert not network.suspects.idle()
    revisions = []
    while not network.suspects.idle():
        network.suspects.step()
        revisions.append(revision_of(network, "a"))
    assert revisions == [2, 3, 4]
    assert suspects_parked(network) == []
    assert {p.status for p in network.all_parked() if p.consumer == "duplicate_suspects"} == {DONE}
    network.publish(amended("a", 5))
    network.settle()
    assert revision_of(network, "a") == 5


def test_a_released_record_that_still_fails_is_parked_again(network: Network) -> None:
    """And everything behind it waits on."""
    network.append(bad_amendment("a", 2))
    network.publish(amended("a", 3))
    network.settle()
    before = suspects_parked(network)
    network.release(0)
    network.settle()
    assert suspects_parked(network) == before
    assert len(network.inbox(NZ, RecordParked)) == 1


def test_releasing_one_that_is_held_is_a_conflict_and_one_that_is_done_is_not_there(network: Network) -> None:
    """An officer starts at the head."""
    network.append(network.seal(tip("a")), bad_amendment("a", 2), network.seal(amended("a", 3)))
    network.settle()
    with pytest.raises(Conflict, match="waits behind"):
        network.release(2)
    head = suspects_parked(network)[0]
    make_good(network, 1, amended("a", 2))
    network.release(1)
    network.settle()
    with network.store.transaction() as tx, pytest.raises(NotFound):
        release(tx, head.id)


def test_a_second_failing_record_of_a_key_waits_behind_the_first(network: Network) -> None:
    """Draining stops at it, and it cannot be released before the first: nothing of the key goes out of order."""
    network.append(
        network.seal(tip("a")),
        bad_amendment("a", 2),
        network.seal(amended("a", 3)),
        bad_amendment("a", 4, event="bad too"),
        network.seal(amended("a", 5)),
    )
    network.settle()
    with pytest.raises(Conflict):
        network.release(3)
    make_good(network, 1, amended("a", 2))
    make_good(network, 3, amended("a", 4))  # it would succeed, but nobody has asked for it yet
    network.release(1)
    network.settle()
    assert revision_of(network, "a") == 3
    assert [(p.position, p.reason) for p in suspects_parked(network)] == [
        (3, ParkReason.MODEL_INVALID),
        (4, ParkReason.KEY_HELD),
    ]
    network.release(3)
    network.settle()
    assert revision_of(network, "a") == 5
    assert suspects_parked(network) == []


def test_a_held_record_that_fails_when_its_turn_comes_is_told_and_holds_on(network: Network) -> None:
    """It becomes the head, with its own reason."""
    network.append(bad_case("a", event="head"))
    network.publish(tip("a"), agency=UK)
    network.settle()
    network.publish(amended("a", 2), amended("a", 3))
    network.settle()
    make_good(network, 0, amended("a", 4))
    network.release(0)  # fails: the record is the other agency's
    network.settle()
    assert [(p.position, p.reason) for p in suspects_parked(network)] == [
        (0, ParkReason.NOT_ACCEPTABLE),
        (1, ParkReason.KEY_HELD),
        (2, ParkReason.KEY_HELD),
    ]
    told = [(parked.position, parked.reason) for parked in network.inbox(NZ, RecordParked)]
    assert (0, "not_acceptable") in told


def test_a_head_that_is_no_longer_authentic_lets_the_others_go(network: Network) -> None:
    """Its key turns out to be stolen: it stays parked, alone, and what waited behind it is drained."""
    network.append(network.seal(tip("a")), bad_amendment("a", 2))
    network.publish(amended("a", 3), amended("a", 4))
    network.settle()
    network.mend(1, raw_seal(amended("a", 2), purpose="revoked"))
    network.release(1)
    network.settle()
    assert [(p.position, p.reason, p.authentic) for p in suspects_parked(network)] == [
        (1, ParkReason.KEY_NOT_VALID, False)
    ]
    assert revision_of(network, "a") == 4


def test_the_list_of_parked_records_is_in_the_order_of_topics(network: Network) -> None:
    """By consumer, topic and position as a number: position 10 comes after 9."""
    for n in range(11):
        network.append(bad_amendment(f"t{n}", 2, event=f"bad {n}"))
    network.append(raw_seal(WITHDRAWN, agency=UK, purpose="unlisted"), agency=UK)
    network.settle()
    expected = [(c, events_topic(a), n) for c in HUB_CONSUMERS for a, n in [*((NZ, n) for n in range(11)), (UK, 0)]]
    assert [(p.consumer, p.topic, p.position) for p in network.parked()] == expected


def test_the_hubs_own_bad_record_is_parked_and_nobody_is_told(network: Network) -> None:
    """Somebody wrote to the hub's topic: delivery parks it alone, and goes on."""
    forged = raw_seal(
        RecordParked(agency=NZ, topic="x", position=0, reason="x", authentic=False), agency="hub", signer=UK
    )
    network.log.append(HUB_EVENTS, [forged])
    network.settle()
    assert [(p.consumer, p.reason) for p in network.parked()] == [("delivery", ParkReason.NOT_TOPIC_OWNER)]
    assert network.inbox(NZ) == []
