"""Why two of an agency's own records were raised as one person, or were not: in the clear, for that agency's officers."""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

from casebus.cases.alert import Alert
from casebus.cases.comparing import frequency_for
from casebus.cases.pair import conflict_id_of
from casebus.events.enumerations import Agreement, Band, IdentifierType, Rarity, RecordKind
from casebus.intake.adapter import Identifier
from casebus.matching.candidates import Frequency, known_tokens
from casebus.matching.decide import band, compare, one_report
from casebus.matching.families import BORN_KINDS, HOME_KINDS, NAME_KINDS
from casebus.matching.held import HeldToken
from casebus.matching.model import ALERT, DETECTOR, REVIEW
from casebus.matching.normal.text import DropReason
from casebus.matching.weigh import Weighed, prior, weigh
from casebus.own_documents import InClear, OwnSide


@dataclass(frozen=True, slots=True)
class KindLine:
    """One kind, as each side sent it: how it agrees, what it adds, and both sides' values. `records` counts the own records
    that hold the most common of the shared values; None where nothing is shared.
    """

    kinds: tuple[IdentifierType, IdentifierType]
    agreement: Agreement
    rarity: Rarity | None
    weight: float
    values: tuple[tuple[str, ...], tuple[str, ...]]
    records: int | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a comparison finds and why. `band` is what it amounts to, None for nothing; `why` is one line for people; the
    score is `prior` and the weights of the lines; `dropped` names for each side the kinds of which no token is made.
    """

    conflict_id: str
    band: Band | None
    why: str
    score: float
    prior: float
    agree: tuple[KindLine, ...]
    differ: tuple[KindLine, ...]
    suppressed: tuple[KindLine, ...]
    dropped: tuple[tuple[str, ...], tuple[str, ...]]
    detector: str = DETECTOR
    thresholds: tuple[float, float] = (REVIEW, ALERT)


def explained(a: OwnSide, b: OwnSide, frequency: Frequency, alert: Alert | None) -> Explanation:
    """Return the explanation. `alert` is the agency's own alert about this pair, if there is one."""
    frequency = frequency_for(a.holding, b.holding, frequency)
    weighed = weigh(a.record, b.record, frequency)
    match = compare(a.record, b.record, frequency)
    lines = _Lines(a, b, frequency, weighed)
    return Explanation(
        conflict_id=conflict_id_of(a.record.record_id, b.record.record_id),
        band=match.band if match else None,
        why=_why(a, b, weighed, frequency, alert),
        score=weighed.score,
        prior=prior(a.record, b.record),
        agree=tuple(lines.agree()),
        differ=tuple(lines.differ()),
        suppressed=tuple(lines.suppressed()),
        dropped=(_dropped(a), _dropped(b)),
    )


