"""What a witness answers to each kind of submission, and what it keeps."""

from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from witness_log import (
    LOG_KEY,
    LOG_VKEY,
    NAME,
    NOW,
    ORIGIN,
    OTHER_KEY,
    THIRD_KEY,
    WITNESS_KEY,
    Tree,
    cosigned,
    evidence_in,
    opened,
)

from casebus.clock import FixedClock
from casebus.errors import CasebusError, UsageError, VerificationFailed
from casebus.ledger.checkpoint import Checkpoint, sign_checkpoint
from casebus.ledger.cosignature import cosign
from casebus.ledger.note import Note, NoteSignature, parse_note, sign_note
from casebus.ledger.submission import MAX_SUBMISSION_BYTES, Submission, format_submission, parse_submission
from casebus.ledger.tree import EMPTY_ROOT
from casebus.ledger.vkey import KeyType, VerifierKey, parse_vkey, verifier_key

HONEST = Tree()
FORKED = Tree(forked_at=5)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "w"


@pytest.fixture
def witness(directory):
    opened_witness = opened(directory)
    yield opened_witness
    opened_witness.close()


def status(witness, body: bytes) -> int:
    return witness.add_checkpoint(body).status


def test_growth_is_cosigned_and_the_line_verifies(witness):
    for old, size in ((0, 1), (1, 8), (8, 8), (8, 64)):
        answer = witness.add_checkpoint(HONEST.ask(old, size))
        assert answer.status == 200
        assert cosigned(answer.body, HONEST.note(size), witness.vkey) == int(NOW.timestamp())
    assert witness.latest(ORIGIN).format() == HONEST.note(64).format() + answer.body
    assert witness.vkey.type is KeyType.COSIGNATURE
    assert witness.origins == (ORIGIN,)


def test_an_empty_tree_is_cosigned_and_grows(witness):
    assert status(witness, HONEST.ask(0, 0)) == 200
    assert status(witness, HONEST.ask(0, 3)) == 200


def test_a_witness_of_nothing_holds_nothing(witness, directory):
    assert witness.latest(ORIGIN) is None
    assert witness.stopped(ORIGIN) is None
    assert (directory / "witness.vkey").read_text() == witness.vkey.format() + "\n"


def test_a_log_that_it_was_not_told_of_is_404(witness):
    assert status(witness, Tree(origin="casebus.example/other").ask(0, 5)) == 404


@pytest.mark.parametrize(
    "note",
    [
        Tree(key=OTHER_KEY).note(5),
        Note(HONEST.note(5).text, (*HONEST.note(5).signatures, *HONEST.note(5).signatures)),
        Note(HONEST.note(5).text, HONEST.note(4).signatures),
        sign_note(HONEST.note(5).text, "another.example/name", LOG_KEY),
        Note(HONEST.note(5).text, (cosign(HONEST.note(5).text, ORIGIN, LOG_KEY, 1),)),
    ],
    ids=["another key", "its line twice", "another text's signature", "another name", "a cosignature by it"],
)
def test_a_note_that_the_log_did_not_sign_is_403(witness, note):
    body = Submission(0, (), note.format()).format()
    assert status(witness, body) == 403
    assert witness.latest(ORIGIN) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n",
        HONEST.ask(0, 5).replace(b"old 0", b"old 00"),
        HONEST.ask(0, 5).replace(b"old 0", b"old -0"),
        HONEST.ask(0, 5).replace(b"old 0", b"old +0"),
        HONEST.ask(0, 5).replace(b"old 0", b"old 0 "),
        HONEST.ask(0, 5).replace(b"old 0", b"OLD 0"),
        HONEST.ask(0, 5).replace(b"old 0", "old ٠".encode()),
        HONEST.ask(0, 5).replace(b"old 0", b"old 9223372036854775808"),
        HONEST.ask(0, 5).replace(b"\n", b"\r\n"),
        HONEST.ask(0, 5).removesuffix(b"\n"),
        HONEST.ask(0, 5) + b"\n",
        HONEST.ask(0, 5).replace(b"old 0\n", b"old 0\nAAAA\n"),
        HONEST.ask(0, 5).replace(b"old 0\n", b"old 0\n" + b"A" * 43 + b"\n"),
        HONEST.ask(0, 5, [EMPTY_ROOT] * 64),
        HONEST.ask(0, 5).replace(b"\n5\n", b"\n05\n"),
        Submission(0, (), sign_note(HONEST.note(5).text + "extension\n", ORIGIN, LOG_KEY).format()).format(),
        HONEST.ask(9, 5),
        b"old 0\n\n" + b"x" * MAX_SUBMISSION_BYTES,
    ],
)
def test_what_is_malformed_or_goes_backwards_is_400(witness, body):
    answer = witness.add_checkpoint(body)
    assert answer.status == 400
    assert answer.content_type == "text/plain; charset=utf-8"
    assert witness.latest(ORIGIN) is None


