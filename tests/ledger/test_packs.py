"""Evidence packs: checked in an empty directory; every kind of tampering is refused by the name of the check."""

import io
import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledgering import NAME, NOW, PRIVATE, VKEY, environment, failures
from packing import CASE, DIRECTORY, EVENTS, FORGED, POLICY, TIP, Made, directory, event_id, made, police_key, policy

from casebus.cli.ledger_finding import find_asked
from casebus.directory import Directory
from casebus.errors import Conflict, NotFound, UsageError, VerificationFailed
from casebus.ledger.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from casebus.ledger.note import parse_note
from casebus.ledger.pack import PackOrder, export_pack
from casebus.ledger.pack_check import PackStep, Trust, check_pack
from casebus.ledger.pack_manifest import NOT_SHOWN, Selection, parse_manifest
from casebus.ledger.report import Outcome, Report
from casebus.ledger.vkey import parse_vkey, verifier_key

LATER = NOW + timedelta(days=365)
OTHER = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Made:
    return made(tmp_path_factory.mktemp("source"))


def named(*indices: int) -> Selection:
    return Selection(by="index", id=None, matched=len(indices), searched=0, unread=0)


def order(source: Made, selection: Selection, indices: tuple[int, ...], **changes: object) -> PackOrder:
    given = {
        "key": parse_vkey(VKEY),
        "indices": indices,
        "selection": selection,
        "made_by": "officer-1",
        "made_at": NOW,
        "command": "casebus ledger export",
        "policy": POLICY,
        "directory": source.directory.read_text(),
    }
    return PackOrder(**{**given, **changes})


def exported(source: Made, out: Path, by: str = "case", id_: str = CASE, **changes: object) -> Path:
    found = find_asked(source.ledger, DIRECTORY, by, id_)
    selection = Selection(by=by, id=id_, matched=len(found.indices), searched=found.searched, unread=found.unread)
    export_pack(source.ledger, out, order(source, selection, found.indices, **changes))
    return out


@pytest.fixture(scope="module")
def pack(source, tmp_path_factory) -> Path:
    return exported(source, tmp_path_factory.mktemp("pack") / "case.zip")


def checked(path: Path, **trust: object) -> Report:
    return check_pack(path, Trust(**{"vkey": VKEY, "policy": POLICY, **trust}), now=LATER)


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as whole:
        return {name: whole.read(name) for name in whole.namelist()}


