"""Step 3: which checkpoint a quorum has cosigned, how old that is, and what it says about the rest."""

import shutil
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ledgering import NAME, NOW, PRIVATE, TOPICS, VKEY, append, checked, failures, grown, opened

from casebus.ledger.checkpoint import Checkpoint, sign_checkpoint
from casebus.ledger.cosignature import cosign
from casebus.ledger.note import parse_note
from casebus.ledger.report import Outcome
from casebus.ledger.verify import verify
from casebus.ledger.vkey import KeyType, verifier_key

POLICE, NCA = TOPICS
AT = int(NOW.timestamp())
WITNESSES = {f"w{number}": Ed25519PrivateKey.from_private_bytes(bytes([80 + number]) * 32) for number in range(3)}
POLICY = "\n".join(
    [
        f"log {VKEY}",
        *(f"witness {name} {verifier_key(name, key, KeyType.COSIGNATURE).format()}" for name, key in WITNESSES.items()),
        "group agencies 2 w0 w1 w2",
        "quorum agencies",
        "",
    ]
)


def cosigned(ledger, **times):
    """Let witnesses cosign the checkpoint that is published, each at its time."""
    text = ledger.note.text
    assert ledger.add_cosignatures([cosign(text, name, WITNESSES[name], at) for name, at in times.items()], text)


def said(report):
    return next(check.actual for check in report.checks if check.name == "witnesses")


@pytest.fixture
def ledger(tmp_path):
    ledger = opened(tmp_path / "ledger")
    append(ledger, POLICE, 300)
    yield ledger
    ledger.close()


@pytest.fixture
def directory(ledger, tmp_path):
    return tmp_path / "ledger"


def test_the_quorums_moment_is_when_its_last_needed_cosignature_was_made(ledger, directory):
    cosigned(ledger, w0=AT - 500, w1=AT - 60, w2=AT - 9)
    report = checked(directory, policy=POLICY)
    assert report.outcome is Outcome.VERIFIED
    assert "3 of 3 witnesses have cosigned (w0 at 2026-03-01T11:51:40Z" in said(report)
    assert said(report).endswith("the quorum's were made by 2026-03-01T11:59:00Z or later, at most 60 s ago")


def test_cosignatures_older_than_asked_for_do_not_count(ledger, directory):
    cosigned(ledger, w0=AT - 500, w1=AT - 60, w2=AT - 9)
    for seconds, outcome in [(500, Outcome.VERIFIED), (60, Outcome.VERIFIED), (59, Outcome.UNWITNESSED)]:
        report = checked(directory, policy=POLICY, max_age=timedelta(seconds=seconds))
        assert report.outcome is outcome, seconds
    assert "older than was asked for: 2" in said(report)


def test_what_is_newer_than_the_witnessed_checkpoint_is_pending(ledger, directory):
    cosigned(ledger, w0=AT, w2=AT)
    ledger.keep_witnessed(ledger.note)
    append(ledger, NCA, 7)
    report = checked(directory, policy=POLICY)
    assert report.outcome is Outcome.PENDING
    assert "0 of 3 witnesses have cosigned; the first 300 leaves are witnessed" in said(report)
    assert said(report).endswith("the rest waits")
    assert checked(directory).outcome is Outcome.UNWITNESSED
    aged = verify(directory, VKEY, policy=POLICY, max_age=timedelta(hours=1), now=NOW + timedelta(hours=2))
    assert aged.outcome is Outcome.UNWITNESSED


def test_a_kept_checkpoint_without_its_quorum_makes_nothing_pending(ledger, directory):
    cosigned(ledger, w1=AT)
    ledger.keep_witnessed(ledger.note)
    append(ledger, NCA, 7)
    assert checked(directory, policy=POLICY).outcome is Outcome.UNWITNESSED


def kept(directory, size, root, private=PRIVATE):
    note = sign_checkpoint(Checkpoint(NAME, size, root), private)
    (directory / "journal/witnessed").write_bytes(note.format())


def test_a_kept_checkpoint_that_this_log_does_not_extend_fails(ledger, directory):
    stranger = Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)
    for size, private in [(5, PRIVATE), (300, PRIVATE), (301, PRIVATE), (2**63 - 1, PRIVATE), (5, stranger)]:
        kept(directory, size, b"\x01" * 32, private)
        assert failures(checked(directory)) == {"witnesses"}, size
        assert failures(checked(directory, policy=POLICY)) == {"witnesses"}
    for junk in (b"", b"junk", (directory / "checkpoint").read_bytes() * 2):
        (directory / "journal/witnessed").write_bytes(junk)
        assert failures(checked(directory)) == {"witnesses"}


def test_a_rollback_that_left_the_kept_checkpoint_shows(directory, ledger, tmp_path):
    shutil.copytree(directory, tmp_path / "before")
    append(ledger, NCA, 7)
    cosigned(ledger, w0=AT, w1=AT)
    ledger.keep_witnessed(ledger.note)
    shutil.copy(directory / "journal/witnessed", tmp_path / "before/journal/witnessed")
    report = checked(tmp_path / "before", policy=POLICY)
    assert failures(report) == {"witnesses"}
    assert said(report) == "fewer: the log was rolled back"


def test_a_power_cut_that_left_an_older_checkpoint_than_the_kept_one_is_pending(directory, ledger):
    """The two names become durable apart; the journal says that nothing is missing."""
    before = (directory / "checkpoint").read_bytes()
    append(ledger, NCA, 7)
    cosigned(ledger, w0=AT, w1=AT)
    ledger.keep_witnessed(ledger.note)
    (directory / "checkpoint").write_bytes(before)
    assert checked(directory, policy=POLICY).outcome is Outcome.PENDING


def test_a_kept_checkpoint_with_a_spoiled_cosignature_fails(ledger, directory):
    cosigned(ledger, w0=AT, w1=AT)
    ledger.keep_witnessed(ledger.note)
    append(ledger, NCA, 7)
    path = directory / "journal/witnessed"
    note = parse_note(path.read_bytes())
    spoiled = replace(note.signatures[2], signature=note.signatures[1].signature)
    path.write_bytes(replace(note, signatures=(*note.signatures[:2], spoiled)).format())
    assert failures(checked(directory, policy=POLICY)) == {"witnesses"}


def test_a_ledger_without_a_leaf_can_be_witnessed(tmp_path):
    grown(tmp_path / "empty", [])
    assert checked(tmp_path / "empty").outcome is Outcome.UNWITNESSED
    ledger = opened(tmp_path / "empty")
    cosigned(ledger, w0=AT, w1=AT)
    ledger.keep_witnessed(ledger.note)
    ledger.close()
    assert checked(tmp_path / "empty", policy=POLICY).outcome is Outcome.VERIFIED
