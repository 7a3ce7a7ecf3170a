"""What others hold of the ledger: witnesses' lines on its checkpoint, and checkpoints that it must have grown from."""

import shutil
import subprocess
import sys
from dataclasses import replace

import ledgering
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ledgering import NAME, NOW, PRIVATE, TOPICS, VKEY, append, checked, grown, opened, recorded

from casebus.clock import FixedClock
from casebus.errors import Conflict, StoreError, VerificationFailed
from casebus.ledger import journal
from casebus.ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, sign_checkpoint
from casebus.ledger.cosignature import cosign
from casebus.ledger.note import Note, NoteSignature, parse_note
from casebus.ledger.report import Outcome
from casebus.ledger.sequencer import AppendLeaf, Ledger
from casebus.ledger.vkey import parse_vkey

POLICE, NCA = TOPICS


def line(text, number, at=0):
    private = Ed25519PrivateKey.from_private_bytes(bytes([90 + number]) * 32)
    return cosign(text, f"witness-{number}.example", private, int(NOW.timestamp()) + at)


def published(directory):
    return parse_note((directory / "checkpoint").read_bytes())


def noted(directory):
    return open_checkpoint((directory / "checkpoint").read_bytes(), parse_vkey(VKEY))


@pytest.fixture
def ledger(tmp_path):
    ledger = opened(tmp_path / "ledger")
    append(ledger, POLICE, 5)
    yield ledger
    ledger.close()


def test_cosignatures_are_added_to_the_checkpoint_that_was_cosigned(tmp_path, ledger):
    text = ledger.note.text
    lines = [line(text, 0), line(text, 1)]
    assert ledger.add_cosignatures(lines, text)
    assert published(tmp_path / "ledger") == ledger.note
    assert ledger.note.signatures[1:] == tuple(lines)
    assert noted(tmp_path / "ledger").size == 5
    assert checked(tmp_path / "ledger").outcome is Outcome.UNWITNESSED


def test_cosignatures_that_are_there_are_not_written_again_and_a_newer_one_takes_the_olders_place(tmp_path, ledger):
    text = ledger.note.text
    ledger.add_cosignatures([line(text, 0), line(text, 1)], text)
    inode = (tmp_path / "ledger" / "checkpoint").stat().st_ino
    assert ledger.add_cosignatures([line(text, 1), line(text, 0)], text)
    assert (tmp_path / "ledger" / "checkpoint").stat().st_ino == inode
    assert ledger.add_cosignatures([line(text, 0, at=60)], text)
    assert published(tmp_path / "ledger").signatures[1:] == (line(text, 0, at=60), line(text, 1))


def test_cosignatures_on_an_older_checkpoint_come_too_late(tmp_path, ledger):
    text = ledger.note.text
    append(ledger, POLICE, 1)
    assert not ledger.add_cosignatures([line(text, 0)], text)
    assert len(published(tmp_path / "ledger").signatures) == 1


def test_a_new_checkpoint_has_no_cosignatures_yet(tmp_path, ledger):
    ledger.add_cosignatures([line(ledger.note.text, 0)], ledger.note.text)
    append(ledger, NCA, 1)
    assert len(published(tmp_path / "ledger").signatures) == 1


def test_a_restart_keeps_the_cosignatures_of_a_checkpoint_whose_text_is_unchanged(tmp_path, ledger):
    ledger.add_cosignatures([line(ledger.note.text, 0)], ledger.note.text)
    before = ledger.note
    ledger.close()
    again = opened(tmp_path / "ledger")
    assert (again.note, published(tmp_path / "ledger")) == (before, before)
    again.close()


def test_more_lines_than_a_note_may_have_are_refused_and_the_ledger_goes_on(tmp_path, ledger):
    text = ledger.note.text
    many = [NoteSignature(f"w{number}", b"abcd", b"x" * 72) for number in range(100)]
    with pytest.raises(VerificationFailed):
        ledger.add_cosignatures(many, text)
    assert len(published(tmp_path / "ledger").signatures) == 1
    append(ledger, POLICE, 1)


def test_a_position_that_moves_without_a_leaf_leaves_the_cosignatures(tmp_path, ledger):
    ledger.add_cosignatures([line(ledger.note.text, 0)], ledger.note.text)
    with ledger.transaction() as tx:
        tx.advance("asking", "casebus.nz-police.witness", expected=0, to=1)
    assert len(published(tmp_path / "ledger").signatures) == 2


def test_the_newest_note_that_a_quorum_cosigned_is_kept(tmp_path, ledger):
    kept = tmp_path / "ledger" / "journal" / "witnessed"
    first = ledger.note
    ledger.keep_witnessed(first)
    assert kept.read_bytes() == first.format()
    append(ledger, POLICE, 1)
    second = Note(ledger.note.text, (*ledger.note.signatures, line(ledger.note.text, 0)))
    ledger.keep_witnessed(second)
    ledger.keep_witnessed(first)
    assert kept.read_bytes() == second.format()
    ledger.close()
    opened(tmp_path / "ledger").close()
    assert kept.read_bytes() == second.format()
    assert checked(tmp_path / "ledger").outcome is Outcome.UNWITNESSED


def test_a_note_that_is_not_this_ledgers_is_not_kept(tmp_path, ledger):
    for other in (
        sign_checkpoint(Checkpoint("other.example", 5, bytes(32)), PRIVATE),
        sign_checkpoint(Checkpoint(NAME, 6, bytes(32)), PRIVATE),
        replace(ledger.note, text=ledger.note.text.replace("\n5\n", "\n4\n")),
    ):
        with pytest.raises(VerificationFailed):
            ledger.keep_witnessed(other)
    assert not (tmp_path / "ledger" / "journal" / "witnessed").exists()


