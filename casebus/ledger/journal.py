"""The journal's files: `journal/<number>`, segments of frames. A frame's sync is the ledger's one commit point.

A crash before the sync leaves no frame, or the beginning of one, which recovery cuts off: the same records are read
again. A crash after it leaves the frame: recovery derives archive bounds, tiles and checkpoint from it.
A segment appears under its name whole, with a snapshot first; afterwards it is only appended to.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from casebus.errors import StoreError, VerificationFailed
from casebus.ledger.files import AT_ONCE, Files, read_file, write_whole
from casebus.ledger.frames import Commit, Snapshot, Tail, decode_frame, encode_frame, frame_hash, scan, wrap

SEGMENT_BYTES = 2 * 1024 * 1024
"""A segment that has grown beyond this is followed by a new one: it bounds the time that recovery takes."""

MAX_FRAME_BYTES = 8 * 1024 * 1024
"""No commit is larger: some 120,000 leaves at once."""

MAX_SEGMENT_BYTES = SEGMENT_BYTES + MAX_FRAME_BYTES
"""What the writer can leave at most: it rolls before the frame that would follow a long segment."""

KEPT_SEGMENTS = 2
MAX_SEGMENTS = KEPT_SEGMENTS + 1
"""What a crash leaves at most, between beginning a segment and dropping the oldest."""

SCRATCH = "scratch"
"""The file in which whole files are prepared before they are renamed; `scratch.0` and so on where many are prepared at
once. Their content means nothing."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as read: its snapshot, its commits, and how it ends."""

    number: int
    snapshot: Snapshot
    commits: tuple[Commit, ...]
    last_hash: bytes
    sound: bytes
    tail: Tail


def is_scratch(name: str) -> bool:
    """Tell whether a file name below `journal/` is one under which whole files are prepared."""
    return name == SCRATCH or name in {f"{SCRATCH}.{number}" for number in range(AT_ONCE)}


def segment_name(number: int) -> str:
    """Return a segment's file name."""
    return f"{number:08d}"


def segments_in(directory: Path) -> list[int]:
    """Return the numbers of the segments in the ledger's `journal/`, ascending; none when it is not there.

    Raises:
        StoreError: it cannot be listed.
    """
    try:
        return sorted(int(path.name) for path in directory.iterdir() if is_segment(path.name))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StoreError(f"the ledger's journal cannot be listed: {error.strerror}.") from error


def is_segment(name: str) -> bool:
    """Tell whether a file name is a segment's."""
    return name.isascii() and name.isdigit() and len(name) <= 12 and segment_name(int(name)) == name


def read_segment(directory: Path, number: int) -> Segment:
    """Read a segment of `directory`, the ledger's `journal/`.

    Raises:
        VerificationFailed: it is damaged before its tail: its frames do not decode, or do not chain.
    """
    data = read_file(directory / segment_name(number), MAX_SEGMENT_BYTES)
    if data is None:
        raise VerificationFailed(f"journal segment {number} is missing.")
    scanned = scan(data)
    frames = [decode_frame(payload) for payload in scanned.payloads]
    if scanned.tail is Tail.DAMAGED:
        raise VerificationFailed(f"journal segment {number} is damaged after byte {scanned.sound_bytes}.")
    if not frames or not isinstance(frames[0], Snapshot):
        raise VerificationFailed(f"journal segment {number} does not begin with a snapshot.")
    commits: list[Commit] = []
    for before, frame in zip(scanned.payloads, frames[1:], strict=False):
        if not isinstance(frame, Commit) or frame.previous != frame_hash(before):
            raise VerificationFailed(f"journal segment {number} holds a frame that does not follow the one before.")
        commits.append(frame)
    last_hash = frame_hash(scanned.payloads[-1])
    return Segment(number, frames[0], tuple(commits), last_hash, data[: scanned.sound_bytes], scanned.tail)


class Journal:
    """The open segment. One owner; an error leaves it unusable."""

    def __init__(self, files: Files, directory: Path, number: int, last_hash: bytes, length: int) -> None:
        self._files = files
        self._directory = directory
        self._number = number
        self._descriptor = files.open_append(directory / segment_name(number))
        self._length = length
        self.last_hash = last_hash

    @classmethod
    def begun(cls, files: Files, directory: Path, number: int, snapshot: Snapshot) -> "Journal":
        """Make a segment durably and return the journal that appends to it."""
        payload = encode_frame(snapshot)
        return cls._placed(files, directory, number, wrap(payload), frame_hash(payload))

    @classmethod
    def resumed(cls, files: Files, directory: Path, segment: Segment) -> "Journal":
        """Go on with a segment, its torn tail cut off.

        The sound bytes are written anew: after a sync that failed before the restart, reading may have shown frames
        that the disk lacks, and no later sync would bring them there.
        """
        return cls._placed(files, directory, segment.number, segment.sound, segment.last_hash)

    @classmethod
    def _placed(cls, files: Files, directory: Path, number: int, data: bytes, last_hash: bytes) -> "Journal":
        write_whole(files, directory / SCRATCH, directory / segment_name(number), data)
        files.sync_directory(directory)
        return cls(files, directory, number, last_hash, len(data))

    @property
    def is_long(self) -> bool:
        """Tell whether it is time to roll."""
        return self._length >= SEGMENT_BYTES

    def append(self, commit: Commit) -> None:
        """Make a commit durable. When this returns it has happened; when it raises it may have.

        Raises:
            VerificationFailed: it is larger than `MAX_FRAME_BYTES`; it has not happened.
        """
        payload = encode_frame(commit)
        frame = wrap(payload)
        if len(frame) > MAX_FRAME_BYTES:
            raise VerificationFailed(f"one transaction of the ledger would be larger than {MAX_FRAME_BYTES} bytes.")
        self._files.write(self._descriptor, frame)
        self._files.sync(self._descriptor)
        self._length += len(frame)
        self.last_hash = frame_hash(payload)

    def rolled(self, snapshot: Snapshot) -> "Journal":
        """Begin the next segment and drop those that nothing needs any more: the snapshot holds all they lead to.

        The caller has made durable every tile that the older segments describe. Those that a crash left over go first,
        so that there are never more than `MAX_SEGMENTS`.
        """
        self._drop_older()
        following = Journal.begun(self._files, self._directory, self._number + 1, snapshot)
        self.close()
        self._drop_older()
        return following

    def _drop_older(self) -> None:
        for number in segments_in(self._directory)[:-KEPT_SEGMENTS]:
            self._files.remove(self._directory / segment_name(number))

    def close(self) -> None:
        """Release the descriptor."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
