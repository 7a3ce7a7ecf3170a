"""A whole small network for the tests of replay: real logs, stores, consumers, drafting and desks, driven at random."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

from agency_harness import drafting_of
from hub_harness import CODES, DIA, HUB, NOW, NZ, SCHEMAS, UK, Network, content, gated, sealer

from casebus import keys
from casebus.bus.consumer import Role
from casebus.bus.log import Recorded, events_topic
from casebus.bus.outbox import Outgoing, Publisher, Relay
from casebus.cases.access import DeskRole, Viewer
from casebus.cases.alert import ALERTS, Alert
from casebus.cases.conversation import LEADS
from casebus.cases.pair import PAIRS
from casebus.cases.referral import REFERRALS, ReferralState
from casebus.cases.replay import Replay, Step
from casebus.cases.standing_talk import StandingLead, StandingReferral
from casebus.cases.standing_views import Standing
from casebus.clock import FixedClock
from casebus.desk import Desk
from casebus.desk.opening import Opening
from casebus.errors import Conflict, NotPermitted, WireError
from casebus.events import enumerations as en
from casebus.events.envelope import Received
from casebus.events.types import PossibleChild
from casebus.installing import all_topics
from casebus.intake.adapter import (
    CaseClosure,
    CaseDraft,
    Draft,
    Identifier,
    RecordKey,
    SafeguardDraft,
    TipDraft,
    TipWithdrawal,
    WelfareCompletionDraft,
    WelfareRequestDraft,
)
from casebus.intake.checks import Question
from casebus.intake.records import OWN_RECORDS
from casebus.intake.reports import handling
from casebus.intake.times import missing
from casebus.roles import concepts_of
from casebus.state import Save
from casebus.store.sqlite import SqliteStore
from casebus.store.store import Store
from casebus.wire.ids import RANDOM_BYTES, uuid7
from casebus.wire.seal import Opener
from consumers.desk import CONSUMER as DESK

PHONES = ("+64 21 555 0101", "+64 21 555 0102")
EMAILS = ("a@example.org", "b@example.org")
OUTCOMES = (en.ConflictOutcome.JOINT_INVESTIGATION, en.ConflictOutcome.FALSE_MATCH)
SIDES = (en.LeadSide.PROPOSER, en.LeadSide.PARTNER)
REASON = en.ReferralReason.CHILD_LIVES_THERE
PRIORITIES = (*[en.Priority.MEDIUM] * 4, en.Priority.IMMEDIATE)


class Node:
    """One agency: its own records, its outbox, its desk."""

    def __init__(self, world: "World", code: str) -> None:
        self.code = code
        self.store: Store = SqliteStore(world.hub.root / f"{code}.sqlite", concepts_of(Role.agency))
        self.publisher = Publisher(sealer(code))
        self.relay = Relay(self.store, world.hub.log)
        self.inbox = gated(DESK, world.hub.log, self.store, world.hub.directory, code)
        self.desk, self.lead = (
            Desk(
                Viewer(code, role.value, role),
                b"i" * 32,
                self.store,
                self.publisher,
                FixedClock(NOW),
                world.hub.directory,
            )
            for role in (DeskRole.officer, DeskRole.desk_lead)
        )
        key = keys.training_encryption_key(code)
        held = {keys.key_id(code, keys.public_bytes(key)): key}
        self.opening = Opening(code, held, self.store, FixedClock(NOW), world.hub.directory)
        self._drafting = drafting_of(code)
        self.checking = self.desk.checking(self._drafting)
        self._ids = Random(code)

    def id_of_check(self) -> str:
        """Return an id for a check: one that comes of the seed, so that the story is the same each time."""
        return uuid7(NOW, self._ids.randbytes(RANDOM_BYTES))

    def take(self, draft: Draft) -> None:
        """Publish what a draft makes, and remember it, as the adapter's component does."""
        with self.store.view() as view:
            drafted = self._drafting.draft(draft, lambda record_id: view.get(OWN_RECORDS, record_id))
        with self.store.transaction() as tx:
            if drafted.record is not None:
                tx.apply(Save(OWN_RECORDS, drafted.record))
            self.publisher.publish(tx, (Outgoing(events_topic(self.code), event) for event in drafted.events))

    def alerts(self) -> list[Alert]:
        with self.store.view() as view:
            return list(view.all(ALERTS))


