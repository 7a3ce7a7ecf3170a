"""A network for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from witness_network import WitnessNetwork, networks


@pytest.fixture
def new_network() -> Iterator[Callable[..., WitnessNetwork]]:
    with networks() as make:
        yield make


@pytest.fixture
def network(tmp_path: Path, new_network: Callable[..., WitnessNetwork]) -> WitnessNetwork:
    return new_network(tmp_path / "bus")
