"""Taking: documents become events once, and each is filed with a report that says what became of it."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from agency_harness import Agency, Scripted
from hub_harness import DIA, content

from casebus.errors import DocumentRefused, RefusalCode
from casebus.events import enumerations as en
from casebus.intake.adapter import Document, Draft, RecordKey, TipDraft, TipWithdrawal
from casebus.intake.spool import Found, Spool
from casebus.intake.taking import Taking
from casebus.store.store import Store, Transaction
from casebus.testing import synthetic, synthetic_returns

TIP = synthetic.cybertip_json("900000001", synthetic.person(1))
SAME_TIP_CHANGED = synthetic.cybertip_json("900000001", synthetic.person(2))


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Agency]]:
    made: list[Agency] = []

    def _make(**more: object) -> Agency:
        made.append(Agency(tmp_path, **more))  # type: ignore[arg-type]
        return made[-1]

    yield _make
    for agency in made:
        agency.close()


@pytest.fixture
def police(make: Callable[..., Agency]) -> Agency:
    return make()


def tip(number: str) -> TipDraft:
    return TipDraft(RecordKey("ncmec", number), content("x", {}))


class Says(Scripted):
    """Says what it is told, or refuses where it is told nothing."""

    def translate(self, document: Document) -> list[Draft]:
        self.translated.append(document.name)
        if document.content not in self.says:
            raise DocumentRefused(RefusalCode.NOT_A_DOCUMENT, "it says nothing")
        return self.says[document.content]


def test_a_document_is_filed_with_a_report_of_its_events(police: Agency) -> None:
    police.offer("tip.json", TIP)
    police.settle()
    assert (police.names("in"), police.names("done")) == ([], ["tip.json", "tip.json.report.json"])
    report = police.report("tip.json")
    assert (report["document"], report["outcome"], report["code"]) == ("tip.json", "accepted", None)
    assert report["event_ids"] == police.outbox()
    assert len(police.outbox()) == 1


def test_the_same_document_again_makes_no_event_and_reports_the_same_ids(police: Agency) -> None:
    """Under the same name, under another, weeks later."""
    for name in ("tip.json", "tip.json", "other.json"):
        police.offer(name, TIP)
        police.settle()
    first, second, third = (police.report(name) for name in ("tip.json", "tip.json.2", "other.json"))
    assert [r["outcome"] for r in (first, second, third)] == ["accepted", "duplicate", "duplicate"]
    assert first["event_ids"] == second["event_ids"] == third["event_ids"] == police.outbox()
    assert second["document"] == "tip.json"


def test_a_document_with_two_drafts_of_one_record_reports_the_same_ids_again(police: Agency) -> None:
    """A welfare check that is requested and completed in one return."""
    returns = synthetic_returns.nzp_returns(
        synthetic_returns.welfare_requested("WR-1", "900000001"),
        synthetic_returns.welfare_completed("WR-1", "900000001"),
    )
    police.offer("a.csv", returns)
    police.settle()
    police.offer("b.csv", returns)
    police.settle()
    assert police.report("b.csv")["outcome"] == "duplicate"
    assert police.report("a.csv")["event_ids"] == police.report("b.csv")["event_ids"] == police.outbox()


def test_documents_are_taken_in_order_of_arrival(make: Callable[..., Agency]) -> None:
    """Modification time, then name; so the later content of one report number amends the earlier."""
    adapter = Says()
    agency = make(adapter=adapter)
    for name, modified in (("c", 9), ("b", 1), ("a", 1), ("z", 5)):
        path = agency.offer(name, name.encode())
        os.utime(path, ns=(1_000, modified * 1_000))
    agency.settle()
    assert adapter.translated == ["a", "b", "z", "c"]


def test_the_same_report_with_other_content_is_an_amendment(police: Agency) -> None:
    for number, body in enumerate([TIP, SAME_TIP_CHANGED, TIP]):
        police.offer(f"{number}.json", body)
        police.settle()
    assert [police.report(f"{n}.json")["outcome"] for n in range(3)] == ["accepted"] * 3
    assert len(set(police.outbox())) == 3
    assert [record.revision for record in police.records()] == [3]


def test_several_drafts_in_one_document_are_all_told(make: Callable[..., Agency]) -> None:
    """And again they are all known: the same ids are reported, each once."""
    adapter = Says()
    agency = make(adapter=adapter)
    adapter.says[b"x"] = [tip("1"), tip("2"), TipWithdrawal(RecordKey("ncmec", "1"), en.WithdrawReason.ERROR)]
    for name in ("x", "y"):
        agency.offer(name, b"x")
        agency.settle()
    assert len(agency.outbox()) == 3
    assert agency.report("x")["event_ids"] == agency.report("y")["event_ids"] == agency.outbox()
    assert [agency.report(name)["outcome"] for name in ("x", "y")] == ["accepted", "duplicate"]


def test_a_referral_that_was_withdrawn_before_it_arrived_stays_withdrawn(make: Callable[..., Agency]) -> None:
    """The withdrawal is accepted; the referral's report says that it was ended, and by which event."""
    agency = make(agency=DIA)
    agency.offer("gone.json", synthetic.dia_referral("DIA-R-1", synthetic.person(1), withdrawn=True))
    agency.settle()
    assert agency.report("gone.json")["outcome"] == "accepted"
    agency.offer("late.json", synthetic.dia_referral("DIA-R-1", synthetic.person(1)))
    agency.settle()
    late = agency.report("late.json")
    assert (late["outcome"], late["code"]) == ("duplicate", None)
    assert "ended before it arrived" in late["message"]
    assert late["event_ids"] == agency.report("gone.json")["event_ids"] == agency.outbox()
    assert [record.open for record in agency.records()] == [False]


