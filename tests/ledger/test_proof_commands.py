"""`casebus ledger prove`, `check-proof`, `checkpoint`, `export` and `check-pack`, as a person gives them."""

import io
import json
import os
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from ledgering import NAME, VKEY, grown, opened
from packing import CASE, EVENTS, TIP, TOPIC, TOPIC_ID, WITNESSES, Made, event_id, made

from casebus.cli.main import main
from casebus.ledger.cosignature import cosign
from casebus.ledger.leaf import decode_leaf
from casebus.ledger.note import parse_note
from casebus.ledger.proof import parse_proof
from casebus.ledger.vkey import parse_vkey


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Made:
    return made(tmp_path_factory.mktemp("source"))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def casebus(*arguments: object) -> Said:
    out, err = io.StringIO(), io.StringIO()
    command = ["casebus", "ledger", *map(str, arguments)]
    with (
        mock.patch.object(sys, "argv", command),
        redirect_stdout(out),
        redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return Said(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def test_a_proof_goes_with_its_leaf_and_record_and_is_checked_offline(source, tmp_path):
    done = casebus("prove", source.ledger, "--index", 3, "--key", source.vkey, "--out", "three.tlog-proof")
    assert done.code == 0, done.err
    assert {path.name for path in tmp_path.iterdir()} == {"three.tlog-proof", "three.leaf", "three.record"}
    checked = casebus(
        "check-proof",
        "three.tlog-proof",
        "--key",
        source.vkey,
        "--policy",
        source.policy,
        "--record",
        "three.record",
        "--json",
    )
    assert checked.code == 0, checked.err
    assert checked.json["outcome"] == "verified"
    assert [check["name"] for check in checked.json["checks"]] == [
        "proof_format", "checkpoint_signature", "witnesses", "path", "leaf_format", "record",
    ]  # fmt: skip
    without = casebus("check-proof", "three.tlog-proof", "--key", VKEY)
    assert without.code == 0
    assert "unwitnessed" in without.out


@pytest.mark.parametrize("name", ["three.tlog-proof", "three.leaf", "three.record"])
def test_any_changed_file_of_a_proof_is_refused_with_the_name_of_the_check(source, tmp_path, name):
    casebus("prove", source.ledger, "--index", 3, "--out", "three.tlog-proof")
    data = bytearray((tmp_path / name).read_bytes())
    data[60] ^= 1
    (tmp_path / name).write_bytes(data)
    checked = casebus("check-proof", "three.tlog-proof", "--key", source.vkey, "--record", "three.record")
    assert checked.code == 3
    assert "FAIL" in checked.out
    assert "does not hold" in checked.err


def test_a_proof_is_refused_for_another_leaf_and_without_one(source, tmp_path):
    casebus("prove", source.ledger, "--index", 3, "--out", "three.tlog-proof")
    casebus("prove", source.ledger, "--index", 4, "--out", "four.tlog-proof")
    assert casebus("check-proof", "three.tlog-proof", "--key", source.vkey, "--leaf", "four.leaf").code == 3
    (tmp_path / "three.leaf").unlink()
    assert casebus("check-proof", "three.tlog-proof", "--key", source.vkey).code == 3


def test_an_event_and_a_place_lead_to_the_same_leaf(source):
    by_index = casebus("prove", source.ledger, "--index", 7, "--json").json
    by_event = casebus("prove", source.ledger, "--event", event_id(7), "--data", source.ledger.parent, "--json")
    by_place = casebus("prove", source.ledger, "--at", f"{TOPIC}/7", "--json")
    by_topic_id = casebus("prove", source.ledger, "--at", f"{TOPIC_ID.hex()}/7", "--json")
    assert by_index == by_event.json == by_place.json == by_topic_id.json
    assert by_index["topic"] == TOPIC
    assert (by_index["index"], by_index["position"], by_index["size"]) == (7, 7, EVENTS)
    assert decode_leaf(bytes.fromhex(by_index["leaf"])).content_hash.hex() == by_index["content_hash"]
    assert "not recorded anywhere" in by_event.err


def test_records_that_are_handed_over_are_for_nobody_else_on_the_machine(source, tmp_path):
    assert casebus("prove", source.ledger, "--index", 3, "--out", tmp_path / "three.tlog-proof").code == 0
    pack = tmp_path / "pack.zip"
    assert casebus("export", source.ledger, "--key", source.vkey, "--index", 3, "--out", pack).code == 0
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "three.record", pack)] == [0o600, 0o600]


def test_the_last_line_says_that_only_the_structure_was_verified(source, tmp_path):
    shutil.copytree(source.ledger, tmp_path / "mirror", ignore=shutil.ignore_patterns("records", "journal"))
    said = casebus("verify", tmp_path / "mirror", "--key", source.vkey)
    assert "unwitnessed (structure only: no archive and no journal here): " in said.out


