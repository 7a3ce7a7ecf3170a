"""Step 3: who has cosigned, when, and how old that is. Pure.

The quorum's moment is the newest at which its cosignatures, all made by then, already were a quorum: whoever trusts the
witnesses knows that this log was seen whole by so many at that moment, and not that nothing was held back since.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from casebus.ledger.note import Note
from casebus.ledger.policy import Policy
from casebus.ledger.proof import witnessed
from casebus.ledger.proof_check import moment
from casebus.ledger.vkey import VerifierKey


@dataclass(frozen=True, slots=True)
class Seen:
    """A note's cosignatures by the policy's witnesses. `since` is the quorum's oldest, in POSIX seconds, if there is one.

    `stale` counts those that were too old to count.
    """

    times: Mapping[str, int]
    stale: int
    since: int | None

    def told(self, policy: Policy, now: datetime) -> str:
        """Say it in words."""
        counted = f"{len(self.times)} of {len(policy.witnesses)} witnesses have cosigned"
        if self.times:
            counted += f" ({', '.join(f'{name} at {moment(at)}' for name, at in sorted(self.times.items()))})"
        if self.stale:
            counted += f"; older than was asked for: {self.stale}"
        if self.since is None:
            return counted
        age = max(0, int(now.timestamp()) - self.since)
        return f"{counted}; the quorum's were made by {moment(self.since)} or later, at most {age} s ago"


def seen_by_quorum(
    note: Note, key: VerifierKey, policy: Policy, now: datetime, max_age: timedelta | None = None
) -> Seen:
    """Return who has cosigned a note of this log, by the policy's names. Older ones than `max_age` do not count.

    Raises:
        VerificationFailed: the policy is for another log, or a witness's line does not verify.
    """
    times = witnessed(note, key, policy, now).times
    oldest = None if max_age is None else (now - max_age).timestamp()
    counting = {name: at for name, at in times.items() if oldest is None or at >= oldest}
    return Seen(counting, len(times) - len(counting), _quorum_since(policy, counting))


def _quorum_since(policy: Policy, times: Mapping[str, int]) -> int | None:
    counted: set[str] = set()
    for name, at in sorted(times.items(), key=lambda item: -item[1]):
        counted.add(name)
        if policy.is_met_by(counted):
            return at
    return None
