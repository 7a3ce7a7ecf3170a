"""The Merkle tree against published constants, our vectors and the recursive definition."""

import random
from base64 import b64decode, b64encode
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casebus.errors import VerificationFailed
from casebus.ledger.tree import (
    EMPTY_ROOT,
    RightEdge,
    consistency_proof,
    edge_widths,
    inclusion_proof,
    leaf_hash,
    root_of,
    subtrees_of,
    verify_consistency,
    verify_inclusion,
)

HASHES = [leaf_hash(b"leaf %d" % index) for index in range(70_000)]

# transparency-dev/merkle, testonly/constants.go
SMALL_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
SMALL_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SMALL_INCLUSION_0_IN_8 = [
    "lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c=",
    "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
    "a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=",
]


def mth(start: int, end: int, memo: dict[tuple[int, int], bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if start == end:
        return sha256(b"").digest()
    if end - start == 1:
        return HASHES[start]
    if (start, end) not in memo:
        k = 1
        while k * 2 < end - start:
            k *= 2
        children = mth(start, start + k, memo) + mth(start + k, end, memo)
        memo[start, end] = sha256(b"\x01" + children).digest()
    return memo[start, end]


def edge_of(size: int, step: int) -> RightEdge:
    edge = RightEdge()
    for at in range(0, size, step):
        edge.extend(HASHES[at : min(at + step, size)])
    return edge


def test_the_small_trees_of_transparency_dev_are_reproduced():
    hashes = [leaf_hash(bytes.fromhex(leaf)) for leaf in SMALL_LEAVES]
    assert [root_of(hashes[:n]).hex() for n in range(1, 9)] == SMALL_ROOTS
    proof = [b64encode(value).decode() for value in inclusion_proof(0, 8, subtrees_of(hashes))]
    assert proof == SMALL_INCLUSION_0_IN_8
    assert root_of([]) == EMPTY_ROOT == RightEdge().root()


def test_every_vector_of_roots_and_proofs_is_reproduced(vectors):
    for size, root in vectors["roots_of_leaf_%d"].items():
        assert root_of(HASHES[: int(size)]).hex() == root
        assert edge_of(int(size), 1024).root().hex() == root
    tree = subtrees_of(HASHES)
    assert inclusion_proof(12345, 70000, tree) == [b64decode(v) for v in vectors["inclusion_12345_in_70000"]]
    assert consistency_proof(35062, 70000, tree) == [b64decode(v) for v in vectors["consistency_35062_70000"]]
    assert root_of(HASHES[:35062]).hex() == vectors["root_35062"]


def test_every_size_to_600_has_the_recursive_definitions_root():
    memo: dict[tuple[int, int], bytes] = {}
    edge = RightEdge()
    for size in range(1, 601):
        edge.extend(HASHES[size - 1 : size])
        assert edge.root() == root_of(HASHES[:size]) == mth(0, size, memo)
        assert [len(level) for level in edge.levels] == edge_widths(size)


def test_random_sizes_to_70000_do_not_depend_on_how_they_were_appended():
    draw = random.Random(1)
    memo: dict[tuple[int, int], bytes] = {}
    for size in (65_535, 65_536, 65_537, *(draw.randrange(70_000) for _ in range(4))):
        assert edge_of(size, draw.randrange(1, 5000)).root() == mth(0, size, memo)


def test_every_small_proof_verifies_and_only_for_its_own_leaf_and_trees():
    for size in range(1, 34):
        root, tree = root_of(HASHES[:size]), subtrees_of(HASHES[:size])
        for index in range(size):
            proof = inclusion_proof(index, size, tree)
            verify_inclusion(index, size, HASHES[index], proof, root)
            with pytest.raises(VerificationFailed):
                verify_inclusion(index, size, HASHES[index + 1], proof, root)
        for old in range(size + 1):
            proof = consistency_proof(old, size, tree)
            verify_consistency(old, size, root_of(HASHES[:old]), root, proof)
            with pytest.raises(VerificationFailed):
                verify_consistency(old, size, HASHES[99], root, proof)
            with pytest.raises(VerificationFailed):
                verify_consistency(old, size, root_of(HASHES[:old]), root, [*proof, HASHES[0]])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_flipped_bit_anywhere_in_a_proof_makes_it_fail(data):
    size = data.draw(st.integers(2, 700))
    old = data.draw(st.integers(1, size - 1))
    index = data.draw(st.integers(0, size - 1))
    tree, root = subtrees_of(HASHES[:size]), root_of(HASHES[:size])

    def flipped(proof: list[bytes]) -> list[bytes]:
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        value = (int.from_bytes(proof[at], "big") ^ 1 << bit).to_bytes(32, "big")
        return [*proof[:at], value, *proof[at + 1 :]]

    inclusion = inclusion_proof(index, size, tree)
    verify_inclusion(index, size, HASHES[index], inclusion, root)
    with pytest.raises(VerificationFailed):
        verify_inclusion(index, size, HASHES[index], flipped(inclusion), root)
    consistency = consistency_proof(old, size, tree)
    verify_consistency(old, size, root_of(HASHES[:old]), root, consistency)
    with pytest.raises(VerificationFailed):
        verify_consistency(old, size, root_of(HASHES[:old]), root, flipped(consistency))


@given(
    st.integers(-1, 2**64),
    st.integers(-1, 2**64),
    st.lists(st.binary(min_size=30, max_size=33), max_size=70),
    st.binary(min_size=32, max_size=32),
)
def test_no_proof_that_a_stranger_makes_up_does_more_than_fail(first, second, proof, root):
    with pytest.raises(VerificationFailed):
        verify_inclusion(first, second, HASHES[0], proof, root)
    with pytest.raises(VerificationFailed):
        verify_consistency(first, second, HASHES[0], root, proof)


def test_a_stored_edge_of_the_wrong_widths_is_refused():
    with pytest.raises(VerificationFailed):
        RightEdge.restored(257, [[HASHES[0]], []])
    assert RightEdge.restored(257, [[HASHES[0]], [HASHES[1]]]).size == 257