@pytest.mark.parametrize("option", ["proof", "--key", "--policy", "--leaf", "--record", "--since", "--directory"])
def test_a_pipe_that_nobody_writes_to_is_refused_in_words(source, tmp_path, option):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    casebus("prove", source.ledger, "--index", 3, "--out", tmp_path / "three.tlog-proof")
    if option == "--since":
        said = casebus("verify", source.ledger, "--key", source.vkey, "--since", pipe)
    elif option == "--directory":
        export = ("export", source.ledger, "--key", source.vkey, "--index", 3, "--out", tmp_path / "pack.zip")
        assert casebus(*export).code == 0
        said = casebus("check-pack", tmp_path / "pack.zip", "--key", source.vkey, "--directory", pipe)
    else:
        given = {"proof": tmp_path / "three.tlog-proof", "--key": source.vkey} | {option: pipe}
        others = [part for name, value in given.items() if name != "proof" for part in (name, value)]
        said = casebus("check-proof", given["proof"], *others)
    assert said.code == 2
    assert "not a regular file" in said.err


def test_without_out_the_proof_is_printed_as_it_is(source):
    done = casebus("prove", source.ledger, "--index", 7)
    proof = parse_proof(done.out.encode())
    assert proof.index == 7


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ((), 2),
        (("--index", 3, "--event", "x"), 2),
        (("--index", EVENTS), 4),
        (("--event", "nothing"), 2),
        (("--event", event_id(9_999)), 4),
        (("--at", f"{TOPIC}/{EVENTS}"), 4),
        (("--at", "casebus.nobody.events/3"), 4),
        (("--at", "7"), 2),
        (("--at", f"{TOPIC}/-1"), 2),
        (("--since", "not-there"), 2),
    ],
)
def test_what_cannot_be_proved_ends_with_the_code_that_says_why(source, asked, code):
    assert casebus("prove", source.ledger, *asked).code == code


def test_a_file_that_is_there_is_not_written_over(source, tmp_path):
    (tmp_path / "three.leaf").write_bytes(b"something else")
    assert casebus("prove", source.ledger, "--index", 3, "--out", "three.tlog-proof").code == 6
    assert (tmp_path / "three.leaf").read_bytes() == b"something else"


def test_todays_log_is_proved_to_extend_what_was_noted_down(source):
    done = casebus(
        "prove", source.ledger, "--since", source.older, "--key", source.vkey, "--out", "grown.proof", "--json"
    )
    assert done.code == 0, done.err
    assert (done.json["kind"], done.json["from"], done.json["to"]) == ("consistency", 200, EVENTS)
    checked = casebus("check-proof", "grown.proof", "--key", source.vkey, "--policy", source.policy, "--json")
    assert checked.code == 0, checked.err
    assert checked.json["outcome"] == "verified"
    assert checked.json["checks"][-1]["actual"] == f"so it does: 200 of {EVENTS} leaves"


def test_a_checkpoint_of_another_story_is_not_extended(source):
    """Signed by the true key, with as many leaves as this ledger had once: only the path shows that it is a fork."""
    grown(Path("fork"), [200])
    assert casebus("verify", "fork", "--key", source.vkey).code == 0
    done = casebus("prove", source.ledger, "--since", Path("fork/checkpoint"), "--key", source.vkey)
    assert done.code == 3
    assert "does not extend" in done.err


def test_a_ledger_that_was_rolled_back_proves_nothing_since(source):
    grown(Path("smaller"), [20])
    done = casebus("prove", "smaller", "--since", source.older)
    assert done.code == 3
    assert "fewer than the older checkpoint" in done.err


def test_a_checkpoint_is_printed_and_noted_down_with_its_witnesses(source, tmp_path):
    done = casebus("checkpoint", source.ledger, "--save", "noted", "--policy", source.policy, "--json")
    assert done.code == 0, done.err
    assert (tmp_path / "noted").read_bytes() == (source.ledger / "checkpoint").read_bytes()
    assert done.json["size"] == EVENTS
    assert done.json["witnesses"] == [
        {"name": "alpha", "time": "2026-03-01T12:00:00Z"},
        {"name": "beta", "time": "2026-03-01T12:00:00Z"},
    ]
    assert casebus("checkpoint", source.ledger, "--save", "noted").out.encode() == (tmp_path / "noted").read_bytes()
    assert casebus("checkpoint", source.ledger, "--save", source.older).code == 6
    assert casebus("checkpoint", source.ledger, "--key", source.policy).code == 2


