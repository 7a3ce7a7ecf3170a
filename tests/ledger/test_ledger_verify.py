"""The auditor's procedure: what it accepts, and that every kind of tampering fails by name."""

import os
import random
import shutil
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ledgering import NAME, NOW, PRIVATE, TOPICS, VKEY, append, checked, failures, grown, opened

from casebus.ledger.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from casebus.ledger.cosignature import cosign
from casebus.ledger.leaf import decode_leaf, record_leaf
from casebus.ledger.note import parse_note
from casebus.ledger.report import Outcome
from casebus.ledger.tiles import decode_bundle, encode_bundle
from casebus.ledger.tree import leaf_hash, root_of
from casebus.ledger.verify import verify
from casebus.ledger.vkey import KeyType, verifier_key

POLICE, NCA = TOPICS
# 606 leaves: two full tiles, a partial one of two widths at level 0 and one of two widths at level 1.
BATCHES = [300, 250, 50, 6]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    directory = tmp_path_factory.mktemp("whole") / "ledger"
    grown(directory, BATCHES)
    return directory


@pytest.fixture
def copy(ledger, tmp_path):
    shutil.copytree(ledger, tmp_path / "copy")
    return tmp_path / "copy"


def test_a_whole_ledger_is_unwitnessed_and_every_step_is_ticked(ledger):
    report = checked(ledger)
    assert report.outcome is Outcome.UNWITNESSED
    assert [check.step for check in report.checks] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12]
    assert all(check.ok for check in report.checks)
    assert report.size == 606


KINDS = {
    "checkpoint": {"checkpoint_format", "checkpoint_signature"},
    "tile/0/000": {"tiles"},
    "tile/0/001": {"tiles"},
    "tile/0/002.p/94": {"tiles"},
    "tile/0/002.p/38": {"tiles"},
    "tile/1/000.p/1": {"tiles"},
    "tile/1/000.p/2": {"tiles"},
    "tile/entries/000": {"entries", "tiles", "root", "leaf_format", "topic_order", "records", "journal"},
    "tile/entries/002.p/94": {"entries", "tiles", "root", "leaf_format", "topic_order", "records", "journal"},
    "tile/entries/002.p/88": {"entries"},
    "records/000": {"records"},
    "records/002": {"records"},
    "journal/00000001": {"journal"},
}


@pytest.mark.parametrize("name", KINDS)
def test_a_single_flipped_bit_fails_and_the_check_is_named(copy, name):
    path = copy / name
    whole = path.read_bytes()
    draw = random.Random(name)
    ends = [0, 7, len(whole) * 8 - 8, len(whole) * 8 - 1]
    for bit in [*ends, *(draw.randrange(len(whole) * 8) for _ in range(6))]:
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        report = checked(copy)
        assert report.outcome is Outcome.FAILED, bit
        assert failures(report)
        assert failures(report) <= KINDS[name], bit
    path.write_bytes(whole)
    assert checked(copy).outcome is Outcome.UNWITNESSED


def test_every_bit_of_the_checkpoint_counts(copy):
    whole = (copy / "checkpoint").read_bytes()
    for bit in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        (copy / "checkpoint").write_bytes(flipped)
        assert verify(copy, VKEY, now=NOW).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("checkpoint", "checkpoint_format"),
        ("tile/0/000", "tiles"),
        ("tile/0/002.p/94", "tiles"),
        ("tile/1/000.p/2", "tiles"),
        ("tile/entries/001", "entries"),
        ("tile/entries/002.p/94", "entries"),
        ("records/001", "records"),
        ("journal/00000001", "journal"),
    ],
)
def test_a_missing_or_truncated_or_lengthened_file_fails(copy, name, check):
    path = copy / name
    whole = path.read_bytes()
    path.unlink()
    assert check in failures(checked(copy))
    for data in (b"", whole[:-1], whole[: len(whole) // 2], whole + b"\x00", whole + whole):
        path.write_bytes(data)
        if (name, data) != ("journal/00000001", whole + b"\x00"):
            assert check in failures(checked(copy)), len(data)
    # One zero after the last frame is how an append begins that a crash cut short.
    path.write_bytes(whole)


@pytest.mark.parametrize("name", ["tile/0/002.p/88", "tile/1/000.p/1", "tile/entries/002.p/38"])
def test_collected_partial_versions_are_normal(copy, name):
    path = copy / name
    path.unlink(missing_ok=True)
    assert checked(copy).outcome is Outcome.UNWITNESSED


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "tile/0/003",
        "tile/0/002.p/95",
        "tile/0/002.p/0",
        "tile/0/002.p/256",
        "tile/2/000.p/1",
        "tile/entries/9",
        "tile/x/000",
        "records/009",
        "records/extra",
        "journal/1",
        ".hidden/file",
    ],
)
def test_a_stray_file_fails_by_name(copy, name):
    path = copy / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    report = checked(copy)
    assert "stray_files" in failures(report)
    assert name in {check.actual for check in report.checks}


