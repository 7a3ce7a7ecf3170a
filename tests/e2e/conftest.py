"""A network on one data directory, driven from outside: documents in, the command line, files out."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from casebus.cli.main import main
from casebus.clock import SystemClock
from casebus.errors import PartlyDone
from casebus.installing import initialise
from casebus.layout import HUB, Layout
from casebus.roles import Installation
from casebus.status import Overview

AGENCIES = ("nz-police", "uk-nca", "nz-internal-affairs")


def run_here(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the program's own `main` in this process. Its own bugs come through as they are."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", command),
        mock.patch.dict(os.environ, environment, clear=True),
        redirect_stdout(out),
        redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return subprocess.CompletedProcess(command, int(ended.value.code or 0), out.getvalue(), err.getvalue())


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

    def run(
        self, *arguments: str, code: int = 0, env: dict[str, str] | None = None, timeout_s: float = 400
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; the exit code must be `code`.

        What runs roles is a process of its own. The others are run here: the same program without its start-up.
        """
        command = ["casebus", *arguments, "--data", str(self.root)]
        environment = {**os.environ, "NO_COLOR": "1", **(env or {})}
        if arguments[0] in ("run", "demo"):
            program = [sys.executable, "-m", *command]
            done = subprocess.run(program, capture_output=True, text=True, timeout=timeout_s, env=environment)
        else:
            done = run_here(command, environment)
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done

    def casebus(self, *arguments: str, code: int = 0, env: dict[str, str] | None = None) -> str:
        """Run a command and return its stdout; the exit code must be `code`."""
        return self.run(*arguments, code=code, env=env).stdout

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.casebus(*arguments, "--json", code=code))

    def settle(self, *, code: int = 0) -> None:
        """Let the roles work until nothing is left, here and one after another: the same program without its start-ups.

        They run beside each other, as processes of their own, in the tests of what that changes (kills, the demo, `start`).
        """
        ended = {0}
        with closing(Overview(Installation.open(self.layout, SystemClock()))) as overview:
            for _ in range(30):
                ended.update(map(self._let_work, (*AGENCIES, HUB)))
                if overview.is_idle():
                    break
            else:
                raise AssertionError("the network did not come to rest")
        assert max(ended) == code

    def _let_work(self, role: str) -> int:
        command = ["casebus", "run", role, "--until-idle", "--timeout", "400", "--data", str(self.root)]
        handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            done = run_here(command, dict(os.environ))
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        assert done.returncode in (0, PartlyDone.exit_code), f"{role}: {done.returncode}\n{done.stderr[-4000:]}"
        return done.returncode

    def start(self, output: Path | None = None) -> subprocess.Popen[bytes]:
        """Start all roles under their supervisor; what any of them says goes to `output`, or nowhere."""
        with (output or Path(os.devnull)).open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "casebus", "run", "all", "--data", str(self.root)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )

    def rest(self, running: subprocess.Popen[bytes], *, left_in: int = 0) -> None:
        """Wait until nothing is left to do in a network that runs; `left_in` names stay in the spools."""
        for _ in range(900):
            assert running.poll() is None, f"the supervisor ended with {running.returncode}"
            status = self.json("status")
            left = [each["lag"] for each in status["consumers"]] + list(status["outbox"].values())
            waiting = sum(spool["in"] for spool in status["spool"].values())
            if not any(left) and waiting == left_in:
                return
            time.sleep(0.1)
        raise AssertionError("the network did not come to rest by itself")

    def report(self, agency: str, folder: str, name: str) -> Any:
        return json.loads((self.layout.role(agency).spool / folder / f"{name}.report.json").read_text())

    def alerts(self, agency: str, *more: str) -> list[Any]:
        found: list[Any] = self.json("alerts", "list", "--agency", agency, *more)["alerts"]
        return found

    def tail(self, topic: str, start: int = 0) -> list[Any]:
        """Return a topic's records from a position on, as `casebus log tail` shows them."""
        return [json.loads(line) for line in self.casebus("log", "tail", topic, "--from", str(start)).splitlines()]

    def topics(self) -> dict[str, int]:
        """Return every topic and its end."""
        found: dict[str, int] = self.json("status")["topics"]
        return found

    def state_hash(self) -> str:
        return str(self.json("status")["state_hash"])


@dataclass(frozen=True)
class Standing:
    """Where everything stands for the agencies, as the command line shows it."""

    state_hash: str
    alerts: dict[str, list[Any]]
    parked: list[Any]
    ends: dict[str, int]

    @staticmethod
    def of(network: Network) -> "Standing":
        status = network.json("status")
        alerts = {agency: network.alerts(agency, "--notices") for agency in AGENCIES}
        return Standing(status["state_hash"], alerts, network.json("parked", "list")["parked"], status["topics"])


@dataclass(frozen=True)
class Told:
    """The demo, told once on a data directory."""

    network: Network
    stdout: str
    stderr: str
    standing: Standing


def tell(root: Path, *options: str, timeout_s: float = 280) -> Told:
    network = Network(root)
    done = network.run("demo", *options, timeout_s=timeout_s)
    return Told(network, done.stdout, done.stderr, Standing.of(network))


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The demo on the embedded default. Tests may add to its topics, never change what stands."""
    return tell(tmp_path_factory.mktemp("told") / "bus")


def stop(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=90)


def new_network(root: Path) -> Network:
    """Make a network with the published training keys: the same documents give the same ids in each."""
    initialise(root, training=True, now=SystemClock().now())
    return Network(root)


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return new_network(tmp_path / "bus")
