"""What was feared: a kill at any moment, and every write, sync and rename failing, lost or done all the same.

Afterwards, always: one leaf per record, in order, positions that fit them, and a ledger that verifies.
"""

import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import ledgering
import pytest
from faulty_files import MODES, NEVER, FaultyFiles, faults
from ledgering import NAME, NOW, PRIVATE, TOPICS, append, append_for_ever, checked, grown, opened, recorded

from casebus.clock import FixedClock
from casebus.errors import StoreError
from casebus.ledger import journal
from casebus.ledger.cosignature import cosign
from casebus.ledger.files import Files
from casebus.ledger.leaf import LeafKind
from casebus.ledger.note import parse_note
from casebus.ledger.predecessor import read_predecessor
from casebus.ledger.read import LedgerReader
from casebus.ledger.report import Outcome
from casebus.ledger.sequencer import AppendLoss, Ledger

POLICE, NCA = TOPICS
SOUND = (Outcome.UNWITNESSED, Outcome.PENDING)


def check_everything(directory: Path) -> int:
    """Open, close, verify, and compare every record and position with what was meant; return how many records."""
    ledger = opened(directory)
    with ledger.view() as view:
        positions = {topic: view.position("audit_log", topic) for topic in TOPICS}
    ledger.close()
    report = checked(directory)
    assert report.outcome is Outcome.UNWITNESSED, report.checks
    reader = LedgerReader(directory)
    following = dict.fromkeys(TOPICS, 0)
    for _, found in reader.records():
        assert found == recorded(found.topic, following[found.topic])
        following[found.topic] += 1
    assert following == positions
    markers = sum(leaf.kind is not LeafKind.RECORD for _, leaf, _ in reader.entries())
    assert reader.size == sum(positions.values()) + markers
    return reader.size - markers


def test_a_sequencer_killed_at_random_logs_each_record_once_and_in_order(tmp_path):
    draw = random.Random(7)
    sizes = [0]
    while len(sizes) <= 8 or sizes[-1] <= 500:  # a slow machine logs less between two kills
        command = [sys.executable, ledgering.__file__, tmp_path]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, env=ledgering.environment())
        assert child.stdout.readline() == b"open\n"
        time.sleep(draw.uniform(0, 0.08))
        child.kill()
        child.wait()
        child.stdout.close()
        assert checked(tmp_path).outcome in SOUND
        sizes.append(check_everything(tmp_path))
    assert sizes == sorted(sizes)


@pytest.mark.slow
def test_two_hundred_random_kills_lose_nothing_and_double_nothing(tmp_path):
    draw = random.Random(11)
    for number in range(200):
        # A new directory now and then: the beginning of a ledger is killed too, and verifying stays quick.
        directory = tmp_path / str(number // 20)
        before = recovered_size(directory) if directory.exists() else 0
        child = os.fork()
        if child == 0:
            try:
                append_for_ever(directory)
            finally:
                os._exit(1)
        time.sleep(draw.uniform(0, 0.15))
        os.kill(child, signal.SIGKILL)
        assert os.WIFSIGNALED(os.waitpid(child, 0)[1]), "it ended by itself"
        assert recovered_size(directory) >= before
        if number % 5 == 4:
            assert check_everything(directory) == recovered_size(directory)


def recovered_size(directory: Path) -> int:
    """Open the ledger and tell its size, which is that of its positions too."""
    ledger = opened(directory)
    with ledger.view() as view:
        size = view.size
        assert size == sum(view.position("audit_log", topic) for topic in TOPICS)
    ledger.close()
    return size


@pytest.fixture
def base(tmp_path, monkeypatch):
    """A ledger whose next commit does everything: fills a tile, begins an archive file, rolls, drops a segment."""
    monkeypatch.setattr(journal, "SEGMENT_BYTES", 9_000)
    grown(tmp_path / "base", [120, 10, 110, 4])
    return tmp_path / "base"


def commit_over_the_tiles_edge(directory, files):
    acting(directory, files, lambda ledger: append(ledger, POLICE, 40))


def acting(directory, files, act):
    """Open, let the fault happen while acting, and see that a ledger that had one does nothing more."""
    ledger = opened(directory, files)
    files.armed = True
    try:
        act(ledger)
    except StoreError:
        with pytest.raises(StoreError), ledger.transaction():
            raise AssertionError("a poisoned ledger must not begin a transaction") from None
        with pytest.raises(StoreError):
            ledger.add_cosignatures([], ledger.note.text)
        raise
    finally:
        ledger.close()


def test_the_commit_under_test_does_everything_that_a_commit_can_do(base):
    files = FaultyFiles(NEVER, "lost")
    commit_over_the_tiles_edge(base, files)
    operations = {name for name in vars(FaultyFiles) if not name.startswith("_")}
    assert set(files.done) == operations


@pytest.mark.parametrize("mode", MODES)
def test_a_fault_at_any_operation_of_a_commit_loses_nothing_and_doubles_nothing(base, tmp_path, mode):
    outcomes = set()
    for directory in faults(base, tmp_path, mode, commit_over_the_tiles_edge, least=8 if mode == "full" else 40):
        before = checked(directory)
        assert before.outcome in SOUND, before.checks
        ledger = opened(directory)
        append(ledger, NCA, 5)
        ledger.close()
        outcomes.add(check_everything(directory))
    assert outcomes == {249, 289}


@pytest.fixture
def crashed(base):
    """A ledger that committed to its journal, and published nothing of it."""
    ledger = opened(base)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger._publication, "write", lambda tiles: (_ for _ in ()).throw(OSError(5, "gone")))
        with pytest.raises(StoreError):
            append(ledger, POLICE, 40)
    ledger.close()
    assert checked(base).outcome is Outcome.PENDING
    return base


