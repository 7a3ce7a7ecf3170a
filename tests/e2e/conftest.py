"""A network on one data directory, driven from outside: documents in, the command line, files out."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from casebus.clock import SystemClock
from casebus.installing import initialise
from casebus.layout import Layout


class Network:
    """One data directory and the `casebus` program."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.layout = Layout(root)

    def put(self, agency: str, name: str, content: bytes) -> None:
        spool_in = self.layout.role(agency).spool / "in"
        part = spool_in / f".{name[:200]}.part"
        part.write_bytes(content)
        part.rename(spool_in / name)

    def casebus(self, *arguments: str, code: int = 0, env: dict[str, str] | None = None) -> str:
        """Run a command and return its stdout; the exit code must be `code`."""
        done = subprocess.run(
            [sys.executable, "-m", "casebus", *arguments, "--data", str(self.root)],
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "NO_COLOR": "1", **(env or {})},
        )
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.casebus(*arguments, "--json", code=code))

    def settle(self, *, code: int = 0) -> None:
        self.casebus("run", "all", "--until-idle", "--timeout", "90", code=code)

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "casebus", "run", "all", "--data", str(self.root)],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def report(self, agency: str, folder: str, name: str) -> Any:
        return json.loads((self.layout.role(agency).spool / folder / f"{name}.report.json").read_text())

    def alerts(self, agency: str, *more: str) -> list[Any]:
        found: list[Any] = self.json("alerts", "list", "--agency", agency, *more)["alerts"]
        return found

    def state_hash(self) -> str:
        return str(self.json("status")["state_hash"])


def stop(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=60)


@pytest.fixture
def network(tmp_path: Path) -> Network:
    root = tmp_path / "bus"
    initialise(root, training=True, now=SystemClock().now())
    return Network(root)
