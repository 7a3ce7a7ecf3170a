"""De-duplicating and linking registers: what is found, what stays apart, and that it is the same every time."""

import random
from collections.abc import Sequence
from itertools import combinations
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from register_builders import one, person, records, register

from casebus.matching.register.blocks import CAPS, LOOSE_PAIRS, PAIRS_PER_RECORD, SPARE_PAIRS, Index
from casebus.matching.register.engine import ALERT, Band, Register, Suspects
from casebus.matching.register.groups import Rules, groups, strengths, third
from casebus.matching.register.lookup import Lookup
from casebus.matching.register.record import Record


def found(everybody: Sequence[Record], *, linking: bool = False) -> list[Suspects]:
    return Register(everybody, linking=linking).suspects()


def told(suspects: list[Suspects]) -> list[tuple[str, str, str, float, str]]:
    return [(one.a.record_id, one.b.record_id, one.band.value, one.weight, one.reasons) for one in suspects]


def test_duplicates_are_found_and_nobody_else() -> None:
    """The floor under the quality, on people of our own making; the measured figures stand in docs/matching.md."""
    rows, truth = register(people=1500, duplicates=400)
    suspects = found(records(rows))
    right = sum(truth[one.a.record_id] == truth[one.b.record_id] for one in suspects)
    assert right >= 0.97 * 400
    assert right >= 0.97 * len(suspects)
    alerts = [one for one in suspects if one.band is Band.alert]
    assert len(alerts) >= 0.6 * 400
    assert all(truth[one.a.record_id] == truth[one.b.record_id] for one in alerts)
    assert [one.weight for one in suspects] == sorted((one.weight for one in suspects), reverse=True)


def test_two_registers_are_linked_across_only() -> None:
    rows, truth = register(people=800, duplicates=500)
    first = records([row for row in rows if row["record_id"][0] == "p"], 0)
    second = records([row for row in rows if row["record_id"][0] == "q"], 1)
    suspects = found([*second, *first], linking=True)
    assert all((one.a.side, one.b.side) == (0, 1) for one in suspects)
    right = sum(truth[one.a.record_id] == truth[one.b.record_id] for one in suspects)
    assert right >= 0.97 * 500
    assert right >= 0.98 * len(suspects)


def test_a_register_without_duplicates_has_none() -> None:
    rows, _ = register(people=1500, duplicates=0)
    assert len([one for one in found(records(rows)) if one.band is Band.alert]) == 0


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(seed: int, shuffle: random.Random) -> None:
    rows, _ = register(people=60, duplicates=25, seed=seed)
    before = told(found(records(rows)))
    shuffle.shuffle(rows)
    assert told(found(records(rows))) == before


def test_the_two_files_may_change_places() -> None:
    rows, _ = register(people=200, duplicates=120)
    first = [row for row in rows if row["record_id"][0] == "p"]
    second = [row for row in rows if row["record_id"][0] == "q"]
    one_way = told(found([*records(first, 0), *records(second, 1)], linking=True))
    other_way = told(found([*records(second, 0), *records(first, 1)], linking=True))
    assert [(b, a, *rest) for a, b, *rest in other_way] == [tuple(row) for row in one_way]


def _at_home(number: int) -> dict[str, str]:
    """Return what a family has in common: one that lives at another number is another family."""
    return {
        "surname": ("Featherstone", "Okonkwo-Vale", "Lindqvist")[number],
        "address": f"{7 + 20 * number} {('Pohutukawa Lane', 'Kauri Rise', 'Totara Street')[number]}",
        "postcode": f"50{10 + number}",
        "phone": f"04 555 019{number}",
        "country": "NZ",
    }


_TWINS = [
    {"record_id": "t1", "given_name": "Hemi", "date_of_birth": "2001-04-09", **_at_home(0)},
    {"record_id": "t2", "given_name": "Mikaere", "date_of_birth": "2001-04-09", **_at_home(0)},
]
_HOUSEHOLD = [
    {"record_id": f"h{at}", "given_name": name, "date_of_birth": f"{1970 + 7 * at}-0{at + 1}-11", **_at_home(1)}
    for at, name in enumerate(["Wiremu", "Harriet", "Oliver", "Tui"])
]
_FATHER_AND_SON = [
    {
        "record_id": f"s{at}",
        "given_name": "Walter",
        "date_of_birth": born,
        **_at_home(2),
        "surname": f"{_at_home(2)['surname']} {called}",
    }
    for at, (born, called) in enumerate([("1951-02-03", "Sr"), ("1984-11-28", "Jr")])
]


