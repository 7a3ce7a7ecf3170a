"""An agency's token keys by epoch: what may stand side by side, and when the older one may be ended."""

import json
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from console.console_world import NZ, made_once
from typer.testing import CliRunner

from casebus import keys
from casebus.cli.main import assembled
from casebus.clock import SystemClock
from casebus.errors import CasebusError, Conflict, NotPermitted, UsageError
from casebus.intake.records import OWN_RECORDS, Behind, OwnKind, OwnRecord
from casebus.layout import Layout, RoleLayout
from casebus.roles import Installation
from casebus.state import Save
from casebus.token_keys import check_value, load_token_keys, token_epochs

RECORD = OwnRecord("r1", OwnKind.tip, "ncmec", "900000001", 1, "d", True, False, (), (), epochs=(1,))


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    shutil.copytree(made_once(), tmp_path / "data")
    return Layout(tmp_path / "data")


@pytest.fixture
def role(layout: Layout) -> RoleLayout:
    return layout.role(NZ)


@pytest.fixture
def second(tmp_path: Path) -> Path:
    path = tmp_path / "second.key"
    keys.write_secret(path, b"2" * 32)
    return path


def run(layout: Layout, *words: str) -> str:
    ran = CliRunner().invoke(assembled(words), [*words, "--data", str(layout.root)])
    if ran.exception and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return ran.stdout


def add(layout: Layout, source: Path, epoch: int = 2) -> None:
    run(layout, "keys", "token", "add", "--agency", NZ, "--epoch", str(epoch), "--key-file", str(source))


def end(layout: Layout, *more: str, epoch: int = 1) -> None:
    run(layout, "keys", "token", "end", "--agency", NZ, "--epoch", str(epoch), *more)


def hold(layout: Layout, *records: OwnRecord) -> None:
    store = Installation.open(layout, SystemClock()).open_store(NZ)
    with store.transaction() as tx:
        for record in records:
            tx.apply(Save(OWN_RECORDS, record))
    store.close()


def listed(layout: Layout) -> Any:
    return json.loads(run(layout, "keys", "token", "list", "--agency", NZ, "--json"))


def test_the_next_epochs_key_stands_beside_the_first_and_only_its_owner_reads_it(
    layout: Layout, role: RoleLayout, second: Path
) -> None:
    add(layout, second)
    assert load_token_keys(role.keys) == {1: keys.load_secret(role.key("token")), 2: b"2" * 32}
    assert stat.S_IMODE((role.keys / "token-2.key").stat().st_mode) == 0o600
    assert listed(layout)["epochs"] == [1, 2]


def _short(path: Path) -> None:
    path.write_text("c2hvcnQ=\n")


def _same(path: Path) -> None:
    path.write_bytes((path.parent / "data/agencies" / NZ / "keys/token.key").read_bytes())


@pytest.mark.parametrize(
    ("spoil", "epoch", "error", "why"),
    [
        (_short, 2, UsageError, "a key of 32 bytes"),
        (_same, 2, UsageError, "that is the key of epoch 1"),
        (lambda path: None, 1, UsageError, "the next is 2"),
        (lambda path: None, 3, UsageError, "the next is 2"),
        (lambda path: path.chmod(0o644), 2, NotPermitted, "must be 0600"),
    ],
)
def test_a_key_that_cannot_be_the_next_is_refused_and_changes_nothing(
    layout: Layout,
    role: RoleLayout,
    second: Path,
    spoil: Callable[[Path], None],
    epoch: int,
    error: type[CasebusError],
    why: str,
) -> None:
    spoil(second)
    with pytest.raises(error) as refused:
        add(layout, second, epoch)
    assert why in refused.value.diagnostics()
    assert token_epochs(role.keys) == (1,)


def test_what_make_add_and_list_print_of_one_key_is_one_check_value(layout: Layout, tmp_path: Path) -> None:
    out = tmp_path / "made.key"
    ran = CliRunner().invoke(assembled(["keys"]), ["keys", "token", "make", "--out", str(out), "--json"])
    made = json.loads(ran.stdout)
    words = ("--agency", NZ, "--epoch", "2", "--key-file", str(out), "--json")
    added = json.loads(run(layout, "keys", "token", "add", *words))
    assert (made["file"], added["file"]) == ("made.key", "token-2.key")
    value = check_value(keys.load_secret(out))
    assert [made["check_value"], added["check_value"], listed(layout)["check_values"][1]] == [value] * 3
    assert f"token key of epoch 2, check value {value}" in run(layout, "keys", "token", "list", "--agency", NZ)


def test_a_check_value_is_of_one_key_and_is_fixed() -> None:
    """Agencies with different versions compare it."""
    assert check_value(b"2" * 32) == "67f2 1456"
    assert check_value(b"3" * 32) != check_value(b"2" * 32)


