"""What strangers read: tiles, bundles and the signed checkpoint, derived from what the journal has committed.

Tiles are write-once: the same bytes again are nothing to do, other bytes are a reason to stop. The checkpoint is last:
whatever it commits to is there.
"""

from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from casebus.errors import VerificationFailed
from casebus.ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from casebus.ledger.files import Files, read_file, write_each, write_whole
from casebus.ledger.note import MAX_NOTE_BYTES, Note, NoteSignature, parse_note
from casebus.ledger.tiles import MAX_BUNDLE_BYTES, TileName
from casebus.ledger.tree import TILE_WIDTH
from casebus.ledger.vkey import verifier_key

CHECKPOINT = "checkpoint"
WITNESSED = "journal/witnessed"
"""The newest checkpoint note that has a quorum: the published one may be newer, and wait for its witnesses."""


class Publication:
    """The public files of one ledger. One owner; an error leaves it unusable."""

    def __init__(self, files: Files, directory: Path, scratch: Path, name: str, private: Ed25519PrivateKey) -> None:
        self._files = files
        self._directory = directory
        self._scratch = scratch
        self.key = verifier_key(name, private)
        self._private = private
        self._unsynced: set[Path] = set()
        self._note: Note | None = None

    @property
    def current(self) -> Note:
        """Return the note that is in place."""
        assert self._note is not None, "bug: asked for before recovery has published"
        return self._note

    def published(self) -> Checkpoint | None:
        """Return the checkpoint that is in place, None when there is none.

        Raises:
            VerificationFailed: it is not one that this key signed for this log.
        """
        data = read_file(self._directory / CHECKPOINT, MAX_NOTE_BYTES)
        if data is None:
            return None
        checkpoint = open_checkpoint(data, self.key)
        self._note = parse_note(data)
        return checkpoint

    def witnessed(self) -> Checkpoint | None:
        """Return the checkpoint of the note that `keep_witnessed` has kept. Raises as `published` does."""
        data = read_file(self._directory / WITNESSED, MAX_NOTE_BYTES)
        return None if data is None else open_checkpoint(data, self.key)

    def write(self, tiles: Iterable[tuple[TileName, bytes]]) -> None:
        """Write tiles and bundles, each whole or not at all.

        Raises:
            VerificationFailed: one is there with other bytes. A log that published two versions has forked.
        """
        missing: list[tuple[Path, bytes]] = []
        for name, data in tiles:
            path = self._directory / name.path
            existing = read_file(path, MAX_BUNDLE_BYTES)
            if existing is None:
                missing.append((path, data))
            elif existing != data:
                raise VerificationFailed(
                    f"{name.path} differs from what the journal says it is.",
                    unchanged="the ledger was not opened, and no checkpoint was signed.",
                    next_step="keep the directory as evidence; restore the ledger from a copy that verifies.",
                )
            # One that was there may have been named just before a crash, and its name not be durable yet.
            self._unsynced.add(path.parent)
        write_each(self._files, self._scratch, missing)

    def publish(self, size: int, root: bytes) -> None:
        """Sign a checkpoint and put it in place; one of the same text keeps the cosignatures that it has.

        A crash before the rename leaves the older one, which is as true.
        """
        note = sign_checkpoint(Checkpoint(self.key.name, size, root), self._private)
        if self._note is not None and self._note.text == note.text:
            note = self._note
        self._put(note)

    def cosign(self, lines: Iterable[NoteSignature]) -> None:
        """Add lines to the note that is in place; nothing is written when it has them all.

        A crash in here leaves the note with the lines or without them: both are true.
        """
        before = self.current
        kept = {(line.name, line.key_id): line for line in before.signatures}
        for line in lines:
            assert not line.is_by(self.key), "bug: the log's own line is no cosignature"
            kept[line.name, line.key_id] = line
        note = Note(before.text, tuple(kept.values()))
        parse_note(note.format())
        if note != before:
            self._put(note)

    def _put(self, note: Note) -> None:
        write_whole(self._files, self._scratch, self._directory / CHECKPOINT, note.format())
        self._note = note

    def keep_witnessed(self, note: Note, size: int) -> None:
        """Keep a note that a quorum has cosigned, unless a newer one is kept. `size` is the ledger's own."""
        data = note.format()
        checkpoint, before = open_checkpoint(data, self.key), self.witnessed()
        if checkpoint.size > size:
            raise VerificationFailed("a witnessed checkpoint of more leaves than the ledger has.")
        if before is None or before.size <= checkpoint.size:
            write_whole(self._files, self._scratch, self._directory / WITNESSED, data)

    def collect(self, tiles: Iterable[tuple[TileName, bytes]]) -> None:
        """Remove the partial versions of tiles that are full and under a checkpoint; the specification lets them go."""
        for name, _ in tiles:
            assert name.width == TILE_WIDTH, "bug: only a full tile supersedes its partial versions"
            partials = self._directory / f"{name.full_path}.p"
            try:
                widths = list(partials.iterdir())
            except FileNotFoundError:
                continue
            for width in widths:
                self._files.remove(width)
            self._files.remove_directory(partials)
            self._unsynced.discard(partials)

    def sync_names(self) -> None:
        """Make the names of all files durable, before the journal that could bring them back is dropped."""
        chains = {self._directory, *self._unsynced}
        for path in self._unsynced:
            chains.update(parent for parent in path.parents if parent.is_relative_to(self._directory))
        for path in sorted(chains):
            self._files.sync_directory(path)
        self._unsynced.clear()
