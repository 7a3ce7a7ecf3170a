"""The same steps against our witness and two that strangers wrote: a log cannot tell them apart."""

import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from threading import Barrier, Thread

import pytest
from independent_verifiers import Missing
from real_parts import require_or_skip
from witness_log import LOG_VKEY, ORIGIN, OTHER_KEY, Tree, cosigned
from witnesses import Aics, Lite, Ours, WitnessProcess

from casebus.ledger.checkpoint import Checkpoint, sign_checkpoint
from casebus.ledger.note import Note, NoteSignature
from casebus.ledger.submission import Submission
from casebus.ledger.tree import EMPTY_ROOT

HONEST = Tree(80)
FORKED = Tree(80, forked_at=5)
NOTE = HONEST.note(5)
SIZE = "text/x.tlog.size"
strangers = pytest.mark.independent
WITNESSES = [
    pytest.param(Ours, id="ours"),
    pytest.param(Aics, id="aics-witness", marks=strangers),
    pytest.param(Lite, id="litewitness", marks=strangers),
]


@pytest.fixture
def witness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WitnessProcess]:
    process: WitnessProcess = request.param(tmp_path / "w", LOG_VKEY)
    try:
        process.start()
    except Missing as missing:
        if isinstance(process, Lite):
            # Needs a newer Go than Debian's; aics-witness is the stranger that every machine must have.
            pytest.skip(f"independent: {missing}")
        require_or_skip("independent", str(missing))
    else:
        yield process
    finally:
        process.close()


def edited(old: bytes, new: bytes) -> bytes:
    body = HONEST.ask(5, 9)
    assert old in body
    return body.replace(old, new, 1)


@pytest.mark.parametrize("witness", WITNESSES, indirect=True)
def test_every_answer_of_tlog_witness(witness):
    def status(body: bytes) -> int:
        return witness.ask(body)[0]

    def conflict(body: bytes) -> bytes:
        code, content_type, size = witness.ask(body)
        assert (code, content_type) == (409, SIZE)
        return size

    started = int(time.time())
    # Before anything is cosigned.
    assert status(Tree(origin="casebus.example/other").ask(0, 5)) == 404
    assert status(Tree(key=OTHER_KEY).ask(0, 5)) == 403
    assert status(Submission(0, (), Note(NOTE.text, HONEST.note(4).signatures).format()).format()) == 403
    assert status(b"nonsense") == 400
    assert status(HONEST.ask(9, 5)) == 400
    assert status(HONEST.ask(0, 5, [EMPTY_ROOT] * 64)) == 400
    assert conflict(HONEST.ask(3, 5)) == b"0\n"
    # Growth.
    code, _, line = witness.ask(HONEST.ask(0, 5))
    assert code == 200
    first = cosigned(line, NOTE, witness.key)
    assert conflict(HONEST.ask(0, 9)) == b"5\n"
    assert conflict(HONEST.ask(7, 9)) == b"5\n"
    assert conflict(HONEST.ask(0, 0)) == b"5\n"
    assert status(HONEST.ask(5, 5)) == 200
    assert status(HONEST.ask(5, 9, [])) == 422
    assert status(HONEST.ask(5, 9, HONEST.proof(5, 10))) == 422
    assert status(edited(b"=\n", b"\n")) == 400
    assert status(HONEST.ask(5, 20)) == 200
    # Rollback and fork, by the true key.
    assert conflict(HONEST.ask(5, 10)) == b"20\n"
    assert status(FORKED.ask(20, 30)) == 422
    many = (*(NoteSignature(f"s{n}.example", b"%04d" % n, b"s" * 64) for n in range(15)), *HONEST.note(30).signatures)
    body = Submission(20, tuple(HONEST.proof(20, 30)), Note(HONEST.note(30).text, many).format()).format()
    code, _, line = witness.ask(body)
    assert code == 200
    assert first <= cosigned(line, HONEST.note(30), witness.key) <= int(time.time())
    assert started <= first
    # One winner.
    assert race(witness, 30) == [200] + [409] * 11
    held = int(conflict(HONEST.ask(0, 1)))
    assert 40 <= held <= 51
    # A power cut.
    witness.kill()
    witness.start()
    assert conflict(HONEST.ask(30, 60)) == b"%d\n" % held
    assert status(HONEST.ask(held, 60)) == 200
    assert status(FORKED.ask(60, 70)) == 422
    assert status(FORKED.ask(60, 60)) == 422


def race(witness: WitnessProcess, size: int) -> list[int]:
    barrier = Barrier(12)
    codes: list[int] = []

    def ask(number: int) -> None:
        body = HONEST.ask(size, size + 10 + number)
        barrier.wait()
        codes.append(witness.ask(body)[0])

    threads = [Thread(target=ask, args=[number]) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(codes)


@pytest.mark.parametrize("witness", WITNESSES[:2], indirect=True)
def test_a_monitor_reads_the_note_cosigned_last_and_a_lax_submission_is_refused(witness):
    assert witness.ask(HONEST.ask(0, 5, [EMPTY_ROOT]))[0] == 422
    path = f"/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    assert witness.ask(b"", "GET", path)[0] == 404
    line = witness.ask(HONEST.ask(0, 5))[2]
    assert witness.ask(b"", "GET", path)[2] == NOTE.format() + line
    assert witness.ask(b"", "GET", "/add-checkpoint")[0] == 405
    # What litewitness, more lenient, takes; and what the specification's newer text adds.
    assert witness.ask(HONEST.ask(5, 9).replace(b"old 5", b"old 05"))[0] == 400
    wrong = sign_checkpoint(Checkpoint(ORIGIN, 0, HONEST.root(1)), Tree().key)
    assert witness.ask(Submission(0, (), wrong.format()).format())[0] in (409, 422)
