"""What a partner typed is shown on a terminal, and steers nothing there."""

import io

import pytest
from rich.table import Table

from casebus.cli.output import Screen
from casebus.harmless import harmless

HOSTILE = "ring \x1b[2J\x1b[31mnow\x07\u202egnip\r\x9b1A"


@pytest.mark.parametrize("in_a_table", [False, True])
def test_what_steers_a_terminal_is_written_out(in_a_table: bool) -> None:
    said = io.StringIO()
    screen = Screen(file=said, force_terminal=True, color_system=None, width=200)
    if in_a_table:
        table = Table("text")
        table.add_row(HOSTILE)
        screen.print(table)
    else:
        screen.print(HOSTILE, markup=False)
    assert r"ring \x1b[2J\x1b[31mnow\x07\u202egnip\r\x9b1A" in said.getvalue()
    assert not set("\x1b\x07\u202e\r\x9b") & set(said.getvalue())


def test_words_of_any_script_stay_as_they_are() -> None:
    for text in ("Ōtāhuhu", "می\u200cخواهم", "क्\u200dष", "two\nlines\tand a tab", "👩\u200d💻"):
        assert harmless(text) == text
