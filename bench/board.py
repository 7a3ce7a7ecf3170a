"""The board's figure: how long a server takes to make it, with many alerts in the state.

python bench/board.py [--quick]        (`make bench`)
"""

import argparse
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from console.console_world import World
from pages import machine, table, write_section

from casebus.cases.alert_feed import saved
from casebus.desk.placed import PlacedAlerts
from casebus.events.enumerations import Severity

SIZES, QUICK = (100, 1_000, 10_000), (100,)
BATCH = 500
LOOKS = 60
SEVERITIES = tuple(Severity)


def fill(world: World, first: int, last: int) -> None:
    """Put alerts into the state, as the desk's consumer would: of three severities, raised over the last days."""
    for start in range(first, last, BATCH):
        with world.store.transaction() as tx:
            for number in range(start, min(start + BATCH, last)):
                alert = world.alert(f"bench {number}", minutes=number % 5_000, severity=SEVERITIES[number % 3])
                for effect in saved(tx, alert):
                    tx.apply(effect)


@dataclass(frozen=True, slots=True)
class Looked:
    """How long pages took, in seconds: the first after a start, the others shortest first, and these by the processor's time."""

    first: float
    later: list[float]
    processor: list[float]

    def milliseconds(self) -> list[str]:
        """Return the first, half and 19 of 20 of the others, and half by the processor's time."""
        times = self.first, _share(self.later, 0.5), _share(self.later, 0.95), _share(self.processor, 0.5)
        return [f"{each * 1000:.0f}" for each in times]


def _share(times: Sequence[float], share: float) -> float:
    return times[int(len(times) * share)]


def board(world: World, path: str) -> Looked:
    """Look at a page again and again: reading, choosing, putting on record, drawing. An alert changes before each look."""
    browser, times, processor = world.browser(), [], []
    for look in range(LOOKS + 1):
        world.hold(world.alert(f"bench {look}", minutes=look, severity=Severity.high))
        began, spent = time.perf_counter(), time.process_time()
        answer = browser.get(path)
        times.append(time.perf_counter() - began)
        processor.append(time.process_time() - spent)
        if answer.status_code != 200:
            raise SystemExit(f"{path} answered {answer.status_code}")
    return Looked(times[0], sorted(times[1:]), sorted(processor[1:]))


def bytes_kept(world: World) -> int:
    """Return how much memory a console keeps of all alerts between two looks."""
    tracemalloc.start()
    placed = PlacedAlerts()
    placed.catch_up(world.store)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return kept


def rows(sizes: Sequence[int]) -> list[list[str]]:
    """Measure the board at each size."""
    found, held = [], 0
    with tempfile.TemporaryDirectory(prefix="casebus-bench-") as directory:
        world = World(Path(directory) / "data")
        for size in sizes:
            fill(world, held, size)
            held = size
            found.append([f"{size:,}", *board(world, "/").milliseconds(), f"{bytes_kept(world) / size:.0f}"])
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
        "One page of the board, made in the server's process from SQLite: reading what changed, choosing the page of all alerts, reading those, "
        f"putting on record what is shown, drawing it; {LOOKS} looks, one alert changed before each. The first look after a start reads every alert; "
        "a console that serves does that as it starts. Asked for: 10,000 alerts in under 200 ms. Kept: what a console holds in memory of each alert.",
        table(["alerts", "first, ms", "p50, ms", "p95, ms", "processor p50, ms", "kept, bytes an alert"], rows(QUICK if options.quick else SIZES)),
    ])  # fmt: skip
    print(text)
    if not options.quick:
        write_section("board", text)


if __name__ == "__main__":
    main()
