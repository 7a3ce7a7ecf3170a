"""A weak likeness of two cases, each of which has its counterpart at the other's agency, is told to nobody while that is so."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, permutations

import hub_in_memory
import pytest
from hub_in_memory import AGENCIES, BOOK, Hub, K, Topic, hub_after, judgement, merged, record, sighting
from hypothesis import event, given, settings
from hypothesis import strategies as st

from casebus.cases.combining import party_of
from casebus.cases.grouping import edge_of
from casebus.cases.holding import Holding
from casebus.cases.judgement import Judgement, of_parties, verdict_of
from casebus.cases.pair import Finding, Pair, Verdict, conflict_id_of, risk_id_of
from casebus.events.enumerations import (
    Band,
    ConflictOutcome,
    MatchStatus,
    Overlap,
    PointerMode,
    RecordKind,
    RetractReason,
    SubjectCategory,
)
from casebus.matching.candidates import postings
from casebus.matching.decide import compare
from casebus.matching.elsewhere import SURE
from casebus.matching.families import FAMILIES
from casebus.matching.groups import groups
from casebus.matching.held import HeldRecord, HeldSighting, HeldToken, Match
from casebus.matching.model import WEIGHTS
from casebus.wire.ids import content_id

CAP = 4
NZ, UK, IA = AGENCIES
NAMES = "ABCDEFGH"
IDS = dict(zip(NAMES, (content_id("record", name) for name in NAMES), strict=True))
FALSE_MATCH, JOINT = ConflictOutcome.FALSE_MATCH, ConflictOutcome.JOINT_INVESTIGATION


@pytest.fixture(scope="module", autouse=True)
def bands_matter() -> Iterator[None]:
    """How rare an address is decides how strong a match is; one that five hold is none."""
    with pytest.MonkeyPatch.context() as patch:
        for name, family in FAMILIES.items():
            patch.setitem(FAMILIES, name, replace(family, cap=CAP))
        patch.setitem(WEIGHTS, "email.rare", -3.0)
        patch.setitem(WEIGHTS, "email.differs", -2.0)  # so that what two cases share is worth a review of two tips, too
        yield


def mail(value: str, person: int = 0, **more: object) -> HeldSighting:
    return sighting(K.EMAIL, "email", value, person, **more)


def word(value: str = "1", person: int = 0, **more: object) -> HeldSighting:
    return sighting(K.NAME_DOB, "word_dob", value, person, **more)


def phone(value: str = "1") -> HeldSighting:
    return sighting(K.PHONE_E164, "phone", value)


def case(name: str, agency: str, *sightings: HeldSighting, **more: object) -> HeldRecord:
    held = record(0, *sightings, **({"kind": RecordKind.case, "agency": agency} | more))
    return replace(held, record_id=IDS[name])


A, B = case("A", NZ, mail("1"), word()), case("B", UK, mail("2"), word())
C, D = case("C", UK, mail("1")), case("D", NZ, mail("2"))
AB = conflict_id_of(IDS["A"], IDS["B"])


def hub_of(*records: HeldRecord) -> Hub:
    hub = Hub()
    for each in records:
        hub.take(each)
    return hub


def shown(hub: Hub, one: str, other: str) -> tuple[str, list[str]]:
    """Return a conflict's id and the ids of what agrees in it."""
    pair = hub.pairs[conflict_id_of(IDS[one], IDS[other])]
    finding = pair.finding or pair.aside
    assert finding is not None
    return pair.conflict_id, sorted(finding.evidence_ids)


# --- one constellation, step by step ---


def test_two_cases_that_are_alike_are_for_review() -> None:
    (told,) = hub_of(A, C, B).told[1:]
    assert (told.conflict_id, told.status, told.band) == (AB, MatchStatus.found, Band.review)


