"""The two doors: what goes in comes out, and what was not sealed here does not come in."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from generated import any_payload
from hypothesis import given, settings
from hypothesis import strategies as st
from network import (
    DIRECTORY,
    HUB,
    HUB_EVENTS,
    NOW,
    NZ,
    NZ_EVENTS,
    NZ_INBOX,
    SCHEMAS,
    UK,
    UK_EVENTS,
    UK_INBOX,
    event,
    recorded,
    sealer,
    with_header,
)

from casebus import keys
from casebus.bus.log import MAX_VALUE_BYTES, Record
from casebus.errors import ParkReason, WireError
from casebus.events import enumerations as en
from casebus.events.catalogue import CATALOGUE, Writer
from casebus.events.envelope import Event
from casebus.events.types import (
    DataAccessed,
    DeconflictionAcknowledged,
    DeliveryRefused,
    Payload,
    RecordParked,
)
from casebus.wire import headers, seal, signing
from casebus.wire.ids import content_id
from casebus.wire.seal import Opener

OPENER = Opener(SCHEMAS, DIRECTORY)
SEALED = sealer(NZ).seal(event(), NZ_EVENTS, 42)


def refused(record: Record, topic: str = NZ_EVENTS) -> tuple[ParkReason, bool]:
    with pytest.raises(WireError) as caught:
        OPENER.open(recorded(record, topic))
    return caught.value.reason, caught.value.authentic


def place(payload: Payload) -> tuple[str, Payload, str]:
    """Return an owner, the payload as that owner may send it, and a topic for it."""
    entry = CATALOGUE[type(payload).__name__]
    if Writer.agency in entry.writers:
        if "agency" in type(payload).model_fields:
            payload = payload.model_copy(update={"agency": NZ})
        return NZ, payload, NZ_EVENTS
    if isinstance(payload, DeliveryRefused):
        payload = payload.model_copy(update={"agency": NZ})
    return HUB, payload, HUB_EVENTS if Writer.hub in entry.writers else NZ_INBOX


@settings(max_examples=150, deadline=None)
@given(any_payload())
def test_what_is_sealed_opens_to_the_same_event(payload: Payload) -> None:
    owner, payload, topic = place(payload)
    sent = event(payload, owner)
    if not sent.partition_key or any(not character.isprintable() for character in sent.partition_key):
        return  # a resource is a word of ours; a header holds no control characters
    received = OPENER.open(recorded(sealer(owner).seal(sent, topic, 3), topic))
    assert received.event == sent
    assert (received.topic, received.position, received.sequence, received.appended_at) == (topic, 7, 3, NOW)


def test_sealing_twice_gives_the_same_bytes() -> None:
    assert sealer(NZ).seal(event(), NZ_EVENTS, 42) == SEALED


def test_the_digest_ignores_the_sequence_and_nothing_else() -> None:
    def digest(sent: Event, sequence: int = 42) -> bytes:
        return OPENER.open(recorded(sealer(NZ).seal(sent, NZ_EVENTS, sequence))).digest

    assert digest(event(), sequence=43) == digest(event())
    other = event().payload.model_copy(update={"reason": en.WithdrawReason.DUPLICATE})
    for change in (
        {"payload": other},
        {"id": content_id("another event")},
        {"classification": en.Tlp.RED},
        {"correlation_id": None},
        {"causation_id": content_id("another cause")},
    ):
        assert digest(replace(event(), **change)) != digest(event()), change


def test_a_forged_record_is_refused_as_not_authentic() -> None:
    forged = replace(SEALED, value=SEALED.value[:-1] + bytes([SEALED.value[-1] ^ 2]))
    assert refused(forged) == (ParkReason.SIGNATURE_INVALID, False)


def test_an_unsigned_record_is_refused() -> None:
    assert refused(with_header(SEALED, "ce_dssematerial", None)) == (ParkReason.UNSIGNED, False)
    assert refused(with_header(SEALED, "ce_dssematerial", b"")) == (ParkReason.UNSIGNED, False)
    assert refused(with_header(SEALED, "ce_signedextattrs", None)) == (ParkReason.UNSIGNED, False)


def test_an_attribute_that_is_not_signed_is_refused() -> None:
    bare = sealer(NZ).seal(replace(event(), causation_id=None), NZ_EVENTS, 1)
    added = with_header(bare, "ce_causationid", content_id("elsewhere").encode())
    assert refused(added) == (ParkReason.UNSIGNED, False)


def test_a_signed_attribute_that_was_taken_away_is_missed() -> None:
    assert refused(with_header(SEALED, "ce_causationid", None)) == (ParkReason.SIGNATURE_INVALID, False)


@pytest.mark.parametrize("purpose", ["ended", "future", "revoked"])
def test_a_key_is_judged_at_append_time(purpose: str) -> None:
    record = sealer(NZ, purpose).seal(event(), NZ_EVENTS, 1)
    assert refused(record) == (ParkReason.KEY_NOT_VALID, False)
    when = NOW + timedelta(days=2) if purpose == "future" else NOW - timedelta(milliseconds=1)
    assert OPENER.open(recorded(record, appended_at=when)).event == event()


def test_a_key_that_the_directory_does_not_list_is_unknown() -> None:
    record = sealer(NZ, "a key of nobody").seal(event(), NZ_EVENTS, 1)
    assert refused(record) == (ParkReason.UNKNOWN_KEY, False)


def test_another_agency_cannot_write_to_this_topic() -> None:
    theirs = sealer(UK).seal(event(source=UK), UK_EVENTS, 1)
    assert refused(theirs, NZ_EVENTS) == (ParkReason.NOT_TOPIC_OWNER, False)


def test_an_agency_cannot_sign_in_anothers_name() -> None:
    impostor = sealer(UK).seal(event(), NZ_EVENTS, 1)
    assert refused(impostor) == (ParkReason.NOT_TOPIC_OWNER, False)
    borrowed = sealer(UK).seal(event(), NZ_EVENTS, 1)
    assert refused(borrowed, UK_EVENTS) == (ParkReason.NOT_TOPIC_OWNER, False)


def test_an_agency_cannot_name_another_as_the_source() -> None:
    borrowed = signed_anew(SEALED.value, with_header(SEALED, "ce_source", b"urn:casebus:uk-nca"))
    assert refused(borrowed) == (ParkReason.NOT_TOPIC_OWNER, False)


def test_a_record_cannot_be_moved_between_inboxes_that_the_hub_signs() -> None:
    payload = DeconflictionAcknowledged(conflict_id=content_id("conflict"), agency=UK, revision=1, actor=None)
    record = sealer(HUB).seal(event(payload, HUB), NZ_INBOX, 1)
    assert OPENER.open(recorded(record, NZ_INBOX)).event.payload == payload
    assert refused(record, UK_INBOX) == (ParkReason.NOT_TOPIC_OWNER, False)


def test_a_topic_that_is_none_of_ours_is_owned_by_nobody() -> None:
    assert refused(SEALED, "somebody.elses") == (ParkReason.NOT_TOPIC_OWNER, False)


def test_a_genuine_record_under_a_foreign_key_holds_nothing() -> None:
    moved = replace(SEALED, key=b"another key")
    assert refused(moved) == (ParkReason.FOREIGN_PARTITION_KEY, False)


def test_a_partition_key_that_is_not_the_payloads_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "admit", lambda event, topic: None)
    record = sealer(NZ).seal(replace(event(), partition_key="another key"), NZ_EVENTS, 1)
    monkeypatch.undo()
    assert refused(record) == (ParkReason.FOREIGN_PARTITION_KEY, True)


def test_a_type_is_refused_on_a_topic_where_nobody_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "admit", lambda event, topic: None)
    record = sealer(HUB).seal(event(source=HUB), HUB_EVENTS, 1)
    monkeypatch.undo()
    assert refused(record, HUB_EVENTS) == (ParkReason.WRONG_TYPE_FOR_TOPIC, True)


@pytest.mark.parametrize(
    ("payload", "owner", "topic"),
    [
        (DeconflictionAcknowledged(conflict_id=content_id("c"), agency=UK, revision=1, actor=None), NZ, NZ_EVENTS),
        (DeconflictionAcknowledged(conflict_id=content_id("c"), agency=None, revision=1, actor=None), NZ, NZ_EVENTS),
        (DeconflictionAcknowledged(conflict_id=content_id("c"), agency=UK, revision=1, actor="o"), HUB, NZ_INBOX),
        (RecordParked(agency=UK, topic="t", position=0, reason="r", authentic=False), HUB, NZ_INBOX),
    ],
)
def test_agencies_speak_only_for_themselves(
    payload: Payload, owner: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WireError) as caught:
        sealer(owner).seal(event(payload, owner), topic, 1)
    assert caught.value.reason is ParkReason.NOT_ACCEPTABLE
    monkeypatch.setattr(seal, "admit", lambda event, topic: None)
    record = sealer(owner).seal(event(payload, owner), topic, 1)
    monkeypatch.undo()
    assert refused(record, topic) == (ParkReason.NOT_ACCEPTABLE, True)


def test_a_schema_that_is_not_on_the_list_is_unknown() -> None:
    record = with_header(with_header(SEALED, "__value_schema_id", b"\x01" + bytes(16)), "ce_valueschemaid", b"0" * 32)
    assert refused(record) == (ParkReason.UNKNOWN_SCHEMA, False)


def test_a_schema_of_another_type_is_refused() -> None:
    other = SCHEMAS.for_type("CaseClosed").guid
    record = with_header(SEALED, "__value_schema_id", b"\x01" + other)
    record = with_header(record, "ce_valueschemaid", other.hex().encode())
    assert refused(record) == (ParkReason.UNKNOWN_SCHEMA, False)


def test_a_value_that_is_too_large_is_refused_at_both_doors() -> None:
    assert refused(replace(SEALED, value=bytes(MAX_VALUE_BYTES + 1))) == (ParkReason.TOO_LARGE, False)
    large = DataAccessed(
        operation=en.AccessOperation.CONSULTATION,
        actor="a",
        purpose=en.Purpose.AUDIT,
        resource="alerts",
        references=("€" * 200,) * 1000,
        references_not_carried=0,
        fields=(),
    )
    with pytest.raises(WireError) as caught:
        sealer(NZ).seal(event(large), NZ_EVENTS, 1)
    assert caught.value.reason is ParkReason.TOO_LARGE


def signed_anew(data: bytes, record: Record = SEALED) -> Record:
    """Return the record with other data under a genuine signature: what an agency with a broken encoder sends."""
    read = headers.parse_headers(record.headers)
    key = keys.training_signing_key(NZ)
    material = signing.material_of(read.values, headers.AVRO, data, read.signed_names)
    signature = signing.sign(material, key, keys.key_id(NZ, keys.public_bytes(key)))
    return with_header(replace(record, value=data), "ce_dssematerial", signature)


def test_what_fails_after_the_signature_is_authentic() -> None:
    assert OPENER.open(recorded(signed_anew(SEALED.value))).event == event()
    assert refused(signed_anew(SEALED.value + b"\x00")) == (ParkReason.TRAILING_BYTES, True)
    assert refused(signed_anew(SEALED.value[:-1])) == (ParkReason.AVRO_INVALID, True)
    assert refused(signed_anew(b"\x02x" + SEALED.value[-1:])) == (ParkReason.MODEL_INVALID, True)


def test_no_message_names_a_value() -> None:
    with pytest.raises(WireError) as caught:
        OPENER.open(recorded(signed_anew(b"\x20someone@post.com" + SEALED.value[-1:])))
    assert "someone" not in caught.value.diagnostics()
    assert caught.value.__cause__ is None


def test_no_single_flipped_bit_opens() -> None:
    for where in range(len(SEALED.value) * 8):
        assert refused(replace(SEALED, value=flipped(SEALED.value, where)))[1] is False
    for where in range(len(SEALED.key) * 8):
        assert refused(replace(SEALED, key=flipped(SEALED.key, where)))[1] is False
    chosen = random.Random(1)
    for index, (name, value) in enumerate(SEALED.headers):
        for where in chosen.sample(range(len(value) * 8), min(60, len(value) * 8)):
            assert refused(with_header_at(index, name, flipped(value, where)))[1] is False, (name, where)
        for where in range(len(name) * 8):
            other = flipped(name.encode(), where).decode("latin-1")
            assert refused(with_header_at(index, other, value))[1] is False, (name, other)


def flipped(octets: bytes, where: int) -> bytes:
    changed = bytearray(octets)
    changed[where // 8] ^= 1 << where % 8
    return bytes(changed)


def with_header_at(index: int, name: str, value: bytes) -> Record:
    changed = (*SEALED.headers[:index], (name, value), *SEALED.headers[index + 1 :])
    return replace(SEALED, headers=changed)


NAMES = st.sampled_from([name for name, _ in SEALED.headers]) | st.text(max_size=12)
VALUES = st.sampled_from([value for _, value in SEALED.headers]) | st.binary(max_size=60)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80), st.binary(max_size=80), st.lists(st.tuples(NAMES, VALUES), max_size=34))
def test_any_bytes_open_or_are_refused_by_a_wire_error(
    key: bytes, value: bytes, headers: list[tuple[str, bytes]]
) -> None:
    with pytest.raises(WireError):
        OPENER.open(recorded(Record(key, value, tuple(headers))))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_signed_bytes_open_or_are_refused_by_an_authentic_wire_error(data: bytes) -> None:
    try:
        received = OPENER.open(recorded(signed_anew(data)))
    except WireError as error:
        authentic = error.authentic
    else:
        authentic = received.event.source == NZ
    assert authentic


def test_sealing_for_a_topic_that_the_source_does_not_own_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="bug"):
        sealer(NZ).seal(event(), UK_EVENTS, 1)
