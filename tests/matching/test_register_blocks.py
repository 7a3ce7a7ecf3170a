"""Which pairs are compared: what records share in one small part is looked at within a bound that no register's size moves."""

from itertools import combinations

import pytest
from register_builders import records, register

from casebus.matching.register import blocks
from casebus.matching.register.blocks import CAPS, Index
from casebus.matching.register.keys import LOOSE, keys
from casebus.matching.register.record import Record

Pairs = set[tuple[int, int]]


def everybody(people: int = 1500) -> list[Record]:
    rows, _ = register(people=people, duplicates=people // 5)
    return sorted(records(rows), key=lambda record: record.record_id)


def compared(index: Index) -> Pairs:
    return {(place, other) for place, others in index.candidates(linking=False) for other in others}


def pairs_of(index: Index, *, loose: bool) -> Pairs:
    """Return the pairs that share a block under its cap, of loose keys or of the others."""
    caps = index.caps(linking=False)
    return {
        pair
        for kind, start, end in index.blocks()
        if (kind in LOOSE) is loose and end - start <= caps[kind]
        for pair in combinations(sorted(index._holders[kind][start:end]), 2)
    }


@pytest.mark.parametrize("people", [500, 1500])
def test_pairs_of_loose_keys_have_a_bound_that_does_not_grow_with_the_register(
    people: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = Index(everybody(people))
    assert len(pairs_of(index, loose=True)) > 5000
    monkeypatch.setattr(blocks, "LOOSE_PAIRS", 5000)
    assert 0 < len(pairs_of(index, loose=True)) <= 5000


def test_what_shares_more_than_a_loose_key_is_compared_whatever_loose_keys_cost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index = Index(everybody())
    sure = pairs_of(index, loose=False)
    before = compared(index)
    monkeypatch.setattr(blocks, "LOOSE_PAIRS", 5000)
    after = compared(index)
    assert sure <= after < before
    assert all(cap == CAPS[0] for kind, cap in enumerate(index.caps(linking=False)) if kind not in LOOSE)


def test_a_loose_key_is_one_word_a_part_of_one_or_two_parts_of_a_date() -> None:
    apart = records(
        [
            {"record_id": "a", "given_name": "Aroha", "surname": "Bellamy", "date_of_birth": "1951-02-03"},
            {"record_id": "b", "given_name": "Aroha", "surname": "Quinlan", "date_of_birth": "1951-02-28"},
        ]
    )
    index = Index(apart)
    shared = keys(apart[0], index.symbols) & keys(apart[1], index.symbols)
    loose = {kind for kind, _ in shared if kind in LOOSE}
    assert {39, 40, 41, 42, 45} <= loose