@pytest.mark.parametrize("order", list(permutations("ABCD")), ids="".join)
def test_it_is_set_aside_in_whichever_order_the_four_cases_came(order: tuple[str, ...]) -> None:
    cases = {"A": A, "B": B, "C": C, "D": D}
    hub = hub_of(*(cases[name] for name in order))
    pair = hub.pairs[AB]
    assert (pair.finding, pair.stands, pair.aside is not None) == (None, None, True)
    told = [each.status for each in hub.told if each.conflict_id == AB]
    was_told = max(order.index("A"), order.index("B")) < 3
    assert told == ([MatchStatus.found, MatchStatus.retracted] if was_told else [])
    assert len(hub.findings()) == 2


def test_a_match_for_review_that_is_sure_itself_is_not_its_own_explanation() -> None:
    """A whole name, a house and a year: no alert, as a father and a son may share them, and far above its threshold."""
    held = (sighting(K.NAME_DOB, "name_year", "1"), sighting(K.NAME_ADDRESS, "name_house", "1"))
    (told,) = hub_of(case("A", NZ, *held), case("B", UK, *held)).told
    assert (told.status, told.band) == (MatchStatus.found, Band.review)


def test_what_was_told_is_taken_back_with_a_reason_of_its_own() -> None:
    (found, gone) = hub_of(A, B, C).take(D).combined
    assert (gone.conflict_id, gone.status, gone.revision) == (AB, MatchStatus.retracted, 2)
    assert gone.retract_reason is RetractReason.EXPLAINED_ELSEWHERE
    assert found.status is MatchStatus.found


@pytest.mark.parametrize(
    "change",
    [
        replace(C, open=False, revision=2),
        case("C", UK, mail("3"), revision=2),
        replace(C, kind=RecordKind.tip, revision=2),
        replace(C, pointer=PointerMode.SILENT, revision=2),
        replace(C, pointer=PointerMode.DESK_ONLY, revision=2),
        case("C", UK, mail("1"), mail("9", 1), revision=2),
        case("C", UK, mail("1", subject=SubjectCategory.VICTIM_CHILD), revision=2),
        replace(A, immediate_risk=True, revision=2),
        replace(B, possible_child=True, revision=2),
        replace(B, kind=RecordKind.tip, revision=2),
    ],
    ids=[
        "a counterpart closes", "a counterpart is corrected", "it is a tip", "it is kept from the other agency",
        "it is for the coordination desk", "it is about two persons", "it is about a child",
        "a child is at immediate risk", "the person may be a child", "one of the two is a tip",
    ],
)  # fmt: skip
def test_it_is_told_again_as_soon_as_it_is_explained_no_more(change: HeldRecord) -> None:
    hub = hub_of(A, B, C, D)
    back = [each for each in hub.take(change).combined if each.conflict_id == AB]
    assert [(each.status, each.revision) for each in back] == [(MatchStatus.found, 3)]
    hub.take(replace(C if change.record_id == IDS["C"] else (A if change.record_id == IDS["A"] else B), revision=3))
    assert hub.pairs[AB].aside is not None


def test_how_many_others_hold_what_a_counterpart_shares_turns_nothing() -> None:
    """It would tell two agencies of a third one's case, which its holder may keep from them."""
    for all_four in ((A, B, C, D), (A, B)):
        hub, third = hub_of(*all_four), case("E", IA, mail("1"), pointer=PointerMode.SILENT)
        for state in (third, replace(third, open=False, revision=2)):
            told = hub.take(state).combined
            assert AB not in {each.conflict_id for each in told}


def test_what_an_agency_finds_within_its_own_register_turns_nothing() -> None:
    """The other one would see it."""
    own = sighting(K.DEVICE, "device", "1"), phone()
    b, c = (replace(each, sightings=(*each.sightings, *own)) for each in (B, C))
    hub = hub_of(A, b, c, D)
    assert (hub.pairs[AB].aside is not None, conflict_id_of(IDS["B"], IDS["C"]) in hub.findings()) == (True, True)
    conflict, evidence = shown(hub, "B", "C")
    for outcome in (FALSE_MATCH, JOINT):
        assert AB not in {each.conflict_id for each in hub.judge(judgement(conflict, UK, outcome, *evidence)).combined}


