"""The same story on Apache Kafka and PostgreSQL: the same alerts, the same event ids."""

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from conftest import AGENCIES, Network, Told, tell
from kafka_single_node import SingleNode

from casebus.testing import story

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(1200)]
TOLD_WITHIN_S = 900

COMMANDS = {"DataAccessed", "DeconflictionAcknowledged", "DeconflictionResolved", "DeconflictionRequested"}
"""Events that an officer makes at the edge: their ids are drawn, once."""

MOMENT = r"\d{4}-\d\d-\d\d[T ][\d:.]+( UTC|Z)"
COMPARED = ("ref", "conflict_id", "overlap", "severity", "state", "own", "partner", "strength", "outcome")


@pytest.fixture(scope="module")
def told_on_real_parts(kafka_node: SingleNode, postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The demo on a database of its own: roles' schemas have fixed names."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE story")
    url = postgres_url.rpartition("/")[0] + "/story"
    root = tmp_path_factory.mktemp("real") / "bus"
    return tell(root, "--bootstrap", kafka_node.bootstrap, "--database", url, timeout_s=TOLD_WITHIN_S)


def test_the_story_is_the_same(told_on_real_parts: Told, told: Told) -> None:
    real = told_on_real_parts
    assert re.search(r"From document to alert at both: \d+\.\d\d s \(Apache Kafka, PostgreSQL\)\.", real.stdout)
    assert timeless(real.stdout) == timeless(told.stdout)


def timeless(text: str) -> list[str]:
    """Return the account up to the ledger, without what is a time, an engine or a place, or was drawn by an officer.

    In the replay the order of topics against each other is free, and so is the count of leaves: a relay may send twice.
    """
    account, _, _ = text.partition("\nThe ledger")
    same = re.sub(rf"{MOMENT}|CHECK-\w+", "...", account)
    return [line for line in same.splitlines() if "From document" not in line]


def test_alerts_are_the_same(told_on_real_parts: Told, told: Told) -> None:
    assert told_on_real_parts.standing.state_hash == told.standing.state_hash
    for agency in AGENCIES:
        here, there = (_compared(t.standing.alerts[agency]) for t in (told, told_on_real_parts))
        assert here == there != []


def _compared(alerts: list[Any]) -> list[Any]:
    rows = [[*(a[name] for name in COMPARED), *([m["kind"], m["agreement"]] for m in a["matched"])] for a in alerts]
    return sorted(rows, key=lambda row: str(row[0]))


def test_ids_of_events_made_from_documents_are_the_same(told_on_real_parts: Told, told: Told) -> None:
    here, there = ids(told.network), ids(told_on_real_parts.network)
    assert here == there
    children, corrected = 3, 1
    assert len(here) == story.REGISTER_CASES + story.TIPS + children + corrected


def ids(network: Network) -> set[tuple[str, str, str]]:
    """Return topic, type and id of every event that an agency made from a document.

    The hub's depend on which of two topics it read first: the first of two tips has no match yet, and is told so.
    """
    records = [r for agency in AGENCIES for r in network.tail(f"casebus.{agency}.events") if "type" in r]
    return {(r["topic"], r["type"], r["id"]) for r in records if r["type"] not in COMMANDS}


def test_no_clear_secret_is_in_the_settings_file(told_on_real_parts: Told, postgres_url: str) -> None:
    root: Path = told_on_real_parts.network.root
    password = postgres_url.split(":")[2].partition("@")[0]
    assert password not in (root / "casebus.toml").read_text()
    assert (root / "database.url").stat().st_mode & 0o777 == 0o600
