"""What officers do with an alert beyond deciding: it stays at the desk, is remembered, and only who may does it."""

from datetime import timedelta
from pathlib import Path

import pytest
from cases.case_builders import NZ, RAISED_AT
from desk.test_desk import CLOCK, FIRST, ID_KEY, LATER, Office, told_of
from wire.network import DIRECTORY, sealer

from casebus.bus.outbox import Publisher
from casebus.cases.access import DeskRole, Viewer
from casebus.cases.alert import Alert
from casebus.cases.desk_history import Verb
from casebus.cases.desk_work import Stage
from casebus.clock import FixedClock
from casebus.desk import Desk
from casebus.errors import Conflict, NotFound, NotPermitted, UsageError
from casebus.events.enumerations import ConflictOutcome, Severity
from casebus.events.types import DataAccessed, DeconflictionAcknowledged, DeconflictionResolved
from casebus.officers import Officer as ListedOfficer
from casebus.officers import Officers

JOINT = ConflictOutcome.JOINT_INVESTIGATION
LEAD, OFFICER, OPERATOR = DeskRole.desk_lead, DeskRole.officer, DeskRole.operator
NOTE = "SYNTHETIC NOTE ring Exempla first"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path)
    office.hold(FIRST, LATER)
    return office


def desk_of(office: Office, role: DeskRole = OFFICER, officer: str = "OCEANZ-17") -> Desk:
    return Desk(Viewer(NZ, officer, role), ID_KEY, office.store, Publisher(sealer(NZ)), CLOCK, DIRECTORY)


def test_the_desks_own_business_is_in_no_event(office: Office) -> None:
    desk = desk_of(office)
    ref = LATER.ref
    desk.assign(ref, "OCEANZ-CANARY", note=NOTE)
    desk.hand_over(ref, NOTE, "OCEANZ-CANARY-2")
    desk.snooze(ref, CLOCK.now() + timedelta(hours=3), note=NOTE)
    desk.set_severity(ref, Severity.high, NOTE)
    (only,) = office.events()
    assert isinstance(only, DeconflictionAcknowledged), "an alert that is assigned is taken up"
    for said in (b"CANARY", b"Exempla", b"snooze"):
        assert said not in office.bytes()


def test_a_reopening_is_told_and_its_reason_is_not(office: Office) -> None:
    desk = desk_of(office)
    desk.resolve(FIRST.ref, JOINT, None, None)
    after = desk.reopen(FIRST.ref, NOTE)
    assert (after.stage(CLOCK.now()), after.alert.ours.outcome) == (Stage.new, None)
    resolved, reopened = office.events()
    assert isinstance(resolved, DeconflictionResolved)
    assert isinstance(reopened, DeconflictionAcknowledged)
    assert reopened.reopened
    assert b"Exempla" not in office.bytes()


def test_every_command_is_one_step_of_the_version_and_one_line_of_the_history(office: Office) -> None:
    desk = desk_of(office)
    ref, moment = LATER.ref, CLOCK.now() + timedelta(hours=3)
    versions = [
        desk.acknowledge(ref, 1).version,
        desk.assign(ref, "OCEANZ-17", 2).version,
        desk.snooze(ref, moment, 3).version,
        desk.set_severity(ref, Severity.high, None, 4).version,
        desk.hand_over(ref, "to the night shift", None, 5).version,
        desk.resolve(ref, JOINT, 6, None).version,
        desk.reopen(ref, "new evidence", 7).version,
    ]
    assert versions == [2, 3, 4, 5, 6, 7, 8]
    assert [deed.verb for deed in desk.history(ref)] == [
        Verb.acknowledged,
        Verb.assigned,
        Verb.snoozed,
        Verb.judged,
        Verb.handed_over,
        Verb.resolved,
        Verb.reopened,
    ]
    assert {deed.who for deed in desk.history(ref)} == {"OCEANZ-17"}
    assert [deed.note for deed in desk.history(ref) if deed.note] == ["to the night shift", "new evidence"]


def test_a_stale_command_says_who_did_what_and_changes_nothing(office: Office) -> None:
    desk_of(office, officer="OCEANZ-9").assign(FIRST.ref, "OCEANZ-9", FIRST.version)
    before, events = desk_of(office).alert(FIRST.ref), len(office.events())
    for act in (
        lambda d: d.acknowledge(FIRST.ref, FIRST.version),
        lambda d: d.assign(FIRST.ref, "OCEANZ-17", FIRST.version),
        lambda d: d.hand_over(FIRST.ref, "x", None, FIRST.version),
        lambda d: d.set_severity(FIRST.ref, Severity.high, "x", FIRST.version),
        lambda d: d.resolve(FIRST.ref, JOINT, FIRST.version, NOTE),
    ):
        with pytest.raises(Conflict, match=r"OCEANZ-9 assigned \(OCEANZ-9\)"):
            act(desk_of(office))
    assert desk_of(office).alert(FIRST.ref) == before
    assert len(office.events()) == events + 1, "the look of this test"


