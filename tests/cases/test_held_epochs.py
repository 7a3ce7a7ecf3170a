"""What the hub's operator is shown of a rotation: under which epochs records stand, and who has another key."""

from dataclasses import replace

import pytest
from hub_in_memory import AGENCIES
from test_renaming import ACCOUNT, BOTH, EMAIL, NEW, OLD, PHONE, stated

from casebus.cases.held_epochs import Epochs, held_epochs
from casebus.cases.holding import Holding, changed
from casebus.cases.named_apart import named_apart
from casebus.events import types as t
from casebus.events.enumerations import RecordKind


def held(number: int, epochs: Epochs, *values: tuple[str, str], key: str = "") -> Holding:
    """Return an open case as held, of which the tokens of epoch 2 are made under a key of that name."""
    said = stated(number, 1, epochs, *values)
    sightings = tuple(_under(key, each) for each in said.sightings)
    holding = changed(None, AGENCIES[number], said.model_copy(update={"sightings": sightings}), 1)
    assert holding is not None
    return holding


def _under(key: str, said: t.Sighting) -> t.Sighting:
    other = [each.model_copy(update={"value": key + each.value}) if each.epoch == 2 else each for each in said.tokens]
    return said.model_copy(update={"tokens": tuple(other)})


def reported(holding: Holding, *epochs: int) -> Holding:
    """Return the record as a tip of a report whose number is stated under these epochs."""
    numbers = tuple(f"{epoch}:r" for epoch in epochs)
    return replace(holding, record=replace(holding.record, kind=RecordKind.tip, source_report=numbers))


def closed(holding: Holding) -> Holding:
    return replace(holding, record=replace(holding.record, open=False))


def mixed() -> Holding:
    one, other = held(0, OLD, EMAIL), held(0, BOTH, PHONE)
    return replace(one, record=replace(one.record, sightings=one.record.sightings + other.record.sightings))


@pytest.mark.parametrize(
    ("holding", "epochs"),
    [
        (held(0, OLD, EMAIL), OLD),
        (held(0, BOTH, EMAIL, PHONE), BOTH),
        (held(0, NEW, EMAIL), NEW),
        (reported(held(0, OLD, EMAIL), 1, 2), OLD),
        (reported(held(0, BOTH), 1, 2), BOTH),
        (mixed(), OLD),
    ],
    ids=["older", "both", "newer", "report's number under both", "report's number alone", "corrected under both"],
)
def test_a_record_counts_under_the_epochs_of_what_of_it_is_furthest_behind(holding: Holding, epochs: Epochs) -> None:
    assert held_epochs([holding]) == {AGENCIES[0]: {epochs: 1}}


def test_what_is_closed_or_has_no_token_does_not_count() -> None:
    assert held_epochs([closed(held(0, OLD, EMAIL)), held(1, OLD)]) == {}


def test_agencies_with_one_key_are_not_named_apart() -> None:
    assert named_apart([held(0, BOTH, ACCOUNT, EMAIL), held(1, BOTH, EMAIL), held(2, OLD, EMAIL)]) == []


def test_an_agency_with_another_key_is_named_apart_from_each_that_shares_a_value_with_it() -> None:
    apart = named_apart([held(0, BOTH, EMAIL), held(1, BOTH, EMAIL, key="other"), held(2, BOTH, EMAIL)])
    assert apart == [("nz-internal-affairs", "uk-nca"), ("nz-police", "uk-nca")]


def test_of_records_that_are_closed_or_hold_the_value_no_more_nothing_is_said() -> None:
    mine, theirs = held(0, BOTH, EMAIL), held(1, BOTH, EMAIL, key="other")
    assert named_apart([mine, closed(theirs)]) == []
    gone = replace(theirs, record=held(1, BOTH, PHONE).record)
    assert named_apart([mine, gone]) == []
