"""Identifiers in free text: found where they stand, and in linear time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebus.events.enumerations import AssertionKind, IdentifierType, SubjectCategory, TimeQuality
from casebus.intake.mining import MAX_CANDIDATES, Owner, mine

OWNER = Owner(3, SubjectCategory.REPORTED_PERSON, service="ExampleChat", country="NZ")
TEN_MIB = 10 * 1024 * 1024


def mined(text: str) -> list[tuple[IdentifierType, str]]:
    return [(one.kind, one.value) for one in mine(text, OWNER, 9)]


def test_key_and_value_lines_are_read():
    text = "Username: synthetic_01\nUser ID = u-77\r\n  IMEI: 490154203237518\nphone number: 020 0000 0001\nEmail: x@example.org"
    assert mined(text) == [
        (IdentifierType.EMAIL, "x@example.org"),
        (IdentifierType.SERVICE_SCREEN_NAME, "synthetic_01"),
        (IdentifierType.SERVICE_ACCOUNT_ID, "u-77"),
        (IdentifierType.DEVICE, "490154203237518"),
        (IdentifierType.PHONE_E164, "020 0000 0001"),
    ]


def test_addresses_in_running_text_are_found_without_their_punctuation():
    text = "Wrote from <a.b+c@mail.example.net>, then one@example.org. Called (+44 7700 900123) at 21:14:05, v1.2.3.4.5"
    assert mined(text) == [
        (IdentifierType.EMAIL, "a.b+c@mail.example.net"),
        (IdentifierType.EMAIL, "one@example.org"),
        (IdentifierType.PHONE_E164, "+44 7700 900123"),
    ]


def test_an_ip_address_takes_the_time_of_its_own_line_if_there_is_one():
    text = (
        "203.0.113.7 at 2025-03-02T20:58:41Z\n"
        "login 2001:db8:10::7, 2025-03-03 09:58:41 +13:00\n"
        "198.51.100.1 between 2025-03-01T00:00:00Z and 2025-03-02T00:00:00Z\n"
        "198.51.100.2\n"
    )
    times = {one.value: one.seen_at for one in mine(text, OWNER, 9)}
    assert times["203.0.113.7"].quality is TimeQuality.UTC_ASSERTED
    assert times["2001:db8:10::7"].instant.isoformat() == "2025-03-02T20:58:41+00:00"
    assert times["198.51.100.1"].quality is times["198.51.100.2"].quality is TimeQuality.MISSING


def test_what_is_no_address_is_not_mined():
    assert mined("300.1.1.1 1.2.3 :: a::b::c 12:30:45 ratio 1:2 x@y @example.org a@b.1c") == []


def test_the_other_side_of_a_message_is_not_the_owner():
    (mail, other) = mine("From: one@example.org\nTo: Somebody <two@example.org>", OWNER, 9)
    assert (mail.subject_no, mail.subject) == (3, SubjectCategory.REPORTED_PERSON)
    assert (other.subject_no, other.subject) == (9, SubjectCategory.INTENDED_RECIPIENT)


def test_everything_mined_is_marked_so_and_bears_what_its_kind_needs():
    name, phone = mine("Username: n\nPhone: 020 0000 0001", OWNER, 9)
    assert {name.certainty, phone.certainty} == {AssertionKind.MINED_FROM_TEXT}
    assert (name.service, name.country, phone.service, phone.country) == ("ExampleChat", None, None, "NZ")


WALLET = "0xc0ffeec0ffeec0ffeec0ffee00fade00fade0007"
BASE58 = "1SyntheticNobodysWaLLetExampLe77"
BECH32 = "bc1qsynthet7cn0n0dyswa77etexamp7ezzz77777zz"


def test_a_wallet_is_taken_by_a_shape_that_nothing_else_has_or_from_a_line_that_says_so():
    text = f"paid from {WALLET}, then {BECH32}.\nBitcoin address: {BASE58}\nBTC: {BECH32.upper()}\nXMR = {'4' * 95}"
    assert mined(text) == [
        (IdentifierType.WALLET, WALLET),
        (IdentifierType.WALLET, BECH32),
        (IdentifierType.WALLET, BECH32.upper()),
        (IdentifierType.WALLET, BASE58),
        (IdentifierType.WALLET, "4" * 95),
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"0x{'a1' * 32}",  # a transaction
        f"{BASE58} and more",
        "wallet: brown, leather",
        "ETH: 0.5",
        f"my wallet: {BASE58}",
        f"x{WALLET}",
        f"bc1{'q' * 200}",
    ],
)
def test_what_may_be_anything_is_no_wallet(text):
    assert mined(text) == []


@pytest.mark.parametrize("number", ["GB33 BUKB 2020 1555 5555 55", "01-0902-0068389-00", "4111 1111 1111 1111"])
def test_the_number_of_a_bank_account_or_a_card_is_not_mined(number):
    assert mined(f"Account number: {number}\nAccount ID: u-77") == [(IdentifierType.SERVICE_ACCOUNT_ID, "u-77")]


def test_a_key_without_a_value_is_nothing():
    assert mined("Username:\nPhone: n/a\nUser ID: None\nIMEI: ,") == []


HOSTILE = [
    "a", "@", "a@", "a@a.", "1.", "+1", "+1 ", "::1 ", ":", "f:", "\n", " ", "Username: \n", "username", "phone ",
    "a@" + "a-" * 40, "1::1::1 ", "To: a@example.org\n", "2025-03-02T", "１", "0x", "bc1", "bc1q", "btc: ",
    "wallet ", "eth wallet address id: a", "0x" + "a" * 40,
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_read_in_linear_time(unit):
    """A quadratic pattern would need days for these, and the suite's time limit ends the test."""
    assert len(mined(unit * (TEN_MIB // 4 // len(unit)))) <= MAX_CANDIDATES


def test_ten_mebibytes_of_one_line_of_addresses_are_read_in_linear_time():
    assert len(mined("203.0.113.7 x@example.org " * (TEN_MIB // 26))) == 2


@given(text=st.text() | st.text(alphabet="a1.@:+-\n =Username"))
def test_any_text_gives_identifiers_that_stand_in_it(text):
    assert all(value in text for _, value in mined(text))
