"""What an officer does at a desk: each read is on record first, each decision is one event, once."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from cases.case_builders import IA, NZ, RAISED_AT, hit, record_id
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from wire.network import DIRECTORY, SCHEMAS, sealer

from casebus.bus.log import Recorded, events_topic
from casebus.bus.outbox import Publisher
from casebus.cases.access import DeskRole, Viewer
from casebus.cases.alert import ALERTS, OWN_ANSWERS, Alert, retract, told
from casebus.cases.alert_feed import FEED
from casebus.cases.conflict import ConflictState, Said, SideState, answered
from casebus.cases.desk_history import DEEDS
from casebus.cases.desk_work import DESK_WORK, DeskAlert
from casebus.cases.outgoing import NOTICES
from casebus.clock import FixedClock
from casebus.desk import ALERT_FIELDS, MAX_FIELDS, MAX_NOTE_CHARS, MAX_REFERENCES, UNNAMED, Desk, pseudonym
from casebus.errors import Conflict, NotFound, UsageError
from casebus.events import enumerations as en
from casebus.events.enumerations import ConflictOutcome, RetractReason
from casebus.events.types import DataAccessed, DeconflictionAcknowledged, DeconflictionResolved, Payload
from casebus.intake.records import OWN_RECORDS, OwnKind, OwnRecord
from casebus.state import Save
from casebus.store.sqlite import SqliteStore
from casebus.store.store import Store
from casebus.wire.ids import content_id
from casebus.wire.seal import Opener

ID_KEY = b"i" * 32
OFFICER = "OCEANZ-17"
CLOCK = FixedClock(RAISED_AT + timedelta(hours=1))
JOINT, FALSE_MATCH = ConflictOutcome.JOINT_INVESTIGATION, ConflictOutcome.FALSE_MATCH
NOTE = "SYNTHETIC NOTE ring Exempla first"


class Office:
    """One agency's store, and its desk as an officer opens it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        concepts = [ALERTS, *FEED, OWN_ANSWERS, DESK_WORK, DEEDS, NOTICES, OWN_RECORDS]
        self.store: Store = SqliteStore(directory / "state.sqlite", concepts)

    def desk(self, officer: str | None = OFFICER, store: Store | None = None) -> Desk:
        viewer = Viewer(NZ, officer, DeskRole.officer)
        return Desk(viewer, ID_KEY, store or self.store, Publisher(sealer(NZ)), CLOCK, DIRECTORY)

    def hold(self, *alerts: Alert) -> None:
        with self.store.transaction() as tx:
            for each in alerts:
                tx.apply(Save(ALERTS, each))

    def events(self) -> list[Payload]:
        """Return what waits in the outbox, as its readers will see it: opened, hence signed and well-formed."""
        opener = Opener(SCHEMAS, DIRECTORY)
        with self.store.view() as view:
            rows = view.outbox(limit=10_000)
        assert {row.topic for row in rows} <= {events_topic(NZ)}
        return [opener.open(Recorded(r.topic, r.sequence, r.record, CLOCK.now())).event.payload for r in rows]

    def alert(self, ref: str) -> Alert:
        with self.store.view() as view:
            (found,) = view.by(ALERTS, "ref", ref)
        return found

    def bytes(self) -> bytes:
        with self.store.view() as view:
            rows = view.outbox(limit=10_000)
        return b"".join(r.record.value + b"".join(value for _, value in r.record.headers) for r in rows)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    office.hold(FIRST, LATER, NOTICE)
    yield office
    office.store.close()


def told_of(name: str, **more: object) -> Alert:
    conflict = content_id("conflict", name)
    return told(NZ, hit(conflict_id=conflict, **more), None, RAISED_AT)


FIRST = told_of("first", severity=en.Severity.immediate)
LATER = told_of("later", severity=en.Severity.routine, partner=IA)
NOTICE = told_of("notice", overlap=en.Overlap.same_source_report)


