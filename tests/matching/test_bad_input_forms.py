"""Bad input, kind by kind of badness: what each does to an identifier's forms. Nothing of it is ever an error."""

import json
from collections.abc import Callable

import pytest
from agency_harness import Known, drafting_of
from hypothesis import given
from hypothesis import strategies as st
from matching_builders import K, account, at, device, dropped, email, families, ip, person, phone, screen, values

from casebus.events.enumerations import TimeMeaning, TimeQuality
from casebus.events.types import MAX_SIGHTINGS, TipReceived
from casebus.intake.adapter import Document, Identifier, TipDraft
from casebus.intake.content import MAX_TOKENS_IN_ALL
from casebus.intake.times import stated_time
from casebus.matching.normal.national_id import national_id
from casebus.matching.normal.network import ip as address_of
from casebus.matching.normal.person import birth_dates, name_words
from casebus.matching.normal.text import DropReason
from casebus.matching.normal.vehicle import PlateForms, plate
from casebus.matching.normal.wallet import wallet
from producers.nz_police import ADAPTER

WALLET = "0xc0ffeec0ffeec0ffeec0ffee00fade00fade77ab"
GOOD: dict[str, tuple[Callable[[str], Identifier], str]] = {
    "email": (email, "jo.bloggs@example.org"),
    "phone": (phone, "+64 20 0000 7077"),
    "account": (account, "u-8842017"),
    "screen name": (screen, "synthetic_subject"),
    "device": (device, "IMEI: 490154203237518"),
    "address": (ip, "203.0.113.7"),
    "name": (lambda name: person(name, "1984-03-17"), "Jo Bloggs"),
    "birth date": (lambda born: person("Jo Bloggs", born), "1984-03-17"),
}
FORMS: dict[str, tuple[Callable[[str], object], str]] = {
    "wallet": (wallet, WALLET),
    "plate": (lambda text: plate(text, "NZ"), "XMP 707"),
    "state's number": (lambda text: national_id(text, "NZ"), "LM707071"),
}
"""The forms of kinds that the families come to later."""
INVISIBLE = ("\x00", "\u200b", "\u2060", "\ufeff", "\u00ad", "\ufe0f", "\ud800")
DIRECTIONS = ("\u200e", "\u200f", "\u202a", "\u202b", "\u202d", "\u202e", "\u202c", "\u2066", "\u2067", "\u2069")


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("nothing", ["", " ", "\t\r\n", "\x00", "\u200b\u200f", "\u3164", "\u00a0"])
def test_what_is_empty_to_the_eye_is_no_identifier(name, nothing):
    make, _ = GOOD[name]
    assert dropped(make(nothing)) == ("no full date of birth" if name == "birth date" else "empty")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("nothing", ["", " \x00", "\u3164"])
def test_what_is_empty_to_the_eye_has_no_form(form, nothing):
    assert FORMS[form][0](nothing) is DropReason.EMPTY


@pytest.mark.parametrize("letter", ["x", "7", "٧", "é", "а", "\u202e", "😀", "\x00", " ", "@", ":", "a\u0301"])
def test_an_absurdly_long_text_is_dropped_without_being_looked_at(letter):
    long = letter * 1_000_000
    for make, _ in GOOD.values():
        assert dropped(make(long)) == "too long"
    for form, _ in FORMS.values():
        assert form(long) is DropReason.TOO_LONG
    assert dropped(account("u-1", long)) == "too long"


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("mark", [*INVISIBLE, *DIRECTIONS])
def test_invisible_characters_nul_and_directions_change_nothing(name, mark):
    make, good = GOOD[name]
    middle = len(good) // 2
    for spoilt in (mark + good, good + mark, good[:middle] + mark + good[middle:]):
        assert values(make(spoilt)) == values(make(good)) != set()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mark", [*INVISIBLE, *DIRECTIONS])
def test_invisible_characters_nul_and_directions_change_no_form(form, mark):
    make, good = FORMS[form]
    assert make(good[:3] + mark + good[3:] + mark) == make(good)
    assert not isinstance(make(good), DropReason)


def test_a_screen_name_of_mixed_scripts_meets_its_twin_as_a_look_alike_only():
    honest, twin = screen("paypal_subject"), screen("pаypаl_subject")  # with Cyrillic а
    assert values(honest, "screen_name_look") == values(twin, "screen_name_look")
    assert not values(honest, "screen_name") & values(twin, "screen_name")


def test_a_name_of_mixed_scripts_is_read_in_the_script_that_it_pretends_to_be():
    assert values(person("Jо Вlоggs", "1984-03-17")) == values(person("Jo Bloggs", "1984-03-17"))
    assert name_words("Нина Котова") == ["nina", "kotova"]  # one script: romanised, not taken for what it looks like


