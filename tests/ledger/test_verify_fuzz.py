"""Whatever lies in a directory, and whatever is given beside it, verification answers: no traceback, no hang."""

import os
import shutil
import socket
import tempfile
from pathlib import Path

import pytest
from foreign_ledger import written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledgering import NAME, NOW, PRIVATE, VKEY, append, checked, failures, grown, opened

from casebus.ledger.checkpoint import Checkpoint, sign_checkpoint
from casebus.ledger.cosignature import cosign
from casebus.ledger.report import Outcome, Report, Step
from casebus.ledger.verify import verify

COMMITTED = ("tile/", "records/", "checkpoint")


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory):
    """One that our sequencer wrote, with a kept checkpoint and a commit since; one by another program."""
    root = tmp_path_factory.mktemp("fuzzed")
    grown(root / "ours", [300, 250, 50])
    ledger = opened(root / "ours")
    text = ledger.note.text
    ledger.add_cosignatures([cosign(text, "w0", PRIVATE, 5)], text)
    ledger.keep_witnessed(ledger.note)
    append(ledger, "casebus.nz-police.events", 6)
    ledger.close()
    written(root / "foreign", [b"leaf %d" % number for number in range(300)])
    return root


def files_of(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def flip(path, data, where):
    changed = bytearray(data)
    if changed:
        changed[where % len(changed)] ^= 1 << where % 8
    path.write_bytes(changed)


def to_directory(path, data, where):
    path.unlink()
    path.mkdir()


def to_pipe(path, data, where):
    path.unlink()
    os.mkfifo(path)


def to_link(path, data, where):
    path.unlink()
    path.symlink_to(["/dev/zero", "/nowhere", "/", path.name, "/dev/stdin"][where % 5])


def to_socket(path, data, where):
    path.unlink()
    with socket.socket(socket.AF_UNIX) as bound, tempfile.TemporaryDirectory() as short:
        bound.bind(f"{short}/s")
        Path(f"{short}/s").rename(path)


ACTS = [
    flip,
    flip,
    flip,
    to_directory,
    to_pipe,
    to_link,
    to_socket,
    lambda path, data, where: path.write_bytes(data[: where % (len(data) + 1)]),
    lambda path, data, where: path.write_bytes(data + bytes([where % 256]) * (where % 70)),
    lambda path, data, where: path.write_bytes(os.urandom(where % 9000)),
    lambda path, data, where: os.truncate(path, where * 10**6 % 2**40),
    lambda path, data, where: path.unlink(),
    lambda path, data, where: path.chmod(0),
]

act = st.tuples(st.integers(0, 200), st.sampled_from(range(len(ACTS))), st.integers(0, 10**6))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(whose=st.sampled_from(["ours", "foreign"]), acts=st.lists(act, min_size=1, max_size=3))
def test_no_damage_makes_it_raise_or_hang_and_no_flipped_bit_passes(ledgers, whose, acts):
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "copy"
        shutil.copytree(ledgers / whose, copy)
        names = files_of(copy)
        for number, kind, where in acts:
            path = copy / names[number % len(names)]
            if path.is_file() and not path.is_symlink():
                ACTS[kind](path, path.read_bytes() if path.stat().st_size < 10**7 else b"", where)
        report = checked(copy)
        assert isinstance(report, Report)
        assert [check.name for check in report.checks] == [Step(check.step).name.lower() for check in report.checks]
        name, kind, where = names[acts[0][0] % len(names)], *acts[0][1:]
        if len(acts) == 1 and ACTS[kind] is flip and name.startswith(COMMITTED):
            assert report.outcome is Outcome.FAILED, name


@settings(max_examples=60, deadline=None)
@given(
    vkey=st.text(max_size=80) | st.just(VKEY),
    policy=st.none() | st.text(max_size=200) | st.builds(lambda line: f"log {VKEY}\n{line}\n", st.text(max_size=40)),
    since=st.none() | st.binary(max_size=200),
)
def test_whatever_is_given_beside_the_directory_it_answers(ledgers, vkey, policy, since):
    assert verify(ledgers / "ours", vkey, policy=policy, since=since, now=NOW).checks


@pytest.mark.parametrize("size", [607, 65_536, 2**31, 2**40, 2**62, 2**63 - 1])
@pytest.mark.parametrize("whose", ["ours", "foreign"])
def test_a_signed_size_beyond_what_is_there_ends_at_the_first_missing_bundle(ledgers, tmp_path, whose, size):
    shutil.copytree(ledgers / whose, tmp_path / "copy")
    (tmp_path / "copy/checkpoint").write_bytes(sign_checkpoint(Checkpoint(NAME, size, bytes(32)), PRIVATE).format())
    older = sign_checkpoint(Checkpoint(NAME, size - 1, bytes(32)), PRIVATE).format()
    report = checked(tmp_path / "copy", since=older)
    assert "entries" in failures(report)
    assert "root" not in {check.name for check in report.checks}


def test_trees_too_deep_and_directories_too_full_are_strays(ledgers, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(ledgers / "ours", copy)
    (copy / "tile/0" / "/".join(["x001"] * 300)).mkdir(parents=True)
    assert failures(checked(copy)) == {"stray_files"}
    shutil.rmtree(copy / "tile/0/x001")
    for number in range(2000):
        (copy / f"tile/1/{number + 5000}").write_bytes(b"")
    assert failures(checked(copy)) == {"stray_files"}


def test_loops_of_links_lead_nowhere(ledgers, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(ledgers / "ours", copy)
    (copy / "tile/0/x001").symlink_to(copy)
    assert failures(checked(copy)) == {"stray_files"}
    (copy / "tile/0/x001").unlink()
    shutil.move(copy / "tile", tmp_path / "tile")
    (copy / "tile").symlink_to(tmp_path / "tile")
    assert "stray_files" in failures(checked(copy))


def test_a_stray_name_that_no_terminal_should_be_shown_comes_escaped(ledgers, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(ledgers / "ours", copy)
    (copy / os.fsdecode(b"\xff\x1b[31m\n")).write_bytes(b"")
    stray = next(check for check in checked(copy).checks if check.name == "stray_files")
    assert (stray.ok, stray.actual) == (False, r"'\udcff\x1b[31m\n'")
