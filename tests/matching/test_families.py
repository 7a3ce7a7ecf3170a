"""The table of families keeps its promises."""

import re

from casebus.events.enumerations import IdentifierType
from casebus.intake.adapter import Identifier
from casebus.matching.decide import ALERT
from casebus.matching.families import DIFFERS, FAMILIES, Holders
from casebus.matching.normal.text import DropReason
from casebus.matching.normalise import normalise

# Kinds that sightings carry and nothing is matched on: none after families.py has their lines.
NOT_MATCHED_ON = {
    IdentifierType.NAME_ADDRESS,
    IdentifierType.DOB_ADDRESS,
    IdentifierType.ADDRESS,
    IdentifierType.WALLET,
    IdentifierType.VEHICLE_PLATE,
    IdentifierType.NATIONAL_ID,
}
STRONG_ALONE = ("account_id", "email", "email_delivered", "phone", "device")


def test_weights_are_quarters_so_that_sums_are_exact():
    for weight in (*(family.weight for family in FAMILIES.values()), *DIFFERS.values()):
        assert (weight * 4).is_integer()


def test_names_fit_the_schema_and_no_two_are_one():
    assert all(re.fullmatch(r"[a-z0-9_]{1,40}", name) for name in FAMILIES)
    assert all(name == family.name for name, family in FAMILIES.items())


def test_one_exclusive_identifier_alerts_whatever_else_differs():
    for name in STRONG_ALONE:
        others = sum(cost for kind, cost in DIFFERS.items() if kind not in FAMILIES[name].kinds)
        assert FAMILIES[name].weight + others >= ALERT


def test_what_many_people_hold_never_alerts_alone():
    for family in FAMILIES.values():
        if family.holders is Holders.many:
            assert family.weight < ALERT


def test_every_kind_has_a_family_but_the_unknown_one_and_those_not_matched_on():
    covered = {kind for family in FAMILIES.values() for kind in family.kinds}
    assert covered == set(IdentifierType) - {IdentifierType.UNKNOWN} - NOT_MATCHED_ON


def test_a_kind_without_a_family_yields_no_token_and_says_so():
    for kind in NOT_MATCHED_ON:
        assert normalise(Identifier(kind, "An Example Value 1234567"), "NZ") is DropReason.UNKNOWN_KIND


def test_every_line_says_why():
    assert all(family.why and family.made_of and family.cap >= 2 and family.rule >= 1 for family in FAMILIES.values())
