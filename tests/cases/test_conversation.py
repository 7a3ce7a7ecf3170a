"""What two desks say to each other, over the real hub: only the partner reads it, and nobody is named who must not be."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_harness import CODES, DIA, NOW, NZ, UK, sealer, tip
from replay_world import Node, World

from casebus import keys
from casebus.bus.log import events_topic, inbox_topic
from casebus.bus.outbox import Outgoing
from casebus.cases.access import DeskRole, Viewer
from casebus.cases.authorship import signed
from casebus.cases.conflict import SideState, judged_apart
from casebus.cases.conversation import ReleaseState
from casebus.cases.desk_history import DEEDS, Verb
from casebus.cases.judgement import JUDGEMENTS
from casebus.cases.outgoing import NOTICES
from casebus.cases.referral import REFERRALS, ReferralState
from casebus.clock import FixedClock
from casebus.desk import Desk
from casebus.desk.referrals import Package
from casebus.desk.terms import Terms
from casebus.errors import Conflict, NotFound, NotPermitted, UsageError
from casebus.events import enumerations as en
from casebus.events.catalogue import partition_key
from casebus.events.envelope import Event
from casebus.events.types import (
    DataDisclosed,
    DeliveryRefused,
    DeskMessage,
    DisclosureGranted,
    DisclosureRequested,
    Payload,
    ReferralAccepted,
    ReferralSent,
    SealedBox,
)
from casebus.installing import all_topics
from casebus.wire.ids import content_id

CANARY = "Canaryqzx Qzxyrana"
NAME, PHONE = en.DisclosedField.REPORTED_NAME, en.DisclosedField.PHONE
OPEN, DESK_ONLY, SILENT = en.PointerMode.OPEN, en.PointerMode.DESK_ONLY, en.PointerMode.SILENT
ROUTINE = en.Severity.routine
UNSIGNED = SealedBox(key_id="k", box="AAAA", signed_with=None, signature=None)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


def lead(world: World, code: str) -> Desk:
    node = world.nodes[code]
    viewer = Viewer(code, "the lead", DeskRole.desk_lead)
    return Desk(viewer, b"i" * 32, node.store, node.publisher, FixedClock(NOW), world.hub.directory)


def say(node: Node, payload: Payload) -> None:
    """Publish what an officer's desk would not: a hostile or broken partner's system."""
    event = Event(content_id("said", payload.model_dump_json()), node.code, partition_key(payload), payload)
    with node.store.transaction() as tx:
        node.publisher.publish(tx, [Outgoing(events_topic(node.code), event)])


def met(world: World, nz: en.PointerMode = OPEN, uk: en.PointerMode = OPEN) -> None:
    """Both hold one account."""
    for code, pointer in ((NZ, nz), (UK, uk)):
        say(world.nodes[code], tip(f"{code}-tip", {"account_id": "shared"}, pointer=pointer))
    world.settle()


def ref(world: World, code: str) -> str:
    (alert,) = world.nodes[code].alerts()
    return alert.ref


def everywhere_but(world: World, *codes: str) -> bytes:
    """Return the bytes of every file of the network, but those of some agencies' own stores."""
    own = tuple(f"{code}.sqlite" for code in codes)
    return b"".join(
        path.read_bytes() for path in world.hub.root.rglob("*") if path.is_file() and not path.name.startswith(own)
    )


def test_a_released_field_is_readable_at_the_recipient_and_nowhere_else(world: World) -> None:
    met(world)
    nz, uk = world.nodes[NZ].desk.conversation, world.nodes[UK].desk.conversation
    asked = nz.request_release(ref(world, NZ), f"{CANARY} may be here", [NAME, PHONE])
    world.settle()
    (waiting,) = uk.releases()
    assert (waiting.reason, waiting.partner, waiting.state) == (f"{CANARY} may be here", NZ, ReleaseState.asked)
    uk.grant_release(waiting.request_id, ((NAME, CANARY),), Terms(en.Tlp.RED, keep_days=7))
    world.settle()
    (got,) = nz.releases(ref(world, NZ))
    assert (got.request_id, got.state, got.values) == (asked.request_id, ReleaseState.granted, ((NAME, CANARY),))
    assert (got.partner, got.tlp) == (UK, en.Tlp.RED)
    (remembered,) = uk.releases()
    assert (remembered.fields, remembered.values) == ((NAME,), ()), "the holder remembers names, not values"
    assert CANARY.encode() in b"".join(p.read_bytes() for p in world.hub.root.glob(f"{NZ}.sqlite*"))
    assert CANARY.encode() not in everywhere_but(world, NZ, UK)
    (disclosed,) = [d for d in world.hub.hub_events(DataDisclosed) if d.fields == ("REPORTED_NAME",)]
    assert disclosed.recipient == NZ