class Unwritable:
    """A store whose commits fail: the disk is full."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @contextmanager
    def transaction(self) -> Iterator[object]:
        with self._store.transaction() as tx:
            yield tx
            raise OSError(28, "no space")

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


def test_a_list_is_on_record_with_what_it_showed_the_ones_due_first(office: Office) -> None:
    shown = office.desk().alerts(state=None, notices=False)
    assert [each.alert.ref for each in shown] == [FIRST.ref, LATER.ref]
    (access,) = office.events()
    assert isinstance(access, DataAccessed)
    assert (access.resource, access.references) == ("alerts", (FIRST.ref, LATER.ref))
    assert (access.operation, access.purpose) == (en.AccessOperation.CONSULTATION, en.Purpose.INVESTIGATION)


def test_a_list_that_shows_nothing_is_on_record_too(office: Office) -> None:
    assert office.desk().alerts(state="disputed", notices=True) == []
    (access,) = office.events()
    assert isinstance(access, DataAccessed)
    assert access.references == ()


def test_a_list_is_filtered_by_state_and_notices_are_asked_for(office: Office) -> None:
    desk = office.desk()
    assert {a.alert.ref for a in desk.alerts(state="open", notices=True)} == {FIRST.ref, LATER.ref, NOTICE.ref}
    office.hold(retract(LATER, 2, RetractReason.CORRECTED))
    assert [a.alert.ref for a in desk.alerts(state=ConflictState.retracted.value, notices=False)] == [LATER.ref]
    assert len(office.events()) == 2


def test_showing_an_alert_is_on_record(office: Office) -> None:
    assert office.desk().alert(FIRST.ref).alert == FIRST
    (access,) = office.events()
    assert isinstance(access, DataAccessed)
    assert (access.resource, access.references) == ("alert", (FIRST.ref,))


def test_asking_for_what_is_not_there_is_on_record_all_the_same(office: Office) -> None:
    with pytest.raises(NotFound):
        office.desk().alert("NP-NOTHERE")
    (access,) = office.events()
    assert isinstance(access, DataAccessed)
    assert (access.resource, access.references) == ("alert", ())


@pytest.mark.parametrize("read", [lambda d: d.alerts(state=None, notices=True), lambda d: d.alert(FIRST.ref)])
def test_nothing_is_shown_that_could_not_be_put_on_record(office: Office, read: object) -> None:
    desk = office.desk(store=Unwritable(office.store))  # type: ignore[arg-type]
    with pytest.raises(OSError, match="no space"):
        read(desk)  # type: ignore[operator]
    assert office.events() == []


def test_a_read_of_something_else_is_on_record_and_a_long_one_says_how_much_it_leaves_out(office: Office) -> None:
    office.desk().accessed("ledger", [str(n) for n in range(MAX_REFERENCES + 7)], en.Purpose.AUDIT)
    (access,) = office.events()
    assert isinstance(access, DataAccessed)
    assert len(access.references) == MAX_REFERENCES
    assert (access.references_not_carried, access.purpose) == (7, en.Purpose.AUDIT)


def test_acknowledging_twice_is_one_event(office: Office) -> None:
    after = office.desk().acknowledge(FIRST.ref, None).alert
    assert after.ours.state is SideState.acknowledged
    assert office.desk("somebody-else").acknowledge(FIRST.ref, None).alert == after == office.alert(FIRST.ref)
    (event,) = office.events()
    assert event == DeconflictionAcknowledged(
        conflict_id=FIRST.conflict_id, agency=NZ, revision=1, actor=pseudonym(ID_KEY, OFFICER)
    )


def test_another_outcome_is_a_second_event_and_the_same_one_is_not(office: Office) -> None:
    desk = office.desk()
    for outcome in (JOINT, JOINT, FALSE_MATCH, FALSE_MATCH):
        desk.resolve(FIRST.ref, outcome, None, None)
    events = office.events()
    assert all(isinstance(event, DeconflictionResolved) for event in events)
    assert [event.outcome for event in events] == [JOINT, FALSE_MATCH]  # type: ignore[attr-defined]
    assert office.alert(FIRST.ref).ours.outcome is FALSE_MATCH
    assert office.alert(FIRST.ref).theirs.outcome is None


def test_an_acknowledgement_after_an_outcome_takes_nothing_back_and_says_nothing(office: Office) -> None:
    office.desk().resolve(FIRST.ref, JOINT, None, None)
    office.desk().acknowledge(FIRST.ref, None)
    assert office.alert(FIRST.ref).ours.outcome is JOINT
    assert len(office.events()) == 1


def test_a_decision_on_an_older_version_is_refused_and_changes_nothing(office: Office) -> None:
    office.desk().acknowledge(FIRST.ref, FIRST.version)
    before = office.alert(FIRST.ref)
    for decide in (
        lambda desk: desk.acknowledge(FIRST.ref, FIRST.version),
        lambda desk: desk.resolve(FIRST.ref, JOINT, FIRST.version, NOTE),
    ):
        with pytest.raises(Conflict, match="has changed since"):
            decide(office.desk())
    assert office.alert(FIRST.ref) == before
    assert len(office.events()) == 1
    assert notes(office) == []


def test_a_retracted_alert_is_not_decided(office: Office) -> None:
    office.hold(retract(FIRST, 2, RetractReason.WITHDRAWN))
    with pytest.raises(Conflict, match="retracted"):
        office.desk().resolve(FIRST.ref, JOINT, None, None)
    assert office.events() == []


def test_a_decision_on_what_is_not_there_leaves_nothing_but_that_it_was_tried(office: Office) -> None:
    for decide in (lambda desk: desk.acknowledge("X", None), lambda desk: desk.resolve("X", JOINT, None, NOTE)):
        with pytest.raises(NotFound):
            decide(office.desk())
    assert [event.resource for event in office.events()] == ["not found: acknowledge", "not found: resolve"]
    assert notes(office) == []


def test_a_decision_whose_event_cannot_be_kept_is_not_made(office: Office) -> None:
    desk = office.desk(store=Unwritable(office.store))  # type: ignore[arg-type]
    with pytest.raises(OSError, match="no space"):
        desk.resolve(FIRST.ref, JOINT, None, NOTE)
    assert office.alert(FIRST.ref) == FIRST
    assert office.events() == []
    assert notes(office) == []


def notes(office: Office) -> list[str]:
    with office.store.view() as view:
        return [deed.note for deed in view.all(DEEDS) if deed.note]


def test_the_note_stays_at_the_desk(office: Office) -> None:
    office.desk().resolve(FIRST.ref, JOINT, None, NOTE)
    assert notes(office) == [NOTE]
    assert NOTE.encode() not in office.bytes()
    assert b"Exempla" not in office.bytes()


def test_who_takes_an_alert_up_may_note_why(office: Office) -> None:
    office.desk().acknowledge(FIRST.ref, None, NOTE)
    assert notes(office) == [NOTE]
    assert NOTE.encode() not in office.bytes()
    with pytest.raises(UsageError):
        office.desk().acknowledge(LATER.ref, None, "x" * (MAX_NOTE_CHARS + 1))
    assert office.alert(LATER.ref) == LATER


def test_a_reference_is_found_in_any_case(office: Office) -> None:
    for typed in (FIRST.ref.lower(), FIRST.conflict_id.upper()):
        assert office.desk().alert(typed).alert == FIRST


def test_each_decision_keeps_its_own_note_within_bounds(office: Office) -> None:
    desk = office.desk()
    desk.resolve(FIRST.ref, JOINT, None, "first thought")
    with pytest.raises(UsageError):
        desk.resolve(FIRST.ref, FALSE_MATCH, None, "x" * (MAX_NOTE_CHARS + 1))
    desk.resolve(FIRST.ref, JOINT, None, "the same outcome, another thought")
    assert sorted(notes(office)) == ["first thought", "the same outcome, another thought"]


def test_a_name_or_note_in_another_encoding_is_taken_like_any_other(office: Office) -> None:
    # What a shell hands over in Latin-1 reaches Python as lone surrogates.
    desk = office.desk("M\udce4ri")
    desk.resolve(FIRST.ref, JOINT, None, "gepr\udcfcft")
    assert len(notes(office)) == 1
    assert len(office.events()) == 1


def test_no_event_holds_the_officers_name(office: Office) -> None:
    desk = office.desk()
    desk.alerts(state=None, notices=True)
    desk.alert(FIRST.ref)
    desk.acknowledge(FIRST.ref, None)
    desk.resolve(FIRST.ref, JOINT, None, None)
    assert OFFICER.encode() not in office.bytes()
    assert {event.actor for event in office.events()} == {pseudonym(ID_KEY, OFFICER)}  # type: ignore[attr-defined]


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_pseudonym_is_stable_differs_by_officer_and_shows_nothing(one: str, other: str) -> None:
    made = pseudonym(ID_KEY, one)
    assert made == pseudonym(ID_KEY, one)
    assert re.fullmatch(r"officer-[0-9a-f]{16}", made)
    assert (made == pseudonym(ID_KEY, other)) == (one == other)
    assert made != pseudonym(b"j" * 32, one), "another agency makes another of the same name"


def test_who_gives_no_name_is_unnamed() -> None:
    assert pseudonym(ID_KEY, None) == pseudonym(ID_KEY, "") == UNNAMED


def test_an_own_record_is_called_what_the_agencys_system_calls_it(office: Office) -> None:
    own = OwnRecord(
        record_id=FIRST.own_id, kind=OwnKind.tip, system="ncmec", number="900000001", revision=1, digest="d",
        open=True, possible_child=False, sightings=(), event_ids=(),
    )  # fmt: skip
    assert office.desk().own_reference(FIRST.own_id) == FIRST.own_id
    with office.store.transaction() as tx:
        tx.apply(Save(OWN_RECORDS, own))
    assert office.desk().own_reference(FIRST.own_id) == "900000001"
    assert office.desk().own_reference(record_id("unheard-of")) == record_id("unheard-of")


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_events_tell_exactly_what_the_alert_became(tmp_path_factory: pytest.TempPathFactory, data: DataObject) -> None:
    office = Office(tmp_path_factory.mktemp("office"))
    office.hold(FIRST)
    for outcome in data.draw(st.lists(st.none() | st.sampled_from(list(ConflictOutcome)), max_size=6)):
        desk = office.desk()
        desk.acknowledge(FIRST.ref, None) if outcome is None else desk.resolve(FIRST.ref, outcome, None, None)
    said = Said()
    for event in office.events():
        assert isinstance(event, DeconflictionAcknowledged | DeconflictionResolved)
        said = answered(said, event)
    stands = office.alert(FIRST.ref)
    assert stands.we_said == said, "the partner, who reads the events, sees what this desk sees"
    assert len(office.events()) == stands.version - FIRST.version
    office.store.close()


def test_a_read_says_which_fields_were_shown(office: Office) -> None:
    office.desk().alerts(state=None, notices=False, fields=("ref", "severity"))
    office.desk().alert(FIRST.ref)
    office.desk().accessed("log", ["topic"], en.Purpose.AUDIT, [f"field {n}" for n in range(MAX_FIELDS + 3)])
    with pytest.raises(NotFound):
        office.desk().alert("nowhere")
    fields = [event.fields for event in office.events() if isinstance(event, DataAccessed)]
    assert fields == [("ref", "severity"), ALERT_FIELDS, tuple(f"field {n}" for n in range(MAX_FIELDS)), ()]


def test_whatever_was_typed_as_a_reference_does_not_keep_the_read_from_being_recorded(office: Office) -> None:
    office.desk().accessed("log", ["\udcff\x00", "x" * 10_000], en.Purpose.AUDIT)
    (access,) = office.events()
    assert isinstance(access, DataAccessed)
    assert [len(reference) for reference in access.references] == [2, 200]


def test_weak_matches_are_listed_when_they_are_asked_for_and_after_all_that_is_due(office: Office) -> None:
    weak = told(NZ, hit(conflict_id=record_id("weak"), band=en.Band.review), None, RAISED_AT - timedelta(days=9))
    office.hold(weak)
    strong = office.desk().alerts(state=None, notices=False)
    assert weak not in strong
    assert office.desk().alerts(state=None, notices=False, review=True) == [*strong, DeskAlert.of(weak, None)]
    assert office.desk().acknowledge(weak.ref, None).alert.ours.state is SideState.acknowledged


@pytest.mark.parametrize(
    ("become", "words"),
    [
        (lambda alert: retract(alert, 2, RetractReason.CORRECTED), "it rested on an identifier that was corrected"),
        (
            lambda alert: told(NZ, hit(2, conflict_id=alert.conflict_id, band=en.Band.review), alert, RAISED_AT),
            "it is only a weak match by what agrees now",
        ),
        (
            lambda alert: retract(alert, 2, RetractReason.WITHDRAWN),
            "it rested on a record that one side has taken back",
        ),
        (lambda alert: retract(alert, 2, RetractReason.CASE_CLOSED), None),
        (lambda alert: alert, None),
    ],
)
def test_a_desk_that_answered_hears_that_what_it_answered_stands_no_more(
    office: Office, become: Callable[[Alert], Alert], words: str | None
) -> None:
    office.hold(FIRST)
    assert office.desk().mistaken(DeskAlert.of(become(FIRST), None)) is None, "nobody here answered"
    answered_first = office.desk().resolve(FIRST.ref, FALSE_MATCH, None, None).alert
    said = office.desk().mistaken(DeskAlert.of(become(answered_first), None))
    assert said == (f"you resolved it (FALSE_MATCH) on {CLOCK.now():%Y-%m-%d %H:%M} UTC: {words}" if words else None)