def test_a_number_among_the_words_of_a_name_is_none_of_them():
    assert name_words("Jo Bloggs 1984 (2)") == name_words("Jo Bloggs")


def test_names_and_dates_that_run_from_right_to_left_are_identifiers_like_any_other():
    for name in ("محمد علي", "דוד כהן"):
        assert "name_dob" in families(person(name, "1984-03-17"))
        assert values(person(f"\u202b{name}\u202c", "١٩٨٤-٠٣-١٧")) == values(person(name, "1984-03-17"))


@pytest.mark.parametrize("emoji", ["😀", "👩‍👧", "❤️", "🏳️‍🌈", "👍🏽", "🇳🇿"])
def test_emoji_are_part_of_a_screen_name_and_of_no_other_identifier(emoji):
    assert values(person(f"Jo {emoji} Bloggs{emoji}", "1984-03-17")) == values(person("Jo Bloggs", "1984-03-17"))
    assert plate(f"{emoji}XMP 707", "NZ") == plate("XMP707", "NZ")
    assert dropped(screen(emoji * 5)) == "a placeholder, not an identifier"
    assert families(screen(f"jo{emoji}"))[:2] == ["screen_name", "screen_name_look"]
    assert dropped(phone(emoji)) == "not a phone number"
    assert dropped(ip(emoji)) == "not an IP address"
    assert wallet(emoji) in (DropReason.NOT_A_WALLET, DropReason.PLACEHOLDER)


@pytest.mark.parametrize(
    "name", ["jo@example.org", "Jo Bloggs <jo@example.org>", "https://example.org/jo bloggs", "www.example.org jo"]
)
def test_an_address_of_mail_or_of_the_web_is_not_a_name(name):
    assert dropped(person(name, "1984-03-17")) == "not a person's name"


@pytest.mark.parametrize(
    "name", ["Test User", "First Last", "Firstname Surname", "Unknown Male", "Not Known", "NULL NULL", "User Deleted"]
)
def test_a_name_made_of_words_for_nobody_is_nobodys(name):
    assert dropped(person(name, "1984-03-17")) == "a placeholder, not an identifier"


@pytest.mark.parametrize(
    ("identifier", "why"),
    [
        (phone("+64 0"), "not a phone number"),
        (phone("+0 123 456"), "not a phone number"),
        (phone("-1"), "not a phone number"),
        (phone("1e9"), "not a phone number"),
        (phone("٠٠٠٠٠٠٠٠"), "not a phone number"),
        (phone("+64 21 777 7777"), "a placeholder, not an identifier"),
        (device("IMEI: 0"), "a placeholder, not an identifier"),
        (device("IMEI: 12"), "too short"),
        (device("IMEI: unknown"), "a placeholder, not an identifier"),
        (ip("203.0.113.256"), "not an IP address"),
        (ip("203.0.113.7/24"), "not an IP address"),
        (ip("2001:db8::7::1"), "not an IP address"),
        (ip("3405803783"), "not an IP address"),
        (account("-"), "a placeholder, not an identifier"),
        (account("GB33 BUKB 2020 1555 5555 55"), "a bank account or a card, which never leaves the agency"),
    ],
)
def test_an_invalid_number_is_dropped_with_its_reason(identifier, why):
    assert dropped(identifier) == why


@pytest.mark.parametrize(
    "spelling",
    ["::ffff:203.0.113.7", "::FFFF:cb00:7107", "[::ffff:203.0.113.7]:443", "64:ff9b::203.0.113.7", "::203.0.113.7",
     "2002:cb00:7107::1", "203.0.113.7:51544", "203.0.113.7%eth0"],
)  # fmt: skip
def test_ipv4_inside_ipv6_is_the_ipv4_address(spelling):
    assert values(ip(spelling)) == values(ip("203.0.113.7"))


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "172.16.0.1", "192.168.255.255", "100.64.0.0", "100.127.255.255", "169.254.0.1", "127.1.2.3", "::1",
     "fd12:3456::1", "fe80::1", "fec0::1", "::ffff:10.0.0.1", "64:ff9b::100.64.0.1", "::192.168.0.1", "2002:0a00:0001::1"],
)  # fmt: skip
def test_private_and_carrier_ranges_in_any_dress_are_dropped(address):
    assert address_of(address) is DropReason.PRIVATE_ADDRESS


@pytest.mark.parametrize("address", ["100.63.255.255", "100.128.0.0", "172.32.0.1", "192.167.255.255", "11.0.0.1"])
def test_the_neighbours_of_private_and_carrier_ranges_are_public(address):
    assert dropped(ip(address)) is None


