"""SIGKILL at any moment, of any process: after a restart everything stands as if nothing had happened."""

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from conftest import AGENCIES, Network, new_network, stop

from casebus.bus.log import Recorded
from casebus.bus.sqlite_log import SqliteLog
from casebus.clock import SystemClock
from casebus.errors import WireError
from casebus.layout import HUB
from casebus.ledger.read import LedgerReader
from casebus.roles import Installation
from casebus.testing import story, synthetic
from casebus.wire.seal import Opener

pytestmark = pytest.mark.slow

KILLS = 25
PAIRS = 30
SUPERVISOR = "all"
Documents = list[tuple[str, str, bytes]]


def first_documents() -> Documents:
    """Agency, name, content: what stands before the kills begin."""
    return [
        (story.POLICE, "cybertip-1.json", story.cybertip()),
        (story.NCA, "package-1.json", story.package()),
        (story.POLICE, "cybertip-2.json", story.child_cybertip()),
    ]


def later_documents() -> Documents:
    """What arrives between the kills: the rest of the story, and pairs of documents that name one account."""
    found: Documents = [
        (story.AFFAIRS, "case-register.csv", story.register()),
        (story.POLICE, "welfare-1.csv", story.welfare_request()),
        (story.POLICE, "welfare-2.csv", story.welfare_outcome()),
        (story.POLICE, "cybertip-3.json", story.shared_cybertip()),
        (story.AFFAIRS, "referral-1.json", story.shared_referral()),
        (story.POLICE, "broken.json", story.broken_document()),
    ]
    for number in range(PAIRS):
        one = synthetic.person(600_000 + number)
        account = synthetic.Person(service=one.service, account_id=one.account_id, email=one.email)
        found += [
            (story.POLICE, f"tip-{number}.json", synthetic.cybertip_json(f"9100{number:05d}", one)),
            (story.NCA, f"package-{number}.json", synthetic.nca_package(f"NCA-2026-1{number:04d}", account)),
        ]
        if number % 3 == 0:
            found.append((story.AFFAIRS, f"referral-{number}.json", synthetic.dia_referral(f"DIA-K-{number}", account)))
        if number % 5 == 0:
            amended = synthetic.cybertip_json(f"9100{number:05d}", one, escalated="SYNTHETIC")
            found.append((story.POLICE, f"tip-{number}.json.amended", amended))  # the name decides within one tick
    return found


def begun(root: Path) -> Network:
    """Return a network where two desks have decided, and nothing of that has left their nodes yet."""
    network = new_network(root)
    for document in first_documents():
        network.put(*document)
    network.settle()
    for agency, outcome in ((story.POLICE, "JOINT_INVESTIGATION"), (story.NCA, "DELAYED")):
        ref = network.alerts(agency)[0]["ref"]
        network.casebus("alerts", "resolve", ref, "--outcome", outcome, "--agency", agency, "--officer", "K")
    return network


