"""What a form brought: read once, by one reader, before anything looks at it.

Only what a form of a page sends is read: urlencoded, whole UTF-8, few fields. A line end is one character, as the browser
counts it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar
from urllib.parse import parse_qsl

from casebus.errors import UsageError

E = TypeVar("E", bound=StrEnum)

URLENCODED = "application/x-www-form-urlencoded"
MAX_FIELDS = 100
NOT_TYPED = frozenset(
    {"csrf", "command", "version", "confirmed", "back", "request_id", "revision", "going_to", "officer"}
)
"""The fields in which a page says something to itself."""
_COMMAND = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class SentForm:
    """The fields of a form by name, each with its values in their order. What is not there is empty."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the last value of a field."""
        return self.all(name)[-1] if self.all(name) else ""

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a field."""
        return self.fields.get(name, ())

    def lines(self, name: str) -> list[str]:
        """Return the lines of a field that are not empty, without the space around them."""
        return [line.strip() for line in self.text(name).splitlines() if line.strip()]

    def member(self, kind: type[E], name: str) -> E:
        """Return what was chosen of a list. Raises `UsageError`, which repeats nothing of what was sent."""
        return member(kind, self.text(name), name)

    @property
    def command(self) -> str:
        """The name of what is asked for, made with the page: a form that is sent again brings the same one.

        Raises `UsageError`.
        """
        if not _COMMAND.fullmatch(self.text("command")):
            raise _not_whole()
        return self.text("command")

    @property
    def version(self) -> int:
        """The version of the alert that whoever sent the form had seen. Raises `UsageError`."""
        if not _NUMBER.fullmatch(self.text("version")):
            raise _not_whole()
        return int(self.text("version"))

    def typed(self) -> list[tuple[str, str]]:
        """Return what somebody typed or chose, by field, for a page that must not lose it."""
        return [
            (name, "\n".join(values)) for name, values in self.fields.items() if name not in NOT_TYPED and any(values)
        ]


def sent_form(body: bytes, content_type: str) -> SentForm:
    """Read a form. Raises `UsageError` for what no form of a page sends."""
    if body and content_type.partition(";")[0].strip().lower() != URLENCODED:
        raise UsageError("a form of this console is sent urlencoded, and nothing else is read")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError as error:  # not UTF-8, or more fields than any page has
        raise UsageError("the form cannot be read", next_step="open the page again, and send its form.") from error
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), value.replace("\r\n", "\n"))
    return SentForm(fields)


@dataclass(frozen=True, slots=True)
class Given:
    """What a form brought that was refused, and which: a page fills that form in again, and no other."""

    action: str = ""
    form: SentForm = field(default_factory=SentForm)

    def text(self, action: str, name: str) -> str:
        """Return what stood in a field, where it was this form."""
        return self.form.text(name) if action == self.action else ""

    def all(self, action: str, name: str) -> tuple[str, ...]:
        """Return every value of a field, where it was this form."""
        return self.form.all(name) if action == self.action else ()


NOTHING_GIVEN = Given()


def offered(kind: type[E]) -> list[E]:
    """Return what an officer may choose of a list."""
    return [each for each in kind if each.value != "UNKNOWN"]


def member(kind: type[E], text: str, name: str) -> E:
    """Return what was chosen of a list. Raises `UsageError`, which names the field alone."""
    found = next((each for each in offered(kind) if each.value == text), None)
    if found is None:
        what = "nothing" if name == "value" else f"no {name.replace('_', ' ')}"
        raise UsageError(f"{what} was chosen", next_step="choose one of those offered.")
    return found


def _not_whole() -> UsageError:
    return UsageError("the form was not whole", next_step="look through it, and send it again.")