def test_a_link_or_a_pipe_in_place_of_a_file_neither_leads_away_nor_hangs(copy, ledger):
    for name, check in [("checkpoint", "checkpoint_format"), ("tile/0/000", "tiles"), ("records/000", "records")]:
        path = copy / name
        path.unlink()
        path.symlink_to(ledger / name)
        assert check in failures(checked(copy))
        path.unlink()
        os.mkfifo(path)
        assert check in failures(checked(copy))
        path.unlink()
        path.write_bytes((ledger / name).read_bytes())


def resign(directory, entries, name="002.p/94"):
    """Rewrite the last bundle and its tile, and sign the new root with the true key: what its holder can do."""
    (directory / "tile/entries" / name).write_bytes(encode_bundle(entries))
    hashes = [leaf_hash(entry) for entry in entries]
    (directory / "tile/0" / name).write_bytes(b"".join(hashes))
    before = [(directory / f"tile/0/00{n}").read_bytes() for n in (0, 1)]
    leaves = [data[at : at + 32] for data in before for at in range(0, 8192, 32)] + hashes
    note = sign_checkpoint(Checkpoint(NAME, len(leaves), root_of(leaves)), PRIVATE)
    (directory / "checkpoint").write_bytes(note.format())


def last_bundle(directory):
    return decode_bundle((directory / "tile/entries/002.p/94").read_bytes(), 94)


def test_the_true_keys_holder_cannot_reorder_double_or_drop_within_a_topic(copy):
    entries = last_bundle(copy)
    leaf = decode_leaf(entries[93])
    for last in [
        entries[92],
        record_leaf(leaf.topic_id, leaf.position + 1, leaf.previous, leaf.content_hash).encode(),
        record_leaf(leaf.topic_id, leaf.position + 1, leaf.position, leaf.content_hash).encode(),
        record_leaf(leaf.topic_id, leaf.position, None, leaf.content_hash).encode(),
        record_leaf(b"\x0d" * 16, 4, None, leaf.content_hash).encode(),
    ]:
        resign(copy, [*entries[:93], last])
        assert "topic_order" in failures(checked(copy))


def test_a_leaf_of_unknown_kind_fails_the_leaf_format(copy):
    entries = last_bundle(copy)
    resign(copy, [*entries[:93], b"\x07" + entries[93][1:]])
    assert "leaf_format" in failures(checked(copy))


def test_a_fork_by_the_true_key_shows_against_an_older_checkpoint(copy, ledger):
    noted = (ledger / "checkpoint").read_bytes()
    entries = last_bundle(copy)
    leaf = decode_leaf(entries[93])
    resign(copy, [*entries[:93], replace(leaf, content_hash=bytes(32)).encode()])
    report = checked(copy, since=noted)
    assert "since" in failures(report)
    assert "root" not in failures(report)


def test_an_older_checkpoint_of_the_same_log_is_a_prefix(copy):
    noted = (copy / "checkpoint").read_bytes()
    grown(copy, [7, 400])
    report = checked(copy, since=noted)
    assert report.outcome is Outcome.UNWITNESSED
    assert [check.ok for check in report.checks if check.name == "since"] == [True]


def test_an_older_checkpoint_that_is_not_this_logs_fails(copy):
    foreign = sign_checkpoint(Checkpoint("other.example", 5, bytes(32)), PRIVATE).format()
    for since in (b"", b"junk", foreign, sign_checkpoint(Checkpoint(NAME, 9999, bytes(32)), PRIVATE).format()):
        assert failures(checked(copy, since=since)) == {"since"}


