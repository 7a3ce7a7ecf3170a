"""The sets that match file is measured on: the same seed gives the same rows, and no row gives away whom it is about."""

from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from quality.cleaning import address, clean, day, email, phone
from quality.evaluation_set import COLUMNS, EvaluationSet, Written, assemble
from quality.household_sets import households, two_registers
from quality.matchers import shared_identifier
from quality.measures import Truth
from quality.people_sets import half_empty, many_spellings, names_and_dates
from quality.sets import QUICK, catalogue
from quality.tip_sets import CROWDED, NOISIER, PLAIN, SCRIPTS, tips

ROOT = Path(__file__).parents[2]
SMALL = {
    "names_and_dates": partial(names_and_dates, people=80, twice=20),
    "half_empty": partial(half_empty, people=30),
    "half_empty_wide": partial(half_empty, people=30, empty=0.5, fields="many"),
    "many_spellings": partial(many_spellings, families=10),
    "two_registers": partial(two_registers, households=30),
    "two_registers_one_town": partial(two_registers, households=30, town_count=1),
    "households": partial(households, houses=30),
    "tips_like": partial(tips, manner=PLAIN, people=60),
    "tips_noisier": partial(tips, manner=NOISIER, people=60),
    "tips_crowded": partial(tips, manner=CROWDED, people=60),
    "tips_scripts": partial(tips, manner=SCRIPTS, people=60),
}


def rows(made: EvaluationSet) -> list[dict[str, str]]:
    return [*made.left, *(made.right or ())]


@pytest.mark.parametrize("name", SMALL)
def test_a_seed_gives_one_set_and_another_seed_another(name: str) -> None:
    made = SMALL[name](1)
    assert made.name == name
    assert made == SMALL[name](1)
    assert rows(made) != rows(SMALL[name](2))


@pytest.mark.parametrize("name", SMALL)
def test_every_row_has_a_person_and_only_columns_that_match_file_knows(name: str) -> None:
    made = SMALL[name](3)
    assert len(made.records) == len(set(made.records)) == len(made.truth)
    assert {column for row in rows(made) for column in row} <= set(COLUMNS)
    assert Truth(made.truth, made.sides).pairs() > 0


@pytest.mark.parametrize("name", SMALL)
def test_neighbouring_rows_are_no_likelier_to_be_one_person(name: str) -> None:
    made = SMALL[name](4)
    people = [made.truth[row["record_id"]] for row in made.left]
    together = sum(one == other for one, other in pairwise(people))
    assert together < len(people) / 4


def test_the_two_registers_write_dates_in_their_own_way() -> None:
    made = two_registers(1, households=20)
    assert made.right is not None
    assert all("/" in row["date_of_birth"] for row in made.left if row["date_of_birth"])
    assert all("/" not in row["date_of_birth"] for row in made.right if row["date_of_birth"])


def test_tips_in_scripts_hold_native_writing() -> None:
    made = tips(1, SCRIPTS, people=80)
    assert any(not row.get("surname", row.get("name", "")).isascii() for row in made.left)


def test_every_entry_of_the_catalogue_says_what_it_contains_and_has_a_set_up() -> None:
    entries = catalogue(None)
    assert set(QUICK) <= set(entries)
    assert set(SMALL) <= set(entries)
    assert all(len(entry.contains) > 40 for entry in entries.values())
    peer = (ROOT / "bench" / "quality" / "splink_peer.py").read_text(encoding="utf-8")
    assert all(f'"{entry.splink}": ' in peer for entry in entries.values())


def test_a_written_set_has_no_column_that_is_empty_throughout(tmp_path) -> None:
    made = assemble("tiny", 1, [Written(1, {"surname": "Ash", "email": ""}), Written(2, {"surname": "Elm, von"})])
    (path,) = made.write(tmp_path)
    assert path.read_text().splitlines()[0] == "record_id,surname"
    assert '"Elm, von"' in path.read_text()


def test_the_naive_way_joins_what_shares_an_identifier_across_the_registers_only() -> None:
    made = assemble(
        "tiny", 1, [Written(1, {"email": "a@b"}), Written(2, {"email": "a@b"})], [Written(1, {"email": "a@b"})]
    )
    assert {tuple(sorted(each.pair)) for each in shared_identifier(made).pairs} == {
        ("a000000", "b000000"),
        ("a000001", "b000000"),
    }


def test_cleaning_reads_what_a_careful_user_would() -> None:
    assert day("03/04/1970", "US") == "1970-03-04"
    assert day("03/04/1970", "") == "1970-04-03"
    assert day("3 Mar 1970", "US") == "1970-03-03"
    assert day("1970-02-31", "AU") == "1970-02-31"
    assert phone("(212) 555-0100", "US") == phone("0012125550100", "GB") == "+12125550100"
    assert email("J.Doe+x@Gmail.com") == "jdoe@gmail.com"
    assert address("12 North Oak Street, Unit 4") == "12 n oak st 4"


def test_cleaning_empties_placeholders_and_keeps_the_truth() -> None:
    made = assemble("tiny", 1, [Written(1, {"email": "none@none.com", "name": "Ann de Boer", "country": "US"})])
    assert clean(made).left == [
        {
            "record_id": "a000000",
            "email": "",
            "name": "ann de boer",
            "country": "US",
            "given_name": "ann",
            "surname": "boer",
        }
    ]
    assert clean(made).truth == made.truth
