"""Groups are a function of the edges: their order does not matter, a "no" beats everything, and nobody else is moved."""

from itertools import combinations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from casebus.matching.groups import Edge, EdgeKind, groups

RECORDS = "abcdefg"
edges = st.lists(
    st.builds(
        lambda pair, kind, weight: Edge(*pair, kind, weight),
        st.sampled_from(list(combinations(RECORDS, 2))),
        st.sampled_from([EdgeKind.machine, EdgeKind.machine, EdgeKind.yes, EdgeKind.no]),
        st.sampled_from([1.0, 2.0, 3.0]),
    ),
    max_size=14,
    unique_by=lambda edge: (edge.a, edge.b),
)


def group_of(given_edges: list[Edge]) -> dict[str, frozenset[str]]:
    return {record: group for group in groups(given_edges) for record in group}


@given(edges, st.integers(0, 2**32), st.booleans())
def test_neither_the_order_of_edges_nor_their_direction_matters(drawn: list[Edge], seed: int, turned: bool) -> None:
    shuffled = Random(seed).sample(drawn, len(drawn))
    if turned:
        shuffled = [Edge(edge.b, edge.a, edge.kind, edge.weight) for edge in shuffled]
    assert groups(shuffled) == groups(drawn)
    assert groups([*drawn, *drawn]) == groups(drawn), "an edge twice is one edge"


@given(edges)
def test_two_records_with_a_no_between_them_are_never_together(drawn: list[Edge]) -> None:
    found = group_of(drawn)
    for edge in drawn:
        if edge.kind is EdgeKind.no:
            assert edge.a not in found or edge.b not in found[edge.a]


@given(edges)
def test_without_a_no_groups_are_what_edges_connect(drawn: list[Edge]) -> None:
    joining = [edge for edge in drawn if edge.kind is not EdgeKind.no]
    reach = {record: {record} for record in RECORDS}
    for _ in RECORDS:
        for edge in joining:
            both = reach[edge.a] | reach[edge.b]
            for record in both:
                reach[record] = both | reach[record]
    assert group_of(joining) == {r: frozenset(found) for r, found in reach.items() if len(found) > 1}


@given(edges)
def test_whoever_is_left_out_has_a_no_to_somebody_inside(drawn: list[Edge]) -> None:
    found = group_of(drawn)
    apart = {frozenset((edge.a, edge.b)) for edge in drawn if edge.kind is EdgeKind.no}
    for edge in drawn:
        if edge.kind is EdgeKind.no:
            continue
        one, other = found.get(edge.a, frozenset({edge.a})), found.get(edge.b, frozenset({edge.b}))
        assert one == other or any(frozenset((a, b)) in apart for a in one for b in other)


@given(edges, edges)
def test_what_happens_in_one_component_moves_nobody_in_another(drawn: list[Edge], others: list[Edge]) -> None:
    elsewhere = [Edge(edge.a.upper(), edge.b.upper(), edge.kind, edge.weight) for edge in others]
    together = groups([*drawn, *elsewhere])
    assert [group for group in together if group <= set(RECORDS)] == groups(drawn)


def test_the_firmest_joins_first_and_an_officers_yes_before_all_that_the_machine_found() -> None:
    no = Edge("a", "c", EdgeKind.no)
    weak, firm = Edge("a", "b", EdgeKind.machine, 1.0), Edge("b", "c", EdgeKind.machine, 2.0)
    assert groups([no, weak, firm]) == [frozenset("bc")]
    assert groups([no, Edge("a", "b", EdgeKind.yes, 1.0), firm]) == [frozenset("ab")]


def test_a_tie_falls_by_the_records_ids() -> None:
    tied = [Edge("b", "c", EdgeKind.machine, 1.0), Edge("a", "b", EdgeKind.machine, 1.0), Edge("a", "c", EdgeKind.no)]
    assert groups(tied) == [frozenset("ab")]
