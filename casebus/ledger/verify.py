"""The numbered procedure by which anyone verifies a copy of the ledger, offline, from its bytes alone.

    1  checkpoint_format     the checkpoint is a signed note with three lines, canonical
    2  checkpoint_signature  the key that was asked for signed it, under its own name
    3  witnesses             cosignatures by the policy's witnesses verify; is the quorum met, and how old is it?
    4  entries               every entry bundle, stale partial ones too, holds exactly its entries
    5  tiles                 every hash tile, stale partial ones too, equals what the entries hash to
    6  root                  the entries hash to the checkpoint's root
    7  leaf_format           every leaf is canonical
    8  topic_order           each topic's positions follow without gap, doubling or reordering
    9  records               the archive holds the record of every leaf, byte for byte
    10 journal               the journal's frames lead to the same leaves, and are not behind the checkpoint
    11 since                 an older checkpoint, when given, is a prefix of this log
    12 stray_files           nothing else lies in the directory

It reads everything that is there, holds little in memory, and answers whatever it is given: no exception but a broken
invariant of ours leaves it. Without a policy or an older checkpoint it cannot show a rollback or a fork that the true
key signed: that outcome is called unwitnessed, not verified.

A directory with neither `journal/` nor `records/` is another program's, or a mirror of the public files. Its structure
is verified (steps 1 to 6, 11 and 12); steps 7 to 10 say that they have nothing to read.

A ledger that begins with an opening is complete from there on: step 8 names the ledger before it, at whose word the first
positions are taken unless its directory was given too.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from casebus.errors import CasebusError, VerificationFailed
from casebus.ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from casebus.ledger.contents import Contents
from casebus.ledger.files import read_file
from casebus.ledger.note import MAX_NOTE_BYTES, Note, open_note, parse_note
from casebus.ledger.policy import parse_policy
from casebus.ledger.publication import CHECKPOINT, WITNESSED
from casebus.ledger.quorum import seen_by_quorum
from casebus.ledger.replica import JournalCopy, read_journal
from casebus.ledger.report import Check, Findings, Outcome, Report, Step
from casebus.ledger.strays import find_stray
from casebus.ledger.vkey import VerifierKey, encode_base64, parse_vkey
from casebus.ledger.walk import Progress, Walk

__all__ = ["Check", "Outcome", "Report", "Step", "verify"]

_CONTENT_STEPS = (Step.LEAF_FORMAT, Step.TOPIC_ORDER, Step.RECORDS, Step.JOURNAL)
_KEPT = f"{WITNESSED} is an older checkpoint of this log"


@dataclass(frozen=True, slots=True)
class _Opened:
    note: Note
    checkpoint: Checkpoint
    key: VerifierKey


@dataclass(frozen=True, slots=True)
class _Witnessed:
    """What step 3 found: whether the checkpoint has its quorum, and the older note that was kept because it had."""

    met: bool = False
    kept: Checkpoint | None = None
    kept_met: bool = False


def verify(
    directory: Path,
    vkey: str,
    *,
    policy: str | None = None,
    since: bytes | None = None,
    max_age: timedelta | None = None,
    predecessor: Path | None = None,
    now: datetime,
    progress: Progress = lambda _done, _total: None,
) -> Report:
    """Verify a ledger directory against the key's line, a tlog-policy's text and an older signed checkpoint's bytes.

    With `max_age` a cosignature that is older at `now` does not count. `predecessor` is the closed ledger that this one is
    said to go on from: it must have ended as the opening says; verify its directory as well.
    """
    findings = Findings()
    opened = _open(directory, vkey, findings)
    if opened is None:
        return Report(Outcome.FAILED, None, None, findings.checks())
    ours = os.path.lexists(directory / "journal") or os.path.lexists(directory / "records")
    witnessed = _witnesses(directory, opened, policy, now, max_age, findings)
    older = None if since is None else _older(since, opened, findings)
    journal = _journal(directory, findings) if ours else None
    if not ours:
        _pass_by(findings)
    contents = Contents(directory, opened.checkpoint.origin, findings) if ours else None
    _check_tree(directory, opened.checkpoint, journal, contents, (older, witnessed.kept), findings, progress)
    committed = max(opened.checkpoint.size, journal.end if journal else 0)
    _check_beside(contents, committed, predecessor, findings)
    stray = find_stray(directory, committed, hidden=not ours)
    findings.note(Step.STRAY_FILES, stray is None, "nothing but the ledger's own files", f"{stray or 'so it is'}")
    outcome = _outcome(findings, witnessed, journal, contents, opened.checkpoint.size)
    root = encode_base64(opened.checkpoint.root)
    return Report(outcome, opened.checkpoint.size, root, findings.checks(), _remarks(contents))


def _check_beside(contents: Contents | None, committed: int, predecessor: Path | None, findings: Findings) -> None:
    """The ends of steps 8 and 9: the ledger before this one, and what the archive holds beyond the last commit."""
    if contents is not None:
        contents.check_tail(committed)
    if predecessor is None:
        return
    if contents is None:
        findings.fail(Step.TOPIC_ORDER, "an opening, which names the closed ledger", "no archive is here that has one")
    else:
        contents.check_predecessor(predecessor)


def _remarks(contents: Contents | None) -> tuple[str, ...]:
    if contents is None:
        return ("structure only: no archive and no journal here",)
    return () if contents.trusted is None else (contents.trusted,)


def _outcome(
    findings: Findings, witnessed: _Witnessed, journal: JournalCopy | None, contents: Contents | None, size: int
) -> Outcome:
    if findings.failed:
        return Outcome.FAILED
    if contents is not None and contents.uncommitted:
        return Outcome.PENDING
    if journal is not None and (journal.end > size or journal.torn):
        return Outcome.PENDING
    if witnessed.met:
        return Outcome.VERIFIED
    return Outcome.PENDING if witnessed.kept_met else Outcome.UNWITNESSED


def _pass_by(findings: Findings) -> None:
    """Steps 7 to 10 where there is nothing of ours."""
    for step in _CONTENT_STEPS:
        actual = "not here: neither records/ nor journal/, so only the structure was verified"
        findings.note(step, True, "an archive and a journal, where casebus wrote the ledger", actual)


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


def _witnesses(
    directory: Path,
    opened: _Opened,
    policy: str | None,
    now: datetime,
    max_age: timedelta | None,
    findings: Findings,
) -> _Witnessed:
    """Step 3: tell whether the policy's quorum has cosigned. A cosignature that does not verify spoils the note."""
    kept = _kept(directory, opened.key, findings)
    older = None if kept is None else parse_checkpoint(kept.text)
    if policy is None:
        findings.note(Step.WITNESSES, True, "no policy was given", "unwitnessed")
        return _Witnessed(kept=older)
    try:
        parsed = parse_policy(policy)
        seen = seen_by_quorum(opened.note, opened.key, parsed, now, max_age)
        before = None if kept is None else seen_by_quorum(kept, opened.key, parsed, now, max_age)
    except CasebusError as error:
        findings.fail(Step.WITNESSES, "a policy for this log, and sound cosignatures", error.what)
        return _Witnessed(kept=older)
    told = seen.told(parsed, now)
    kept_met = before is not None and before.since is not None
    if seen.since is None and before is not None and older is not None and kept_met:
        told = f"{told}; the first {older.size} leaves are witnessed ({before.told(parsed, now)}), the rest waits"
    elif seen.since is None:
        told = f"{told}: unwitnessed"
    findings.note(Step.WITNESSES, True, f"quorum: {parsed.quorum}", told)
    return _Witnessed(seen.since is not None, older, kept_met)


