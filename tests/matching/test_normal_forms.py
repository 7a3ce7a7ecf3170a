"""Which spellings are one identifier, which are two, and which are none."""

import pytest
from matching_builders import (
    account,
    at,
    device,
    dropped,
    email,
    families,
    ip,
    person,
    phone,
    screen,
    values,
)

from casebus.events.enumerations import TimeQuality

SAME = [
    ("email", email("Jo.Bloggs@Example.ORG"), email("  jo.bloggs@example.org. ")),
    ("email", email("Jo <mailto:jo.bloggs@example.org>"), email("jo.bloggs@example.org")),
    ("email", email("mailto:jo.bloggs@example.org"), email("jo.bloggs@example.org")),
    ("email", email("jo.bloggs@bücher.example"), email("jo.bloggs@xn--bcher-kva.example")),
    ("email", email("jo\u200b.bloggs@example.org\x00"), email("jo.bloggs@example.org")),
    ("email_delivered", email("Jo.Bloggs+x@gmail.com"), email("jobloggs@googlemail.com")),
    ("email_delivered", email("jo.bloggs+tips@outlook.co.nz"), email("jo.bloggs@outlook.co.nz")),
    ("email_delivered", email("jo.bloggs+tips@proton.me"), email("jo.bloggs@proton.me")),
    ("phone", phone("021 123 4567", "NZ"), phone("+64 21 123 4567")),
    ("phone", phone("021-123-4567"), phone("0064211234567", "GB")),
    ("phone", phone("(07700) 900123", "UK"), phone("+44 (0)7700 900 123")),
    ("phone", phone("tel:+447700900123"), phone("＋４４ ７７００ ９００１２３")),
    ("phone", phone("0014037186316"), phone("+1 (403) 718-6316")),
    ("phone", phone("+39 (0)6 1234 5678"), phone("06 1234 5678", "IT")),
    ("phone", phone("+52 1 55 1234 5678"), phone("+52 55 1234 5678")),
    ("phone", phone("+55 11 8123-4567"), phone("+55 11 98123-4567")),
    ("account_id", account("U-8842017"), account("u-8842017", "ExampleChat, Inc.")),
    ("account_id", account("1000123456", "Twitter"), account("1000123456", "X Corp.")),
    (
        "account_id",
        account("1000123456", "facebook"),
        account("https://www.facebook.com/profile.php?id=1000123456", "FB"),
    ),
    ("screen_name", screen("@Synthetic_Subject"), screen("synthetic_subject", "www.examplechat.com")),
    ("screen_name", screen("https://examplechat.example/u/synthetic_subject?x=1"), screen("synthetic_subject")),
    ("screen_name", screen("u/synthetic", "Reddit"), screen("Synthetic", "reddit")),
    ("screen_name", screen("synthetic#0", "Discord"), screen("synthetic", "Discord Inc.")),
    ("screen_name", screen("syn\u202ethetic"), screen("synthetic")),
    ("screen_name", screen("ＳＹＮＴＨＥＴＩＣ"), screen("synthetic")),
    ("screen_name_look", screen("pаypal_subject"), screen("paypal_subject")),  # the first а is Cyrillic
    ("screen_name_look", screen("sub1ect_0ne"), screen("sublect_one")),
    ("screen_name_look", screen("modern"), screen("modem")),
    ("handle", screen("jo.bloggs.77", "Kik"), email("Jo_Bloggs77@example.org")),
    ("handle", screen("jo_bloggs77", None), screen("jobloggs77", "Snapchat")),
    ("device", device("IMEI: 35-693803-564380-9"), device("356938035643809")),
    ("device", device("IMEI 356938035643800"), device("IMEISV:3569380356438012")),
    ("device", device("IMEI: 111111111111112"), device("111111111111112")),  # a wrong check digit
    ("device", device("IDFA=6D92078A-8246-4BA4-AE5B-76104861E7DC"), device("6d92078a82464ba4ae5b76104861e7dc")),
    ("device", device("AA:BB:CC:11:22:33"), device("aabb.cc11.2233")),
    ("name_dob", person("Jo Ann Bloggs", "1984-03-17"), person("BLOGGS, Jo", "17/03/1984")),
    ("name_dob", person("José  Müller", "17 March 1984"), person("mr Jose MULLER", "03/17/1984")),
    ("name_dob", person("Aroha O'Neill", "17.3.1984"), person("Aroha ONeill", "19840317")),
    ("name_dob", person("Jo Bloggs", "04/03/1984"), person("Jo Bloggs", "1984-03-04")),
    ("name_dob", person("Jo Bloggs", "04/03/1984"), person("Jo Bloggs", "1984-04-03")),
    ("name_dob", person("Jo Bloggs", "1984-03-17T00:00:00Z"), person("Bloggs Jo", "Mar 17th, 1984")),
    ("name_dob", person("王小明", "1984-03-17"), person("王小明", "1984/3/17")),
    ("ip_time", ip("203.0.113.7"), ip("::ffff:203.0.113.7")),
    ("ip_time", ip("203.0.113.7:51544"), ip("203.0.113.7", at("2025-03-03T23:59:00+13:00"))),
    ("ip_time", ip("[2001:db8::7]:443"), ip("2001:0DB8:0:0::7")),
    ("ip_prefix_time", ip("2001:db8:1:2::7"), ip("2001:db8:1:2:aaaa:bbbb:cccc:dddd")),
]

