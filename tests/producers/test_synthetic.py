"""The generator: the same bytes every time, accepted by the adapters, and nobody real in them."""

import re

import phonenumbers
import pytest
from samples import tip, translate

from casebus.errors import DocumentRefused
from casebus.intake.adapter import CaseClosure, CaseDraft
from casebus.matching.normal.national_id import national_id
from casebus.matching.normal.vehicle import PlateForms, plate
from casebus.matching.normal.wallet import wallet
from casebus.testing import synthetic, synthetic_returns
from producers.nz_internal_affairs import ADAPTER as NZ_INTERNAL_AFFAIRS
from producers.nz_police import ADAPTER as NZ_POLICE
from producers.uk_nca import ADAPTER as UK_NCA

ONE = synthetic.person(1)
DOCUMENTS = {
    "cybertip": synthetic.cybertip_json("900000001", ONE, synthetic.person(2), recipients=[synthetic.person(3)]),
    "package": synthetic.nca_package("NCA-2025-1", ONE, reports=["900000001"]),
    "register": synthetic.dia_register(220),
    "referral": synthetic.dia_referral("DIA-R-1", ONE, ncmec_report="900000001"),
}


def test_the_same_seed_gives_the_same_bytes():
    assert synthetic.dia_register(220) == DOCUMENTS["register"]
    assert synthetic.dia_register(220, seed=2) != DOCUMENTS["register"]


def test_a_register_of_220_cases_shares_no_identifier_between_two_of_them():
    drafts = translate(NZ_INTERNAL_AFFAIRS, synthetic.dia_register(220, closed=[7]))
    assert sum(isinstance(draft, CaseDraft) and draft.backlog for draft in drafts) == 219
    assert isinstance(drafts[7], CaseClosure)
    identifiers = [one for draft in drafts if isinstance(draft, CaseDraft) for one in draft.identifiers]
    unique = [(one.kind, one.value, one.address) for one in identifiers if one.kind.value != "NAME_DOB"]
    assert len(unique) == len(set(unique)) == 219 * 6 + 31 * 6  # of every seventh, from the fourth on, six more


def test_of_every_seventh_person_every_format_says_where_it_lives_and_what_it_has():
    one = synthetic.person(3)
    expected = {"NAME_ADDRESS", "DOB_ADDRESS", "ADDRESS", "WALLET", "VEHICLE_PLATE"}
    drafts = [
        (tip(NZ_POLICE, synthetic.cybertip_json("900000001", one)), expected),
        (tip(UK_NCA, synthetic.nca_package("NCA-2025-1", one)), expected | {"NATIONAL_ID"}),
        (tip(NZ_INTERNAL_AFFAIRS, synthetic.dia_referral("DIA-R-1", one)), expected | {"NATIONAL_ID"}),
    ]
    for draft, kinds in drafts:
        assert kinds <= {identifier.kind.value for identifier in draft.identifiers}


def test_what_is_invented_has_the_form_of_its_kind():
    for index in (3, 10, 500_001 // 7 * 7 + 3):
        one = synthetic.person(index)
        assert wallet(one.wallet or "") == ("eth", one.wallet)
        assert isinstance(plate(one.vehicle_plate or "", "NZ"), PlateForms)
        assert national_id((one.national_id or "").partition(": ")[2], "NZ") == (f"XM{index:07d}", "NZ")


def test_a_cybertip_a_package_a_referral_and_a_register_can_name_one_account():
    drafts = [
        tip(NZ_POLICE, DOCUMENTS["cybertip"]),
        tip(UK_NCA, DOCUMENTS["package"]),
        tip(NZ_INTERNAL_AFFAIRS, DOCUMENTS["referral"]),
        translate(NZ_INTERNAL_AFFAIRS, synthetic.dia_register(3, include=[ONE]))[0],
    ]
    assert all(ONE.account_id in {one.value for one in draft.identifiers} for draft in drafts)
    assert drafts[0].source_report == drafts[1].source_report == drafts[2].source_report


def test_a_childs_own_account_comes_with_its_child():
    document = synthetic.cybertip_json("900000002", synthetic.Person(account_id="u-9", age="14"), self_produced=True)
    assert tip(NZ_POLICE, document).content.possible_child.answer.value == "YES"


def test_returns_are_accepted():
    police = synthetic_returns.nzp_returns(
        synthetic_returns.welfare_requested("W-1", "900000001"),
        synthetic_returns.welfare_completed("W-1", "900000001"),
        synthetic_returns.child_safeguarded("O-1", "900000001", children=2),
    )
    assert len(translate(NZ_POLICE, police)) == 3
    row = {"return_number": "1", "outcome_type": "LOCATED_MISSING", "children": "1", "package_numbers": "NCA-2025-1"}
    assert len(translate(UK_NCA, synthetic_returns.nca_returns(row))) == 1


def test_the_bad_document_is_bad():
    with pytest.raises(DocumentRefused):
        translate(NZ_POLICE, synthetic.bad_document())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_only_reserved_names_and_addresses_are_used(name):
    text = DOCUMENTS[name].decode()
    assert set(re.findall(r"@([\w.\-]+)", text)) <= {"example.com", "example.net", "example.org"}
    assert all(address.startswith("2001:db8:") for address in re.findall(r"[0-9a-f]{4}:[0-9a-f:]+::7", text))


def test_a_fictional_phone_can_be_read_and_a_device_passes_its_check():
    for one in (synthetic.person(1), synthetic.person(1, country="GB")):
        assert phonenumbers.is_possible_number(phonenumbers.parse(one.phone, None))
    digits = [int(digit) for digit in ONE.device_id]
    doubled = [digit if place % 2 == 0 else sum(divmod(digit * 2, 10)) for place, digit in enumerate(digits)]
    assert sum(doubled) % 10 == 0
