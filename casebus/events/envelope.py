"""The envelope: what every event carries besides its payload (CloudEvents 1.0 and its extensions).

It holds no wall-clock time of ours: an event made from a document is the same bytes whenever it is made, and the
time that counts is the Log's own (`Recorded.appended_at`).
"""

from dataclasses import dataclass
from datetime import datetime

from casebus.events.enumerations import Tlp
from casebus.events.types import Payload


@dataclass(frozen=True, slots=True)
class Event:
    """One event, before it is signed or after it was verified.

    `id` is unique per `source`; `source` is the agency code (or "hub") that signs; `partition_key` orders: records of
    one key are handled in order, and a failing one holds back only its key.
    """

    id: str
    source: str
    partition_key: str
    payload: Payload
    classification: Tlp = Tlp.AMBER
    correlation_id: str | None = None
    causation_id: str | None = None

    @property
    def type(self) -> str:
        """The name of the event's type: `TipReceived`."""
        return type(self.payload).__name__


@dataclass(frozen=True, slots=True)
class Received:
    """An event read from the bus, verified and decoded, at its place. `digest` is SHA-256 over the signed content:
    the same id with another digest is equivocation.
    """

    event: Event
    topic: str
    position: int
    appended_at: datetime
    digest: bytes
    sequence: int
