"""One person's rows, very many and no two alike: every one is found, in no more pairs than rows; others are not drawn in."""

import random
from collections.abc import Callable, Iterable

import pytest
from register_builders import records, register, slipped

from casebus.matching.register.engine import Band, Register, Suspects
from casebus.matching.register.frequencies import CAP
from casebus.matching.register.lookup import Lookup

Row = dict[str, str]

NAMED = {"given_name": "Walter", "surname": "Featherstone"}
BORN = {"date_of_birth": "1951-02-03"}
HOME = {"address": "7 Pohutukawa Lane", "postcode": "5010"}
MAIL = {"email": "w.featherstone@mail.example"}
PHONE = {"phone": "+64215550199"}
OTHERS = register(people=60, duplicates=12)[0]


def other_phone(number: int) -> str:
    return f"+64 21 {2_000_000 + number * 37}"


def with_a_slip(row: Row, number: int) -> Row:
    """Return the row with one slip, in a letter of a name or in a digit of something else."""
    draw = random.Random(number)
    column = draw.choice([name for name in row if name not in ("address", "postcode")])
    if column in NAMED:
        return {**row, column: slipped(draw, row[column])}
    place = draw.choice([at for at, letter in enumerate(row[column]) if letter.isdigit()])
    digit = str((int(row[column][place]) + 1) % 10)
    return {**row, column: row[column][:place] + digit + row[column][place + 1 :]}


ONE_PERSON: dict[str, Callable[[int], Row]] = {
    "another phone": lambda number: {**NAMED, **BORN, **HOME, "phone": other_phone(number)},
    "another e-mail": lambda number: {**NAMED, **BORN, "email": f"walter{number * 31}@mail.example"},
    "a slip in name or birth": lambda number: with_a_slip({**NAMED, **BORN, **HOME}, number),
    "a slip in name, birth or phone": lambda number: with_a_slip({**NAMED, **BORN, **PHONE}, number),
    "without a birth": lambda number: {**NAMED, **HOME, "email": f"walter{number * 31}@mail.example"},
}


def crowd(count: int, make: Callable[[int], Row], name: str = "w") -> list[Row]:
    return [{**make(number), "record_id": f"{name}{number:05d}"} for number in range(count)]


def closures(suspects: Iterable[Suspects]) -> list[set[str]]:
    """Return the groups that the pairs connect."""
    groups: list[set[str]] = []
    for one in suspects:
        pair = {one.a.record_id, one.b.record_id}
        touched = [group for group in groups if group & pair]
        groups = [group for group in groups if not group & pair] + [pair.union(*touched)]
    return groups


def ids(rows: Iterable[Row]) -> set[str]:
    return {row["record_id"] for row in rows}


@pytest.mark.parametrize("others", [OTHERS, []], ids=["among others", "alone"])
@pytest.mark.parametrize("count", [30, 79, 200])
@pytest.mark.parametrize("what", ONE_PERSON)
def test_every_row_of_a_crowd_is_in_one_group_of_pairs_that_are_no_more_than_the_rows(
    what: str, count: int, others: list[Row]
) -> None:
    rows = crowd(count, ONE_PERSON[what])
    suspects = Register(records([*others, *rows])).suspects()
    ours = [one for one in suspects if one.a.record_id in ids(rows) or one.b.record_id in ids(rows)]
    assert closures(ours) == [ids(rows)]
    assert len(ours) == count - 1


@pytest.mark.parametrize("count", [*range(2, 26), 79])
def test_a_file_of_one_person_is_never_without_pairs(count: int) -> None:
    rows = crowd(count, lambda number: {**NAMED, **BORN, "address": HOME["address"], "phone": other_phone(number)})
    suspects = Register(records(rows)).suspects()
    assert closures(suspects) == [ids(rows)]
    assert min(one.weight for one in suspects) > 0


def test_a_row_of_a_crowd_weighs_what_two_of_its_rows_do() -> None:
    two, many = (Register(records([*OTHERS, *crowd(n, ONE_PERSON["another phone"])])).suspects() for n in (2, 400))
    (pair,) = [one for one in two if one.a.record_id[0] == "w"]
    told = {(one.band, one.weight, one.reasons) for one in many if one.a.record_id[0] == "w"}
    assert told == {(pair.band, pair.weight, pair.reasons)}


def test_five_thousand_rows_of_one_person_are_two_among_those_that_are_compared() -> None:
    found = Register(records([*OTHERS, *crowd(5_000, ONE_PERSON["another phone"])]))
    assert len(found.records) == len(OTHERS) + 2


@pytest.mark.parametrize("others", [OTHERS, []], ids=["among others", "alone"])
@pytest.mark.parametrize("people", [20, 60])
def test_a_household_is_no_crowd(people: int, others: list[Row]) -> None:
    draw = random.Random(3)
    shared = {"surname": "Featherstone", **HOME, **PHONE}
    given = ["".join(draw.choice("bdfgklmnprst") + draw.choice("aeiou") for _ in range(3)) for _ in range(people)]
    days = [f"{1930 + number}-{1 + number % 12:02d}-{1 + number % 28:02d}" for number in range(people)]
    rows = [
        {**shared, "given_name": g, "date_of_birth": day, "record_id": f"h{g}"}
        for g, day in zip(given, days, strict=True)
    ]
    found = Register(records([*others, *rows]))
    assert found.crowds == []
    assert not [one for one in found.suspects() if ids(rows) & {one.a.record_id, one.b.record_id}]


