"""Bytes to values, strictly and within bounds: the only way into casebus for an agency's documents.

A document is UTF-8 (a BOM is allowed), at most `MAX_BYTES` long and at most `MAX_DEPTH` levels deep. Everything else is
a `DocumentRefused` with its own code. Messages name places (keys, elements, rows), never values.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Literal, NoReturn
from xml.parsers import expat

from casebus.errors import DocumentRefused, RefusalCode
from casebus.intake.adapter import Document
from casebus.intake.columns import Row
from casebus.intake.elements import Element
from casebus.intake.sections import Numeral, Section, named

MAX_BYTES = 10 * 1024 * 1024
MAX_DEPTH = 64
MAX_OBJECTS = 300_000
"""JSON objects or XML elements: beyond it, 10 MiB of nearly nothing would take a minute and gigabytes to read."""

MAX_ROWS = 20_000
"""What one document's transaction carries without holding up the node. A larger register is handed over in parts."""

MAX_COLUMNS = 200

Format = Literal["json", "xml", "csv"]


def refuse(code: RefusalCode, what: str) -> NoReturn:
    """Raise `DocumentRefused`. `what` names a place, never a value."""
    raise DocumentRefused(code, what)


def decode_text(document: Document) -> str:
    """Return the document as text, without its BOM. Raises TOO_LARGE, EMPTY, NOT_UTF8."""
    if len(document.content) > MAX_BYTES:
        refuse(RefusalCode.TOO_LARGE, f"the document is larger than {MAX_BYTES} bytes.")
    try:
        text = document.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse(RefusalCode.NOT_UTF8, f"byte {error.start} of the document is not UTF-8.")
    # UTF-16 and UTF-32 of plain ASCII are valid UTF-8, full of NULs; no format of ours has one.
    if "\x00" in text:
        refuse(RefusalCode.NOT_UTF8, f"character {text.index(chr(0))} is NUL: another encoding, or not text.")
    if not text.strip():
        refuse(RefusalCode.EMPTY, "the document is empty.")
    return text


def format_of(text: str) -> Format:
    """Tell what a document is written in by its first character, not by its name."""
    start = text.lstrip()[:1]
    if start in ("{", "["):
        return "json"
    return "xml" if start == "<" else "csv"


# --- JSON ------------------------------------------------------------------------------------------------------------

# Possessive throughout, and the closing quote is optional: an unterminated string is passed over once, not once for
# every quote in it.
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_NOT_A_BRACKET = re.compile(r"[^\[\]{}]+")
_STEP = {"[": 1, "{": 1, "]": -1, "}": -1}


def read_json(text: str) -> Section:
    """Return the object that the document is.

    Raises TOO_DEEP and TOO_LARGE (measured before anything is parsed), DUPLICATE_KEY, NOT_A_NUMBER (NaN, Infinity), MALFORMED_JSON,
    and NOT_A_DOCUMENT for JSON that is not an object. Numbers stay as written (`Numeral`).
    """
    brackets = _NOT_A_BRACKET.sub("", _STRING.sub("", text))
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > MAX_DEPTH:
        refuse(RefusalCode.TOO_DEEP, f"the document is nested more than {MAX_DEPTH} levels deep.")
    if brackets.count("{") > MAX_OBJECTS:
        refuse(RefusalCode.TOO_LARGE, f"the document holds more than {MAX_OBJECTS} objects.")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_not_a_number,
            parse_int=Numeral,
            parse_float=Numeral,
        )
    except json.JSONDecodeError as error:
        refuse(RefusalCode.MALFORMED_JSON, f"line {error.lineno}, column {error.colno}: not well-formed JSON.")
    if not isinstance(value, dict):
        refuse(RefusalCode.NOT_A_DOCUMENT, "the document is JSON, but not an object.")
    return Section(value)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            refuse(RefusalCode.DUPLICATE_KEY, f"{named(key)} stands twice in one object.")
        seen.add(key)
    raise AssertionError("bug: a shorter object without a repeated key")


def _not_a_number(_: str) -> NoReturn:
    refuse(RefusalCode.NOT_A_NUMBER, "the document holds NaN or Infinity, which JSON does not have.")


# --- XML -------------------------------------------------------------------------------------------------------------


