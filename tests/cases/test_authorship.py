"""What came sealed is its sender's, for this alert and this desk, or it is not opened: whatever the hub puts in its place."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar, get_args

import pytest
from cases.test_conversation import NAME, UNSIGNED, met, ref
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hub_harness import DIA, HUB, NOW, NZ, UK, sealer
from replay_world import Node, World

from casebus import keys
from casebus.bus.log import Recorded, events_topic, inbox_topic
from casebus.cases.access import DeskRole, Viewer
from casebus.cases.alert_feed import end_of_feed
from casebus.cases.authorship import WithBox, belongs_of, signed, statement_of
from casebus.cases.conversation import RELEASES, SEALED, ReleaseState
from casebus.cases.deadlines import release_due
from casebus.cases.notification import Way, wanted_of_referral
from casebus.cases.outgoing import NOTICES
from casebus.cases.referral import REFERRALS, ReferralState
from casebus.clock import FixedClock
from casebus.desk import Desk
from casebus.desk.opening import Opening
from casebus.desk.placed import asked_about
from casebus.desk.plain import referral_row, release_row
from casebus.desk.referrals import Package
from casebus.directory import Directory, PublicKey
from casebus.errors import Conflict, NotPermitted
from casebus.events import enumerations as en
from casebus.events.catalogue import partition_key
from casebus.events.envelope import Event
from casebus.events.types import DeskMessage, DisclosureGranted, DisclosureRequested, Payload, ReferralSent, SealedBox
from casebus.installing import encryption_entry
from casebus.sealing import Belongs, Content, seal
from casebus.wire.ids import content_id

CANARY, FORGED = "Canaryqzx Qzxyrana", "Forgedqzx Qzxyrana"
NZ_BOX = keys.training_encryption_key(NZ)
P = TypeVar("P", bound=Payload)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    met(world)
    yield world
    world.close()


def unsent(world: World, kind: type[P]) -> P:
    """Return what UK has in its outbox, as the hub would make the copy of it; it is never relayed."""
    node = world.nodes[UK]
    with node.store.view() as view:
        rows = view.outbox(limit=100)
    found = [world.opener().open(Recorded(events_topic(UK), r.sequence, r.record, NOW)).event.payload for r in rows]
    (payload,) = [each for each in found if isinstance(each, kind)]
    return payload.model_copy(update={"actor": None} | ({"record_ids": ()} if kind is ReferralSent else {}))


def hub_puts(world: World, payload: Payload) -> None:
    """Put a record into NZ's inbox under the hub's own key, as a hostile hub can, and let NZ's node read it."""
    put(world, payload)
    world.nodes[NZ].inbox.step()
    world.nodes[NZ].opening.step()


def put(world: World, payload: Payload) -> None:
    event = Event(content_id("hub", payload.model_dump_json()), HUB, partition_key(payload), payload)
    topic = inbox_topic(NZ)
    world.hub.log.append(topic, [sealer(HUB).seal(event, topic, world.hub.log.end(topic) + 1)])


def refusals(node: Node) -> list[str]:
    with node.store.view() as view:
        return [notice.text for notice in view.by(NOTICES, "type", "Unopenable")]


def forged_box(payload: DeskMessage) -> DeskMessage:
    belongs = Belongs("DeskMessage", payload.message_id, NZ, payload.conflict_id)
    box = seal(Content(text=FORGED), belongs, keys.public_bytes(NZ_BOX))
    kept = {"signed_with": payload.sealed.signed_with, "signature": payload.sealed.signature}
    return payload.model_copy(update={"sealed": box.model_copy(update=kept)})


def by(owner: str, purpose: str = "signing") -> Callable[[DeskMessage], DeskMessage]:
    return lambda payload: signed(forged_box(payload), NZ, sealer(owner, purpose).attest)


def unsigned_by(agency: str | None) -> Callable[[DeskMessage], DeskMessage]:
    def changed(payload: DeskMessage) -> DeskMessage:
        box = forged_box(payload).sealed.model_copy(update={"signed_with": None, "signature": None})
        return payload.model_copy(update={"agency": agency, "sealed": box})

    return changed


def moved(payload: DeskMessage) -> DeskMessage:
    return payload.model_copy(update={"message_id": content_id("another message")})


def other_author(payload: DeskMessage) -> DeskMessage:
    return signed(payload.model_copy(update={"agency": DIA}), NZ, sealer(DIA).attest)


