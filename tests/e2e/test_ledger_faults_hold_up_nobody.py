"""Whatever is wrong with the ledger or a witness at the start: the desks are told all the same, and so is the operator."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import new_network

from casebus.layout import HUB, Layout
from casebus.testing import story


def nonsense_for_policy(layout: Layout) -> None:
    layout.role(HUB).policy.write_text("log nonsense\n")


def damaged_journal(layout: Layout) -> None:
    segment = next(path for path in (layout.role(HUB).ledger / "journal").iterdir() if path.name.isdigit())
    segment.write_bytes(b"X" + segment.read_bytes()[1:])


def lost_journal(layout: Layout) -> None:
    shutil.rmtree(layout.role(HUB).ledger / "journal")


def lost_witness_key(layout: Layout) -> None:
    layout.role(story.NCA).key("witness").unlink()


@pytest.mark.parametrize(
    ("spoil", "code", "doctors"),
    [(nonsense_for_policy, 3, 3), (damaged_journal, 3, 7), (lost_journal, 3, 3), (lost_witness_key, 4, 4)],
)
def test_alerts_do_not_wait_for_a_ledger_that_cannot_be_opened(
    tmp_path: Path, spoil: Callable[[Layout], None], code: int, doctors: int
) -> None:
    network = new_network(tmp_path / "bus")
    network.put(story.AFFAIRS, "register.csv", story.register())
    network.settle()
    spoil(network.layout)
    network.put(story.POLICE, "tip.json", story.cybertip())
    network.put(story.NCA, "package.json", story.package())
    network.run("run", "all", "--until-idle", "--timeout", "60", code=code)
    assert [len(network.alerts(agency)) for agency in (story.POLICE, story.NCA)] == [1, 1]
    assert network.json("status")["stopped"] != []
    network.run("doctor", code=doctors)
