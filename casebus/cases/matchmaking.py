"""What a changed record changes about its pairs. Pure: everything known is asked of `Known`.

What stands at the end is a function of the set of records, not of the order in which they came: a token that crosses
its cap, in either direction, has the pairs that it decides compared again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

from casebus.cases.disclosure import covered_by, may_be_told
from casebus.cases.holding import HELD, Holding
from casebus.cases.pair import PAIRS, Finding, Pair, conflict_id_of
from casebus.directory import Directory
from casebus.events.enumerations import MatchStatus, RecordKind, RetractReason, Strength
from casebus.events.types import DataCombined, DeconflictionNoHit, MatchedKind, MatchParty
from casebus.matching.candidates import common_kinds, eligible, postings, takes_part
from casebus.matching.decide import compare
from casebus.matching.families import DETECTOR
from casebus.matching.held import HeldRecord, HeldToken, Match
from casebus.state import Concept, Effect, Remove, Save


@dataclass(frozen=True, slots=True)
class Posting:
    """One record that holds one token."""

    token: str
    record_id: str

    @property
    def key(self) -> str:
        """One row per token and record."""
        return f"{self.token}|{self.record_id}"


POSTINGS: Concept[Posting] = Concept(
    "postings", Posting, lambda posting: posting.key, {"token": lambda posting: posting.token}
)


def token_key(family: str, value: str) -> str:
    """Return the indexed form of a token."""
    return f"{family}:{value}"


class Known(Protocol):
    """What the hub holds, before the change."""

    def frequency(self, token: str) -> int:
        """Return how many records hold a token."""
        ...

    def holders(self, token: str) -> list[str]:
        """Return the ids of the records that hold a token; asked only for tokens about as rare as their cap."""
        ...

    def holding(self, record_id: str) -> Holding | None:
        """Return a record."""
        ...

    def pair(self, conflict_id: str) -> Pair | None:
        """Return a pair that was found before."""
        ...

    def pairs_of(self, record_id: str) -> list[Pair]:
        """Return the pairs of a record that were found before."""
        ...


@dataclass(frozen=True, slots=True)
class Changes:
    """What a changed record makes of the hub's state, and what is to be published."""

    effects: tuple[Effect, ...]
    combined: tuple[DataCombined, ...]
    no_hit: DeconflictionNoHit | None


