"""Cosignatures coming in: which to believe, where they go, and when a quorum has come together for one checkpoint."""

from collections.abc import Mapping

import structlog

from casebus.errors import VerificationFailed
from casebus.ledger.cosignature import cosigned_at
from casebus.ledger.note import Note, NoteSignature
from casebus.ledger.policy import Policy
from casebus.ledger.sequencer import Ledger
from casebus.ledger.vkey import VerifierKey

MOST_TEXTS = 8
"""Of so many checkpoints, the newest, the lines are remembered: a quorum may come together for one that is not
the published one any more."""


class Cosignatures:
    """Puts witnesses' lines on the published checkpoint, and keeps the newest note that a quorum has cosigned."""

    def __init__(self, ledger: Ledger, policy: Policy) -> None:
        self._ledger = ledger
        self._policy = policy
        self._notes: dict[str, Note] = {}
        self._log = structlog.get_logger()

    def begin(self, note: Note) -> None:
        """Remember a note that the witnesses are about to be asked for."""
        self._notes.setdefault(note.text, note)
        while len(self._notes) > MOST_TEXTS:
            del self._notes[next(iter(self._notes))]

    def add(self, name: str, note: Note) -> bool:
        """Take a witness's line from a note of ours that it sent; tell whether it is there and sound.

        Harmless when repeated. Raises `StoreError`.
        """
        key = self._policy.witnesses[name]
        try:
            line = note.line_by(key) if cosigned_at(note, key) is not None else None
        except VerificationFailed:
            line = None
        if line is None:
            return False
        self._ledger.add_cosignatures([line], note.text)
        kept = self._notes.get(note.text)
        if kept is not None:
            self._notes[note.text] = with_line(kept, line)
            self._keep_if_witnessed(self._notes[note.text])
        return True

    def _keep_if_witnessed(self, note: Note) -> None:
        if self._policy.is_met_by(cosigned_by(note, self._policy.witnesses)):
            self._ledger.keep_witnessed(note)
            self._log.info("ledger_witnessed", records=int(note.text.split("\n")[1]))


def with_line(note: Note, line: NoteSignature) -> Note:
    """Return the note with a line; it takes the place of one by the same key."""
    others = tuple(each for each in note.signatures if (each.name, each.key_id) != (line.name, line.key_id))
    return Note(note.text, (*others, line))


def cosigned_by(note: Note, witnesses: Mapping[str, VerifierKey]) -> set[str]:
    """Return the names of the witnesses that have a line on the note. The lines were verified before."""
    return {name for name, key in witnesses.items() if note.line_by(key) is not None}
