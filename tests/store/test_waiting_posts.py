"""What a transaction posted and has not written: how much of it may wait."""

import pytest

from casebus.state import Inverted
from casebus.store import waiting_posts
from casebus.store.waiting_posts import Row, WaitingPosts

INDEX, OTHER = Inverted("marks"), Inverted("others")


def test_of_each_index_no_more_rows_wait_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_posts, "MOST", 5)
    written: list[tuple[str, list[Row]]] = []
    waiting = WaitingPosts(lambda index, rows: written.append((index.table, list(rows))))
    waiting.add(OTHER, "x", (9, 8, 7, 6))
    waiting.add(INDEX, "b", (3, 1))
    assert written == []
    waiting.add(INDEX, "a", (3, 2, 1))
    assert written == [("marks", [(1, "b"), (1, "a"), (2, "a"), (3, "b"), (3, "a")])]
    waiting.write_all()
    assert written[1:] == [("others", [(6, "x"), (7, "x"), (8, "x"), (9, "x")])]
    waiting.write_all()
    assert len(written) == 2
