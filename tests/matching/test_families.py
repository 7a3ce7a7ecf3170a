"""The table of families and the model keep their promises."""

import re

from casebus.events.enumerations import IdentifierType, Rarity
from casebus.matching.families import FAMILIES, RANK, Holders
from casebus.matching.model import ALERT, PRIOR_OF_CASES, PRIOR_OF_TIPS, REVIEW, WEIGHTS
from casebus.matching.terms import AGAINST, every_term

NUMBERS = (*WEIGHTS.values(), PRIOR_OF_TIPS, PRIOR_OF_CASES, ALERT, REVIEW)
COMMONER = tuple(f".{word}" for word in (Rarity.rare, Rarity.uncommon, Rarity.common, "short"))


def counts_against(term):
    return term in AGAINST or term.endswith((".differs", *COMMONER))


def test_weights_are_whole_64ths_so_that_sums_are_exact():
    assert all((number * 64).is_integer() for number in NUMBERS)


def test_every_term_that_a_fact_can_have_has_a_weight_and_nothing_else_has():
    assert every_term() == WEIGHTS.keys()


def test_what_agrees_counts_for_and_what_differs_or_is_common_counts_against():
    for term, weight in WEIGHTS.items():
        assert weight <= 0 if counts_against(term) else weight >= 0, term


def test_no_agreement_of_an_identifier_counts_against_however_common_its_value():
    for term, weight in WEIGHTS.items():
        family = term.partition(".")[0]
        if term.endswith(COMMONER) and family in FAMILIES:
            assert WEIGHTS[family] + weight >= 0, term


def test_a_review_asks_for_less_than_an_alert():
    assert REVIEW < ALERT


def test_names_fit_the_schema_and_no_two_are_one():
    assert all(re.fullmatch(r"[a-z0-9_]{1,40}", name) for name in FAMILIES)
    assert all(name == family.name for name, family in FAMILIES.items())
    assert list(RANK) == list(FAMILIES)


def test_an_ip_address_a_house_and_a_look_alike_of_a_handle_are_held_by_many():
    many = {name for name, family in FAMILIES.items() if family.holders is Holders.many}
    assert {"ip_time", "ip_prefix_time", "house", "house_number", "handle_look", "name_in_handle"} <= many


def test_every_kind_has_a_family_but_the_unknown_one():
    covered = {kind for family in FAMILIES.values() for kind in family.kinds}
    assert covered == set(IdentifierType) - {IdentifierType.UNKNOWN}


def test_every_line_says_why():
    assert all(family.why and family.made_of and family.cap >= 2 and family.rule >= 1 for family in FAMILIES.values())
