"""What every Store must do: a test class to subclass, for our two Stores and for anybody's third.

    class TestMyStore(StoreContract):
        @pytest.fixture
        def opener(self) -> Callable[[], Store]:
            return functools.partial(MyStore, address, CONCEPTS)  # must survive pickling: some tests open it in a child

Its parts: here entities, transactions and views; `store_progress` has positions, seen and the outbox, `store_inverted`
inverted indexes, `store_crashes` what needs several processes, `store_model` whole histories. Each test needs a state
of its own, empty at first. Needs pytest and hypothesis.
"""

from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings

from casebus.errors import StoreError
from casebus.store.store import Concept, Remove, Save, Store
from casebus.testing.specimens import SPECIMENS, TALLIES, Shade, Specimen, Tally, outbox_row, specimens
from casebus.testing.store_crashes import StoreCrashes
from casebus.testing.store_instances import Opener
from casebus.testing.store_inverted import StoreInverted
from casebus.testing.store_model import run_histories
from casebus.testing.store_progress import StoreProgress


class _Oops(Exception):
    """A handler's own bug."""


@dataclass(frozen=True, slots=True)
class _Stranger:
    """An entity that no concept of the contract keeps."""

    key: str


def _stranger_key(stranger: _Stranger) -> str:
    return stranger.key


