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

from casebus.events.enumerations import Band
from casebus.matching.decide import compare
from casebus.matching.elsewhere import explained_elsewhere, may_be_explained, may_explain
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
    elsewhere = Elsewhere(holdings, raised)
    for each in raised:
        if not elsewhere.explains(each):
            yield each.a.record_id, each.b.record_id, each.match.band.value, each.match.score


class Raised(NamedTuple):
    """Two records that match."""

    a: HeldRecord
    b: HeldRecord
    match: Match


class Elsewhere:
    """Tells which matches the hub sets aside: its own rule, over all that was found."""

    def __init__(self, holdings: Holdings, raised: Iterable[Raised]) -> None:
        self._frequency = holdings.frequency
        self._record = {record.record_id: record for record in holdings.records}
        self._counterparts: dict[str, set[str]] = {}
        for a, b, match in raised:
            if may_explain(a, b, match):
                self._counterparts.setdefault(a.record_id, set()).add(b.record_id)
                self._counterparts.setdefault(b.record_id, set()).add(a.record_id)

    def explains(self, raised: Raised) -> bool:
        """Tell whether a match is explained by others. There are two agencies at most, so a counterpart is at the other one."""
        if not may_be_explained(*raised):
            return False
        a, b = raised.a.record_id, raised.b.record_id
        ours, theirs = (self._counterparts.get(record_id, set()) for record_id in (a, b))
        return explained_elsewhere(a, b, ours, theirs, self._are_one)

    def _are_one(self, one: str, other: str) -> bool:
        match = compare(self._record[one], self._record[other], self._frequency)
        return match is not None and match.band is Band.alert


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
