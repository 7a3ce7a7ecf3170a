"""The part of the Store's contract that is about inverted indexes."""

import pytest

from casebus.state import MAX_TOKEN
from casebus.store.store import Inverted, Post, Store, Unpost, View
from casebus.testing.specimens import MARKS
from casebus.testing.store_instances import Opener, StoreInstances

_ALL = 10_000
"""More owners than any test has."""


class _Oops(Exception):
    """A handler's own bug."""


def holders(view: View, *tokens: bytes) -> dict[bytes, set[str]]:
    """Return every owner of these tokens, having seen that none is named twice."""
    found = view.holders(MARKS, dict.fromkeys(tokens, _ALL))
    assert all(len(owners) == len(set(owners)) for owners in found.values())
    return {token: set(owners) for token, owners in found.items()}


class StoreInverted(StoreInstances):
    """Inherited by `StoreContract`."""

    def test_the_owners_of_many_tokens_are_found_at_once(self, store: Store, open_store: Opener) -> None:
        """A token that nobody holds has no owners; any bytes are a token, any text is an owner."""
        odd = (b"", b"\x00", b"\x00\xff", b"a" * MAX_TOKEN)
        with store.transaction() as tx:
            tx.apply(Post(MARKS, "one", (*odd, b"shared")))
            tx.apply(Post(MARKS, "", (b"shared",)))
            tx.apply(Post(MARKS, "ā,|'", (b"shared", b"\x00")))
        expected = {token: {"one"} for token in odd} | {b"shared": {"one", "", "ā,|'"}, b"nobody's": set()}
        expected[b"\x00"] = {"one", "ā,|'"}
        for each in (store, open_store()):
            with each.view() as view:
                assert holders(view, *expected) == expected
                assert view.holders(MARKS, {}) == {}

    def test_no_more_owners_are_returned_than_are_wanted(self, store: Store) -> None:
        """Each token has a bound of its own; below it, every owner is named."""
        owners = {f"owner-{number}" for number in range(300)}
        with store.transaction() as tx:
            for owner in owners:
                tx.apply(Post(MARKS, owner, (b"common", b"also")))
            tx.apply(Post(MARKS, "owner-7", (b"rare",)))
            found = tx.holders(MARKS, {b"common": 5, b"also": 300, b"rare": 5, b"none": 5})
            assert len(found[b"common"]) == len(set(found[b"common"])) == 5
            assert owners.issuperset(found[b"common"])
            assert set(found[b"also"]) == owners
            assert (found[b"rare"], found[b"none"]) == (["owner-7"], [])
            assert tx.holders(MARKS, {b"common": 0}) == {b"common": []}

    def test_every_owner_is_named_where_tokens_have_more_owners_together_than_are_wanted_of_one(
        self, store: Store
    ) -> None:
        """Each token's bound is its own, however many are asked for at once and whichever of them many hold."""
        tokens = [bytes([number]) for number in range(150)]
        with store.transaction() as tx:
            for owner in ("one", "two", "three"):
                tx.apply(Post(MARKS, owner, tuple(tokens)))
            for number in range(40):
                tx.apply(Post(MARKS, f"crowd-{number}", (b"crowded",)))
            found = tx.holders(MARKS, dict.fromkeys(tokens, 4) | {b"crowded": 4})
        assert all(sorted(found[token]) == ["one", "three", "two"] for token in tokens)
        assert len(set(found[b"crowded"])) == 4

    def test_posting_twice_is_posting_once_and_taking_back_what_is_not_held_is_nothing(self, store: Store) -> None:
        """In one transaction or in two."""
        for _ in range(2):
            with store.transaction() as tx:
                tx.apply(Unpost(MARKS, "stranger", (b"a",)))
                tx.apply(Unpost(MARKS, "one", (b"never",)))
                tx.apply(Post(MARKS, "one", (b"a", b"b", b"a")))
                tx.apply(Post(MARKS, "one", (b"a",)))
                assert holders(tx, b"a", b"b") == {b"a": {"one"}, b"b": {"one"}}
        with store.transaction() as tx:
            tx.apply(Unpost(MARKS, "one", (b"a",)))
            tx.apply(Post(MARKS, "one", ()))
            assert holders(tx, b"a", b"b") == {b"a": set(), b"b": {"one"}}

    def test_what_is_taken_back_is_taken_from_its_owner_only(self, store: Store) -> None:
        """However long ago it was posted, and it may be posted again."""
        with store.transaction() as tx:
            for owner in ("one", "other"):
                tx.apply(Post(MARKS, owner, (b"a", b"b")))
        with store.transaction() as tx:
            tx.apply(Unpost(MARKS, "one", (b"a", b"b")))
        with store.view() as view:
            assert holders(view, b"a", b"b") == {b"a": {"other"}, b"b": {"other"}}
        with store.transaction() as tx:
            tx.apply(Post(MARKS, "one", (b"b",)))
        with store.view() as view:
            assert holders(view, b"a", b"b") == {b"a": {"other"}, b"b": {"one", "other"}}

    def test_an_exception_leaves_no_posting_behind(self, store: Store) -> None:
        """Nor does it take one away."""
        with store.transaction() as tx:
            tx.apply(Post(MARKS, "one", (b"a",)))

        def fail() -> None:
            with store.transaction() as tx:
                tx.apply(Post(MARKS, "two", (b"a", b"b")))
                tx.apply(Unpost(MARKS, "one", (b"a",)))
                raise _Oops

        with pytest.raises(_Oops):
            fail()
        with store.view() as view:
            assert holders(view, b"a", b"b") == {b"a": {"one"}, b"b": set()}

    def test_a_view_keeps_the_holders_of_its_beginning(self, open_store: Opener) -> None:
        """Another instance commits meanwhile, unhindered."""
        reader, writer = open_store(), open_store()
        with writer.transaction() as tx:
            tx.apply(Post(MARKS, "one", (b"a",)))
        with reader.view() as view:
            with writer.transaction() as tx:
                tx.apply(Post(MARKS, "two", (b"a",)))
            assert holders(view, b"a") == {b"a": {"one"}}
        with reader.view() as view:
            assert holders(view, b"a") == {b"a": {"one", "two"}}

    def test_our_own_mistakes_with_an_index_are_bugs(self, store: Store) -> None:
        """An index that was not declared, an owner or a token that no store can keep, use after the end."""
        with store.transaction() as tx:
            for mistake in (
                lambda: tx.holders(Inverted("strangers"), {b"a": 1}),
                lambda: tx.apply(Post(Inverted("strangers"), "one", (b"a",))),
                lambda: tx.apply(Post(MARKS, "a\0b", (b"a",))),
                lambda: tx.apply(Unpost(MARKS, "\ud800", (b"a",))),
                lambda: tx.apply(Post(MARKS, "one", (b"a" * (MAX_TOKEN + 1),))),
            ):
                with pytest.raises(AssertionError, match="bug"):
                    mistake()
        with pytest.raises(AssertionError, match="bug"):
            tx.holders(MARKS, {b"a": 1})
        with pytest.raises(AssertionError, match="bug"):
            tx.apply(Post(MARKS, "late", (b"a",)))
