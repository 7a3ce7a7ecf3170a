"""The peers' side of one set: Splink at the threshold that its users set blind, at the best one, and the naive way."""

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from quality.evaluation_set import EvaluationSet
from quality.matchers import Failed, Found, blind, ours, shared_identifier, splink
from quality.measures import Score, Truth, Weighted, at_best_threshold, band, measure, recall_at_precision

BLIND = math.log2(0.9 / 0.1)
"""Splink's weight at a probability of .9."""
PRECISE = 0.99


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: a matcher's measures on a set; None where it has no such thing."""

    matcher: str
    pairs: Score
    closure: Score
    b_cubed: float
    biggest: int
    alert: Score | None
    review: Score | None
    recall_at_precise: float
    seconds: float
    mebibytes: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured on one set."""

    name: str
    records: int
    true_pairs: int
    biggest: int
    lines: list[Line]
    failed: dict[str, str]
    """What a matcher said when it failed, by matcher."""

    def line(self, matcher: str) -> Line | None:
        """Return the matcher's line, where it has one."""
        return next((each for each in self.lines if each.matcher == matcher), None)


OURS, BLIND_HUB, SPLINK_BLIND, SPLINK_BEST, NAIVE = (
    "casebus match file",
    "casebus hub, blind",
    "Splink 5, p ≥ .9",
    "Splink 5, best threshold",
    "any shared identifier",
)


def as_found(matcher: str, truth: Truth, found: Found, pairs: list[Weighted], bands: bool) -> Line:
    """Return the line of the pairs as they are, no threshold chosen."""
    measured = measure(truth, (each.pair for each in pairs))
    return Line(
        matcher,
        measured.pairs,
        measured.closure,
        measured.b_cubed.f1,
        measured.biggest,
        band(truth, pairs, "alert") if bands else None,
        band(truth, pairs, "review") if bands else None,
        recall_at_precision(truth, found.pairs, PRECISE),
        found.seconds,
        found.mebibytes,
    )


def at_best(truth: Truth, found: Found) -> Line:
    """Return the line of an oracle who picks the best threshold for each measure apart."""
    best = at_best_threshold(truth, found.pairs)
    reached = recall_at_precision(truth, found.pairs, PRECISE)
    return Line(
        SPLINK_BEST,
        best.pairs,
        best.closure,
        best.b_cubed.f1,
        best.biggest,
        None,
        None,
        reached,
        found.seconds,
        found.mebibytes,
    )


def measure_set(whole: EvaluationSet, set_up: str, seed: int, directory: Path, with_splink: bool = True) -> Result:
    """Run every matcher on the set; one that fails has no line, and its words in `failed`."""
    truth = Truth(whole.truth, whole.sides)
    biggest = max(Counter(whole.truth.values()).values())
    result = Result(whole.name, len(whole.records), truth.pairs(), biggest, [], {})
    try:
        found = ours(whole, directory)
        result.lines.append(as_found(OURS, truth, found, found.pairs, bands=True))
    except (Failed, ValueError, KeyError) as error:
        result.failed[OURS] = str(error)
    try:
        found = blind(whole, directory)
        result.lines.append(as_found(BLIND_HUB, truth, found, found.pairs, bands=True))
    except (Failed, ValueError, KeyError) as error:
        result.failed[BLIND_HUB] = str(error)
    if with_splink:
        try:
            found = splink(whole, set_up, seed, directory)
            sure = [each for each in found.pairs if each.weight >= BLIND]
            result.lines.extend([as_found(SPLINK_BLIND, truth, found, sure, bands=False), at_best(truth, found)])
        except Failed as error:
            result.failed[SPLINK_BLIND] = str(error)
    naive = shared_identifier(whole)
    result.lines.append(as_found(NAIVE, truth, naive, naive.pairs, bands=False))
    return result
