"""What became of children, as an agency states it: welfare checks and outcomes with their counting rule. Pure.

A figure moves: a restated one names the one that it replaces, and only the last of such a chain counts. Figures that were
counted by different rules, or are of different kinds, are never added up (domain.md §6.7).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from casebus.events import enumerations as en
from casebus.events.types import ChildSafeguarded, Payload, WelfareCheckCompleted, WelfareCheckRequested
from casebus.state import Concept


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome as last stated. `number` is what the agency's own system calls it, or the desk."""

    outcome_id: str
    number: str
    stated: ChildSafeguarded


OUTCOMES: Concept[Outcome] = Concept("outcomes", Outcome, lambda outcome: outcome.outcome_id)


@dataclass(frozen=True, slots=True)
class WelfareCheck:
    """A welfare check: what was asked for, None where only its end is known yet, and what it found."""

    check_id: str
    number: str
    requested: WelfareCheckRequested | None
    result: en.WelfareResult | None


WELFARE_CHECKS: Concept[WelfareCheck] = Concept("welfare_checks", WelfareCheck, lambda check: check.check_id)


def outcome_after(payload: Payload, number: str) -> Outcome | None:
    """Return the outcome that an own event states, None for another event."""
    return Outcome(payload.outcome_id, number, payload) if isinstance(payload, ChildSafeguarded) else None


def check_after(before: WelfareCheck | None, payload: Payload, number: str) -> WelfareCheck | None:
    """Return the welfare check after an own event, None for another event."""
    match payload:
        case WelfareCheckRequested():
            check = before or WelfareCheck(payload.check_id, number, None, None)
            return replace(check, requested=payload)
        case WelfareCheckCompleted():
            check = before or WelfareCheck(payload.check_id, number, None, None)
            return replace(check, result=payload.result)
        case _:
            return None


@dataclass(frozen=True, slots=True, order=True)
class Figure:
    """How many children, of which kind, counted by which rule, how firmly."""

    outcome_type: str
    count_rule: str
    status: str
    children: int


def figures(outcomes: Iterable[Outcome]) -> list[Figure]:
    """Return the figures that stand: what was replaced or retracted counts nowhere."""
    stated = {outcome.outcome_id: outcome.stated for outcome in outcomes}
    replaced = {each.supersedes for each in stated.values() if each.supersedes}
    sums: dict[tuple[str, str, str], int] = {}
    for outcome_id, each in stated.items():
        if outcome_id in replaced or each.status is en.OutcomeStatus.RETRACTED:
            continue
        key = (each.outcome_type.value, each.count_rule.value, each.status.value)
        sums[key] = sums.get(key, 0) + each.count
    return sorted(Figure(*key, children) for key, children in sums.items())
