"""Faults of a rotation at the hub, proved by the second reader."""

import pickle

from hub_in_memory import AGENCIES, IDS, Hub, judgement
from test_renaming import ACCOUNT, BOTH, CONFLICT, EMAIL, NEW, OLD, evidence, matched, rare, stated, take  # noqa: F401

from casebus.cases.holding import changed
from casebus.events.enumerations import ConflictOutcome


def test_a_record_that_was_left_behind_stays_matched_with_what_it_was() -> None:
    """docs/rotation.md: "Such a record stays matched with what it already was"."""
    hub = matched()
    take(hub, 0, 2, BOTH, ACCOUNT, EMAIL)  # number 1 is left behind: its document is gone
    assert hub.findings()
    take(hub, 0, 3, NEW, ACCOUNT, EMAIL)  # amended in any way after its agency ended epoch 1
    assert hub.findings(), hub.told[-1].status


def test_two_records_too_large_for_two_keys_stay_matched_while_one_after_the_other_moves() -> None:
    hub = matched()
    take(hub, 0, 2, NEW, ACCOUNT, EMAIL)  # its agency has ended epoch 1: stated under the newer alone
    assert hub.findings(), [each.status for each in hub.told]


def test_different_person_holds_for_records_too_large_for_two_keys() -> None:
    hub = matched()
    hub.judge(judgement(CONFLICT, "uk-nca", ConflictOutcome.FALSE_MATCH, *evidence(hub)))
    told = len(hub.told)
    take(hub, 0, 2, NEW, ACCOUNT, EMAIL)
    take(hub, 1, 2, NEW, ACCOUNT, EMAIL)
    assert hub.pairs[CONFLICT].is_apart, [each.status for each in hub.told[told:]]


def test_what_is_remembered_of_names_is_bounded() -> None:
    """An agency that amends a record with other values each time, while two epochs stand side by side."""
    holding = None
    sizes = []
    for revision in range(1, 201):
        values = [(family, f"{revision}-{n}") for family in ("email", "phone") for n in range(100)]
        holding = changed(holding, AGENCIES[0], stated(0, revision, BOTH, *values), revision)
        sizes.append(len(pickle.dumps(holding)))
    assert sizes[-1] < 3 * sizes[0], (sizes[0], sizes[49], sizes[-1], len(holding.renamed))
