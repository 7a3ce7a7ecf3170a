"""The numbered procedure by which anyone verifies a copy of the ledger, offline, from its bytes alone.

    1  checkpoint_format     the checkpoint is a signed note with three lines, canonical
    2  checkpoint_signature  the key that was asked for signed it, under its own name
    3  witnesses             cosignatures by the policy's witnesses verify; is the quorum met?
    4  entries               every entry bundle, stale partial ones too, holds exactly its entries
    5  tiles                 every hash tile, stale partial ones too, equals what the entries hash to
    6  root                  the entries hash to the checkpoint's root
    7  leaf_format           every leaf is canonical
    8  topic_order           each topic's positions follow without gap, doubling or reordering
    9  records               the archive holds the record of every leaf, byte for byte
    10 journal               the journal's frames lead to the same leaves, and are not behind the checkpoint
    11 since                 an older checkpoint, when given, is a prefix of this log
    12 stray_files           nothing else lies in the directory

It reads everything that is there, holds one bundle in memory, and answers whatever it is given: no exception but a
broken invariant of ours leaves it. Without a policy or an older checkpoint it cannot show a rollback or a fork that
the true key signed: that outcome is called unwitnessed, not verified.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from casebus.errors import CasebusError, VerificationFailed
from casebus.ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from casebus.ledger.cosignature import cosigned_at
from casebus.ledger.files import read_file
from casebus.ledger.note import MAX_NOTE_BYTES, Note, open_note, parse_note
from casebus.ledger.policy import parse_policy
from casebus.ledger.publication import CHECKPOINT
from casebus.ledger.replica import JournalCopy, read_journal
from casebus.ledger.report import Check, Findings, Outcome, Report, Step
from casebus.ledger.strays import find_stray
from casebus.ledger.vkey import VerifierKey, encode_base64, parse_vkey
from casebus.ledger.walk import Progress, Walk

FUTURE_TOLERANCE = timedelta(seconds=30)
"""How far ahead a witness's clock may be for its cosignature to count."""

__all__ = ["Check", "Outcome", "Report", "Step", "verify"]


@dataclass(frozen=True, slots=True)
class _Opened:
    note: Note
    checkpoint: Checkpoint
    key: VerifierKey


def verify(
    directory: Path,
    vkey: str,
    *,
    policy: str | None = None,
    since: bytes | None = None,
    now: datetime,
    progress: Progress = lambda _done, _total: None,
) -> Report:
    """Verify a ledger directory against the key's line, a tlog-policy's text and an older signed checkpoint's bytes."""
    findings = Findings()
    opened = _open(directory, vkey, findings)
    if opened is None:
        return Report(Outcome.FAILED, None, None, findings.checks())
    witnessed = _witnesses(opened, policy, now, findings)
    older = None if since is None else _older(since, opened, findings)
    journal = _journal(directory, findings)
    _check_tree(directory, opened.checkpoint, journal, older, findings, progress)
    committed = max(opened.checkpoint.size, journal.end if journal else 0)
    stray = find_stray(directory, committed)
    findings.note(Step.STRAY_FILES, stray is None, "nothing but the ledger's own files", f"{stray or 'so it is'}")
    outcome = _outcome(findings, witnessed, journal, opened.checkpoint.size)
    return Report(outcome, opened.checkpoint.size, encode_base64(opened.checkpoint.root), findings.checks())


def _outcome(findings: Findings, witnessed: bool, journal: JournalCopy | None, size: int) -> Outcome:
    if findings.failed:
        return Outcome.FAILED
    if journal is not None and (journal.end > size or journal.torn):
        return Outcome.PENDING
    return Outcome.VERIFIED if witnessed else Outcome.UNWITNESSED


def _open(directory: Path, vkey: str, findings: Findings) -> _Opened | None:
    """Steps 1 and 2."""
    step, expected = Step.CHECKPOINT_FORMAT, "a signed checkpoint of three lines"
    try:
        data = read_file(directory / CHECKPOINT, MAX_NOTE_BYTES)
        if data is None:
            raise VerificationFailed("there is no checkpoint here.")
        note = parse_note(data)
        checkpoint = parse_checkpoint(note.text)
        findings.note(step, True, expected, f"{checkpoint.size} leaves")
        step, expected = Step.CHECKPOINT_SIGNATURE, "a signature by the key that was given, whose name is the origin"
        key = parse_vkey(vkey)
        open_note(note, [key])
        if checkpoint.origin != key.name:
            raise VerificationFailed("the origin is another name.")
        findings.note(step, True, expected, "so it is")
    except CasebusError as error:
        findings.fail(step, expected, error.what)
        return None
    return _Opened(note, checkpoint, key)


