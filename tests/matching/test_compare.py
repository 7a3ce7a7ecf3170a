"""What a comparison of two records says, and what it must never say."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matching_builders import account, at, device, email, ip, person, phone, record, screen, seen, values

from casebus.events.enumerations import (
    Agreement,
    Band,
    IdentifierType,
    Overlap,
    Rarity,
    Severity,
    Strength,
    SubjectCategory,
)
from casebus.intake.adapter import Identifier
from casebus.matching.candidates import common_kinds, eligible, index_key, most, note, postings
from casebus.matching.decide import band, compare, strength
from casebus.matching.explain import explain
from casebus.matching.families import FAMILIES, PERSON_KINDS, REPORT_CAP
from casebus.matching.held import Agreed, HeldSighting, HeldToken, Match, Shared
from casebus.matching.model import ALERT, DETECTOR, PRIOR_OF_TIPS, REVIEW, WEIGHTS
from casebus.matching.persons import MAX_PERSONS_PER_VALUE
from casebus.matching.weigh import Weighed, weigh

K = IdentifierType
S = SubjectCategory
TWO = seen(2)

ACCOUNT = account("u-8842017")
EMAIL = email("jo.bloggs@example.org")
PHONE = phone("+447700900123")
DEVICE = device("IMEI: 356938035643809")
SCREEN = screen("synthetic_subject")
NAMED = person("Jo Bloggs", "1984-03-17")
ADDRESS = ip("203.0.113.7")


def alerts(a, b):
    match = compare(a, b, TWO)
    return match is not None and match.band is Band.alert


def matched(match):
    return {(line.kind, line.agreement) for line in match.matched}


def score_of(*terms):
    """What tips score whose facts are these terms."""
    return PRIOR_OF_TIPS + sum(WEIGHTS[term] for term in terms)


@pytest.mark.parametrize("identifier", [ACCOUNT, EMAIL, SCREEN, NAMED])
def test_what_one_person_has_alerts_alone(identifier):
    match = compare(record("a", identifier), record("b", identifier), TWO)
    assert (match.overlap, match.band, match.detector) == (Overlap.same_person, Band.alert, DETECTOR)
    assert matched(match) == {(identifier.kind, Agreement.exact)}
    assert match.strength is strength(match.score) is not Strength.weak
    assert match.matched[0].rarity is Rarity.unique


@pytest.mark.parametrize("name", ["ghost", "ab_c"])
def test_a_short_screen_name_alone_is_no_alert(name):
    assert not alerts(record("a", screen(name)), record("b", screen(name)))
    assert "screen_name.short" in weigh(record("a", screen(name)), record("b", screen(name)), TWO).terms


def test_a_screen_name_whose_bare_handle_is_crowded_is_no_alert():
    match = compare(record("a", SCREEN), record("b", SCREEN), seen(2, handle=FAMILIES["handle"].cap + 1))
    assert match is None or match.band is Band.review
    assert alerts(record("a", SCREEN), record("b", SCREEN))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ADDRESS, ADDRESS),
        (ip("2001:db8::7"), ip("2001:db8::7")),
        (screen("pаypal_subject"), screen("paypal_subject")),
        (screen("jo.bloggs77", "Kik"), screen("jo.bloggs77", "Snapchat")),
        (screen("jo.bloggs77", "Kik"), email("jo.bloggs77@example.org")),
        (person("Jo Bloggs", "1984-01-01"), person("Jo Bloggs", "1984-01-01")),
        (email("jo.bloggs@example.org"), email("jo.bloggs@example.net")),
    ],
)
def test_weak_evidence_alone_never_alerts(one, other):
    weighed = weigh(record("a", one), record("b", other), TWO)
    assert weighed.lines
    assert weighed.score >= score_of("alone")
    assert not alerts(record("a", one), record("b", other))


@pytest.mark.parametrize("identifier", [PHONE, DEVICE])
def test_a_telephone_or_a_device_alone_is_what_the_model_says(identifier):
    a, b = record("a", identifier), record("b", identifier)
    score = score_of(FAMILIES["phone" if identifier is PHONE else "device"].name, "alone")
    assert weigh(a, b, TWO).score == score
    assert alerts(a, b) == (score >= ALERT)
    assert (compare(a, b, TWO) is not None) == (score >= REVIEW)


def test_two_things_are_worth_more_than_each_alone():
    both = weigh(record("a", PHONE, DEVICE), record("b", PHONE, DEVICE), TWO)
    assert both.score == score_of("phone", "device")
    assert "alone" not in both.terms


def test_what_is_one_persons_is_worth_the_same_alone():
    assert weigh(record("a", EMAIL), record("b", EMAIL), TWO).terms == ("email",)


def test_a_screen_name_is_one_persons_as_long_as_few_have_its_handle():
    a, b = record("a", SCREEN), record("b", SCREEN)
    assert "alone" not in weigh(a, b, TWO).terms
    assert "alone" in weigh(a, b, seen(2, handle=FAMILIES["handle"].cap)).terms


def test_what_differs_is_said_in_full_in_the_least_score():
    """A screen name is one person's by how rare it is, and that is a third agency's business."""
    a, b = record("a", SCREEN, email("one@example.org")), record("b", SCREEN, email("another@example.net"))
    often = seen(2, handle=FAMILIES["handle"].cap)
    assert weigh(a, b, TWO).least_score == weigh(a, b, often).least_score
    assert weigh(a, b, TWO).score > weigh(a, b, often).score


@pytest.mark.parametrize("own", [ACCOUNT, SCREEN, NAMED])
def test_another_mailbox_says_less_beside_what_is_one_persons(own):
    ours, theirs = email("one@example.org"), email("another@example.net")
    beside = weigh(record("a", own, ours), record("b", own, theirs), TWO).terms
    apart = weigh(record("a", PHONE, ours), record("b", PHONE, theirs), TWO).terms
    assert ("beside.email.differs" in beside, "email.differs" in apart) == (True, True)
    assert WEIGHTS["email.differs"] < WEIGHTS["beside.email.differs"]


def test_the_delivered_form_of_an_email_is_told_as_similar():
    match = compare(record("a", email("jo.bloggs+x@gmail.com")), record("b", email("jobloggs@gmail.com")), TWO)
    assert matched(match) == {(K.EMAIL, Agreement.similar)}
    assert match.score == score_of("email_delivered")


def test_evidence_adds_up_within_one_pair_of_persons():
    match = compare(record("a", PHONE, DEVICE), record("b", PHONE, DEVICE), TWO)
    assert match.score == score_of("phone", "device")


def test_evidence_on_two_persons_never_adds_up():
    weighed = weigh(record("a", PHONE, DEVICE), record("b", PHONE, replace(DEVICE, subject_no=1)), TWO)
    assert weighed.score == max(score_of("phone", "alone"), score_of("device", "alone"))


def test_within_one_kind_only_the_strongest_family_counts():
    two = (email("jo.bloggs@gmail.com"), email("other.one@example.org"), screen("jobloggs"))
    assert weigh(record("a", *two), record("b", *two[:2]), TWO).terms == ("email",)


def test_the_strongest_family_counts_in_whatever_order_the_tokens_come():
    for number in range(20):
        address = email(f"jo.bloggs{number}@gmail.com")
        assert weigh(record("a", address), record("b", address), TWO).terms == ("email",)


def test_the_best_pair_of_persons_stands_for_the_records():
    a = record("a", SCREEN, replace(ACCOUNT, subject_no=1), replace(PHONE, subject_no=1))
    b = record("b", SCREEN, replace(ACCOUNT, subject_no=7), replace(PHONE, subject_no=7))
    match = compare(a, b, TWO)
    assert [line.kind for line in match.matched] == [K.SERVICE_ACCOUNT_ID, K.PHONE_E164]
    assert match.score == score_of("account_id", "phone")


def test_each_side_is_told_of_a_handle_under_the_kind_that_it_sent():
    other_name = screen("other_name", "Kik")
    a, b = record("a", screen("jo.bloggs77"), NAMED), record("b", email("jo.bloggs77@example.org"), other_name, NAMED)
    handle = next(line for line in compare(a, b, TWO).matched if line.agreement is Agreement.similar)
    back = next(line for line in compare(b, a, TWO).matched if line.agreement is Agreement.similar)
    assert (handle.kind, handle.other_kind) == (K.SERVICE_SCREEN_NAME, K.EMAIL)
    assert (back.kind, back.other_kind) == (K.EMAIL, K.SERVICE_SCREEN_NAME)
    assert weigh(a, b, TWO).terms == ("born.day", "handle", "name.exact")


def test_a_handle_that_a_person_has_twice_is_told_under_the_kind_of_both():
    name, address, other = screen("jo.bloggs77"), email("jo.bloggs77@ex.org"), screen("other_name", "Kik")
    for first, second in ((name, address), (address, name)):
        weighed = weigh(record("a", first, second), record("b", other, email("jo.bloggs77@ex.net")), TWO)
        assert [(line.kind, line.other_kind) for line in weighed.lines] == [(K.EMAIL, K.EMAIL)]


def test_a_common_handle_is_suppressed_and_does_not_differ():
    a, b = record("a", ACCOUNT, email("jo.bloggs77@ex.org")), record("b", ACCOUNT, email("jo.bloggs77@ex.net"))
    match = compare(a, b, seen(1000, account_id=2))
    assert matched(match) == {(K.SERVICE_ACCOUNT_ID, Agreement.exact)}
    assert match.suppressed == (K.EMAIL,)


def test_a_kind_that_differs_counts_against_and_is_named():
    a, b = record("a", ACCOUNT, NAMED), record("b", ACCOUNT, person("Sam Smith", "1990-12-24"))
    match = compare(a, b, TWO)
    assert matched(match) == {
        (K.SERVICE_ACCOUNT_ID, Agreement.exact),
        (K.NAME, Agreement.differs),
        (K.NAME_DOB, Agreement.differs),
    }
    assert match.score < compare(record("a", ACCOUNT), record("b", ACCOUNT), TWO).score
    assert match.matched[-1].rarity is Rarity.common


def test_another_name_and_birth_date_are_said_in_full_beside_a_screen_name():
    a, b = record("a", SCREEN, NAMED), record("b", SCREEN, person("Sam Smith", "1990-12-24"))
    assert weigh(a, b, TWO).score == score_of("screen_name", "name.differs", "born.differs")


@pytest.mark.parametrize(
    ("score", "firm", "expected"),
    [
        (ALERT, True, Band.alert),
        (ALERT, False, Band.review),
        (ALERT - 1 / 64, True, Band.review),
        (REVIEW, False, Band.review),
        (REVIEW - 1 / 64, True, None),
    ],
)
def test_a_score_at_a_threshold_reaches_it_and_what_many_hold_is_never_an_alert(score, firm, expected):
    weighed = weigh(record("a", ACCOUNT), record("b", ACCOUNT), TWO)
    assert band(replace(weighed, score=score, firm=firm)) is expected


def test_what_only_differs_is_no_match_whatever_its_score():
    weighed = weigh(record("a", ACCOUNT), record("b", ACCOUNT), TWO)
    against = tuple(replace(line, agreement=Agreement.differs) for line in weighed.lines)
    assert band(replace(weighed, lines=against)) is None


def test_an_identifier_that_was_dropped_at_the_edge_differs_from_nothing():
    match = compare(record("a", ACCOUNT, PHONE), record("b", ACCOUNT, phone("000000")), TWO)
    assert matched(match) == {(K.SERVICE_ACCOUNT_ID, Agreement.exact)}


# --- common values ---


def test_a_value_above_its_cap_adds_nothing_and_says_so():
    cap = FAMILIES["email"].cap
    a, b = record("a", EMAIL, ACCOUNT), record("b", EMAIL, ACCOUNT)
    within, above = compare(a, b, seen(2, email=cap)), compare(a, b, seen(2, email=cap + 1))
    assert within.suppressed == ()
    assert above.suppressed == (K.EMAIL,)
    assert within.score - above.score == next(line.weight for line in within.matched if line.kind is K.EMAIL)
    assert K.EMAIL not in {line.kind for line in above.matched}


def test_a_common_value_alone_never_alerts():
    assert compare(record("a", PHONE), record("b", PHONE), seen(31)) is None
    assert weigh(record("a", PHONE), record("b", PHONE), seen(31)).suppressed == (K.PHONE_E164,)


def test_a_suppressed_kind_does_not_differ():
    a, b = record("a", ACCOUNT, NAMED), record("b", ACCOUNT, NAMED)
    match = compare(a, b, seen(1000, account_id=2))
    assert matched(match) == {(K.SERVICE_ACCOUNT_ID, Agreement.exact)}
    assert match.suppressed == (K.NAME_DOB,)


@pytest.mark.parametrize(
    ("count", "band"), [(0, "unique"), (2, "unique"), (3, "rare"), (5, "rare"), (6, "uncommon"), (30, "uncommon")]
)
def test_rarity_is_told_as_a_band(count, band):
    match = compare(record("a", EMAIL), record("b", EMAIL), seen(count))
    assert match.matched[0].rarity == band


def test_a_house_or_a_birth_date_that_too_many_hold_does_not_differ():
    home = Identifier(K.ADDRESS, "7 Sample Street", address="7 Sample Street", postcode="6011", city="Wellington")
    terms = weigh(record("a", ACCOUNT, NAMED, home), record("b", ACCOUNT, NAMED, home), seen(1000, account_id=2)).terms
    assert terms == ("account_id",)


def test_of_two_shared_values_of_a_kind_the_rarer_one_is_told():
    for number in range(20):
        common, rare = phone(f"+6421765{number:04d}"), phone(f"+6421876{number:04d}")
        rare_value = next(iter(values(rare, "phone")))

        def frequency(_family: str, value: str, rare_value: str = rare_value) -> int:
            return 2 if value.endswith(rare_value) else 9

        match = compare(record("a", common, rare), record("b", common, rare), frequency)
        assert match.matched[0].rarity is Rarity.unique


def test_a_value_of_too_many_persons_of_one_record_is_common():
    crowd = [replace(ADDRESS, subject_no=number) for number in range(MAX_PERSONS_PER_VALUE + 1)]
    match = compare(record("a", ACCOUNT, *crowd), record("b", ACCOUNT, ADDRESS), TWO)
    assert matched(match) == {(K.SERVICE_ACCOUNT_ID, Agreement.exact)}
    assert match.suppressed == (K.IP_AT_TIME,)


def test_a_value_that_is_common_within_a_record_does_not_differ():
    crowd = [replace(EMAIL, subject_no=number) for number in range(MAX_PERSONS_PER_VALUE + 1)]
    match = compare(record("a", ACCOUNT, *crowd), record("b", ACCOUNT, EMAIL), TWO)
    assert matched(match) == {(K.SERVICE_ACCOUNT_ID, Agreement.exact)}
    assert match.suppressed == (K.EMAIL,)


def test_five_hundred_persons_who_share_everything_cost_no_quarter_million_pairs():
    asked = []
    crowd = [replace(ADDRESS, subject_no=number) for number in range(500)]
    assert compare(record("a", *crowd), record("b", *crowd), lambda *key: asked.append(key) or 2) is None
    assert asked == []


def test_frequencies_are_asked_once_for_shared_values_only():
    asked = []
    a = record("a", ACCOUNT, EMAIL, replace(ACCOUNT, subject_no=1))
    compare(a, record("b", ACCOUNT, PHONE), lambda *key: asked.append(key) or 2)
    assert [family for family, _ in asked] == ["account_id"]


# --- children ---


@pytest.mark.parametrize("role", [S.POSSIBLE_CHILD, S.VICTIM_CHILD, S.POSSIBLE_VICTIM_ACCOUNT_COMPROMISED])
def test_a_person_who_may_be_a_child_is_never_told_as_a_person(role):
    a, b = record("a", replace(ACCOUNT, subject=role)), record("b", ACCOUNT)
    assert compare(a, b, TWO).overlap is Overlap.same_child
    assert compare(b, a, TWO).overlap is Overlap.same_child


def test_a_record_of_a_possible_child_makes_the_overlap_a_child():
    a, b = record("a", ACCOUNT, possible_child=True), record("b", ACCOUNT)
    assert compare(a, b, TWO).overlap is Overlap.same_child
    assert compare(b, a, TWO).overlap is Overlap.same_child


def test_a_role_on_any_sighting_of_the_matched_person_counts():
    a = record("a", ACCOUNT, replace(EMAIL, subject=S.VICTIM_CHILD))
    assert compare(a, record("b", ACCOUNT), TWO).overlap is Overlap.same_child


def test_a_child_beside_the_matched_person_changes_nothing():
    a = record("a", ACCOUNT, replace(EMAIL, subject_no=1, subject=S.VICTIM_CHILD))
    assert compare(a, record("b", ACCOUNT), TWO).overlap is Overlap.same_person


@pytest.mark.parametrize("role", [S.POSSIBLE_CHILD, S.VICTIM_CHILD, S.POSSIBLE_VICTIM_ACCOUNT_COMPROMISED])
@pytest.mark.parametrize("beside", [S.REPORTED_PERSON, S.SUSPECT, S.WITNESS, S.UNKNOWN])
def test_of_two_equal_pairs_of_persons_the_child_is_told(role, beside):
    a = record("a", replace(ACCOUNT, subject=beside), replace(ACCOUNT, subject_no=1, subject=role))
    assert compare(a, record("b", ACCOUNT), TWO).overlap is Overlap.same_child


def test_a_recipient_on_one_side_is_a_person_and_on_both_sides_a_child():
    recipient = replace(ACCOUNT, subject=S.INTENDED_RECIPIENT)
    assert compare(record("a", recipient), record("b", ACCOUNT), TWO).overlap is Overlap.same_person
    assert compare(record("a", recipient), record("b", recipient), TWO).overlap is Overlap.same_child


# --- one report, records that take no part ---


def test_one_report_at_two_agencies_is_a_notice_and_corroborates_nothing():
    a = record("a", ACCOUNT, EMAIL, source_report=("f" * 32,))
    match = compare(a, replace(a, record_id="b", agency="uk-nca"), TWO)
    assert (match.overlap, match.matched, match.suppressed) == (Overlap.same_source_report, (), ())
    assert "report" in explain(match)[0]


def test_one_report_under_two_keys_is_one_report_for_whoever_has_either():
    older, both, newer = ("e" * 32,), ("e" * 32, "f" * 32), ("f" * 32,)
    for ours, theirs, one in ((older, both, True), (both, both, True), (both, newer, True), (older, newer, False)):
        match = compare(record("a", source_report=ours), record("b", source_report=theirs), TWO)
        assert (match is not None) is one


def test_a_number_too_common_under_either_key_is_no_reports():
    a, b = (record(name, source_report=("e" * 32, "f" * 32)) for name in "ab")
    assert compare(a, b, lambda _, value: REPORT_CAP + 1 if value[0] == "e" else 2) is None


def test_records_without_a_report_number_are_not_one_report():
    assert compare(record("a", SCREEN), record("b", email("x.y.z.o@example.org")), TWO) is None
    other = compare(
        record("a", ACCOUNT, source_report=("e" * 32,)), record("b", ACCOUNT, source_report=("f" * 32,)), TWO
    )
    assert other.overlap is Overlap.same_person


@pytest.mark.parametrize("state", [{"matchable": False}, {"open": False}])
@pytest.mark.parametrize("report", [(), ("f" * 32,)])
def test_a_batched_or_closed_record_takes_no_part(state, report):
    a, b = record("a", ACCOUNT, source_report=report), record("b", ACCOUNT, source_report=report, **state)
    assert compare(a, b, TWO) is None
    assert compare(b, a, TWO) is None
    assert postings(b) == ()


def test_a_record_never_matches_itself():
    assert compare(record("a", ACCOUNT), record("a", ACCOUNT), TWO) is None


def test_two_records_of_one_agency_may_match():
    assert compare(record("a", ACCOUNT), record("b", ACCOUNT), TWO) is not None


# --- severity ---

URGENT, HIGH, OLD = {"immediate_risk": True}, {"high_priority": True}, {"backlog": True}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({}, {}, Severity.routine),
        (URGENT, {}, Severity.immediate),
        (HIGH, {}, Severity.high),
        (HIGH, URGENT, Severity.immediate),
        (OLD, HIGH, Severity.routine),
        (OLD | HIGH, {}, Severity.routine),
        (OLD | URGENT, {}, Severity.routine),
        (OLD | URGENT, HIGH, Severity.routine),
        (OLD, URGENT, Severity.immediate),
        (OLD | URGENT, OLD | URGENT, Severity.routine),
    ],
)
def test_a_backlog_raises_no_urgent_alert_but_for_a_child_at_risk_on_the_live_side(one, other, expected):
    a, b = record("a", ACCOUNT, **one), record("b", ACCOUNT, **other)
    assert compare(a, b, TWO).severity is expected
    assert compare(b, a, TWO).severity is expected


# --- tokens that this hub does not know ---


def test_unknown_families_and_families_under_a_foreign_kind_are_ignored():
    odd = (
        HeldSighting(K.EMAIL, 0, S.REPORTED_PERSON, (HeldToken("retina_scan", "1:" + "0" * 32),)),
        HeldSighting(K.IP_AT_TIME, 0, S.REPORTED_PERSON, (HeldToken("account_id", "1:" + "0" * 32),)),
    )
    a, b = record("a", sightings=odd), record("b", sightings=odd)
    assert postings(a) == ()
    assert compare(a, b, TWO) is None
    assert not eligible(HeldToken("retina_scan", "1:" + "0" * 32), 2)


# --- candidates ---


def test_postings_are_what_the_record_shares_and_nothing_twice():
    a = record("a", ACCOUNT, EMAIL, EMAIL, source_report=("f" * 32,))
    assert [token.family for token in postings(a)] == [
        "account_id",
        "email",
        "handle",
        "handle_look",
        "name_in_handle",
        "source_report",
    ]


def test_a_token_is_eligible_up_to_its_cap_and_so_is_a_reports_number():
    token = HeldToken("phone", "1:" + "0" * 32)
    assert eligible(token, FAMILIES["phone"].cap)
    assert not eligible(token, FAMILIES["phone"].cap + 1)
    assert eligible(HeldToken("source_report", "f" * 32), REPORT_CAP)
    assert not eligible(HeldToken("source_report", "f" * 32), REPORT_CAP + 1)


def test_a_no_hit_names_the_kinds_that_are_only_common():
    a = record("a", ACCOUNT, EMAIL, PHONE)
    assert common_kinds(a, seen(1000, account_id=2)) == (K.EMAIL, K.PHONE_E164)
    assert common_kinds(a, seen(2, email=31)) == ()  # its handle still speaks
    assert common_kinds(replace(a, open=False), seen(1000)) == ()


def test_one_rare_value_of_a_kind_is_enough_to_speak():
    common, rare = phone("+6421765432"), phone("+6421876543")
    rare_value = next(iter(values(rare)))
    for both in ((common, rare), (rare, common)):
        assert common_kinds(record("a", *both), lambda _, value: 2 if value.endswith(rare_value) else 99) == ()


# --- words ---


def test_a_match_is_explained_in_plain_words():
    a, b = record("a", ACCOUNT, NAMED, PHONE), record("b", ACCOUNT, PHONE, person("Sam Smith", "1990-12-24"))
    match = compare(a, b, seen(3, phone=31, phone_national=31))
    lines = explain(match)
    assert lines[0] == f"possible same person: {match.strength.value.replace('_', ' ')} ({match.score:.1f})"
    weights = {line.kind: f"{line.weight:+.2f}" for line in match.matched}
    assert set(lines[1:]) == {
        f"same account id (rare) {weights[K.SERVICE_ACCOUNT_ID]}",
        f"different name {weights[K.NAME]}",
        f"different name and date of birth {weights[K.NAME_DOB]}",
        "not counted, too common: phone number",
    }


def test_a_child_is_explained_as_a_possible_child_and_never_as_a_suspect():
    lines = explain(compare(record("a", ACCOUNT, possible_child=True), record("b", ACCOUNT), TWO))
    assert lines[0].startswith("possible same child")
    assert "suspect" not in " ".join(lines)


@pytest.mark.parametrize("identifier", [ACCOUNT, EMAIL, PHONE, DEVICE, SCREEN, NAMED])
def test_no_output_holds_a_planted_value(identifier):
    a, b = record("a", identifier), record("b", identifier)
    match = compare(a, b, TWO)
    said = repr((a, b, postings(a), weigh(a, b, TWO), match, explain(match))).lower()
    for value in (identifier.value, identifier.date_of_birth, "8842017", "bloggs", "examplechat", "356938"):
        assert value is None or value.lower() not in said


# --- laws ---

POOL = [
    ACCOUNT,
    EMAIL,
    PHONE,
    DEVICE,
    SCREEN,
    NAMED,
    ADDRESS,
    email("jo.bloggs+x@gmail.com"),
    email("jobloggs@gmail.com"),
    email("synthetic_subject@example.net"),
    screen("synthetic_subject", "Kik"),
    screen("jobloggs", "Kik"),
    screen("synthetic_subjесt"),
    person("Jo Ann Bloggs", "03/04/1984"),
    person("Sam Smith", "1990-12-24"),
    ip("203.0.113.7", at("2025-03-04T01:00:00+00:00")),
    ip("2001:db8::7"),
    ip("2001:db8::8"),
    phone("+64211234567"),
]
SIGHTINGS = st.lists(
    st.tuples(
        st.sampled_from(POOL),
        st.integers(0, 2),
        st.sampled_from([S.REPORTED_PERSON, S.INTENDED_RECIPIENT, S.VICTIM_CHILD, S.UNKNOWN]),
    ),
    max_size=8,
).map(lambda drawn: [replace(identifier, subject_no=number, subject=role) for identifier, number, role in drawn])
COUNTS = st.dictionaries(st.sampled_from(sorted(FAMILIES)), st.integers(0, 120)).map(lambda counts: seen(2, **counts))


def swapped(found: Match | Weighed) -> Match | Weighed:
    """What the other side is told: each kind is the other's."""
    turn = lambda each: replace(each, kind=each.other_kind, other_kind=each.kind)  # noqa: E731
    lines = "matched" if isinstance(found, Match) else "lines"
    own: dict[str, tuple[Agreed | Shared, ...]] = {lines: tuple(turn(line) for line in getattr(found, lines))}
    return replace(found, evidence=tuple(turn(each) for each in found.evidence), **own)


