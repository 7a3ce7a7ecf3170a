"""How a witness decides (c2sp.org/tlog-witness, v1.0.0): pure, from what was presented, what it holds, and the time.

    400  malformed; or old is larger than the checkpoint's size
    404  the origin is not one of the logs that it was told of
    403  no signature by the log's key, two, or one that fails
    409  old is not the size that it cosigned last: the body is that size
    422  the proof fails; same size, other root; a proof where none is needed; an empty tree with another root
    422  also for every checkpoint of a log that has been caught: the witness has stopped for it, for good
    503  the clock is behind a time that it has signed for this log

About the clock: a cosignature states the time at which it was made, and that the tree is the largest seen as of then
(c2sp.org/tlog-cosignature). A time before the last one would contradict that one; the last one, signed again, would be
a time that no clock shows, and make the tree look fresher or older than it is. So nothing is signed until the clock
has caught up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from casebus.errors import VerificationFailed
from casebus.ledger.checkpoint import Checkpoint, parse_checkpoint_form
from casebus.ledger.note import Note, open_note, parse_note
from casebus.ledger.submission import Submission, parse_submission
from casebus.ledger.tree import EMPTY_ROOT, verify_consistency
from casebus.ledger.vkey import VerifierKey

TEXT_TYPE = "text/plain; charset=utf-8"
SIZE_TYPE = "text/x.tlog.size"

Logs = Mapping[str, Sequence[VerifierKey]]
"""The logs that a witness knows: origin -> the keys that may sign for it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the log is told: an HTTP status, also where the transport is the bus."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """What a witness cosigned last for a log: the whole note, and the time in POSIX seconds."""

    size: int
    root: bytes
    timestamp: int
    note: bytes


@dataclass(frozen=True, slots=True)
class Presented:
    """An authentic submission: `note` is the checkpoint with the lines of the log's own keys alone."""

    submission: Submission
    checkpoint: Checkpoint
    note: Note


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer, and why it is evidence against the log, if it is; `proven`: two signed notes suffice to show it."""

    answer: Answer
    evidence: str | None = None
    proven: bool = False


def say(status: int, words: str) -> Answer:
    """Return an answer in words."""
    return Answer(status, TEXT_TYPE, f"{words}\n".encode())


def say_size(size: int) -> Answer:
    """Return the answer to a submission that starts from another size than the one cosigned last."""
    return Answer(409, SIZE_TYPE, f"{size}\n".encode("ascii"))


def present(body: bytes, logs: Logs) -> Presented | Answer:
    """Read a submission and verify the log's signature: what follows may be held against the log."""
    try:
        submission = parse_submission(body)
        note = parse_note(submission.note_bytes)
        checkpoint = parse_checkpoint_form(note.text)
    except VerificationFailed as error:
        return say(400, f"malformed: {error.what}")
    keys = logs.get(checkpoint.origin)
    if keys is None:
        return say(404, "this witness was not told of a log with this origin.")
    try:
        signed = open_note(note, keys)
    except VerificationFailed as error:
        return say(403, f"not the log's checkpoint: {error.what}")
    own = tuple(line for line in note.signatures if any(line.is_by(key) for key in signed))
    return Presented(submission, checkpoint, Note(note.text, own))


def judge(presented: Presented, held: Held | None, stopped: str | None, now: int) -> Refusal | None:
    """Return why a checkpoint is not cosigned; None when it extends what is held, and may be.

    `stopped` is why the witness has stopped for this log, `now` is in POSIX seconds.
    """
    submission, checkpoint = presented.submission, presented.checkpoint
    size, root = (0, EMPTY_ROOT) if held is None else (held.size, held.root)
    if submission.old > checkpoint.size:
        return Refusal(say(400, "old is larger than the checkpoint's size."))
    if stopped is not None:
        return Refusal(say(422, f"this witness has stopped for this log, for good: {stopped}"))
    forked = None
    if held is not None and checkpoint.size == size and checkpoint.root != root:
        forked = "the log signed two roots for one size"
    if submission.old != size:
        return Refusal(say_size(size), forked, proven=forked is not None)
    if forked is not None:
        return Refusal(say(422, f"{forked}."), forked, proven=True)
    wrong = _inconsistency(submission, checkpoint, root)
    if wrong is not None:
        return Refusal(say(422, wrong), wrong)
    if held is not None and now < held.timestamp:
        return Refusal(say(503, "this witness's clock is behind a time that it has signed; try again later."))
    return None


def _inconsistency(submission: Submission, checkpoint: Checkpoint, root: bytes) -> str | None:
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        return "a checkpoint of an empty tree has another root than SHA-256 of nothing."
    try:
        verify_consistency(submission.old, checkpoint.size, root, checkpoint.root, submission.proof)
    except VerificationFailed as error:
        return error.what
    return None