@pytest.fixture(scope="module")
def alerts() -> set[frozenset[str]]:
    """The alerts of a register with three families among other people: the model is fitted to what a register is like."""
    others, _ = register(people=1000, duplicates=200)
    suspects = found(records([*others, *_TWINS, *_HOUSEHOLD, *_FATHER_AND_SON]))
    return {frozenset((one.a.record_id, one.b.record_id)) for one in suspects if one.band is Band.alert}


@pytest.mark.parametrize(
    "family", [_TWINS, _HOUSEHOLD, _FATHER_AND_SON], ids=["twins", "a household", "father and son"]
)
def test_a_family_is_no_alert(alerts: set[frozenset[str]], family: list[dict[str, str]]) -> None:
    assert len(alerts) > 100, "the others are found"
    assert not any(frozenset(pair) in alerts for pair in combinations([row["record_id"] for row in family], 2))


def test_a_value_that_very_many_hold_is_suppressed_and_said_so() -> None:
    rows, _ = register(people=300, duplicates=0)
    for row in rows:
        row["email"] = "everybody@example.com"
    rows.append({**rows[0], "record_id": "again"})
    suspects = found(records(rows))
    assert {suspects[0].a.record_id, suspects[0].b.record_id} == {"again", rows[0]["record_id"]}
    assert "e-mail suppressed as common" in suspects[0].reasons
    assert "e-mail agrees" not in suspects[0].reasons


def test_one_identifier_in_very_many_records_makes_no_pairs() -> None:
    everybody = [one({"record_id": f"{number:06d}", "email": "everybody@example.com"}) for number in range(20_000)]
    assert found(everybody) == []


def test_blocks_are_bounded_however_alike_the_records_are() -> None:
    everybody = [one({"record_id": f"{n:04d}", "name": f"Ana Lopez {n % 40}", "city": "Leeds"}) for n in range(3000)]
    index = Index(sorted(everybody, key=lambda record: record.record_id))
    pairs = sum(len(others) for _, others in index.candidates(linking=False))
    assert pairs <= PAIRS_PER_RECORD * len(everybody) + SPARE_PAIRS + LOOSE_PAIRS
    assert all(end - start <= CAPS[0] for _, start, end in index.blocks())


def test_reasons_never_hold_a_value() -> None:
    rows, _ = register(people=200, duplicates=100)
    values = {value.lower() for row in rows for name, value in row.items() if name != "record_id"}
    for suspects in found(records(rows)):
        assert not any(value in suspects.reasons.lower() for value in values)


def test_tiny_registers_end_well() -> None:
    assert found([]) == []
    assert found([one({"record_id": "1", "name": "Ana"})]) == []
    assert found([one({"record_id": "1"}), one({"record_id": "2"})]) == []


def test_one_bridge_does_not_chain_two_people() -> None:
    edges = {(0, 1): 9.0, (2, 3): 9.0, (1, 2): 1.0}
    weigh = lambda a, b: edges.get((min(a, b), max(a, b)), -20.0)  # noqa: E731
    assert groups(edges, weigh, Rules(0.0, 2.0, -12.0)) == [[0, 1], [2, 3]]


def test_a_pair_through_a_third_is_as_strong_as_its_weakest_link() -> None:
    edges = {(0, 1): 9.0, (1, 2): 6.0}
    weigh = lambda a, b: edges.get((min(a, b), max(a, b)), -12.0)  # noqa: E731
    strength = strengths([0, 1, 2], weigh, -12.0)
    assert strength[0, 1] == 9.0
    assert strength[1, 2] == 6.0
    assert strength[0, 2] == 4.5


def test_a_pair_through_a_third_record_names_the_one_that_connects_it_best() -> None:
    edges = {(0, 1): 9.0, (1, 3): 6.0, (0, 2): 9.0, (2, 3): 2.0, (1, 2): 9.0}
    weigh = lambda a, b: edges.get((min(a, b), max(a, b)), -12.0)  # noqa: E731
    assert third(0, 3, [0, 1, 2, 3], weigh) == 1
    assert third(3, 0, [0, 1, 2, 3], weigh) == 1
    assert third(1, 2, [0, 1, 2, 3], weigh) == 0


def _in_two_halves() -> tuple[list[dict[str, str]], dict[str, str], dict[str, str]]:
    """Return a register in which one row has all, and two rows of the same person that have nothing in common."""
    rows, _ = register(people=600, duplicates=200)
    whole = {**person(random.Random(9), 9), "record_id": "whole"}
    name = {column: whole[column] for column in ("given_name", "surname", "date_of_birth", "address")}
    other = {column: whole[column] for column in ("email", "phone")}
    return [*rows, whole], {**name, "record_id": "x"}, {**other, "record_id": "y"}


