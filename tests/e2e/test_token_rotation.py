"""The token key is rotated while everything runs: two agencies, then the third, one before the other.

At each stage what is new is matched, what stood stands, and nobody is told anything because of the rotation alone.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import AGENCIES, Network, new_network, run_here

from casebus.testing import synthetic
from casebus.testing.story import AFFAIRS, NCA, POLICE

JUDGED, NEIGHBOUR = synthetic.person(700_001), synthetic.person(700_002)
WATCHED = synthetic.person(700_003)
OFFICERS = {POLICE: "OCEANZ-17", NCA: "NCA-204", AFFAIRS: "DCE-31"}


def known_by(one: synthetic.Person) -> synthetic.Person:
    return synthetic.Person(service=one.service, account_id=one.account_id, email=one.email)


States = dict[str, set[tuple[str, str]]]
"""The reference and the state of every alert, by desk: each stays in the list whatever becomes of it."""


def states(network: Network) -> States:
    return {a: {(alert["ref"], alert["state"]) for alert in network.alerts(a, "--notices")} for a in AGENCIES}


def raised(before: States, after: States) -> list[int]:
    """Return how many alerts are new at each desk."""
    return [len({ref for ref, _ in after[a]} - {ref for ref, _ in before[a]}) for a in (POLICE, NCA, AFFAIRS)]


def told(network: Network) -> list[int]:
    """Return how much every desk's inbox holds."""
    return [end for topic, end in network.topics().items() if topic.endswith(".inbox")]


@dataclass
class Rotation:
    """A network with alerts, one of them judged, and a check on watch; what every desk has; how many persons were used up."""

    network: Network
    key: Path
    states: States
    told: list[int]
    used: int = 0

    def settle(self) -> list[int]:
        """Let all work; return how many alerts are new at each desk."""
        before = self.states
        self.network.settle()
        self.states, self.told = states(self.network), told(self.network)
        return raised(before, self.states)

    def add(self, agency: str) -> None:
        """Bring the new key in and let the node work: nobody may be told anything."""
        self._tell_nobody("keys", "token", "add", "--agency", agency, "--epoch", "2", "--key-file", str(self.key))

    def end(self, agency: str) -> None:
        self._tell_nobody("keys", "token", "end", "--agency", agency, "--epoch", "1", "--all-have-moved")

    def _tell_nobody(self, *command: str) -> None:
        before = (self.states, self.told)
        self.network.casebus(*command)
        self.settle()
        assert (self.states, self.told) == before, command

    def standing(self, agency: str) -> Any:
        return self.network.json("keys", "token", "list", "--agency", agency)

    def held(self) -> Any:
        return self.network.json("keys", "token", "held")["agencies"]

    def meet(self) -> None:
        """Hand in two tips about a person nobody knew: both desks are told."""
        self.used += 1
        one = synthetic.person(701_000 + self.used)
        tip, package = f"9000017{self.used:02d}", f"NCA-2026-0017{self.used:02d}"
        self.network.put(POLICE, f"met-{self.used}.json", synthetic.cybertip_json(tip, one))
        self.network.put(NCA, f"met-{self.used}.json", synthetic.nca_package(package, known_by(one)))
        assert self.settle() == [1, 1, 0], f"pair {self.used}"

    def join(self, person: synthetic.Person) -> None:
        """Hand in what meets a record of before: its desk and the new one's are told."""
        self.used += 1
        package = synthetic.nca_package(f"NCA-2026-0008{self.used:02d}", known_by(person))
        self.network.put(NCA, f"joined-{self.used}.json", package)
        assert min(self.settle()[:2]) >= 1, f"record {self.used} meets nothing"


@pytest.fixture(scope="module")
def rotation(tmp_path_factory: pytest.TempPathFactory) -> Rotation:
    root = tmp_path_factory.mktemp("rotation")
    network = new_network(root / "bus")
    network.put(POLICE, "judged.json", synthetic.cybertip_json("900000701", JUDGED))
    network.put(NCA, "judged.json", synthetic.nca_package("NCA-2026-000701", known_by(JUDGED)))
    network.put(POLICE, "neighbour.json", synthetic.cybertip_json("900000702", NEIGHBOUR))
    network.put(AFFAIRS, "register.csv", synthetic.dia_register(12, include=[known_by(synthetic.person(700_009))]))
    ask = ("deconflict", "check", "--agency", NCA, "--officer", OFFICERS[NCA], "--basis", "planned-action")
    network.casebus(*ask, "--email", str(WATCHED.email), "--wait", "0")
    network.settle()
    for agency in (POLICE, NCA):
        (alert,) = network.alerts(agency)
        said = ("--agency", agency, "--officer", OFFICERS[agency])
        network.casebus("alerts", "ack", alert["ref"], *said)
        network.casebus("alerts", "resolve", alert["ref"], *said, "--outcome", "FALSE_MATCH")
    network.settle()
    made = run_here(["casebus", "keys", "token", "make", "--out", str(root / "second.key")], dict(os.environ))
    assert made.returncode == 0, made.stderr
    return Rotation(network, root / "second.key", states(network), told(network))


def test_a_rotation_of_all_agencies_one_after_the_other_loses_no_match_and_tells_nobody_anything(
    rotation: Rotation,
) -> None:
    judged = rotation.states
    rotation.add(POLICE)
    standing = rotation.standing(POLICE)
    assert (standing["epochs"], standing["left"], standing["stuck"]) == ([1, 2], 0, {})
    rotation.meet()  # one side under both keys, the other under the older
    rotation.join(NEIGHBOUR)
    rotation.add(AFFAIRS)
    rotation.add(NCA)
    assert {tuple(row["epochs"]) for rows in rotation.held().values() for row in rows} == {(1, 2)}
    rotation.meet()  # both under both
    rotation.end(POLICE)
    rotation.meet()  # one under the newer alone
    rotation.join(NEIGHBOUR)
    rotation.end(AFFAIRS)
    rotation.end(NCA)
    rotation.meet()  # both under the newer alone
    rotation.join(NEIGHBOUR)
    for agency, before in judged.items():
        assert before <= rotation.states[agency], "what was judged stands"
    rotation.network.put(POLICE, "watched.json", synthetic.cybertip_json("900000799", WATCHED))
    assert rotation.settle()[1] == 1, "the check of before is still on watch"
    files = {path.name: path.stat().st_mode for path in rotation.network.layout.role(NCA).keys.glob("token*.key")}
    assert {name: stat.S_IMODE(mode) for name, mode in files.items()} == {"token-2.key": 0o600}
    rotation.network.casebus("doctor")
    replayed = rotation.network.json("ledger", "replay", str(rotation.network.layout.role("hub").ledger), "--state")
    assert replayed["state_hash"] == rotation.network.state_hash()
