"""What becomes of children is recorded at the desk as documents record it: with its rule, and restated by name."""

from pathlib import Path

import pytest
from agency_harness import Agency
from hub_harness import NZ, SCHEMAS, directory_of, sealer, tip_id

from casebus import keys
from casebus.bus.consumer import Role
from casebus.bus.log import Recorded
from casebus.bus.outbox import Publisher
from casebus.cases.access import DeskRole, Viewer
from casebus.cases.outcomes import Outcome, figures, last_stated
from casebus.clock import SystemClock
from casebus.desk import Desk
from casebus.desk.children import Count
from casebus.errors import Conflict, NotFound, UsageError
from casebus.events import enumerations as en
from casebus.events.types import ChildSafeguarded, DataAccessed, Payload, WelfareCheckCompleted, WelfareCheckRequested
from casebus.intake.records import OWN_RECORDS, OwnKind
from casebus.roles import concepts_of
from casebus.store.sqlite import SqliteStore
from casebus.testing import synthetic, synthetic_returns
from casebus.wire.seal import Opener

RESCUED, IDENTIFIED = (
    en.SafeguardOutcome.RESCUED_FROM_CURRENT_ABUSE,
    en.SafeguardOutcome.VICTIM_IDENTIFIED_FROM_MATERIAL,
)
RETRACTED, RESTATED = en.OutcomeStatus.RETRACTED, en.OutcomeStatus.RESTATED
SOON = en.ResponseClass.NZ_CRITICAL_24H
NUMBER = "900000102"


@pytest.fixture
def agency(tmp_path: Path) -> Agency:
    agency = Agency(tmp_path)
    agency.offer("tip.json", synthetic.cybertip_json(NUMBER, synthetic.person(500_002)))
    agency.settle()
    return agency


def desk_of(agency: Agency) -> Desk:
    viewer = Viewer(NZ, "OCEANZ-17", DeskRole.officer)
    return Desk(
        viewer, keys.training_secret(f"id/{NZ}"), agency.store, Publisher(sealer(NZ)), SystemClock(), directory_of()
    )


def published(agency: Agency) -> list[Payload]:
    opener, now = Opener(SCHEMAS, directory_of()), SystemClock().now()
    with agency.store.view() as view:
        rows = view.outbox(limit=1000)
    events = (opener.open(Recorded(row.topic, 0, row.record, now)).event.payload for row in rows)
    return [payload for payload in events if not isinstance(payload, DataAccessed)][1:]


def test_a_check_is_asked_for_about_an_own_tip_and_completed(agency: Agency) -> None:
    children = desk_of(agency).children
    check = children.request_check([NUMBER], SOON, 1, "NZ", en.TriState.YES)
    with pytest.raises(NotFound):
        children.request_check(["900000999"], SOON, 1)
    assert [each.result for each in children.checks()] == [None]
    done = children.complete_check(check.number, en.WelfareResult.SAFE_WITH_PLAN)
    assert done.result is en.WelfareResult.SAFE_WITH_PLAN
    with pytest.raises(Conflict, match="before"):
        children.complete_check(check.check_id, en.WelfareResult.SAFE_NO_ACTION)
    requested, completed = published(agency)
    assert isinstance(requested, WelfareCheckRequested)
    assert isinstance(completed, WelfareCheckCompleted)
    with agency.store.view() as view:
        (tip,) = view.by(OWN_RECORDS, "number", NUMBER)
    assert requested.record_ids == (tip.record_id,)
    assert requested.check_id == completed.check_id == check.check_id


def test_a_check_that_a_document_asked_for_is_completed_at_the_desk(agency: Agency) -> None:
    agency.offer("returns.csv", synthetic_returns.nzp_returns(synthetic_returns.welfare_requested("WR-1", NUMBER)))
    agency.settle()
    children = desk_of(agency).children
    (check,) = children.checks()
    children.complete_check(check.number, en.WelfareResult.ACTION_TAKEN)
    assert [each.result for each in children.checks()] == [en.WelfareResult.ACTION_TAKEN]
    agency.offer("late.csv", synthetic_returns.nzp_returns(synthetic_returns.welfare_completed("WR-1", NUMBER)))
    agency.settle()
    assert [type(payload).__name__ for payload in published(agency)].count("WelfareCheckCompleted") == 1


