"""Every command of docs/auditing.md runs, in its order, on a copy of the story's ledger."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from conftest import Told, run_here

from casebus.layout import HUB

GUIDE = Path(__file__).parents[2] / "docs" / "auditing.md"


def test_every_command_of_the_auditors_guide_runs(told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    hub = told.network.layout.role(HUB)
    shutil.copytree(hub.ledger, tmp_path / "copy")
    (tip, *_) = told.network.json("log", "search", "--type", "TipReceived", "--ledger", str(tmp_path / "copy"))["rows"]
    values = {
        "$LEDGER": str(tmp_path / "copy"),
        "$VKEY": str(hub.ledger_vkey),
        "$POLICY": str(hub.policy),
        "$DATA": str(told.network.root),
        "$TIP": tip["tips"][0],
        "$EVENT": tip["event_id"],
    }
    block = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    commands = [[values.get(word, word) for word in shlex.split(line)] for each in block for line in each.splitlines()]
    assert len(commands) > 10
    for command in commands:
        done = run_here(command, {"NO_COLOR": "1", "HOME": str(tmp_path)})
        assert done.returncode == 0, f"{command}: {done.stdout[-1000:]}\n{done.stderr[-2000:]}"
        if command[1:3] == ["log", "search"]:
            assert done.stdout