def opening(directory, files):
    files.armed = True
    opened(directory, files).close()


@pytest.mark.parametrize("mode", MODES)
def test_a_fault_at_any_operation_of_a_recovery_leaves_it_to_the_next(crashed, tmp_path, mode):
    for directory in faults(crashed, tmp_path, mode, opening, least=8 if mode == "full" else 25):
        assert checked(directory).outcome in SOUND
        assert check_everything(directory) == 284


@pytest.mark.parametrize("mode", MODES)
def test_a_fault_at_any_operation_of_the_very_first_opening_leaves_a_directory_that_opens(tmp_path, mode):
    (tmp_path / "nothing").mkdir()
    for directory in faults(tmp_path / "nothing", tmp_path, mode, opening, least=4 if mode == "full" else 9):
        assert check_everything(directory) == 0


def lines_for(text):
    return [cosign(text, f"witness-{number}.example", PRIVATE, int(NOW.timestamp())) for number in range(2)]


def cosigning(directory, files):
    acting(directory, files, lambda ledger: ledger.add_cosignatures(lines_for(ledger.note.text), ledger.note.text))


@pytest.mark.parametrize("mode", MODES)
def test_a_fault_at_any_operation_of_adding_cosignatures_leaves_all_of_them_or_none(base, tmp_path, mode):
    counts = set()
    for directory in faults(base, tmp_path, mode, cosigning, least=1 if mode == "full" else 4):
        counts.add(len(parse_note((directory / "checkpoint").read_bytes()).signatures))
        assert checked(directory).outcome is Outcome.UNWITNESSED
        ledger = opened(directory)
        assert len(ledger.note.signatures) in counts
        assert ledger.add_cosignatures(lines_for(ledger.note.text), ledger.note.text)
        assert len(ledger.note.signatures) == 3
        ledger.close()
        assert check_everything(directory) == 244
    assert counts == {"lost": {1}, "done": {1, 3}, "full": {1}}[mode]


@pytest.mark.parametrize("mode", MODES)
def test_a_fault_at_any_operation_of_keeping_a_witnessed_note_leaves_the_older_or_the_newer(tmp_path, base, mode):
    ledger = opened(base)
    older = ledger.note
    ledger.keep_witnessed(older)
    append(ledger, POLICE, 1)
    newer = ledger.note
    ledger.close()

    def keeping(directory, files):
        acting(directory, files, lambda ledger: ledger.keep_witnessed(newer))

    for directory in faults(base, tmp_path, mode, keeping, least=1 if mode == "full" else 4):
        assert (directory / "journal" / "witnessed").read_bytes() in (older.format(), newer.format())
        assert check_everything(directory) == 245


