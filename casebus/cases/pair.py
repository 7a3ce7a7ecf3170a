"""A pair: what the hub holds of two records that it compared, and the register of each side.

A conflict's id derives from the two records' opaque ids, so the same pair has one id whichever came first.
More evidence is a revision, not a second alert. What is kept of a match here leaves out rarity and score: they depend on what else
the hub has seen, so two hubs that read topics in another order would differ in them and in nothing else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from casebus.cases.conflict import Answer, Said, answered
from casebus.cases.holding import Holding
from casebus.events.enumerations import Agreement, Band, IdentifierType, Overlap, Severity
from casebus.events.types import MAX_EVIDENCE, DataCombined, Evidence, MatchParty
from casebus.matching.held import HeldToken, Match
from casebus.state import Concept
from casebus.wire.ids import content_id


@dataclass(frozen=True, slots=True)
class Finding:
    """The part of a match whose change makes a new revision. `risk_id` as in `DataCombined`; of each kind that agrees, the
    first party's name for it and the second's.
    """

    overlap: Overlap
    severity: Severity
    risk_id: str | None
    band: Band
    matched: tuple[tuple[IdentifierType, IdentifierType, Agreement], ...]
    suppressed: tuple[IdentifierType, ...]
    evidence: tuple[Evidence, ...]
    evidence_second: tuple[Evidence, ...]

    @staticmethod
    def of(match: Match, conflict_id: str, risk_id: str | None, names: Mapping[HeldToken, HeldToken]) -> "Finding":
        """Return the finding of a match. `names` as in `evidence_of`."""
        kinds = tuple(sorted((agreed.kind, agreed.other_kind, agreed.agreement) for agreed in match.matched))
        first, second = evidence_of(match, conflict_id, names)
        suppressed = tuple(sorted(match.suppressed))
        return Finding(match.overlap, match.severity, risk_id, match.band, kinds, suppressed, first, second)

    @staticmethod
    def told(combined: DataCombined) -> "Finding":
        """Return the finding that was published."""
        told = zip(combined.matched, combined.matched_second, strict=True)
        kinds = tuple(sorted((first.kind, second.kind, first.agreement) for first, second in told))
        return Finding(
            combined.overlap,
            combined.severity,
            combined.risk_id,
            combined.band,
            kinds,
            tuple(sorted(combined.suppressed)),
            combined.evidence,
            combined.evidence_second,
        )

    @property
    def evidence_ids(self) -> frozenset[str]:
        """The opaque ids of what agrees."""
        return frozenset(each.evidence_id for each in self.evidence)


def evidence_of(
    match: Match, conflict_id: str, names: Mapping[HeldToken, HeldToken]
) -> tuple[tuple[Evidence, ...], tuple[Evidence, ...]]:
    """Return what agrees as opaque ids, as each side is told: bound to the conflict, so that they link nothing across
    conflicts; sorted.

    A value keeps its id under another token key: the id is of its first token, where `names` has one for it.
    """
    named = [(names.get(each.token, each.token), each.kind, each.other_kind) for each in match.evidence]
    found = sorted({(content_id("evidence", conflict_id, *token), kind, other) for token, kind, other in named})[
        :MAX_EVIDENCE
    ]
    first = tuple([Evidence(evidence_id=evidence_id, kind=kind) for evidence_id, kind, _ in found])
    if all(kind is other_kind for _, kind, other_kind in found):
        return first, first
    return first, tuple([Evidence(evidence_id=evidence_id, kind=kind) for evidence_id, _, kind in found])


def risk_id_of(conflict_id: str, severity: Severity, holdings: Iterable[Holding]) -> str | None:
    """Return what names the risk to a child on either side, None where the match is not immediate. It changes with each
    record that comes to say so, and for each time that it does: nobody has answered that yet.
    """
    if severity is not Severity.immediate:
        return None
    sources = (
        f"{holding.record.record_id}:{holding.risk_since}"
        for holding in holdings
        if holding.risk_since is not None and not holding.record.backlog
    )
    return content_id("risk", conflict_id, *sorted(sources))


class Verdict(StrEnum):
    """What the officers of both sides say of whether a pair is one person, as far as it was shown to them."""

    undecided = "undecided"
    same = "same"
    different = "different"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that were found to match at least once. `finding` is what was told last, None while the match is
    retracted or was never told (`revision` 0).

    `aside` is what is found and not told, because it is explained elsewhere. `explains`: the two records are each other's
    counterpart (`may_explain`). It is no part of what stands: by itself a change of it tells nobody anything.
    """

    conflict_id: str
    record_ids: tuple[str, str]
    revision: int
    parties: tuple[MatchParty, MatchParty]
    finding: Finding | None
    verdict: Verdict = Verdict.undecided
    aside: Finding | None = None
    explains: bool = False

    def set_aside(self) -> "Pair":
        """Return the pair with what was found of it set aside."""
        return replace(self, finding=None, aside=self.finding)

    def other(self, record_id: str) -> MatchParty:
        """Return the side that is not this record's."""
        first, second = self.parties
        return second if first.record_id == record_id else first

    @property
    def is_apart(self) -> bool:
        """Tell whether nothing more is told of it: officers say "different person" of all that agrees, and no child is
        at immediate risk.
        """
        return self.finding is not None and self.verdict is Verdict.different and self.finding.risk_id is None

    @property
    def stands(self) -> object:
        """What two hubs that read the same topics agree upon at the end. A change of it is told; of a pair that is
        apart, only a change of what decides who is told of it at all.
        """
        if self.finding is None:
            return None
        if self.is_apart:
            return self.finding.overlap, tuple(party.pointer for party in self.parties)
        return self.finding, self.parties


PAIRS: Concept[Pair] = Concept(
    "pairs",
    Pair,
    lambda pair: pair.conflict_id,
    {"first": lambda pair: pair.record_ids[0], "second": lambda pair: pair.record_ids[1]},
)


def conflict_id_of(a: str, b: str) -> str:
    """Return the id of the conflict of two records, whichever is named first."""
    first, second = sorted((a, b))
    return content_id("conflict", first, second)


@dataclass(frozen=True, slots=True)
class Told:
    """What delivery knows of a conflict: its parties, which agencies were ever told of it, the last revision it read."""

    conflict_id: str
    parties: tuple[MatchParty, MatchParty]
    agencies: tuple[str, ...]
    revision: int


TOLD: Concept[Told] = Concept("told", Told, lambda told: told.conflict_id)


@dataclass(frozen=True, slots=True)
class Register:
    """One side's register, as it was read from that side's topic. `revision` counts its changes, `answers` is the
    revision of the match that the side had before it.
    """

    conflict_id: str
    agency: str
    said: Said
    revision: int
    answers: int


REGISTERS: Concept[Register] = Concept(
    "registers",
    Register,
    lambda register: f"{register.conflict_id}|{register.agency}",
    {"conflict": lambda register: register.conflict_id},
)


def registered(before: Register | None, agency: str, answer: Answer) -> Register | None:
    """Return a side's register after what it published; the same one (None: none yet) where that changes nothing."""
    said = before.said if before else Said()
    after = answered(said, answer)
    if after == said:
        return before
    count = before.revision + 1 if before else 1
    return Register(answer.conflict_id, agency, after, count, answer.revision)