def test_agencies_that_may_not_be_told_of_each_other_have_no_counterparts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one agency may not know must not show in what it is told of another record."""
    monkeypatch.setattr(hub_in_memory, "BOOK", replace(BOOK, agreements=()))
    assert AB in hub_of(A, B, C, D).findings()


def test_a_counterpart_at_a_third_agency_explains_nothing() -> None:
    assert AB in hub_of(A, B, replace(C, agency=IA), D).findings()


def test_inside_one_agency_nothing_is_set_aside() -> None:
    assert AB in hub_of(*(replace(each, agency=NZ) for each in (A, B, C, D))).findings()


def test_a_counterpart_that_officers_say_is_another_person_is_none() -> None:
    hub = hub_of(A, B, C, D)
    conflict, evidence = shown(hub, "A", "C")
    (back,) = hub.judge(judgement(conflict, NZ, FALSE_MATCH, *evidence)).combined
    assert (back.conflict_id, back.status) == (AB, MatchStatus.found)
    (gone,) = hub.judge(judgement(conflict, NZ, JOINT, *evidence)).combined
    assert (gone.conflict_id, gone.retract_reason) == (AB, RetractReason.EXPLAINED_ELSEWHERE)


@pytest.mark.parametrize("outcome", list(ConflictOutcome))
def test_what_an_officer_judged_is_never_set_aside(outcome: ConflictOutcome) -> None:
    hub = hub_of(A, B, C)
    hub.judge(judgement(*shown(hub, "A", "B")[:1], UK, outcome, *shown(hub, "A", "B")[1]))
    hub.take(D)
    assert AB in hub.findings()


def test_an_answer_that_is_read_after_it_was_set_aside_brings_it_back() -> None:
    hub = hub_of(A, B, C, D)
    conflict, evidence = shown(hub, "A", "B")
    (back,) = hub.judge(judgement(conflict, UK, JOINT, *evidence)).combined
    assert (back.conflict_id, back.status, hub.pairs[AB].verdict) == (AB, MatchStatus.found, Verdict.same)


def test_it_holds_no_records_together_and_nothing_more_is_told_of_it_while_it_changes() -> None:
    hub = hub_of(A, B, C, D)
    more = replace(A, sightings=(*A.sightings, word("2")), revision=2)
    assert hub.take(replace(B, sightings=(*B.sightings, word("2")), revision=2)).combined == ()
    assert hub.take(more).combined == ()
    aside = hub.pairs[AB].aside
    assert aside is not None
    assert len(aside.evidence) == 2, "what is found is kept up to date"
    hub.take(replace(more, sightings=(mail("1"),), revision=3))
    assert hub.pairs[AB].aside is None


# --- any constellation, any order ---


@st.composite
def states(draw: st.DrawFn, name: str, usual: HeldRecord | None) -> HeldRecord:
    """Draw one state of a case: as the constellation has it, or any."""
    if usual is not None and draw(st.sampled_from([True] * 9 + [False])):
        return replace(usual, sightings=(*usual.sightings, *draw(st.sampled_from([(), (), (), (phone(),)]))))
    held = [
        *([mail(draw(st.sampled_from("123")))] if draw(st.integers(0, 3)) else []),
        *([word(draw(st.sampled_from("12")), draw(st.sampled_from([0, 0, 0, 1])))] if draw(st.booleans()) else []),
        *([phone(draw(st.sampled_from("12")))] if draw(st.integers(0, 2)) == 0 else []),
    ]
    agency = usual.agency if usual else (NZ, UK, IA, UK)[NAMES.index(name) % 4]
    return case(
        name, agency, *held,
        kind=draw(st.sampled_from([RecordKind.case] * 5 + [RecordKind.tip])),
        pointer=draw(st.sampled_from([PointerMode.OPEN] * 5 + [PointerMode.SILENT])),
        immediate_risk=draw(st.integers(0, 6)) == 0,
        possible_child=draw(st.integers(0, 6)) == 0,
    )  # fmt: skip


@st.composite
def lives(draw: st.DrawFn) -> list[list[HeldRecord]]:
    """Draw what becomes of four cases that make a constellation, and of some more: amended, corrected, perhaps closed."""
    made = []
    for name, usual in zip(
        NAMES[: draw(st.sampled_from([4, 4, 4, 5, 6, 8]))], (A, B, C, D, None, None, None, None), strict=False
    ):
        life = [
            replace(draw(states(name, usual)), revision=revision)
            for revision in range(1, draw(st.sampled_from([1, 1, 2, 3])) + 1)
        ]
        if draw(st.sampled_from([False] * 9 + [True])):
            life.append(replace(life[-1], open=False, revision=len(life) + 1))
        made.append(life)
    return made


@st.composite
def topics(draw: st.DrawFn) -> list[Topic]:
    """Draw each agency's topic: its cases' lives, and what its officers say of pairs."""
    made = draw(lives())
    by_agency: dict[str, list[deque[HeldRecord | Judgement]]] = defaultdict(list)
    for life in made:
        by_agency[life[0].agency].append(deque(life))
    owners = [(life[0].record_id, life[0].agency) for life in made]
    for (a, one), (b, other) in combinations(owners, 2):
        if draw(st.sampled_from([True] * 9 + [False])):
            continue
        conflict_id, agency = conflict_id_of(a, b), draw(st.sampled_from([one, other]))
        known = [content_id("evidence", conflict_id, f, v) for f in ("email", "word_dob", "phone") for v in "123"]
        outcomes = draw(
            st.lists(st.sampled_from([FALSE_MATCH, JOINT, ConflictOutcome.DELAYED]), min_size=1, max_size=2)
        )
        by_agency[agency].append(deque(judgement(conflict_id, agency, outcome, *known) for outcome in outcomes))
    return [merged(runs, draw(st.integers(0, 2**32))) for runs in by_agency.values()]


class AtTheEnd:
    """Everything compared at the end, once, and the rule said again in plain words: for all pairs at all others."""

    def __init__(self, drawn: list[Topic]) -> None:
        self.last: dict[str, HeldRecord] = {}
        said: dict[tuple[str, str], Judgement] = {}
        for each in (each for topic in drawn for each in topic):
            if isinstance(each, Judgement):
                said[each.conflict_id, each.agency] = each
            else:
                self.last[each.record_id] = each
        counts = Counter(token for held in self.last.values() for token in postings(held))
        self.match: dict[frozenset[str], Match] = {}
        self.pair: dict[frozenset[str], Pair] = {}
        self.judged: dict[frozenset[str], bool] = {}
        for a, b in combinations(sorted(self.last), 2):
            left, right = self.last[a], self.last[b]
            match = compare(left, right, lambda *token: counts[HeldToken(*token)])
            if match is not None:
                conflict_id, parties = conflict_id_of(a, b), (party_of(left), party_of(right))
                risk_id = risk_id_of(conflict_id, match.severity, [Holding(left, ()), Holding(right, ())])
                finding = Finding.of(match, conflict_id, risk_id, {})
                judged = of_parties([j for j in said.values() if j.conflict_id == conflict_id], parties)
                both = frozenset((a, b))
                self.match[both], self.judged[both] = match, any(each.outcome for each in judged)
                self.pair[both] = Pair(conflict_id, (a, b), 1, parties, finding, verdict_of(finding, judged))

    def explained(self, both: frozenset[str]) -> bool:
        a, b = (self.last[each] for each in sorted(both))
        match = self.match[both]
        if (match.band, match.overlap) != (Band.review, Overlap.same_person) or self.judged[both]:
            return False
        if match.least_score >= SURE:
            return False
        if not a.kind == b.kind == RecordKind.case or a.agency == b.agency or a.immediate_risk or b.immediate_risk:
            return False
        cs = [c for c in self.last.values() if c.agency == b.agency and self.sure(a, c)]
        ds = [d for d in self.last.values() if d.agency == a.agency and self.sure(b, d)]
        return bool(cs) and bool(ds)

    def sure(self, one: HeldRecord, other: HeldRecord) -> bool:
        match = self.match.get(frozenset((one.record_id, other.record_id)))
        if match is None or match.overlap is not Overlap.same_person:
            return False
        pair = self.pair[frozenset((one.record_id, other.record_id))]
        known = all(
            each.kind is RecordKind.case
            and each.pointer is PointerMode.OPEN
            and len({sighted.subject_no for sighted in each.sightings}) == 1
            for each in (one, other)
        )
        return known and match.least_score >= SURE and pair.verdict is not Verdict.different

    def told(self) -> list[Pair]:
        return [pair for both, pair in self.pair.items() if not self.explained(both)]

    def aside(self) -> dict[str, Finding | None]:
        return {pair.conflict_id: pair.finding for both, pair in self.pair.items() if self.explained(both)}


@settings(max_examples=400, deadline=None)
@given(topics(), st.integers(0, 2**32))
def test_what_stands_is_what_the_rule_says_of_everything_at_the_end(drawn: list[Topic], seed: int) -> None:
    hub, end = hub_after(drawn, seed), AtTheEnd(drawn)
    event(f"set aside: {len(end.aside())}")
    assert {c: pair.aside for c, pair in hub.pairs.items() if pair.aside} == end.aside()
    assert hub.stands() == {pair.conflict_id: pair.stands for pair in end.told()}
    found = groups(edge for pair in end.told() if (edge := edge_of(pair)) is not None)
    assert {g.record_id: g.group for g in hub.groups.values()} == {r: min(group) for group in found for r in group}


@settings(max_examples=200, deadline=None)
@given(topics(), st.integers(0, 2**32))
def test_what_was_told_adds_up_to_what_stands(drawn: list[Topic], seed: int) -> None:
    hub, stands, revisions = hub_after(drawn, seed), set[str](), Counter[str]()
    for each in hub.told:
        revisions[each.conflict_id] += 1
        assert each.revision == revisions[each.conflict_id], "revisions count from 1 without a gap"
        assert (each.conflict_id in stands) == (each.status is not MatchStatus.found)
        (stands.discard if each.status is MatchStatus.retracted else stands.add)(each.conflict_id)
    assert stands == hub.findings().keys()
    assert all(hub.pairs[conflict_id].revision == revisions[conflict_id] for conflict_id in hub.pairs)


@settings(max_examples=100, deadline=None)
@given(topics(), st.integers(0, 2**32))
def test_the_same_again_changes_and_tells_nothing(drawn: list[Topic], seed: int) -> None:
    hub = hub_after(drawn, seed)
    pairs, told = dict(hub.pairs), len(hub.told)
    for holding in list(hub.held.values()):
        hub.take(holding.record)
    for said in list(hub.judged.values()):
        hub.judge(said)
    assert (hub.pairs, len(hub.told)) == (pairs, told)


@settings(max_examples=100, deadline=None)
@given(topics(), st.integers(0, 2**32), st.sampled_from(NAMES[:4]))
def test_a_closed_case_leaves_what_would_stand_without_it(drawn: list[Topic], seed: int, name: str) -> None:
    hub = hub_after(drawn, seed)
    hub.take(replace(hub.held[IDS[name]].record, open=False, revision=99))
    rest = [[each for each in topic if isinstance(each, Judgement) or each.record_id != IDS[name]] for topic in drawn]
    without = hub_after(rest, seed)
    assert (hub.stands(), hub.groups) == (without.stands(), without.groups)
