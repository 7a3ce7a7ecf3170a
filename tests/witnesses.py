"""Three witnesses as processes: ours, PyPI's aics-witness, and torchwood's litewitness, with one handle for all.

The strangers' programs are set up as `independent_verifiers` sets its own up: pinned, apart from casebus, when a test
first asks.
"""

import http.client
import json
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from base64 import b64decode
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from independent_verifiers import CACHE, HERE, Missing, _digest, _newest_python, _run

from casebus.ledger.tree import EMPTY_ROOT
from casebus.ledger.vkey import KeyType, VerifierKey, encode_base64, parse_vkey

START_SECONDS = 30


class WitnessProcess:
    """A witness of one log in a directory. `start` may be called again after `kill`."""

    name: str

    def __init__(self, directory: Path, log: VerifierKey) -> None:
        self.directory = directory
        self.log = log
        self.key: VerifierKey
        self.address: tuple[str, int]
        self._process: subprocess.Popen[str] | None = None
        self._output: IO[str] | None = None
        directory.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        """Start it; return when it answers."""
        raise NotImplementedError

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(START_SECONDS)

    def close(self) -> None:
        """End it for good."""
        if self._process is not None:
            self.kill()
        if self._output is not None:
            self._output.close()

    def ask(self, body: bytes, method: str = "POST", path: str = "/add-checkpoint") -> tuple[int, str, bytes]:
        """Return the status, the content type and the body of an answer."""
        with closing(http.client.HTTPConnection(*self.address, timeout=120)) as connection:
            connection.request(method, path, body)
            response = connection.getresponse()
            return response.status, response.headers.get("Content-Type", ""), response.read()

    def _spawn(self, command: list[str]) -> Path:
        """Start the program, its words into a file."""
        path = self.directory / "words"
        self._output = path.open("w")
        self._process = subprocess.Popen(command, cwd=self.directory, stdout=self._output, stderr=subprocess.STDOUT)
        return path

    def _wait(self, found: Callable[[], Any]) -> Any:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if value := found():
                return value
            assert self._process.poll() is None, (self.directory / "words").read_text()
            time.sleep(0.05)
        raise AssertionError(f"{self.name} does not start: " + (self.directory / "words").read_text())


class Ours(WitnessProcess):
    """`casebus ledger witness`."""

    name = "casebus"

    def start(self) -> None:
        command = [sys.executable, "-m", "casebus", "ledger", "witness", "--log-key", self.log.format()]
        words = self._spawn([*command, "--state", str(self.directory / "state"), "--port", "0", "--json"])
        line = self._wait(lambda: re.search(r"^\{\"address\".*\}$", words.read_text(), re.MULTILINE))
        host, _, port = json.loads(line[0])["address"].removeprefix("http://").partition(":")
        self.address = (host, int(port))
        self.key = parse_vkey((self.directory / "state" / "witness.vkey").read_text())


class Aics(WitnessProcess):
    """aics-witness 0.1.0."""

    name = "aics-witness"

    def start(self) -> None:
        program = [str(aics_witness()), "-I", "-m", "aics_witness"]
        if not (self.directory / "w.json").exists():
            config = ["-c", "w.json"]
            _ran([*program, "init", *config, "--name", "aics.example/w"], self.directory)
            known = ["--origin", self.log.name, "--vkey", self.log.format()]
            _ran([*program, "add-log", *config, *known], self.directory)
        words = self._spawn([*program, "serve", "-c", "w.json", "--listen", "127.0.0.1:0"])
        line = self._wait(lambda: re.search(r"listening on http://127\.0\.0\.1:(\d+)", words.read_text()))
        self.address = ("127.0.0.1", int(line[1]))
        vkey = re.search(r"witness vkey (\S+)", words.read_text())
        assert vkey is not None
        self.key = parse_vkey(vkey[1])


class Lite(WitnessProcess):
    """litewitness 0.9.0: its key lives in an ssh-agent, its logs are rows that its admin program would write."""

    name = "litewitness"

    def __init__(self, directory: Path, log: VerifierKey) -> None:
        super().__init__(directory, log)
        self._agent: subprocess.Popen[bytes] | None = None
        # A socket's path is short; a test's directory is not.
        self._sockets = Path(tempfile.mkdtemp(prefix="cb-"))

    def start(self) -> None:
        program = litewitness()
        if self._agent is None:
            self._make()
        blob = b64decode((self.directory / "key.pub").read_text().split()[1])
        self.key = VerifierKey("lite.example/w", KeyType.COSIGNATURE, blob[-32:])
        print_of = _ran(["ssh-keygen", "-lf", "key.pub"], self.directory).split()[1]
        self.address = ("127.0.0.1", _free_port())
        command = [str(program), "-name", self.key.name, "-db", "lite.db", "-key", print_of]
        self._spawn([*command, "-ssh-agent", str(self._sockets / "s"), "-listen", f"127.0.0.1:{self.address[1]}"])
        self._wait(self._answers)

    def close(self) -> None:
        super().close()
        if self._agent is not None:
            self._agent.kill()
            self._agent.wait(START_SECONDS)
        shutil.rmtree(self._sockets)

    def _make(self) -> None:
        path = str(self._sockets / "s")
        _ran(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key"], self.directory)
        self._agent = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not Path(path).exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        _ran(["env", f"SSH_AUTH_SOCK={path}", "ssh-add", "-q", "key"], self.directory)
        with closing(sqlite3.connect(self.directory / "lite.db")) as driver:
            driver.execute(
                "CREATE TABLE log (origin TEXT PRIMARY KEY, tree_size INTEGER NOT NULL, tree_hash TEXT NOT NULL)"
            )
            driver.execute("CREATE TABLE key (origin TEXT NOT NULL, key TEXT NOT NULL)")
            driver.execute("INSERT INTO log VALUES (?, 0, ?)", [self.log.name, encode_base64(EMPTY_ROOT)])
            driver.execute("INSERT INTO key VALUES (?, ?)", [self.log.name, self.log.format()])
            driver.commit()

    def _answers(self) -> bool:
        try:
            return self.ask(b"")[0] == 400
        except OSError:
            return False


def aics_witness() -> Path:
    """Return a Python that has aics-witness, installed apart unless it is. Raises `Missing`."""
    requirements = HERE / "witness-requirements.txt"
    environment = CACHE / f"witness-{_digest([requirements, HERE / 'aics-requirements.txt'])}"
    python = environment / "bin" / "python"
    if not (environment / "complete").exists():
        shutil.rmtree(environment, ignore_errors=True)
        _run([_newest_python(), "-m", "venv", str(environment)])
        options = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--ignore-requires-python"]
        _run([str(python), "-m", "pip", "install", "--quiet", *options, "-r", str(requirements)])
        (environment / "complete").touch()
    return python


def litewitness() -> Path:
    """Return litewitness, built unless it is. Raises `Missing`: its go.mod asks for a newer Go than Debian 12 has."""
    sources = HERE / "litewitness"
    program = CACHE / f"litewitness-{_digest(sorted(sources.iterdir()))}"
    if program.exists():
        return program
    go = shutil.which("go")
    if go is None or shutil.which("ssh-agent") is None:
        raise Missing("there is no go, or no ssh-agent, on PATH")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        built = Path(scratch) / "program"
        _run([go, "build", "-trimpath", "-o", str(built), "filippo.io/torchwood/cmd/litewitness"], cwd=sources)
        built.rename(program)
    return program


def _ran(command: list[str], directory: Path) -> str:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, (command[:3], done.stderr)
    return done.stdout


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
