"""What the README and the guide show is what happens: their blocks run as they stand, one after the other."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECTIONS = (("README.md", "Use it"), ("docs/getting-started.md", "Ten minutes"))


def script_of(page: str, heading: str) -> str:
    text = (ROOT / page).read_text(encoding="utf-8")
    section = re.split(r"^## ", text.split(f"\n## {heading}\n")[1], flags=re.MULTILINE)[0]
    return "".join(re.findall(r"^```sh\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL))


def run_blocks(tmp_path: Path, page: str, heading: str) -> str:
    """Run a section's blocks in a directory of their own; return what they print."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CASEBUS_")}
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", script_of(page, heading)],
        cwd=tmp_path,
        env={**environment, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.mark.parametrize(("page", "heading"), SECTIONS, ids=lambda value: value)
def test_the_blocks_of_a_page_run_as_they_stand(tmp_path: Path, page: str, heading: str) -> None:
    printed = run_blocks(tmp_path, page, heading)
    assert "NP-" in printed
    assert "JOINT_INVESTIGATION" in printed


def test_a_rotation_runs_as_its_page_shows_it(tmp_path: Path) -> None:
    printed = run_blocks(tmp_path, "docs/rotation.md", "Try it")
    assert "1 stated under epoch 2, 0 left" in printed
    assert "uk-nca: 1 under epoch 1\n" in printed
    assert "uk-nca: 1 under epoch 1 and 2\n" in printed
    assert "NP-" in printed
    keys = {path.name for path in (tmp_path / "bus-data").glob("agencies/*/keys/token*")}
    assert keys == {"token-2.key"}


def test_the_guide_shows_every_command_that_a_newcomer_needs() -> None:
    script = script_of(*SECTIONS[1])
    for shown in (
        "run all",
        "alerts show",
        "alerts ack",
        "alerts resolve",
        "log tail",
        "--policy",
        "--since",
        "doctor",
        "schema",
    ):
        assert shown in script