def test_a_refusal_says_why_and_is_final(world: World) -> None:
    met(world)
    nz, uk = world.nodes[NZ].desk.conversation, world.nodes[UK].desk.conversation
    request = nz.request_release(ref(world, NZ), "to find the child", [NAME])
    world.settle()
    uk.refuse_release(request.request_id, en.DisclosureRefusal.HARM_TO_PERSON, "the source is a relative")
    with pytest.raises(Conflict, match="refused already"):
        uk.grant_release(request.request_id, ((NAME, CANARY),))
    world.settle()
    (told,) = nz.releases()
    assert (told.state, told.refusal) == (ReleaseState.refused, "HARM_TO_PERSON")
    assert b"relative" not in everywhere_but(world, UK)


def test_nobody_grants_what_it_was_not_asked_and_the_asker_least_of_all(world: World) -> None:
    met(world)
    nz = world.nodes[NZ].desk.conversation
    request = nz.request_release(ref(world, NZ), "why", [NAME])
    world.settle()
    for code in (NZ, DIA):
        with pytest.raises(NotFound):
            world.nodes[code].desk.conversation.grant_release(request.request_id, ((NAME, "x"),))
    for values in ((), ((PHONE, "5"),), ((NAME, "x"), (PHONE, "5"))):
        with pytest.raises(UsageError):
            world.nodes[UK].desk.conversation.grant_release(request.request_id, values)
    with pytest.raises(UsageError):
        nz.request_release(ref(world, NZ), "  ", [NAME])


def test_messages_reach_the_partner_alone_in_their_order(world: World) -> None:
    met(world)
    world.nodes[NZ].desk.conversation.send_message(ref(world, NZ), f"{CANARY}: first")
    world.nodes[NZ].desk.conversation.send_message(ref(world, NZ), "second")
    world.settle()
    world.nodes[UK].desk.conversation.send_message(ref(world, UK), "third")
    world.settle()
    for code in (NZ, UK):
        heard = world.nodes[code].desk.conversation.messages(ref(world, code))
        assert sorted(message.text or "" for message in heard) == [f"{CANARY}: first", "second", "third"]
    assert CANARY.encode() not in everywhere_but(world, NZ, UK)
    assert world.hub.inbox(DIA) == []


@pytest.mark.parametrize(("nz", "uk"), [(DESK_ONLY, OPEN), (SILENT, OPEN)])
def test_who_is_not_named_is_never_named_by_what_it_says(world: World, nz: en.PointerMode, uk: en.PointerMode) -> None:
    met(world, nz, uk)
    before = world.hub.log.end(inbox_topic(UK))
    world.nodes[NZ].desk.conversation.send_message(ref(world, NZ), "ring us through the desk")
    world.nodes[NZ].desk.conversation.request_release(ref(world, NZ), "why", [NAME])
    lead(world, NZ).conversation.propose_lead(ref(world, NZ), en.LeadSide.PARTNER, en.LeadBasis.CHILD_LOCATION)
    world.settle()
    told = b"".join(record.record.value for record in world.hub.records(inbox_topic(UK))[before:])
    assert NZ.encode() not in told
    if nz is SILENT:
        assert world.hub.inbox(UK, DeliveryRefused) == []
        assert [type(payload).__name__ for payload in world.hub.inbox(UK)] == ["DeconflictionNoHit"]
        reasons = {refusal.reason for refusal in world.hub.inbox(NZ, DeliveryRefused)}
        assert reasons == {en.DeliveryRefusal.PARTNER_NOT_TOLD}
        (message,) = world.nodes[NZ].desk.conversation.messages(ref(world, NZ))
        assert message.refused == "PARTNER_NOT_TOLD", "nothing is lost in silence"
        with world.nodes[NZ].store.view() as view:
            assert len(view.by(NOTICES, "type", "DeliveryRefused")) == 3
    else:
        (heard,) = world.nodes[UK].desk.conversation.messages(ref(world, UK))
        assert (heard.who, heard.text) == (None, "ring us through the desk")


