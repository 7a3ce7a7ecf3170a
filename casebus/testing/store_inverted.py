"""The part of the Store's contract that is about inverted indexes."""

import pytest

from casebus.store.store import Inverted, Post, Store, Unpost, View
from casebus.testing.specimens import MARKS, mark
from casebus.testing.store_instances import Opener, StoreInstances

_ALL = 10_000
"""More owners than any test has."""


class _Oops(Exception):
    """A handler's own bug."""


def holders(view: View, *tokens: int) -> dict[int, set[str]]:
    """Return every owner of these tokens, having seen that none is named twice."""
    found = view.holders(MARKS, dict.fromkeys(tokens, _ALL))
    assert all(len(owners) == len(set(owners)) for owners in found.values())
    return {token: set(owners) for token, owners in found.items()}


class StoreInverted(StoreInstances):
    """Inherited by `StoreContract`."""

    def test_the_owners_of_many_tokens_are_found_at_once(self, store: Store, open_store: Opener) -> None:
        """A token that nobody holds has no owners; any number of 64 bits is a token, any text is an owner."""
        odd = (0, -1, 2**63 - 1, -(2**63))
        with store.transaction() as tx:
            tx.apply(Post(MARKS, "one", (*odd, mark("shared"))))
            tx.apply(Post(MARKS, "", (mark("shared"),)))
            tx.apply(Post(MARKS, "ā,|'", (mark("shared"), 0)))
        expected = {token: {"one"} for token in odd} | {mark("shared"): {"one", "", "ā,|'"}, mark("nobody's"): set()}
        expected[0] = {"one", "ā,|'"}
        for each in (store, open_store()):
            with each.view() as view:
                assert holders(view, *expected) == expected
                assert view.holders(MARKS, {}) == {}

    def test_no_more_owners_are_returned_than_are_wanted(self, store: Store) -> None:
        """Each token has a bound of its own; below it, every owner is named."""
        owners = {f"owner-{number}" for number in range(300)}
        with store.transaction() as tx:
            for owner in owners:
                tx.apply(Post(MARKS, owner, (mark("common"), mark("also"))))
            tx.apply(Post(MARKS, "owner-7", (mark("rare"),)))
            found = tx.holders(MARKS, {mark("common"): 5, mark("also"): 300, mark("rare"): 5, mark("none"): 5})
            assert len(found[mark("common")]) == len(set(found[mark("common")])) == 5
            assert owners.issuperset(found[mark("common")])
            assert set(found[mark("also")]) == owners
            assert (found[mark("rare")], found[mark("none")]) == (["owner-7"], [])
            assert tx.holders(MARKS, {mark("common"): 0}) == {mark("common"): []}

    def test_every_owner_is_named_where_tokens_have_more_owners_together_than_are_wanted_of_one(
        self, store: Store
    ) -> None:
        """Each token's bound is its own, however many are asked for at once and whichever of them many hold."""
        tokens = list(range(150))
        with store.transaction() as tx:
            for owner in ("one", "two", "three"):
                tx.apply(Post(MARKS, owner, tuple(tokens)))
            for number in range(40):
                tx.apply(Post(MARKS, f"crowd-{number}", (mark("crowded"),)))
            found = tx.holders(MARKS, dict.fromkeys(tokens, 4) | {mark("crowded"): 4})
        assert all(sorted(found[token]) == ["one", "three", "two"] for token in tokens)
        assert len(set(found[mark("crowded")])) == 4

    def test_posting_twice_is_posting_once_and_taking_back_what_is_not_held_is_nothing(self, store: Store) -> None:
        """In one transaction or in two."""
        for _ in range(2):
            with store.transaction() as tx:
                tx.apply(Unpost(MARKS, "stranger", (mark("a"),)))
                tx.apply(Unpost(MARKS, "one", (mark("never"),)))
                tx.apply(Post(MARKS, "one", (mark("a"), mark("b"), mark("a"))))
                tx.apply(Post(MARKS, "one", (mark("a"),)))
                assert holders(tx, mark("a"), mark("b")) == {mark("a"): {"one"}, mark("b"): {"one"}}
        with store.transaction() as tx:
            tx.apply(Unpost(MARKS, "one", (mark("a"),)))
            tx.apply(Post(MARKS, "one", ()))
            assert holders(tx, mark("a"), mark("b")) == {mark("a"): set(), mark("b"): {"one"}}

    def test_what_is_posted_and_taken_back_in_one_transaction_is_not_held(self, store: Store) -> None:
        """Nor what was held before it; what is posted again after that is."""
        with store.transaction() as tx:
            tx.apply(Post(MARKS, "one", (mark("a"),)))
        with store.transaction() as tx:
            tx.apply(Post(MARKS, "one", (mark("a"), mark("b"), mark("c"))))
            tx.apply(Unpost(MARKS, "one", (mark("a"), mark("b"), mark("c"))))
            tx.apply(Post(MARKS, "one", (mark("c"),)))
        with store.view() as view:
            assert holders(view, mark("a"), mark("b"), mark("c")) == {
                mark("a"): set(),
                mark("b"): set(),
                mark("c"): {"one"},
            }

    def test_what_is_taken_back_is_taken_from_its_owner_only(self, store: Store) -> None:
        """However long ago it was posted, and it may be posted again."""
        with store.transaction() as tx:
            for owner in ("one", "other"):
                tx.apply(Post(MARKS, owner, (mark("a"), mark("b"))))
        with store.transaction() as tx:
            tx.apply(Unpost(MARKS, "one", (mark("a"), mark("b"))))
        with store.view() as view:
            assert holders(view, mark("a"), mark("b")) == {mark("a"): {"other"}, mark("b"): {"other"}}
        with store.transaction() as tx:
            tx.apply(Post(MARKS, "one", (mark("b"),)))
        with store.view() as view:
            assert holders(view, mark("a"), mark("b")) == {mark("a"): {"other"}, mark("b"): {"one", "other"}}

    def test_an_exception_leaves_no_posting_behind(self, store: Store) -> None:
        """Nor does it take one away."""
        with store.transaction() as tx:
            tx.apply(Post(MARKS, "one", (mark("a"),)))

        def fail() -> None:
            with store.transaction() as tx:
                tx.apply(Post(MARKS, "two", (mark("a"), mark("b"))))
                tx.apply(Unpost(MARKS, "one", (mark("a"),)))
                raise _Oops

        with pytest.raises(_Oops):
            fail()
        with store.view() as view:
            assert holders(view, mark("a"), mark("b")) == {mark("a"): {"one"}, mark("b"): set()}

    def test_a_view_keeps_the_holders_of_its_beginning(self, open_store: Opener) -> None:
        """Another instance commits meanwhile, unhindered."""
        reader, writer = open_store(), open_store()
        with writer.transaction() as tx:
            tx.apply(Post(MARKS, "one", (mark("a"),)))
        with reader.view() as view:
            with writer.transaction() as tx:
                tx.apply(Post(MARKS, "two", (mark("a"),)))
            assert holders(view, mark("a")) == {mark("a"): {"one"}}
        with reader.view() as view:
            assert holders(view, mark("a")) == {mark("a"): {"one", "two"}}

    def test_our_own_mistakes_with_an_index_are_bugs(self, store: Store) -> None:
        """An index that was not declared, an owner or a token that no store can keep, use after the end."""
        with store.transaction() as tx:
            for mistake in (
                lambda: tx.holders(Inverted("strangers"), {mark("a"): 1}),
                lambda: tx.apply(Post(Inverted("strangers"), "one", (mark("a"),))),
                lambda: tx.apply(Post(MARKS, "a\0b", (mark("a"),))),
                lambda: tx.apply(Unpost(MARKS, "\ud800", (mark("a"),))),
                lambda: tx.apply(Post(MARKS, "one", (2**63,))),
            ):
                with pytest.raises(AssertionError, match="bug"):
                    mistake()
        with pytest.raises(AssertionError, match="bug"):
            tx.holders(MARKS, {mark("a"): 1})
        with pytest.raises(AssertionError, match="bug"):
            tx.apply(Post(MARKS, "late", (mark("a"),)))
