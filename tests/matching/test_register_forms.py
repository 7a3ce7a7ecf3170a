"""The forms in which a register's values are compared, and how close two of them are."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from register_builders import one

from casebus.matching.register.dates import Order, orders, readings
from casebus.matching.register.fields import FIELDS, INDEX
from casebus.matching.register.identifiers import (
    addresses_at_times,
    bank_accounts,
    mailboxes,
    phones,
    screen_names,
    wallets,
)
from casebus.matching.register.levels import ANOTHER_NAME, compare, name_level
from casebus.matching.register.names import latin, name, sound
from casebus.matching.register.places import place
from casebus.matching.register.record import COLUMNS, record


@pytest.mark.parametrize(
    ("text", "order", "days"),
    [
        ("1990-05-03", Order.unknown, ((1990, 5, 3),)),
        ("19900503", Order.unknown, ((1990, 5, 3),)),
        ("1990-05-03T00:00:00Z", Order.unknown, ((1990, 5, 3),)),
        ("03.05.1990", Order.day_first, ((1990, 5, 3),)),
        ("05/03/1990", Order.month_first, ((1990, 5, 3),)),
        ("05/03/1990", Order.unknown, ((1990, 3, 5), (1990, 5, 3))),
        ("25/03/1990", Order.month_first, ((1990, 3, 25),)),
        ("3 May 1990", Order.unknown, ((1990, 5, 3),)),
        ("May 3, 1990", Order.unknown, ((1990, 5, 3),)),
        ("3. Mai 1990", Order.unknown, ((1990, 5, 3),)),
        ("3 août 1990", Order.unknown, ((1990, 8, 3),)),
        ("1990年5月3日", Order.unknown, ((1990, 5, 3),)),
        ("May 1990", Order.unknown, ((1990, 5, 0),)),
        ("about 1990", Order.unknown, ((1990, 0, 0),)),
        ("1990-13-45", Order.unknown, ((1990, 13, 45),)),
        ("1900-01-01", Order.unknown, ()),
        ("unknown", Order.unknown, ()),
        ("x" * 100_000, Order.unknown, ()),
    ],
)
def test_a_date_is_read_as_people_write_it(text: str, order: Order, days: tuple[tuple[int, int, int], ...]) -> None:
    assert readings(text, order) == days


def test_a_file_shows_in_which_order_it_writes_its_dates() -> None:
    american = orders([(f"05/{day}/1990", "") for day in range(13, 29)] * 2)
    assert american.of("") is Order.month_first
    assert american.of("US") is Order.month_first
    assert american.of("GB") is Order.day_first
    assert orders([("05/13/1990", "")]).of("") is Order.unknown, "one date decides nothing"
    contradicting = orders([(f"{day}/05/1990", "US") for day in range(13, 29)] * 2)
    assert contradicting.of("US") is Order.day_first, "the file knows better than its country"


@pytest.mark.parametrize(
    ("whole", "given_name", "surname"),
    [
        ("Ana Maria Lopez", "ana", "lopez"),
        ("Lopez, Ana Maria", "ana", "lopez"),
        ("Dr. Ana Lopez", "ana", "lopez"),
        ("Lopez Garcia, Ana", "ana", "lopez garcia"),
        ("John Smith, Jr.", "john", "smith"),
        ("王小明", "wang", "xiaoming"),
        ("Иван Петров", "ivan", "petrov"),
    ],
)
def test_one_column_holds_a_whole_name(whole: str, given_name: str, surname: str) -> None:
    found = name(whole, "", "", "")
    assert (found.given, found.surname) == (given_name, surname)


def test_senior_and_junior_are_told_apart() -> None:
    assert name("", "John", "", "Smith Jr").generation == "2"
    assert name("John Smith, Sr.", "", "", "").generation == "1"
    assert name("Sr. Juan Lopez", "", "", "").generation == "", "before a name it is a title"


@pytest.mark.parametrize(
    ("a", "b", "least"),
    [
        ("bob", "robert", 3),
        ("sasha", "alexander", 3),
        ("catherine", "kathryn", 2),
        ("mohammed", latin("محمد"), 2),
        ("jonathan", "johnathan", 4),
        ("muller", latin("Mueller"), 4),
        ("maria jose", "maria", 3),
        ("j", "john", 1),
    ],
)
def test_spellings_of_one_name_are_near(a: str, b: str, least: int) -> None:
    assert (name_level(a, b) or 0) >= least
    assert name_level(a, b) == name_level(b, a)


def test_names_that_changed_places_agree() -> None:
    levels = compare(one({"given_name": "Ana", "surname": "Lopez"}), one({"given_name": "Lopez", "surname": "Ana"}))
    assert levels[INDEX["given"]] == levels[INDEX["surname"]] == 6


def test_another_name_is_one_event_not_two() -> None:
    levels = compare(one({"given_name": "Ana", "surname": "Lopez"}), one({"given_name": "Igor", "surname": "Whitlock"}))
    assert levels[INDEX["given"]] == ANOTHER_NAME
    assert levels[INDEX["surname"]] is None


def test_one_word_in_email_and_screen_name_counts_once() -> None:
    x = one({"email": "shadowfox9@example.com", "screen_name": "kik:shadowfox9"})
    y = one({"email": "shadowfox9@example.org", "screen_name": "discord:shadowfox9"})
    levels = compare(x, y)
    assert levels[INDEX["email"]] == 3
    assert levels[INDEX["screen"]] is None
    assert levels[INDEX["handle"]] is None


def test_identifiers_are_compared_as_their_providers_read_them() -> None:
    assert mailboxes(("J.Doe+x@googlemail.com",)) == (("jdoe", "gmail.com"),)
    assert mailboxes(("noreply@example.com", "unknown")) == ()
    assert mailboxes(("jdoe.example.com",)) == (("jdoe.example.com", ""),), (
        "an address without its @ may still be near one"
    )
    assert phones(("021 123 4567",), "NZ") == phones(("+64211234567",), "") == phones(("021 123 4567",), "")
    assert phones(("0000000000",), "NZ") == frozenset()
    assert bank_accounts(("de89 3704 0044 0532 0130 00",)) == bank_accounts(("DE89370400440532013000",))
    assert wallets(("0xABCDEF0123456789abcdef0123456789ABCDEF01",)) == wallets(
        ("0xabcdef0123456789abcdef0123456789abcdef01",)
    )
    assert wallets(("1BoatSLRHtKNngkdXEeobR76b53LETtpyT",)) != wallets(("1boatslrhtknngkdxeeobr76b53lettpyt",))
    assert screen_names(("kik:Shadow",)) == screen_names(("KIK:@shаdow",)), "the second has a Cyrillic letter"


def test_an_ip_without_a_time_is_nothing() -> None:
    assert addresses_at_times(("203.0.113.9",), ()) == frozenset()
    assert addresses_at_times(("203.0.113.9",), ("yesterday",)) == frozenset()
    first = addresses_at_times(("203.0.113.9", "198.51.100.7"), ("", "2026-03-01T10:00:00Z"))
    assert first == addresses_at_times(("::ffff:198.51.100.7",), ("2026-03-01T22:00:00+12:00",)), "pairs by position"
    assert first & addresses_at_times(("198.51.100.7",), ("2026-03-02T20:00:00Z",))
    assert not first & addresses_at_times(("198.51.100.7",), ("2026-03-20T20:00:00Z",))
    assert addresses_at_times(("10.0.0.1", "100.64.1.1"), ("2026-03-01T10:00:00Z",) * 2) == frozenset()


def test_a_post_code_at_the_end_of_an_address_is_found() -> None:
    assert place("Flat 2, 14 High St, Leeds LS1 4AP", "", "", "", "").postcode == "ls14ap"
    found = place("14 High St 6011", "", "", "", "")
    assert (found.numbers, found.street, found.postcode) == (("14",), "high street", "6011")


def test_sound_is_bounded_and_forgiving() -> None:
    assert sound("schmidt") == sound("smit")
    assert len(sound("x" * 10_000)) <= 5


_texts = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["John", "Jon", "Smith Jr", "王小明", "محمد", "01/02/1990", "1990-01-02", "|", "\u202e", "😀", "a@b.example"]
    ),
)
_rows = st.dictionaries(st.sampled_from(COLUMNS[1:]), st.lists(_texts, max_size=3).map(tuple), max_size=12)


@settings(max_examples=300, deadline=None)
@given(_rows, _rows)
@example({"name": ("0",), "given_name": ("", "1")}, {"surname": ("", "0"), "given_name": ("1",)})
def test_any_two_records_compare_the_same_both_ways(
    first: dict[str, tuple[str, ...]], second: dict[str, tuple[str, ...]]
) -> None:
    x, y = record("x", 0, first), record("y", 0, second)
    assert compare(x, y) == compare(y, x)
    assert len(compare(x, y)) == len(FIELDS)
    for level in (compare(x, x)[INDEX["email"]], compare(x, x)[INDEX["born"]]):
        assert level is None or level >= 3


def test_absurd_values_are_bounded() -> None:
    many = record(
        "x", 0, {"email": tuple(f"a{n}@example.com" for n in range(10_000)), "name": ("y" * 1_000_000, "z " * 100_000)}
    )
    assert len(many.email) <= 64
    assert compare(many, many)[INDEX["email"]] == 4
