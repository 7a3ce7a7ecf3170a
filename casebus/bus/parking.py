"""Parking: a record that cannot be accepted waits with its reason, and holds back only what must come after it.

A record that fails before its signature is verified is parked alone: a forged record never holds up a genuine one. An
authentic record that fails parks its key too: later records of that key wait behind it, in order, except retractions
and what concerns a child at immediate risk.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from casebus.bus.log import Record, Recorded
from casebus.errors import Conflict, NotFound, ParkReason, WireError
from casebus.state import Concept
from casebus.store.store import Save, Transaction, View
from casebus.wire.ids import content_id

PARKED, RELEASED, DONE = "parked", "released", "done"


@dataclass(frozen=True, slots=True)
class ParkedRecord:
    """A parked record with its bytes untouched. `what` says what failed, without any value of a person's identifier."""

    id: str
    consumer: str
    topic: str
    position: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    appended_at: datetime
    reason: ParkReason
    what: str
    authentic: bool
    status: str

    @property
    def recorded(self) -> Recorded:
        """The record at its place, as it was read."""
        return Recorded(self.topic, self.position, Record(self.key, self.value, self.headers), self.appended_at)

    @property
    def order(self) -> tuple[str, int]:
        """Sorts parked records as they stand on their topics."""
        return self.topic, self.position


def _holds(parked: ParkedRecord) -> str | None:
    # A second content under a used id has nothing behind it that must wait: the first was accepted.
    waiting = parked.authentic and parked.status != DONE and parked.reason is not ParkReason.EQUIVOCATION
    return hold_of(parked.consumer, parked.topic, parked.key) if waiting else None


def hold_of(consumer: str, topic: str, key: bytes) -> str:
    """Return the name of what a parked authentic record holds: its key, on its topic, for its consumer."""
    return f"{consumer}|{topic}|{key.hex()}"


PARKED_RECORDS: Concept[ParkedRecord] = Concept(
    "parked_records",
    ParkedRecord,
    lambda parked: parked.id,
    {"status": lambda parked: f"{parked.consumer}|{parked.status}", "hold": _holds},
)


def parked_of(consumer: str, recorded: Recorded, error: WireError) -> ParkedRecord:
    """Return the parked form of a record that failed."""
    return ParkedRecord(
        id=content_id("parked", consumer, recorded.topic, str(recorded.position)),
        consumer=consumer,
        topic=recorded.topic,
        position=recorded.position,
        key=recorded.record.key,
        value=recorded.record.value,
        headers=recorded.record.headers,
        appended_at=recorded.appended_at,
        reason=error.reason,
        what=error.what,
        authentic=error.authentic,
        status=PARKED,
    )


def waiting(view: View) -> list[ParkedRecord]:
    """Return what is parked or released and not done, in the order of its topics."""
    return sorted((p for p in view.all(PARKED_RECORDS) if p.status != DONE), key=lambda p: (p.consumer, *p.order))


def of_same_key(view: View, parked: ParkedRecord) -> tuple[list[ParkedRecord], list[ParkedRecord]]:
    """Return what else is parked or held of this record's key: ahead of it and behind it, each in order."""
    others = view.by(PARKED_RECORDS, "hold", hold_of(parked.consumer, parked.topic, parked.key))
    others.sort(key=lambda other: other.position)
    ahead = [other for other in others if other.position < parked.position]
    return ahead, [other for other in others if other.position > parked.position]


def held_behind(view: View, head: ParkedRecord) -> list[ParkedRecord]:
    """Return the records that wait behind this one, in order."""
    return of_same_key(view, head)[1] if _holds(head) else []


def release(tx: Transaction, parked_id: str) -> ParkedRecord:
    """Ask the consumer to try a parked record again, then what waits behind it.

    Raises `NotFound`, and `Conflict` for a record that itself waits behind another.
    """
    parked = tx.get(PARKED_RECORDS, parked_id)
    if parked is None or parked.status == DONE:
        raise NotFound(f"no parked record {parked_id[:80]!r}", next_step="`casebus parked list` shows what is parked.")
    if of_same_key(tx, parked)[0]:
        raise Conflict(
            "this record waits behind another of its key",
            next_step="release the one at the head: `casebus parked list` shows it first.",
        )
    released = replace(parked, status=RELEASED)
    tx.apply(Save(PARKED_RECORDS, released))
    return released