class Matchmaking:
    """One change of one record, worked out."""

    def __init__(self, known: Known, before: Holding | None, after: Holding, directory: Directory) -> None:
        self._known = known
        self._is_new = before is None
        self._after = after
        self._directory = directory
        self._old = _tokens(before.record) if before else {}
        self._new = _tokens(after.record)

    def changes(self) -> Changes:
        """Return what changes. A new tip that finds nothing gets an on-record no-hit; a backlog load does not."""
        combined: list[DataCombined] = []
        pairs: list[Pair] = []
        for a, b in sorted(self._affected()):
            outcome = self._compare(a, b)
            if outcome is not None:
                pairs.append(outcome[0])
                combined.append(outcome[1])
        effects = (*self._own_effects(), *(Save(PAIRS, pair) for pair in pairs))
        return Changes(effects, tuple(combined), self._no_hit(combined))

    def _own_effects(self) -> Iterator[Effect]:
        record_id = self._after.record.record_id
        yield Save(HELD, self._after)
        for token in sorted(self._old.keys() - self._new.keys()):
            yield Remove(POSTINGS, Posting(token, record_id).key)
        for token in sorted(self._new.keys() - self._old.keys()):
            yield Save(POSTINGS, Posting(token, record_id))

    def _affected(self) -> set[tuple[str, str]]:
        """Return the pairs to compare: those with this record, and those that a token at its cap decides."""
        me = self._after.record.record_id
        partners = {partner for pair in self._known.pairs_of(me) for partner in pair.record_ids}
        for key, token in self._new.items():
            if eligible(token, self._frequency_of(key)):
                partners.update(self._known.holders(key))
        affected = {_ordered(me, partner) for partner in partners if partner != me}
        for key in self._old.keys() ^ self._new.keys():
            affected |= self._decided_by(key)
        return affected

    def _decided_by(self, key: str) -> set[tuple[str, str]]:
        """Return the pairs of other records whose match a token decides anew, because it crossed its cap just now."""
        token = self._new.get(key) or self._old[key]
        was, now = eligible(token, self._known.frequency(key)), eligible(token, self._frequency_of(key))
        if was == now:
            return set()
        others = sorted(set(self._known.holders(key)) - {self._after.record.record_id})
        return {_ordered(a, b) for a, b in combinations(others, 2)}

    def _frequency_of(self, key: str) -> int:
        return self._known.frequency(key) + (key in self._new) - (key in self._old)

    def _frequency(self, family: str, value: str) -> int:
        return self._frequency_of(token_key(family, value))

    def _holding(self, record_id: str) -> HeldRecord | None:
        if record_id == self._after.record.record_id:
            return self._after.record
        holding = self._known.holding(record_id)
        return holding.record if holding else None

    def _compare(self, a: str, b: str) -> tuple[Pair, DataCombined] | None:
        """Return the pair as it now stands, and what is to be published; None when nothing changed."""
        left, right = self._holding(a), self._holding(b)
        if left is None or right is None:
            return None
        before = self._known.pair(conflict_id_of(a, b))
        match = compare(left, right, self._frequency)
        parties = (_party(left), _party(right))
        finding = Finding.of(match) if match else None
        if before is None and match is None:
            return None
        if before is not None and before.finding == finding and (finding is None or before.parties == parties):
            return None
        revision = before.revision + 1 if before else 1
        pair = Pair(conflict_id_of(a, b), (a, b), revision, parties, finding)
        if match is None:
            assert before is not None, "bug: a pair that never was cannot be retracted"
            return pair, _retracted(pair, before, self._why(left, right))
        status = MatchStatus.revised if before is not None and before.finding else MatchStatus.found
        return pair, _found(pair, match, status)

    def _why(self, left: HeldRecord, right: HeldRecord) -> RetractReason:
        for record in (left, right):
            if not record.open:
                return RetractReason.WITHDRAWN if record.kind is RecordKind.tip else RetractReason.CASE_CLOSED
        mine = self._after.record.record_id in (left.record_id, right.record_id)
        return (
            RetractReason.CORRECTED if mine and self._old.keys() - self._new.keys() else RetractReason.COMMON_IDENTIFIER
        )

    def _no_hit(self, combined: Sequence[DataCombined]) -> DeconflictionNoHit | None:
        """Return the answer to a new tip of which its agency may be told nothing.

        That includes a match with a SILENT holder: an answer that fails to come would say that somebody holds it. What
        this record changes between others, or inside its own agency, is no answer to it either.
        """
        record = self._after.record
        asks = self._is_new and record.kind is RecordKind.tip and takes_part(record)
        if not asks or any(self._answers(c) for c in combined):
            return None
        return DeconflictionNoHit(
            own_kind=record.kind,
            own_id=record.record_id,
            covered=covered_by(record.agency, self._directory),
            suppressed=common_kinds(record, self._frequency),
            detector=DETECTOR,
        )

    def _answers(self, combined: DataCombined) -> bool:
        mine = self._after.record
        if mine.record_id not in (party.record_id for party in combined.parties):
            return False
        other = next(party for party in combined.parties if party.record_id != mine.record_id)
        return other.agency != mine.agency and may_be_told(mine.agency, other, combined.overlap, self._directory)


def _tokens(record: HeldRecord) -> dict[str, HeldToken]:
    return {token_key(token.family, token.value): token for token in postings(record)}


def _ordered(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)


def _party(record: HeldRecord) -> MatchParty:
    return MatchParty(
        agency=record.agency,
        kind=record.kind,
        record_id=record.record_id,
        pointer=record.pointer,
        backlog=record.backlog,
        immediate_risk=record.immediate_risk,
    )


def _found(pair: Pair, match: Match, status: MatchStatus) -> DataCombined:
    return DataCombined(
        conflict_id=pair.conflict_id,
        revision=pair.revision,
        status=status,
        retract_reason=None,
        parties=pair.parties,
        overlap=match.overlap,
        severity=match.severity,
        matched=tuple(MatchedKind(kind=m.kind, agreement=m.agreement, rarity=m.rarity) for m in match.matched),
        suppressed=match.suppressed,
        strength=match.strength,
        score=match.score,
        detector=match.detector,
    )


def _retracted(pair: Pair, before: Pair, reason: RetractReason) -> DataCombined:
    """Return the retraction; it repeats what was found only as far as the pair remembers it."""
    assert before.finding is not None, "bug: a retracted pair is not retracted again"
    return DataCombined(
        conflict_id=pair.conflict_id,
        revision=pair.revision,
        status=MatchStatus.retracted,
        retract_reason=reason,
        parties=pair.parties,
        overlap=before.finding.overlap,
        severity=before.finding.severity,
        matched=(),
        suppressed=before.finding.suppressed,
        strength=Strength.weak,
        score=0.0,
        detector=DETECTOR,
    )
