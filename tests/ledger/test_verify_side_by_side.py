"""The fast way over a ledger says the same as the close one, in one process or in several, and when helpers die."""

import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from foreign_ledger import written
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgering import TOPICS, append, checked, failures, grown, opened, recorded

from casebus.errors import VerificationFailed
from casebus.ledger import walk
from casebus.ledger.crew import Crew, Stretch, decode_swept, encode_swept
from casebus.ledger.files import Files
from casebus.ledger.journal import Journal, read_segment
from casebus.ledger.record import LAST_MS, decode_record, encode_record
from casebus.ledger.record_shape import Shapes
from casebus.ledger.report import Outcome
from casebus.ledger.sequencer import AppendLeaf
from casebus.ledger.state import LedgerState
from casebus.ledger.sweep import sweep
from casebus.ledger.walk import stretches

POLICE, NCA = TOPICS


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    directory = tmp_path_factory.mktemp("swept") / "ledger"
    grown(directory, [1, 255, 400, 300, 324, 3, 900])
    return directory


@pytest.fixture
def copy(ledger, tmp_path):
    shutil.copytree(ledger, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def everywhere(monkeypatch):
    """Helpers for small ledgers too, and ranges of one bundle, so that every border is one between processes."""
    monkeypatch.setattr(walk, "HELPED_LEAVES", 0)
    monkeypatch.setattr(walk, "SWEPT_BUNDLES", 1)
    monkeypatch.setattr(walk, "_processors", lambda: 3)


def test_an_ordinary_ledger_is_swept_and_not_walked_leaf_by_leaf(ledger):
    swept = sweep(str(ledger), 0, 8, contents=True)
    assert swept is not None
    assert len(swept.roots) == 8
    assert {(chain.previous, chain.last) for chain in swept.chains.values()} <= {(None, n) for n in range(2048)}
    assert sweep(str(ledger), 0, 9, contents=True) is None


def test_with_helpers_the_report_is_the_same(ledger, everywhere):
    assert checked(ledger).outcome is Outcome.UNWITNESSED


@pytest.mark.parametrize("kind", ["tile/entries", "tile/0", "records"])
def test_one_flipped_bit_in_any_full_file_fails_with_helpers_too(copy, everywhere, kind):
    draw = random.Random(kind)
    for _ in range(8):
        path = copy / kind / f"{draw.randrange(8):03d}"
        whole = path.read_bytes()
        flipped = bytearray(whole)
        flipped[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        path.write_bytes(flipped)
        assert checked(copy).outcome is Outcome.FAILED
        path.write_bytes(whole)


def test_sweeping_answers_for_no_flipped_bit(copy):
    draw = random.Random(7)
    for kind in ("tile/entries", "tile/0", "records"):
        path = copy / kind / "002"
        whole = path.read_bytes()
        for _ in range(150):
            flipped = bytearray(whole)
            flipped[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
            path.write_bytes(flipped)
            assert sweep(str(copy), 2, 1, contents=True) is None
        for data in (b"", whole[:-1], whole + b"\0", whole * 2):
            path.write_bytes(data)
            assert sweep(str(copy), 2, 1, contents=True) is None
        path.write_bytes(whole)
    assert sweep(str(copy), 2, 1, contents=True) is not None


def test_a_partial_version_beside_a_full_one_is_read_as_well(copy, everywhere):
    partial = copy / "tile/entries/001.p/5"
    partial.parent.mkdir()
    whole = (copy / "tile/entries/001").read_bytes()
    partial.write_bytes(whole[: 5 * 68])
    assert checked(copy).outcome is Outcome.UNWITNESSED
    partial.write_bytes(whole[68 : 6 * 68])
    assert failures(checked(copy)) == {"entries"}


def crewed(directory, count, act=lambda helpers: None):
    with Crew(directory, contents=True, helpers=2) as crew:
        wanted = [Stretch(number, 1) for number in range(count)]
        swept = []
        for number, answer in enumerate(crew.sweep(wanted)):
            if number == 1:
                act(crew._helpers)
            swept.append(answer)
    assert [stretch for stretch, _ in swept] == wanted
    return [answer for _, answer in swept]


def test_a_crew_answers_in_order_and_leaves_no_process_behind(ledger):
    helpers = []
    answers = crewed(ledger, 8, lambda found: helpers.extend(found))
    assert answers == [sweep(str(ledger), number, 1, contents=True) for number in range(8)]
    assert helpers
    assert all(helper.process.returncode is not None for helper in helpers)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_helpers_that_die_cost_nothing_but_time(ledger, how):
    def end(helpers):
        for helper in helpers:
            helper.process.send_signal(how)

    assert crewed(ledger, 8, end) == [sweep(str(ledger), number, 1, contents=True) for number in range(8)]


def test_a_helper_that_talks_nonsense_is_not_believed(ledger):
    def garble(helpers):
        for helper in helpers:
            helper.heard += b'{"roots": "00", "chains": {}}\n'

    assert crewed(ledger, 8, garble) == [sweep(str(ledger), number, 1, contents=True) for number in range(8)]


def test_an_interrupt_ends_the_helpers(ledger, tmp_path):
    """What the interrupt key does to the command: helpers ignore it, and end with the process that started them."""
    program = (
        "import signal, sys, time\n"
        "from pathlib import Path\n"
        "from casebus.ledger.crew import Crew\n"
        # A shell has what it runs in the background ignore the key, and so would this, started by such a run.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "with Crew(Path(sys.argv[1]), contents=True, helpers=2) as crew:\n"
        "    print(*(helper.process.pid for helper in crew._helpers), flush=True)\n"
        "    time.sleep(600)\n"
    )
    for how in (signal.SIGINT, signal.SIGKILL):
        command = [sys.executable, "-c", program, str(ledger)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            pids = process.stdout.readline().split()
            process.send_signal(how)
            process.wait(timeout=90)
        assert len(pids) == 2
        for pid in pids:
            for _ in range(900):
                if not _runs(pid):
                    break
                time.sleep(0.1)
            else:
                pytest.fail("a helper outlived its verification")


def _runs(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_what_a_helper_says_reads_back(ledger):
    for contents in (True, False):
        swept = sweep(str(ledger), 1, 3, contents=contents)
        assert decode_swept(encode_swept(swept).strip(), 3) == swept
    assert decode_swept(encode_swept(None).strip(), 3) is None
    with pytest.raises(ValueError):
        decode_swept(encode_swept(swept), 2)


@given(size=st.integers(0, 200_000), ahead=st.integers(0, 700), marks=st.lists(st.integers(0, 200_700)))
def test_stretches_cover_every_bundle_once_with_marks_at_their_borders(size, ahead, marks):
    total = size + ahead
    cut = list(stretches(size, total, marks))
    assert [number for each in cut for number in range(each.start, each.start + each.count)] == list(
        range(-(-total // 256))
    )
    for each in cut:
        start, end = each.start * 256, (each.start + each.count) * 256
        assert each.closely or end <= size
        assert each.count == 1 or not any(start < mark < end for mark in marks)


def test_a_size_that_no_disk_could_hold_is_cut_lazily():
    assert next(iter(stretches(2**63 - 1, 2**63 - 1, [2**63 - 1, 5]))).closely


@st.composite
def mutated(draw):
    data = bytearray(encode_record(recorded(draw(st.sampled_from([POLICE, NCA])), draw(st.integers(0, 30)))))
    for _ in range(draw(st.integers(0, 3))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


@settings(max_examples=400)
@given(st.lists(mutated() | st.binary(max_size=80), min_size=1, max_size=6))
def test_a_shape_is_known_for_exactly_what_decodes(contents):
    shapes = Shapes()
    for content in [encode_record(recorded(POLICE, 3)), *contents, *contents]:
        try:
            decode_record(content, 0)
            reads = True
        except VerificationFailed:
            reads = False
        assert shapes.is_canonical(content) == reads


def test_a_time_after_the_year_9999_is_not_canonical_whether_or_not_the_shape_is_known():
    whole = encode_record(recorded(POLICE, 3))
    late = whole[:-8] + (LAST_MS + 1).to_bytes(8, "big")
    assert not Shapes().is_canonical(late)
    shapes = Shapes()
    assert shapes.is_canonical(whole[:-8] + LAST_MS.to_bytes(8, "big"))
    assert not shapes.is_canonical(late)


def test_a_journal_that_tells_of_another_record_in_a_swept_bundle_is_told(tmp_path):
    for name, value in (("one", b"1"), ("other", b"2")):
        ledger = opened(tmp_path / name)
        with ledger.transaction() as tx:
            first = recorded(POLICE, 0)
            tx.advance("audit_log", POLICE, expected=0, to=1)
            tx.apply(AppendLeaf(replace(first, record=replace(first.record, value=value)), TOPICS[POLICE]))
        append(ledger, POLICE, 599)
        ledger.close()
    assert checked(tmp_path / "one").outcome is Outcome.UNWITNESSED
    shutil.rmtree(tmp_path / "one/journal")
    shutil.copytree(tmp_path / "other/journal", tmp_path / "one/journal")
    assert failures(checked(tmp_path / "one")) == {"journal"}


@pytest.mark.parametrize("size", [512, 600])
def test_a_journal_that_begins_with_other_heads_than_the_leaves_before_it_is_told(tmp_path, size):
    grown(tmp_path, [256, size - 256])
    segment = read_segment(tmp_path / "journal", 1)
    state = LedgerState.of(segment.snapshot)
    for commit in segment.commits:
        state.apply(commit)
    (tmp_path / "journal/00000001").unlink()
    for ahead in (0, 1):
        state.chains.heads[TOPICS[NCA]] += ahead
        Journal.begun(Files(), tmp_path / "journal", 2, state.snapshot(segment.last_hash)).close()
        assert failures(checked(tmp_path)) == ({"journal"} if ahead else set())


def test_a_foreign_tree_is_swept_whatever_its_entries(tmp_path):
    for name, entries in {
        "even": [b"%04d" % number for number in range(600)],
        "uneven": [b"leaf %d" % number for number in range(600)],
        "empty": [b""] * 600,
    }.items():
        directory = written(tmp_path / name, entries)
        assert sweep(str(directory), 0, 2, contents=False) is not None
        assert sweep(str(directory), 0, 2, contents=True) is None


def test_a_ledger_that_grows_while_it_is_verified_is_not_failed(tmp_path):
    ledger = opened(tmp_path)
    append(ledger, POLICE, 600)

    def grow(done, total):
        append(ledger, NCA, 300)

    assert checked(tmp_path, progress=grow).outcome in (Outcome.UNWITNESSED, Outcome.PENDING)
    ledger.close()
