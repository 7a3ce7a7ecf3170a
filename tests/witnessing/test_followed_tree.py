"""The followed tree in the Store: the root at every size, from its open and its full tiles."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from casebus.ledger.leaf import Chains, record_leaf
from casebus.ledger.tree import leaf_hash, root_of
from casebus.store.sqlite import SqliteStore
from casebus.store.store import Save, Store
from casebus.witnessing.followed import FOLLOWED, FOLLOWER_CONCEPTS, Followed, followed_in, grown, root_at

LEAVES = [b"%d" % number for number in range(1200)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        store: Store = SqliteStore(tmp_path / "state.sqlite", list(FOLLOWER_CONCEPTS))
    else:
        from casebus.store.postgres import PostgresStore

        schema = f"followed_{uuid.uuid4().hex[:12]}"
        store = PostgresStore(request.getfixturevalue("postgres_url"), schema, list(FOLLOWER_CONCEPTS))
    yield store
    store.close()


@pytest.mark.parametrize("chunk", [1, 97, 256, 1000])
def test_the_root_at_every_size_is_the_trees(store: Store, chunk: int) -> None:
    leaves = LEAVES if chunk > 1 else LEAVES[:300]
    for start in range(0, len(leaves), chunk):
        with store.transaction() as tx:
            tx.apply(Save(FOLLOWED, grown(followed_in(tx, "o"), leaves[start : start + chunk], tx)))
    with store.view() as view:
        followed = followed_in(view, "o")
        assert followed.size == len(leaves)
        for size in {*range(0, followed.size, 13), *range(250, 262), *range(508, 516), followed.size}:
            if size <= followed.size:
                assert root_at(followed, size, view) == root_of(HASHES[:size])


def test_two_logs_do_not_share_tiles(store: Store) -> None:
    with store.transaction() as tx:
        tx.apply(Save(FOLLOWED, grown(Followed("one"), LEAVES[:600], tx)))
        tx.apply(Save(FOLLOWED, grown(Followed("other"), LEAVES[1:601], tx)))
    with store.view() as view:
        assert root_at(followed_in(view, "one"), 300, view) == root_of(HASHES[:300])
        assert root_at(followed_in(view, "other"), 300, view) == root_of(HASHES[1:301])


def test_chains_are_kept_and_walked_on(store: Store) -> None:
    chains = Chains()
    chains.follow(0, record_leaf(b"t" * 16, 0, None, b"h" * 32))
    chains.sealed.add(b"s" * 16)
    with store.transaction() as tx:
        tx.apply(Save(FOLLOWED, Followed("o").with_chains(chains)))
    with store.view() as view:
        again = followed_in(view, "o")
    assert again.chains() == chains
    assert (again.head(b"t" * 16), again.head(b"u" * 16)) == (0, None)