def zipped(files: dict[str, bytes], path: Path) -> Path:
    """Write files as a pack is written."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as whole:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (2026, 3, 1, 12, 0, 0))
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o100644 << 16
            whole.writestr(info, content)
    return path


def relisted(files: dict[str, bytes]) -> dict[str, bytes]:
    """Write the manifest's list of files anew, as somebody would who tampers with a pack."""
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = {
        name: {"sha256": sha256(content).hexdigest(), "size": len(content)}
        for name, content in files.items()
        if name != "manifest.json"
    }
    return {**files, "manifest.json": (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode()}


def test_a_pack_of_a_case_checks_with_every_step_ticked(pack):
    report = checked(pack)
    assert report.outcome is Outcome.VERIFIED, report
    assert [check.step for check in report.checks] == [int(step) for step in PackStep]
    assert [check.name for check in report.checks] == [step.name.lower() for step in PackStep]
    assert report.size == EVENTS
    told = {check.name: check.actual for check in report.checks}
    assert "alpha at 2026-03-01T12:00:00Z" in told["witnesses"]
    assert "30 events name the case" in told["selection"]
    assert "1 could not be read" in told["selection"]
    assert "rests on whoever exported, or on the full ledger" in told["selection"]


def test_the_pack_holds_what_it_should_and_says_what_it_cannot_show(pack):
    files = contents(pack)
    manifest = parse_manifest(files["manifest.json"])
    assert {name.partition("/")[0] for name in files} == {
        "manifest.json", "checkpoint", "ledger.vkey", "policy.txt", "directory.toml", "keys.txt", "schemas", "leaves",
        "records", "VERIFY.md", "STATEMENTS.md",
    }  # fmt: skip
    assert manifest.facts.selection == Selection(by="case", id=CASE, matched=30, searched=EVENTS, unread=1)
    assert "cosigned by a quorum of the policy's witnesses: alpha at" in " ".join(manifest.statement)
    assert "Entry 3 of the log is in that tree" in " ".join(manifest.statement)
    assert "exporter's word" in manifest.not_shown[0]
    assert sha256(b"casebus/record/v1\n" + files["records/000003.record"]).digest() == files["leaves/000003.leaf"][-32:]
    record = json.loads(files["records/000003.json"])
    assert record["accepted"] is True
    assert record["event"]["payload"]["case_id"] == CASE
    assert "templates" in files["STATEMENTS.md"].decode()


def test_the_page_in_the_pack_explains_every_step_and_its_templates_say_what_they_are(pack):
    files = contents(pack)
    page = files["VERIFY.md"].decode()
    for step in PackStep:
        assert f"| {int(step)} | {step.name.lower()} |" in page
    for sentence in (*parse_manifest(files["manifest.json"]).statement, *NOT_SHOWN):
        assert sentence in page
    assert "@" not in page.replace("@v1", "")
    templates = files["STATEMENTS.md"].decode()
    assert "These are **templates**" in templates
    assert "902(13)" in templates
    assert "902(14)" in templates
    assert "Criminal Justice Act 1967" in templates


def test_it_checks_in_an_empty_directory_by_a_program_that_knows_no_casebus_data(source, pack, tmp_path):
    home = tmp_path / "elsewhere"
    home.mkdir()
    (home / "case.zip").write_bytes(pack.read_bytes())
    (home / "vkey").write_bytes(source.vkey.read_bytes())
    (home / "policy").write_bytes(source.policy.read_bytes())
    command = [
        sys.executable,
        "-m",
        "casebus",
        "ledger",
        "check-pack",
        "case.zip",
        "--key",
        "vkey",
        "--policy",
        "policy",
    ]
    env = {**{k: v for k, v in environment().items() if not k.startswith("CASEBUS")}, "HOME": str(home)}
    done = subprocess.run([*command, "--json"], cwd=home, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "verified"
    (home / "case.zip").write_bytes(pack.read_bytes()[:-30])
    done = subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 3
    assert "1 zip_form" in done.stderr


def test_a_pack_without_policy_or_quorum_is_unwitnessed(source, pack, tmp_path):
    assert checked(pack, policy=None).outcome is Outcome.UNWITNESSED
    assert checked(pack, policy=policy("alpha", "beta", "gamma", needed=3)).outcome is Outcome.UNWITNESSED
    alone = exported(source, tmp_path / "alone.zip", policy=None)
    assert checked(alone).outcome is Outcome.VERIFIED
    assert parse_manifest(contents(alone)["manifest.json"]).facts.quorum is None


@pytest.mark.parametrize(("by", "id_", "count"), [("tip", TIP, 6), ("event", event_id(7), 1)])
def test_a_tip_and_an_event_are_found(source, tmp_path, by, id_, count):
    path = exported(source, tmp_path / "p.zip", by, id_)
    assert checked(path).outcome is Outcome.VERIFIED
    assert len(parse_manifest(contents(path)["manifest.json"]).facts.records) == count


def test_what_is_not_in_the_ledger_is_not_found(source):
    with pytest.raises(NotFound, match="no event of this tip"):
        find_asked(source.ledger, DIRECTORY, "tip", CASE)


def test_a_record_that_nobody_signed_may_be_in_a_pack_which_says_so(source, tmp_path):
    path = tmp_path / "p.zip"
    export_pack(source.ledger, path, order(source, named(FORGED), (FORGED,)))
    report = checked(path)
    assert report.outcome is Outcome.VERIFIED
    assert f"not accepted, as the pack says: {FORGED} (signature_invalid)" in report.checks[7].actual
    told = json.loads(contents(path)[f"records/{FORGED:06d}.json"])
    assert (told["accepted"], told["refused"], told["event"]) == (False, "signature_invalid", None)


def test_a_pack_without_a_directory_says_that_signatures_were_not_checked(source, tmp_path):
    path = tmp_path / "p.zip"
    export_pack(source.ledger, path, order(source, named(3), (3,), directory=None))
    report = checked(path)
    assert report.outcome is Outcome.VERIFIED
    assert "not checked" in report.checks[7].actual
    assert checked(path, directory=DIRECTORY).outcome is Outcome.VERIFIED


def test_the_checkers_own_directory_decides_whose_signature_is_believed(pack):
    stranger = directory(police_key("another purpose"))
    assert failures(checked(pack, directory=stranger)) == {"signatures"}
    revoked = directory(police_key(revoked_at=datetime.fromisoformat("2026-02-01T00:00:00Z")))
    assert failures(checked(pack, directory=revoked)) == {"signatures"}


def test_a_second_export_does_not_write_over_the_first(source, pack):
    before = pack.read_bytes()
    with pytest.raises(Conflict):
        exported(source, pack)
    assert pack.read_bytes() == before


def test_an_export_that_fails_leaves_no_file(source, tmp_path):
    path = tmp_path / "p.zip"
    with pytest.raises(NotFound):
        export_pack(source.ledger, path, order(source, named(EVENTS), (EVENTS,)))
    with pytest.raises(VerificationFailed):
        export_pack(source.ledger, path, order(source, named(3), (3,), key=verifier_key(NAME, OTHER)))
    with pytest.raises(UsageError):
        export_pack(source.ledger, path, order(source, named(), ()))
    assert list(tmp_path.iterdir()) == []


# What somebody does to the files of a pack, who then writes the manifest's list anew; and the check that says so.

Change = Callable[[dict[str, bytes]], object]


def replace(name: str, old: bytes, new: bytes) -> Change:
    def change(files: dict[str, bytes]) -> None:
        assert old in files[name], "the test changes nothing"
        files[name] = files[name].replace(old, new, 1)

    return change


def swap(one: str, other: str) -> Change:
    def change(files: dict[str, bytes]) -> None:
        files[one], files[other] = files[other], files[one]

    return change


def drop(*names: str) -> Change:
    return lambda files: [files.pop(name) for name in names]


def flip(name: str, at: int) -> Change:
    def change(files: dict[str, bytes]) -> None:
        data = bytearray(files[name])
        data[at] ^= 1
        files[name] = bytes(data)

    return change


def with_manifest(edit: Callable[[dict], object]) -> Change:
    def change(files: dict[str, bytes]) -> None:
        manifest = json.loads(files["manifest.json"])
        edit(manifest)
        files["manifest.json"] = (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode()

    return change


def nested(name: str, head: bytes) -> Change:
    return lambda files: files.update({name: head + b"[" * 200_000 + b"]" * 200_000})


def padded(name: str) -> Change:
    return lambda files: files.update({name: files[name] + b"#" * 2_000_000})


def resigned(private: Ed25519PrivateKey) -> Change:
    """Put another key's checkpoint, over the same tree, with its key."""

    def change(files: dict[str, bytes]) -> None:
        found = parse_checkpoint(parse_note(files["checkpoint"]).text)
        files["checkpoint"] = sign_checkpoint(found, private).format()
        files["ledger.vkey"] = f"{verifier_key(NAME, private).format()}\n".encode()

    return change


def forked(files: dict[str, bytes]) -> None:
    files["checkpoint"] = sign_checkpoint(Checkpoint(NAME, EVENTS, b"\x07" * 32), PRIVATE).format()


def without_cosignature(files: dict[str, bytes]) -> None:
    lines = files["checkpoint"].splitlines(keepends=True)
    files["checkpoint"] = b"".join(lines[:-1])


STEM = "000003"
TAMPERED: dict[str, tuple[Change, set[str]]] = {
    "a checkpoint that is no note": (replace("checkpoint", b"\n\n", b"\n"), {"checkpoint_format"}),
    "a checkpoint with a padded size": (replace("checkpoint", b"\n300\n", b"\n0300\n"), {"checkpoint_format"}),
    "a checkpoint of another size": (replace("checkpoint", b"\n300\n", b"\n301\n"), {"checkpoint_signature"}),
    "a checkpoint by another key": (resigned(OTHER), {"checkpoint_signature"}),
    "another key beside the checkpoint": (flip("ledger.vkey", 30), {"checkpoint_signature"}),
    "a forked checkpoint by the true key": (forked, {"proofs"}),
    "a cosignature taken away": (without_cosignature, {"proofs"}),
    "a flipped leaf": (flip(f"leaves/{STEM}.leaf", 40), {"proofs"}),
    "two leaves swapped": (swap(f"leaves/{STEM}.leaf", "leaves/000013.leaf"), {"proofs"}),
    "two proofs swapped": (swap(f"leaves/{STEM}.tlog-proof", "leaves/000013.tlog-proof"), {"proofs"}),
    "a proof that is none": (replace(f"leaves/{STEM}.tlog-proof", b"index", b"Index"), {"proofs"}),
    "another index in a proof": (replace(f"leaves/{STEM}.tlog-proof", b"index 3\n", b"index 4\n"), {"proofs"}),
    "a flipped record": (flip(f"records/{STEM}.record", 90), {"records"}),
    "two records swapped": (swap(f"records/{STEM}.record", "records/000013.record"), {"records"}),
    "JSON that says something else": (replace(f"records/{STEM}.json", b"CLOSED", b"ERRORS"), {"decoded"}),
    "JSON with a space more": (replace(f"records/{STEM}.json", b"{", b"{ "), {"decoded"}),
    "a schema with another default": (replace("schemas/CaseClosed.v1.avsc", b'"string"', b'"bytes"'), {"schemas"}),
    "a schema that is no JSON": (replace("schemas/CaseClosed.v1.avsc", b"{", b"["), {"schemas"}),
    "a schema with a name twice": (
        replace("schemas/CaseClosed.v1.avsc", b'"type": "record"', b'"type": "enum",\n  "type": "record"'),
        {"schemas"},
    ),
    "a schema taken away": (drop("schemas/CaseClosed.v1.avsc"), {"schemas"}),
    "another key in the directory": (replace("keys.txt", b"nz-police ", b"uk-nca "), {"signatures", "decoded", "selection"}),
    "no list of keys": (drop("keys.txt"), {"signatures"}),
    "a directory that is no TOML": (replace("directory.toml", b"[[keys]]", b"[[keys"), {"signatures"}),
    "a policy for another log": (replace("policy.txt", b"quorum agencies", b"quorum none"), {"statement"}),
    "a record taken away": (drop(f"records/{STEM}.record"), {"manifest"}),
    "all files of a leaf taken away": (
        drop(*(f"leaves/{STEM}.{end}" for end in ("leaf", "tlog-proof")), *(f"records/{STEM}.{end}" for end in ("record", "json"))),
        {"manifest"},
    ),
    "another case in the manifest": (with_manifest(lambda m: m["facts"]["selection"].update(id=TIP)), {"selection", "statement"}),
    "a higher count": (with_manifest(lambda m: m["facts"]["selection"].update(matched=31)), {"selection", "statement"}),
    "more searched than there is": (with_manifest(lambda m: m["facts"]["selection"].update(searched=301)), {"selection", "statement"}),
    "named instead of searched": (with_manifest(lambda m: m["facts"]["selection"].update(by="index")), {"selection", "statement"}),
    "another witness": (with_manifest(lambda m: m["facts"]["witnesses"].append({"name": "gamma", "time": "x"})), {"statement"}),
    "a quorum that there is not": (with_manifest(lambda m: m["facts"].update(quorum=None)), {"statement"}),
    "another root in the manifest": (with_manifest(lambda m: m["facts"].update(root="x")), {"statement"}),
    "another position": (with_manifest(lambda m: m["facts"]["records"][0].update(position=4)), {"statement"}),
    "a record twice": (with_manifest(lambda m: m["facts"]["records"].append(m["facts"]["records"][0])), {"selection", "statement"}),
    "other words": (with_manifest(lambda m: m["statement"].append("All records of the case are here.")), {"statement"}),
    "nothing that it cannot show": (with_manifest(lambda m: m.update(not_shown=[])), {"statement"}),
    "another time of making": (with_manifest(lambda m: m.update(made_at="yesterday")), {"statement"}),
    "a time of making at the end of time": (
        with_manifest(lambda m: m.update(made_at="9999-12-31T23:59:59Z")),
        set(),
    ),
    "a time of making with an offset": (with_manifest(lambda m: m.update(made_at="2026-03-01T13:00:00+01:00")), {"statement"}),
    "a directory that never ends": (nested("directory.toml", b"training = "), {"signatures"}),
    "a directory that is too large": (padded("directory.toml"), {"signatures"}),
    "a schema that never ends": (nested("schemas/CaseClosed.v1.avsc", b""), {"schemas"}),
    "an unknown field": (with_manifest(lambda m: m.update(more=1)), {"manifest"}),
    "a manifest of another format": (with_manifest(lambda m: m.update(format="casebus/evidence-pack@v2")), {"manifest"}),
    "a manifest with a name twice": (replace("manifest.json", b'"command"', b'"format": "x",\n  "command"'), {"manifest"}),
    "a manifest that is no JSON": (replace("manifest.json", b"{", b""), {"manifest"}),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
def test_tampering_is_refused_by_the_name_of_the_check(pack, tmp_path, name):
    change, names = TAMPERED[name]
    files = contents(pack)
    change(files)
    if name.startswith(("a manifest with", "a manifest that")):
        path = zipped(files, tmp_path / "p.zip")
    else:
        path = zipped(relisted(files), tmp_path / "p.zip")
    report = checked(path)
    assert failures(report) <= names, report
    assert bool(failures(report)) == (report.outcome is Outcome.FAILED) == bool(names), name


def test_the_same_files_zipped_again_are_accepted(pack, tmp_path):
    assert checked(zipped(contents(pack), tmp_path / "p.zip")).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    "name", ["checkpoint", "VERIFY.md", f"leaves/{STEM}.leaf", f"records/{STEM}.record", "keys.txt"]
)
def test_a_file_that_differs_from_its_line_in_the_manifest_is_refused(pack, tmp_path, name):
    files = contents(pack)
    files[name] = files[name] + b"\n"
    assert failures(checked(zipped(files, tmp_path / "p.zip"))) == {"manifest"}
    files = contents(pack)
    del files[name]
    assert failures(checked(zipped(files, tmp_path / "p.zip"))) == {"manifest"}


def test_any_flipped_bit_of_the_file_is_refused_or_changes_nothing_that_is_read(pack, tmp_path):
    """A few bytes of a zip say nothing that we read: dates and versions of the program that wrote it."""
    whole = pack.read_bytes()
    same = contents(pack)
    step = max(1, len(whole) * 8 // 400)
    path = tmp_path / "p.zip"
    for bit in range(0, len(whole) * 8, step):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        if checked(path).outcome is not Outcome.FAILED:
            assert contents(path) == same


# Zips that are not what they seem.


def entry(name: str, content: bytes = b"x", **attributes: object) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as whole:
        info = zipfile.ZipInfo(name, (2026, 3, 1, 12, 0, 0))
        info.create_system, info.external_attr = 3, 0o100644 << 16
        for attribute, value in attributes.items():
            setattr(info, attribute, value)
        whole.writestr(info, content)
    return target.getvalue()


def twice() -> bytes:
    """Return a zip of two files, renamed to one name."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as whole:
        for name in ("policy.txt", "checkpoint"):
            info = zipfile.ZipInfo(name, (2026, 3, 1, 12, 0, 0))
            info.create_system, info.external_attr = 3, 0o100644 << 16
            whole.writestr(info, b"x")
    return target.getvalue().replace(b"policy.txt", b"checkpoint")


def bomb() -> bytes:
    data = bytearray(entry("checkpoint", bytes(1_000_000), compress_type=zipfile.ZIP_DEFLATED))
    for signature, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        at = data.index(signature) + offset
        data[at : at + 4] = struct.pack("<I", 2**31)
    return bytes(data)


def lying_size() -> bytes:
    data = bytearray(entry("manifest.json", bytes(1000), compress_type=zipfile.ZIP_DEFLATED))
    for signature, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        at = data.index(signature) + offset
        data[at : at + 4] = struct.pack("<I", 10)
    return bytes(data)


def two_headers() -> bytes:
    """A program that reads the entry's own header would find another size than one that reads the directory's."""
    data = bytearray(entry("checkpoint", bytes(1000), compress_type=zipfile.ZIP_DEFLATED))
    at = data.index(b"PK\3\4") + 22
    data[at : at + 4] = struct.pack("<I", 999)
    return bytes(data)


def many() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as whole:
        for number in range(20_400):
            whole.writestr(zipfile.ZipInfo(f"leaves/{number:06d}.leaf"), b"")
    return target.getvalue()


PLAIN = entry("checkpoint")
HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "no zip": lambda: b"x" * 1000,
    "an empty zip": lambda: b"PK\5\6" + bytes(18),
    "cut short": lambda: PLAIN[:-5],
    "bytes after it": lambda: PLAIN + b"x",
    "bytes before it": lambda: b"#!/bin/sh\n" + PLAIN,
    "a zip within its comment": lambda: PLAIN[:-2] + struct.pack("<H", len(PLAIN)) + PLAIN,
    "a path that climbs": lambda: entry("../checkpoint"),
    "a path that climbs inside": lambda: entry("leaves/../../000001.leaf"),
    "an absolute path": lambda: entry("/etc/passwd"),
    "a backslash": lambda: entry("leaves\\000001.leaf"),
    "a directory": lambda: entry("leaves/"),
    "an unknown name": lambda: entry("run-me.sh"),
    "a name with a zero byte": lambda: PLAIN.replace(b"checkpoint", b"checkpo\0nt"),
    "two names": lambda: PLAIN.replace(b"checkpoint", b"policy.txt", 1),
    "a name twice": twice,
    "a symbolic link": lambda: entry("checkpoint", b"/etc/passwd", external_attr=0o120777 << 16),
    "an extra field": lambda: entry("checkpoint", extra=b"UT\5\0\3abcd"),
    "a comment on a file": lambda: entry("checkpoint", comment=b"hello"),
    "another compression": lambda: entry("checkpoint", compress_type=zipfile.ZIP_BZIP2),
    "a bomb": bomb,
    "more bytes than its size says": lying_size,
    "two headers that differ": two_headers,
    "too many files": many,
    "no manifest": lambda: PLAIN,
}
PLAIN_ENOUGH = {"no manifest", "more bytes than its size says"}
"""Zips whose headers are as they should be: what is wrong shows when a file is read."""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_zip_is_refused(tmp_path, name):
    path = tmp_path / "p.zip"
    path.write_bytes(HOSTILE[name]())
    report = checked(path)
    assert report.outcome is Outcome.FAILED
    assert failures(report) == ({"manifest"} if name in PLAIN_ENOUGH else {"zip_form"}), report


def test_bytes_hidden_between_two_files_are_refused(pack, tmp_path):
    """A program that reads a zip from its beginning would find a file that is not in its directory."""
    whole = pack.read_bytes()
    second = whole.index(b"PK\3\4", 4)
    hidden = whole[:second] + entry("VERIFY.md", b"hidden")[:60] + whole[second:]
    path = tmp_path / "p.zip"
    path.write_bytes(hidden)
    assert failures(checked(path)) == {"zip_form"}


def test_a_link_or_a_pipe_in_a_packs_place_is_refused(pack, tmp_path):
    (tmp_path / "link").symlink_to(pack)
    assert failures(checked(tmp_path / "link")) == {"zip_form"}
    assert failures(checked(tmp_path / "nothing")) == {"zip_form"}
    assert failures(checked(tmp_path)) == {"zip_form"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=st.data())
def test_any_bytes_put_anywhere_are_answered_without_a_traceback(pack, tmp_path, data):
    whole = pack.read_bytes()
    start = data.draw(st.integers(0, len(whole)))
    cut = data.draw(st.integers(0, 200))
    path = tmp_path / "p.zip"
    path.write_bytes(whole[:start] + data.draw(st.binary(max_size=200)) + whole[start + cut :])
    assert checked(path).outcome in (Outcome.FAILED, Outcome.VERIFIED)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=st.data())
def test_any_file_of_a_pack_changed_anyhow_is_answered_without_a_traceback(pack, tmp_path, data):
    files = contents(pack)
    small = [name for name in files if not name.startswith(("leaves/", "records/"))]
    name = data.draw(
        st.sampled_from([*small, f"leaves/{STEM}.leaf", f"leaves/{STEM}.tlog-proof", f"records/{STEM}.record"])
    )
    whole = files[name]
    start = data.draw(st.integers(0, len(whole)))
    cut = data.draw(st.integers(0, 100))
    files[name] = whole[:start] + data.draw(st.binary(max_size=100)) + whole[start + cut :]
    if name != "manifest.json":
        files = relisted(files)
    report = checked(zipped(files, tmp_path / "p.zip"))
    # What is signed by nobody may be changed: the pages for people, words in a schema, comments.
    unsigned = ("VERIFY.md", "STATEMENTS.md", "manifest.json", "policy.txt", "directory.toml")
    free = name in unsigned or name.startswith("schemas/")
    assert report.outcome is Outcome.FAILED or files[name] == whole or free, name


@given(st.binary(max_size=300))
def test_any_bytes_as_a_manifest_are_refused_or_print_back(data):
    try:
        manifest = parse_manifest(data)
    except VerificationFailed:
        return
    assert manifest.format_bytes() == data


def test_the_directory_in_the_pack_is_the_one_that_was_given(source, pack):
    text = contents(pack)["directory.toml"].decode()
    assert text == source.directory.read_text()
    assert Directory.from_toml(text) == DIRECTORY
