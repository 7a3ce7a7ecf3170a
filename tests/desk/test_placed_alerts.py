"""What a console keeps of all alerts is what it would read anew, whoever changed what since, and whatever failed."""

import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cases.case_builders import NZ, RAISED_AT, UK, hit
from hypothesis import given, settings
from hypothesis import strategies as st
from wire.network import DIRECTORY, sealer

from casebus.bus.outbox import Publisher
from casebus.bus.timed import TimedLoop
from casebus.cases import alert_feed
from casebus.cases.access import DeskRole, Viewer
from casebus.cases.alert import ALERTS, Alert, told, with_theirs
from casebus.cases.alert_feed import saved
from casebus.cases.conversation import MESSAGES, RELEASES, Message, Release
from casebus.cases.desk_work import DESK_WORK, DeskAlert
from casebus.cases.place import Place
from casebus.clock import FixedClock
from casebus.desk import Desk
from casebus.desk.placed import PlacedAlerts, asked_about
from casebus.errors import CasebusError
from casebus.events import enumerations as en
from casebus.events.enumerations import ConflictOutcome, Severity
from casebus.intake.records import OWN_RECORDS
from casebus.state import Save
from casebus.store.sqlite import SqliteStore
from casebus.store.store import View
from casebus.wire.ids import content_id
from consumers.deadlines import Deadlines
from consumers.desk import CONCEPTS

OFFICER = "OCEANZ-17"
NAMES = ("a", "b", "c", "d")
SEVERITIES = tuple(Severity)


def anew(view: View) -> Mapping[str, Place]:
    """Return the places as they are when nothing is kept."""
    return {
        each.conflict_id: Place.of(
            DeskAlert.of(each, view.get(DESK_WORK, each.conflict_id)), asked_about(view, each.conflict_id)
        )
        for each in view.all(ALERTS)
    }


def raised(name: str, severity: Severity = Severity.high, revision: int = 1) -> Alert:
    return told(NZ, hit(revision, conflict_id=content_id("conflict", name), severity=severity), None, RAISED_AT)


def asked_release(request_id: str, conflict_id: str) -> Release:
    asked = (en.DisclosedField.PHONE,)
    return Release(request_id, conflict_id, False, UK, en.Purpose.INVESTIGATION, Severity.high, asked, "r", RAISED_AT)