class World:
    """The bus, the hub and three agencies."""

    def __init__(self, root: Path) -> None:
        self.hub = Network(root)
        self.nodes = {code: Node(self, code) for code in CODES}

    def settle(self) -> None:
        """Run everything until nothing moves."""
        for _ in range(60):
            moved = self.hub.suspects.step() + self.hub.delivery.step() + self.hub.relay.step()
            moved += sum(node.relay.step() + node.inbox.step() + node.opening.step() for node in self.nodes.values())
            if not moved:
                return
        raise AssertionError("the network does not come to rest")

    def live(self) -> Standing:
        """Return what stands in the databases."""
        records = []
        for node in self.nodes.values():
            with node.store.view() as view:
                records += [record.standing(node.code) for record in view.all(OWN_RECORDS)]
        with self.hub.store.view() as view:
            pairs = list(view.all(PAIRS))
        alerts = [alert for node in self.nodes.values() for alert in node.alerts()]
        referrals, leads = [], []
        for node in self.nodes.values():
            with node.store.view() as view:
                referrals += [StandingReferral.held(node.code, each) for each in view.all(REFERRALS)]
                leads += [StandingLead(node.code, each) for each in view.all(LEADS)]
        return Standing.of(records, pairs, alerts, referrals, leads)

    def topics(self) -> dict[str, list[Recorded]]:
        return {topic: self.hub.records(topic) for topic in all_topics(CODES)}

    def opener(self) -> Opener:
        return Opener(SCHEMAS, self.hub.directory)

    def close(self) -> None:
        for node in self.nodes.values():
            node.store.close()
        self.hub.close()