def test_only_a_desk_lead_lowers_what_says_immediate_and_the_attempt_is_on_record(office: Office) -> None:
    with pytest.raises(NotPermitted, match="desk_lead"):
        desk_of(office).set_severity(FIRST.ref, Severity.high, "an old report")
    (attempt,) = office.events()
    assert isinstance(attempt, DataAccessed)
    assert (attempt.resource, attempt.references, attempt.fields) == ("denied: lower an immediate severity", (), ())
    assert desk_of(office, LEAD).set_severity(FIRST.ref, Severity.high, "an old report").severity is Severity.high


def test_an_operator_sees_and_does_nothing_and_each_attempt_is_on_record(office: Office) -> None:
    desk = desk_of(office, OPERATOR)
    attempts = (
        lambda: desk.alerts(state=None, notices=True),
        lambda: desk.alert(FIRST.ref),
        lambda: desk.history(FIRST.ref),
        lambda: desk.notices(),
        lambda: desk.acknowledge(FIRST.ref, None),
        lambda: desk.resolve(FIRST.ref, JOINT, None, None),
    )
    for attempt in attempts:
        with pytest.raises(NotPermitted):
            attempt()
    events = office.events()
    assert len(events) == len(attempts)
    assert all(isinstance(event, DataAccessed) and event.resource.startswith("denied: ") for event in events)
    assert FIRST.ref.encode() not in office.bytes()
    assert office.alert(FIRST.ref) == FIRST


def test_nobody_acts_without_a_name(office: Office) -> None:
    with pytest.raises(NotPermitted, match="name"):
        office.desk(officer=None).acknowledge(FIRST.ref, None)
    assert office.alert(FIRST.ref) == FIRST


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "two\nlines"])
def test_an_alert_is_given_to_nobody_without_an_id(office: Office, name: str) -> None:
    with pytest.raises(UsageError):
        desk_of(office).assign(FIRST.ref, name)
    assert office.alert(FIRST.ref) == FIRST


@pytest.mark.parametrize("officer", ["OCEANZ-OPS", "OCEANZ-GONE"])
def test_an_alert_is_given_to_nobody_who_works_on_none(office: Office, officer: str) -> None:
    listed = (ListedOfficer(id="OCEANZ-17", role=OFFICER), ListedOfficer(id="OCEANZ-OPS", role=OPERATOR))
    viewer = Viewer(NZ, "OCEANZ-17", OFFICER)
    desk = Desk(
        viewer,
        ID_KEY,
        office.store,
        Publisher(sealer(NZ)),
        CLOCK,
        DIRECTORY,
        lambda: Officers(NZ, listed, OFFICER),
    )
    with pytest.raises(UsageError, match="does not list that officer"):
        desk.assign(FIRST.ref, officer)
    assert office.alert(FIRST.ref) == FIRST
    desk.assign(FIRST.ref, "OCEANZ-17")
    with pytest.raises(UsageError, match="does not list that officer"):
        desk.hand_over(FIRST.ref, "to the night shift", officer)


@pytest.mark.parametrize("ref", ["NP-NOTHERE", "", "\udcff", "\x00", "x" * 5000, "'; DROP TABLE alerts; --"])
def test_a_reference_that_is_not_here_is_not_found_whatever_it_is(office: Office, ref: str) -> None:
    with pytest.raises(NotFound):
        desk_of(office).assign(ref, "OCEANZ-17")
    with pytest.raises(NotFound):
        desk_of(office).alert(ref)


def test_an_acknowledgement_lapses_with_time_and_is_made_anew(office: Office) -> None:
    desk = desk_of(office)
    seen: Alert = told_of("third", severity=Severity.high)
    office.hold(seen)
    acknowledged = desk.acknowledge(seen.ref, None)
    later = FixedClock(RAISED_AT + timedelta(days=2))
    assert acknowledged.stage(later.now()) is Stage.new
    late = Desk(Viewer(NZ, "OCEANZ-17", OFFICER), ID_KEY, office.store, Publisher(sealer(NZ)), later, DIRECTORY)
    again = late.acknowledge(seen.ref, acknowledged.version)
    assert again.stage(later.now()) is Stage.acknowledged
    assert again.version == acknowledged.version + 1
    assert len(office.events()) == 1, "the partner knows already"


def test_what_was_never_told_has_no_history(office: Office) -> None:
    with pytest.raises(NotFound):
        desk_of(office).history("NP-NOTHERE")
