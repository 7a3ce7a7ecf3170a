"""What may be published: the lint, every pair of versions, and golden samples. Each rule refuses something here."""

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from casebus.wire.compatibility import SAMPLES, check
from casebus.wire.lint import lint
from casebus.wire.schemas import LOCK_NAME, format_lock, read_document, read_schema, schema_files, schemas_directory

SOURCE = schemas_directory()
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copytree(SOURCE, tmp_path / "schemas")
    shutil.copytree(SOURCE.parent / SAMPLES, tmp_path / SAMPLES)
    return tmp_path


def sentences(tree: Path) -> list[str]:
    return [str(finding) for finding in check(tree / "schemas")]


def add_version(tree: Path, version: int, change: Change, name: str = "ChildSafeguarded") -> None:
    """Write a version that differs from the one before by a change, with the lock and a golden sample to it."""
    directory = tree / "schemas"
    document = copy.deepcopy(read_document(directory / f"{name}.v{version - 1}.avsc"))
    change(document)
    (directory / f"{name}.v{version}.avsc").write_text(json.dumps(document))
    lock = format_lock(read_schema(path) for path in schema_files(directory))
    (directory / LOCK_NAME).write_text(lock)


def field(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in document["fields"] if each["name"] == name)


def new_field(**parts: Any) -> Change:
    return lambda document: document["fields"].append({"name": "added", "doc": "Added.", **parts})


def without(name: str) -> Change:
    return lambda document: document["fields"].remove(field(document, name))


def test_what_is_here_may_be_published() -> None:
    assert check(SOURCE) == []


def relevant(tree: Path) -> list[str]:
    return [each for each in sentences(tree) if "golden sample ChildSafeguarded.v2.bin" not in each]


@pytest.mark.parametrize(
    "change",
    [
        new_field(type="long", default=0),
        new_field(type=["null", "string"], default=None),
        without("count"),
        without("measures"),
        lambda document: field(document, "status")["type"]["symbols"].append("WITHDRAWN"),
        lambda document: field(document, "status")["type"]["symbols"].remove("RESTATED"),
        lambda document: document.update(doc="Other words."),
    ],
)
def test_a_later_version_may_add_and_drop_what_has_a_default(tree: Path, change: Change) -> None:
    add_version(tree, 2, change)
    assert relevant(tree) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (new_field(type="string"), "cannot read what ChildSafeguarded.v1.avsc writes"),
        (without("outcome_id"), "ChildSafeguarded.v1.avsc: ChildSafeguarded: it cannot read what ChildSafeguarded.v2"),
        (lambda document: field(document, "count").update(type="double", default=0.0), "cannot read"),
        (lambda document: field(document, "count").update(name="number"), None),
        (
            lambda document: field(document, "count").update(type={"type": "long", "logicalType": "timestamp-micros"}),
            "logical type is not that of",
        ),
        (lambda document: field(document, "outcome_id").update(name="id"), "cannot read"),
    ],
)
def test_a_later_version_that_another_cannot_read_is_refused(tree: Path, change: Change, said: str | None) -> None:
    add_version(tree, 2, change)
    if said is None:  # a field with a default may be renamed: it is one dropped and one added
        assert relevant(tree) == []
    else:
        assert any(said in each for each in relevant(tree)), relevant(tree)


def test_versions_are_compared_with_all_others_and_not_only_with_the_last(tree: Path) -> None:
    add_version(tree, 2, without("count"))
    assert relevant(tree) == []
    add_version(tree, 3, new_field(name="count", type="string", default=""))
    said = [each for each in relevant(tree) if "cannot read" in each and "golden" not in each]
    assert any(each.startswith("ChildSafeguarded.v3.avsc") and "v1.avsc writes" in each for each in said)
    assert not any("v2" in each for each in said)


def test_a_missing_version_is_noticed(tree: Path) -> None:
    add_version(tree, 2, without("count"))
    (tree / "schemas" / "ChildSafeguarded.v2.avsc").rename(tree / "schemas" / "ChildSafeguarded.v4.avsc")
    assert any("count from 1 without a gap" in each for each in sentences(tree))


def test_a_name_with_two_meanings_is_noticed(tree: Path) -> None:
    def dropped(document: dict[str, Any]) -> None:
        without("indicators")(field(document, "possible_child")["type"])

    add_version(tree, 2, dropped, "CaseOpened")
    assert any("casebus.PossibleChild is not what" in each for each in sentences(tree))


def test_golden_samples_are_read_by_every_version(tree: Path) -> None:
    sample = tree / SAMPLES / "ChildSafeguarded.v1.bin"
    add_version(tree, 2, without("count"))
    assert sum("there is no golden sample" in each for each in sentences(tree)) == 1
    sample.write_bytes(sample.read_bytes()[:-1])
    assert sum("cannot read the golden sample ChildSafeguarded.v1.bin" in each for each in sentences(tree)) == 2


def test_a_changed_lock_is_noticed(tree: Path) -> None:
    lock = tree / "schemas" / LOCK_NAME
    lock.write_text(lock.read_text().replace('"guid": "4', '"guid": "5', 1))
    assert any(each.startswith("schemas.lock: ") for each in sentences(tree))


