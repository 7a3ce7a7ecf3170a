"""What replay holds between two events, and that as bytes: a snapshot from which it goes on as from the start. Pure.

    {"alerts": [...], "held": [[topic, key hex], ...], "leads": [...], "pairs": [...], "records": [...],
     "reducer": "casebus-reducer-3", "referrals": [...], "registers": [...], "seen": {topic: {event id: digest hex}}, "taken": n}

canonical JSON (keys sorted, ASCII, no spaces), lists in the order of their keys. A snapshot is no proof of anything:
whoever did not write it himself replays from the start.
"""

import json
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from casebus.cases.alert import Alert
from casebus.cases.conversation import Lead
from casebus.cases.pair import Pair, Register
from casebus.cases.standing import StandingRecord
from casebus.cases.standing_talk import ReferralRegisters, StandingLead
from casebus.errors import VerificationFailed

REDUCER = "casebus-reducer-3"
"""Names the rules: another number may make another state of the same events."""

MAX_SNAPSHOT_BYTES = 512 * 1024 * 1024


@dataclass(slots=True)
class ReplayState:
    """What the events so far amount to. `taken` counts records, accepted or not.

    `told` are the alerts as the inboxes alone make them, each agency's own side left out; `registers` are those sides.
    `referrals` and `leads` are what each agency holds, by its code and the referral's or the conflict's id.
    `seen` are the digests of accepted events by topic and id; `held` the keys that wait behind a parked inbox record.
    """

    records: dict[tuple[str, str], StandingRecord] = field(default_factory=dict)
    pairs: dict[str, Pair] = field(default_factory=dict)
    told: dict[tuple[str, str], Alert] = field(default_factory=dict)
    registers: dict[tuple[str, str], Register] = field(default_factory=dict)
    referrals: dict[tuple[str, str], ReferralRegisters] = field(default_factory=dict)
    leads: dict[tuple[str, str], Lead] = field(default_factory=dict)
    seen: dict[str, dict[str, bytes]] = field(default_factory=dict)
    held: set[tuple[str, bytes]] = field(default_factory=set)
    taken: int = 0


Hex = Annotated[str, Field(pattern=r"^([0-9a-f]{2})*$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Snapshot(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    alerts: list[Alert]
    held: list[tuple[str, Hex]]
    leads: list[StandingLead]
    pairs: list[Pair]
    records: list[StandingRecord]
    reducer: str
    referrals: list[ReferralRegisters]
    registers: list[Register]
    seen: dict[str, dict[str, Digest]]
    taken: Annotated[int, Field(ge=0, le=2**63 - 1)]


_ENTITIES: TypeAdapter[Any] = TypeAdapter(
    list[Alert | Pair | StandingRecord | Register | ReferralRegisters | StandingLead]
)


def encode_snapshot(state: ReplayState) -> bytes:
    """Return the state's canonical bytes: equal states have equal bytes."""
    whole = {
        "alerts": _plain([state.told[key] for key in sorted(state.told)]),
        "held": [[topic, key.hex()] for topic, key in sorted(state.held)],
        "leads": _plain([StandingLead(key[0], state.leads[key]) for key in sorted(state.leads)]),
        "pairs": _plain([state.pairs[key] for key in sorted(state.pairs)]),
        "records": _plain([state.records[key] for key in sorted(state.records)]),
        "reducer": REDUCER,
        "referrals": _plain([state.referrals[key] for key in sorted(state.referrals)]),
        "registers": _plain([state.registers[key] for key in sorted(state.registers)]),
        "seen": {t: {i: digest.hex() for i, digest in ids.items()} for t, ids in state.seen.items() if ids},
        "taken": state.taken,
    }
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _plain(entities: list[Any]) -> Any:
    return _ENTITIES.dump_python(entities, mode="json")


def decode_snapshot(data: bytes) -> ReplayState:
    """Read a snapshot back.

    Raises:
        VerificationFailed: it is too large, of another reducer, or not what `encode_snapshot` writes.
    """
    if len(data) > MAX_SNAPSHOT_BYTES:
        raise VerificationFailed(f"a snapshot has more than {MAX_SNAPSHOT_BYTES} bytes.")
    try:
        read = _Snapshot.model_validate_json(data)
    except (ValidationError, ValueError, RecursionError):
        raise VerificationFailed("a snapshot is not the JSON that this version of replay writes.") from None
    if read.reducer != REDUCER:
        raise VerificationFailed(f"the snapshot is of another reducer than {REDUCER}: replay from the start.")
    state = _state(read)
    if encode_snapshot(state) != data:
        raise VerificationFailed("a snapshot is not written canonically.")
    return state


def _state(read: _Snapshot) -> ReplayState:
    return ReplayState(
        records={(record.agency, record.record_id): record for record in read.records},
        pairs={pair.conflict_id: pair for pair in read.pairs},
        told={(alert.agency, alert.conflict_id): alert for alert in read.alerts},
        registers={(register.agency, register.conflict_id): register for register in read.registers},
        referrals={(each.agency, each.referral_id): each for each in read.referrals},
        leads={(each.agency, each.lead.conflict_id): each.lead for each in read.leads},
        seen={topic: {i: bytes.fromhex(text) for i, text in ids.items()} for topic, ids in read.seen.items()},
        held={(topic, bytes.fromhex(key)) for topic, key in read.held},
        taken=read.taken,
    )
