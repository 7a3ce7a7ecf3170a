"""What the hub holds for matching, and what a comparison says. Values only; the rules are in `weigh` and `decide`."""

from dataclasses import dataclass
from typing import NamedTuple

from casebus.events import enumerations as en


class HeldToken(NamedTuple):
    """A token as the hub sees it: an opaque value under a family. A tuple, because tokens are hashed all the time."""

    family: str
    value: str


@dataclass(frozen=True, slots=True)
class HeldSighting:
    """One sighting of one person (`subject_no`) of a record."""

    kind: en.IdentifierType
    subject_no: int
    subject: en.SubjectCategory
    tokens: tuple[HeldToken, ...]


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A tip or case as it takes part in matching. `open` is false once it was withdrawn or closed; `matchable` is false
    for batched viral tips. `possible_child` is the adapter's answer YES, or a compromised account's holder. `source_report`
    is the report's number as tokens, one for each epoch.
    """

    record_id: str
    agency: str
    kind: en.RecordKind
    revision: int
    open: bool
    matchable: bool
    backlog: bool
    immediate_risk: bool
    possible_child: bool
    high_priority: bool
    pointer: en.PointerMode
    source_report: tuple[str, ...]
    sightings: tuple[HeldSighting, ...]


@dataclass(frozen=True, slots=True)
class Agreed:
    """One line of the explanation: a kind that agrees, how, how rare, and what it adds to the score.

    `kind` is the first record's and `other_kind` the second's: they differ where a screen name is the other's local part.
    """

    kind: en.IdentifierType
    other_kind: en.IdentifierType
    agreement: en.Agreement
    rarity: en.Rarity
    weight: float


@dataclass(frozen=True, slots=True)
class Shared:
    """One value that both records hold and that counts, under the kind that each side is told of."""

    token: HeldToken
    kind: en.IdentifierType
    other_kind: en.IdentifierType


@dataclass(frozen=True, slots=True)
class Match:
    """What a comparison found. `matched` is ordered by weight, then kind; `suppressed` names kinds that agree on a value
    so common that it says nothing; `evidence` is each shared value that counts, in order. `score` is log-odds in nats.
    `least_score` is what it were if each of these values were as common as one may be that counts.
    """

    overlap: en.Overlap
    severity: en.Severity
    band: en.Band
    matched: tuple[Agreed, ...]
    suppressed: tuple[en.IdentifierType, ...]
    evidence: tuple[Shared, ...]
    strength: en.Strength
    score: float
    least_score: float
    detector: str
