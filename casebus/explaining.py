"""Why two of an agency's own records were raised as one person, or were not: in the clear, for that agency's officers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from casebus.cases.alert import Alert
from casebus.cases.pair import conflict_id_of
from casebus.events.enumerations import Agreement, Band, IdentifierType, Rarity
from casebus.matching.candidates import Frequency, eligible, known_tokens
from casebus.matching.decide import compare
from casebus.matching.held import HeldToken
from casebus.matching.model import ALERT, DETECTOR, REVIEW
from casebus.matching.normal.text import DropReason
from casebus.matching.weigh import weigh
from casebus.own_documents import InClear, OwnSide


@dataclass(frozen=True, slots=True)
class KindLine:
    """One kind: how it agrees, what it adds, and both sides' values of it. `records` counts the own records that hold the
    shared value that most of them hold; None where nothing is shared.
    """

    kind: IdentifierType
    agreement: Agreement
    rarity: Rarity | None
    weight: float
    values: tuple[tuple[str, ...], tuple[str, ...]]
    records: int | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a comparison finds and why. `band` is what it amounts to, None for nothing; `why` is one line for people;
    `dropped` names for each side the kinds of which no token is made, with the reason.
    """

    conflict_id: str
    band: Band | None
    why: str
    score: float
    agree: tuple[KindLine, ...]
    differ: tuple[KindLine, ...]
    suppressed: tuple[KindLine, ...]
    dropped: tuple[tuple[str, ...], tuple[str, ...]]
    detector: str = DETECTOR
    thresholds: tuple[float, float] = (REVIEW, ALERT)


def explained(a: OwnSide, b: OwnSide, frequency: Frequency, alert: Alert | None) -> Explanation:
    """Return the explanation. `alert` is the agency's own alert about this pair, if there is one."""
    weighed = weigh(a.record, b.record, frequency)
    match = compare(a.record, b.record, frequency)
    lines = tuple(_line(line.kind, line.agreement, line.rarity, line.weight, a, b, frequency) for line in weighed.lines)
    suppressed = tuple(_line(kind, Agreement.exact, Rarity.common, 0.0, a, b, frequency) for kind in weighed.suppressed)
    return Explanation(
        conflict_id=conflict_id_of(a.record.record_id, b.record.record_id),
        band=match.band if match else None,
        why=_why(a, b, weighed.score, suppressed, match.band if match else None, alert),
        score=match.score if match else weighed.score,
        agree=tuple(line for line in lines if line.agreement is not Agreement.differs),
        differ=tuple(line for line in lines if line.agreement is Agreement.differs),
        suppressed=suppressed,
        dropped=(_dropped(a), _dropped(b)),
    )


def _line(
    kind: IdentifierType,
    agreement: Agreement,
    rarity: Rarity,
    weight: float,
    a: OwnSide,
    b: OwnSide,
    frequency: Frequency,
) -> KindLine:
    differs = agreement is Agreement.differs
    shared = frozenset[HeldToken]() if differs else _tokens(a) & _tokens(b)
    values = (_values(a, kind, shared), _values(b, kind, shared))
    counts = [frequency(token.family, token.value) for side in (a, b) for token in _tokens_of(side, kind) & shared]
    return KindLine(kind, agreement, None if differs else rarity, weight, values, max(counts, default=None))


def _tokens(side: OwnSide) -> frozenset[HeldToken]:
    return frozenset(token for sighting in side.record.sightings for token in known_tokens(sighting))


def _tokens_of(side: OwnSide, kind: IdentifierType) -> frozenset[HeldToken]:
    return frozenset(token for each in side.record.sightings if each.kind is kind for token in known_tokens(each))


def _values(side: OwnSide, kind: IdentifierType, shared: frozenset[HeldToken]) -> tuple[str, ...]:
    """Return a side's values of a kind: those that carry a shared token, or all of them where none is shared."""
    of_kind = [each for each in side.identifiers if each.identifier.kind is kind]
    holding = [each for each in of_kind if not shared.isdisjoint(_held(each))] or of_kind
    return tuple(dict.fromkeys(_said(each) for each in holding))


def _held(clear: InClear) -> Iterator[HeldToken]:
    return (HeldToken(token.family, f"{token.epoch}:{token.value}") for token in clear.tokenised.tokens)


def _said(clear: InClear) -> str:
    one = clear.identifier
    at = one.seen_at.instant if one.seen_at else None
    parts = [
        f"{one.service}: {one.value}" if one.service else one.value,
        f"born {one.date_of_birth}" if one.date_of_birth else "",
        *(part or "" for part in (one.address, one.postcode, one.city)),
        f"at {at:%Y-%m-%dT%H:%MZ}" if at else "",
    ]
    return ", ".join(part for part in parts if part)


def _dropped(side: OwnSide) -> tuple[str, ...]:
    useless = ((each.identifier.kind, each.tokenised.dropped) for each in side.identifiers if each.tokenised.dropped)
    return tuple(dict.fromkeys(f"{kind.value}: {why}" for kind, why in useless))


def _why(
    a: OwnSide, b: OwnSide, score: float, suppressed: Sequence[KindLine], band: Band | None, alert: Alert | None
) -> str:
    out = _takes_no_part(a) or _takes_no_part(b)
    if a.record.record_id == b.record.record_id:
        return "not raised: it is one record"
    if out:
        return f"not raised: {out}"
    if a.record.source_report is not None and a.record.source_report == b.record.source_report:
        return (
            "a notice, no conflict: both are the same upstream report, and what one report says twice confirms nothing"
        )
    if alert is not None and alert.is_apart:
        return f"raised as {alert.ref}, and kept apart since: it was judged to be different persons, and nothing new agrees"
    if band is Band.alert:
        return f"raised: the score reaches the alert threshold of {ALERT:g}"
    if band is Band.review:
        return f"for review only: the score reaches {REVIEW:g}, not the alert threshold of {ALERT:g}"
    return f"not raised: {_too_little(a, b, score, suppressed)}"


def _takes_no_part(side: OwnSide) -> str | None:
    if not side.record.open:
        return f"{side.name} is withdrawn or closed"
    if not side.record.matchable:
        return f"{side.name} is a batched viral report, which takes no part in matching"
    return None


def _too_little(a: OwnSide, b: OwnSide, score: float, suppressed: Sequence[KindLine]) -> str:
    if suppressed and score <= 0:
        return f"all that agrees is too common: {', '.join(line.kind.value for line in suppressed)}"
    timeless = any(each.tokenised.dropped == DropReason.NO_TIME for side in (a, b) for each in side.identifiers)
    aside = "; an IP address without a time that names an instant counts for nothing" if timeless else ""
    if not any(eligible(token, 0) for token in _tokens(a) & _tokens(b)):
        return f"nothing agrees{aside}"
    return f"the score is below the review threshold of {REVIEW:g}{aside}"
