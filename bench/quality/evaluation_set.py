"""What a set to be measured on is: rows in the columns of `casebus match file`, and who each row is about."""

import csv
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

Row = dict[str, str]

COLUMNS = [
    "record_id",
    "name",
    "given_name",
    "middle_name",
    "surname",
    "date_of_birth",
    "sex",
    "email",
    "phone",
    "account",
    "screen_name",
    "ip",
    "ip_at",
    "address",
    "suburb",
    "city",
    "postcode",
    "region",
    "country",
    "national_id",
    "device_id",
    "wallet",
    "bank_account",
    "occupation",
    "place_of_birth",
    "report_kind",
    "reported_at",
]


@dataclass(frozen=True, slots=True)
class Written:
    """One row as it was written, and the number of the person whom it is about."""

    person: int
    row: Row


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """One register to be de-duplicated, or two to be linked (then only pairs across them count)."""

    name: str
    left: Sequence[Row]
    right: Sequence[Row] | None
    truth: dict[str, int]

    @property
    def records(self) -> list[str]:
        """Return every record_id, the left register's first."""
        return [row["record_id"] for row in (*self.left, *(self.right or ()))]

    @property
    def sides(self) -> dict[str, int]:
        """Return each record's register, 0 or 1; all the same where there is one register only."""
        return {row["record_id"]: side for side, rows in enumerate((self.left, self.right or ())) for row in rows}

    def columns(self) -> list[str]:
        """Return the columns in which any row has a value, in the product's order."""
        present = {column for row in (*self.left, *(self.right or ())) for column, value in row.items() if value}
        return [column for column in COLUMNS if column in present]

    def write(self, directory: Path) -> list[Path]:
        """Write one CSV a register into `directory` and return the paths."""
        columns, paths = self.columns(), []
        for letter, rows in zip("ab", (self.left, self.right), strict=True):
            if rows is not None:
                paths.append(directory / f"{letter}.csv")
                with paths[-1].open("w", newline="", encoding="utf-8") as file:
                    writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
                    writer.writeheader()
                    writer.writerows(rows)
        return paths


def assemble(name: str, seed: int, *registers: Iterable[Written]) -> EvaluationSet:
    """Return the set with each register shuffled and numbered anew: neither order nor record_id tells who is who."""
    shuffler, truth, sides = random.Random(f"order {seed}"), {}, []
    for letter, register in zip("ab", registers, strict=False):
        written = list(register)
        shuffler.shuffle(written)
        rows = []
        for number, each in enumerate(written):
            record = f"{letter}{number:06}"
            truth[record] = each.person
            rows.append({"record_id": record, **each.row})
        sides.append(rows)
    return EvaluationSet(name, sides[0], sides[1] if len(sides) > 1 else None, truth)