class OnceOpener:
    """Opens each record once: the same ones are replayed many times, and verifying is slow."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._opened: dict[tuple[str, int], Received | WireError] = {}

    def open(self, recorded: Recorded) -> Received:
        place = (recorded.topic, recorded.position)
        if place not in self._opened:
            try:
                self._opened[place] = self._opener.open(recorded)
            except WireError as error:
                self._opened[place] = error
        found = self._opened[place]
        if isinstance(found, WireError):
            raise found
        return found


def take(replay: Replay, recorded: Recorded, opener: Opener | OnceOpener) -> Step:
    """Give a record to replay, as the walk through a ledger does."""
    try:
        received = opener.open(recorded)
    except WireError as error:
        return replay.refuse(recorded.topic, recorded.record.key, error)
    return replay.take(received)


def interleaved(topics: Mapping[str, Sequence[Recorded]], draw: Random) -> list[Recorded]:
    """Return all records, each topic in its order, the topics in any."""
    waiting = {topic: list(records) for topic, records in topics.items() if records}
    order: list[Recorded] = []
    while waiting:
        topic = draw.choice(sorted(waiting))
        run = draw.choice((1, 1, 2, 5, 50))
        order += waiting[topic][:run]
        waiting[topic] = waiting[topic][run:]
        if not waiting[topic]:
            del waiting[topic]
    return order


class Story:
    """Documents, officers and restarts, drawn at random; every kind of record, few identifiers, so that many agree."""

    def __init__(self, world: World, draw: Random) -> None:
        self._world = world
        self._draw = draw

    def tell(self, scenes: int) -> None:
        for _ in range(scenes):
            node = self._world.nodes[self._draw.choice((NZ, UK, DIA))]
            scenes_to_choose = (self._tip, self._case, self._child, self._check, *[self._decide] * 5, self._run)
            self._draw.choice(scenes_to_choose)(node)
        for node in (*self._world.nodes.values(), *self._world.nodes.values()):
            self._world.settle()
            self._decide(node)
        self._world.settle()

    def _identifiers(self) -> tuple[Identifier, ...]:
        phones = [Identifier(en.IdentifierType.PHONE_E164, v, 0) for v in PHONES if self._draw.random() < 0.5]
        emails = [Identifier(en.IdentifierType.EMAIL, v, 0) for v in EMAILS if self._draw.random() < 0.5]
        weak = [Identifier(en.IdentifierType.NAME_DOB, "Fictor Notreal", 0, date_of_birth="1984-01-01")]
        return (*phones, *emails, *(weak if self._draw.random() < 0.3 else ()))

    def _key(self, system: str) -> RecordKey:
        return RecordKey(system, str(self._draw.randrange(3)))

    def _tip(self, node: Node) -> None:
        key = self._key("ncmec")
        if self._draw.random() < 0.25:
            node.take(TipWithdrawal(key, self._draw.choice(list(en.WithdrawReason))))
            return
        said = content("x", {}, priority=self._draw.choice(PRIORITIES))
        node.take(TipDraft(key, said, self._identifiers()))

    def _case(self, node: Node) -> None:
        key = self._key("case")
        if self._draw.random() < 0.4:
            node.take(CaseClosure(key, en.CaseCloseReason.CLOSED))
            return
        node.take(
            CaseDraft(
                key=key,
                category=en.IncidentCategory.ONLINE_ENTICEMENT,
                backlog=False,
                opened_at=missing(en.TimeMeaning.OPENED),
                priority=self._draw.choice(PRIORITIES),
                possible_child=PossibleChild(answer=en.TriState.NOT_STATED, indicators=()),
                grading=None,
                handling=handling(),
                identifiers=self._identifiers(),
            )
        )

    def _check(self, node: Node) -> None:
        watched = [check for check in node.checking.checks() if check.is_watched]
        if watched and self._draw.random() < 0.4:
            node.checking.close(watched[0].ref)
        else:
            about = (Identifier(en.IdentifierType.PHONE_E164, self._draw.choice(PHONES), 0),)
            priority = self._draw.choice(PRIORITIES)
            asked = Question(en.CheckBasis.CASE, priority, en.PointerMode.OPEN, en.Purpose.INVESTIGATION, about)
            node.checking.ask(asked, node.id_of_check())

    def _child(self, node: Node) -> None:
        key = self._key("welfare")
        match self._draw.randrange(3):
            case 0:
                children = self._draw.randrange(1, 4)
                kind = self._draw.choice(list(en.ResponseClass))
                node.take(WelfareRequestDraft(key, (self._key("ncmec"),), kind, children, "NZ", en.TriState.NOT_STATED))
            case 1:
                node.take(WelfareCompletionDraft(key, self._draw.choice(list(en.WelfareResult))))
            case _:
                node.take(
                    SafeguardDraft(
                        key=key,
                        outcome_type=self._draw.choice(list(en.SafeguardOutcome)),
                        count=self._draw.randrange(1, 4),
                        count_rule=next(iter(en.CountRule)),
                        measures=(),
                        country="NZ",
                        concerning=(),
                        credit=(),
                        status=next(iter(en.OutcomeStatus)),
                        supersedes=None,
                    )
                )

    def _decide(self, node: Node) -> None:
        # Few conflicts, so that both sides come to decide about one; now and then any, also one that was retracted.
        alerts = sorted(node.alerts(), key=lambda alert: (alert.retracted is not None, alert.conflict_id))
        if not alerts:
            return
        chosen = self._draw.choice(alerts if self._draw.random() < 0.2 else alerts[:2])
        ref, partner = chosen.ref, chosen.partner or DIA
        desk = node.desk
        acts = (
            *[lambda: desk.acknowledge(ref, None)] * 4,
            *[lambda: desk.resolve(ref, self._draw.choice(OUTCOMES), None, None)] * 5,
            lambda: desk.reopen(ref, "on second thoughts"),
            lambda: desk.assign(ref, "another officer"),
            lambda: desk.conversation.send_message(ref, "ring us"),
            *[lambda: node.lead.conversation.propose_lead(ref, self._draw.choice(SIDES), en.LeadBasis.AGREEMENT)] * 4,
            *[lambda: desk.referrals.send(partner, REASON, en.Severity.high, ref=ref)] * 2,
            *[lambda: self._answer_referral(node)] * 4,
        )
        with suppress(Conflict, NotPermitted):  # retracted, a notice, not resolved: there is nothing to decide
            self._draw.choice(acts)()

    def _answer_referral(self, node: Node) -> None:
        waits = [each for each in node.desk.referrals.all() if each.state is ReferralState.sent and not each.outgoing]
        if not waits:
            return
        if self._draw.random() < 0.5:
            node.desk.referrals.accept(waits[0].referral_id)
        else:
            node.desk.referrals.decline(waits[0].referral_id, en.ReferralDecline.NO_CAPACITY)

    def _run(self, node: Node) -> None:
        """Let something run, and not the rest: inboxes and topics get ahead of each other."""
        hub = self._world.hub
        parts = (hub.suspects.step, hub.delivery.step, hub.relay.step, node.relay.step, node.inbox.step)
        for step in self._draw.sample(parts, self._draw.randrange(1, 6)):
            step()
        if self._draw.random() < 0.6:
            self._world.settle()
        if self._draw.random() < 0.2:
            self._append_again(node)

    def _append_again(self, node: Node) -> None:
        """Append what a relay appended before, as it does after a crash between append and mark."""
        for topic in (events_topic(node.code), events_topic(HUB), f"casebus.{node.code}.inbox"):
            last = self._world.hub.records(topic)[-2:]
            self._world.hub.log.append(topic, [recorded.record for recorded in last])
