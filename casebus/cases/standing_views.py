"""Everything that stands, side by side with something else that stands: what differs, in plain values. Pure.

Replay's steps, `ledger diff` and `replay --state` say with these what an event changed, or in what two states differ.
There is no identifier of a person to leak: records are opaque ids and digests.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from casebus.cases.alert import Alert
from casebus.cases.conflict import ConflictState, Side
from casebus.cases.conversation import Lead, Proposal
from casebus.cases.pair import Pair, Register
from casebus.cases.standing import StandingRecord, state_hash
from casebus.cases.standing_talk import StandingLead, StandingReferral
from casebus.events.enumerations import Agreement, IdentifierType

View = Mapping[str, object]
"""An entity as plain JSON values."""

RECORD, CONFLICT, ALERT, ANSWER, REFERRAL, LEAD = "record", "conflict", "alert", "answer", "referral", "lead"
_NOT_COVERED = frozenset({"ref", "version", "waits"})
"""Of a view: what the state hash does not cover, wherever it stands. `revision` counts too, but for a record."""


@dataclass(frozen=True, slots=True)
class Change:
    """One entity that became another. `what` is a record, conflict, alert, answer (one that waits for its alert), referral
    or lead.

    `agency` is whose it is, "hub" for a conflict. `before` is None for what was not there, `after` for what is gone.
    """

    what: str
    agency: str
    id: str
    before: View | None
    after: View | None

    def as_row(self) -> dict[str, object]:
        """Return the change as the command line prints it."""
        return {"what": self.what, "agency": self.agency, "id": self.id, "from": self.before, "to": self.after}


@dataclass(frozen=True, slots=True)
class Standing:
    """All that stands: records, alerts, referrals and leads by agency and id, conflicts by id."""

    records: Mapping[tuple[str, str], StandingRecord]
    pairs: Mapping[str, Pair]
    alerts: Mapping[tuple[str, str], Alert]
    referrals: Mapping[tuple[str, str], StandingReferral]
    leads: Mapping[tuple[str, str], StandingLead]

    @staticmethod
    def of(
        records: Iterable[StandingRecord],
        pairs: Iterable[Pair],
        alerts: Iterable[Alert],
        referrals: Iterable[StandingReferral],
        leads: Iterable[StandingLead],
    ) -> "Standing":
        """Gather what was read somewhere. Of a pair that was never told (revision 0) nothing is on the bus: it does not count."""
        return Standing(
            {(record.agency, record.record_id): record for record in records},
            {pair.conflict_id: pair for pair in pairs if pair.revision},
            {(alert.agency, alert.conflict_id): alert for alert in alerts},
            {(referral.agency, referral.referral_id): referral for referral in referrals},
            {(each.agency, each.lead.conflict_id): each for each in leads},
        )

    def hash(self) -> str:
        """Return the state hash."""
        talk = (self.referrals.values(), self.leads.values())
        return state_hash(self.records.values(), self.pairs.values(), self.alerts.values(), *talk)

    def counts(self) -> dict[str, object]:
        """Return how much stands, by kind and state."""
        return {
            "records": _tally(record.kind for record in self.records.values()),
            "open_records": sum(record.open for record in self.records.values()),
            "conflicts": sum(pair.finding is not None for pair in self.pairs.values()),
            "retracted_conflicts": sum(pair.finding is None for pair in self.pairs.values()),
            "alerts": _by_agency((alert.agency, alert.state.value) for alert in self.alerts.values()),
            "referrals": _by_agency((each.agency, each.state.value) for each in self.referrals.values()),
            "leads": len(self.leads),
        }


def differences(one: Standing, other: Standing, *, covered: bool) -> Iterator[Change]:
    """Return what is different in the other, sorted. `covered`: only as far as the state hash tells the two apart, and
    checks and the ids of referrals, which it leaves out.
    """
    yield from _compared(RECORD, _records(one), _records(other), covered)
    yield from _compared(CONFLICT, _pairs(one, covered), _pairs(other, covered), covered)
    yield from _compared(ALERT, _alerts(one, covered), _alerts(other, covered), covered)
    yield from _compared(REFERRAL, _referrals(one), _referrals(other), covered)
    yield from _compared(LEAD, _leads(one), _leads(other), covered)


Views = Mapping[tuple[str, str], View]


def _records(standing: Standing) -> Views:
    return {key: record_view(record) for key, record in standing.records.items()}


def _pairs(standing: Standing, covered: bool) -> Views:
    pairs = standing.pairs.values()
    return {("hub", pair.conflict_id): conflict_view(pair) for pair in pairs if pair.finding or not covered}


def _alerts(standing: Standing, covered: bool) -> Views:
    return {
        key: alert_view(alert)
        for key, alert in standing.alerts.items()
        if not covered or alert.state is not ConflictState.retracted
    }


def _referrals(standing: Standing) -> Views:
    return {key: referral_view(referral) for key, referral in standing.referrals.items()}


def _leads(standing: Standing) -> Views:
    return {key: lead_view(each.lead) for key, each in standing.leads.items()}


def _compared(what: str, one: Views, other: Views, covered: bool) -> Iterator[Change]:
    for key in sorted(one.keys() | other.keys()):
        before, after = one.get(key), other.get(key)
        if covered:
            before, after = _covered(what, before), _covered(what, after)
        if before != after:
            yield Change(what, *key, before, after)


def _covered(what: str, view: View | None) -> View | None:
    if view is None:
        return None
    left_out = _NOT_COVERED if what == RECORD else _NOT_COVERED | {"revision"}
    return {name: value for name, value in view.items() if name not in left_out}


def record_view(record: StandingRecord) -> View:
    """Return an own record in plain values."""
    return {"kind": record.kind, "revision": record.revision, "open": record.open, "digest": record.digest}


def conflict_view(pair: Pair) -> View:
    """Return a conflict in plain values. What agrees in one that officers keep apart is not among them: it is told no
    more, and what was told last depends on what was read first.
    """
    finding = pair.finding if not pair.is_apart else None
    state = "apart" if pair.is_apart else "found"
    return {
        "state": state if pair.finding else "retracted",
        "revision": pair.revision,
        "overlap": pair.finding.overlap.value if pair.finding else None,
        "severity": finding.severity.value if finding else None,
        "band": finding.band.value if finding else None,
        "parties": [f"{party.agency} {party.kind.value} {party.record_id}" for party in pair.parties],
        "matched": [_matched_words(*each) for each in finding.matched] if finding else [],
    }


def _matched_words(first: IdentifierType, second: IdentifierType, agreement: Agreement) -> str:
    kinds = first.value if first is second else f"{first.value}/{second.value}"
    return f"{kinds} {agreement.value}"


def alert_view(alert: Alert) -> View:
    """Return an alert in plain values; of one whose pair is kept apart, severity and band are not among them."""
    return {
        "ref": alert.ref,
        "state": alert.state.value,
        "revision": alert.revision,
        "version": alert.version,
        "own": alert.own_id,
        "overlap": alert.overlap.value,
        "severity": None if alert.is_apart else alert.severity.value,
        "band": None if alert.is_apart else alert.band.value,
        "ours": side_words(alert.ours),
        "theirs": side_words(alert.theirs),
    }


def answer_view(register: Register, *, waits: bool) -> View:
    """Return what one side published, in plain values. `waits`: its alert is not known yet, or asks for more by now."""
    ours = register.said.side(frozenset())
    return {"ours": side_words(ours), "revision": register.answers, "waits": waits}


def referral_view(referral: StandingReferral) -> View:
    """Return a referral in plain values, without its package."""
    return {
        "outgoing": referral.outgoing,
        "partner": referral.partner,
        "conflict": referral.conflict_id,
        "reason": referral.reason,
        "urgency": referral.urgency,
        "state": referral.state.value,
        "responsible": referral.ours,
    }


def lead_view(lead: Lead) -> View:
    """Return who should lead, by what each side proposed."""
    return {"ours": _proposal_words(lead.ours), "theirs": _proposal_words(lead.theirs)}


def _proposal_words(proposal: Proposal | None) -> str | None:
    return f"{proposal.lead.value}: {proposal.basis.value}" if proposal else None


def side_words(side: Side) -> str:
    """Return a side in one text: `resolved: JOINT_INVESTIGATION`."""
    return side.state.value if side.outcome is None else f"{side.state.value}: {side.outcome.value}"


def _tally(kinds: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for kind in sorted(kinds):
        found[kind] = found.get(kind, 0) + 1
    return found


def _by_agency(stands: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    states: dict[str, list[str]] = {}
    for agency, state in stands:
        states.setdefault(agency, []).append(state)
    return {agency: _tally(states[agency]) for agency in sorted(states)}