@given(one=SIGHTINGS, other=SIGHTINGS, frequency=COUNTS)
def test_comparison_is_symmetric_but_for_whose_kind_is_whose(one, other, frequency):
    a, b = record("a", *one, agency="nz-police"), record("b", *other, agency="uk-nca")
    ours, theirs = compare(a, b, frequency), compare(b, a, frequency)
    assert ours == (theirs and swapped(theirs))
    assert weigh(a, b, frequency) == swapped(weigh(b, a, frequency))


@given(one=SIGHTINGS, other=SIGHTINGS, frequency=COUNTS, seed=st.integers())
def test_comparison_does_not_depend_on_the_order_numbering_or_repetition_of_sightings(one, other, frequency, seed):
    shuffler = random.Random(seed)
    mixed = [replace(identifier, subject_no=9 - identifier.subject_no) for identifier in one] * 2
    shuffler.shuffle(mixed)
    b = record("b", *other)
    assert weigh(record("a", *one), b, frequency) == weigh(record("a", *mixed), b, frequency)


@given(one=SIGHTINGS, other=SIGHTINGS, frequency=COUNTS)
def test_the_score_is_the_sum_of_the_lines_and_every_kind_stands_once(one, other, frequency):
    match = compare(record("a", *one), record("b", *other), frequency)
    if match is None:
        return
    kinds = [(line.kind, line.other_kind) for line in match.matched]
    assert match.score == PRIOR_OF_TIPS + sum(line.weight for line in match.matched)
    assert [line.weight for line in match.matched] == sorted((line.weight for line in match.matched), reverse=True)
    assert len(kinds) == len(set(kinds))
    agreed = {line.kind for line in match.matched if line.agreement is not Agreement.differs}
    assert agreed
    assert {shared.kind for shared in match.evidence} <= agreed
    assert match.evidence, "what agrees has its values as evidence"
    assert match.band is Band.review or agreed - {K.IP_AT_TIME}
    assert match.band is Band.review or match.score >= ALERT
    assert match.score >= REVIEW
    assert match.band is Band.alert or match.severity is Severity.routine
    assert not agreed & set(match.suppressed)