@pytest.mark.parametrize(
    ("tamper", "why"),
    [
        (forged_box, "not what uk-nca signed"),
        (moved, "not what uk-nca signed"),
        (unsigned_by(UK), "no signature of uk-nca"),
        (unsigned_by(None), "does not say who sent it"),
        (by(HUB), "none of uk-nca"),
        (by(DIA), "none of uk-nca"),
        (by(UK, "thief"), "none of uk-nca"),
        (other_author, "not the partner of that alert"),
    ],
)
def test_a_hub_can_put_nothing_in_the_place_of_what_a_desk_wrote(
    world: World, tamper: Callable[[DeskMessage], DeskMessage], why: str
) -> None:
    world.nodes[UK].desk.conversation.send_message(ref(world, UK), CANARY)
    hub_puts(world, tamper(unsent(world, DeskMessage)))
    nz = world.nodes[NZ]
    (message,) = nz.desk.conversation.messages(ref(world, NZ))
    assert message.text is None
    (told,) = refusals(nz)
    assert why in told
    assert nz.opening.idle()
    with nz.store.view() as view:
        (kept,) = view.all(SEALED)
    assert kept.body, "it is kept as it came"


def test_the_same_copy_untouched_is_opened(world: World) -> None:
    world.nodes[UK].desk.conversation.send_message(ref(world, UK), CANARY)
    hub_puts(world, unsent(world, DeskMessage))
    (message,) = world.nodes[NZ].desk.conversation.messages(ref(world, NZ))
    assert (message.text, message.who, refusals(world.nodes[NZ])) == (CANARY, UK, [])


@pytest.mark.parametrize(
    "changed",
    [
        {"fields": (NAME, en.DisclosedField.PHONE)},
        {"tlp": en.Tlp.CLEAR},
        {"keep_days": 366},
        {"evidential_use": en.EvidentialUse.UNKNOWN},
    ],
)
def test_a_release_is_for_the_fields_and_on_the_terms_that_its_holder_signed(
    world: World, changed: dict[str, object]
) -> None:
    nz, uk = world.nodes[NZ].desk.conversation, world.nodes[UK].desk.conversation
    request = nz.request_release(ref(world, NZ), "why", [NAME])
    world.settle()
    uk.grant_release(request.request_id, ((NAME, CANARY),))
    granted = unsent(world, DisclosureGranted)
    hub_puts(world, granted.model_copy(update=changed))
    (release,) = nz.releases()
    assert release.values == ()
    assert "changed on the way" in refusals(world.nodes[NZ])[0]


def test_a_referral_is_not_taken_for_another_agencys(world: World) -> None:
    uk, nz = world.nodes[UK].desk.referrals, world.nodes[NZ]
    package = Package(((NAME, CANARY),), "note")
    uk.send(NZ, en.ReferralReason.CHILD_LIVES_THERE, en.Severity.high, ref=ref(world, UK), package=package)
    sent = unsent(world, ReferralSent)
    claimed = sent.model_copy(update={"agency": DIA, "conflict_id": None})
    hub_puts(world, signed(claimed, NZ, sealer(DIA).attest))  # by an agency that plays along with the hub
    (referral,) = nz.desk.referrals.all()
    assert (referral.values, referral.note) == ((), None)
    assert "made for something else" in refusals(nz)[0]


@pytest.mark.parametrize("kind", get_args(WithBox))
def test_nothing_that_is_sealed_goes_without_its_box_and_the_signature_that_stands_beside_it(
    kind: type[Payload],
) -> None:
    assert kind.model_fields["sealed"].annotation is SealedBox


def referred(world: World) -> ReferralSent:
    """Return the copy of an immediate referral, with nothing in it, that UK has sent."""
    why = en.ReferralReason.CHILD_LIVES_THERE
    world.nodes[UK].desk.referrals.send(NZ, why, en.Severity.immediate, ref=ref(world, UK))
    return unsent(world, ReferralSent)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"urgency": en.Severity.routine}, "not what uk-nca signed"),
        ({"reason": en.ReferralReason.OUT_OF_JURISDICTION}, "not what uk-nca signed"),
        ({"fields": (NAME,)}, "not what uk-nca signed"),
        ({"keep_days": 366}, "not what uk-nca signed"),
        ({"conflict_id": None}, "not what uk-nca signed"),
        ({"urgency": en.Severity.routine, "sealed": UNSIGNED}, "no signature of uk-nca"),
    ],
)
def test_a_referral_that_its_sender_did_not_sign_as_it_stands_is_shown_so_and_can_only_be_declined(
    world: World, changed: dict[str, object], why: str
) -> None:
    hub_puts(world, referred(world).model_copy(update=changed))
    nz = world.nodes[NZ].desk.referrals
    (told,) = refusals(world.nodes[NZ])
    assert "ring the sender now" in told
    (waits,) = nz.asked_of_us()
    assert why in str(referral_row(waits)["unopened"])
    assert waits.respond_by == waits.sent_at + timedelta(hours=1), "it is taken for as urgent as can be"
    assert list(wanted_of_referral(waits, [Way.email], en.Severity.immediate, NOW)), "and told outside"
    with pytest.raises(Conflict, match=why):
        nz.accept(waits.referral_id)
    assert nz.decline(waits.referral_id, en.ReferralDecline.NO_CAPACITY).state is ReferralState.declined


