"""A witness (c2sp.org/tlog-witness): cosigns a log's checkpoint when it extends the one that it cosigned before.

    1. read the submission and verify the log's signature      nothing has happened
    2. judge it against what is held (`casebus.ledger.witness_rules`)
    3. sign, in memory                                         the cosignature exists, nobody has it
    4. commit it to the state, by compare-and-set              THE COMMIT POINT: a crash from here on leaves the state
    5. the mark, in a second place                             ahead of the answer; the log resynchronises by 409
    6. answer

Evidence that a log contradicted itself is durable before its answer. When two notes that the log signed prove it by
themselves, the witness stops for this log, for good, whatever the log presents next.

Usage, the same for HTTP, the bus and tests:

    witness = Witness.open(directory, key, "nz-police", [ledger_vkey], clock)
    answer = witness.add_checkpoint(format_submission(old, proof, note, ledger_vkey))
    answer.status, answer.body          # 200, the cosignature's line; 409, the size that it holds; ...
    witness.latest(origin)              # the whole cosigned note after a 200
"""

import os
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from casebus.clock import Clock
from casebus.errors import CasebusError, Unavailable, UsageError
from casebus.ledger.cosignature import cosign
from casebus.ledger.evidence import evidence as evidence_of
from casebus.ledger.files import Files
from casebus.ledger.note import Note, parse_note
from casebus.ledger.vkey import KeyType, VerifierKey, verifier_key
from casebus.ledger.witness_directory import lock, open_memory, stored
from casebus.ledger.witness_marks import WitnessMarks
from casebus.ledger.witness_rules import (
    TEXT_TYPE,
    Answer,
    Held,
    Logs,
    Presented,
    Refusal,
    judge,
    present,
    say,
    say_size,
)
from casebus.ledger.witness_state import WitnessState

__all__ = ["Answer", "Witness"]

MAX_REASON_CHARACTERS = 500


