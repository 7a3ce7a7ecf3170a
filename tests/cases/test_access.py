"""Nobody may do anything that no rule allows, and what belongs to another agency is nobody's."""

from hypothesis import given
from hypothesis import strategies as st

from casebus.cases.access import Command, DeskRole, Kind, Thing, Viewer, may_act, may_view

NZ, UK = "nz-police", "uk-nca"
things = st.builds(Thing, st.sampled_from(Kind), st.sampled_from([NZ, UK]))
viewers = st.builds(
    Viewer,
    st.sampled_from([NZ, UK]),
    st.sampled_from([None, "", "OCEANZ-17"]),
    st.sampled_from([None, *DeskRole]),
)


@given(viewers, things)
def test_what_belongs_to_another_agency_is_neither_seen_nor_touched(viewer: Viewer, thing: Thing) -> None:
    if viewer.agency != thing.agency:
        assert not may_view(viewer, thing).allowed
        assert not any(may_act(viewer, command, thing).allowed for command in Command)


@given(viewers, things, st.sampled_from(Command))
def test_who_may_not_see_a_thing_may_not_touch_it_and_nobody_acts_without_a_name(
    viewer: Viewer, thing: Thing, command: Command
) -> None:
    allowed = may_act(viewer, command, thing).allowed
    assert not (allowed and not may_view(viewer, thing).allowed)
    assert not (allowed and not viewer.officer)


@given(things, st.sampled_from(Command))
def test_who_is_unknown_may_nothing(thing: Thing, command: Command) -> None:
    nobody = Viewer(thing.agency, "somebody", None)
    assert not may_view(nobody, thing).allowed
    assert not may_act(nobody, command, thing).allowed


def test_an_operator_sees_the_machine_and_no_case() -> None:
    operator = Viewer(NZ, "OCEANZ-OPS", DeskRole.operator)
    assert [kind for kind in Kind if may_view(operator, Thing(kind, NZ)).allowed] == [Kind.machine]


def test_an_officer_does_everything_but_what_only_a_lead_does_and_a_lead_everything() -> None:
    thing = Thing(Kind.alert, NZ)
    officer, lead = Viewer(NZ, "OCEANZ-17", DeskRole.officer), Viewer(NZ, "OCEANZ-02", DeskRole.desk_lead)
    refused = {command for command in Command if not may_act(officer, command, thing).allowed}
    assert refused == {Command.lower_immediate, Command.propose_lead}
    assert all(may_act(lead, command, thing).allowed for command in Command)


@given(viewers, things, st.sampled_from(Command))
def test_every_decision_says_why(viewer: Viewer, thing: Thing, command: Command) -> None:
    assert may_view(viewer, thing).reason
    assert may_act(viewer, command, thing).reason
