"""The supervisor: a role that cannot run is tried again by itself, and keeps none of the others from running."""

import os
from pathlib import Path

import pytest

from casebus.clock import SystemClock
from casebus.errors import Stalled
from casebus.installing import initialise
from casebus.layout import HUB
from casebus.roles import Installation
from casebus.supervise import BACKOFF_S, GIVE_UP_AFTER, KILLS_FORGIVEN, LIVED_S, Deaths, Supervisor


@pytest.fixture
def installed(tmp_path: Path) -> Installation:
    clock = SystemClock()
    return Installation.open(initialise(tmp_path / "bus", training=True, now=clock.now()), clock)


def said(installation: Installation, code: str, event: str) -> int:
    log = installation.role(code).log
    return log.read_text().count(f'"event": "{event}"') if log.exists() else 0


def test_failures_in_a_row_wait_longer_until_a_role_has_lived() -> None:
    deaths = Deaths()
    assert [deaths.pause_after(5, 1.0) for _ in range(8)] == [*BACKOFF_S, BACKOFF_S[-1], BACKOFF_S[-1]]
    assert deaths.failures == GIVE_UP_AFTER
    assert deaths.pause_after(5, LIVED_S) == BACKOFF_S[0]


def test_one_killed_from_outside_starts_at_once_and_later_with_the_same_pauses() -> None:
    deaths = Deaths()
    pauses = [deaths.pause_after(-9, 1.0) for _ in range(KILLS_FORGIVEN + 2)]
    assert pauses == [0.0] * KILLS_FORGIVEN + [*BACKOFF_S[:2]]
    assert deaths.failures == 0


def test_a_role_that_cannot_start_leaves_the_others_running(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is started again with pauses, until its key is mended."""
    monkeypatch.setattr("casebus.supervise.BACKOFF_S", (0.05,))
    monkeypatch.setattr("casebus.supervise.GIVE_UP_AFTER", 2)
    key = installed.role("uk-nca").key("token")
    key.chmod(0o644)
    supervisor = Supervisor(installed, installed.clock)
    looks: list[int] = []

    def stopped() -> bool:
        looks.append(1)
        broken = next((c for c in supervisor._children if c.code == "uk-nca"), None)
        if broken is not None and broken.deaths.failures >= 3:
            key.chmod(0o600)
        return said(installed, "uk-nca", "node_started") == 1 or len(looks) > 8_000

    supervisor.run(stopped=stopped, until_idle=False, timeout_s=None)
    others = [code for code in (HUB, *installed.agencies) if code != "uk-nca"]
    assert {code: said(installed, code, "node_started") for code in others} == dict.fromkeys(others, 1)
    assert said(installed, "uk-nca", "node_started") == 1


def test_until_idle_gives_up_on_a_role_that_cannot_start(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casebus.supervise.BACKOFF_S", (0.05,))
    monkeypatch.setattr("casebus.supervise.GIVE_UP_AFTER", 2)
    (installed.role("uk-nca").spool / "in" / "waits.json").write_bytes(b"{}")
    installed.role("uk-nca").key("token").chmod(0o644)
    with pytest.raises(Stalled, match="uk-nca ended 2 times"):
        Supervisor(installed, installed.clock).run(stopped=lambda: False, until_idle=True, timeout_s=60)


def test_roles_are_in_sessions_of_their_own_so_that_ctrl_c_reaches_the_supervisor_alone(
    installed: Installation,
) -> None:
    supervisor = Supervisor(installed, installed.clock)
    sessions: set[int] = set()

    def stopped() -> bool:
        sessions.update(os.getsid(child.process.pid) for child in supervisor._children)
        return True

    supervisor.run(stopped=stopped, until_idle=False, timeout_s=None)
    assert len(sessions) == 4
    assert os.getsid(0) not in sessions
