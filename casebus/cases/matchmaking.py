"""What a changed record changes about its pairs. Pure: everything known is asked of `Known`.

What stands at the end is a function of the set of records, not of the order in which they came: a token that becomes
more or less rare (`candidates.standing`) has the pairs that it decides compared again.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

from casebus.cases.comparing import Compared, Comparison, comparison, frequency_for
from casebus.cases.disclosure import covered_by, may_be_told
from casebus.cases.grouping import Grouped, regrouped
from casebus.cases.grouping import Known as Groups
from casebus.cases.holding import HELD, Holding
from casebus.cases.judgement import JUDGEMENTS, Judgement
from casebus.cases.pair import PAIRS, Pair, conflict_id_of
from casebus.cases.setting_aside import settled
from casebus.directory import Directory
from casebus.events.enumerations import IdentifierType, RecordKind, RetractReason
from casebus.events.types import DataCombined, DeconflictionNoHit
from casebus.matching.candidates import (
    Frequency,
    InCommon,
    common_kinds,
    eligible,
    enough,
    index_key,
    indexed,
    most,
    note,
    postings,
    prior_at_most,
    standing,
    takes_part,
)
from casebus.matching.decide import compare
from casebus.matching.held import HeldRecord, HeldToken
from casebus.matching.model import DETECTOR, REVIEW
from casebus.state import Effect, Inverted, Post, Save, Unpost

POSTINGS = Inverted("postings")
"""Which records hold which tokens, as `index_key` makes them."""


class Known(Protocol):
    """What the hub holds, before the change."""

    def holders(self, wanted: Mapping[int, int]) -> Mapping[int, Sequence[str]]:
        """Return the ids of the records that hold each token: all of them, or as many as are wanted if more do."""
        ...

    def holdings(self, record_ids: Collection[str]) -> Mapping[str, Holding]:
        """Return those of the records that are held, by id."""
        ...

    def pair(self, conflict_id: str) -> Pair | None:
        """Return a pair that was found before."""
        ...

    def pairs_of(self, record_id: str) -> list[Pair]:
        """Return the pairs of a record that were found before."""
        ...

    def judgements(self, conflict_id: str) -> list[Judgement]:
        """Return what officers said of a pair."""
        ...

    def grouped(self, record_id: str) -> Grouped | None:
        """Return the group that a record is in."""
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
        self._holders: dict[HeldToken, Sequence[str]] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._read: dict[str, Holding | None] = {after.record.record_id: after}
        self._tokens: dict[str, Set[HeldToken]] = {after.record.record_id: self._new.keys()}
        self._look_up(self._old | self._new)

    def changes(self) -> Changes:
        """Return what changes. A new tip or check that finds nothing gets an on-record no-hit; a backlog load does not."""
        made = [found for a, b in sorted(self._affected()) if (found := self._compare(a, b)) is not None]
        changed = settled(self, made, self._again, self._why)
        combined = tuple(each.told for each in changed if each.told is not None)
        effects = (*self._own_effects(), *pair_effects(self, changed))
        return Changes(effects, combined, self._no_hit(combined))

    def pairs_of(self, record_id: str) -> list[Pair]:
        """Return the pairs of a record that were found before: none of a new one."""
        return [] if self._is_new and record_id == self._after.record.record_id else self._known.pairs_of(record_id)

    def grouped(self, record_id: str) -> Grouped | None:
        """Return the group that a record was in: a new one in none."""
        return None if self._is_new and record_id == self._after.record.record_id else self._known.grouped(record_id)

    def _own_effects(self) -> Iterator[Effect]:
        record_id = self._after.record.record_id
        yield Save(HELD, self._after)
        old, new = set(self._old.values()), set(self._new.values())
        gone, come = old - new, new - old
        if gone:
            yield Unpost(POSTINGS, record_id, tuple(sorted(gone)))
        if come:
            yield Post(POSTINGS, record_id, tuple(sorted(come)))

    def _affected(self) -> set[tuple[str, str]]:
        """Return the pairs to compare: those with this record, and those that a token at its cap decides."""
        me = self._after.record.record_id
        partners = {partner for pair in self.pairs_of(me) for partner in pair.record_ids}
        partners |= self._candidates()
        decided: set[tuple[str, str]] = set()
        for token in self._old.keys() ^ self._new.keys():
            if len(self._holders[token]) > 1:
                decided |= self._decided_by(token)
        affected = decided | {_ordered(me, partner) for partner in partners if partner != me}
        self._read_all({record_id for pair in affected for record_id in pair} - {me})
        self._look_up_shared({record_id for pair in decided for record_id in pair})
        return affected

    def _candidates(self) -> set[str]:
        """Return the records that share enough with this one to be worth reading."""
        shared: dict[str, InCommon] = {}
        for token in self._new:
            holders = self._holders[token]
            if holders:
                frequency = self._frequency(*token)
                for holder in holders if eligible(token, frequency) else ():
                    note(shared.setdefault(holder, {}), token, frequency)
        prior = prior_at_most(self._after.record.kind)
        return {holder for holder, families in shared.items() if most(families, prior) >= REVIEW}

    def _decided_by(self, token: HeldToken) -> set[tuple[str, str]]:
        """Return the pairs of other records whose match a token decides anew, because it is more or less rare than before."""
        holders = self._holders[token]
        if standing(token, len(holders)) == standing(token, self._frequency(*token)):
            return set()
        others = sorted(set(holders) - {self._after.record.record_id})
        return {_ordered(a, b) for a, b in combinations(others, 2)}

    def _look_up(self, tokens: Mapping[HeldToken, int]) -> None:
        """Learn who holds tokens, as far as their caps need it, all in one question."""
        if not tokens:
            return
        found = self._known.holders({key: enough(token) for token, key in tokens.items()})
        for token, key in tokens.items():
            self._holders[token] = found[key]
            self._counts[token] = len(found[key]) + (token in self._new) - (token in self._old)

    def _look_up_shared(self, record_ids: Set[str]) -> None:
        """Learn who holds what any two of the records share: what their comparisons will ask for, in one question."""
        once: set[HeldToken] = set()
        shared: set[HeldToken] = set()
        for holding in map(self._holding, record_ids):
            if holding:
                tokens = self._tokens_of(holding.record)
                shared |= once & tokens
                once |= tokens
        self._look_up({token: index_key(*token) for token in shared if token not in self._holders})

    def _frequency(self, family: str, value: str) -> int:
        """Return how many records hold a token after the change; exact up to its cap, and above it more than the cap."""
        if (family, value) not in self._counts:
            self._look_up({HeldToken(family, value): index_key(family, value)})
        return self._counts[family, value]

    def _read_all(self, record_ids: Set[str]) -> None:
        """Read records, all in one question."""
        self._read |= dict.fromkeys(record_ids) | dict(self._known.holdings(record_ids))

    def _holding(self, record_id: str) -> Holding | None:
        if record_id not in self._read:
            self._read_all({record_id})
        return self._read[record_id]

    def _tokens_of(self, record: HeldRecord) -> Set[HeldToken]:
        if record.record_id not in self._tokens:
            self._tokens[record.record_id] = frozenset(postings(record))
        return self._tokens[record.record_id]

    def _may_match(self, left: HeldRecord, right: HeldRecord) -> bool:
        """Tell whether what two records share can add up to anything. Most pairs that a crossing touches cannot.

        It only spares work. Pairs with the record itself are not asked about: `_candidates` has seen to them, and those
        that stood before are compared anyway.
        """
        shared: InCommon = {}
        for token in self._tokens_of(left) & self._tokens_of(right):
            note(shared, token, self._frequency(*token))
        return most(shared, min(prior_at_most(left.kind), prior_at_most(right.kind))) >= REVIEW

    def _compare(self, a: str, b: str) -> Comparison | None:
        """Return what two records come to; None when they do not match and never did."""
        left, right = self._holding(a), self._holding(b)
        if left is None or right is None:
            return None
        conflict_id = conflict_id_of(a, b)
        mine = self._after.record.record_id in (a, b)
        before = None if mine and self._is_new else self._known.pair(conflict_id)
        if before is None and not mine and not self._may_match(left.record, right.record):
            return None
        match = compare(left.record, right.record, frequency_for(left, right, self._frequency))
        if before is None and match is None:
            return None
        return comparison(conflict_id, before, match, self._known.judgements(conflict_id), left, right, self._directory)

    def _again(self, pairs: Sequence[Pair]) -> list[Comparison]:
        """Compare pairs of other records that stood before."""
        self._read_all({record_id for pair in pairs for record_id in pair.record_ids} - self._read.keys())
        made = (self._compare(*pair.record_ids) for pair in pairs)
        return [each for each in made if each is not None]

    def _why(self, left: HeldRecord, right: HeldRecord) -> RetractReason:
        for record in (left, right):
            if not record.open:
                # A check that ends is taken back like a tip: that it was one is nobody's business but its agency's.
                return RetractReason.CASE_CLOSED if record.kind is RecordKind.case else RetractReason.WITHDRAWN
        mine = self._after.record.record_id in (left.record_id, right.record_id)
        return RetractReason.CORRECTED if mine else RetractReason.COMMON_IDENTIFIER

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
            suppressed=self._common_kinds(),
            detector=DETECTOR,
        )

    def _common_kinds(self) -> tuple[IdentifierType, ...]:
        if all(eligible(token, self._counts[token]) for token in self._new):
            return ()
        return common_kinds(self._after.record, frequency_for(self._after, self._after, self._frequency))

    def _answers(self, combined: DataCombined) -> bool:
        mine = self._after.record
        if mine.record_id not in (party.record_id for party in combined.parties):
            return False
        other = next(party for party in combined.parties if party.record_id != mine.record_id)
        return other.agency != mine.agency and may_be_told(mine.agency, other, combined.overlap, self._directory)


def judged(known: Known, judgement: Judgement, directory: Directory) -> Changes:
    """Return what an officer's judgement changes: told anew where more agrees than was judged, or the judgement is gone.

    One of a pair that is not known yet waits; one by an agency that is no party of it says nothing.
    """
    pair = known.pair(judgement.conflict_id)
    kept = Save(JUDGEMENTS, judgement)
    if pair is None:
        return Changes((kept,), (), None)
    if judgement.agency not in (party.agency for party in pair.parties):
        return Changes((), (), None)
    others = [each for each in known.judgements(judgement.conflict_id) if each.agency != judgement.agency]

    def again(pairs: Sequence[Pair]) -> list[Comparison]:
        return [_compared_anew(known, each, known.judgements(each.conflict_id), directory) for each in pairs]

    made = [_compared_anew(known, pair, [*others, judgement], directory)]
    changed = settled(known, made, again, _weighed_anew)
    combined = tuple(each.told for each in changed if each.told is not None)
    return Changes((kept, *pair_effects(known, changed)), combined, None)


def _compared_anew(known: Known, pair: Pair, judgements: Sequence[Judgement], directory: Directory) -> Comparison:
    held = known.holdings(pair.record_ids)
    assert len(held) == 2, "bug: a pair of a record that is not held"
    left, right = (held[record_id] for record_id in pair.record_ids)
    match = compare(left.record, right.record, frequency_for(left, right, _frequency_in(known)))
    return comparison(pair.conflict_id, pair, match, judgements, left, right, directory)


def _frequency_in(known: Known) -> Frequency:
    def frequency(family: str, value: str) -> int:
        key = index_key(family, value)
        return len(known.holders({key: enough(HeldToken(family, value))})[key])

    return frequency


def _weighed_anew(_left: HeldRecord, _right: HeldRecord) -> RetractReason:
    """A judgement retracts nothing by itself: the pair was found by an older model, and this one finds it no more."""
    return RetractReason.UNKNOWN


def pair_effects(known: Groups, changed: Sequence[Compared]) -> Iterator[Effect]:
    """Yield the pairs as they now stand, and the groups that they make."""
    yield from (Save(PAIRS, each.pair) for each in changed)
    yield from regrouped(known, ((each.before, each.pair) for each in changed))


def _ordered(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)