def _kept(directory: Path, key: VerifierKey, findings: Findings) -> Note | None:
    """Return the note that the sequencer kept as the newest with a quorum, None when there is none that is sound."""
    try:
        data = read_file(directory / WITNESSED, MAX_NOTE_BYTES)
        if data is None:
            return None
        open_checkpoint(data, key)
        return parse_note(data)
    except CasebusError as error:
        findings.fail(Step.WITNESSES, _KEPT, error.what)
        return None


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
    contents: Contents | None,
    earlier: tuple[Checkpoint | None, Checkpoint | None],
    findings: Findings,
    progress: Progress,
) -> None:
    """Steps 4 to 11. `earlier` are the checkpoint that was given, and the one that was kept."""
    if journal is not None and not journal.start <= checkpoint.size <= journal.end:
        expected = f"a journal that reaches the checkpoint's {checkpoint.size} leaves"
        findings.fail(Step.JOURNAL, expected, f"it goes from {journal.start} to {journal.end}")
        journal = None
    older, kept = earlier
    marks = [found.size for found in (checkpoint, older, kept) if found is not None]
    walk = Walk(directory, checkpoint.size, journal, marks, contents, findings)
    complete = walk.run(progress)
    _compare_root(Step.ROOT, checkpoint, walk, findings)
    if older is not None:
        _compare_root(Step.SINCE, older, walk, findings)
    if kept is not None and complete:
        _check_kept(kept, walk, findings)
    if journal is not None and complete:
        _check_snapshot(journal, walk, findings)


def _compare_root(step: Step, checkpoint: Checkpoint, walk: Walk, findings: Findings) -> None:
    """Steps 6 and 11: the entries hash to the root that was signed for this many."""
    root = walk.roots.get(checkpoint.size)
    if root is not None:
        findings.note(step, root == checkpoint.root, encode_base64(checkpoint.root), encode_base64(root))


def _check_kept(kept: Checkpoint, walk: Walk, findings: Findings) -> None:
    """Step 3's end: what the witnesses have seen is a prefix of what is here. A crash may leave it in the journal only."""
    root = walk.roots.get(kept.size)
    if root is None:
        findings.fail(Step.WITNESSES, f"the {kept.size} leaves that were witnessed", "fewer: the log was rolled back")
    elif root != kept.root:
        findings.fail(Step.WITNESSES, f"{_KEPT}, with root {encode_base64(kept.root)}", encode_base64(root))


def _check_snapshot(journal: JournalCopy, walk: Walk, findings: Findings) -> None:
    """Step 10's second half: the journal grows from the same tree."""
    same = walk.roots[journal.start] == journal.opening.edge.root()
    expected = f"leaves {journal.start} to {journal.end} lead on from the tree before them"
    torn = "; a torn frame follows, as a crash leaves it" if journal.torn else ""
    findings.note(Step.JOURNAL, same, expected, f"so they do{torn}" if same else "another tree")
