"""Tokens: keyed, bounded, blind."""

import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matching_builders import KEY, TOKENISER, K, account, at, dropped, email, phone, screen

from casebus.errors import UsageError
from casebus.events.types import Sighting, Token
from casebus.intake.adapter import Identifier
from casebus.matching.families import FAMILIES
from casebus.matching.normal.account import look_alike, screen_name
from casebus.matching.normal.device import device
from casebus.matching.normal.email import email as email_forms
from casebus.matching.normal.network import ip
from casebus.matching.normal.phone import phone as phone_form
from casebus.matching.normal.platform import platform
from casebus.matching.normal.text import DropReason, clean, fold
from casebus.matching.tokens import Tokeniser, encode

HOSTILE = st.one_of(
    st.text(max_size=60),
    st.text(st.characters(categories=["Cs", "Cc", "Cf", "Mn", "So", "Lo"]), max_size=60),
    st.text(st.sampled_from("@.+-_:/#<>[]%()0aйａ\u202e\x00٣ßİǅﷺ😀 "), max_size=60),
)
IDENTIFIERS = st.builds(
    Identifier,
    kind=st.sampled_from(list(K)),
    value=HOSTILE,
    service=st.none() | HOSTILE,
    date_of_birth=st.none() | HOSTILE,
    country=st.none() | HOSTILE,
    seen_at=st.sampled_from([None, at(), at(None), at("0001-01-01T00:00:00+00:00"), at("9999-12-31T23:59:59+00:00")]),
)


@given(identifier=IDENTIFIERS, region=HOSTILE)
def test_any_text_gives_tokens_or_a_reason_and_never_an_error(identifier, region):
    found = TOKENISER.tokens(identifier, region)
    assert (found.dropped is None) == bool(found.tokens)
    assert len(found.tokens) <= 64
    assert len(set(found.tokens)) == len(found.tokens)
    for token in found.tokens:
        assert identifier.kind in FAMILIES[token.family].kinds


@given(text=HOSTILE)
def test_cleaning_and_folding_twice_changes_nothing(text):
    once = clean(text, 100)
    if not isinstance(once, DropReason):
        assert clean(once, 3000) == once
        assert fold(fold(once)) == fold(once)


@given(
    local=st.text(st.sampled_from("abJO.+-_é"), min_size=1, max_size=20),
    domain=st.sampled_from(["gmail.com", "ex.org"]),
)
def test_normalising_an_email_twice_changes_nothing(local, domain):
    once = email_forms(f"{local}@{domain}")
    if not isinstance(once, DropReason):
        again = email_forms("@".join(once.exact))
        assert again == once
        if once.delivered and not isinstance(mailbox := email_forms("@".join(once.delivered)), DropReason):
            assert mailbox.delivered == once.delivered


@given(
    digits=st.text(st.sampled_from("0123456789 -()+"), min_size=5, max_size=18),
    region=st.sampled_from(["NZ", "GB", "US", "BR"]),
)
def test_normalising_a_phone_number_twice_changes_nothing(digits, region):
    once = phone_form(digits, region)
    if not isinstance(once, DropReason) and len(once) == 1:
        assert phone_form(once[0], None) == once


@given(name=HOSTILE, service=st.sampled_from(["Twitter", "ExampleChat, Inc.", "kik"]))
def test_normalising_a_screen_name_or_its_look_alike_twice_changes_nothing(name, service):
    once = screen_name(name, service)
    if isinstance(once, DropReason):
        return
    assert screen_name(once[1], platform(once[0])) in (once, DropReason.TOO_LONG)
    look = look_alike(once)
    if not isinstance(look, DropReason):
        assert look_alike(look) == look


@given(text=st.text(st.sampled_from("0123456789abcdefXYZ-: "), max_size=40))
def test_normalising_a_device_twice_changes_nothing(text):
    once = device(text)
    if not isinstance(once, DropReason):
        assert device(once[0][1]) == once


@given(address=st.ip_addresses())
def test_normalising_an_address_twice_changes_nothing(address):
    once = ip(str(address))
    if not isinstance(once, DropReason):
        assert ip(str(once)) == once


@given(first=st.lists(st.text(max_size=5), max_size=4), second=st.lists(st.text(max_size=5), max_size=4))
def test_no_two_lists_of_parts_give_the_same_bytes(first, second):
    assert (encode(first) == encode(second)) == (first == second)


