"""What is generated is as committed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from casebus.events.catalogue import CATALOGUE
from casebus.wire.codec import decode
from casebus.wire.compatibility import SAMPLES
from casebus.wire.schemas import Schemas

ROOT = Path(__file__).parents[2]
SCHEMAS = Schemas.load()


def regenerate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "tools" / "regenerate_golden.py"), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=root, check=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for part in ("casebus", "schemas", "docs", "tools", str(SAMPLES)):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_a_golden_sample_is_what_stands_beside_it(name: str) -> None:
    schema = SCHEMAS.for_type(name)
    read = decode((ROOT / SAMPLES / f"{name}.v1.bin").read_bytes(), schema, SCHEMAS)
    assert read == CATALOGUE[name].model.model_validate_json((ROOT / SAMPLES / f"{name}.v1.json").read_bytes())


def test_nothing_that_is_generated_has_changed() -> None:
    found = regenerate(ROOT, "--check")
    assert (found.returncode, found.stdout) == (0, "")


def test_a_difference_is_named_and_written_anew(tree: Path) -> None:
    (tree / "docs" / "events.md").write_text("by hand")
    sample = tree / SAMPLES / "CaseClosed.v1.bin"
    sample.write_bytes(b"")
    found = regenerate(tree, "--check")
    assert found.returncode == 1
    assert found.stdout.splitlines() == [f"differs: {SAMPLES}/CaseClosed.v1.bin", "differs: docs/events.md"]
    assert regenerate(tree).returncode == 0
    assert sample.read_bytes() == (ROOT / SAMPLES / "CaseClosed.v1.bin").read_bytes()
    assert regenerate(tree, "--check").returncode == 0


def test_a_locked_schema_is_not_locked_anew_by_accident(tree: Path) -> None:
    path = tree / "schemas" / "CaseClosed.v1.avsc"
    document = json.loads(path.read_text())
    document["fields"][1]["default"] = "CLOSED"
    path.write_text(json.dumps(document))
    found = regenerate(tree)
    assert found.returncode == 8
    assert "CaseClosed.v1.avsc is locked and has changed" in found.stderr
    assert regenerate(tree, "--relock").returncode == 0
    assert regenerate(tree, "--check").returncode == 0
