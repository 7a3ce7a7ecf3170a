"""What `match file` and `match against` refuse, and that a refusal repeats nobody's identifiers."""

import json
import os
from pathlib import Path

import pytest

from casebus.errors import UsageError
from casebus.queries import question
from casebus.registers import read_rows, refuse_output


@pytest.mark.parametrize("kind", ["link", "device", "pipe", "directory"])
def test_what_is_no_file_is_not_written_over(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "out"
    if kind == "link":
        out.symlink_to(tmp_path / "elsewhere")
    elif kind == "pipe":
        os.mkfifo(out)
    elif kind == "directory":
        out.mkdir()
    else:
        out = Path("/dev/null")
    with pytest.raises(UsageError, match="a directory, a link or a device"):
        refuse_output(out, [])


def test_a_directory_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="its directory is not there"):
        refuse_output(tmp_path / "nowhere" / "pairs.csv", [])


def test_a_file_without_a_header_is_refused_without_its_first_row(tmp_path: Path) -> None:
    register = tmp_path / "register.csv"
    register.write_text("A1,Quentin,Fictional,quentin.fictional@mail.example\n")
    with pytest.raises(UsageError) as refused:
        read_rows(register, {}, ignore_unknown=False)
    told = refused.value.diagnostics()
    assert "names no column that is known" in told
    assert not [word for word in ("A1", "Quentin", "Fictional", "mail.example") if word in told]


def test_an_unknown_column_among_known_ones_is_named(tmp_path: Path) -> None:
    register = tmp_path / "register.csv"
    register.write_text("record_id,shoe_size\nA1,42\n")
    with pytest.raises(UsageError, match="shoe_size"):
        read_rows(register, {}, ignore_unknown=False)


@pytest.mark.parametrize(
    ("name", "told"), [("shoe_size", True), ("quentin.fictional@mail.example", False), ("021 555 0188", False)]
)
def test_a_name_in_a_question_is_repeated_only_where_it_can_be_a_columns(name: str, told: bool) -> None:
    with pytest.raises(Exception, match="name") as refused:
        question(json.dumps({name: "x"}).encode(), ignore_unknown=False)
    assert (name in str(refused.value)) is told
