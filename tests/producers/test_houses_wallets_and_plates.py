"""Houses, wallets, plates and states' numbers, in each format that has a place for them."""

import json

import pytest
from agency_harness import Known, drafting_of
from samples import NZ_INTERNAL_AFFAIRS, NZ_POLICE, UK_NCA, changed, sample, tip, translate

from casebus.events.enumerations import AssertionKind, IdentifierType, SubjectCategory
from casebus.events.types import TipReceived
from casebus.intake.adapter import CaseDraft, Identifier, TipDraft
from casebus.intake.identifiers import MAX_VALUE
from casebus.intake.reporting import words_of

K = IdentifierType
NEW = (K.NAME_ADDRESS, K.DOB_ADDRESS, K.ADDRESS, K.WALLET, K.VEHICLE_PLATE, K.NATIONAL_ID)
WALLET = "0xc0ffeec0ffeec0ffeec0ffee00fade00fade0007"


def new_kinds(draft: TipDraft | CaseDraft) -> list[Identifier]:
    return [one for one in draft.identifiers if one.kind in NEW]


def short(draft: TipDraft | CaseDraft) -> list[tuple[IdentifierType, str, str | None]]:
    return [(one.kind, one.value, one.country) for one in new_kinds(draft)]


def package(**person: object) -> TipDraft:
    def put(document: dict) -> None:  # type: ignore[type-arg]
        document["persons"] = [{"country": "GB"} | person]

    return tip(UK_NCA, changed("nca_package.json", put))


def cybertip(**person: object) -> TipDraft:
    people = {"reportedPeople": {"reportedPersons": [person]}}
    return tip(NZ_POLICE, json.dumps({"reportId": "900000001", "reportedInformation": people}))


def test_a_package_yields_the_house_three_ways_and_what_else_it_states():
    draft = tip(UK_NCA, sample("nca_package.json"))
    assert short(draft) == [
        (K.NAME_ADDRESS, "Exempla Fictive", "GB"),
        (K.DOB_ADDRESS, "1988-05-17", "GB"),
        (K.ADDRESS, "12 Fictive Street", "GB"),
        (K.WALLET, WALLET, None),
        (K.VEHICLE_PLATE, "XMP 707", "GB"),
        (K.VEHICLE_PLATE, "XMP708", "NZ"),
        (K.NATIONAL_ID, "XM 70 70 71 A", "GB"),
    ]
    for house in new_kinds(draft)[:3]:
        assert (house.address, house.postcode, house.city) == ("12 Fictive Street", "ZZ99 9ZZ", "Exampleton")
        assert (house.subject_no, house.subject) == (0, SubjectCategory.SUSPECT)
        assert house.certainty is AssertionKind.ANALYST_INFERRED
    assert new_kinds(draft)[1].date_of_birth == "1988-05-17"


def test_a_register_and_referrals_have_the_same_in_columns():
    case = translate(NZ_INTERNAL_AFFAIRS, sample("dia_register.csv"))[0]
    assert isinstance(case, CaseDraft)
    assert short(case) == [
        (K.NAME_ADDRESS, "Inventa Notreal", "NZ"),
        (K.DOB_ADDRESS, "1979-11-02", "NZ"),
        (K.ADDRESS, "7 Fictive Street", "NZ"),
        (K.WALLET, WALLET, None),
        (K.WALLET, WALLET[:-1] + "8", None),
        (K.VEHICLE_PLATE, "XMP707", "NZ"),
        (K.VEHICLE_PLATE, "XMP708", "AU"),
        (K.NATIONAL_ID, "XM707071", "NZ"),
    ]
    referral = translate(NZ_INTERNAL_AFFAIRS, sample("dia_referrals.csv"))[0]
    assert isinstance(referral, TipDraft)
    assert (K.ADDRESS, "Flat 3, 9 Madeup Road", "NZ") in short(referral)
    assert (K.NATIONAL_ID, "XM707072", None) in short(referral)  # the person's country is not who gave the number
    assert (K.VEHICLE_PLATE, "XMP 707", "NZ") in short(tip(NZ_INTERNAL_AFFAIRS, sample("dia_referral.json")))


def test_a_cybertip_yields_the_house_the_plate_and_a_wallet_from_its_text():
    draft = tip(NZ_POLICE, sample("cybertip_full.json"))
    assert short(draft) == [
        (K.NAME_ADDRESS, "Exempla Fictive", "NZ"),
        (K.DOB_ADDRESS, "1990-01-01", "NZ"),
        (K.ADDRESS, "7 Fictive Street Flat 2", "NZ"),
        (K.VEHICLE_PLATE, "XMP 707", "NZ"),
        (K.WALLET, WALLET, None),
    ]
    assert {one.certainty for one in new_kinds(draft)[:3]} == {AssertionKind.USER_DECLARED}
    assert new_kinds(draft)[-1].certainty is AssertionKind.MINED_FROM_TEXT


def test_a_providers_report_yields_the_home_and_not_the_firm_and_never_what_a_vehicle_looks_like():
    draft = tip(NZ_POLICE, sample("provider_full_report.xml"))
    assert short(draft) == [
        (K.NAME_ADDRESS, "Mocka Fictive", "NZ"),
        (K.DOB_ADDRESS, "2009-08-09", "NZ"),
        (K.ADDRESS, "7 Fictive Street", "NZ"),
    ]
    assert {one.postcode for one in new_kinds(draft)} == {"0000"}


