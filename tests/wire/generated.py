"""Hypothesis strategies for every payload, made from the models' own annotations."""

import types
import typing
from datetime import UTC
from enum import StrEnum
from functools import cache
from typing import Any

from hypothesis import strategies as st
from pydantic import AwareDatetime
from pydantic.fields import FieldInfo

from casebus.events.catalogue import CATALOGUE
from casebus.events.types import Payload

LONGEST = 4


@cache
def payloads(model: type[Payload]) -> st.SearchStrategy[Payload]:
    hints = typing.get_type_hints(model, include_extras=True)
    return st.builds(model, **{name: _values(hints[name]) for name in model.model_fields})


def any_payload() -> st.SearchStrategy[Payload]:
    return st.sampled_from(sorted(CATALOGUE)).flatmap(lambda name: payloads(CATALOGUE[name].model))


def _values(hint: Any, bounds: dict[str, Any] | None = None) -> st.SearchStrategy[Any]:
    bounds = bounds or {}
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _values(arguments[0], {**bounds, **_bounds(arguments[1:])})
    if origin in (types.UnionType, typing.Union):
        return st.one_of(*(_values(argument, bounds) for argument in arguments))
    if origin is tuple:
        least = bounds.get("min_length", 0)
        most = min(bounds.get("max_length", LONGEST), max(LONGEST, least))
        return st.lists(_values(arguments[0]), min_size=least, max_size=most).map(tuple)
    return _plain(hint, bounds)


def _plain(hint: Any, bounds: dict[str, Any]) -> st.SearchStrategy[Any]:
    if hint is type(None):
        return st.none()
    if hint is AwareDatetime:
        return st.datetimes(timezones=st.just(UTC))
    if hint is str:
        if "pattern" in bounds:
            return st.from_regex(bounds["pattern"].replace("$", r"\Z")).filter(lambda text: len(text) <= 40)
        return st.text(st.characters(codec="utf-8"), max_size=bounds.get("max_length", 40))
    if hint is int:
        return st.integers(bounds.get("ge"), bounds.get("le"))
    if hint is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if hint is bool:
        return st.booleans()
    if issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    return payloads(hint)


def _bounds(metadata: tuple[Any, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in metadata:
        for part in item.metadata if isinstance(item, FieldInfo) else (item,):
            for name in ("pattern", "max_length", "min_length", "ge", "le"):
                if getattr(part, name, None) is not None:
                    found[name] = getattr(part, name)
    return found
