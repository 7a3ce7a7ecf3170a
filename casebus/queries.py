"""One question of an intake system, as a line of JSON, answered from a register. No question ends the program."""

import json
import re
from typing import Any

from casebus.matching.register.lookup import Lookup
from casebus.matching.register.record import COLUMNS, Row

MAX_BYTES = 1_000_000
MAX_VALUES = 10_000
_A_NAME = re.compile(r"[A-Za-z_ -]{1,40}")
"""What a column may be called: anything else may be somebody's identifier in the wrong place, and is not repeated."""


class _Refused(Exception):
    """Why a question has no answer."""


def answer(lookup: Lookup, line: bytes, *, ignore_unknown: bool = False) -> dict[str, Any]:
    """Return the answer to a line: the pairs, or why there are none. Messages name keys, never values."""
    try:
        row = question(line, ignore_unknown=ignore_unknown)
    except _Refused as refused:
        return {"error": str(refused)}
    return {"pairs": [[one.record_id, one.band.value, one.weight, one.reasons] for one in lookup.suspects(row)]}


def question(line: bytes, *, ignore_unknown: bool) -> Row:
    """Return a question's values by column."""
    if len(line) > MAX_BYTES:
        raise _Refused(f"the line has more than {MAX_BYTES} bytes")
    try:
        # Numbers as they are written: a telephone number is no quantity.
        asked = json.loads(line, parse_int=str, parse_float=str, parse_constant=_no_value, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise _Refused("the line is not JSON in UTF-8") from error
    if not isinstance(asked, dict):
        raise _Refused("the line is not a JSON object")
    unknown = [name for name in asked if name not in COLUMNS]
    if unknown and not ignore_unknown:
        named = next((name for name in unknown if _A_NAME.fullmatch(name)), None)
        raise _Refused(f"unknown name {named!r}" if named else "a name that is none of a register's columns")
    named = {name: _values(name, value) for name, value in asked.items() if name in COLUMNS}
    return {name: values for name, values in named.items() if values}


def _no_value(word: str) -> None:
    """Refuse NaN and Infinity, which are not JSON."""
    raise ValueError(word)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object; one that says a thing twice is refused, for which of the two is meant nobody knows."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Refused("a name is there twice")
    return found


def _values(name: str, value: object) -> tuple[str, ...]:
    """Return one name's values: a string, a number, a list of these, or null for none."""
    many = value if isinstance(value, list) else [value]
    if len(many) > MAX_VALUES:
        raise _Refused(f"{name} has more than {MAX_VALUES} values")
    keeps_place = name in ("ip", "ip_at")
    texts = [_text(name, one) for one in many]
    return tuple(text for text in texts if text or (keeps_place and any(texts)))


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Refused(f"{name} is neither text nor a list of texts")
    return value if name == "record_id" else value.strip()  # by the letter, as the register has it
