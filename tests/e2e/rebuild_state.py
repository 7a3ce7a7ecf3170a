"""Rebuilds the state of a ledger, in a process of its own: LEDGER DATA. What it prints must not depend on the process."""

import hashlib
import json
import sys
from pathlib import Path

from casebus.auditing.ledger_walk import LedgerWalk, Told
from casebus.cases.replay import Replay
from casebus.cases.replay_state import decode_snapshot, encode_snapshot
from casebus.directory import Directory
from casebus.layout import Layout


def rebuilt(ledger: Path, data: Path) -> dict[str, object]:
    """Return the state hash at each index, and the snapshot at the end: from the start, and from the middle on."""
    told = list(LedgerWalk(ledger, Directory.load(Layout(data).directory)).entries())
    whole = Replay()
    hashes: list[str] = []
    middle = b""
    for number, entry in enumerate(told):
        if number == len(told) // 2:
            middle = encode_snapshot(whole.state)
        take(whole, entry)
        hashes.append(whole.state_hash())
    resumed = Replay(decode_snapshot(middle))
    for entry in told[len(told) // 2 :]:
        take(resumed, entry)
    ends = [hashlib.sha256(encode_snapshot(replay.state)).hexdigest() for replay in (whole, resumed)]
    return {"hashes": hashes, "middle": hashlib.sha256(middle).hexdigest(), "ends": ends}


def take(replay: Replay, entry: object) -> None:
    """Give an entry to replay."""
    assert isinstance(entry, Told)
    if entry.received is not None:
        replay.take(entry.received)
    else:
        assert entry.refused is not None
        replay.refuse(entry.recorded.topic, entry.recorded.record.key, entry.refused)


if __name__ == "__main__":
    print(json.dumps(rebuilt(Path(sys.argv[1]), Path(sys.argv[2]))))
