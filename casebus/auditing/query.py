"""What an auditor asks for: the filter that replay knows, and besides it words, a range, topics, event ids. Pure.

Words are compared as ASCII letters and digits without case or accents; each word asked for must begin one of the
event's words. What an event's words are is said here once, for the index and for the check of what it found.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from casebus.cases.event_filter import EventFilter, Facts

_TOKEN = re.compile(r"[a-z0-9]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
MAX_ASKED_WORDS = 50


@dataclass(frozen=True, slots=True)
class Query:
    """A search. Empty conditions ask nothing; all that are given hold together. `end` is not included."""

    filter: EventFilter = field(default_factory=EventFilter)
    words: tuple[str, ...] = ()
    start: int = 0
    end: int | None = None
    topics: tuple[str, ...] = ()
    events: tuple[str, ...] = ()

    @property
    def asks_content(self) -> bool:
        """Tell whether a record that could not be read might have been meant."""
        return bool(self.words or self.events) or self.filter.asks_content

    def accepts(self, facts: Facts) -> bool:
        """Tell whether an event is what is asked for."""
        return (
            self._in_range(facts)
            and self.filter.accepts(facts)
            and (not self.events or facts.event_id in self.events)
            and _all_begin(self.words, facts)
        )

    def unread(self, facts: Facts) -> bool:
        """Tell whether this is a record that could not be read, and stands where the search looks."""
        return facts.type is None and self._in_range(facts) and self.filter.accepts_place(facts)

    def _in_range(self, facts: Facts) -> bool:
        assert facts.index is not None, "bug: what is searched lies in a ledger"
        if facts.index < self.start or (self.end is not None and facts.index >= self.end):
            return False
        return not self.topics or facts.topic in self.topics


def tokens(text: str) -> list[str]:
    """Return the words of a text as they are compared, in order."""
    plain = unicodedata.normalize("NFKD", text)
    return _TOKEN.findall("".join(letter for letter in plain if not unicodedata.combining(letter)).lower())


def asked_words(typed: Iterable[str]) -> tuple[str, ...]:
    """Return the words to look for in what somebody typed, each once."""
    return tuple(dict.fromkeys(token for text in typed for token in tokens(text)))


def words_of(facts: Facts) -> str:
    """Return an event's words, one space before and after each: its sentence, its type both ways, and its agency."""
    parts = [facts.summary, facts.agency]
    for said in (facts.type, facts.operation, facts.outcome, facts.purpose):
        if said:
            parts += [_HUMP.sub(" ", said), said]
    return f" {' '.join(dict.fromkeys(tokens(' '.join(parts))))} "


def _all_begin(asked: tuple[str, ...], facts: Facts) -> bool:
    if not asked:
        return True
    text = words_of(facts)
    return all(f" {word}" in text for word in asked)
