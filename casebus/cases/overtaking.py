"""What may overtake a parked event of its key: retractions, the child, immediate risk. Pure.

The consume loop asks while it reads, and replay when it tells again what the loop accepted.
"""

from casebus.events.enumerations import MatchStatus, Priority, Severity
from casebus.events.envelope import Event
from casebus.events.types import (
    CaseClosed,
    CaseOpened,
    ChildSafeguarded,
    DataCombined,
    DeconflictionHit,
    DeconflictionRequested,
    DeconflictionRetracted,
    DisclosureRequested,
    IdentifierCorrected,
    Payload,
    ReferralSent,
    TipAmended,
    TipReceived,
    TipWithdrawn,
    WelfareCheckCompleted,
    WelfareCheckRequested,
)

_NEVER_HELD = (
    TipWithdrawn,
    CaseClosed,
    IdentifierCorrected,
    DeconflictionRetracted,
    WelfareCheckRequested,
    WelfareCheckCompleted,
    ChildSafeguarded,
)


def passes_hold(event: Event) -> bool:
    """Tell whether an event may overtake a parked one of its key: retractions, the child, immediate risk."""
    match event.payload:
        case DataCombined(status=MatchStatus.retracted) | DeconflictionRequested(watch=False):
            return True
        case payload:
            return isinstance(payload, _NEVER_HELD) or immediate(payload)


def immediate(payload: Payload) -> bool:
    """Tell whether a payload concerns a child at immediate risk."""
    match payload:
        case TipReceived() | TipAmended():
            return payload.content.priority is Priority.IMMEDIATE
        case CaseOpened():
            return payload.priority is Priority.IMMEDIATE
        case DeconflictionRequested():
            return payload.urgency is Priority.IMMEDIATE
        case DataCombined() | DeconflictionHit():
            return payload.severity is Severity.immediate
        case DisclosureRequested() | ReferralSent():
            return payload.urgency is Severity.immediate
        case _:
            return False
