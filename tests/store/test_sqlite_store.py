"""The embedded Store keeps the contract, and what is its own: one private file, durable, refusing what is not ours."""

import functools
import os
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from random import Random

import pytest

from casebus.errors import StoreError
from casebus.store import sqlite_inverted, waiting_posts
from casebus.store.sqlite import SqliteStore
from casebus.store.store import Concept, Effect, Post, Remove, Save, Unpost
from casebus.testing.specimens import CONCEPTS, MARKS, SPECIMENS, TALLIES, Specimen, Tally, mark
from casebus.testing.store_contract import Opener, StoreContract
from casebus.testing.store_inverted import StoreInverted
from casebus.testing.store_model import run_histories


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite"


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def opener(self, path: Path) -> Opener:
        return functools.partial(SqliteStore, path, CONCEPTS)


class TestSqliteIndexThatOverflows(StoreInverted):
    """The contract again, with tables so small that rows move on all the time."""

    @pytest.fixture(autouse=True)
    def small_tables(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, size in (("YOUNG", 4), ("MIDDLE", 9), ("SLICE", 3)):
            monkeypatch.setattr(sqlite_inverted, name, size)
        monkeypatch.setattr(waiting_posts, "MOST", 5)

    @pytest.fixture
    def opener(self, path: Path) -> Opener:
        return functools.partial(SqliteStore, path, CONCEPTS)

    def test_any_history_reads_like_a_dictionary(self, opener: Opener) -> None:
        run_histories(opener)

    def test_rows_move_on_and_each_table_keeps_its_size(self, path: Path) -> None:
        draw, went = Random(1), set[int]()
        with opened(path) as store, by_hand(path) as connection:
            for number in range(60):
                tokens = tuple(draw.randrange(2**16) for _ in range(draw.randrange(5)))
                with store.transaction() as tx:
                    tx.apply(Post(MARKS, f"owner-{number}", (*tokens, mark("common"))))
                    tx.apply(Unpost(MARKS, f"owner-{number - 7}", (mark("common"),)))
                counted = dict(connection.execute("SELECT table_name, row_count FROM moves"))
                went.add(connection.execute("SELECT hash FROM moves WHERE table_name = 'marks_young'").fetchone()[0])
                held = {name: count_of(connection, name) for name in counted}
                assert counted == held
                assert (held["marks_young"] <= 4, held["marks_middle"] <= 9) == (True, True)
            with store.view() as view:
                assert sorted(view.holders(MARKS, {mark("common"): 99})[mark("common")]) == [
                    f"owner-{n}" for n in range(53, 60)
                ]
        assert held["marks"] > 50
        assert len(went) > 20, "each slice begins where the one before it ended"


def count_of(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_a_token_that_many_hold_costs_no_more_than_what_is_wanted_of_it(path: Path) -> None:
    """What SQLite does is counted in steps of its machine: 100,000 owners cost about what 100 do."""
    with opened(path) as store:
        steps = []
        for owners in (100, 100_000):
            fill(store, owners)
            with store.view() as view:
                steps.append(steps_of(store, lambda view=view: view.holders(MARKS, {mark("common"): 50})))
                assert len(view.holders(MARKS, {mark("common"): 50})[mark("common")]) == 50
        assert steps[1] < 3 * steps[0]


def fill(store: SqliteStore, owners: int) -> None:
    with store.transaction() as tx:
        for number in range(owners):
            tx.apply(Post(MARKS, f"owner-{number}", (mark("common"),)))


def steps_of(store: SqliteStore, work: Callable[[], object]) -> int:
    """Return how many instructions SQLite's virtual machine took."""
    taken = [0]

    def count() -> None:
        taken[0] += 1

    store._connection._driver.set_progress_handler(count, 1)
    work()
    store._connection._driver.set_progress_handler(None, 1)
    return taken[0]


@dataclass(frozen=True, slots=True)
class OtherTally:
    name: str
    owner: str


@contextmanager
def opened(path: Path, *concepts: Concept, busy_timeout_ms: int = 5000) -> Iterator[SqliteStore]:
    store = SqliteStore(path, concepts or CONCEPTS, busy_timeout_ms=busy_timeout_ms)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def by_hand(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """A disk that is full, as far as this process can tell: writes beyond `size` of any file fail."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def save(store: SqliteStore, *specimens: Specimen) -> None:
    with store.transaction() as tx:
        for specimen in specimens:
            tx.apply(Save(SPECIMENS, specimen))


def keys(store: SqliteStore) -> list[str]:
    with store.view() as view:
        return [specimen.key for specimen in view.all(SPECIMENS)]


def test_the_file_and_its_wal_are_readable_by_their_owner_only(path: Path) -> None:
    before = os.umask(0)
    try:
        with opened(path) as store:
            save(store, Specimen("a"))
            modes = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"state.sqlite": 0o600, "state.sqlite-wal": 0o600, "state.sqlite-shm": 0o600}


def test_a_file_that_others_could_read_is_closed_to_them(path: Path) -> None:
    with opened(path):
        pass
    path.chmod(0o644)
    with opened(path):
        assert path.stat().st_mode & 0o777 == 0o600


def test_every_commit_is_synchronous_and_readers_do_not_wait(path: Path) -> None:
    with opened(path) as store, by_hand(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert store._connection.rows("PRAGMA synchronous") == [(2,)]


@pytest.mark.parametrize("content", [b"not a database, but long" * 80, b"SQLite format 3\0" * 99])
def test_a_file_that_is_not_sqlite_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreError, match="cannot be opened"):
        SqliteStore(path, CONCEPTS)
    assert [each.name for each in path.parent.iterdir()] == ["state.sqlite"]
    assert path.read_bytes() == content


def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    with by_hand(path) as connection:
        connection.execute("CREATE TABLE outbox (id)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        SqliteStore(path, CONCEPTS)
    assert path.read_bytes() == before


def test_a_place_where_no_file_can_be_is_a_store_error(path: Path) -> None:
    path.mkdir()
    for place in (path, path / "missing" / "state.sqlite"):
        with pytest.raises(StoreError, match="cannot be opened"):
            SqliteStore(place, CONCEPTS)


def test_the_state_of_a_newer_casebus_is_refused_and_left_alone(path: Path) -> None:
    with opened(path) as store:
        save(store, Specimen("a"))
    with by_hand(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer casebus") as refusal:
        SqliteStore(path, CONCEPTS)
    assert "install the newer version" in refusal.value.diagnostics()
    with by_hand(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)


def test_a_table_with_other_columns_than_declared_wants_a_migration(path: Path) -> None:
    with opened(path):
        pass
    indexed = Concept("tallies", Tally, attrgetter("name"), {"count": attrgetter("name")})
    with pytest.raises(StoreError, match="tallies has other columns") as refusal:
        SqliteStore(path, (indexed,))
    assert "migration" in refusal.value.diagnostics()


def test_a_concept_that_is_new_gets_its_table_beside_the_old_ones(path: Path) -> None:
    with opened(path, SPECIMENS) as store:
        save(store, Specimen("a"))
    with opened(path, TALLIES) as store, store.transaction() as tx:
        tx.apply(Save(TALLIES, Tally("t", 1)))
    with opened(path) as store, store.view() as view:
        assert (view.get(SPECIMENS, "a"), view.get(TALLIES, "t")) == (Specimen("a"), Tally("t", 1))


def test_a_body_that_does_not_fit_its_class_is_reported_without_its_values(path: Path) -> None:
    with opened(path, TALLIES) as store, store.transaction() as tx:
        tx.apply(Save(TALLIES, Tally("secret-name", 1)))
    later = Concept("tallies", OtherTally, attrgetter("name"))
    with opened(path, later) as store, store.view() as view, pytest.raises(StoreError, match="tallies") as refusal:
        view.get(later, "secret-name")
    assert "secret" not in refusal.value.diagnostics()
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize("table", ["outbox", "Robert'); DROP TABLE outbox", "sqlite_x", "", "x" * 41])
def test_a_name_that_cannot_be_a_table_is_a_bug(path: Path, table: str) -> None:
    with pytest.raises(AssertionError, match="bug"):
        SqliteStore(path, [Concept(table, Tally, attrgetter("name"))])


def test_a_commit_on_a_full_disk_may_or_may_not_have_happened(path: Path) -> None:
    with opened(path) as store:
        save(store, Specimen("before"))
        with pytest.raises(StoreError, match="may or may not have happened"), files_end_at(300_000):
            save(store, Specimen("big", content=bytes(600_000)))
    with opened(path) as store:
        assert keys(store) in (["before"], ["before", "big"])
        save(store, Specimen("next"))
        assert keys(store)[-1] == "next"


def test_a_failure_that_the_caller_swallows_still_undoes_the_transaction(path: Path) -> None:
    def swallow(store: SqliteStore) -> None:
        with store.transaction() as tx:
            with suppress(StoreError), files_end_at(1_000_000):
                # More than SQLite holds in memory: it writes to its WAL before the commit.
                for number in range(80):
                    tx.apply(Save(SPECIMENS, Specimen(f"big-{number}", content=bytes(400_000))))
            # There is room again, but SQLite has rolled back: this would be written outside of any transaction.
            with suppress(StoreError):
                tx.apply(Save(SPECIMENS, Specimen("last")))

    with opened(path) as store:
        save(store, Specimen("before"))
        with pytest.raises(StoreError, match="cannot be written"):
            swallow(store)
        assert keys(store) == ["before"]
        save(store, Specimen("next"))
    with opened(path) as store:
        assert keys(store) == ["before", "next"]


def test_a_writer_that_does_not_end_is_waited_for_and_then_reported(path: Path) -> None:
    with opened(path) as store, opened(path, busy_timeout_ms=30) as waiting:
        with store.transaction() as tx:
            tx.apply(Save(SPECIMENS, Specimen("a")))
            with pytest.raises(StoreError, match="locked") as failure, waiting.transaction():
                pass
            assert failure.value.retryable
            assert keys(waiting) == []
        save(waiting, Specimen("b"))
        assert keys(store) == ["a", "b"]


@dataclass(frozen=True)
class Secret:
    name: str
    text: str


SECRETS: Concept[Secret] = Concept("secrets", Secret, lambda secret: secret.name, wiped=True)
CANARY = "Canaryqzx Qzxyrana"


def files_with_canary(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("secrets.sqlite*") if CANARY.encode() in path.read_bytes()]


@pytest.mark.parametrize("after", [Remove(SECRETS, "a"), Save(SECRETS, Secret("a", "short"))])
def test_what_is_to_be_wiped_is_in_no_file_once_it_is_removed_or_written_over(tmp_path: Path, after: Effect) -> None:
    store = SqliteStore(tmp_path / "secrets.sqlite", [SECRETS])
    for effect in (Save(SECRETS, Secret("a", CANARY * 50)), Save(SECRETS, Secret("b", "other"))):
        with store.transaction() as tx:
            tx.apply(effect)
    assert files_with_canary(tmp_path) != []
    with store.transaction() as tx:
        tx.apply(after)
    assert files_with_canary(tmp_path) == []
    store.close()


def test_what_another_process_still_reads_is_wiped_at_the_next_look_after_it(tmp_path: Path) -> None:
    store, other = (SqliteStore(tmp_path / "secrets.sqlite", [SECRETS]) for _ in range(2))
    with store.transaction() as tx:
        tx.apply(Save(SECRETS, Secret("a", CANARY)))
    with other.view() as view:
        with store.transaction() as tx:
            tx.apply(Remove(SECRETS, "a"))
        assert view.get(SECRETS, "a") == Secret("a", CANARY), "and its reader is not disturbed"
    with store.view():
        pass
    assert files_with_canary(tmp_path) == []
    store.close()
    other.close()
