"""The corpus of nasty cases: each is benign, and is accepted as what it is."""

import json

import pytest
from samples import changed, sample, tip

from casebus.events.enumerations import (
    AssertionKind,
    ChildIndicator,
    IdentifierType,
    IncidentCategory,
    ReferralClass,
    SubjectCategory,
    TimeQuality,
    TipAnnotation,
    TriState,
)
from casebus.intake.adapter import Identifier, TipDraft
from casebus.testing import synthetic
from producers.nz_police import ADAPTER as NZ_POLICE

PERSON = synthetic.Person(account_id="u-1", screen_name="synthetic_1")


def cybertip(*reported: synthetic.Person, **more) -> TipDraft:
    return tip(NZ_POLICE, synthetic.cybertip_json("900000001", *reported, **more))


def of_kind(draft: TipDraft, kind: IdentifierType) -> list[Identifier]:
    return [one for one in draft.identifiers if one.kind is kind]


def with_person(**keys: object) -> TipDraft:
    def change(document):
        document["reportedInformation"]["reportedPeople"]["reportedPersons"][0].update(keys)

    return tip(NZ_POLICE, changed("cybertip.json", change))


def with_incident_time(text: object) -> TipDraft:
    def change(document):
        document["reportedInformation"]["incidentSummary"]["incidentDateTime"] = text

    return tip(NZ_POLICE, changed("cybertip.json", change))


def test_a_bom_changes_nothing():
    assert cybertip(PERSON, bom=True) == cybertip(PERSON)


@pytest.mark.parametrize("value", [None, "absent"])
def test_a_null_and_an_absent_key_are_the_same_at_every_level(value):
    whole = json.loads(sample("cybertip_full.json"))

    def places(node, path=()):
        if isinstance(node, dict):
            for key, child in node.items():
                yield (*path, key)
                yield from places(child, (*path, key))
        elif isinstance(node, list):
            for index, child in enumerate(node):
                yield from places(child, (*path, index))

    for path in places(whole):
        if path == ("reportId",):
            continue
        document = json.loads(sample("cybertip_full.json"))
        at = document
        for key in path[:-1]:
            at = at[key]
        if value is None:
            at[path[-1]] = None
        else:
            del at[path[-1]]
        assert tip(NZ_POLICE, json.dumps(document)).key.number == "900000001", path


def test_a_tip_with_nothing_but_its_number_is_a_tip():
    draft = tip(NZ_POLICE, '{"reportId": 900000001}')
    assert (draft.key.number, draft.identifiers, draft.content.subjects) == ("900000001", (), 0)
    assert draft.content.category is IncidentCategory.UNKNOWN


def test_a_number_and_a_true_in_text_are_read_where_text_and_flags_are_usual():
    draft = with_person(espUserId=8842017, approximateAge="17", compromisedAccount="true")
    assert of_kind(draft, IdentifierType.SERVICE_ACCOUNT_ID)[0].value == "8842017"
    assert draft.content.possible_child.answer is TriState.YES
    assert with_person(approximateAge=17).content.possible_child == draft.content.possible_child
    text = with_person(emails={"emails": [{"value": "a@example.org", "verified": "true"}]})
    assert of_kind(text, IdentifierType.EMAIL)[0].verified is TriState.YES


def test_an_unknown_key_of_any_type_is_accepted():
    def change(document):
        document["futureSection"] = [{"a": [1.5, {"b": None}]}]
        document["reportedInformation"]["incidentSummary"]["futureFlag"] = True

    content = changed("cybertip.json", change).replace(b"1.5", b"1.5e400, " + b"9" * 5000)
    assert tip(NZ_POLICE, content) == tip(NZ_POLICE, sample("cybertip.json"))


@pytest.mark.parametrize(
    ("text", "quality"),
    [
        ("03/02/2025 21:14:05 UTC", TimeQuality.AMBIGUOUS_DAY_MONTH),
        ("2025-03-02T21:14:05", TimeQuality.NO_OFFSET),
        ("2025-03-02 9:14:05", TimeQuality.UNPARSEABLE),
        ("2099-01-01T00:00:00Z", TimeQuality.IMPLAUSIBLE),
        ("2025-05-02T21:14:05Z", TimeQuality.IMPLAUSIBLE),
        ("2025-13-45T99:99:99Z", TimeQuality.UNPARSEABLE),
        ("some time in March", TimeQuality.UNPARSEABLE),
        ("2025-03-02", TimeQuality.DATE_ONLY),
        (None, TimeQuality.MISSING),
        ("", TimeQuality.MISSING),
        (0, TimeQuality.UNPARSEABLE),
    ],
)
def test_a_missing_or_impossible_time_is_accepted_kept_raw_and_marked(text, quality):
    incident = with_incident_time(text).content.times[0]
    assert (incident.quality, incident.instant) == (quality, None)
    if isinstance(text, str) and text.startswith("20"):
        assert incident.raw == text