class _Lines:
    """What agrees, differs and is left out, with the values of both sides."""

    def __init__(self, a: OwnSide, b: OwnSide, frequency: Frequency, weighed: Weighed) -> None:
        self._sides = (a, b)
        self._frequency = frequency
        self._weighed = weighed

    def agree(self) -> Iterator[KindLine]:
        for line in self._weighed.lines:
            if line.agreement is not Agreement.differs:
                kinds = (line.kind, line.other_kind)
                shared = {e.token for e in self._weighed.evidence if (e.kind, e.other_kind) == kinds}
                yield self._shared(kinds, line.agreement, line.rarity, line.weight, shared)

    def differ(self) -> Iterator[KindLine]:
        for line in self._weighed.lines:
            if line.agreement is Agreement.differs:
                kinds = (line.kind, line.other_kind)
                yield KindLine(kinds, line.agreement, None, line.weight, self._all(kinds), None)

    def suppressed(self) -> Iterator[KindLine]:
        counted = {each.token for each in self._weighed.evidence}
        for kind in self._weighed.suppressed:
            ours, theirs = (_tokens(side, kind) for side in self._sides)
            yield self._shared((kind, kind), Agreement.exact, Rarity.common, 0.0, (ours & theirs) - counted)

    def _shared(
        self,
        kinds: tuple[IdentifierType, IdentifierType],
        agreement: Agreement,
        rarity: Rarity,
        weight: float,
        shared: Set[HeldToken],
    ) -> KindLine:
        a, b = (_values(side, shared) for side in self._sides) if shared else self._all(kinds)
        counts = [self._frequency(token.family, token.value) for token in shared]
        return KindLine(kinds, agreement, rarity, weight, (a, b), max(counts, default=None))

    def _all(self, kinds: tuple[IdentifierType, IdentifierType]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return all that each side sent of its kind: of what differs no value is shared, and of a house beside a name that
        agrees the shared values stand in the name's line.
        """
        a, b = (_all_values(side, kind) for side, kind in zip(self._sides, kinds, strict=True))
        return a, b


def _tokens(side: OwnSide, kind: IdentifierType) -> frozenset[HeldToken]:
    return frozenset(token for each in side.record.sightings if each.kind is kind for token in known_tokens(each))


def _values(side: OwnSide, shared: Set[HeldToken]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_said(each) for each in side.identifiers if not shared.isdisjoint(_held(each))))


def _all_values(side: OwnSide, kind: IdentifierType) -> tuple[str, ...]:
    part = _PARTS.get(kind)
    if part is None:
        return tuple(dict.fromkeys(_said(each) for each in side.identifiers if each.identifier.kind is kind))
    kinds, said = part
    parts = (said(each.identifier) for each in side.identifiers if each.identifier.kind in kinds)
    return tuple(dict.fromkeys(filter(None, parts)))


def _house(one: Identifier) -> str:
    return ", ".join(part for part in (one.address, one.postcode, one.city) if part)


_PARTS: dict[IdentifierType, tuple[frozenset[IdentifierType], Callable[[Identifier], str | None]]] = {
    IdentifierType.NAME: (NAME_KINDS, lambda one: one.value),
    IdentifierType.NAME_DOB: (BORN_KINDS, lambda one: one.date_of_birth),
    IdentifierType.ADDRESS: (HOME_KINDS, _house),
}
"""Name, birth date and house are weighed apart from whatever they were sent with: the kind that a line of one names, the
kinds that carry it, and what they say of it.
"""


def _held(clear: InClear) -> Iterator[HeldToken]:
    return (HeldToken(token.family, f"{token.epoch}:{token.value}") for token in clear.tokenised.tokens)


def _said(clear: InClear) -> str:
    one = clear.identifier
    at = one.seen_at.instant if one.seen_at else None
    parts = [
        f"{one.service}: {one.value}" if one.service else one.value,
        f"born {one.date_of_birth}" if one.date_of_birth and one.date_of_birth != one.value else "",
        *(part or "" for part in (one.address, one.postcode, one.city) if part != one.value),
        f"at {at:%Y-%m-%dT%H:%MZ}" if at else "",
    ]
    return ", ".join(part for part in parts if part)


def _dropped(side: OwnSide) -> tuple[str, ...]:
    useless = ((each.identifier.kind, each.tokenised.dropped) for each in side.identifiers if each.tokenised.dropped)
    return tuple(dict.fromkeys(f"{kind.value}: {why}" for kind, why in useless))


def _why(a: OwnSide, b: OwnSide, weighed: Weighed, frequency: Frequency, alert: Alert | None) -> str:
    if a.record.record_id == b.record.record_id:
        return "not raised: it is one record"
    out = _takes_no_part(a) or _takes_no_part(b)
    if out:
        return f"not raised: {out}"
    if one_report(a.record, b.record, frequency):
        return (
            "a notice, no conflict: both are the same upstream report, and what one report says twice confirms nothing"
        )
    if alert is not None and alert.is_apart:
        return f"raised as {alert.ref}, and kept apart since: it was judged to be different persons, and nothing new agrees"
    asked = RecordKind.check in (a.record.kind, b.record.kind)
    match band(weighed, is_asked=asked):
        case Band.alert if asked:
            return f"raised: it is asked about before acting, and the score reaches {REVIEW:.2f}"
        case Band.alert:
            return f"raised: the score reaches the alert threshold of {ALERT:.2f}"
        case Band.review if weighed.score >= ALERT:
            return "for review only: nothing agrees but what many people hold"
        case Band.review:
            return f"for review only: the score reaches {REVIEW:.2f}, not the alert threshold of {ALERT:.2f}"
        case None:
            return f"not raised: {_too_little(a, b, weighed)}"


def _takes_no_part(side: OwnSide) -> str | None:
    if not side.record.open:
        return f"{side.name} is withdrawn or closed"
    if not side.record.matchable:
        return f"{side.name} is a batched viral report, which takes no part in matching"
    return None


def _too_little(a: OwnSide, b: OwnSide, weighed: Weighed) -> str:
    agrees = any(line.agreement is not Agreement.differs for line in weighed.lines)
    timeless = any(each.tokenised.dropped == DropReason.NO_TIME for side in (a, b) for each in side.identifiers)
    aside = "; an IP address without a time that names an instant counts for nothing" if timeless else ""
    if weighed.suppressed and not agrees:
        return f"all that agrees is too common: {', '.join(kind.value for kind in weighed.suppressed)}{aside}"
    if not agrees:
        return f"nothing agrees{aside}"
    return f"the score is below the review threshold of {REVIEW:.2f}{aside}"
