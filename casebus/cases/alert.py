"""An alert: what a desk works on. One agency's own view of one conflict."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from casebus.cases.conflict import (
    RESPOND_WITHIN_S,
    ConflictState,
    Said,
    Side,
    SideState,
    conflict_state,
    judged_apart,
    not_judged,
)
from casebus.errors import Conflict
from casebus.events.enumerations import (
    Band,
    ConflictOutcome,
    IdentifierType,
    Overlap,
    RecordKind,
    RetractReason,
    Severity,
    Strength,
)
from casebus.events.types import Contact, DeconflictionHit, Evidence, MatchedKind
from casebus.state import Concept


@dataclass(frozen=True, slots=True)
class Alert:
    """What the agency was told, and the two registers. `version` counts every change, for stale writes.

    `raised_at` is the append time of the hub's first record of this conflict, or of the last one of which an answer
    was asked for anew: another risk to a child, new evidence, a weak match that became an alert, one that was retracted
    and is found again. `revision` is the last
    that was told.
    """

    conflict_id: str
    ref: str
    agency: str
    revision: int
    version: int
    overlap: Overlap
    severity: Severity
    risk_id: str | None
    band: Band
    own_kind: RecordKind
    own_id: str
    also_own_id: str | None
    partner: str | None
    contact: Contact
    matched: tuple[MatchedKind, ...]
    suppressed: tuple[IdentifierType, ...]
    evidence: tuple[Evidence, ...]
    strength: Strength
    score: float
    detector: str
    raised_at: datetime
    we_said: Said
    they_said: Said
    retracted: RetractReason | None

    @property
    def shown(self) -> frozenset[str]:
        """What an answer is given on: the ids of the evidence, and of the risk to a child if there is one."""
        return frozenset((*self._evidence_ids, *([self.risk_id] if self.risk_id else ())))

    @property
    def ours(self) -> Side:
        """Where this side stands on what is asked of it now."""
        return self.we_said.side(self.asked)

    @property
    def theirs(self) -> Side:
        """Where the partner stands on what is asked of it now."""
        return self.they_said.side(self.asked)

    @property
    def new_evidence(self) -> tuple[IdentifierType, ...]:
        """The kinds of what agrees and was not judged, though one side says "different person"."""
        new = not_judged(self._evidence_ids, self._sides)
        return tuple(sorted({each.kind for each in self.evidence if each.evidence_id in new}))

    @property
    def is_apart(self) -> bool:
        """Tell whether a side says "different person" of all that agrees: nothing is asked until there is more."""
        judged = judged_apart(self._sides)
        return judged is not None and self.risk_id is None and set(self._evidence_ids) <= judged

    @property
    def asked(self) -> frozenset[str]:
        """What an answer must have been given on to count now."""
        new = not_judged(self._evidence_ids, self._sides)
        return new if self.risk_id is None else new | {self.risk_id}

    @property
    def _evidence_ids(self) -> tuple[str, ...]:
        return tuple(each.evidence_id for each in self.evidence)

    @property
    def _sides(self) -> tuple[Said, Said]:
        return self.we_said, self.they_said

    @property
    def state(self) -> ConflictState:
        """Where the conflict stands."""
        return conflict_state(self.ours, self.theirs, retracted=self.retracted is not None)

    @property
    def respond_by(self) -> datetime | None:
        """When an answer is due; None for a weak match, which asks for none."""
        if self.band is Band.review:
            return None
        return self.raised_at + timedelta(seconds=RESPOND_WITHIN_S[self.severity])

    @property
    def is_notice(self) -> bool:
        """Tell whether it only informs: the same report at both, or two records of this agency alone."""
        return self.overlap is Overlap.same_source_report or self.partner == self.agency

    @property
    def waits(self) -> bool:
        """Tell whether an outcome of this side is still to come: something is asked, and it has proposed none."""
        asks = self.band is Band.alert and self.retracted is None and not self.is_apart
        return asks and not self.is_notice and self.ours.outcome is None


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """What an officer of this desk answered to an alert of this band, and when by this node's clock; `outcome` is None
    where it was acknowledged. For the desk's own reading: what counts is what the alert holds.
    """

    answer_id: str
    conflict_id: str
    actor: str
    at: datetime
    band: Band
    outcome: ConflictOutcome | None


OWN_ANSWERS: Concept[OwnAnswer] = Concept(
    "own_answers", OwnAnswer, lambda answer: answer.answer_id, {"conflict": lambda answer: answer.conflict_id}
)


_RESTED_ON = {
    RetractReason.CORRECTED: "an identifier that was corrected",
    RetractReason.WITHDRAWN: "a record that one side has taken back",
    RetractReason.COMMON_IDENTIFIER: "an identifier that turned out to be common",
    RetractReason.EXPLAINED_ELSEWHERE: "a likeness that two people may share: each of the two records has a surer match of its own",
}


def mistake_words(alert: Alert, answers: Sequence[OwnAnswer]) -> str | None:
    """Return what a desk must hear that answered an alert, and may have acted on it, when it stands no more as it did:
    what it rested on was wrong, taken back or common, or it is a weak match since. None for a case that was closed, which is
    the usual end, and where nobody answered.
    """
    if not answers:
        return None
    last = max(answers, key=lambda answer: (answer.at, answer.answer_id))
    did = "acknowledged it" if last.outcome is None else f"resolved it ({last.outcome.value})"
    acted = f"you {did} on {last.at:%Y-%m-%d %H:%M} UTC"
    if alert.retracted in _RESTED_ON:
        return f"{acted}: it rested on {_RESTED_ON[alert.retracted]}"
    if alert.retracted is None and (last.band, alert.band) == (Band.alert, Band.review):
        return f"{acted}: it is only a weak match by what agrees now"
    return None


ALERTS: Concept[Alert] = Concept(
    "alerts",
    Alert,
    lambda alert: alert.conflict_id,
    {
        "ref": lambda alert: alert.ref,
        "own": lambda alert: alert.own_id,
        "also_own": lambda alert: alert.also_own_id,
        "waits": lambda alert: "yes" if alert.waits else None,
    },
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
    alert = Alert(
        conflict_id=hit.conflict_id,
        ref=ref_of(agency, hit.conflict_id),
        agency=agency,
        revision=hit.revision,
        version=before.version + 1 if before else 1,
        overlap=hit.overlap,
        severity=hit.severity,
        risk_id=hit.risk_id,
        band=hit.band,
        own_kind=hit.own_kind,
        own_id=hit.own_id,
        also_own_id=hit.also_own_id,
        partner=hit.partner,
        contact=hit.contact,
        matched=hit.matched,
        suppressed=hit.suppressed,
        evidence=hit.evidence,
        strength=hit.strength,
        score=hit.score,
        detector=hit.detector,
        raised_at=before.raised_at if before else appended_at,
        we_said=before.we_said if before else Said(),
        they_said=before.they_said if before else Said(),
        retracted=None,
    )
    return replace(alert, raised_at=appended_at) if before and _asks_anew(alert, before) else alert


def _asks_anew(alert: Alert, before: Alert) -> bool:
    """Tell whether a revision asks for an answer that nobody can have given yet, or whose time ran while nothing was asked."""
    stands_again = before.retracted is not None
    risen = before.band is Band.review and alert.band is Band.alert
    return stands_again or risen or not alert.asked <= before.shown


def retract(alert: Alert, revision: int, reason: RetractReason) -> Alert:
    """Return the alert after the match was retracted. What the sides did stays on record."""
    if alert.revision >= revision:
        return alert
    return replace(alert, revision=revision, version=alert.version + 1, retracted=reason)


def with_theirs(alert: Alert, they_said: Said) -> Alert:
    """Return the alert after the partner's register changed."""
    return alert if alert.they_said == they_said else replace(alert, they_said=they_said, version=alert.version + 1)


