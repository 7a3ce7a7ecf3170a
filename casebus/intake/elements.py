"""An XML element as a frozen value: what `documents.read_xml` makes, and what an adapter reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from casebus.events.enumerations import TriState
from casebus.intake.sections import tri_state


@dataclass(frozen=True, slots=True)
class Element:
    """One element. `text` is its own character data, trimmed; attributes in a namespace are left out."""

    name: str
    attributes: Mapping[str, str]
    text: str
    children: tuple["Element", ...]

    def all(self, name: str) -> list["Element"]:
        """Return the children of that name, in order."""
        return [child for child in self.children if child.name == name]

    def first(self, name: str) -> "Element | None":
        """Return the first child of that name, if there is one."""
        return next((child for child in self.children if child.name == name), None)

    def within(self, *path: str) -> "Element | None":
        """Return the element at the end of a path of first children, if there is one."""
        at: Element | None = self
        for name in path:
            at = at.first(name) if at else None
        return at

    def value(self, *path: str) -> str | None:
        """Return the text at the end of a path of first children, null if it is blank or not there."""
        found = self.within(*path)
        return (found.text or None) if found else None

    def values(self, name: str) -> list[str]:
        """Return the texts of the children of that name; blanks are left out."""
        return [child.text for child in self.all(name) if child.text]

    def attribute(self, name: str) -> str | None:
        """Return an attribute, null if it is blank or not there."""
        return self.attributes.get(name, "").strip() or None

    def flag(self, name: str) -> TriState:
        """Read a child as a flag. An empty element of a flag is a yes (the XSD fixes those to true)."""
        child = self.first(name)
        if child is None:
            return TriState.NOT_STATED
        return tri_state(child.text) if child.text else TriState.YES

    def walk(self) -> Iterator["Element"]:
        """Yield this element and everything in it, in document order."""
        waiting = [self]
        while waiting:
            at = waiting.pop()
            yield at
            waiting.extend(reversed(at.children))
