"""The Store on a real PostgreSQL keeps the contract, and what is its own: schemas, lost sessions, refusals."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from operator import attrgetter

import psycopg
import pytest
from postgres_server import PostgresServer
from psycopg import conninfo

from casebus.errors import StoreError, UsageError
from casebus.store.postgres import PostgresStore
from casebus.store.store import Concept, Save
from casebus.testing.specimens import CONCEPTS, SPECIMENS, TALLIES, Specimen, Tally, outbox_row
from casebus.testing.store_contract import Opener, StoreContract

pytestmark = pytest.mark.postgres


class TestPostgresStore(StoreContract):
    @pytest.fixture
    def opener(self, postgres_url: str, role: str) -> Opener:
        return functools.partial(PostgresStore, postgres_url, role, CONCEPTS)

    @pytest.fixture(autouse=True)
    def each_index_is_made_once(self, operator: psycopg.Connection, schema: str) -> Iterator[None]:
        yield
        found = operator.execute(
            "SELECT count(*) FROM pg_indexes WHERE schemaname = %s AND tablename = 'specimens'", (schema,)
        ).fetchone()
        assert found in [(0,), (3,)]


@dataclass(frozen=True, slots=True)
class OtherTally:
    name: str
    owner: str


@contextmanager
def opened(url: str, role: str, *concepts: Concept) -> Iterator[PostgresStore]:
    store = PostgresStore(url, role, concepts or CONCEPTS)
    try:
        yield store
    finally:
        store.close()


@pytest.fixture
def operator(postgres_url: str) -> Iterator[psycopg.Connection]:
    """A session of the operator."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def store(postgres_url: str, role: str) -> Iterator[PostgresStore]:
    with opened(postgres_url, role) as store:
        yield store


@pytest.fixture
def schema(role: str) -> str:
    return role.replace("-", "_")


def end_sessions(operator: psycopg.Connection, schema: str) -> None:
    """End the sessions of a role, and wait until they have ended, as a failing network or an operator would."""
    ended = operator.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = %s",
        (f"casebus {schema}",),
    ).fetchall()
    assert ended == [(True,)]


def save(store: PostgresStore, *keys: str) -> None:
    with store.transaction() as tx:
        for key in keys:
            tx.apply(Save(SPECIMENS, Specimen(key)))


def keys(store: PostgresStore) -> list[str]:
    with store.view() as view:
        return [specimen.key for specimen in view.all(SPECIMENS)]


def test_a_role_has_a_schema_of_its_own(store: PostgresStore, operator: psycopg.Connection, role: str) -> None:
    found = operator.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'outbox'").fetchall()
    assert (role.replace("-", "_"),) in found


def test_two_roles_in_one_database_do_not_see_each_other(postgres_url: str, store: PostgresStore, role: str) -> None:
    with opened(postgres_url, f"{role}-b") as other:
        for each in (store, other):
            with each.transaction() as tx:
                tx.advance("audit", "t", expected=0, to=1)
                tx.outbox_add(outbox_row("t", 1))
        save(store, "a")
        assert (keys(store), keys(other)) == (["a"], [])


def test_writers_of_two_roles_do_not_wait_for_each_other(postgres_url: str, store: PostgresStore, role: str) -> None:
    with opened(postgres_url, f"{role}-b") as other, store.transaction():
        save(other, "a")
        assert keys(other) == ["a"]


@pytest.mark.parametrize("name", ["", "A", "nz police", 'a"b', "a;b", "public", "pg-x", "information-schema", "x" * 64])
def test_a_name_that_cannot_be_a_schema_is_a_usage_error(name: str) -> None:
    with pytest.raises(UsageError, match="schema"):
        PostgresStore("postgresql://unreachable.invalid", name, CONCEPTS)


def test_every_commit_is_synchronous_whatever_the_url_says(postgres_url: str, role: str) -> None:
    lax = conninfo.make_conninfo(postgres_url, options="-c synchronous_commit=off")
    with opened(lax, role) as store:
        assert store._connection.rows("SHOW synchronous_commit") == [("on",)]


