"""A data directory: what is made in it, which roles are present, whose database it is."""

import shutil
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from casebus.bus.parking import PARKED, PARKED_RECORDS, ParkedRecord
from casebus.clock import SystemClock
from casebus.errors import Conflict, ParkReason
from casebus.installing import all_topics, initialise
from casebus.layout import HUB, Layout
from casebus.ledger.positions import committed_positions
from casebus.roles import Installation, open_role
from casebus.settings import Settings
from casebus.status import Overview
from casebus.store.store import Save
from casebus.witnessing.topics import witnessing_topics


def install(root: Path) -> Installation:
    return opened(initialise(root, training=True, now=SystemClock().now()))


def really_install(root: Path) -> Installation:
    return opened(initialise(root, training=False, now=SystemClock().now()))


def opened(layout: Layout) -> Installation:
    return Installation.open(layout, SystemClock())


@pytest.fixture
def installed(tmp_path: Path) -> Installation:
    return install(tmp_path / "bus")


def topics_in(installation: Installation) -> set[str]:
    return {path.name.removesuffix(".sqlite") for path in installation.layout.bus.glob("*.sqlite")}


def test_init_makes_every_topic_and_who_only_looks_makes_none(installed: Installation) -> None:
    assert topics_in(installed) == set(all_topics(installed.agencies))
    shutil.rmtree(installed.layout.bus)
    with closing(Overview(installed)) as overview:
        report = overview.report()
    assert topics_in(installed) == set()
    assert {**report["topics"], **report["witnessing"]} == dict.fromkeys(all_topics(installed.agencies), 0)
    assert not set(report["topics"]) & set(report["witnessing"])


def test_an_agency_makes_its_own_topics_and_those_of_witnesses_and_the_hub_all(installed: Installation) -> None:
    shutil.rmtree(installed.layout.bus)
    open_role(installed, "uk-nca", []).close()
    own = {"casebus.uk-nca.events", "casebus.uk-nca.inbox"}
    assert topics_in(installed) == own | set(witnessing_topics(installed.agencies))
    open_role(installed, HUB, []).close()
    assert topics_in(installed) == set(all_topics(installed.agencies))


def test_on_a_machine_with_one_role_only_that_one_is_looked_at(installed: Installation) -> None:
    for code in (HUB, "nz-police", "nz-internal-affairs"):
        shutil.rmtree(installed.role(code).directory)
    assert installed.present == ["uk-nca"]
    with closing(Overview(installed)) as overview:
        report = overview.report()
        assert overview.is_idle()
    assert report["outbox"] == {"uk-nca": 0}
    assert not installed.role(HUB).directory.exists()


def test_the_ledgers_journal_is_read_once_a_look(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []

    def counted(ledger: Path) -> dict[tuple[str, str], int]:
        reads.append(ledger)
        return committed_positions(ledger)

    monkeypatch.setattr("casebus.status.committed_positions", counted)
    with closing(Overview(installed)) as overview:
        overview.consumers()
    assert len(reads) == 1


def parked(name: str, status: str = PARKED) -> Save:
    now = SystemClock().now()
    record = ParkedRecord(name, "c", "t", 0, b"", b"", (), now, ParkReason.UNSIGNED, "", authentic=False, status=status)
    return Save(PARKED_RECORDS, record)


def test_one_record_released_and_another_parked_is_a_new_fault(installed: Installation) -> None:
    """However equal their number."""
    with closing(Overview(installed, [HUB])) as overview, closing(installed.open_store(HUB)) as store:
        with store.transaction() as tx:
            tx.apply(parked("old"))
        before = overview.faults()
        with store.transaction() as tx:
            tx.apply(parked("old", "done"))
            tx.apply(parked("new"))
        assert overview.faults() - before == {(HUB, "new")}


def test_two_data_directories_have_ids_of_their_own(tmp_path: Path) -> None:
    ids = {really_install(tmp_path / name).settings.installation for name in ("one", "two")}
    assert len(ids) == 2
    assert None not in ids
    assert Settings(ledger_origin="a/b").installation is None


@pytest.mark.postgres
def test_a_second_data_directory_on_one_database_is_a_conflict(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE two_directories")
    url = postgres_url.rpartition("/")[0] + "/two_directories"
    secret = tmp_path / "database.url"
    secret.write_text(url)
    monkeypatch.setenv("CASEBUS_DATABASE_FILE", str(secret))
    first, second = really_install(tmp_path / "one"), really_install(tmp_path / "two")
    for _ in range(2):
        first.open_store("uk-nca").close()
    with pytest.raises(Conflict, match="another data directory") as refused:
        second.open_store("uk-nca")
    assert refused.value.exit_code == 6
    first.open_store("uk-nca").close()
