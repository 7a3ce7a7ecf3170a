"""What stands at the end is a function of the set of records, not of the order in which they came."""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casebus import installing
from casebus.cases.holding import HELD, Holding
from casebus.cases.matchmaking import POSTINGS, Changes, Matchmaking, Posting, token_key
from casebus.cases.pair import PAIRS, Finding, Pair, conflict_id_of
from casebus.directory import Agreement, Directory
from casebus.events.enumerations import IdentifierType, MatchStatus, PointerMode, RecordKind, SubjectCategory
from casebus.events.types import DataCombined, DeconflictionNoHit
from casebus.matching.candidates import postings
from casebus.matching.decide import compare
from casebus.matching.families import FAMILIES
from casebus.matching.held import HeldRecord, HeldSighting, HeldToken
from casebus.state import Remove, Save
from casebus.wire.ids import content_id

CAP = 2
AGENCIES = ("nz-police", "uk-nca", "nz-internal-affairs")
BOOK = Directory(
    agencies=installing.AGENCIES,
    agreements=tuple(Agreement(between=pair, pointer=True, basis="b") for pair in combinations(AGENCIES, 2)),
)
IDS = [content_id("record", str(number)) for number in range(6)]
K = IdentifierType


@pytest.fixture(scope="module", autouse=True)
def low_caps() -> Iterator[None]:
    """Six records are enough to pass every cap, in both directions."""
    with pytest.MonkeyPatch.context() as patch:
        for name, family in FAMILIES.items():
            patch.setitem(FAMILIES, name, replace(family, cap=CAP))
        yield


@dataclass
class Hub:
    """What the hub holds, in memory, changed by nothing but the effects."""

    held: dict[str, Holding] = field(default_factory=dict)
    posted: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    pairs: dict[str, Pair] = field(default_factory=dict)
    told: list[DataCombined] = field(default_factory=list)

    def frequency(self, token: str) -> int:
        return len(self.posted[token])

    def holders(self, token: str) -> list[str]:
        return sorted(self.posted[token])

    def holding(self, record_id: str) -> Holding | None:
        return self.held.get(record_id)

    def pair(self, conflict_id: str) -> Pair | None:
        return self.pairs.get(conflict_id)

    def pairs_of(self, record_id: str) -> list[Pair]:
        return [pair for pair in self.pairs.values() if record_id in pair.record_ids]

    def take(self, record: HeldRecord) -> Changes:
        before = self.held.get(record.record_id)
        changes = Matchmaking(self, before, Holding(record, ()), BOOK).changes()
        for effect in changes.effects:
            match effect:
                case Save(concept, Holding() as holding) if concept is HELD:
                    self.held[holding.record.record_id] = holding
                case Save(concept, Posting() as posting) if concept is POSTINGS:
                    self.posted[posting.token].add(posting.record_id)
                case Save(concept, Pair() as pair) if concept is PAIRS:
                    self.pairs[pair.conflict_id] = pair
                case Remove(concept, key) if concept is POSTINGS:
                    token, _, record_id = key.rpartition("|")
                    self.posted[token].remove(record_id)
                case _:
                    raise AssertionError(effect)
        self.told += changes.combined
        return changes

    def findings(self) -> dict[str, Finding]:
        return {pair.conflict_id: pair.finding for pair in self.pairs.values() if pair.finding is not None}

    def holds(self) -> set[tuple[str, str]]:
        return {(token, record_id) for token, ids in self.posted.items() for record_id in ids}


def sighting(kind: IdentifierType, family: str, value: str, person: int = 0, **more: object) -> HeldSighting:
    usual = {"subject": SubjectCategory.REPORTED_PERSON} | more
    return HeldSighting(kind, person, tokens=(HeldToken(family, value),), **usual)  # type: ignore[arg-type]


def record(number: int, *sightings: HeldSighting, **more: object) -> HeldRecord:
    usual: dict[str, object] = {
        "agency": AGENCIES[number % len(AGENCIES)], "kind": RecordKind.tip, "revision": 1, "open": True,
        "matchable": True, "backlog": False, "immediate_risk": False, "possible_child": False, "high_priority": False,
        "pointer": PointerMode.OPEN, "source_report": None,
    }  # fmt: skip
    return HeldRecord(record_id=IDS[number], sightings=sightings, **(usual | more))  # type: ignore[arg-type]