def test_a_session_lost_inside_a_transaction_loses_the_transaction_only(
    store: PostgresStore, operator: psycopg.Connection, schema: str
) -> None:
    def lose() -> None:
        with store.transaction() as tx:
            tx.apply(Save(SPECIMENS, Specimen("lost")))
            end_sessions(operator, schema)
            tx.apply(Save(SPECIMENS, Specimen("lost too")))

    save(store, "before")
    with pytest.raises(StoreError, match="cannot be written") as failure:
        lose()
    assert failure.value.retryable
    save(store, "next")
    assert keys(store) == ["before", "next"]


def test_a_failure_that_the_caller_swallows_still_undoes_the_transaction(
    store: PostgresStore, operator: psycopg.Connection, schema: str
) -> None:
    def swallow() -> None:
        with store.transaction() as tx:
            tx.apply(Save(SPECIMENS, Specimen("first")))
            end_sessions(operator, schema)
            for key in ("second", "third"):
                # Were the session renewed here, the third would be written outside of any transaction.
                with suppress(StoreError):
                    tx.apply(Save(SPECIMENS, Specimen(key)))

    with pytest.raises(StoreError, match="cannot be written"):
        swallow()
    assert keys(store) == []


def test_a_session_lost_at_the_commit_may_or_may_not_have_committed(
    store: PostgresStore, operator: psycopg.Connection, schema: str
) -> None:
    def lose() -> None:
        with store.transaction() as tx:
            tx.apply(Save(SPECIMENS, Specimen("lost")))
            end_sessions(operator, schema)

    with pytest.raises(StoreError, match="may or may not have happened"):
        lose()
    save(store, "next")
    assert keys(store) in (["next"], ["lost", "next"])


def test_a_server_that_crashed_and_came_back_has_everything_that_was_committed(
    store: PostgresStore, postgres_server: PostgresServer
) -> None:
    save(store, "before")
    postgres_server.restart()
    with pytest.raises(StoreError), store.transaction():
        pass
    save(store, "next")
    assert keys(store) == ["before", "next"]


def test_a_server_that_does_not_answer_is_reported_without_the_password(postgres_url: str, role: str) -> None:
    password = conninfo.conninfo_to_dict(postgres_url)["password"]
    nobody_there = conninfo.make_conninfo(postgres_url, port=1)
    wrong = conninfo.make_conninfo(postgres_url, password="wrong-secret")
    for url, said in ((nobody_there, "refused"), (wrong, "authentication")):
        with pytest.raises(StoreError, match=said) as failure:
            PostgresStore(url, role, CONCEPTS)
        assert failure.value.retryable
        assert str(password) not in failure.value.diagnostics()
        assert "wrong-secret" not in failure.value.diagnostics()


def test_a_malformed_url_is_reported_without_the_password(role: str) -> None:
    for url in ("postgresql://u:sec%ret@h/db", "host=h password=sec%ret port", "postgresql://h/db?sec%ret=1"):
        with pytest.raises(UsageError, match="malformed") as refusal:
            PostgresStore(url, role, CONCEPTS)
        assert "sec%ret" not in refusal.value.diagnostics()
        assert refusal.value.__cause__ is None


def test_another_programs_schema_is_refused_and_left_alone(
    postgres_url: str, operator: psycopg.Connection, role: str, schema: str
) -> None:
    operator.execute(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.theirs ()")
    with pytest.raises(StoreError, match="another program"):
        PostgresStore(postgres_url, role, CONCEPTS)
    tables = operator.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)).fetchall()
    assert tables == [("theirs",)]