def test_nothing_is_sealed_to_a_partner_that_may_not_be_named(world: World) -> None:
    met(world, OPEN, DESK_ONLY)
    nz = world.nodes[NZ].desk
    assert nz.alert(ref(world, NZ)).alert.partner is None
    for act in (
        lambda: nz.conversation.send_message(ref(world, NZ), "hello"),
        lambda: nz.conversation.request_release(ref(world, NZ), "why", [NAME]),
        lambda: nz.referrals.send(UK, en.ReferralReason.CHILD_LIVES_THERE, ROUTINE, ref=ref(world, NZ)),
    ):
        with pytest.raises(NotPermitted, match="named"):
            act()
    lead(world, NZ).conversation.propose_lead(ref(world, NZ), en.LeadSide.PARTNER, en.LeadBasis.CHILD_LOCATION)
    world.settle()
    assert world.nodes[UK].desk.conversation.lead(ref(world, UK)).theirs is not None, "what names nobody arrives"


@pytest.mark.parametrize("guess", [UK, DIA])
def test_a_guess_at_an_unnamed_partner_is_answered_the_same_whether_it_is_right(world: World, guess: str) -> None:
    met(world, OPEN, DESK_ONLY)
    (alert,) = world.nodes[NZ].alerts()
    say(
        world.nodes[NZ],
        ReferralSent(
            referral_id=content_id("guess", guess), conflict_id=alert.conflict_id, agency=NZ, to=guess, record_ids=(),
            reason=en.ReferralReason.CHILD_LIVES_THERE, urgency=ROUTINE, fields=(), tlp=en.Tlp.RED,
            evidential_use=en.EvidentialUse.INTELLIGENCE_ONLY, keep_days=30, sealed=UNSIGNED, actor=None,
        ),
    )  # fmt: skip
    world.settle()
    (refusal,) = world.hub.inbox(NZ, DeliveryRefused)
    assert refusal.reason is en.DeliveryRefusal.PARTNER_NOT_NAMED
    assert [p for p in world.hub.inbox(guess) if type(p).__name__ == "ReferralSent"] == []


def test_the_lead_is_agreed_when_both_mean_the_same_side(world: World) -> None:
    met(world)
    nz, uk = lead(world, NZ).conversation, lead(world, UK).conversation
    nz.propose_lead(ref(world, NZ), en.LeadSide.PROPOSER, en.LeadBasis.CHILD_LOCATION)
    world.settle()
    assert nz.lead(ref(world, NZ)).we_lead is uk.lead(ref(world, UK)).we_lead is None
    uk.propose_lead(ref(world, UK), en.LeadSide.PROPOSER, en.LeadBasis.FIRST_TO_ACT)
    world.settle()
    assert uk.lead(ref(world, UK)).we_lead is None, "each wants it"
    uk.propose_lead(ref(world, UK), en.LeadSide.PARTNER, en.LeadBasis.CHILD_LOCATION)
    world.settle()
    assert (nz.lead(ref(world, NZ)).we_lead, uk.lead(ref(world, UK)).we_lead) == (True, False)
    with pytest.raises(NotPermitted):
        world.nodes[NZ].desk.conversation.propose_lead(ref(world, NZ), en.LeadSide.PARTNER, en.LeadBasis.AGREEMENT)