def test_figures_of_different_kinds_and_rules_are_never_added_up(agency: Agency) -> None:
    children = desk_of(agency).children
    for kind, rule, number in (
        (RESCUED, en.CountRule.DISTINCT_CHILDREN, 2),
        (RESCUED, en.CountRule.ESTIMATE, 30),
        (IDENTIFIED, en.CountRule.DISTINCT_CHILDREN, 5),
        (RESCUED, en.CountRule.DISTINCT_CHILDREN, 1),
    ):
        children.record_outcome(Count(kind, number, rule))
    _, standing = children.outcomes()
    assert sorted(each.children for each in standing) == [3, 5, 30]


def test_a_restated_figure_names_what_it_replaces_and_only_the_last_counts(agency: Agency) -> None:
    children = desk_of(agency).children
    first = children.record_outcome(Count(RESCUED, 4), [NUMBER])
    second = children.restate_outcome(first.number, Count(RESCUED, 3))
    assert (second.stated.supersedes, second.stated.status) == (first.outcome_id, RESTATED)
    with pytest.raises(Conflict, match="restated before"):
        children.restate_outcome(first.number, Count(RESCUED, 9))
    stated, standing = children.outcomes()
    assert (len(stated), [each.children for each in standing]) == (2, [3])
    last = children.restate_outcome(second.outcome_id, Count(RESCUED, 3, status=RETRACTED))
    assert children.outcomes()[1] == []
    with pytest.raises(Conflict, match="retracted"):
        children.restate_outcome(last.outcome_id, Count(RESCUED, 3))
    for each in (first, second, last):
        assert [found.outcome for found in children.trace(each.outcome_id)[1]] == [last]
    assert all(isinstance(payload, ChildSafeguarded) for payload in published(agency))


def test_what_is_no_number_of_children_or_no_country_is_refused_and_nothing_is_published(agency: Agency) -> None:
    children = desk_of(agency).children
    for wrong in (
        lambda: children.record_outcome(Count(RESCUED, -1)),
        lambda: children.record_outcome(Count(RESCUED, 10**9)),
        lambda: children.record_outcome(Count(RESCUED, 1, country="New Zealand")),
        lambda: children.record_outcome(Count(RESCUED, 1, country="nz")),
        lambda: children.record_outcome(Count(RESCUED, 1, country="A1")),
        lambda: children.record_outcome(Count(RESCUED, 1), [NUMBER] * 101),
        lambda: children.record_outcome(Count(RESCUED, 1, status=RESTATED)),
        lambda: children.request_check([], SOON, -1),
    ):
        with pytest.raises(UsageError):
            wrong()
    for unknown in (
        lambda: children.restate_outcome("nothing", Count(RESCUED, 1)),
        lambda: children.restate_outcome(NUMBER, Count(RESCUED, 1)),
        lambda: children.complete_check("nothing", en.WelfareResult.NOT_LOCATED),
        lambda: children.record_outcome(Count(RESCUED, 1), ["nothing"]),
        lambda: children.record_outcome(Count(RESCUED, 1), [tip_id("another")]),
    ):
        with pytest.raises(NotFound):
            unknown()
    assert published(agency) == []


def test_a_restated_figure_concerns_what_the_first_concerned_and_keeps_its_credit(agency: Agency) -> None:
    children = desk_of(agency).children
    first = children.record_outcome(Count(RESCUED, 4, role=en.CreditRole.SUPPORT), [NUMBER])
    second = children.restate_outcome(first.outcome_id, Count(RESCUED, 3))
    assert len(first.stated.record_ids) == 1
    assert second.stated.record_ids == first.stated.record_ids
    assert second.stated.credit == first.stated.credit, "a part that supported does not become one that led"