def test_a_referral_bears_its_senders_signature_also_where_nothing_is_in_it(world: World) -> None:
    hub_puts(world, referred(world))
    nz = world.nodes[NZ]
    (waits,) = nz.desk.referrals.asked_of_us()
    assert (waits.unopened, waits.urgency, refusals(nz)) == (None, en.Severity.immediate, [])
    assert nz.desk.referrals.accept(waits.referral_id).ours


def test_what_has_just_come_is_not_acted_on_before_it_was_looked_at(world: World) -> None:
    nz, payload = world.nodes[NZ], referred(world)
    nz.opening = opening(nz, world.hub.directory, NZ_BOX)
    put(world, payload)
    nz.inbox.step()
    with pytest.raises(Conflict, match="not looked at it yet"):
        nz.desk.referrals.accept(payload.referral_id)
    nz.opening.step()
    assert nz.desk.referrals.accept(payload.referral_id).ours


def test_what_is_not_opened_stands_before_what_is_urgent(world: World) -> None:
    nz, payload = world.nodes[NZ], referred(world)
    hub_puts(world, payload)
    forged = {"referral_id": content_id("other"), "urgency": en.Severity.routine}
    hub_puts(world, payload.model_copy(update=forged))
    assert [each.urgency for each in nz.desk.referrals.asked_of_us()] == [en.Severity.routine, en.Severity.immediate]


@pytest.mark.parametrize(
    ("key_is", "refused"),
    [
        ({"revoked_at": NOW}, True),
        ({"revoked_at": NOW + timedelta(days=1)}, False),
        ({"valid_from": NOW + timedelta(seconds=1)}, True),
        ({"valid_from": NOW}, False),
        ({"valid_to": NOW - timedelta(days=1)}, False),
    ],
)
def test_a_signature_is_judged_by_the_directory_when_the_record_was_appended(
    world: World, key_is: dict[str, object], refused: bool
) -> None:
    world.nodes[UK].desk.conversation.send_message(ref(world, UK), CANARY)
    whole = world.hub.directory
    known = tuple(key.model_copy(update=key_is) if key.owner == UK else key for key in whole.keys)
    nz = world.nodes[NZ]
    nz.opening = opening(nz, replace(whole, keys=known), NZ_BOX)
    hub_puts(world, unsent(world, DeskMessage))
    assert ["uk-nca that signed it was not valid" in told for told in refusals(nz)] == [True] * refused


def test_no_value_is_taken_over_that_its_sender_did_not_announce(world: World) -> None:
    nz, uk = world.nodes[NZ].desk, world.nodes[UK].desk
    phone = en.DisclosedField.PHONE
    more = Content(((NAME, CANARY), (phone, "+64 21 555 0101")))
    asked = nz.conversation.request_release(ref(world, NZ), "why", [NAME, phone])
    world.settle()
    uk.conversation.grant_release(asked.request_id, ((NAME, CANARY),))
    uk.referrals.send(
        NZ,
        en.ReferralReason.CHILD_LIVES_THERE,
        en.Severity.high,
        ref=ref(world, UK),
        package=Package(((NAME, CANARY),)),
    )
    for payload in (unsent(world, DisclosureGranted), unsent(world, ReferralSent)):
        box = seal(more, belongs_of(payload, NZ), keys.public_bytes(NZ_BOX))
        hub_puts(world, signed(payload.model_copy(update={"sealed": box}), NZ, sealer(UK).attest))
    assert refusals(world.nodes[NZ]) == []
    (release,), (referral,) = nz.conversation.releases(), nz.referrals.all()
    assert (release.values, referral.values) == (((NAME, CANARY),), ((NAME, CANARY),))


class Later(DeskMessage):
    """A message as a later version of its schema has it."""

    in_reply_to: str | None
    tlp: en.Tlp = en.Tlp.AMBER_STRICT


Later.__name__ = "DeskMessage"