def test_a_ledger_of_another_key_proves_nothing(source):
    other = parse_vkey(VKEY)
    stranger = type(other)(other.name, other.type, b"\x09" * 32).format()
    assert casebus("prove", source.ledger, "--index", 3, "--key", stranger).code == 3


def test_the_kept_witnessed_checkpoint_is_used_while_the_newest_waits(tmp_path):
    source = made(tmp_path / "m")
    ledger = opened(source.ledger)
    ledger.keep_witnessed(ledger.note)
    with ledger.transaction() as tx:
        tx.close(NAME, "the test")
    ledger.close()
    under_witnesses = casebus("prove", source.ledger, "--index", 3, "--json").json
    newest = casebus("prove", source.ledger, "--index", EVENTS, "--json").json
    assert under_witnesses["size"] == EVENTS
    assert newest["size"] == EVENTS + 2
    assert newest["leaf_kind"] == "sealing"
    assert newest["topic"] is None


def test_another_writers_directory_without_an_archive_gives_proofs_too(source, tmp_path):
    copy = tmp_path / "copy"
    for path in source.ledger.rglob("*"):
        where = path.relative_to(source.ledger)
        if path.is_file() and where.parts[0] in ("tile", "checkpoint"):
            (copy / where).parent.mkdir(parents=True, exist_ok=True)
            (copy / where).write_bytes(path.read_bytes())
    done = casebus("prove", copy, "--index", 3, "--out", "three.tlog-proof", "--json")
    assert done.code == 0, done.err
    assert done.json["content"] is None
    assert casebus("check-proof", "three.tlog-proof", "--key", source.vkey).code == 0
    assert casebus("export", copy, "--out", "p.zip", "--key", source.vkey, "--index", 3).code == 3
    assert not Path("p.zip").exists()


def test_a_damaged_tile_gives_no_proof(source, tmp_path):
    copy = tmp_path / "copy"
    for path in source.ledger.rglob("*"):
        if path.is_file():
            (copy / path.relative_to(source.ledger)).parent.mkdir(parents=True, exist_ok=True)
            (copy / path.relative_to(source.ledger)).write_bytes(path.read_bytes())
    tile = bytearray((copy / "tile/0/000").read_bytes())
    tile[40] ^= 1
    (copy / "tile/0/000").write_bytes(tile)
    assert casebus("prove", copy, "--index", 3).code == 3


def export(source: Made, *asked: object) -> Said:
    given = ("--key", source.vkey, "--policy", source.policy, "--data", source.ledger.parent)
    return casebus("export", source.ledger, "--out", "p.zip", *given, *asked)


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        (("--case", CASE), 30),
        (("--tip", TIP), 6),
        (("--event", event_id(7)), 1),
        (("--index", 1, "--index", 299), 2),
        (("--from", 250, "--to", 260), 10),
    ],
)
def test_a_pack_is_exported_and_checked(source, asked, count):
    done = export(source, *asked, "--json")
    assert done.code == 0, done.err
    assert len(done.json["records"]) == count
    assert done.json["quorum"] is True
    checked = casebus("check-pack", "p.zip", "--key", source.vkey, "--policy", source.policy, "--json")
    assert checked.code == 0, checked.err
    assert checked.json["outcome"] == "verified"
    assert casebus("check-pack", "p.zip", "--key", source.vkey, "--directory", source.directory).code == 0


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ((), 2),
        (("--index", 1, "--case", CASE), 2),
        (("--from", 1), 2),
        (("--from", 5, "--to", 5), 2),
        (("--from", 0, "--to", 5001), 2),
        (("--case", TIP), 4),
        (("--index", EVENTS), 4),
    ],
)
def test_what_cannot_be_exported_ends_with_the_code_that_says_why_and_leaves_no_file(source, asked, code):
    assert export(source, *asked).code == code
    assert not Path("p.zip").exists()


def test_a_pack_that_is_not_there_is_not_found(source):
    assert casebus("check-pack", "nothing.zip", "--key", source.vkey).code == 4


def test_the_command_line_in_the_pack_holds_no_value(source):
    export(source, "--case", CASE, "--officer", "Kim Example")
    whole = Path("p.zip").read_bytes()
    assert b"Kim" not in whole
    done = casebus("check-pack", "p.zip", "--key", source.vkey, "--json")
    assert "made by unnamed" in done.json["checks"][-1]["actual"]


def test_a_cosignature_for_other_text_gives_no_pack(tmp_path):
    source = made(tmp_path / "m")
    note = parse_note((source.ledger / "checkpoint").read_bytes())
    false = cosign("another text\n", "gamma.example", WITNESSES["gamma"], 1_700_000_000)
    (source.ledger / "checkpoint").write_bytes(type(note)(note.text, (*note.signatures, false)).format())
    assert export(source, "--index", 3).code == 3
    assert not Path("p.zip").exists()
