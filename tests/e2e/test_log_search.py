"""`casebus log search` and `casebus ledger index`, on the ledger that the story makes."""

import json
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import Network, Told

from casebus.auditing.facts_reader import FactsReader
from casebus.auditing.index_file import default_path
from casebus.auditing.indexing import open_index, update
from casebus.auditing.query import Query, tokens
from casebus.auditing.search import search
from casebus.cases.event_filter import EventFilter
from casebus.clock import SystemClock
from casebus.layout import HUB
from casebus.roles import Installation

NOBODYS = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def copy(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("auditor") / "copy"
    shutil.copytree(told.network.layout.role(HUB).ledger, place)
    return place


@pytest.fixture(scope="module")
def reader(told: Told, copy: Path) -> FactsReader:
    return FactsReader(copy, Installation.open(told.network.layout, SystemClock()).directory)


def found(told: Told, copy: Path, *arguments: str, code: int = 0) -> Any:
    done = told.network.run("log", "search", *arguments, "--ledger", str(copy), "--json", code=code)
    return json.loads(done.stdout)


def test_each_thing_that_can_be_asked_for_finds_what_a_replay_finds(reader: FactsReader, copy: Path) -> None:
    every = list(reader.facts())
    values: dict[str, set[Any]] = {
        "types": {f.type for f in every},
        "agencies": {f.agency for f in every},
        "actors": {f.actor for f in every},
        "operations": {f.operation for f in every},
        "outcomes": {f.outcome for f in every},
        "purposes": {f.purpose for f in every},
        "tips": {t for f in every[:300] for t in f.tips},
        "cases": {c for f in every[::9] for c in f.cases},
        "conflicts": {f.conflict for f in every} | {r for f in every for r in f.references[:2]},
        "since": {f.appended_at for f in every[::40]},
        "until": {f.appended_at for f in every[::40]},
    }
    queries = [
        Query(EventFilter(**{name: value if name in ("since", "until") else (value,)}))
        for name, some in values.items()
        for value in some - {None}
    ]
    queries += [Query(words=(word,)) for word in Counter(w for f in every for w in tokens(f.summary)) if word]
    with open_index(reader, copy.with_name("every.index.sqlite")) as index:
        update(index, reader)
        counted = 0
        for query in queries:
            expected = [facts for facts in every if query.accepts(facts)]
            assert list(search(index, reader, query)) == expected
            counted += bool(expected)
    assert counted > 100


def test_the_search_and_the_replay_print_the_same_rows(told: Told, copy: Path) -> None:
    rows = found(told, copy, "--type", "deconfliction-hit", "--agency", "nz-police")["rows"]
    replayed = told.network.casebus("ledger", "replay", str(copy), "--jsonl").splitlines()
    told_again = {row["index"]: row for row in map(json.loads, replayed)}
    assert len(rows) > 1
    for row in rows:
        again = told_again[row["index"]]
        assert again == {name: row[name] for name in again}


def test_words_range_and_limit_choose_together(told: Told, copy: Path) -> None:
    every = found(told, copy, "joint", "proposed")
    assert [row["type"] for row in every["rows"]] == ["DeconflictionResolved"] * 4
    assert (every["more"], every["faults"], every["indexed"]) == (False, [], every["size"])
    first, *_, last = (row["index"] for row in every["rows"])
    inner = found(told, copy, "joint", "--from", str(first + 1), "--to", str(last))["rows"]
    assert [row["index"] for row in inner] == [row["index"] for row in every["rows"][1:-1]]
    limited = found(told, copy, "joint", "--limit", "2")
    assert (len(limited["rows"]), limited["more"]) == (2, True)
    assert found(told, copy, "nosuchword")["rows"] == []


def test_records_that_nobody_could_read_are_counted_where_one_of_them_may_be_meant(told: Told, copy: Path) -> None:
    assert found(told, copy, "--tip", NOBODYS)["unread"] == 1
    everything = found(told, copy)
    assert everything["unread"] == 0
    (unread,) = (row for row in everything["rows"] if row["type"] is None)
    assert unread["summary"] == "a record that was not accepted: signature invalid"
    assert found(told, copy, "--tip", NOBODYS, "--agency", "uk-nca")["unread"] == 0


def test_a_person_reads_one_line_for_each(told: Told, copy: Path) -> None:
    lines = told.network.casebus("log", "search", "safeguarded", "--ledger", str(copy)).splitlines()
    assert len(lines) == 1
    assert "nz-police" in lines[0]
    streamed = told.network.casebus("log", "search", "safeguarded", "--ledger", str(copy), "--jsonl").splitlines()
    assert json.loads(streamed[0])["summary"] in lines[0]


WRONG = [
    (("--since", "yesterday"), 2),
    (("--since", "2026-01-31T09:00"), 2),
    (("--until", "0001-01-01T00:00+13:00"), 2),
    (("--tip", " "), 2),
    (("--tip", "Jane Smith 021 555"), 2),
    (("--event", "Jane Smith 021 555"), 2),
    (("--agency", "Jane Smith"), 2),
    (("--type", "Jane Smith"), 2),
    (("--actor", "Jane Smith"), 2),
    (("--operation", "Jane Smith"), 2),
    (("--outcome", "Jane Smith"), 2),
    (("--purpose", "Jane Smith"), 2),
    (("—",), 2),
    (("--limit", "0"), 2),
    (("--from", "-1"), 2),
    (("--ledger", "/nonexistent"), 4),
]


@pytest.mark.parametrize(("arguments", "code"), WRONG)
def test_what_cannot_be_asked_is_refused(told: Told, arguments: tuple[str, ...], code: int) -> None:
    assert told.network.run("log", "search", *arguments, code=code).stdout == ""


def test_a_date_means_the_beginning_of_that_day_in_utc(told: Told, copy: Path) -> None:
    assert found(told, copy, "--until", "2026-01-01")["rows"] == []
    assert found(told, copy, "--since", "2026-01-01")["rows"] == found(told, copy)["rows"]


def test_an_index_fault_is_said_and_what_the_archive_bears_out_is_shown(told: Told, copy: Path) -> None:
    network: Network = told.network
    path = copy.with_name("lying.index.sqlite")
    made = network.json("ledger", "index", str(copy), "--out", str(path))
    assert (made["size"], made["added"], made["signatures_checked"]) == (made["size"], made["size"], True)
    with closing(sqlite3.connect(path)) as driver:
        driver.execute("UPDATE leaves SET summary = 'nothing happened' WHERE leaf = 3")
        driver.commit()
    shown = found(told, copy, "--index", str(path), code=9)
    assert [fault["index"] for fault in shown["faults"]] == [3]
    assert 3 not in {row["index"] for row in shown["rows"]}
    assert "nothing happened" not in json.dumps(shown)
    assert network.json("ledger", "index", str(copy), "--out", str(path), "--rebuild")["added"] == made["size"]
    assert found(told, copy, "--index", str(path))["faults"] == []


def test_the_index_of_another_ledger_ends_with_3_and_no_index_with_2(told: Told, copy: Path, tmp_path: Path) -> None:
    default_path(tmp_path / "other").write_text("no index")
    shutil.copytree(copy, tmp_path / "other")
    done = told.network.run("log", "search", "--ledger", str(tmp_path / "other"), code=2)
    assert "--rebuild" in done.stderr
    told.network.run("ledger", "index", str(tmp_path / "other"), "--rebuild")
    with closing(sqlite3.connect(default_path(tmp_path / "other"))) as driver:
        driver.execute("UPDATE state SET root = zeroblob(32)")
        driver.commit()
    assert "another ledger" in told.network.run("log", "search", "--ledger", str(tmp_path / "other"), code=3).stderr


def test_no_update_searches_what_is_indexed_and_says_how_far_that_is(told: Told, copy: Path, tmp_path: Path) -> None:
    done = told.network.run(
        "log", "search", "--ledger", str(copy), "--index", str(tmp_path / "new.sqlite"), "--no-update", "--json"
    )
    assert (json.loads(done.stdout)["indexed"], json.loads(done.stdout)["rows"]) == (0, [])
    assert "Searched are the first 0 of" in done.stderr
