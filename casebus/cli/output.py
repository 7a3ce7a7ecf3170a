"""stdout is data, stderr is everything else."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from casebus.cli.streams import reader_gone
from casebus.harmless import harmless

PIPED_WIDTH = 240


class Screen(Console):
    """Where words for people go. What a partner typed is shown, never obeyed: no cursor is moved, nothing is turned round."""

    def render_str(self, text: str, **style: Any) -> Text:
        """Return text with every character that would steer a terminal, or hide in it, in its escaped form."""
        return super().render_str(harmless(text), **style)


def words() -> Console:
    """Return where words for people go while stdout holds JSON: stderr."""
    return Screen(stderr=True, no_color=bool(os.environ.get("NO_COLOR")), highlight=False)


def page() -> Console:
    """Return where tables for people go. Into a pipe or a file they go unfolded: somebody will search them for an id."""
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return Screen(no_color=bool(os.environ.get("NO_COLOR")), highlight=False, width=width)


def print_json(value: object) -> None:
    """Print one object."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=True) + "\n")
    sys.stdout.flush()


def print_row(row: Mapping[str, Any], *, as_json: bool) -> None:
    """Print one object, or for a person a line for each of its values that says anything."""
    if as_json:
        print_json(row)
        return
    for name, value in row.items():
        if value not in (None, [], ""):
            page().print(f"{name}: {value}", markup=False)


def print_jsonl(values: Iterable[dict[str, Any]]) -> None:
    """Print one object a line."""
    for value in values:
        sys.stdout.write(json.dumps(value, separators=(",", ":"), ensure_ascii=True) + "\n")
        if reader_gone():
            return
    sys.stdout.flush()


@contextmanager
def leaves_bar() -> Iterator[Callable[[int, int], None]]:
    """Show a bar on stderr while a ledger is walked, and nothing where stderr is no terminal."""
    console = words()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("leaves", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
