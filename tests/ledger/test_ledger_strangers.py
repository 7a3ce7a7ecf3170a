"""What the sequencer writes, programs that strangers wrote accept; what is tampered with they refuse, as we do."""

import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ledgering import NAME, NOW, PRIVATE, TOPICS, VKEY, append, checked, failures, grown, recorded

from casebus.clock import FixedClock
from casebus.ledger.checkpoint import Checkpoint, sign_checkpoint
from casebus.ledger.report import Outcome
from casebus.ledger.sequencer import AppendLeaf, Ledger
from casebus.ledger.vkey import verifier_key

pytestmark = pytest.mark.independent

POLICE, NCA = TOPICS
SIZES = {1: [1], 255: [200, 55], 256: [1, 255], 257: [100, 156, 1], 5000: [1, 255, 300, 1024, 1024, 7, 2000, 389]}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    """5,000 leaves: nineteen full tiles of level 0, a partial one, and a partial one of level 1."""
    directory = tmp_path_factory.mktemp("strangers") / "ledger"
    grown(directory, SIZES[5000])
    return directory


@pytest.fixture
def copy(ledger, tmp_path):
    shutil.copytree(ledger, tmp_path / "copy")
    return tmp_path / "copy"


def refused_by_all(strangers, directory, older=None):
    """Return our failed checks; the strangers must refuse too."""
    for stranger in strangers:
        assert not stranger.accepts(directory, VKEY, older), stranger.name
    report = checked(directory, since=older.read_bytes() if older else None)
    assert report.outcome is Outcome.FAILED
    return failures(report)


@pytest.mark.parametrize("size", SIZES)
def test_a_ledger_that_grew_in_uneven_commits_is_accepted_by_all(strangers, tmp_path, size):
    grown(tmp_path / "ledger", SIZES[size])
    assert checked(tmp_path / "ledger").outcome is Outcome.UNWITNESSED
    for stranger in strangers:
        assert stranger.accepts(tmp_path / "ledger", VKEY), stranger.name


def test_an_extension_of_an_older_checkpoint_is_accepted_by_all(strangers, tmp_path):
    directory, older = tmp_path / "ledger", tmp_path / "older"
    for batches in ([100], [156], [300, 7], [2000]):
        grown(directory, batches)
        if older.exists():
            assert checked(directory, since=older.read_bytes()).outcome is Outcome.UNWITNESSED
            for stranger in strangers:
                assert stranger.accepts(directory, VKEY, older), stranger.name
        shutil.copy(directory / "checkpoint", older)


@pytest.mark.parametrize(
    ("name", "checks"),
    [
        ("tile/entries/007", {"tiles", "root", "records"}),
        ("tile/entries/019.p/136", {"tiles", "root", "records"}),
        ("tile/0/000", {"tiles"}),
        ("tile/0/019.p/136", {"tiles"}),
        ("tile/1/000.p/19", {"tiles"}),
    ],
)
def test_one_flipped_byte_is_refused_by_all(strangers, copy, name, checks):
    path = copy / name
    data = bytearray(path.read_bytes())
    data[-5] ^= 0x40
    path.write_bytes(data)
    assert checks <= refused_by_all(strangers, copy)


def test_another_root_in_the_checkpoint_is_refused_by_all(strangers, copy):
    path = copy / "checkpoint"
    lines = path.read_bytes().split(b"\n")
    lines[2] = (b"B" if lines[2][:1] != b"B" else b"C") + lines[2][1:]
    path.write_bytes(b"\n".join(lines))
    assert refused_by_all(strangers, copy) == {"checkpoint_signature"}


def test_another_root_that_the_true_key_signed_is_refused_by_all(strangers, copy):
    (copy / "checkpoint").write_bytes(sign_checkpoint(Checkpoint(NAME, 5000, b"\x11" * 32), PRIVATE).format())
    assert refused_by_all(strangers, copy) == {"root"}


def test_another_keys_log_is_refused_by_all(strangers, ledger):
    other = verifier_key(NAME, Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)).format()
    for stranger in strangers:
        assert not stranger.accepts(ledger, other), stranger.name


def test_a_fork_and_a_rollback_by_the_true_key_show_to_all_against_an_older_checkpoint(strangers, ledger, tmp_path):
    fork, rollback = tmp_path / "fork", tmp_path / "rollback"
    forked = Ledger.open(fork, NAME, PRIVATE, FixedClock(NOW))
    with forked.transaction() as tx:
        tx.advance("audit_log", POLICE, expected=0, to=1)
        tx.apply(AppendLeaf(recorded(POLICE, 0), b"\x0c" * 16))
    append(forked, NCA, 6000)
    forked.close()
    grown(rollback, SIZES[5000][:5])
    for directory in (fork, rollback):
        assert checked(directory).outcome is Outcome.UNWITNESSED
        assert all(stranger.accepts(directory, VKEY) for stranger in strangers)
        assert refused_by_all(strangers, directory, ledger / "checkpoint") == {"since"}
