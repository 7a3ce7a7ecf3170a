"""A directory that another program wrote has no archive and no journal: its structure is verified, and no more is said."""

import shutil
import zipfile
from pathlib import Path

import pytest
from foreign_ledger import TESSERA_VKEY, put, written
from ledgering import NOW, checked, failures, grown

from casebus.ledger.report import Outcome, Step
from casebus.ledger.verify import verify

ABSENT = {Step.LEAF_FORMAT, Step.TOPIC_ORDER, Step.RECORDS, Step.JOURNAL}


@pytest.fixture
def tessera(tmp_path):
    with zipfile.ZipFile(Path(__file__).parent / "vectors" / "tessera-600.zip") as packed:
        packed.extractall(tmp_path / "tessera")
    return tmp_path / "tessera"


def judged(directory):
    return verify(directory, TESSERA_VKEY, now=NOW)


def test_a_log_that_tessera_wrote_passes_every_step_that_has_something_to_read(tessera):
    report = judged(tessera)
    assert (report.outcome, report.size) == (Outcome.UNWITNESSED, 600)
    assert {check.step for check in report.checks if check.actual.startswith("not here")} == ABSENT
    assert [check.step for check in report.checks] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12]
    assert report.remarks == ("structure only: no archive and no journal here",)
    assert set(report.as_row()) == {"outcome", "size", "root", "checks"}


@pytest.mark.parametrize("kind", ["tile/entries/000", "tile/entries/000.p/100", "tile/0/001", "tile/1/000.p/1"])
def test_a_flipped_bit_in_a_log_that_tessera_wrote_fails(tessera, kind):
    data = bytearray((tessera / kind).read_bytes())
    data[len(data) // 2] ^= 4
    (tessera / kind).write_bytes(data)
    assert judged(tessera).outcome is Outcome.FAILED


def test_a_stray_file_beside_another_writers_private_state_is_told(tessera):
    put(tessera / "tile/.hidden", b"")
    assert failures(judged(tessera)) == {"stray_files"}


def test_a_mirror_of_the_public_files_is_verified_as_far_as_it_goes(tmp_path):
    grown(tmp_path / "ledger", [300, 250, 50])
    shutil.rmtree(tmp_path / "ledger/journal")
    assert failures(checked(tmp_path / "ledger")) == {"journal"}
    shutil.rmtree(tmp_path / "ledger/records")
    report = checked(tmp_path / "ledger")
    assert report.outcome is Outcome.UNWITNESSED
    assert {check.step for check in report.checks if check.actual.startswith("not here")} == ABSENT


@pytest.mark.parametrize("part", ["journal", "records"])
def test_what_stands_in_the_place_of_journal_or_archive_is_not_taken_for_their_absence(tmp_path, part):
    grown(tmp_path / "ledger", [5])
    shutil.rmtree(tmp_path / "ledger/journal")
    shutil.rmtree(tmp_path / "ledger/records")
    (tmp_path / "ledger" / part).symlink_to("/nowhere")
    assert {"journal", "records", "stray_files"} <= failures(checked(tmp_path / "ledger"))


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 600, 65_537])
def test_entries_of_any_length_make_a_tree(tmp_path, size):
    entries = [b"leaf %d" % number for number in range(size)]
    directory = written(tmp_path / "log", entries)
    assert checked(directory).outcome is Outcome.UNWITNESSED
    uneven = written(tmp_path / "uneven", [b"", *(b"x" * (number % 7 * 100) for number in range(size))])
    assert checked(uneven).outcome is Outcome.UNWITNESSED