DIFFERENT = [
    ("email", email("jo.bloggs@example.org"), email("jobloggs@example.org")),
    ("email", email("jo.bloggs+x@example.org"), email("jo.bloggs@example.org")),
    ("email_delivered", email("jo.bloggs@outlook.com"), email("jobloggs@outlook.com")),
    ("email_delivered", email("jo.bloggs+x@proton.me"), email("jo.bloggs+x@icloud.com")),
    ("phone", phone("021 123 4567", "NZ"), phone("021 123 4567", "ZA")),
    ("phone", phone("+64 4 123 4567 ext 1"), phone("+64 4 123 4567 ext 2")),
    ("account_id", account("8842017", "Kik"), account("8842017", "Discord")),
    ("account_id", account("0042"), account("42")),
    ("screen_name", screen("synthetic", "Kik"), screen("synthetic", "Snapchat")),
    ("screen_name", screen("syntheti\u0441"), screen("synthetic")),
    ("screen_name", screen("synthetic#1234", "Discord"), screen("synthetic#4321", "Discord")),
    ("screen_name_look", screen("synthetic", "Kik"), screen("synthetic", "Snapchat")),
    ("device", device("IMSI: 530011234567890"), device("IMSI: 530011234567891")),
    ("device", device("530011234567890"), device("530011234567891")),
    ("name_dob", person("Jo Bloggs", "1984-03-17"), person("Jo Bloggs", "1984-03-18")),
    ("name_dob", person("Jo Bloggs", "1984-03-04"), person("Jo Bloggs", "1984-04-03")),
    ("name_dob", person("Jo Bloggs", "1984-03-17"), person("Jo Smith", "1984-03-17")),
    ("ip_time", ip("203.0.113.7"), ip("203.0.113.8")),
    ("ip_time", ip("203.0.113.7"), ip("203.0.113.7", at("2025-03-06T20:58:41+00:00"))),
    ("ip_time", ip("2001:db8::7"), ip("2001:db8::8")),
    ("ip_prefix_time", ip("2001:db8:1:2::7"), ip("2001:db8:1:3::7")),
]


@pytest.mark.parametrize(("family", "one", "other"), SAME)
def test_spellings_of_one_identifier_share_a_token(family, one, other):
    assert values(one, family) & values(other, family)


@pytest.mark.parametrize(("family", "one", "other"), DIFFERENT)
def test_two_identifiers_share_no_token_of_the_family(family, one, other):
    assert values(one, family)
    assert values(other, family)
    assert not values(one, family) & values(other, family)


DROPPED = [
    (email(""), "empty"),
    (email("\u200b\x00 "), "empty"),
    (email("nobody at example"), "not an e-mail address"),
    (email("a@b@example.org"), "not an e-mail address"),
    (email("jo@localhost"), "not an e-mail address"),
    (email("jo@192.0.2.1"), "not an e-mail address"),
    (email("j" * 65 + "@example.org"), "not an e-mail address"),
    (email("jo@" + "é" * 400), "not an e-mail address"),
    (email("none@none.com"), "a placeholder, not an identifier"),
    (email("test+1@example.org"), "a placeholder, not an identifier"),
    (email("noreply@example.org"), "a placeholder, not an identifier"),
    (email("info@example.org"), "a shared mailbox or one that takes no mail"),
    (email("jo@example.org" * 100), "too long"),
    (phone("111"), "not a phone number"),
    (phone("0000011"), "not a phone number"),
    (phone("abc"), "not a phone number"),
    (phone("+999 1234567"), "not a phone number"),
    (phone("021 000 0000"), "a placeholder, not an identifier"),
    (phone("+1 555 555 5555"), "a placeholder, not an identifier"),
    (phone("0123456789", "GB"), "a placeholder, not an identifier"),
    (phone("1" * 65), "too long"),
    (account("8842017", None), "no service is named"),
    (account("8842017", " "), "no service is named"),
    (account("8842017", "unknown"), "no service is named"),
    (account("null"), "a placeholder, not an identifier"),
    (account("0"), "a placeholder, not an identifier"),
    (screen("[deleted]"), "a placeholder, not an identifier"),
    (screen("Facebook User", "Facebook"), "a placeholder, not an identifier"),
    (screen("???!"), "a placeholder, not an identifier"),
    (screen("jo"), "too short"),
    (screen("jo", None), "too short"),
    (screen("x" * 301), "too long"),
    (device("00000000-0000-0000-0000-000000000000"), "a placeholder, not an identifier"),
    (device("IMEI: 004999010640000"), "a placeholder, not an identifier"),
    (device("02:00:00:00:00:00"), "a placeholder, not an identifier"),
    (device("SSID: CafeWifi2"), "a network's name, not a device"),
    (device("A12"), "too short"),
    (person("Jo", "1984-03-17"), "a single name"),
    (person("J. B.", "1984-03-17"), "a placeholder, not an identifier"),
    (person("John Doe", "1984-03-17"), "a placeholder, not an identifier"),
    (person("Unknown Unknown", "1984-03-17"), "a placeholder, not an identifier"),
    (person("Jo Bloggs", None), "no full date of birth"),
    (person("Jo Bloggs", "1984"), "no full date of birth"),
    (person("Jo Bloggs", "17/03/84"), "no full date of birth"),
    (person("Jo Bloggs", "1984-02-30"), "no full date of birth"),
    (person("Jo Bloggs", "1900-05-05"), "a placeholder, not an identifier"),
    (person("Jo Bloggs", "1970-01-01"), "a placeholder, not an identifier"),
    (person("Jo Bloggs", "2099-12-31"), "a placeholder, not an identifier"),
    (ip("not-an-ip"), "not an IP address"),
    (ip("203.0.113.007"), "not an IP address"),
    (ip("300.1.1.1"), "not an IP address"),
]


