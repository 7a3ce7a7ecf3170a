"""Two programs by strangers that verify our ledger: the Go team's x/mod/sumdb packages, and PyPI's aics-tlog.

Both are set up when a test first asks, in `.venv/.independent`: pinned by `tests/independent/verifier/go.sum` and by the
hashes in `tests/independent/aics-requirements.txt`. Neither shares code, or an interpreter's packages, with casebus.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from real_parts import require_or_skip

HERE = Path(__file__).resolve().parent / "independent"
CACHE = Path(__file__).resolve().parent.parent / ".venv" / ".independent"
SETUP_SECONDS = 300
VERIFY_SECONDS = 120


class Missing(Exception):
    """The machine cannot set a verifier up; the text says why."""


@dataclass(frozen=True)
class Verifier:
    """A program: `command DIRECTORY VKEY [OLD-CHECKPOINT]`."""

    name: str
    command: tuple[str, ...]

    def accepts(self, directory: Path, vkey: str, older: Path | None = None) -> bool:
        """Tell its verdict. Anything but a plain yes or no is an error of the test's."""
        more = [] if older is None else [str(older)]
        done = subprocess.run(
            [*self.command, str(directory), vkey, *more], capture_output=True, text=True, timeout=VERIFY_SECONDS
        )
        verdict = {0: "ok: ", 1: "FAILED: "}.get(done.returncode)
        assert verdict, (self.name, done.returncode, done.stderr)
        assert done.stdout.startswith(verdict), (self.name, done.stdout, done.stderr)
        return done.returncode == 0


def go_verifier() -> Verifier:
    """Build the Go program, unless it is built. Raises `Missing`."""
    sources = HERE / "verifier"
    program = CACHE / f"go-{_digest(sorted(sources.iterdir()))}"
    if not program.exists():
        go = shutil.which("go")
        if go is None:
            raise Missing("there is no go on PATH")
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            built = Path(scratch) / "program"
            _run([go, "build", "-trimpath", "-o", str(built), "."], cwd=sources)
            built.rename(program)
    return Verifier("x/mod/sumdb", (str(program),))


def aics_verifier() -> Verifier:
    """Install aics-tlog into an environment of its own, unless it is there. Raises `Missing`."""
    requirements = HERE / "aics-requirements.txt"
    environment = CACHE / f"aics-{_digest([requirements])}"
    python = environment / "bin" / "python"
    if not (environment / "complete").exists():
        shutil.rmtree(environment, ignore_errors=True)
        _run([_newest_python(), "-m", "venv", str(environment)])
        # The package asks for Python 3.12 in its metadata and runs on 3.11.
        options = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--ignore-requires-python"]
        _run([str(python), "-m", "pip", "install", "--quiet", *options, "-r", str(requirements)])
        (environment / "complete").touch()
    return Verifier("aics-tlog", (str(python), "-I", str(HERE / "audit_with_aics.py")))


def _newest_python() -> str:
    for name in ("python3.13", "python3.12"):
        found = shutil.which(name)
        # A shim that is on PATH may stand for a version that is not chosen.
        if found and subprocess.run([found, "-m", "venv", "-h"], capture_output=True, timeout=60).returncode == 0:
            return found
    return sys.executable


def _digest(files: list[Path]) -> str:
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.name.encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()[:16]


def _run(command: list[str], cwd: Path | None = None) -> None:
    # GOFLAGS: nothing may change go.mod or go.sum, which are the pins.
    environment = {**os.environ, "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    try:
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=SETUP_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{Path(command[0]).name} did not finish: {type(error).__name__}") from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        raise Missing(f"{Path(command[0]).name} ended with {done.returncode}: {last}")


@pytest.fixture(scope="session")
def strangers() -> list[Verifier]:
    """Both verifiers; the test skips where they cannot be set up, and fails if that is in CI."""
    try:
        return [go_verifier(), aics_verifier()]
    except Missing as missing:
        require_or_skip("independent", str(missing))