def test_another_start_than_the_size_it_holds_is_409_and_says_that_size(witness):
    assert witness.add_checkpoint(HONEST.ask(1, 5)).body == b"0\n"
    assert status(witness, HONEST.ask(0, 5)) == 200
    for body in (HONEST.ask(0, 9), HONEST.ask(4, 9), HONEST.ask(6, 9), HONEST.ask(3, 4), HONEST.ask(0, 0)):
        answer = witness.add_checkpoint(body)
        assert (answer.status, answer.content_type, answer.body) == (409, "text/x.tlog.size", b"5\n")
    assert status(witness, HONEST.ask(5, 9)) == 200


def test_a_fork_by_the_true_key_is_422_and_both_notes_are_kept(witness, directory):
    status(witness, HONEST.ask(0, 20))
    body = FORKED.ask(20, 30)
    assert status(witness, body) == 422
    (kept,) = evidence_in(directory)
    assert kept["held"].encode() == witness.latest(ORIGIN).format()
    assert kept["presented"].encode() == FORKED.note(30).format()
    assert (kept["old"], kept["proven"], len(kept["proof"])) == (20, False, len(FORKED.proof(20, 30)))
    # A broken proof alone proves nothing: the log may have only a bug, and the next proof may be right.
    assert status(witness, HONEST.ask(20, 30)) == 200
    assert witness.stopped(ORIGIN) is None
    # Now that both are there at one size, they prove it by themselves.
    assert status(witness, body) == 409
    assert witness.stopped(ORIGIN)


def test_two_roots_for_one_size_stop_the_witness_for_good(witness, directory):
    status(witness, HONEST.ask(0, 20))
    assert status(witness, FORKED.ask(20, 20)) == 422
    (kept,) = evidence_in(directory)
    assert (kept["proven"], kept["presented"].encode()) == (True, FORKED.note(20).format())
    assert "two roots" in witness.stopped(ORIGIN)
    assert status(witness, HONEST.ask(20, 21)) == 422
    assert status(witness, HONEST.ask(20, 20)) == 422
    witness.close()
    again = opened(directory)
    assert status(again, HONEST.ask(20, 21)) == 422
    assert again.latest(ORIGIN).text == HONEST.note(20).text
    again.close()


def test_two_roots_for_one_size_are_noticed_behind_a_stale_start(witness, directory):
    status(witness, HONEST.ask(0, 20))
    assert witness.add_checkpoint(FORKED.ask(0, 20)).body == b"20\n"
    assert witness.stopped(ORIGIN)
    assert evidence_in(directory)[0]["proven"]


@pytest.mark.parametrize("proof", [[], [EMPTY_ROOT], HONEST.proof(5, 10), [*HONEST.proof(5, 9), EMPTY_ROOT]])
def test_a_wrong_proof_is_422(witness, proof):
    status(witness, HONEST.ask(0, 5))
    assert status(witness, HONEST.ask(5, 9, proof)) == 422
    assert status(witness, HONEST.ask(5, 9)) == 200


