"""A snapshot: canonical bytes that read back to the same state, and nothing else is read."""

import json
from dataclasses import replace

import pytest
from case_builders import NZ, UK, alert, party, record_id
from hypothesis import given
from hypothesis import strategies as st

from casebus.cases import replay_state
from casebus.cases.conflict import Said
from casebus.cases.conversation import Lead, Proposal
from casebus.cases.pair import Finding, Pair, Register, conflict_id_of
from casebus.cases.replay_state import ReplayState, decode_snapshot, encode_snapshot
from casebus.cases.standing import StandingRecord
from casebus.cases.standing_talk import Asked, ReferralRegisters
from casebus.cases.standing_talk import Said as SaidOfIt
from casebus.errors import VerificationFailed
from casebus.events import enumerations as en
from casebus.events.types import Evidence

CONFLICT = conflict_id_of(record_id("a"), record_id("b"))
FINDING = Finding(
    en.Overlap.same_person,
    en.Severity.high,
    None,
    en.Band.alert,
    ((en.IdentifierType.EMAIL, en.IdentifierType.EMAIL, en.Agreement.exact),),
    (en.IdentifierType.EMAIL,),
    (Evidence(evidence_id=record_id("e"), kind=en.IdentifierType.EMAIL),),
    (Evidence(evidence_id=record_id("e"), kind=en.IdentifierType.EMAIL),),
)


def state() -> ReplayState:
    first, second = party(NZ, "a"), party(UK, "b")
    return ReplayState(
        records={(NZ, "r"): StandingRecord(NZ, "tip", "r", 1, "d" * 64, True, False)},
        pairs={CONFLICT: Pair(CONFLICT, (first.record_id, second.record_id), 2, (first, second), FINDING)},
        told={(NZ, CONFLICT): replace(alert(), retracted=en.RetractReason.CORRECTED)},
        registers={(UK, "k"): Register("k", UK, Said().resolved(en.ConflictOutcome.DELAYED, [record_id("e")]), 2, 1)},
        referrals={
            (NZ, "r"): ReferralRegisters(NZ, "r", SaidOfIt(Asked(UK, None, "OTHER", "high")), SaidOfIt(accepted=True)),
            (UK, "r"): ReferralRegisters(UK, "r", heard=SaidOfIt(declined=True, expired=True, undelivered=True)),
        },
        leads={(NZ, CONFLICT): Lead(CONFLICT, Proposal(en.LeadSide.PARTNER, en.LeadBasis.AGREEMENT))},
        seen={"t": {"id-1": b"\x01" * 32, "id-0": b"\x02" * 32}, "empty": {}},
        held={("t", b"\xff\x00"), ("t", b"")},
        taken=17,
    )


DATA = encode_snapshot(state())


def test_a_snapshot_reads_back_to_the_same_state() -> None:
    again = decode_snapshot(DATA)
    assert replace(again, seen=again.seen | {"empty": {}}) == state()
    assert encode_snapshot(again) == DATA


def test_nothing_at_all_has_a_snapshot_too() -> None:
    assert decode_snapshot(encode_snapshot(ReplayState())) == ReplayState()


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused_or_says_something_else(at: int, flip: int) -> None:
    changed = bytearray(DATA)
    changed[at] ^= flip
    try:
        read = decode_snapshot(bytes(changed))
    except VerificationFailed:
        return
    assert encode_snapshot(read) == bytes(changed)


@given(
    st.binary(max_size=300)
    | st.text().map(str.encode)
    | st.recursive(st.none(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_anything_else_is_refused_plainly(data: bytes) -> None:
    with pytest.raises(VerificationFailed):
        decode_snapshot(data)


@pytest.mark.parametrize(
    "change",
    [
        lambda whole: whole | {"more": 1},
        lambda whole: {name: value for name, value in whole.items() if name != "held"},
        lambda whole: whole | {"taken": -1},
        lambda whole: whole | {"taken": "17"},
        lambda whole: whole | {"reducer": "casebus-reducer-1"},
        lambda whole: whole | {"records": whole["records"] * 2},
        lambda whole: whole | {"seen": {"t": {"id": "00"}}},
        lambda whole: whole | {"held": list(reversed(whole["held"]))},
    ],
)
def test_what_no_writer_writes_is_refused(change: object) -> None:
    changed = change(json.loads(DATA))  # type: ignore[operator]
    with pytest.raises(VerificationFailed, match="snapshot"):
        decode_snapshot(json.dumps(changed, sort_keys=True, separators=(",", ":")).encode())


def test_another_spelling_of_the_same_is_refused() -> None:
    with pytest.raises(VerificationFailed, match="canonically"):
        decode_snapshot(json.dumps(json.loads(DATA), indent=1).encode())


def test_a_huge_one_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_state, "MAX_SNAPSHOT_BYTES", len(DATA) - 1)
    with pytest.raises(VerificationFailed, match="more than"):
        decode_snapshot(DATA)


def test_deep_nesting_is_refused_plainly() -> None:
    with pytest.raises(VerificationFailed):
        decode_snapshot(b"[" * 200_000)
