"""A second version of Python with what casebus needs, in an environment of its own, for tests that compare the two.

Set up in `.venv/.second-python-<version>` when a test first asks, from `requirements.lock` with its hashes. It needs a
Python newer than the one that runs the tests (python3.12 to 3.14, on PATH or under ~/.pyenv/versions) and a package
index. Without such a Python the test skips with that reason, in CI too: the language's next version is no part of
casebus. Where there is one and it cannot be set up, the test skips, and fails if that is in CI.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from real_parts import require_or_skip

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
SETUP_SECONDS = 300
NEWEST_MINOR = 14
_VERSION = re.compile(r"3\.(\d+)\.\d+")


class CannotSetUp(Exception):
    """There is another Python, and it cannot be set up; the text says why."""


def other_python() -> Path | None:
    """Return the oldest other Python that is newer than this one, None where there is none."""
    mine = sys.version_info.minor
    versions = Path.home() / ".pyenv" / "versions"
    found = [(int(m[1]), path) for path in versions.glob("3.*") if (m := _VERSION.fullmatch(path.name))]
    candidates = [(minor, str(path / "bin" / "python")) for minor, path in found]
    candidates += [(minor, f"python3.{minor}") for minor in range(mine + 1, NEWEST_MINOR + 1)]
    for minor, name in sorted(candidates):
        program = shutil.which(name)
        if mine < minor <= NEWEST_MINOR and program and _is(program, minor):
            return Path(program)
    return None


def _is(program: str, minor: int) -> bool:
    """Tell whether a program is that Python: a shim on PATH may stand for a version that is not chosen."""
    asked = [program, "-c", "import sys, venv, ensurepip; print(sys.version_info.minor)"]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60)
    return done.returncode == 0 and done.stdout.strip() == str(minor)


def set_up(program: Path) -> Path:
    """Return the interpreter of the environment, made unless it is there. Raises `CannotSetUp`."""
    version = _run([str(program), "-c", "import platform; print(platform.python_version())"]).strip()
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    environment = ROOT / ".venv" / f".second-python-{version}-{digest}"
    python = environment / "bin" / "python"
    if not (environment / "complete").exists():
        shutil.rmtree(environment, ignore_errors=True)
        environment.parent.mkdir(exist_ok=True)
        _run([str(program), "-m", "venv", str(environment)])
        options = ["--quiet", "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)]
        _run([str(python), "-m", "pip", "install", *options])
        (environment / "complete").touch()
    return python


def _run(command: list[str]) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SETUP_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotSetUp(f"{Path(command[0]).name} did not finish: {type(error).__name__}") from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        raise CannotSetUp(f"{Path(command[0]).name} ended with {done.returncode}: {last}")
    return done.stdout


@pytest.fixture(scope="session")
def second_python() -> Path:
    """An interpreter of another version that can run casebus."""
    program = other_python()
    if program is None:
        pytest.skip("second_python: no Python newer than this one is installed (python3.12 to 3.14)")
    try:
        return set_up(program)
    except CannotSetUp as error:
        require_or_skip("second_python", str(error))
