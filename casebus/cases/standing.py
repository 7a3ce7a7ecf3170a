"""Where everything stands, as one hash: the same for two runs that reached the same end, however they got there.

It covers tips, cases, conflicts, side states, outcomes, referrals and who leads, sorted. It leaves out times of ours, positions, access
records, and what depends on the order in which topics were read (rarity, score, the number of revisions; a pair that
was found and retracted stands like one that never was). Of a pair that officers keep apart it covers that they do, not
what was found of it: no more of that is told, so what was told last is a matter of what was read first. Nor does it
cover checks before acting: an officer's question has an id that is drawn, so one story told twice has two. Of a referral
it leaves out the id for the same reason: what each agency asked of whom about what counts, and where that stands.

What it covers is on the bus, so that whoever reads all of it can rebuild it (`casebus.cases.replay`).
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from casebus.cases.alert import Alert
from casebus.cases.conflict import ConflictState
from casebus.cases.conversation import Proposal
from casebus.cases.pair import Pair
from casebus.cases.standing_talk import StandingLead, StandingReferral
from casebus.events.types import (
    CaseClosed,
    CaseOpened,
    ChildSafeguarded,
    DeconflictionRequested,
    IdentifierCorrected,
    Payload,
    TipAmended,
    TipReceived,
    TipWithdrawn,
    WelfareCheckCompleted,
    WelfareCheckRequested,
)

CHECK = "check"


@dataclass(frozen=True, slots=True, order=True)
class StandingRecord:
    """A tip, case, check, welfare check or outcome as its agency published it: what its events, in order, make of it.

    `digest` is over the content that stands, what was corrected in it since, and its end. A tip that was withdrawn
    stands without its content: it was taken back, whichever of the two documents came first. `stated` is False for one
    that ended before any content of it was published; the hash needs it not, what follows does.
    """

    agency: str
    kind: str
    record_id: str
    revision: int
    digest: str
    open: bool
    stated: bool = True


def standing_after(before: StandingRecord | None, agency: str, payload: Payload) -> StandingRecord | None:
    """Return a record as it stands after an event about it; `before` itself where the event changes nothing.

    None for an event that is about no own record, and for one that corrects a record that was never published. The
    node asks while it drafts, and replay while it reads: that is why the two agree.
    """
    match payload:
        case TipReceived():
            return _stated(before, agency, "tip", payload.tip_id, 1, payload)
        case TipAmended():
            return _stated(before, agency, "tip", payload.tip_id, payload.revision, payload)
        case CaseOpened():
            return _stated(before, agency, "case", payload.case_id, payload.revision, payload)
        case DeconflictionRequested():
            asked = _stated(before, agency, CHECK, payload.check_id, payload.revision, payload)
            return asked if asked is before else replace(asked, open=payload.watch)
        case WelfareCheckRequested():
            return _requested(before, agency, payload)
        case ChildSafeguarded():
            revision = before.revision + 1 if before else 1
            return _stated(before, agency, "outcome", payload.outcome_id, revision, payload)
        case TipWithdrawn():
            gone = _ended(before, agency, "tip", payload.tip_id, payload)
            return replace(gone, digest=payload_digest(payload))
        case CaseClosed():
            return _ended(before, agency, "case", payload.case_id, payload)
        case WelfareCheckCompleted():
            return _ended(before, agency, "welfare_check", payload.check_id, payload)
        case IdentifierCorrected():
            return replace(before, digest=_chained(before.digest, payload)) if before else None
        case _:
            return None


def record_of(payload: Payload) -> str | None:
    """Return the id of the own record that an event is about, None for an event about none."""
    for model, field in _RECORD_FIELDS:
        if isinstance(payload, model):
            return str(getattr(payload, field))
    return None


_RECORD_FIELDS: tuple[tuple[type[Payload], str], ...] = (
    (TipReceived, "tip_id"),
    (TipAmended, "tip_id"),
    (TipWithdrawn, "tip_id"),
    (CaseOpened, "case_id"),
    (CaseClosed, "case_id"),
    (DeconflictionRequested, "check_id"),
    (WelfareCheckRequested, "check_id"),
    (WelfareCheckCompleted, "check_id"),
    (ChildSafeguarded, "outcome_id"),
    (IdentifierCorrected, "record_id"),
)


def _stated(
    before: StandingRecord | None, agency: str, kind: str, record_id: str, revision: int, payload: Payload
) -> StandingRecord:
    """Return the record with new content, open; an older revision than the known one changes nothing."""
    if before is not None and before.revision >= revision:
        return before
    return StandingRecord(agency, kind, record_id, revision, payload_digest(payload), open=True)


def _requested(before: StandingRecord | None, agency: str, payload: WelfareCheckRequested) -> StandingRecord:
    stated = _stated(before, agency, "welfare_check", payload.check_id, payload.revision, payload)
    if before is None or stated is before or before.stated:
        return stated
    # The check was completed before its request arrived: on record all the same, but it waits for nothing.
    return replace(stated, digest=_chained(before.digest, payload), open=False)


def _ended(before: StandingRecord | None, agency: str, kind: str, record_id: str, payload: Payload) -> StandingRecord:
    if before is None:  # its content counts as revision 1, if it ever arrives
        return StandingRecord(agency, kind, record_id, 2, payload_digest(payload), open=False, stated=False)
    return replace(before, revision=before.revision + 1, digest=_chained(before.digest, payload), open=False)


def _chained(digest: str, payload: Payload) -> str:
    return hashlib.sha256(f"{digest}\n{payload_digest(payload)}".encode()).hexdigest()


def payload_digest(payload: Payload) -> str:
    """Return SHA-256 in hex over what a payload says; the same before it is written and after it is read.

    Fields at their default are left out, so that a field which a later version of the schema adds changes nothing.
    """
    said = payload.model_dump(mode="json", exclude_defaults=True)
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{type(payload).__name__}\n{text}".encode()).hexdigest()


def state_hash(
    records: Iterable[StandingRecord],
    pairs: Iterable[Pair],
    alerts: Iterable[Alert],
    referrals: Iterable[StandingReferral],
    leads: Iterable[StandingLead],
) -> str:
    """Return SHA-256 in hex over the canonical form of the whole."""
    whole = {
        "records": sorted(
            [r.agency, r.kind, r.record_id, r.revision, r.digest, r.open] for r in records if r.kind != CHECK
        ),
        "conflicts": sorted(_pair(pair) for pair in pairs if pair.finding is not None),
        "sides": sorted(_alert(alert) for alert in alerts if alert.state is not ConflictState.retracted),
        "referrals": sorted(_referral(referral) for referral in referrals),
        "leads": sorted(_lead(each) for each in leads),
    }
    return hashlib.sha256(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _pair(pair: Pair) -> list[object]:
    finding = pair.finding
    assert finding is not None, "bug: a retracted pair has no standing"
    parties = [[party.agency, party.kind.value, party.record_id] for party in pair.parties]
    if pair.is_apart:
        return [pair.conflict_id, finding.overlap.value, "", "", parties, []]
    kinds = [[first.value, second.value, agreement.value] for first, second, agreement in finding.matched]
    return [pair.conflict_id, finding.overlap.value, finding.severity.value, finding.band.value, parties, kinds]


def _alert(alert: Alert) -> list[object]:
    sides = [[side.state.value, side.outcome.value if side.outcome else ""] for side in (alert.ours, alert.theirs)]
    asks = ["", ""] if alert.is_apart else [alert.severity.value, alert.band.value]
    return [alert.agency, alert.conflict_id, alert.own_id, alert.overlap.value, *asks, *sides]


def _referral(referral: StandingReferral) -> list[object]:
    said = [referral.reason, referral.urgency, referral.state.value, referral.ours]
    ids = [referral.agency, referral.partner, referral.conflict_id or ""]
    return [*ids, referral.outgoing, *said]


def _lead(each: StandingLead) -> list[object]:
    return [each.agency, each.lead.conflict_id, *_proposal(each.lead.ours), *_proposal(each.lead.theirs)]


def _proposal(proposal: Proposal | None) -> list[str]:
    return [proposal.lead.value, proposal.basis.value] if proposal else ["", ""]
