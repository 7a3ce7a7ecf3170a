"""The hub's matchmaking in memory: what it holds, changed by nothing but the effects; and lives of records to give it."""

from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import combinations
from random import Random

import pytest
from hypothesis import strategies as st

from casebus import installing
from casebus.cases.grouping import GROUPED, Grouped
from casebus.cases.holding import HELD, Holding
from casebus.cases.judgement import JUDGEMENTS, Judgement
from casebus.cases.matchmaking import POSTINGS, Changes, Matchmaking, judged
from casebus.cases.pair import PAIRS, Finding, Pair
from casebus.directory import Agreement, Directory
from casebus.events.enumerations import ConflictOutcome, IdentifierType, PointerMode, RecordKind, SubjectCategory
from casebus.events.types import DataCombined
from casebus.matching import candidates, decide
from casebus.matching.families import FAMILIES
from casebus.matching.held import HeldRecord, HeldSighting, HeldToken
from casebus.state import Post, Remove, Save, Unpost
from casebus.wire.ids import content_id

CAP = 2
AGENCIES = ("nz-police", "uk-nca", "nz-internal-affairs")
BOOK = Directory(
    agencies=installing.AGENCIES,
    agreements=tuple(Agreement(between=pair, pointer=True, basis="b") for pair in combinations(AGENCIES, 2)),
)
IDS = [content_id("record", str(number)) for number in range(6)]
JUDGED_AT = datetime(2026, 3, 1, tzinfo=UTC)
K = IdentifierType


@contextmanager
def low_caps() -> Iterator[None]:
    """Six records are enough to pass every cap, in both directions."""
    with pytest.MonkeyPatch.context() as patch:
        for name, family in FAMILIES.items():
            patch.setitem(FAMILIES, name, replace(family, cap=CAP))
        for module in (candidates, decide):
            patch.setattr(module, "REPORT_CAP", CAP)
        yield


@dataclass
class Hub:
    """What the hub holds, in memory. `asked` counts the records of which the pairs were asked."""

    held: dict[str, Holding] = field(default_factory=dict)
    posted: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    pairs: dict[str, Pair] = field(default_factory=dict)
    judged: dict[str, Judgement] = field(default_factory=dict)
    groups: dict[str, Grouped] = field(default_factory=dict)
    told: list[DataCombined] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def holders(self, wanted: Mapping[int, int]) -> dict[int, list[str]]:
        return {token: sorted(self.posted[token])[:most] for token, most in wanted.items()}

    def holdings(self, record_ids: Collection[str]) -> dict[str, Holding]:
        return {record_id: self.held[record_id] for record_id in record_ids if record_id in self.held}

    def pair(self, conflict_id: str) -> Pair | None:
        return self.pairs.get(conflict_id)

    def pairs_of(self, record_id: str) -> list[Pair]:
        self.asked.add(record_id)
        return [pair for pair in self.pairs.values() if record_id in pair.record_ids]

    def judgements(self, conflict_id: str) -> list[Judgement]:
        return [judgement for judgement in self.judged.values() if judgement.conflict_id == conflict_id]

    def grouped(self, record_id: str) -> Grouped | None:
        return self.groups.get(record_id)

    def take(self, record: HeldRecord) -> Changes:
        return self.hold(Holding(record, ()))

    def hold(self, holding: Holding) -> Changes:
        before = self.held.get(holding.record.record_id)
        return self._apply(Matchmaking(self, before, holding, BOOK).changes())

    def judge(self, judgement: Judgement) -> Changes:
        return self._apply(judged(self, judgement, BOOK))

    def _apply(self, changes: Changes) -> Changes:
        for effect in changes.effects:
            match effect:
                case Save(concept, Holding() as holding) if concept is HELD:
                    self.held[holding.record.record_id] = holding
                case Post(index, record_id, tokens) if index is POSTINGS:
                    for token in tokens:
                        self.posted[token].add(record_id)
                case Save(concept, Pair() as pair) if concept is PAIRS:
                    self.pairs[pair.conflict_id] = pair
                case Save(concept, Judgement() as judgement) if concept is JUDGEMENTS:
                    self.judged[JUDGEMENTS.key(judgement)] = judgement
                case Save(concept, Grouped() as grouped) if concept is GROUPED:
                    self.groups[grouped.record_id] = grouped
                case Remove(concept, key) if concept is GROUPED:
                    del self.groups[key]
                case Unpost(index, record_id, tokens) if index is POSTINGS:
                    for token in tokens:
                        self.posted[token].remove(record_id)
                case _:
                    raise AssertionError(effect)
        self.told += changes.combined
        return changes

    def findings(self) -> dict[str, Finding]:
        return {pair.conflict_id: pair.finding for pair in self.pairs.values() if pair.finding is not None}

    def stands(self) -> dict[str, object]:
        """Return what stands of every pair that is found, by conflict: what two hubs must agree upon."""
        return {pair.conflict_id: pair.stands for pair in self.pairs.values() if pair.finding is not None}

    def holds(self) -> set[tuple[int, str]]:
        return {(token, record_id) for token, ids in self.posted.items() for record_id in ids}


def sighting(kind: IdentifierType, family: str, value: str, person: int = 0, **more: object) -> HeldSighting:
    usual = {"subject": SubjectCategory.REPORTED_PERSON} | more
    return HeldSighting(kind, person, tokens=(HeldToken(family, value),), **usual)  # type: ignore[arg-type]


def record(number: int, *sightings: HeldSighting, **more: object) -> HeldRecord:
    usual: dict[str, object] = {
        "agency": AGENCIES[number % len(AGENCIES)], "kind": RecordKind.tip, "revision": 1, "open": True,
        "matchable": True, "backlog": False, "immediate_risk": False, "possible_child": False, "high_priority": False,
        "pointer": PointerMode.OPEN, "source_report": (),
    }  # fmt: skip
    return HeldRecord(record_id=IDS[number], sightings=sightings, **(usual | more))  # type: ignore[arg-type]


def judgement(conflict_id: str, agency: str, outcome: ConflictOutcome, *on_evidence: str) -> Judgement:
    return Judgement(conflict_id, agency, "officer", outcome, tuple(sorted(on_evidence)), JUDGED_AT)


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
                source_report=draw(st.sampled_from([(), (), ("a1",), ("a2",)])),
            )
            for revision in range(1, draw(st.integers(1, 3)) + 1)
        ]
        if draw(st.integers(0, 3)) == 0:
            life.append(replace(life[-1], open=False, revision=len(life) + 1))
        made.append(life)
    return made


Topic = list[HeldRecord | Judgement]
"""What one agency says, in order."""


def merged(runs: list[deque[HeldRecord | Judgement]], seed: int) -> Topic:
    """Return one order of these, each run in its own."""
    random, left, order = Random(seed), [deque(run) for run in runs], []
    while any(left):
        order.append(random.choice([run for run in left if run]).popleft())
    return order


def hub_after(drawn: list[Topic], seed: int) -> Hub:
    """Return a hub that read these topics in the interleaving that the seed makes."""
    hub = Hub()
    for said in merged([deque(topic) for topic in drawn], seed):
        hub.judge(said) if isinstance(said, Judgement) else hub.take(said)
    return hub