def test_an_offset_across_midnight_names_the_right_day():
    incident = with_incident_time("2025-03-03T00:30:00+13:00").content.times[0]
    assert incident.quality is TimeQuality.EXACT_OFFSET
    assert incident.instant.isoformat() == "2025-03-02T11:30:00+00:00"
    assert incident.stated_offset_minutes == 780


def test_a_country_that_is_none_is_dropped():
    for text in ("A1", "A2", "O1", "AP", "EU", "AN", "", "ZZ", "Atlantis"):
        draft = with_person(addresses=None, estimatedLocation={"countryCode": text})
        assert draft.content.countries == ()
    assert with_person(addresses={"addresses": [{"country": "UK"}]}).content.countries == ("GB",)


def test_an_address_in_ipv6_dress_stays_as_written():
    captures = {"sourceCaptures": [{"captureType": "IP Address", "value": "::ffff:203.0.113.7", "dateTime": "x"}]}
    (address,) = of_kind(with_person(sourceInformation=captures), IdentifierType.IP_AT_TIME)[:1]
    assert address.value == "::ffff:203.0.113.7"
    assert address.seen_at.quality is TimeQuality.UNPARSEABLE


def test_an_address_without_a_time_says_so():
    captures = {"sourceCaptures": [{"captureType": "IP Address", "value": "203.0.113.99"}]}
    addresses = of_kind(with_person(sourceInformation=captures), IdentifierType.IP_AT_TIME)
    assert [one.seen_at.quality for one in addresses if one.value == "203.0.113.99"] == [TimeQuality.MISSING]


def test_two_persons_of_one_tip_are_told_apart():
    draft = cybertip(synthetic.person(1), synthetic.person(2))
    assert draft.content.subjects == 2
    assert {one.subject_no for one in draft.identifiers} == {0, 1}


def test_what_stands_outside_of_two_persons_is_nobodys():
    draft = cybertip(PERSON, synthetic.person(2), additional=["Email: who@example.org"])
    (mined,) = [one for one in draft.identifiers if one.value == "who@example.org"]
    assert mined.subject is SubjectCategory.UNKNOWN
    assert mined.subject_no not in {one.subject_no for one in draft.identifiers if one is not mined}


def test_an_intended_recipient_may_be_the_child():
    child = synthetic.Person(account_id="u-child", age="12")
    draft = cybertip(synthetic.person(1), recipients=[child, synthetic.Person(account_id="u-other")])
    by_value = {one.value: one for one in draft.identifiers}
    assert by_value["u-child"].subject is SubjectCategory.POSSIBLE_CHILD
    assert by_value["u-other"].subject is SubjectCategory.INTENDED_RECIPIENT
    assert by_value["u-child"].subject_no != by_value["u-other"].subject_no != 0
    assert draft.content.possible_child.answer is TriState.NOT_STATED


def test_the_holder_of_a_compromised_account_is_no_reported_person():
    draft = cybertip(synthetic.person(1), compromised=True)
    assert {one.subject for one in draft.identifiers} == {SubjectCategory.POSSIBLE_VICTIM_ACCOUNT_COMPROMISED}


def test_a_childs_own_account_is_a_possible_childs():
    for draft, indicator in (
        (cybertip(PERSON, self_produced=True), ChildIndicator.POSSIBLE_SELF_PRODUCTION),
        (cybertip(PERSON, annotations={"minorToMinorInteraction": True}), ChildIndicator.MINOR_TO_MINOR),
        (cybertip(synthetic.Person(account_id="u-1", age="15")), ChildIndicator.AGE_STATED),
        (cybertip(synthetic.Person(account_id="u-1", date_of_birth="2010-02-03")), ChildIndicator.BIRTH_DATE),
    ):
        assert draft.content.possible_child.answer is TriState.YES
        assert draft.content.possible_child.indicators == (indicator,)
        assert {one.subject for one in draft.identifiers} == {SubjectCategory.POSSIBLE_CHILD}
        assert draft.content.handling.purpose.value == "SAFEGUARDING_CHILD"


def test_an_adult_age_does_not_show_that_nobody_is_a_child():
    assert cybertip(synthetic.person(1)).content.possible_child.answer is TriState.NOT_STATED


