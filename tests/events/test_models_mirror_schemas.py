"""The models in Python and the schemas that agencies agreed on say the same, in the same order."""

import types
import typing
from enum import StrEnum
from typing import Any

import pytest
from pydantic import AwareDatetime, BaseModel

from casebus.events import enumerations
from casebus.events import types as events
from casebus.events.catalogue import CATALOGUE
from casebus.events.types import Payload
from casebus.wire.schemas import Schemas

SCHEMAS = Schemas.load()
PLAIN = {str: "string", bool: "boolean", int: "long", float: "double"}


def expected(hint: Any, seen: set[str]) -> Any:
    """Return the Avro type, without words and defaults, that a model's annotation asks for."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return expected(arguments[0], seen)
    if origin in (types.UnionType, typing.Union):
        (other,) = (each for each in arguments if each is not type(None))
        return ["null", expected(other, seen)]
    if origin is tuple:
        return {"type": "array", "items": expected(arguments[0], seen)}
    if hint is AwareDatetime:
        return {"type": "long", "logicalType": "timestamp-micros"}
    if hint in PLAIN:
        return PLAIN[hint]
    name = hint.__name__
    if name in seen:
        return f"casebus.{name}"
    seen.add(name)
    if issubclass(hint, StrEnum):
        return {"type": "enum", "name": name, "symbols": [member.value for member in hint]}
    fields = typing.get_type_hints(hint, include_extras=True)
    return {
        "type": "record",
        "name": name,
        "fields": [{"name": field, "type": expected(fields[field], seen)} for field in hint.model_fields],
    }


def bare(schema: Any) -> Any:
    match schema:
        case list():
            return [bare(each) for each in schema]
        case dict():
            return {key: bare(value) for key, value in schema.items() if key not in ("doc", "default", "namespace")}
    return schema


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_a_model_and_its_schema_say_the_same(name: str) -> None:
    assert bare(SCHEMAS.for_type(name).document) == expected(CATALOGUE[name].model, set())


def test_every_event_has_a_schema_and_every_schema_an_event() -> None:
    assert {schema.type for schema in SCHEMAS} == set(CATALOGUE)
    concrete = {model.__name__ for model in typing.get_args(events.AnyPayload)}
    assert concrete == set(CATALOGUE)


def test_no_model_and_no_list_is_left_over() -> None:
    used: set[str] = set()
    for entry in CATALOGUE.values():
        expected(entry.model, used)
    models = {each.__name__ for each in vars(events).values() if isinstance(each, type) and issubclass(each, BaseModel)}
    lists = {
        each.__name__ for each in vars(enumerations).values() if isinstance(each, type) and issubclass(each, StrEnum)
    }
    assert models - {"Payload", "BaseModel"} | lists - {"StrEnum"} == used


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_the_key_of_a_type_is_one_of_its_texts(name: str) -> None:
    model: type[Payload] = CATALOGUE[name].model
    fields = {field["name"]: field["type"] for field in SCHEMAS.for_type(name).document["fields"]}
    assert fields[CATALOGUE[name].key] == "string"
    assert CATALOGUE[name].key in model.model_fields
