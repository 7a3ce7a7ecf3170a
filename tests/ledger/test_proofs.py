"""Proofs that travel alone: round trips, vectors, refusals, and that any flipped bit is noticed."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from casebus.errors import VerificationFailed
from casebus.ledger.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from casebus.ledger.cosignature import cosign
from casebus.ledger.note import Note, parse_note
from casebus.ledger.policy import parse_policy
from casebus.ledger.proof import (
    MAX_HASHES,
    MAX_PROOF_BYTES,
    ConsistencyProof,
    InclusionProof,
    parse_proof,
    witnessed,
)
from casebus.ledger.tree import consistency_proof, inclusion_proof, leaf_hash, root_of, subtrees_of
from casebus.ledger.vkey import KeyType, decode_base64, parse_vkey, verifier_key

NAME = "log.example"
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
WITNESSES = {name: Ed25519PrivateKey.from_private_bytes(name.encode() * 32) for name in "abc"}
KEY = verifier_key(NAME, PRIVATE)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEAVES = [b"leaf %d" % number for number in range(300)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


def signed(size: int, private: Ed25519PrivateKey = PRIVATE, name: str = NAME) -> Note:
    return sign_checkpoint(Checkpoint(name, size, root_of(HASHES[:size])), private)


def inclusion(index: int, size: int) -> InclusionProof:
    return InclusionProof(index, tuple(inclusion_proof(index, size, subtrees_of(HASHES))), signed(size))


def consistency(old: int, new: int) -> ConsistencyProof:
    return ConsistencyProof(signed(old), signed(new), tuple(consistency_proof(old, new, subtrees_of(HASHES))))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 255, 256, 257, 300])
def test_a_proof_reads_back_and_holds_for_its_leaf_and_no_other(size):
    for index in {0, size // 2, size - 1}:
        proof = inclusion(index, size)
        assert parse_proof(proof.format()) == proof
        assert proof.check(LEAVES[index], KEY).size == size
        with pytest.raises(VerificationFailed, match="does not lead to the root"):
            proof.check(LEAVES[index] + b"\0", KEY)


@pytest.mark.parametrize(("old", "new"), [(0, 5), (1, 2), (4, 8), (5, 5), (7, 300), (256, 300), (299, 300)])
def test_a_consistency_proof_reads_back_and_holds(old, new):
    proof = consistency(old, new)
    assert parse_proof(proof.format()) == proof
    assert [each.size for each in proof.check(KEY)] == [old, new]


def test_a_tree_that_does_not_extend_the_older_one_is_refused():
    other = Checkpoint(NAME, 7, root_of(HASHES[1:8]))
    with pytest.raises(VerificationFailed, match="does not extend"):
        replace(consistency(7, 300), old=sign_checkpoint(other, PRIVATE)).check(KEY)


def test_a_consistency_proof_from_a_larger_tree_is_refused():
    proof = ConsistencyProof(signed(9), signed(8), ())
    with pytest.raises(VerificationFailed, match="cannot extend"):
        parse_proof(proof.format()).check(KEY)


def test_the_vectors_proof_is_accepted_and_printed_alike(vectors):
    body = vectors["checkpoint_body"]
    checkpoint = parse_checkpoint(body)
    key = parse_vkey(vectors["log_vkey"])
    note = body + "\n" + vectors["log_sig_line"].strip() + "\n"
    hashes = "".join(f"{line}\n" for line in vectors["inclusion_12345_in_70000"])
    data = f"c2sp.org/tlog-proof@v1\nindex 12345\n{hashes}\n{note}".encode()
    proof = parse_proof(data)
    assert isinstance(proof, InclusionProof)
    assert proof.format() == data
    assert checkpoint.size == 70_000
    assert proof.check(b"leaf 12345", key) == checkpoint


def test_the_vectors_consistency_proof_is_accepted(vectors):
    seed = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vectors["log_seed_hex"]))
    new = parse_checkpoint(vectors["checkpoint_body"])
    old = Checkpoint(new.origin, 35_062, bytes.fromhex(vectors["root_35062"]))
    hashes = tuple(decode_base64(line) for line in vectors["consistency_35062_70000"])
    proof = ConsistencyProof(sign_checkpoint(old, seed), sign_checkpoint(new, seed), hashes)
    assert parse_proof(proof.format()).check(parse_vkey(vectors["log_vkey"])) == (old, new)


def test_any_flipped_bit_of_an_inclusion_proof_is_noticed():
    data = inclusion(137, 300).format()
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(VerificationFailed):
            parse_proof(bytes(flipped)).check(LEAVES[137], KEY)


def test_any_flipped_bit_of_a_consistency_proof_is_noticed():
    data = consistency(77, 300).format()
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(VerificationFailed):
            parse_proof(bytes(flipped)).check(KEY)


def test_any_flipped_bit_of_the_leaf_is_noticed():
    proof = inclusion(137, 300)
    for bit in range(len(LEAVES[137]) * 8):
        leaf = bytearray(LEAVES[137])
        leaf[bit // 8] ^= 1 << bit % 8
        with pytest.raises(VerificationFailed):
            proof.check(bytes(leaf), KEY)


def test_extra_data_travels_and_is_trusted_by_nobody():
    proof = replace(inclusion(3, 300), extra=b"anything")
    assert parse_proof(proof.format()) == proof
    assert proof.check(LEAVES[3], KEY).size == 300


GOOD = inclusion(137, 300).format()
BAD = {
    "another first line": GOOD.replace(b"@v1", b"@v2", 1),
    "carriage returns": GOOD.replace(b"\n", b"\r\n"),
    "zero-padded index": GOOD.replace(b"index 137", b"index 0137"),
    "signed index": GOOD.replace(b"index 137", b"index +137"),
    "spaced index": GOOD.replace(b"index 137", b"index  137"),
    "other digits": GOOD.replace(b"index 137", "index ١٣٧".encode()),
    "huge index": GOOD.replace(b"index 137", b"index 9223372036854775808"),
    "no index": GOOD.replace(b"index 137\n", b""),
    "empty extra": GOOD.replace(b"index", b"extra \nindex", 1),
    "two extras": GOOD.replace(b"index", b"extra QQ==\nextra QQ==\nindex", 1),
    "non-canonical extra": GOOD.replace(b"index", b"extra QR==\nindex", 1),
    "extra after the index": GOOD.replace(b"index 137\n", b"index 137\nextra QQ==\n"),
    "short hash": GOOD.replace(b"index 137\n", b"index 137\nQUJD\n"),
    "non-canonical hash": GOOD.replace(b"=\n", b"\n", 1),
    "too many hashes": GOOD.replace(b"index 137\n", b"index 137\n" + (b"A" * 43 + b"=\n") * MAX_HASHES),
    "no checkpoint": GOOD.partition(b"\n\n")[0] + b"\n",
    "two blank lines": GOOD.replace(b"\n\n", b"\n\n\n", 1),
    "trailing bytes": GOOD + b"\n",
    "too long": GOOD + b"x" * MAX_PROOF_BYTES,
    "empty": b"",
}


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_proof_is_refused(name):
    with pytest.raises(VerificationFailed):
        parse_proof(BAD[name])


@pytest.mark.parametrize("count", [b"0", b"4", b"6", b"9", b"999", b"05"])
def test_a_consistency_proof_whose_notes_are_cut_elsewhere_is_refused(count):
    data = consistency(77, 300).format()
    assert b"\nold 5\n" in data
    with pytest.raises(VerificationFailed):
        parse_proof(data.replace(b"\nold 5\n", b"\nold " + count + b"\n"))


@given(st.binary(max_size=400))
@example(b"c2sp.org/tlog-proof@v1\n\n")
@example(b"c2sp.org/tlog-proof@v1\nextra \n\n")
@example(b"casebus/consistency-proof@v1\n\n\n")
def test_any_bytes_are_refused_or_print_back(data):
    try:
        proof = parse_proof(data)
    except VerificationFailed:
        return
    assert proof.format() == data


@given(st.data())
def test_a_proof_with_bytes_replaced_is_refused_or_prints_back(data):
    whole = data.draw(st.sampled_from([GOOD, consistency(77, 300).format()]))
    start = data.draw(st.integers(0, len(whole)))
    cut = data.draw(st.integers(0, 60))
    changed = whole[:start] + data.draw(st.binary(max_size=60)) + whole[start + cut :]
    try:
        proof = parse_proof(changed)
    except VerificationFailed:
        return
    assert proof.format() == changed


def test_a_proof_by_another_key_or_for_another_origin_is_refused():
    other = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
    with pytest.raises(VerificationFailed, match="no signature by the key"):
        replace(inclusion(3, 300), note=signed(300, other)).check(LEAVES[3], KEY)
    with pytest.raises(VerificationFailed):
        replace(inclusion(3, 300), note=signed(300, PRIVATE, "elsewhere.example")).check(LEAVES[3], KEY)


def policy_text(*names: str, log: str = KEY.format()) -> str:
    lines = [f"witness {n} {verifier_key(n, WITNESSES[n], KeyType.COSIGNATURE).format()}" for n in names]
    return "\n".join([f"log {log}", *lines, f"group g 2 {' '.join(names)}", "quorum g\n"])


def cosigned(note: Note, **seconds: int) -> Note:
    lines = [cosign(note.text, name, WITNESSES[name], at) for name, at in seconds.items()]
    return Note(note.text, (*note.signatures, *lines))


def test_the_witnesses_of_a_policy_are_named_with_their_times():
    at = int(NOW.timestamp())
    note = parse_note(cosigned(signed(9), a=at - 60, b=at, c=at + 3600).format())
    found = witnessed(note, KEY, parse_policy(policy_text("a", "b", "c")), NOW)
    assert dict(found.times) == {"a": at - 60, "b": at}
    assert found.quorum
    assert not witnessed(note, KEY, parse_policy(policy_text("a", "b", "c")), NOW - timedelta(seconds=40)).quorum


def test_a_policy_for_another_log_and_a_false_cosignature_are_refused():
    other = verifier_key("other", Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)).format()
    with pytest.raises(VerificationFailed, match="another log"):
        witnessed(signed(9), KEY, parse_policy(policy_text("a", "b", log=other)), NOW)
    false = cosign(signed(8).text, "a", WITNESSES["a"], int(NOW.timestamp()))
    note = signed(9)
    with pytest.raises(VerificationFailed, match="does not fit the checkpoint"):
        witnessed(Note(note.text, (*note.signatures, false)), KEY, parse_policy(policy_text("a", "b")), NOW)


def test_random_proofs_from_random_trees_hold():
    draw = random.Random(9)
    for _ in range(200):
        size = draw.randrange(1, 301)
        index, old = draw.randrange(size), draw.randrange(size + 1)
        parse_proof(inclusion(index, size).format()).check(LEAVES[index], KEY)
        parse_proof(consistency(old, size).format()).check(KEY)
