"""What an agency's node remembers of a check before acting. Clear data: the identifiers never leave the node."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from casebus.cases.standing import standing_after
from casebus.events.catalogue import partition_key
from casebus.events.enumerations import CheckBasis, PointerMode, Priority, Purpose
from casebus.events.envelope import Event
from casebus.events.types import DeconflictionRequested, Sighting
from casebus.intake.adapter import Identifier
from casebus.intake.records import Behind, OwnKind, OwnRecord, OwnSighting
from casebus.intake.reports import handling
from casebus.intake.sightings import Seen
from casebus.state import Concept

SYSTEM = "casebus-check"
"""The system of a check's `RecordKey`: no document makes one, an officer does."""


@dataclass(frozen=True, slots=True)
class Question:
    """What an officer asks before acting. `pointer` says whether a partner that is hit may be told who asks."""

    basis: CheckBasis
    urgency: Priority
    pointer: PointerMode
    purpose: Purpose
    identifiers: tuple[Identifier, ...]


@dataclass(frozen=True, slots=True)
class OwnCheck:
    """A check as asked. `ref` is what people call it; `useless` names the kinds that cannot be compared, with why;
    `is_watched` tells whether later records still meet it. `actor` is the pseudonym of who asked, or ended it.
    """

    check_id: str
    ref: str
    question: Question
    useless: tuple[str, ...]
    actor: str
    asked_at: datetime
    revision: int
    is_watched: bool


def request_of(check: OwnCheck, sightings: Sequence[Sighting]) -> DeconflictionRequested:
    """Return what is published of a check, with its identifiers as tokens."""
    asked = check.question
    return DeconflictionRequested(
        check_id=check.check_id,
        revision=check.revision,
        basis=asked.basis,
        urgency=asked.urgency,
        sightings=tuple(sightings),
        watch=check.is_watched,
        handling=handling(pointer=asked.pointer).model_copy(update={"purpose": asked.purpose}),
        actor=check.actor,
    )


def own_record(before: OwnRecord | None, check: OwnCheck, event: Event, seen: Seen) -> OwnRecord:
    """Return the check among the agency's own records: alerts name it, and it stands as its events make it."""
    return OwnRecord(
        record_id=check.check_id,
        kind=OwnKind.check,
        system=SYSTEM,
        number=check.ref,
        revision=check.revision,
        digest="",
        open=check.is_watched,
        possible_child=False,
        sightings=tuple(OwnSighting(s.sighting_id, s.subject_no, s.kind) for s in seen.carried),
        event_ids=(event.id,),
        stands=standing_after(before.stands if before else None, event.source, event.payload),
        epochs=seen.epochs,
        behind=Behind.too_large if seen.is_under_older_only else None,
    )


def check_event(agency: str, event_id: str, check: OwnCheck, sightings: Sequence[Sighting]) -> Event:
    """Return the event that tells a check as it stands."""
    payload = request_of(check, sightings)
    return Event(
        id=event_id,
        source=agency,
        partition_key=partition_key(payload),
        payload=payload,
        classification=payload.handling.tlp,
    )


OWN_CHECKS: Concept[OwnCheck] = Concept(
    "own_checks", OwnCheck, lambda check: check.check_id, {"ref": lambda check: check.ref}
)