ACCOUNT, PHONE = sighting(K.SERVICE_ACCOUNT_ID, "account_id", "1"), sighting(K.PHONE_E164, "phone", "1")
sightings = st.builds(
    lambda made_of, value, person, subject: sighting(*made_of, value, person, subject=subject),
    st.sampled_from([
        (K.SERVICE_ACCOUNT_ID, "account_id"), (K.EMAIL, "email"), (K.EMAIL, "handle"), (K.PHONE_E164, "phone"),
        (K.NAME_DOB, "name_dob"), (K.SERVICE_SCREEN_NAME, "screen_name"), (K.SERVICE_SCREEN_NAME, "handle"),
    ]),
    st.sampled_from(["1", "2"]),
    st.sampled_from([0, 0, 1]),
    st.sampled_from([SubjectCategory.REPORTED_PERSON, SubjectCategory.VICTIM_CHILD]),
)  # fmt: skip


@st.composite
def lives(draw: st.DrawFn) -> list[list[HeldRecord]]:
    """Draw for each record what becomes of it: it is received, amended or corrected, perhaps withdrawn, in that order."""
    made = []
    for number in range(draw(st.integers(2, len(IDS)))):
        life = [
            record(
                number,
                *draw(st.lists(sightings, max_size=4)),
                revision=draw(st.sampled_from([1, revision])),  # a correction changes a record and is no new revision
                high_priority=draw(st.booleans()),
                source_report=draw(st.sampled_from([None, None, "r1", "r2"])),
            )
            for revision in range(1, draw(st.integers(1, 3)) + 1)
        ]
        if draw(st.integers(0, 3)) == 0:
            life.append(replace(life[-1], open=False, revision=len(life) + 1))
        made.append(life)
    return made


def interleaved(made: list[list[HeldRecord]], seed: int) -> Hub:
    """Return a hub that took these lives, each in its own order, in an order among them that the seed makes."""
    random, hub = Random(seed), Hub()
    waiting = [deque(life) for life in made]
    while any(waiting):
        hub.take(random.choice([life for life in waiting if life]).popleft())
    return hub


def expected(made: list[list[HeldRecord]]) -> dict[str, Finding]:
    """Return what stands if every record is compared with every other, at the end, once."""
    last = [life[-1] for life in made]
    counts: dict[str, int] = defaultdict(int)
    for each in last:
        for token in postings(each):
            counts[token_key(token.family, token.value)] += 1
    compared = {
        conflict_id_of(a.record_id, b.record_id): compare(a, b, lambda family, value: counts[token_key(family, value)])
        for a, b in combinations(last, 2)
    }
    return {conflict_id: Finding.of(match) for conflict_id, match in compared.items() if match is not None}


@settings(max_examples=250, deadline=None)
@given(lives(), st.integers(0, 2**32))
def test_what_stands_is_what_comparing_everything_at_the_end_finds(made: list[list[HeldRecord]], seed: int) -> None:
    assert interleaved(made, seed).findings() == expected(made)


@settings(max_examples=100, deadline=None)
@given(lives(), st.integers(0, 2**32), st.integers(0, 2**32))
def test_two_orders_end_alike(made: list[list[HeldRecord]], one: int, other: int) -> None:
    first, second = interleaved(made, one), interleaved(made, other)
    assert first.findings() == second.findings()
    assert first.holds() == second.holds()
    assert first.held == second.held


@settings(max_examples=100, deadline=None)
@given(lives(), st.integers(0, 2**32))
def test_a_withdrawn_record_leaves_what_would_stand_without_it(made: list[list[HeldRecord]], seed: int) -> None:
    gone = replace(made[0][-1], open=False, revision=9)
    with_it = interleaved([[*made[0], gone], *made[1:]], seed)
    without = interleaved(made[1:], seed)
    assert with_it.findings() == without.findings()
    assert with_it.holds() == without.holds()


@settings(max_examples=100, deadline=None)
@given(lives(), st.integers(0, 2**32))
def test_what_was_told_adds_up_to_what_stands(made: list[list[HeldRecord]], seed: int) -> None:
    hub = interleaved(made, seed)
    stands: dict[str, DataCombined] = {}
    revisions: dict[str, int] = defaultdict(int)
    for each in hub.told:
        revisions[each.conflict_id] += 1
        assert each.revision == revisions[each.conflict_id], "revisions count from 1 without a gap"
        assert (each.conflict_id in stands) == (each.status is not MatchStatus.found)
        assert (each.retract_reason is not None) == (each.status is MatchStatus.retracted)
        if each.status is MatchStatus.retracted:
            del stands[each.conflict_id]
        else:
            stands[each.conflict_id] = each
    assert stands.keys() == hub.findings().keys()
    assert all(
        hub.pairs[c].parties == each.parties and hub.pairs[c].revision == each.revision for c, each in stands.items()
    )


