"""The board's figure: how long a server takes to make it, with many alerts in the state.

python bench/board.py [--quick]        (`make bench`)
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from console.console_world import World
from pages import machine, table, write_section

from casebus.cases.alert_feed import saved
from casebus.events.enumerations import Severity

SIZES, QUICK = (100, 1_000, 10_000), (100,)
BATCH = 500
LOOKS = 20
SEVERITIES = tuple(Severity)


def fill(world: World, first: int, last: int) -> None:
    """Put alerts into the state, as the desk's consumer would: of three severities, raised over the last days."""
    for start in range(first, last, BATCH):
        with world.store.transaction() as tx:
            for number in range(start, min(start + BATCH, last)):
                alert = world.alert(f"bench {number}", minutes=number % 5_000, severity=SEVERITIES[number % 3])
                for effect in saved(tx, alert):
                    tx.apply(effect)


def board(world: World, path: str) -> list[float]:
    """Return how long a page takes, in seconds: reading, choosing, putting on record, drawing. The first look is left out."""
    browser, times = world.browser(), []
    for _ in range(LOOKS + 1):
        began = time.perf_counter()
        answer = browser.get(path)
        times.append(time.perf_counter() - began)
        if answer.status_code != 200:
            raise SystemExit(f"{path} answered {answer.status_code}")
    return sorted(times[1:])


def rows(sizes: Sequence[int]) -> list[list[str]]:
    """Measure the board at each size."""
    found, held = [], 0
    with tempfile.TemporaryDirectory(prefix="casebus-bench-") as directory:
        world = World(Path(directory) / "data")
        for size in sizes:
            fill(world, held, size)
            held = size
            times = board(world, "/")
            found.append([f"{size:,}", *(f"{times[int(len(times) * share)] * 1000:.0f}" for share in (0.5, 0.95))])
            print("board", *found[-1], file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Measure, and write the section."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a small size, and the page stays as it is")
    options = parser.parse_args()
    where = machine()
    text = "\n\n".join([
        f"## The board\n\n{where}",
        "One page of the board, made in the server's process from SQLite: reading every alert, choosing the page, putting on record what is shown, "
        f"drawing it; {LOOKS} looks. Asked for: 10,000 alerts in under 200 ms.",
        table(["alerts", "p50, ms", "p95, ms"], rows(QUICK if options.quick else SIZES)),
    ])  # fmt: skip
    print(text)
    if not options.quick:
        write_section("board", text)


if __name__ == "__main__":
    main()
