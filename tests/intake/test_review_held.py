"""More faults of a rotation, proved by the second reader."""

from dataclasses import replace

from agency_harness import Known, drafting_of
from hub_harness import NZ
from test_drafting import case_of, tip_of
from test_restating_too_large import crowd

from casebus.cases.held_epochs import held_epochs
from casebus.cases.holding import changed
from casebus.intake.adapter import RecordKey


def held(*epochs_and_draft):
    epochs, draft = epochs_and_draft
    (event,) = Known(drafting_of(epochs=epochs)).draft(draft)
    return held_epochs([changed(None, NZ, event.payload, 1)])[NZ]


def test_a_case_without_room_for_two_keys_does_not_keep_all_from_ending_the_older() -> None:
    """docs: "When held shows no record under the older epoch alone, each agency ends it". It always shows this one."""
    assert (1,) not in held((1, 2), replace(case_of(*crowd())))


def test_a_new_tip_that_is_under_the_older_key_alone_is_not_shown_as_under_both() -> None:
    draft = replace(tip_of(*crowd()), source_report=RecordKey("ncmec", "900000001"))
    assert list(held((1, 2), draft)) == [(1,)]
