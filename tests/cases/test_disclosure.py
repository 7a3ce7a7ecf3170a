"""Who is told of a match, and what no copy ever carries."""

from dataclasses import replace
from itertools import combinations

from case_builders import CONTACT, IA, NZ, UK, combined, outcomes, party
from hypothesis import given
from hypothesis import strategies as st

from casebus.cases.conflict import Said
from casebus.cases.disclosure import Copy, copies, register_copies, retraction_copies
from casebus.cases.pair import Register, Told
from casebus.directory import Agency, Agreement, Directory
from casebus.events import enumerations as en
from casebus.events.enumerations import Overlap, PointerMode
from casebus.events.types import DataCombined, DeconflictionAcknowledged, DeconflictionHit, DeconflictionResolved
from casebus.wire.ids import content_id

CODES = (NZ, UK, IA)
SHOWN = content_id("shown")
DESKS = {code: CONTACT.model_copy(update={"desk": f"desk of {code}"}) for code in CODES}
COORDINATION = CONTACT.model_copy(update={"desk": "coordination"})


def directory(*agreements: Agreement) -> Directory:
    agencies = tuple(Agency(code=c, name=c, country="NZ", region="NZ", desk=DESKS[c]) for c in CODES)
    return Directory(agencies, agreements=agreements, coordination_desk=COORDINATION)


def agreement(a: str, b: str, *, pointer: bool = True, overlaps: tuple[Overlap, ...] = tuple(Overlap)) -> Agreement:
    return Agreement(between=(a, b), pointer=pointer, overlaps=overlaps, basis=f"basis of {a} and {b}")


overlap_sets = st.sets(st.sampled_from(list(Overlap))).map(lambda found: tuple(sorted(found)))
directories = st.tuples(
    *(st.none() | st.builds(agreement, st.just(a), st.just(b), pointer=st.booleans(), overlaps=overlap_sets)
      for a, b in combinations(CODES, 2))
).map(lambda found: directory(*(each for each in found if each is not None)))  # fmt: skip
pointers = st.sampled_from(list(PointerMode))
matches = st.builds(
    lambda a, b, pa, pb, overlap: combined(party(a, "one", pa), party(b, "two", pb), overlap=overlap),
    st.sampled_from(CODES), st.sampled_from(CODES), pointers, pointers, st.sampled_from(list(Overlap)),
)  # fmt: skip


def text_of(copy: Copy) -> str:
    return str(copy.payload.model_dump(mode="json"))


@given(matches, directories)
def test_no_copy_carries_the_partners_record(match: DataCombined, book: Directory) -> None:
    first, second = match.parties
    if first.agency == second.agency:
        return
    for copy in copies(match, book):
        partner = second if copy.recipient == first.agency else first
        assert partner.record_id not in text_of(copy)


@given(matches, directories)
def test_only_who_may_be_told_is_told(match: DataCombined, book: Directory) -> None:
    first, second = match.parties
    told = {copy.recipient for copy in copies(match, book)}
    if first.agency == second.agency:
        assert told == {first.agency}
        return
    agreed = book.agreement(first.agency, second.agency)
    may = agreed is not None and agreed.pointer and match.overlap in agreed.overlaps
    expected = {
        own.agency
        for own, other in ((first, second), (second, first))
        if may and other.pointer is not PointerMode.SILENT
    }
    assert told == expected


@given(matches, directories)
def test_a_copy_names_its_holder_only_where_the_pointer_is_open(match: DataCombined, book: Directory) -> None:
    first, second = match.parties
    if first.agency == second.agency:
        return
    for copy in copies(match, book):
        partner = second if copy.recipient == first.agency else first
        hit = copy.payload
        assert isinstance(hit, DeconflictionHit)
        if partner.pointer is PointerMode.OPEN:
            assert (hit.partner, hit.contact) == (partner.agency, DESKS[partner.agency])
        else:
            assert (hit.partner, hit.contact) == (None, COORDINATION)
            assert partner.agency not in text_of(copy)


@given(matches, directories)
def test_each_copy_says_on_which_basis_it_was_made(match: DataCombined, book: Directory) -> None:
    assert all(copy.basis for copy in copies(match, book))


