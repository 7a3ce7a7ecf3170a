"""Reading a JSON document section by section, with the place named when it is not what it should be.

Providers have "no consistency in how they store key:value pairs": a key may be absent, null, a number where text is
usual, or "true" where a flag is usual. All of that is read. What is refused is a section of the wrong type: a list
where an object belongs, an object where text belongs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from casebus.errors import DocumentRefused, RefusalCode
from casebus.events.enumerations import TriState

Choice = TypeVar("Choice", bound=StrEnum)

_YES = frozenset({"true", "yes", "y", "1"})
_NO = frozenset({"false", "no", "n", "0"})
# A half of a surrogate pair is what a provider's cut through an emoji leaves; neither UTF-8 nor PostgreSQL can hold it,
# and PostgreSQL cannot hold NUL.
_UNSTORABLE = re.compile("[\ud800-\udfff\x00]")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]{0,39}")


class Numeral(str):
    """A JSON number as it was written: nothing is rounded, and 400 digits cost no more than their text."""

    __slots__ = ()


def storable(text: str) -> str:
    """Return the text with what no store can hold replaced by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def tri_state(text: str | None) -> TriState:
    """Read a flag. Null, "" and words that are neither yes nor no are NOT_STATED: null is not false."""
    word = (text or "").strip().lower()
    if word in _YES:
        return TriState.YES
    return TriState.NO if word in _NO else TriState.NOT_STATED


def named(key: str) -> str:
    """Return a key for a message, unless it does not look like a key: then it may be somebody's identifier."""
    return f'"{key}"' if _PLAIN_KEY.fullmatch(key) else "a key"


def choose(text: str, choices: type[Choice], place: str) -> Choice:
    """Return the member that `text` names; blanks and hyphens count as underscores. Raises UNKNOWN_VALUE."""
    word = re.sub(r"[\s\-]+", "_", text.strip()).upper()
    if word in choices.__members__:
        return choices[word]
    names = ", ".join(choices.__members__)
    raise DocumentRefused(RefusalCode.UNKNOWN_VALUE, f"{place} is none of {names}.")


@dataclass(frozen=True, slots=True)
class Section:
    """One JSON object and where it stands. Every reader treats an absent key and null alike."""

    values: Mapping[str, object]
    place: str = ""

    def at(self, key: str) -> str:
        """Return the place of a key, for messages."""
        return f"{self.place}.{key}" if self.place else key

    def has(self, key: str) -> bool:
        """Tell whether the key is there and not null."""
        return self.values.get(key) is not None

    def section(self, key: str) -> "Section":
        """Return the object under `key`, an empty one if there is none. Raises WRONG_TYPE."""
        value = self.values.get(key)
        if value is None:
            return Section({}, self.at(key))
        if not isinstance(value, dict):
            raise self._wrong(key, "an object")
        return Section(value, self.at(key))

    def sections(self, key: str) -> list["Section"]:
        """Return the objects in the list under `key`; nulls are left out. Raises WRONG_TYPE."""
        found = []
        for index, item in enumerate(self.items(key)):
            if item is not None and not isinstance(item, dict):
                raise DocumentRefused(RefusalCode.WRONG_TYPE, f"{self.at(key)}[{index}] is not an object.")
            if item is not None:
                found.append(Section(item, f"{self.at(key)}[{index}]"))
        return found

    def items(self, key: str) -> list[object]:
        """Return the list under `key`, an empty one if there is none. Raises WRONG_TYPE."""
        value = self.values.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(key, "a list")
        return value

    def texts(self, key: str) -> list[str]:
        """Return the texts in the list under `key`; nulls and blanks are left out. Raises WRONG_TYPE."""
        found = []
        for index, item in enumerate(self.items(key)):
            if isinstance(item, (dict, list)):
                raise DocumentRefused(RefusalCode.WRONG_TYPE, f"{self.at(key)}[{index}] is not text.")
            if (text := _as_text(item)) is not None:
                found.append(text)
        return found

    def text(self, key: str) -> str | None:
        """Return the text under `key`, null if it is blank. A number or a flag is read as text. Raises WRONG_TYPE."""
        value = self.values.get(key)
        if isinstance(value, (dict, list)):
            raise self._wrong(key, "text")
        return _as_text(value)

    def flag(self, key: str) -> TriState:
        """Return the flag under `key`. Raises WRONG_TYPE."""
        return tri_state(self.text(key))

    def required(self, key: str) -> str:
        """Return the text under `key`. Raises MISSING_FIELD, WRONG_TYPE."""
        text = self.text(key)
        if text is None:
            raise DocumentRefused(RefusalCode.MISSING_FIELD, f"{self.at(key)} is missing.")
        return text

    def choice(self, key: str, choices: type[Choice], default: Choice | None = None) -> Choice:
        """Return the member that the text under `key` names. Raises UNKNOWN_VALUE, MISSING_FIELD without default."""
        text = self.text(key)
        if text is None and default is not None:
            return default
        return choose(self.required(key), choices, self.at(key))

    def _wrong(self, key: str, wanted: str) -> DocumentRefused:
        return DocumentRefused(RefusalCode.WRONG_TYPE, f"{self.at(key)} is not {wanted}.")


def _as_text(value: object) -> str | None:
    if value is None:
        return None
    text = "true" if value is True else "false" if value is False else storable(str(value)).strip()
    return text or None