def test_a_token_is_the_documented_construction():
    parts = ("email", "1", "jo.bloggs", "example.org")
    message = b"".join(len(part).to_bytes(4, "big") + part.encode() for part in parts)
    expected = hmac.new(KEY, message, hashlib.sha256).hexdigest()[:32]
    assert TOKENISER.tokens(email("Jo.Bloggs@example.org"), "NZ").tokens[0] == Token(
        family="email", epoch=1, value=expected
    )


def test_another_key_gives_other_tokens():
    other = Tokeniser({2: b"k" * 32})
    ours, theirs = TOKENISER.tokens(account("8842017"), "NZ").tokens, other.tokens(account("8842017"), "NZ").tokens
    assert ours[0].value != theirs[0].value
    assert (ours[0].epoch, theirs[0].epoch) == (1, 2)


def test_a_short_key_is_refused():
    with pytest.raises(UsageError):
        Tokeniser({1: b"short"})


def test_one_value_under_two_families_gives_two_tokens():
    assert len({token.value for token in TOKENISER.tokens(screen("synthetic"), "NZ").tokens}) == 5


def test_equal_report_numbers_share_a_token_and_others_do_not():
    report = TOKENISER.report("ncmec", "900000001")
    assert [token.family for token in report] == ["source_report"]
    assert report == TOKENISER.report("NCMEC", " 900000001\n")
    assert report != TOKENISER.report("ncmec", "900000002")
    assert report != TOKENISER.report("other", "900000001")


@given(system=HOSTILE, number=HOSTILE)
def test_any_report_number_has_a_token(system, number):
    assert TOKENISER.report(system, number) == TOKENISER.report(system, number)


def test_what_cannot_be_seen_or_encoded_is_taken_out():
    assert clean("a\ud800b\x00c\u202ed\u200be\ufe0f", 100) == "abcde"


def test_a_report_number_of_any_length_has_a_token():
    assert len(TOKENISER.report("ncmec", "\ud800" * 100_000)) == 1
    assert TOKENISER.report("ncmec", "9" * 100_000) != TOKENISER.report("ncmec", "9" * 100_001)


@given(canary=st.text(st.sampled_from("qwrtzpsdfgh"), min_size=8, max_size=20), kind=st.sampled_from(list(K)))
def test_neither_tokens_nor_reasons_nor_the_tokeniser_hold_any_plaintext(canary, kind):
    for value in (canary, f"{canary}@example.org", f"{canary} {canary[::-1]}", canary * 100):
        found = TOKENISER.tokens(
            Identifier(kind, value, service=canary, date_of_birth="1984-03-17", seen_at=at()), "NZ"
        )
        assert canary not in repr(found)
    assert repr(KEY) not in repr(TOKENISER)
    assert canary not in repr(TOKENISER.report(canary, canary))


@settings(max_examples=20)
@given(text=st.text(min_size=1, max_size=3))
@pytest.mark.parametrize("kind", list(K))
def test_absurdly_long_text_is_dropped_unread(kind, text):
    found = TOKENISER.tokens(
        Identifier(kind, text * 1_000_000, service="kik", date_of_birth="1984-03-17", seen_at=at()), "NZ"
    )
    assert found.tokens == ()


def test_text_that_grows_under_nfkc_stays_bounded():
    assert TOKENISER.tokens(screen("\ufdfa" * 300), "NZ").dropped is None  # one sign, eighteen letters


def test_ten_thousand_identifiers_are_tokenised_one_by_one():
    tokens = {TOKENISER.tokens(phone(f"+6421{number:07d}"), "NZ").tokens for number in range(1_000_000, 1_010_000)}
    assert len(tokens) > 9_900  # all but the runs of one digit are numbers of their own


def test_tokens_fit_into_a_sighting():
    most = TOKENISER.tokens(
        Identifier(K.NAME_DOB, "Ana Bela Cora Dina Ella Fay", date_of_birth="03/04/1984"), "NZ"
    ).tokens
    field = Sighting.model_fields["tokens"]
    assert len(most) <= next(rule.max_length for rule in field.metadata if hasattr(rule, "max_length"))


def test_an_unknown_kind_is_dropped():
    assert dropped(Identifier(K.UNKNOWN, "anything")) == "a kind of identifier that this version does not match on"


def test_under_two_keys_each_form_has_a_token_of_each_the_older_first():
    two, newer = Tokeniser({2: b"k" * 32, 1: KEY}), Tokeniser({2: b"k" * 32})
    one = email("Jo.Bloggs@example.org")
    assert two.tokens(one, "NZ").tokens == TOKENISER.tokens(one, "NZ").tokens + newer.tokens(one, "NZ").tokens
    assert two.report("ncmec", "9") == TOKENISER.report("ncmec", "9") + newer.report("ncmec", "9")
