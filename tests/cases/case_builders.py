"""Builders for the tests of cases: a told match, the alert that it makes, a side's records."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from casebus.cases.alert import Alert, told
from casebus.cases.pair import conflict_id_of
from casebus.events import enumerations as en
from casebus.events.types import Contact, DataCombined, DeconflictionHit, MatchedKind, MatchParty
from casebus.wire.ids import content_id

RAISED_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NZ, UK, IA = "nz-police", "uk-nca", "nz-internal-affairs"
CONTACT = Contact(desk="Example desk", phone="+64 4 555 0199", email="desk@x.example", hours="24/7", time_zone="UTC")
MATCHED = (MatchedKind(kind=en.IdentifierType.EMAIL, agreement=en.Agreement.exact, rarity=en.Rarity.unique),)

outcomes = st.sampled_from(list(en.ConflictOutcome))


def record_id(name: str) -> str:
    return content_id("record", name)


def hit(revision: int = 1, **more: object) -> DeconflictionHit:
    usual: dict[str, object] = {
        "conflict_id": conflict_id_of(record_id("a"), record_id("b")),
        "revision": revision,
        "overlap": en.Overlap.same_person,
        "severity": en.Severity.high,
        "own_kind": en.RecordKind.tip,
        "own_id": record_id("a"),
        "also_own_id": None,
        "partner": UK,
        "contact": CONTACT,
        "matched": MATCHED,
        "suppressed": (),
        "strength": en.Strength.strong,
        "score": 7.0,
        "detector": "test-1",
    }
    return DeconflictionHit(**(usual | more))  # type: ignore[arg-type]


def alert(agency: str = NZ, **more: object) -> Alert:
    return told(agency, hit(**more), None, RAISED_AT)


def party(agency: str, name: str, pointer: en.PointerMode = en.PointerMode.OPEN) -> MatchParty:
    return MatchParty(
        agency=agency,
        kind=en.RecordKind.tip,
        record_id=record_id(name),
        pointer=pointer,
        backlog=False,
        immediate_risk=False,
    )


def combined(first: MatchParty, second: MatchParty, revision: int = 1, **more: object) -> DataCombined:
    usual: dict[str, object] = {
        "conflict_id": conflict_id_of(first.record_id, second.record_id),
        "revision": revision,
        "status": en.MatchStatus.found,
        "retract_reason": None,
        "parties": (first, second),
        "overlap": en.Overlap.same_person,
        "severity": en.Severity.high,
        "matched": MATCHED,
        "matched_second": MATCHED,
        "suppressed": (),
        "strength": en.Strength.strong,
        "score": 7.0,
        "detector": "test-1",
    }
    return DataCombined(**(usual | more))  # type: ignore[arg-type]