def read_xml(text: str) -> Element:
    """Return the root element.

    Raises DOCTYPE (before any entity can be declared, so that none is ever expanded and nothing is fetched), NAMESPACE,
    TOO_DEEP, TOO_LARGE, NOT_UTF8 (another declared encoding), MALFORMED_XML.
    """
    return _Tree().read(text)


class _Tree:
    """Builds the tree from expat's events. Its stack is the open elements, at most `MAX_DEPTH` of them."""

    def __init__(self) -> None:
        self._open: list[tuple[str, dict[str, str], list[str], list[Element]]] = []
        self._root: Element | None = None
        self._count = 0
        parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        self._parser = parser

    def read(self, text: str) -> Element:
        try:
            self._parser.Parse(text.lstrip().encode("utf-8"), True)
        except expat.ExpatError as error:
            refuse(RefusalCode.MALFORMED_XML, f"line {error.lineno}, column {error.offset}: not well-formed XML.")
        if self._root is None:
            raise AssertionError("bug: expat accepted a document without a root")
        return self._root

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ("utf-8", "us-ascii"):
            refuse(RefusalCode.NOT_UTF8, "the XML declaration names an encoding other than UTF-8.")

    def _doctype(self, *_: object) -> None:
        refuse(RefusalCode.DOCTYPE, "the document has a DOCTYPE; no format of ours has one.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if " " in name:
            refuse(RefusalCode.NAMESPACE, f"line {self._parser.CurrentLineNumber}: an element is in a namespace.")
        if len(self._open) >= MAX_DEPTH:
            refuse(RefusalCode.TOO_DEEP, f"the document is nested more than {MAX_DEPTH} levels deep.")
        self._count += 1
        if self._count > MAX_OBJECTS:
            refuse(RefusalCode.TOO_LARGE, f"the document holds more than {MAX_OBJECTS} elements.")
        plain = {key: value for key, value in attributes.items() if " " not in key}
        self._open.append((name, plain, [], []))

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1][2].append(text)

    def _end(self, _name: str) -> None:
        name, attributes, texts, children = self._open.pop()
        element = Element(name, attributes, "".join(texts).strip(), tuple(children))
        if self._open:
            self._open[-1][3].append(element)
        else:
            self._root = element


# --- CSV -------------------------------------------------------------------------------------------------------------


def csv_header(text: str) -> tuple[str, ...]:
    """Return the first row's names, trimmed; an empty tuple if it is not CSV at all. Never raises."""
    try:
        return tuple(name.strip() for name in next(_records(text), []))
    except DocumentRefused:
        return ()


def read_csv(text: str, *, columns: frozenset[str], required: frozenset[str]) -> list[Row]:
    """Return the rows under the header; blank lines are passed over.

    Raises UNKNOWN_COLUMN for a column that is not in `columns`, MISSING_FIELD for a `required` one that is not there,
    MALFORMED_CSV for a row of another length, an open quote, a repeated column, a field or a table beyond the bounds.
    """
    records = _records(text)
    header = [name.strip() for name in next(records, [])]
    _check_header(header, columns, required)
    rows: list[Row] = []
    for number, record in enumerate(records, start=2):
        if not any(field.strip() for field in record):
            continue
        if len(record) != len(header):
            refuse(RefusalCode.MALFORMED_CSV, f"row {number} has {len(record)} fields, the header {len(header)}.")
        if len(rows) >= MAX_ROWS:
            refuse(RefusalCode.MALFORMED_CSV, f"the table has more than {MAX_ROWS} rows.")
        rows.append(Row(number, dict(zip(header, record, strict=True))))
    return rows


def _records(text: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        yield from reader
    except csv.Error:
        refuse(RefusalCode.MALFORMED_CSV, f"line {reader.line_num}: an open quote, or a field that is too long.")


def _check_header(header: list[str], columns: frozenset[str], required: frozenset[str]) -> None:
    if len(header) > MAX_COLUMNS:
        refuse(RefusalCode.MALFORMED_CSV, f"the header has more than {MAX_COLUMNS} columns.")
    for position, name in enumerate(header, start=1):
        if name not in columns:
            refuse(RefusalCode.UNKNOWN_COLUMN, f"column {position} ({named(name)}) is not one of this format.")
        if header.index(name) != position - 1:
            refuse(RefusalCode.MALFORMED_CSV, f"column {name} stands twice in the header.")
    for name in sorted(required - set(header)):
        refuse(RefusalCode.MISSING_FIELD, f"there is no column {name}.")
