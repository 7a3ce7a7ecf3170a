"""The table of families keeps its promises."""

import re

from casebus.events.enumerations import IdentifierType
from casebus.matching.decide import ALERT
from casebus.matching.families import DIFFERS, FAMILIES, Holders

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


def test_every_kind_but_the_unknown_one_has_a_family():
    covered = {kind for family in FAMILIES.values() for kind in family.kinds}
    assert covered == set(IdentifierType) - {IdentifierType.UNKNOWN}


def test_every_line_says_why():
    assert all(family.why and family.made_of and family.cap >= 2 and family.rule >= 1 for family in FAMILIES.values())