def test_a_signed_size_that_no_disk_could_hold_ends_at_the_first_missing_bundle(copy):
    (copy / "checkpoint").write_bytes(sign_checkpoint(Checkpoint(NAME, 2**62, bytes(32)), PRIVATE).format())
    assert "entries" in failures(checked(copy))


def test_a_key_line_that_is_none_or_anothers_fails_the_signature(ledger):
    other = verifier_key(NAME, Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)).format()
    for vkey in ("", "junk", other):
        report = verify(ledger, vkey, now=NOW)
        assert failures(report) == {"checkpoint_signature"}


def test_a_directory_without_a_ledger_fails_the_first_step(tmp_path):
    for directory in (tmp_path, tmp_path / "nothing"):
        report = checked(directory)
        assert (failures(report), report.size, report.root) == ({"checkpoint_format"}, None, None)


def test_a_journal_ahead_of_the_checkpoint_is_pending(copy):
    before = (copy / "checkpoint").read_bytes()
    writer = opened(copy)
    append(writer, POLICE, 200)
    writer.close()
    (copy / "checkpoint").write_bytes(before)
    assert checked(copy).outcome is Outcome.PENDING
    tile = copy / "tile/0/002"
    tile.write_bytes(tile.read_bytes()[:-1] + b"\x00")
    assert failures(checked(copy)) == {"tiles"}
    shutil.rmtree(copy / "tile/0")


def test_a_torn_journal_tail_is_pending(copy):
    with (copy / "journal/00000001").open("ab") as file:
        file.write(b"CBJ1\x00\x00")
    assert checked(copy).outcome is Outcome.PENDING


def witnessed_by(directory, count, *, at):
    """Let the first `count` of three witnesses cosign; return the policy that asks for two."""
    note = parse_note((directory / "checkpoint").read_bytes())
    lines, policy = [], [f"log {VKEY}"]
    for number in range(3):
        private = Ed25519PrivateKey.from_private_bytes(bytes([70 + number]) * 32)
        name = f"witness-{number}.example"
        policy.append(f"witness w{number} {verifier_key(name, private, KeyType.COSIGNATURE).format()}")
        lines.append(cosign(note.text, name, private, at))
    signed = replace(note, signatures=(*note.signatures, *lines[:count]))
    (directory / "checkpoint").write_bytes(signed.format())
    return "\n".join([*policy, "group agencies 2 w0 w1 w2", "quorum agencies", ""])


def test_a_quorum_of_cosignatures_makes_it_verified(copy):
    policy = witnessed_by(copy, 2, at=int(NOW.timestamp()))
    report = checked(copy, policy=policy)
    assert report.outcome is Outcome.VERIFIED
    assert checked(copy).outcome is Outcome.UNWITNESSED


def test_too_few_cosignatures_or_such_from_the_future_leave_it_unwitnessed(copy):
    whole = (copy / "checkpoint").read_bytes()
    for count, at in [(0, 0), (1, 0), (3, 31)]:
        (copy / "checkpoint").write_bytes(whole)
        policy = witnessed_by(copy, count, at=int(NOW.timestamp()) + at)
        assert checked(copy, policy=policy).outcome is Outcome.UNWITNESSED


def test_a_known_witnesss_line_that_does_not_verify_fails(copy):
    policy = witnessed_by(copy, 3, at=int(NOW.timestamp()))
    note = parse_note((copy / "checkpoint").read_bytes())
    spoiled = replace(note.signatures[3], signature=note.signatures[2].signature)
    (copy / "checkpoint").write_bytes(replace(note, signatures=(*note.signatures[:3], spoiled)).format())
    assert failures(checked(copy, policy=policy)) == {"witnesses"}


def test_a_policy_that_is_none_or_anothers_fails(copy):
    other = verifier_key("other.example", PRIVATE).format()
    for policy in ("", "junk", f"log {other}\nquorum none\n"):
        assert failures(checked(copy, policy=policy)) == {"witnesses"}
    assert checked(copy, policy=f"log {VKEY}\nquorum none\n").outcome is Outcome.UNWITNESSED


def test_the_checkpoint_that_is_published_is_a_plain_signed_note(ledger):
    note = parse_note((ledger / "checkpoint").read_bytes())
    assert len(note.signatures) == 1
    assert parse_checkpoint(note.text).size == 606