def told_to(sent):
    """Name, birth date and house are told together, in the words of any kind of them."""
    return sent | (PERSON_KINDS if sent & PERSON_KINDS else set())


@given(one=SIGHTINGS, other=SIGHTINGS, frequency=COUNTS)
def test_each_side_is_told_only_of_kinds_that_it_sent(one, other, frequency):
    weighed = weigh(record("a", *one), record("b", *other), frequency)
    ours, theirs = told_to({each.kind for each in one}), told_to({each.kind for each in other})
    assert {line.kind for line in weighed.lines} <= ours
    assert {line.other_kind for line in weighed.lines} <= theirs
    assert set(weighed.suppressed) <= ours & theirs


@given(one=SIGHTINGS, other=SIGHTINGS, share=st.floats(0, 1))
def test_the_least_score_is_the_same_however_many_others_hold_what_agrees(one, other, share):
    """As long as none of it is suppressed: what depends on it alone tells nobody of a third agency's records."""
    a, b = (record(name, *[replace(each, subject_no=0) for each in said]) for name, said in (("a", one), ("b", other)))
    counted = {name: 2 + int((family.cap - 2) * share) for name, family in FAMILIES.items()}
    rare, other_counts = weigh(a, b, TWO), weigh(a, b, seen(2, **counted))
    assert rare.least_score == other_counts.least_score <= other_counts.score


