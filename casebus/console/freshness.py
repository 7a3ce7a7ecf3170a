"""How fresh what a desk sees is: what was last heard of the hub, and how much of it this node has not read yet."""

from dataclasses import dataclass
from datetime import datetime

from casebus.bus.log import inbox_topic
from casebus.console.door import Door
from casebus.console.own_log import OwnLog
from casebus.errors import BusError

DESK = "desk"
"""The consumer by which an agency's inbox becomes its alerts."""


@dataclass(frozen=True, slots=True)
class Hub:
    """When the hub was last heard, at the bus's own time (None: never), and how many of its records are not read yet."""

    told: datetime | None
    alive: datetime | None
    behind: int


def hub_of(agency: str, door: Door, own_log: OwnLog) -> Hub | None:
    """Return how this node stands to the hub, None where the bus does not answer. Raises `StoreError`."""
    try:
        last = own_log.freshness()
    except BusError:
        return None
    with door.store() as store, store.view() as view:
        read = view.position(DESK, inbox_topic(agency))
    return Hub(last.hub_told, last.hub_alive, max(0, last.inbox_end - read))