def test_a_command_that_is_given_again_states_nothing_twice(agency: Agency) -> None:
    children = desk_of(agency).children
    first = [children.record_outcome(Count(RESCUED, 4), [NUMBER], tip_id("a")) for _ in range(2)]
    second = [children.restate_outcome(first[0].outcome_id, Count(RESCUED, 3), 1, tip_id("b")) for _ in range(2)]
    assert (first[0], second[0]) == (first[1], second[1])
    with pytest.raises(UsageError, match="something else"):
        children.record_outcome(Count(RESCUED, 5), [NUMBER], tip_id("a"))
    assert len(published(agency)) == 2


def test_a_figure_that_its_document_stated_anew_is_not_restated_unseen(agency: Agency) -> None:
    for name, number in (("first.csv", 1), ("second.csv", 2)):
        row = synthetic_returns.child_safeguarded("OR-1", NUMBER, children=number)
        agency.offer(name, synthetic_returns.nzp_returns(row))
        agency.settle()
    children = desk_of(agency).children
    (stated,), _ = children.outcomes()
    first, last = children.trace(stated.outcome_id)
    assert (first.revision, last) == (2, [first])
    with pytest.raises(Conflict, match="stated anew"):
        children.restate_outcome(stated.outcome_id, Count(RESCUED, 7), revision=1)
    children.restate_outcome(stated.outcome_id, Count(RESCUED, 7), revision=2)
    assert [each.children for each in children.outcomes()[1]] == [7]


def test_figures_that_documents_let_replace_each_other_in_a_circle_have_no_last_one() -> None:
    content = {"count": 1, "count_rule": en.CountRule.ESTIMATE, "measures": (), "country": None, "record_ids": ()}
    circle = [
        Outcome(one, one, ChildSafeguarded(
            outcome_id=one, outcome_type=RESCUED, credit=(), status=RESTATED, supersedes=other, **content,
        ))
        for one, other in ((tip_id("a"), tip_id("b")), (tip_id("b"), tip_id("a")))
    ]  # fmt: skip
    assert last_stated(circle[0], circle) == []


def test_what_documents_state_is_counted_too(agency: Agency) -> None:
    agency.offer("returns.csv", synthetic_returns.nzp_returns(synthetic_returns.child_safeguarded("OR-1", NUMBER)))
    agency.settle()
    stated, standing = desk_of(agency).children.outcomes()
    assert standing == figures(stated)
    assert len(stated) == 1
    desk_of(agency).children.restate_outcome("OR-1", Count(RESCUED, 0))
    assert [each.children for each in desk_of(agency).children.outcomes()[1]] == [0]


def test_a_document_that_was_read_while_an_officer_decided_about_its_record_is_drafted_anew(tmp_path: Path) -> None:
    class Meanwhile(SqliteStore):
        """A Store in which an officer completes the check just before the document's own transaction."""

        act = None

        def transaction(self):  # type: ignore[no-untyped-def]
            act, self.act = self.act, None
            if act is not None:
                act()
            return super().transaction()

    store = Meanwhile(tmp_path / "agency.sqlite", concepts_of(Role.agency))
    agency = Agency(tmp_path, wrap=lambda _: store)
    agency.store.close()
    agency.store = store
    agency.offer("tip.json", synthetic.cybertip_json(NUMBER, synthetic.person(500_002)))
    agency.offer("returns.csv", synthetic_returns.nzp_returns(synthetic_returns.welfare_requested("WR-1", NUMBER)))
    agency.settle()
    children = desk_of(agency).children
    (check,) = children.checks()
    agency.offer("late.csv", synthetic_returns.nzp_returns(synthetic_returns.welfare_completed("WR-1", NUMBER)))
    store.act = lambda: children.complete_check(check.check_id, en.WelfareResult.NOT_LOCATED)
    agency.settle()
    completed = [p for p in published(agency) if isinstance(p, WelfareCheckCompleted)]
    assert len(completed) == 1, "two ends of one check would be two stories"
    with store.view() as view:
        (record,) = [r for r in view.all(OWN_RECORDS) if r.kind is OwnKind.welfare_check]
        assert not record.open
