"""What makes an alert of a pair, what keeps it a review, and what keeps two people of one household apart."""

import random
from collections.abc import Sequence
from itertools import combinations

import pytest
from register_builders import GIVEN, one, person, records, register

from casebus.matching.register.bands import LEAST, NONE, alert_above, alert_from
from casebus.matching.register.blocks import NEIGHBOURS
from casebus.matching.register.doubts import Doubts
from casebus.matching.register.engine import Band, Register, Suspects
from casebus.matching.register.fields import INDEX
from casebus.matching.register.frequencies import BOTH_NAMES, WIDTH, Frequencies, decoded, encoded
from casebus.matching.register.groups import Rules, groups
from casebus.matching.register.levels import WORD, compare


def test_where_hardly_anything_lies_between_all_clear_pairs_are_alerts() -> None:
    clear = [3.0 + number % 9 for number in range(500)]
    assert alert_from(clear, [*clear, *[-12.0] * 1000], crowded=False) == min(clear)


def test_where_strangers_come_close_only_the_surest_are_alerts() -> None:
    pairs = [1.0 + 0.02 * number for number in range(700)]
    close = [-0.01 * number for number in range(1, 600)]
    plain, crowded = (alert_from(pairs, [*pairs, *close], crowded=crowded) for crowded in (False, True))
    assert LEAST < plain < crowded < NONE


def test_a_pair_that_may_well_be_two_people_is_no_alert_in_whatever_company() -> None:
    assert alert_from([12.0] * 10_000 + [LEAST - 0.1], [12.0] * 10_000, crowded=False) == 12.0
    assert alert_from([], [], crowded=True) == NONE


def test_a_new_record_alerts_above_all_but_hardly_any_of_the_pairs_of_two_people() -> None:
    close = [5.0, 6.0, 9.0]
    assert alert_above(close, 100.0) > 9.0
    assert 6.0 < alert_above(close, 300.0) <= 9.0, "one wrong among three hundred is within what is aimed at"
    assert alert_above(close, 1000.0) == alert_above([], 1.0) == LEAST


def test_of_a_side_that_holds_each_person_once_a_group_has_one_record() -> None:
    edges = {(0, 2): 9.0, (0, 3): 8.0, (1, 3): 7.0, (1, 2): 6.0}
    weigh = lambda a, b: edges.get((min(a, b), max(a, b)), 5.0)  # noqa: E731
    census_once = Rules(0.0, 2.0, -12.0, [0, 0, 1, 1], frozenset([0]))
    assert groups(edges, weigh, census_once) == [[0, 2, 3]]
    both_once = Rules(0.0, 2.0, -12.0, [0, 0, 1, 1], frozenset([0, 1]))
    assert groups(edges, weigh, both_once) == [[0, 2], [1, 3]]


def test_a_person_of_a_census_may_have_several_forms() -> None:
    rows, _ = register(people=600, duplicates=400)
    census = records([row for row in rows if row["record_id"][0] == "p"], 0)
    forms = [row for row in rows if row["record_id"][0] == "q"]
    again = [{**row, "record_id": "r" + row["record_id"][1:]} for row in forms]
    linked = Register([*census, *records(forms, 1), *records(again, 1)], linking=True)
    assert linked.rules().once == {0}
    held = [sum(linked.records[place].side == 0 for place in members) for members in linked.groups()]
    assert max(held) == 1
    assert len(linked.suspects()) >= 0.95 * 800


def _families(count: int) -> list[dict[str, str]]:
    """Return families of four: the twins share all but the given name, their parents all but that and the birth."""
    draw, rows = random.Random(7), []
    for number in range(count):
        home = person(draw, number)
        born = [home["date_of_birth"]] * 2 + [person(draw, number)["date_of_birth"] for _ in range(2)]
        shared = {name: home[name] for name in ("surname", "address", "postcode", "phone")}
        for member, (given_name, day) in enumerate(zip(draw.sample(GIVEN, k=4), born, strict=True)):
            own = {"record_id": f"f{number:03d}{member}", "given_name": given_name, "date_of_birth": day}
            rows.append({**shared, **own})
    return rows


def test_a_register_with_many_twins_learns_that_another_given_name_is_another_person() -> None:
    others, truth = register(people=600, duplicates=300)
    suspects = Register(records([*others, *_families(60)])).suspects()
    apart = [one for one in suspects if one.a.record_id[0] == "f" or one.b.record_id[0] == "f"]
    assert len(apart) <= 6
    right = sum(truth.get(one.a.record_id, -1) == truth.get(one.b.record_id, -2) for one in suspects)
    assert right >= 0.95 * 300


def test_another_generation_is_doubted_only_where_there_are_families() -> None:
    home = {"given_name": "Walter", "surname": "Featherstone", "address": "7 Pohutukawa Lane"}
    father, son = (one({**home, "date_of_birth": day}) for day in ("1951-02-03", "1984-11-28"))
    assert Doubts(0.1, 0.1, families=True).about(father, son)
    assert not Doubts(0.1, 0.1, families=False).about(father, son)
    senior, junior = (one({**home, "surname": f"Featherstone {mark}"}) for mark in ("Sr", "Jr"))
    assert Doubts(0.1, 0.1, families=False).about(senior, junior), "the records themselves say so"


def test_in_a_small_register_nothing_below_is_no_proof_that_nobody_is_there() -> None:
    assert alert_from([0.01], [0.01, -5.0, -4.5], crowded=False) == NONE
    assert alert_from([4.0], [4.0], crowded=False) == NONE
    assert alert_from([9.0], [9.0], crowded=False) == 9.0


