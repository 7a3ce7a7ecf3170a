"""The part of the Store's contract about how far a role has come: positions, events seen, the outbox."""

from dataclasses import replace

import pytest

from casebus.errors import StalePosition
from casebus.store.store import Save, Store
from casebus.testing.specimens import TALLIES, Tally, outbox_row
from casebus.testing.store_instances import Opener, StoreInstances


class StoreProgress(StoreInstances):
    """Inherited by `StoreContract`."""

    def test_a_position_moves_only_from_the_expected_one(self, store: Store) -> None:
        """Per consumer and topic, from 0, and a failed move changes nothing."""
        with store.transaction() as tx:
            tx.advance("audit", "t", expected=0, to=1)
        for expected in (0, 2):
            with pytest.raises(StalePosition), store.transaction() as tx:
                tx.advance("audit", "t", expected=expected, to=7)
        with pytest.raises(StalePosition), store.transaction() as tx:
            tx.advance("audit", "other", expected=1, to=2)
        with store.view() as view:
            assert [view.position(*who) for who in (("audit", "t"), ("audit", "other"), ("desk", "t"))] == [1, 0, 0]

    def test_the_second_of_two_instances_is_fenced(self, open_store: Opener) -> None:
        """Both read the same position; the later one stops, and its effects with it."""
        first, second = open_store(), open_store()
        for start in (0, 1):
            positions = []
            for each in (first, second):
                with each.view() as view:
                    positions.append(view.position("audit", "t"))
            assert positions == [start, start]
            _win(first, start, start)
            with pytest.raises(StalePosition):
                _win(second, start, -1)
            with second.view() as view:
                assert view.get(TALLIES, "winner") == Tally("winner", start)

    def test_seen_is_kept_per_consumer_source_and_event(self, store: Store) -> None:
        """Marking twice is a bug of the caller, who asks first."""
        with store.transaction() as tx:
            tx.mark_seen("audit", "nz-police", "e1", b"one")
            tx.mark_seen("audit", "uk-nca", "e1", b"two")
            tx.mark_seen("desk", "nz-police", "e1", b"")
            with pytest.raises(AssertionError, match="bug"):
                tx.mark_seen("audit", "nz-police", "e1", b"one")
        with store.view() as view:
            assert view.seen("audit", "nz-police", "e1") == b"one"
            assert view.seen("audit", "uk-nca", "e1") == b"two"
            assert view.seen("desk", "nz-police", "e1") == b""
            assert view.seen("desk", "uk-nca", "e1") is None

    def test_the_outbox_counts_from_one_without_a_gap(self, store: Store) -> None:
        """Per topic; a rolled back row gives its number back."""
        with store.transaction() as tx:
            for topic, sequence in (("t", 1), ("u", 1), ("t", 2)):
                assert tx.next_sequence(topic) == sequence
                tx.outbox_add(outbox_row(topic, sequence))
        with pytest.raises(AssertionError, match="not the next"):
            _publish(store, 3, 5)
        with store.transaction() as tx:
            assert tx.next_sequence("t") == 3
            tx.outbox_add(outbox_row("t", 3))
        with store.view() as view:
            assert view.outbox(limit=9) == [outbox_row(*row) for row in (("t", 1), ("t", 2), ("t", 3), ("u", 1))]
            assert view.outbox(limit=2) == [outbox_row("t", 1), outbox_row("t", 2), outbox_row("u", 1)]
            assert view.outbox(limit=1) == [outbox_row("t", 1), outbox_row("u", 1)]
            assert view.outbox_depth() == 4

    def test_a_wrong_sequence_or_a_known_event_is_a_bug(self, store: Store) -> None:
        """Callers ask `next_sequence` and `published` first; the first row wins and stays."""
        with store.transaction() as tx:
            tx.outbox_add(outbox_row("t", 1))
            again = replace(outbox_row("t", 2), event_id="event-t-1")
            for row in (outbox_row("t", 1), outbox_row("t", 3), outbox_row("t", 0), again):
                with pytest.raises(AssertionError, match="bug"):
                    tx.outbox_add(row)
            tx.outbox_add(replace(outbox_row("u", 1), event_id="event-t-1"))
        with store.view() as view:
            assert [(row.topic, row.sequence) for row in view.outbox(limit=9)] == [("t", 1), ("u", 1)]

    def test_relayed_rows_leave_the_queue_and_are_remembered(self, store: Store, open_store: Opener) -> None:
        """So that an event is never published twice; marking again is harmless, marking what never was is a bug."""
        with store.transaction() as tx:
            for sequence in (1, 2, 3):
                tx.outbox_add(outbox_row("t", sequence))
        for _ in range(2):
            with store.transaction() as tx:
                tx.outbox_relayed("t", [1, 2])
        with pytest.raises(AssertionError, match="bug"), store.transaction() as tx:
            tx.outbox_relayed("t", [3, 4])
        with open_store().view() as view:
            assert view.outbox(limit=9) == [outbox_row("t", 3)]
            assert view.outbox_depth() == 1
            assert [view.published("t", f"event-t-{n}") for n in (1, 2, 3, 4)] == [True, True, True, False]
            assert not view.published("u", "event-t-1")
        with store.transaction() as tx:
            tx.outbox_relayed("t", [])
            assert tx.next_sequence("t") == 4


def _win(store: Store, position: int, mark: int) -> None:
    """Save first, so that a stale position has something to undo."""
    with store.transaction() as tx:
        tx.apply(Save(TALLIES, Tally("winner", mark)))
        tx.advance("audit", "t", expected=position, to=position + 1)


def _publish(store: Store, *sequences: int) -> None:
    with store.transaction() as tx:
        for sequence in sequences:
            tx.outbox_add(outbox_row("t", sequence))