def test_a_proof_where_none_is_needed_is_422(witness):
    assert status(witness, HONEST.ask(0, 5, [EMPTY_ROOT])) == 422
    assert status(witness, HONEST.ask(0, 5)) == 200
    assert status(witness, HONEST.ask(5, 5, [EMPTY_ROOT])) == 422


def test_an_empty_tree_with_another_root_is_422(witness):
    note = sign_checkpoint(Checkpoint(ORIGIN, 0, HONEST.root(1)), LOG_KEY)
    assert status(witness, format_submission(0, [], note, LOG_VKEY)) == 422
    assert witness.latest(ORIGIN) is None


def test_only_the_logs_own_line_is_kept_of_many(witness):
    own = HONEST.note(5)
    strangers = tuple(NoteSignature(f"stranger{n}.example", b"%04d" % n, b"s" * 900) for n in range(99))
    answer = witness.add_checkpoint(Submission(0, (), Note(own.text, (*strangers, *own.signatures)).format()).format())
    assert answer.status == 200
    assert witness.latest(ORIGIN).format() == own.format() + answer.body
    assert witness.latest(ORIGIN).signatures[0] == own.signatures[0]


def test_only_the_logs_own_line_is_submitted():
    own = HONEST.note(5)
    cosigned_note = Note(own.text, (*own.signatures, cosign(own.text, NAME, WITNESS_KEY, 1)))
    assert format_submission(0, [], cosigned_note, LOG_VKEY) == HONEST.ask(0, 5)


def test_nothing_is_signed_while_the_clock_is_behind(directory):
    clock = FixedClock(NOW)
    witness = opened(directory, clock)
    assert status(witness, HONEST.ask(0, 5)) == 200
    clock.at = NOW - timedelta(seconds=1)
    assert status(witness, HONEST.ask(5, 9)) == 503
    assert status(witness, HONEST.ask(5, 5)) == 503
    assert witness.add_checkpoint(HONEST.ask(4, 9)).body == b"5\n"
    clock.at = NOW + timedelta(seconds=1)
    answer = witness.add_checkpoint(HONEST.ask(5, 5))
    assert cosigned(answer.body, HONEST.note(5), witness.vkey) == int(NOW.timestamp()) + 1
    witness.close()


def test_of_twelve_at_once_one_wins_at_each_size(witness):
    size = 0
    for step in (1, 7, 20):
        barrier = Barrier(12)
        answers = []

        def ask(number, size=size, step=step, barrier=barrier, answers=answers):
            body = HONEST.ask(size, size + step + number % 3)
            barrier.wait()
            answers.append(witness.add_checkpoint(body))

        threads = [Thread(target=ask, args=[number]) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answer.status for answer in answers) == [200] + [409] * 11
        won = int(witness.latest(ORIGIN).text.split("\n")[1])
        assert {answer.body for answer in answers if answer.status == 409} == {b"%d\n" % won}
        size = won


def test_each_log_has_its_own_state_and_may_have_two_keys(directory):
    second, other = verifier_key(ORIGIN, OTHER_KEY), "casebus.example/other"
    third = Tree(origin=other, key=THIRD_KEY)
    witness = opened(directory, logs=[LOG_VKEY, second, verifier_key(other, third.key)])
    assert status(witness, HONEST.ask(0, 5)) == 200
    assert status(witness, Tree(key=OTHER_KEY).ask(5, 9)) == 200
    assert status(witness, third.ask(0, 2)) == 200
    both = Note(HONEST.note(12).text, (*HONEST.note(12).signatures, *Tree(key=OTHER_KEY).note(12).signatures))
    answer = witness.add_checkpoint(Submission(9, tuple(HONEST.proof(9, 12)), both.format()).format())
    assert witness.latest(ORIGIN).format() == both.format() + answer.body
    spoilt = Note(both.text, (both.signatures[0], NoteSignature(ORIGIN, second.key_id, b"x" * 64)))
    assert status(witness, Submission(12, (), spoilt.format()).format()) == 403
    witness.close()


