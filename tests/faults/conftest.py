"""What tests of faults share: a network in one process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_harness import Network


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    """A bus with three agencies that agree pairwise, and the hub's consumers on it."""
    network = Network(tmp_path)
    yield network
    network.close()