@settings(max_examples=100, deadline=None)
@given(lives(), st.integers(0, 2**32), st.data())
def test_a_no_hit_is_answered_to_a_new_tip_that_finds_nothing_and_to_no_other(
    made: list[list[HeldRecord]], seed: int, data: st.DataObject
) -> None:
    hub = interleaved(made[1:], seed)
    for event in made[0]:
        is_new = event.record_id not in hub.held
        answer = hub.take(event).no_hit
        finds = any(tells(pair, event) for pair in hub.pairs.values() if pair.finding)
        assert (answer is not None) == (is_new and event.open and not finds)


def tells(pair: Pair, event: HeldRecord) -> bool:
    """Tell whether the agency of this record may be told of a match that is not its own affair."""
    if event.record_id not in pair.record_ids:
        return False
    other = pair.parties[1 - pair.record_ids.index(event.record_id)]
    return other.agency != event.agency and other.pointer is not PointerMode.SILENT


def test_a_match_with_a_silent_holder_is_answered_like_no_match_at_all() -> None:
    hub = Hub()
    hub.take(record(1, ACCOUNT, pointer=PointerMode.SILENT))
    changes = hub.take(record(0, ACCOUNT))
    assert [c.status for c in changes.combined] == [MatchStatus.found]
    assert changes.no_hit == Hub().take(record(0, ACCOUNT)).no_hit


def test_a_new_tip_that_finds_nothing_is_told_so_and_a_case_is_not() -> None:
    answer = Hub().take(record(0, ACCOUNT)).no_hit
    assert isinstance(answer, DeconflictionNoHit)
    assert (answer.own_id, answer.covered, answer.suppressed) == (IDS[0], AGENCIES[1:], ())
    assert Hub().take(record(0, ACCOUNT, kind=RecordKind.case)).no_hit is None


def test_a_correction_of_a_tip_that_stands_in_a_match_is_no_new_question() -> None:
    hub = Hub()
    hub.take(record(0, ACCOUNT))
    hub.take(record(1, ACCOUNT, PHONE))
    assert hub.take(record(1, ACCOUNT)).no_hit is None


def test_what_a_new_tip_changes_between_others_is_no_answer_to_it() -> None:
    hub = Hub()
    for number in range(CAP):
        hub.take(record(number, ACCOUNT, PHONE))
    changes = hub.take(record(CAP, PHONE))
    assert [c.status for c in changes.combined] == [MatchStatus.revised]
    assert changes.no_hit is not None


def test_a_value_that_becomes_common_retracts_what_it_had_caused_and_says_why() -> None:
    hub = Hub()
    for number in range(CAP):
        hub.take(record(number, ACCOUNT))
    assert len(hub.findings()) == 1
    changes = hub.take(record(CAP, ACCOUNT))
    assert [c.status for c in changes.combined] == [MatchStatus.retracted]
    assert changes.combined[0].retract_reason == "COMMON_IDENTIFIER"
    assert changes.no_hit is not None
    assert changes.no_hit.suppressed == (K.SERVICE_ACCOUNT_ID,)
    hub.take(record(CAP, ACCOUNT, open=False, revision=2))
    assert len(hub.findings()) == 1, "rare again"


def test_more_evidence_is_a_revision_and_the_same_evidence_is_nothing() -> None:
    hub = Hub()
    hub.take(record(0, ACCOUNT, PHONE))
    hub.take(record(1, ACCOUNT))
    (revised,) = hub.take(record(1, ACCOUNT, PHONE, revision=2)).combined
    assert (revised.status, revised.revision) == (MatchStatus.revised, 2)
    assert hub.take(record(1, PHONE, ACCOUNT, revision=3)).combined == ()


def test_a_changed_pointer_is_a_revision_because_it_changes_who_may_be_told() -> None:
    hub = Hub()
    hub.take(record(0, ACCOUNT))
    hub.take(record(1, ACCOUNT))
    (revised,) = hub.take(record(1, ACCOUNT, revision=2, pointer=PointerMode.SILENT)).combined
    assert revised.status is MatchStatus.revised
    assert PointerMode.SILENT in {party.pointer for party in revised.parties}


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (record(1, ACCOUNT, open=False, revision=2), "WITHDRAWN"),
        (record(1, ACCOUNT, open=False, revision=2, kind=RecordKind.case), "CASE_CLOSED"),
        (record(1, PHONE, revision=2), "CORRECTED"),
    ],
)
def test_a_retraction_says_why(end: HeldRecord, reason: str) -> None:
    hub = Hub()
    hub.take(record(0, ACCOUNT))
    hub.take(record(1, ACCOUNT))
    (retracted,) = hub.take(end).combined
    assert (retracted.status, retracted.retract_reason) == (MatchStatus.retracted, reason)
    assert retracted.matched == ()
