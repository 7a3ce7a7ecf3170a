"""The feed of changed alerts: every change has a number, once, and what is too old is said to be."""

from pathlib import Path

import pytest
from cases.case_builders import NZ, RAISED_AT, hit

from casebus.cases import alert_feed
from casebus.cases.alert import ALERTS, Alert, told
from casebus.cases.alert_feed import FEED, changed_after, feed_end, saved
from casebus.store.sqlite import SqliteStore
from casebus.wire.ids import content_id


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "state.sqlite", [ALERTS, *FEED])


def alert_of(name: str) -> Alert:
    return told(NZ, hit(conflict_id=content_id("conflict", name)), None, RAISED_AT)


def save(store: SqliteStore, *names: str) -> None:
    for name in names:
        with store.transaction() as tx:
            for effect in saved(tx, alert_of(name)):
                tx.apply(effect)


def save_on_a_full_disk(store: SqliteStore, name: str) -> None:
    with store.transaction() as tx:
        for effect in saved(tx, alert_of(name)):
            tx.apply(effect)
        raise OSError(28, "no space")


def after(store: SqliteStore, number: int) -> list[str] | None:
    with store.view() as view:
        return changed_after(view, number)


def ids(*names: str) -> list[str]:
    return [content_id("conflict", name) for name in names]


def test_every_saved_alert_is_a_change_with_the_next_number(store: SqliteStore) -> None:
    save(store, "a", "b", "a")
    with store.view() as view:
        assert feed_end(view) == 3
        assert view.get(ALERTS, ids("a")[0]) == alert_of("a")
    assert after(store, 0) == ids("a", "b")
    assert after(store, 1) == ids("b", "a")
    assert after(store, 3) == []


def test_two_alerts_saved_in_one_transaction_are_two_changes(store: SqliteStore) -> None:
    with store.transaction() as tx:
        for name in ("a", "b"):
            for effect in saved(tx, alert_of(name)):
                tx.apply(effect)
    assert after(store, 0) == ids("a", "b")


def test_an_alert_whose_transaction_failed_changed_nothing(store: SqliteStore) -> None:
    with pytest.raises(OSError):
        save_on_a_full_disk(store, "a")
    assert after(store, 0) == []


def test_who_asks_for_what_is_forgotten_or_never_was_is_told_to_look_anew(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_feed, "KEPT", 2)
    save(store, "a", "b", "c")
    assert after(store, 0) is None
    assert after(store, 1) == ids("b", "c")
    assert after(store, 4) is None, "a number of another store: this one was restored, or began anew"
    with store.view() as view:
        assert len(list(view.all(alert_feed.ALERT_CHANGES))) == 2


def test_nothing_saves_an_alert_past_the_feed() -> None:
    root = Path(alert_feed.__file__).parents[2]
    saves = [
        path.relative_to(root).as_posix()
        for package in ("casebus", "consumers")
        for path in (root / package).rglob("*.py")
        if "Save(ALERTS" in path.read_text(encoding="utf-8")
    ]
    assert saves == ["casebus/cases/alert_feed.py"]
