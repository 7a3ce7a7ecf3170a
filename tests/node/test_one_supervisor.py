"""One supervisor per data directory, and an operator who watches is told of a role that does not stay up."""

import subprocess
import sys
from pathlib import Path

import pytest

from casebus.clock import SystemClock
from casebus.errors import Conflict
from casebus.installing import initialise
from casebus.roles import Installation
from casebus.supervise import Supervisor

HOLDER = """
import sys
from pathlib import Path
from casebus.clock import SystemClock
from casebus.node import hold
with hold(Path(sys.argv[1]), "x", SystemClock()):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def installed(tmp_path: Path) -> Installation:
    clock = SystemClock()
    return Installation.open(initialise(tmp_path / "bus", training=True, now=clock.now()), clock)


def test_a_second_supervisor_is_refused_before_it_starts_a_role_and_a_killed_one_leaves_no_lock(
    installed: Installation,
) -> None:
    lock = installed.layout.root / "supervisor.lock"
    first = subprocess.Popen([sys.executable, "-c", HOLDER, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        second = Supervisor(installed, installed.clock)
        with pytest.raises(Conflict, match="runs already"):
            second.run(stopped=lambda: False, until_idle=False, timeout_s=None)
        assert second._children == []
    finally:
        first.kill()
        first.communicate()
    Supervisor(installed, installed.clock).run(stopped=lambda: True, until_idle=False, timeout_s=None)


def test_a_role_that_dies_again_and_again_is_told_to_whoever_watches(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casebus.supervise.BACKOFF_S", (0.05,))
    installed.role("uk-nca").key("token").chmod(0o644)
    said: list[str] = []
    supervisor = Supervisor(installed, installed.clock, said.append)
    supervisor.run(stopped=lambda: bool(said), until_idle=False, timeout_s=60)
    assert "uk-nca ended again" in said[0]
    assert "exit code 5" in said[0]
