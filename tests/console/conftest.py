"""One agency's console with three alerts, ready to be worked on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from console.console_world import IA, World

from casebus.events import enumerations as en


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "data")
    yield world
    world.store.close()


@pytest.fixture
def desk(world: World) -> World:
    """Return the world with a routine, a high and an immediate alert, put in in this order, and a notice."""
    world.hold(
        world.alert("routine", severity=en.Severity.routine, partner=IA),
        world.alert("high", severity=en.Severity.high),
        world.alert("immediate", severity=en.Severity.immediate),
        world.alert("notice", overlap=en.Overlap.same_source_report),
    )
    return world
