"""An alert in plain values, as the command line prints it and the console shows it (DESIGN.md §9). Null is present."""

from datetime import datetime
from typing import Any

from casebus.cases.conversation import Lead, Message, Proposal, Release
from casebus.cases.desk_history import Deed
from casebus.cases.desk_work import DeskAlert
from casebus.cases.notification import Notification
from casebus.cases.outcomes import Figure, Outcome, WelfareCheck
from casebus.cases.outgoing import Notice
from casebus.cases.referral import Referral


def alert_row(seen: DeskAlert, own_ref: str, now: datetime) -> dict[str, Any]:
    """Return the contract's form of an alert, and after it what was added to it and the desk's own business."""
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
        "respond_by": iso_or_null(alert.respond_by),
        "outcome": alert.ours.outcome.value if alert.ours.outcome else None,
        "their_outcome": alert.theirs.outcome.value if alert.theirs.outcome else None,
        "band": alert.band.value,
        "new_evidence": [kind.value for kind in alert.new_evidence],
        "stage": seen.stage(now).value,
        "assignee": work.assignee,
        "acknowledged_until": iso_or_null(work.acknowledged_until),
        "snoozed_until": iso_or_null(work.snoozed_until if seen.is_snoozed(now) else None),
        "own_severity": seen.severity.value,
        "due_by": iso_or_null(seen.due_by),
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


def notice_row(notice: Notice) -> dict[str, Any]:
    """Return what a desk has to hear besides its alerts."""
    return {"at": iso(notice.at), "type": notice.type, "about": notice.about, "text": notice.text}


def notified_row(notification: Notification) -> dict[str, Any]:
    """Return who was told outside of an alert, and what came of it."""
    return {
        "way": notification.way.value,
        "escalated": notification.escalated.value,
        "delivery": notification.delivery.value,
        "attempts": notification.attempts,
        "delivered_at": iso_or_null(notification.delivered_at),
        "next_at": iso_or_null(notification.next_at),
        "why": notification.why or None,
    }


def release_row(release: Release) -> dict[str, Any]:
    """Return a release; its values are there at the agency that asked, while it may keep them."""
    return {
        "request_id": release.request_id,
        "conflict_id": release.conflict_id,
        "ours": release.ours,
        "partner": release.partner,
        "state": release.state.value,
        "purpose": release.purpose.value,
        "urgency": release.urgency.value,
        "asked": [field.value for field in release.asked],
        "reason": release.reason,
        "asked_at": iso(release.asked_at),
        "refusal": release.refusal,
        "fields": [field.value for field in release.fields],
        "values": [{"field": field.value, "value": value} for field, value in release.values],
        "tlp": release.tlp.value if release.tlp else None,
        "evidential_use": release.evidential_use.value if release.evidential_use else None,
        "answered_at": iso_or_null(release.answered_at),
        "keep_until": iso_or_null(release.keep_until),
        "unopened": release.unopened,
    }


def message_row(message: Message) -> dict[str, Any]:
    """Return a message."""
    return {
        "message_id": message.message_id,
        "conflict_id": message.conflict_id,
        "ours": message.ours,
        "who": message.who,
        "at": iso(message.at),
        "text": message.text,
        "refused": message.refused,
        "unopened": message.unopened,
    }


def lead_row(lead: Lead) -> dict[str, Any]:
    """Return who should lead, as both sides say. `we_lead` is null until they agree."""
    return {
        "conflict_id": lead.conflict_id,
        "ours": _proposal(lead.ours),
        "theirs": _proposal(lead.theirs),
        "we_lead": lead.we_lead,
    }


def _proposal(proposal: Proposal | None) -> dict[str, str] | None:
    return {"lead": proposal.lead.value, "basis": proposal.basis.value} if proposal else None


def referral_row(referral: Referral) -> dict[str, Any]:
    """Return a referral. `ours`: this agency is responsible."""
    return {
        "referral_id": referral.referral_id,
        "outgoing": referral.outgoing,
        "partner": referral.partner,
        "conflict_id": referral.conflict_id,
        "state": referral.state.value,
        "ours": referral.ours,
        "reason": referral.reason.value,
        "urgency": referral.urgency.value,
        "sent_at": iso(referral.sent_at),
        "respond_by": iso(referral.respond_by),
        "declined": referral.declined.value if referral.declined else None,
        "undelivered": referral.undelivered.value if referral.undelivered else None,
        "fields": [field.value for field in referral.fields],
        "values": [{"field": field.value, "value": value} for field, value in referral.values],
        "note": referral.note,
        "tlp": referral.tlp.value,
        "evidential_use": referral.evidential_use.value,
        "keep_until": iso(referral.keep_until),
        "unopened": referral.unopened,
    }


def outcome_row(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome."""
    stated = outcome.stated
    return {
        "outcome_id": outcome.outcome_id,
        "number": outcome.number,
        "outcome_type": stated.outcome_type.value,
        "children": stated.count,
        "count_rule": stated.count_rule.value,
        "measures": [measure.value for measure in stated.measures],
        "country": stated.country,
        "credit": [{"agency": credit.agency, "role": credit.role.value} for credit in stated.credit],
        "status": stated.status.value,
        "supersedes": stated.supersedes,
    }


def figure_row(figure: Figure) -> dict[str, Any]:
    """Return a figure that stands."""
    return {
        "outcome_type": figure.outcome_type,
        "count_rule": figure.count_rule,
        "status": figure.status,
        "children": figure.children,
    }


def check_row(check: WelfareCheck) -> dict[str, Any]:
    """Return a welfare check. `response_class` is null where only its end is known yet."""
    asked = check.requested
    return {
        "check_id": check.check_id,
        "number": check.number,
        "response_class": asked.response_class.value if asked else None,
        "children": asked.children if asked else None,
        "country": asked.country if asked else None,
        "self_harm_risk": asked.self_harm_risk.value if asked else None,
        "result": check.result.value if check.result else None,
    }


def iso(at: datetime) -> str:
    """Return a time in UTC with milliseconds and a Z."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_null(at: datetime | None) -> str | None:
    """Return a time as text, None for none."""
    return None if at is None else iso(at)