def reopened(directory, *seen):
    return Ledger.open(directory, NAME, PRIVATE, FixedClock(NOW), seen=seen)


def contents(directory):
    return {path.relative_to(directory): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def refused(directory, *seen):
    """Tell that the directory does not open, and that neither checkpoint nor journal were touched."""
    before = contents(directory)
    with pytest.raises(VerificationFailed) as caught:
        reopened(directory, *seen)
    assert contents(directory) == before
    assert "no checkpoint was signed" in caught.value.unchanged
    return True


@pytest.fixture
def noted_at(tmp_path):
    """A ledger that rolled its journal several times, and the checkpoint after each batch."""
    checkpoints = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, "SEGMENT_BYTES", 20_000)
        for turn in range(8):
            grown(tmp_path / "ledger", [100 + turn])
            checkpoints.append(noted(tmp_path / "ledger"))
            shutil.copytree(tmp_path / "ledger", tmp_path / f"day-{turn}")
    return checkpoints


def test_a_ledger_opens_that_grew_from_every_checkpoint_that_others_hold(tmp_path, noted_at):
    empty = Checkpoint(NAME, 0, parse_checkpoint(sign_checkpoint(noted_at[0], PRIVATE).text).root)
    assert refused(tmp_path / "ledger", empty), "an empty tree has one root only"
    reopened(tmp_path / "ledger", *noted_at).close()
    foreign = replace(noted_at[0], origin="other.example", size=9999)
    reopened(tmp_path / "ledger", foreign).close()


def test_a_directory_that_was_rolled_back_as_a_whole_is_refused_against_what_others_hold(tmp_path, noted_at):
    assert len(list((tmp_path / "ledger/journal").glob("0*"))) == 2, "the journal has forgotten its beginning"
    for turn in range(7):
        assert refused(tmp_path / f"day-{turn}", noted_at[turn], noted_at[7])
    shutil.rmtree(tmp_path / "day-0")
    with pytest.raises(VerificationFailed):
        reopened(tmp_path / "day-0", noted_at[0])


def forked(directory, size):
    return Checkpoint(NAME, size, b"\x66" * 32)


def test_another_root_at_any_size_is_a_fork(tmp_path, noted_at):
    for size in [
        1,
        50,
        noted_at[0].size,
        noted_at[3].size,
        noted_at[3].size + 1,
        noted_at[7].size - 1,
        noted_at[7].size,
    ]:
        assert refused(tmp_path / "ledger", *noted_at, forked(tmp_path, size))


def test_a_ledger_rolled_back_and_grown_anew_is_a_fork(tmp_path, noted_at):
    ledger = opened(tmp_path / "day-5")
    with ledger.transaction() as tx:
        tx.apply(AppendLeaf(recorded(NCA, 0), TOPICS[NCA]))
    append(ledger, POLICE, 300)
    ledger.close()
    assert noted(tmp_path / "day-5").size > noted_at[7].size
    assert refused(tmp_path / "day-5", noted_at[6])
    reopened(tmp_path / "day-5", *noted_at[:6]).close()


def test_the_witnessed_note_in_the_directory_holds_the_ledger_to_it(tmp_path, noted_at):
    ledger = opened(tmp_path / "ledger")
    ledger.keep_witnessed(ledger.note)
    ledger.close()
    shutil.copy(tmp_path / "ledger/journal/witnessed", tmp_path / "day-6/journal/witnessed")
    assert refused(tmp_path / "day-6")
    (tmp_path / "day-6/journal/witnessed").write_bytes(b"junk")
    before = contents(tmp_path / "day-6")
    with pytest.raises(VerificationFailed):
        reopened(tmp_path / "day-6")
    assert contents(tmp_path / "day-6") == before


def test_a_second_sequencer_in_another_process_is_refused_and_spoils_nothing(tmp_path, ledger):
    code = (
        "import ledgering, pathlib, sys\n"
        "from casebus.errors import Conflict\n"
        "try: ledgering.opened(pathlib.Path(sys.argv[1]))\n"
        "except Conflict: print('refused')\n"
    )
    command = [sys.executable, "-c", code, tmp_path / "ledger"]
    environment = ledgering.environment()
    found = subprocess.run(command, capture_output=True, env=environment, check=True, text=True)
    assert found.stdout == "refused\n"
    append(ledger, POLICE, 4)
    assert noted(tmp_path / "ledger").size == 9


@pytest.mark.parametrize("restored", [True, False])
def test_a_directory_that_is_replaced_under_an_open_ledger_stops_it(tmp_path, ledger, restored):
    (tmp_path / "ledger").rename(tmp_path / "moved")
    if restored:
        shutil.copytree(tmp_path / "moved", tmp_path / "ledger")
    before = [contents(tmp_path / name) for name in ("moved", "ledger")]
    for attempt in (
        lambda: append(ledger, POLICE, 1),
        lambda: ledger.add_cosignatures([line(ledger.note.text, 0)], ledger.note.text),
    ):
        with pytest.raises((Conflict, StoreError)):
            attempt()
    assert [contents(tmp_path / name) for name in ("moved", "ledger")] == before


def test_a_closed_object_signs_nothing_more(tmp_path, ledger):
    ledger.close()
    for attempt in (
        lambda: ledger.add_cosignatures([], ledger.note.text),
        lambda: ledger.keep_witnessed(ledger.note),
        lambda: append(ledger, POLICE, 1),
    ):
        with pytest.raises((StoreError, Conflict)):
            attempt()
