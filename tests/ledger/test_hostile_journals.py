"""A journal that no writer of ours left: verification names it, in bounded time and memory, and with words."""

import multiprocessing
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from ledgering import append, checked, failures, grown, opened

from casebus.errors import StoreError, VerificationFailed
from casebus.ledger import journal
from casebus.ledger.files import open_regular
from casebus.ledger.frames import Commit, Tail, encode_frame, frame_hash, scan, wrap
from casebus.ledger.journal import MAX_SEGMENT_BYTES, MAX_SEGMENTS, Journal, read_segment, segment_name, segments_in
from casebus.ledger.report import Outcome

POLICE = "casebus.nz-police.events"
NOBODY = 65_534


def found(directory, name="journal"):
    return next(check for check in checked(directory).checks if check.name == name)


def sound(directory):
    grown(directory, [30, 20])
    return directory


def test_a_journal_that_is_a_link_to_itself_is_a_finding(tmp_path):
    ledger = sound(tmp_path / "ledger")
    shutil.rmtree(ledger / "journal")
    (ledger / "journal").symlink_to("journal")
    assert failures(checked(ledger)) >= {"journal", "stray_files"}


def _look(directory):
    return sorted(failures(checked(directory)))


def _open(path):
    try:
        return open_regular(path)
    except StoreError as error:
        return error.what


def _child(function, path, answer):
    if os.getuid() == 0:
        os.setuid(NOBODY)
    answer.send(function(path))


def as_nobody(function, path):
    """Call in a child that has no rights of root's; what it raises ends it, and there is no answer."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(function, path, theirs))
    child.start()
    theirs.close()
    said = ours.recv()
    child.join()
    return said


@pytest.fixture
def readable():
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("name", ["journal", "records", "tile", "tile/0", "tile/entries"])
def test_what_may_not_be_listed_is_a_finding(readable, name):
    ledger = sound(readable / "ledger")
    (ledger / name).chmod(0)
    said = as_nobody(_look, ledger)
    (ledger / name).chmod(0o755)
    assert said


def test_a_file_below_what_may_not_be_entered_is_told_in_words(readable):
    (readable / "closed").mkdir(mode=0)
    assert as_nobody(_open, readable / "closed" / "file") == ("file in the ledger cannot be read: Permission denied.")


def test_more_segments_than_a_writer_keeps_are_not_read(tmp_path):
    ledger = sound(tmp_path / "ledger")
    segment = (ledger / "journal" / segment_name(1)).read_bytes()
    for number in range(1, MAX_SEGMENTS + 2):
        (ledger / "journal" / segment_name(number)).write_bytes(segment)
    check = found(ledger)
    assert not check.ok
    assert check.actual == f"the journal has {MAX_SEGMENTS + 1} segments; a writer keeps {MAX_SEGMENTS}."


def test_a_segment_longer_than_a_writer_leaves_is_not_read(tmp_path):
    ledger = sound(tmp_path / "ledger")
    with (ledger / "journal" / segment_name(1)).open("ab") as file:
        file.truncate(MAX_SEGMENT_BYTES + 1)
    assert "longer than" in found(ledger).actual
    assert MAX_SEGMENT_BYTES <= 16 * 1024 * 1024


def test_a_tail_of_zeros_is_torn_and_one_with_a_last_other_byte_is_not(tmp_path):
    zeros = bytes(4_000_000)
    assert scan(zeros).tail is Tail.TORN
    assert scan(zeros + b"\x01").tail is Tail.DAMAGED
    ledger = sound(tmp_path / "ledger")
    with (ledger / "journal" / segment_name(1)).open("ab") as file:
        file.truncate(4_000_000)
    assert checked(ledger).outcome is Outcome.PENDING


def test_a_crash_that_leaves_one_segment_too_many_is_made_good_before_the_next_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "SEGMENT_BYTES", 4_000)
    ledger = opened(tmp_path)
    dropped = Journal._drop_older
    crashed = []

    def crash(self):
        # The process dies between beginning a segment and dropping the oldest, each time it gets there.
        if len(segments_in(self._directory)) >= MAX_SEGMENTS:
            crashed.append(len(crashed) % 2 == 0)
            if crashed[-1]:
                raise OSError(5, "the process was killed here")
        dropped(self)

    monkeypatch.setattr(Journal, "_drop_older", crash)
    for _ in range(40):
        try:
            append(ledger, POLICE, 40)
        except StoreError:
            ledger.close()
            ledger = opened(tmp_path)
        assert len(segments_in(tmp_path / "journal")) <= MAX_SEGMENTS
    ledger.close()
    assert any(crashed)
    assert checked(tmp_path).outcome is Outcome.UNWITNESSED


def test_a_transaction_larger_than_a_frame_may_be_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "MAX_FRAME_BYTES", 5_000)
    ledger = opened(tmp_path)
    append(ledger, POLICE, 10)
    with pytest.raises(VerificationFailed):
        append(ledger, POLICE, 100)
    ledger.close()
    ledger = opened(tmp_path)
    append(ledger, POLICE, 20)
    ledger.close()
    report = checked(tmp_path)
    assert (report.outcome, report.size) == (Outcome.UNWITNESSED, 30)


def test_hostile_leaves_in_a_sound_frame_are_told(tmp_path):
    ledger = sound(tmp_path / "ledger")
    segment = read_segment(ledger / "journal", 1)
    payload = encode_frame(segment.snapshot)
    forged = encode_frame(Commit(frame_hash(payload), 0, {}, (b"",) * 1_000_000))
    (ledger / "journal" / segment_name(1)).write_bytes(wrap(payload) + wrap(forged))
    assert not found(ledger).ok