def processes_of(network: Network) -> dict[str, int]:
    """Return the processes that run on this data directory: role (or `all`) and pid. Zombies have no command line."""
    found: dict[str, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if str(network.root) in words and "run" in words:
                found[words[words.index("run") + 1]] = int(entry.name)
    return found


class Victims:
    """A supervised network in which processes are killed."""

    def __init__(self, network: Network, draw: random.Random) -> None:
        self._network = network
        self._draw = draw
        self.supervisor = network.start()
        self.killed: Counter[str] = Counter()

    def kill_one(self) -> None:
        self.kill(self._draw.choice((SUPERVISOR, HUB, *AGENCIES)))

    def kill(self, role: str) -> None:
        if role == SUPERVISOR:
            self.supervisor.kill()
            self.supervisor.wait()
            self.supervisor = self._network.start()  # straight after: nothing stale may be in the way
        else:
            os.kill(self._pid_of(role), signal.SIGKILL)
        self.killed[role] += 1

    def _pid_of(self, role: str) -> int:
        """Return a role's process. It may just be between death and restart."""
        for _ in range(900):
            if (pid := processes_of(self._network).get(role)) is not None:
                return pid
            assert self.supervisor.poll() is None, f"the supervisor ended with {self.supervisor.returncode}"
            time.sleep(0.1)
        raise AssertionError(f"{role} was not started again")


def test_after_25_kills_everything_stands_as_in_an_undisturbed_run(tmp_path: Path) -> None:
    undisturbed = begun(tmp_path / "undisturbed")
    for document in later_documents():
        undisturbed.put(*document)
    undisturbed.settle(code=9)

    seed = int(os.environ.get("CASEBUS_KILL_SEED", random.SystemRandom().randrange(10**6)))
    print(f"CASEBUS_KILL_SEED={seed}")
    disturbed = begun(tmp_path / "disturbed")
    kill_while_documents_arrive(disturbed, random.Random(seed))
    assert_nothing_runs(disturbed)
    assert disturbed.run("run", "all", "--until-idle", "--timeout", "400").returncode == 0

    assert disturbed.state_hash() == undisturbed.state_hash()
    for agency in AGENCIES:
        here, there = (
            Counter(a["conflict_id"] for a in n.alerts(agency, "--notices")) for n in (disturbed, undisturbed)
        )
        assert here == there
        assert set(here.values()) == {1}
        assert filed(disturbed, agency) == filed(undisturbed, agency)
        assert out_types(disturbed, agency) == out_types(undisturbed, agency)
    disturbed.casebus("run", "all", "--until-idle", "--timeout", "400")  # relays the reads: the ledger is complete then
    assert_ledger_is_whole(disturbed)
    assert_no_id_is_used_twice(disturbed)
    assert_nothing_runs(disturbed)


def test_a_role_is_started_again_however_often_it_is_killed(network: Network) -> None:
    victims = Victims(network, random.Random(0))
    for _ in range(10):
        victims.kill(HUB)
    assert victims.supervisor.poll() is None
    network.put(*first_documents()[0])
    network.rest(victims.supervisor)
    assert stop(victims.supervisor) == 0
    assert network.topics()["casebus.hub.events"] > 0


def kill_while_documents_arrive(network: Network, draw: random.Random) -> None:
    waiting: Iterator[tuple[str, str, bytes]] = iter(later_documents())
    victims = Victims(network, draw)
    share = -(-len(later_documents()) // KILLS)
    for _ in range(KILLS):
        for document in [document for _, document in zip(range(share), waiting, strict=False)]:
            network.put(*document)
        time.sleep(draw.choice((0.02, 0.2, 0.6, 0.8, 1.0)) * draw.random() * 2)
        victims.kill_one()
    print(dict(victims.killed))
    assert next(waiting, None) is None
    network.rest(victims.supervisor)
    assert stop(victims.supervisor) == 0


def assert_nothing_runs(network: Network) -> None:
    for _ in range(300):
        if not (left := processes_of(network)):
            return
        time.sleep(0.1)
    raise AssertionError(f"orphans: {left}")


def filed(network: Network, agency: str) -> dict[str, list[str]]:
    """Return what lies in each folder of a spool, by name."""
    spool = network.layout.role(agency).spool
    return {folder: sorted(os.listdir(spool / folder)) for folder in ("in", "done", "refused")}


def out_types(network: Network, agency: str) -> set[tuple[str, str]]:
    """Return what an agency's own system was handed about which conflict. How often it was revised may differ."""
    found = set()
    for path in (network.layout.role(agency).spool / "out").iterdir():
        kind = path.name.split("-")[1]
        if kind in ("DeconflictionHit", "DeconflictionResolved"):
            found.add((kind, _read(path)["payload"]["conflict_id"]))
    return found


def _read(path: Path) -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = json.loads(path.read_text())
    return loaded


def every_record(network: Network) -> list[Recorded]:
    with closing(SqliteLog(network.layout.bus, SystemClock())) as log:
        return [r for topic in network.topics() for r in log.read(topic, 0, limit=100_000)]


def assert_ledger_is_whole(network: Network) -> None:
    hub = network.layout.role(HUB)
    given = ("--key", str(hub.ledger_vkey), "--policy", str(hub.policy))
    report = network.json("ledger", "verify", str(hub.ledger), *given)
    assert report["outcome"] == "verified"
    assert all(check["ok"] for check in report["checks"])
    leaves = [recorded for _, recorded in LedgerReader(hub.ledger).records()]
    assert len(leaves) == len({(r.topic, r.position) for r in leaves})
    assert {(r.topic, r.position): r.record for r in leaves} == {
        (r.topic, r.position): r.record for r in every_record(network)
    }
    assert network.json("ledger", "diff", str(hub.ledger), "--live")["equal"], "the state can be rebuilt"


def assert_no_id_is_used_twice(network: Network) -> None:
    found = Installation.open(network.layout, SystemClock())
    opener = Opener(found.schemas, found.directory)
    contents: dict[tuple[str, str, str], set[bytes]] = {}
    for recorded in every_record(network):
        try:
            received = opener.open(recorded)
        except WireError as error:
            raise AssertionError(f"{recorded.topic} {recorded.position}: {error.reason}") from error
        event = received.event
        contents.setdefault((recorded.topic, event.source, event.id), set()).add(recorded.record.value)
    assert {len(values) for values in contents.values()} == {1}
