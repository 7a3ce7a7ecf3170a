"""The feed of changed alerts: every change has a number, once, and what is too old is said to be."""

import ast
from pathlib import Path

import pytest
from cases.case_builders import NZ, RAISED_AT, hit

from casebus.cases import alert_feed
from casebus.cases.alert import ALERTS, Alert, told
from casebus.cases.alert_feed import ALERT_CHANGES, FEED, FeedEnd, changed_since, end_of_feed, saved, worked
from casebus.cases.desk_work import DESK_WORK, DeskWork
from casebus.store.sqlite import SqliteStore
from casebus.wire.ids import content_id


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "state.sqlite", [ALERTS, *FEED, DESK_WORK])


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


def place(store: SqliteStore, number: int) -> FeedEnd:
    """Return the place of a change; a made up one where there is no such change."""
    with store.view() as view:
        change = view.get(ALERT_CHANGES, f"{number:020d}")
    return FeedEnd(number, change.mark if change else "")


def after(store: SqliteStore, number: int, *, told_only: bool = False) -> list[str] | None:
    at = place(store, number)
    with store.view() as view:
        return changed_since(view, at, told_only=told_only)


def ids(*names: str) -> list[str]:
    return [content_id("conflict", name) for name in names]


def test_every_saved_alert_is_a_change_with_the_next_number(store: SqliteStore) -> None:
    save(store, "a", "b", "a")
    with store.view() as view:
        assert end_of_feed(view).number == 3
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
    assert after(store, 1) is None
    assert after(store, 2) == ids("c")
    assert after(store, 4) is None, "a number of another store: this one was restored, or began anew"
    with store.view() as view:
        assert len(list(view.all(alert_feed.ALERT_CHANGES))) == 2


def test_what_a_desk_does_about_several_alerts_at_once_is_a_change_of_each(store: SqliteStore) -> None:
    save(store, "a", "b")
    works = [DeskWork(each, changes=1) for each in ids("b", "a")]
    with store.transaction() as tx:
        for effect in worked(tx, works):
            tx.apply(effect)
    assert after(store, 2) == ids("b", "a")
    with store.view() as view:
        assert end_of_feed(view).number == 4
        assert list(view.all(DESK_WORK)) == sorted(works, key=lambda work: work.conflict_id)
        assert worked(view, []) == ()


def test_who_follows_what_was_told_hears_of_an_alert_once_more_only_when_it_was_saved_itself(
    store: SqliteStore,
) -> None:
    save(store, "a", "b")
    with store.transaction() as tx:
        for effect in worked(tx, [DeskWork(ids("a")[0], changes=1)]):
            tx.apply(effect)
    assert after(store, 0, told_only=True) == ids("a", "b"), "what its desk did later hides nothing"
    assert after(store, 2, told_only=True) == []


def test_a_place_in_the_feed_is_known_again_only_where_everything_until_then_is_the_same(tmp_path: Path) -> None:
    places = []
    for name, changes in (("one", 1), ("other", 2)):
        store = SqliteStore(tmp_path / f"{name}.sqlite", [ALERTS, *FEED, DESK_WORK])
        save(store, "a")
        with store.transaction() as tx:
            for effect in saved(tx, alert_of("a"), DeskWork(ids("a")[0], changes)):
                tx.apply(effect)
        with store.view() as view:
            places.append(end_of_feed(view))
        save(store, "b")
        with store.view() as view:
            assert changed_since(view, places[-1]) == ids("b")
    with store.view() as view:
        assert places[0].number == places[1].number
        assert changed_since(view, places[0]) is None


def test_what_was_asked_about_an_alert_that_stays_as_it_is_makes_another_past(tmp_path: Path) -> None:
    """The same alert was saved in both; what the partner asked, which is why it was saved anew, differs."""
    places = []
    for request in ("one", "other"):
        store = SqliteStore(tmp_path / f"{request}.sqlite", [ALERTS, *FEED, DESK_WORK])
        save(store, "a")
        with store.transaction() as tx:
            for effect in saved(tx, alert_of("a"), occasion=content_id("request", request)):
                tx.apply(effect)
        with store.view() as view:
            places.append(end_of_feed(view))
    assert places[0].number == places[1].number
    assert places[0].mark != places[1].mark


@pytest.mark.parametrize("text", ["", "4", "4-x", "-", "-a", "4-a b", "1" * 19 + "-", "²-", "4-" + "a" * 33, "4-a\n"])
def test_what_no_page_was_given_is_no_place(text: str) -> None:
    assert FeedEnd.read(text) is None


@pytest.mark.parametrize("end", [FeedEnd(), FeedEnd(12, "0123456789abcdef" * 2)])
def test_a_place_is_read_as_it_was_written(end: FeedEnd) -> None:
    assert FeedEnd.read(str(end)) == end


KEPT_BY_THE_FEED = {"ALERTS", "DESK_WORK"}


def past_the_feed(path: Path) -> bool:
    """Tell whether a module saves or removes an alert, or a desk's work on one, or could by another name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id="Save" | "Remove"), args=[ast.Name(id=name), *_]) if (
                name in KEPT_BY_THE_FEED
            ):
                return True
            case ast.alias(name=name, asname=str()) if name in KEPT_BY_THE_FEED | {"Save", "Remove"}:
                return True
            case ast.Assign(value=ast.Name(id=name)) if name in KEPT_BY_THE_FEED:
                return True
            case ast.Attribute(attr=name) if name in KEPT_BY_THE_FEED:
                return True
    return False


def test_nothing_saves_an_alert_or_the_work_on_it_past_the_feed() -> None:
    root = Path(alert_feed.__file__).parents[2]
    modules = [path for package in ("casebus", "consumers", "producers") for path in (root / package).rglob("*.py")]
    found = [path.relative_to(root).as_posix() for path in modules if past_the_feed(path)]
    assert found == ["casebus/cases/alert_feed.py"]
