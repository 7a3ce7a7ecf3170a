"""A pair: what the hub holds of two records that it compared, and the register of each side.

A conflict's id derives from the two records' opaque ids, so the same pair has one id whichever came first.
More evidence is a revision, not a second alert. What is kept of a match here leaves out rarity and score: they depend on what else
the hub has seen, so two hubs that read topics in another order would differ in them and in nothing else.
"""

from dataclasses import dataclass

from casebus.cases.conflict import Answer, Side, answered
from casebus.events.enumerations import Agreement, IdentifierType, Overlap, Severity
from casebus.events.types import MatchParty
from casebus.matching.held import Match
from casebus.state import Concept
from casebus.wire.ids import content_id


@dataclass(frozen=True, slots=True)
class Finding:
    """The part of a match whose change makes a new revision."""

    overlap: Overlap
    severity: Severity
    matched: tuple[tuple[IdentifierType, Agreement], ...]
    suppressed: tuple[IdentifierType, ...]

    @staticmethod
    def of(match: Match) -> "Finding":
        """Return the finding of a match."""
        kinds = tuple(sorted((agreed.kind, agreed.agreement) for agreed in match.matched))
        return Finding(match.overlap, match.severity, kinds, tuple(sorted(match.suppressed)))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that were found to match at least once. `finding` is None while the match is retracted."""

    conflict_id: str
    record_ids: tuple[str, str]
    revision: int
    parties: tuple[MatchParty, MatchParty]
    finding: Finding | None


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
    """One side's register, as the hub has read it from that side's topic. `revision` counts its changes, `answers` is
    the revision of the match that the side had before it.
    """

    conflict_id: str
    agency: str
    side: Side
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
    # An acknowledgement of a later revision after an outcome: the side answers anew, because it became immediate.
    side = before.side if before and before.answers >= answer.revision else Side()
    after = answered(side, answer)
    if after == side:
        return before
    count = before.revision + 1 if before else 1
    return Register(answer.conflict_id, agency, after, count, answer.revision)