def test_the_command_that_shows_how_far_a_node_is_stands_on_one_line(
    layout: Layout, second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    words = ["keys", "token", "add", "--agency", NZ, "--epoch", "2", "--key-file", str(second)]
    ran = CliRunner().invoke(assembled(words), [*words, "--data", str(layout.root)])
    assert f"casebus keys token list --agency {NZ}" in ran.stderr.splitlines()


def test_a_third_key_waits_until_the_first_is_ended(layout: Layout, role: RoleLayout, second: Path) -> None:
    add(layout, second)
    third = second.with_name("third.key")
    keys.write_secret(third, b"3" * 32)
    with pytest.raises(Conflict):
        add(layout, third, 3)
    end(layout, "--all-have-moved")
    add(layout, third, 3)
    assert token_epochs(role.keys) == (2, 3)


@pytest.mark.parametrize("names", [["token-3.key"], ["token-2.key", "token-3.key"]])
def test_keys_that_lie_side_by_side_and_do_not_follow_each_other_are_not_used(
    role: RoleLayout, names: list[str]
) -> None:
    for number, name in enumerate(names):
        keys.write_secret(role.keys / name, bytes([number]) * 32)
    with pytest.raises(UsageError):
        load_token_keys(role.keys)


def test_one_key_under_two_epochs_is_not_used(role: RoleLayout) -> None:
    shutil.copy(role.key("token"), role.keys / "token-2.key")
    with pytest.raises(UsageError):
        load_token_keys(role.keys)


@pytest.mark.parametrize("broken", ["", "c2hvcnQ=\n"])
def test_a_later_key_that_is_broken_is_to_be_added_again_and_never_made_anew(
    layout: Layout, role: RoleLayout, second: Path, broken: str
) -> None:
    add(layout, second)
    (role.keys / "token-2.key").write_text(broken)
    with pytest.raises(UsageError) as refused:
        load_token_keys(role.keys)
    assert "remove it and add the key again with the same file" in refused.value.next_step
    (role.keys / "token-2.key").unlink()
    add(layout, second)
    assert load_token_keys(role.keys)[2] == b"2" * 32


def test_the_only_token_key_is_never_to_be_made_anew(role: RoleLayout) -> None:
    role.key("token").write_text("")
    with pytest.raises(UsageError) as refused:
        load_token_keys(role.keys)
    assert refused.value.next_step == "restore it from its backup, or get the same key from another agency."


def test_doctor_looks_at_both_keys(layout: Layout, role: RoleLayout, second: Path) -> None:
    add(layout, second)
    (role.keys / "token-2.key").chmod(0o644)
    told = json.loads(run(layout, "doctor", "--json"))
    (check,) = [each for each in told["checks"] if each["name"] == f"token key of {NZ}"]
    assert not check["ok"]


def test_an_epoch_is_ended_when_all_is_stated_anew_and_its_key_is_gone(
    layout: Layout, role: RoleLayout, second: Path
) -> None:
    add(layout, second)
    hold(layout, replace(RECORD, epochs=(1, 2)))
    end(layout, "--all-have-moved")
    assert [path.name for path in role.keys.glob("token*.key")] == ["token-2.key"]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (replace(RECORD, epochs=(1, 2)), []),
        (RECORD, ["--all-have-moved"]),
        (replace(RECORD, behind=Behind.document_gone), ["--all-have-moved"]),
        (replace(RECORD, behind=Behind.document_gone), ["--all-have-moved", "--leaving", "2"]),
    ],
)
def test_an_epoch_is_not_ended_before_everything_that_can_has_moved(
    layout: Layout, role: RoleLayout, second: Path, record: OwnRecord, words: list[str]
) -> None:
    add(layout, second)
    hold(layout, record)
    with pytest.raises(Conflict):
        end(layout, *words)
    assert token_epochs(role.keys) == (1, 2)


def test_what_cannot_move_is_listed_by_number_and_left_behind_only_when_it_is_counted(
    layout: Layout, role: RoleLayout, second: Path
) -> None:
    add(layout, second)
    hold(layout, replace(RECORD, behind=Behind.document_gone))
    row = listed(layout)
    assert (row["stuck"], row["numbers"]) == ({"document_gone": 1}, {"document_gone": ["900000001"]})
    end(layout, "--all-have-moved", "--leaving", "1")
    assert token_epochs(role.keys) == (2,)


@pytest.mark.parametrize(
    ("records", "leaving", "what", "next_step"),
    [
        (
            0,
            "1",
            "--leaving 1, but no own records are found that cannot be stated anew",
            "then give the command without --leaving.",
        ),
        (
            1,
            "2",
            "--leaving 2, but 1 own records are found that cannot be stated anew",
            "or accept it with --leaving 1.",
        ),
        (1, "0", "1 own records cannot be stated anew; they would not", "or accept it with --leaving 1."),
    ],
)
def test_a_wrong_count_of_what_is_left_behind_is_told_with_the_right_one(
    layout: Layout, second: Path, records: int, leaving: str, what: str, next_step: str
) -> None:
    add(layout, second)
    hold(layout, *[replace(RECORD, behind=Behind.document_gone)] * records)
    with pytest.raises(Conflict) as refused:
        end(layout, "--all-have-moved", "--leaving", leaving)
    assert refused.value.what.startswith(what)
    assert refused.value.next_step.endswith(next_step)


def test_what_has_no_room_for_two_keys_does_not_hold_the_end_up(layout: Layout, role: RoleLayout, second: Path) -> None:
    add(layout, second)
    hold(layout, replace(RECORD, behind=Behind.too_large))
    end(layout, "--all-have-moved")
    assert token_epochs(role.keys) == (2,)


@pytest.mark.parametrize("epoch", [2, 3])
def test_only_the_older_of_two_epochs_is_ended(layout: Layout, role: RoleLayout, second: Path, epoch: int) -> None:
    add(layout, second)
    with pytest.raises(UsageError):
        end(layout, "--all-have-moved", epoch=epoch)
    assert token_epochs(role.keys) == (1, 2)


def test_the_only_key_is_not_ended(layout: Layout, role: RoleLayout) -> None:
    with pytest.raises(UsageError):
        end(layout, "--all-have-moved")
    assert token_epochs(role.keys) == (1,)
