"""One revision of an own record: what it is made from, and what came of it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from casebus.events.envelope import Event
from casebus.intake.adapter import RecordKey
from casebus.intake.records import OwnRecord

Known = Callable[[str], OwnRecord | None]
"""Looks an own record up by its id."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """What one draft became: events to publish (none when nothing changed), and the own record as it now stands.

    `said_before` are the events in which it was said, where those are not the record's last; `ended_first` tells that
    the record had ended before its content arrived. `not_carried` counts the identifiers that the events have no room
    for; `unused` names the kind of each value that nothing could be matched on, with the reason, never the value.
    """

    events: tuple[Event, ...]
    record: OwnRecord | None
    said_before: tuple[str, ...] = ()
    ended_first: bool = False
    not_carried: int = 0
    unused: tuple[str, ...] = ()

    @property
    def event_ids(self) -> tuple[str, ...]:
        """The events that say what the draft says, now or when it was first delivered; else what ended its record."""
        return self.said_before or (self.record.event_ids if self.record else ())


@dataclass(frozen=True, slots=True)
class Change:
    """One revision of an own record: what it was, what the digest of the draft is, which revision this makes."""

    record_id: str
    key: RecordKey
    before: OwnRecord | None
    digest: str
    ends: bool = False

    @property
    def revision(self) -> int:
        """The revision that this change makes. An ending that nothing came before is 2: the content that it ends is 1."""
        if self.before is None:
            return 2 if self.ends else 1
        return self.before.revision + 1

    @property
    def says_the_same(self) -> bool:
        """Tell whether this is the content that was delivered last, whether or not the record has ended since."""
        return self.before is not None and self.before.digest == self.digest

    @property
    def ended_first(self) -> bool:
        """Tell whether the record ended before any content of it arrived."""
        return self.before is not None and not self.before.digest

    @property
    def content_digest(self) -> str:
        """The digest of the content after this change: an ending keeps what it ends."""
        if not self.ends:
            return self.digest
        return self.before.digest if self.before else ""

    def content_event_ids(self, event_ids: tuple[str, ...]) -> tuple[str, ...]:
        """Return the events that say the content after this change, which made `event_ids`."""
        if self.before is not None and (self.ends or not event_ids):
            return self.before.content_event_ids
        return () if self.ends else event_ids
