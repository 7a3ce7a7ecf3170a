"""What a record says is read again from the document that said it, as that was taken; a document that is not there any more, cannot
be read or says something else is counted, and holds up no other.
"""

from agency_harness import Make, Scripted, scripted
from hub_harness import NOW
from test_drafting import PHONE, email, phone, tip_of
from test_restating import TIPS, counts, tips, work

from casebus.clock import FixedClock
from casebus.errors import DocumentRefused, DocumentUnreadable, RefusalCode
from casebus.intake.adapter import Document, Draft, RecordKey
from casebus.intake.records import Behind, Taken
from casebus.intake.spool import Spool
from casebus.node import STALL_AFTER_S, Component, Node


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


class Refusing(Scripted):
    """An adapter that has become strict."""

    def translate(self, document: Document) -> list[Draft]:
        if document.content == b"3":
            raise DocumentRefused(RefusalCode.NOT_A_DOCUMENT, "it says nothing")
        return super().translate(document)


def test_a_record_that_its_document_does_not_make_any_more_is_counted(make: Make) -> None:
    agency = make(*tips())
    strict = Refusing()
    strict.says = scripted(agency).says | {b"4": []}
    agency.adapter = strict
    agency.start((1, 2))
    work(agency)
    assert counts(agency) == (TIPS - 2, 0, {Behind.not_made: 2})


class Failing(Spool):
    """A spool on a disk that has lost a document."""

    def kept(self, taken: Taken) -> bytes | None:
        if taken.document == b"3.json":
            raise DocumentUnreadable("a kept document cannot be read: Input/output error")
        return super().kept(taken)


def test_one_document_that_cannot_be_read_holds_up_no_other_and_is_tried_again_at_the_next_start(make: Make) -> None:
    agency = make(*tips())
    whole, agency.spool = agency.spool, Failing(agency.root / "spool")
    agency.start((1, 2))
    work(agency)
    assert counts(agency) == (TIPS - 1, 0, {Behind.document_unreadable: 1})
    agency.spool = whole
    agency.start((1, 2))
    work(agency)
    assert counts(agency) == (TIPS, 0, {})


def test_a_node_with_a_document_that_cannot_be_read_goes_on(make: Make) -> None:
    """Put off again and again, its adapter would take no document, and the node would stop as one that nothing moves."""
    agency = make(*tips())
    agency.spool = Failing(agency.root / "spool")
    agency.start((1, 2))
    clock = FixedClock(NOW)
    node = Node(
        agency.code, [Component("adapter", agency.root / "adapter.lock", (agency.taking, agency.restating))], clock
    )
    node.run(stopped=lambda: (clock.now() - NOW).total_seconds() > 3 * STALL_AFTER_S, until_idle=False, timeout_s=None)
    assert counts(agency) == (TIPS - 1, 0, {Behind.document_unreadable: 1})


def test_a_document_that_was_changed_where_it_is_kept_is_not_published(make: Make) -> None:
    agency = make(tips()[0])
    before = agency.records()
    scripted(agency).says[b"edited"] = [tip_of(email("someone.else@example.org"), key=RecordKey("ncmec", "0"))]
    (agency.root / "spool/done/0.json").write_bytes(b"edited")
    agency.start((1, 2))
    work(agency)
    assert counts(agency) == (0, 0, {Behind.document_gone: 1})
    assert [record.digest for record in agency.records()] == [record.digest for record in before]


def test_a_document_that_is_kept_under_the_name_of_one_that_is_gone_is_not_taken_for_it(make: Make) -> None:
    agency = make(tips()[0])
    (agency.root / "spool/done/0.json").unlink()
    scripted(agency).says[b"another"] = [tips()[1]]
    agency.offer("0.json", b"another")
    agency.settle()
    agency.start((1, 2))
    work(agency)
    assert counts(agency) == (1, 0, {Behind.document_gone: 1})


def test_an_adapter_that_says_more_by_now_changes_no_record_by_a_rotation(make: Make) -> None:
    agency = make(tips()[0])
    scripted(agency).says[b"0"] = [tip_of(email("p0@example.org"), phone(PHONE), key=RecordKey("ncmec", "0"))]
    before = agency.records()
    agency.start((1, 2))
    work(agency)
    assert counts(agency) == (0, 0, {Behind.not_made: 1})
    assert [record.digest for record in agency.records()] == [record.digest for record in before]