def test_a_file_that_is_no_schema_is_a_finding_and_no_crash(tree: Path) -> None:
    for name, text in {
        "Broken.v1.avsc": "{",
        "Empty.v1.avsc": "{}",
        "List.v1.avsc": "[]",
        "Fieldless.v1.avsc": '{"type": "record", "name": "Fieldless", "namespace": "casebus", "doc": "D."}',
        "Nameless.v1.avsc": '{"type": "record", "namespace": "casebus", "doc": "D.", "fields": []}',
        "misnamed.avsc": '{"type": "record", "name": "A", "namespace": "casebus", "doc": "D.", "fields": []}',
        "Odd.v1.avsc": '{"type": "record", "name": "Odd", "namespace": "casebus", "doc": "D.", "fields": [7]}',
    }.items():
        (tree / "schemas" / name).write_text(text)
        assert [finding.file for finding in check(tree / "schemas")] == [name]
        (tree / "schemas" / name).unlink()


RECORD = {
    "type": "record",
    "name": "R",
    "namespace": "casebus",
    "doc": "A record.",
    "fields": [{"name": "id", "doc": "An id.", "type": "string"}],
}
ENUM = {"type": "enum", "name": "E", "doc": "A list.", "symbols": ["A", "UNKNOWN"], "default": "UNKNOWN"}


def said(part: dict[str, Any]) -> Iterator[str]:
    document = {**RECORD, "fields": [*RECORD["fields"], {"name": "f", "doc": "A field.", **part}]}
    return (finding.sentence for finding in lint("R.v1.avsc", document))


def test_the_lint_accepts_what_is_good() -> None:
    for part in (
        {"type": "string"},
        {"type": "long", "default": 0},
        {"type": "double", "default": 0.0},
        {"type": "boolean", "default": False},
        {"type": ENUM, "default": "UNKNOWN"},
        {"type": ["null", "string"], "default": None},
        {"type": {"type": "array", "items": ["null", "string"]}, "default": []},
        {"type": ["null", {"type": "long", "logicalType": "timestamp-micros"}], "default": None},
        {"type": {**RECORD, "name": "S"}},
    ):
        assert list(said(part)) == [], part


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "string", "doc": " "}, "the field has no doc"),
        ({"type": {**RECORD, "name": "S", "doc": ""}}, "has no doc"),
        ({"type": {**ENUM, "doc": ""}, "default": "UNKNOWN"}, "has no doc"),
        ({"type": "long"}, "without a default"),
        ({"type": ENUM}, "without a default"),
        ({"type": {"type": "array", "items": "string"}}, "without a default"),
        ({"type": ["null", "string"]}, "without a default"),
        ({"type": ["null", "string"], "default": "null"}, "not a value of the field's type"),
        ({"type": "long", "default": True}, "not a value of the field's type"),
        ({"type": "long", "default": "0"}, "not a value of the field's type"),
        ({"type": "double", "default": 0}, "not a value of the field's type"),
        ({"type": "boolean", "default": 0}, "not a value of the field's type"),
        ({"type": "string", "default": None}, "not a value of the field's type"),
        ({"type": ENUM, "default": "B"}, "not a value of the field's type"),
        ({"type": {"type": "array", "items": "string"}, "default": ["a"]}, "not a value of the field's type"),
        ({"type": "int", "default": 0}, "the type int is not used"),
        ({"type": "float", "default": 0.0}, "the type float is not used"),
        ({"type": "bytes", "default": ""}, "the type bytes is not used"),
        ({"type": {"type": "map", "values": "long"}, "default": {}}, "the type map is not used"),
        ({"type": {"type": "fixed", "name": "F", "size": 2}, "default": ""}, "the type fixed is not used"),
        ({"type": "null", "default": None}, "a null alone"),
        ({"type": ["string", "null"], "default": ""}, 'the only union is ["null", …]'),
        ({"type": ["null", "string", "long"], "default": None}, 'the only union is ["null", …]'),
        ({"type": {"type": "string", "logicalType": "uuid"}}, "the only logical type"),
        ({"type": {"type": "long", "logicalType": "timestamp-millis"}, "default": 0}, "the only logical type"),
        ({"type": "string", "aliases": ["old"]}, "aliases are not used"),
        ({"type": {**RECORD, "name": "S", "aliases": ["Old"]}}, "aliases are not used"),
        ({"type": {**RECORD, "name": "S", "namespace": "other"}}, "not in the namespace casebus"),
        ({"type": {**ENUM, "default": "B"}, "default": "A"}, "no default among its symbols"),
        ({"type": {**ENUM, "default": "A"}, "default": "A"}, "is not UNKNOWN"),
        ({"type": ["null", "R"], "default": None}, "contains itself"),
        ({"type": {"type": "array", "items": {**RECORD, "name": "S", "fields": []}}, "default": []}, "no bytes"),
        ({"type": {"type": "array", "items": "null"}, "default": []}, "no bytes"),
    ],
)
def test_the_lint_refuses_what_is_not(part: dict[str, Any], expected: str) -> None:
    assert any(expected in sentence for sentence in said(part)), list(said(part))
