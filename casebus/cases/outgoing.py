"""Inbox events on their way to the agency's own system, as files in `spool/out`."""

from dataclasses import dataclass

from casebus.state import Concept


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file to be written to `spool/out`. The row is committed with the event's effects; the file follows, by a name
    that the event's id makes, so that writing it again is the same file.
    """

    event_id: str
    name: str
    body: str
    written: bool


OUTGOING: Concept[OutgoingFile] = Concept(
    "outgoing_files",
    OutgoingFile,
    lambda file: file.event_id,
    {"unwritten": lambda file: None if file.written else "yes"},
)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the hub told this agency besides alerts: a no-hit, or a record of its own that was parked."""

    event_id: str
    type: str
    about: str
    text: str


NOTICES: Concept[Notice] = Concept("notices", Notice, lambda notice: notice.event_id, {"type": lambda n: n.type})