def closing(directory, files):
    acting(directory, files, lambda ledger: ledger.close_for_good("the end"))


@pytest.mark.parametrize("mode", MODES)
def test_a_fault_at_any_operation_of_closing_leaves_it_open_or_closed_and_never_half_sealed(base, tmp_path, mode):
    grown(base, [10])
    found = set()
    for directory in faults(base, tmp_path, mode, closing, least=6 if mode == "full" else 30):
        assert checked(directory).outcome in SOUND
        ledger = opened(directory)
        found.add(ledger.is_closed)
        with ledger.view() as view:
            assert view.size == 254 + 3 * ledger.is_closed
        ledger.close()
        assert check_everything(directory) == 254
    assert found == {False, True}


@pytest.mark.parametrize("mode", MODES)
def test_a_fault_at_any_operation_of_going_on_from_a_closed_ledger_leaves_it_to_the_next_start(tmp_path, mode):
    grown(tmp_path / "first", [5, 3])
    ledger = opened(tmp_path / "first")
    ledger.close_for_good("the end")
    ledger.close()
    (tmp_path / "nothing").mkdir()

    def going_on(directory, files=None):
        if files:
            files.armed = True
        name, clock = f"{NAME}-2", FixedClock(NOW)
        before = tmp_path / "first"
        Ledger.open(directory, name, PRIVATE, clock, files=files, continues=lambda: read_predecessor(before)).close()

    for directory in faults(tmp_path / "nothing", tmp_path, mode, going_on, least=8 if mode == "full" else 25):
        for _ in range(2):
            going_on(directory)
        reader = LedgerReader(directory)
        assert (reader.size, reader.leaf(0).kind) == (1, LeafKind.OPENING)


def losing(directory, files):
    def lose(ledger):
        with ledger.transaction() as tx:
            tx.apply(AppendLoss(TOPICS[NCA], 30, "gone"))

    acting(directory, files, lose)


@pytest.mark.parametrize("mode", MODES)
def test_a_fault_at_any_operation_of_logging_a_loss_logs_it_once_or_not_at_all(base, tmp_path, mode):
    sizes = set()
    for directory in faults(base, tmp_path, mode, losing, least=6 if mode == "full" else 25):
        opened(directory).close()
        assert checked(directory).outcome is Outcome.UNWITNESSED
        sizes.add(LedgerReader(directory).size)
    assert sizes == {244, 245}


class Broken(Files):
    """One operation fails while it is broken, and only that one."""

    def __init__(self, operation: str, number: int) -> None:
        self.operation = operation
        self.number = number
        self.broken = False

    def write(self, descriptor, data):
        self._fail("write")
        super().write(descriptor, data)

    def sync(self, descriptor):
        self._fail("sync")
        super().sync(descriptor)

    def _fail(self, operation):
        if self.broken and operation == self.operation:
            raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize(
    ("operation", "number", "words"),
    [
        ("write", errno.ENOSPC, "No space left"),
        ("sync", errno.EIO, "Input/output error"),
        ("sync", errno.ENOSPC, "space"),
    ],
)
def test_a_full_disk_or_a_failing_sync_stops_the_ledger_with_a_reason_and_signs_nothing(
    tmp_path, operation, number, words
):
    files = Broken(operation, number)
    ledger = opened(tmp_path, files)
    append(ledger, POLICE, 2)
    signed = (tmp_path / "checkpoint").read_bytes()
    files.broken = True
    with pytest.raises(StoreError, match=words) as caught:
        append(ledger, POLICE, 1)
    assert "start again" in caught.value.next_step
    files.broken = False
    with pytest.raises(StoreError, match="closed for writing"):
        append(ledger, POLICE, 1)
    ledger.close()
    assert (tmp_path / "checkpoint").read_bytes() == signed
    files.broken = True
    with pytest.raises(StoreError, match=words):
        opened(tmp_path, files)
    assert (tmp_path / "checkpoint").read_bytes() == signed
    assert check_everything(tmp_path) in (2, 3)
