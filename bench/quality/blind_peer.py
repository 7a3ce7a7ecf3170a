"""What the hub would find in a register, or across two, seeing tokens only: a process of its own, as every matcher here.

python bench/quality/blind_peer.py OUT A.csv [B.csv]
"""

import csv
import gc
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from casebus.matching.decide import compare
from quality.evaluation_set import EvaluationSet, Row
from quality.held_rows import Holdings


def read(path: Path) -> list[Row]:
    """Return the rows of a register."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def found(whole: EvaluationSet) -> Iterator[tuple[str, str, str, float]]:
    """Yield each pair that the detector raises, with its band and score."""
    holdings = Holdings(whole)
    for a, b in holdings.pairs():
        if (match := compare(a, b, holdings.frequency)) is not None:
            yield a.record_id, b.record_id, match.band.value, match.score


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