def test_a_document_is_drafted_before_the_write_transaction(make: Callable[..., Agency]) -> None:
    """Tokens of a large register take a while; the node's other parts write meanwhile."""
    inside = []

    class Watched:
        """A Store that knows whether a write transaction is open."""

        def __init__(self, store: Store) -> None:
            self._store = store
            self.writing = False

        @contextmanager
        def transaction(self) -> Iterator[Transaction]:
            self.writing = True
            with self._store.transaction() as tx:
                yield tx
            self.writing = False

        def view(self) -> object:
            return self._store.view()

    agency = make(wrap=Watched)
    drafting, store = agency.taking._drafting, agency.taking._store
    draft = drafting.draft

    def watched(*arguments: object) -> object:
        inside.append(store.writing)  # type: ignore[attr-defined]
        return draft(*arguments)  # type: ignore[arg-type]

    drafting.draft = watched  # type: ignore[assignment,method-assign]
    agency.offer("tip.json", TIP)
    agency.settle()
    assert inside == [False]
    assert len(agency.outbox()) == 1


def test_a_document_that_is_gone_when_its_turn_comes_is_passed_over(make: Callable[..., Agency]) -> None:
    """Whoever put it there took it back: no refusal, no report, and what comes after it is taken."""

    class TakenBack(Spool):
        def waiting(self) -> list[Found]:
            found = super().waiting()
            (self._directory / "in" / "a.json").unlink(missing_ok=True)
            return found

    agency = make(spool=TakenBack)
    for name in ("a.json", "b.json"):
        agency.offer(name, TIP)
    assert agency.taking.step() == 1
    assert (agency.names("refused"), agency.names("done")) == ([], ["b.json", "b.json.report.json"])
    assert len(agency.taken()) == 1


def test_a_crash_between_commit_and_filing_is_finished_without_translating_again(make: Callable[..., Agency]) -> None:
    """The next start files it; the events are there once."""
    adapter = Says()
    adapter.says[b"x"] = [tip("1")]
    agency = make(adapter=adapter)
    agency.offer("x", b"x")
    taking = agency.taking

    def dies(taken: object) -> None:
        raise KeyboardInterrupt

    taking._file = dies  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        taking.step()
    assert agency.names("in") == ["x"]
    assert len(agency.outbox()) == 1

    started = Taking(taking._adapter, taking._drafting, taking._spool, taking._store, taking._publisher)
    assert started.step() == 0
    assert (agency.names("in"), agency.names("done")) == ([], ["x", "x.report.json"])
    assert adapter.translated == ["x"]
    assert [taken.filed for taken in agency.taken()] == [True]


