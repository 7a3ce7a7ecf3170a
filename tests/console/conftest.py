"""One agency's console with three alerts, ready to be worked on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from console.browser_parts import FLAGS, chromium
from console.console_world import World
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "data")
    yield world
    world.store.close()


@pytest.fixture
def desk(world: World) -> World:
    """Return the world with a routine, a high and an immediate alert, put in in this order, and a notice."""
    world.hold_one_of_each()
    return world


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser; each test opens windows of its own in it."""
    path = chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield started
        started.close()
