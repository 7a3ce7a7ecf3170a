"""The ledger's figures: appending, verifying, proving, and what it takes on the disk.

python bench/ledger.py [--leaves N] [--rounds N]        (`make bench`; N is 1,048,576 at first)
"""

import argparse
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from independent_verifiers import Missing, go_verifier
from pages import machine, table, write_section

from casebus.bus.log import Record, Recorded
from casebus.clock import FixedClock
from casebus.ledger.archive import encode_archived
from casebus.ledger.files import Files
from casebus.ledger.leaf import record_leaf
from casebus.ledger.record import encode_record, hash_record
from casebus.ledger.sequencer import AppendLeaf, Ledger
from casebus.ledger.tile_tree import TileTree
from casebus.ledger.tree import RightEdge, leaf_hash
from casebus.ledger.vkey import verifier_key

NAME = "bench.example/ledger"
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
VKEY = verifier_key(NAME, PRIVATE).format()
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOPICS = {f"casebus.agency-{number}.events": bytes([number]) * 16 for number in range(4)}
BATCH = 1024
APPENDED = 65_536
PROOFS = 2_000
VERIFY = (
    "import sys; from datetime import UTC, datetime; from pathlib import Path; from casebus.ledger.verify import verify;"
    "report = verify(Path(sys.argv[1]), sys.argv[2], now=datetime.now(UTC));"
    "sys.exit(report.outcome != 'unwitnessed')"
)
TIMED = """
import os, sys, time
began = time.perf_counter()
program = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(program, 0)
print()
print(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


class NoSync(Files):
    """The same pipeline without waiting for the disk."""

    def sync(self, descriptor: int) -> None:
        """Return at once."""

    def sync_directory(self, path: Path) -> None:
        """Return at once."""


def recorded(topic: str, position: int) -> Recorded:
    """Return a record of the size and make-up of an event: a 600-byte value, twelve headers."""
    headers = tuple((f"ce_header{number}", b"%032d" % (position + number)) for number in range(12))
    value = (b"%08d" % position) * 75
    return Recorded(topic, position, Record(b"%016d" % (position % 5000), value, headers), NOW + timedelta(seconds=1))


def batches(leaves: int) -> Iterator[list[tuple[Recorded, bytes]]]:
    """Return records in batches, a topic each in turn."""
    names = list(TOPICS)
    for number in range(leaves // BATCH):
        topic = names[number % len(names)]
        start = number // len(names) * BATCH
        yield [(recorded(topic, position), TOPICS[topic]) for position in range(start, start + BATCH)]


def append(directory: Path, leaves: int, files: Files) -> float:
    """Return leaves a second, without what making the records takes."""
    ledger = Ledger.open(directory, NAME, PRIVATE, FixedClock(NOW), files=files)
    spent = 0.0
    for batch in batches(leaves):
        began = time.perf_counter()
        with ledger.transaction() as tx:
            for record, topic_id in batch:
                tx.apply(AppendLeaf(record, topic_id))
        spent += time.perf_counter() - began
    ledger.close()
    return leaves / spent


def hashing(leaves: int) -> float:
    """Return the bound: leaves a second when nothing is done but the hashes of records, leaves, nodes and roots."""
    edge, spent = RightEdge(), 0.0
    for batch in batches(leaves):
        encoded = [(encode_record(record), record.position, topic_id) for record, topic_id in batch]
        began = time.perf_counter()
        for data, position, topic_id in encoded:
            edge.extend([leaf_hash(record_leaf(topic_id, position, None, hash_record(data)).encode())])
        edge.root()
        spent += time.perf_counter() - began
    return leaves / spent


def appending(scratch: Path, rounds: int) -> str:
    """Measure the append pipeline, in turn with and without the disk."""
    durable, loose, bound = [], [], []
    for number in range(rounds):
        durable.append(append(scratch / f"durable-{number}", APPENDED, Files()))
        loose.append(append(scratch / f"loose-{number}", APPENDED, NoSync()))
        bound.append(hashing(APPENDED))
        shutil.rmtree(scratch / f"durable-{number}")
        shutil.rmtree(scratch / f"loose-{number}")
    ratio = statistics.median(a / b for a, b in zip(durable, loose, strict=True))
    rows = [
        ["archive, journal, tiles and signed checkpoint, each batch durable", rate(durable)],
        ["the same without waiting for the disk", rate(loose)],
        ["the hashes alone", rate(bound)],
        ["**durable over not durable** (at least 0.5)", f"**{ratio:.2f}**"],
    ]
    return f"### Appending\n\nBatches of {BATCH:,}.\n\n" + table(["", "leaves a second"], rows)


def timed(command: list[str]) -> tuple[float, float, int]:
    """Run a program; return its wall seconds, processor seconds, and peak memory in MiB, helpers included.

    A small process starts it: a child's peak begins with what its parent had when it was forked.
    """
    done = subprocess.run([sys.executable, "-IS", "-c", TIMED, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} refused the ledger: {done.stdout} {done.stderr}")
    wall, used, memory = done.stdout.split()[-3:]
    return float(wall), float(used), int(memory) // 1024


def verifying(ledger: Path, mirror: Path, leaves: int, rounds: int) -> str:
    """Measure whole processes in turn, start-up included: the Go packages, and ours with and without the archive."""
    ours = [sys.executable, "-c", VERIFY]
    commands = {
        "ours, structure": [*ours, str(mirror), VKEY],
        "ours, archive and journal too": [*ours, str(ledger), VKEY],
    }
    try:
        commands = {"Go x/mod, structure": [*go_verifier().command, str(mirror), VKEY], **commands}
    except Missing as missing:
        print(f"no comparison with Go: {missing}", file=sys.stderr)
    found: dict[str, list[tuple[float, float, int]]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            found[name].append(timed(command))
    rows = [
        [
            name,
            rate([leaves / spent for spent, _, _ in times]),
            f"{statistics.median(used for _, used, _ in times):.2f}",
            f"{max(memory for _, _, memory in times)}",
        ]
        for name, times in found.items()
    ]
    text = table([f"{leaves:,} leaves", "leaves a second", "processor seconds", "peak MiB"], rows)
    for name in list(found)[1:] if "Go x/mod, structure" in found else []:
        theirs = found["Go x/mod, structure"]
        ratio = statistics.median(go[0] / own[0] for go, own in zip(theirs, found[name], strict=True))
        text += f"\n\n{name}, over Go: **{ratio:.2f}**" + (" (at least 0.8)" if name == "ours, structure" else "")
    return text


def proving(ledger: Path, leaves: int) -> str:
    """Measure inclusion and consistency proofs from tiles: each with a reader of its own, and with one for all."""
    draw = random.Random(1)
    shared = TileTree(ledger, leaves)
    kinds: dict[str, Callable[[], object]] = {
        "inclusion, nothing cached": lambda: TileTree(ledger, leaves).inclusion(draw.randrange(leaves)),
        "inclusion, one reader": lambda: shared.inclusion(draw.randrange(leaves)),
        "consistency, nothing cached": lambda: TileTree(ledger, leaves).consistency(draw.randrange(1, leaves)),
    }
    rows = []
    for name, prove in kinds.items():
        times = []
        for _ in range(PROOFS):
            began = time.perf_counter()
            prove()
            times.append((time.perf_counter() - began) * 1000)
        rows.append([name, f"{statistics.median(times):.2f}", f"{sorted(times)[PROOFS * 99 // 100]:.2f}"])
    return "### Proofs from tiles\n\nUnder 1 ms is asked for.\n\n" + table(["", "p50, ms", "p99, ms"], rows)


def disk(ledger: Path, leaves: int) -> str:
    """Measure bytes a leaf, file contents only, beyond the records themselves."""
    held = len(encode_record(recorded(next(iter(TOPICS)), 1)))
    parts = {
        "entry bundles": total(ledger / "tile/entries"),
        "hash tiles": total(ledger / "tile") - total(ledger / "tile/entries"),
        "archive, beyond the records": total(ledger / "records") - leaves * held,
        "journal": total(ledger / "journal"),
    }
    assert len(encode_archived(b"")) == 8, "bug: the archive's own part of an entry is not what it was"
    rows = [[name, f"{size / leaves:.1f}"] for name, size in parts.items()]
    rows.append(["**together** (under 120)", f"**{sum(parts.values()) / leaves:.1f}**"])
    return f"### On the disk\n\nRecords of {held:,} bytes.\n\n" + table(["", "bytes a leaf"], rows)


def total(directory: Path) -> int:
    """Return the length of all files below a directory."""
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def rate(rates: list[float]) -> str:
    """Return the median, and between what the rounds moved."""
    return f"{statistics.median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})"


def mirrored(ledger: Path, mirror: Path) -> Path:
    """Return a copy of what strangers read: no archive, no journal."""
    shutil.copytree(ledger / "tile", mirror / "tile", copy_function=os.link)
    shutil.copy(ledger / "checkpoint", mirror / "checkpoint")
    return mirror


def main() -> None:
    """Measure, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=int, default=1_048_576)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    where = machine()
    verified = []
    with tempfile.TemporaryDirectory(prefix="casebus-bench-") as name:
        scratch = Path(name)
        appended = appending(scratch, given.rounds)
        print(appended, flush=True)
        for leaves in (102_400, given.leaves):
            ledger = scratch / str(leaves)
            append(ledger, leaves, NoSync())
            verified.append(verifying(ledger, mirrored(ledger, scratch / f"mirror-{leaves}"), leaves, given.rounds))
            print(verified[-1], flush=True)
        proved, stored = proving(ledger, given.leaves), disk(ledger, given.leaves)
        print(proved, stored, sep="\n", flush=True)
    whole = "### Verifying\n\nWhole processes, start-up included; `peak` is the largest process's.\n\n" + "\n\n".join(
        verified
    )
    write_section("ledger", "\n\n".join([f"## The ledger\n\n{where}", appended, whole, proved, stored]))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"\n{where}; the benchmark itself took {memory} MiB", file=sys.stderr)


if __name__ == "__main__":
    main()
