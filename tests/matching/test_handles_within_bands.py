"""Two handles that two tips share on different services: which of them is told must not depend on who else uses them, or when."""

from itertools import permutations

import pytest
from cases.hub_in_memory import AGENCIES, BOOK, Hub, judgement
from matching_builders import email, phone, screen
from matching_builders import record as tip

from casebus.cases.matchmaking import judged
from casebus.cases.pair import Verdict, conflict_id_of
from casebus.events.enumerations import ConflictOutcome
from casebus.matching.held import HeldRecord, HeldSighting
from casebus.wire.ids import content_id

ONE, OTHER = "nightheron42", "bluecomet77"


def record(number: int, *sightings: HeldSighting) -> HeldRecord:
    return tip(content_id("record", str(number)), *sightings, agency=AGENCIES[number % 3])


A = record(0, screen(ONE, "ExampleChat"), screen(OTHER, "ExampleChat"), phone("+64211234567"))
B = record(1, screen(ONE, "OtherChat"), screen(OTHER, "OtherChat"), phone("+64211234567"))
CONFLICT = conflict_id_of(A.record_id, B.record_id)


def users_of(*names: str) -> list[HeldRecord]:
    return [record(2 + number, screen(name, f"Service{number}")) for number, name in enumerate(names)]


BY_MAIL = record(1, screen(ONE, "OtherChat"), email(f"{OTHER}@example.org"), phone("+64211234567"))


@pytest.mark.parametrize("other", [B, BY_MAIL], ids=["two screen names", "a screen name and an address"])
def test_what_stands_of_the_pair_is_the_same_whichever_tips_came_first(other: HeldRecord) -> None:
    stands = set()
    for order in permutations([A, other, *users_of(ONE, OTHER, ONE)]):
        hub = Hub()
        for each in order:
            hub.take(each)
        stands.add(repr(hub.pairs[CONFLICT].stands))
    assert len(stands) == 1


@pytest.mark.parametrize("name", [ONE, OTHER])
def test_different_person_said_of_both_handles_holds_when_a_third_tip_makes_one_of_them_less_rare(name: str) -> None:
    hub = Hub()
    hub.take(A)
    (told,) = hub.take(B).combined
    for agency in AGENCIES[:2]:
        shown = [each.evidence_id for each in told.evidence]
        hub.judge(judgement(CONFLICT, agency, ConflictOutcome.FALSE_MATCH, *shown))
    assert hub.pairs[CONFLICT].verdict is Verdict.different
    for third in users_of(name, name, name):
        assert CONFLICT not in {each.conflict_id for each in hub.take(third).combined}
    assert hub.pairs[CONFLICT].verdict is Verdict.different


def test_an_answer_to_what_was_shown_is_not_met_by_the_other_handle() -> None:
    hub = Hub()
    for each in (A, B, *users_of(ONE)):
        hub.take(each)
    pair = hub.pairs[CONFLICT]
    assert pair.finding is not None
    shown = [each.evidence_id for each in pair.finding.evidence]
    changes = judged(hub, judgement(CONFLICT, AGENCIES[0], ConflictOutcome.FALSE_MATCH, *shown), BOOK)
    assert not [each for each in changes.combined if each.new_evidence]
