"""Reading one row of a CSV document, with row and column named when a value is not what it should be."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from casebus.errors import DocumentRefused, RefusalCode
from casebus.events.enumerations import TriState
from casebus.intake.sections import Choice, choose, tri_state

SEPARATOR = "|"
MAX_COUNT = 1_000_000
_COUNT = re.compile(r"[0-9]{1,7}")


@dataclass(frozen=True, slots=True)
class Row:
    """One row under a header. `number` counts the rows of the document from 1, the header being row 1."""

    number: int
    values: Mapping[str, str]

    def at(self, column: str) -> str:
        """Return the place of a value, for messages."""
        return f"row {self.number}, column {column}"

    def text(self, column: str) -> str | None:
        """Return the text of a column, null if it is blank or there is no such column."""
        return self.values.get(column, "").strip() or None

    def many(self, column: str) -> list[str]:
        """Return the values of a column that holds several, separated by `|`; blanks are left out."""
        return [part.strip() for part in self.values.get(column, "").split(SEPARATOR) if part.strip()]

    def aligned(self, column: str) -> list[str]:
        """Return the values of a column that holds several, blanks kept, so that positions agree with its sibling."""
        text = self.values.get(column, "")
        return [part.strip() for part in text.split(SEPARATOR)] if text.strip() else []

    def required(self, column: str) -> str:
        """Return the text of a column. Raises MISSING_FIELD."""
        text = self.text(column)
        if text is None:
            raise DocumentRefused(RefusalCode.MISSING_FIELD, f"{self.at(column)} is empty.")
        return text

    def flag(self, column: str) -> TriState:
        """Return a yes, a no, or NOT_STATED for a blank. Raises UNKNOWN_VALUE."""
        text = self.text(column)
        answer = tri_state(text)
        if text is not None and answer is TriState.NOT_STATED and text.upper() != TriState.NOT_STATED:
            raise DocumentRefused(RefusalCode.UNKNOWN_VALUE, f"{self.at(column)} is neither yes nor no.")
        return answer

    def choice(self, column: str, choices: type[Choice], default: Choice | None = None) -> Choice:
        """Return the member that a column names. Raises UNKNOWN_VALUE, and MISSING_FIELD without a default."""
        if default is not None and self.text(column) is None:
            return default
        return choose(self.required(column), choices, self.at(column))

    def choices(self, column: str, choices: type[Choice]) -> tuple[Choice, ...]:
        """Return the members that a column names, each once, in the order of the list. Raises UNKNOWN_VALUE."""
        chosen = {choose(part, choices, self.at(column)) for part in self.many(column)}
        return tuple(member for member in choices if member in chosen)

    def count(self, column: str, default: int | None = None) -> int:
        """Return a whole number of at most `MAX_COUNT`. Raises UNKNOWN_VALUE, and MISSING_FIELD without a default."""
        if default is not None and self.text(column) is None:
            return default
        text = self.required(column)
        if not _COUNT.fullmatch(text) or int(text) > MAX_COUNT:
            raise DocumentRefused(RefusalCode.UNKNOWN_VALUE, f"{self.at(column)} is not a count.")
        return int(text)


def by_record(rows: Iterable[Row], number: str, stated_once: Sequence[str]) -> list[tuple[str, list[Row]]]:
    """Group rows by the record whose number they bear, in order of each record's first row.

    The columns of `stated_once` belong to the record; a blank in a later row says nothing, another text is a
    contradiction: MALFORMED_CSV. Raises MISSING_FIELD for a row without a number.
    """
    records: dict[str, list[Row]] = {}
    for row in rows:
        records.setdefault(row.required(number), []).append(row)
    for first, *others in records.values():
        for row in others:
            _check_agrees(first, row, stated_once)
    return list(records.items())


def _check_agrees(first: Row, row: Row, columns: Sequence[str]) -> None:
    for column in columns:
        if row.text(column) is not None and row.text(column) != first.text(column):
            what = f"{row.at(column)} differs from row {first.number}, which is of the same record."
            raise DocumentRefused(RefusalCode.MALFORMED_CSV, what)
