"""Wallets, number plates and numbers that a state gave: which spellings are one, which are two, and which are none."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from casebus.intake.bank import is_bank_account, is_card
from casebus.matching.normal.account import account_id
from casebus.matching.normal.national_id import national_id
from casebus.matching.normal.text import DropReason
from casebus.matching.normal.vehicle import PlateForms, plate
from casebus.matching.normal.wallet import wallet

# Shaped like addresses, with wrong check digits, and words in them: nobody's.
BASE58 = "1SyntheticNobodysWaLLetExampLe77"
BECH32 = "bc1qsynthet7cn0n0dyswa77etexamp7ezzz77777zz"
ETHEREUM = "0xC0FFEEc0ffeeC0FFEEc0ffee00FADE00FADE77AB"
IBAN = "GB33BUKB20201555555555"  # the registry's own example
CARD = "4111 1111 1111 1111"  # for tests of payment pages

HOSTILE = st.one_of(
    st.text(max_size=80),
    st.text(st.characters(categories=["Cs", "Cc", "Cf", "Mn", "So", "Lo", "Nd", "No"]), max_size=80),
    st.text(st.sampled_from("0x1bcqzOIlAZ:=/?@ .-_*Xйав٣½ßİ\u202e\x00😀"), max_size=80),
    st.from_regex(r"\A(bitcoin: ?|ETH )?(0x[0-9a-fA-F]{40}|[13][1-9A-HJ-NP-Za-km-z]{24,34}|bc1[02-9ac-hj-np-z]{39})\Z"),
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (BASE58, f"bitcoin:{BASE58}?amount=0.1&label=x"),
        (BASE58, f"  BTC address: {BASE58[:10]} {BASE58[10:]}\x00"),
        (BECH32, BECH32.upper()),
        (BECH32, f"bitcoin:{BECH32.upper()}"),
        (ETHEREUM, ETHEREUM.lower()),
        (ETHEREUM, f"ethereum:pay-{ETHEREUM}@1/transfer?value=1"),
        (ETHEREUM, f"USDT wallet {ETHEREUM}"),
        (f"litecoin:3{BASE58[1:]}", f"btc: 3{BASE58[1:]}"),
    ],
)
def test_one_wallet_however_it_is_written_is_one(one, other):
    assert not isinstance(wallet(one), DropReason)
    assert wallet(one) == wallet(other)


def test_case_tells_two_base58_addresses_apart_and_two_0x_addresses_never():
    assert wallet(BASE58) != wallet(BASE58.replace("S", "s"))
    assert wallet(ETHEREUM) == ("eth", ETHEREUM.lower())


def test_the_chain_is_in_the_key_and_is_read_from_the_address():
    assert wallet(BASE58) == ("btc", BASE58)
    assert wallet("4" + "A" * 40 + "b" * 30 + "C" * 24) == ("xmr", "4" + "A" * 40 + "b" * 30 + "C" * 24)
    assert wallet("cosmos1" + "qpzry9x8gf2tvdw0s3jn54khce6mua7lqpzry9") == (
        "cosmos",
        "cosmos1qpzry9x8gf2tvdw0s3jn54khce6mua7lqpzry9",
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", DropReason.EMPTY),
        ("n/a", DropReason.PLACEHOLDER),
        ("0x" + "0" * 40, DropReason.PLACEHOLDER),
        ("0x000000000000000000000000000000000000dEaD", DropReason.PLACEHOLDER),
        ("0x1234567890123456789012345678901234567890", DropReason.PLACEHOLDER),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", DropReason.PLACEHOLDER),
        ("34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo", DropReason.PLACEHOLDER),  # an exchange's
        ("0xDAC17F958D2ee523a2206206994597C13D831ec7", DropReason.PLACEHOLDER),  # a contract
        ("see the attached statement", DropReason.NOT_A_WALLET),
        ("0x" + "a1" * 32, DropReason.NOT_A_WALLET),  # a transaction
        (IBAN, DropReason.BANK_ACCOUNT),
        (f"wallet: {IBAN}", DropReason.BANK_ACCOUNT),
        (CARD, DropReason.BANK_ACCOUNT),
        ("x" * 301, DropReason.TOO_LONG),
    ],
)
def test_what_is_nobodys_wallet_is_dropped_with_its_reason(text, why):
    assert wallet(text) is why


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("xmp 07", "NZ"), ("XMP-07", "New Zealand")),
        (("xmp·07", "GB"), ("ＸＭＰ ０７", "UK")),
        (("аха 07", "RU"), ("AXA07", "RU")),  # the first is Cyrillic
        (("٠٧ XMP", "AE"), ("07XMP", "AE")),
    ],
)
def test_one_plate_however_it_is_written_is_one(one, other):
    first, second = plate(*one), plate(*other)
    assert isinstance(first, PlateForms)
    assert first == second


def test_letters_that_look_like_digits_meet_in_the_look_alike_form_only():
    first, second = plate("XOI 707", "NZ"), plate("X01707", "NZ")
    assert isinstance(first, PlateForms)
    assert isinstance(second, PlateForms)
    assert first.exact != second.exact
    assert first.look_alike == second.look_alike


def test_the_same_plate_in_two_countries_is_two_cars():
    first, second = plate("XMP707", "NZ"), plate("XMP707", "AU")
    assert isinstance(first, PlateForms)
    assert isinstance(second, PlateForms)
    assert first.exact != second.exact
    assert first.look_alike != second.look_alike


@pytest.mark.parametrize(
    ("text", "country", "why"),
    [
        ("", "NZ", DropReason.EMPTY),
        ("unknown", "NZ", DropReason.PLACEHOLDER),
        ("0000", "NZ", DropReason.PLACEHOLDER),
        ("ABC 123", "NZ", DropReason.PLACEHOLDER),
        ("123456", "NZ", DropReason.PLACEHOLDER),
        ("X7", "NZ", DropReason.TOO_SHORT),
        ("Toyota", "NZ", DropReason.NOT_A_PLATE),
        ("blue Toyota, XMP707", "NZ", DropReason.NOT_A_PLATE),
        ("XMP707", None, DropReason.NO_COUNTRY),
        ("XMP707", "A1", DropReason.NO_COUNTRY),
        ("X" * 61, "NZ", DropReason.TOO_LONG),
    ],
)
def test_what_is_nobodys_plate_is_dropped_with_its_reason(text, country, why):
    assert plate(text, country) is why


def test_a_states_number_is_its_letters_and_digits_with_the_country_only_where_it_is_stated():
    assert national_id("lm-70 70 71", "New Zealand") == national_id("LM707071", "NZ") == ("LM707071", "NZ")
    assert national_id("LM707071", None) == ("LM707071",)
    assert national_id("ＬＭ７０７０７１", "AP") == ("LM707071",)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", DropReason.EMPTY),
        ("not provided", DropReason.PLACEHOLDER),
        ("PASSPORT", DropReason.PLACEHOLDER),  # no digit
        ("000000000", DropReason.PLACEHOLDER),
        ("A0000000", DropReason.PLACEHOLDER),
        ("123-456-789", DropReason.PLACEHOLDER),
        ("QQ 12 34 56 C", DropReason.PLACEHOLDER),
        ("XXX-XX-6789", DropReason.PLACEHOLDER),
        ("****6789", DropReason.PLACEHOLDER),
        ("LM70", DropReason.TOO_SHORT),
        ("7A8B" * 7, DropReason.TOO_LONG),
        ("9" * 101, DropReason.TOO_LONG),
        (IBAN, DropReason.BANK_ACCOUNT),
        (CARD, DropReason.BANK_ACCOUNT),
        ("4111/1111/1111/1111", DropReason.BANK_ACCOUNT),
    ],
)
def test_what_is_nobodys_number_is_dropped_with_its_reason(text, why):
    assert national_id(text, "NZ") is why


@pytest.mark.parametrize("text", [IBAN, "gb33 bukb 2020 1555 5555 55", "01-0902-0068389-00", "20-20-15 55555555"])
def test_a_bank_account_is_no_account_id_whatever_the_service(text):
    assert is_bank_account(text)
    assert account_id(text, "ExampleBank") is DropReason.BANK_ACCOUNT
    assert national_id(text, None) is DropReason.BANK_ACCOUNT


@pytest.mark.parametrize("text", ["1000123456", "GB34BUKB20201555555555", "4111111111111112", "490154203237518"])
def test_other_numbers_are_not_taken_for_one_a_bank_gave(text):
    assert not is_bank_account(text)
    assert not is_card(text)


@given(text=HOSTILE, country=st.none() | st.sampled_from(["NZ", "GB", "UK", "A1"]) | HOSTILE)
@example(text="X-X-X 123456", country=None)
def test_any_text_has_a_bounded_form_or_a_reason_and_a_form_is_its_own(text, country):
    number, address, car = national_id(text, country), wallet(text), plate(text, country)
    if not isinstance(number, DropReason):
        assert 6 <= len(number[0]) <= 24
        assert national_id(*(*number, None)[:2]) == number
    if not isinstance(address, DropReason):
        assert 20 <= len(address[1]) <= 130
        assert wallet(address[1]) == address
    if not isinstance(car, DropReason):
        assert 4 <= len(car.exact[1]) <= 10
        assert plate(car.exact[1], car.exact[0]) == car
        assert plate(car.look_alike[1], car.look_alike[0]) in (
            PlateForms(car.look_alike, car.look_alike),
            DropReason.PLACEHOLDER,
        )