@pytest.mark.parametrize("kind", ["Business", "TECHNICAL"])
def test_where_nobody_lives_is_nobodys_house(kind):
    address = {"street1": "1 Madeup Road", "postalCode": "0001", "type": kind}
    assert new_kinds(cybertip(firstName="Exempla", addresses={"addresses": [address]})) == []
    assert len(new_kinds(cybertip(firstName="Exempla", addresses={"addresses": [address | {"type": "Home"}]}))) == 2


def test_where_something_happened_is_nobodys_house():
    place = "<incidentAddress><address>1 Madeup Road</address><zipCode>0001</zipCode></incidentAddress>"
    detail = f"<internetDetails><nonInternetIncident>{place}</nonInternetIncident></internetDetails>"
    report = sample("provider_full_report.xml").decode().replace("<lawEnforcement>", detail + "<lawEnforcement>", 1)
    assert len(new_kinds(tip(NZ_POLICE, report))) == 3


def test_a_description_is_never_a_plate():
    assert new_kinds(cybertip(vehicleDescription="XMP 707")) == []
    assert short(cybertip(vehicleTagNumber="XMP 707")) == [(K.VEHICLE_PLATE, "XMP 707", None)]


@pytest.mark.parametrize(
    ("stated", "kinds"),
    [
        ({"city": "Exampleton", "name": "Exempla Fictive", "dateOfBirth": "1988-05-17"}, []),
        ({"postcode": "ZZ99 9ZZ"}, []),
        ({"postcode": "ZZ99 9ZZ", "name": "Exempla Fictive"}, [K.NAME_ADDRESS]),
        ({"postcode": "ZZ99 9ZZ", "dateOfBirth": "1988-05-17"}, [K.DOB_ADDRESS]),
        ({"address": "12 Fictive Street"}, [K.ADDRESS]),
        ({"address": "12 Fictive Street", "name": "Exempla Fictive"}, [K.NAME_ADDRESS, K.ADDRESS]),
        ({"address": " ", "postcode": None, "wallets": [], "vehiclePlates": None, "nationalIds": [None, ""]}, []),
        ({"address": "x" * (MAX_VALUE + 1), "postcode": "ZZ99 9ZZ", "name": "Exempla Fictive"}, []),
    ],
)
def test_a_house_is_a_line_or_a_post_code_with_a_person(stated, kinds):
    assert [one.kind for one in new_kinds(package(**stated))] == kinds


@pytest.mark.parametrize(
    ("stated", "kinds"),
    [
        ({}, [K.NAME]),
        ({"city": "Exampleton"}, [K.NAME]),
        ({"dateOfBirth": "1988-05-17"}, [K.NAME_DOB]),
        ({"postcode": "ZZ99 9ZZ"}, [K.NAME_ADDRESS]),
        ({"dateOfBirth": "1988-05-17", "postcode": "ZZ99 9ZZ"}, [K.NAME_DOB, K.NAME_ADDRESS, K.DOB_ADDRESS]),
    ],
)
def test_a_name_stands_alone_only_where_nothing_else_is_stated(stated, kinds):
    draft = package(name="Exempla Fictive", **stated)
    assert [one.kind for one in draft.identifiers] == kinds


def test_one_person_at_two_addresses_is_two_identifiers():
    homes = [{"street1": f"{number} Fictive Street", "postalCode": "0000"} for number in (7, 8)]
    draft = cybertip(firstName="Exempla", lastName="Fictive", addresses={"addresses": homes})
    named = [one for one in new_kinds(draft) if one.kind is K.NAME_ADDRESS]
    assert [(one.value, one.address) for one in named] == [
        ("Exempla Fictive", "7 Fictive Street"),
        ("Exempla Fictive", "8 Fictive Street"),
    ]
    assert {one.subject_no for one in new_kinds(draft)} == {0}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("GB: XM707071", ("XM707071", "GB")),
        ("UK:XM707071", ("XM707071", "GB")),
        ("XM707071", ("XM707071", None)),
        ("XX: 707071", ("XX: 707071", None)),  # no country
        ("gb: XM707071", ("gb: XM707071", None)),
    ],
)
def test_the_country_that_gave_a_number_may_stand_before_it(written, read):
    assert [(one.value, one.country) for one in new_kinds(package(nationalIds=[written]))] == [read]


def test_a_childs_house_is_a_childs():
    draft = package(role="REPORTED_PERSON", age="13", name="Exempla Fictive", address="12 Fictive Street")
    assert {one.subject for one in new_kinds(draft)} == {SubjectCategory.POSSIBLE_CHILD}


@pytest.mark.parametrize("field", ["wallets", "nationalIds", "vehiclePlates"])
@pytest.mark.parametrize("number", ["GB33 BUKB 2020 1555 5555 55", "4111 1111 1111 1111"])
def test_a_bank_account_or_a_card_leaves_in_no_form_whatever_field_it_is_in(field, number):
    drafted = Known(drafting_of())
    (event,) = drafted.draft(package(**{field: [number]}))
    assert isinstance(event.payload, TipReceived)
    assert [one.tokens for one in event.payload.content.sightings] == [()]


def test_a_report_beside_a_document_names_what_is_of_no_use_and_no_value():
    drafting = drafting_of()
    drafted = drafting.draft(package(vehiclePlates=["0000"], address="12 Fictive Street"), lambda _: None)
    words = words_of([drafted])
    assert "VEHICLE_PLATE" in words
    assert "Fictive" not in words