class TwoProcesses:
    """An agency's state as its node and its console have it open, each for itself."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = FixedClock(RAISED_AT)
        self.placed = PlacedAlerts()
        self.said = 0
        self.open()

    def open(self) -> None:
        self.node, self.console = (SqliteStore(self.root / "state.sqlite", [*CONCEPTS, OWN_RECORDS]) for _ in range(2))

    def close(self) -> None:
        self.console.close()
        self.node.close()

    def look(self) -> Mapping[str, Place]:
        """Return what a board goes by, as a request asks for it; what is read anew beside it is the same."""
        self.placed.catch_up(self.console)
        with self.console.transaction() as tx:
            found = self.placed.read(tx)
            assert found == anew(tx)
        return found

    def hold(self, *alerts: Alert) -> None:
        for alert in alerts:
            with self.node.transaction() as tx:
                for effect in saved(tx, alert):
                    tx.apply(effect)

    def kept(self, name: str) -> Alert | None:
        with self.node.view() as view:
            return view.get(ALERTS, content_id("conflict", name))

    # --- what may happen ---

    def raise_alert(self, name: str, choice: int) -> None:
        before = self.kept(name)
        revision = before.revision + 1 if before else 1
        told_of = hit(revision, conflict_id=content_id("conflict", name), severity=SEVERITIES[choice % 3])
        self.hold(told(NZ, told_of, before, self.clock.now()))

    def partner_answers(self, name: str, choice: int) -> None:
        alert = self.kept(name)
        if alert is not None:
            said = alert.they_said
            self.hold(
                with_theirs(
                    alert,
                    said.resolved(ConflictOutcome.DELAYED, alert.shown)
                    if choice % 2
                    else said.acknowledged(alert.shown),
                )
            )

    def partner_says(self, name: str, choice: int) -> None:
        alert = self.kept(name)
        if alert is None:
            return
        conflict_id, item = alert.conflict_id, content_id("said", name, str(self.said))
        self.said += 1
        with self.node.transaction() as tx:
            tx.apply(
                Save(MESSAGES, Message(item, conflict_id, False, UK, self.clock.now(), "text"))
                if choice % 2
                else Save(RELEASES, asked_release(item, conflict_id))
            )
            for effect in saved(tx, alert, occasion=item):
                tx.apply(effect)

    def officer_acts(self, name: str, choice: int) -> None:
        viewer = Viewer(NZ, OFFICER, DeskRole.desk_lead)
        desk = Desk(viewer, b"i" * 32, self.console, Publisher(sealer(NZ)), self.clock, DIRECTORY)
        alert = self.kept(name)
        ref = alert.ref if alert else "NONE"
        acts = (
            lambda: desk.acknowledge(ref, None),
            lambda: desk.assign(ref, OFFICER),
            lambda: desk.hand_over(ref, "because"),
            lambda: desk.snooze(ref, self.clock.now() + timedelta(hours=2)),
            lambda: desk.set_severity(ref, SEVERITIES[choice % 3], "because"),
            lambda: desk.resolve(ref, ConflictOutcome.DELAYED, None, None),
            lambda: desk.reopen(ref, "because"),
            lambda: desk.conversation.messages(ref),
            lambda: [
                desk.conversation.refuse_release(each.request_id, en.DisclosureRefusal.NOT_HELD)
                for each in desk.conversation.releases(ref)
            ],
        )
        with suppress(CasebusError):  # refused: nothing changed
            acts[choice % len(acts)]()

    def time_passes(self, _name: str, choice: int) -> None:
        self.clock.at += timedelta(minutes=40 * choice)
        TimedLoop(Deadlines(NZ), self.node, Publisher(sealer(NZ)), self.clock).step()

    def disk_is_full(self, name: str, _choice: int) -> None:
        with suppress(OSError), self.node.transaction() as tx:
            for effect in saved(tx, raised(name, Severity.routine, 99)):
                tx.apply(effect)
            raise OSError(28, "no space")

    def is_copied(self, _name: str, _choice: int) -> None:
        self.close()
        shutil.copy(self.root / "state.sqlite", self.root / "copy.sqlite")
        self.open()

    def is_restored(self, _name: str, _choice: int) -> None:
        """The state of an earlier moment is put back; this console goes on with what it keeps."""
        if (self.root / "copy.sqlite").exists():
            self.close()
            shutil.copy(self.root / "copy.sqlite", self.root / "other.sqlite")
            (self.root / "other.sqlite").replace(self.root / "state.sqlite")
            self.open()

    def looks(self, _name: str, _choice: int) -> None:
        self.look()


HAPPENINGS = (
    TwoProcesses.raise_alert,
    TwoProcesses.raise_alert,
    TwoProcesses.partner_answers,
    TwoProcesses.partner_says,
    TwoProcesses.partner_says,
    TwoProcesses.officer_acts,
    TwoProcesses.officer_acts,
    TwoProcesses.time_passes,
    TwoProcesses.disk_is_full,
    TwoProcesses.is_copied,
    TwoProcesses.is_restored,
    TwoProcesses.looks,
    TwoProcesses.looks,
)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[TwoProcesses]:
    two = TwoProcesses(tmp_path)
    yield two
    two.close()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(HAPPENINGS), st.sampled_from(NAMES), st.integers(0, 41)), max_size=25))
def test_after_whatever_happened_a_look_finds_what_it_would_read_anew(happened: list[tuple]) -> None:  # type: ignore[type-arg]
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(alert_feed, "KEPT", 6)
        two = TwoProcesses(Path(folder))
        for happening, name, choice in happened:
            happening(two, name, choice)
        two.look()
        two.close()


def test_an_escalation_by_the_clock_alone_moves_what_is_kept(two: TwoProcesses) -> None:
    two.hold(raised("a"))
    (before,) = two.look().values()
    two.time_passes("", 7)
    (after,) = two.look().values()
    assert after.work.escalated is not before.work.escalated


def test_a_state_put_back_and_gone_on_with_otherwise_to_the_same_number_is_read_anew(two: TwoProcesses) -> None:
    two.hold(raised("a"))
    two.is_copied("", 0)
    two.officer_acts("a", 1)
    assert [each.work.assignee for each in two.look().values()] == [OFFICER]
    two.is_restored("", 0)
    two.officer_acts("a", 0)
    assert [each.work.assignee for each in two.look().values()] == [None]


class Counting:
    """A view that counts what is read through it."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.alerts = 0

    def get(self, concept: object, key: str) -> object:
        self.alerts += concept is ALERTS
        return self._view.get(concept, key)  # type: ignore[arg-type]

    def by(self, concept: object, index: str, value: str) -> list[object]:
        return self._view.by(concept, index, value)  # type: ignore[arg-type]

    def all(self, concept: object) -> Iterator[object]:
        for each in self._view.all(concept):  # type: ignore[arg-type]
            self.alerts += concept is ALERTS
            yield each


def test_a_look_reads_the_alerts_that_changed_since_the_last_and_no_other(two: TwoProcesses) -> None:
    read = []
    for changed in (("a", "b", "c", "d"), ("b", "c", "b"), ()):
        two.hold(*map(raised, changed))
        with two.console.view() as view:
            counting = Counting(view)
            two.placed.read(counting)  # type: ignore[arg-type]
            read.append(counting.alerts)
    assert read == [4, 2, 0]


def test_threads_that_look_while_the_node_writes_each_find_what_stands(two: TwoProcesses) -> None:
    wrong: list[BaseException] = []

    def look() -> None:
        store = SqliteStore(two.root / "state.sqlite", [*CONCEPTS, OWN_RECORDS])
        try:
            for _ in range(8):
                two.placed.catch_up(store)
                with store.transaction() as tx:
                    assert two.placed.read(tx) == anew(tx)
        except BaseException as error:  # noqa: BLE001  told by the test's own thread
            wrong.append(error)
        finally:
            store.close()

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(12):
        two.raise_alert(NAMES[number % 4], number)
    for thread in threads:
        thread.join()
    assert not wrong
