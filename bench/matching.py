"""Matching's figures: one new record against many, taking records in, what it takes to keep them; beside Splink.

python bench/matching.py [--quick] [--largest N]        (`make bench`; a million records take most of an hour)
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from matching_records import holdings
from pages import machine, table, write_section

from casebus.cases.holding import Holding

HERE = Path(__file__).resolve().parent
PARTS = HERE / "matching_parts.py"
SPLINK = HERE.parent / ".venv/.splink/bin/python"
COLUMNS = ("email", "handle", "phone", "account_id", "screen_name", "name_dob", "device", "ip_time")
SIZES = {"memory": (10_000, 100_000, 1_000_000), "sqlite": (10_000, 100_000, 1_000_000), "postgres": (10_000, 50_000)}
QUICK = {"memory": (1_000, 10_000), "sqlite": (1_000, 10_000), "postgres": (1_000, 4_000)}
NAMES = {"memory": "in memory", "sqlite": "SQLite", "postgres": "PostgreSQL"}
ASKED_OF_SPLINK = 220

Found = dict[str, Any]


def part(backend: str, sizes: Sequence[int], directory: Path) -> Iterator[Found]:
    """Measure one backend in a process of its own; yield each size as it comes. None where it cannot run."""
    command = [sys.executable, str(PARTS), backend, ",".join(map(str, sizes)), str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None, "bug: no pipe"
        for line in process.stdout:
            found = json.loads(line)
            yield found
    if process.returncode and backend != "postgres":
        raise SystemExit(f"{backend} failed")


def splink(size: int, directory: Path) -> Found | None:
    """Measure Splink at one size, on the same records; None where its side environment is not there."""
    if not SPLINK.exists():
        return None
    base, new = directory / "base.csv", directory / "new.csv"
    for path, first, count in ((base, 0, size), (new, size, ASKED_OF_SPLINK)):
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("record_id", *COLUMNS))
            writer.writerows(map(row, holdings(first, count)))
    command = [str(SPLINK), str(HERE / "splink_lookup.py"), str(base), str(new)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"Splink failed: {done.stderr[-2000:]}")
    answer: Found = json.loads(done.stdout.splitlines()[-1])
    return answer


def row(holding: Holding) -> list[str]:
    """Return a record as Splink gets it: one value a column, the first of each family."""
    first: dict[str, str] = {}
    for sighting in holding.record.sightings:
        for token in sighting.tokens:
            first.setdefault(token.family, token.value)
    return [holding.record.record_id, *(first.get(column, "") for column in COLUMNS)]


def asking(found: Mapping[str, list[Found]], peers: Mapping[int, Found]) -> str:
    """Return the table of look-ups."""
    rows = []
    for backend, sizes in found.items():
        for before, each in zip([None, *sizes], sizes, strict=False):
            grown = f"{at(each, 0.99) / at(before, 0.99):.2f}" if before else ""
            rows.append([NAMES[backend], f"{each['records']:,}", *percentiles(each["asked"]), percentiles(each["asked_cpu"])[2],
                         grown, f"{each['found'] / len(each['asked']):.2f}"])  # fmt: skip
    for size, each in peers.items():
        rows.append([f"Splink {each['splink']}", f"{size:,}", *percentiles(each["asked"]), "", "",
                     f"{each['candidates'] / len(each['asked']):.2f} candidates"])  # fmt: skip
    head = [
        "",
        "records",
        "p50, ms",
        "p95, ms",
        "p99, ms",
        "p99, ms of processor",
        "p99 over the size before",
        "found a record",
    ]
    return table(head, rows)


def at(found: Found, share: float) -> float:
    """Return a percentile of the processor time of look-ups: what else the machine does is not in it."""
    times = sorted(found["asked_cpu"])
    return float(times[int(len(times) * share)])


def percentiles(times: Sequence[float]) -> list[str]:
    """Return the median, the 95th and the 99th percentile, in milliseconds."""
    ordered = sorted(times)
    return [f"{ordered[int(len(ordered) * share)] * 1000:.2f}" for share in (0.5, 0.95, 0.99)]


def taking(found: Mapping[str, list[Found]]) -> str:
    """Return the table of taking records in."""
    rows = [
        [NAMES[backend], f"{each['records']:,}", f"{each['taken'] / each['taking']:,.0f}",
         f"{each['taken'] / each['taking_cpu']:,.0f}"]
        for backend, sizes in found.items()
        for each in sizes
    ]  # fmt: skip
    return table(["", "records", "records a second", "records a second of processor"], rows)


def keeping(found: Mapping[str, list[Found]]) -> str:
    """Return the table of what keeping them takes."""
    rows = [
        [NAMES[backend], f"{each['records']:,}", f"{each['tokens'] / each['records']:.1f}",
         f"{each['index'] / each['tokens']:.1f}", f"{each['whole'] / each['records']:,.0f}" if each["whole"] else "",
         f"{each['resident'] / each['records'] * 1e6 / 2**30:.2f}" if backend == "memory" else f"{each['resident'] / 2**20:.0f} MiB in all"]
        for backend, sizes in found.items()
        for each in sizes
    ]  # fmt: skip
    head = [
        "",
        "records",
        "tokens a record",
        "index, bytes a token",
        "stored, bytes a record",
        "resident, GiB a million records",
    ]
    return table(head, rows)


def up_to(largest: int, sizes: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
    """Return the sizes without those above the largest."""
    return {backend: [size for size in each if size <= largest] for backend, each in sizes.items()}


def main() -> None:
    """Measure, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, and the page stays as it is")
    parser.add_argument("--largest", type=int, default=1_000_000, metavar="N", help="leave out what is larger")
    options = parser.parse_args()
    quick, sizes_of = options.quick, up_to(options.largest, QUICK if options.quick else SIZES)
    where, found, peers = machine(), {}, {}
    with tempfile.TemporaryDirectory(prefix="casebus-bench-") as name:
        scratch = Path(name)
        for backend, sizes in sizes_of.items():
            found[backend] = []
            for each in part(backend, sizes, scratch):
                found[backend].append(each)
                print(
                    f"{backend} {each['records']:,}: p50, p95, p99 {percentiles(each['asked'])} ms",
                    file=sys.stderr,
                    flush=True,
                )
        for size in sizes_of["sqlite"]:
            answer = splink(size, scratch)
            if answer is not None:
                peers[size] = answer
    print(text := page(where, {backend: sizes for backend, sizes in found.items() if sizes}, peers))
    if not quick:
        write_section("matching", text)


def page(where: str, found: Mapping[str, list[Found]], peers: Mapping[int, Found]) -> str:
    """Return the section."""
    return "\n\n".join([
        f"## Matching\n\n{where}",
        "### One new record against many\n\n"
        "Looking up its tokens, reading the candidates, weighing, deciding, putting into words; 1,000 records, not kept. "
        "Asked for: p99 under 2 ms on SQLite, growing less than 1.3 times per tenfold. Splink: candidates by a DuckDB "
        "index a column, then all of them in one call of `compare_records`; its data says nothing of quality here.",
        asking(found, peers),
        "### Taking records in\n\n"
        "Matched and kept, 256 a transaction, without what opening and signing events take. Asked for: 5,000 a second in "
        "memory, 2,000 durable.",
        taking(found),
        "### Keeping them",
        keeping(found),
    ])  # fmt: skip


if __name__ == "__main__":
    main()
