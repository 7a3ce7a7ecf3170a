"""What a search finds is what a full replay with the same filter finds; what it shows never comes from the index."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from audited import index_all, log, log_at_once, many, payload_lists, queries, reader_of, withdrawn
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from casebus.auditing.index_file import IndexFile, default_path
from casebus.auditing.indexing import open_index, update
from casebus.auditing.query import MAX_ASKED_WORDS, Query, asked_words, tokens, words_of
from casebus.auditing.search import IndexFault, count_unread, search
from casebus.cases.event_filter import EventFilter, Facts
from casebus.errors import NotFound, VerificationFailed
from casebus.events import enumerations as en
from casebus.events.types import DataAccessed, Payload
from casebus.ledger.tree import EMPTY_ROOT


@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.generate))  # shrinking takes minutes here
@given(payloads=payload_lists, full_text=st.booleans(), data=st.data())
def test_a_search_finds_what_a_replay_with_the_same_filter_finds(
    payloads: list[Payload], full_text: bool, data: st.DataObject
) -> None:
    with TemporaryDirectory() as place:
        ledger = Path(place) / "ledger"
        log(ledger, payloads)
        reader = reader_of(ledger)
        IndexFile.create(default_path(ledger), reader.basis, EMPTY_ROOT, terms=full_text)
        with open_index(reader) as index:
            update(index, reader)
            assert index.finds_terms == full_text
            every = list(reader.facts())
            for _ in range(6):
                query = data.draw(queries(every))
                assert list(search(index, reader, query)) == [facts for facts in every if query.accepts(facts)]
                assert count_unread(index, query) == sum(query.unread(facts) for facts in every)


def test_without_keys_a_search_finds_what_the_bytes_say(tmp_path: Path) -> None:
    log(tmp_path / "ledger", many(3))
    reader = reader_of(tmp_path / "ledger", keys=False)
    assert not reader.checks_signatures
    with open_index(reader) as index:
        update(index, reader)
        assert len(found(index, reader, Query(EventFilter(types=("tip-withdrawn",))))) == 3


def found(index: IndexFile, reader: object, query: Query) -> list[Facts | IndexFault]:
    return list(search(index, reader, query))  # type: ignore[arg-type]


LIES = [
    ("UPDATE leaves SET summary = 'a lie' WHERE leaf = 1", "its row differs"),
    ("UPDATE leaves SET agency = 'uk-nca' WHERE leaf = 1", "its row differs"),
    ("UPDATE leaves SET actor = x'00' WHERE leaf = 1", "its row differs"),
    ("UPDATE leaves SET position = 'x' WHERE leaf = 1", "its row differs"),
    ("UPDATE leaves SET leaf = 99 WHERE leaf = 1", "past the end"),
    ("UPDATE leaves SET leaf = 9223372036854775807 WHERE leaf = 1", "past the end"),
]


@pytest.mark.parametrize(("lie", "why"), LIES)
def test_a_row_that_lies_is_a_fault_and_is_not_shown(tmp_path: Path, lie: str, why: str) -> None:
    ledger = tmp_path / "ledger"
    log(ledger, many(3))
    index_all(ledger)
    reader = reader_of(ledger)
    with open_index(reader) as index:
        index.rows(lie)
        shown = found(index, reader, Query())
        (fault,) = (each for each in shown if isinstance(each, IndexFault))
        assert why in fault.why
        assert [each.index for each in shown if isinstance(each, Facts)] == [0, 2]


def test_an_id_that_is_listed_for_another_record_is_a_fault(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    log(ledger, many(3))
    index_all(ledger)
    reader = reader_of(ledger)
    (mine,) = reader.at(0).tips  # type: ignore[union-attr]
    with open_index(reader) as index:
        index.rows("INSERT INTO named VALUES (?, 'tip', 2)", [mine])
        first, second = found(index, reader, Query(EventFilter(tips=(mine,))))
        assert (first.index, type(second)) == (0, IndexFault)


def test_a_word_that_the_full_text_index_made_up_is_a_fault(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    log(ledger, many(2))
    index_all(ledger)
    reader = reader_of(ledger)
    with open_index(reader) as index:
        index.rows("INSERT INTO terms (rowid, words) VALUES (1, 'invented')")
        assert found(index, reader, Query(words=("invented",))) == [
            IndexFault(1, "it was found by a word that the archived record does not have")
        ]


def test_a_record_that_is_not_the_one_of_its_leaf_stops_the_search(tmp_path: Path) -> None:
    ledger, other = tmp_path / "ledger", tmp_path / "other"
    log(ledger, [withdrawn("here")])
    log(other, [withdrawn("elsewhere")])
    index_all(ledger)
    (ledger / "records" / "000").write_bytes((other / "records" / "000").read_bytes())
    reader = reader_of(ledger)
    with open_index(reader) as index, pytest.raises(VerificationFailed, match="not the one that its leaf names"):
        found(index, reader, Query())


def test_what_is_not_indexed_yet_is_not_searched(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    log(ledger, many(2))
    index_all(ledger)
    log(ledger, many(2, start=2))
    reader = reader_of(ledger)
    with open_index(reader) as index:
        assert [each.index for each in found(index, reader, Query())] == [0, 1]
        assert update(index, reader) == 2
        assert [each.index for each in found(index, reader, Query())] == [0, 1, 2, 3]


@given(st.text())
def test_words_are_ascii_letters_and_digits(text: str) -> None:
    assert all(word.isascii() and word.isalnum() and word == word.lower() for word in tokens(text))


def test_a_word_is_found_by_its_beginning_without_accents_or_case(tmp_path: Path) -> None:
    log(tmp_path / "ledger", many(1))
    facts = reader_of(tmp_path / "ledger").at(0)
    assert facts is not None
    assert words_of(facts) == " tip withdrawn error nz police tipwithdrawn alteration "
    for typed in (["Withdr"], ["ERROR", "tip"], ["tïp-wîthdrawn"], ["TipWithdrawn"], ["nz-police"]):
        assert Query(words=asked_words(typed)).accepts(facts), typed
    for typed in (["ithdrawn"], ["tip", "received"]):
        assert not Query(words=asked_words(typed)).accepts(facts), typed
    assert asked_words(["!!", "—"]) == ()
    assert len(asked_words([str(n) for n in range(100)])) > MAX_ASKED_WORDS


def test_a_leaf_that_the_tree_does_not_have_stops_the_search(tmp_path: Path) -> None:
    ledger, other = tmp_path / "ledger", tmp_path / "other"
    log(ledger, [withdrawn("here")])
    log(other, [withdrawn("elsewhere")])
    for name in ("records/000", "tile/entries/000.p/1"):
        (ledger / name).write_bytes((other / name).read_bytes())
    with pytest.raises(VerificationFailed, match="not the one in the tree"):
        list(reader_of(ledger).facts())
    (ledger / "tile/0/000.p/1").write_bytes((other / "tile/0/000.p/1").read_bytes())
    with pytest.raises(VerificationFailed, match="root"):
        reader_of(ledger)


def test_records_read_together_are_those_read_one_by_one(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    log_at_once(ledger, many(600))
    reader = reader_of(ledger)
    wanted = [0, 1, 7, 255, 256, 511, 512, 599]
    assert list(reader.several(wanted)) == [reader.at(index) for index in wanted]
    assert list(reader.several([])) == []
    with pytest.raises(NotFound):
        list(reader.several([600]))


def test_a_read_is_found_by_what_it_named(tmp_path: Path) -> None:
    """An auditor who asks about a tip wants to know who looked at it, too."""
    read = DataAccessed(
        operation=en.AccessOperation.CONSULTATION,
        actor="officer-1",
        purpose=en.Purpose.AUDIT,
        resource="log",
        references=("a-reference", "another"),
        references_not_carried=0,
        fields=(),
    )
    log(tmp_path / "ledger", [*many(2), read])
    reader = reader_of(tmp_path / "ledger")
    with open_index(reader) as index:
        update(index, reader)
        for asked in ("tips", "cases", "conflicts"):
            (facts,) = found(index, reader, Query(EventFilter(**{asked: ("another",)})))
            assert isinstance(facts, Facts)
            assert (facts.type, facts.references) == ("DataAccessed", ("a-reference", "another"))


def test_a_word_is_looked_up_by_its_beginning_with_and_without_full_text(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    log(ledger, many(2))
    reader = reader_of(ledger)
    for full_text in (True, False):
        path = tmp_path / f"{full_text}.index.sqlite"
        IndexFile.create(path, reader.basis, EMPTY_ROOT, terms=full_text)
        with open_index(reader, path) as index:
            update(index, reader)
            for words, count in ((("withdr",), 2), (("ithdrawn",), 0), (("tip", "err"), 2), (("tip", "x"), 0)):
                assert len(found(index, reader, Query(words=words))) == count
