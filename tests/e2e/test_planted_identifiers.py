"""A hub that works with a thousand planted identifiers has none of them: in its memory, its files, the topics, the logs."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from canaries import heard
from conftest import Network, new_network, stop
from test_kills import processes_of

from casebus.layout import HUB
from casebus.testing import story, synthetic

PEOPLE, SHARED = 200, 20
PIECE = 1 << 24
MARGIN = 1 << 12
"""Memory is read piece by piece; pieces overlap by more than any identifier is long."""


def planted(number: int) -> synthetic.Person:
    """Return somebody of whom every identifier sings, in whatever form it is written."""
    return synthetic.Person(
        name=f"Canaryqzx Qzxyrana{number}",
        email=f"canaryqzx.{number}@qzxyrana.example",
        account_id=f"canaryqzx-{number}",
        screen_name=f"qzxyrana_{number}",
        wallet=f"0x7316485092c0ffee7316485092c0ffee{number:08d}",
        vehicle_plate=f"QZX 731648{number:03d}",
        country="NZ",
    )


def documents() -> Iterator[tuple[str, str, bytes]]:
    everybody = [planted(number) for number in range(PEOPLE)]
    yield story.AFFAIRS, "register.csv", synthetic.dia_register(PEOPLE, include=everybody)
    for number, one in enumerate(everybody[:SHARED]):
        yield story.POLICE, f"tip-{number}.json", synthetic.cybertip_json(f"9005{number:05d}", one)
        if number % 2:
            yield story.NCA, f"package-{number}.json", synthetic.nca_package(f"NCA-2026-{500_000 + number}", one)


def memory(pid: int) -> Iterator[bytes]:
    """Yield what a process can read of its own memory, in overlapping pieces."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as mem:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
            if found and not line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                start, end = (int(place, 16) for place in found.groups())
                for at in range(start, end, PIECE):
                    mem.seek(at)
                    try:
                        yield mem.read(min(PIECE + MARGIN, end - at))
                    except OSError:  # a guard page, or one that was given back meanwhile
                        continue


def sings(pid: int) -> list[bytes]:
    return [mark for piece in memory(pid) for mark in heard(piece)]


def elsewhere(network: Network) -> Iterator[Path]:
    """Yield the hub's files, the topics and what the supervisor and the hub logged."""
    own = [network.layout.role(agency).directory for agency in (story.POLICE, story.NCA, story.AFFAIRS)]
    for path in network.root.rglob("*"):
        if path.is_file() and not any(path.is_relative_to(directory) for directory in own):
            yield path


def test_a_thousand_planted_identifiers_are_nowhere_in_the_hub(tmp_path: Path) -> None:
    network = new_network(tmp_path / "bus")
    for document in documents():
        network.put(*document)
    running = network.start()
    try:
        network.rest(running)
        assert sings(processes_of(network)[HUB]) == []
        assert {str(path): found for path in elsewhere(network) if (found := heard(path.read_bytes()))} == {}
        assert sings(os.getpid()), "nothing is heard in this process, which planted them"
    finally:
        assert stop(running) == 0
    assert {str(path): found for path in elsewhere(network) if (found := heard(path.read_bytes()))} == {}
    cases = network.alerts(story.AFFAIRS)
    assert len(cases) == SHARED + SHARED // 2, "the hub matched them: it had their tokens"
    told = b"".join(path.read_bytes() for path in (network.layout.role(story.AFFAIRS).spool / "done").iterdir())
    assert sum(told.count(value) for value in (b"@qzxyrana", b"canaryqzx-", b"qzxyrana_", b"0x7316", b"QZX 7")) >= 1_000
