"""Open records are stated anew under a newer token key, each once, whatever happens on the way; what cannot be is counted."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest
from agency_harness import Agency, Make, drafting_of, scripted
from hub_harness import NOW
from test_drafting import PHONE, case_of, email, phone, tip_of

from casebus.events import enumerations as en
from casebus.intake import restating
from casebus.intake.adapter import Draft, Identifier, RecordKey, TipWithdrawal
from casebus.intake.behind import left_in, stated_in, stuck_in
from casebus.intake.checks import OWN_CHECKS, SYSTEM, OwnCheck, Question, check_event, own_record
from casebus.intake.records import OWN_RECORDS, Behind
from casebus.state import Save
from casebus.store.store import Store, Transaction

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


def tips() -> list[Draft]:
    return [tip_of(email(f"p{n}@example.org"), key=RecordKey("ncmec", str(n))) for n in range(TIPS)]


def work(agency: Agency) -> int:
    """Let the component go through all that is behind; return how many steps that took."""
    steps = 0
    while agency.restating.step():
        steps += 1
    assert agency.restating.idle()
    return steps


def counts(agency: Agency, epochs: Sequence[int] = (1, 2)) -> tuple[int, int, dict[Behind, int]]:
    with agency.store.view() as view:
        return stated_in(view, epochs[-1]), left_in(view, epochs), stuck_in(view, epochs)


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
    scripted(agency).says[b"all"] = tips()
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


def test_a_record_that_changes_while_it_is_drafted_is_stated_as_it_then_is(make: Make) -> None:
    agency = make(tips()[3])
    agency.start((1, 2))
    commit = agency.restating._commit

    def changed_before_the_commit(batch: object) -> None:
        agency.restating._commit = commit  # type: ignore[method-assign]
        scripted(agency).says[b"gone"] = [TipWithdrawal(RecordKey("ncmec", "3"), en.WithdrawReason.ERROR)]
        agency.offer("gone.json", b"gone")
        agency.settle()
        commit(batch)  # type: ignore[arg-type]

    agency.restating._commit = changed_before_the_commit  # type: ignore[method-assign]
    work(agency)
    assert counts(agency) == (0, 0, {})
    assert [record.open for record in agency.records()] == [False]


def test_a_case_of_which_one_identifier_changes_before_it_was_stated_anew_is_stated_whole(make: Make) -> None:
    """A correction alone would leave the others under the older key, and the record would count as moved."""
    case = case_of(phone(PHONE), email("one@example.org"))
    agency = make(case)
    agency.start((1, 2))
    scripted(agency).says[b"changed"] = [replace(case, identifiers=(phone(PHONE), email("two@example.org")))]
    agency.offer("changed.json", b"changed")
    agency.settle()
    assert counts(agency) == (1, 0, {})
    assert [record.revision for record in agency.records()] == [2]
    assert len(agency.outbox()) == 2


def ask(agency: Agency, number: int, *identifiers: Identifier, watched: bool, epochs: Sequence[int] = (1,)) -> None:
    """Put a check into the agency's state, as its desk does under these token keys."""
    basis, purpose = en.CheckBasis.PLANNED_ACTION, en.Purpose.INVESTIGATION
    question = Question(basis, en.Priority.MEDIUM, en.PointerMode.OPEN, purpose, identifiers)
    check_id = f"0190b6a1-0000-7000-8000-{number:012}"
    check = OwnCheck(check_id, f"CHECK-{number}", question, (), "0" * 32, NOW, revision=1, is_watched=watched)
    seen = drafting_of(epochs=epochs).sightings.seen(RecordKey(SYSTEM, check.ref), identifiers)
    event = check_event(agency.code, check_id, check, seen.carried)
    with agency.store.transaction() as tx:
        tx.apply(Save(OWN_CHECKS, check))
        tx.apply(Save(OWN_RECORDS, own_record(None, check, event, seen)))


def revisions(agency: Agency) -> dict[str, int]:
    """Return the revision of each check, by its reference."""
    with agency.store.view() as view:
        return {check.ref: check.revision for check in view.all(OWN_CHECKS)}


def test_a_check_on_watch_is_stated_anew_and_one_that_ended_is_not(make: Make) -> None:
    agency = make()
    ask(agency, 1, phone(PHONE), watched=True)
    ask(agency, 2, phone(PHONE), watched=False)
    agency.start((1, 2))
    work(agency)
    assert revisions(agency) == {"CHECK-1": 2, "CHECK-2": 1}
    assert (counts(agency), len(agency.outbox())) == ((1, 0, {}), 1)
