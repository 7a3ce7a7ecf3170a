"""`casebus match file` and `match against` through the door that everybody uses: the contract, and bad input."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

ROWS = """record_id,given_name,surname,date_of_birth,email,phone,country
1,Aroha,Bellamy,1980-03-04,aroha.bellamy@example.com,021 555 0143,NZ
2,Aroha,Bellamy,04/03/1980,Aroha.Bellamy@example.com,+64 21 555 0143,NZ
3,Igor,Whitlock,1955-11-30,igor@example.org,,NZ
4,Tamara,Petrovic,1999-07-21,,09 555 0111,NZ
"""


def casebus(*words: str, stdin: bytes = b"", seed: str = "0") -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "casebus", "match", *words]
    return subprocess.run(command, input=stdin, capture_output=True, env=environment, timeout=120, check=False)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "pairs.csv"


def written(path: Path, content: str | bytes) -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def test_pairs_are_written_in_the_form_that_is_promised(tmp_path: Path, out: Path) -> None:
    done = casebus("file", written(tmp_path / "a.csv", ROWS), "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"", "stdout is data"
    lines = out.read_text().splitlines()
    assert lines[0] == "record_a,record_b,band,weight,reasons"
    first = next(csv.DictReader(io.StringIO(out.read_text())))
    assert (first["record_a"], first["record_b"], first["band"]) == ("1", "2", "alert")
    assert float(first["weight"]) > 4.6
    assert "e-mail agrees (unique)" in first["reasons"]
    assert len(lines) == 2
    assert out.stat().st_mode & 0o077 == 0
    assert not list(tmp_path.glob(".*.part"))


def test_record_ids_come_back_letter_for_letter(tmp_path: Path, out: Path) -> None:
    ids = (" 1 ", "a | b")
    rows = ROWS.replace("\n1,", f"\n{ids[0]},").replace("\n2,", f"\n{ids[1]},")
    assert casebus("file", written(tmp_path / "a.csv", rows), "--out", str(out)).returncode == 0
    (pair,) = csv.DictReader(io.StringIO(out.read_text()))
    assert (pair["record_a"], pair["record_b"]) == ids
    (answer,) = asked(
        tmp_path, json.dumps({"record_id": " 1 ", "email": "aroha.bellamy@example.com"}).encode(), rows=rows
    )
    assert [pair[0] for pair in answer["pairs"]] == [ids[1]]  # type: ignore[attr-defined]


def test_ten_thousand_identifiers_in_one_cell_are_in_nobodys_way(tmp_path: Path, out: Path) -> None:
    crowd = "|".join(f"somebody.{number}@mailbox.example.com" for number in range(10_000))
    rows = f"{ROWS}5,Hana,Quinlan,never,{crowd},,\n6,Hana,Quinlan,never,{crowd},,\n"
    done = casebus("file", written(tmp_path / "a.csv", rows), "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert {"1,2", "5,6"} == {line[:3] for line in out.read_text().splitlines()[1:]}


@pytest.mark.parametrize("as_json", [False, True])
def test_a_record_id_is_written_letter_for_letter_and_one_like_a_formula_is_told_of(
    tmp_path: Path, out: Path, as_json: bool
) -> None:
    hostile = '=HYPERLINK("http://nobody.example")'
    rows = ROWS.replace("\n1,", '\n"' + hostile.replace('"', '""') + '",').replace("\n2,", "\n@two,")
    done = casebus("file", written(tmp_path / "a.csv", rows), "--out", str(out), *(["--json"] if as_json else []))
    assert b"2 record ids begin like a formula" in done.stderr
    assert b"HYPERLINK" not in done.stderr + done.stdout
    (pair,) = csv.DictReader(io.StringIO(out.read_text()))
    assert {pair["record_a"], pair["record_b"]} == {hostile, "@two"}
    plain = casebus("file", written(tmp_path / "b.csv", ROWS), "--out", str(out))
    assert b"formula" not in plain.stderr


def test_columns_of_which_nothing_came_are_counted_and_no_value_is_repeated(tmp_path: Path, out: Path) -> None:
    rows = "record_id,surname,date_of_birth,phone\n1,Bellamy,not known,x\n2,Bellamy,1980-13-45,021 555 0143\n"
    done = casebus("file", written(tmp_path / "a.csv", rows), "--out", str(out), "--json")
    assert json.loads(done.stdout)["left_aside"] == {"date_of_birth": 1, "phone": 1}
    done = casebus("file", written(tmp_path / "a.csv", rows), "--out", str(out))
    assert b"date_of_birth 1, phone 1." in done.stderr
    assert b"1980-13-45" not in done.stderr


@pytest.mark.parametrize("others", [0, 3], ids=["alone", "among others"])
def test_an_import_that_ran_250_times_is_found_and_what_was_not_compared_is_said(
    tmp_path: Path, out: Path, others: int
) -> None:
    header, first, _, *rest = ROWS.splitlines(keepends=True)
    again = "".join(f"w{number:03d}{first[1:]}" for number in range(250))
    path = written(tmp_path / "a.csv", header + again + "".join(rest[:others]))
    done = casebus("file", path, "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert b"248 records are copies" in done.stderr
    pairs = list(csv.DictReader(io.StringIO(out.read_text())))
    assert len(pairs) == 249
    assert {pair["band"] for pair in pairs} == {"alert"}
    assert len({pair["record_a"] for pair in pairs} | {pair["record_b"] for pair in pairs}) == 250
    told = json.loads(casebus("file", path, "--out", str(out), "--json").stdout)
    assert (told["records"], told["pairs"], told["copies"]) == (250 + len(rest[:others]), 249, 248)


def _one_person(rows: int) -> str:
    lines = (f"w{row:03d},Walter,Featherstone,1951-02-03,021 555 {1000 + row},NZ,7 Alder Street" for row in range(rows))
    return "\n".join(["record_id,given_name,surname,date_of_birth,phone,country,address", *lines, ""])


@pytest.mark.parametrize("rows", [79, 250])
def test_a_file_of_one_person_who_stands_there_many_times_is_told_of_as_a_crowd_the_same_every_time(
    rows: int, tmp_path: Path, out: Path
) -> None:
    path = written(tmp_path / "a.csv", _one_person(rows))
    results = set()
    for seed in ("1", "2"):
        done = casebus("file", path, "--out", str(out), seed=seed)
        assert done.returncode == 0, done.stderr
        assert f"{rows - 2} records are of crowds".encode() in done.stderr
        results.add(out.read_bytes())
    (pairs,) = results
    assert pairs.count(b"\n") == rows
    told = json.loads(casebus("file", path, "--out", str(out), "--json").stdout)
    assert (told["records"], told["pairs"], told["in_crowds"]) == (rows, rows - 1, rows - 2)


def test_a_value_that_too_many_hold_is_said_to_be_passed_over_by_kind_and_never_repeated(
    tmp_path: Path, out: Path
) -> None:
    lines = (f"{row},N{row * 7919}a,02155501{row % 2}4,{row}@mail.example" for row in range(200))
    path = written(tmp_path / "a.csv", "\n".join(["record_id,surname,phone,email", *lines, ""]))
    done = casebus("file", path, "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert b"Passed over, for more than 80 records hold the same value: phone 200." in done.stderr
    assert b"5550" not in done.stderr
    assert json.loads(casebus("file", path, "--out", str(out), "--json").stdout)["passed_over"] == {"phone": 200}
    assert b"Passed over" not in casebus("file", written(tmp_path / "b.csv", ROWS), "--out", str(out)).stderr


def test_the_answer_is_the_same_every_time(tmp_path: Path, out: Path) -> None:
    path = written(tmp_path / "a.csv", ROWS)
    header, *rows = ROWS.splitlines(keepends=True)
    shuffled = written(tmp_path / "b.csv", header + "".join(reversed(rows)))
    results = []
    for source, seed in ((path, "1"), (path, "2"), (shuffled, "3")):
        assert casebus("file", source, "--out", str(out), seed=seed).returncode == 0
        results.append(out.read_bytes())
    assert len(set(results)) == 1


def test_two_files_give_pairs_across_only(tmp_path: Path, out: Path) -> None:
    a = written(tmp_path / "a.csv", ROWS)
    b = written(
        tmp_path / "b.csv", 'record_id,name,email\nx,"Bellamy, Aroha",aroha.bellamy@example.com\ny,Nobody Else,\n'
    )
    done = casebus("file", a, b, "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert told["records"] == 6
    assert told["pairs"] == len(rows) == told["alert"] + told["review"]
    assert {row["record_a"] for row in rows} <= {"1", "2", "3", "4"}
    assert {row["record_b"] for row in rows} == {"x"}


def test_a_file_may_have_a_mark_crlf_and_quoted_line_ends(tmp_path: Path, out: Path) -> None:
    content = b"\xef\xbb\xbf" + ROWS.replace("\n", "\r\n").encode() + b'5,"Ha\r\nna",Quinlan,never,,,\r\n\r\n'
    done = casebus("file", written(tmp_path / "a.csv", content), "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["records"] == 5


def test_several_values_stand_in_one_cell(tmp_path: Path, out: Path) -> None:
    rows = "record_id,email,ip,ip_at\n1,a.bellamy@example.com|ab77@example.org,,\n2,AB77@example.org,|203.0.113.4,|2026-01-01T00:00:00Z\n"
    assert casebus("file", written(tmp_path / "a.csv", rows), "--out", str(out)).returncode == 0
    assert "1,2," in out.read_text()


REFUSED = {
    "nothing": (b"", "is empty"),
    "an unknown column": (b"record_id,shoe_size\n1,44\n", "'shoe_size'"),
    "semicolons": (b"record_id;name\n1;x\n", "commas"),
    "no record id column": (b"name\nAna\n", "no column record_id"),
    "an id by another name": (b"name,id,shoe_size\nAna,1,44\n", "no column record_id; 'id' looks like it"),
    "an id by a name like it": (b"case_id,Record_ID,name\n1,1,Ana\n", "no column record_id; 'Record_ID' looks like it"),
    "an id by another name alone": (b"Record_ID,Shoe\n1,44\n", "no column record_id; 'Record_ID' looks like it"),
    "no record id beside an unknown column": (b"name,shoe_size\nAna,44\n", "no column record_id"),
    "a column twice": (b"record_id,name,name\n1,a,b\n", "name is there twice"),
    "an empty record id": (b"record_id,name\n1,a\n,b\n", "row 3"),
    "a repeated record id": (b"record_id,name\n1,a\n1,b\n", "row 3"),
    "a ragged row": (b"record_id,name\n1,a\n2\n", "row 3"),
    "a row with too much": (b"record_id,name\n1,a,b\n", "row 2"),
    "Latin-1": (b"record_id,name\n1,Ren\xe9\n", "byte 20 (0xE9)"),
    "UTF-16": ("record_id,name\n1,a\n".encode("utf-16"), "UTF-16"),
    "a NUL": (b"record_id,name\n1,a\x00b\n", "NUL"),
    "an open quote": (b'record_id,name\n1,"a\n', "row 2"),
    "a cell without end": (b'record_id,name\n1,"' + b"a\n" * 600_000 + b'"\n', "a cell has more than"),
    "a line without end": (b"record_id,name\n1," + b"a" * 5_000_000 + b"\n", "has more than"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_register_is_refused_with_its_reason(what: str, tmp_path: Path, out: Path) -> None:
    content, why = REFUSED[what]
    done = casebus("file", written(tmp_path / "a.csv", content), "--out", str(out))
    assert done.returncode == 2, done.stderr
    assert why in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert not out.exists()


def test_a_record_id_is_unique_across_both_files(tmp_path: Path, out: Path) -> None:
    a, b = written(tmp_path / "a.csv", ROWS), written(tmp_path / "b.csv", "record_id,name\n3,Somebody\n")
    done = casebus("file", a, b, "--out", str(out))
    assert done.returncode == 2
    assert b"b.csv, row 2" in done.stderr
    assert b"a.csv, row 4" in done.stderr


def test_unknown_columns_are_left_out_when_told_so(tmp_path: Path, out: Path) -> None:
    path = written(tmp_path / "a.csv", "record_id,shoe_size,name\n1,44,Ana Lopez\n")
    assert casebus("file", path, "--out", str(out), "--ignore-unknown").returncode == 0
    assert out.read_text() == "record_a,record_b,band,weight,reasons\n"


def test_an_earlier_answer_stays_whole_when_a_run_fails(tmp_path: Path, out: Path) -> None:
    out.write_text("earlier")
    assert casebus("file", written(tmp_path / "a.csv", "record_id\n1\n1\n"), "--out", str(out)).returncode == 2
    assert out.read_text() == "earlier"


def test_the_register_is_never_overwritten(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", ROWS)
    assert casebus("file", path, "--out", path).returncode == 2
    assert Path(path).read_text() == ROWS


def test_no_file_is_not_found(tmp_path: Path, out: Path) -> None:
    assert casebus("file", str(tmp_path / "none.csv"), "--out", str(out)).returncode == 4
    assert casebus("file", str(tmp_path), "--out", str(out)).returncode == 2


def test_hostile_values_are_data(tmp_path: Path, out: Path) -> None:
    strange = [
        "‮evil",
        "😀" * 50,
        "٢٠٠١",
        "0000-00-00",
        "31/02/1990",
        "::ffff:10.0.0.1",
        "x" * 50_000,
        "a|" * 5000,
        "=cmd()",
        "'\"",
    ]
    head = "record_id,name,date_of_birth,email,phone,ip,ip_at,account,screen_name,address,national_id\n"
    buffer = io.StringIO()
    csv.writer(buffer).writerows([[number, *[value] * 10] for number, value in enumerate(strange * 2)])
    done = casebus("file", written(tmp_path / "a.csv", head + buffer.getvalue()), "--out", str(out))
    assert done.returncode == 0, done.stderr
    for value in strange:
        assert value.encode() not in done.stderr


def asked(tmp_path: Path, *lines: bytes, rows: str = ROWS) -> list[dict[str, object]]:
    done = casebus("against", written(tmp_path / "a.csv", rows), stdin=b"".join(lines))
    assert done.returncode == 0, done.stderr
    ready, *answers = done.stdout.decode().splitlines()
    assert ready == "ready"
    return [json.loads(answer) for answer in answers]


def test_an_intake_system_is_answered_line_by_line(tmp_path: Path) -> None:
    question = {
        "name": "Bellamy, Aroha",
        "email": ["nothing@example.net", "aroha.bellamy@example.com"],
        "record_id": "new",
    }
    (answer,) = asked(tmp_path, json.dumps(question).encode())
    pairs = answer["pairs"]
    assert isinstance(pairs, list)
    assert {pair[0] for pair in pairs} == {"1", "2"}
    assert [len(pair) for pair in pairs] == [4, 4]
    assert pairs[0][1] in ("alert", "review")
    assert pairs[0][2] >= pairs[1][2]
    assert "bellamy" not in json.dumps([pair[3] for pair in pairs]).lower()


def test_what_is_no_question_is_answered_too_and_the_next_is_answered(tmp_path: Path) -> None:
    lines = [
        b"{\n",
        b"[]\n",
        b"\n",
        b'{"shoe_size": 44}\n',
        b'{"email": {"a": 1}}\n',
        b'{"email": true}\n',
        b'{"postcode": NaN}\n',
        b'{"email": "a@example.org", "email": "b@example.org"}\n',
        b"null\n",
        b'{"name": "a\x00b"}\n',
        b'{"\\ud800": "x"}\n',
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b'{"name": "' + b"a" * 2_000_000 + b'"}\n',
        b'{"email": "igor@example.org", "phone": null, "postcode": 6011}\n',
    ]
    *bad, good = asked(tmp_path, *lines)
    assert len(bad) == len(lines) - 1
    assert all(list(answer) == ["error"] for answer in bad)
    assert [pair[0] for pair in good["pairs"]] == ["3"]  # type: ignore[attr-defined]


def test_whatever_a_value_is_its_line_gets_one_answer(tmp_path: Path) -> None:
    values = ["\ud800", "a\u0000b", "\u202e", "x" * 500_000, ["a", None, 7], 1e300, -1, "9" * 5000, [], None]
    lines = [
        json.dumps({"record_id": "q", column: value}) for value in values for column in ("name", "email", "ip", "phone")
    ]
    answers = asked(tmp_path, *(line.encode() + b"\n" for line in lines))
    assert [list(answer) for answer in answers] == [["pairs"]] * len(lines)


def test_a_register_that_is_refused_is_not_said_to_have_left_something_unwritten(tmp_path: Path) -> None:
    done = casebus("against", written(tmp_path / "a.csv", "name\nAna\n"))
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"no record was compared" in done.stderr
    assert b"written" not in done.stderr


@pytest.mark.parametrize("command", ["file", "against"])
def test_a_terminal_sees_that_a_register_is_read(command: str, tmp_path: Path, out: Path) -> None:
    ours, theirs = pty.openpty()
    more = ["--out", str(out)] if command == "file" else []
    words = [sys.executable, "-m", "casebus", "match", command, written(tmp_path / "a.csv", ROWS), *more]
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs, timeout=120, check=False
    )
    os.close(theirs)
    told = b""
    with suppress(OSError):  # how a terminal says that nobody writes there any more
        while more_told := os.read(ours, 65536):
            told += more_told
    os.close(ours)
    assert done.returncode == 0
    assert b"reading" in told


def test_a_closed_stdin_is_the_end_of_the_questions(tmp_path: Path) -> None:
    register = written(tmp_path / "a.csv", ROWS)
    command = f'"{sys.executable}" -m casebus match against "{register}" <&-'
    done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"ready\n", b"")


def test_an_intake_system_that_goes_away_ends_it_without_a_word(tmp_path: Path) -> None:
    question = json.dumps({"email": "igor@example.org"}).encode() + b"\n"
    command = [sys.executable, "-m", "casebus", "match", "against", written(tmp_path / "a.csv", ROWS)]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdin
    assert running.stdout
    assert running.stderr
    assert running.stdout.readline() == b"ready\n"
    running.stdout.close()
    with suppress(BrokenPipeError):
        running.stdin.write(question * 50)
        running.stdin.close()
    assert (running.wait(timeout=60), running.stderr.read()) == (0, b"")
    running.stderr.close()
