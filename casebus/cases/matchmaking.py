"""What a changed record changes about its pairs. Pure: everything known is asked of `Known`.

What stands at the end is a function of the set of records, not of the order in which they came: a token that crosses
its cap, in either direction, has the pairs that it decides compared again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

from casebus.cases.disclosure import covered_by, may_be_told
from casebus.cases.holding import HELD, Holding
from casebus.cases.pair import PAIRS, Finding, Pair, conflict_id_of
from casebus.directory import Directory
from casebus.events.enumerations import MatchStatus, RecordKind, RetractReason, Strength
from casebus.events.types import DataCombined, DeconflictionNoHit, MatchedKind, MatchParty
from casebus.matching.candidates import common_kinds, eligible, enough, index_key, indexed, most, takes_part
from casebus.matching.decide import ALERT, compare
from casebus.matching.families import DETECTOR
from casebus.matching.held import HeldRecord, HeldToken, Match
from casebus.state import Effect, Inverted, Post, Save, Unpost

POSTINGS = Inverted("postings")
"""Which records hold which tokens, as `index_key` makes them."""


class Known(Protocol):
    """What the hub holds, before the change."""

    def holders(self, wanted: Mapping[bytes, int]) -> Mapping[bytes, Sequence[str]]:
        """Return the ids of the records that hold each token: all of them, or as many as are wanted if more do."""
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
        self._old = indexed(before.record) if before else {}
        self._new = indexed(after.record)
        self._holders: dict[bytes, Sequence[str]] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._look_up(self._old | self._new)

    def changes(self) -> Changes:
        """Return what changes. A new tip or check that finds nothing gets an on-record no-hit; a backlog load does not."""
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
        gone, come = self._old.keys() - self._new.keys(), self._new.keys() - self._old.keys()
        if gone:
            yield Unpost(POSTINGS, record_id, tuple(sorted(gone)))
        if come:
            yield Post(POSTINGS, record_id, tuple(sorted(come)))

    def _affected(self) -> set[tuple[str, str]]:
        """Return the pairs to compare: those with this record, and those that a token at its cap decides."""
        me = self._after.record.record_id
        before = [] if self._is_new else self._known.pairs_of(me)
        partners = {partner for pair in before for partner in pair.record_ids}
        partners |= self._candidates()
        affected = {_ordered(me, partner) for partner in partners if partner != me}
        for key in self._old.keys() ^ self._new.keys():
            affected |= self._decided_by(key)
        return affected

    def _candidates(self) -> set[str]:
        """Return the records that share enough with this one to be worth reading."""
        shared: dict[str, set[str]] = {}
        for key, token in self._new.items():
            holders = self._holders[key]
            if holders and eligible(token, self._frequency(token.family, token.value)):
                for holder in holders:
                    shared.setdefault(holder, set()).add(token.family)
        return {holder for holder, families in shared.items() if most(families) >= ALERT}

    def _decided_by(self, key: bytes) -> set[tuple[str, str]]:
        """Return the pairs of other records whose match a token decides anew, because it crossed its cap just now."""
        holders = self._holders[key]
        if len(holders) < 2:
            return set()
        token = self._new.get(key) or self._old[key]
        was, now = eligible(token, len(holders)), eligible(token, self._frequency(token.family, token.value))
        if was == now:
            return set()
        others = sorted(set(holders) - {self._after.record.record_id})
        return {_ordered(a, b) for a, b in combinations(others, 2)}

    def _look_up(self, tokens: Mapping[bytes, HeldToken]) -> None:
        """Learn who holds tokens, as far as their caps need it, all in one question."""
        self._holders.update(self._known.holders({key: enough(token) for key, token in tokens.items()}))
        for key, token in tokens.items():
            count = len(self._holders[key]) + (key in self._new) - (key in self._old)
            self._counts[token.family, token.value] = count

    def _frequency(self, family: str, value: str) -> int:
        """Return how many records hold a token after the change; exact up to its cap, and above it more than the cap."""
        if (family, value) not in self._counts:
            self._look_up({index_key(family, value): HeldToken(family, value)})
        return self._counts[family, value]

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
                # A check that ends is taken back like a tip: that it was one is nobody's business but its agency's.
                return RetractReason.CASE_CLOSED if record.kind is RecordKind.case else RetractReason.WITHDRAWN
        mine = self._after.record.record_id in (left.record_id, right.record_id)
        return (
            RetractReason.CORRECTED if mine and self._old.keys() - self._new.keys() else RetractReason.COMMON_IDENTIFIER
        )

    def _no_hit(self, combined: Sequence[DataCombined]) -> DeconflictionNoHit | None:
        """Return the answer to a new tip or check of which its agency may be told nothing.

        That includes a match with a SILENT holder: an answer that fails to come would say that somebody holds it. What
        this record changes between others, or inside its own agency, is no answer to it either.
        """
        record = self._after.record
        asks = self._is_new and record.kind is not RecordKind.case and takes_part(record)
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