class Witness:
    """One identity, one directory, one process. Safe to use from several threads."""

    def __init__(
        self, directory: Path, key: Ed25519PrivateKey, name: str, logs: Logs, clock: Clock, files: Files, lock: int
    ) -> None:
        self._directory = directory
        self._key = key
        self._vkey = verifier_key(name, key, KeyType.COSIGNATURE)
        self._logs = logs
        self._clock = clock
        self._files = files
        self._lock = lock
        self._mutex = Lock()
        self._memory: tuple[WitnessState, WitnessMarks] | None = None
        self._log = structlog.get_logger()

    @classmethod
    def open(
        cls,
        directory: Path,
        key: Ed25519PrivateKey,
        name: str,
        logs: Sequence[VerifierKey],
        clock: Clock,
        *,
        may_be_new: bool = True,
        files: Files | None = None,
    ) -> "Witness":
        """Open a witness, or begin one where none was; `DIRECTORY/witness.vkey` is its identity from then on.

        `logs` are the keys of the logs that it knows; a key's name is its log's origin, and a log may have several.
        With `may_be_new=False` a directory where no witness was is a lost state.

        Raises:
            UsageError: a key twice, or not a log's; the directory of another witness.
            VerificationFailed: it has lost its state, or part of it. Such a witness is retired, not restarted.
            Conflict: another process runs it.
            StoreError: the directory cannot be read or written.
        """
        known = _by_origin(logs, verifier_key(name, key, KeyType.COSIGNATURE))
        files = files or Files()
        witness = cls(directory, key, name, known, clock, files, lock(directory, files))
        try:
            witness._memory = open_memory(directory, witness.vkey, files, may_be_new=may_be_new)
        except BaseException:
            witness.close()
            raise
        return witness

    @property
    def vkey(self) -> VerifierKey:
        """Return the key (type 04) that verifies its cosignatures; `format()` is the line of `witness.vkey`."""
        return self._vkey

    @property
    def origins(self) -> tuple[str, ...]:
        """Return the logs that it knows."""
        return tuple(self._logs)

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer a submission, as tlog-witness says; never raises for what is in it.

        503 means that nothing was cosigned, for a reason of this witness's own; it is in its log.
        """
        presented = present(body, self._logs)
        if isinstance(presented, Answer):
            return presented
        with self._mutex:
            try:
                return self._answer(presented)
            except CasebusError as error:
                self._forget_memory()
                self._log.error("witness_unavailable", origin=presented.checkpoint.origin, reason=error.what)
                return say(503, "this witness cannot keep its state at the moment; nothing was cosigned.")

    def latest(self, origin: str) -> Note | None:
        """Return the note cosigned last for a log: its text, the log's own line, this witness's. Raises `StoreError`."""
        with self._mutex:
            held = self._opened()[0].held(origin)
        return None if held is None else parse_note(held.note)

    def stop(self, origin: str, reason: str, evidence: bytes) -> None:
        """Stop for a log, for good, and keep the evidence (a JSON object) as a file; harmless when repeated.

        Raises:
            StoreError: it could not be made durable.
        """
        with self._mutex:
            self._stop(origin, reason, evidence, evidence)

    def stopped(self, origin: str) -> str | None:
        """Return why it has stopped for a log; None when it has not. Raises `StoreError`."""
        with self._mutex:
            return self._opened()[0].stopped(origin)

    def close(self) -> None:
        """Release the directory."""
        with self._mutex:
            self._forget_memory()
            if self._lock >= 0:
                os.close(self._lock)
                self._lock = -1

    def _answer(self, presented: Presented) -> Answer:
        state, marks = self._opened()
        origin = presented.checkpoint.origin
        held, now = state.held(origin), int(self._clock.now().timestamp())
        refusal = judge(presented, held, state.stopped(origin), now)
        if refusal is not None:
            self._keep(refusal, presented, held)
            return refusal.answer
        line = cosign(presented.note.text, self._vkey.name, self._key, now)
        note = Note(presented.note.text, (*presented.note.signatures, line))
        to = Held(presented.checkpoint.size, presented.checkpoint.root, now, note.format())
        if not state.advance(origin, held, to):
            current = state.held(origin)
            return say_size(0 if current is None else current.size)
        with stored():
            marks.put(origin, note)
        self._log.info("cosigned", origin=origin, size=to.size)
        return Answer(200, TEXT_TYPE, line.format().encode())

    def _keep(self, refusal: Refusal, presented: Presented, held: Held | None) -> None:
        if refusal.evidence is None:
            return
        origin, reason = presented.checkpoint.origin, refusal.evidence
        content = evidence_of(
            origin,
            reason,
            held=None if held is None else held.note,
            submission=presented.submission,
            proven=refusal.proven,
        )
        # By what the log signed: the proof and other lines are anybody's to vary, and must not fill the disk.
        identity = presented.note.text.encode() + (b"" if held is None else held.root)
        if refusal.proven:
            self._stop(origin, reason, identity, content)
            return
        with stored():
            kept = self._opened()[1].keep(identity, content, always=False)
        self._log.warning("ledger_inconsistent", origin=origin, reason=reason, outcome="kept" if kept else "not kept")

    def _stop(self, origin: str, reason: str, identity: bytes, evidence: bytes) -> None:
        state, marks = self._opened()
        reason = " ".join(reason.split())[:MAX_REASON_CHARACTERS]
        with stored():
            # A crash between these leaves evidence without a stop: the log that shows it again is stopped for then.
            marks.keep(identity, evidence, always=True)
            marks.stop(origin, reason)
        state.stop(origin, reason)
        self._log.error("ledger_contradiction", origin=origin, reason=reason)

    def _opened(self) -> tuple[WitnessState, WitnessMarks]:
        """Return the memory; after an error it is opened, and checked, anew: only that tells what was committed."""
        if self._lock < 0:
            raise Unavailable("this witness has ended", unchanged="no cosignature was given.")
        if self._memory is None:
            self._memory = open_memory(self._directory, self._vkey, self._files, may_be_new=False)
        return self._memory

    def _forget_memory(self) -> None:
        memory, self._memory = self._memory, None
        if memory is not None:
            memory[0].close()


def _by_origin(logs: Sequence[VerifierKey], own: VerifierKey) -> Logs:
    known: dict[str, list[VerifierKey]] = {}
    seen = {own.public_key}
    for key in logs:
        if key.type is not KeyType.ED25519:
            raise UsageError(f"the key {key.name} is a witness's, not a log's", next_step="give the log's own vkey.")
        if key.public_key in seen:
            raise UsageError(
                "a log's key is given twice, or is the witness's own",
                next_step="one key, one log: a signature would not tell which it is for.",
            )
        seen.add(key.public_key)
        known.setdefault(key.name, []).append(key)
    return known