def test_the_reasons_of_a_pair_that_shares_nothing_name_the_record_between_them() -> None:
    rows, named, reached = _in_two_halves()
    pairs = {(each.a.record_id, each.b.record_id): each.reasons for each in found(records([*rows, named, reached]))}
    assert pairs["x", "y"].startswith("through a third record (whole)")
    assert "third" not in pairs["whole", "x"] + pairs["whole", "y"]


def test_an_answer_that_shares_too_little_names_the_record_between_them() -> None:
    rows, named, reached = _in_two_halves()
    reached["address"] = named["address"]
    asked = {column: (value,) for column, value in reached.items() if column != "record_id"}
    answers = {each.record_id: each.reasons for each in Lookup(Register(records([*rows, named]))).suspects(asked)}
    assert answers["x"].startswith("through a third record (whole)")
    assert "third" not in answers["whole"]


def test_a_new_record_is_answered_from_the_register() -> None:
    rows, truth = register(people=600, duplicates=200)
    new = [row for row in rows if row["record_id"][0] == "q"]
    lookup = Lookup(Register(records([row for row in rows if row["record_id"][0] == "p"])))
    right = wrong = 0
    for row in new:
        asked = {name: (value,) for name, value in row.items() if name != "record_id"}
        answers = lookup.suspects(asked)
        assert [one.weight for one in answers] == sorted((one.weight for one in answers), reverse=True)
        right += any(truth[one.record_id] == truth[row["record_id"]] for one in answers[:1])
        wrong += sum(truth[one.record_id] != truth[row["record_id"]] for one in answers if one.weight >= ALERT)
    assert right >= 0.95 * len(new)
    assert wrong <= 0.02 * len(new)


def test_a_new_record_is_judged_as_it_would_be_in_the_register() -> None:
    rows, _ = register(people=700, duplicates=400)
    held_out = [row for row in rows if row["record_id"][0] == "q"][:100]
    rest = [row for row in rows if row not in held_out]
    lookup = Lookup(Register(records(rest)))
    found: dict[tuple[str, str], tuple[Band, float]] = {}
    for row in held_out:
        asked = {name: (value,) for name, value in row.items() if name != "record_id"}
        found |= {(row["record_id"], one.record_id): (one.band, one.weight) for one in lookup.suspects(asked)}
    new = {row["record_id"] for row in held_out}
    together = {
        (q.record_id, p.record_id): (one.band, one.weight)
        for one in Register(records(rows)).suspects()
        for q, p in ((one.a, one.b), (one.b, one.a))
        if q.record_id in new and p.record_id not in new
    }
    both = together.keys() & found.keys()
    assert len(both) >= 0.97 * len(together)
    assert sum(together[pair][0] is found[pair][0] for pair in both) >= 0.95 * len(both)
    assert median(abs(together[pair][1] - found[pair][1]) for pair in both) < 1.0


def test_a_new_record_that_two_people_could_be_alerts_of_the_one_that_it_fits_best() -> None:
    rows, _ = register(people=600, duplicates=300)
    one_person, other = (row for row in rows if row["record_id"] in ("p00598", "p00599"))
    again = [{**row, "record_id": f"{row['record_id']}{number}"} for row in (one_person, other) for number in range(3)]
    lookup = Lookup(Register(records([*rows, *again])))
    columns = ("given_name", "surname", "date_of_birth", "phone", "email")
    answers = lookup.suspects({name: (one_person[name], other[name]) for name in columns})
    people = [one.record_id[:6] for one in answers]
    alerts = [one.record_id[:6] for one in answers if one.band is Band.alert]
    assert sorted(people) == ["p00598"] * 4 + ["p00599"] * 4
    assert len(alerts) == 4
    assert people[:4] == alerts
    assert len(set(alerts)) == 1


def test_as_close_as_a_pair_that_is_no_alert_in_the_register_a_new_record_is_none_either() -> None:
    rows, _ = register(people=600, duplicates=0)
    columns = ("given_name", "surname", "email")
    undated = {"record_id": "s1", **{name: rows[0][name] for name in columns}}
    asked = {name: (rows[300][name],) for name in columns}
    bands = [Lookup(Register(records(each))).suspects(asked)[0].band for each in (rows, [*rows, undated])]
    assert bands == [Band.alert, Band.review]
    assert [one.band for one in Register(records([*rows, undated])).suspects()] == [Band.review]


def test_a_question_of_nothing_has_no_answer() -> None:
    rows, _ = register(people=50, duplicates=10)
    lookup = Lookup(Register(records(rows)))
    assert lookup.suspects({}) == []
    assert lookup.suspects({"name": ("\u202e\u0000",), "date_of_birth": ("never",)}) == []
