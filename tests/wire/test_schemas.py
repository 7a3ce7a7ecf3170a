"""The loader: the pinned list, and nothing beside it."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from casebus.errors import SchemaError
from casebus.events.catalogue import CATALOGUE
from casebus.wire import schemas as module
from casebus.wire.schemas import LOCK_NAME, Schemas, format_lock, guid_of, read_lock, read_schema, schemas_directory

SOURCE = schemas_directory()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shutil.copytree(SOURCE, tmp_path / "schemas")
    return tmp_path / "schemas"


def refused(directory: Path, said: str) -> None:
    with pytest.raises(SchemaError) as caught:
        Schemas.load(directory)
    assert said in caught.value.what
    assert caught.value.exit_code == 8


def rewrite(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_every_schema_is_found_by_guid_and_by_type() -> None:
    loaded = Schemas.load()
    for schema in loaded:
        assert loaded.by_guid(schema.guid) is schema
        assert loaded.for_type(schema.type) is schema
        assert schema.guid.hex() == read_lock(SOURCE)[schema.file].guid
    assert loaded.by_guid(bytes(16)) is None
    with pytest.raises(SchemaError):
        loaded.for_type("Unheard")


def test_the_wheel_has_its_schemas_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "casebus"
    package.mkdir()
    monkeypatch.setattr(module.casebus, "__file__", str(package / "__init__.py"))
    assert schemas_directory() == tmp_path / "schemas"
    shutil.copytree(SOURCE, package / "schemas")
    assert schemas_directory() == package / "schemas"
    assert len(list(Schemas.load())) == len(CATALOGUE)


def test_words_do_not_change_a_guid_and_everything_else_does() -> None:
    document = {"type": "record", "name": "A", "fields": [{"name": "f", "type": "long", "default": 0, "doc": "x"}]}
    same = {"fields": [{"type": "long", "default": 0, "name": "f"}], "name": "A", "doc": "y", "type": "record"}
    assert guid_of(document) == guid_of(same)
    assert guid_of(document) != guid_of({**document, "fields": [{"name": "f", "type": "long", "default": 1}]})
    micros = {"type": "long", "logicalType": "timestamp-micros"}
    assert guid_of({"type": micros}) != guid_of({"type": {**micros, "logicalType": "timestamp-millis"}})
    canonical = b'{"fields":[{"default":0,"name":"f","type":"long"}],"name":"A","type":"record"}'
    assert guid_of(document) == hashlib.sha256(canonical).digest()[:16]


def test_the_latest_version_is_the_one_of_a_type(directory: Path) -> None:
    document = json.loads((directory / "CaseClosed.v1.avsc").read_text())
    document["fields"].append({"name": "f", "doc": "F.", "type": "long", "default": 0})
    for version in (2, 10):
        document["fields"][-1]["default"] = version
        (directory / f"CaseClosed.v{version}.avsc").write_text(json.dumps(document))
    (directory / LOCK_NAME).write_text(format_lock(read_schema(path) for path in directory.glob("*.avsc")))
    loaded = Schemas.load(directory)
    assert loaded.for_type("CaseClosed").version == 10
    assert [each.version for each in loaded if each.type == "CaseClosed"] == [1, 2, 10]


def test_a_schema_that_differs_from_the_lock_is_refused(directory: Path) -> None:
    rewrite(directory / "CaseClosed.v1.avsc", doc="Other words are fine.")
    Schemas.load(directory)
    rewrite(directory / "CaseClosed.v1.avsc", fields=[])
    refused(directory, "CaseClosed.v1.avsc differs from schemas.lock")


def test_files_and_lock_name_the_same_schemas(directory: Path) -> None:
    shutil.copy(directory / "CaseClosed.v1.avsc", directory / "CaseClosed.v2.avsc")
    refused(directory, "different files: CaseClosed.v2.avsc")
    (directory / "CaseClosed.v2.avsc").unlink()
    (directory / "TipReceived.v1.avsc").unlink()
    refused(directory, "different files: TipReceived.v1.avsc")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schemas": 7}', '{"schemas": [{"file": "x"}]}'])
def test_a_lock_that_is_none_is_refused(directory: Path, text: str) -> None:
    (directory / LOCK_NAME).write_text(text)
    refused(directory, LOCK_NAME)


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere", LOCK_NAME)


def relocked(directory: Path, **changes: Any) -> None:
    path = directory / "CaseClosed.v1.avsc"
    rewrite(path, **changes)
    lock = json.loads((directory / LOCK_NAME).read_text())
    for line in lock["schemas"]:
        if line["file"] == path.name:
            line["guid"] = guid_of(json.loads(path.read_text())).hex()
    (directory / LOCK_NAME).write_text(json.dumps(lock))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fields": [{"name": "next", "type": ["null", "CaseClosed"]}]}, "contains itself"),
        ({"fields": [{"name": "f", "type": {"type": "array", "items": "null"}}]}, "no bytes"),
        ({"fields": [{"name": "f", "type": "Unheard"}]}, "does not define before"),
        ({"fields": [{"name": "f", "type": {"type": "map", "values": "long"}}]}, "does not use"),
        ({"name": "Other"}, "does not define the record"),
        ({"namespace": "other"}, "does not define the record"),
        ({"type": "enum", "symbols": []}, "does not define the record"),
        ({"fields": 7}, "not an Avro schema"),
    ],
)
def test_a_locked_schema_of_a_refused_shape_is_refused(directory: Path, changes: dict[str, Any], said: str) -> None:
    relocked(directory, **changes)
    refused(directory, said)


def test_a_name_that_occurs_twice_in_an_object_is_refused(directory: Path) -> None:
    path = directory / "CaseClosed.v1.avsc"
    path.write_text(path.read_text().replace("{", '{"doc": "first",', 1))
    refused(directory, "cannot be read as JSON")
