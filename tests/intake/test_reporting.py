"""Whoever files a document is told what was not made of it: how many, of which kind, why, and never a value."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from agency_harness import Agency
from hub_harness import DIA, content

from casebus.intake.adapter import RecordKey, TipDraft
from casebus.intake.children import impossible_of
from casebus.intake.content import content_digest
from casebus.intake.reporting import words_of
from casebus.intake.revisions import Drafted

REGISTER = "case_number,status,name,date_of_birth,age,email,ip,ip_at\n"


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Agency]]:
    made: list[Agency] = []

    def _make(**more: object) -> Agency:
        made.append(Agency(tmp_path, **more))  # type: ignore[arg-type]
        return made[-1]

    yield _make
    for agency in made:
        agency.close()


def message(agency: Agency, content: str) -> str:
    agency.offer("x.csv", content.encode())
    agency.settle()
    report = agency.report("x.csv")
    assert report["outcome"] == "accepted"
    return str(report["message"])


def test_identifiers_beyond_what_an_event_carries_are_told_with_their_number(make: Callable[..., Agency]) -> None:
    rows = "".join(f"C-1,OPEN,,,,somebody{number}@example.org,,\n" for number in range(537))
    told = message(make(agency=DIA), REGISTER + rows)
    assert "37 identifiers were not carried" in told
    assert "split the document" in told


def test_a_document_within_bounds_says_nothing_of_them(make: Callable[..., Agency]) -> None:
    assert message(make(agency=DIA), REGISTER + "C-1,OPEN,,,34,one@example.org,,\n") == "1 events"


@pytest.mark.parametrize(
    ("row", "kind", "value"),
    [
        ("C-1,OPEN,Exempla Fictive,0000-00-00,,,,", "1 NAME_DOB", "0000-00"),
        ("C-1,OPEN,Exempla Fictive,9999-99-99,,,,", "1 NAME_DOB", "9999"),
        ("C-1,OPEN,,9999-99-99,,,,", "1 date of birth", "9999"),
        ("C-1,OPEN,,,,,999.1.1.1,2025-03-01T20:58:41Z", "1 IP_AT_TIME (not an IP address)", "999"),
        ("C-1,OPEN,,,-4,,,", "1 age", "-4"),
        ("C-1,OPEN,,,431,,,", "1 age", "431"),
    ],
)
def test_what_cannot_be_so_is_told_by_its_kind_and_never_its_value(
    make: Callable[..., Agency], row: str, kind: str, value: str
) -> None:
    told = message(make(agency=DIA), REGISTER + row + "\n")
    assert kind in told
    assert value not in told


@pytest.mark.parametrize("age", [None, "", "0", "13", "13-15", "about 16 years", "130", "unknown"])
@pytest.mark.parametrize("born", [None, "", "unknown", "1988", "1988-05-17", "03/04/1988", "1900-01-01"])
def test_what_may_be_so_is_not_called_impossible(age: str | None, born: str | None) -> None:
    assert impossible_of([age], born) == ()


def test_what_a_report_says_makes_no_other_content() -> None:
    """The same document, read by a casebus that finds more to say of it, is still the same document."""
    draft = TipDraft(RecordKey("ncmec", "1"), content("x", {}))
    assert content_digest(replace(draft, impossible=("age",))) == content_digest(draft)


@pytest.mark.parametrize("rows", ["", "\n", "\n\n"])
def test_a_table_without_a_record_is_not_called_known(make: Callable[..., Agency], rows: str) -> None:
    told = message(make(agency=DIA), REGISTER + rows)
    assert told == "no event is made of it: it has no record"


def test_what_ends_only_what_was_never_told_says_so() -> None:
    assert "never told" in words_of([Drafted((), None)])


def test_many_kinds_are_summed_up() -> None:
    record = object()
    told = words_of([Drafted((record,), record, unused=tuple(f"kind {n}" for n in range(100)))])  # type: ignore[arg-type]
    assert "100 values" in told
    assert "88 others" in told
