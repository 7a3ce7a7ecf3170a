"""What an inbox event makes of the alert that it concerns. Pure: the desk's consumer and replay ask here alike."""

from datetime import datetime

from casebus.cases.alert import Alert, retract, told, with_theirs
from casebus.cases.conflict import answered
from casebus.errors import ParkReason, WireError
from casebus.events.types import (
    DeconflictionAcknowledged,
    DeconflictionHit,
    DeconflictionResolved,
    DeconflictionRetracted,
    Payload,
)

AboutAlert = DeconflictionHit | DeconflictionRetracted | DeconflictionAcknowledged | DeconflictionResolved
"""The inbox events that change an alert."""


def concerned(payload: Payload) -> AboutAlert | None:
    """Return the payload if it concerns an alert, else None."""
    return payload if isinstance(payload, AboutAlert) else None


def alert_after(agency: str, payload: AboutAlert, before: Alert | None, appended_at: datetime) -> Alert:
    """Return the agency's alert as it stands after an inbox event; the same alert where nothing changes.

    The inbox has one order, and a conflict is told before what follows it. Raises `WireError(NOT_ACCEPTABLE)` for what
    concerns a conflict of which the agency was never told.
    """
    if isinstance(payload, DeconflictionHit):
        return told(agency, payload, before, appended_at)
    if before is None:
        what = "it concerns a conflict of which this agency was never told"
        raise WireError(ParkReason.NOT_ACCEPTABLE, what, authentic=True)
    if isinstance(payload, DeconflictionRetracted):
        return retract(before, payload.revision, payload.reason)
    return with_theirs(before, answered(before.they_said, payload))
