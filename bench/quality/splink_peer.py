"""Splink as a careful user sets it up without labels; run by the side environment's Python, it imports nothing of ours.

python splink_peer.py SETUP SEED OUT.csv A.csv [B.csv]: writes record_a,record_b,weight,probability for each scored pair.

Every set-up: u by random sampling, the share of matches from deterministic rules with a guessed recall, m by expectation
maximisation in several passes, each blocked on other columns; term frequencies on names and identifiers; between eight and
sixteen blocking rules. The columns come cleaned (cleaning.py); a pass that Splink cannot train on is left out and said so.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.internals.exceptions import SplinkException

LEAST_WEIGHT = -12.0
DERIVED = {
    "full_name": "given_name || ' ' || surname",
    "year": "substr(date_of_birth, 1, 4)",
    "month_day": "substr(date_of_birth, 6)",
    "year_month": "substr(date_of_birth, 1, 7)",
    "given_3": "substr(given_name, 1, 3)",
    "surname_3": "substr(surname, 1, 3)",
    "initial": "substr(given_name, 1, 1)",
    "area": "substr(postcode, 1, 3)",
    "house": "nullif(regexp_extract(address, '^[0-9]+ [a-z]+'), '')",
    "street": "nullif(regexp_extract(address, '[a-z]+ [a-z]+'), '')",
    "local_part": "nullif(split_part(email, '@', 1), '')",
    "rare_ip": "CASE WHEN count(*) OVER (PARTITION BY ip) <= 20 THEN ip END",
}
"""Columns that blocking rules and comparisons use, each made where the columns that it needs are there."""


SWAPPED = "l.given_name = r.surname AND l.surname = r.given_name"


@dataclass(frozen=True)
class SetUp:
    """What to compare, which pairs to look at, where to learn; entries whose columns a set does not have are left out."""

    compare: Sequence[tuple[str, Callable[[str], Any]]]
    block: Sequence[str]
    certain: Sequence[str]
    learn: Sequence[str]
    recall: float


def name(column: str) -> Any:
    return cl.NameComparison(column)


def names(_: str) -> Any:
    return cl.ForenameSurnameComparison("given_name", "surname", forename_surname_concat_col_name="full_name")


def exact(column: str) -> Any:
    return cl.ExactMatch(column).configure(term_frequency_adjustments=True)


def near(column: str) -> Any:
    return cl.DamerauLevenshteinAtThresholds(column, [1, 2]).configure(term_frequency_adjustments=True)


def text(column: str) -> Any:
    return cl.JaroWinklerAtThresholds(column, [0.95, 0.85]).configure(term_frequency_adjustments=True)


def initial(column: str) -> Any:
    levels = [
        cll.NullLevel(column),
        cll.ExactMatchLevel(column),
        cll.CustomLevel(f"substr({column}_l, 1, 1) = substr({column}_r, 1, 1)", label_for_charts="same initial"),
        cll.ElseLevel(),
    ]
    return cl.CustomComparison(comparison_levels=levels, output_column_name=column)


def initials(column: str) -> Any:
    levels = [
        cll.NullLevel(column),
        cll.CustomLevel(f"substr({column}_l, 1, 1) = substr({column}_r, 1, 1)", label_for_charts="same initial"),
        cll.ElseLevel(),
    ]
    return cl.CustomComparison(comparison_levels=levels, output_column_name=column)


def mistyped_date(column: str) -> Any:
    levels = [
        cll.NullLevel(column),
        cll.ExactMatchLevel(column),
        cll.CustomLevel(
            f"substr({column}_l, 1, 4) = substr({column}_r, 1, 4) AND substr({column}_l, 6, 2) = substr({column}_r, 9, 2) "
            f"AND substr({column}_l, 9, 2) = substr({column}_r, 6, 2)",
            label_for_charts="day and month swapped",
        ),
        cll.DamerauLevenshteinLevel(column, 1),
        cll.DamerauLevenshteinLevel(column, 2),
        cll.ElseLevel(),
    ]
    return cl.CustomComparison(comparison_levels=levels, output_column_name=column)


def place(_: str) -> Any:
    """Compare address, postcode and city in one: they agree together, within a household above all."""
    levels = [
        cll.And(cll.NullLevel("address"), cll.NullLevel("postcode")),
        cll.ExactMatchLevel("address", term_frequency_adjustments=True),
        cll.JaroWinklerLevel("address", 0.95),
        cll.ExactMatchLevel("postcode", term_frequency_adjustments=True),
        cll.ExactMatchLevel("city"),
        cll.ElseLevel(),
    ]
    return cl.CustomComparison(comparison_levels=levels, output_column_name="place")


def approximate_date(column: str) -> Any:
    return cl.DateOfBirthComparison(column, input_is_string=True, datetime_format="%Y-%m-%d")


def email(column: str) -> Any:
    return cl.EmailComparison(column)


def postcode(column: str) -> Any:
    levels = [cll.NullLevel(column), cll.ExactMatchLevel(column, term_frequency_adjustments=True), cll.DamerauLevenshteinLevel(column, 1),
              cll.CustomLevel(f"substr({column}_l, 1, 3) = substr({column}_r, 1, 3)", label_for_charts="same area"), cll.ElseLevel()]  # fmt: skip
    return cl.CustomComparison(comparison_levels=levels, output_column_name=column)


FEBRL = SetUp(
    [("given_name", name), ("surname", name), ("date_of_birth", mistyped_date), ("address", text), ("suburb", text), ("postcode", near),
     ("region", exact), ("national_id", near)],
    ["given_name surname", "surname date_of_birth", "given_name date_of_birth", "given_name postcode", "surname postcode", "date_of_birth postcode",
     "address", "date_of_birth suburb", "given_name suburb", "surname suburb", "area given_3 surname_3", "house suburb", "house postcode",
     "house given_name", "house surname", "street postcode", "street suburb", "street given_3", "street surname_3", "street year", "street month_day",
     "date_of_birth", "month_day given_3", "month_day surname_3", "year_month suburb", "year_month postcode", "month_day postcode",
     "month_day suburb", "year given_name surname_3", "year surname given_3", "postcode", "suburb", "swapped", "national_id"],
    ["given_name surname date_of_birth", "date_of_birth postcode", "address postcode", "national_id"],
    ["date_of_birth", "postcode surname"],
    0.8,
)  # fmt: skip
NAMES = SetUp(
    [("given_name", name), ("middle_name", initial), ("surname", name), ("date_of_birth", mistyped_date)],
    ["given_name surname", "given_name date_of_birth", "surname date_of_birth", "date_of_birth", "year given_3 surname_3", "month_day surname",
     "month_day given_name", "year_month surname", "year_month given_name", "year surname", "year given_name surname_3"],
    ["given_name surname date_of_birth", "given_name date_of_birth", "surname date_of_birth"],
    ["date_of_birth", "given_name surname"],
    0.7,
)  # fmt: skip
HALF_EMPTY = SetUp(
    [("given_name", names), ("date_of_birth", approximate_date), ("city", exact), ("email", email), ("phone", near), ("address", text), ("postcode", postcode)],
    ["given_name surname", "given_name", "surname", "date_of_birth", "email", "local_part", "phone", "address", "postcode", "year_month city",
     "given_3 surname_3", "year given_3", "year surname_3", "month_day city", "house area"],
    ["given_name surname date_of_birth", "email", "phone", "address postcode"],
    ["date_of_birth", "email", "given_name surname"],
    0.6,
)  # fmt: skip
SPELLINGS = SetUp(
    [("given_name", names), ("date_of_birth", approximate_date), ("place_of_birth", text), ("postcode", postcode), ("sex", exact), ("occupation", exact)],
    ["given_3 surname_3 year", "given_name surname", "surname date_of_birth", "given_name date_of_birth", "postcode given_name", "postcode surname",
     "date_of_birth place_of_birth", "area date_of_birth", "postcode date_of_birth", "surname place_of_birth", "given_name place_of_birth year",
     "postcode", "date_of_birth", "name"],
    ["given_name surname date_of_birth", "given_name surname postcode", "date_of_birth postcode"],
    ["given_name surname", "date_of_birth", "postcode"],
    0.6,
)  # fmt: skip
REGISTERS = SetUp(
    [("given_name", name), ("middle_name", initials), ("surname", name), ("date_of_birth", mistyped_date), ("address", place)],
    ["given_name surname", "given_name date_of_birth", "surname date_of_birth", "date_of_birth", "address given_name", "address surname", "address initial",
     "house given_3", "year surname postcode", "year given_name postcode", "given_3 surname_3 year", "month_day given_name", "month_day surname"],
    ["given_name surname date_of_birth", "given_name surname address", "given_name date_of_birth address"],
    ["date_of_birth", "given_name surname"],
    0.7,
)  # fmt: skip
HOUSEHOLDS = SetUp(
    [*REGISTERS.compare, ("sex", exact), ("email", email), ("phone", near)],
    [*REGISTERS.block, "email", "phone", "address"],
    [*REGISTERS.certain, "given_name surname email", "given_name surname phone"],
    ["date_of_birth", "given_name surname", "given_name date_of_birth"],
    0.7,
)
TIPS = SetUp(
    [("given_name", names), ("date_of_birth", mistyped_date), ("email", email), ("phone", near), ("screen_name", near), ("rare_ip", exact), ("address", text),
     ("device_id", near), ("wallet", exact), ("bank_account", near)],
    ["email", "local_part", "phone", "screen_name", "rare_ip", "device_id", "wallet", "bank_account", "address", "full_name", "surname date_of_birth",
     "given_name date_of_birth", "house date_of_birth", "house surname"],
    ["email", "phone", "screen_name", "device_id", "wallet", "bank_account", "given_name surname date_of_birth"],
    ["email", "screen_name", "phone", "full_name", "device_id", "address"],
    0.6,
)  # fmt: skip
SET_UPS = {
    "febrl": FEBRL,
    "names": NAMES,
    "half_empty": HALF_EMPTY,
    "spellings": SPELLINGS,
    "registers": REGISTERS,
    "households": HOUSEHOLDS,
    "tips": TIPS,
}


def load(api: DuckDBAPI, paths: Iterable[str]) -> tuple[list[str], list[Any]]:
    """Register each file with the derived columns whose sources are there; return the columns and the tables."""
    tables: list[Any] = []
    columns: list[str] = []
    for number, path in enumerate(paths):
        read = f"read_csv('{path}', header = true, all_varchar = true, nullstr = '')"
        columns = [each[0] for each in api.duckdb_con.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()]
        made = {new: sql for new, sql in DERIVED.items() if sources(sql) <= set(columns)}
        api.duckdb_con.execute(
            f"CREATE TABLE side_{number} AS SELECT *{''.join(f', {sql} AS {new}' for new, sql in made.items())} FROM {read}"
        )
        tables.append(api.register(f"side_{number}", dataset_display_name=f"side_{number}"))
        columns += list(made)
    return columns, tables


def sources(sql: str) -> set[str]:
    """Return the columns of a register that the expression reads."""
    known = {"given_name", "surname", "date_of_birth", "postcode", "address", "email", "ip"}
    return {
        column
        for column in known
        if column in sql.replace("'", " ").replace("(", " ").replace(",", " ").replace(")", " ").split()
    }


def rules(lines: Iterable[str], columns: Sequence[str]) -> list[Any]:
    """Return a blocking rule for each line of columns that are all there; "swapped" is given name and surname crosswise."""
    there = [line for line in lines if set(line.split()) <= {*columns, "swapped"}]
    return [SWAPPED if line == "swapped" else block_on(*line.split()) for line in there]


def link(set_up: SetUp, seed: int, paths: Sequence[str], out: str) -> None:
    """Train, predict, write."""
    api = DuckDBAPI()
    columns, tables = load(api, paths)
    settings = SettingsCreator(
        link_type="link_only" if len(paths) > 1 else "dedupe_only",
        unique_id_column_name="record_id",
        comparisons=[compare(column) for column, compare in set_up.compare if column in columns],
        blocking_rules_to_generate_predictions=rules(set_up.block, columns),
        retain_matching_columns=False,
    )
    linker = Linker(tables if len(tables) > 1 else tables[0], settings)
    linker.training.estimate_probability_two_random_records_match(rules(set_up.certain, columns), recall=set_up.recall)
    linker.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=seed)
    for rule in rules(set_up.learn, columns):
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
        except (SplinkException, ValueError, ZeroDivisionError) as error:
            print(f"left out a training pass: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)
    found = linker.inference.predict(threshold_match_weight=LEAST_WEIGHT)
    query = f"SELECT record_id_l AS record_a, record_id_r AS record_b, match_weight AS weight, match_probability AS probability FROM {found.physical_name}"
    api.duckdb_con.execute(f"COPY ({query}) TO '{out}' (HEADER, DELIMITER ',')")


if __name__ == "__main__":
    link(SET_UPS[sys.argv[1]], int(sys.argv[2]), sys.argv[4:], sys.argv[3])
    print(f"splink {__import__('splink').__version__}, duckdb {duckdb.__version__}")
