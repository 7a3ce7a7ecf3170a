"""An alert: what a desk works on. One agency's own view of one conflict."""

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from casebus.cases.conflict import RESPOND_WITHIN_S, ConflictState, Side, conflict_state
from casebus.errors import Conflict
from casebus.events.enumerations import (
    ConflictOutcome,
    IdentifierType,
    Overlap,
    RecordKind,
    RetractReason,
    Severity,
    Strength,
)
from casebus.events.types import Contact, DeconflictionHit, MatchedKind
from casebus.state import Concept


@dataclass(frozen=True, slots=True)
class Alert:
    """What the agency was told, and the two registers. `version` counts every change, for stale writes.

    `raised_at` is the append time of the hub's first record of this conflict, or of the one that made it immediate;
    `revision` the last that was told. Answers to a revision before `answered_from` no longer count.
    """

    conflict_id: str
    ref: str
    agency: str
    revision: int
    version: int
    overlap: Overlap
    severity: Severity
    own_kind: RecordKind
    own_id: str
    also_own_id: str | None
    partner: str | None
    contact: Contact
    matched: tuple[MatchedKind, ...]
    suppressed: tuple[IdentifierType, ...]
    strength: Strength
    score: float
    detector: str
    raised_at: datetime
    ours: Side
    theirs: Side
    answered_from: int
    retracted: RetractReason | None

    @property
    def state(self) -> ConflictState:
        """Where the conflict stands."""
        return conflict_state(self.ours, self.theirs, retracted=self.retracted is not None)

    @property
    def respond_by(self) -> datetime:
        """When an answer is due."""
        return self.raised_at + timedelta(seconds=RESPOND_WITHIN_S[self.severity])

    @property
    def is_notice(self) -> bool:
        """Tell whether it only informs: the same report at both, or two records of this agency alone."""
        return self.overlap is Overlap.same_source_report or self.partner == self.agency


ALERTS: Concept[Alert] = Concept("alerts", Alert, lambda alert: alert.conflict_id, {"ref": lambda alert: alert.ref})


@dataclass(frozen=True, slots=True)
class DeskNote:
    """What an officer noted beside a decision. Clear data: it never leaves the node."""

    note_id: str
    conflict_id: str
    version: int
    actor: str
    text: str


DESK_NOTES: Concept[DeskNote] = Concept(
    "desk_notes",
    DeskNote,
    lambda note: note.note_id,
    {"conflict": lambda note: note.conflict_id},
)


def ref_of(agency: str, conflict_id: str) -> str:
    """Return the short reference that people say to each other; the two sides have different ones."""
    digest = hashlib.sha256(f"{agency}\n{conflict_id}".encode()).digest()
    letters = "".join(part[0] for part in agency.upper().split("-") if part)
    return f"{letters}-{base64.b32encode(digest)[:7].decode()}"


def told(agency: str, hit: DeconflictionHit, before: Alert | None, appended_at: datetime) -> Alert:
    """Return the alert after a hit or a later revision of it. An older revision than the known one changes nothing."""
    if before is not None and before.revision >= hit.revision:
        return before
    if before is not None and hit.severity is Severity.immediate and before.severity is not Severity.immediate:
        # What was decided before a child was at immediate risk decides nothing now: both sides answer anew.
        before = replace(before, ours=Side(), theirs=Side(), answered_from=hit.revision, raised_at=appended_at)
    return Alert(
        conflict_id=hit.conflict_id,
        ref=ref_of(agency, hit.conflict_id),
        agency=agency,
        revision=hit.revision,
        version=before.version + 1 if before else 1,
        overlap=hit.overlap,
        severity=hit.severity,
        own_kind=hit.own_kind,
        own_id=hit.own_id,
        also_own_id=hit.also_own_id,
        partner=hit.partner,
        contact=hit.contact,
        matched=hit.matched,
        suppressed=hit.suppressed,
        strength=hit.strength,
        score=hit.score,
        detector=hit.detector,
        raised_at=before.raised_at if before else appended_at,
        ours=before.ours if before else Side(),
        theirs=before.theirs if before else Side(),
        answered_from=before.answered_from if before else hit.revision,
        retracted=None,
    )


def retract(alert: Alert, revision: int, reason: RetractReason) -> Alert:
    """Return the alert after the match was retracted. What the sides did stays on record."""
    if alert.revision >= revision:
        return alert
    return replace(alert, revision=revision, version=alert.version + 1, retracted=reason)


def with_theirs(alert: Alert, theirs: Side, answers: int) -> Alert:
    """Return the alert after the partner's register changed; `answers` is the revision that the partner had before it."""
    if answers < alert.answered_from:
        return alert
    return alert if alert.theirs == theirs else replace(alert, theirs=theirs, version=alert.version + 1)


def acknowledge(alert: Alert) -> Alert:
    """Return the alert after this desk took it up; the same alert when it has. Raises `Conflict`."""
    _refuse_undecidable(alert)
    ours = alert.ours.acknowledged()
    return alert if ours == alert.ours else replace(alert, ours=ours, version=alert.version + 1)


def resolve(alert: Alert, outcome: ConflictOutcome) -> Alert:
    """Return the alert after this desk proposed an outcome; the same alert when it has. Raises `Conflict`."""
    _refuse_undecidable(alert)
    ours = alert.ours.resolved(outcome)
    return alert if ours == alert.ours else replace(alert, ours=ours, version=alert.version + 1)


def refuse_stale(alert: Alert, version: int | None) -> None:
    """Raise `Conflict` when the officer decided on an older state of the alert than the present one."""
    if version is not None and version != alert.version:
        raise Conflict(
            f"alert {alert.ref} has changed since version {version}: it is now at version {alert.version}",
            next_step=f"read it again with `casebus alerts show {alert.ref}`, then decide.",
        )


def _refuse_undecidable(alert: Alert) -> None:
    if alert.is_notice:
        raise Conflict(
            f"alert {alert.ref} is a notice: there is nothing to decide, it only informs",
            next_step="`casebus alerts list` without --notices shows what waits for a decision.",
        )
    if alert.retracted is not None:
        raise Conflict(
            f"alert {alert.ref} was retracted ({alert.retracted.value}): there is nothing left to decide",
            next_step=f"`casebus alerts show {alert.ref}` says why.",
        )
