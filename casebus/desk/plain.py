"""An alert in plain values, as the command line prints it and the console shows it (DESIGN.md §9). Null is present."""

from datetime import datetime
from typing import Any

from casebus.cases.desk_history import Deed
from casebus.cases.desk_work import DeskAlert


def alert_row(seen: DeskAlert, own_ref: str, now: datetime) -> dict[str, Any]:
    """Return the contract's form of an alert, and after it the desk's own business."""
    alert, work = seen.alert, seen.work
    return {
        "ref": alert.ref,
        "conflict_id": alert.conflict_id,
        "revision": alert.revision,
        "version": seen.version,
        "overlap": alert.overlap.value,
        "severity": alert.severity.value,
        "state": alert.state.value,
        "our_state": alert.ours.state.value,
        "their_state": alert.theirs.state.value,
        "own": {"kind": alert.own_kind.value, "ref": own_ref},
        "partner": alert.partner,
        "contact": alert.contact.model_dump(),
        "matched": [matched.model_dump(mode="json") for matched in alert.matched],
        "suppressed": [kind.value for kind in alert.suppressed],
        "strength": alert.strength.value,
        "score": alert.score,
        "detector": alert.detector,
        "raised_at": iso(alert.raised_at),
        "respond_by": iso(alert.respond_by),
        "outcome": alert.ours.outcome.value if alert.ours.outcome else None,
        "stage": seen.stage(now).value,
        "assignee": work.assignee,
        "acknowledged_until": iso_or_null(work.acknowledged_until),
        "snoozed_until": iso_or_null(work.snoozed_until if seen.is_snoozed(now) else None),
        "own_severity": seen.severity.value,
        "due_by": iso(seen.due_by),
        "escalated": work.escalated.value,
    }


def deed_row(deed: Deed) -> dict[str, Any]:
    """Return one line of an alert's history."""
    return {
        "version": deed.version,
        "at": iso(deed.at),
        "who": deed.who,
        "verb": deed.verb.value,
        "detail": deed.detail,
        "note": deed.note,
    }


def iso(at: datetime) -> str:
    """Return a time in UTC with milliseconds and a Z."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_null(at: datetime | None) -> str | None:
    """Return a time as text, None for none."""
    return None if at is None else iso(at)
