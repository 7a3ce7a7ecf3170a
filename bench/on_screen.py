"""How long an alert takes from the bus to an open board: an agency's node and its console as they run, and a browser's stream.

python bench/on_screen.py [--quick]        (`make bench`)

This program is the hub and the browser. It appends one signed hit to the agency's inbox topic, as delivery does, and
waits for the frame of the stream that names the alert. What a browser then takes to draw it is not in the figures.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from console.browser_parts import free_port
from console.console_world import NZ, OFFICER, World, csrf_of
from pages import machine, table, write_section

from casebus import keys
from casebus.bus.log import inbox_topic
from casebus.cases.alert import ref_of
from casebus.clock import SystemClock
from casebus.events.catalogue import partition_key
from casebus.events.envelope import Event
from casebus.installing import topics_of
from casebus.layout import HUB
from casebus.wire.ids import content_id
from casebus.wire.seal import Sealer

ALERTS, QUICK = 40, 3
QUIET_S = (1.1, 1.6)
"""How long nothing happens before each alert: by then the node has gone over to looking seldom, the worst case."""
PATIENCE_S = 30.0


class Hub:
    """Appends hits to the agency's inbox topic, signed as the hub's."""

    def __init__(self, world: World) -> None:
        self._world = world
        found = world.installation
        key = keys.load_signing_key(found.role(HUB).key("signing"))
        self._sealer = Sealer(found.schemas, key, keys.key_id(HUB, keys.public_bytes(key)))
        self._log = found.open_log("bench", making=topics_of(HUB, found.agencies))

    def append(self, number: int) -> tuple[str, float]:
        """Append one hit; return the reference of its alert, and when it was durable on the bus."""
        hit = self._world.hit(f"on screen {number}")
        event = Event(content_id("bench", str(number)), HUB, partition_key(hit), hit)
        record = self._sealer.seal(event, inbox_topic(NZ), number)
        self._log.append(inbox_topic(NZ), [record])
        return ref_of(NZ, hit.conflict_id), time.perf_counter()

    def close(self) -> None:
        """Let go of the bus."""
        self._log.close()


@contextmanager
def running(*arguments: str) -> Iterator[None]:
    """Run a command of casebus for as long as the block runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "casebus", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_S)


@contextmanager
def served(world: World, port: int, *, apart: bool) -> Iterator[None]:
    """Run the agency's node, and its console in it or as a process of its own."""
    data = str(world.installation.layout.root)
    if apart:
        with (
            running("run", NZ, "--data", data),
            running("console", "--agency", NZ, "--data", data, "--port", str(port)),
        ):
            yield
        return
    with world.installation.layout.settings.open("a", encoding="utf-8") as settings:
        settings.write(f"\n[console.{NZ}]\nport = {port}\ntraining_login = true\n")
    with running("run", NZ, "--data", data):
        yield


def logged_in(client: httpx2.Client) -> None:
    """Log in, as soon as the console answers."""
    until = time.monotonic() + PATIENCE_S
    while True:
        with suppress(httpx2.TransportError):
            page = client.get("/login").text
            client.post("/login", data={"officer": OFFICER, "csrf": csrf_of(page)})
            return
        if time.monotonic() > until:
            raise SystemExit("the console does not answer")
        time.sleep(0.1)


def seconds_on_the_way(hub: Hub, lines: Iterator[str], count: int) -> list[float]:
    """Return how long each alert took until the stream named it, shortest first."""
    found, chance = [], random.Random(6)
    for number in range(1, count + 1):
        time.sleep(chance.uniform(*QUIET_S))
        ref, appended = hub.append(number)
        next(line for line in lines if ref in line)
        found.append(time.perf_counter() - appended)
    return sorted(found)


def measured(count: int, *, apart: bool) -> list[float]:
    """Measure one way of running them, on a data directory of its own."""
    with tempfile.TemporaryDirectory(prefix="casebus-bench-") as directory:
        world, port = World(Path(directory) / "data", clock=SystemClock()), free_port()
        world.store.close()
        hub = Hub(world)
        try:
            with (
                served(world, port, apart=apart),
                httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
            ):
                logged_in(client)
                with client.stream("GET", "/stream?since=0-") as stream:
                    return seconds_on_the_way(hub, stream.iter_lines(), count)
        finally:
            hub.close()


def row(name: str, times: Sequence[float]) -> list[str]:
    """Return a row of the table."""
    found = [name, str(len(times)), *(f"{times[int(len(times) * share)] * 1000:.0f}" for share in (0.5, 0.95))]
    print("on screen", *found, file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Measure, and write the section."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a few alerts, and the page stays as it is")
    options = parser.parse_args()
    where, count = machine(), QUICK if options.quick else ALERTS
    rows = [
        row("in the node's process", measured(count, apart=False)),
        row("a process of its own", measured(count, apart=True)),
    ]
    text = "\n\n".join([
        f"## An alert on screen\n\n{where}",
        "From the end of the append of a hit to the agency's inbox topic on the embedded bus until the frame that names the alert has "
        "arrived at an HTTP client that reads the board's stream: the node takes it from the bus, checks, decodes and commits it, the console "
        "notices, puts on record what it shows, and sends. One alert at a time, each after more than a second of quiet. Asked for: under 100 ms.",
        table(["the console is", "alerts", "p50, ms", "p95, ms"], rows),
    ])  # fmt: skip
    print(text)
    if not options.quick:
        write_section("on-screen", text)


if __name__ == "__main__":
    main()
