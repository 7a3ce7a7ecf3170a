"""The measures agree with counting by hand."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quality.measures import Score, Truth, Weighted, at_best_threshold, band, measure, recall_at_precision

NAMES = list("abcdefgh")


def truth(people: str, sides: str | None = None) -> Truth:
    records = NAMES[: len(people)]
    return Truth(
        {record: int(person) for record, person in zip(records, people, strict=True)},
        {record: int(side) for record, side in zip(records, sides or "0" * len(people), strict=True)},
    )


def groups_of(records: list[str], pairs: list[tuple[str, str]]) -> list[set[str]]:
    groups = [{record} for record in records]
    for one, other in pairs:
        joined = [group for group in groups if one in group or other in group]
        groups = [group for group in groups if group not in joined] + [set().union(*joined)]
    return groups


def test_a_chain_of_two_pairs_implies_a_third() -> None:
    found = measure(truth("1112"), [("a", "b"), ("c", "b")])
    assert found.pairs == Score(1.0, 2 / 3)
    assert found.closure == Score(1.0, 1.0)
    assert found.biggest == 3


def test_b_cubed_is_the_mean_over_records() -> None:
    found = measure(truth("112"), [("b", "c")])
    assert found.b_cubed.precision == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)
    assert found.b_cubed.recall == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)


def test_only_pairs_across_count_when_two_registers_are_linked() -> None:
    linking = truth("1111", "0011")
    assert linking.pairs() == 4
    found = measure(linking, [("a", "c"), ("a", "d"), ("b", "c")])
    assert found.pairs == Score(1.0, 3 / 4)
    assert found.closure == Score(1.0, 1.0)


def test_a_pair_within_one_register_is_an_error_of_the_output() -> None:
    with pytest.raises(ValueError, match="within one"):
        measure(truth("1111", "0011"), [("a", "b")])


def test_a_pair_named_twice_is_an_error_of_the_output() -> None:
    with pytest.raises(ValueError, match="twice"):
        measure(truth("11"), [("a", "b"), ("b", "a")])


def test_nothing_said_is_precise_and_finds_nothing() -> None:
    found = measure(truth("112"), [])
    assert found.pairs == Score(1.0, 0.0)
    assert found.pairs.f1 == 0.0
    assert found.biggest == 1


def test_recall_at_a_precision_takes_ties_together() -> None:
    pairs = [Weighted(("a", "b"), 2.0), Weighted(("c", "d"), 1.0), Weighted(("a", "c"), 1.0)]
    assert recall_at_precision(truth("1122"), pairs, 0.99) == 0.5


def test_a_later_stretch_of_right_pairs_can_restore_the_precision() -> None:
    pairs = [Weighted(("a", "c"), 9.0), *(Weighted(pair, 1.0) for pair in combinations("abef", 2))]
    assert recall_at_precision(truth("112211"), pairs, 0.8) == 6 / 7


def test_a_band_is_measured_alone() -> None:
    pairs = [
        Weighted(("a", "b"), 9.0, "alert"),
        Weighted(("c", "d"), 1.0, "review"),
        Weighted(("a", "c"), 1.0, "review"),
    ]
    assert band(truth("1122"), pairs, "alert") == Score(1.0, 0.5)
    assert band(truth("1122"), pairs, "review") == Score(0.5, 0.5)


def test_the_best_threshold_is_chosen_for_each_measure_apart() -> None:
    pairs = [Weighted(("a", "b"), 3.0), Weighted(("b", "c"), 2.0), Weighted(("c", "d"), 1.0)]
    best = at_best_threshold(truth("1112"), pairs)
    assert (best.pairs.f1, best.closure.f1, best.biggest) == (pytest.approx(0.8), 1.0, 3)
    assert best.threshold == 2.0


@given(
    st.text("123", min_size=1, max_size=8),
    st.text("01", min_size=8, max_size=8),
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=12),
)
def test_growing_groups_agree_with_counting_them_at_the_end(
    people: str, sides: str, drawn: list[tuple[str, str]]
) -> None:
    known = truth(people, sides[: len(people)])
    records = NAMES[: len(people)]
    pairs = sorted({(min(p), max(p)) for p in drawn if set(p) <= set(records) and known.counts(p)})
    groups = groups_of(records, pairs)
    implied = [p for group in groups for p in combinations(sorted(group), 2) if known.counts(p)]
    true = [p for p in combinations(records, 2) if known.counts(p) and known.same(p)]
    of = {record: group for group in groups for record in group}
    about = {record: {other for other in records if known.same((record, other))} for record in records}
    found = measure(known, pairs)
    assert known.pairs() == len(true)
    assert found.closure == Score.of(sum(map(known.same, implied)), len(implied), len(true))
    assert found.b_cubed.precision == pytest.approx(
        sum(len(of[r] & about[r]) / len(of[r]) for r in records) / len(records)
    )
    assert found.b_cubed.recall == pytest.approx(
        sum(len(of[r] & about[r]) / len(about[r]) for r in records) / len(records)
    )
    assert found.biggest == max(map(len, groups))
