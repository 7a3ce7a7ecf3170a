"""Signed notes, verifier keys, checkpoints, cosignatures and policies: vectors, round trips, refusals, fuzz."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from casebus.errors import VerificationFailed
from casebus.ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, sign_checkpoint
from casebus.ledger.cosignature import cosign, cosigned_at, cosigned_message
from casebus.ledger.note import MAX_NOTE_BYTES, Note, NoteSignature, open_note, parse_note, sign_note
from casebus.ledger.policy import parse_policy
from casebus.ledger.tree import EMPTY_ROOT
from casebus.ledger.vkey import (
    KeyType,
    VerifierKey,
    check_key_name,
    decode_base64,
    parse_vkey,
    shown_name,
    verifier_key,
)

GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_VKEY = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
C2SP_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_LINE = (
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
SUMDB_VKEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SUMDB_NOTES = [
    "go.sum database tree\n15081221\nBoMMe1wd25Tco0mYGROkyqxHZWx+hcSCtMV315Lu6Lg=\n\n— sum.golang.org "
    "Az3grilD7vQqTrv66jRgKM84Y80KTprrSt4bKmiOPxgmS5ZVBTeCl6dUvjYnN13R+C8j0jGY1WnUADGMkok3U0m2Zgo=\n",
    "go.sum database tree\n63096908\n8lHrQPRYe4KT4WQ9/Qk8/taKnD6IRHbFgfN7vQE2Y54=\n\n— sum.golang.org "
    "Az3gri/oVBN1jAhNZ/iS+W31psFAWRT20/GyrhpU6taFwulQGetBkH5S7wpGXdS935jiIGiUUAXBVHzT/P6fYhqAmAk=\n",
]
LOG = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
KEY = verifier_key("log.example", LOG)


def refused(function, *arguments):
    with pytest.raises(VerificationFailed):
        function(*arguments)


def test_notes_that_others_signed_verify():
    go = parse_note((GO_TEXT + "\n" + GO_LINE + ENOCH_LINE).encode())
    assert len(open_note(go, [parse_vkey(GO_VKEY), parse_vkey(ENOCH_VKEY)])) == 2
    c2sp = parse_note(("This is an example message.\n\n" + C2SP_LINE).encode())
    assert open_note(c2sp, [parse_vkey(C2SP_VKEY)])
    for text in SUMDB_NOTES:
        note = parse_note(text.encode())
        assert open_note(note, [parse_vkey(SUMDB_VKEY)])
        assert parse_checkpoint(note.text).origin == "go.sum database tree"


def test_go_signs_as_we_do():
    assert sign_note(GO_TEXT, "EnochRoot", Ed25519PrivateKey.from_private_bytes(bytes(32))).format() == (
        (GO_TEXT + "\n" + ENOCH_LINE).encode()
    )


def test_our_checkpoint_and_cosignature_vectors_are_reproduced(vectors):
    root = bytes.fromhex(vectors["roots_of_leaf_%d"]["70000"])
    note = sign_checkpoint(Checkpoint("audit.ccb.example/log1", 70_000, root), LOG)
    assert note.text == vectors["checkpoint_body"]
    assert note.signatures[0].format().strip() == vectors["log_sig_line"].strip()
    assert verifier_key("audit.ccb.example/log1", LOG).format() == vectors["log_vkey"]
    witness = vectors["witness"]
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(witness["seed_hex"]))
    assert verifier_key(witness["name"], private, KeyType.COSIGNATURE).format() == witness["vkey"]
    assert cosigned_message(note.text, witness["timestamp"]).decode() == witness["message"]
    line = cosign(note.text, witness["name"], private, witness["timestamp"])
    assert line.format() == witness["line"]
    cosigned = replace(note, signatures=(*note.signatures, line))
    assert cosigned_at(parse_note(cosigned.format()), parse_vkey(witness["vkey"])) == witness["timestamp"]


def test_an_unknown_line_is_ignored_and_a_known_one_that_fails_spoils_the_note():
    note = sign_note("text\n", "log.example", LOG)
    stranger = sign_note("text\n", "stranger.example", LOG).signatures[0]
    assert open_note(replace(note, signatures=(stranger, *note.signatures)), [KEY])
    refused(open_note, replace(note, signatures=(stranger,)), [KEY])
    refused(open_note, replace(note, text="other\n"), [KEY])


def test_two_lines_by_one_known_key_are_refused():
    note = sign_note("text\n", "log.example", LOG)
    refused(open_note, replace(note, signatures=note.signatures * 2), [KEY])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"\n\n\xe2\x80\x94 a AAAAAAA=\n",
        "text\n\n— a AAAAAAB=\n".encode(),
        "text\n\n— a AAAAAAA\n".encode(),
        "text\n\n— a AAAAAAA=".encode(),
        "text\n\n— a+b AAAAAAA=\n".encode(),
        "text\n\n—  AAAAAAA=\n".encode(),
        "text\n\n— a AAAAAA==\n".encode(),
        "te\rxt\n\n— a AAAAAAA=\n".encode(),
        "text\r\n\r\n— a AAAAAAA=\r\n".encode(),
        b"text\n\n- a AAAAAAA=\n",
        b"\xff\n\n" + "— a AAAAAAA=\n".encode(),
        b"x" * MAX_NOTE_BYTES + "\n\n— a AAAAAAA=\n".encode(),
        b"text\n\n" + "— a AAAAAAA=\n".encode() * 101,
    ],
)
def test_a_malformed_note_is_refused(data):
    refused(parse_note, data)


def test_a_note_whose_text_has_blank_lines_is_split_at_the_last_one():
    note = sign_note("one\n\ntwo\n", "log.example", LOG)
    assert parse_note(note.format()) == note


@pytest.mark.parametrize(
    "text",
    [
        "o\n05\n" + "A" * 43 + "=\n",
        "o\n+5\n" + "A" * 43 + "=\n",
        "o\n-5\n" + "A" * 43 + "=\n",
        "o\n٣\n" + "A" * 43 + "=\n",
        "o\n9223372036854775808\n" + "A" * 43 + "=\n",
        "o\n5\n" + "A" * 42 + "B=\n",
        "o\n5\n" + "A" * 42 + "==\n",
        "o\n5\nAAAA\n",
        "o\n0\n" + "A" * 43 + "=\n",
        "\n5\n" + "A" * 43 + "=\n",
        "o\n5\n" + "A" * 43 + "=",
        "o\n5\n" + "A" * 43 + "=\nextension\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text):
    refused(parse_checkpoint, text)


def test_a_checkpoint_of_another_origin_than_its_keys_name_is_refused():
    root = bytes(32)
    assert open_checkpoint(sign_checkpoint(Checkpoint("log.example", 5, root), LOG).format(), KEY).size == 5
    foreign = sign_note(Checkpoint("other.example", 5, root).format(), "log.example", LOG)
    refused(open_checkpoint, foreign.format(), KEY)


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32), st.from_regex(r"[a-z./-]{1,40}", fullmatch=True))
def test_a_checkpoint_reads_back(size, root, origin):
    checkpoint = Checkpoint(origin, size or 1, root)
    assert parse_checkpoint(checkpoint.format()) == checkpoint
    note = sign_checkpoint(checkpoint, LOG)
    assert parse_note(note.format()) == note


@given(st.binary(max_size=300))
def test_any_bytes_are_a_note_or_refused(data):
    for attempt in (data, b"text\n\n" + data, "text\n\n— a ".encode() + data + b"\n"):
        try:
            assert parse_note(attempt).format() == attempt
        except VerificationFailed:
            continue


@given(st.text(max_size=120))
def test_any_text_is_a_checkpoint_a_key_a_policy_or_refused(text):
    for parse in (parse_checkpoint, parse_vkey, parse_policy, decode_base64):
        try:
            parse(text)
        except VerificationFailed:
            continue


@pytest.mark.parametrize("at", range(len(GO_VKEY)))
def test_a_key_line_with_any_character_changed_is_refused(at):
    changed = "B" if GO_VKEY[at] != "B" else "C"
    refused(parse_vkey, GO_VKEY[:at] + changed + GO_VKEY[at + 1 :])


@pytest.mark.parametrize("y", [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18, 1 + 2**255])
def test_a_key_of_small_order_is_refused(y):
    refused(parse_vkey, VerifierKey("a", KeyType.ED25519, y.to_bytes(32, "little")).format())


def test_the_blocked_points_of_order_eight_are_of_order_eight():
    from casebus.ledger import vkey

    prime = 2**255 - 19
    d = -121665 * pow(121666, -1, prime) % prime
    for y in vkey._ORDER_EIGHT:
        # Doubling a point of order 8 gives one of order 4, whose y is 0: y^2 + x^2 = 0 on -x^2 + y^2 = 1 + d x^2 y^2.
        x_squared = (y * y - 1) * pow(d * y * y + 1, -1, prime) % prime
        assert (y * y + x_squared) % prime == 0


def witnesses(count: int) -> tuple[list[Ed25519PrivateKey], list[str]]:
    keys = [Ed25519PrivateKey.from_private_bytes(bytes([50 + n]) * 32) for n in range(count)]
    vkeys = [verifier_key(f"w{n}.example", key, KeyType.COSIGNATURE).format() for n, key in enumerate(keys)]
    return keys, vkeys


def test_a_quorum_counts_members_of_groups_and_groups_of_groups():
    _, vkeys = witnesses(4)
    lines = [f"log {KEY.format()}"] + [f"witness w{n} {vkey} https://w{n}.example" for n, vkey in enumerate(vkeys)]
    groups = ["# two of three, and w3", "group agencies 2 w0 w1 w2", "group both all agencies w3", "quorum both", ""]
    policy = parse_policy("\n".join(lines + groups))
    assert policy.is_met_by({"w0", "w2", "w3"})
    assert not policy.is_met_by({"w0", "w1", "w2"})
    assert not policy.is_met_by({"w0", "w3", "both", "agencies"})
    assert parse_policy("\n".join([*lines, "quorum w1"])).is_met_by({"w1"})
    assert not parse_policy("\n".join([*lines, "quorum none"])).is_met_by({"w1"})


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["quorum none", "quorum none"],
        ["quorum w9"],
        ["witness w0 {0}", "witness w0 {1}", "quorum none"],
        ["witness w0 {0}", "witness w1 {0}", "quorum none"],
        ["witness none {0}", "quorum none"],
        ["group g any w0", "witness w0 {0}", "quorum g"],
        ["witness w0 {0}", "group g any w0", "group h any w0", "quorum h"],
        ["witness w0 {0}", "group g any w0 w0", "quorum g"],
        ["witness w0 {0}", "group g 2 w0", "quorum g"],
        ["witness w0 {0}", "group g 0 w0", "quorum g"],
        ["witness w0 {0}", "group g 01 w0", "quorum g"],
        ["witness w0 {0}", "group g any", "quorum g"],
        ["witness w0 {log}", "quorum none"],
        ["log {0}", "quorum none"],
        ["unknown", "quorum none"],
    ],
)
def test_a_malformed_policy_is_refused(lines):
    _, vkeys = witnesses(2)
    body = "\n".join([f"log {KEY.format()}", *lines]).replace("{0}", vkeys[0]).replace("{1}", vkeys[1])
    refused(parse_policy, body.replace("{log}", GO_VKEY))


def test_a_cosignature_that_does_not_fit_is_refused():
    keys, vkeys = witnesses(2)
    note = sign_note("text\n", "log.example", LOG)
    line = cosign("other\n", "w0.example", keys[0], 5)
    refused(cosigned_at, Note(note.text, (line,)), parse_vkey(vkeys[0]))
    assert cosigned_at(Note(note.text, (line,)), parse_vkey(vkeys[1])) is None
    short = replace(line, signature=line.signature[:-1])
    refused(cosigned_at, Note("other\n", (short,)), parse_vkey(vkeys[0]))


@pytest.mark.parametrize("letter", ["\x7f", "\x85", "\x9b", "\u202a", "\u202e", "\u2066", "\u2069"])
def test_a_name_that_a_terminal_would_obey_is_no_keys_but_may_stand_in_a_line_to_be_ignored(letter):
    name = f"evil{letter}.example"
    refused(check_key_name, name)
    refused(verifier_key, name, LOG)
    refused(parse_vkey, VerifierKey(name, KeyType.ED25519, LOG.public_key().public_bytes_raw()).format())
    assert letter not in shown_name(name)
    if letter not in "\x7f\x85":  # the note's own form refuses the first; the second is a space
        stranger = NoteSignature(name, b"\x01\x02\x03\x04", bytes(64))
        note = sign_checkpoint(Checkpoint("log.example", 0, EMPTY_ROOT), LOG)
        whole = Note(note.text, (*note.signatures, stranger))
        assert open_checkpoint(whole.format(), verifier_key("log.example", LOG)).size == 0
