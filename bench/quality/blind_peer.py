"""What the hub would find in a register, or across two, seeing tokens only: a process of its own, as every matcher here.

python bench/quality/blind_peer.py OUT A.csv [B.csv]
"""

import csv
import gc
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from casebus.matching.decide import compare
from casebus.matching.elsewhere import may_be_explained, may_explain
from casebus.matching.held import HeldRecord, Match
from quality.evaluation_set import EvaluationSet, Row
from quality.held_rows import Holdings


def read(path: Path) -> list[Row]:
    """Return the rows of a register."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def found(whole: EvaluationSet) -> Iterator[tuple[str, str, str, float]]:
    """Yield each pair that the hub raises, with its band and score."""
    holdings = Holdings(whole)
    raised = [
        Raised(a, b, match) for a, b in holdings.pairs() if (match := compare(a, b, holdings.frequency)) is not None
    ]
    elsewhere = Elsewhere(raised)
    for each in raised:
        if not elsewhere.explains(each):
            yield each.a.record_id, each.b.record_id, each.match.band.value, each.match.score


class Raised(NamedTuple):
    """Two records that match."""

    a: HeldRecord
    b: HeldRecord
    match: Match


class Elsewhere:
    """Tells which matches the hub sets aside: its own rule, over all that was found, where nobody judged anything."""

    def __init__(self, raised: Iterable[Raised]) -> None:
        sure = [(a.record_id, b.record_id) for a, b, match in raised if may_explain(a, b, match)]
        self._with_counterpart = {record_id for both in sure for record_id in both}

    def explains(self, raised: Raised) -> bool:
        """Tell whether a match is explained by others. There are two agencies at most, so a counterpart is at the other one."""
        return may_be_explained(*raised) and self._with_counterpart >= {raised.a.record_id, raised.b.record_id}


def main() -> int:
    """Read, compare, write."""
    gc.disable()  # millions of values that live to the end: there is nothing to collect
    out, first, *second = map(Path, sys.argv[1:])
    whole = EvaluationSet("blind", read(first), read(second[0]) if second else None, {})
    with out.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("record_a", "record_b", "band", "weight"))
        rows.writerows(found(whole))
    return 0


if __name__ == "__main__":
    sys.exit(main())
