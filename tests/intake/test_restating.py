"""Open records are stated anew under a newer token key, each once, whatever happens on the way; what cannot be is counted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from agency_harness import Agency, Scripted
from hub_harness import NOW
from test_drafting import PHONE, case_of, email, phone, tip_of

from casebus.errors import DocumentRefused, RefusalCode
from casebus.events import enumerations as en
from casebus.events.types import MAX_SIGHTINGS
from casebus.intake import restating
from casebus.intake.adapter import Document, Draft, Identifier, RecordKey, TipWithdrawal
from casebus.intake.behind import left_in, stated_in, stuck_in
from casebus.intake.checks import OWN_CHECKS, OwnCheck, Question, check_event, own_record
from casebus.intake.records import OWN_RECORDS, Behind
from casebus.intake.sightings import Seen
from casebus.state import Save
from casebus.store.store import Store, Transaction

Make = Callable[..., Agency]
TIPS = 7


class Dies(KeyboardInterrupt):
    """A process that ends here."""


class Mortal:
    """A Store whose process dies at a transaction: before it is committed, or after."""

    def __init__(self, store: Store, at: int, *, committed: bool) -> None:
        self._store = store
        self._left = at
        self._committed = committed
        self.view = store.view

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        self._left -= 1
        with self._store.transaction() as tx:
            yield tx
            if self._left == 0 and not self._committed:
                raise Dies
        if self._left == 0:
            raise Dies


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Agency] = []

    def _make(*drafts: Draft) -> Agency:
        """Return an agency that has taken one document for each draft, under the first key."""
        adapter = Scripted()
        made.append(Agency(tmp_path, adapter=adapter))
        for number, draft in enumerate(drafts):
            adapter.says[str(number).encode()] = [draft]
            made[-1].offer(f"{number}.json", str(number).encode())
        made[-1].settle()
        return made[-1]

    yield _make
    for agency in made:
        agency.close()


def tips() -> list[Draft]:
    return [tip_of(email(f"p{n}@example.org"), key=RecordKey("ncmec", str(n))) for n in range(TIPS)]


def work(agency: Agency) -> int:
    """Let the component go through all that is behind; return how many steps that took."""
    steps = 0
    while agency.restating.step():
        steps += 1
    assert agency.restating.idle()
    return steps


def counts(agency: Agency, newest: int = 2) -> tuple[int, int, dict[Behind, int]]:
    with agency.store.view() as view:
        return stated_in(view, newest), left_in(view, newest), stuck_in(view, newest)


def test_under_one_key_nothing_is_stated_anew(make: Make) -> None:
    agency = make(*tips())
    agency.start((1,))
    assert (work(agency), len(agency.outbox())) == (0, TIPS)


def test_each_open_record_is_stated_anew_once_and_its_document_still_says_it(make: Make) -> None:
    agency = make(*tips(), case_of(phone(PHONE)))
    before = {record.record_id: record for record in agency.records()}
    for _ in range(2):
        agency.start((1, 2))
        work(agency)
    assert len(agency.outbox()) == 2 * (TIPS + 1)
    for record in agency.records():
        was = before[record.record_id]
        assert (record.revision, record.digest, record.epochs) == (2, was.digest, (1, 2))
        assert record.content_event_ids == was.content_event_ids
    assert counts(agency) == (TIPS + 1, 0, {})


def test_a_step_states_no_more_than_its_bound(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restating, "STEP_RECORDS", 3)
    agency = make()
    assert isinstance(agency.adapter, Scripted)
    agency.adapter.says[b"all"] = tips()
    agency.offer("all.json", b"all")
    agency.settle()
    agency.start((1, 2))
    assert [agency.restating.step() for _ in range(4)] == [3, 3, 1, 0]


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("at", range(1, TIPS + 1))
def test_a_crash_at_any_transaction_leaves_each_record_stated_anew_once(
    make: Make, at: int, *, committed: bool
) -> None:
    agency = make(*tips())
    agency._wrap = lambda store: Mortal(store, at, committed=committed)  # type: ignore[assignment,return-value]
    agency.start((1, 2))
    with pytest.raises(Dies):
        work(agency)
    assert counts(agency)[1] == TIPS - at + (0 if committed else 1)
    agency._wrap = lambda store: store
    agency.start((1, 2))
    work(agency)
    assert [record.revision for record in agency.records()] == [2] * TIPS
    assert len(set(agency.outbox())) == len(agency.outbox()) == 2 * TIPS


def test_what_has_ended_is_not_stated_anew(make: Make) -> None:
    first, *_ = tips()
    agency = make(first, TipWithdrawal(RecordKey("ncmec", "0"), en.WithdrawReason.ERROR))
    agency.start((1, 2))
    assert (work(agency), len(agency.outbox())) == (0, 2)


def test_a_record_whose_document_is_gone_is_counted_and_stated_when_it_is_handed_in_again(make: Make) -> None:
    agency = make(*tips())
    (agency.root / "spool/done/3.json").unlink()
    agency.start((1, 2))
    work(agency)
    assert counts(agency) == (TIPS - 1, 0, {Behind.document_gone: 1})
    agency.offer("again.json", b"3")
    agency.settle()
    assert counts(agency) == (TIPS, 0, {})
    assert agency.report("again.json")["outcome"] == "accepted"


def test_a_document_that_comes_back_is_found_at_the_next_start(make: Make) -> None:
    agency = make(*tips())
    place = agency.root / "spool/done/3.json"
    kept = place.read_bytes()
    place.unlink()
    agency.start((1, 2))
    work(agency)
    place.write_bytes(kept)
    agency.start((1, 2))
    work(agency)
    assert counts(agency) == (TIPS, 0, {})


def test_a_record_that_changes_while_it_is_drafted_is_stated_as_it_then_is(make: Make) -> None:
    agency = make(tips()[3])
    agency.start((1, 2))
    commit = agency.restating._commit

    def changed_before_the_commit(batch: object) -> None:
        agency.restating._commit = commit  # type: ignore[method-assign]
        assert isinstance(agency.adapter, Scripted)
        agency.adapter.says[b"gone"] = [TipWithdrawal(RecordKey("ncmec", "3"), en.WithdrawReason.ERROR)]
        agency.offer("gone.json", b"gone")
        agency.settle()
        commit(batch)  # type: ignore[arg-type]

    agency.restating._commit = changed_before_the_commit  # type: ignore[method-assign]
    work(agency)
    assert counts(agency) == (0, 0, {})
    assert [record.open for record in agency.records()] == [False]


class Refusing(Scripted):
    """An adapter that has become strict."""

    def translate(self, document: Document) -> list[Draft]:
        if document.content == b"3":
            raise DocumentRefused(RefusalCode.NOT_A_DOCUMENT, "it says nothing")
        return super().translate(document)


def test_a_record_that_its_document_does_not_make_any_more_is_counted(make: Make) -> None:
    agency = make(*tips())
    assert isinstance(agency.adapter, Scripted)
    strict = Refusing()
    strict.says = agency.adapter.says | {b"4": []}
    agency.adapter = strict
    agency.start((1, 2))
    work(agency)
    assert counts(agency) == (TIPS - 2, 0, {Behind.not_made: 2})


def crowd() -> list[Identifier]:
    """Return identifiers that fill an event under one key, and not under two."""
    return [email(f"given{n}.family{n}@example.org", n) for n in range(MAX_SIGHTINGS)]


def test_a_record_without_room_for_two_keys_keeps_all_it_says_and_moves_when_the_older_is_ended(make: Make) -> None:
    agency = make(tip_of(*crowd()))
    carried = [len(record.sightings) for record in agency.records()]
    agency.start((1, 2))
    work(agency)
    assert counts(agency) == (0, 0, {Behind.too_large: 1})
    assert len(agency.outbox()) == 1
    agency.start((2,))
    work(agency)
    assert counts(agency) == (1, 0, {})
    assert [(len(r.sightings), r.epochs) for r in agency.records()] == [(carried[0], (2,))]


def test_a_case_of_which_one_identifier_changes_before_it_was_stated_anew_is_stated_whole(make: Make) -> None:
    """A correction alone would leave the others under the older key, and the record would count as moved."""
    case = case_of(phone(PHONE), email("one@example.org"))
    agency = make(case)
    assert isinstance(agency.adapter, Scripted)
    agency.start((1, 2))
    agency.adapter.says[b"changed"] = [replace(case, identifiers=(phone(PHONE), email("two@example.org")))]
    agency.offer("changed.json", b"changed")
    agency.settle()
    assert counts(agency) == (1, 0, {})
    assert [record.revision for record in agency.records()] == [2]
    assert len(agency.outbox()) == 2


def test_a_check_on_watch_is_stated_anew_and_one_that_ended_is_not(make: Make) -> None:
    agency = make()
    question = Question(
        en.CheckBasis.PLANNED_ACTION, en.Priority.MEDIUM, en.PointerMode.OPEN, en.Purpose.INVESTIGATION, (phone(PHONE),)
    )
    for ref, watched in (("CHECK-A", True), ("CHECK-B", False)):
        check_id = f"0190b6a1-0000-7000-8000-00000000000{int(watched)}"
        check = OwnCheck(check_id, ref, question, (), "0" * 32, NOW, revision=1, is_watched=watched)
        event = check_event(agency.code, check_id, check, ())
        with agency.store.transaction() as tx:
            tx.apply(Save(OWN_CHECKS, check))
            tx.apply(Save(OWN_RECORDS, own_record(None, check, event, Seen(epochs=(1,)))))
    agency.start((1, 2))
    work(agency)
    with agency.store.view() as view:
        assert {check.ref: check.revision for check in view.all(OWN_CHECKS)} == {"CHECK-A": 2, "CHECK-B": 1}
    assert (counts(agency), len(agency.outbox())) == ((1, 0, {}), 1)