@pytest.mark.parametrize(
    "logs",
    [
        [LOG_VKEY, LOG_VKEY],
        [LOG_VKEY, verifier_key("another.example", LOG_KEY)],
        [verifier_key(ORIGIN, LOG_KEY, KeyType.COSIGNATURE)],
        [verifier_key(ORIGIN, WITNESS_KEY)],
    ],
    ids=["twice", "for two logs", "a witness's", "its own"],
)
def test_a_key_that_does_not_tell_one_log_is_refused(directory, logs):
    with pytest.raises(UsageError):
        opened(directory, logs=logs)
    assert not directory.exists()


def test_what_a_follower_found_stops_the_witness(witness, directory):
    status(witness, HONEST.ask(0, 5))
    witness.stop(ORIGIN, "the record at position 3 is another", b'{"position": 3}\n')
    witness.stop(ORIGIN, "a second reason", b'{"position": 3}\n')
    assert witness.stopped(ORIGIN) == "the record at position 3 is another"
    assert evidence_in(directory) == [{"position": 3}]
    assert status(witness, HONEST.ask(5, 9)) == 422


def test_a_stranger_who_varies_the_proof_fills_no_disk(witness, directory):
    status(witness, HONEST.ask(0, 6))
    for number in range(5):
        assert status(witness, HONEST.ask(6, 9, [bytes([number]) * 32])) == 422
    assert len(evidence_in(directory)) == 1


def test_a_long_reason_does_not_keep_the_witness_from_starting(witness, directory):
    witness.stop(ORIGIN, "line\n" * 2_000, b"{}")
    witness.close()
    again = opened(directory)
    assert again.stopped(ORIGIN).startswith("line line")
    again.close()


def test_evidence_does_not_fill_the_disk(witness, directory, monkeypatch):
    monkeypatch.setattr("casebus.ledger.witness_marks.MAX_EVIDENCE_FILES", 3)
    status(witness, HONEST.ask(0, 6))
    for size in range(7, 17):
        assert status(witness, FORKED.ask(6, size)) == 422
    assert len(evidence_in(directory)) == 3
    assert status(witness, FORKED.ask(6, 6)) == 422
    assert len(evidence_in(directory)) == 4
    assert witness.stopped(ORIGIN)


HASHES = st.lists(st.binary(min_size=32, max_size=32), max_size=63)


@given(st.integers(0, 2**63 - 1), HASHES, st.binary(min_size=1, max_size=400))
def test_a_submission_reads_back_as_it_was_written(old, proof, note_bytes):
    submission = Submission(old, tuple(proof), note_bytes)
    assert parse_submission(submission.format()) == submission


@given(st.binary(max_size=400) | st.text(alphabet="old 019\n=A", max_size=200).map(str.encode))
@example(HONEST.ask(5, 9))
def test_anything_is_read_canonically_or_refused(data):
    try:
        submission = parse_submission(data)
    except VerificationFailed:
        return
    assert submission.format() == data


@given(data=st.data())
def test_a_spoilt_submission_is_never_another_one(data):
    body = HONEST.ask(5, 9)
    at = data.draw(st.integers(0, len(body) - 1))
    spoilt = body[:at] + bytes([body[at] ^ data.draw(st.integers(1, 255))]) + body[at + 1 :]
    try:
        submission = parse_submission(spoilt)
        parse_note(submission.note_bytes)
    except CasebusError:
        return
    assert submission != parse_submission(body)


def test_a_key_of_small_order_is_nobodys():
    line = VerifierKey(ORIGIN, KeyType.ED25519, bytes(32)).format()
    with pytest.raises(VerificationFailed):
        parse_vkey(line)