def test_a_batched_viral_report_is_marked_in_both_formats():
    batched = tip(NZ_POLICE, sample("provider_batched_report.xml"))
    assert batched.content.referral_class is ReferralClass.BATCHED_VIRAL
    assert [one.subject_no for one in batched.identifiers] == [0, 1, 2]
    for value in ({"reason": "VIRAL_POTENTIAL_MEME"}, "VIRAL_POTENTIAL_MEME", True):
        for place in ("reportedInformation", None):

            def change(document, value=value, place=place):
                (document[place] if place else document)["batchedReport"] = value

            draft = tip(NZ_POLICE, changed("cybertip.json", change))
            assert draft.content.referral_class is ReferralClass.BATCHED_VIRAL


def test_an_incident_type_that_was_amended_changes_the_same_record():
    first = cybertip(PERSON, incident_type="Online Enticement of Children for Sexual Acts")
    second = cybertip(PERSON, incident_type="Child Sexual Molestation")
    assert first.key == second.key
    assert first.content.category is not second.content.category
    assert cybertip(PERSON, incident_type="Of next year").content.category is IncidentCategory.OTHER


def test_the_same_report_again_is_the_same_draft():
    assert tip(NZ_POLICE, sample("cybertip.json")) == tip(NZ_POLICE, sample("cybertip.json"))


def test_identifiers_that_stand_only_in_free_text_are_found():
    text = "Username: synthetic_subject_01\nEmail: only.here@example.org\nPhone: +64 20 0000 0001\nUser ID: u-77"
    for draft in (cybertip(synthetic.Person(), additional=[text]), cybertip(additional=[text])):
        assert {(one.kind, one.value) for one in draft.identifiers} == {
            (IdentifierType.SERVICE_SCREEN_NAME, "synthetic_subject_01"),
            (IdentifierType.EMAIL, "only.here@example.org"),
            (IdentifierType.PHONE_E164, "+64 20 0000 0001"),
            (IdentifierType.SERVICE_ACCOUNT_ID, "u-77"),
        }
        assert {one.subject_no for one in draft.identifiers} == {0}
        assert {one.subject for one in draft.identifiers} == {SubjectCategory.REPORTED_PERSON}
        assert {one.certainty for one in draft.identifiers} == {AssertionKind.MINED_FROM_TEXT}


@pytest.mark.parametrize("name", ["مستخدم‏_1", "🦊synthetic🦊", "a​b", "x" * 1000])
def test_a_screen_name_of_any_script_stays_as_written(name):
    (found,) = of_kind(cybertip(synthetic.Person(screen_name=name)), IdentifierType.SERVICE_SCREEN_NAME)
    assert found.value == name


def test_half_an_emoji_is_replaced_because_no_store_can_hold_it():
    content = sample("cybertip.json").replace(b'"synthetic_subject_01"', b'"fox\\ud83e\\u0000"')
    (found,) = of_kind(tip(NZ_POLICE, content), IdentifierType.SERVICE_SCREEN_NAME)[:1]
    assert found.value == "fox\ufffd\ufffd"


def test_a_phone_without_a_country_code_bears_the_country_of_its_person():
    phones = {"phones": [{"value": "020 0000 0001"}]}
    (found,) = of_kind(with_person(phones=phones), IdentifierType.PHONE_E164)
    assert (found.value, found.country) == ("020 0000 0001", "NZ")


def test_an_annotation_of_next_year_is_counted():
    draft = cybertip(PERSON, annotations={"informational": True, "brandNew": True, "spam": False})
    assert draft.content.annotations == (TipAnnotation.INFORMATIONAL,)
    assert draft.content.unmapped_annotations == 1


def test_more_than_500_identifiers_pass_through():
    captures = {
        "sourceCaptures": [
            {"captureType": "IP Address", "value": f"2001:db8::{number:x}", "dateTime": "2025-03-02T20:58:41Z"}
            for number in range(1200)
        ]
    }
    assert len(of_kind(with_person(sourceInformation=captures), IdentifierType.IP_AT_TIME)) >= 1200


def test_an_escalation_is_told_and_its_reason_is_not():
    draft = cybertip(PERSON, escalated="SYNTHETIC: a meeting is being arranged")
    assert draft.content.provider_escalated
    assert (draft.content.priority.value, [one.value for one in draft.content.priority_basis]) == (
        "HIGH",
        ["REPORTER_ESCALATED"],
    )
    for nothing in (None, "", "false", "no"):
        assert not cybertip(PERSON, escalated=nothing).content.provider_escalated


def test_null_is_not_false_for_a_file_that_was_viewed():
    def change(document):
        files = document["reportedInformation"]["uploadedFiles"]["uploadedFiles"]
        files[:] = [{"viewedByEsp": value} for value in (True, "false", None, "unknown")] + [{}]

    files = tip(NZ_POLICE, changed("cybertip.json", change)).content.files
    assert (files.total, files.viewed_yes, files.viewed_no, files.viewed_not_stated) == (5, 1, 1, 3)
