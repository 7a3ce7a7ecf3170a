"""Asking before acting: one event with tokens only, once; what came back is a hit, a no-hit on record, or nothing yet."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from agency_harness import drafting_of
from cases.case_builders import NZ, RAISED_AT, UK, hit
from wire.network import DIRECTORY, SCHEMAS, sealer

from casebus.bus.consumer import Role
from casebus.bus.log import Recorded, events_topic
from casebus.bus.outbox import Publisher
from casebus.cases.access import DeskRole, Viewer
from casebus.cases.alert import ALERTS, told
from casebus.cases.outgoing import NOTICES, Notice
from casebus.cases.standing import standing_after
from casebus.clock import FixedClock
from casebus.desk import Desk, pseudonym
from casebus.desk.checking import LOOK_EVERY_S, Checking
from casebus.errors import NotFound, NotPermitted, UsageError
from casebus.events import enumerations as en
from casebus.events.types import DataAccessed, DeconflictionRequested, Payload
from casebus.intake.adapter import Identifier
from casebus.intake.checks import Question
from casebus.intake.records import OWN_RECORDS
from casebus.roles import concepts_of
from casebus.state import Save
from casebus.store.sqlite import SqliteStore
from casebus.store.store import Store
from casebus.wire.seal import Opener

ID_KEY = b"i" * 32
PHONE = Identifier(en.IdentifierType.PHONE_E164, "+64 20 731 64850")
USELESS = Identifier(en.IdentifierType.EMAIL, "731-64850")


def asking(*identifiers: Identifier, basis: en.CheckBasis = en.CheckBasis.CASE) -> Question:
    return Question(basis, en.Priority.HIGH, en.PointerMode.DESK_ONLY, en.Purpose.INVESTIGATION, identifiers)


class Office:
    """One agency's store, and its checks as an officer asks them."""

    def __init__(self, directory: Path) -> None:
        self.store: Store = SqliteStore(directory / "state.sqlite", concepts_of(Role.agency))
        self.clock = FixedClock(RAISED_AT)
        self.checking = self.asked_by(DeskRole.officer)

    def asked_by(self, role: DeskRole | None) -> Checking:
        desk = Desk(Viewer(NZ, "OCEANZ-17", role), ID_KEY, self.store, Publisher(sealer(NZ)), self.clock, DIRECTORY)
        return desk.checking(drafting_of(NZ))

    def published(self) -> list[DeconflictionRequested]:
        """Return the checks that wait in the outbox, as their readers will see them."""
        return [payload for payload in self.said() if isinstance(payload, DeconflictionRequested)]

    def said(self) -> list[Payload]:
        opener = Opener(SCHEMAS, DIRECTORY)
        with self.store.view() as view:
            rows = view.outbox(limit=100)
        opened = [opener.open(Recorded(row.topic, row.sequence, row.record, RAISED_AT)) for row in rows]
        assert {received.topic for received in opened} <= {events_topic(NZ)}
        return [received.event.payload for received in opened]

    def notice(self, check_id: str) -> None:
        with self.store.transaction() as tx:
            covered = (UK,)
            tx.apply(Save(NOTICES, Notice("n", "DeconflictionNoHit", check_id, "nothing", self.clock.now(), covered)))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.store.close()


def test_a_check_is_one_event_that_holds_tokens_and_no_identifier(office: Office) -> None:
    check = office.checking.ask(asking(PHONE, USELESS))
    (event,) = office.published()
    assert (event.check_id, event.revision, event.watch, event.actor) == (
        check.check_id,
        1,
        True,
        pseudonym(ID_KEY, "OCEANZ-17"),
    )
    assert (event.basis, event.urgency, event.handling.pointer) == ("CASE", "HIGH", "DESK_ONLY")
    assert [bool(sighting.tokens) for sighting in event.sightings] == [True, False]
    assert "731" not in event.model_dump_json()
    assert check.useless == ("EMAIL (not an e-mail address)",)
    assert office.checking.check(check.ref.lower()).question.identifiers == (PHONE, USELESS), "kept here, in the clear"


