"""The notifier as a part of an agency's node: what its settings say, what runs, what the doctor says of it."""

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from console.console_world import NZ, World
from notifying.notifying_world import webhook_server

from casebus.layout import Layout
from casebus.notifying import assembling
from casebus.roles import Installation
from casebus.settings import NotifySettings, load


def told(world: World, tmp_path: Path, url: str, **more: object) -> NotifySettings:
    """Return settings that name the webhook, and write them into the data directory."""
    secret = tmp_path / "webhook.secret"
    secret.write_text("0123456789abcdef0123\n")
    notify = NotifySettings(webhook_url=url, webhook_secret_file=str(secret), **more)  # type: ignore[arg-type]
    layout = world.installation.layout
    settings = world.installation.settings.model_copy(update={"notify": {NZ: notify}})
    layout.settings.write_text(settings.to_toml())
    return notify


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "data")


def test_settings_are_read_as_they_were_written(world: World, tmp_path: Path) -> None:
    more = {
        "mail_server": "127.0.0.1:25",
        "mail_from": "casebus@police.example",
        "mail_to": ["a@police.example", "b@police.example"],
    }
    written = told(world, tmp_path, "http://127.0.0.1:9/hook", **more)
    assert load(world.installation.layout.settings).notify == {NZ: written}


def test_a_node_with_the_table_tells_of_an_alert(world: World, tmp_path: Path) -> None:
    with webhook_server() as hook, ExitStack() as held:
        told(world, tmp_path, hook.url)
        found = Installation.open(Layout(world.installation.layout.root), world.clock)
        component = assembling.component(found, NZ, found.settings.notify[NZ], held)
        component.open()
        component.step()
        new = world.alert("new")
        world.hold(new)
        for _ in range(1000):
            component.step()
            if hook.posted and component.idle():
                break
            time.sleep(0.005)
        ((_, body),) = hook.posted
        assert json.loads(body)["ref"] == new.ref


@pytest.mark.parametrize("is_whole", [True, False])
def test_the_doctor_says_by_what_officers_are_told_or_what_is_missing(
    world: World, tmp_path: Path, is_whole: bool
) -> None:
    told(world, tmp_path, "http://127.0.0.1:9/hook")
    if not is_whole:
        (tmp_path / "webhook.secret").unlink()
    command = [sys.executable, "-m", "casebus", "doctor", "--data", str(world.installation.layout.root), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (check,) = [each for each in json.loads(done.stdout)["checks"] if each["name"] == f"notifier of {NZ}"]
    assert check["ok"] is is_whole
    assert ("tells by webhook" if is_whole else "webhook_secret_file cannot be read") in check["detail"]