def test_a_signature_outlives_fields_that_a_later_version_adds_and_covers_what_is_in_them(world: World) -> None:
    world.nodes[UK].desk.conversation.send_message(ref(world, UK), CANARY)
    old = unsent(world, DeskMessage)
    read = Later.model_validate_json(json.dumps(old.model_dump(mode="json") | {"in_reply_to": None}))
    assert statement_of(read, NZ) == statement_of(old, NZ)
    for said in ({"in_reply_to": "m1"}, {"tlp": en.Tlp.CLEAR}):
        assert statement_of(read.model_copy(update=said), NZ) != statement_of(old, NZ)


def opening(node: Node, directory: Directory, *held: X25519PrivateKey) -> Opening:
    named = {keys.key_id(node.code, keys.public_bytes(key)): key for key in held}
    return Opening(node.code, named, node.store, FixedClock(NOW), directory)


def with_keys(directory: Directory, *entries: PublicKey) -> Directory:
    return replace(directory, encryption_keys=(*directory.encryption_keys, *entries))


def desk_with(node: Node, directory: Directory) -> Desk:
    viewer = Viewer(node.code, "officer", DeskRole.officer)
    return Desk(viewer, b"i" * 32, node.store, node.publisher, FixedClock(NOW), directory)


def test_senders_take_the_newest_key_that_is_valid_and_what_was_sealed_to_an_older_one_is_still_read(
    world: World,
) -> None:
    uk, nz = world.nodes[UK], world.nodes[NZ]
    uk.desk.conversation.send_message(ref(world, UK), "to the old key")
    fresh, later, gone = (keys.make_encryption_key() for _ in range(3))
    directory = with_keys(
        world.hub.directory,
        encryption_entry(NZ, fresh, NOW - timedelta(days=1)),
        encryption_entry(NZ, later, NOW + timedelta(days=1)),
        encryption_entry(NZ, gone, NOW - timedelta(hours=1)).model_copy(update={"revoked_at": NOW}),
    )
    desk_with(uk, directory).conversation.send_message(ref(world, UK), "to the new key")
    for held, opened in (
        ((NZ_BOX,), {"to the old key", None}),
        ((NZ_BOX, fresh), {"to the old key", "to the new key"}),
    ):
        nz.opening = opening(nz, directory, *held)
        world.settle()
        assert {message.text for message in nz.desk.conversation.messages(ref(world, NZ))} == opened
    with nz.store.view() as view:
        assert list(view.all(SEALED)) == [], "what was opened does not lie beside its key"


def test_what_is_sealed_to_a_key_that_is_not_here_is_told_and_opened_once_the_key_is(world: World) -> None:
    nz, lost = world.nodes[NZ], keys.make_encryption_key()
    directory = with_keys(world.hub.directory, entry := encryption_entry(NZ, lost, NOW))
    desk_with(world.nodes[UK], directory).conversation.send_message(ref(world, UK), CANARY)
    world.settle()
    (told,) = refusals(nz)
    assert f"sealed to a key that is not at this node ({entry.id})" in told
    assert [m.text for m in nz.desk.conversation.messages(ref(world, NZ))] == [None]
    assert nz.opening.step() == 0, "it is not tried for ever"
    nz.opening = opening(nz, directory, NZ_BOX, lost)
    world.settle()
    assert [m.text for m in nz.desk.conversation.messages(ref(world, NZ))] == [CANARY]


def test_what_a_key_signed_that_this_directory_has_not_heard_of_is_opened_by_the_first_start_that_has(
    world: World,
) -> None:
    nz, whole = world.nodes[NZ], world.hub.directory
    behind = replace(whole, keys=tuple(key for key in whole.keys if key.owner != UK))
    sent = referred(world)
    nz.opening = opening(nz, behind, NZ_BOX)
    hub_puts(world, sent)
    told = refusals(nz), shown_anew(nz)
    nz.opening = opening(nz, behind, NZ_BOX)
    nz.opening.step()
    assert (refusals(nz), shown_anew(nz)) == told, "what is looked at once more in vain is not told again"
    with pytest.raises(Conflict, match="none of uk-nca"):
        nz.desk.referrals.accept(sent.referral_id)
    nz.opening = opening(nz, whole, NZ_BOX)
    nz.opening.step()
    assert nz.desk.referrals.accept(sent.referral_id).unopened is None