def acknowledge(alert: Alert) -> Alert:
    """Return the alert after this desk took it up; the same alert when it has. Raises `Conflict`."""
    refuse_undecidable(alert)
    if alert.ours.state is not SideState.new:
        return alert
    return _answered(alert, alert.we_said.acknowledged(alert.shown))


def resolve(alert: Alert, outcome: ConflictOutcome) -> Alert:
    """Return the alert after this desk proposed an outcome; the same alert when it has, on the same evidence.

    Raises `Conflict`.
    """
    refuse_undecidable(alert)
    return _answered(alert, alert.we_said.resolved(outcome, alert.shown))


def _answered(alert: Alert, we_said: Said) -> Alert:
    return alert if we_said == alert.we_said else replace(alert, we_said=we_said, version=alert.version + 1)


def reopen(alert: Alert) -> Alert:
    """Return the alert after this desk took its own outcome back. Raises `Conflict` where it has proposed none."""
    refuse_undecidable(alert)
    if alert.we_said.outcome is None:
        raise Conflict(
            f"alert {alert.ref} is not resolved by this desk: there is nothing to reopen",
            next_step=f"`casebus alerts show {alert.ref}` says where both sides stand.",
        )
    return _answered(alert, alert.we_said.taken_back(alert.shown))


def refuse_undecidable(alert: Alert) -> None:
    """Raise `Conflict` where there is nothing to decide: a notice, or a match that was retracted."""
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
