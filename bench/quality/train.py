"""Learn what an agreement is worth to the blind detector, on data that is made here: writes casebus/matching/model.py.

python bench/quality/train.py [--check]     (`make model`)

The recipe. `SETS` are generated from seeds that no measured set has; no public set and no development set is looked at. Each
set's rows become records as the hub holds them, each pair that shares a value is reduced to the terms of its best pair of
persons, and a logistic regression (Newton's method, ridge `RIDGE`, every set with the same total weight) learns one weight for
each term and one prior for each set. What agrees may not count against, what differs may not count for: a term whose weight
comes out with the wrong sign is left out, and the rest learned anew. The prior of tips is the mean of the sets of tips, that
of cases of the registers. Families of which the generators know nothing, or show too few to learn from (wallets), take the weight of the `PEER`
that is judged most alike.
`ALERT` is the lowest score at which 99.6% of the firm pairs above it are right, in tips of the plain kind of other seeds
(`HELD_OUT`); `REVIEW` is judged: odds of somewhat more than two to one.
"""

import argparse
import hashlib
import math
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from casebus.matching.terms import AGAINST, every_term
from casebus.matching.weigh import weigh
from quality.evaluation_set import EvaluationSet
from quality.held_rows import Holdings
from quality.household_sets import two_registers
from quality.newton import Example, fitted
from quality.people_sets import dirty_register
from quality.tip_sets import CROWDED, NOISIER, SCRIPTS, tips

TARGET = Path(__file__).resolve().parents[2] / "casebus" / "matching" / "model.py"
RIDGE = 1.0
WEIGHT_OF_A_SET = 5000.0
STEP = 64
"""Weights are whole 64ths, so that sums are exact in binary and do not depend on their order."""
SURE = 0.996

TIPS = {
    "tips": tips,
    "tips noisier": partial(tips, manner=NOISIER),
    "tips crowded": partial(tips, manner=CROWDED),
    "tips in other scripts": partial(tips, manner=SCRIPTS),
}
REGISTERS = {
    "register with an id": dirty_register,
    "register without an id": partial(dirty_register, identity=False),
    "two registers": two_registers,
}
SETS, HELD_OUT = 101, (102, 103, 104)
"""Seeds: of what is learned on, and of what `ALERT` is set by."""

PEER = {
    "wallet": "device", "wallet.rare": "device.rare", "wallet.uncommon": "device.uncommon",
    "account_id": "email", "account_id.rare": "email.rare", "account_id.uncommon": "email.uncommon",
    "vehicle_plate": "phone", "vehicle_plate.rare": "phone.rare", "vehicle_plate.uncommon": "phone.uncommon",
    "vehicle_plate_look": "phone_national", "vehicle_plate_look.rare": "phone_national.rare",
    "vehicle_plate_look.uncommon": "phone_national.uncommon", "ip_prefix_time": "ip_time",
    "ip_prefix_time.rare": "ip_time.rare", "ip_prefix_time.uncommon": "ip_time.uncommon",
}  # fmt: skip


Kind = tuple[tuple[str, ...], bool]
"""The terms of a pair, and whether they are firm."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What is written: rounded weights by term, the priors and the alert threshold."""

    weights: Mapping[str, float]
    prior_of_tips: float
    prior_of_cases: float
    alert: float
    pairs: int


def examples(name: str, whole: EvaluationSet) -> list[Example]:
    """Return each distinct list of terms of a set with how many pairs have it, and how many of them are one person."""
    holdings = Holdings(whole)
    seen, right = Counter[Kind](), Counter[Kind]()
    for a, b in holdings.pairs():
        weighed = weigh(a, b, holdings.frequency)
        seen[weighed.terms, weighed.firm] += 1
        right[weighed.terms, weighed.firm] += whole.truth[a.record_id] == whole.truth[b.record_id]
    share = WEIGHT_OF_A_SET / max(1, seen.total())
    return [Example(name, *kind, seen[kind], right[kind], share) for kind in sorted(seen)]


def learn() -> Learned:
    """Make the sets, learn the weights, set the threshold."""
    made = [each for name, maker in (TIPS | REGISTERS).items() for each in examples(name, maker(SETS))]
    weights = fitted(made, RIDGE, AGAINST)
    priors = {name: weights.pop(f"set {name}") for name in TIPS | REGISTERS}
    mean = [sum(priors[name] for name in names) / len(names) for names in (TIPS, REGISTERS)]
    rounded = bounded({term: _rounded(weights.get(PEER.get(term, term), 0.0)) for term in sorted(every_term())})
    held = [each for seed in HELD_OUT for each in examples("tips", tips(seed))]
    alert = threshold([each for each in held if each.firm], rounded, _rounded(mean[0]))
    return Learned(rounded, _rounded(mean[0]), _rounded(mean[1]), alert, sum(each.pairs for each in made))


def bounded(weights: Mapping[str, float]) -> dict[str, float]:
    """Return the weights so that no agreement, however common its value, counts against: at the least it says nothing."""
    found = dict(weights)
    for term in weights:
        family, _, band = term.partition(".")
        if band in ("rare", "uncommon", "common", "short") and family in weights:
            found[term] = max(found[term], -found[family])
    return found


def threshold(held: Iterable[Example], weights: Mapping[str, float], prior: float) -> float:
    """Return the lowest score above which `SURE` of the pairs are right."""
    by_score: Counter[float] = Counter()
    wrong: Counter[float] = Counter()
    for each in held:
        score = prior + sum(weights.get(term, 0.0) for term in each.terms)
        by_score[score] += each.pairs
        wrong[score] += each.pairs - each.right
    found, said, mistaken = math.inf, 0, 0
    for score in sorted(by_score, reverse=True):
        said, mistaken = said + by_score[score], mistaken + wrong[score]
        if mistaken <= (1 - SURE) * said:
            found = score
    return found


def _rounded(weight: float) -> float:
    return round(weight * STEP) / STEP


def module(learned: Learned) -> str:
    """Return the text of the model."""
    lines = [f'    "{term}": {weight!r},' for term, weight in learned.weights.items()]
    numbers = repr((learned.prior_of_tips, learned.prior_of_cases, learned.alert))
    digest = hashlib.sha256("\n".join([numbers, *lines]).encode()).hexdigest()[:8]
    return "\n".join(
        [
            *HEAD.format(digest=digest, learned=learned, sets=SETS, held=", ".join(map(str, HELD_OUT))).splitlines(),
            *lines,
            "}",
            "",
        ]
    )


HEAD = '''"""The model of the blind detector. Generated by bench/quality/train.py (`make model`); do not edit.

Learned on {learned.pairs:,} pairs of generated sets (seed {sets}; four kinds of tips, three registers), its alert threshold on tips of
seeds {held}; the recipe stands in that file. Weights are log-odds in nats, in whole 64ths: their sums are exact.
"""

DETECTOR = "casebus-learned-1-{digest}"
PRIOR_OF_TIPS = {learned.prior_of_tips!r}
PRIOR_OF_CASES = {learned.prior_of_cases!r}
ALERT = {learned.alert!r}
REVIEW = 0.796875
WEIGHTS: dict[str, float] = {{
'''


def main() -> int:
    """Learn and write; with --check, return 1 where the file says something else."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare with the file and write nothing")
    options = parser.parse_args()
    text = module(learn())
    if options.check:
        return int(text != TARGET.read_text(encoding="utf-8"))
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
