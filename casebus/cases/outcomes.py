"""What became of children, as an agency states it: welfare checks and outcomes with their counting rule. Pure.

A figure moves: a restated one names the one that it replaces, and only the last of such a chain counts. Figures that were
counted by different rules, or are of different kinds, are never added up (domain.md §6.7).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from casebus.errors import Conflict
from casebus.events import enumerations as en
from casebus.events.types import ChildSafeguarded, Payload, WelfareCheckCompleted, WelfareCheckRequested
from casebus.intake.countries import COUNTRIES
from casebus.state import Concept

MAX_CHILDREN = 1_000_000
MAX_CONCERNING = 100
"""How many own tips and cases one outcome names: as many as its event carries."""


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


def is_count(children: int) -> bool:
    """Tell whether that can be a number of children."""
    return 0 <= children <= MAX_CHILDREN


def is_country(code: str) -> bool:
    """Tell whether that is a country's two capital letters in ISO 3166."""
    return code in COUNTRIES


def standing(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return the outcomes that count: what was replaced or retracted counts nowhere."""
    stated = list(outcomes)
    replaced = {each.stated.supersedes for each in stated}
    return [
        each
        for each in stated
        if each.outcome_id not in replaced and each.stated.status is not en.OutcomeStatus.RETRACTED
    ]


def last_stated(outcome: Outcome, outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return what was stated last in place of an outcome: itself where nothing replaced it.

    Several where documents replaced one figure twice; none where they replaced each other in a circle.
    """
    after: dict[str | None, list[Outcome]] = {}
    for each in outcomes:
        after.setdefault(each.stated.supersedes, []).append(each)
    last, seen, waiting = [], set(), [outcome]
    while waiting:
        one = waiting.pop(0)
        if one.outcome_id in seen:
            continue
        seen.add(one.outcome_id)
        waiting.extend(after.get(one.outcome_id, ()))
        if one.outcome_id not in after:
            last.append(one)
    return last


def refuse_overtaken(outcome: Outcome, outcomes: Iterable[Outcome]) -> None:
    """Raise `Conflict` where an outcome no longer stands: whoever restates it has not seen what does."""
    if any(each.stated.supersedes == outcome.outcome_id for each in outcomes):
        raise Conflict("that figure was restated before", next_step="restate the one that replaced it.")
    if outcome.stated.status is en.OutcomeStatus.RETRACTED:
        raise Conflict("that figure was retracted", next_step="record a new one.")


def figures(outcomes: Iterable[Outcome]) -> list[Figure]:
    """Return the figures that stand, each kind and rule and status by itself."""
    sums: dict[tuple[str, str, str], int] = {}
    for each in standing(outcomes):
        stated = each.stated
        key = (stated.outcome_type.value, stated.count_rule.value, stated.status.value)
        sums[key] = sums.get(key, 0) + stated.count
    return sorted(Figure(*key, children) for key, children in sums.items())
