"""Inbox events on their way to the agency's own system, as files in `spool/out`."""

from dataclasses import dataclass
from datetime import datetime

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
    """Something that the hub told this agency besides alerts: a no-hit, a record of its own that was parked, an alert
    that it had answered and that rested on a mistake. `at` is when the hub's record was appended; `covered` are the
    agencies for which a no-hit speaks.
    """

    event_id: str
    type: str
    about: str
    text: str
    at: datetime
    covered: tuple[str, ...] = ()


NOTICES: Concept[Notice] = Concept(
    "notices",
    Notice,
    lambda notice: notice.event_id,
    {"type": lambda notice: notice.type, "about": lambda notice: notice.about},
)