@given(matches, directories, st.sampled_from([0, 1]), outcomes | st.none(), st.sets(st.sampled_from(CODES)))
def test_a_sides_decision_reaches_only_a_partner_that_was_told_and_no_officers_name_goes_with_it(
    match: DataCombined, book: Directory, side: int, outcome: en.ConflictOutcome | None, told: set[str]
) -> None:
    decider, partner = match.parties[side], match.parties[1 - side]
    said = Said().resolved(outcome, [SHOWN]) if outcome else Said().acknowledged([SHOWN])
    known = Told(match.conflict_id, (match.parties[0], match.parties[1]), tuple(sorted(told)), 1)
    made = register_copies(None, Register(match.conflict_id, decider.agency, said, 1, 1), known, book)
    if decider.agency == partner.agency or partner.agency not in told:
        assert made == []
        return
    (copy,) = made
    assert copy.recipient == partner.agency
    assert isinstance(copy.payload, DeconflictionAcknowledged | DeconflictionResolved)
    assert copy.payload.actor is None
    assert copy.payload.agency == (decider.agency if decider.pointer is PointerMode.OPEN else None)
    assert decider.record_id not in text_of(copy)


def test_silent_tells_its_holder_and_nobody_else() -> None:
    match = combined(party(NZ, "one", PointerMode.SILENT), party(UK, "two"))
    (only,) = copies(match, directory(agreement(NZ, UK)))
    assert only.recipient == NZ
    both_silent = combined(party(NZ, "one", PointerMode.SILENT), party(UK, "two", PointerMode.SILENT))
    assert copies(both_silent, directory(agreement(NZ, UK))) == []


def test_without_an_agreement_nobody_is_told() -> None:
    match = combined(party(NZ, "one"), party(UK, "two"))
    assert copies(match, directory()) == []
    assert copies(match, directory(agreement(NZ, UK, pointer=False))) == []
    assert copies(match, directory(agreement(NZ, UK, overlaps=(Overlap.same_child,)))) == []


def test_a_match_inside_one_agency_is_told_there_with_both_records() -> None:
    (copy,) = copies(combined(party(NZ, "one"), party(NZ, "two")), directory())
    assert isinstance(copy.payload, DeconflictionHit)
    assert copy.recipient == copy.payload.partner == NZ
    assert {copy.payload.own_id, copy.payload.also_own_id} == {party(NZ, "one").record_id, party(NZ, "two").record_id}


def test_a_retraction_goes_to_everyone_who_was_told_and_says_nothing_new() -> None:
    match = combined(party(NZ, "one"), party(UK, "two"), revision=2, retract_reason=en.RetractReason.CORRECTED)
    made = retraction_copies(match, [NZ, UK])
    assert [copy.recipient for copy in made] == [NZ, UK]
    for copy in made:
        assert set(copy.payload.model_dump()) == {"conflict_id", "revision", "reason"}
    assert retraction_copies(match, []) == []


def test_a_side_that_is_no_party_says_nothing() -> None:
    told = Told("c", (party(NZ, "one"), party(UK, "two")), (NZ, UK), 1)
    book = directory(agreement(NZ, UK))
    assert register_copies(None, Register("c", IA, Said().acknowledged(()), 1, 1), told, book) == []
    assert register_copies(None, Register("c", NZ, Said(), 1, 1), told, book) == []


def test_what_a_side_has_said_before_is_not_told_again() -> None:
    match = combined(party(NZ, "one"), party(UK, "two"))
    told, book = (
        Told(match.conflict_id, (match.parties[0], match.parties[1]), (NZ, UK), 1),
        directory(agreement(NZ, UK)),
    )
    first = Register(match.conflict_id, NZ, Said().resolved(en.ConflictOutcome.FALSE_MATCH, ()), 1, 1)
    then = replace(first, said=first.said.acknowledged([content_id("more")]), revision=2)
    (copy,) = register_copies(first, then, told, book)
    assert isinstance(copy.payload, DeconflictionAcknowledged), "taken up anew, on more than was judged"
    late = [type(copy.payload) for copy in register_copies(None, then, told, book)]
    assert late == [DeconflictionAcknowledged, DeconflictionResolved], "who is told of the conflict only now gets both"