def test_another_file_that_took_the_name_meanwhile_is_not_moved(make: Callable[..., Agency]) -> None:
    """It is translated in its turn, and each has its own report."""
    adapter = Says()
    adapter.says = {b"first": [tip("1")], b"second": [tip("2")]}
    agency = make(adapter=adapter)
    agency.offer("x", b"first")
    file = agency.taking._file

    def replaced_before_filing(taken: object) -> None:
        agency.offer("x", b"second")
        agency.taking._file = file  # type: ignore[method-assign]
        file(taken)  # type: ignore[arg-type]

    agency.taking._file = replaced_before_filing  # type: ignore[method-assign]
    agency.settle()
    assert adapter.translated == ["x", "x"]
    assert len(agency.outbox()) == 2
    reports = [name for name in agency.names("done") if name.endswith(".report.json")]
    assert sorted(
        e for r in reports for e in json.loads((agency.root / "spool/done" / r).read_text())["event_ids"]
    ) == (sorted(agency.outbox()))
    assert (agency.root / "spool/done/x.2").read_bytes() == b"second"


@pytest.mark.parametrize("name", ["n" * 255, "n" * 243, "ä" * 127, "n" * 250 + ".json"])
def test_a_name_that_would_pass_255_bytes_is_shortened_and_reported_in_full(police: Agency, name: str) -> None:
    """The document keeps its name where it can; twice the same name gives two pairs."""
    for _ in range(2):
        police.offer(name, TIP)
        police.settle()
    names = police.names("done")
    assert len(names) == 4
    assert all(len(os.fsencode(n)) <= 255 for n in names)
    reports = [json.loads((police.root / "spool/done" / n).read_text()) for n in names if n.endswith(".report.json")]
    assert [report["document"] for report in reports] == [name, name]
    assert name in names


def test_two_long_names_that_differ_at_the_end_only_have_two_reports(police: Agency) -> None:
    names = ["n" * 254 + end for end in "ab"]
    for name in names:
        police.offer(name, TIP)
    police.settle()
    found = police.names("done")
    assert len(found) == 4
    assert set(names) < set(found)


def test_what_is_not_a_regular_file_stays_where_it_is_and_is_reported_once(police: Agency, tmp_path: Path) -> None:
    """A directory, a link, a pipe: refused, not touched, and what comes after them is taken."""
    folder = tmp_path / "spool" / "in"
    (folder / "directory").mkdir()
    (folder / "link").symlink_to("/dev/null")
    os.mkfifo(folder / "pipe")
    police.offer("tip.json", TIP)
    police.settle()
    assert police.taking.idle()
    assert police.names("in") == ["directory", "link", "pipe"]
    assert police.names("refused") == [f"{name}.report.json" for name in ("directory", "link", "pipe")]
    assert police.report("pipe", "refused")["code"] == "not_a_regular_file"
    assert len(police.outbox()) == 1
    assert len(police.taken()) == 4


def test_a_document_that_is_still_being_written_is_not_taken(police: Agency, tmp_path: Path) -> None:
    folder = tmp_path / "spool" / "in"
    (folder / "tip.json.part").write_bytes(TIP[:10])
    (folder / ".tip.json").write_bytes(TIP[:10])
    assert police.taking.step() == 0
    assert police.taking.idle()
    (folder / "tip.json.part").rename(folder / "tip.json")
    assert not police.taking.idle()


def test_an_adapters_bug_leaves_the_document_and_writes_nothing(make: Callable[..., Agency]) -> None:
    """It ends the process; nothing is decided about the document."""

    class Buggy(Scripted):
        def translate(self, document: Document) -> list[Draft]:
            raise ZeroDivisionError

    agency = make(adapter=Buggy())
    agency.offer("x", b"x")
    with pytest.raises(ZeroDivisionError):
        agency.taking.step()
    assert agency.names("in") == ["x"]
    assert agency.taken() == []


def test_a_request_that_changed_after_it_was_made_is_told(police: Agency) -> None:
    """More children: nobody may take it for the request that they know."""
    police.offer("a.csv", synthetic_returns.nzp_returns(synthetic_returns.welfare_requested("WR-1", "900000001")))
    police.settle()
    police.offer(
        "b.csv", synthetic_returns.nzp_returns(synthetic_returns.welfare_requested("WR-1", "900000001", children=2))
    )
    police.settle()
    assert police.report("b.csv")["outcome"] == "accepted"
    assert len(police.outbox()) == 2
