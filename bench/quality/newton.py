"""Logistic regression of named terms, by Newton's method, in plain Python: the same result on every machine."""

import math
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

ROUNDS = 40
SETTLED = 1e-6
MAX_LOG_ODDS = 30.0


@dataclass(frozen=True, slots=True)
class Example:
    """Pairs of one set that have the same terms: how many, how many are right, and what each weighs in the fit."""

    set_name: str
    terms: tuple[str, ...]
    firm: bool
    pairs: int
    right: int
    share: float


def fitted(examples: Sequence[Example], ridge: float, against: Set[str]) -> dict[str, float]:
    """Return one weight for each term and one prior `set NAME` for each set.

    Terms in `against`, and such as say that a value is less rare, may only count against, all others only for.
    """
    left_out: set[str] = set()
    while True:
        found = _fit([_columns(each, left_out) for each in examples], examples, ridge)
        wrong = {term for term, weight in found.items() if _is_wrong(term, weight, against)}
        if not wrong:
            return found | dict.fromkeys(left_out, 0.0)
        left_out |= wrong


def _is_wrong(term: str, weight: float, against: Set[str]) -> bool:
    if term.startswith("set "):
        return False
    return weight > 0 if counts_against(term, against) else weight < 0


def counts_against(term: str, against: Set[str]) -> bool:
    """Tell whether a term may only count against."""
    return term in against or term.endswith((".rare", ".uncommon", ".common", ".differs", ".short"))


def _columns(example: Example, left_out: Set[str]) -> list[str]:
    return [f"set {example.set_name}", *(term for term in example.terms if term not in left_out)]


def _fit(rows: list[list[str]], examples: Sequence[Example], ridge: float) -> dict[str, float]:
    names = sorted({name for row in rows for name in row})
    place = {name: number for number, name in enumerate(names)}
    weights = [0.0] * len(names)
    ridges = [1e-6 if name.startswith("set ") else ridge for name in names]
    placed = [[place[name] for name in row] for row in rows]
    for _ in range(ROUNDS):
        step = _newton(weights, placed, examples, ridges)
        weights = [weight + change for weight, change in zip(weights, step, strict=True)]
        if max(map(abs, step)) < SETTLED:
            break
    return dict(zip(names, weights, strict=True))


def _newton(
    weights: list[float], rows: list[list[int]], examples: Iterable[Example], ridges: list[float]
) -> list[float]:
    size = len(weights)
    slope = [-ridge * weight for ridge, weight in zip(ridges, weights, strict=True)]
    curve = [[ridges[row] if row == column else 0.0 for column in range(size)] for row in range(size)]
    for row, each in zip(rows, examples, strict=True):
        odds = max(-MAX_LOG_ODDS, min(MAX_LOG_ODDS, sum(weights[column] for column in row)))
        likely = 1 / (1 + math.exp(-odds))
        pull = each.share * (each.right - each.pairs * likely)
        bend = each.share * each.pairs * likely * (1 - likely)
        for column in row:
            slope[column] += pull
            line = curve[column]
            for other in row:
                line[other] += bend
    return _solved(curve, slope)


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Return x of matrix · x = right, for a symmetric positive definite matrix, by Gauss without pivots."""
    size = len(right)
    rows = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    for pivot in range(size):
        head = rows[pivot]
        for below in rows[pivot + 1 :]:
            factor = below[pivot] / head[pivot]
            if factor:
                for column in range(pivot, size + 1):
                    below[column] -= factor * head[column]
    found = [0.0] * size
    for pivot in reversed(range(size)):
        known = sum(rows[pivot][column] * found[column] for column in range(pivot + 1, size))
        found[pivot] = (rows[pivot][size] - known) / rows[pivot][pivot]
    return found
