"""Which event may stand on which topic: the catalogue's writers, the key, and agencies that speak for themselves only.

The same rules hold on both doors: nothing is sealed that would not be opened.
"""

from casebus.errors import ParkReason, WireError
from casebus.events.catalogue import CATALOGUE, Writer, partition_key, writer_of
from casebus.events.envelope import Event
from casebus.events.types import (
    DeconflictionAcknowledged,
    DeconflictionResolved,
    DeliveryRefused,
    DeskMessage,
    DisclosureGranted,
    DisclosureRefused,
    DisclosureRequested,
    LeadAgencyProposed,
    RecordParked,
    ReferralAccepted,
    ReferralDeclined,
    ReferralExpired,
    ReferralSent,
)

_SIDES = (
    DeconflictionAcknowledged,
    DeconflictionResolved,
    DisclosureRequested,
    DisclosureGranted,
    DisclosureRefused,
    DeskMessage,
    LeadAgencyProposed,
    ReferralSent,
    ReferralAccepted,
    ReferralDeclined,
    ReferralExpired,
)
"""What one side publishes of itself, and the partner gets a copy of."""


def admit(event: Event, topic: str) -> None:
    """Check a verified event against its topic.

    Raises `WireError` with `authentic=True`: WRONG_TYPE_FOR_TOPIC, FOREIGN_PARTITION_KEY, NOT_ACCEPTABLE.
    """
    writer, owner = writer_of(topic)
    if writer not in CATALOGUE[event.type].writers:
        raise _refused(ParkReason.WRONG_TYPE_FOR_TOPIC, f"{event.type} is not written to {writer.value}")
    if partition_key(event.payload) != event.partition_key:
        field = CATALOGUE[event.type].key
        raise _refused(ParkReason.FOREIGN_PARTITION_KEY, f"the key is not the {field} of the payload")
    _check_agencies(event, writer, owner)


def _check_agencies(event: Event, writer: Writer, owner: str) -> None:
    match event.payload:
        case side if isinstance(side, _SIDES) and writer is Writer.agency:
            if side.agency != owner:
                raise _refused(ParkReason.NOT_ACCEPTABLE, "an agency publishes only its own side of a conflict")
        case side if isinstance(side, _SIDES):
            if getattr(side, "actor", None) is not None:
                raise _refused(ParkReason.NOT_ACCEPTABLE, "an officer's pseudonym never crosses to another agency")
            if isinstance(side, ReferralSent) and (side.record_ids or side.to != owner):
                raise _refused(ParkReason.NOT_ACCEPTABLE, "a referral is told to whom it is for, without its records")
        case RecordParked() | DeliveryRefused() as told if writer is Writer.delivery and told.agency != owner:
            raise _refused(ParkReason.NOT_ACCEPTABLE, "what was not accepted is told to its own agency only")


def _refused(reason: ParkReason, what: str) -> WireError:
    return WireError(reason, what, authentic=True)