def test_a_token_is_indexed_apart_for_each_family_and_epoch():
    """Whoever chooses a value under one of them says nothing of how many hold it under another."""
    value = "0" * 32
    keys = [index_key(family, f"{epoch}:{value}") for family in ("phone", "email") for epoch in (1, 2)]
    assert len(set(keys)) == 4


@given(one=SIGHTINGS, other=SIGHTINGS)
def test_every_match_shares_an_eligible_posting(one, other):
    a, b = record("a", *one), record("b", *other)
    if compare(a, b, TWO) is not None:
        assert any(eligible(token, 2) for token in set(postings(a)) & set(postings(b)))


@given(one=SIGHTINGS, other=SIGHTINGS, frequency=COUNTS, reports=st.tuples(*[st.sampled_from([(), ("f" * 32,)])] * 2))
def test_no_match_scores_more_than_the_eligible_values_that_it_shares_can_add_up_to(one, other, frequency, reports):
    a, b = record("a", *one, source_report=reports[0]), record("b", *other, source_report=reports[1])
    match = compare(a, b, frequency)
    if match is not None:
        shared: dict[str, int] = {}
        for token in set(postings(a)) & set(postings(b)):
            note(shared, token, max(2, frequency(token.family, token.value)))
        assert match.score <= most(shared, PRIOR_OF_TIPS)


def test_a_number_that_too_many_records_have_is_no_reports_and_hides_no_match():
    a, b = record("a", ACCOUNT, source_report=("f" * 32,)), record("b", ACCOUNT, source_report=("f" * 32,))
    common = lambda family, _: REPORT_CAP + 1 if family == "source_report" else 2  # noqa: E731
    match = compare(a, b, common)
    assert match.overlap is Overlap.same_person
    assert compare(replace(a, sightings=()), replace(b, sightings=()), common) is None
