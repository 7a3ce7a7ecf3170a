"""The readers: strict, bounded, and never failing in a way of their own."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casebus.errors import DocumentRefused, RefusalCode
from casebus.intake.adapter import Document
from casebus.intake.documents import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_OBJECTS,
    MAX_ROWS,
    csv_header,
    decode_text,
    format_of,
    read_csv,
    read_json,
    read_xml,
)
from casebus.intake.elements import Element
from casebus.intake.sections import Section

COLUMNS = frozenset({"a", "b"})


def decoded(content: bytes) -> str:
    return decode_text(Document("x", content))


def code_of(read, *arguments, **more) -> RefusalCode:
    with pytest.raises(DocumentRefused) as caught:
        read(*arguments, **more)
    return caught.value.refusal


def given_by(read, text: str) -> object:
    """Return what a reader makes of a text: a value, or its refusal code."""
    try:
        return read(text)
    except DocumentRefused as refused:
        return refused.refusal


def plain(value: object) -> object:
    """Return parsed JSON as numbers' texts would have it."""
    if isinstance(value, dict):
        return {key: plain(child) for key, child in value.items()}
    if isinstance(value, list):
        return [plain(child) for child in value]
    return json.dumps(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def test_exactly_the_largest_size_is_read():
    assert len(decoded(b"x" * MAX_BYTES)) == MAX_BYTES
    assert code_of(decoded, b"x" * (MAX_BYTES + 1)) is RefusalCode.TOO_LARGE


def test_only_one_bom_is_taken_off():
    assert decoded("\ufeff\ufeffx".encode()) == "\ufeffx"


def test_the_format_shows_in_the_first_character():
    assert [format_of(text) for text in ("\n {", "[1]", " <a/>", "a,b")] == ["json", "json", "xml", "csv"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@given(value=st.dictionaries(st.text(), VALUES, max_size=5), ascii_only=st.booleans())
def test_every_json_object_reads_as_what_it_is(value, ascii_only):
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert read_json(text).values == plain(value)


@given(text=st.text(alphabet='[]{}",:\\ a1-.eENaInfity\n', max_size=60))
@settings(max_examples=300)
def test_any_text_is_a_json_object_or_refused(text):
    read = given_by(read_json, text)
    assert isinstance(read, Section) or read in {
        RefusalCode.MALFORMED_JSON,
        RefusalCode.NOT_A_DOCUMENT,
        RefusalCode.DUPLICATE_KEY,
        RefusalCode.NOT_A_NUMBER,
        RefusalCode.TOO_DEEP,
    }


def test_brackets_inside_of_strings_are_not_depth():
    text = json.dumps({"a": "[" * 1000 + '\\"' + "{" * 1000, "b": '"[' * 500})
    assert read_json(text).text("a") is not None


@pytest.mark.parametrize("opening", ["[", '{"a":', "[{", '["', '{"\\"[":['])
def test_depth_is_measured_before_anything_is_parsed(opening):
    assert code_of(read_json, opening * 300_000) in {RefusalCode.TOO_DEEP, RefusalCode.MALFORMED_JSON}


def test_a_deep_document_is_told_from_a_wide_one():
    assert read_json('{"a": [' + "[]," * 100_000 + "[]]}").values
    deepest = '{"a":' + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1) + "}"
    assert read_json(deepest).values
    assert code_of(read_json, '{"a":' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}") is RefusalCode.TOO_DEEP


@pytest.mark.parametrize("text", ['"' + '\\"' * 1_000_000, '{"a": "' + "\\", '"' * 1_000_001, "{" + "\\" * 1_000_000])
def test_an_unterminated_string_is_passed_over_once(text):
    with pytest.raises(DocumentRefused):
        read_json(text)


def test_a_number_of_any_length_is_kept_as_written():
    assert read_json('{"a": ' + "9" * 10_000 + "}").text("a") == "9" * 10_000
    assert read_json('{"a": 1e999}').text("a") == "1e999"


def test_a_document_of_nearly_nothing_has_a_largest_number_of_things():
    assert len(read_json('{"a": [' + "{}," * (MAX_OBJECTS - 2) + "{}]}").items("a")) == MAX_OBJECTS - 1
    assert code_of(read_json, '{"a": [' + "{}," * MAX_OBJECTS + "{}]}") is RefusalCode.TOO_LARGE
    assert code_of(read_xml, "<a>" + "<b/>" * MAX_OBJECTS + "</a>") is RefusalCode.TOO_LARGE


def test_an_element_is_read_with_its_attributes_its_text_and_its_children():
    root = read_xml('<a x="1" y=" "><b>one</b><c/><b> two </b>tail</a>')
    assert root.values("b") == ["one", "two"]
    assert (root.attribute("x"), root.attribute("y"), root.attribute("z")) == ("1", None, None)
    assert root.value("b") == "one"
    assert (root.value("c"), root.value("d", "e")) == (None, None)
    assert [element.name for element in root.walk()] == ["a", "b", "c", "b"]


def test_blanks_around_xml_and_attributes_in_a_namespace_are_harmless():
    root = read_xml('\n <a xmlns:x="urn:x" x:b="1" c="2"/>\n')
    assert root.attributes == {"c": "2"}


@pytest.mark.parametrize(
    "text", ["<a>", "<a></b>", "<a/><a/>", "text", "<a b=1/>", "<a>&unknown;</a>", "<a>\x0b</a>", ""]
)
def test_xml_that_is_not_well_formed_is_refused(text):
    assert code_of(read_xml, text) is RefusalCode.MALFORMED_XML


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE a>",
        '<!DOCTYPE a SYSTEM "http://example.com/x">',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///x"> %p;]>',
    ],
)
def test_a_doctype_is_refused_before_any_entity_is_declared(doctype):
    assert code_of(read_xml, f"{doctype}<a>&x;</a>") is RefusalCode.DOCTYPE