@pytest.mark.parametrize(("identifier", "why"), DROPPED)
def test_what_identifies_nobody_is_dropped_with_its_reason(identifier, why):
    assert dropped(identifier) == why


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3",
        "100.64.9.9",
        "127.0.0.1",
        "169.254.1.1",
        "172.31.255.1",
        "192.168.1.1",
        "fe80::1%eth0",
        "fd00::1",
        "::1",
        "::ffff:192.168.1.1",
        "64:ff9b::10.0.0.1",
    ],
)
def test_an_address_that_many_networks_use_is_dropped(address):
    assert dropped(ip(address)) == "an address that many networks use (private, CGNAT or local)"


@pytest.mark.parametrize(
    "address", ["0.0.0.0", "224.0.0.1", "255.255.255.255", "240.1.1.1", "::", "ff02::1", "198.18.0.1"]
)
def test_an_address_that_nobody_has_is_dropped(address):
    assert dropped(ip(address)) == "an address that nobody on the internet has"


@pytest.mark.parametrize("address", ["192.0.2.1", "198.51.100.20", "203.0.113.7", "2001:db8::1", "3fff::1", "8.8.8.8"])
def test_public_addresses_and_documentation_ranges_are_kept(address):
    assert dropped(ip(address)) is None


@pytest.mark.parametrize(
    "quality", [q for q in TimeQuality if q not in (TimeQuality.EXACT_OFFSET, TimeQuality.UTC_ASSERTED)]
)
def test_an_address_whose_time_names_no_instant_is_never_matched_on(quality):
    assert dropped(ip("203.0.113.7", at(quality=quality))) == "an IP address without a time that names an instant"


def test_a_national_number_without_a_country_is_compared_as_it_is_and_given_none():
    assert families(phone("021 123 4567"), region="") == ["phone_national"]
    assert families(phone("021 123 4567"), region="Aotearoa") == ["phone_national"]


def test_an_address_without_a_time_is_never_matched_on():
    assert dropped(ip("203.0.113.7", at(None))) == "an IP address without a time that names an instant"


@pytest.mark.parametrize("start", range(0, 72, 7))
def test_two_times_within_36_hours_always_share_a_window(start):
    early = at(f"2025-03-{1 + start // 24:02d}T{start % 24:02d}:00:00+00:00")
    late_hours = start + 35
    late = at(f"2025-03-{1 + late_hours // 24:02d}T{late_hours % 24:02d}:59:00+00:00")
    assert values(ip("203.0.113.7", early)) & values(ip("203.0.113.7", late))


def test_two_phases_of_one_window_number_never_meet():
    assert len(values(ip("203.0.113.7"), "ip_time")) == 2


def test_a_first_of_january_is_a_weaker_family():
    assert {"name_dob", "name_dob_near", "name_day"}.isdisjoint(families(person("Jo Bloggs", "1984-01-01")))
    assert families(person("Jo Bloggs", "01/02/1984")).count("name_dob") == 2  # 2 January and 1 February


def test_an_email_without_a_provider_rule_has_no_second_form():
    assert families(email("jo.bloggs@example.org")) == ["email", "handle", "handle_look", "name_in_handle"]
    assert families(email("jo.bloggs@gmail.com"))[:3] == ["email", "email_delivered", "handle"]


def test_a_screen_name_without_its_service_is_a_bare_handle():
    assert families(screen("synthetic", None)) == ["handle", "handle_look", "name_in_handle"]


def test_a_long_name_makes_a_bounded_number_of_pairs():
    made = families(person("Ana Bela Cora Dina Ella Fay Gia Hana", "03/04/1984"))
    assert made.count("name_dob") == 20
    assert len(made) <= 64  # as many tokens as a sighting carries