def test_twins_who_stand_there_many_times_are_two_crowds() -> None:
    shared = {"surname": "Featherstone", **BORN, **HOME, **PHONE}
    twins = [
        crowd(
            40,
            lambda n, given=given: {**shared, "given_name": given, "email": f"{given}{n * 31}@mail.example"},
            given[0],
        )  # type: ignore[misc]
        for given in ("Walter", "Beatrix")
    ]
    found = Register(records([*OTHERS, *twins[0], *twins[1]]))
    assert [{row.record_id[0] for row in (*one.kept, *one.rest)} for one in found.crowds] == [{"B"}, {"W"}]
    alerts = (one for one in found.suspects() if one.band is Band.alert)
    assert not [one for one in alerts if {one.a.record_id[0], one.b.record_id[0]} == {"B", "W"}]


def test_a_name_and_a_birth_that_many_others_have_too_make_no_crowd() -> None:
    strangers, _ = register(people=400, duplicates=0, seed=8)
    for number, row in enumerate(strangers):
        row.update(NAMED if number < 200 else {}, **(BORN if number >= 200 - 40 else {}))
    both = [row for row in strangers if {**NAMED, **BORN}.items() <= row.items()]
    assert len(both) == 40
    assert Register(records(strangers)).crowds == []


def test_across_two_registers_every_row_of_a_crowd_has_a_pair_and_none_is_within_one() -> None:
    ours, theirs = register(people=60, duplicates=0, seed=4)[0], register(people=60, duplicates=0, seed=5)[0]
    for row in theirs:
        row["record_id"] = f"t{row['record_id']}"
    one, many = crowd(1, ONE_PERSON["another phone"], "o"), crowd(60, ONE_PERSON["another phone"])
    for left, right in ((many, one), (one, many), (many, crowd(50, ONE_PERSON["another e-mail"], "x"))):
        linked = Register([*records([*ours, *left], 0), *records([*theirs, *right], 1)], linking=True)
        suspects = [each for each in linked.suspects() if {each.a.record_id, each.b.record_id} & ids([*left, *right])]
        assert closures(suspects) == [ids([*left, *right])]
        assert len(suspects) == len(left) + len(right) - 1
        assert all((each.a.side, each.b.side) == (0, 1) for each in suspects)


def _with_one_elsewhere() -> tuple[list[Row], Row]:
    """Return a register with a crowd, and a row that shares with one of the crowd what that one alone has."""
    rows = crowd(100, ONE_PERSON["another phone"])
    elsewhere = {**NAMED, "phone": other_phone(70), "record_id": "elsewhere"}
    return [*register(people=150, duplicates=30)[0], *rows], elsewhere


def test_a_row_of_a_crowd_is_paired_with_a_row_outside_that_shares_an_identifier_with_it_alone() -> None:
    rows, elsewhere = _with_one_elsewhere()
    suspects = Register(records([*rows, elsewhere])).suspects()
    pairs = {(one.a.record_id, one.b.record_id): one.reasons for one in suspects}
    assert "phone agrees" in pairs["elsewhere", "w00070"]


def test_a_new_record_is_answered_with_the_row_of_a_crowd_that_alone_has_its_identifier() -> None:
    rows, elsewhere = _with_one_elsewhere()
    lookup = Lookup(Register(records(rows)))
    answers = lookup.suspects({name: (value,) for name, value in elsewhere.items() if name != "record_id"})
    assert "w00070" in {one.record_id for one in answers}
    assert len(answers) <= 3, "those that stand for the crowd, and that row"


def test_the_order_of_the_rows_of_a_crowd_does_not_matter() -> None:
    rows = [
        *OTHERS,
        *crowd(60, ONE_PERSON["a slip in name, birth or phone"]),
        *crowd(60, ONE_PERSON["another e-mail"], "v"),
    ]
    before = Register(records(rows)).suspects()
    random.Random(5).shuffle(rows)
    assert Register(records(rows)).suspects() == before


def test_copies_of_the_rows_of_a_crowd_are_found_with_it() -> None:
    rows = [
        row
        for number in range(25)
        for row in crowd(30, lambda _, n=number: ONE_PERSON["another phone"](n), f"w{number:02d}")
    ]  # type: ignore[misc]
    suspects = Register(records([*OTHERS, *rows])).suspects()
    ours = [one for one in suspects if one.a.record_id in ids(rows)]
    assert closures(ours) == [ids(rows)]
    assert len(ours) == len(rows) - 1


def test_what_too_many_hold_is_counted_by_kind() -> None:
    rows, _ = register(people=CAP + 1, duplicates=0)
    for row in rows:
        row["phone"] = PHONE["phone"]
    common = Register(records(rows))
    assert common.frequencies.passed_over(common.records) == {"phone": CAP + 1}
    few = Register(records(rows[1:]))
    assert few.frequencies.passed_over(few.records) == {}