def _witnesses(opened: _Opened, policy: str | None, now: datetime, findings: Findings) -> bool:
    """Step 3: tell whether the policy's quorum has cosigned. A cosignature that does not verify spoils the note."""
    if policy is None:
        findings.note(Step.WITNESSES, True, "no policy was given", "unwitnessed")
        return False
    try:
        parsed = parse_policy(policy)
        if opened.key not in parsed.logs:
            raise VerificationFailed("the policy is for another log.")
        times = {name: cosigned_at(opened.note, key) for name, key in parsed.witnesses.items()}
    except CasebusError as error:
        findings.fail(Step.WITNESSES, "a policy for this log, and sound cosignatures", error.what)
        return False
    latest = (now + FUTURE_TOLERANCE).timestamp()
    cosigned = {name for name, at in times.items() if at is not None and at <= latest}
    met = parsed.is_met_by(cosigned)
    counted = f"{len(cosigned)} of {len(times)} witnesses have cosigned"
    findings.note(Step.WITNESSES, True, f"quorum: {parsed.quorum}", counted if met else f"{counted}: unwitnessed")
    return met


def _older(since: bytes, opened: _Opened, findings: Findings) -> Checkpoint | None:
    """Step 11's first half."""
    try:
        older = open_checkpoint(since, opened.key)
    except VerificationFailed as error:
        findings.fail(Step.SINCE, "an older checkpoint, signed by the same key", error.what)
        return None
    if older.size > opened.checkpoint.size:
        findings.fail(Step.SINCE, f"at least {older.size} leaves", f"{opened.checkpoint.size}: the log was rolled back")
        return None
    return older


def _journal(directory: Path, findings: Findings) -> JournalCopy | None:
    """Step 10's first half."""
    try:
        return read_journal(directory / "journal")
    except CasebusError as error:
        findings.fail(Step.JOURNAL, "a journal whose frames chain and decode", error.what)
        return None


def _check_tree(
    directory: Path,
    checkpoint: Checkpoint,
    journal: JournalCopy | None,
    older: Checkpoint | None,
    findings: Findings,
    progress: Progress,
) -> None:
    """Steps 4 to 11."""
    if journal is not None and not journal.start <= checkpoint.size <= journal.end:
        expected = f"a journal that reaches the checkpoint's {checkpoint.size} leaves"
        findings.fail(Step.JOURNAL, expected, f"it goes from {journal.start} to {journal.end}")
        journal = None
    marks = [checkpoint.size] if older is None else [checkpoint.size, older.size]
    walk = Walk(directory, checkpoint.size, journal, marks, findings)
    complete = walk.run(progress)
    _compare_root(Step.ROOT, checkpoint, walk, findings)
    if older is not None:
        _compare_root(Step.SINCE, older, walk, findings)
    if journal is not None and complete:
        _check_snapshot(journal, walk, findings)


def _compare_root(step: Step, checkpoint: Checkpoint, walk: Walk, findings: Findings) -> None:
    """Steps 6 and 11: the entries hash to the root that was signed for this many."""
    root = walk.roots.get(checkpoint.size)
    if root is not None:
        findings.note(step, root == checkpoint.root, encode_base64(checkpoint.root), encode_base64(root))


def _check_snapshot(journal: JournalCopy, walk: Walk, findings: Findings) -> None:
    """Step 10's second half: the journal grows from the same tree."""
    same = walk.roots[journal.start] == journal.opening.edge.root()
    expected = f"leaves {journal.start} to {journal.end} lead on from the tree before them"
    torn = "; a torn frame follows, as a crash leaves it" if journal.torn else ""
    findings.note(Step.JOURNAL, same, expected, f"so they do{torn}" if same else "another tree")
