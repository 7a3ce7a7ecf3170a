"""An agency renews the key to which others seal: nothing seals to it before a directory names it, the old one still opens."""

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from console.console_world import NZ, UK, made_once
from typer.testing import CliRunner

from casebus import keys
from casebus.cases.authorship import signed
from casebus.cases.conversation import MESSAGES, SEALED, Message, Sealed
from casebus.cli.main import assembled
from casebus.clock import SystemClock
from casebus.directory import Directory
from casebus.errors import NotFound, UsageError
from casebus.events.types import DeskMessage
from casebus.installing import encryption_entry
from casebus.layout import Layout
from casebus.roles import Installation, open_role
from casebus.sealing import Belongs, Content, seal
from casebus.state import Save
from casebus.wire.ids import content_id


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    shutil.copytree(made_once(), tmp_path / "data")
    return Layout(tmp_path / "data")


def run(layout: Layout, *words: str) -> dict[str, Any]:
    ran = CliRunner().invoke(assembled(words), [*words, "--json", "--data", str(layout.root)])
    if ran.exception and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return json.loads(ran.stdout)


def rotated(layout: Layout, *more: str) -> dict[str, Any]:
    """Rotate, and add what it printed to the directory."""
    made = run(layout, "keys", "rotate", "--agency", NZ, *more)
    with layout.directory.open("a", encoding="utf-8") as file:
        file.write("\n" + made["directory"])
    return made


def listed(layout: Layout) -> list[dict[str, Any]]:
    return run(layout, "keys", "list", "--agency", NZ)["keys"]


def doctor_on_keys(layout: Layout) -> str:
    found = run(layout, "doctor")
    (check,) = [each for each in found["checks"] if each["name"] == f"encryption key of {NZ}"]
    return "ok" if check["ok"] else str(check)


def test_a_key_that_is_made_changes_nothing_until_a_directory_names_it(layout: Layout) -> None:
    (old,) = listed(layout)
    before = layout.directory.read_bytes()
    made = run(layout, "keys", "rotate", "--agency", NZ)
    assert layout.directory.read_bytes() == before
    file = layout.role(NZ).keys / made["file"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    now = {row["id"]: (row["in_use"], row["here"], row["valid_from"] is not None) for row in listed(layout)}
    assert now == {old["id"]: (True, True, True), made["id"]: (False, True, False)}


def test_the_newest_valid_key_is_sealed_to_and_the_old_one_stays_until_its_file_is_taken_away(layout: Layout) -> None:
    (old,) = listed(layout)
    made = rotated(layout)
    rotated(layout, "--valid-from", "2999-01-01T00:00:00")
    directory = Directory.load(layout.directory)
    assert Directory.from_toml(directory.to_toml()) == directory
    assert [row["id"] for row in listed(layout) if row["in_use"]] == [made["id"]]
    used = directory.encryption_key(NZ, SystemClock().now())
    assert used is not None
    held = keys.load_encryption_keys(layout.role(NZ).keys, NZ)
    assert keys.public_bytes(held[made["id"]]) == used.raw
    layout.role(NZ).key("encryption").unlink()
    assert {row["id"]: row["here"] for row in listed(layout)}[old["id"]] is False
    assert doctor_on_keys(layout) == "ok", "the key of now is here"


def test_doctor_says_when_the_key_that_others_seal_to_is_not_here(layout: Layout) -> None:
    made = rotated(layout)
    (layout.role(NZ).keys / made["file"]).unlink()
    assert "not among its encryption keys here" in doctor_on_keys(layout)


def test_an_agency_that_is_not_listed_and_one_without_any_key_are_refused(layout: Layout) -> None:
    with pytest.raises(NotFound):
        run(layout, "keys", "rotate", "--agency", "nobody")
    layout.role(NZ).key("encryption").unlink()
    with pytest.raises(NotFound, match="no key at"):
        run(layout, "keys", "rotate", "--agency", NZ)


def test_a_directory_lists_encryption_keys_of_its_agencies_only_and_each_once(layout: Layout) -> None:
    text = layout.directory.read_text(encoding="utf-8")
    entry = run(layout, "keys", "rotate", "--agency", NZ)["directory"]
    for wrong in (entry + entry, entry.replace(f'owner = "{NZ}"', 'owner = "hub"')):
        with pytest.raises(UsageError, match="contradicts itself: encryption key"):
            Directory.from_toml(f"{text}\n{wrong}")


def test_a_node_opens_with_every_key_that_it_has_what_waited_for_one(layout: Layout) -> None:
    found = Installation.open(layout, SystemClock())
    store = found.open_store(NZ)
    message_id, conflict_id, now = content_id("m"), content_id("c"), found.clock.now()
    lost = keys.make_encryption_key()
    belongs = Belongs("DeskMessage", message_id, NZ, conflict_id)
    box = seal(Content(text="SYNTHETIC"), belongs, keys.public_bytes(lost))
    payload = DeskMessage(message_id=message_id, conflict_id=conflict_id, agency=UK, sealed=box, actor=None)
    payload = signed(payload, NZ, found.publisher(UK).attest)
    with store.transaction() as tx:
        tx.apply(Save(MESSAGES, Message(message_id, conflict_id, False, UK, now, None)))
        tx.apply(Save(SEALED, Sealed("DeskMessage", message_id, payload.model_dump_json(), now)))
    for expected in (None, "SYNTHETIC"):
        opened = open_role(found, NZ, ["desk"])
        try:
            opened.node.run(stopped=lambda: False, until_idle=True, timeout_s=30)
        finally:
            opened.close()
        with store.view() as view:
            (message,) = view.all(MESSAGES)
        assert message.text == expected
        keys.write_private_key(layout.role(NZ).key("encryption-restored"), lost) if expected is None else None
    store.close()
    assert encryption_entry(NZ, lost, now).id in keys.load_encryption_keys(layout.role(NZ).keys, NZ)
