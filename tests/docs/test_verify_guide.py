"""docs/verify.md, and the page in every evidence pack: their commands are run, in order, on a ledger made for it.

And again on copies that somebody has tampered with: the section whose business it is must fail.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from independent_verifiers import Verifier

from casebus.layout import HUB, Layout
from casebus.testing import story, synthetic

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "verify.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
RUN_SECONDS = 180


@dataclass(frozen=True)
class Example:
    """A data directory whose ledger the agencies have witnessed, and a checkpoint from when it was smaller."""

    data: Path
    noted: Path


def blocks(text: str) -> list[tuple[str, str]]:
    """Return (heading, commands) of every shell block, in order."""
    found = []
    for part in re.split(r"^(?=#)", text, flags=re.MULTILINE):
        heading = part.partition("\n")[0].lstrip("# ")
        found += [(heading, commands) for commands in BLOCK.findall(part)]
    return found


def script(chosen: list[tuple[str, str]]) -> str:
    return "set -eu\n" + "".join(f"echo {shlex.quote(f'=== {heading}')}\n{commands}\n" for heading, commands in chosen)


def run(text: str, where: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "NO_COLOR": "1", **environment}
    return subprocess.run(["sh", "-c", text], cwd=where, env=env, capture_output=True, text=True, timeout=RUN_SECONDS)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    root = tmp_path_factory.mktemp("example")
    made = Example(root / "data", root / "noted")
    layout = Layout(made.data)

    def casebus(*arguments: str) -> None:
        command = [sys.executable, "-m", "casebus", *arguments, "--data", str(made.data)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS)
        assert done.returncode == 0, done.stderr

    casebus("init", "--training")
    for number in range(3):
        document = synthetic.cybertip_json(f"9200{number:05d}", synthetic.person(610_000 + number))
        (layout.role(story.POLICE).spool / "in" / f"tip-{number}.json").write_bytes(document)
        if number == 1:
            continue  # two at once the second time: a tree whose size is no power of two
        casebus("run", "all", "--until-idle", "--timeout", "400")
        if number == 0:
            shutil.copy(layout.role(HUB).ledger / "checkpoint", made.noted)
    return made


def environment(example: Example) -> dict[str, str]:
    return {"DATA": str(example.data), "CASEBUS": str(ROOT)}


@pytest.mark.independent
def test_every_command_of_the_guide_runs_as_it_stands(
    example: Example, strangers: list[Verifier], tmp_path: Path
) -> None:
    shutil.copy(example.noted, tmp_path / "noted")
    chosen = blocks(GUIDE.read_text(encoding="utf-8"))
    done = run(script(chosen), tmp_path, **environment(example))
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    assert sections(done.stdout) == [name for name, _ in chosen]
    assert done.stdout.count("Signature Verified Successfully") == 4
    assert "ok: index 2 is in the tree of" in done.stdout
    assert re.search(r"^verified: \d+ leaves", done.stdout, flags=re.MULTILINE)


BY_HAND = (
    "With tools that are not ours",
    "A checkpoint by hand",
    "A small ledger by hand, whole",
    "One record by hand",
    "An evidence pack",
)

AFTER_COPYING = 'policy.txt" .\n'
AFTER_PROVING = "--out two.tlog-proof\n"
AFTER_UNPACKING = "unzip -q ../pack.zip)\n"
FLIP = "flip() { at=$(($(wc -c < $1) - ${2:-10})); b=$(tail -c +$at $1 | head -c 1 | xxd -p); { head -c $((at - 1)) $1; printf %02x $((0x$b ^ 1)) | xxd -r -p; tail -c +$((at + 1)) $1; } > flipped; cat flipped > $1; }\n"

TAMPERED = {
    "a checkpoint of another size": (AFTER_COPYING, "sed -i 2s/$/0/ ledger/checkpoint", "A checkpoint by hand"),
    "another key": (AFTER_COPYING, "sed -n 's/^witness [^ ]* //p' policy.txt | head -n 1 > ledger.vkey", "A checkpoint by hand"),
    "a cosignature of another note": (
        AFTER_COPYING,
        'mv ledger/checkpoint new; { head -n 5 new; sed 1,5d "$NOTED"; } > ledger/checkpoint',
        "A checkpoint by hand",
    ),
    "a flipped entry": (
        AFTER_COPYING,
        "flip ledger/tile/entries/000.p/$(sed -n 2p ledger/checkpoint)",
        "A small ledger by hand, whole",
    ),
    "a flipped record": (AFTER_PROVING, "flip two.record", "One record by hand"),
    "a flipped hash in the leaf": (AFTER_PROVING, "flip two.leaf", "One record by hand"),
    "a flipped position in the leaf": (AFTER_PROVING, "flip two.leaf 42", "One record by hand"),
    "another index": (AFTER_PROVING, "sed -i 's/^index 2/index 3/' two.tlog-proof", "One record by hand"),
    "another record in the pack": (
        AFTER_UNPACKING,
        "cp pack/records/000002.record pack/records/000005.record",
        "An evidence pack",
    ),
    "another leaf in the pack": (AFTER_UNPACKING, "cp pack/leaves/000002.leaf pack/leaves/000005.leaf", "An evidence pack"),
    "another checkpoint in the pack": (AFTER_UNPACKING, 'cp "$NOTED" pack/checkpoint', "An evidence pack"),
}  # fmt: skip


def by_hand(until: str = BY_HAND[-1]) -> str:
    """Return the commands that need no program of strangers, up to and with those of a section."""
    wanted = BY_HAND[: BY_HAND.index(until) + 1]
    found = blocks(GUIDE.read_text(encoding="utf-8"))
    return FLIP + script([each for each in found if each[0] in wanted and "go build" not in each[1]])


def sections(said: str) -> list[str]:
    return [line[4:] for line in said.splitlines() if line.startswith("=== ")]


def test_what_is_done_by_hand_needs_no_program_of_strangers(example: Example, tmp_path: Path) -> None:
    done = run(by_hand(), tmp_path, **environment(example))
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    assert set(sections(done.stdout)) == set(BY_HAND)


@pytest.mark.parametrize("name", TAMPERED)
def test_what_is_done_by_hand_refuses_what_was_tampered_with(example: Example, tmp_path: Path, name: str) -> None:
    place, tampering, section = TAMPERED[name]
    text = by_hand(until=section)
    assert text.count(place) == 1
    done = run(text.replace(place, f"{place}{tampering}\n"), tmp_path, **environment(example), NOTED=str(example.noted))
    assert done.returncode != 0
    assert sections(done.stdout)[-1] == section, done.stderr


@pytest.mark.independent
def test_the_page_in_a_pack_shows_commands_that_run_on_its_files(
    example: Example, strangers: list[Verifier], tmp_path: Path
) -> None:
    hub = Layout(example.data).role(HUB)
    command = ["ledger", "export", str(hub.ledger), "--out", "p.zip", "--key", str(hub.ledger_vkey), "--index", "5"]
    done = run(f"casebus {' '.join(command)} --policy {hub.policy}", tmp_path)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "p.zip") as pack:
        pack.extractall(tmp_path / "pack")
    aics = Path(next(each for each in strangers if each.name == "aics-tlog").command[0]).parent
    page = (tmp_path / "pack" / "VERIFY.md").read_text(encoding="utf-8")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "aics-tlog").symlink_to(aics / "aics-tlog")
    text = f"PATH={tmp_path / 'bin'}:$PATH\n{script(blocks(page))}"
    done = run(text, tmp_path / "pack")
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    assert "Signature Verified Successfully" in done.stdout
    by_hand = done.stdout.partition("=== With programs")[0].splitlines()
    assert by_hand[-1] == by_hand[-2] == (tmp_path / "pack" / "checkpoint").read_text().splitlines()[2]
    hashes = [line.split()[0] for line in by_hand if re.match(r"[0-9a-f]{64}\b", line)]
    assert hashes[-1] == hashes[-2], "the record's hash and the end of its leaf"
    assert done.stdout.count('"ok": true') == 2
