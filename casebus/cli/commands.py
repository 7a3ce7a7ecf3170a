"""Joining commands to the program by name, each loaded only when it is the one that was named."""

from collections.abc import Mapping, Sequence
from importlib import import_module

import typer


def join(app: typer.Typer, commands: Mapping[str, str], words: Sequence[str]) -> None:
    """Add the command or group that the first of the words names; all of them when it names none.

    `commands` says for each name which module of `casebus.cli` holds what: a function, or a group of its own. A
    module with a function `assembled` is given the words that follow.
    """
    named = words[0] if words and words[0] in commands else None
    for name, place in commands.items():
        if named in (None, name):
            _add(app, name, place, words[1:] if named else ())


def _add(app: typer.Typer, name: str, place: str, words: Sequence[str]) -> None:
    module_name, _, attribute = place.partition(":")
    module = import_module(f"casebus.cli.{module_name}")
    found = getattr(module, attribute)
    if attribute == "assembled":
        app.add_typer(found(words), name=name)
    elif isinstance(found, typer.Typer):
        app.add_typer(found, name=name)
    else:
        app.command(name)(found)
