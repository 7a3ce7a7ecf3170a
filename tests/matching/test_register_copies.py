"""Rows that say the same, however many they are: pairs as of the same row twice, and no more pairs than rows."""

import random

import pytest
from register_builders import records, register

from casebus.matching.register.copies import MANY
from casebus.matching.register.engine import Band, Register, Suspects
from casebus.matching.register.lookup import Lookup

NAMED = {"given_name": "Walter", "surname": "Featherstone"}
BORN = {"date_of_birth": "1951-02-03"}
MAIL = {"email": "w.featherstone@mail.example"}
WHOLE = {**NAMED, **BORN, **MAIL, "phone": "+64215550199", "address": "7 Pohutukawa Lane"}
OTHERS = register(people=50, duplicates=0)[0]


def times(count: int, row: dict[str, str], name: str = "w") -> list[dict[str, str]]:
    return [{**row, "record_id": f"{name}{number:05d}"} for number in range(count)]


def said(suspects: list[Suspects]) -> list[tuple[str, str, str, float, str]]:
    return [(one.a.record_id, one.b.record_id, one.band.value, one.weight, one.reasons) for one in suspects]


def paired(suspects: list[Suspects]) -> set[str]:
    return {record.record_id for one in suspects for record in (one.a, one.b)}


@pytest.mark.parametrize("count", [2, MANY, MANY + 1, 90, 110, 150, 250])
def test_every_row_that_says_the_same_as_another_is_in_a_pair(count: int) -> None:
    crowd = times(count, WHOLE)
    suspects = Register(records([*OTHERS, *crowd])).suspects()
    assert {row["record_id"] for row in crowd} == paired(suspects)
    assert {one.band for one in suspects} == {Band.alert}
    assert len(suspects) == (count - 1 if count > MANY else count * (count - 1) // 2)


@pytest.mark.parametrize("others", [OTHERS, []], ids=["among others", "alone"])
@pytest.mark.parametrize("row", [WHOLE, {**NAMED, **BORN, **MAIL}, {**NAMED, **MAIL}], ids=lambda row: f"{len(row)}")
def test_a_copy_weighs_what_the_same_row_twice_does(row: dict[str, str], others: list[dict[str, str]]) -> None:
    twice = said(Register(records([*others, *times(2, row)])).suspects())
    crowd = said(Register(records([*others, *times(500, row)])).suspects())
    assert len(twice) == 1
    assert len(crowd) == 499
    assert {each[2:] for each in crowd} == {each[2:] for each in twice}


def test_the_order_of_copies_does_not_matter() -> None:
    rows = [*OTHERS, *times(60, WHOLE), *times(40, {**WHOLE, "phone": ""}, "v"), *times(1, {**NAMED, **BORN}, "u")]
    before = said(Register(records(rows)).suspects())
    random.Random(5).shuffle(rows)
    assert said(Register(records(rows)).suspects()) == before
    assert all(a < b for a, b, *_ in before)
    assert len({pair[:2] for pair in before}) == len(before)


TOO_LITTLE = {
    "a name": NAMED,
    "a name and a town": {**NAMED, "city": "Leeds", "postcode": "5010"},
    "a name and a year": {**NAMED, "date_of_birth": "1951"},
    "a street": {**NAMED, "address": "Pohutukawa Lane"},
    "a town": {"city": "Leeds"},
    "a mailbox": MAIL,
    "a day of birth": BORN,
    "nothing": {},
}


@pytest.mark.parametrize("row", TOO_LITTLE.values(), ids=TOO_LITTLE.keys())
def test_rows_with_too_little_to_tell_people_apart_are_no_copies_and_no_alerts(row: dict[str, str]) -> None:
    found = Register(records([*OTHERS, *times(250, row)]))
    assert found.copies == {}
    assert not any(one.band is Band.alert for one in found.suspects())


def test_a_name_with_a_mailbox_of_everybody_is_too_little() -> None:
    rows, _ = register(people=200, duplicates=0)
    shared = {"email": "everybody@example.com"}
    assert Register(records([{**row, **shared} for row in [*rows, *times(250, NAMED)]])).copies == {}
    alone = Register(records([*rows, *times(250, {**NAMED, **shared})]))
    assert sum(map(len, alone.copies.values())) == 248, (
        "by rows that say the same a mailbox does not become everybody's"
    )


def test_across_two_registers_each_copy_has_one_pair() -> None:
    ours, theirs = register(people=80, duplicates=0, seed=4)[0], register(people=80, duplicates=0, seed=5)[0]
    for number, row in enumerate(theirs):
        row["record_id"] = f"t{number:05d}"
    one, many = times(1, WHOLE, "o"), times(60, WHOLE)
    for left, right, pairs in ((many, one, 60), (one, many, 60), (many, times(40, WHOLE, "x"), 99)):
        linked = Register([*records([*ours, *left], 0), *records([*theirs, *right], 1)], linking=True)
        suspects = [each for each in linked.suspects() if {each.a.record_id[0], each.b.record_id[0]} <= {"o", "w", "x"}]
        assert len(suspects) == pairs
        assert all((each.a.side, each.b.side) == (0, 1) for each in suspects)
        assert paired(suspects) == {row["record_id"] for row in (*left, *right)}


def test_rows_that_say_the_same_cost_no_comparison_however_many_they_are() -> None:
    found = Register(records([*OTHERS, *times(20_000, WHOLE)]))
    assert len(found.records) == len(OTHERS) + 2
    assert len(found.suspects()) == 19_999


def test_a_new_record_is_answered_with_those_that_stand_for_its_copies() -> None:
    lookup = Lookup(Register(records([*OTHERS, *times(250, WHOLE)])))
    answers = lookup.suspects({name: (value,) for name, value in WHOLE.items()})
    assert [(one.record_id, one.band) for one in answers] == [("w00000", Band.alert), ("w00001", Band.alert)]