def test_a_name_alone_is_never_an_alert_whatever_the_town() -> None:
    namesakes = [{"record_id": f"n{number}", "given_name": "John", "surname": "Featherstone"} for number in range(2)]
    rows, _ = register(people=60, duplicates=20)
    for here in (namesakes, [*rows, *namesakes]):
        bands = {one.band for one in Register(records(here)).suspects() if one.a.record_id[0] == "n"}
        assert bands <= {Band.review}


def test_rows_that_share_all_that_they_have_with_many_are_compared_with_a_few_and_said_to_be_so() -> None:
    rows, _ = register(people=300, duplicates=0)
    same = {"given_name": "Walter", "surname": "Featherstone"}
    crowd = [{**same, "record_id": f"w{number:03d}"} for number in range(90)]
    found = Register(records([*rows, *crowd]))
    assert len(found.index.crowded) == 90
    later = [len(others) for place, others in found.index.candidates(linking=False) if place in found.index.crowded]
    assert 0 < max(later) <= NEIGHBOURS


def test_two_national_ids_are_doubted_where_they_are_written_with_care_and_weighed_where_they_are_not() -> None:
    home = {"given_name": "Walter", "surname": "Featherstone", "date_of_birth": "1951-02-03"}
    one_id, other_id = (one({**home, "national_id": number}) for number in ("QQ4471129", "QQ8830056"))
    assert Doubts(0.1, 0.01, families=False).about(one_id, other_id)
    assert not Doubts(0.1, 0.04, families=False).about(one_id, other_id)
    assert Register(records([])).doubts.about(one_id, other_id), (
        "without a register that says otherwise they are doubted"
    )


def test_names_that_changed_places_count_once_unless_both_are_the_same() -> None:
    straight = one({"given_name": "Grigoriy", "surname": "Andreev"})
    crosswise = one({"given_name": "Andrei", "surname": "Grigoriev"})
    levels = compare(straight, crosswise)
    assert (levels[INDEX["given"]], levels[INDEX["surname"]]) == (6, None)
    same = compare(straight, one({"given_name": "Andreev", "surname": "Grigoriy"}))
    assert (same[INDEX["given"]], same[INDEX["surname"]]) == (6, 6)


def test_names_alike_crosswise_are_not_taken_for_a_value_that_nobody_else_has() -> None:
    x, y = (
        one({"given_name": "Grigoriy", "surname": "Andreev"}),
        one({"given_name": "Andrei", "surname": "Grigoriev"}),
    )
    pattern = Frequencies([x, y], linking=False).pattern(x, y, compare(x, y))
    assert decoded(INDEX["given"], pattern[INDEX["given"]]) == (6, None)


@pytest.mark.parametrize(("holders", "added"), [(5, BOTH_NAMES), (1, 0)])
def test_two_names_that_many_bear_are_told_from_a_slip(holders: int, added: int) -> None:
    emma, ella = ([one({"given_name": name})] * count for name, count in (("Emilia", 9), ("Emilie", holders)))
    frequencies = Frequencies([*emma, *ella], linking=False)
    number = INDEX["given"]
    assert frequencies.finer(number, 4, emma[0], ella[0]) == 4 + added


def test_a_shared_handle_without_a_number_is_a_word() -> None:
    handle = INDEX["handle"]
    mail, screen = one({"email": "shadowfox@example.com"}), one({"screen_name": "kik:shadowfox"})
    assert compare(mail, screen)[handle] == WORD
    numbered = one({"email": "shadowfox77@example.com"}), one({"screen_name": "kik:shadowfox77"})
    assert compare(*numbered)[handle] == 1


def test_a_handle_made_of_a_name_adds_nothing_to_the_name() -> None:
    named = {"given_name": "Yasser", "surname": "Haddad"}
    mail = one({**named, "email": "yasser.haddad@example.com"})
    screen = one({**named, "screen_name": "kik:yasserhaddad"})
    assert compare(mail, screen)[INDEX["handle"]] is None


def test_every_alert_weighs_more_than_every_pair_in_doubt() -> None:
    rows, _ = register(people=600, duplicates=300)
    home = {"surname": "Featherstone", "address": "7 Pohutukawa Lane", "postcode": "5010", "phone": "04 555 0199"}
    twins = [
        {"record_id": f"t{number}", "given_name": name, "date_of_birth": "2001-04-09", **home}
        for number, name in enumerate(("Hemi", "Mikaere", "Tui"))
    ]
    suspects = Register(records([*rows, *twins])).suspects()
    bands = [one.band for one in suspects]
    assert bands == sorted(bands, key=lambda band: band is not Band.alert)
    family = {f"t{number}" for number in range(3)}
    assert not any({x, y} <= family for x, y in combinations(family, 2) if _alert(suspects, x, y))


def _alert(suspects: Sequence[Suspects], x: str, y: str) -> bool:
    return any({one.a.record_id, one.b.record_id} == {x, y} and one.band is Band.alert for one in suspects)


def test_a_slip_in_what_twins_share_makes_one_person_of_them_no_more_than_sharing_it() -> None:
    others, _ = register(people=600, duplicates=300)
    fitted = Register(records([*others, *_families(60)])).model
    born, given_name = INDEX["born"] * WIDTH, INDEX["given"] * WIDTH
    same, slip = born + encoded(INDEX["born"], 7, 2), born + encoded(INDEX["born"], 5, None)
    for_one = [fitted.match[place] - fitted.household[place] for place in (same, slip)]
    assert for_one[1] <= for_one[0] + 0.01
    exact, near = given_name + encoded(INDEX["given"], 5, 9), given_name + encoded(INDEX["given"], 4, None)
    assert fitted.match[near] - fitted.household[near] <= fitted.match[exact] - fitted.household[exact] + 0.01