def test_a_schema_that_an_operator_made_needs_no_right_to_make_schemas(
    postgres_url: str, operator: psycopg.Connection, role: str, schema: str
) -> None:
    operator.execute(f"CREATE USER {schema} PASSWORD 'p'; CREATE SCHEMA AUTHORIZATION {schema}")
    url = conninfo.make_conninfo(postgres_url, user=schema, password="p")
    with opened(url, role) as store:
        save(store, "a")
        assert keys(store) == ["a"]
    with pytest.raises(StoreError, match="permission denied"):
        PostgresStore(url, f"{role}-b", CONCEPTS)


def test_the_state_of_a_newer_casebus_is_refused(
    postgres_url: str, operator: psycopg.Connection, store: PostgresStore, role: str, schema: str
) -> None:
    operator.execute(f"INSERT INTO {schema}.casebus_migrations VALUES (99, '0099_from_the_future.sql')")
    with pytest.raises(StoreError, match="newer casebus") as refusal:
        PostgresStore(postgres_url, role, CONCEPTS)
    assert "install the newer version" in refusal.value.diagnostics()


def test_a_table_with_other_columns_than_declared_wants_a_migration(
    postgres_url: str, store: PostgresStore, role: str
) -> None:
    indexed = Concept("tallies", Tally, attrgetter("name"), {"count": attrgetter("name")})
    with pytest.raises(StoreError, match="tallies has other columns") as refusal:
        PostgresStore(postgres_url, role, (indexed,))
    assert "migration" in refusal.value.diagnostics()


def test_a_concept_that_is_new_gets_its_table_beside_the_old_ones(postgres_url: str, role: str) -> None:
    with opened(postgres_url, role, SPECIMENS) as store:
        save(store, "a")
    with opened(postgres_url, role, TALLIES) as store, store.transaction() as tx:
        tx.apply(Save(TALLIES, Tally("t", 1)))
    with opened(postgres_url, role) as store, store.view() as view:
        assert (view.get(SPECIMENS, "a"), view.get(TALLIES, "t")) == (Specimen("a"), Tally("t", 1))


def test_a_body_that_does_not_fit_its_class_is_reported_without_its_values(postgres_url: str, role: str) -> None:
    later = Concept("tallies", OtherTally, attrgetter("name"))
    with opened(postgres_url, role, TALLIES) as store, store.transaction() as tx:
        tx.apply(Save(TALLIES, Tally("secret-name", 1)))
    with opened(postgres_url, role, later) as store, store.view() as view:
        with pytest.raises(StoreError, match="tallies") as refusal:
            view.get(later, "secret-name")
        assert "secret" not in refusal.value.diagnostics()
        assert refusal.value.__cause__ is None


def test_a_refusal_of_the_server_about_a_value_does_not_repeat_it(store: PostgresStore) -> None:
    with pytest.raises(StoreError) as failure, store.transaction() as tx:
        tx.mark_seen("audit", "secret\0name", "e", b"")
    assert "secret" not in failure.value.diagnostics()
    assert failure.value.__cause__ is None


def test_after_a_failure_the_next_transaction_has_a_new_session(store: PostgresStore) -> None:
    def session() -> int:
        with store.view():
            return int(store._connection.rows("SELECT pg_backend_pid()")[0][0])

    before = session()
    assert session() == before
    with pytest.raises(StoreError), store.transaction() as tx:
        tx.mark_seen("audit", "a\0b", "e", b"")
    assert session() != before


@pytest.mark.parametrize("table", ["outbox", "casebus_migrations", 'a"; DROP SCHEMA b; --', "", "x" * 41])
def test_a_name_that_cannot_be_a_table_is_a_bug(postgres_url: str, role: str, table: str) -> None:
    with pytest.raises(AssertionError, match="bug"):
        PostgresStore(postgres_url, role, [Concept(table, Tally, attrgetter("name"))])


def test_a_database_in_another_encoding_is_refused(postgres_url: str, operator: psycopg.Connection, role: str) -> None:
    operator.execute("CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII'")
    with pytest.raises(StoreError, match="UTF-8"):
        PostgresStore(conninfo.make_conninfo(postgres_url, dbname="ascii"), role, CONCEPTS)
