"""One new record against many with Splink, by the quickest way that it has; run by the side environment's Python.

python bench/splink_lookup.py BASE.csv NEW.csv      prints one JSON object

Splink has no index of its own: candidates come from indexes in DuckDB, one a column, and all candidates of a record are
scored in one call of `compare_records`, its SQL cached, term frequencies in the rows. The columns hold opaque values, as our tokens are; a value that more than `CAP` records hold makes no candidates.
"""

import json
import logging
import statistics
import sys
import time
from typing import Any

import duckdb
import splink
import splink.comparison_library as cl
from splink import DuckDBAPI, SettingsCreator, block_on
from splink.internals.realtime import compare_records

COLUMNS = ("email", "handle", "phone", "account_id", "screen_name", "name_dob", "device", "ip_time")
CAP, WARM = 30, 20


def model() -> dict[str, Any]:
    """Return the model: agreement of each column, weighed by how often the value occurs. Its numbers cost no time."""
    agreements = [
        cl.ExactMatch(column).configure(
            term_frequency_adjustments=True, m_probabilities=[0.8, 0.2], u_probabilities=[0.001, 0.999]
        )
        for column in COLUMNS
    ]
    made = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_id",
        probability_two_random_records_match=1e-6,
        comparisons=agreements,
        blocking_rules_to_generate_predictions=[block_on(column) for column in COLUMNS],
    )
    return made.create_settings_dict("duckdb")


def load(connection: duckdb.DuckDBPyConnection, base: str, new: str) -> None:
    """Make the tables: the base with its frequencies and indexes, the new records with the base's frequencies."""
    read = "read_csv('{}', header = true, all_varchar = true, nullstr = '')"
    connection.execute(f"CREATE TABLE raw AS SELECT * FROM {read.format(base)}")
    for column in COLUMNS:
        connection.execute(
            f"CREATE TABLE tf_{column} AS SELECT {column}, count(*) AS held, count(*) / (SELECT count({column}) FROM raw) AS tf "
            f"FROM raw WHERE {column} IS NOT NULL GROUP BY {column}"
        )
    frequent = ", ".join(f"tf_{c}.tf AS tf_{c}, tf_{c}.held AS held_{c}" for c in COLUMNS)
    joins = " ".join(f"LEFT JOIN tf_{c} USING ({c})" for c in COLUMNS)
    connection.execute(f"CREATE TABLE base AS SELECT raw.*, {frequent} FROM raw {joins}")
    connection.execute(f"CREATE TABLE new AS SELECT raw.*, {frequent} FROM {read.format(new)} AS raw {joins}")
    for column in COLUMNS:
        connection.execute(f"CREATE INDEX by_{column} ON base ({column})")


def candidates(connection: duckdb.DuckDBPyConnection, record: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows that share a value with the record that is not too common: one indexed query a value."""
    found: dict[str, dict[str, Any]] = {}
    for column in COLUMNS:
        if record[column] is not None and (record[f"held_{column}"] or 0) <= CAP:
            cursor = connection.execute(f"SELECT * FROM base WHERE {column} = ?", [record[column]])
            names = [each[0] for each in cursor.description]
            found |= {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
    return list(found.values())


def look_up(api: DuckDBAPI, settings: dict[str, Any], record: dict[str, Any]) -> tuple[float, float, int]:
    """Return how long finding took, how long with scoring, and how many candidates there were."""
    began = time.perf_counter()
    near = candidates(api.duckdb_con, record)
    found = time.perf_counter()
    if near:
        scored = compare_records([record], near, settings, api, sql_cache_key="benchmark")
        scored.as_record_list()
    return found - began, time.perf_counter() - began, len(near)


def main(base: str, new: str) -> None:
    """Measure."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    api = DuckDBAPI()
    began = time.perf_counter()
    load(api.duckdb_con, base, new)
    loaded = time.perf_counter() - began
    settings = model()
    cursor = api.duckdb_con.execute("SELECT * FROM new")
    names = [each[0] for each in cursor.description]
    records = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    times = [look_up(api, settings, record) for record in records][WARM:]
    with_candidates = [whole for _, whole, count in times if count]
    answer = {
        "splink": splink.__version__,
        "duckdb": duckdb.__version__,
        "finding": [finding for finding, _, _ in times],
        "asked": [whole for _, whole, _ in times],
        "scored_median": statistics.median(with_candidates) if with_candidates else None,
        "candidates": sum(count for _, _, count in times),
        "loaded": loaded,
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