@pytest.mark.parametrize(
    ("born", "why"),
    [
        ("1900-01-01", DropReason.PLACEHOLDER),
        ("31/12/1900", DropReason.PLACEHOLDER),
        ("1899-12-30", DropReason.PLACEHOLDER),
        ("1970-01-01", DropReason.PLACEHOLDER),
        ("0001-01-01", DropReason.PLACEHOLDER),
        ("1111-11-11", DropReason.PLACEHOLDER),
        ("2099-12-31", DropReason.PLACEHOLDER),
        ("2050-06-15", DropReason.PLACEHOLDER),
        ("9999-12-31", DropReason.PLACEHOLDER),
        ("0000-00-00", DropReason.NO_BIRTH_DATE),
        ("1984-13-40", DropReason.NO_BIRTH_DATE),
        ("30/02/1984", DropReason.NO_BIRTH_DATE),
        ("17/03/84", DropReason.NO_BIRTH_DATE),
        ("41", DropReason.NO_BIRTH_DATE),
    ],
)
def test_a_birth_date_of_1900_2099_or_no_calendar_is_none(born, why):
    assert birth_dates(born) is why
    assert dropped(person("Jo Bloggs", born)) == why.value


@pytest.mark.parametrize(
    "written", ["1900-01-01T00:00:00Z", "2099-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z"]
)
def test_an_address_seen_in_1900_or_2099_was_not_seen_at_a_time(written):
    seen_at = stated_time(written, TimeMeaning.LOGIN)
    assert seen_at.quality is TimeQuality.IMPLAUSIBLE
    assert dropped(ip("203.0.113.7", seen_at)) == "an IP address without a time that names an instant"


@pytest.mark.parametrize("port", [None, 0, 51544, 65535])
def test_an_address_without_a_time_yields_nothing_whatever_its_port(port):
    without = Identifier(K.IP_AT_TIME, "203.0.113.7", port=port, seen_at=None)
    assert dropped(without) == "an IP address without a time that names an instant"
    for written in (None, "", "yesterday", "2025-03-02", "2025-03-02T20:58:41", "02/03/2025 20:58:41 +00:00"):
        seen_at = stated_time(written, TimeMeaning.LOGIN)
        assert dropped(ip("203.0.113.7", seen_at, port=port)) == "an IP address without a time that names an instant"


def test_the_port_is_no_part_of_a_token():
    """Few reports have it, and none at both agencies."""
    assert values(ip("203.0.113.7", port=51544)) == values(ip("203.0.113.7:80", port=1)) == values(ip("203.0.113.7"))


@pytest.mark.parametrize("kind", ["emails", "captures"])
def test_of_ten_thousand_identifiers_in_one_tip_five_hundred_are_carried_and_the_rest_is_counted(kind):
    people = {"reportedPersons": [{kind: None}]}
    if kind == "emails":
        people["reportedPersons"][0]["emails"] = {"emails": [{"value": f"n{n}@example.org"} for n in range(10_000)]}
    else:
        captures = [
            {"captureType": "IP Address", "value": f"2001:db8:{n:x}::7", "dateTime": "2025-03-02T20:58:41Z"}
            for n in range(10_000)
        ]
        people["reportedPersons"][0]["sourceInformation"] = {"sourceCaptures": captures}
    document = {"reportId": "900000001", "reportedInformation": {"reportedPeople": people}}
    (draft,) = ADAPTER.translate(Document("many.json", json.dumps(document).encode()))
    assert isinstance(draft, TipDraft)
    assert len(draft.identifiers) == 10_000
    (event,) = Known(drafting_of()).draft(draft)
    assert isinstance(event.payload, TipReceived)
    content = event.payload.content
    assert 0 < len(content.sightings) <= MAX_SIGHTINGS
    assert len(content.sightings) + content.sightings_not_carried == 10_000
    assert sum(len(one.tokens) for one in content.sightings) <= MAX_TOKENS_IN_ALL


@given(
    text=st.text(st.characters(categories=["Cs", "Cc", "Cf", "Mn", "Lo", "Nd", "So"]) | st.sampled_from("0a@.:+- /"))
)
def test_no_text_in_any_field_is_an_error(text):
    for make, _ in GOOD.values():
        dropped(make(text))
    for form, _ in FORMS.values():
        form(text)
    for identifier in (account("u-1", text), screen("synthetic", text), phone("021 123 4567", text)):
        dropped(identifier, region=text)
    assert isinstance(plate("XMP 707", "NZ"), PlateForms)
    dropped(ip("203.0.113.7", at("9999-12-31T23:59:59+00:00")))