def test_responsibility_moves_on_acceptance_only(world: World) -> None:
    met(world)
    nz, uk = world.nodes[NZ].desk.referrals, world.nodes[UK].desk.referrals
    package = Package(((NAME, CANARY),), "the child lives in Leeds")
    sent = nz.send(UK, en.ReferralReason.CHILD_LIVES_THERE, ROUTINE, ref=ref(world, NZ), package=package)
    world.settle()
    (incoming,) = uk.all()
    assert (incoming.values, incoming.note, incoming.record_ids) == (package.values, package.note, ())
    assert (nz.all()[0].ours, incoming.ours) == (True, False)
    uk.accept(sent.referral_id)
    assert nz.all()[0].ours, "the acceptance was not read yet"
    world.settle()
    assert (nz.all()[0].ours, uk.all()[0].ours) == (False, True)
    assert nz.all()[0].state is ReferralState.accepted
    with pytest.raises(Conflict):
        uk.decline(sent.referral_id, en.ReferralDecline.NO_CAPACITY)
    assert CANARY.encode() not in everywhere_but(world, NZ, UK)


def test_a_declined_referral_stays_with_its_sender(world: World) -> None:
    met(world)
    nz, uk = world.nodes[NZ].desk.referrals, world.nodes[UK].desk.referrals
    package = Package(((NAME, CANARY),), terms=Terms(keep_days=7))
    sent = nz.send(UK, en.ReferralReason.CHILD_LIVES_THERE, ROUTINE, ref=ref(world, NZ), package=package)
    world.settle()
    assert (uk.all()[0].values, uk.all()[0].keep_days) == (package.values, 7)
    uk.decline(sent.referral_id, en.ReferralDecline.NO_CAPACITY)
    world.settle()
    with world.nodes[UK].store.view() as view:
        assert [each.values for each in view.all(REFERRALS)] == [()], "who does not take it keeps nothing of it"
    (mine,) = nz.all()
    assert (mine.state, mine.ours, mine.declined) == (ReferralState.declined, True, en.ReferralDecline.NO_CAPACITY)
    with pytest.raises(Conflict, match="partner answers"):
        nz.accept(sent.referral_id)
    for code in (NZ, UK):
        with world.nodes[code].store.view() as view:
            verbs = [deed.verb for deed in view.by(DEEDS, "conflict", str(sent.conflict_id))]
        assert {Verb.referred, Verb.declined_referral} <= set(verbs), "both desks have it in the alert's history"


def test_nobody_answers_a_referral_of_others(world: World) -> None:
    met(world)
    sent = world.nodes[NZ].desk.referrals.send(UK, en.ReferralReason.CHILD_LIVES_THERE, ROUTINE, ref=ref(world, NZ))
    world.settle()
    say(world.nodes[DIA], ReferralAccepted(referral_id=sent.referral_id, agency=DIA, actor=None))
    say(world.nodes[NZ], ReferralAccepted(referral_id=sent.referral_id, agency=NZ, actor=None))
    world.settle()
    assert world.nodes[NZ].desk.referrals.all()[0].state is ReferralState.sent
    for code in (DIA, NZ):
        (refusal,) = world.hub.inbox(code, DeliveryRefused)
        assert refusal.reason is en.DeliveryRefusal.NOT_YOURS


def test_a_third_agency_says_nothing_about_a_conflict_that_is_not_its_own(world: World) -> None:
    met(world)
    (alert,) = world.nodes[NZ].alerts()
    say(
        world.nodes[DIA],
        DisclosureGranted(
            request_id=content_id("r"), conflict_id=alert.conflict_id, agency=DIA, fields=(NAME,), tlp=en.Tlp.RED,
            evidential_use=en.EvidentialUse.INTELLIGENCE_ONLY, keep_days=1,
            sealed=UNSIGNED, actor=None,
        ),
    )  # fmt: skip
    world.settle()
    (refusal,) = world.hub.inbox(DIA, DeliveryRefused)
    assert refusal.reason is en.DeliveryRefusal.NOT_YOURS
    for code in (NZ, UK):
        assert [p for p in world.hub.inbox(code) if isinstance(p, DisclosureGranted)] == []


