"""The matchers that are measured: ours through its command line, Splink in its side environment, any shared identifier."""

import csv
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from quality.cleaning import clean
from quality.evaluation_set import EvaluationSet
from quality.measures import Pair, Weighted

HERE = Path(__file__).resolve().parent
SPLINK_PYTHON = HERE.parents[1] / ".venv" / ".splink" / "bin" / "python"
IDENTIFIERS = ["national_id", "email", "phone", "account", "screen_name", "ip", "device_id", "wallet", "bank_account"]
TIMED = """
import os, sys, time
began = time.perf_counter()
program = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(program, 0)
print("used", time.perf_counter() - began, used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status) != 0)
"""
"""Starts the program out of a small process: the peak of a process counts what the one that started it held."""


class Failed(Exception):
    """A matcher ended with an error; the text is the end of what it said."""


@dataclass(frozen=True, slots=True)
class Found:
    """The pairs that a matcher found, how long it took and how much memory, start-up and files included."""

    pairs: list[Weighted]
    seconds: float
    mebibytes: float | None
    said: str = ""


def run_timed(command: Sequence[str | Path]) -> tuple[float, float, str]:
    """Run the program and return its seconds, its peak in MiB, and what it wrote to stderr (Failed where it fails)."""
    arguments = [sys.executable, "-c", TIMED, *map(str, command)]
    done = subprocess.run(
        arguments, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONHASHSEED": "0"}
    )
    if done.returncode:
        raise Failed((done.stderr or done.stdout).strip()[-800:])
    _, seconds, kibibytes = done.stdout.strip().splitlines()[-1].split()
    return float(seconds), float(kibibytes) / 1024, done.stderr


def ours(whole: EvaluationSet, directory: Path) -> Found:
    """Return what `casebus match file` finds."""
    out = directory / "pairs.csv"
    seconds, peak, said = run_timed(
        [sys.executable, "-m", "casebus", "match", "file", *whole.write(directory), "--out", out]
    )
    return Found(_read(out), seconds, peak, said)


def blind(whole: EvaluationSet, directory: Path) -> Found:
    """Return what the hub's detector finds, which sees tokens only; making the tokens is timed with it."""
    apart = directory / "blind"
    apart.mkdir()
    out = apart / "pairs.csv"
    seconds, peak, said = run_timed([sys.executable, HERE / "blind_peer.py", out, *whole.write(apart)])
    return Found(_read(out), seconds, peak, said)


def _read(out: Path) -> list[Weighted]:
    with out.open(newline="", encoding="utf-8") as file:
        return [
            Weighted((row["record_a"], row["record_b"]), float(row["weight"]), row["band"])
            for row in csv.DictReader(file)
        ]


def splink(whole: EvaluationSet, set_up: str, seed: int, directory: Path) -> Found:
    """Return every pair that Splink scores, the weight as a binary logarithm of the odds; the cleaning is not timed."""
    cleaned = directory / "cleaned"
    cleaned.mkdir()
    out = directory / "splink.csv"
    command = [SPLINK_PYTHON, HERE / "splink_peer.py", set_up, str(seed), out, *clean(whole).write(cleaned)]
    seconds, peak, said = run_timed(command)
    with out.open(newline="", encoding="utf-8") as file:
        found = [Weighted((row["record_a"], row["record_b"]), float(row["weight"])) for row in csv.DictReader(file)]
    return Found(found, seconds, peak, said)


def peer_version() -> str:
    """Return the versions of Splink and of what it runs on."""
    command = [
        SPLINK_PYTHON,
        "-c",
        "import duckdb, splink; print(f'Splink {splink.__version__} on DuckDB {duckdb.__version__}')",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def shared_identifier(whole: EvaluationSet) -> Found:
    """Return each pair that shares an identifier as it is written, or name and birth date together."""
    began, holders = time.perf_counter(), dict[tuple[str, str], list[str]]()
    for row in (*whole.left, *(whole.right or ())):
        keys = [(column, row[column]) for column in IDENTIFIERS if row.get(column)]
        person = [row.get(column, "") for column in ("given_name", "surname", "date_of_birth")]
        keys += [("person", "|".join(person))] if all(person) else []
        for key in keys:
            holders.setdefault(key, []).append(row["record_id"])
    pairs = _across(holders.values(), whole.sides if whole.right is not None else None)
    return Found([Weighted(pair, 1.0) for pair in sorted(pairs)], time.perf_counter() - began, None)


def _across(groups: Iterable[list[str]], sides: dict[str, int] | None) -> set[Pair]:
    return {
        (min(pair), max(pair))
        for group in groups
        for pair in combinations(dict.fromkeys(group), 2)
        if sides is None or sides[pair[0]] != sides[pair[1]]
    }