@pytest.mark.parametrize("identifiers", [(), (USELESS,)])
def test_what_cannot_be_compared_is_not_asked(office: Office, identifiers: tuple[Identifier, ...]) -> None:
    with pytest.raises(UsageError) as refused:
        office.checking.ask(asking(*identifiers))
    assert "731" not in refused.value.diagnostics()
    assert (office.published(), office.checking.checks()) == ([], [])


def test_a_closed_check_is_closed_once_and_says_so_without_its_identifiers(office: Office) -> None:
    check = office.checking.ask(asking(PHONE))
    closed = office.checking.close(check.ref)
    assert office.checking.close(check.ref) == closed
    _, end = office.published()
    assert (end.revision, end.watch, end.sightings) == (2, False, ())
    assert [each.is_watched for each in office.checking.checks()] == [False]


def test_the_check_stands_among_the_agencys_records_as_its_events_make_it(office: Office) -> None:
    office.checking.close(office.checking.ask(asking(PHONE)).ref)
    (check,) = office.checking.checks()
    stands = None
    for event in office.published():
        stands = standing_after(stands, NZ, event)
    with office.store.view() as view:
        record = view.get(OWN_RECORDS, check.check_id)
    assert record is not None
    assert (record.standing(NZ), record.number, record.open) == (stands, check.ref, False)


def test_a_reference_that_nobody_made_is_not_found(office: Office) -> None:
    for look in (office.checking.check, office.checking.close):
        with pytest.raises(NotFound):
            look("CHECK-NOTHERE")


@pytest.mark.parametrize("role", [DeskRole.operator, None])
def test_who_does_not_work_on_cases_neither_asks_nor_sees_nor_ends_a_check_and_the_attempt_is_on_record(
    office: Office, role: DeskRole | None
) -> None:
    check = office.checking.ask(asking(PHONE))
    before = office.said()
    other = office.asked_by(role)
    for attempt in (
        lambda: other.ask(asking(PHONE)),
        lambda: other.close(check.ref),
        lambda: other.check(check.ref),
        other.checks,
        lambda: other.answer(check),
    ):
        with pytest.raises(NotPermitted):
            attempt()
    after = office.said()[len(before) :]
    resources = [payload.resource for payload in after if isinstance(payload, DataAccessed)]
    assert (len(resources), len(after)) == (5, 5)
    assert all(resource.startswith("denied: ") for resource in resources)
    assert [each.is_watched for each in office.checking.checks()] == [True]


def test_nothing_yet_is_no_answer_and_waiting_for_it_ends(office: Office) -> None:
    check = office.checking.ask(asking(PHONE))
    answer = office.checking.wait(check, 3.0)
    assert (answer.is_there, answer.is_hit) == (False, False)
    waited = office.clock.now() - RAISED_AT
    assert timedelta(seconds=3) <= waited <= timedelta(seconds=3 + 2 * LOOK_EVERY_S)


def test_a_no_hit_is_an_answer_and_a_later_hit_another(office: Office) -> None:
    check = office.checking.ask(asking(PHONE))
    office.notice(check.check_id)
    first = office.checking.wait(check, 3.0)
    assert (first.is_there, first.is_hit, office.clock.now()) == (True, False, RAISED_AT)
    assert first.no_hit is not None
    assert first.no_hit.covered == (UK,)
    with office.store.transaction() as tx:
        tx.apply(Save(ALERTS, told(NZ, hit(own_kind=en.RecordKind.check, own_id=check.check_id), None, RAISED_AT)))
    later = office.checking.answer(check)
    assert later.is_hit
    assert later.no_hit is not None


def test_a_match_among_own_records_is_no_answer_of_a_partner(office: Office) -> None:
    check = office.checking.ask(asking(PHONE))
    own = told(NZ, hit(partner=NZ, also_own_id=check.check_id), None, RAISED_AT)
    with office.store.transaction() as tx:
        tx.apply(Save(ALERTS, own))
    answer = office.checking.answer(check)
    assert (answer.alerts, answer.is_hit, answer.is_there) == ((own,), False, False)