@pytest.mark.parametrize("key_id", ["k", keys.key_id(NZ, keys.public_bytes(keys.training_encryption_key(NZ)))])
def test_a_box_that_cannot_be_opened_is_told_to_the_desk_and_holds_up_nothing(world: World, key_id: str) -> None:
    sealed = UNSIGNED.model_copy(update={"key_id": key_id})
    met(world)
    nz, uk = world.nodes[NZ].desk.conversation, world.nodes[UK].desk.conversation
    request = nz.request_release(ref(world, NZ), "why", [NAME])
    world.settle()
    (asked,) = uk.releases()
    granted = DisclosureGranted(
        request_id=request.request_id, conflict_id=asked.conflict_id, agency=UK, fields=(NAME,), tlp=en.Tlp.RED,
        evidential_use=en.EvidentialUse.INTELLIGENCE_ONLY, keep_days=1, sealed=sealed, actor=None,
    )  # fmt: skip
    say(world.nodes[UK], signed(granted, NZ, sealer(UK).attest))
    uk.send_message(ref(world, UK), "and something that opens")
    world.settle()
    (release,) = nz.releases()
    assert (release.state, release.values) == (ReleaseState.granted, ())
    with world.nodes[NZ].store.view() as view:
        assert len(view.by(NOTICES, "type", "Unopenable")) == 1
    assert [m.text for m in nz.messages(ref(world, NZ))] == ["and something that opens"]


def test_a_partner_that_reuses_an_id_writes_over_nothing(world: World) -> None:
    met(world)
    (alert,) = world.nodes[NZ].alerts()
    nz = world.nodes[NZ].desk.conversation
    mine, asked = nz.send_message(alert.ref, "mine"), nz.request_release(alert.ref, "mine", [NAME])
    world.settle()
    box = UNSIGNED
    say(
        world.nodes[UK],
        DeskMessage(message_id=mine.message_id, conflict_id=alert.conflict_id, agency=UK, sealed=box, actor=None),
    )
    say(
        world.nodes[UK],
        DisclosureRequested(
            request_id=asked.request_id, conflict_id=alert.conflict_id, agency=UK, purpose=en.Purpose.AUDIT,
            urgency=ROUTINE, asked=(), sealed=box, actor=None,
        ),
    )  # fmt: skip
    world.settle()
    assert [message.text for message in nz.messages(alert.ref)] == ["mine"]
    (release,) = nz.releases()
    assert (release.ours, release.reason) == (True, "mine")


def test_a_reopening_reaches_the_partner_and_takes_the_judgement_back_at_the_hub(world: World) -> None:
    met(world)
    alert = ref(world, NZ)
    world.nodes[NZ].desk.resolve(alert, en.ConflictOutcome.FALSE_MATCH, None, None)
    world.settle()
    (theirs,) = world.nodes[UK].alerts()
    assert theirs.theirs.outcome is en.ConflictOutcome.FALSE_MATCH
    world.nodes[NZ].desk.reopen(alert, "a second look")
    world.settle()
    (theirs,) = world.nodes[UK].alerts()
    assert (theirs.theirs.state, theirs.theirs.outcome) == (SideState.acknowledged, None)
    with world.hub.store.view() as view:
        (judgement,) = view.all(JUDGEMENTS)
    assert judgement.outcome is None
    assert judged_apart([judgement.said]) is None


def test_no_inbox_carries_the_senders_records_officer_or_event(world: World) -> None:
    met(world)
    (alert,) = world.nodes[NZ].alerts()
    desk = world.nodes[NZ].desk
    desk.conversation.send_message(alert.ref, "hello")
    desk.conversation.request_release(alert.ref, "why", [NAME])
    desk.referrals.send(UK, en.ReferralReason.CHILD_LIVES_THERE, ROUTINE, ref=alert.ref)
    world.settle()
    sent = {received.event.id for received in world.hub.read(events_topic(NZ))}
    for received in world.hub.read(inbox_topic(UK)):
        body = received.event.payload.model_dump_json()
        assert alert.own_id not in body
        assert "officer-" not in body
        assert not any(event_id in body for event_id in sent)
        assert received.event.id not in sent
    assert set(all_topics(CODES)) == set(world.topics())
