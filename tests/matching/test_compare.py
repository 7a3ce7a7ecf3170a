"""What a comparison of two records says, and what it must never say."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matching_builders import account, at, device, email, ip, person, phone, record, screen, seen, values

from casebus.events.enumerations import Agreement, IdentifierType, Overlap, Rarity, Severity, Strength, SubjectCategory
from casebus.matching.candidates import common_kinds, eligible, postings
from casebus.matching.decide import ALERT, compare
from casebus.matching.explain import explain
from casebus.matching.families import DETECTOR, FAMILIES
from casebus.matching.held import HeldSighting, HeldToken
from casebus.matching.weigh import MAX_PERSONS_PER_VALUE, weigh

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


def matched(match):
    return {(line.kind, line.agreement) for line in match.matched}


@pytest.mark.parametrize("identifier", [ACCOUNT, EMAIL, PHONE, DEVICE])
def test_one_strong_identifier_alerts_alone(identifier):
    match = compare(record("a", identifier), record("b", identifier), TWO)
    assert (match.overlap, match.strength, match.detector) == (Overlap.same_person, Strength.strong, DETECTOR)
    assert matched(match) == {(identifier.kind, Agreement.exact)}
    assert match.matched[0].rarity is Rarity.unique


@pytest.mark.parametrize("identifier", [SCREEN, NAMED])
def test_a_screen_name_or_a_name_with_birth_date_alone_is_a_moderate_alert(identifier):
    assert compare(record("a", identifier), record("b", identifier), TWO).strength is Strength.moderate


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ADDRESS, ADDRESS),
        (ip("2001:db8::7"), ip("2001:db8::7")),
        (screen("pаypal_subject"), screen("paypal_subject")),
        (screen("jo.bloggs77", "Kik"), screen("jo.bloggs77", "Snapchat")),
        (person("Jo Bloggs", "1984-01-01"), person("Jo Bloggs", "1984-01-01")),
        (email("jo.bloggs@example.org"), email("jo.bloggs@example.net")),
    ],
)
def test_weak_evidence_alone_never_alerts(one, other):
    weighed = weigh(record("a", one), record("b", other), TWO)
    assert weighed.score > 0
    assert compare(record("a", one), record("b", other), TWO) is None


def test_the_delivered_form_of_an_email_alerts_as_similar():
    match = compare(record("a", email("jo.bloggs+x@gmail.com")), record("b", email("jobloggs@gmail.com")), TWO)
    assert matched(match) == {(K.EMAIL, Agreement.similar)}
    assert match.score == FAMILIES["email_delivered"].weight


def test_weak_evidence_adds_up_within_one_pair_of_persons():
    one, other = [screen("pаypal_subject"), ADDRESS], [screen("paypal_subject"), ADDRESS]
    match = compare(record("a", *one), record("b", *other), TWO)
    assert match.score == FAMILIES["screen_name_look"].weight + FAMILIES["ip_time"].weight


def test_evidence_on_two_persons_never_adds_up():
    screen_of_second = screen("paypal_subject", subject_no=1)
    assert compare(record("a", screen("pаypal_subject"), ADDRESS), record("b", screen_of_second, ADDRESS), TWO) is None


def test_within_one_kind_only_the_strongest_family_counts():
    two = (email("jo.bloggs@gmail.com"), email("other.one@example.org"), screen("jobloggs"))
    match = compare(record("a", *two), record("b", *two[:2]), TWO)
    assert match.score == FAMILIES["email"].weight


def test_the_strongest_family_counts_in_whatever_order_the_tokens_come():
    for number in range(20):
        address = email(f"jo.bloggs{number}@gmail.com")
        assert compare(record("a", address), record("b", address), TWO).score == FAMILIES["email"].weight


def test_the_best_pair_of_persons_stands_for_the_records():
    a = record("a", SCREEN, replace(ACCOUNT, subject_no=1), replace(PHONE, subject_no=1))
    b = record("b", SCREEN, replace(ACCOUNT, subject_no=7), replace(PHONE, subject_no=7))
    match = compare(a, b, TWO)
    assert [line.kind for line in match.matched] == [K.SERVICE_ACCOUNT_ID, K.PHONE_E164]
    assert match.strength is Strength.very_strong


def test_a_handle_is_told_under_a_kind_that_both_sides_sent():
    other_name = screen("other_name", "Kik")
    a, b = record("a", screen("jo.bloggs77"), NAMED), record("b", email("jo.bloggs77@example.org"), other_name, NAMED)
    match = compare(a, b, TWO)
    assert matched(match) == {(K.NAME_DOB, Agreement.exact), (K.SERVICE_SCREEN_NAME, Agreement.similar)}
    assert match.score == FAMILIES["name_dob"].weight + FAMILIES["handle"].weight


def test_a_handle_that_a_person_has_twice_is_told_under_either_kind():
    name, address, other = screen("jo.bloggs77"), email("jo.bloggs77@ex.org"), screen("other_name", "Kik")
    for first, second in ((name, address), (address, name)):
        weighed = weigh(record("a", first, second), record("b", other, email("jo.bloggs77@ex.net")), TWO)
        assert [line.kind for line in weighed.lines] == [K.SERVICE_SCREEN_NAME, K.EMAIL]
        assert weighed.lines[1].agreement is Agreement.differs


def test_a_handle_is_not_told_where_it_would_give_away_a_kind_that_one_side_never_sent():
    a, b = record("a", screen("jo.bloggs77"), NAMED), record("b", email("jo.bloggs77@example.org"), NAMED)
    assert matched(compare(a, b, TWO)) == {(K.NAME_DOB, Agreement.exact)}
    assert compare(a, b, seen(2, handle=11)).suppressed == ()


def test_a_common_handle_is_suppressed_and_does_not_differ():
    a, b = record("a", ACCOUNT, email("jo.bloggs77@ex.org")), record("b", ACCOUNT, email("jo.bloggs77@ex.net"))
    match = compare(a, b, seen(2, handle=11))
    assert matched(match) == {(K.SERVICE_ACCOUNT_ID, Agreement.exact)}
    assert match.suppressed == (K.EMAIL,)


def test_a_kind_that_differs_counts_against_and_is_named():
    a, b = record("a", ACCOUNT, NAMED), record("b", ACCOUNT, person("Sam Smith", "1990-12-24"))
    match = compare(a, b, TWO)
    assert matched(match) == {(K.SERVICE_ACCOUNT_ID, Agreement.exact), (K.NAME_DOB, Agreement.differs)}
    assert match.score < compare(record("a", ACCOUNT), record("b", ACCOUNT), TWO).score
    assert match.matched[-1].rarity is Rarity.common


def test_another_name_and_birth_date_holds_back_a_screen_name():
    a, b = record("a", SCREEN, NAMED), record("b", SCREEN, person("Sam Smith", "1990-12-24"))
    assert compare(a, b, TWO) is None


def test_a_score_at_the_threshold_alerts():
    others = (email("sam@example.org"), phone("+64211234567"), device("AA:BB:CC:11:22:33"))
    a, b = record("a", SCREEN, EMAIL, PHONE, DEVICE), record("b", SCREEN, *others)
    assert compare(a, b, TWO).score == ALERT


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
    assert within.score - above.score == FAMILIES["email"].weight
    assert K.EMAIL not in {line.kind for line in above.matched}


def test_a_common_value_alone_never_alerts():
    assert compare(record("a", PHONE), record("b", PHONE), seen(31)) is None
    assert weigh(record("a", PHONE), record("b", PHONE), seen(31)).suppressed == (K.PHONE_E164,)


def test_a_suppressed_kind_does_not_differ():
    a, b = record("a", ACCOUNT, NAMED), record("b", ACCOUNT, NAMED)
    match = compare(a, b, seen(2, name_dob=31))
    assert matched(match) == {(K.SERVICE_ACCOUNT_ID, Agreement.exact)}
    assert match.suppressed == (K.NAME_DOB,)


@pytest.mark.parametrize(
    ("count", "band"), [(0, "unique"), (2, "unique"), (3, "rare"), (5, "rare"), (6, "uncommon"), (30, "uncommon")]
)
def test_rarity_is_told_as_a_band(count, band):
    match = compare(record("a", EMAIL), record("b", EMAIL), seen(count))
    assert match.matched[0].rarity == band


def test_of_two_shared_values_of_a_kind_the_rarer_one_is_told():
    for number in range(20):
        common, rare = phone(f"+6421765{number:04d}"), phone(f"+6421876{number:04d}")
        rare_value = next(iter(values(rare)))

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
    a = record("a", ACCOUNT, EMAIL, source_report="f" * 32)
    match = compare(a, replace(a, record_id="b", agency="uk-nca"), TWO)
    assert (match.overlap, match.matched, match.suppressed) == (Overlap.same_source_report, (), ())
    assert "report" in explain(match)[0]


def test_records_without_a_report_number_are_not_one_report():
    assert compare(record("a", SCREEN), record("b", email("x.y.z.o@example.org")), TWO) is None
    other = compare(record("a", ACCOUNT, source_report="e" * 32), record("b", ACCOUNT, source_report="f" * 32), TWO)
    assert other.overlap is Overlap.same_person


@pytest.mark.parametrize("state", [{"matchable": False}, {"open": False}])
@pytest.mark.parametrize("report", [None, "f" * 32])
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
    a = record("a", ACCOUNT, EMAIL, EMAIL, source_report="f" * 32)
    assert [token.family for token in postings(a)] == ["account_id", "email", "handle", "source_report"]


def test_a_token_is_eligible_up_to_its_cap_and_a_report_always():
    token = HeldToken("phone", "1:" + "0" * 32)
    assert eligible(token, FAMILIES["phone"].cap)
    assert not eligible(token, FAMILIES["phone"].cap + 1)
    assert eligible(HeldToken("source_report", "f" * 32), 100_000)


def test_a_no_hit_names_the_kinds_that_are_only_common():
    a = record("a", ACCOUNT, EMAIL, PHONE)
    assert common_kinds(a, seen(2, email=31, handle=11, phone=31)) == (K.EMAIL, K.PHONE_E164)
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
    assert explain(compare(a, b, seen(3, phone=31))) == (
        "possible same person: strong (6.5)",
        "same account id (rare) +8.00",
        "different name and date of birth -1.50",
        "not counted, too common: phone number",
    )


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


@given(one=SIGHTINGS, other=SIGHTINGS, frequency=COUNTS)
def test_comparison_is_symmetric(one, other, frequency):
    a, b = record("a", *one, agency="nz-police"), record("b", *other, agency="uk-nca")
    assert compare(a, b, frequency) == compare(b, a, frequency)
    assert weigh(a, b, frequency) == weigh(b, a, frequency)


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
    kinds = [line.kind for line in match.matched]
    assert match.score == sum(line.weight for line in match.matched)
    assert [line.weight for line in match.matched] == sorted((line.weight for line in match.matched), reverse=True)
    assert len(kinds) == len(set(kinds))
    agreed = {line.kind for line in match.matched if line.agreement is not Agreement.differs}
    assert agreed - {K.IP_AT_TIME}
    assert not agreed & set(match.suppressed)
    assert {line.rarity for line in match.matched if line.kind in agreed} <= {
        Rarity.unique,
        Rarity.rare,
        Rarity.uncommon,
    }


@given(one=SIGHTINGS, other=SIGHTINGS, frequency=COUNTS)
def test_every_kind_that_is_named_was_sent_by_both_sides(one, other, frequency):
    weighed = weigh(record("a", *one), record("b", *other), frequency)
    sent = {identifier.kind for identifier in one} & {identifier.kind for identifier in other}
    assert {line.kind for line in weighed.lines} | set(weighed.suppressed) <= sent


@given(one=SIGHTINGS, other=SIGHTINGS)
def test_every_match_shares_an_eligible_posting(one, other):
    a, b = record("a", *one), record("b", *other)
    if compare(a, b, TWO) is not None:
        assert any(eligible(token, 2) for token in set(postings(a)) & set(postings(b)))
