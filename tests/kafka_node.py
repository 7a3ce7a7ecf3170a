"""A real Apache Kafka for tests: one node, one JVM, from the jars that `tools/kafka_up.py fetch` brings."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_parts import require_or_skip

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from kafka_single_node import SingleNode, missing_parts


def new_node(directory: Path, **how: object) -> SingleNode:
    """Start a new cluster, or end the test for want of Kafka."""
    if (reason := missing_parts()) is not None:
        require_or_skip("kafka", reason)
    node = SingleNode(directory, **how)  # type: ignore[arg-type]
    node.format()
    node.start()
    return node


@pytest.fixture(scope="session")
def kafka_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SingleNode]:
    """The node that all tests share: leave it running, use topics of your own."""
    node = new_node(tmp_path_factory.mktemp("kafka") / "node")
    yield node
    node.remove()


@pytest.fixture
def own_kafka_node(tmp_path: Path) -> Iterator[SingleNode]:
    """A node for one test, which may stop, kill and pause it."""
    node = new_node(tmp_path / "node")
    yield node
    node.remove()
