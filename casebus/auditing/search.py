"""Searching: the index says where to look, the archive says what is there.

Whatever a row of the index says, its record is read again from the archive, told again and compared: what is shown
never comes from the index. What an index leaves out cannot be seen so; a replay with the same filter shows it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from casebus.auditing.facts_reader import FactsReader
from casebus.auditing.index_file import LEAF_COLUMNS, IndexFile
from casebus.auditing.indexing import milliseconds, named_in, row_of
from casebus.auditing.query import Query
from casebus.cases.event_filter import Facts, plain

PAGE = 2000
"""Rows fetched at once: nobody who reads slowly keeps the index from growing."""


@dataclass(frozen=True, slots=True)
class IndexFault:
    """A row of the index that says something else than the record in the archive."""

    index: int
    why: str


Conditions = list[tuple[str, list[Any]]]


def search(index: IndexFile, reader: FactsReader, query: Query) -> Iterator[Facts | IndexFault]:
    """Return what the index finds, in the ledger's order, each told anew from the archive, or why it is not shown.

    Raises `VerificationFailed` where the archive is damaged, `UsageError` or `StoreError` where the index is.
    """
    conditions = _conditions(index, query)
    end = min(reader.size, index.state().size)
    after = -1
    while rows := _page(index, conditions, after):
        # A row's number is the key that the next page starts after: SQLite holds it as an integer, always.
        after = int(rows[-1][0])
        within = [row for row in rows if row[0] < end]
        for row, facts in zip(within, reader.several(row[0] for row in within), strict=True):
            yield _checked(index, query, row, facts)
        yield from (IndexFault(row[0], "it is past the end") for row in rows[len(within) :])


def count_unread(index: IndexFile, query: Query) -> int:
    """Return how many records that could not be read stand where a search looks: one of them may have been meant."""
    where, values = _where([*_place(query), ("type IS NULL", [])])
    ((count,),) = index.rows(f"SELECT count(*) FROM leaves WHERE {where}", values)  # noqa: S608 our own words
    return int(count)


def _page(index: IndexFile, conditions: Conditions, after: int) -> list[tuple[Any, ...]]:
    where, values = _where([*conditions, ("leaf > ?", [after])])
    sql = f"SELECT {', '.join(LEAF_COLUMNS)} FROM leaves WHERE {where} ORDER BY leaf LIMIT {PAGE}"  # noqa: S608 our own words
    return index.rows(sql, values)


def _checked(index: IndexFile, query: Query, row: tuple[Any, ...], facts: Facts | None) -> Facts | IndexFault:
    leaf = int(row[0])
    if facts is None:
        return IndexFault(leaf, "there is no record at this index")
    if row != row_of(facts):
        return IndexFault(leaf, "its row differs from the archived record")
    named = index.rows("SELECT id, kind FROM named WHERE leaf = ?", [leaf]) if _asks_names(query) else None
    if named is not None and frozenset(named) != named_in(facts):
        return IndexFault(leaf, "the ids listed for it are not those that the archived record names")
    if not query.accepts(facts):
        return IndexFault(leaf, "it was found by a word that the archived record does not have")
    return facts


def _asks_names(query: Query) -> bool:
    return bool(query.filter.tips or query.filter.cases or query.filter.checks or query.filter.conflicts)


def _conditions(index: IndexFile, query: Query) -> Conditions:
    asked = query.filter
    found = _place(query)
    for field, words in (
        ("type", asked.types),
        ("operation", asked.operations),
        ("outcome", asked.outcomes),
        ("purpose", asked.purposes),
    ):
        if words:
            found.append(_one_of(field, _spelt(index, field, words)))
    for field, values in (("actor", asked.actors), ("event_id", query.events)):
        if values:
            found.append(_one_of(field, values))
    for kind, ids in (("tip", asked.tips), ("case", asked.cases), ("other", asked.checks)):
        if ids:
            found.append(_named(ids, kind, "reference"))
    if asked.conflicts:
        told, named = _one_of("conflict", asked.conflicts), _named(asked.conflicts, "reference")
        found.append((f"({told[0]} OR {named[0]})", [*told[1], *named[1]]))
    if query.words:
        found += _begin(index, query.words)
    return found


def _place(query: Query) -> Conditions:
    asked = query.filter
    found: Conditions = [("leaf >= ?", [query.start])]
    if query.end is not None:
        found.append(("leaf < ?", [query.end]))
    if asked.since is not None:
        found.append(("appended_ms >= ?", [milliseconds(asked.since)]))
    if asked.until is not None:
        found.append(("appended_ms < ?", [milliseconds(asked.until)]))
    for field, values in (("agency", asked.agencies), ("topic", query.topics)):
        if values:
            found.append(_one_of(field, values))
    return found


def _spelt(index: IndexFile, field: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """Return how the words are spelt in the ledger."""
    wanted = _one_of("plain", tuple({plain(word) for word in words}))
    rows = index.rows(f"SELECT word FROM vocabulary WHERE field = ? AND {wanted[0]}", [field, *wanted[1]])  # noqa: S608
    return tuple(word for (word,) in rows)


def _named(ids: tuple[str, ...], *kinds: str) -> tuple[str, list[Any]]:
    by_id, by_kind = _one_of("id", ids), _one_of("kind", kinds)
    return f"leaf IN (SELECT leaf FROM named WHERE {by_id[0]} AND {by_kind[0]})", [*by_id[1], *by_kind[1]]  # noqa: S608


def _begin(index: IndexFile, words: tuple[str, ...]) -> Conditions:
    # Words are ASCII letters and digits: nothing in them means anything to FTS5 or to LIKE.
    if index.finds_terms:
        asked = " AND ".join(f'"{word}"*' for word in words)
        return [("leaf IN (SELECT rowid FROM terms WHERE terms MATCH ?)", [asked])]
    return [("words LIKE ?", [f"% {word}%"]) for word in words]


def _one_of(field: str, values: tuple[str, ...]) -> tuple[str, list[Any]]:
    return f"{field} IN ({', '.join('?' * len(values))})", list(values)


def _where(conditions: Conditions) -> tuple[str, list[Any]]:
    return " AND ".join(sql for sql, _ in conditions), [value for _, values in conditions for value in values]
