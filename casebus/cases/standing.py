"""Where everything stands, as one hash: the same for two runs that reached the same end, however they got there.

It covers tips, cases, conflicts, side states and outcomes, sorted. It leaves out times of ours, positions, access
records, and what depends on the order in which topics were read (rarity, score, the number of revisions; a pair that
was found and retracted stands like one that never was).
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from casebus.cases.alert import Alert
from casebus.cases.conflict import ConflictState
from casebus.cases.pair import Pair


@dataclass(frozen=True, slots=True, order=True)
class StandingRecord:
    """A tip, case, welfare check or outcome as its agency has it."""

    agency: str
    kind: str
    record_id: str
    revision: int
    digest: str
    open: bool


def state_hash(records: Iterable[StandingRecord], pairs: Iterable[Pair], alerts: Iterable[Alert]) -> str:
    """Return SHA-256 in hex over the canonical form of the whole."""
    whole = {
        "records": sorted([r.agency, r.kind, r.record_id, r.revision, r.digest, r.open] for r in records),
        "conflicts": sorted(_pair(pair) for pair in pairs if pair.finding is not None),
        "sides": sorted(_alert(alert) for alert in alerts if alert.state is not ConflictState.retracted),
    }
    return hashlib.sha256(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _pair(pair: Pair) -> list[object]:
    finding = pair.finding
    assert finding is not None, "bug: a retracted pair has no standing"
    parties = [[party.agency, party.kind.value, party.record_id] for party in pair.parties]
    kinds = [[kind.value, agreement.value] for kind, agreement in finding.matched]
    return [pair.conflict_id, finding.overlap.value, finding.severity.value, parties, kinds]


def _alert(alert: Alert) -> list[object]:
    sides = [[side.state.value, side.outcome.value if side.outcome else ""] for side in (alert.ours, alert.theirs)]
    return [alert.agency, alert.conflict_id, alert.own_id, alert.overlap.value, alert.severity.value, *sides]