class StoreContract(StoreProgress, StoreInverted, StoreCrashes):
    """Subclass as `Test...` and provide the fixture `opener`."""

    def test_a_transaction_takes_effect_as_a_whole(self, store: Store, open_store: Opener) -> None:
        """Everything that was written is there afterwards, for another instance too."""
        with store.transaction() as tx:
            tx.advance("audit", "t", expected=0, to=5)
            tx.mark_seen("audit", "nz-police", "e1", b"\x00\xff")
            tx.apply(Save(SPECIMENS, Specimen("a", group="g")))
            tx.outbox_add(outbox_row("t", 1))
        for each in (store, open_store()):
            with each.view() as view:
                assert view.position("audit", "t") == 5
                assert view.seen("audit", "nz-police", "e1") == b"\x00\xff"
                assert view.get(SPECIMENS, "a") == Specimen("a", group="g")
                assert view.outbox(limit=9) == [outbox_row("t", 1)]

    def test_an_exception_leaves_nothing_behind(self, store: Store) -> None:
        """Whatever was written in the block, and whatever was there before stays."""
        with store.transaction() as tx:
            tx.apply(Save(TALLIES, Tally("kept", 1)))

        def fail() -> None:
            with store.transaction() as tx:
                tx.advance("audit", "t", expected=0, to=5)
                tx.mark_seen("audit", "nz-police", "e1", b"d")
                tx.apply(Save(SPECIMENS, Specimen("a", group="g")))
                tx.apply(Save(TALLIES, Tally("kept", 2)))
                tx.outbox_add(outbox_row("t", 1))
                raise _Oops

        with pytest.raises(_Oops):
            fail()
        with store.transaction() as tx:
            assert tx.position("audit", "t") == 0
            assert tx.seen("audit", "nz-police", "e1") is None
            assert list(tx.all(SPECIMENS)) == []
            assert tx.count(SPECIMENS, "group", "g") == 0
            assert tx.get(TALLIES, "kept") == Tally("kept", 1)
            assert (tx.outbox_depth(), tx.next_sequence("t"), tx.published("t", "event-t-1")) == (0, 1, False)

    def test_a_transaction_sees_its_own_writes(self, store: Store) -> None:
        """By key, by index, in counts, positions, the outbox; also what it removed."""
        with store.transaction() as tx:
            tx.apply(Save(SPECIMENS, Specimen("a", group="g")))
            tx.apply(Save(SPECIMENS, Specimen("b", group="g")))
            tx.apply(Remove(SPECIMENS, "a"))
            tx.apply(Remove(SPECIMENS, "never-there"))
            tx.advance("audit", "t", expected=0, to=2)
            tx.advance("audit", "t", expected=2, to=3)
            tx.mark_seen("audit", "s", "e", b"d")
            tx.outbox_add(outbox_row("t", 1))
            assert tx.get(SPECIMENS, "a") is None
            assert tx.by(SPECIMENS, "group", "g") == [Specimen("b", group="g")]
            assert tx.count(SPECIMENS, "group", "g") == 1
            assert (tx.position("audit", "t"), tx.seen("audit", "s", "e")) == (3, b"d")
            assert (tx.next_sequence("t"), tx.published("t", "event-t-1"), tx.outbox_depth()) == (2, True, 1)

    def test_saving_again_replaces_the_entity_and_its_indexes(self, store: Store) -> None:
        """The old index value finds nothing any more."""
        before = Specimen("a", group="old", owner="o", shade=Shade.DARK)
        for specimen in (before, replace(before, group="new", owner=None)):
            with store.transaction() as tx:
                tx.apply(Save(SPECIMENS, specimen))
        with store.view() as view:
            assert view.by(SPECIMENS, "group", "old") == []
            assert view.by(SPECIMENS, "owner", "o") == []
            assert view.by(SPECIMENS, "group", "new") == [Specimen("a", group="new", shade=Shade.DARK)]

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(specimen=specimens())
    def test_an_entity_comes_back_as_it_was(self, store: Store, specimen: Specimen) -> None:
        """Times, enumerations, tuples, bytes, big numbers, infinities, any text."""
        with store.transaction() as tx:
            tx.apply(Save(SPECIMENS, specimen))
            found = tx.get(SPECIMENS, specimen.key)
            assert found == specimen
            assert (type(found.shade), type(found.rank), type(found.parts)) == (Shade, type(specimen.rank), tuple)

    def test_entities_are_ordered_by_key(self, store: Store) -> None:
        """By code point, whatever the locale; over more rows than any backend reads at once."""
        keys = ["", "a", "B", "aa", "ā", "Z", "0", "_", "\uffff", "\U0001f600", *(f"n{n:04d}" for n in range(1100))]
        with store.transaction() as tx:
            for key in reversed(keys):
                tx.apply(Save(SPECIMENS, Specimen(key, group="g")))
        with store.view() as view:
            assert [specimen.key for specimen in view.all(SPECIMENS)] == sorted(keys)
            assert [specimen.key for specimen in view.by(SPECIMENS, "group", "g")] == sorted(keys)
            assert [specimen.key for specimen in view.by(SPECIMENS, "group", "g", limit=3)] == sorted(keys)[:3]
            assert view.by(SPECIMENS, "group", "g", limit=0) == []
            assert view.several(SPECIMENS, [*keys, "none", "a"]) == {key: view.get(SPECIMENS, key) for key in keys}
            assert view.several(SPECIMENS, []) == {}
            assert view.count(SPECIMENS, "group", "g") == len(keys)

    def test_none_is_not_indexed_and_empty_text_is(self, store: Store) -> None:
        """Null is not a value."""
        with store.transaction() as tx:
            tx.apply(Save(SPECIMENS, Specimen("none")))
            tx.apply(Save(SPECIMENS, Specimen("empty", group="")))
        with store.view() as view:
            assert [specimen.key for specimen in view.by(SPECIMENS, "group", "")] == ["empty"]
            assert view.count(SPECIMENS, "group", "None") == 0
            assert len(list(view.all(SPECIMENS))) == 2

    @pytest.mark.parametrize("odd", ["\ud800", "a\0b"])
    def test_text_that_cannot_be_a_key_is_not_found_and_not_saved(self, store: Store, odd: str) -> None:
        """A reader may ask for anything (a command's argument); only our own code saves."""
        with store.transaction() as tx:
            assert tx.get(SPECIMENS, odd) is None
            assert (tx.by(SPECIMENS, "group", odd), tx.count(SPECIMENS, "group", odd)) == ([], 0)
            tx.apply(Remove(SPECIMENS, odd))
            for specimen in (Specimen(odd), Specimen("k", group=odd)):
                with pytest.raises(AssertionError, match="bug"):
                    tx.apply(Save(SPECIMENS, specimen))

    def test_our_own_mistakes_are_bugs(self, store: Store) -> None:
        """A concept or index that was not declared, an entity of another class, a value of another type."""
        wrong_type = Specimen("a", parts=["not a part"])  # type: ignore[arg-type]
        strangers = Concept("strangers", _Stranger, _stranger_key)
        with store.transaction() as tx:
            for mistake in (
                lambda: tx.get(strangers, "a"),
                lambda: tx.apply(Save(strangers, _Stranger("a"))),
                lambda: tx.by(SPECIMENS, "shade", "light"),
                lambda: tx.count(TALLIES, "count", "1"),
                lambda: tx.apply(Save(SPECIMENS, Tally("a", 1))),
                lambda: tx.apply(Save(SPECIMENS, wrong_type)),
            ):
                with pytest.raises(AssertionError, match="bug"):
                    mistake()

    def test_a_view_is_a_snapshot_of_its_beginning(self, open_store: Opener) -> None:
        """Another instance commits meanwhile, unhindered; the view sees none of it."""
        reader, writer = open_store(), open_store()
        with writer.transaction() as tx:
            tx.apply(Save(TALLIES, Tally("a", 1)))
        with reader.view() as view:
            with writer.transaction() as tx:
                tx.apply(Save(TALLIES, Tally("a", 2)))
                tx.apply(Save(TALLIES, Tally("b", 1)))
                tx.advance("audit", "t", expected=0, to=1)
            assert list(view.all(TALLIES)) == [Tally("a", 1)]
            assert view.position("audit", "t") == 0
        with reader.view() as view:
            assert list(view.all(TALLIES)) == [Tally("a", 2), Tally("b", 1)]

    def test_what_is_not_committed_is_not_seen_elsewhere(self, open_store: Opener) -> None:
        """And a reader does not wait for the writer."""
        reader, writer = open_store(), open_store()
        with writer.transaction() as tx:
            tx.apply(Save(TALLIES, Tally("a", 1)))
            with reader.view() as view:
                assert view.get(TALLIES, "a") is None

    def test_nesting_is_a_bug_and_harms_nothing(self, store: Store) -> None:
        """Transactions and views of one instance, in any order; the outer one goes on."""
        with store.transaction() as tx:
            tx.apply(Save(TALLIES, Tally("a", 1)))
            for nested in (store.transaction, store.view):
                with pytest.raises(AssertionError, match="bug"), nested():
                    pass
            tx.apply(Save(TALLIES, Tally("b", 1)))
        with store.view() as view:
            for nested in (store.transaction, store.view):
                with pytest.raises(AssertionError, match="bug"), nested():
                    pass
            assert list(view.all(TALLIES)) == [Tally("a", 1), Tally("b", 1)]

    def test_a_transaction_used_after_its_end_is_a_bug(self, store: Store) -> None:
        """It would write outside of any transaction; so would one that was rolled back, and a view reads nothing."""
        with store.transaction() as committed:
            committed.apply(Save(TALLIES, Tally("a", 1)))
        with pytest.raises(_Oops), store.transaction() as rolled_back:
            raise _Oops
        with store.view() as view:
            pass
        for late in (committed, rolled_back):
            with pytest.raises(AssertionError, match="bug"):
                late.apply(Save(TALLIES, Tally("late", 1)))
        with pytest.raises(AssertionError, match="bug"):
            view.get(TALLIES, "a")
        with store.view() as view:
            assert list(view.all(TALLIES)) == [Tally("a", 1)]

    def test_a_closed_store_says_so(self, open_store: Opener) -> None:
        """Closing twice is harmless; using it afterwards fails with the seam's own error."""
        store = open_store()
        store.close()
        store.close()
        with pytest.raises(StoreError, match="closed"), store.transaction():
            pass
        with pytest.raises(StoreError, match="closed"), store.view():
            pass

    def test_any_history_reads_like_a_dictionary(self, opener: Opener) -> None:
        """Writes, failures, reopening in any order, against plain dictionaries."""
        run_histories(opener)
