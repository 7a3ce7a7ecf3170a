"""Faults of stating anew, proved by the second reader."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from agency_harness import Agency, Scripted
from test_drafting import PHONE, case_of, email, phone, tip_of
from test_restating import TIPS, Make, counts, crowd, make, tips, work  # noqa: F401

from casebus.errors import StoreError
from casebus.intake import restating
from casebus.intake.adapter import RecordKey
from casebus.intake.content import content_digest
from casebus.intake.records import Behind


def scripted(agency: Agency) -> Scripted:
    assert isinstance(agency.adapter, Scripted)
    return agency.adapter


def test_what_a_newer_document_said_meanwhile_is_not_taken_back(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """Two documents are behind; while the first is stated, a newer one about the second arrives that has no room for two keys."""
    agency = make(*tips()[:2])
    agency.start((1, 2))
    assert agency.restating.step() == 1
    done = next(r.number for r in agency.records() if r.epochs == (1, 2))
    other = "1" if done == "0" else "0"
    newer = tip_of(*crowd(), key=RecordKey("ncmec", other))
    scripted(agency).says[b"newer"] = [newer]
    agency.offer("newer.json", b"newer")
    agency.settle()
    (record,) = [r for r in agency.records() if r.number == other]
    assert record.digest == content_digest(newer)
    work(agency)
    (record,) = [r for r in agency.records() if r.number == other]
    assert record.digest == content_digest(newer), "the older document was published over the newer"


def test_one_document_that_cannot_be_read_holds_up_no_other(make: Make) -> None:  # noqa: F811
    agency = make(*tips())
    place = agency.root / "spool/done/0.json"
    place.unlink()
    place.mkdir()  # as root reads everything: any OSError but "not found" is the same
    agency.start((1, 2))
    for _ in range(20):
        try:
            agency.restating.step()
        except StoreError:
            pass
    stated, left, stuck = counts(agency)
    assert (stated, left) == (TIPS - 1, 0), (stated, left, stuck)


def test_a_kept_document_that_was_changed_in_done_is_not_published(make: Make) -> None:  # noqa: F811
    """done/ is the agency's: what lies there under the name is not what was taken."""
    agency = make(tips()[0])
    before = agency.records()[0].digest
    scripted(agency).says[b"edited"] = [tip_of(email("someone.else@example.org"), key=RecordKey("ncmec", "0"))]
    (agency.root / "spool/done/0.json").write_bytes(b"edited")
    agency.start((1, 2))
    work(agency)
    assert agency.records()[0].digest == before


def test_a_name_that_is_used_again_in_done_gives_no_wrong_reason(make: Make) -> None:  # noqa: F811
    agency = make(tips()[0])
    (agency.root / "spool/done/0.json").unlink()
    scripted(agency).says[b"another"] = [tips()[1]]
    agency.offer("0.json", b"another")
    agency.settle()
    agency.start((1, 2))
    work(agency)
    assert counts(agency) == (1, 0, {Behind.document_gone: 1})


def test_an_adapter_that_says_more_by_now_changes_no_record_by_a_rotation(make: Make) -> None:  # noqa: F811
    agency = make(tips()[0])
    scripted(agency).says[b"0"] = [tip_of(email("p0@example.org"), phone(PHONE), key=RecordKey("ncmec", "0"))]
    before = agency.records()[0].digest
    agency.start((1, 2))
    work(agency)
    assert agency.records()[0].digest == before
