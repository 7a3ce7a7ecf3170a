"""What the documents show can be done: commands, options, settings, variables and links are there."""

import re
import shlex
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.markup import render
from typer.testing import CliRunner

from casebus.cli.main import EPILOG, assembled
from casebus.errors import CasebusError
from casebus.events.catalogue import CATALOGUE
from casebus.settings import Settings

ROOT = Path(__file__).parents[2]
SHOWN_IN = ("README.md", "docs/getting-started.md", "SECURITY.md")
GUIDE = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
ROOT_COMMAND: Any = typer.main.get_command(assembled())
INTERNAL = {"CASEBUS_LIFELINE"}  # from the supervisor to its own children


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, each in getattr(command, "commands", {}).items():
        yield from leaves(each, (*path, name))
    if path and not hasattr(command, "commands"):
        yield path, command


COMMANDS = dict(leaves(ROOT_COMMAND))


def options_of(command: Any) -> set[str]:
    return {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}


EVERYWHERE = {"--help", "--version", "--install-completion", "--show-completion"}
ALL_OPTIONS = set.union(EVERYWHERE, *map(options_of, COMMANDS.values()))
FIRST_WORDS = {path[0] for path in COMMANDS}


def whole_commands(text: str) -> Iterator[list[str]]:
    """Yield the command lines of code blocks, without the program's name."""
    for block in re.findall(r"^```sh\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            command = re.sub(r"^\w+=\$\((.*)\)$", r"\1", line)  # NAME=$(command)
            words = list(takewhile(lambda word: word != "|", shlex.split(command, comments=True)))
            if words and words[0].rpartition("/")[2] == "casebus":
                yield words[1:]


def mentions(text: str) -> Iterator[list[str]]:
    """Yield what is shown within a sentence: it may leave out what the sentence is not about."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    for code in re.findall(r"`([^`]+)`", prose):
        words = code.split()
        if words and words[0].rpartition("/")[2] == "casebus":
            yield words[1:]
        elif words and words[0] in FIRST_WORDS and len(words) > 1:
            yield words


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """Return the command that the words begin with (a group where they name no more), and the rest."""
    command, rest = ROOT_COMMAND, list(words)
    while rest and hasattr(command, "commands") and re.fullmatch(r"[a-z]+", rest[0]):
        assert rest[0] in command.commands, f"no command `casebus {' '.join(words)}`"
        command = command.commands[rest.pop(0)]
    return command, rest


@pytest.mark.parametrize("page", SHOWN_IN)
def test_a_command_in_a_code_block_is_accepted_as_it_stands(page: str) -> None:
    for words in whole_commands((ROOT / page).read_text(encoding="utf-8")):
        command, rest = command_of(words)
        assert not hasattr(command, "commands"), words
        command.make_context("casebus", rest)  # parses, and does nothing: raises for what it does not take


@pytest.mark.parametrize("page", SHOWN_IN)
def test_a_command_in_a_sentence_and_its_options_exist(page: str) -> None:
    for words in mentions((ROOT / page).read_text(encoding="utf-8")):
        command, rest = command_of(words)
        known = options_of(command) | EVERYWHERE
        assert {word for word in rest if word.startswith("--")} <= known, f"`casebus {' '.join(words)}`"


@pytest.mark.parametrize("page", SHOWN_IN)
def test_an_option_that_is_named_alone_is_one_of_some_command(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert set(re.findall(r"`(--[a-z-]+)", text)) <= ALL_OPTIONS


def test_the_pages_show_commands_at_all() -> None:
    shown = [command_of(words)[0] for page in SHOWN_IN for words in whole_commands((ROOT / page).read_text())]
    assert len(shown) >= 8
    assert sum(1 for page in SHOWN_IN for _ in mentions((ROOT / page).read_text())) >= 10


@pytest.mark.parametrize("path", [(), *COMMANDS, *{path[:1] for path in COMMANDS if len(path) > 1}], ids=" ".join)
def test_every_command_teaches_itself(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(assembled(), [*path, "--help"])
    assert shown.exit_code == 0
    assert "Usage:" in shown.output


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_and_option_says_what_it_is_for(path: tuple[str, ...]) -> None:
    assert COMMANDS[path].help
    silent = [parameter.name for parameter in COMMANDS[path].params if not parameter.hidden and not parameter.help]
    assert silent == []


@pytest.mark.parametrize("path", [(), *COMMANDS, *{path[:1] for path in COMMANDS if len(path) > 1}], ids=" ".join)
def test_no_help_loses_what_stands_in_brackets(path: tuple[str, ...]) -> None:
    """Help is set as markup: a word in brackets that begins like a tag of it is taken away."""
    command = ROOT_COMMAND
    for name in path:
        command = command.commands[name]
    said = [command.help, command.epilog, *(getattr(parameter, "help", None) for parameter in command.params)]
    assert [text for text in said if text and render(text).plain != text] == []


def pages() -> list[Path]:
    return sorted(p for p in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_to_files_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_that_a_page_names_are_there(page: Path) -> None:
    named = re.findall(
        r"`((?:casebus|consumers|producers|schemas|tests|tools|deploy|bench)/[\w./-]*)`", page.read_text()
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_setting_is_in_the_guides_table_and_every_row_is_a_setting() -> None:
    rows = re.search(r"^\| Setting \|.*?\n\n", GUIDE, flags=re.MULTILINE | re.DOTALL)
    assert rows is not None
    first_cells = [line.split("|")[1] for line in rows.group().splitlines()[2:] if line]
    named = [name for cell in first_cells for name in re.findall(r"`([a-z_]+)`", cell)]
    assert sorted(named) == sorted(Settings.model_fields)


def test_every_environment_variable_is_in_the_guide_and_the_guide_names_no_other() -> None:
    read = {
        name
        for source in (ROOT / "casebus").rglob("*.py")
        for name in re.findall(r"\"(CASEBUS_[A-Z_]+|NO_COLOR)\"", source.read_text(encoding="utf-8"))
    }
    assert set(re.findall(r"\b(CASEBUS_[A-Z_]+|NO_COLOR)\b", GUIDE)) == read - INTERNAL


def test_the_guide_and_the_program_name_the_same_exit_codes() -> None:
    exit_codes = " ".join(EPILOG.split())
    assert exit_codes in " ".join(GUIDE.split())
    listed = {int(number) for number in re.findall(r"\b(\d+) [a-z]", exit_codes)}
    assert {each.exit_code for each in (CasebusError, *CasebusError.__subclasses__())} <= listed


def test_every_event_type_has_a_heading() -> None:
    headings = re.findall(r"^## (\w+)$", (ROOT / "docs" / "events.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(CATALOGUE) <= set(headings)


def test_make_targets_that_the_readme_shows_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    shown = {
        name
        for page in ("README.md", "CONTRIBUTING.md")
        for name in re.findall(r"\bmake ([a-z-]+)\b(?=[`\s])", code_of(page))
    }
    assert shown
    assert shown <= targets


def code_of(page: str) -> str:
    text = (ROOT / page).read_text(encoding="utf-8")
    return "\n".join(
        f"{part} " for part in re.findall(r"```sh\n(.*?)```|`([^`]+)`", text, flags=re.DOTALL) for part in part
    )
