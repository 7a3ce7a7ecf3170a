"""Of an inbox, replay accepts what the desk's consumer accepts: forged, broken, doubled, held and overtaking records."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from case_builders import CONTACT, MATCHED, record_id
from hub_harness import CODES, HUB, NOW, NZ, SCHEMAS, directory_of, gated, raw_seal
from hypothesis import given, settings
from hypothesis import strategies as st
from replay_world import take

from casebus.bus.consumer import Role
from casebus.bus.log import Record, inbox_topic
from casebus.bus.parking import release, waiting
from casebus.bus.sqlite_log import SqliteLog
from casebus.cases.alert import ALERTS, Alert
from casebus.cases.replay import Effect, Replay, Step
from casebus.clock import FixedClock
from casebus.errors import ParkReason
from casebus.events import enumerations as en
from casebus.events.types import (
    DeconflictionAcknowledged,
    DeconflictionHit,
    DeconflictionNoHit,
    DeconflictionResolved,
    DeconflictionRetracted,
    Payload,
    RecordParked,
)
from casebus.installing import all_topics
from casebus.roles import concepts_of
from casebus.store.sqlite import SqliteStore
from casebus.wire.codec import encode
from casebus.wire.ids import content_id
from casebus.wire.seal import Opener
from consumers.desk import CONSUMER as DESK

TOPIC = inbox_topic(NZ)
RISK = content_id("risk")
conflicts = st.sampled_from([content_id("conflict", name) for name in "ab"])
revisions = st.integers(1, 4)


def hit(conflict: str, revision: int, severity: en.Severity) -> DeconflictionHit:
    return DeconflictionHit(
        conflict_id=conflict,
        revision=revision,
        overlap=en.Overlap.same_person,
        severity=severity,
        risk_id=RISK if severity is en.Severity.immediate else None,
        own_kind=en.RecordKind.tip,
        own_id=record_id("a"),
        also_own_id=None,
        partner="uk-nca",
        contact=CONTACT,
        matched=MATCHED,
        suppressed=(),
        strength=en.Strength.strong,
        score=7.0,
        detector="test-1",
    )


hits = st.builds(hit, conflicts, revisions, st.sampled_from([en.Severity.high, en.Severity.immediate]))
retractions = st.builds(
    lambda c, r: DeconflictionRetracted(conflict_id=c, revision=r, reason=en.RetractReason.CORRECTED),
    conflicts,
    revisions,
)
acknowledgements = st.builds(
    lambda c, r: DeconflictionAcknowledged(conflict_id=c, agency="uk-nca", revision=r, actor=None), conflicts, revisions
)
resolutions = st.builds(
    lambda c, r, o: DeconflictionResolved(conflict_id=c, agency="uk-nca", revision=r, outcome=o, actor=None),
    conflicts,
    revisions,
    st.sampled_from(list(en.ConflictOutcome)[:2]),
)
others: st.SearchStrategy[Payload] = st.sampled_from(
    [
        DeconflictionNoHit(
            own_kind=en.RecordKind.tip, own_id=record_id("a"), covered=(), suppressed=(), detector="test-1"
        ),
        RecordParked(agency=NZ, topic="casebus.nz-police.events", position=1, reason="unsigned", authentic=False),
    ]
)
payloads = st.one_of(hits, hits, retractions, acknowledgements, resolutions, others)


@st.composite
def inbox_records(draw: st.DrawFn) -> list[Record]:
    made: list[Record] = []
    for number in range(draw(st.integers(1, 14))):
        if made and draw(st.integers(0, 9)) == 0:
            made.append(draw(st.sampled_from(made)))  # appended again
            continue
        payload = draw(payloads)
        fault = draw(st.sampled_from(["", "", "", "", "", "broken", "forged", "doubled"]))
        data = encode(payload, SCHEMAS.for_type(type(payload).__name__))
        made.append(
            raw_seal(
                payload,
                agency=HUB,
                topic=TOPIC,
                event_id=content_id("event", "0" if fault == "doubled" else str(number)),
                sequence=number + 1,
                signer=NZ if fault == "forged" else HUB,
                data=data + b"\0" if fault == "broken" else data,
            )
        )
    return made


@contextmanager
def desk(records: list[Record]) -> Iterator[tuple[list[object], list[object]]]:
    """Return the alerts of the real consumer, and those of replay."""
    directory = directory_of()
    with (
        TemporaryDirectory(prefix="casebus-inbox-") as root,
        closing(SqliteLog(Path(root) / "bus", FixedClock(NOW))) as log,
        closing(SqliteStore(Path(root) / "nz.sqlite", concepts_of(Role.agency))) as store,
    ):
        log.create(all_topics(CODES))
        log.append(TOPIC, records)
        loop = gated(DESK, log, store, directory, NZ)
        while loop.step():
            pass
        replay, opener = Replay(), Opener(SCHEMAS, directory)
        for recorded in log.read(TOPIC, 0, limit=1000):
            take(replay, recorded, opener)
        with store.view() as view:
            live: list[object] = sorted(view.all(ALERTS), key=lambda alert: alert.conflict_id)
        rebuilt: list[object] = sorted(replay.standing().alerts.values(), key=lambda alert: alert.conflict_id)
        yield live, rebuilt


@given(inbox_records())
@settings(max_examples=30, deadline=None)
def test_replay_accepts_of_an_inbox_what_the_desk_accepts(records: list[Record]) -> None:
    with desk(records) as (live, rebuilt):
        assert rebuilt == live


def steps_of(*records: Record) -> list[Step]:
    with TemporaryDirectory() as root, closing(SqliteLog(Path(root), FixedClock(NOW))) as log:
        log.create([TOPIC])
        log.append(TOPIC, records)
        replay, opener = Replay(), Opener(SCHEMAS, directory_of())
        return [take(replay, recorded, opener) for recorded in log.read(TOPIC, 0, limit=100)]


def sealed(payload: Payload, number: int, *, broken: bool = False) -> Record:
    data = encode(payload, SCHEMAS.for_type(type(payload).__name__)) + (b"\0" if broken else b"")
    event_id = content_id("event", str(number))
    return raw_seal(payload, agency=HUB, topic=TOPIC, event_id=event_id, sequence=number + 1, data=data)


A, B = (content_id("conflict", name) for name in "ab")
HIGH, IMMEDIATE = en.Severity.high, en.Severity.immediate
TAKEN_UP = DeconflictionAcknowledged(conflict_id=A, agency="uk-nca", revision=1, actor=None)


def test_what_is_about_an_untold_conflict_is_refused_and_holds_its_key_only() -> None:
    steps = steps_of(
        sealed(TAKEN_UP, 0),
        sealed(hit(A, 1, HIGH), 1),
        sealed(hit(B, 1, HIGH), 2),
        sealed(hit(A, 2, IMMEDIATE), 3),
        sealed(TAKEN_UP, 4),
    )
    effects = [Effect.refused, Effect.held, Effect.changed, Effect.changed, Effect.held]
    assert [step.effect for step in steps] == effects, "a child at immediate risk overtakes"


def test_a_broken_record_holds_its_key_and_a_second_content_under_an_id_holds_none() -> None:
    doubled = [sealed(hit(A, 1, HIGH), 0), sealed(hit(A, 2, HIGH), 0), sealed(TAKEN_UP, 1)]
    assert [step.effect for step in steps_of(*doubled)] == [Effect.changed, Effect.equivocation, Effect.changed]
    broken = [sealed(hit(A, 1, HIGH), 0), sealed(hit(A, 2, HIGH), 1, broken=True), sealed(TAKEN_UP, 2)]
    assert [step.effect for step in steps_of(*broken)] == [Effect.changed, Effect.refused, Effect.held]


@pytest.mark.parametrize(("shown", "state"), [((), "new"), ((RISK,), "acknowledged")])
def test_an_answer_counts_if_it_was_given_on_what_made_it_immediate(shown: tuple[str, ...], state: str) -> None:
    answer = DeconflictionAcknowledged(conflict_id=A, agency="uk-nca", revision=2, on_evidence=shown, actor=None)
    last = steps_of(sealed(hit(A, 1, HIGH), 0), sealed(hit(A, 2, IMMEDIATE), 1), sealed(answer, 2))[-1]
    assert [change.after["theirs"] for change in last.changes if change.after] == [state]


# --- where a node that released what was parked and a replay differ: docs/auditing.md says so ---

LATE_ANSWER = TAKEN_UP.model_copy(update={"revision": 2})
LATE_RETRACTION = DeconflictionRetracted(conflict_id=A, revision=2, reason=en.RetractReason.CORRECTED)


def released(payloads: list[Payload]) -> tuple[list[Alert], list[Alert], Replay]:
    """Return the desk's alerts after everything parked was released, those of a replay, and the replay."""
    with (
        TemporaryDirectory() as root,
        closing(SqliteLog(Path(root) / "bus", FixedClock(NOW))) as log,
        closing(SqliteStore(Path(root) / "nz.sqlite", concepts_of(Role.agency))) as store,
    ):
        log.create(all_topics(CODES))
        log.append(TOPIC, [sealed(payload, number) for number, payload in enumerate(payloads)])
        loop = gated(DESK, log, store, directory_of(), NZ)
        while loop.step():
            pass
        with store.view() as view:
            heads = [parked.id for parked in waiting(view) if parked.reason is not ParkReason.KEY_HELD]
        for parked_id in heads:
            with store.transaction() as tx:
                release(tx, parked_id)
            while loop.step():
                pass
        replay, opener = Replay(), Opener(SCHEMAS, directory_of())
        for recorded in log.read(TOPIC, 0, limit=100):
            take(replay, recorded, opener)
        with store.view() as view:
            assert not list(waiting(view))
            return list(view.all(ALERTS)), list(replay.standing().alerts.values()), replay


@pytest.mark.parametrize(
    "payloads",
    [
        [LATE_RETRACTION, hit(A, 1, IMMEDIATE)],
        [TAKEN_UP, hit(A, 1, IMMEDIATE)],
        [LATE_ANSWER, hit(A, 1, HIGH), hit(A, 2, IMMEDIATE)],
    ],
    ids=["a retraction", "an answer", "what was held behind an answer"],
)
def test_a_desk_that_released_what_was_overtaken_has_it_and_a_replay_says_that_its_key_waits(
    payloads: list[Payload],
) -> None:
    live, rebuilt, replay = released(payloads)
    assert live != rebuilt
    assert replay.state.held == {(TOPIC, A.encode())}


def test_where_nothing_had_to_be_released_desk_and_replay_agree() -> None:
    live, rebuilt, replay = released([hit(A, 1, IMMEDIATE), TAKEN_UP, LATE_RETRACTION])
    assert live == rebuilt
    assert not replay.state.held