@given(text=st.text(alphabet="<>/ab&;#x1!-[]CDAT'\"= \n", max_size=60))
@settings(max_examples=300)
def test_any_text_is_xml_or_refused(text):
    read = given_by(read_xml, text)
    refused = {RefusalCode.MALFORMED_XML, RefusalCode.DOCTYPE, RefusalCode.NAMESPACE}
    assert isinstance(read, Element) or read in refused


ROWS = st.lists(st.tuples(st.text(alphabet='ab ",\r\né', min_size=1), st.text(alphabet="ab|;'")), max_size=8)


@given(rows=ROWS)
def test_every_table_reads_as_what_was_written(rows):
    quoted = "".join(f'"{a.replace(chr(34), chr(34) * 2)}","{b}"\r\n' for a, b in rows)
    read = read_csv("a,b\r\n" + quoted, columns=COLUMNS, required=COLUMNS)
    assert [(row.values["a"], row.values["b"]) for row in read] == [row for row in rows if "".join(row).strip()]


def test_a_row_bears_its_number_and_blank_lines_are_passed_over():
    read = read_csv("a,b\n1,2\n\n , \n3,4\n", columns=COLUMNS, required=COLUMNS)
    assert [(row.number, row.text("a")) for row in read] == [(2, "1"), (5, "3")]


def test_a_table_has_a_largest_size():
    assert len(read_csv("a\n" + "1\n" * MAX_ROWS, columns=COLUMNS, required=frozenset())) == MAX_ROWS
    too_many = "a\n" + "1\n" * (MAX_ROWS + 1)
    assert code_of(read_csv, too_many, columns=COLUMNS, required=frozenset()) is RefusalCode.MALFORMED_CSV
    too_wide = ",".join("a" for _ in range(500))
    assert code_of(read_csv, too_wide, columns=COLUMNS, required=frozenset()) is RefusalCode.MALFORMED_CSV


def test_a_header_is_looked_at_without_refusing_anything():
    assert csv_header(" a ,b\n1,2") == ("a", "b")
    assert csv_header('"a') == ()
    assert csv_header("x" * 200_000) == ()


def test_a_flag_in_a_table_is_yes_no_or_blank():
    (row,) = read_csv("a,b\nyes,\n", columns=COLUMNS, required=COLUMNS)
    assert (row.flag("a").value, row.flag("b").value) == ("YES", "NOT_STATED")
    (row,) = read_csv("a,b\nperhaps,-1\n", columns=COLUMNS, required=COLUMNS)
    assert code_of(row.flag, "a") is RefusalCode.UNKNOWN_VALUE
    assert code_of(row.count, "b") is RefusalCode.UNKNOWN_VALUE