def test_what_cannot_be_opened_counts_as_read_once_shown_and_as_unread_when_it_is_opened_after_all(
    world: World,
) -> None:
    nz, directory = world.nodes[NZ], world.hub.directory
    nz.opening = opening(nz, directory, keys.make_encryption_key())
    world.nodes[UK].desk.conversation.send_message(ref(world, UK), CANARY)
    sent = unsent(world, DeskMessage)
    put(world, sent)
    nz.inbox.step()
    nz.desk.conversation.messages(ref(world, NZ))
    assert waits(nz, sent), "nobody could read it yet"
    nz.opening.step()
    assert waits(nz, sent)
    nz.desk.conversation.messages(ref(world, NZ))
    assert not waits(nz, sent)
    nz.opening = opening(nz, directory, NZ_BOX)
    nz.opening.step()
    assert waits(nz, sent)


def shown_anew(node: Node) -> int:
    with node.store.view() as view:
        return end_of_feed(view).number


def waits(node: Node, message: DeskMessage) -> bool:
    with node.store.view() as view:
        return bool(asked_about(view, message.conflict_id))


def test_nothing_is_released_on_a_request_that_is_not_what_the_partner_signed(world: World) -> None:
    nz, uk = world.nodes[NZ].desk.conversation, world.nodes[UK].desk.conversation
    uk.request_release(ref(world, UK), "why", [NAME])
    asked = unsent(world, DisclosureRequested)
    hub_puts(world, asked.model_copy(update={"asked": (NAME, en.DisclosedField.PHONE)}))
    (release,) = nz.releases()
    assert "not what uk-nca signed" in str(release_row(release)["unopened"])
    with pytest.raises(Conflict, match="may never have asked"):
        nz.grant_release(asked.request_id, ((NAME, CANARY),))
    assert nz.refuse_release(asked.request_id, en.DisclosureRefusal.HARM_TO_PERSON).state is ReleaseState.refused


def test_what_is_opened_only_after_its_time_gives_no_value(world: World) -> None:
    nz, directory = world.nodes[NZ], world.hub.directory
    asked = nz.desk.conversation.request_release(ref(world, NZ), "why", [NAME])
    world.settle()
    nz.opening = opening(nz, directory, keys.make_encryption_key())
    world.nodes[UK].desk.conversation.grant_release(asked.request_id, ((NAME, CANARY),))
    world.settle()
    with nz.store.transaction() as tx:
        granted = tx.get(RELEASES, asked.request_id)
        assert granted is not None
        assert granted.keep_until is not None
        for effect in release_due(granted, granted.keep_until).effects:
            tx.apply(effect)
    nz.opening = opening(nz, directory, NZ_BOX)
    nz.opening.step()
    with nz.store.view() as view:
        ended = view.get(RELEASES, asked.request_id)
        assert ended is not None
        assert (ended.state, ended.values) == (ReleaseState.ended, ())
        assert list(view.all(SEALED)) == []


def test_what_came_with_a_referral_is_not_kept_where_it_is_opened_after_it_was_declined(world: World) -> None:
    nz, directory = world.nodes[NZ], world.hub.directory
    nz.opening = opening(nz, directory, keys.make_encryption_key())
    package = Package(((NAME, CANARY),), "why")
    uk = world.nodes[UK].desk.referrals
    sent = uk.send(NZ, en.ReferralReason.CHILD_LIVES_THERE, en.Severity.high, ref=ref(world, UK), package=package)
    world.settle()
    nz.desk.referrals.decline(sent.referral_id, en.ReferralDecline.NO_CAPACITY)
    nz.opening = opening(nz, directory, NZ_BOX)
    nz.opening.step()
    with nz.store.view() as view:
        (declined,) = view.all(REFERRALS)
        assert (declined.values, declined.note, declined.fields) == ((), "why", (NAME,))
        assert list(view.all(SEALED)) == []


def test_nothing_is_sealed_where_every_key_has_ended(world: World) -> None:
    ended = tuple(key.model_copy(update={"valid_to": NOW}) for key in world.hub.directory.encryption_keys)
    uk = desk_with(world.nodes[UK], replace(world.hub.directory, encryption_keys=ended))
    with pytest.raises(NotPermitted, match="valid now"):
        uk.conversation.send_message(ref(world, UK), CANARY)


def test_a_statement_says_everything_that_the_recipient_gets(world: World) -> None:
    world.nodes[UK].desk.conversation.send_message(ref(world, UK), CANARY)
    payload = unsent(world, DeskMessage)
    said = statement_of(payload, NZ)
    for other in (
        statement_of(payload, DIA),
        statement_of(moved(payload), NZ),
        statement_of(forged_box(payload), NZ),
        statement_of(payload.model_copy(update={"agency": DIA}), NZ),
        statement_of(payload.model_copy(update={"conflict_id": content_id("another")}), NZ),
    ):
        assert other != said
    assert statement_of(payload.model_copy(update={"actor": "officer-0123456789abcdef"}), NZ) == said
